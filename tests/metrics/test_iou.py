"""Intersection over union: twin, exact answers, weights, degenerate input."""

from __future__ import annotations

import numpy as np
import pytest

from shapelift.metrics import iou


def test_agrees_with_the_naive_twin():
    rng = np.random.default_rng(0)
    for _ in range(5):
        a, b, w = rng.random(200) < 0.4, rng.random(200) < 0.3, rng.uniform(0, 2, 200)
        both = either = 0.0
        for x, y, weight in zip(a, b, w, strict=True):
            both += weight if x and y else 0.0
            either += weight if x or y else 0.0
        assert iou(a, b, w) == pytest.approx(both / either, rel=1e-12)
        assert iou(a, b, w) == pytest.approx(iou(b, a, 7 * w), rel=1e-12)
        order = rng.permutation(200)
        assert iou(a[order], b[order], w[order]) == pytest.approx(iou(a, b, w), rel=1e-12)


def test_shifted_boxes_have_an_exact_answer():
    axis = (np.arange(20) + 0.5) / 20
    x, _, _ = np.meshgrid(axis, axis, axis, indexing="ij")
    first, second = (x < 0.5).ravel(), ((x > 0.25) & (x < 0.75)).ravel()
    assert iou(first, second) == pytest.approx(1 / 3)
    assert iou(first, first) == 1.0
    assert iou(first, ~first) == 0.0


def test_weights_undo_uneven_density():
    # Inside x < 0.5 one point in ten is kept and stands for ten.
    axis = (np.arange(100) + 0.5) / 100
    first, second = axis < 0.6, axis > 0.2
    keep = (axis > 0.5) | (np.arange(100) % 10 == 5)
    weights = np.where(axis > 0.5, 1.0, 10.0)
    assert iou(first[keep], second[keep], weights[keep]) == pytest.approx(iou(first, second), abs=1e-12)


def test_an_empty_prediction_gets_zero():
    assert iou(np.zeros(10, bool), np.ones(10, bool)) == 0.0


def test_unusable_input_is_refused():
    yes = np.ones(4, bool)
    with pytest.raises(ValueError, match="measures nothing"):
        iou(yes, ~yes)
    with pytest.raises(ValueError, match="measures nothing"):
        iou(yes, yes, np.zeros(4))
    with pytest.raises(ValueError, match="equal length"):
        iou(yes, np.ones(5, bool))
    with pytest.raises(ValueError, match="booleans"):
        iou(np.ones(4), yes)
    with pytest.raises(ValueError, match="weights"):
        iou(yes, yes, [1.0, -1.0, 1.0, 1.0])
