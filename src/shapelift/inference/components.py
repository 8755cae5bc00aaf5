"""Which small connected components of a result stay: those that one sees in the picture."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Camera, Mesh
from shapelift.solids.volumes import component_labels, component_volumes, selected_faces

_MOST_CELLS = 64
"""The window is divided into at most so many cells along each side."""
_FEWEST_SEEN = 2
"""A small component stays where it shows in so many cells that nothing larger covers."""


def without_hidden_components(mesh: Mesh, camera: Camera, *, minimum_share: float, resolution: int) -> Mesh:
    """Drop small components before or behind larger ones; keep those without which the silhouette would lack some.

    Args:
        mesh: Closed, with vertices about a cell of the grid apart, as marching cubes makes it.
        camera: Of the picture.
        minimum_share: A component with this share of the volume of the largest is not small.
        resolution: Cells along the window of the grid that the mesh comes from.

    Returns:
        The mesh without the dropped components and without cavities, or the mesh itself.
    """
    labels = component_labels(mesh)
    volumes = component_volumes(mesh, labels)
    if len(volumes) <= 1 or volumes.max() <= 0.0:
        return mesh
    cells = _cells(mesh, camera, max(8, min(_MOST_CELLS, resolution // 2)))
    part = np.zeros(len(mesh.vertices), np.intp)
    part[mesh.faces.reshape(-1)] = np.repeat(labels, 3)
    kept = volumes >= minimum_share * volumes.max()
    covered = np.unique(cells[kept[part]])
    for small in np.argsort(-volumes, kind="stable"):
        if kept[small] or volumes[small] <= 0.0:
            continue
        shown = np.unique(cells[part == small])
        if len(np.setdiff1d(shown, covered, assume_unique=True)) >= _FEWEST_SEEN:
            kept[small] = True
            covered = np.union1d(covered, shown)
    return mesh if kept.all() else selected_faces(mesh, kept[labels])


def _cells(mesh: Mesh, camera: Camera, count: int) -> npt.NDArray[np.int64]:
    """The cell of the window that every vertex is seen in, `v`."""
    pixels, _ = camera.project(mesh.vertices)
    place = np.clip(pixels / camera.image_size_px * count, 0, count - 1).astype(np.int64)
    return np.asarray(place[:, 1] * count + place[:, 0])
