from __future__ import annotations

import math

import pytest
import torch

from shapelift.losses.occupancy import occupancy_cross_entropy, occupancy_squared_error


def test_cross_entropy_equals_a_loop_over_points() -> None:
    torch.manual_seed(0)
    logits, labels, weights = torch.randn(3, 5), torch.rand(3, 5).round(), torch.rand(3, 5)
    total = norm = 0.0
    for b in range(3):
        for n in range(5):
            p = 1 / (1 + math.exp(-float(logits[b, n])))
            o, w = float(labels[b, n]), float(weights[b, n])
            total -= w * (o * math.log(p) + (1 - o) * math.log(1 - p))
            norm += w
    assert float(occupancy_cross_entropy(logits, labels, weights)) == pytest.approx(total / norm, rel=1e-5)


def test_equal_weights_change_nothing() -> None:
    logits, labels = torch.randn(2, 7), torch.rand(2, 7).round()
    weighted = occupancy_cross_entropy(logits, labels, torch.full_like(logits, 3.0))
    assert torch.allclose(weighted, occupancy_cross_entropy(logits, labels))


def test_known_values_and_extremes() -> None:
    assert float(occupancy_cross_entropy(torch.zeros(1, 2), torch.tensor([[0.0, 1.0]]))) == pytest.approx(math.log(2))
    far = torch.tensor([[1e4, -1e4]])
    assert float(occupancy_cross_entropy(far, torch.tensor([[1.0, 0.0]]))) == 0.0
    assert float(occupancy_cross_entropy(far, torch.tensor([[0.0, 1.0]]))) == pytest.approx(1e4)


def test_gradients() -> None:
    torch.manual_seed(0)
    labels, weights = torch.rand(2, 3).round().double(), torch.rand(2, 3).double()
    logits = torch.randn(2, 3).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: occupancy_cross_entropy(x, labels, weights), logits)
    assert torch.autograd.gradcheck(lambda x: occupancy_squared_error(x, labels), logits)


def test_half_precision_is_summed_in_single() -> None:
    logits, labels = torch.randn(1, 4000), torch.rand(1, 4000).round()
    half = occupancy_cross_entropy(logits.bfloat16(), labels)
    assert half.dtype == torch.float32
    assert torch.allclose(half, occupancy_cross_entropy(logits, labels), atol=1e-2)


def test_squared_error() -> None:
    assert float(occupancy_squared_error(torch.tensor([[0.5, 1.0]]), torch.tensor([[1.0, 1.0]]))) == 0.125
