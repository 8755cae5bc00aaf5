"""Implicit fields to meshes."""

from __future__ import annotations

from shapelift.geometry import ImplicitField, Mesh
from shapelift.meshing.isosurface import isosurface
from shapelift.meshing.sampling import sample_grid


def mesh_field(field: ImplicitField, *, resolution: int = 128, start_spacing: int | None = None) -> Mesh:
    """The surface at logit 0, sampled only where it is.

    Args:
        field: Positive inside.
        resolution: Cells on the longest side of the box, or along the window of a field in a picture; nodes span the
            box exactly.
        start_spacing: See `sample_grid`.

    Returns:
        A closed mesh with outward faces in the world of the field. A solid that reaches the wall of the box is closed
        there, 2 % of a cell outside.

    Raises:
        ValueError: the field is nowhere positive, or the resolution is below 1.
    """
    grid = sample_grid(field, resolution, start_spacing=start_spacing)
    return field.placed(isosurface(grid.values, grid.origin, grid.spacing))
