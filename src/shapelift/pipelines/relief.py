"""What a picture or a depth map shows, as a plate to print."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from shapelift._version import __version__
from shapelift.errors import Doubt, InputError
from shapelift.geometry import DepthMaps, Mesh, rotation_x, similarity
from shapelift.inference.depth_model import open_depth_model
from shapelift.inference.limits import check_size_mm, check_threads
from shapelift.inference.reconstructor import Reconstructor
from shapelift.io.depth_images import load_depth
from shapelift.io.image_files import refuse_address
from shapelift.io.images import read_image
from shapelift.io.masks import read_mask
from shapelift.io.shapes import FORMATS, save_mesh
from shapelift.meshing.plates import plate
from shapelift.pipelines.jobs import check_targets

__all__ = ["DepthOptions", "PlateOptions", "make_relief"]

_FEWEST_PIXELS, _MOST_PIXELS = 8, 2000
"""Pixels on the longest side of a relief."""
NORMALISATIONS = ("imagenet", "unit", "signed", "bytes")

_Z_UP = (".stl", ".3mf")
_LARGEST = 1.5
"""Longest way through a plate, in sides of it: thicker than this it is no plate."""


@dataclass(frozen=True, kw_only=True)
class DepthOptions:
    """Where the heights come from: one of the first four.

    Attributes:
        depth_model: ONNX file of any depth model.
        depth: Grey image of depths, 8 or 16 bits.
        model: Model of this package that predicts depth.
        lithophane: Whether they are the brightness of the picture: dark places become thick.
        inverse: Whether larger values are nearer; None for what the source says.
        mask: Image, white where the relief is.
        input_size: Of the depth model: `384` or `640x480`; None for its own.
        normalise: Of the depth model: one of `NORMALISATIONS`; None for its own.
        depth_output: Of the depth model: the output that is the depth; None for the only one.
        threads: CPU threads, None for all cores.
    """

    depth_model: Path | None = None
    depth: Path | None = None
    model: str | None = None
    lithophane: bool = False
    inverse: bool | None = None
    mask: Path | None = None
    input_size: str | None = None
    normalise: Any = None
    depth_output: str | None = None
    threads: int | None = None

    @property
    def input_size_px(self) -> tuple[int, int] | None:
        """Width and height. Raises InputError where `input_size` is no size."""
        return _size(self.input_size)


@dataclass(frozen=True, kw_only=True)
class PlateOptions:
    """The plate.

    Attributes:
        size_mm: Longest side of the picture.
        thickness_mm: Of the plate where it is thickest.
        base_mm: Of the plate where it is thinnest.
        pixels: On the longest side.
        clip: Percent of the pixels at either end that share a height.
        upright: Whether it is printed standing; else it lies on its back.
    """

    size_mm: float = 100.0
    thickness_mm: float = 8.0
    base_mm: float = 1.5
    pixels: int = 300
    clip: float = 1.0
    upright: bool = False


def make_relief(
    image: Path | None, output: Path, depth: DepthOptions, options: PlateOptions | None = None
) -> dict[str, Any]:
    """Make a bas-relief or a lithophane of a picture or a depth map: a closed plate for the printer.

    Args:
        image: Picture; None where `depth` names a map of depths.
        output: The file; its suffix says the format.
        depth: Where the heights come from.
        options: The plate.

    Returns:
        A report: source, files, counts, size, warnings, and how the values were read (`larger_is`).

    Raises:
        InputError: one of the arguments cannot be used, or no plate can be made.
    """
    wanted = options or PlateOptions()
    check_threads(depth.threads)
    _check_lengths(wanted)
    _check_target(output, [path for path in (image, depth.depth_model, depth.depth, depth.mask) if path is not None])
    start = time.perf_counter()
    read = _reader(image, depth)
    source = read() if depth.model is not None else _masked(read(), depth.mask)
    made = time.perf_counter()
    mesh = _plate(source, wanted)
    result = _written(output, mesh, source, upright=wanted.upright)
    return result | {"seconds": {"depth": round(made - start, 3), "mesh": round(time.perf_counter() - made, 3)}}


@dataclass(frozen=True, eq=False)
class _Source:
    """What becomes heights.

    Attributes:
        values: `h w`.
        mask: `h w`, or None for all of it.
        larger_is_nearer: Whether large values rise.
        described: For the report.
        doubts: For the user.
    """

    values: npt.NDArray[np.float32]
    mask: npt.NDArray[np.bool_] | None
    larger_is_nearer: bool
    described: dict[str, Any]
    doubts: tuple[Doubt, ...] = ()


def _check_lengths(options: PlateOptions) -> None:
    size_mm, thickness_mm, base_mm = options.size_mm, options.thickness_mm, options.base_mm
    check_size_mm(size_mm)
    if not 0.05 <= base_mm < thickness_mm <= _LARGEST * size_mm:
        raise InputError(
            f"`thickness_mm` {thickness_mm:g}, `base_mm` {base_mm:g}: the base is at least 0.05, less than the "
            f"thickness, and that at most {_LARGEST:g} of `size_mm`"
        )
    if not _FEWEST_PIXELS <= options.pixels <= _MOST_PIXELS:
        raise InputError(f"`pixels` {options.pixels}: out of range; give {_FEWEST_PIXELS} to {_MOST_PIXELS}")
    if not 0.0 <= options.clip < 50.0:
        raise InputError(f"`clip` {options.clip:g}: out of range; give 0 to less than 50 percent")


def _check_target(output: Path, sources: list[Path]) -> None:
    if output.suffix.lower().removeprefix(".") not in FORMATS:
        raise InputError(f"{output}: unknown format {output.suffix}; end it in one of .{', .'.join(FORMATS)}")
    for source in sources:
        refuse_address(source)
        if not source.exists():
            raise InputError(f"{source}: no such file; check the name and the folder")
    check_targets([output], sources)


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    sides = text.lower().split("x")
    if len(sides) > 2 or not all(side.isascii() and side.isdigit() and len(side) < 6 for side in sides):
        raise InputError(f"`input_size` {text}: is no size in pixels; give 384 or 640x480")
    return int(sides[0]), int(sides[-1])


def _reader(image: Path | None, options: DepthOptions) -> Callable[[], _Source]:
    depth_model, depth, model = options.depth_model, options.depth, options.model
    given = [depth_model is not None, depth is not None, model is not None, options.lithophane]
    if sum(given) != 1:
        raise InputError("give one of `depth_model`, `depth`, `model` and `lithophane`: where the heights come from")
    if depth is not None:
        return lambda: _from_depth(depth, options)
    if image is None:
        raise InputError("no picture is given; name one, or a grey image of depths with `depth`")
    if depth_model is not None:
        return lambda: _from_model(image, depth_model, options)
    if model is not None:
        return lambda: _from_own_model(image, model, options)
    return lambda: _from_brightness(image, options)


def _from_depth(path: Path, options: DepthOptions) -> _Source:
    """Values of a depth image where it has any: sensors write 0, or no number, where they saw no distance."""
    values = load_depth(path)
    seen = np.isfinite(values)
    what = "not finite"
    if not options.inverse:
        seen &= values != 0.0
        what = "0 or not finite"
    if not seen.any():
        raise InputError(f"{path}: holds no depth, all of it is {what}; give another image")
    described = {"source": "depth", "input": str(path)}
    if seen.all():
        return _Source(values, None, bool(options.inverse), described)
    without = int((~seen).sum())
    line = f"{path}: {without} of {seen.size} pixels hold no depth ({what}); the plate is open there"
    return _Source(values, seen, bool(options.inverse), described, (Doubt("no-depth", line),))


def _from_model(image: Path, path: Path, options: DepthOptions) -> _Source:
    if options.normalise not in {None, *NORMALISATIONS}:
        raise InputError(f"`normalise` {options.normalise}: unknown; give one of {', '.join(NORMALISATIONS)}")
    opened = open_depth_model(
        path,
        input_size_px=options.input_size_px,
        normalisation=options.normalise,
        inverse=options.inverse,
        output=options.depth_output,
        threads=options.threads,
    )
    loaded = read_image(image)
    rgba = loaded.rgba
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
    return _Source(values, None if seen.all() else seen, opened.inverse, described, loaded.doubts)


def _from_own_model(image: Path, name: str, options: DepthOptions) -> _Source:
    result = Reconstructor.load(name, threads=options.threads).reconstruct(image, options.mask)
    maps = result.representation
    if not isinstance(maps, DepthMaps):
        raise InputError(f"{name}: predicts a {result.card.representation}, not depth; use `shapelift reconstruct`")
    described = {"source": "model", "input": str(image), "model": result.card.name}
    return _Source(maps.depth[0], maps.mask[0], False, described, result.warnings)


def _from_brightness(image: Path, options: DepthOptions) -> _Source:
    loaded = read_image(image)
    rgba = loaded.rgba
    brightness = rgba[..., :3].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    seen = rgba[..., 3] >= 128
    described = {"source": "lithophane", "input": str(image)}
    return _Source(brightness, None if seen.all() else seen, bool(options.inverse), described, loaded.doubts)


def _masked(source: _Source, mask: Path | None) -> _Source:
    if mask is None:
        return source
    marked, doubts = read_mask(mask)
    height, width = source.values.shape
    if marked.shape != (height, width):
        raise InputError(
            f"{mask}: is {marked.shape[1]}x{marked.shape[0]} px, the depth {width}x{height}; give a mask of that size"
        )
    seen = marked >= 128
    return replace(source, mask=seen if source.mask is None else seen & source.mask, doubts=source.doubts + doubts)


def _plate(source: _Source, options: PlateOptions) -> Mesh:
    """The plate in millimetres, upright, as few triangles as its front allows."""
    from shapelift.solids import printable

    name = source.described["input"]
    height, width = source.values.shape
    zoom = options.pixels / max(height, width)
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
            size_mm=options.size_mm,
            thickness_mm=options.thickness_mm,
            base_mm=options.base_mm,
            larger_is_nearer=source.larger_is_nearer,
            clip_percent=options.clip,
        )
        return printable(solid, minimum_share=0.0, tolerance=2e-5)
    except MemoryError as error:
        raise InputError(f"`pixels` {options.pixels}: not enough memory; give fewer") from error
    except ValueError as error:
        raise InputError(f"{name}: no relief can be made of it ({error}); give another picture or mask") from error


def _written(output: Path, mesh: Mesh, source: _Source, *, upright: bool) -> dict[str, Any]:
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
        "warnings": [doubt.to_mapping() for doubt in source.doubts],
        "larger_is": "nearer" if source.larger_is_nearer else "farther",
        "files": [str(path) for path in files],
        "vertices": len(mesh.vertices),
        "faces": len(mesh.faces),
        "unit": "mm",
        "size": [round(float(side), 6) for side in extent],
        "volume": round(float(mesh.volume), 6),
    }


def _resized(values: npt.NDArray[np.float32], columns: int, rows: int) -> npt.NDArray[np.float32]:
    if values.shape == (rows, columns):
        return values
    shrinks = columns < values.shape[1] or rows < values.shape[0]
    found: npt.NDArray[np.float32] = cv2.resize(
        values, (columns, rows), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    return found
