from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from shapelift.losses.overlap import soft_jaccard


def _loop(logits: torch.Tensor, occupancy: torch.Tensor, smoothing: float) -> float:
    losses = []
    for row, labels in zip(logits.tolist(), occupancy.tolist(), strict=True):
        shared = union = smoothing
        for value, label in zip(row, labels, strict=True):
            probability = 1.0 / (1.0 + math.exp(-value))
            shared += probability * label
            union += probability + label - probability * label
        losses.append(1.0 - shared / union)
    return sum(losses) / len(losses)


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 30), st.floats(0.01, 2.0))
def test_equals_its_loop(seed: int, batch: int, count: int, smoothing: float) -> None:
    torch.manual_seed(seed)
    logits = torch.randn(batch, count, dtype=torch.float64) * 4.0
    occupancy = (torch.rand(batch, count, dtype=torch.float64) > 0.7).double()
    found = soft_jaccard(logits, occupancy, smoothing)
    assert float(found) == pytest.approx(_loop(logits, occupancy, smoothing), rel=1e-12)


def test_exact_answers() -> None:
    occupancy = torch.tensor([[1.0, 1.0, 0.0, 0.0]])
    sure = torch.tensor([[1.0, -1.0, 1.0, -1.0]]) * 100.0  # one of three points shared
    assert float(soft_jaccard(sure, occupancy, 1e-9)) == pytest.approx(2.0 / 3.0)
    assert float(soft_jaccard((occupancy - 0.5) * 200.0, occupancy)) == pytest.approx(0.0, abs=1e-6)
    empty = torch.zeros(2, 5)
    assert float(soft_jaccard(empty - 100.0, empty)) == pytest.approx(0.0, abs=1e-6)


def test_gradcheck() -> None:
    torch.manual_seed(0)
    logits = torch.randn(2, 7, dtype=torch.float64, requires_grad=True)
    occupancy = (torch.rand(2, 7) > 0.5).double()
    assert torch.autograd.gradcheck(lambda values: soft_jaccard(values, occupancy), (logits,))


def test_half_precision_is_summed_in_single() -> None:
    logits = torch.full((1, 100_000), -6.0)
    occupancy = torch.ones(1, 100_000)
    exact = soft_jaccard(logits, occupancy)
    assert float(soft_jaccard(logits.bfloat16(), occupancy)) == pytest.approx(float(exact), rel=1e-6)
