"""What is added where a picture shows a part of the object and the network is not sure how deep it lies.

No part of the picture is lost: along a ray through the mask whose highest probability is low a solid is added around
the depth where the network thinks it most likely. It is as deep as the part is wide in the picture there: its
cross-section is a circle. Depths are smoothed along the part, so that a leg is a rod and not a row of fragments.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from shapelift.inference.ray_samples import CELLS, RaySamples, visible_at
from shapelift.inference.window_maps import Map, WindowMaps, signed_distance

_UNSURE = 0.6
"""A cell with a ray whose highest probability is below this is filled."""
_WIDEST = 0.12
"""Largest radius of an added solid, in windows."""
_REACH = 2.5 / 80.0
"""The radius is the largest distance to the outline within this distance, in windows."""
SMOOTHNESS, ALIKE = 0.025, 0.08
"""Standard deviations over which depths are smoothed, in windows: across the picture, and in depth, so that what lies
far behind stays there."""
_STEEPEST = 3.0
"""Largest slope of the depth that a solid is thickened for, which runs into the picture."""
_OVERLAP = 0.012
"""How far the solid goes on beyond the unsure part, into what the network is sure of, in windows."""
_FAINTEST = 0.15
"""A probability, and a ray's highest, below which the depth is left to the visible depth and to the neighbours."""
_THINNEST = 0.004
"""Smallest radius of an added solid, in windows."""

_Numbers = npt.NDArray[np.float64]

_RADIUS_PX = 128
"""Side of the maps of radii and of the border of the unsure part."""
_UNSURE_LOGIT = math.log(_UNSURE / (1.0 - _UNSURE))
_CLIP = 2.0
_WIDER = (1.0, 4.0, 16.0)
"""Scales of smoothing: farther neighbours speak where there are no nearer ones, each a thousand times more quietly."""
_QUIETER = 1e-3


