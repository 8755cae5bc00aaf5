"""What in the picture is the object.

In this order: a mask that the user gives, the alpha channel if it says anything, a plain background that is keyed out,
and for everything else GrabCut (Rother, Kolmogorov, Blake 2004; OpenCV's implementation) with a warning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError
from shapelift.imaging.backdrops import key_out

OPAQUE = 128
"""Alpha from here on counts as the object (a coverage of one half)."""

GRABCUT_SIDE_PX = 256
"""Longest side of the copy that GrabCut works on: larger is slower and on gradients worse."""

_KEY_SIDE_PX = 1024
_FAINT = 8
_MOST_CUTS_AT_BORDER = 8
"""What meets the border of the picture more often than this is no object but a pattern: the joints of a brick wall."""
_COMPONENT_SHARE = {"alpha": 0.002, "mask": 0.002, "plain background": 0.01, "grabcut": 0.1}

_Mixtures = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
"""GrabCut's mixtures of five Gaussians, `1 65` each: colours of the background and of the object."""

MaskSource = Literal["alpha", "mask", "plain background", "grabcut"]


@dataclass(frozen=True, eq=False)
class ObjectMask:
    """The object in a picture.

    Attributes:
        coverage: `h w` uint8, 255 where the pixel is all object.
        source: What said so.
        warnings: One line each, for the user; empty when the answer is certain.
    """

    coverage: npt.NDArray[np.uint8]
    source: MaskSource
    warnings: tuple[str, ...] = ()


def object_mask(
    rgba: npt.NDArray[np.uint8],
    mask: npt.NDArray[np.uint8] | None = None,
    *,
    name: str = "image",
    mask_name: str = "mask",
) -> ObjectMask:
    """Find the object in `rgba`.

    Args:
        rgba: `h w 4` uint8, straight alpha.
        mask: `h w` uint8 coverage from the user; transparent pixels stay outside of it.
        name: How messages call the image.
        mask_name: How messages call the mask.

    Returns:
        The mask, with specks far smaller than the object removed.

    Raises:
        InputError: a transparent image, an empty mask, a mask of another size, or no object to be found.
    """
    height, width = rgba.shape[:2]
    if mask is not None and mask.shape != (height, width):
        raise InputError(
            f"{mask_name}: the mask is {mask.shape[1]}x{mask.shape[0]} pixels but {name} is {width}x{height}; "
            "make them the same size"
        )
    if mask is not None and mask.max(initial=0) < OPAQUE:
        raise InputError(f"{mask_name}: the mask is empty; paint the object white on black")
    alpha = rgba[..., 3]
    if alpha.min() < OPAQUE:
        if alpha.max() < OPAQUE:
            raise InputError(f"{name}: is fully transparent; give an image in which the object is opaque")
        if mask is None:
            return ObjectMask(_without_specks(alpha, "alpha"), "alpha")
    if mask is not None:
        # An image with holes of its own cannot show an object there, whatever the mask says.
        both = np.minimum(mask, alpha)
        if both.max() < OPAQUE:
            raise InputError(f"{mask_name}: the mask covers only transparent pixels of {name}; mark the object")
        covers_all = f"{mask_name}: the mask covers the whole picture; paint everything but the object black"
        return ObjectMask(_without_specks(both, "mask"), "mask", (covers_all,) if both.min() >= OPAQUE else ())
    return _from_colours(np.ascontiguousarray(rgba[..., :3]), name)


def with_mask(rgba: npt.NDArray[np.uint8], found: ObjectMask) -> npt.NDArray[np.uint8]:
    """The picture `h w 4` with the mask as its alpha channel."""
    result = rgba.copy()
    result[..., 3] = found.coverage
    return result


