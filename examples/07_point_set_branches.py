"""The two branches of a point set network in one picture, and where its map of points lies on several objects.

Run: python examples/07_point_set_branches.py --model runs/points/model --output branches.png

A model is made by `shapelift train procedural:chair --recipe pointset-compact --output runs/points`.
"""

import argparse
import sys
from pathlib import Path

from PIL import Image

from shapelift import Reconstructor
from shapelift.io.records import split_of
from shapelift.pictures.rendering import render_object
from shapelift.synthesis.sources import open_source

# What only the pages of the docs and this example draw stands with their scripts.
sys.path.insert(0, str(Path(__file__).parents[1] / "docs" / "scripts"))
from experiments.branch_figures import branches_figure


def main() -> None:
    """Reconstruct a few shapes that no model has trained on, and draw what each branch made of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="a model folder, or the name of a shipped model, of points")
    parser.add_argument("--source", default="procedural:chair", help="where the shapes come from")
    parser.add_argument("--count", type=int, default=4, help="how many of them")
    parser.add_argument("--output", type=Path, default=Path("branches.png"))
    options = parser.parse_args()

    model = Reconstructor.load(options.model)
    source = open_source(options.source, 30 * options.count)
    held_out = [item for item in source.items() if split_of(item.shape_id) == "test"][: options.count]
    found = {item.shape_id: model.reconstruct(render_object(source.load(item), 30.0, 20.0)) for item in held_out}
    Image.fromarray(branches_figure(found)).save(options.output, optimize=True)
    for name, one in found.items():
        dense = int((one.places[:, 0] < 0.0).sum())
        print(f"{name}: {dense} points of the dense branch, {len(one.places) - dense} of the up-convolution branch")


if __name__ == "__main__":
    main()
