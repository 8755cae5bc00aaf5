"""How far two cameras disagree about where things are seen."""

from __future__ import annotations

import itertools

import torch
from jaxtyping import Float
from torch import Tensor

_NEAREST = 0.05
"""Depths below this count as this: a camera inside of the unit cube is wrong enough."""


def camera_disagreement(
    intrinsics: Float[Tensor, "b 3 3"],
    camera_from_world: Float[Tensor, "b 4 4"],
    true_intrinsics: Float[Tensor, "b 3 3"],
    true_camera_from_world: Float[Tensor, "b 4 4"],
    *,
    size_px: float | int,
    beta: float = 0.05,
    depth_weight: float = 1.0,
) -> Float[Tensor, ""]:
    """Smooth L1 between where two perspective cameras see the corners of the unit cube, mean over points and batch.

    Matrices may differ and still mean the same picture, so what they do is compared, not what they are: for each of the
    eight corners p of [-0.5, 0.5]^3, with (u, v) its pixel and z its depth,

        s(u - u*) / size + s(v - v*) / size + depth_weight * s(log z - log z*),

    where s(x) = x^2 / (2 beta) for |x| < beta, else |x| - beta / 2, of distances as shares of the image side. (A pixel
    says little about an absolute distance, so that one is compared as a ratio.) Rigid motions of world and points leave
    it as it is; both cameras look at the same points.

    Args:
        intrinsics: Predicted, in pixels.
        camera_from_world: Predicted, rigid.
        true_intrinsics: True, in the same pixels.
        true_camera_from_world: True, in the same world.
        size_px: Side of the image.
        beta: Where the square becomes a straight line.
        depth_weight: Weight of the depth term.

    Raises:
        ValueError: a size or beta that is not positive, or a negative weight.
    """
    if size_px <= 0 or beta <= 0.0 or depth_weight < 0.0:
        raise ValueError("size_px and beta are positive, depth_weight is not negative")
    corners = intrinsics.new_tensor(list(itertools.product((-0.5, 0.5), repeat=3)))
    pixels, depth = _seen(corners, intrinsics, camera_from_world)
    true_pixels, true_depth = _seen(corners.to(true_intrinsics), true_intrinsics, true_camera_from_world)
    apart = _smooth((pixels - true_pixels) / size_px, beta).sum(dim=2).mean()
    return apart + depth_weight * _smooth(depth.log() - true_depth.log(), beta).mean()


def _seen(
    points: Float[Tensor, "n 3"], intrinsics: Float[Tensor, "b 3 3"], camera_from_world: Float[Tensor, "b 4 4"]
) -> tuple[Float[Tensor, "b n 2"], Float[Tensor, "b n"]]:
    local = points @ camera_from_world[:, :3, :3].mT + camera_from_world[:, None, :3, 3]
    depth = local[..., 2].clamp_min(_NEAREST)
    plane = local[..., :2] / depth[..., None]
    return plane @ intrinsics[:, :2, :2].mT + intrinsics[:, None, :2, 2], depth


def _smooth(difference: Tensor, beta: float) -> Tensor:
    return torch.nn.functional.smooth_l1_loss(difference, torch.zeros_like(difference), beta=beta, reduction="none")
