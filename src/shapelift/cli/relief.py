"""`shapelift relief`: what a picture or a depth map shows, as a plate to print."""

from __future__ import annotations

import json as json_format
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shapelift import __version__
from shapelift.cli.jobs import check_targets
from shapelift.errors import InputError
from shapelift.inference.limits import check_size_mm, check_threads
from shapelift.io.shapes import FORMATS

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from shapelift.geometry import Mesh

MIN_PIXELS, MAX_PIXELS = 8, 2000
"""Pixels on the longest side of a relief."""
NORMALISATIONS = ("imagenet", "unit", "signed", "bytes")

_Z_UP = (".stl", ".3mf")
_LARGEST = 1.5
"""Longest way through a plate, in sides of it: thicker than this it is no plate."""


@dataclass(frozen=True, eq=False)
class _Source:
    """What becomes heights.

    Attributes:
        values: `h w`.
        mask: `h w`, or None for all of it.
        larger_is_nearer: Whether large values rise.
        described: For the report.
    """

    values: npt.NDArray[np.float32]
    mask: npt.NDArray[np.bool_] | None
    larger_is_nearer: bool
    described: dict[str, Any]


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
    pixels: Annotated[int, typer.Option(help=f"On the longest side, {MIN_PIXELS} to {MAX_PIXELS}.")] = 300,
    clip: Annotated[float, typer.Option(help="Percent of the pixels at either end that share a height.")] = 1.0,
    upright: Annotated[bool, typer.Option(help="Print it standing; by default it lies on its back.")] = False,
    input_size: Annotated[str | None, typer.Option(help="Of the model: 384 or 640x480. Default: its own.")] = None,
    normalise: Annotated[str | None, typer.Option(help=f"Of the model: {', '.join(NORMALISATIONS)}.")] = None,
    depth_output: Annotated[str | None, typer.Option(help="Of the model: the output that is the depth.")] = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads. Default: all cores.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")] = False,
) -> None:
    """Make a bas-relief or a lithophane of a picture or a depth map: a closed plate for the printer."""
    try:
        check_threads(threads)
        _check_lengths(size_mm, thickness_mm, base_mm, pixels, clip)
        _check_target(output, [path for path in (image, depth_model, depth, mask) if path is not None])
        start = time.perf_counter()
        read = _reader(image, depth_model, depth, model, lithophane, mask)
        options = _ModelOptions(_size(input_size), normalise, depth_output, inverse, threads)
        source = read(options) if model is not None else _masked(read(options), mask)
        made = time.perf_counter()
        mesh = _plate(source, size_mm, thickness_mm, base_mm, pixels, clip)
        result = _written(output, mesh, source, size_mm, upright=upright)
    except InputError as error:
        if json:
            typer.echo(json_format.dumps({"status": "failed", "error": str(error)}))
        raise
    result["seconds"] = {"depth": round(made - start, 3), "mesh": round(time.perf_counter() - made, 3)}
    if json:
        typer.echo(json_format.dumps(result, indent=2))
        return
    for warning in result.get("warnings", ()):
        typer.echo(f"shapelift: warning: {warning}", err=True)
    size = " x ".join(f"{side:.3g}" for side in result["size"])
    typer.echo(f"{', '.join(result['files'])}: {result['faces']} faces, {size} mm; {_rule(source, inverse)}")


@dataclass(frozen=True)
class _ModelOptions:
    size_px: tuple[int, int] | None
    normalise: Any
    output: str | None
    inverse: bool | None
    threads: int | None


def _check_lengths(size_mm: float, thickness_mm: float, base_mm: float, pixels: int, clip: float) -> None:
    check_size_mm(size_mm)
    if not 0.05 <= base_mm < thickness_mm <= _LARGEST * size_mm:
        raise InputError(
            f"--thickness-mm {thickness_mm:g}, --base-mm {base_mm:g}: the base is at least 0.05, less than the "
            f"thickness, and that at most {_LARGEST:g} of --size-mm"
        )
    if not MIN_PIXELS <= pixels <= MAX_PIXELS:
        raise InputError(f"--pixels {pixels}: out of range; give {MIN_PIXELS} to {MAX_PIXELS}")
    if not 0.0 <= clip < 50.0:
        raise InputError(f"--clip {clip:g}: out of range; give 0 to less than 50 percent")


