"""Faces of any number of corners as triangles."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

_FOLDED = 1e-9
"""Triangles of a fan that look the other way by more than this share of the polygon's area make it wrong."""


def triangulated(vertices: npt.NDArray[np.float64], corners: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """Triangles that cover polygons, in their order and orientation.

    A fan where that is right, as for every convex polygon; else the triangulation of manifold3d in the plane of the
    polygon. A fan through a concave face would cover what lies outside of it.

    Args:
        vertices: `v 3`.
        corners: `c`, vertices of the polygons, one after the other.
        counts: `p`, how many corners each has; those with fewer than three are left out.

    Returns:
        `t 3`, places in `corners`; and `t`, the polygon of each triangle.
    """
    starts = np.cumsum(counts) - counts
    triangles, owners = [np.zeros((0, 3), np.int64)], [np.zeros(0, np.int64)]
    for count in np.unique(counts[counts >= 3]).tolist():
        polygons = np.flatnonzero(counts == count)
        fan = np.array([(0, place, place + 1) for place in range(1, count - 1)], np.int64)
        made = starts[polygons, None, None] + fan
        if count > 3:
            for index in np.flatnonzero(_is_folded(vertices[corners[made]])).tolist():
                start = starts[polygons[index]]
                made[index] = start + _cut(vertices[corners[start : start + count]], fan)
        triangles.append(made.reshape(-1, 3))
        owners.append(np.repeat(polygons, count - 2))
    owner = np.concatenate(owners)
    order = np.argsort(owner, kind="stable")
    return np.concatenate(triangles)[order], owner[order]


def _is_folded(fans: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Whether a triangle of the fan looks against its polygon, for fans `p t 3 3`."""
    normals = np.cross(fans[:, :, 1] - fans[:, :, 0], fans[:, :, 2] - fans[:, :, 0])
    total = normals.sum(axis=1)
    along = np.einsum("ptk,pk->pt", normals, total)
    return np.asarray(along.min(axis=1) < -_FOLDED * np.einsum("pk,pk->p", total, total))


def _cut(points: npt.NDArray[np.float64], fan: Ints) -> Ints:
    """Triangles `t 3` of a polygon with corners `n 3`; the fan where nothing better is found."""
    from manifold3d import triangulate

    centred = points - points.mean(axis=0)
    normal = np.cross(centred, np.roll(centred, -1, axis=0)).sum(axis=0)
    # Two directions within the plane, so that with the normal they are right-handed.
    first = np.cross(np.eye(3)[np.abs(normal).argmin()], normal)
    plane = np.stack([first / np.linalg.norm(first), np.cross(normal, first) / np.linalg.norm(np.cross(normal, first))])
    found = np.asarray(triangulate([centred @ plane.T]), np.int64)
    return found if found.shape == fan.shape else fan
