"""How the triangles of a mesh are connected: edges, neighbouring faces, and finer meshes of the same kind."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shapelift.geometry.meshes import Mesh

Indices = npt.NDArray[np.int64]


def unique_edges(faces: npt.ArrayLike) -> Indices:
    """Every edge once, `e 2`, the lower vertex first, in ascending order.

    Args:
        faces: `f 3`, indices of vertices.
    """
    return _edges_of_sides(np.asarray(faces, np.int64))[0]


def face_pairs(faces: npt.ArrayLike) -> Indices:
    """The two faces of every edge, `e 2`, in the order of `unique_edges`.

    Args:
        faces: `f 3` of a closed mesh.

    Raises:
        ValueError: an edge that does not belong to exactly two faces.
    """
    edges, side = _edges_of_sides(np.asarray(faces, np.int64))
    if len(side) != 2 * len(edges) or (np.bincount(side, minlength=len(edges)) != 2).any():
        raise ValueError("the mesh is not closed: not every edge belongs to two faces")
    return np.asarray(np.argsort(side, kind="stable").reshape(-1, 2) // 3, np.int64)


def euler_characteristic(mesh: Mesh) -> int:
    """Vertices - edges + faces: 2 for everything that can be blown up to a sphere."""
    return len(mesh.vertices) - len(unique_edges(mesh.faces)) + len(mesh.faces)


def split_faces(faces: npt.ArrayLike, vertices: int) -> tuple[Indices, Indices]:
    """Edge-midpoint unpooling as indices: a vertex on every edge, four faces in the place of each.

    The new vertices follow the old ones, in the order of the edges. Orientation is kept, and with it closedness and
    the Euler characteristic.

    Args:
        faces: `f 3`.
        vertices: How many there are before.

    Returns:
        The edges `e 2` whose midpoints the new vertices are, and the new faces `4f 3`: of every old face its three
        corners in turn, then its middle.

    Source: Wang et al., "Pixel2Mesh", ECCV 2018, section 3.5.
    """
    corners = np.asarray(faces, np.int64)
    edges, side = _edges_of_sides(corners)
    middle = vertices + side.reshape(-1, 3)  # on the sides from each corner to the next
    at_corners = [np.stack([corners[:, i], middle[:, i], middle[:, i - 1]], axis=1) for i in range(3)]
    return edges, np.stack([*at_corners, middle], axis=1).reshape(-1, 3)


def unpool(mesh: Mesh) -> Mesh:
    """The same surface with a vertex at the middle of every edge and four faces in the place of each; no colours."""
    edges, faces = split_faces(mesh.faces, len(mesh.vertices))
    vertices = np.concatenate([mesh.vertices, mesh.vertices[edges].mean(axis=1)])
    return Mesh(vertices.astype(np.float32), faces.astype(np.int32))


def _edges_of_sides(faces: Indices) -> tuple[Indices, Indices]:
    """All edges `e 2`, and which of them each side `3f` of a face is: corners 0-1, 1-2 and 2-0 in turn."""
    sides = np.sort(np.stack([faces, np.roll(faces, -1, axis=1)], axis=2).reshape(-1, 2), axis=1)
    edges, side = np.unique(sides, axis=0, return_inverse=True)
    return edges, side.reshape(-1)
