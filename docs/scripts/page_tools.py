"""What the scripts of the pages share: places, tables, pictures, the lines between which a page is written, options.

Nothing here is run by itself; the scripts beside it are, from anywhere: `python docs/scripts/make_sheets.py`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from shapelift.geometry import PointCloud
from shapelift.io.atomic import write_atomically
from shapelift.io.records import ShapeRecord

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
EXPLANATION, REFERENCE = DOCS / "explanation", DOCS / "reference"
IMAGES = DOCS / "images"
NOTES = DOCS / "shipped"
"""What is known of the shipped models beyond their cards, and lists of shapes."""
EXAMPLES = ROOT / "examples"

BASELINES = {
    "mean_shape": "mean shape",
    "retrieval": "retrieval",
    "oracle_retrieval": "oracle retrieval (knows the answer)",
    "sampling_floor": "sampling floor",
}
"""Method of an evaluation -> how pages call it."""
LARGEST_BYTES = 280_000
"""A picture beyond that gets a palette, which its legends suffer from."""


def command(description: str | None) -> argparse.ArgumentParser:
    """The parser of a script, whose help is its docstring."""
    return argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)


def named(items: Iterable[str]) -> dict[str, str]:
    """`NAME=PATH` on the command line; a path alone has the empty name."""
    return dict(item.rpartition("=")[::2] for item in items)


def table_line(cells: Iterable[object]) -> str:
    """A row of a table in Markdown."""
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def table(heads: Sequence[object], rows: Iterable[Iterable[object]]) -> list[str]:
    """The lines of a table in Markdown."""
    return [table_line(heads), "|---" * len(heads) + "|", *(table_line(row) for row in rows)]


def put(page: Path, begin: str, text: str, end: str) -> None:
    """Write `text` between two lines of a page, in place of what stands there."""
    before, first, rest = page.read_text(encoding="utf-8").partition(begin)
    _, second, after = rest.partition(end)
    if not first or not second:
        raise SystemExit(f"{page}: has no lines {begin.strip()} and {end.strip()}")
    write_atomically(page, f"{before}{begin}{text}{end}{after}")


def save_picture(path: Path, picture: npt.NDArray[np.uint8], *, colors: int | None = 255) -> None:
    """Write a picture `h w 3` of a page, and say how large it is.

    Args:
        path: Of the PNG.
        picture: What is written.
        colors: Of the palette; None: as it is, and with a palette of 255 only where it would be large.
    """
    image = Image.fromarray(picture)
    if colors is not None:
        image = image.quantize(colors, dither=Image.Dither.NONE)
    image.save(path, optimize=True)
    if colors is None and path.stat().st_size > LARGEST_BYTES:
        image.quantize(255, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path}: {image.width} x {image.height} px, {path.stat().st_size / 1000:.0f} kB", flush=True)


def true_surface(record: ShapeRecord) -> PointCloud:
    """The stored points of a shape with unit normals, in the pose of the object."""
    normals = record.surface_normals.astype(np.float32)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True).clip(1e-6)
    return PointCloud(record.surface_points.astype(np.float32), normals)
