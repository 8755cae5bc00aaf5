"""`shapelift relief`: what a picture or a depth map shows, as a plate to print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from shapelift.cli.output import print_json, warn
from shapelift.io.shapes import FORMATS


def relief(
    image: Annotated[Path | None, typer.Argument(metavar="IMAGE", help="Picture; not needed with --depth.")] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help=f"Ends in one of {', '.join(FORMATS)}.")] = Path(
        "relief.stl"
    ),
    depth_model: Annotated[Path | None, typer.Option(help="ONNX file of any depth model.")] = None,
    depth: Annotated[Path | None, typer.Option(help="Grey image of depths, 8 or 16 bits, instead of a model.")] = None,
    model: Annotated[str | None, typer.Option("--model", "-m", help="Model folder that predicts depth.")] = None,
    lithophane: Annotated[bool, typer.Option(help="Dark places become thick, to be seen against a light.")] = False,
    inverse: Annotated[
        bool | None, typer.Option("--inverse/--distance", help="Whether larger values are nearer, or farther.")
    ] = None,
    mask: Annotated[Path | None, typer.Option(help="Image, white where the relief is.")] = None,
    size_mm: Annotated[float, typer.Option("--size-mm", help="Longest side of the picture in millimetres.")] = 100.0,
    thickness_mm: Annotated[float, typer.Option("--thickness-mm", help="Of the plate where it is thickest.")] = 8.0,
    base_mm: Annotated[float, typer.Option("--base-mm", help="Of the plate where it is thinnest.")] = 1.5,
    pixels: Annotated[int, typer.Option(help="On the longest side, 8 to 2000.")] = 300,
    clip: Annotated[float, typer.Option(help="Percent of the pixels at either end that share a height.")] = 1.0,
    upright: Annotated[bool, typer.Option(help="Print it standing; by default it lies on its back.")] = False,
    input_size: Annotated[str | None, typer.Option(help="Of the model: 384 or 640x480. Default: its own.")] = None,
    normalise: Annotated[str | None, typer.Option(help="Of the model: imagenet, unit, signed, bytes.")] = None,
    depth_output: Annotated[str | None, typer.Option(help="Of the model: the output that is the depth.")] = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads. Default: all cores.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")] = False,
) -> None:
    """Make a bas-relief or a lithophane of a picture or a depth map: a closed plate for the printer."""
    from shapelift.pipelines.relief import DepthOptions, PlateOptions, make_relief

    heights = DepthOptions(
        depth_model=depth_model,
        depth=depth,
        model=model,
        lithophane=lithophane,
        inverse=inverse,
        mask=mask,
        input_size=input_size,
        normalise=normalise,
        depth_output=depth_output,
        threads=threads,
    )
    plate = PlateOptions(
        size_mm=size_mm, thickness_mm=thickness_mm, base_mm=base_mm, pixels=pixels, clip=clip, upright=upright
    )
    result = make_relief(image, output, heights, plate)
    if json:
        print_json(result)
        return
    for warning in result["warnings"]:
        warn(warning["message"])
    size = " x ".join(f"{side:.3g}" for side in result["size"])
    typer.echo(f"{', '.join(result['files'])}: {result['faces']} faces, {size} mm; {_rule(result, inverse)}")


def _rule(result: dict[str, Any], inverse: bool | None) -> str:
    """How the values were read, so that nobody prints a relief inside out without knowing why."""
    what = "brighter pixels" if result["source"] == "lithophane" else "larger values"
    rule = f"{what} are {result['larger_is']}"
    if inverse is None and result["source"] in {"depth", "depth-model"}:
        return f"{rule}, {'--distance' if result['larger_is'] == 'nearer' else '--inverse'} turns it round"
    return rule
