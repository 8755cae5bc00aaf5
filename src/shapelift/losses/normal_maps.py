"""Losses on the normals of maps: against the truth, and against the depth that is predicted beside them."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from shapelift.losses.normals import unit
from shapelift.ops.depth_normals import depth_normals
from shapelift.ops.view_normals import STEEPEST_SLOPE


def normal_cosine(
    normals: Float[Tensor, "b h w 3"], true: Float[Tensor, "b h w 3"], mask: Bool[Tensor, "b h w"]
) -> Float[Tensor, ""]:
    """Mean over the pixels of the masks of 1 - cos of the angle between normals; 0 for equal, 2 for opposite ones.

    Args:
        normals: Prediction, of any length; one of length 0 costs 1.
        true: Truth, of any length, in the same frame.
        mask: Which pixels are compared. An empty mask costs 0.
    """
    none = torch.zeros_like(normals)
    found, wanted = (unit(torch.where(mask[..., None], value, none)) for value in (normals, true))
    cosine = (found * wanted).sum(dim=-1)
    return torch.where(mask, 1.0 - cosine, torch.zeros_like(cosine)).sum() / mask.sum().clamp_min(1)


def depth_normal_consistency(
    depth: Float[Tensor, "b h w"],
    normals: Float[Tensor, "b h w 3"],
    intrinsics: Float[Tensor, "b 3 3"],
    mask: Bool[Tensor, "b h w"],
    *,
    orthographic: bool = False,
    jump: float = STEEPEST_SLOPE,
    edges: Float[Tensor, "b h w"] | None = None,
) -> Float[Tensor, ""]:
    """`normal_cosine` between the normals that the depth has (`ops.depth_normals`) and normals predicted beside it.

    A depth loss looks at every pixel alone, and normals are differences of neighbours: errors too small to matter to
    the one are large to the other. This term hands what the normals know to the depth, and the other way round. It is
    the same for any scale of the depth under a perspective camera, and for any offset of it under an orthographic one.
    Source of the idea: Qi, Liao, Liu, Urtasun and Jia, "GeoNet", CVPR 2018.

    Args:
        depth: Prediction, along the optical axis.
        normals: Prediction, of any length, in the axes of the camera; a detached one teaches the depth alone.
        intrinsics: Of the maps [px].
        mask: Where a surface is seen.
        orthographic: See `depth_normals`.
        jump: See there.
        edges: The depth that is asked for edges; in training the true one.
    """
    found, valid = depth_normals(depth, intrinsics, mask, orthographic=orthographic, jump=jump, edges=edges)
    return normal_cosine(normals, found, valid)
