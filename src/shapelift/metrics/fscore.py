"""F-score of a surface: how much of it is within reach, both ways."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from shapelift.metrics.metric import Metric, Surfaces
from shapelift.metrics.nearest import Matches, match
from shapelift.metrics.recall import recall_of

FRACTIONS = (0.005, 0.01, 0.02, 0.05)
"""The thresholds of the project, as fractions of the reference's longest side."""


def fraction_name(fraction: float) -> str:
    """The column of an F-score at a fraction of the longest side: 0.005 -> `fscore_0.5`."""
    return f"fscore_{fraction * 100:g}"


def fscore(prediction: npt.ArrayLike, reference: npt.ArrayLike, threshold: float) -> float:
    """Harmonic mean of precision and recall at a distance `threshold`, in [0, 1].

    Precision is the fraction of predicted points strictly closer than `threshold` to the reference, recall the
    fraction of reference points `m 3` strictly closer than `threshold` to the prediction. Everything is in one frame
    and unit. An empty prediction gets 0, the worst value.

    Args:
        prediction: Points `n 3`; may be empty.
        reference: Points `m 3` in the same frame and unit.
        threshold: A distance in the unit of the points.

    Raises:
        ValueError: an empty reference, a threshold that is not positive, other shapes, values that are not finite.

    Source: Knapitsch et al., "Tanks and Temples", 2017; Tatarchenko et al., CVPR 2019.
    """
    return fscore_of(match(prediction, reference), threshold)


def fscore_of(matches: Matches, threshold: float) -> float:
    """`fscore` of point sets that are matched already.

    Raises:
        ValueError: a threshold that is not positive.
    """
    if not threshold > 0.0:
        raise ValueError(f"a threshold is a positive distance, got {threshold}")
    if matches.is_empty:
        return 0.0
    precision = float(np.mean(matches.to_reference < threshold))
    recall = recall_of(matches, threshold)
    total = precision + recall
    return 2.0 * precision * recall / total if total > 0.0 else 0.0


def fscores(
    prediction: npt.ArrayLike, reference: npt.ArrayLike, fractions: Sequence[float] = FRACTIONS
) -> dict[float, float]:
    """F-score per fraction of the longest side of the reference's bounding box.

    Args:
        prediction: Points `n 3`; may be empty.
        reference: Points `m 3` in the same frame and unit.
        fractions: Thresholds as shares of that side.

    Raises:
        ValueError: as `fscore`.
    """
    return fscores_of(match(prediction, reference), fractions)


def fscores_of(matches: Matches, fractions: Sequence[float] = FRACTIONS) -> dict[float, float]:
    """`fscores` of point sets that are matched already."""
    return {fraction: fscore_of(matches, fraction * matches.side) for fraction in fractions}


def _metric(fraction: float) -> Metric[Surfaces]:
    return Metric(
        fraction_name(fraction),
        f"F@{fraction * 100:g}%",
        Surfaces,
        lambda given: fscore_of(given.matches, fraction * given.matches.side),
    )


METRICS = tuple(_metric(fraction) for fraction in FRACTIONS)
