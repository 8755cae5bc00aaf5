"""Size, and the frames of slicers and viewers. The world is right-handed with +Y up and front +Z."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shapelift.errors import InputError
from shapelift.geometry.meshes import Mesh
from shapelift.geometry.resting import resting_rotation
from shapelift.geometry.rotations import rotation_x, similarity

DEFAULT_PRINT_SIZE_MM = 100.0
"""Longest side of a printable model when nobody says how large it is."""

ORIGINS = ("bottom", "center")
UPS = ("y", "z")


@dataclass(frozen=True, kw_only=True)
class Placement:
    """How an object stands in a file; what is not said is as its format has it.

    Attributes:
        rest: Whether it is turned into its lowest stable pose, see `resting_rotation`.
        origin: What lies at (0, 0, 0): "bottom", the middle of the bottom of the bounding box, or "center", its centre.
        up: Which axis points up, "y" or "z".

    Raises:
        InputError: another origin or axis.
    """

    rest: bool = False
    origin: str | None = None
    up: str | None = None

    def __post_init__(self) -> None:
        for name, value, known in (("origin", self.origin, ORIGINS), ("up", self.up, UPS)):
            if value is not None and value not in known:
                raise InputError(f"`{name}` {value}: unknown; give {' or '.join(known)}")


AS_THE_FORMAT = Placement()
"""Nothing said: turned, moved and sized as the format has it."""


def rested(mesh: Mesh) -> Mesh:
    """The mesh in its lowest stable pose, +Y up; see `resting_rotation`.

    Raises:
        ValueError: see `resting_rotation`.
    """
    return mesh.transformed(similarity(resting_rotation(mesh)))


def moved_to(mesh: Mesh, origin: str, *, z_up: bool) -> Mesh:
    """The mesh moved so that the bottom or the centre of its bounding box lies at 0.

    Args:
        mesh: Not empty.
        origin: One of `ORIGINS`.
        z_up: Whether +Z points up, else +Y.
    """
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    shift = (low + high) / np.float32(2.0)
    if origin == "bottom":
        shift[2 if z_up else 1] = low[2 if z_up else 1]
    return Mesh(mesh.vertices - shift, mesh.faces, mesh.colors)


def to_z_up(mesh: Mesh) -> Mesh:
    """Y up to Z up; the front (+Z) turns to -Y, towards the person in front of a printer."""
    return mesh.transformed(similarity(rotation_x(90.0)))


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


def from_print_frame(mesh: Mesh) -> Mesh:
    """Z up to Y up; lengths stay as they are."""
    return mesh.transformed(similarity(rotation_x(-90.0), np.zeros(3), 1.0))
