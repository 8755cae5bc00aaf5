"""What is inside of a closed mesh."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int64
from torch import Tensor

_PAIRS = 1 << 22
"""Pairs of a point and a face that are looked at together."""


@torch.no_grad()
def winding_numbers(
    vertices: Float[Tensor, "b v 3"], faces: Int64[Tensor, "f 3"], points: Float[Tensor, "b n 3"]
) -> Float[Tensor, "b n"]:
    """How often closed meshes go around points: 1 inside, 0 outside; other whole numbers where a mesh overlaps itself.

    From every point a ray runs along +z; a face that it leaves through counts 1, one that it enters through -1. All
    that is asked of a face is linear in x and y, so that four products of matrices answer for all pairs. Exact but for
    points whose ray meets an edge to within rounding. No gradient.

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
    x, y, _ = corners.unbind(dim=2)
    following = [1, 2, 0]
    # Of each side the sign on which (px, py) lies: (xb - xa) (py - ya) - (yb - ya) (px - xa).
    step_x, step_y = x[:, following] - x, y[:, following] - y
    sides = torch.stack([-step_y, step_x, step_y * x - step_x * y], dim=0)
    normal = torch.linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    upright = normal[:, 2].abs() > 0.0
    sides, normal, corners = sides[:, upright], normal[upright], corners[upright]
    # Height of the plane of a face over (px, py).
    slope = normal[:, :2] / normal[:, 2:]
    plane = torch.stack([-slope[:, 0], -slope[:, 1], corners[:, 0, 2] + (slope * corners[:, 0, :2]).sum(dim=1)])
    sign = normal[:, 2].sign()
    place = torch.cat([points[:, :2], torch.ones_like(points[:, :1])], dim=1)
    rows = max(1, _PAIRS // max(1, len(normal)))
    counted = []
    for where, height in zip(torch.split(place, rows), torch.split(points[:, 2], rows), strict=True):
        within = (where @ plane) > height[:, None]
        for side in range(3):
            within &= (where @ sides[:, :, side]) * sign >= 0.0
        counted.append((within * sign).sum(dim=1))
    return torch.cat(counted) if counted else points.new_zeros(0)