def _from_colours(rgb: npt.NDArray[np.uint8], name: str) -> ObjectMask:
    small = _shrunk(rgb, _KEY_SIDE_PX)
    keyed = key_out(small)
    if keyed is not None:
        if keyed.max() < OPAQUE or _tiny(keyed):
            raise InputError(f"{name}: shows nothing but a plain background; give an image with an object in it")
        keyed = _without_specks(keyed, "plain background")
        if _cuts_at_border(keyed) <= _MOST_CUTS_AT_BORDER:
            return ObjectMask(_grown(keyed, rgb.shape), "plain background")
    cut = _without_specks(_grabcut(_shrunk(rgb, GRABCUT_SIDE_PX)), "grabcut")
    if cut.max(initial=0) < OPAQUE or _tiny(cut):
        raise InputError(f"{name}: the object cannot be told from the background; give a `mask` or a transparent PNG")
    warning = (
        f"{name}: the background is not plain, so the object was cut out by guess; give a `mask` if it looks wrong"
    )
    return ObjectMask(_grown(cut, rgb.shape), "grabcut", (warning,))


def _grabcut(rgb: npt.NDArray[np.uint8], border: float = 0.06) -> npt.NDArray[np.uint8]:
    """Coverage `h w` by GrabCut: a `border` is background, except where an object turns out to run into it."""
    import cv2

    height, width = rgb.shape[:2]
    inset = max(1, round(border * min(height, width)))
    inside = np.zeros((height, width), np.bool_)
    inside[inset : height - inset, inset : width - inset] = True
    labels = np.full((height, width), cv2.GC_BGD, np.uint8)
    labels[inside] = cv2.GC_PR_FGD
    smooth = np.asarray(cv2.medianBlur(np.ascontiguousarray(rgb), 3), np.uint8)
    known, few = _surroundings(smooth, ~inside)
    if not few:
        sure, mixtures = _cut(rgb, labels)
        if sure.mean() >= 0.02 * 255:
            return _run_on(rgb, sure, mixtures, inside, inset)
    # A pattern of a few colours, or noise: their patches inside would be taken for the object.
    labels[inside & known] = cv2.GC_PR_BGD
    sure, mixtures = _cut(smooth, labels)
    return _run_on(smooth, sure, mixtures, inside, inset)


