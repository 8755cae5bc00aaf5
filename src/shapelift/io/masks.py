"""Masks to coverage: what marks the object in a mask, told by the set of its values before any of them is scaled.

Alpha is the mask where there is any. Otherwise two values, and few that form patches, are *labels*: the lowest is the
background, whatever lies above it the object. Many values, or few along the edges of the highest one, are *coverage*:
the share of the object in a pixel. Files, Pillow images, arrays and tensors are read by the same rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from shapelift.errors import Doubt, InputError
from shapelift.io.image_files import check_size, decoding
from shapelift.io.images import as_array, channels_last, deep_colors, name_of, opened

if TYPE_CHECKING:
    from PIL import Image

    from shapelift.io.images import ImageSource

__all__ = ["read_mask"]

_FEW = 64
"""Labels are at most so many; more distinct values are coverage."""
_FLAT = 0.1
"""Few values are labels where patches of values in between make up more than this share of what is marked: coverage has
such values along edges only."""
_PARTIAL = 0.5
"""Coverage with more than this share of its marked pixels at values in between is pointed out."""
_TRANSPARENT_SHARE = 0.01
"""Alpha with fewer transparent pixels than this share is no mask, where the colours say something."""


def read_mask(source: ImageSource, name: str | None = None) -> tuple[npt.NDArray[np.uint8], tuple[Doubt, ...]]:
    """Read a mask as `h w` uint8 coverage, 255 where the object is; and what is doubtful about it.

    White on black, one-bit, booleans, labels as integers of any width, floats, palette or other colours, probabilities,
    or an image whose transparency is the mask.

    Args:
        source: Where the mask is: as for `read_image`, and arrays of any numeric type.
        name: How messages call it; by default its path.

    Raises:
        InputError: as `read_image`, or nothing in it is marked.
        TypeError: as `read_image`.
    """
    name = name or name_of(source, "mask")
    array = as_array(source)
    if array is not None:
        values = channels_last(array, name)
        check_size(name, values.shape[1], values.shape[0])
        doubts: tuple[Doubt, ...] = ()
    else:
        picture, data, doubts = opened(source, name)
        with decoding(name):
            values = _decode(picture, data)
    if values.dtype.kind not in "buif":
        raise InputError(f"{name}: expected a mask of numbers, got {values.dtype}; convert it")
    coverage, grey = _coverage(_marks(values))
    if not coverage.any():
        raise InputError(f"{name}: the mask is empty; paint the object white on black")
    if grey:
        doubts += (
            Doubt(
                "mask-grey",
                f"{name}: much of the mask is neither black nor white, as in a photograph; what is brighter than one "
                "half was taken for the object",
            ),
        )
    return coverage, doubts


def _decode(picture: Image.Image, data: bytes) -> npt.NDArray[Any]:
    """Values `h w c`, upright, as they are stored; palette indices as their colours."""
    from PIL import ImageOps

    picture.load()
    deep = deep_colors(picture, data) if data else None
    orientation = picture.getexif().get(0x0112, 1)
    if deep is not None and orientation == 1 and "A" not in picture.getbands():
        return deep
    picture = ImageOps.exif_transpose(picture)
    if not picture.mode.startswith(("I", "F")):
        if picture.has_transparency_data:
            picture = picture.convert("RGBA")
        elif picture.mode not in {"1", "L"}:
            picture = picture.convert("RGB")
    return channels_last(np.asarray(picture), "mask")


def _marks(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """One number per pixel `h w` that says how much of it is marked: alpha, grey, or a label per colour."""
    if values.shape[2] == 4:
        alpha, colors = values[..., 3], values[..., :3]
        top = float(alpha.max())
        transparent = float((alpha < 0.5 * top).mean())
        if top == 0.0 or transparent >= _TRANSPARENT_SHARE or (transparent > 0.0 and (colors == colors[:1, :1]).all()):
            return alpha
        values = colors
    if values.shape[2] == 1 or ((values[..., 0] == values[..., 1]) & (values[..., 0] == values[..., 2])).all():
        return values[..., 0]
    return _color_labels(values)


def _color_labels(colors: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Of few colours the number of each, 0 for the background; of many the largest channel."""
    whole = np.rint(colors * 65535.0) if np.issubdtype(colors.dtype, np.floating) else colors
    code = np.asarray(whole).astype(np.int64) @ np.array([1 << 32, 1 << 16, 1])
    if len(np.unique(code[::16, ::16])) > _FEW or len(distinct := np.unique(code)) > _FEW:
        return np.asarray(colors.max(axis=2))
    ring = np.searchsorted(distinct, _ring(code))
    background = 0 if distinct[0] == 0 else int(np.bincount(ring).argmax())  # black, or what surrounds the rest
    labels = np.searchsorted(distinct, code)
    return np.where(labels == background, 0, labels + 1)


def _ring(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])


def _coverage(values: npt.NDArray[Any]) -> tuple[npt.NDArray[np.uint8], bool]:
    """Coverage `h w` uint8 of one number per pixel, and whether most of what is marked is marked by half."""
    if values.dtype == np.bool_:
        return np.where(values, 255, 0).astype(np.uint8), False
    if np.issubdtype(values.dtype, np.floating):
        values = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    values = np.maximum(values, 0)
    distinct = np.unique(values)
    top = float(distinct[-1])
    if len(distinct) == 1:
        return np.full(values.shape, 255 if top else 0, np.uint8), False
    end = next((end for end in (1.0, 255.0, 65535.0) if top <= end), top)
    between = (values > 0.05 * end) & (values < 0.95 * end)
    marked = max(1, int((values > 0.05 * end).sum()))
    if len(distinct) == 2 or (len(distinct) <= _FEW and (top < 0.5 * end or _flat(values, between) > _FLAT * marked)):
        return np.where(values > distinct[0], 255, 0).astype(np.uint8), False
    if top < 0.5 * end:  # a faint mask: its strongest pixels are the object
        end = top
    return np.rint(np.clip(values / end, 0.0, 1.0) * 255.0).astype(np.uint8), int(between.sum()) > _PARTIAL * marked


def _flat(values: npt.NDArray[Any], among: npt.NDArray[np.bool_]) -> int:
    """How many pixels of those `among` are of one value with their neighbours to the right, below, and between."""
    corner = values[:-1, :-1]
    same = (corner == values[1:, :-1]) & (corner == values[:-1, 1:]) & (corner == values[1:, 1:])
    return int((same & among[:-1, :-1]).sum())
