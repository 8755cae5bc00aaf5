"""Distance from points to the surface of a mesh: to its triangles, not to samples of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Mesh
from shapelift.geometry.neighbours import nearest_tree
from shapelift.metrics.nearest import checked_points

_SAMPLES = 30_000
_CANDIDATES = 4
_CHUNK = 50_000

Array = npt.NDArray[np.float64]


class SurfaceDistance:
    """The distance to a mesh as a function of points.

    Samples spread over the surface find the triangles near a point, and the distance to the nearest of those is exact.
    So what is returned is never too small, 0 at vertices and edges, and too large only where a triangle that has no
    sample near the point is nearer than those that have: by less than the distance between samples, the square root of
    area / 30,000.

    Args:
        mesh: The surface, in any unit.

    Raises:
        ValueError: a mesh without area.
    """

    def __init__(self, mesh: Mesh) -> None:
        if not mesh.area > 0.0:
            raise ValueError("the mesh has no area, so nothing has a distance to it")
        self._corners = mesh.corners.astype(np.float64)
        samples, self._face = _spread(self._corners, mesh.face_areas)
        self._tree = nearest_tree(samples)

    def __call__(self, points: npt.ArrayLike) -> Array:
        """Distances `n` of points `n 3`, unsquared.

        Raises:
            ValueError: another shape, or values that are not finite.
        """
        points = checked_points("points", points)
        parts = [self._part(points[start : start + _CHUNK]) for start in range(0, len(points), _CHUNK)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _part(self, points: Array) -> Array:
        _, index = self._tree.query(points, min(_CANDIDATES, len(self._face)))
        faces = self._face[index.reshape(len(points), -1)]
        squared = triangle_distance_squared(np.repeat(points, faces.shape[1], axis=0), self._corners[faces.ravel()])
        return np.asarray(np.sqrt(squared.reshape(faces.shape).min(axis=1)))


def triangle_distance_squared(points: Array, corners: Array) -> Array:
    """Squared distances `n` from points `n 3` to one triangle `n 3 3` each; triangles may be degenerate.

    To the plane where the point lies over the triangle, else to the nearest of the three edges.
    """
    best = np.full(len(points), np.inf)
    for first, second in ((0, 1), (1, 2), (2, 0)):
        start, along = corners[:, first], corners[:, second] - corners[:, first]
        length = np.einsum("ni,ni->n", along, along)
        share = np.einsum("ni,ni->n", points - start, along) / np.where(length > 0.0, length, 1.0)
        away = points - start - np.clip(share, 0.0, 1.0)[:, None] * along
        best = np.minimum(best, np.einsum("ni,ni->n", away, away))
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.einsum("ni,ni->n", normal, normal)
    over = area > 0.0
    for first, second in ((0, 1), (1, 2), (2, 0)):
        inward = np.cross(normal, corners[:, second] - corners[:, first])
        over &= np.einsum("ni,ni->n", points - corners[:, first], inward) >= 0.0
    height = np.einsum("ni,ni->n", points - corners[:, 0], normal)
    return np.where(over, np.minimum(best, height**2 / np.where(area > 0.0, area, 1.0)), best)


def _spread(corners: Array, areas: Array) -> tuple[Array, npt.NDArray[np.int64]]:
    """Corners and centres of all faces and a random spread over large ones, with the face of each."""
    count = len(corners)
    rng = np.random.default_rng(0)
    face = rng.choice(count, _SAMPLES, p=areas / areas.sum())
    root, other = np.sqrt(rng.random(_SAMPLES)), rng.random(_SAMPLES)
    weights = np.stack([1.0 - root, root * (1.0 - other), root * other], axis=1)
    samples = np.concatenate(
        [corners.reshape(-1, 3), corners.mean(axis=1), np.einsum("nk,nkd->nd", weights, corners[face])]
    )
    every = np.arange(count)
    return samples, np.concatenate([np.repeat(every, 3), every, face])
