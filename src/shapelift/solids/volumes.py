"""The connected components of a mesh: which are parts, which are artefacts, which are cavities."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Box, Mesh


def component_labels(mesh: Mesh) -> npt.NDArray[np.intp]:
    """Number `f` of the connected component that each face belongs to; faces are connected by shared vertices.

    Components are numbered from 0 in the order of their first vertex.
    """
    label = np.arange(len(mesh.vertices))
    a, b, c = mesh.faces.T.astype(np.intp)
    while True:
        lowest = np.minimum(np.minimum(label[a], label[b]), label[c])
        # Hang the trees of the three vertices below the lowest root among them, then shorten every path.
        before = label.copy()
        for corner in (a, b, c):
            np.minimum.at(label, label[corner], lowest)
        while True:
            shorter = label[label]
            if np.array_equal(shorter, label):
                break
            label = shorter
        if np.array_equal(before, label):
            break
    return np.unique(label[a], return_inverse=True)[1]


def component_volumes(mesh: Mesh, labels: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """Signed volume of every component: positive with outward faces, negative for the wall of a cavity."""
    corners = mesh.corners.astype(np.float64)
    if len(corners):
        corners -= corners.mean(axis=(0, 1))
    sixfold = np.einsum("fi,fi->f", corners[:, 0], np.cross(corners[:, 1], corners[:, 2]))
    return np.bincount(labels, weights=sixfold) / 6.0


def keep_volumes(mesh: Mesh, *, minimum_share: float = 0.01) -> Mesh:
    """The connected components of a closed mesh that one would print.

    Dropped are artefacts (components smaller than a share of the largest), walls of cavities (which fills them: a
    printer cannot reach them, and a mesh of an image cannot know them), and components inside others.

    Args:
        mesh: Closed, outward faces.
        minimum_share: Smallest volume that is kept, relative to the largest component; 0 keeps all.

    Returns:
        The mesh with the components that are kept, or the mesh itself where all are.

    Raises:
        ValueError: a share outside 0 to 1, or a mesh without any part of positive volume.
    """
    if not 0.0 <= minimum_share <= 1.0:
        raise ValueError(f"minimum_share lies between 0 and 1, got {minimum_share}")
    labels = component_labels(mesh)
    volumes = component_volumes(mesh, labels)
    if not len(volumes) or volumes.max() <= 0:
        raise ValueError("the mesh encloses no volume; are its faces turned inside out?")
    kept = np.flatnonzero((volumes > 0) & (volumes >= minimum_share * volumes.max()))
    kept = kept[np.argsort(-volumes[kept], kind="stable")]
    outer: list[Mesh] = []
    chosen = np.zeros(len(volumes), np.bool_)
    for part in kept:
        candidate = mesh if len(volumes) == 1 else selected_faces(mesh, labels == part)
        if not any(_encloses(larger, candidate) for larger in outer):
            outer.append(candidate)
            chosen[part] = True
    return mesh if chosen.all() else selected_faces(mesh, chosen[labels])


def selected_faces(mesh: Mesh, faces: npt.NDArray[np.bool_]) -> Mesh:
    """The faces of a mesh that are marked in `f` with the vertices they use."""
    corners = mesh.faces[faces]
    used = np.zeros(len(mesh.vertices), np.bool_)
    used[corners] = True
    place = np.cumsum(used) - 1
    colors = None if mesh.colors is None else mesh.colors[used]
    return Mesh(mesh.vertices[used], place[corners].astype(np.int32), colors)


def _encloses(outer: Mesh, inner: Mesh) -> bool:
    """Whether a closed part that does not cross `outer` lies inside it."""
    around: Box = outer.bounds
    if not around.contains(inner.vertices[0]):
        return False
    return winding_number(outer, inner.vertices[0]) > 0.5


def winding_number(mesh: Mesh, point: npt.ArrayLike) -> float:
    """How often a closed mesh goes around a point `3`: 1 inside, 0 outside.

    Sum of signed solid angles over 4 pi (van Oosterom and Strackee, "The solid angle of a plane triangle", 1983).
    """
    # Distances of vertices, not of corners: every vertex is the corner of about six triangles.
    offset = mesh.vertices.astype(np.float64) - np.asarray(point, np.float64)
    distance = np.sqrt(np.einsum("vi,vi->v", offset, offset))
    a, b, c = (offset[corner] for corner in mesh.faces.T)
    la, lb, lc = (distance[corner] for corner in mesh.faces.T)
    triple = np.einsum("fi,fi->f", a, np.cross(b, c))
    rest = la * lb * lc
    for first, second, length in ((a, b, lc), (b, c, la), (c, a, lb)):
        rest += np.einsum("fi,fi->f", first, second) * length
    return float(np.arctan2(triple, rest).sum() / (2.0 * np.pi))
