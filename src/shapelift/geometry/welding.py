"""Vertices at the same place."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shapelift.geometry.meshes import Mesh


def coincident(points: npt.NDArray[np.float32]) -> npt.NDArray[np.intp]:
    """For every point `n 3` the index `n` of the first point at exactly the same place; 0 and -0 are the same."""
    if len(points) == 0:
        return np.zeros(0, np.intp)
    points = points + np.float32(0.0)
    order = np.lexsort(points.T)
    ordered = points[order]
    fresh = np.ones(len(points), np.bool_)
    fresh[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    # lexsort is stable, so the first of each run has the smallest index.
    first = order[fresh]
    result = np.empty(len(points), np.intp)
    result[order] = first[np.cumsum(fresh) - 1]
    return result


def welded(mesh: Mesh) -> Mesh:
    """The mesh with one vertex per place, without unused vertices and without faces that name a vertex twice.

    This is what a reader of a file without shared vertices, such as STL, sees. Of the colours at one place the first
    stays.
    """
    faces = coincident(mesh.vertices)[mesh.faces]
    a, b, c = faces.T
    faces = faces[(a != b) & (b != c) & (c != a)]
    used = np.zeros(len(mesh.vertices), np.bool_)
    used[faces] = True
    place = np.cumsum(used) - 1
    colors = None if mesh.colors is None else mesh.colors[used]
    return Mesh(mesh.vertices[used], place[faces].astype(np.int32), colors)
