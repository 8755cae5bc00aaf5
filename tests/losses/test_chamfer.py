"""Chamfer: loop twin, k-d tree, exact answers, gradients, degenerate and bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from shapelift import metrics
from shapelift.errors import InputError
from shapelift.losses.chamfer import chamfer_l1, chamfer_squared
from shapelift.ops import limits, nearest
from shapelift.ops.nearest import mutual_neighbours


def _loop(prediction: torch.Tensor, truth: torch.Tensor) -> tuple[float, float, float]:
    a, b = prediction.tolist(), truth.tolist()
    there = [min(math.dist(p, t) for t in b) for p in a]
    back = [min(math.dist(p, t) for p in a) for t in b]
    squares = sum(d * d for d in there), sum(d * d for d in back)
    return (
        squares[0] + squares[1],
        squares[0] / len(a) * 0.5 + squares[1] / len(b),
        sum(there) / len(a) / 2 + sum(back) / len(b) / 2,
    )


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(1, 20), st.integers(1, 20), st.sampled_from([0.0, 0.3])
)
def test_equals_its_loop(seed: int, batch: int, n: int, m: int, grain: float) -> None:
    # With a grain the points lie on a coarse grid: many duplicates and ties.
    generator = torch.Generator().manual_seed(seed)
    a = torch.rand(batch, n, 3, generator=generator, dtype=torch.float64)
    b = torch.rand(batch, m, 3, generator=generator, dtype=torch.float64)
    if grain:
        a, b = (a / grain).round() * grain, (b / grain).round() * grain
    found = torch.stack(
        [
            chamfer_squared(a, b),
            chamfer_squared(a, b, reduction="mean", weights=(0.5, 1.0)),
            chamfer_l1(a, b),
        ],
        dim=1,
    )
    for item in range(batch):
        assert found[item].tolist() == pytest.approx(_loop(a[item], b[item]), rel=1e-12, abs=1e-15)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("noise", [1e-3, 0.1])
def test_equals_a_tree_and_the_metrics(dtype: torch.dtype, noise: float) -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(2, 3000, 3))
    truth /= np.linalg.norm(truth, axis=-1, keepdims=True) * 2.0
    prediction = truth[:, :2000] + rng.normal(size=(2, 2000, 3)) * noise
    a, b = torch.from_numpy(prediction).to(dtype), torch.from_numpy(truth).to(dtype)
    for item in range(2):
        first, second = a[item].double().numpy(), b[item].double().numpy()
        there, back = cKDTree(second).query(first)[0], cKDTree(first).query(second)[0]
        exact = (there**2).sum() + (back**2).sum()
        assert float(chamfer_squared(a, b)[item]) == pytest.approx(exact, rel=1e-6)
        assert float(chamfer_l1(a, b)[item]) == pytest.approx(metrics.chamfer_l1(first, second), rel=1e-6)
        mean = float(chamfer_squared(a, b, reduction="mean")[item])
        assert mean == pytest.approx(metrics.chamfer_l2(first, second), rel=1e-6)


def test_exact_answers() -> None:
    a = torch.tensor([[[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]])
    b = torch.tensor([[[0.0, 0.0, 2.0]]])
    assert chamfer_squared(a, b).tolist() == [4.0 + 5.0 + 4.0]
    assert chamfer_l1(a, b).tolist() == pytest.approx([((2.0 + math.sqrt(5.0)) / 2 + 2.0) / 2])
    assert chamfer_squared(a, b, reduction="mean").tolist() == [4.5 + 4.0]


def test_symmetric_and_blind_to_order() -> None:
    generator = torch.Generator().manual_seed(0)
    a, b = torch.rand(2, 50, 3, generator=generator), torch.rand(2, 70, 3, generator=generator)
    shuffled = a[:, torch.randperm(50, generator=generator)]
    for loss in (chamfer_squared, chamfer_l1):
        assert torch.allclose(loss(a, b), loss(b, a))
        assert torch.allclose(loss(a, b), loss(shuffled, b))


@pytest.mark.parametrize("loss", [chamfer_squared, chamfer_l1])
def test_equal_sets_cost_nothing_and_pull_nowhere(loss) -> None:
    generator = torch.Generator().manual_seed(1)
    points = torch.randn(2, 200, 3, generator=generator)
    points[:, 100:] = points[:, :100]  # every point twice
    a, b = points.clone().requires_grad_(), points.flip(1).clone().requires_grad_()
    value = loss(a, b)
    assert value.tolist() == [0.0, 0.0]
    value.sum().backward()
    assert (a.grad == 0).all()
    assert (b.grad == 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("loss", [chamfer_squared, chamfer_l1])
def test_gradcheck(loss) -> None:
    generator = torch.Generator().manual_seed(2)
    a = torch.rand(2, 6, 3, generator=generator, dtype=torch.float64).requires_grad_()
    b = torch.rand(2, 9, 3, generator=generator, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(loss, (a, b))


def test_a_cloud_in_one_place_has_finite_gradients() -> None:
    a = torch.zeros(1, 300, 3, requires_grad=True)
    b = torch.cat([torch.zeros(1, 10, 3), torch.rand(1, 90, 3)], dim=1).requires_grad_()
    (chamfer_l1(a, b) + chamfer_squared(a, b)).sum().backward()
    assert a.grad is not None
    assert b.grad is not None
    assert bool(a.grad.isfinite().all() and b.grad.isfinite().all() and (a.grad != 0).any())


def test_blocks_and_threads_find_what_the_trees_find(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = torch.Generator().manual_seed(3)
    a = torch.rand(3, 700, 3, generator=generator)
    b = a[:, :500] + 1e-4 * torch.randn(3, 500, 3, generator=generator)
    trees = mutual_neighbours(a, b)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    threads = mutual_neighbours(a, b)
    monkeypatch.setattr(nearest, "_by_trees", lambda p, q: (nearest._by_blocks(p, q), nearest._by_blocks(q, p)))
    monkeypatch.setattr(nearest, "_BLOCK", 10_000)
    blocks = mutual_neighbours(a, b)
    for one, two, three in zip(trees, threads, blocks, strict=True):
        assert torch.equal(one.index, two.index)
        assert torch.equal(one.index, three.index)


def test_half_precision_is_computed_in_single_and_batches_may_be_empty() -> None:
    points = torch.rand(1, 30, 3, generator=torch.Generator().manual_seed(4)).bfloat16()
    assert chamfer_squared(points, points.flip(1)).dtype == torch.float32
    assert chamfer_l1(torch.zeros(0, 4, 3), torch.zeros(0, 5, 3)).shape == (0,)


def test_bad_input_is_said_clearly(monkeypatch: pytest.MonkeyPatch) -> None:
    points = torch.rand(1, 5, 3)
    with pytest.raises(ValueError, match="second has no points"):
        chamfer_squared(points, torch.zeros(1, 0, 3))
    with pytest.raises(ValueError, match="first holds values that are not finite"):
        chamfer_l1(points * float("nan"), points)
    monkeypatch.setattr(limits, "available_bytes", lambda: 10**6)
    many = torch.zeros(1, 1, 3).expand(1, 10**6, 3)
    with pytest.raises(InputError, match=r"1 x 1000000 and 1000000 points needs 800 MB of memory, 1 MB are free"):
        chamfer_squared(many, many)
