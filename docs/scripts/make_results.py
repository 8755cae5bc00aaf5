"""The picture of random test results on the page of a shipped model: docs/images/results_NAME.png.

Run: python docs/scripts/make_results.py DATA [--model general] [--count 24] [--seed 0]

DATA is a folder of `shapelift synthesize`. Shapes and views are drawn at random from its test split; none is chosen.
Each block shows the input, the result from the camera's side and from behind, and the truth from the same two sides,
drawn from its stored surface points. Where a model predicts in the frame of the object, both are seen from those sides.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from page_tools import IMAGES, command, save_picture, true_surface
from PIL import Image

from shapelift import Reconstructor
from shapelift.errors import InputError
from shapelift.inference import shipped_models
from shapelift.io.manifest import read_manifest
from shapelift.io.records import read_record
from shapelift.pictures.rendering import on_paper, render_object
from shapelift.pictures.shading import render_points

SIDES_DEG = ((20.0, 18.0), (200.0, 18.0))
SIZE_PX, COLUMNS = 128, 3


def block(reconstructor: Reconstructor, path: Path, rng: np.random.Generator) -> np.ndarray:
    """Input, two views of the result, two of the truth: `s 5s 3`."""
    record = read_record(path)
    view = int(rng.integers(0, record.views))
    rgba = record.rgba[view]
    # In the frame of the view the camera is in front; in that of the object it is where it was.
    in_view = reconstructor.card.result_frame == "view"
    turn_deg = 0.0 if in_view else float(record.view_parameters[view, 0])
    sides = [(azimuth_deg + turn_deg, elevation_deg) for azimuth_deg, elevation_deg in SIDES_DEG]
    tiles = [np.asarray(Image.fromarray(on_paper(rgba, 235)).resize((SIZE_PX, SIZE_PX), Image.Resampling.LANCZOS))]
    try:
        mesh = reconstructor.reconstruct(rgba).mesh(96)
        tiles += [on_paper(render_object(mesh, *side, size_px=SIZE_PX)) for side in sides]
    except InputError:
        tiles += [np.full((SIZE_PX, SIZE_PX, 3), 255, np.uint8)] * 2
    truth = true_surface(record)
    truth = truth.transformed(record.view_from_object[view]) if in_view else truth
    tiles += [render_points(truth, *side, SIZE_PX, color=(215, 215, 215)) for side in sides]
    return np.concatenate(tiles, axis=1)


def main() -> None:
    """Draw the picture."""
    parser = command(__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="general", choices=shipped_models())
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    entries = read_manifest(arguments.data).split("test")
    rng = np.random.default_rng(arguments.seed)
    drawn = [entries[i] for i in rng.permutation(len(entries))[: arguments.count]]
    reconstructor = Reconstructor.load(arguments.model)
    blocks = [block(reconstructor, arguments.data / entry.file, rng) for entry in drawn]
    gap = np.full((SIZE_PX, 12, 3), 255, np.uint8)
    rows = []
    for start in range(0, len(blocks), COLUMNS):
        row = [part for piece in blocks[start : start + COLUMNS] for part in (piece, gap)]
        rows.append(np.concatenate(row[:-1], axis=1))
    width = max(row.shape[1] for row in rows)
    rows = [np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0)), constant_values=255) for row in rows]
    save_picture(IMAGES / f"results_{arguments.model}.png", np.concatenate(rows))
    print("\n".join(entry.shape_id for entry in drawn))


if __name__ == "__main__":
    main()
