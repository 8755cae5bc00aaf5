"""Normals of coordinate maps, from how neighbouring pixels of a view lie to each other."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from shapelift.ops.cameras import Cameras
from shapelift.ops.fusion import fuse_views

STEEPEST_SLOPE = 8.0
"""A difference in depth above so many widths of a pixel is an edge between two surfaces, not a slope."""
_SMOOTH = 0.5
"""Two one-sided differences that agree to this, in widths of a pixel, belong to one smooth surface."""

_NONE = 1e6  # a difference towards no neighbour: larger than any, and finite, so that it exports

Vectors = Float[Tensor, "b k h w 3"]
Maps = Float[Tensor, "b k h w"]


def view_normals(
    xyz: Float[Tensor, "b k h w 3"], mask_logits: Float[Tensor, "b k h w"], cameras: Cameras
) -> Float[Tensor, "b k h w 3"]:
    """Unit normals in the world, towards the camera of each view, for every pixel.

    The same as `shapelift.meshing.viewmaps.fused_points` computes outside of a graph: cross products of finite
    differences that reach neither over the border of the mask nor over an edge in depth; where the differences to the
    two sides disagree the flatter one counts, and a pixel without a neighbour along an image axis is taken to be
    parallel to it. Pixels outside of the mask get some unit vector.

    Args:
        xyz: Column [px], row [px] and depth [world units].
        mask_logits: Positive where a pixel sees the object.
        cameras: Orthographic, of shape `k` or `b k`.

    Raises:
        ValueError: perspective cameras.
    """
    if not cameras.orthographic:
        raise ValueError("normals of maps are computed for orthographic cameras")
    points = fuse_views(xyz, cameras).reshape(xyz.shape)
    cameras = cameras.to(points.device, points.dtype)  # of shape `k` or `b k`: both broadcast against the maps
    seen = mask_logits > 0.0
    down = _tangents(points, xyz[..., 2], seen, cameras, axis=2)
    right = _tangents(points, xyz[..., 2], seen, cameras, axis=3)
    normals = torch.linalg.cross(right, down)
    length = normals.norm(dim=-1, keepdim=True)
    forward = cameras.camera_from_world[..., None, None, 2, :3]
    normals = torch.where(length > 0.0, normals / length.clamp_min(1e-30), -forward)
    away = (normals * forward).sum(dim=-1, keepdim=True) > 0.0
    return torch.where(away, -normals, normals)


def _tangents(points: Vectors, depth: Maps, seen: Bool[Tensor, "b k h w"], cameras: Cameras, *, axis: int) -> Vectors:
    """Directions of the surface down the rows (axis 2) or along the columns (axis 3) of the images."""
    image_axis = 3 - axis  # of the camera: x runs along the columns, y down the rows
    focal = cameras.intrinsics[..., image_axis, image_axis, None, None]
    count = depth.shape[axis] - 1
    step = points.narrow(axis, 1, count) - points.narrow(axis, 0, count)
    rise = (depth.narrow(axis, 1, count) - depth.narrow(axis, 0, count)) * focal
    joined = seen.narrow(axis, 1, count) & seen.narrow(axis, 0, count) & (rise.abs() < STEEPEST_SLOPE)
    rise = torch.where(joined, rise, torch.full_like(rise, _NONE))
    edge = torch.full_like(depth.narrow(axis, 0, 1), _NONE)
    still = torch.zeros_like(points.narrow(axis, 0, 1))
    ahead, behind = torch.cat([rise, edge], dim=axis), torch.cat([edge, rise], dim=axis)
    forward, backward = torch.cat([step, still], dim=axis), torch.cat([still, step], dim=axis)
    flatter = torch.where((ahead.abs() <= behind.abs())[..., None], forward, backward)
    both = (ahead < _NONE) & (behind < _NONE)
    smooth = both & ((ahead - behind).abs() < _SMOOTH)
    tangents = torch.where(smooth[..., None], forward + backward, flatter)
    alone = (ahead >= _NONE) & (behind >= _NONE)
    straight = cameras.camera_from_world[..., None, None, image_axis, :3] / focal[..., None]
    return torch.where(alone[..., None], straight, tangents)
