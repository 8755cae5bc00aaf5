"""Confidence intervals of means by resampling, with a fixed seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_CHUNK = 4_000_000  # resampled entries held at once: 32 MB


@dataclass(frozen=True)
class Interval:
    """A mean and where it may lie.

    Attributes:
        mean: The mean of the values, in their unit.
        low: Lower end of the interval.
        high: Upper end of the interval.
        count: How many independent values (shapes) stand behind it. With one, low = mean = high.
    """

    mean: float
    low: float
    high: float
    count: int


def bootstrap_mean(
    values: npt.ArrayLike,
    groups: Sequence[str] | None = None,
    *,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    """Percentile bootstrap interval of a mean.

    Args:
        values: `n` finite numbers.
        groups: `n` names; values of one name (the views of one shape) are averaged first and resampled together,
            because they are not independent. None means that every value stands alone.
        confidence: Probability content of the interval, in (0, 1).
        resamples: How many means are drawn.
        seed: Equal seeds give equal intervals.

    Raises:
        ValueError: no values, values that are not finite, or as many groups as there are not values.

    Source: Efron, "Bootstrap methods: another look at the jackknife", 1979; percentile method.
    """
    array = np.asarray(values, np.float64)
    if array.ndim != 1 or len(array) == 0 or not np.isfinite(array).all():
        raise ValueError("a mean needs a list of one or more finite numbers")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence lies between 0 and 1, got {confidence}")
    if groups is not None:
        array = _group_means(array, groups)
    means = _resampled_means(array, resamples, np.random.default_rng(seed))
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(means, [tail, 1.0 - tail])
    return Interval(float(array.mean()), float(low), float(high), len(array))


def bootstrap_difference(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    groups: Sequence[str] | None = None,
    *,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    """Interval of mean(first - second) of paired values: pairs are resampled together.

    Args:
        first: `n`.
        second: `n`, measured on the same objects in the same order.
        groups: As for `bootstrap_mean`.
        confidence: As for `bootstrap_mean`.
        resamples: As for `bootstrap_mean`.
        seed: As for `bootstrap_mean`.

    Raises:
        ValueError: lists of different length, and as `bootstrap_mean`.
    """
    one, two = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if one.shape != two.shape:
        raise ValueError(f"paired values need equal counts, got {one.shape} and {two.shape}")
    return bootstrap_mean(one - two, groups, confidence=confidence, resamples=resamples, seed=seed)


def _group_means(values: npt.NDArray[np.float64], groups: Sequence[str]) -> npt.NDArray[np.float64]:
    if len(groups) != len(values):
        raise ValueError(f"{len(groups)} groups for {len(values)} values")
    order: dict[str, int] = {}
    index = np.array([order.setdefault(name, len(order)) for name in groups])
    return np.asarray(np.bincount(index, weights=values) / np.bincount(index))


def _resampled_means(
    values: npt.NDArray[np.float64], resamples: int, rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    count = len(values)
    step = max(1, _CHUNK // count)
    parts = [
        values[rng.integers(0, count, (min(step, resamples - start), count))].mean(axis=1)
        for start in range(0, resamples, step)
    ]
    return np.concatenate(parts)
