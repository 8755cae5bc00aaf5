"""Maps over the window of a picture, read anywhere between their pixels, and distances to the contours in them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Map = npt.NDArray[np.float32]

FINE_PX = 512
"""Maps are made at about this side: contours finer than the pixels of the input."""
BLUR_PX = 0.5
"""Standard deviation of the blur before a contour is drawn, in pixels of the input: a mask whose pixels are all or
nothing has stairs, and this rounds them without losing a line of one pixel."""
_PART_PX = 1.5
"""How far from its outline the middle of a part that is too thin for full alpha may be, in pixels of the input."""
_FAINTEST = 0.2
"""Lowest alpha of an outline: fainter parts are none, but halos."""
_NEAR_PX, _FAR_PX = 1.0, 2.5
"""Nearer to a contour than the first the map itself says where it lies, beyond the second the nearest pixel does."""
_FARTHEST = 2.0
"""Distance to a contour that does not exist, in windows."""


@dataclass(frozen=True, eq=False)
class WindowMaps:
    """Numbers over the window of a picture, linear between the centres of its pixels.

    Attributes:
        values: `s s c` float32, the first row at the top.
    """

    values: npt.NDArray[np.float32]

    def __call__(self, points: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Values `n c` at points `n 2` or `n 3`, (u, v, ...) in picture coordinates; constant beyond the edge."""
        side = len(self.values)
        column = np.clip((points[:, 0] + np.float32(0.5)) * side - np.float32(0.5), 0.0, side - 1)
        row = np.clip((np.float32(0.5) - points[:, 1]) * side - np.float32(0.5), 0.0, side - 1)
        left = np.minimum(column.astype(np.int32), side - 2)
        top = np.minimum(row.astype(np.int32), side - 2)
        right_share = (column - left).astype(np.float32)[:, None]
        low_share = (row - top).astype(np.float32)[:, None]
        flat = self.values.reshape(side * side, -1)
        corner = top * side + left
        above = flat[corner] + (flat[corner + 1] - flat[corner]) * right_share
        below = flat[corner + side] + (flat[corner + side + 1] - flat[corner + side]) * right_share
        return np.asarray(above + (below - above) * low_share, np.float32)


def fine_side(side_px: int) -> int:
    """Side of fine maps [px] for an input of `side_px`: the whole multiple of it nearest to `FINE_PX`, at least one."""
    return side_px * max(1, round(FINE_PX / side_px))


def outline_distance(alpha: Map) -> Map:
    """Signed distance to the outline of an object, positive inside.

    The outline is the contour of alpha at one half, of the fine, slightly blurred image: it is not bound to pixels. A
    part so thin that its alpha is smaller has its outline at half of its own largest alpha.

    Args:
        alpha: `s s` in [0, 1].

    Returns:
        `t t`, t = `fine_side(s)`, in units of the window.
    """
    side = fine_side(len(alpha))
    fine = cv2.resize(np.ascontiguousarray(alpha, np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    fine = cv2.GaussianBlur(fine, (0, 0), BLUR_PX * side / len(alpha))
    reach = 2 * round(_PART_PX * side / len(alpha)) + 1
    largest = cv2.dilate(fine, np.ones((reach, reach), np.uint8))
    level = cv2.GaussianBlur(np.clip(largest / 2.0, _FAINTEST, 0.5), (0, 0), reach / 4.0)
    return signed_distance(np.asarray(fine - level, np.float32))


def signed_distance(values: Map) -> Map:
    """Signed distance to the contour at 0 of a smooth map, with its sign, in units of the map's side.

    Close to the contour it is the value over the slope, which knows it far better than to a pixel; farther away it is
    the distance to the nearest pixel on the other side, less a half.

    Args:
        values: `s s`; everywhere positive or nowhere gives a distance of two sides.
    """
    inside = values > 0.0
    if inside.all() or not inside.any():
        return np.full(values.shape, _FARTHEST if inside.all() else -_FARTHEST, np.float32)
    far = _to_other_side(inside) - _to_other_side(~inside)
    down, across = np.gradient(values)
    slope = np.maximum(np.hypot(down, across), 1e-6)
    near = np.clip(values / slope, far - 0.75, far + 0.75)
    share = np.clip((np.abs(far) - _NEAR_PX) / (_FAR_PX - _NEAR_PX), 0.0, 1.0)
    return np.asarray((near + (far - near) * share) / len(values), np.float32)


def _to_other_side(chosen: npt.NDArray[np.bool_]) -> Map:
    """Of the chosen pixels the distance [px] to the border of the chosen area, 0 elsewhere."""
    distance = cv2.distanceTransform(chosen.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(np.maximum(distance - 0.5, 0.0), np.float32)
