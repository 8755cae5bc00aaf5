"""Nearest neighbours both ways between two point sets: the part that all surface metrics share."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shapelift.geometry.neighbours import PointTree

EMPTY_DISTANCE = math.sqrt(3.0)
"""What an empty prediction is charged per reference point, in units of the reference's longest side.

It is the diagonal of the cube that every object lives in, so no prediction inside the cube can do worse.
The same constant is used by the evaluation of Occupancy Networks (Mescheder et al., CVPR 2019).
"""


@dataclass(frozen=True, eq=False)
class Matches:
    """Nearest neighbours between a prediction of `n` points and a reference of `m` points.

    Attributes:
        to_reference: `n` float64, distance of every predicted point to the reference (unsquared, unit of the points).
        reference_index: `n`, which reference point that is.
        to_prediction: `m` float64, distance of every reference point to the prediction; infinite where `n` is 0.
        prediction_index: `m`, which predicted point that is; -1 where `n` is 0.
        side: Longest side of the reference's bounding box (what thresholds and worst values are relative to).
    """

    to_reference: npt.NDArray[np.float64]
    reference_index: npt.NDArray[np.int64]
    to_prediction: npt.NDArray[np.float64]
    prediction_index: npt.NDArray[np.int64]
    side: float

    @property
    def is_empty(self) -> bool:
        """Whether nothing was predicted."""
        return len(self.to_reference) == 0


def longest_side(points: npt.ArrayLike) -> float:
    """Longest side of the bounding box of points `n 3`.

    Raises:
        ValueError: no points, or a shape other than `n 3`.
    """
    array = checked_points("points", points)
    if len(array) == 0:
        raise ValueError("no points, so no longest side")
    return float(np.ptp(array, axis=0).max())


def match(prediction: npt.ArrayLike, reference: npt.ArrayLike, side: float | None = None) -> Matches:
    """Match a prediction and a reference, nearest neighbour both ways.

    Args:
        prediction: Points `n 3`; may be empty.
        reference: Points `m 3` in the same frame and unit.
        side: Longest side of the reference, where it is known better than the sampled points tell.

    Raises:
        ValueError: an empty reference (nothing can be measured against it), other shapes, values that are not finite.
    """
    predicted = checked_points("prediction", prediction)
    truth = checked_points("reference", reference)
    if len(truth) == 0:
        raise ValueError("the reference has no points: nothing can be measured against it")
    side = longest_side(truth) if side is None else float(side)
    if len(predicted) == 0:
        nothing = np.full(len(truth), -1, np.int64)
        return Matches(np.zeros(0), np.zeros(0, np.int64), np.full(len(truth), np.inf), nothing, side)
    of_prediction, of_truth = PointTree.of(predicted), PointTree.of(truth)
    to_reference, reference_index = of_truth.nearest_to(of_prediction)
    to_prediction, prediction_index = of_prediction.nearest_to(of_truth)
    return Matches(to_reference, reference_index, to_prediction, prediction_index, side)


def checked_points(name: str, points: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """`points` as finite float64 `n 3`; an empty sequence counts as `0 3`.

    Raises:
        ValueError: another shape, or values that are not finite.
    """
    array = np.asarray(points, np.float64)
    if array.size == 0 and array.ndim <= 2:
        return np.zeros((0, 3))
    if array.ndim != 2 or array.shape[1] != 3:
        raise ValueError(f"{name} must have shape (n, 3), got {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds values that are not finite")
    return array
