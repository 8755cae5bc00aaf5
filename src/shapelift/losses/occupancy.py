"""Losses on labelled points of an implicit field."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def occupancy_cross_entropy(
    logits: Float[Tensor, "b n"], occupancy: Float[Tensor, "b n"], weights: Float[Tensor, "b n"] | None = None
) -> Float[Tensor, ""]:
    """Binary cross-entropy of points, averaged over points and batch (Mescheder et al. 2019).

    loss = sum_i w_i (softplus(l_i) - o_i l_i) / sum_i w_i, which is stable for any logit.

    Args:
        logits: Positive inside.
        occupancy: Labels in [0, 1].
        weights: Non-negative weights; None weighs all points alike.
    """
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    terms = torch.nn.functional.softplus(logits) - occupancy * logits
    return terms.mean() if weights is None else (weights * terms).sum() / weights.sum()


def occupancy_squared_error(values: Float[Tensor, "b n"], occupancy: Float[Tensor, "b n"]) -> Float[Tensor, ""]:
    """Mean squared error between predicted values and labels in [0, 1], as IM-NET trains (Chen and Zhang 2019)."""
    return (values.to(torch.promote_types(values.dtype, torch.float32)) - occupancy).square().mean()