def _check_target(output: Path, sources: list[Path]) -> None:
    if output.suffix.lower().removeprefix(".") not in FORMATS:
        raise InputError(f"{output}: unknown format {output.suffix}; end it in one of .{', .'.join(FORMATS)}")
    for source in sources:
        if not source.exists():
            raise InputError(f"{source}: no such file; check the name and the folder")
    check_targets([output], sources)


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    sides = text.lower().split("x")
    if len(sides) > 2 or not all(side.isascii() and side.isdigit() and len(side) < 6 for side in sides):
        raise InputError(f"--input-size {text}: is no size in pixels; give 384 or 640x480")
    return int(sides[0]), int(sides[-1])


def _reader(
    image: Path | None,
    depth_model: Path | None,
    depth: Path | None,
    model: str | None,
    lithophane: bool,
    mask: Path | None,
) -> Callable[[_ModelOptions], _Source]:
    given = [depth_model is not None, depth is not None, model is not None, lithophane]
    if sum(given) != 1:
        raise InputError("give one of --depth-model, --depth, --model and --lithophane: where the heights come from")
    if depth is not None:
        return lambda options: _from_depth(depth, options)
    if image is None:
        raise InputError("no picture is given; name one, or a grey image of depths with --depth")
    if depth_model is not None:
        return lambda options: _from_model(image, depth_model, options)
    if model is not None:
        return lambda options: _from_own_model(image, model, mask, options)
    return lambda options: _from_brightness(image, options)


def _from_depth(path: Path, options: _ModelOptions) -> _Source:
    from shapelift.io.depth_images import load_depth

    return _Source(load_depth(path), None, bool(options.inverse), {"source": "depth", "input": str(path)})


def _from_model(image: Path, path: Path, options: _ModelOptions) -> _Source:
    from shapelift.inference.depth_model import open_depth_model
    from shapelift.io.images import load_image

    if options.normalise not in {None, *NORMALISATIONS}:
        raise InputError(f"--normalise {options.normalise}: unknown; give one of {', '.join(NORMALISATIONS)}")
    opened = open_depth_model(
        path,
        input_size_px=options.size_px,
        normalisation=options.normalise,
        inverse=options.inverse,
        output=options.output,
        threads=options.threads,
    )
    rgba = load_image(image)
    values = _resized(opened(rgba[..., :3]), rgba.shape[1], rgba.shape[0])
    seen = rgba[..., 3] >= 128
    described = {
        "source": "depth-model",
        "input": str(image),
        "model": str(path),
        "input_size": list(opened.size_px),
        "normalise": opened.normalisation,
        "output": opened.output_name,
    }
    return _Source(values, None if seen.all() else seen, opened.inverse, described)


def _from_own_model(image: Path, name: str, mask: Path | None, options: _ModelOptions) -> _Source:
    from shapelift.geometry import DepthMaps
    from shapelift.inference import Reconstructor

    result = Reconstructor.load(name, threads=options.threads).reconstruct(image, mask)
    maps = result.representation
    if not isinstance(maps, DepthMaps):
        raise InputError(f"{name}: predicts a {result.card.representation}, not depth; use `shapelift reconstruct`")
    warnings = list(result.warnings)
    described = {"source": "model", "input": str(image), "model": result.card.name, "warnings": warnings}
    return _Source(maps.depth[0], maps.mask[0], False, described)


def _from_brightness(image: Path, options: _ModelOptions) -> _Source:
    import numpy as np

    from shapelift.io.images import load_image

    rgba = load_image(image)
    brightness = rgba[..., :3].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    seen = rgba[..., 3] >= 128
    described = {"source": "lithophane", "input": str(image)}
    return _Source(brightness, None if seen.all() else seen, bool(options.inverse), described)


