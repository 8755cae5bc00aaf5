"""Losses between depth maps; each compares under a mask, and is 0 where a mask is empty."""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

NEAREST = 1e-3
"""Depths below this count as this before a logarithm is taken of them; they get no gradient then."""


def depth_error(
    depth: Float[Tensor, "b h w"],
    true: Float[Tensor, "b h w"],
    mask: Bool[Tensor, "b h w"],
    *,
    power: Literal[1, 2] = 1,
) -> Float[Tensor, ""]:
    """Mean over the pixels of the masks of |z - z*| (power 1) or (z - z*)^2 (power 2).

    Pixels of all images count alike. Both powers are indifferent to how errors lie to each other: a smooth offset costs
    as much as a rough surface of the same error, which is what `depth_normal_consistency` is for.

    Args:
        depth: Prediction, along the optical axis.
        true: Truth.
        mask: Which pixels are compared; elsewhere values do not matter, be they infinite.
        power: 1 or 2.
    """
    difference = torch.where(mask, depth - true, torch.zeros_like(depth))
    error = difference.abs() if power == 1 else difference.square()
    return error.sum() / mask.sum().clamp_min(1)


def scale_invariant_log(
    depth: Float[Tensor, "b h w"],
    true: Float[Tensor, "b h w"],
    mask: Bool[Tensor, "b h w"],
    *,
    ratio: float = 0.5,
) -> Float[Tensor, ""]:
    """The scale-invariant error of logarithms, mean over the images that have a pixel under their mask.

        d_i = log z_i - log z*_i,    L = mean d_i^2 - ratio * (mean d_i)^2

    Source: Eigen, Puhrsch and Fergus, "Depth Map Prediction from a Single Image using a Multi-Scale Deep Network", NIPS
    2014, equation 4; their lambda is `ratio`. With 0 it is the squared error of logarithms; with 1 it is their
    variance, the same for any scale of the prediction; they train with 0.5. There is no root and no factor, as in the
    paper.

    Args:
        depth: Prediction; positive (see `NEAREST`).
        true: Truth; positive under the mask.
        mask: Which pixels are compared.
        ratio: In [0, 1].

    Raises:
        ValueError: a ratio out of range.
    """
    if not 0.0 <= ratio <= 1.0:
        raise ValueError(f"ratio must lie between 0 and 1, got {ratio}")
    one = torch.ones_like(depth)
    found, wanted = (torch.where(mask, value, one).clamp_min(NEAREST) for value in (depth, true))
    difference = torch.where(mask, found.log() - wanted.log(), torch.zeros_like(depth)).flatten(1)
    count = mask.flatten(1).sum(dim=1)
    seen = count.clamp_min(1)
    each = difference.square().sum(dim=1) / seen - ratio * (difference.sum(dim=1) / seen).square()
    return each.sum() / (count > 0).sum().clamp_min(1)