def _cut(
    rgb: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8], mixtures: _Mixtures | None = None
) -> tuple[npt.NDArray[np.uint8], _Mixtures]:
    """Coverage `h w` and the colours of background and object: learned from `labels`, or `mixtures` learned further."""
    import cv2

    cv2.setRNGSeed(0)  # its colour models start from k-means: the same picture must give the same mask
    rounds, mode = (5, cv2.GC_INIT_WITH_MASK) if mixtures is None else (3, cv2.GC_EVAL)
    mixtures = mixtures or (np.zeros((1, 65)), np.zeros((1, 65)))
    labels = labels.copy()
    try:
        cv2.grabCut(np.ascontiguousarray(rgb[..., ::-1]), labels, None, *mixtures, rounds, mode)
    except cv2.error:  # a picture with fewer colours than the mixtures need
        return np.zeros_like(labels), mixtures
    sure = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8) * 255
    # Opening drops the hairs that the cut leaves along strong edges of the background.
    opened = np.asarray(cv2.morphologyEx(sure, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)
    return _filled(opened), mixtures


def _run_on(
    rgb: npt.NDArray[np.uint8],
    sure: npt.NDArray[np.uint8],
    mixtures: _Mixtures,
    inside: npt.NDArray[np.bool_],
    inset: int,
) -> npt.NDArray[np.uint8]:
    """Decide again where the object `sure` ends near the border, which is `inset` wide; all else stays."""
    import cv2

    disc = np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (4 * inset + 1, 4 * inset + 1)), np.uint8)
    nearby = np.ones((2 * (inset // 2) + 3,) * 2, np.uint8)
    outer = 1 - cv2.erode(inside.astype(np.uint8), nearby)
    for _ in range(2):  # a round object runs along the border: it meets more of it the second time
        zone = cv2.dilate(sure * outer, disc) > 0
        if not zone.any():
            break
        decided = np.where(sure > 0, cv2.GC_FGD, cv2.GC_BGD)
        open_ = np.where(sure > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD)
        sure, mixtures = _cut(rgb, np.where(zone, open_, decided).astype(np.uint8), mixtures)
    return sure


def _surroundings(
    rgb: npt.NDArray[np.uint8], border: npt.NDArray[np.bool_], share: float = 0.9
) -> tuple[npt.NDArray[np.bool_], bool]:
    """Pixels `h w` that wear the colours of `share` of the border, and whether these are but a few colours."""
    import cv2

    bins = 16
    lab = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), np.int64) * bins // 256
    index = (lab[..., 0] * bins + lab[..., 1]) * bins + lab[..., 2]
    counts = np.bincount(index[border], minlength=bins**3)
    order = np.argsort(-counts)
    needed = int(np.searchsorted(np.cumsum(counts[order]), share * counts.sum())) + 1
    common = np.zeros(bins**3, np.bool_)
    common[order[:needed]] = True
    return np.asarray(common[index]), needed <= 6


def _filled(coverage: npt.NDArray[np.uint8], share: float = 0.005) -> npt.NDArray[np.uint8]:
    """Close holes smaller than `share` of the object: glints and dark spots, not gaps that a shape has."""
    import cv2

    _, labels, stats, _ = cv2.connectedComponentsWithStats((coverage < OPAQUE).astype(np.uint8), connectivity=4)
    small = stats[:, cv2.CC_STAT_AREA] < share * int((coverage >= OPAQUE).sum())
    small[0] = False
    return np.where(small[labels], 255, coverage).astype(np.uint8)


def _without_specks(coverage: npt.NDArray[np.uint8], source: MaskSource) -> npt.NDArray[np.uint8]:
    """Drop connected parts far smaller than the largest one. Returns `coverage` itself where nothing is dropped."""
    import cv2

    small = _shrunk(coverage, _KEY_SIDE_PX)
    count, labels = cv2.connectedComponents((small >= _FAINT).astype(np.uint8), connectivity=8)
    if count <= 2:
        return coverage
    # What a part covers, not how many pixels it touches: a wide but faint glow is no object.
    areas = np.bincount(labels.ravel(), weights=small.ravel(), minlength=count)
    areas[0] = 0.0
    keep = areas >= _COMPONENT_SHARE[source] * areas.max()
    if keep[1:].all():
        return coverage
    kept = (keep & (np.arange(count) > 0))[labels].astype(np.uint8)
    if small.shape != coverage.shape:
        # A kept part may reach a little further at full size than in the small copy.
        kept = cv2.dilate(kept, np.ones((3, 3), np.uint8))
        kept = cv2.resize(kept, coverage.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return np.asarray(coverage * kept, np.uint8)


def _cuts_at_border(coverage: npt.NDArray[np.uint8]) -> int:
    """How many times the object meets the border of the picture, going round it once."""
    top, right, bottom, left = coverage[0], coverage[1:, -1], coverage[-1, -2::-1], coverage[-2:0:-1, 0]
    solid = np.concatenate([top, right, bottom, left]) >= OPAQUE
    return int((solid & ~np.roll(solid, 1)).sum())


def _tiny(coverage: npt.NDArray[np.uint8]) -> bool:
    return int((coverage >= OPAQUE).sum()) < max(16, coverage.size // 20_000)


def _shrunk(image: npt.NDArray[np.uint8], side_px: int) -> npt.NDArray[np.uint8]:
    import cv2

    height, width = image.shape[:2]
    scale = side_px / max(height, width)
    if scale >= 1.0:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _grown(coverage: npt.NDArray[np.uint8], shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    import cv2

    if coverage.shape == shape[:2]:
        return coverage
    return np.asarray(cv2.resize(coverage, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.uint8)
