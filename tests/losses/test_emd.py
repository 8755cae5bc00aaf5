"""Earth mover's distance: twin over all permutations, scipy, exact answers, bounds, gradients, bad input."""

from __future__ import annotations

import functools
import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from shapelift import metrics
from shapelift.errors import InputError
from shapelift.losses.emd import earth_mover
from shapelift.ops import assignment as assignments
from shapelift.ops import limits
from shapelift.ops.assignment import Assignment, assign
from shapelift.ops.auction import auction

match_auction = functools.partial(assign, method="auction")

METHODS = ["exact", "auction"]
KINDS = ["uniform", "duplicates", "line", "clusters", "sphere", "blob"]


def _points(kind: str, batch: int, count: int, generator: torch.Generator) -> torch.Tensor:
    points = torch.rand(batch, count, 3, generator=generator, dtype=torch.float64) - 0.5
    if kind == "duplicates":
        return (points * 3.0).round() / 3.0
    if kind == "line":
        return points[..., :1] * torch.tensor([1.0, 2.0, -0.5], dtype=torch.float64)
    if kind == "clusters":
        return points * 1e-3 + points[:, torch.randint(count, (count,), generator=generator) // 5]
    if kind == "sphere":
        return torch.nn.functional.normalize(points, dim=-1) / 2.0
    return points * 0.05 if kind == "blob" else points


def _optimum(first: torch.Tensor, second: torch.Tensor, squared: bool = False) -> list[float]:
    costs = [cdist(a, b, "sqeuclidean" if squared else "euclidean") for a, b in zip(first, second, strict=True)]
    return [float(cost[linear_sum_assignment(cost)].mean()) for cost in costs]


def _check_valid(found: Assignment, optimum: list[float], tolerance: float, rounding: float) -> None:
    count = found.index.shape[1]
    assert torch.equal(found.index.sort(dim=1).values, torch.arange(count).expand_as(found.index))
    for cost, gap, best in zip(found.cost.tolist(), found.gap.tolist(), optimum, strict=True):
        assert gap <= tolerance + rounding
        assert best * (1.0 - rounding) - rounding <= cost
        assert cost * (1.0 - gap) <= best * (1.0 + rounding) + rounding


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_equals_the_best_of_all_permutations(method, squared) -> None:
    generator = torch.Generator().manual_seed(0)
    for count in range(1, 6):
        a, b = _points("uniform", 2, count, generator), _points("uniform", 2, count, generator)
        found = earth_mover(a, b, squared=squared, reduction="sum", method=method, tolerance=1e-9)
        for item in range(2):
            first, second = a[item].tolist(), b[item].tolist()
            power = 2 if squared else 1
            best = min(
                sum(math.dist(first[i], second[j]) ** power for i, j in enumerate(order))
                for order in itertools.permutations(range(count))
            )
            assert float(found.cost[item]) == pytest.approx(best, rel=1e-9)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    kinds=st.tuples(st.sampled_from(KINDS), st.sampled_from(KINDS)),
    count=st.integers(2, 48),
    squared=st.booleans(),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    tolerance=st.sampled_from([0.1, 0.01, 1e-4]),
)
def test_agrees_with_scipy_within_its_bound(seed, kinds, count, squared, dtype, tolerance) -> None:
    generator = torch.Generator().manual_seed(seed)
    a, b = (_points(kind, 2, count, generator).to(dtype) for kind in kinds)
    optimum = _optimum(a.double(), b.double(), squared)
    rounding = 1e-9 if dtype == torch.float64 else 1e-5
    _check_valid(assign(a, b, squared=squared, method="exact"), optimum, 0.0, rounding)
    found = match_auction(a, b, squared=squared, tolerance=tolerance)
    _check_valid(found, optimum, tolerance, rounding)


@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 2**32 - 1), st.sampled_from(KINDS), st.integers(1, 60), st.floats(0.0, 2.0), st.sampled_from(METHODS)
)
def test_a_translated_copy_costs_its_shift(seed, kind, count, length, method) -> None:
    # Moving everything by one vector is optimal: the mean distance is at least the distance of the means.
    generator = torch.Generator().manual_seed(seed)
    points = _points(kind, 1, count, generator)
    shift = length * torch.tensor([0.6, 0.0, -0.8], dtype=torch.float64)
    moved = (points + shift)[:, torch.randperm(count, generator=generator)]
    found = assign(points, moved, method=method)
    _check_valid(found, [length], 0.01, 1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["uniform", "clusters", "blob"])
def test_a_thousand_points(kind: str) -> None:
    generator = torch.Generator().manual_seed(1)
    a, b = _points(kind, 1, 1024, generator), _points("sphere", 1, 1024, generator)
    best = metrics.emd(a[0].numpy(), b[0].numpy())
    exact = assign(a, b)
    assert exact.gap.tolist() == [0.0]
    assert float(exact.cost[0]) == pytest.approx(best, rel=1e-12)
    _check_valid(match_auction(a.float(), b.float()), [best], 0.01, 1e-6)


