"""The solid that a cloud of points without normals leaves when it is looked at along the axes."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int64
from torch import Tensor

OUTSIDE = -30.0
"""What is said of a place that some line of sight sees to be empty."""
_FEWEST_PIXELS = 8


@torch.no_grad()
def axis_hull_logits(cloud: Float[Tensor, "b m 3"], points: Float[Tensor, "b n 3"]) -> Float[Tensor, "b n"]:
    """Whether points lie in the hull of a cloud on the surface of a solid in the cube [-0.5, 0.5]^3: above 0 inside.

    Along each axis the cloud is drawn on a square of pixels, sized so that a surface leaves few of them open; every
    point covers the four pixels around it. A pixel knows the first and the last point along its line of sight, and says
    of a place how many pixels it lies behind the first or before the last, the lower of the two; an empty pixel says
    `OUTSIDE`. The lowest of the three counts. So a gap that is seen along an axis is kept open, and a cavity that is
    seen along none is filled. No gradient.

    Args:
        cloud: Points on a surface, finite.
        points: Where to ask.
    """
    side = max(_FEWEST_PIXELS, int((cloud.shape[1] / 2.0) ** 0.5))
    said = []
    for axis in range(3):
        across, down = (other for other in range(3) if other != axis)
        pixel, depth = _covered(cloud, across, down, side), cloud[..., axis].repeat(1, 4)
        empty = cloud.new_full((len(cloud), side * side), torch.inf)
        first = empty.scatter_reduce(1, pixel, depth, "amin")
        last = (-empty).scatter_reduce(1, pixel, depth, "amax")
        place = _pixel(_steps(points[..., across], side), _steps(points[..., down], side), side)
        along = points[..., axis]
        said.append(torch.minimum(along - first.gather(1, place), last.gather(1, place) - along) * side)
    return torch.stack(said).amin(dim=0).clamp_min(OUTSIDE)


def _covered(cloud: Float[Tensor, "b m 3"], across: int, down: int, side: int) -> Int64[Tensor, "b k"]:
    """The four pixels around every point, all first ones first."""
    half = 0.5 / side
    columns = [_steps(cloud[..., across] + shift, side) for shift in (-half, half)]
    rows = [_steps(cloud[..., down] + shift, side) for shift in (-half, half)]
    return torch.cat([_pixel(column, row, side) for column in columns for row in rows], dim=1)


def _steps(values: Float[Tensor, "b n"], side: int) -> Int64[Tensor, "b n"]:
    return ((values + 0.5) * side).floor().long().clamp(0, side - 1)


def _pixel(column: Int64[Tensor, "b n"], row: Int64[Tensor, "b n"], side: int) -> Int64[Tensor, "b n"]:
    return column * side + row
