"""Where the rays through the centres of pixels pass a mesh: what a camera sees of it, its outline and thickness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Camera, Mesh

_CHUNK = 4_000_000
"""Pairs of a triangle and a pixel of its bounding rectangle that are looked at together."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class FirstHits:
    """What a camera sees of a mesh.

    Attributes:
        depth: `h w` along the optical axis, infinite where there is nothing.
        faces: `h w` indices of the triangles, -1 where there is nothing.
        weights: `h w 3`, shares of the corners of the triangle in the place that is seen.
    """

    depth: npt.NDArray[np.float64]
    faces: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Crossings:
    """All passages of rays through triangles, in no order.

    Attributes:
        pixels: `n` flat indices of the pixels, row by row.
        depths: `n` depth along the optical axis.
        entering: `n`, whether the face is seen from its outside.
        faces: `n` indices of the triangles.
        weights: `n 3`, shares of the corners of its triangle in the place that is passed, in space.
        shape: (height, width) of the image.
    """

    pixels: npt.NDArray[np.int64]
    depths: npt.NDArray[np.float64]
    entering: Mask
    faces: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]
    shape: tuple[int, int]

    def silhouette(self) -> Mask:
        """The pixels `h w` whose ray meets the mesh."""
        seen = np.zeros(self.shape[0] * self.shape[1], np.bool_)
        seen[self.pixels] = True
        return seen.reshape(self.shape)

    def first(self) -> FirstHits:
        """What every ray meets first."""
        order = np.lexsort((self.depths, self.pixels))
        pixels, where = np.unique(self.pixels[order], return_index=True)
        nearest = order[where]
        count = self.shape[0] * self.shape[1]
        depth, faces, weights = np.full(count, np.inf), np.full(count, -1, np.int64), np.zeros((count, 3))
        depth[pixels], faces[pixels], weights[pixels] = self.depths[nearest], self.faces[nearest], self.weights[nearest]
        return FirstHits(depth.reshape(self.shape), faces.reshape(self.shape), weights.reshape(*self.shape, 3))

    def thickness(self) -> npt.NDArray[np.float64]:
        """Depth `h w` from where a ray enters a closed mesh to where it first leaves it again; 0 where it never does.

        A part that begins inside another one is not told apart: the first exit counts.
        """
        count = self.shape[0] * self.shape[1]
        first = np.full(count, np.inf)
        np.minimum.at(first, self.pixels[self.entering], self.depths[self.entering])
        leaving = ~self.entering & (self.depths > first[self.pixels])
        last = np.full(count, np.inf)
        np.minimum.at(last, self.pixels[leaving], self.depths[leaving])
        both = np.isfinite(first) & np.isfinite(last)
        return np.where(both, np.where(both, last, 0.0) - np.where(both, first, 0.0), 0.0).reshape(self.shape)


def pixel_crossings(mesh: Mesh, camera: Camera) -> Crossings:
    """Pass a ray through the centre of every pixel of a camera.

    Triangles with a corner at or behind a perspective camera are left out. A centre that lies exactly on an edge counts
    for both triangles.

    Args:
        mesh: In the world of the camera.
        camera: Its image size says which pixels there are.
    """
    width, height = camera.image_size_px
    with np.errstate(invalid="ignore"):
        pixels, depths = camera.project(mesh.vertices)
    before = np.arange(len(mesh.faces))
    if camera.projection == "perspective":
        before = np.flatnonzero((depths[mesh.faces] > 0.0).all(axis=1))
    corners, depth = pixels[mesh.faces[before]], depths[mesh.faces[before]]
    low = np.maximum(np.ceil(corners.min(axis=1) - 0.5), 0.0)
    high = np.minimum(np.floor(corners.max(axis=1) - 0.5), (width - 1, height - 1))
    extent = np.maximum(high - low + 1, 0.0).astype(np.int64)
    many = extent[:, 0] * extent[:, 1]
    order = np.flatnonzero(many)
    total = np.cumsum(many[order])
    found = []
    start = 0
    while start < len(order):
        covered = total[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(total, covered + _CHUNK, side="right")))
        chosen = order[start:stop]
        place, owner, *rest = _crossings(camera, corners[chosen], depth[chosen], low[chosen], extent[chosen])
        found.append((place, before[chosen[owner]], *rest))
        start = stop
    if not found:
        nothing = np.zeros(0, np.int64)
        return Crossings(nothing, np.zeros(0), np.zeros(0, np.bool_), nothing, np.zeros((0, 3)), (height, width))
    place, faces, between, entering, weights = (np.concatenate(part) for part in zip(*found, strict=True))
    return Crossings(place, between, entering, faces, weights, (height, width))


def _crossings(
    camera: Camera,
    corners: npt.NDArray[np.float64],
    depth: npt.NDArray[np.float64],
    low: npt.NDArray[np.float64],
    extent: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64], Mask, npt.NDArray[np.float64]]:
    """Pixels, triangles, depths, sides and weights of the rays through triangles with bounding rectangles at `low`."""
    many = extent[:, 0] * extent[:, 1]
    owner = np.repeat(np.arange(len(many)), many)
    within = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    column = low[owner, 0] + within % extent[owner, 0]
    row = low[owner, 1] + within // extent[owner, 0]
    sides = []
    for first, second in ((1, 2), (2, 0), (0, 1)):
        start, end = corners[owner, first], corners[owner, second]
        across, along = (end - start).T
        sides.append(across * (row + 0.5 - start[:, 1]) - along * (column + 0.5 - start[:, 0]))
    least, most = np.minimum.reduce(sides), np.maximum.reduce(sides)
    hit = np.flatnonzero(((least >= 0.0) | (most <= 0.0)) & (least != most))
    weights = np.stack([side[hit] for side in sides], axis=1)
    area = weights.sum(axis=1)
    weights /= area[:, None]
    own = depth[owner[hit]]
    # Along a straight line on the image of a perspective camera the inverse of the depth is what grows evenly.
    if camera.projection == "orthographic":
        between = (weights * own).sum(axis=1)
    else:
        weights /= own
        between = 1.0 / weights.sum(axis=1)
        weights *= between[:, None]
    place = (row[hit] * camera.image_size_px[0] + column[hit]).astype(np.int64)
    # Counter-clockwise faces seen from outside turn clockwise in an image whose rows go down.
    return place, owner[hit], between, area < 0.0, weights