@dataclass(frozen=True, eq=False)
class Fill:
    """The added solid.

    Attributes:
        maps: Radius and depth, the share of a length along w that is across the solid, and the distance to the border
            of the unsure part (positive in it); lengths in windows.
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
        radius, depth, shortening, unsure = self.maps(points).T
        # A circle in the plane of depth and the distance to the outline, which it touches.
        off_axis = np.maximum(radius - np.maximum(to_outline, 0.0), 0.0)
        inside = radius - np.hypot((points[:, 2] - depth) * shortening, off_axis)
        return np.asarray(np.minimum(inside, unsure + np.float32(_OVERLAP)), np.float32)

    @property
    def depths(self) -> Map:
        """The map of depths `s s`: where the middle of the solid lies, or would lie."""
        return self.maps.values[..., 1]

    def range(self, outline: Map) -> tuple[float, float]:
        """Least and largest w of the solid inside of an outline `s s`; the first above the second where it is empty."""
        radius, depth, shortening, unsure = np.moveaxis(self.maps.values, -1, 0)
        there = (outline > 0.0) & (unsure > -_OVERLAP)
        if not there.any():
            return np.inf, -np.inf
        reach = radius[there] / shortening[there]
        return float((depth[there] - reach).min()), float((depth[there] + reach).max())


def make_fill(rays: RaySamples, outline: Map, visible: Map | None = None) -> Fill:
    """What is to be added to a field.

    Args:
        rays: What the field says along the rays; at least one ray.
        outline: `s s` signed distance to the outline, in windows.
        visible: `r r` depth of the visible surface over the window where the model says it, or None. It speaks where a
            ray is unlikely everywhere.
    """
    side = len(outline)
    likely = rays.grid(rays.least)
    unsure = np.clip(_UNSURE_LOGIT - likely, -_CLIP, _CLIP)
    mask = rays.grid(1.0)
    # The border is as smooth as the cells are large: it needs no finer map.
    border = _enlarged(signed_distance(_enlarged(_smoothed(unsure, mask, 1.2 / CELLS), _RADIUS_PX)), side)
    radii = _radii(np.minimum(outline, border + np.float32(_OVERLAP)))
    depth = _depths(rays, radii, visible)
    down, across = np.gradient(_smoothed(depth, mask, SMOOTHNESS) * CELLS)
    shortening = 1.0 / np.sqrt(1.0 + np.minimum(down**2 + across**2, _STEEPEST**2))
    inside = outline > 0.0
    share = float((border[inside] > 0.0).mean()) if inside.any() else 0.0
    maps = np.stack([*(_enlarged(one, side) for one in (radii, depth, shortening)), border], axis=-1)
    return Fill(WindowMaps(np.ascontiguousarray(maps, np.float32)), share)


def _radii(inside: Map) -> Map:
    """Radius of the added solid, a map of `_RADIUS_PX`: the largest distance to the border of the part close by."""
    step = max(1, len(inside) // _RADIUS_PX)
    cut = len(inside) - len(inside) % step
    count = cut // step
    blocks = np.maximum(inside[:cut, :cut], 0.0).reshape(count, step, count, step).max(axis=(1, 3))
    reach = max(1, round(_REACH * count))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    widest = np.minimum(cv2.dilate(np.ascontiguousarray(blocks, np.float32), kernel), np.float32(_WIDEST))
    mask = (blocks > 0.0).astype(np.float32)
    return np.maximum(_smoothed(np.asarray(widest, np.float32), mask, 2.0 / count), np.float32(_THINNEST))


def _depths(rays: RaySamples, radii: Map, visible: Map | None) -> Map:
    """Where along w the object most likely is, a map of `CELLS`, smoothed along it."""
    probability = 0.5 * (1.0 + np.tanh(0.5 * rays.logits.astype(np.float64)))
    weight = probability**4
    total, moment = weight.sum(axis=1), weight @ rays.depths.astype(np.float64)
    if visible is not None:
        prior = _FAINTEST**4
        behind = visible_at(visible, rays.places) + WindowMaps(radii[..., None])(rays.places)[:, 0]
        total, moment = total + prior, moment + prior * np.clip(behind, rays.depths[0], rays.depths[-1])
    middle = moment / np.maximum(total, 1e-30)
    # What the network is sure of has no more to say on what it is not sure of than what it is nearly sure of.
    trust = np.clip(probability.max(axis=1), 1e-3, _UNSURE) ** 2
    if visible is not None:
        trust = np.maximum(trust, _FAINTEST**2)
    depth = _along_parts(rays, middle, trust)
    return _smoothed(rays.grid(depth), rays.grid(1.0), 0.5 / CELLS)


def _along_parts(rays: RaySamples, depth: _Numbers, trust: _Numbers) -> _Numbers:
    """Depths `n` at the centres of the cells, smoothed among neighbours of about the same depth.

    A bilateral filter (Tomasi and Manduchi, "Bilateral filtering for gray and color images", 1998) with weights `n`
    that fits planes instead of means: rays do not pass through the centres of their cells, and a part may run into the
    picture. Three rounds, each around the depths of the one before.
    """
    near, there = _neighbors(rays.cells)
    middle = np.stack([rays.cells % CELLS + 0.5, CELLS - 0.5 - rays.cells // CELLS], axis=1) / CELLS - 0.5
    right, up = np.moveaxis(rays.places.astype(np.float64)[near] - middle[:, None], 2, 0)
    still = there * trust[near] * np.exp(-(right**2 + up**2) / (2.0 * SMOOTHNESS**2))
    own = depth
    for _ in range(3):
        weight = still * np.exp(-0.5 * ((depth[near] - own[:, None]) / ALIKE) ** 2)
        total = np.maximum(weight.sum(axis=1), 1e-30)
        weight /= total[:, None]
        mean = (weight * depth[near]).sum(axis=1)
        at = np.stack([(weight * right).sum(axis=1), (weight * up).sum(axis=1)], axis=1)
        from_right, from_up = right - at[:, :1], up - at[:, 1:]
        change = np.stack([(weight * side * depth[near]).sum(axis=1) for side in (from_right, from_up)], axis=1)
        spread = np.empty((len(own), 2, 2))
        spread[:, 0, 0], spread[:, 1, 1] = (weight * from_right**2).sum(axis=1), (weight * from_up**2).sum(axis=1)
        spread[:, 0, 1] = spread[:, 1, 0] = (weight * from_right * from_up).sum(axis=1)
        # Where neighbours lie in a row nothing is known across it: there the plane is level.
        spread[:, (0, 1), (0, 1)] += 0.05 * SMOOTHNESS**2
        slope = np.linalg.solve(spread, change[..., None])[..., 0]
        own = mean - np.clip((slope * at).sum(axis=1), -ALIKE, ALIKE)
    return own


def _neighbors(cells: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Of every cell with a ray the rays of the cells around it, `n k`, and which of them there are."""
    reach = math.ceil(2.5 * SMOOTHNESS * CELLS)
    place = np.full((CELLS + 2 * reach,) * 2, -1)
    row, column = cells // CELLS, cells % CELLS
    place[row + reach, column + reach] = np.arange(len(cells))
    shift = np.arange(2 * reach + 1)
    near = place[row[:, None, None] + shift[:, None], column[:, None, None] + shift].reshape(len(cells), -1)
    return np.maximum(near, 0), near >= 0


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
