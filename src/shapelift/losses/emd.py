"""Earth mover's distance: the mean distance over the best one-to-one assignment of two point sets of equal size.

    emd(P, T) = min over permutations f of mean_i |p_i - t_f(i)|

Source: Fan, Su and Guibas, "A Point Set Generation Network", CVPR 2017, where it is the sum. The assignment is found
without gradients and then kept: where the optimum is unique, which it is for almost all sets, the derivative of the
distance is the one through the fixed assignment (the envelope theorem), and reaches both sets.

Which road, by measurement (`benchmarks/bench_set_distances.py`): on CPUs the exact solver, started with good prices and
one item per thread, is quicker than an auction at a gap of 1 %, so "auto" takes it there. On other devices "auto" takes
the auction. Both give permutations, and the auction says how far it can be off. There is no entropic option: Sinkhorn's
rounds at a blur small enough for a bound of about 1 % took longer than the exact solver, and leave no permutation.
"""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from shapelift.losses.chamfer import Reduction, unsquared
from shapelift.ops.assignment import Assignment, Method, assign
from shapelift.ops.nearest import squared_distances


@dataclass(frozen=True, eq=False)
class EarthMover:
    """The distance of every item, and what it rests on.

    Attributes:
        cost: `b`, unit of the points (squared where asked); gradients reach both sets.
        assignment: The permutation, and the bound on its gap to the optimum.
    """

    cost: Float[Tensor, " b"]
    assignment: Assignment

    @property
    def gap(self) -> Float[Tensor, " b"]:
        """Bound on how far the cost is above the optimum, as a share of it; 0 where solved exactly."""
        return self.assignment.gap


def earth_mover(
    prediction: Float[Tensor, "b n 3"],
    truth: Float[Tensor, "b m 3"],
    *,
    squared: bool = False,
    reduction: Reduction = "mean",
    method: Method = "auto",
    tolerance: float = 0.01,
) -> EarthMover:
    """Earth mover's distance with gradients to both sets.

    The unsquared distance has no derivative where matched points are equal; there the gradient is 0, one of its
    subgradients.

    Args:
        prediction: Any frame.
        truth: As many points (m = n) in the same frame.
        squared: Whether squared distances are matched and averaged: the squared 2-Wasserstein distance. Published is
            the unsquared one.
        reduction: "mean" over the points, as `metrics.emd`, or the published "sum".
        method: "exact", "auction", or the quicker one on the device of the points; see `shapelift.ops.assignment`.
        tolerance: Of the auction: the relative gap to stop at.

    Raises:
        ValueError: unequal or empty sets, values that are not finite, or a tolerance that is not positive.
        InputError: more points than memory allows.
    """
    assignment = assign(prediction, truth, squared=squared, method=method, tolerance=tolerance)
    dtype = assignment.cost.dtype
    distances = squared_distances(prediction.to(dtype), truth.to(dtype), assignment.index)
    if not squared:
        distances = unsquared(distances)
    return EarthMover(distances.mean(dim=1) if reduction == "mean" else distances.sum(dim=1), assignment)
