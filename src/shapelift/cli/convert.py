"""`shapelift convert`: point clouds to closed meshes, meshes to other formats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shapelift.cli.output import print_json, size_text, warn
from shapelift.cli.placement import Origin, Rest, Up
from shapelift.io.shapes import AXES, DEFAULT_UNIT, FORMATS, UNITS_MM


def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="Point cloud or mesh: ply, xyz, obj, off, glb, stl ...")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help=f"Mesh, ends in one of {', '.join(FORMATS)}.")],
    resolution: Annotated[int, typer.Option(help="Cells on the longest side of a point cloud, 16 to 512.")] = 128,
    size_mm: Annotated[float | None, typer.Option("--size-mm", help="Longest side in millimetres.")] = None,
    unit: Annotated[
        str | None,
        typer.Option(
            help=f"Unit of IN where its format has none (obj, off, ply, xyz): {', '.join(UNITS_MM)}.",
            show_default=DEFAULT_UNIT,
        ),
    ] = None,
    up_axis: Annotated[
        str | None,
        typer.Option(help=f"Axis of IN that points up: {', '.join(AXES)}.", show_default="y; z of stl and 3mf"),
    ] = None,
    rest: Rest = False,
    origin: Origin = None,
    up: Up = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")] = False,
) -> None:
    """Turn a point cloud into a closed mesh, or a mesh into another format.

    Points may have normals; where they have none, normals are estimated. A mesh keeps its triangles. Without
    --size-mm the size stays: glb and gltf are in metres, stl in millimetres, 3mf in what it says, all else in --unit.
    """
    from shapelift.geometry.placement import Placement
    from shapelift.pipelines.conversion import convert as run

    placement = Placement(rest=rest, origin=origin, up=up)
    result = run(
        source, target, resolution=resolution, size_mm=size_mm, unit=unit, up_axis=up_axis, placement=placement
    )
    if json:
        print_json(result)
        return
    for warning in result["warnings"]:
        warn(warning["message"])
    seconds = sum(result["seconds"].values())
    typer.echo(f"{', '.join(result['files'])}: {result['faces']} faces, {size_text(result)}, {seconds:.1f} s")
