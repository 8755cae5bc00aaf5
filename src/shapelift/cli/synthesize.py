"""`shapelift synthesize`: meshes or procedural shapes to a training data set."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from shapelift.cli.output import Screen, print_json, warn
from shapelift.errors import InputError
from shapelift.geometry.viewpoints import FixedCount
from shapelift.io.shapes import AXES
from shapelift.synthesis.environment_files import EnvironmentFiles
from shapelift.synthesis.options import SynthesisOptions
from shapelift.synthesis.writer import lacks
from shapelift.synthesis.writer import synthesize as run


def synthesize(
    source: Annotated[
        str,
        typer.Argument(
            help="Folder or zip of meshes, mesh file, file of `pack-meshes`, or procedural:chair, procedural:all, ..."
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the data set; continued when it exists.")],
    count: Annotated[int | None, typer.Option(min=1, help="Number of shapes.", show_default="all")] = None,
    views: Annotated[int, typer.Option(min=1, max=1000, help="Images per shape.")] = 12,
    size: Annotated[int, typer.Option(min=16, max=2048, help="Side of the images in pixels.")] = 128,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all randomness.")] = 0,
    variants: Annotated[
        int, typer.Option(min=0, max=100, help="Stretched and mirrored variants of every shape of the training split.")
    ] = 0,
    up_axis: Annotated[
        str | None,
        typer.Option(help=f"Axis of the mesh files that points up: {', '.join(AXES)}.", show_default="y, or index.csv"),
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes.", show_default="one per core")] = None,
    points: Annotated[int, typer.Option(min=1000, help="Uniform labelled points per shape, about.")] = 100_000,
    near: Annotated[int, typer.Option(min=1, help="Labelled points near the surface per shape.")] = 50_000,
    surface: Annotated[int, typer.Option(min=1, help="Surface points per shape.")] = 100_000,
    depth_views: Annotated[
        int,
        typer.Option(
            min=0, max=1000, help="Orthographic depth views per shape from random sides, beside those of a fixed set."
        ),
    ] = 0,
    fixed_views: Annotated[int, typer.Option(help="The fixed set of depth views: 4, 6, 8, 12 or 20.")] = 8,
    depth_size: Annotated[int, typer.Option(min=8, max=1024, help="Side of the depth views in pixels.")] = 128,
    depth_extent: Annotated[
        float, typer.Option(min=0.5, max=10.0, help="Side of the depth views in longest sides of the object.")
    ] = 1.75,
    environments: Annotated[
        Path | None,
        typer.Option(
            help="Folder of environment maps (.npz, .hdr) that light some of the images.", show_default="lamps alone"
        ),
    ] = None,
    environment_share: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of the images that the environments light.")
    ] = 0.5,
    json: Annotated[bool, typer.Option("--json", help="Print a summary as JSON.")] = False,
) -> None:
    """Render meshes or procedural shapes into a training data set: views, labelled points, surface points."""
    if fixed_views not in get_args(FixedCount):
        raise InputError(f"--fixed-views {fixed_views}: there is no such set; give 4, 6, 8, 12 or 20")
    options = SynthesisOptions(
        views=views,
        size_px=size,
        seed=seed,
        count=count,
        variants=variants,
        workers=workers,
        uniform_count=points,
        near_count=near,
        surface_count=surface,
        depth_views=depth_views,
        fixed_views=cast("FixedCount", fixed_views),
        depth_size_px=depth_size,
        depth_extent=depth_extent,
        environments=None if environments is None else EnvironmentFiles.of_folder(environments),
        environment_share=environment_share,
        up_axis=up_axis,
    )
    with Screen(shown=not json).stage("shapes") as update:
        manifest = run(
            source,
            output,
            options,
            lambda now: update(now.done, now.total, f"{now.done} of {now.total}, {now.rejected} rejected"),
        )
    lacking = lacks(manifest)
    if lacking is not None:
        warn(lacking)
    if json:
        summary = {
            "output": str(output),
            "shapes": len(manifest.shapes),
            "flagged": {entry.shape_id: list(entry.flags) for entry in manifest.flagged},
            "warnings": [] if lacking is None else [lacking],
            "rejected": [asdict(rejection) for rejection in manifest.rejected],
            "duplicates": manifest.duplicates,
        }
        print_json(summary)
        return
    shapes, flagged, rejected = len(manifest.shapes), len(manifest.flagged), len(manifest.rejected)
    copies = f", {len(manifest.duplicates)} duplicated" if manifest.duplicates else ""
    typer.echo(f"{output}: {shapes} shapes, {rejected} rejected, {flagged} flagged{copies} (see manifest.json)")
