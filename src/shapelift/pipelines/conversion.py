"""Point clouds to closed meshes, meshes to other formats."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from shapelift._version import __version__
from shapelift.errors import Doubt, InputError
from shapelift.geometry import Mesh, PointCloud, transform_points
from shapelift.geometry.placement import AS_THE_FORMAT, Placement
from shapelift.inference.limits import check_resolution, check_size_mm
from shapelift.io.mesh_formats import MESH_FORMATS
from shapelift.io.pointclouds import Scan, read_shape
from shapelift.io.shapes import DEFAULT_UNIT, FORMATS, READ_SUFFIXES, UNITS_MM, read_mesh, upright, write_mesh
from shapelift.meshing.outliers import without_lone_points
from shapelift.pipelines.jobs import check_targets

__all__ = ["convert"]

_SMALLEST_PART = 0.001
"""Parts with less than this share of the largest part's volume are dust between the points. A photographed object may
consist of several parts, so the bar is far lower than for what a network sees."""

_NORMALIZED_MM = 1.5
"""A mesh without a unit that would be no longer is more likely one of length 1 than one so small."""


def convert(
    source: Path,
    target: Path,
    *,
    resolution: int = 128,
    size_mm: float | None = None,
    unit: str | None = None,
    up_axis: str | None = None,
    placement: Placement = AS_THE_FORMAT,
) -> dict[str, Any]:
    """Turn a point cloud into a closed mesh, or a mesh into another format, in its size.

    Args:
        source: The file that is read.
        target: The mesh that is written; its suffix says the format.
        resolution: Cells on the longest side of a point cloud.
        size_mm: Longest side in millimetres, None for the size of the source.
        unit: Unit of the coordinates of the source, mm, cm, m or in, where its format has none: OBJ, OFF, PLY and XYZ.
            None for millimetres.
        up_axis: Which axis of the source points up, x, y, z, -x, -y or -z; None for y, and z of STL and 3MF.
        placement: How it stands in the target, where not as its format has it.

    Returns:
        A report: files, counts, size in the file that was written, in millimetres, warnings, seconds. Of points also
        what was left out, and the `origin` that coordinates of the mesh are relative to, where those of the file lie
        far off.

    Raises:
        InputError: one of the arguments cannot be used, or no solid can be made.
    """
    check_resolution(resolution)
    check_size_mm(size_mm)
    if unit is not None and unit not in UNITS_MM:
        raise InputError(f"`unit` {unit}: unknown; give one of {', '.join(UNITS_MM)}")
    if up_axis is not None:
        upright(up_axis)
    _check_target(source, target)
    from shapelift.solids import check

    start = time.perf_counter()
    loaded = _loaded(source, up_axis)
    unit_mm = _unit_mm(source, loaded, unit)
    read = time.perf_counter()
    metadata = {"generator": f"shapelift {__version__}", "source": source.name}
    warnings = [Doubt("read-loosely", f"{source}: {warning}") for warning in loaded.warnings]
    kind: dict[str, Any] = {"kind": "mesh"}
    shape = loaded.shape
    if isinstance(shape, Scan):
        moved = placement.rest or placement.origin is not None
        cloud, outliers = without_lone_points(shape.cloud)
        mesh = _solid(source, cloud, resolution)
        normals = "estimated" if cloud.normals is None else "given"
        kind = {"kind": "points", "points": len(cloud), "normals": normals}
        kind |= {"not_finite": shape.not_finite, "outliers": outliers, "origin": shape.origin.tolist()}
        metadata |= {"points": str(len(cloud)), "normals": normals, "resolution": str(resolution)}
        if shape.origin.any() and not moved:
            metadata["origin"] = _place(shape)
        warnings += _doubts(source, shape, outliers, moved=moved)
    else:
        mesh = shape
        problems = check(mesh).problems
        if problems:
            line = f"{source}: is no printable solid ({', '.join(problems)}); its triangles stay as they are"
            warnings.append(Doubt("not-printable", line))
        longest = unit_mm * float(np.ptp(mesh.vertices, axis=0).max())
        if size_mm is None and unit is None and loaded.unit_mm is None and longest <= _NORMALIZED_MM:
            line = f"{source}: has no unit and is taken to be {longest:.3g} mm long; say its `unit` or `size_mm`"
            warnings.append(Doubt("no-unit", line))
    meshed = time.perf_counter()
    written = write_mesh(target, mesh, metadata=metadata, size_mm=size_mm, unit_mm=unit_mm, placement=placement)
    return {
        "status": "ok",
        "input": str(source),
        **kind,
        "files": [str(path) for path in written.files],
        "vertices": len(mesh.vertices),
        "faces": len(mesh.faces),
        **written.in_mm().report(),
        "warnings": [doubt.to_mapping() for doubt in warnings],
        "seconds": {
            "read": round(read - start, 3),
            "mesh": round(meshed - read, 3),
            "write": round(time.perf_counter() - meshed, 3),
        },
    }


@dataclass(frozen=True)
class _Loaded:
    """What a source holds, +Y up, and the length of its unit in millimetres where it has one."""

    shape: Mesh | Scan
    unit_mm: float | None
    warnings: tuple[str, ...] = ()


def _loaded(source: Path, up_axis: str | None) -> _Loaded:
    """The triangles of a file, or its points where it has none; +Y up."""
    if source.suffix.lower() in READ_SUFFIXES:
        found = read_mesh(source, up_axis=up_axis)
        if not found.mesh.is_empty:
            return _Loaded(found.mesh, found.unit_mm, found.warnings)
    shape = read_shape(source)
    if isinstance(shape, Mesh):
        raise InputError(f"{source}: holds no triangle; give a file with a surface")
    form = MESH_FORMATS.get(source.suffix.lower().removeprefix("."))
    return _Loaded(_turned(shape, up_axis), None if form is None else form.unit_mm)


def _turned(scan: Scan, up_axis: str | None) -> Scan:
    if up_axis is None:
        return scan
    turn, cloud = upright(up_axis), scan.cloud
    normals = None if cloud.normals is None else transform_points(turn, cloud.normals).astype(np.float32)
    turned = PointCloud(transform_points(turn, cloud.points).astype(np.float32), normals, cloud.colors)
    return replace(scan, cloud=turned, origin=transform_points(turn, scan.origin))


def _unit_mm(source: Path, loaded: _Loaded, unit: str | None) -> float:
    """Length of a unit of the source in millimetres: its own, else what was said."""
    if loaded.unit_mm is None:
        return UNITS_MM[unit or DEFAULT_UNIT]
    if unit is not None and UNITS_MM[unit] != loaded.unit_mm:
        raise InputError(
            f"`unit` {unit}: the unit of {source} is {loaded.unit_mm:g} mm by itself; leave it out, or give `size_mm`"
        )
    return loaded.unit_mm


def _check_target(source: Path, target: Path) -> None:
    if target.suffix.lower().removeprefix(".") not in FORMATS:
        raise InputError(f"{target}: unknown format {target.suffix}; end it in one of .{', .'.join(FORMATS)}")
    if not source.exists():
        raise InputError(f"{source}: no such file; check the name and the folder")
    check_targets([target], [source])


def _doubts(source: Path, scan: Scan, outliers: int, *, moved: bool) -> list[Doubt]:
    """What a person should know of a cloud."""
    found = [Doubt("read-loosely", f"{source}: {note}") for note in scan.notes]
    total = scan.not_finite + len(scan.cloud)
    if scan.not_finite:
        line = f"{source}: {scan.not_finite} of {total} points are not finite and were left out"
        found.append(Doubt("not-finite", line))
    if outliers:
        line = f"{source}: {outliers} of {total} points stand alone, far from all others, and were left out"
        found.append(Doubt("outliers", line))
    if scan.origin.any():
        kept = "its place is not kept" if moved else f"coordinates of the result are relative to ({_place(scan)})"
        line = f"{source}: lies far from 0; {kept}"
        found.append(Doubt("far-off", line))
    return found


def _place(scan: Scan) -> str:
    return ", ".join(f"{value:.12g}" for value in scan.origin)


def _solid(source: Path, cloud: PointCloud, resolution: int) -> Mesh:
    """The printable solid whose surface goes through the points."""
    from shapelift.meshing import to_mesh
    from shapelift.solids import printable

    try:
        return printable(to_mesh(cloud, resolution=resolution), minimum_share=_SMALLEST_PART)
    except MemoryError as error:
        raise InputError(f"`resolution` {resolution}: not enough memory; give a lower resolution") from error
    except ValueError as error:
        raise InputError(f"{source}: no solid can be made of it ({error}); give points all around an object") from error
