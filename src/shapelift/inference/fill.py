"""What is added where a picture shows a part of the object and the network is not sure how deep it lies.

No part of the picture is lost: along a ray through the mask whose highest probability is low a solid is added around
the depth where the network thinks it most likely. It is as deep as the part is wide in the picture there: its
cross-section is a circle. Depths are smoothed along the part, so that a leg is a rod and not a row of crumbs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from shapelift.inference.ray_samples import CELLS, RaySamples
from shapelift.inference.window_maps import Map, WindowMaps, signed_distance

UNSURE = 0.6
"""A ray whose highest probability is below this is filled."""
WIDEST = 0.12
"""Largest radius of an added solid, in windows."""
REACH = 2.5 / 80.0
"""The radius is the largest distance to the outline within this distance, in windows."""
SMOOTHNESS = 0.019
"""Standard deviation over which depths are smoothed, in windows."""
OVERLAP = 0.012
"""How far the solid goes on beyond the unsure part, into what the network is sure of, in windows."""
FAINTEST = 0.15
"""A probability, and a ray's highest, below which the depth is left to the visible depth and to the neighbours."""
THINNEST = 0.004
"""Smallest radius of an added solid, in windows."""

_RADIUS_PX = 128
"""Side of the map of radii."""
_UNSURE_LOGIT = math.log(UNSURE / (1.0 - UNSURE))
_CLIP = 2.0
_WIDER = (1.0, 4.0, 16.0, 64.0)
"""Scales of smoothing: farther neighbours speak where there are no nearer ones, each a thousand times more quietly."""
_QUIETER = 1e-3


@dataclass(frozen=True, eq=False)
class Fill:
    """The added solid.

    Attributes:
        maps: Radius, depth and distance to the border of the unsure part (positive in it), in windows.
        share: The share of the silhouette that is unsure.
    """

    maps: WindowMaps
    share: float

    def distance(self, points: npt.NDArray[np.float32], to_outline: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """About the signed distance `n` to the surface of the solid, positive inside, in windows.

        Args:
            points: `n 3`, picture coordinates.
            to_outline: `n`, signed distance to the outline of the object at these points.
        """
        radius, depth, unsure = self.maps(points).T
        # A circle in the plane of depth and the distance to the outline, which it touches.
        off_axis = np.maximum(radius - np.maximum(to_outline, 0.0), 0.0)
        inside = radius - np.hypot(points[:, 2] - depth, off_axis)
        return np.asarray(np.minimum(inside, unsure + np.float32(OVERLAP)), np.float32)

    @property
    def depths(self) -> Map:
        """The map of depths `s s`: where the middle of the solid lies, or would lie."""
        return self.maps.values[..., 1]


def make_fill(rays: RaySamples, outline: Map, visible: Map | None = None) -> Fill:
    """What is to be added to a field.

    Args:
        rays: What the field says along the rays; at least one ray.
        outline: `s s` signed distance to the outline, in windows.
        visible: `r r` depth of the visible surface over the window where the model says it, or None. It speaks where a
            ray is unlikely everywhere.
    """
    side = len(outline)
    radii = _radii(outline)
    likely = rays.grid(rays.highest)
    unsure = np.clip(_UNSURE_LOGIT - likely, -_CLIP, _CLIP)
    mask = rays.grid(1.0)
    border = signed_distance(_enlarged(_smoothed(unsure, mask, 0.5 / CELLS), side))
    depth = _depths(rays, radii, visible)
    inside = outline > 0.0
    share = float((border[inside] > 0.0).mean()) if inside.any() else 0.0
    maps = np.stack([_enlarged(radii, side), _enlarged(depth, side), border], axis=-1)
    return Fill(WindowMaps(np.ascontiguousarray(maps, np.float32)), share)


def _radii(outline: Map) -> Map:
    """Radius of the added solid, a map of `_RADIUS_PX`: the largest distance to the outline close by."""
    step = max(1, len(outline) // _RADIUS_PX)
    cut = len(outline) - len(outline) % step
    count = cut // step
    blocks = np.maximum(outline[:cut, :cut], 0.0).reshape(count, step, count, step).max(axis=(1, 3))
    reach = max(1, round(REACH * count))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    widest = np.minimum(cv2.dilate(np.ascontiguousarray(blocks, np.float32), kernel), np.float32(WIDEST))
    mask = (blocks > 0.0).astype(np.float32)
    return np.maximum(_smoothed(np.asarray(widest, np.float32), mask, 1.0 / count), np.float32(THINNEST))


def _depths(rays: RaySamples, radii: Map, visible: Map | None) -> Map:
    """Where along w the object most likely is, a map of `CELLS`, smoothed along it."""
    probability = 0.5 * (1.0 + np.tanh(0.5 * rays.logits.astype(np.float64)))
    weight = probability**4
    total, moment = weight.sum(axis=1), weight @ rays.depths.astype(np.float64)
    if visible is not None:
        prior = FAINTEST**4
        front = WindowMaps(np.ascontiguousarray(visible[..., None], np.float32))(rays.places)[:, 0]
        behind = front + WindowMaps(radii[..., None])(rays.places)[:, 0]
        total, moment = total + prior, moment + prior * np.clip(behind, rays.depths[0], rays.depths[-1])
    middle = moment / np.maximum(total, 1e-30)
    trust = np.maximum(probability.max(axis=1), 1e-3) ** 2
    if visible is not None:
        trust = np.maximum(trust, FAINTEST**2)
    return _smoothed(rays.grid(middle), rays.grid(trust), SMOOTHNESS)


def _smoothed(values: Map, weights: Map, deviation: float) -> Map:
    """Weighted mean of a map over a Gaussian of `deviation` windows; what has no neighbours takes farther ones."""
    total, weight = np.zeros(values.shape), np.full(values.shape, 1e-30)
    gain = 1.0
    for wider in _WIDER:
        sigma = max(deviation * wider * len(values), 1e-3)
        total += gain * cv2.GaussianBlur((values * weights).astype(np.float64), (0, 0), sigma)
        weight += gain * cv2.GaussianBlur(weights.astype(np.float64), (0, 0), sigma)
        gain *= _QUIETER
    return np.asarray(total / weight, np.float32)


def _enlarged(values: Map, side: int) -> Map:
    return np.asarray(cv2.resize(values, (side, side), interpolation=cv2.INTER_CUBIC), np.float32)
