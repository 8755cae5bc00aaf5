"""Bilinear values of several planes, summed: the first layer of a network that reads feature planes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from shapelift.ops.weighted_rows import weighted_rows


def plane_samples(planes: Sequence[Tensor], places: Sequence[Float[Tensor, "b n 2"]]) -> Float[Tensor, "m c"]:
    """Sum over planes of what each shows at the places of the points, for all `m = b n` points of a batch.

    A point reads four pixels of each plane, and on a processor all of them are one sum of rows (`weighted_rows`): much
    faster than a look-up per plane, and without tensors of all that was looked up. Values are those of `grid_sample`
    with bilinear interpolation and a continued border, `align_corners=False`, computed in the type of the planes and
    summed in single precision. On other devices, and for places that need a gradient, it is `grid_sample` itself.

    Args:
        planes: `b c r r` each, r at least 2 and its own; best in channels-last memory.
        places: Columns and rows, [-0.5, 0.5] being the plane from border to border.
    """
    if planes[0].device.type != "cpu" or any(place.requires_grad for place in places):
        return plane_by_plane(planes, places)
    found, weights, rows, first = [], [], [], 0
    for plane, place in zip(planes, places, strict=True):
        count, channels, side = plane.shape[:3]
        column, row = ((place + 0.5) * side - 0.5).clamp(0.0, side - 1.0).unbind(2)
        left, above = (axis.int().clamp_max(side - 2) for axis in (column, row))
        right, below = column - left, row - above
        item = torch.arange(count, dtype=torch.int32, device=plane.device)[:, None] * (side * side)
        corner = above * side + left + (item + first)
        found += [corner, corner + 1, corner + side, corner + (side + 1)]
        weights += [(1 - below) * (1 - right), (1 - below) * right, below * (1 - right), below * right]
        rows.append(plane.permute(0, 2, 3, 1).reshape(-1, channels))
        first += count * side * side
    index, weight = (torch.stack(parts, dim=2).flatten(0, 1) for parts in (found, weights))
    return weighted_rows(torch.cat(rows), index, weight)


def plane_by_plane(planes: Sequence[Tensor], places: Sequence[Float[Tensor, "b n 2"]]) -> Float[Tensor, "m c"]:
    """`plane_samples` with a look-up per plane: quicker on a GPU, with a gradient of the places."""
    values = [
        # Single precision: in bfloat16 a coordinate would be off by up to 0.2 % of the side.
        nn.functional.grid_sample(
            plane.to(place.dtype), 2.0 * place[:, None], mode="bilinear", padding_mode="border", align_corners=False
        )
        for plane, place in zip(planes, places, strict=True)
    ]
    return torch.stack(values).sum(dim=0).squeeze(2).transpose(1, 2).flatten(0, 1)
