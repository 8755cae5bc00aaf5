"""Depth maps against true ones, pixel by pixel, under the true mask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shapelift.metrics.metric import Metric

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class SeenSurface:
    """Maps of one image.

    Attributes:
        depth: `h w`, along the optical axis, in units of the frame.
        shape: `h w`, `depth` less that of the frame's origin.
        normals: `h w 3`, in the axes of the camera.
        mask: `h w`.
    """

    depth: Array
    shape: Array
    normals: Array
    mask: Mask


@dataclass(frozen=True, eq=False)
class SeenSurfaces:
    """What is said of the seen surface of one image, and what is true.

    Attributes:
        prediction: The predicted maps; None where nothing was predicted.
        truth: The true maps, as large.
        depth_normals: `h w 3`, the normals that the predicted depth has, seen through the true camera, in its axes.
    """

    prediction: SeenSurface | None
    truth: SeenSurface
    depth_normals: Array


def _difference(said: Array, true: Array, given: SeenSurfaces) -> float:
    return float(np.abs(said - true)[given.truth.mask].mean())


def _angle_deg(said: Array, given: SeenSurfaces) -> float:
    cosine = np.clip(np.einsum("hwi,hwi->hw", said, given.truth.normals), -1.0, 1.0)
    return float(np.rad2deg(np.arccos(cosine[given.truth.mask])).mean())


def _mask_iou(first: Mask, second: Mask) -> float:
    return float((first & second).sum() / (first | second).sum())


def _metric(
    name: str, title: str, worst: float, unit: str, function: Callable[[SeenSurface, SeenSurfaces], float]
) -> Metric[SeenSurfaces]:
    """A metric that charges `worst` where nothing was predicted; an image that shows nothing measures nothing."""

    def charged(given: SeenSurfaces) -> float | None:
        if not given.truth.mask.any():
            return None
        return worst if given.prediction is None else function(given.prediction, given)

    return Metric(name, title, SeenSurfaces, charged, name == "mask_iou", unit, table="depth")


METRICS = (
    _metric("depth", "depth", 1.0, "sides", lambda said, given: _difference(said.depth, given.truth.depth, given)),
    _metric("shape", "shape", 1.0, "sides", lambda said, given: _difference(said.shape, given.truth.shape, given)),
    _metric("normals_deg", "normals", 90.0, "degrees", lambda said, given: _angle_deg(said.normals, given)),
    _metric("depth_normals_deg", "of depth", 90.0, "degrees", lambda _, given: _angle_deg(given.depth_normals, given)),
    _metric("mask_iou", "mask IoU", 0.0, "", lambda said, given: _mask_iou(said.mask, given.truth.mask)),
)
"""In units of the object's longest side and in degrees: mean |z - z*|; the same of depths from the origin of the frame,
which leaves out how far away the camera is thought to be; the mean angle of the given normals, and of those that the
depth has; and the intersection over union of the masks."""
