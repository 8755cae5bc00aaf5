"""Nearest neighbours between batches of point sets, with gradients by gathering.

Which point is nearest is found without gradients: on the CPU by k-d trees in double precision, on other devices by
comparing blocks of all pairs. The distance to it is then computed again from the two points alone, so gradients reach
both sets, memory grows with the number of points and not of pairs, and equal points are exactly 0 apart.

The trees work side by side on as many threads as `torch.get_num_threads()` says. Results do not depend on the threads.
Of points that are equally near any one may be taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from shapelift.geometry.neighbours import PointTree
from shapelift.ops.limits import check_memory, check_point_sets

_BLOCK = 1 << 24  # pairs compared at once where there are no trees
_BYTES_PER_POINT = 400
_FEW_POINTS = 2000  # for which threads cost more than they bring

_In = TypeVar("_In")
_Out = TypeVar("_Out")


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The nearest point of another set for every point of one.

    Attributes:
        squared: `b n`, squared distance, unit of the points squared; gradients reach both sets.
        index: `b n`, which point of the other set it is.
    """

    squared: Float[Tensor, "b n"]
    index: Int64[Tensor, "b n"]


def mutual_neighbours(first: Float[Tensor, "b n 3"], second: Float[Tensor, "b m 3"]) -> tuple[Neighbours, Neighbours]:
    """Nearest points of `second` for every point of `first`, and the other way round.

    Computed in single precision at least. On CUDA devices the gradient of a point that is nearest to several others
    is summed in no fixed order, as PyTorch's own.

    Args:
        first: Point sets, any frame.
        second: As many sets, of any size, in the same frame and precision.

    Raises:
        ValueError: an empty set, or values that are not finite.
        InputError: more points than memory allows.
    """
    dtype = torch.promote_types(torch.promote_types(first.dtype, second.dtype), torch.float32)
    first, second = first.to(dtype), second.to(dtype)
    check_point_sets(first=first, second=second)
    count = len(first) * (first.shape[1] + second.shape[1])
    what = f"nearest neighbours between {len(first)} x {first.shape[1]} and {second.shape[1]} points"
    check_memory(count * _BYTES_PER_POINT, first.device, what, "draw fewer points or take smaller batches")
    forth, back = _mutual_indices(first.detach(), second.detach())
    return (
        Neighbours(squared_distances(first, second, forth), forth),
        Neighbours(squared_distances(second, first, back), back),
    )


def squared_distances(
    points: Float[Tensor, "b n 3"], others: Float[Tensor, "b m 3"], index: Int64[Tensor, "b n"]
) -> Float[Tensor, "b n"]:
    """Squared distance of every point to one of another set; gradients reach both.

    Args:
        points: The points.
        others: The set that `index` counts in.
        index: For every point, which of `others` is meant.
    """
    return (points - chosen(others, index)).square().sum(dim=-1)


def chosen(points: Float[Tensor, "b m 3"], index: Int64[Tensor, "b n"]) -> Float[Tensor, "b n 3"]:
    """The points that `index` names, item by item."""
    batch, count = points.shape[:2]
    starts = torch.arange(batch, device=points.device)[:, None] * count
    return points.flatten(0, 1).index_select(0, (index + starts).flatten()).view(*index.shape, 3)


def side_by_side(function: Callable[[_In], _Out], inputs: Iterable[_In], threads: int | None = None) -> list[_Out]:
    """Results of a function that lets other threads run, in the order of `inputs`.

    Args:
        function: Spends its time outside the interpreter's lock.
        inputs: One for every call.
        threads: By default `torch.get_num_threads()`.
    """
    tasks = list(inputs)
    workers = min(torch.get_num_threads() if threads is None else threads, len(tasks))
    if workers <= 1:
        return [function(task) for task in tasks]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(function, tasks))


def _mutual_indices(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    if first.device.type == "cpu":
        return _by_trees(first, second)
    return _by_blocks(first, second), _by_blocks(second, first)


def _by_trees(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    sets = [*first.double().numpy(), *second.double().numpy()]
    few = sum(len(points) for points in sets) < _FEW_POINTS
    threads = 1 if few else None
    trees = side_by_side(PointTree.of, sets, threads)
    forth, back = trees[: len(first)], trees[len(first) :]
    pairs = [*zip(back, forth, strict=True), *zip(forth, back, strict=True)]
    found = side_by_side(lambda pair: pair[0].nearest_to(pair[1])[1], pairs, threads)
    return (
        _stacked(found[: len(first)], first.shape[1]),
        _stacked(found[len(first) :], second.shape[1]),
    )


def _stacked(indices: list[npt.NDArray[np.int64]], count: int) -> Tensor:
    if not indices:
        return torch.zeros(0, count, dtype=torch.int64)
    return torch.from_numpy(np.stack(indices))


def _by_blocks(queries: Tensor, points: Tensor) -> Tensor:
    rows = max(1, _BLOCK // (points.shape[1] * max(1, len(points))))
    # Differences, not the product formula: that one rounds the distances of close points away.
    blocks = [
        torch.cdist(block, points, compute_mode="donot_use_mm_for_euclid_dist").argmin(dim=2)
        for block in torch.split(queries, rows, dim=1)
    ]
    return torch.cat(blocks, dim=1)
