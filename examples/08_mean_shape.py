"""What a loss between point sets makes of a shape that could be one or another: mean shapes, and hypotheses instead.

Run: python examples/08_mean_shape.py --output mean_shapes.png    (docs/explanation/ambiguity.md explains what it shows)
"""

import argparse
import sys
from pathlib import Path

from PIL import Image

from shapelift.losses.chamfer import chamfer_squared
from shapelift.losses.emd import earth_mover
from shapelift.pictures.shading import distinct_colors
from shapelift.pictures.sheets import SheetRow, sheet

# What only the pages of the docs and this example draw stands with their scripts.
sys.path.insert(0, str(Path(__file__).parents[1] / "docs" / "scripts"))
from experiments.mean_shapes import AddOn, HiddenRadius, mean_shape
from experiments.plots import dots, line, plot

AMBIGUITIES = {"radius": HiddenRadius(), "there or not": AddOn(), "right or left": AddOn(otherwise="left")}
DISTANCES = {
    "chamfer": lambda prediction, truth: chamfer_squared(prediction, truth, reduction="mean"),
    "emd": lambda prediction, truth: earth_mover(prediction, truth).cost,
    "emd squared": lambda prediction, truth: earth_mover(prediction, truth, squared=True).cost,
}
COLUMNS = [("chamfer", 1), ("emd", 1), ("emd squared", 1), ("chamfer", 2), ("emd", 2)]  # and how many hypotheses


def measured(ambiguity, points):
    """One set in numbers: where it is, or how much of it is where the square may be."""
    if isinstance(ambiguity, HiddenRadius):
        return f"median {points.norm(dim=1).median():.3f}, deviation {points.norm(dim=1).std():.4f}"
    return f"right {ambiguity.share_above(points):.3f}, left {ambiguity.share_above(points, 'left'):.3f}"


def main() -> None:
    """One set and two, for every ambiguity and distance: numbers, and a picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=160)
    parser.add_argument("--steps", type=int, default=250)
    parser.add_argument("--output", type=Path, default=Path("mean_shapes.png"))
    options = parser.parse_args()
    rows = []
    for name, ambiguity in AMBIGUITIES.items():
        tiles = []
        for loss, count in COLUMNS:
            sets = mean_shape(ambiguity, DISTANCES[loss], points=options.points, hypotheses=count, steps=options.steps)
            marks = [line(outline, (205, 205, 205)) for outline in ambiguity.outlines()]
            for number, (points, color) in enumerate(zip(sets, distinct_colors(count).tolist(), strict=True), 1):
                print(f"{name} | {loss} | set {number} of {count}: {measured(ambiguity, points)}", flush=True)
                marks.append(dots(points[:, :2], tuple(color), 2.5))
            tiles.append(plot((-0.65, -0.65, 0.65, 0.65), marks, 240))
        rows.append(SheetRow(name.replace(" ", "\n", 1), tiles))
    titles = [loss if count == 1 else f"{loss}, best of {count}" for loss, count in COLUMNS]
    Image.fromarray(sheet(rows, 240, columns=titles)).save(options.output, optimize=True)


if __name__ == "__main__":
    main()
