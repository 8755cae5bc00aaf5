"""`shapelift reconstruct`: images to closed 3D models."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from shapelift.cli.output import Screen, print_json, size_text, warn, with_flags
from shapelift.cli.placement import Origin, Rest, Up
from shapelift.io.shapes import FORMATS

_NAMED = 20
"""So many of the files that were passed over for one reason are named."""


def reconstruct(
    images: Annotated[
        list[Path],
        typer.Argument(metavar="IMAGE|FOLDER...", help="Images, folders of images, or - for standard input."),
    ],
    model: Annotated[
        str, typer.Option("--model", "-m", help="Name of a shipped model, or a model folder.")
    ] = "general",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File or folder.", show_default="<image>.glb in the current folder"),
    ] = None,
    formats: Annotated[
        str | None, typer.Option("--format", "-f", help=f"One or more of {','.join(FORMATS)}.", show_default="glb")
    ] = None,
    resolution: Annotated[int, typer.Option(help="Cells on the longest side, 16 to 512.")] = 128,
    blocky: Annotated[bool, typer.Option("--blocky", help="Build it of cubes, --resolution on a side.")] = False,
    size_mm: Annotated[float | None, typer.Option("--size-mm", help="Longest side in millimetres.")] = None,
    mask: Annotated[
        Path | None,
        typer.Option(help="Image that is white where the object is; or a folder of them, named as the images."),
    ] = None,
    object_number: Annotated[
        int | None, typer.Option("--object", help="Which of several objects to take, 1 for the largest.")
    ] = None,
    save_crop: Annotated[Path | None, typer.Option("--save-crop", help="PNG that shows what the model saw.")] = None,
    samples: Annotated[
        int, typer.Option(help="Shapes per image, 1 to 64; more than one needs a stochastic model.")
    ] = 1,
    seed: Annotated[int, typer.Option(help="Which shapes a stochastic model gives.")] = 0,
    fill: Annotated[
        bool,
        typer.Option(
            "--fill/--no-fill",
            help="Keep to the outline in the image, and add a solid where the model is not sure how deep a part lies; "
            "without it the shape is what the network says.",
        ),
    ] = True,
    skip_existing: Annotated[
        bool, typer.Option("--skip-existing", help="Leave images alone whose files are all there.")
    ] = False,
    color: Annotated[
        bool, typer.Option("--color/--no-color", help="Colour it by the image, and by guess where the image ends.")
    ] = True,
    faces: Annotated[int | None, typer.Option(help="At most so many triangles.", show_default="all")] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Write a PNG too: the image, and the result from three sides.")
    ] = False,
    turntable: Annotated[
        bool, typer.Option("--turntable", help="Write an animated WebP too: a full turn (takes a few seconds).")
    ] = False,
    html: Annotated[
        bool, typer.Option("--html", help="Write a page too, to turn it in a browser; of a folder also a gallery.")
    ] = False,
    rest: Rest = False,
    origin: Origin = None,
    up: Up = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads.", show_default="all cores")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")] = False,
) -> None:
    """Turn images into closed 3D models."""
    from shapelift.geometry.placement import Placement
    from shapelift.pipelines.reconstruction import BatchOptions, reconstruct_images

    options = BatchOptions(
        resolution=resolution,
        blocky=blocky,
        size_mm=size_mm,
        mask=mask,
        object_number=object_number,
        save_crop=save_crop,
        samples=samples,
        seed=seed,
        fill=fill,
        skip_existing=skip_existing,
        color=color,
        faces=faces,
        preview=preview,
        turntable=turntable,
        html=html,
        placement=Placement(rest=rest, origin=origin, up=up),
    )
    single = len(images) == 1 and not images[0].is_dir()
    with Screen(shown=not json).stage("images") as update:

        def report(result: dict[str, Any], done: int, total: int) -> None:
            if not json:
                _say(result, brief=not single)
            if not single:
                update(done, total, "")

        document = reconstruct_images(
            images, output, model=model, formats=formats, options=options, threads=threads, report=report
        )
    if json:
        print_json(document)
    elif not single:
        _report(document)
    if document["failed"]:
        raise typer.Exit(1)


def _say(result: dict[str, Any], *, brief: bool) -> None:
    for warning in result.get("warnings", ()):
        warn(warning["message"])
    if brief:
        return
    if result["status"] == "skipped":
        typer.echo(f"{', '.join(result['files'])}: left alone")
        return
    seconds = sum(result["seconds"].values())
    share = result["filled_share"]
    filled = "" if share is None else f", {share:.0%} of the outline filled"
    if "hypotheses" in result:
        spread = result["spread"]
        agree = f"spread {spread['mean']:.1%} of the longest side, {spread['max']:.1%} at most"
        typer.echo(
            f"{', '.join(result['files'])}: {len(result['hypotheses'])} hypotheses, {agree}{filled}, {seconds:.1f} s"
        )
        return
    size = _sizes(result["written"])
    if "guessed_share" in result:
        filled += f", {result['guessed_share']:.0%} of the surface guessed"
    if "simplification_error" in result:
        filled += f", the surface moved by {result['simplification_error']:.2%} of the longest side"
    typer.echo(f"{', '.join(result['files'])}: {result['faces']} faces, {size}{filled}, {seconds:.1f} s")


def _sizes(written: list[dict[str, Any]]) -> str:
    """The size in the files: one where they agree but for the order of their axes, else one per format."""
    if len({tuple(sorted(size_text(one).split())) for one in written}) == 1:
        return size_text(written[0])
    return "; ".join(f"{Path(one['file']).suffix[1:]} {size_text(one)}" for one in written)


def _report(document: dict[str, Any]) -> None:
    by_status = Counter(result["status"] for result in document["results"])
    left = f", {by_status['skipped']} left alone" if by_status["skipped"] else ""
    typer.echo(f"{by_status['ok']} of {len(document['results'])} images reconstructed{left}")
    if document["gallery"] is not None:
        typer.echo(f"{document['gallery']}: all results")
    for result in document["results"]:
        if result["status"] == "failed":
            typer.echo(f"shapelift: failed: {with_flags(result['error'])}", err=True)
    for reason, files in _by_reason(document["passed_over"]).items():
        more = f" and {len(files) - _NAMED} more, see --json" if len(files) > _NAMED else ""
        typer.echo(f"shapelift: passed over, {reason}: {', '.join(files[:_NAMED])}{more}", err=True)


def _by_reason(passed_over: list[dict[str, str]]) -> dict[str, list[str]]:
    files: dict[str, list[str]] = {}
    for one in passed_over:
        files.setdefault(one["reason"], []).append(one["file"])
    return files
