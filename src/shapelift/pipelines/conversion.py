"""Point clouds to closed meshes, meshes to other formats."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from shapelift._version import __version__
from shapelift.errors import InputError
from shapelift.geometry import Mesh, PointCloud
from shapelift.inference.limits import check_resolution, check_size_mm
from shapelift.io.pointclouds import Scan, read_shape
from shapelift.io.shapes import FORMATS, save_mesh
from shapelift.meshing.outliers import without_lone_points
from shapelift.pipelines.jobs import check_targets

__all__ = ["convert"]

_SMALLEST_PART = 0.001
"""Parts with less than this share of the largest part's volume are dust between the points. A photographed object may
consist of several parts, so the bar is far lower than for what a network sees."""


def convert(source: Path, target: Path, *, resolution: int = 128, size_mm: float | None = None) -> dict[str, Any]:
    """Turn a point cloud into a closed mesh, or a mesh into another format.

    Args:
        source: The file that is read.
        target: The mesh that is written; its suffix says the format.
        resolution: Cells on the longest side of a point cloud.
        size_mm: Longest side in millimetres, None for the unit of the source.

    Returns:
        A report: files, counts, size, warnings, seconds. Of points also what was left out, and the `origin` that
        coordinates of the mesh are relative to, where those of the file lie far off.

    Raises:
        InputError: one of the arguments cannot be used, or no solid can be made.
    """
    check_resolution(resolution)
    check_size_mm(size_mm)
    _check_target(source, target)
    from shapelift.solids import check

    start = time.perf_counter()
    shape = read_shape(source)
    read = time.perf_counter()
    metadata = {"generator": f"shapelift {__version__}", "source": source.name}
    warnings: list[str] = []
    kind: dict[str, Any] = {"kind": "mesh"}
    if isinstance(shape, Scan):
        cloud, outliers = without_lone_points(shape.cloud)
        mesh = _solid(source, cloud, resolution)
        normals = "estimated" if cloud.normals is None else "given"
        kind = {"kind": "points", "points": len(cloud), "normals": normals}
        kind |= {"not_finite": shape.not_finite, "outliers": outliers, "origin": shape.origin.tolist()}
        metadata |= {"points": str(len(cloud)), "normals": normals, "resolution": str(resolution)}
        if shape.origin.any():
            metadata["origin"] = _place(shape)
        warnings += [f"{source}: {line}" for line in _doubts(shape, outliers)]
    else:
        mesh = shape
        problems = check(mesh).problems
        if problems:
            warnings.append(f"{source}: is no printable solid ({', '.join(problems)}); its triangles stay as they are")
    meshed = time.perf_counter()
    files = save_mesh(target, mesh, metadata=metadata, size_mm=size_mm)
    extent = np.ptp(mesh.vertices, axis=0).astype(np.float64)
    scale = 1.0 if size_mm is None else size_mm / float(extent.max())
    return {
        "status": "ok",
        "input": str(source),
        **kind,
        "files": [str(path) for path in files],
        "vertices": len(mesh.vertices),
        "faces": len(mesh.faces),
        "unit": "1" if size_mm is None else "mm",
        "size": [round(float(side) * scale, 6) for side in extent],
        "volume": round(float(mesh.volume) * scale**3, 6),
        "warnings": warnings,
        "seconds": {
            "read": round(read - start, 3),
            "mesh": round(meshed - read, 3),
            "write": round(time.perf_counter() - meshed, 3),
        },
    }


def _check_target(source: Path, target: Path) -> None:
    if target.suffix.lower().removeprefix(".") not in FORMATS:
        raise InputError(f"{target}: unknown format {target.suffix}; end it in one of .{', .'.join(FORMATS)}")
    if not source.exists():
        raise InputError(f"{source}: no such file; check the name and the folder")
    check_targets([target], [source])


def _doubts(scan: Scan, outliers: int) -> list[str]:
    """What a person should know of a cloud, a line each."""
    lines = list(scan.notes)
    total = scan.not_finite + len(scan.cloud)
    if scan.not_finite:
        lines.append(f"{scan.not_finite} of {total} points are not finite and were left out")
    if outliers:
        lines.append(f"{outliers} of {total} points stand alone, far from all others, and were left out")
    if scan.origin.any():
        lines.append(f"lies far from 0; coordinates of the result are relative to ({_place(scan)})")
    return lines


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
