"""`shapelift pack-meshes`: a folder of meshes to one small file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from shapelift.cli.output import Screen, print_json
from shapelift.io.shapes import AXES
from shapelift.synthesis.mesh_pack import TEXTURE_PX
from shapelift.synthesis.mesh_pack import pack_meshes as run


def pack_meshes(
    folder: Annotated[Path, typer.Argument(help="Folder or zip of meshes, or a mesh file.")],
    file: Annotated[Path, typer.Argument(help="The file; `shapelift synthesize` and `train` take it as SOURCE.")],
    texture_size: Annotated[
        int, typer.Option(min=8, max=1024, help="Longest side of textures in pixels.")
    ] = TEXTURE_PX,
    up_axis: Annotated[
        str | None,
        typer.Option(help=f"Axis of the mesh files that points up: {', '.join(AXES)}.", show_default="y, or index.csv"),
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes.", show_default="one per core")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print a summary as JSON.")] = False,
) -> None:
    """Pack a folder of meshes into one small file, to make training data from on another machine."""
    with Screen(shown=not json).stage("meshes") as update:
        found = run(
            folder,
            file,
            texture_px=texture_size,
            up_axis=up_axis,
            workers=workers,
            progress=lambda done, total: update(done, total, ""),
        )
    if json:
        print_json({"file": str(file), **asdict(found)})
        return
    for shape_id, reason in found.rejected.items():
        typer.echo(f"{shape_id}: {reason}", err=True)
    typer.echo(f"{file}: {found.shapes} shapes in {found.bytes / 1e6:.1f} MB, {len(found.rejected)} rejected")
