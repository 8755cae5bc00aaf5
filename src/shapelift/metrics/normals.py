"""Normal consistency: do the two surfaces face the same way where they meet?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shapelift.geometry import PointCloud
from shapelift.metrics.metric import Metric, Surfaces
from shapelift.metrics.nearest import Matches, match


def normal_consistency(prediction: PointCloud, reference: PointCloud) -> float:
    """Mean of |n . n'| over nearest neighbours, averaged over both directions; in [0, 1].

    Both clouds carry unit normals in one frame; the sign of a normal does not count. Two unrelated orientations
    give 0.5 on average, so 0.5 is what chance looks like. An empty prediction gets 0, the worst value.

    Raises:
        ValueError: a cloud without normals, an empty reference.

    Source: Mescheder et al., "Occupancy Networks", CVPR 2019 (who charge -1 for an empty mesh).
    """
    return normal_consistency_between(match(prediction.points, reference.points), prediction, reference)


def normal_consistency_between(matches: Matches, prediction: PointCloud, reference: PointCloud) -> float:
    """`normal_consistency` of clouds that are matched already; its errors.

    Args:
        matches: Of the two clouds.
        prediction: With normals, unless it is empty.
        reference: With normals.

    Raises:
        ValueError: one has no normals.
    """
    if reference.normals is None or (prediction.normals is None and len(prediction)):
        raise ValueError("normal consistency needs normals on both clouds")
    normals = np.zeros((0, 3), np.float32) if prediction.normals is None else prediction.normals
    return normal_consistency_of(matches, normals, reference.normals)


def normal_consistency_of(
    matches: Matches, prediction_normals: npt.NDArray[np.float32], reference_normals: npt.NDArray[np.float32]
) -> float:
    """`normal_consistency` of clouds that are matched already.

    Args:
        matches: Of the two clouds.
        prediction_normals: `n 3`, unit.
        reference_normals: `m 3`, unit.
    """
    if matches.is_empty:
        return 0.0
    forward = _agreement(prediction_normals, reference_normals[matches.reference_index])
    backward = _agreement(reference_normals, prediction_normals[matches.prediction_index])
    return (forward + backward) / 2.0


def _agreement(first: npt.NDArray[np.float32], second: npt.NDArray[np.float32]) -> float:
    return float(np.abs(np.einsum("ni,ni->n", first, second, dtype=np.float64)).mean())


METRICS = (
    Metric(
        "normal_consistency",
        "NC",
        Surfaces,
        lambda given: normal_consistency_between(given.matches, given.prediction, given.truth),
    ),
)
