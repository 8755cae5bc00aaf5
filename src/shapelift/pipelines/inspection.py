"""What a file of a shape holds: what it says of itself, and what is measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shapelift.errors import Doubt, InputError
from shapelift.geometry import Mesh
from shapelift.io.mesh_formats import MESH_FORMATS
from shapelift.io.pointclouds import Scan, read_shape
from shapelift.io.shapes import READ_SUFFIXES, UNITS_MM, LoadedMesh, read_mesh, read_metadata

__all__ = ["inspect"]

_MOST_PLACES = 1 << 26
"""Where more would be looked at, which takes gigabytes, faces that pass through others are not counted."""

_STATED_MM = {"millimetre": 1.0, "metre": 1000.0}


def inspect(source: Path) -> dict[str, Any]:
    """Examine a file of a mesh or a point cloud; coordinates are taken as they stand in it.

    Args:
        source: Any file that `convert` reads.

    Returns:
        A report. `metadata` are what the file says, `unit` is mm, cm, m, in, or 1 where neither the format nor the
        file has one. Of a mesh vertices (equal places are one), faces, connected parts, size along x, y and z, area,
        volume (None unless it is closed and consistently oriented), faces that others pass through (None where to count
        them is too much work), and what keeps it from being printable; of points their number, size and what they have
        besides.

    Raises:
        InputError: the file cannot be read, or holds neither triangles nor points.
    """
    kind = source.suffix.lower().removeprefix(".")
    warnings: list[Doubt] = []
    metadata: dict[str, str] = {}
    mesh: LoadedMesh | None = None
    if source.suffix.lower() in READ_SUFFIXES:
        mesh = read_mesh(source, up_axis="y")
        warnings = [Doubt("read-loosely", f"{source}: {warning}") for warning in mesh.warnings]
        try:
            metadata = read_metadata(source)
        except InputError as error:
            warnings.append(Doubt("no-metadata", f"{error}; what it says of the mesh is left out"))
    if mesh is not None and not mesh.mesh.is_empty:
        found, unit_mm = _of_mesh(mesh), mesh.unit_mm
    else:
        shape = read_shape(source)
        if not isinstance(shape, Scan):
            raise InputError(f"{source}: holds no triangle; give a file with a surface")
        found, unit_mm = _of_points(shape), MESH_FORMATS[kind].unit_mm if kind in MESH_FORMATS else None
        warnings += [Doubt("read-loosely", f"{source}: {note}") for note in shape.notes]
    if unit_mm is None and metadata.get("generator", "").startswith("shapelift "):
        unit_mm = _STATED_MM.get(metadata.get("unit", ""))
    name = next((name for name, length in UNITS_MM.items() if length == unit_mm), None)
    return {
        "status": "ok",
        "file": str(source),
        "format": kind,
        "metadata": metadata,
        "unit": name or ("1" if unit_mm is None else f"{unit_mm:g} mm"),
        **found,
        "warnings": [doubt.to_mapping() for doubt in warnings],
    }


def _of_mesh(loaded: LoadedMesh) -> dict[str, Any]:
    from shapelift.solids import check
    from shapelift.solids.volumes import component_labels

    mesh = loaded.mesh
    report = check(mesh)
    solid = report.is_watertight and report.is_oriented
    return {
        "kind": "mesh",
        "vertices": len(mesh.vertices),
        "faces": len(mesh.faces),
        "parts": int(component_labels(mesh).max()) + 1,
        "size": _plain(np.ptp(mesh.vertices.astype(np.float64), axis=0)),
        "area": float(f"{report.area:.8g}"),
        "volume": float(f"{report.volume:.8g}") if solid else None,
        "closed": report.is_watertight,
        "oriented": report.is_oriented,
        "pierced_faces": _pierced(mesh),
        "printable": report.is_printable,
        "problems": list(report.problems),
        "colors": mesh.colors is not None,
    }


def _pierced(mesh: Mesh) -> int | None:
    from shapelift.solids import self_intersections

    try:
        return self_intersections(mesh, limit=_MOST_PLACES).pierced
    except ValueError:
        return None


def _of_points(scan: Scan) -> dict[str, Any]:
    points = scan.cloud.points.astype(np.float64) + scan.origin
    return {
        "kind": "points",
        "points": len(points),
        "not_finite": scan.not_finite,
        "minimum": _plain(points.min(axis=0), digits=12),
        "maximum": _plain(points.max(axis=0), digits=12),
        "size": _plain(np.ptp(scan.cloud.points.astype(np.float64), axis=0)),
        "normals": scan.cloud.normals is not None,
        "colors": scan.cloud.colors is not None,
    }


def _plain(values: npt.NDArray[np.float64], digits: int = 8) -> list[float]:
    return [float(f"{value:.{digits}g}") for value in values.tolist()]
