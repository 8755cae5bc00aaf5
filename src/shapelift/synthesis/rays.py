"""Ray casting against triangles (Embree) with the one quantity the labels need: signed crossings.

A ray from a point to infinity leaves every closed, outward-facing surface one time more than it enters it, once per
solid that encloses the point. The sum over all hits, +1 for leaving and -1 for entering, is therefore the winding
number of the surface around the point, in any direction (the classic argument; see Jacobson, Kavan, Sorkine-Hornung,
"Robust inside-outside segmentation using generalized winding numbers", 2013). For an open surface the sum depends on
the direction, and its mean over all directions is the generalized winding number.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError

TRAIN_EXTRA = "the optional packages for making training data are missing ({name}); run: pip install 'shapelift[train]'"

_STEP = 1e-6  # how far beyond a hit the ray goes on, in units of the longest side; float32 resolves 6e-8 at 0.5
_MAX_HITS = 512

CHUNK_POINTS = 1 << 16
"""Points to handle at a time: the arrays of a chunk stay in the cache."""


def _tilted_axes() -> npt.NDArray[np.float64]:
    """The six axis directions, turned a little: modelled objects are full of faces parallel to the axes."""
    axes = np.array([[1.0, 0.0371, 0.0213], [-0.0291, 1.0, 0.0433], [0.0317, -0.0259, 1.0]])
    table = np.concatenate([axes, -axes[:, [0, 1, 2]] * [[1.0, 0.7, 1.3], [1.3, 1.0, 0.7], [0.7, 1.3, 1.0]]])
    return np.asarray(table / np.linalg.norm(table, axis=1, keepdims=True))


DIRECTIONS = _tilted_axes()
"""Unit directions `6 3`: near +x +y +z -x -y -z."""


class RayScene:
    """Triangles in a ray-casting structure, in their own frame and unit.

    Args:
        vertices: `v 3`.
        faces: `f 3`, at least one.

    Raises:
        InputError: embreex is not installed.
        ValueError: no faces.
    """

    def __init__(self, vertices: npt.NDArray[np.float64], faces: npt.NDArray[np.int64]) -> None:
        try:
            from embreex.mesh_construction import TriangleMesh
            from embreex.rtcore_scene import EmbreeScene
        except ImportError as error:
            raise InputError(TRAIN_EXTRA.format(name="embreex")) from error
        if not len(faces):
            raise ValueError("rays need at least one face")
        used = vertices[np.unique(faces)]
        low, high = used.min(axis=0), used.max(axis=0)
        self._center = (low + high) / 2.0
        self._scale = 1.0 / max(float((high - low).max()), 1e-30)
        self._half = (high - low) / 2.0 * self._scale
        local = (vertices - self._center) * self._scale
        corners = local[faces]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        self._signs = np.where(DIRECTIONS @ normals.T >= 0, 1, -1).astype(np.int8)
        self._scene = EmbreeScene(robust=True)
        self._geometry = TriangleMesh(
            self._scene, np.ascontiguousarray(local, np.float32), np.ascontiguousarray(faces, np.int32)
        )

    def local(self, points: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Points `n 3` in the frame of the structure: box centred at 0, longest side 1."""
        return np.ascontiguousarray((np.asarray(points) - self._center) * self._scale, np.float32)

    def escapes(self, origins: npt.ArrayLike, directions: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether rays from `origins` `n 3` along `directions` `n 3` leave without hitting anything, `n`."""
        hits = self._scene.run(self.local(origins), np.ascontiguousarray(directions, np.float32))
        return np.asarray(hits < 0)

    def exits(self, local: npt.NDArray[np.float32]) -> npt.NDArray[np.int8]:
        """Indices into DIRECTIONS, `n 6`, of the ways out of the box for local points `n 3`, shortest first."""
        distances = np.concatenate([self._half - local, self._half + local], axis=1)
        return np.argsort(distances, axis=1).astype(np.int8)

    def inside_box(self, local: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
        """Whether local points `n 3` lie in the bounding box, `n`."""
        return np.asarray((np.abs(local) <= self._half).all(axis=1))

    def crossings(self, local: npt.NDArray[np.float32], direction: npt.NDArray[np.int8]) -> npt.NDArray[np.int32]:
        """Surfaces left minus surfaces entered by the ray from each local point to infinity.

        Args:
            local: Points `n 3` in the frame of the structure.
            direction: `n`, indices into DIRECTIONS.

        Returns:
            `n` int32.
        """
        count = np.zeros(len(local), np.int32)
        live = np.arange(len(local))
        ways = DIRECTIONS.astype(np.float32)
        for _ in range(_MAX_HITS):
            along = ways[direction]
            hits = self._scene.run(local, along, output=True)
            hit = np.flatnonzero(hits["primID"] >= 0)
            if not len(hit):
                break
            face, direction, live = hits["primID"][hit], direction[hit], live[hit]
            count[live] += self._signs[direction, face]
            local = local[hit] + along[hit] * (hits["tfar"][hit] + np.float32(_STEP))[:, None]
        return count

    def inside_closed(self, points: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether points `n 3` have a positive winding number where all surfaces are closed, `n`.

        Two rays per point; where they disagree three more decide by majority.
        """
        points = np.asarray(points)
        result = np.zeros(len(points), bool)
        for start in range(0, len(points), CHUNK_POINTS):
            local = self.local(points[start : start + CHUNK_POINTS])
            rows = np.flatnonzero(self.inside_box(local))
            local = local[rows]
            ways = self.exits(local)
            inside = self.crossings(local, ways[:, 0]) > 0
            doubt = np.flatnonzero((self.crossings(local, ways[:, 1]) > 0) != inside)
            votes = np.ones(len(doubt), np.int64)  # one for, one against so far
            for way in (2, 3, 4):
                votes += self.crossings(local[doubt], ways[doubt, way]) > 0
            inside[doubt] = votes >= 3
            result[start + rows] = inside
        return result
