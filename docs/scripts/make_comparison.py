"""The table and the picture of docs/explanation/comparison.md: one row per family, on one and the same data set.

Run: python docs/scripts/make_comparison.py DATA NAME=MODEL ... [--scores FOLDER]

DATA is a folder of `shapelift synthesize`, MODEL a model folder or the name of a shipped model. Every model is
evaluated on the test split, and what `shapelift evaluate` writes is kept in FOLDER/NAME, where the next run finds it.
Baselines are those of the first model of each frame. The time per object is measured here and now, models in turns;
parameters, training time and images come from the cards, sizes from the files. No number of the page is typed by hand.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from make_scores_table import METRICS, scores_table
from page_tools import EXPLANATION, IMAGES, command, named, put, save_picture, table, true_surface

from shapelift import Reconstructor
from shapelift.errors import InputError
from shapelift.evaluation import evaluate, summarize, write_report
from shapelift.geometry.templates import icosphere
from shapelift.inference.representations import REPRESENTATIONS
from shapelift.io.cores import available_cores
from shapelift.io.manifest import read_manifest
from shapelift.io.records import ShapeRecord, read_record
from shapelift.pictures.rendering import on_paper, render_object
from shapelift.pictures.shading import render_points
from shapelift.pictures.sheets import SheetRow, sheet

PAGE = EXPLANATION / "comparison.md"
PICTURE = IMAGES / "comparison.png"
BEGIN, END = "<!-- comparison -->\n", "<!-- /comparison -->\n"
PROTOCOLS = ("lin-2018", "fan-2017")
SHAPE = {name: column for name, column in METRICS.items() if ":" not in name}
"""Metrics of the closed mesh."""
POINTS = {name: column for name, column in METRICS.items() if ":" in name}
"""Metrics of published protocols."""
FRAMES = {"object": "In the pose of the object", "view": "In the pose of the view"}
PICTURED, TIMED, RESOLUTION = 6, 12, 96
BEHIND_DEG, ABOVE_DEG, TILE_PX, SPAN = 150.0, 18.0, 144, 1.3


def scores(name: str, model: Reconstructor, data: Path, folder: Path, *, baselines: bool) -> dict[str, Any]:
    """What evaluation says of a model: read where it was written before."""
    path = folder / name / "scores.json"
    if not path.exists():
        print(f"{name}: evaluating", flush=True)
        found = evaluate(
            model,
            data,
            resolution=RESOLUTION,
            baselines=baselines,
            oracle=baselines,
            protocols=PROTOCOLS,
            workers=available_cores(),
        )
        write_report(found, path.parent)
        return summarize(found)
    kept = json.loads(path.read_text(encoding="utf-8"))
    settings = kept["settings"]
    same = kept["model"]["name"] == model.card.name and kept["model"]["version"] == model.card.version
    alike = settings["resolution"] == RESOLUTION and settings["protocols"] == list(PROTOCOLS)
    if not same or not alike or kept["data"]["split"] != "test":
        raise SystemExit(f"{path}: scores of another model, of another split or by other rules; delete it")
    return dict(kept)


def seconds_per_object(models: dict[str, Reconstructor], records: list[ShapeRecord]) -> dict[str, float]:
    """Median time from a cut-out image to a closed mesh, models in turns so that what else runs hits all alike."""
    taken: dict[str, list[float]] = {name: [] for name in models}
    for round_, record in enumerate([records[0], *records]):
        for name, model in models.items():
            start = time.perf_counter()
            _mesh(model, record.rgba[0])
            if round_:
                taken[name].append(time.perf_counter() - start)
    return {name: float(np.median(values)) for name, values in taken.items()}


def costs(models: dict[str, Reconstructor], seconds: dict[str, float]) -> str:
    """What a model takes: one row each."""
    heads = ("parameters", "training", "processor time", "images seen", "seconds per object", "megabytes")
    rows = []
    for name, model in models.items():
        training = model.card.training
        measured = "processor_seconds" in training and training.get("processor_seconds_before") != 0.0
        processor_s = _with_before(training, "processor_seconds")
        cells = (
            name,
            f"{training['parameters'] / 1e6:.1f} M",
            f"{_with_before(training, 'seconds') / 60.0:.0f} min",
            f"{processor_s / 60.0:.0f} min" if measured else "not measured",
            f"{_with_before(training, 'images_seen'):,.0f}",
            f"{seconds[name]:.2f}",
            f"{_megabytes(model):.1f}",
        )
        rows.append(cells)
    return "\n".join([*table(("", *heads), rows), ""])


def picture(models: dict[str, Reconstructor], records: list[ShapeRecord]) -> np.ndarray:
    """The same images in all rows: input, every model from the side of the camera and from behind, truth."""
    # One scale for all, that of `render_points`, so that a seat without legs does not look like a large one.
    around = icosphere(2, radius=SPAN / 2.0).vertices
    rows = [SheetRow("input", [on_paper(record.rgba[0]) for record in records for _ in (0, 1)])]
    for name, model in models.items():
        tiles = []
        for record in records:
            mesh = _mesh(model, record.rgba[0])
            for azimuth_deg in _sides(record, in_view=model.card.result_frame == "view"):
                side = (azimuth_deg, ABOVE_DEG)
                tiles.append(
                    np.full((TILE_PX, TILE_PX, 3), 255, np.uint8)
                    if mesh is None
                    else on_paper(render_object(mesh, *side, size_px=TILE_PX, margin=0.0, around=around))
                )
        rows.append(SheetRow(name, tiles))
    truth = []
    for record in records:
        cloud = true_surface(record)
        truth += [
            render_points(cloud, side, ABOVE_DEG, TILE_PX, color=(215, 215, 215), span=SPAN)
            for side in _sides(record, in_view=False)
        ]
    rows.append(SheetRow("truth", truth))
    return sheet(rows, TILE_PX)


def _sides(record: ShapeRecord, *, in_view: bool) -> tuple[float, float]:
    turn_deg = 0.0 if in_view else float(record.view_parameters[0, 0])
    return turn_deg, turn_deg + BEHIND_DEG


def _mesh(model: Reconstructor, rgba: np.ndarray) -> Any:
    try:
        return model.reconstruct(rgba).mesh(RESOLUTION)
    except InputError:  # it sees nothing
        return None


def _with_before(training: dict[str, Any], name: str) -> float:
    """With that of the run it began with, where it did."""
    return float(training.get(name, 0.0)) + float(training.get(f"{name}_before", 0.0))


def _megabytes(model: Reconstructor) -> float:
    graphs = REPRESENTATIONS[model.card.representation].graphs
    return sum((model.model.path / f"{graph}.onnx").stat().st_size for graph in graphs) / 1e6


def main(arguments: Sequence[str] | None = None) -> None:
    """Evaluate what is not evaluated, measure times, and write table and picture."""
    parser = command(__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("models", nargs="+", metavar="NAME=MODEL")
    parser.add_argument("--scores", type=Path, default=Path("comparison"), help="where evaluations are kept")
    options = parser.parse_args(arguments)
    models = {name: Reconstructor.load(path) for name, path in named(options.models).items()}
    found: dict[str, dict[str, Any]] = {}
    for name, model in models.items():
        first = all(models[other].card.result_frame != model.card.result_frame for other in found)
        found[name] = scores(name, model, options.data, options.scores, baselines=first)
    entries = read_manifest(options.data).split("test")
    drawn = np.random.default_rng(0).permutation(len(entries))[: max(PICTURED, TIMED)]
    records = [read_record(options.data / entries[index].file) for index in drawn]
    seconds = seconds_per_object(models, records[:TIMED])
    parts = [costs(models, seconds)]
    for frame, title in FRAMES.items():
        alike = {name: one for name, one in found.items() if models[name].card.result_frame == frame}
        if alike:
            parts += [
                f"### {title}\n",
                scores_table(alike, SHAPE, intervals=0),
                scores_table(alike, POINTS, intervals=0),
            ]
    put(PAGE, BEGIN, "\n" + "\n".join(parts), END)
    print("\n".join(parts))
    save_picture(PICTURE, picture(models, records[:PICTURED]))


if __name__ == "__main__":
    main()
