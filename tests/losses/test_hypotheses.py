"""Min of N: exact cases, who gets gradients, and bad input."""

from __future__ import annotations

import pytest
import torch

from shapelift.losses.hypotheses import min_of_n


def test_the_least_counts() -> None:
    costs = torch.tensor([[3.0, 1.0, 2.0], [0.5, 4.0, 0.5]])
    assert min_of_n(costs).tolist() == [1.0, 0.5]


def test_the_others_count_a_little() -> None:
    costs = torch.tensor([[3.0, 1.0, 2.0]], dtype=torch.float64)
    assert min_of_n(costs, others=0.2).tolist() == pytest.approx([0.8 * 1.0 + 0.2 * 2.5])


def test_one_answer_is_its_own_best() -> None:
    costs = torch.tensor([[3.0], [1.0]])
    assert torch.equal(min_of_n(costs, others=0.9), costs[:, 0])


def test_equal_answers_cost_the_same_at_any_weight() -> None:
    costs = torch.full((2, 4), 1.5)
    assert min_of_n(costs, others=0.3).tolist() == pytest.approx([1.5, 1.5])


def test_the_order_of_answers_does_not_matter() -> None:
    costs = torch.rand(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(min_of_n(costs, others=0.1), min_of_n(costs[:, [2, 0, 3, 1]], others=0.1))


def test_only_the_best_learns_and_with_a_weight_the_others_follow() -> None:
    costs = torch.tensor([[3.0, 1.0, 2.0], [0.5, 4.0, 0.5]], requires_grad=True)
    (alone,) = torch.autograd.grad(min_of_n(costs).sum(), costs)
    assert alone[0].tolist() == [0.0, 1.0, 0.0]
    assert sorted(alone[1].tolist()) == [0.0, 0.0, 1.0]  # of two equal ones, one
    (shared,) = torch.autograd.grad(min_of_n(costs, others=0.2).sum(), costs)
    assert shared[0].tolist() == pytest.approx([0.1, 0.8, 0.1])
    assert shared.sum(dim=1).tolist() == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize("others", [0.0, 0.3])
def test_gradcheck(others: float) -> None:
    costs = torch.rand(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1), requires_grad=True)
    assert torch.autograd.gradcheck(lambda values: min_of_n(values, others=others), [costs])


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="at least one answer"):
        min_of_n(torch.zeros(2, 0))
    for others in (-0.1, 1.0):
        with pytest.raises(ValueError, match="weight of the others"):
            min_of_n(torch.zeros(2, 3), others=others)
