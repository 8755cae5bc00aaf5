"""How far the colours of results are from the true ones, beside two plain baselines (docs/explanation/color.md).

Run: python docs/scripts/make_color_scores.py DATA [--model general] [--limit 200] [--write]

One image per test shape of DATA, whose records hold albedo. Every stored surface point is compared with the nearest
vertex of the result: the mean distance in CIE Lab, apart for points that the image shows and points that it does not.
With --write the table goes into the page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from page_tools import EXPLANATION, command, put, table

from shapelift import Reconstructor
from shapelift.errors import InputError
from shapelift.geometry import transform_points
from shapelift.geometry.neighbours import nearest_tree
from shapelift.inference import Reconstruction
from shapelift.io.manifest import stored_shapes
from shapelift.io.records import ShapeRecord, read_record

PAGE = EXPLANATION / "color.md"
BEGIN, END = "<!-- scores -->\n", "\n<!-- end of scores -->"
RESOLUTION = 96
BEHIND = 0.02
"""A point this far behind what the image shows, in longest sides, is not seen."""

Colors = npt.NDArray[np.float64]
Seen = npt.NDArray[np.bool_]


def lab(colors: Colors) -> Colors:
    """CIE Lab `n 3` of sRGB `n 3` in [0, 1]."""
    return np.asarray(cv2.cvtColor(colors.astype(np.float32)[None], cv2.COLOR_RGB2Lab)[0], np.float64)


def seen_points(record: ShapeRecord, view: int) -> Seen:
    """Which surface points of a record an image shows, `n`."""
    pixels, depth = record.camera(view).project(record.surface_points)
    side = record.rgba.shape[1]
    column, row = np.clip(np.floor(pixels).astype(np.int64), 0, side - 1).T
    shown = record.depth[view][row, column] * record.depth_scale
    return np.asarray((shown > 0.0) & (depth < shown + BEHIND))


def answers(found: Reconstruction) -> dict[str, Colors]:
    """Colours of all vertices of a result by method."""
    mesh = found.mesh(RESOLUTION)
    colors = found.colors(RESOLUTION)
    picture = found.picture if found.picture is not None else found.crop
    alpha = picture[..., 3:] / 255.0
    mean = (picture[..., :3] / 255.0 * alpha).sum(axis=(0, 1)) / max(alpha.sum(), 1e-9)
    result = {"result": colors.colors / 255.0, "mean colour of the image": np.broadcast_to(mean, mesh.vertices.shape)}
    known = np.flatnonzero(colors.seen > 0.5)
    if len(known):
        _, nearest = nearest_tree(mesh.vertices[known].astype(np.float64)).query(mesh.vertices)
        result["nearest seen colour"] = result["result"][known[nearest]]
    else:
        result["nearest seen colour"] = result["mean colour of the image"]
    return result


def scores(model: str, data: Path, limit: int) -> tuple[dict[str, npt.NDArray[np.float64]], int]:
    """Method -> mean errors where seen and where not, and over how many shapes."""
    reconstructor = Reconstructor.load(model)
    entries = stored_shapes(data, "test")
    order = np.random.default_rng(0).permutation(len(entries))[:limit]
    errors: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for number, index in enumerate(order):
        record = read_record(entries[index].path)
        view = number % len(record.rgba)
        seen = seen_points(record, view)
        if record.surface_albedo is None or seen.all() or not seen.any():
            continue
        try:
            found = reconstructor.reconstruct(record.rgba[view])
            points = transform_points(record.view_from_object[view], record.surface_points.astype(np.float64))
            _, nearest = nearest_tree(found.mesh(RESOLUTION).vertices.astype(np.float64)).query(points)
        except InputError:
            continue
        truth = lab(record.surface_albedo / 255.0)
        for method, colors in answers(found).items():
            off = np.linalg.norm(lab(colors[nearest]) - truth, axis=1)
            errors[method].append((float(off[seen].mean()), float(off[~seen].mean())))
    return {method: np.mean(rows, axis=0) for method, rows in errors.items()}, len(next(iter(errors.values())))


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = command(__doc__)
    parser.add_argument("data", type=Path, help="data set with test shapes")
    parser.add_argument("--model", default="general")
    parser.add_argument("--limit", type=int, default=200, help="shapes at most")
    parser.add_argument("--write", action="store_true", help="write the table into the page")
    options = parser.parse_args(arguments)
    found, count = scores(options.model, options.data, options.limit)
    rows = [(method, f"{seen:.1f}", f"{unseen:.1f}") for method, (seen, unseen) in found.items()]
    lines = table((f"colours of {count} results", "seen surface", "unseen surface"), rows)
    print("\n".join(lines))
    if options.write:
        put(PAGE, BEGIN, "\n".join(lines), END)


if __name__ == "__main__":
    main()
