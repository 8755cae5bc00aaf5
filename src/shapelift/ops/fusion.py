"""Fusion: the maps of several views become one cloud, by geometry alone (Lin, Kong, Lucey 2018)."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from shapelift.ops.cameras import Cameras


def fuse_views(xyz: Float[Tensor, "b k h w 3"], cameras: Cameras) -> Float[Tensor, "b k*h*w 3"]:
    """World points of every pixel of every view, in the order (view, row, column).

    A value (u, v, d) is the pixel column, the pixel row and the depth of a point, and with K the intrinsics, R and t
    the parts of `camera_from_world`:

        orthographic:  point = R^T (K^-1 (u, v, 1) with third coordinate d, minus t)
        perspective:   point = R^T (d K^-1 (u, v, 1) - t)

    Nothing is left out: which points exist is for the mask logits, reshaped alike, to say. Differentiable in `xyz` and
    in the cameras. Computed in single precision at least, by sums of products that autocast leaves alone: half
    precision would round a pixel.

    Args:
        xyz: Column [px], row [px] and depth [world units]; pixel centres at +0.5.
        cameras: Of shape `k` (shared by the batch) or `b k`.

    Raises:
        ValueError: the number of cameras differs from the number of views.
    """
    batch, views = xyz.shape[:2]
    if cameras.shape[-1:] != (views,):
        raise ValueError(f"{views} views need {views} cameras, got shape {tuple(cameras.shape)}")
    dtype = torch.promote_types(xyz.dtype, torch.float32)
    matrix, offset = _world_from_maps(cameras.to(xyz.device, dtype))
    leading = cameras.shape if len(cameras.shape) == 2 else (1, views)
    matrix, offset = matrix.reshape(*leading, 1, 1, 3, 3), offset.reshape(*leading, 1, 1, 3)
    column, row, depth = xyz.to(dtype).unbind(dim=-1)
    if not cameras.orthographic:
        column, row = column * depth, row * depth
    x, y, z = (part.unsqueeze(-1) for part in (column, row, depth))
    points = x * matrix[..., 0] + y * matrix[..., 1] + z * matrix[..., 2] + offset
    return points.reshape(batch, -1, 3)


def _world_from_maps(cameras: Cameras) -> tuple[Float[Tensor, "*s 3 3"], Float[Tensor, "*s 3"]]:
    # point = matrix @ m + offset, where m = (u, v, d) in orthographic and (u d, v d, d) in perspective cameras.
    fx, skew, cx = cameras.intrinsics[..., 0, :].unbind(dim=-1)
    fy, cy = cameras.intrinsics[..., 1, 1], cameras.intrinsics[..., 1, 2]
    right, down, forward = cameras.camera_from_world[..., :3, :3].unbind(dim=-2)
    per_column = right / fx[..., None]
    per_row = (down - per_column * skew[..., None]) / fy[..., None]
    centre = per_column * cx[..., None] + per_row * cy[..., None]
    tx, ty, tz = (part[..., None] for part in cameras.camera_from_world[..., :3, 3].unbind(dim=-1))
    shift = right * tx + down * ty + forward * tz
    if cameras.orthographic:
        return torch.stack([per_column, per_row, forward], dim=-1), -centre - shift
    return torch.stack([per_column, per_row, forward - centre], dim=-1), -shift
