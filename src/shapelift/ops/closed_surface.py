"""What is inside of a closed mesh."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int64
from torch import Tensor

_PAIRS = 1 << 20
"""Pairs of a point and a face that are looked at together."""
_TILE_POINTS = 128
"""Points in a tile of the plane, on average: fewer spare no more faces than starting the operators costs."""


@torch.no_grad()
def winding_numbers(
    vertices: Float[Tensor, "b v 3"], faces: Int64[Tensor, "f 3"], points: Float[Tensor, "b n 3"]
) -> Float[Tensor, "b n"]:
    """How often closed meshes go around points: 1 inside, 0 outside; other whole numbers where a mesh overlaps itself.

    From every point a ray runs along +z; a face that it leaves through counts 1, one that it enters through -1. All
    that is asked of a face is linear in x and y, so that four products of matrices answer for all pairs that are close.
    Exact but for points whose ray meets an edge to within rounding. No gradient.

    Args:
        vertices: Of each item.
        faces: Shared, closed, outward.
        points: Where to ask, in the frame of the vertices.
    """
    # Double precision: edges of neighbouring faces must cut the plane in the same place, and few products are made.
    return torch.stack(
        [_windings(own.double()[faces], where.double()) for own, where in zip(vertices, points, strict=True)]
    ).to(points.dtype)


def _windings(corners: Float[Tensor, "f 3 3"], points: Float[Tensor, "n 3"]) -> Float[Tensor, " n"]:
    """Of one item, tile by tile of the plane: a ray meets only faces that reach into its tile."""
    planes = _Planes(corners)
    counted = points.new_zeros(len(points))
    tiles = max(1, round((len(points) / _TILE_POINTS) ** 0.5))
    low, high = points[:, :2].amin(dim=0), points[:, :2].amax(dim=0)
    side = ((high - low) / tiles).clamp_min(1e-12)
    place = ((points[:, :2] - low) / side).long().clamp(0, tiles - 1)
    number = place[:, 0] * tiles + place[:, 1]
    order = number.argsort()
    for own in torch.split(order, torch.bincount(number, minlength=tiles**2).tolist()):
        if len(own):
            counted[own] = planes.counted(points[own])
    return counted


class _Planes:
    """What is asked of faces, as coefficients of (x, y, 1); upright faces are never met and left out."""

    def __init__(self, corners: Float[Tensor, "f 3 3"]) -> None:
        normal = torch.linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        level = normal[:, 2].abs() > 0.0
        corners, normal = corners[level], normal[level]
        x, y, _ = corners.unbind(dim=2)
        step_x, step_y = x[:, [1, 2, 0]] - x, y[:, [1, 2, 0]] - y
        # On which side of each edge: (xb - xa) (py - ya) - (yb - ya) (px - xa).
        self.sides = torch.stack([-step_y, step_x, step_y * x - step_x * y])
        # Height of the plane over (px, py).
        slope = normal[:, :2] / normal[:, 2:]
        self.plane = torch.stack([-slope[:, 0], -slope[:, 1], corners[:, 0, 2] + (slope * corners[:, 0, :2]).sum(1)])
        self.sign = normal[:, 2].sign()
        self.low, self.high = corners[..., :2].amin(dim=1), corners[..., :2].amax(dim=1)
        self.top = corners[..., 2].amax(dim=1)

    def counted(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, " n"]:
        """Faces above points that are close together, counted by sign."""
        low, high = points[:, :2].amin(dim=0), points[:, :2].amax(dim=0)
        near = ((self.low <= high) & (self.high >= low)).all(dim=1) & (self.top > points[:, 2].amin())
        sides, plane, sign = self.sides[:, near], self.plane[:, near], self.sign[near]
        place = torch.cat([points[:, :2], torch.ones_like(points[:, :1])], dim=1)
        rows = max(1, _PAIRS // max(1, len(sign)))
        parts = []
        for where, height in zip(torch.split(place, rows), torch.split(points[:, 2], rows), strict=True):
            met = (where @ plane) > height[:, None]
            for side in range(3):
                met &= (where @ sides[:, :, side]) * sign >= 0.0
            parts.append((met * sign).sum(dim=1))
        return torch.cat(parts)
