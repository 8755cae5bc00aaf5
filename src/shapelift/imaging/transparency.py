"""What the alpha channel of a picture says: whether the picture is a cut-out, and what is solid in it."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from shapelift.errors import Doubt, InputError
from shapelift.imaging.parts import OPAQUE

_CUT_OUT_BORDER = 0.1
"""A picture is a cut-out where at least this share of its border is transparent: of the line 2 % inside the picture,
without the quarter of every side next to a corner, so that neither round corners nor a thin frame count."""

_CUT_OUT_AREA = 0.1
"""It is one as well where at least this share of all its pixels is transparent: an object that fills the picture."""

_SEEN = 26
_SHADOW = 48
_SOLID = 230
_LEFT_OUT = 0.05


def is_cut_out(opacity: npt.NDArray[np.uint8]) -> bool:
    """Whether the transparency `h w` of a picture tells an object from its background."""
    clear = opacity < OPAQUE
    height, width = clear.shape
    inset = round(0.02 * min(height, width))
    rows, columns = slice(height // 4, -(-3 * height // 4)), slice(width // 4, -(-3 * width // 4))
    far = -1 - inset
    line = np.concatenate([clear[inset, columns], clear[far, columns], clear[rows, inset], clear[rows, far]])
    return bool(line.mean() >= _CUT_OUT_BORDER or clear.mean() >= _CUT_OUT_AREA)


def opacity_of(rgba: npt.NDArray[np.uint8], name: str) -> tuple[npt.NDArray[np.uint8], tuple[Doubt, ...]]:
    """How solid every pixel `h w` is: alpha, scaled up where the object itself is translucent.

    An object is translucent where a quarter of what can be seen of it, shadows aside, has an alpha clearly below that
    of a solid one; then all of it counts that has at least half of that alpha.

    Raises:
        InputError: nothing can be seen at all.
    """
    alpha = rgba[..., 3]
    low, top = int(alpha.min()), int(alpha.max())
    if top == 0:
        raise InputError(f"{name}: is fully transparent; give an image in which an object can be seen")
    if low == top:  # the same everywhere: alpha says nothing
        return np.full_like(alpha, 255), ()
    if low >= OPAQUE:
        return alpha, ()
    haze = int(np.median(_ring(alpha)))
    if 0 < haze < top // 2:
        alpha = np.where(alpha > haze, alpha - haze, 0).astype(np.uint8)
        top -= haze
    shadow = (rgba[..., :3].max(axis=2) < _SHADOW) & (alpha < OPAQUE)
    seen = alpha >= max(1, min(_SEEN, top // 2))
    seen = seen & ~shadow if (seen & ~shadow).any() else seen
    usual = float(np.quantile(alpha[seen], 0.25))
    if usual < _SOLID and not _is_edge(alpha, seen):
        scaled = np.minimum(alpha * (255.0 / usual), 255.0)
        line = f"{name}: the object is translucent (alpha about {usual / 255.0:.0%}) and was taken for solid"
        return np.rint(scaled).astype(np.uint8), (Doubt("translucent", line),)
    wide = max(3, round(0.03 * min(alpha.shape)))  # narrower than this it is a soft edge
    left = cv2.morphologyEx((seen & (alpha < OPAQUE)).astype(np.uint8), cv2.MORPH_OPEN, np.ones((wide, wide), np.uint8))
    if left.sum() > _LEFT_OUT * (alpha >= OPAQUE).sum():
        line = f"{name}: parts of it are more than half transparent and were left out; give a `mask` that has them"
        return alpha, (Doubt("translucent-parts", line),)
    return alpha, ()


def _is_edge(alpha: npt.NDArray[np.uint8], among: npt.NDArray[np.bool_]) -> bool:
    """Whether most translucent pixels `among` these lie at a soft edge: next to solid and to clear ones."""
    translucent = among & (alpha < _SOLID)
    kernel = np.ones((5, 5), np.uint8)
    high, low = cv2.dilate(alpha, kernel), cv2.erode(alpha, kernel)
    edge = (np.asarray(high) >= _SOLID) & (np.asarray(low) < _SEEN)
    return bool((translucent & edge).sum() > 0.5 * translucent.sum())


def _ring(values: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
