"""Size, and the frames of slicers and viewers. The world is right-handed with +Y up and front +Z."""

from __future__ import annotations

import numpy as np

from shapelift.geometry.meshes import Mesh
from shapelift.geometry.rotations import rotation_x, similarity

_MM_PER_METRE = 1000.0
DEFAULT_PRINT_SIZE_MM = 100.0
"""Longest side of a printable model when nobody says how large it is."""


def sized(mesh: Mesh, size_mm: float) -> Mesh:
    """The mesh scaled about the origin so that the longest side of its bounding box measures `size_mm`.

    Args:
        mesh: In any unit.
        size_mm: Wanted length, positive.

    Returns:
        The mesh in millimetres, in the same frame.

    Raises:
        ValueError: a size that is not positive, or a mesh without extent.
    """
    if not (np.isfinite(size_mm) and size_mm > 0):
        raise ValueError(f"size_mm must be a positive number of millimetres, got {size_mm}")
    if len(mesh.vertices) == 0:
        raise ValueError("an empty mesh has no size")
    vertices = mesh.vertices.astype(np.float64)
    longest = float(np.ptp(vertices, axis=0).max())
    if longest == 0:
        raise ValueError("all vertices are at one place, so the mesh has no size")
    return Mesh((vertices * (size_mm / longest)).astype(np.float32), mesh.faces, mesh.colors)


def to_print_frame(mesh: Mesh, size_mm: float = DEFAULT_PRINT_SIZE_MM) -> Mesh:
    """World frame to the frame of slicers: millimetres, Z up, resting on z = 0, centred on x = y = 0.

    The front of the object (+Z) turns to -Y, towards the person in front of the printer.

    Args:
        mesh: In the world frame, any unit.
        size_mm: Longest side of the result.

    Raises:
        ValueError: see `sized`.
    """
    turned = sized(mesh, size_mm).transformed(similarity(rotation_x(90.0), np.zeros(3), 1.0))
    low, high = turned.vertices.min(axis=0), turned.vertices.max(axis=0)
    shift = np.array([(low[0] + high[0]) / 2.0, (low[1] + high[1]) / 2.0, low[2]], np.float32)
    return Mesh(turned.vertices - shift, turned.faces, turned.colors)


def from_print_frame(mesh: Mesh) -> Mesh:
    """Z up to Y up; lengths stay as they are."""
    return mesh.transformed(similarity(rotation_x(-90.0), np.zeros(3), 1.0))


def to_gltf_frame(mesh: Mesh, size_mm: float | None = None) -> Mesh:
    """World frame to glTF: the axes are the same (+Y up, front +Z), the unit becomes the metre.

    Args:
        mesh: In the world frame. Without a size one unit is one metre, so a normalised object is 1 m long.
        size_mm: Longest side of the result in millimetres, or None to keep the coordinates as they are.

    Raises:
        ValueError: see `sized`.
    """
    if size_mm is None:
        return mesh
    return sized(mesh, size_mm / _MM_PER_METRE)