def _masked(source: _Source, mask: Path | None) -> _Source:
    if mask is None:
        return source
    from shapelift.io.images import load_mask

    marked = load_mask(mask)
    height, width = source.values.shape
    if marked.shape != (height, width):
        raise InputError(
            f"{mask}: is {marked.shape[1]}x{marked.shape[0]} px, the depth {width}x{height}; give a mask of that size"
        )
    seen = marked >= 128
    return _Source(
        source.values, seen if source.mask is None else seen & source.mask, source.larger_is_nearer, source.described
    )


def _plate(source: _Source, size_mm: float, thickness_mm: float, base_mm: float, pixels: int, clip: float) -> Mesh:
    """The plate in millimetres, upright, as few triangles as its front allows."""
    import numpy as np

    from shapelift.meshing.plates import plate
    from shapelift.solids import printable

    name = source.described["input"]
    height, width = source.values.shape
    zoom = pixels / max(height, width)
    columns, rows = (max(1, round(side * zoom)) for side in (width, height))
    values, mask = source.values, source.mask
    if mask is None:
        values = _resized(values, columns, rows)
    else:  # what lies outside of the mask must not leak in where pixels are mixed
        share = _resized(mask.astype(values.dtype), columns, rows)
        mixed = _resized(np.where(mask, values, np.float32(0.0)), columns, rows)
        values = np.asarray(mixed / np.maximum(share, np.float32(1e-6)), np.float32)
        mask = share > 0.5
    try:
        solid = plate(
            values,
            mask,
            size_mm=size_mm,
            thickness_mm=thickness_mm,
            base_mm=base_mm,
            larger_is_nearer=source.larger_is_nearer,
            clip_percent=clip,
        )
        return printable(solid, minimum_share=0.0, tolerance=2e-5)
    except MemoryError as error:
        raise InputError(f"--pixels {pixels}: not enough memory; give fewer") from error
    except ValueError as error:
        raise InputError(f"{name}: no relief can be made of it ({error}); give another picture or mask") from error


def _written(output: Path, mesh: Mesh, source: _Source, size_mm: float, *, upright: bool) -> dict[str, Any]:
    import numpy as np

    from shapelift.geometry import rotation_x, similarity
    from shapelift.io.shapes import save_mesh

    extent = np.ptp(mesh.vertices, axis=0).astype(np.float64)
    longest = float(extent.max())
    if output.suffix.lower() in _Z_UP and not upright:
        # Slicers have Z up, and the front of an object faces the person before the printer: turn it to face up.
        mesh = mesh.transformed(similarity(rotation_x(-90.0)))
    metadata = {"generator": f"shapelift {__version__}", "source": Path(source.described["input"]).name}
    files = save_mesh(output, mesh, metadata=metadata, size_mm=longest)
    return {
        "status": "ok",
        **source.described,
        "larger_is": "nearer" if source.larger_is_nearer else "farther",
        "files": [str(path) for path in files],
        "vertices": len(mesh.vertices),
        "faces": len(mesh.faces),
        "unit": "mm",
        "size": [round(float(side), 6) for side in extent],
        "volume": round(float(mesh.volume), 6),
    }


def _rule(source: _Source, inverse: bool | None) -> str:
    """How the values were read, so that nobody prints a relief inside out without knowing why."""
    what = "brighter pixels" if source.described["source"] == "lithophane" else "larger values"
    rule = f"{what} are {'nearer' if source.larger_is_nearer else 'farther'}"
    if inverse is None and source.described["source"] in {"depth", "depth-model"}:
        return f"{rule}, {'--distance' if source.larger_is_nearer else '--inverse'} turns it round"
    return rule


def _resized(values: npt.NDArray[np.float32], columns: int, rows: int) -> npt.NDArray[np.float32]:
    import cv2

    if values.shape == (rows, columns):
        return values
    shrinks = columns < values.shape[1] or rows < values.shape[0]
    found: npt.NDArray[np.float32] = cv2.resize(
        values, (columns, rows), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    return found
