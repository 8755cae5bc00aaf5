"""One-to-one assignment of two point sets of equal size: exact on the CPU, by auction on other devices.

Exact is the shortest augmenting path method of Jonker, Volgenant and Crouse in `scipy.optimize.linear_sum_assignment`,
one item per thread. It is started with prices: subtracting a number per row and per column does not change which
assignment is optimal, and from numbers close to the optimal prices the paths are short. They come from some rounds of
Sinkhorn's scaling, over-relaxed; its blur costs no exactness here, because the solver that follows is exact.

On CPUs the exact way was quicker than the auction at every size measured: 4 times at 1,024 points, 15 times at 2,048.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Float, Int64
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from torch import Tensor

from shapelift.ops.auction import auction
from shapelift.ops.limits import check_memory, check_point_sets
from shapelift.ops.nearest import side_by_side

Method = Literal["auto", "exact", "auction"]

_WORTH_PRICES = 256  # points from which prices save more than they cost
_EASY = 0.7  # share of objects that are the cheapest of somebody, from which prices save nothing
_BLUR = 0.25  # of the mean nearest distance
_ROUNDS = 25
_OVERRELAXATION = 1.75  # as many plain rounds would leave the solver twice the work
_LEAST_EXPONENT = -80.0  # below it lie numbers that processors are slow with
_PAIRS_AT_ONCE = 1 << 26  # of an auction: items beyond that wait


@dataclass(frozen=True, eq=False)
class Assignment:
    """A one-to-one assignment of every item, always a permutation.

    Attributes:
        index: `b n`, the point of the second set that every point of the first goes to.
        cost: `b`, mean over the points of the distance (or squared distance) to it; no gradient.
        gap: `b`, a bound on how far the cost is above the optimum, as a share of the cost: (cost - lower bound) / cost.
            0 where it was solved exactly. Holds up to rounding.
    """

    index: Int64[Tensor, "b n"]
    cost: Float[Tensor, " b"]
    gap: Float[Tensor, " b"]


def assign(
    first: Float[Tensor, "b n 3"],
    second: Float[Tensor, "b m 3"],
    *,
    squared: bool = False,
    method: Method = "auto",
    tolerance: float = 0.01,
) -> Assignment:
    """Assign the points of `first` to those of `second`, one to one, at the least total distance.

    Args:
        first: Any frame.
        second: As many points (m = n) in the same frame.
        squared: Whether squared distances are added instead of distances.
        method: "exact": on the CPU wherever the points are, `torch.get_num_threads()` items at a time. "auction": on
            the device of the points; within its bound the result may depend on the other items of the batch. "auto":
            exact for points on the CPU, else by auction.
        tolerance: Of the auction: the relative gap to stop at.

    Raises:
        ValueError: unequal or empty sets, values that are not finite, or a tolerance that is not positive.
        InputError: more points than memory allows.
    """
    _check(first, second, tolerance)
    dtype = torch.promote_types(torch.promote_types(first.dtype, second.dtype), torch.float32)
    first, second = first.detach().to(dtype), second.detach().to(dtype)
    batch, count = first.shape[:2]
    if method == "auto":
        method = "exact" if first.device.type == "cpu" else "auction"
    remedy = "draw fewer points or take smaller batches"
    what = f"matching {batch} x {count} points one to one"
    if method == "exact":
        device, workers = torch.device("cpu"), max(1, min(batch, torch.get_num_threads()))
        check_memory(workers * count**2 * 24, device, what, remedy)
        index = _exact(first, second, squared)
        gap = torch.zeros(batch, dtype=dtype, device=first.device)
        return Assignment(index, _mean_cost(first, second, index, squared), gap)
    items = max(1, min(batch, _PAIRS_AT_ONCE // max(1, count**2)))
    check_memory(items * count**2 * 4 * dtype.itemsize, first.device, what, remedy)
    return _by_auction(first, second, squared, tolerance, items)


def _check(first: Tensor, second: Tensor, tolerance: float) -> None:
    if first.shape[1] != second.shape[1]:
        raise ValueError(
            f"one-to-one needs sets of equal size, got {first.shape[1]} and {second.shape[1]} points: "
            "draw as many of both, or use a Chamfer distance"
        )
    check_point_sets(first=first, second=second)
    if not tolerance > 0.0:
        raise ValueError(f"the tolerance must be positive, got {tolerance}")


def _mean_cost(first: Tensor, second: Tensor, index: Tensor, squared: bool) -> Tensor:
    partner = second.gather(1, index[..., None].expand(-1, -1, 3))
    cost = (first - partner).square().sum(dim=2)
    return (cost if squared else cost.sqrt()).mean(dim=1)


def _exact(first: Tensor, second: Tensor, squared: bool) -> Tensor:
    def solve(pair: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]) -> npt.NDArray[np.int64]:
        cost = cdist(*pair, "sqeuclidean" if squared else "euclidean")
        if _is_crowded(cost):
            cost -= _prices(cost)
            cost -= cost.min(axis=1, keepdims=True)
        return np.asarray(linear_sum_assignment(cost)[1], np.int64)

    pairs = zip(first.cpu().double().numpy(), second.cpu().double().numpy(), strict=True)
    found = side_by_side(solve, pairs)
    index = np.stack(found) if found else np.zeros(first.shape[:2], np.int64)
    return torch.from_numpy(index).to(first.device)


def _is_crowded(cost: npt.NDArray[np.float64]) -> bool:
    """Whether many rows want the same columns, so that prices are worth their time."""
    return len(cost) >= _WORTH_PRICES and len(np.unique(cost.argmin(axis=1))) < _EASY * len(cost)


def _prices(cost: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Numbers per column, near those with which every row's optimal partner is its cheapest."""
    nearest = float(max(cost.min(axis=1).mean(), cost.min(axis=0).mean()))
    if nearest <= 1e-6 * cost.max():
        return np.zeros(len(cost))
    blur = np.float32(_BLUR * nearest)
    kernel = cost.astype(np.float32)
    kernel -= kernel.min(axis=1, keepdims=True)
    kernel *= np.float32(-1.0) / blur
    np.exp(np.maximum(kernel, np.float32(_LEAST_EXPONENT), out=kernel), out=kernel)
    columns: npt.NDArray[Any] = np.ones(len(cost), np.float32)
    rows: npt.NDArray[Any] = 1.0 / _over_columns(kernel, columns)
    with np.errstate(all="ignore"):  # where it does not settle, there are no prices
        for done in range(_ROUNDS):
            step = np.float32(_OVERRELAXATION if done > 1 else 1.0)
            columns = columns ** (1 - step) * (1.0 / np.einsum("i,ij->j", rows, kernel)) ** step
            rows = rows ** (1 - step) * (1.0 / _over_columns(kernel, columns)) ** step
        prices = blur * np.log(columns).astype(np.float64)
    return prices if np.isfinite(prices).all() else np.zeros(len(cost))


def _over_columns(kernel: npt.NDArray[np.float32], columns: npt.NDArray[Any]) -> npt.NDArray[Any]:
    # Not a matrix product: that starts threads of its own, and one item per thread is enough of them.
    sums: npt.NDArray[Any] = np.einsum("ij,j->i", kernel, columns)
    return sums


def _by_auction(first: Tensor, second: Tensor, squared: bool, tolerance: float, items: int) -> Assignment:
    indices, bounds = [], []
    for persons, objects in zip(torch.split(first, items), torch.split(second, items), strict=True):
        # Differences, not the product formula: that one rounds the distances of close points away.
        cost = torch.cdist(persons, objects, compute_mode="donot_use_mm_for_euclid_dist")
        index, bound = auction(cost.square_() if squared else cost, tolerance)
        indices.append(index)
        bounds.append(bound)
    index = torch.cat(indices)
    mean = _mean_cost(first, second, index, squared)
    bound = (torch.cat(bounds) / first.shape[1]).to(mean.dtype)
    gap = torch.where(mean > 0.0, (mean - bound) / mean.clamp_min(torch.finfo(mean.dtype).tiny), 0.0)
    return Assignment(index, mean, gap.clamp_min(0.0))
