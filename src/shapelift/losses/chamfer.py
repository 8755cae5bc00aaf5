"""Chamfer distances between point sets. Power and reduction are said in every name and argument.

Both are pure PyTorch to the outside: any sizes, any device, memory linear in the points, exactly 0 where every point of
either set has an equal in the other, finite gradients everywhere. The same numbers without gradients are
`shapelift.metrics.chamfer_l1` and `chamfer_l2`.
"""

from __future__ import annotations

from typing import Literal

from jaxtyping import Float
from torch import Tensor

from shapelift.ops.nearest import mutual_neighbours

Reduction = Literal["sum", "mean"]


def chamfer_squared(
    prediction: Float[Tensor, "b n 3"],
    truth: Float[Tensor, "b m 3"],
    *,
    reduction: Reduction = "sum",
    weights: tuple[float, float] = (1.0, 1.0),
) -> Float[Tensor, " b"]:
    """Squared nearest distances both ways.

        sum   w1 sum_p min_t |p - t|^2 + w2 sum_t min_p |t - p|^2
        mean  w1 mean_p min_t |p - t|^2 + w2 mean_t min_p |t - p|^2

    The sum is the definition of Fan, Su and Guibas, "A Point Set Generation Network", CVPR 2017; their code trains with
    the mean, the weights (0.5, 1) and a factor of 10,000. The mean with weights of 1 is `metrics.chamfer_l2`.

    Args:
        prediction: Any frame.
        truth: In the same frame; may have another number of points.
        reduction: See above. The sum grows with the number of points.
        weights: Of the way from prediction to truth, and of the way back.

    Returns:
        One value per item, unit of the points squared.

    Raises:
        ValueError: an empty set, or values that are not finite.
        InputError: more points than memory allows.
    """
    to_truth, to_prediction = mutual_neighbours(prediction, truth)
    there, back = (_reduced(found.squared, reduction) for found in (to_truth, to_prediction))
    return weights[0] * there + weights[1] * back


def chamfer_l1(prediction: Float[Tensor, "b n 3"], truth: Float[Tensor, "b m 3"]) -> Float[Tensor, " b"]:
    """Mean nearest distance, unsquared, averaged over both ways: `metrics.chamfer_l1` (Mescheder et al., CVPR 2019).

        (mean_p min_t |p - t| + mean_t min_p |t - p|) / 2

    The distance has no derivative where it is 0; there the gradient is 0, which is one of its subgradients.

    Args:
        prediction: Any frame.
        truth: In the same frame; may have another number of points.

    Returns:
        One value per item, unit of the points.

    Raises:
        ValueError: an empty set, or values that are not finite.
        InputError: more points than memory allows.
    """
    to_truth, to_prediction = mutual_neighbours(prediction, truth)
    return (unsquared(to_truth.squared).mean(dim=1) + unsquared(to_prediction.squared).mean(dim=1)) / 2.0


def unsquared(squared: Float[Tensor, "b n"]) -> Float[Tensor, "b n"]:
    """Square roots whose gradient is 0 where they are 0."""
    zero = squared <= 0
    return squared.masked_fill(zero, 1.0).sqrt().masked_fill(zero, 0.0)


def _reduced(squared: Tensor, reduction: Reduction) -> Tensor:
    if reduction == "sum":
        return squared.sum(dim=1)
    if reduction == "mean":
        return squared.mean(dim=1)
    raise ValueError(f"reduction must be 'sum' or 'mean', got {reduction!r}")
