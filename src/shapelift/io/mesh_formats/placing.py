"""Triangles where a scene puts them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shapelift.geometry import transform_points
from shapelift.io.mesh_formats.files import UnreadableMeshError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def placed_triangles(matrix: Floats, vertices: Floats, faces: Ints) -> tuple[Floats, Ints]:
    """Triangles put somewhere; a mirroring matrix turns them over, so that they face outward still.

    Args:
        matrix: `4 4`.
        vertices: `v 3`.
        faces: `f 3`, at least one.

    Returns:
        Vertices `v 3` and faces `f 3`.

    Raises:
        UnreadableMeshError: a face points at a vertex that does not exist.
    """
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise UnreadableMeshError("a face points at a vertex that does not exist")
    mirrored = np.linalg.det(matrix[:3, :3]) < 0
    return transform_points(matrix, vertices), faces[:, [0, 2, 1]] if mirrored else faces
