"""Bootstrap intervals: determinism, coverage, clusters, pairs."""

from __future__ import annotations

import numpy as np
import pytest

from shapelift.metrics import bootstrap_difference, bootstrap_mean


def test_it_is_deterministic_and_holds_the_mean():
    values = np.random.default_rng(0).normal(size=50)
    first = bootstrap_mean(values)
    assert first == bootstrap_mean(values)
    assert first != bootstrap_mean(values, seed=1)
    assert first.low < first.mean < first.high
    assert first.mean == pytest.approx(values.mean())
    assert first.count == 50


def test_it_agrees_with_a_naive_twin():
    values = np.random.default_rng(1).normal(size=30)
    rng = np.random.default_rng(7)
    means = sorted(sum(values[rng.integers(30)] for _ in range(30)) / 30 for _ in range(2000))
    interval = bootstrap_mean(values)
    assert interval.low == pytest.approx(means[50], abs=0.03)
    assert interval.high == pytest.approx(means[1950], abs=0.03)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(2)
    hits = 0
    for _ in range(200):
        interval = bootstrap_mean(rng.normal(loc=3.0, size=60), resamples=400)
        hits += interval.low <= 3.0 <= interval.high
    assert 178 <= hits <= 200


def test_views_of_one_shape_are_resampled_together():
    shape_values = np.random.default_rng(3).normal(size=20)
    values = np.repeat(shape_values, 10)
    names = [f"shape{i}" for i in range(20) for _ in range(10)]
    together, alone = bootstrap_mean(values, names), bootstrap_mean(shape_values)
    assert (together.low, together.mean, together.high) == pytest.approx((alone.low, alone.mean, alone.high))
    uneven = bootstrap_mean([1.0, 1.0, 1.0, 0.0], ["a", "a", "a", "b"])
    assert uneven.mean == 0.5
    assert uneven.count == 2


def test_pairs_cancel_what_they_share():
    rng = np.random.default_rng(4)
    hard = rng.normal(size=100)
    difference = bootstrap_difference(hard + 0.1, hard)
    assert difference.low == pytest.approx(0.1)
    assert difference.high == pytest.approx(0.1)


def test_one_value_is_its_own_interval_and_none_is_refused():
    alone = bootstrap_mean([0.25])
    assert (alone.mean, alone.low, alone.high, alone.count) == (0.25, 0.25, 0.25, 1)
    with pytest.raises(ValueError, match="one or more"):
        bootstrap_mean([])
    with pytest.raises(ValueError, match="finite"):
        bootstrap_mean([1.0, np.nan])
    with pytest.raises(ValueError, match="equal counts"):
        bootstrap_difference([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="groups"):
        bootstrap_mean([1.0, 2.0], ["a"])
    with pytest.raises(ValueError, match="confidence"):
        bootstrap_mean([1.0], confidence=1.0)
