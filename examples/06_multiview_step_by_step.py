"""The multi-view method in pictures: image, maps of fixed views, their points, views from elsewhere, mesh.

Run: python examples/06_multiview_step_by_step.py --output steps    (explained in docs/explanation/multiview.md)
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from shapelift import Reconstructor
from shapelift.geometry import DepthMaps, ViewMaps, fixed_cameras, random_cameras
from shapelift.meshing import fused_points, to_point_cloud
from shapelift.metrics import PROTOCOLS
from shapelift.ops.cameras import Cameras
from shapelift.ops.pseudo_render import render_views
from shapelift.pictures.rendering import render_object
from shapelift.pictures.sheets import stacked
from shapelift.synthesis.sources import open_source
from shapelift.training import TrainConfig

# What only the pages of the docs and this example draw stands with their scripts.
sys.path.insert(0, str(Path(__file__).parents[1] / "docs" / "scripts"))
from experiments.view_figures import SIDES_DEG, view_figures


def main() -> None:
    """Take one chair through all steps; write pictures, and how far points and truth lie apart."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="multiview-chairs", help="name of a shipped model, or a model folder")
    parser.add_argument("--seed", type=int, default=26, help="which chair; the default is one of the test split")
    parser.add_argument("--output", type=Path, default=Path("steps"))
    options = parser.parse_args()

    source = open_source("procedural:chair", options.seed + 1)
    chair = source.load(source.items()[options.seed])
    photo = render_object(chair, *SIDES_DEG[0])
    model = Reconstructor.load(options.model)
    config = TrainConfig.from_json((model.model.path / "config.json").read_text(encoding="utf-8")).model
    size, extent = config.output_size, config.extent

    # The network's graph fuses its maps itself: seen by the fixed cameras once more, the points are the maps again.
    outputs = model.model.graphs["predict"]({"image": model.preprocess(photo)[None]})
    points, logits = outputs["points"], outputs["weights"]
    maps = ViewMaps.from_points(points[0], logits[0], fixed_cameras(config.views, size, extent))
    cameras = random_cameras(4, size, np.random.default_rng(0), extent)
    drawn = render_views(*map(torch.from_numpy, (points, logits)), Cameras.from_values(cameras), image_size=size)
    novel = DepthMaps(drawn.depth[0].numpy(), drawn.collision[0].numpy() > 0, cameras)
    figures = view_figures(chair, maps, novel, model.reconstruct(photo).mesh())

    options.output.mkdir(parents=True, exist_ok=True)
    for name, figure in {**figures, "all": stacked(list(figures.values()))}.items():
        Image.fromarray(figure).save(options.output / f"{name}.png", optimize=True)
    truth = to_point_cloud(chair.mesh, 100_000, np.random.default_rng(0))
    for name, value in PROTOCOLS["lin-2018"].score(fused_points(maps), truth).items():
        print(f"{name}: {value:.2f}")


if __name__ == "__main__":
    main()
