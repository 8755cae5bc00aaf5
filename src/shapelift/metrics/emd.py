"""Earth mover's distance, exact."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from shapelift.metrics.nearest import EMPTY_DISTANCE, checked_points, longest_side

_MAX_POINTS = 2048
"""The exact assignment takes half a second here and grows with the cube of the count."""


def emd(prediction: npt.ArrayLike, reference: npt.ArrayLike) -> float:
    """Mean distance over the one-to-one assignment of two equally large point sets that makes it smallest.

    Points `n 3` and `n 3`, 1 <= n <= 2048, in one frame; the result has their unit. An empty prediction gets the
    worst value, `sqrt(3)` times the longest side of the reference.

    Raises:
        ValueError: more than 2048 points, counts that differ, an empty reference, other shapes, values that are not
            finite.

    Source: Fan, Su, Guibas, "A Point Set Generation Network", CVPR 2017 (there a sum); solved with the
        Jonker-Volgenant variant of Crouse (2016) in `scipy.optimize.linear_sum_assignment`.
    """
    predicted, truth = checked_points("prediction", prediction), checked_points("reference", reference)
    if len(truth) == 0:
        raise ValueError("the reference has no points: nothing can be measured against it")
    if max(len(predicted), len(truth)) > _MAX_POINTS:
        raise ValueError(
            f"the exact earth mover's distance is limited to {_MAX_POINTS} points, "
            f"got {len(predicted)} and {len(truth)}: draw fewer"
        )
    if len(predicted) == 0:
        return EMPTY_DISTANCE * longest_side(truth)
    if len(predicted) != len(truth):
        raise ValueError(f"one-to-one needs equal counts, got {len(predicted)} and {len(truth)}: draw as many of both")
    cost = cdist(predicted, truth)
    return float(np.mean(cost[linear_sum_assignment(cost)]))
