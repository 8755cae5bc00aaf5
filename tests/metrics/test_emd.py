"""Earth mover's distance: twin over all permutations, exact answers, invariances, limits."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from shapelift.geometry import rotation_x, rotation_y
from shapelift.metrics import chamfer_l1, emd


@pytest.mark.parametrize("seed", range(4))
def test_agrees_with_the_best_of_all_permutations(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(size=(6, 3)), rng.uniform(size=(6, 3))
    best = min(
        sum(math.dist(a[i], b[j]) for i, j in enumerate(order)) / 6 for order in itertools.permutations(range(6))
    )
    assert emd(a, b) == pytest.approx(best, rel=1e-12)


def test_points_on_a_line_have_an_exact_answer():
    # In one dimension the sorted order is optimal (Villani, 2003).
    rng = np.random.default_rng(1)
    a, b = rng.uniform(size=300), rng.uniform(size=300) + 0.4
    line = np.zeros((300, 3))
    first, second = line.copy(), line.copy()
    first[:, 0], second[:, 0] = a, b
    assert emd(first, second) == pytest.approx(np.abs(np.sort(a) - np.sort(b)).mean(), rel=1e-12)


def test_a_shift_costs_its_length_and_order_does_not_matter():
    rng = np.random.default_rng(2)
    cloud = rng.uniform(size=(200, 3))
    shifted = (cloud + np.array([0.3, 0.0, 0.4]))[rng.permutation(200)]
    assert emd(shifted, cloud) == pytest.approx(0.5, rel=1e-9)
    turn = rotation_y(31.0) @ rotation_x(17.0)
    assert emd(2.0 * shifted @ turn.T, 2.0 * cloud @ turn.T) == pytest.approx(1.0, rel=1e-9)
    assert emd(cloud, cloud[::-1]) == 0.0


def test_it_is_never_below_the_chamfer_distance():
    rng = np.random.default_rng(3)
    a, b = rng.uniform(size=(100, 3)), rng.uniform(size=(100, 3))
    assert emd(a, b) >= chamfer_l1(a, b)


def test_an_empty_prediction_gets_the_worst_value():
    reference = np.array([[0.0, 0.0, 0.0], [2.0, 1.0, 0.0]])
    assert emd(np.zeros((0, 3)), reference) == pytest.approx(2.0 * math.sqrt(3))


def test_limits_are_said_clearly():
    with pytest.raises(ValueError, match="limited to 2048"):
        emd(np.zeros((2049, 3)), np.zeros((2049, 3)))
    with pytest.raises(ValueError, match="equal counts"):
        emd(np.zeros((3, 3)), np.zeros((4, 3)))
    with pytest.raises(ValueError, match="no points"):
        emd(np.zeros((3, 3)), np.zeros((0, 3)))
