"""How a body comes to rest on a plane."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shapelift.geometry.meshes import Mesh
from shapelift.geometry.rotations import rotation_z
from shapelift.geometry.topology import face_pairs

_EQUAL = 1e-4
"""Heights that differ by less than this share of the longest side count as one."""


def resting_rotation(mesh: Mesh) -> npt.NDArray[np.float64]:
    """The rotation `3 3` that puts a body into the stable pose with the lowest centre of mass, +Y up.

    A body rests on a face of its convex hull, stably where the centre of mass lies above the inside of that face. The
    face whose plane is nearest to the centre of mass always is such a one: the largest ball about the centre that fits
    into the hull touches it. So no other face need be looked at. Of several that are equally near, as on a box or a
    ball, the one that turns the body least is taken.

    Args:
        mesh: In any unit, of even density. Of a mesh that is not closed the centre of its hull is taken.

    Raises:
        ValueError: the mesh is empty or flat.
    """
    from scipy.spatial import ConvexHull, QhullError

    places = np.unique(mesh.corners.reshape(-1, 3), axis=0).astype(np.float64)
    try:
        hull = ConvexHull(places)
    except (QhullError, ValueError) as error:
        raise ValueError("a mesh that is empty or flat has no pose to rest in") from error
    if _is_closed(mesh):
        center = _center(mesh.corners.astype(np.float64))
    else:
        center = _center(hull.points[hull.simplices], convex=True)
    normals = hull.equations[:, :3]
    heights = -(normals @ center + hull.equations[:, 3])
    lowest = heights <= heights.min() + _EQUAL * float(np.ptp(places, axis=0).max())
    # The lowest of them now; rounded, so that noise does not choose between faces that need equal turns.
    candidates = normals[lowest]
    order = np.lexsort((*np.round(candidates.T[[0, 2]], 6), np.round(candidates[:, 1], 6)))
    return _turned_down(candidates[order[0]])


def _is_closed(mesh: Mesh) -> bool:
    try:
        face_pairs(mesh.faces)
    except ValueError:
        return False
    return mesh.volume != 0.0


def _center(corners: npt.NDArray[np.float64], *, convex: bool = False) -> npt.NDArray[np.float64]:
    """Centre `3` of the volume in closed faces `f 3 3`: the mean of tetrahedra on them, weighted by signed volume.

    The faces of a convex body may be turned either way.
    """
    apex = corners.mean(axis=(0, 1))
    a, b, c = np.moveaxis(corners - apex, 1, 0)
    sixfold = np.einsum("fi,fi->f", a, np.cross(b, c))
    return np.asarray(apex + np.average((a + b + c) / 4.0, axis=0, weights=np.abs(sixfold) if convex else sixfold))


def _turned_down(normal: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The least rotation `3 3` that takes a unit vector to -Y; Rodrigues' formula."""
    x, y, z = normal.tolist()
    if y > 1.0 - 1e-12:
        return rotation_z(180.0)
    # About the axis normal x -Y = (z, 0, -x), by an angle whose cosine is -y.
    cross = np.array([[0.0, x, 0.0], [-x, 0.0, -z], [0.0, z, 0.0]])
    return np.asarray(np.eye(3) + cross + cross @ cross / (1.0 - y))
