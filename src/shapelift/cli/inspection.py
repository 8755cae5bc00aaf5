"""`shapelift inspect`: what a file of a mesh or a point cloud holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from shapelift.cli.output import print_json, size_text, warn


def inspect(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="Mesh or point cloud: glb, stl, 3mf, ply, obj ...")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")] = False,
) -> None:
    """Say what a mesh or a point cloud holds: model, unit, size, and whether it is closed.

    Sizes are along x, y and z of the file. Of files of shapelift it also prints what was written into them.
    """
    from shapelift.pipelines.inspection import inspect as run

    result = run(source)
    if json:
        print_json(result)
        return
    for warning in result["warnings"]:
        warn(warning["message"])
    rows = _mesh_rows(result) if result["kind"] == "mesh" else _point_rows(result)
    rows |= result["metadata"]
    typer.echo(f"{result['file']}: {result['format']}, {result['kind']}")
    width = max(map(len, rows))
    for name, value in rows.items():
        typer.echo(f"  {name:{width}}  {' '.join(value.split())}")


def _mesh_rows(result: dict[str, Any]) -> dict[str, str]:
    unit = "" if result["unit"] == "1" else f" {result['unit']}"
    volume = result["volume"]
    pierced = result["pierced_faces"]
    return {
        "vertices": str(result["vertices"]),
        "faces": str(result["faces"]),
        "parts": str(result["parts"]),
        "size": size_text(result),
        "area": f"{result['area']:.4g}{unit and unit + '²'}",
        "volume": "none" if volume is None else f"{volume:.4g}{unit and unit + '³'}",
        "closed": _yes(result["closed"]),
        "oriented": _yes(result["oriented"]),
        "passes through itself": "not examined" if pierced is None else f"at {pierced} faces" if pierced else "no",
        "printable": _yes(result["printable"]) if result["printable"] else f"no: {', '.join(result['problems'])}",
        "colours": _yes(result["colors"]),
    }


def _point_rows(result: dict[str, Any]) -> dict[str, str]:
    low, high = (" ".join(f"{value:.9g}" for value in result[end]) for end in ("minimum", "maximum"))
    rows = {
        "points": str(result["points"]),
        "size": size_text(result),
        "from": low,
        "to": high,
        "normals": _yes(result["normals"]),
        "colours": _yes(result["colors"]),
    }
    return rows | ({"not finite": str(result["not_finite"])} if result["not_finite"] else {})


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"
