"""Loss on the overlap of two solids, given at points."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def soft_jaccard(
    logits: Float[Tensor, "b n"], occupancy: Float[Tensor, "b n"], smoothing: float = 0.5
) -> Float[Tensor, ""]:
    """One minus the intersection over union of probabilities, averaged over the batch.

    loss = mean_b [1 - (sum_i p_i o_i + s) / (sum_i (p_i + o_i - p_i o_i) + s)], p = sigmoid(l)

    Cross-entropy asks for the right probability at every point, where an unsure network does best to leave a thin part
    out; this asks for the solid that overlaps most. Points must be uniform in space, or volumes are not volumes.
    Source: Rahman and Wang, "Optimizing Intersection-Over-Union in Deep Neural Networks for Image Segmentation", 2016.

    Args:
        logits: Positive inside.
        occupancy: Labels in [0, 1].
        smoothing: In points; makes two empty solids agree perfectly.
    """
    probability = logits.to(torch.promote_types(logits.dtype, torch.float32)).sigmoid()
    shared = (probability * occupancy).sum(dim=1)
    union = (probability + occupancy).sum(dim=1) - shared
    return (1.0 - (shared + smoothing) / (union + smoothing)).mean()
