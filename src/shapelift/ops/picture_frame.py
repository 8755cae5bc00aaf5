"""The frame `picture` as tensors: points where an image shows them, and how far away.

With f the focal length, (cx, cy) the principal point and S the side of the image, all in pixels, (x, y, z) a point in
the axes of the camera and d the depth of the world's origin,

    u = (f x / z + cx) / S - 1/2,    v = 1/2 - (f y / z + cy) / S,    w = (z - d) f / (d S)

so that u runs to the right, v up, w away from the camera, and the side of the image is the unit of all three. The NumPy
twin is `shapelift.geometry.picture`.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

_NEAREST = 1e-3
"""Depths below this count as this: a point beside or behind the camera ends up outside of any image."""
DEEPEST = 1.0
"""Largest |w| of the box in which a field of this frame lives; |u| and |v| reach 1/2."""


def picture_from_world(
    points: Float[Tensor, "b n 3"],
    intrinsics: Float[Tensor, "b 3 3"],
    camera_from_world: Float[Tensor, "b 4 4"],
    size_px: int,
) -> Float[Tensor, "b n 3"]:
    """Picture coordinates of points.

    Args:
        points: In the world of the cameras.
        intrinsics: Without skew [px].
        camera_from_world: Rigid; the origin of the world lies before the camera.
        size_px: Side of the image.
    """
    dtype = torch.promote_types(points.dtype, torch.float32)
    matrix, intrinsics = camera_from_world.to(dtype), intrinsics.to(dtype)
    # Products and sums, not a matrix product, which autocast would round: a place must not move by half a percent.
    local = (points.to(dtype)[:, :, None] * matrix[:, None, :3, :3]).sum(dim=-1) + matrix[:, None, :3, 3]
    depth = local[..., 2].clamp_min(_NEAREST)
    focal, center = intrinsics[:, None, [0, 1], [0, 1]], intrinsics[:, None, :2, 2]
    u, v = ((local[..., :2] / depth[..., None] * focal + center) / size_px - 0.5).unbind(-1)
    return torch.stack([u, -v, picture_depth(local[..., 2], intrinsics, matrix, size_px)], dim=-1)


def picture_depth(
    depth: Tensor,
    intrinsics: Float[Tensor, "b 3 3"],
    camera_from_world: Float[Tensor, "b 4 4"],
    size_px: int,
) -> Tensor:
    """The coordinate w of depths.

    Args:
        depth: `b ...`, along the optical axis.
        intrinsics: As for `picture_from_world`.
        camera_from_world: As for `picture_from_world`.
        size_px: As for `picture_from_world`.
    """
    axes = (slice(None), *[None] * (depth.dim() - 1))
    origin = camera_from_world[:, 2, 3].clamp_min(_NEAREST)[axes]
    return (depth / origin - 1.0) * (intrinsics[:, 0, 0] / size_px)[axes]


def world_from_picture(
    picture: Float[Tensor, "b n 3"],
    intrinsics: Float[Tensor, "b 3 3"],
    camera_from_world: Float[Tensor, "b 4 4"],
    size_px: int,
) -> Float[Tensor, "b n 3"]:
    """The points that have these picture coordinates: the inverse of `picture_from_world` before the camera.

    Args:
        picture: Points in the frame of the picture.
        intrinsics: As for `picture_from_world`.
        camera_from_world: As for `picture_from_world`.
        size_px: As for `picture_from_world`.
    """
    dtype = torch.promote_types(picture.dtype, torch.float32)
    matrix, intrinsics = camera_from_world.to(dtype), intrinsics.to(dtype)
    focal, center = intrinsics[:, None, [0, 1], [0, 1]] / size_px, intrinsics[:, None, :2, 2] / size_px
    u, v, w = picture.to(dtype).unbind(2)
    origin = matrix[:, None, 2, 3].clamp_min(_NEAREST)
    depth = (origin * (1.0 + w / focal[..., 0])).clamp_min(_NEAREST)
    plane = (torch.stack([0.5 + u, 0.5 - v], dim=2) - center) / focal
    local = torch.cat([plane * depth[..., None], depth[..., None]], dim=2) - matrix[:, None, :3, 3]
    return (local[..., None] * matrix[:, None, :3, :3]).sum(dim=2)


def in_picture(points: Float[Tensor, "b n 3"]) -> Bool[Tensor, "b n"]:
    """Whether picture coordinates lie in the box of the frame."""
    return (points[..., :2].abs().amax(dim=-1) <= 0.5) & (points[..., 2].abs() <= DEEPEST)
