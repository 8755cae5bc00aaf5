"""`shapelift convert`: point clouds to closed meshes, meshes to other formats."""

from __future__ import annotations

import json as json_format
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shapelift import __version__
from shapelift.cli.jobs import check_targets
from shapelift.errors import InputError
from shapelift.inference.limits import check_resolution, check_size_mm
from shapelift.io.shapes import FORMATS

if TYPE_CHECKING:
    from shapelift.geometry import Mesh, PointCloud

_SMALLEST_PART = 0.001
"""Parts with less than this share of the largest part's volume are dust between the points. A photographed object may
consist of several parts, so the bar is far lower than for what a network sees."""


def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="Point cloud or mesh: ply, xyz, obj, off, glb, stl ...")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help=f"Mesh, ends in one of {', '.join(FORMATS)}.")],
    resolution: Annotated[int, typer.Option(help="Cells on the longest side of a point cloud, 16 to 512.")] = 128,
    size_mm: Annotated[float | None, typer.Option("--size-mm", help="Longest side in millimetres.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")] = False,
) -> None:
    """Turn a point cloud into a closed mesh, or a mesh into another format.

    Points may have normals; where they have none, normals are estimated. A mesh keeps its triangles.
    """
    try:
        check_resolution(resolution)
        check_size_mm(size_mm)
        _check_target(source, target)
        result = _converted(source, target, resolution, size_mm)
    except InputError as error:
        if json:
            typer.echo(json_format.dumps({"status": "failed", "error": str(error)}))
        raise
    if json:
        typer.echo(json_format.dumps(result, indent=2))
        return
    for warning in result["warnings"]:
        typer.echo(f"shapelift: warning: {warning}", err=True)
    size = " x ".join(f"{side:.3g}" for side in result["size"])
    unit = " mm" if result["unit"] == "mm" else ""
    seconds = sum(result["seconds"].values())
    typer.echo(f"{', '.join(result['files'])}: {result['faces']} faces, {size}{unit}, {seconds:.1f} s")


def _check_target(source: Path, target: Path) -> None:
    if target.suffix.lower().removeprefix(".") not in FORMATS:
        raise InputError(f"{target}: unknown format {target.suffix}; end it in one of .{', .'.join(FORMATS)}")
    if not source.exists():
        raise InputError(f"{source}: no such file; check the name and the folder")
    check_targets([target], [source])


def _converted(source: Path, target: Path, resolution: int, size_mm: float | None) -> dict[str, Any]:
    import numpy as np

    from shapelift.geometry import PointCloud
    from shapelift.io.pointclouds import load_shape
    from shapelift.io.shapes import save_mesh
    from shapelift.solids import check

    start = time.perf_counter()
    shape = load_shape(source)
    read = time.perf_counter()
    metadata = {"generator": f"shapelift {__version__}", "source": source.name}
    warnings: list[str] = []
    if isinstance(shape, PointCloud):
        mesh = _solid(source, shape, resolution)
        normals = "estimated" if shape.normals is None else "given"
        kind = {"kind": "points", "points": len(shape), "normals": normals}
        metadata |= {"points": str(len(shape)), "normals": normals, "resolution": str(resolution)}
    else:
        mesh, kind = shape, {"kind": "mesh"}
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


def _solid(source: Path, cloud: PointCloud, resolution: int) -> Mesh:
    """The printable solid whose surface goes through the points."""
    from shapelift.meshing import to_mesh
    from shapelift.solids import printable

    try:
        return printable(to_mesh(cloud, resolution=resolution), minimum_share=_SMALLEST_PART)
    except MemoryError as error:
        raise InputError(f"--resolution {resolution}: not enough memory; give a lower resolution") from error
    except ValueError as error:
        raise InputError(f"{source}: no solid can be made of it ({error}); give points all around an object") from error
