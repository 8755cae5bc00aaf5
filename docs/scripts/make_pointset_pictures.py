"""The pictures of docs/explanation/pointsets.md: docs/images/pointset_*.png.

Run: python docs/scripts/make_pointset_pictures.py branches MODEL          which branch made which point
     python docs/scripts/make_pointset_pictures.py losses NAME=MODEL ...   several models, and the truth
     python docs/scripts/make_pointset_pictures.py hypotheses MODEL        several answers to one image

MODEL is a model folder or the name of a shipped model. The chairs are procedural and in no training set.
"""

from __future__ import annotations

import numpy as np
from experiments.branch_figures import branches_figure
from experiments.dots import dots
from page_tools import IMAGES, command, named, save_picture

from shapelift import Reconstructor
from shapelift.geometry import PointCloud
from shapelift.inference.hypotheses import FULL_SPREAD
from shapelift.io.records import split_of
from shapelift.meshing import to_point_cloud
from shapelift.pictures.rendering import on_paper, render_object
from shapelift.pictures.sheets import SheetRow, resized, sheet
from shapelift.synthesis.materials import Asset
from shapelift.synthesis.sources import open_source

CAMERA_DEG = (30.0, 20.0)
SIDES_DEG = ((30.0, 20.0), (120.0, 15.0))
BEHIND_DEG = (210.0, 20.0)
TILE_PX, BLUE, GREY = 176, (84, 138, 210), (150, 150, 150)
FIRST_CHAIR = 7000


def chairs(count: int) -> dict[str, Asset]:
    """Chairs of the test split, of numbers beyond those of usual training sets."""
    source = open_source("procedural:chair", FIRST_CHAIR + 40 * count)
    items = [item for item in source.items()[FIRST_CHAIR:] if split_of(item.shape_id) == "test"][:count]
    return {item.shape_id.removeprefix("procedural_").replace("_", " "): source.load(item) for item in items}


def branches(model: Reconstructor, count: int) -> np.ndarray:
    """Two branches in two colours, and the map of the second on the surface."""
    found = {name: model.reconstruct(render_object(chair, *CAMERA_DEG)) for name, chair in chairs(count).items()}
    return branches_figure(found, tile_px=TILE_PX)


def losses(models: dict[str, Reconstructor], count: int) -> np.ndarray:
    """Input, the cloud of every model from two sides, and as many points of the truth."""
    rows = []
    for name, chair in chairs(count).items():
        image = render_object(chair, *CAMERA_DEG)
        clouds = [_cloud(model.reconstruct(image).representation) for model in models.values()]
        truth = to_point_cloud(chair.mesh, len(clouds[0]), np.random.default_rng(0)).points
        tiles = [on_paper(image)]
        for points, color in [*((cloud, BLUE) for cloud in clouds), (truth, GREY)]:
            tiles += [_dots(points, np.tile(color, (len(points), 1)), side) for side in SIDES_DEG]
        rows.append(SheetRow(name, tiles))
    titles = ["input"]
    for name in [*models, "truth"]:
        titles += [name, ""]
    return sheet(rows, TILE_PX, columns=titles)


def hypotheses(model: Reconstructor, count: int, samples: int) -> np.ndarray:
    """Every answer as a mesh from behind, where the image does not show it, coloured by spread."""
    rows = []
    for name, chair in chairs(count).items():
        image = render_object(chair, *CAMERA_DEG)
        found = model.hypotheses(image, samples, seed=0)
        tiles = [on_paper(image)]
        tiles += [on_paper(render_object(found.mesh(index, 96), *BEHIND_DEG)) for index in range(samples)]
        tiles.append(on_paper(render_object(chair, *BEHIND_DEG)))
        rows.append(SheetRow(name, tiles))
    titles = ["input", *(f"answer {number}, from behind" for number in range(1, samples + 1)), "truth, from behind"]
    note = f"grey: the answers agree; red: {100 * FULL_SPREAD:.0f} % of the longest side apart, or more"
    return sheet(rows, TILE_PX, title=note, columns=titles)


def _cloud(representation: object) -> np.ndarray:
    if not isinstance(representation, PointCloud):
        raise SystemExit("only models of points can be drawn side by side")
    return representation.points


def _dots(points: np.ndarray, colors: np.ndarray, side_deg: tuple[float, float]) -> np.ndarray:
    return resized(dots(points, colors, *side_deg, 2 * TILE_PX, radius_px=TILE_PX / 55.0), TILE_PX)


def main() -> None:
    """Draw one picture."""
    parser = command(__doc__)
    parser.add_argument("what", choices=("branches", "losses", "hypotheses"))
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--count", type=int, default=4, help="how many chairs")
    parser.add_argument("--samples", type=int, default=4, help="how many answers")
    options = parser.parse_args()
    loaded = {name: Reconstructor.load(path) for name, path in named(options.models).items()}
    first = next(iter(loaded.values()))
    if options.what == "branches":
        picture = branches(first, options.count)
    elif options.what == "losses":
        picture = losses(loaded, options.count)
    else:
        picture = hypotheses(first, options.count, options.samples)
    save_picture(IMAGES / f"pointset_{options.what}.png", picture, colors=None)


if __name__ == "__main__":
    main()
