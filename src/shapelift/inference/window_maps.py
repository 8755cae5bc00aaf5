"""Maps over the window of a picture, read anywhere between their pixels, and distances to the contours in them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Map = npt.NDArray[np.float32]

_FINE_PX = 512
"""Maps are made at about this side: contours finer than the pixels of the input."""
SOFT_BLUR_PX, HARD_BLUR_PX = 0.5, 1.0
"""Standard deviation of the blur before a contour is drawn, in pixels of the input: of a mask with soft edges, and of
one whose pixels are all or nothing, which has stairs."""
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


def _fine_side(side_px: int) -> int:
    """Side of fine maps [px] for an input of `side_px`: its whole multiple nearest to `_FINE_PX`, at least one."""
    return side_px * max(1, round(_FINE_PX / side_px))


def outline_distance(alpha: Map) -> Map:
    """Signed distance to the outline of an object, positive inside.

    The outline is the contour of alpha at one half, of the fine, slightly blurred image: it is not bound to pixels. A
    part so thin that its alpha is smaller has its outline at half of its own largest alpha.

    Args:
        alpha: `s s` in [0, 1].

    Returns:
        `t t`, t the whole multiple of s nearest to 512, in units of the window.
    """
    side = _fine_side(len(alpha))
    fine = cv2.resize(np.ascontiguousarray(alpha, np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    fine = cv2.GaussianBlur(fine, (0, 0), _blur_px(alpha) * side / len(alpha))
    reach = 2 * round(_PART_PX * side / len(alpha)) + 1
    largest = cv2.dilate(fine, np.ones((reach, reach), np.uint8))
    level = cv2.GaussianBlur(np.clip(largest / 2.0, _FAINTEST, 0.5), (0, 0), reach / 4.0)
    return signed_distance(np.asarray(fine - level, np.float32))


def _blur_px(alpha: Map) -> float:
    """How much a mask is blurred: the less, the more of its edge lies in pixels that are neither full nor empty."""
    full = (alpha > 0.5).astype(np.uint8)
    edge = int(np.count_nonzero(full - cv2.erode(full, np.ones((3, 3), np.uint8))))
    between = int(np.count_nonzero((alpha > 0.1) & (alpha < 0.9)))
    softness = min(1.0, 2.0 * between / max(edge, 1))
    return float(HARD_BLUR_PX + softness * (SOFT_BLUR_PX - HARD_BLUR_PX))


def signed_distance(values: Map) -> Map:
    """Signed distance to the contour at 0 of a smooth map, with its sign, in units of the map's side.

    Close to the contour it is the value over the slope, which knows it far better than to a pixel. Farther away it is
    the distance to the nearest pixel on the other side, less what that pixel itself is beyond the contour.

    Args:
        values: `s s`; everywhere positive or nowhere gives a distance of two sides.
    """
    inside = values > 0.0
    if inside.all() or not inside.any():
        return np.full(values.shape, _FARTHEST if inside.all() else -_FARTHEST, np.float32)
    down, across = np.gradient(values)
    near = np.clip(values / np.maximum(np.hypot(down, across), 1e-6), -1.0, 1.0).astype(np.float32)
    far = np.where(inside, _to_other_side(inside, near), -_to_other_side(~inside, near))
    share = np.clip((np.abs(far) - _NEAR_PX) / (_FAR_PX - _NEAR_PX), 0.0, 1.0)
    near = np.clip(near, far - 0.75, far + 0.75)
    return np.asarray((near + (far - near) * share) / len(values), np.float32)


def _to_other_side(chosen: npt.NDArray[np.bool_], near: Map) -> Map:
    """Of the chosen pixels the distance [px] to the contour behind which the others lie; of no use elsewhere.

    Args:
        chosen: `s s`, not all.
        near: `s s`, what every pixel close to the contour itself is away from it.
    """
    from scipy.ndimage import distance_transform_edt

    distance, nearest = distance_transform_edt(chosen, return_indices=True)
    return np.asarray(np.maximum(distance - np.abs(near[tuple(nearest)]), 0.0), np.float32)
