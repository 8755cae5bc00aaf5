"""From a cut-out image to the input of a model: window around the object, resample, composite.

One definition serves training, evaluation and inference, so a model always sees what it was trained on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError

Image = npt.NDArray[np.uint8]

_STRIP_PIXELS = 2_000_000


@dataclass(frozen=True)
class Preprocess:
    """How an image becomes the input of a model; the `preprocess` entry of a card.

    Attributes:
        image_size_px: Side of the square input.
        margin: Free border around the object on each side, as a share of the input's side.
        background: Grey level in [0, 1] under the composite.
        channels: `rgba`: composite and mask; `rgb`: composite alone.
    """

    image_size_px: int
    margin: float = 0.05
    background: float = 0.5
    channels: Literal["rgba", "rgb"] = "rgba"

    def __post_init__(self) -> None:
        if not 8 <= self.image_size_px <= 1024:
            raise ValueError(f"image_size_px must lie in 8..1024, got {self.image_size_px}")
        if not 0.0 <= self.margin < 0.5 or not 0.0 <= self.background <= 1.0:
            raise ValueError("margin must lie in [0, 0.5) and background in [0, 1]")
        if self.channels not in ("rgba", "rgb"):
            raise ValueError(f"channels must be 'rgba' or 'rgb', got {self.channels!r}")

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Preprocess:
        """Build from a card's entry; raises ValueError or TypeError where it does not fit."""
        return cls(**values)

    def to_mapping(self) -> dict[str, Any]:
        """The card's entry."""
        return asdict(self)

    def crop(self, rgba: Image) -> Image:
        """The square window around the object, resampled to the input size: `h w 4` -> `s s 4` uint8, straight alpha.

        Raises:
            InputError: no pixel with alpha of at least one half.
        """
        x, y, side = object_window(rgba[..., 3], self.margin)
        return resample_window(rgba, x, y, side, self.image_size_px)

    def fine_crop(self, rgba: Image, most_px: int) -> Image:
        """The window of `crop` with the pixels of the image, at most `most_px` and at least as many as the input has.

        Raises:
            InputError: no pixel with alpha of at least one half.
        """
        x, y, side = object_window(rgba[..., 3], self.margin)
        return resample_window(rgba, x, y, side, max(self.image_size_px, min(round(side), most_px)))

    def tensor(self, crop: Image) -> npt.NDArray[np.float32]:
        """A crop `... s s 4` uint8 as model input `... c s s` float32 in [0, 1]."""
        values = crop.astype(np.float32) * np.float32(1.0 / 255.0)
        alpha = values[..., 3:]
        color = (values[..., :3] - self.background) * alpha + self.background
        stacked = np.concatenate([color, alpha], axis=-1) if self.channels == "rgba" else color
        return np.ascontiguousarray(np.moveaxis(stacked, -1, -3))

    def __call__(self, rgba: Image) -> npt.NDArray[np.float32]:
        """Crop and convert: `h w 4` uint8 -> `c s s` float32."""
        return self.tensor(self.crop(rgba))


def object_window(alpha: Image, margin: float) -> tuple[float, float, float]:
    """Corner x, y and side [px] of the square window that centres the object with `margin` on each side.

    Args:
        alpha: `h w` uint8; the object is where it is at least 128.
        margin: Share of the window's side.

    Raises:
        InputError: no such pixel.
    """
    solid = alpha >= 128
    columns, rows = np.flatnonzero(solid.any(axis=0)), np.flatnonzero(solid.any(axis=1))
    if not len(columns):
        raise InputError("the image shows no object: its mask is empty; give an image with a visible object")
    low_x, high_x, low_y, high_y = columns[0], columns[-1] + 1, rows[0], rows[-1] + 1
    side = float(max(high_x - low_x, high_y - low_y)) / (1.0 - 2.0 * margin)
    return float(low_x + high_x - side) / 2.0, float(low_y + high_y - side) / 2.0, side


def resample_window(rgba: Image, x_px: float, y_px: float, side_px: float, size_px: int) -> Image:
    """A square window of an image at another size, transparent outside: `h w 4` -> `size size 4` uint8.

    Colours are weighted by alpha, so a transparent pixel never bleeds into the object. Shrinking averages areas.

    Args:
        rgba: `h w 4` uint8, straight alpha.
        x_px: Left edge of the window, which may lie outside of the image.
        y_px: Its upper edge.
        side_px: Side of the window.
        size_px: Side of the result.
    """
    # INTER_AREA works on whole pixels only: average whole blocks of the source, counted from the corner of the window,
    # then read between them. One block on each side is for the interpolation.
    factor = max(1, int(np.floor(side_px / size_px)))
    left, top = int(np.floor(x_px)) - factor, int(np.floor(y_px)) - factor
    values = _block_means(rgba, left, top, -(-(int(np.ceil(side_px)) + 1) // factor) + 2, factor)
    x_px, y_px, side_px = (x_px - left) / factor, (y_px - top) / factor, side_px / factor
    zoom = side_px / size_px
    matrix = np.array([[zoom, 0.0, x_px + zoom / 2 - 0.5], [0.0, zoom, y_px + zoom / 2 - 0.5]])
    window = cv2.warpAffine(
        values,
        matrix,
        (size_px, size_px),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
    )
    # Where nothing is, the premultiplied colour is zero and stays zero.
    window[..., :3] *= np.float32(255.0) / np.maximum(window[..., 3:], np.float32(1e-3))
    np.rint(window, out=window)
    np.clip(window, 0.0, 255.0, out=window)
    return np.asarray(window, np.uint8)


def _block_means(rgba: Image, left: int, top: int, count: int, factor: int) -> npt.NDArray[np.float32]:
    """Means over `count count` blocks of `factor` x `factor` pixels from (left, top), premultiplied, `count count 4`.

    Transparent outside the image. Works in strips, so that a photograph of many megapixels needs little memory.
    """
    means = np.zeros((count, count, 4), np.float32)
    side = count * factor
    x0, x1 = max(left, 0), min(left + side, rgba.shape[1])
    rows = max(1, _STRIP_PIXELS // (side * factor))
    for first in range(0, count, rows):
        blocks = min(rows, count - first)
        above = top + first * factor
        y0, y1 = max(above, 0), min(above + blocks * factor, rgba.shape[0])
        if y0 >= y1 or x0 >= x1:
            continue
        strip = np.zeros((blocks * factor, side, 4), np.float32)
        inner = strip[y0 - above : y1 - above, x0 - left : x1 - left]
        inner[...] = rgba[y0:y1, x0:x1]
        inner[..., :3] *= inner[..., 3:] * np.float32(1.0 / 255.0)
        shrunk = strip if factor == 1 else cv2.resize(strip, (count, blocks), interpolation=cv2.INTER_AREA)
        means[first : first + blocks] = shrunk
    return means
