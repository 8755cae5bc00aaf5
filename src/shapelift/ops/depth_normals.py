"""Normals of a depth map, from how the points of neighbouring pixels lie to each other; differentiable."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from shapelift.ops.view_normals import STEEPEST_SLOPE

Maps = Float[Tensor, "*s h w"]
Vectors = Float[Tensor, "*s h w 3"]


def depth_normals(
    depth: Float[Tensor, "*s h w"],
    intrinsics: Float[Tensor, "*s 3 3"],
    mask: Bool[Tensor, "*s h w"],
    *,
    orthographic: bool = False,
    jump: float = STEEPEST_SLOPE,
    edges: Float[Tensor, "*s h w"] | None = None,
) -> tuple[Float[Tensor, "*s h w 3"], Bool[Tensor, "*s h w"]]:
    """Unit normals in the axes of the camera, towards it, and where there are any.

    Pixels go back to points; the normal is the cross product of the differences down the rows and along the columns:
    central ones where both neighbours are there, one-sided ones at the border of the mask. All those differences lie in
    the plane where the surface is one, so planes are exact under both projections. A difference never reaches over an
    edge in depth. A pixel that has no neighbour along an axis has no normal; it gets (0, 0, 0), and no gradient.

    Nothing flips a sign: with positive depths the cross product always faces the camera.

    Args:
        depth: Along the optical axis; counts under the mask only.
        intrinsics: In pixels of the map; upper triangular, last row (0, 0, 1).
        mask: Where a surface is seen.
        orthographic: Whether pixel = K (x, y, 1); otherwise pixel = K (x/z, y/z, 1).
        jump: An edge is a difference in depth above so many widths of a pixel.
        edges: The depth that is asked for edges, such as the true one; `depth` itself by default.

    Returns:
        Normals, and whether a pixel has one. For the world, multiply from the right by camera_from_world's rotation.

    Raises:
        ValueError: a jump that is not positive.
    """
    if not jump > 0.0:
        raise ValueError(f"jump must be a positive number of pixel widths, got {jump}")
    filled = torch.where(mask, depth, torch.ones_like(depth))
    edge_depth = filled.detach() if edges is None else torch.where(mask, edges, torch.ones_like(edges)).detach()
    points = unprojected(filled, intrinsics, orthographic=orthographic)
    down, has_down = _tangents(points, edge_depth, mask, intrinsics[..., 1, 1], jump, orthographic, axis=-2)
    right, has_right = _tangents(points, edge_depth, mask, intrinsics[..., 0, 0], jump, orthographic, axis=-1)
    valid = mask & has_down & has_right
    crossed = torch.linalg.cross(down, right)
    size = crossed.detach().square().sum(dim=-1)
    valid = valid & (size > torch.finfo(size.dtype).tiny) & size.isfinite()
    crossed = torch.where(valid[..., None], crossed, torch.zeros_like(crossed))
    squared = torch.where(valid, crossed.square().sum(dim=-1), torch.ones_like(size))
    return crossed / squared.sqrt()[..., None], valid


def unprojected(
    depth: Float[Tensor, "*s h w"], intrinsics: Float[Tensor, "*s 3 3"], *, orthographic: bool = False
) -> Float[Tensor, "*s h w 3"]:
    """The points of all pixels of depth maps, in the axes of the camera.

    Args:
        depth: Along the optical axis.
        intrinsics: In pixels of the map; upper triangular, last row (0, 0, 1).
        orthographic: See `depth_normals`.
    """
    height, width = depth.shape[-2:]
    row = torch.arange(height, dtype=depth.dtype, device=depth.device)[:, None] + 0.5
    column = torch.arange(width, dtype=depth.dtype, device=depth.device) + 0.5
    matrix = intrinsics[..., None, None, :, :].to(depth.dtype)
    y = (row - matrix[..., 1, 2]) / matrix[..., 1, 1]
    x = (column - matrix[..., 0, 2] - matrix[..., 0, 1] * y) / matrix[..., 0, 0]
    y = y.expand_as(x)
    if not orthographic:
        x, y = x * depth, y * depth
    return torch.stack([x.expand_as(depth), y.expand_as(depth), depth], dim=-1)


def _tangents(
    points: Vectors,
    edge_depth: Maps,
    mask: Bool[Tensor, "*s h w"],
    focal: Float[Tensor, "*s"],
    jump: float,
    orthographic: bool,
    *,
    axis: int,
) -> tuple[Vectors, Bool[Tensor, "*s h w"]]:
    """Directions of the surface along an axis of the maps, and where there are any (elsewhere 0)."""
    count = edge_depth.shape[axis] - 1
    first, second = edge_depth.narrow(axis, 0, count), edge_depth.narrow(axis, 1, count)
    width = torch.ones_like(first) if orthographic else torch.minimum(first, second)
    near = (second - first).abs() * focal[..., None, None] <= jump * width
    joined = mask.narrow(axis, 0, count) & mask.narrow(axis, 1, count) & near
    step = points.narrow(axis - 1, 1, count) - points.narrow(axis - 1, 0, count)
    step = torch.where(joined[..., None], step, torch.zeros_like(step))
    none, still = torch.zeros_like(mask.narrow(axis, 0, 1)), torch.zeros_like(points.narrow(axis - 1, 0, 1))
    total = torch.cat([step, still], dim=axis - 1) + torch.cat([still, step], dim=axis - 1)
    return total, torch.cat([joined, none], dim=axis) | torch.cat([none, joined], dim=axis)