@pytest.mark.slow
def test_points_on_a_line_keep_their_order() -> None:
    generator = torch.Generator().manual_seed(2)
    a, b = _points("line", 1, 300, generator), _points("line", 1, 300, generator)
    sorted_ = [points[0, points[0, :, 0].argsort()] for points in (a, b)]
    best = float((sorted_[0] - sorted_[1]).norm(dim=1).mean())
    assert float(earth_mover(a, b).cost[0]) == pytest.approx(best, rel=1e-12)
    _check_valid(match_auction(a, b, tolerance=1e-3), [best], 1e-3, 1e-9)


def test_an_auction_can_be_nearly_exact_and_repeats_itself() -> None:
    generator = torch.Generator().manual_seed(3)
    a, b = _points("sphere", 3, 150, generator), _points("uniform", 3, 150, generator)
    first, second = (match_auction(a, b, tolerance=1e-7) for _ in range(2))
    assert torch.equal(first.index, second.index)
    assert float(first.gap.max()) <= 1e-7
    assert first.cost.tolist() == pytest.approx(_optimum(a, b), rel=1e-7)


def test_costs_that_are_no_distances() -> None:
    cost = torch.rand(4, 40, 40, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    index, bound = auction(cost, 0.01)
    for item in range(4):
        best = cost[item].numpy()[linear_sum_assignment(cost[item].numpy())].sum()
        total = float(cost[item].gather(1, index[item, :, None]).sum())
        assert float(bound[item]) <= best * (1.0 + 1e-12) <= total * (1.0 + 1e-12) <= best * 1.011


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("squared", [False, True])
def test_equal_sets_cost_nothing_and_pull_nowhere(method, squared) -> None:
    points = _points("duplicates", 2, 80, torch.Generator().manual_seed(5)).float()
    a, b = points.clone().requires_grad_(), points.flip(1).clone().requires_grad_()
    found = earth_mover(a, b, squared=squared, method=method)
    assert found.cost.tolist() == [0.0, 0.0]
    assert found.gap.tolist() == [0.0, 0.0]
    found.cost.sum().backward()
    assert (a.grad == 0).all()
    assert (b.grad == 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("squared", [False, True])
def test_gradcheck(method, squared) -> None:
    generator = torch.Generator().manual_seed(6)
    a, b = (_points("uniform", 1, 5, generator).requires_grad_() for _ in range(2))
    assert torch.autograd.gradcheck(
        lambda p, t: earth_mover(p, t, squared=squared, method=method, tolerance=1e-6).cost, (a, b)
    )


def test_auto_is_exact_on_the_cpu_and_neither_threads_nor_portions_matter(monkeypatch) -> None:
    generator = torch.Generator().manual_seed(7)
    a, b = _points("uniform", 3, 60, generator), _points("sphere", 3, 60, generator)
    exact = assign(a, b, method="exact")
    assert torch.equal(assign(a, b).index, exact.index)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    assert torch.equal(assign(a, b).index, exact.index)
    monkeypatch.setattr(assignments, "_PAIRS_AT_ONCE", 60 * 60)  # one item after another
    _check_valid(match_auction(a, b), _optimum(a, b), 0.01, 1e-9)


def test_prices_do_not_change_what_is_optimal(monkeypatch) -> None:
    monkeypatch.setattr(assignments, "_WORTH_PRICES", 2)
    monkeypatch.setattr(assignments, "_EASY", 1.1)
    generator = torch.Generator().manual_seed(8)
    for kind in KINDS:
        a, b = _points(kind, 1, 90, generator), _points("sphere", 1, 90, generator)
        assert assign(a, b).cost.tolist() == pytest.approx(_optimum(a, b), rel=1e-12)


def test_half_precision_and_empty_batches() -> None:
    points = torch.rand(1, 30, 3, generator=torch.Generator().manual_seed(9)).bfloat16()
    assert earth_mover(points, points.flip(1)).cost.dtype == torch.float32
    for method in METHODS:
        assert earth_mover(torch.zeros(0, 4, 3), torch.zeros(0, 4, 3), method=method).cost.shape == (0,)


def test_bad_input_is_said_clearly(monkeypatch) -> None:
    points = torch.rand(1, 5, 3)
    with pytest.raises(ValueError, match="equal size, got 5 and 7 points: draw as many of both"):
        earth_mover(points, torch.rand(1, 7, 3))
    with pytest.raises(ValueError, match="first has no points"):
        earth_mover(points[:, :0], points[:, :0])
    with pytest.raises(ValueError, match="second holds values that are not finite"):
        earth_mover(points, points * float("inf"))
    with pytest.raises(ValueError, match="tolerance must be positive"):
        match_auction(points, points, tolerance=0.0)
    monkeypatch.setattr(limits, "available_bytes", lambda: 10**9)
    many = torch.zeros(1, 1, 3).expand(1, 10**5, 3)
    for method in METHODS:
        with pytest.raises(InputError, match=r"1 x 100000 points one to one needs .* draw fewer points"):
            earth_mover(many, many, method=method)
