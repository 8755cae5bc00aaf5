"""Recall of a surface: how much of the truth is there."""

from __future__ import annotations

import numpy as np

from shapelift.metrics.metric import Metric, Surfaces
from shapelift.metrics.nearest import Matches


def recall_of(matches: Matches, threshold: float) -> float:
    """Fraction of the reference points closer than `threshold` to the prediction, 0 for an empty one."""
    return 0.0 if matches.is_empty else float(np.mean(matches.to_prediction < threshold))


METRICS = (
    Metric(
        "recall_2",
        "R@2%",
        Surfaces,
        lambda given: recall_of(given.matches, 0.02 * given.matches.side),
        table="outline",
    ),
)
