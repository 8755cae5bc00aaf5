"""The pictures of docs/explanation/multiview.md: docs/images/multiview_*.png.

Run: python docs/scripts/make_multiview_pictures.py [--model multiview-chairs] [--seed 26]

Those of the walk-through are what examples/06_multiview_step_by_step.py writes; with `--model truth` they show maps
without any error instead of a network's. `multiview_trap.png` needs no model.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from experiments.view_figures import view_figures
from page_tools import EXAMPLES, IMAGES, command, save_picture
from PIL import Image

from shapelift.geometry import Camera, DepthMaps, PointCloud, ViewMaps, fixed_cameras, random_cameras
from shapelift.meshing import fused_points, to_mesh, to_point_cloud
from shapelift.models import MultiviewConfig
from shapelift.ops.cameras import Cameras
from shapelift.ops.fusion import fuse_views
from shapelift.ops.pseudo_render import render_views
from shapelift.pictures.rendering import CLAY
from shapelift.pictures.shading import render_points
from shapelift.pictures.sheets import SheetRow, resized, sheet, stacked
from shapelift.synthesis.materials import Asset
from shapelift.synthesis.procedural import solids
from shapelift.synthesis.renderer import Scene, render_depth
from shapelift.synthesis.sources import open_source
from shapelift.testing import LOPSIDED_CHAIR

EXAMPLE = EXAMPLES / "06_multiview_step_by_step.py"

SIDES_DEG = ((30.0, 20.0), (210.0, 20.0))
SIZE_PX, SPAN = 256, 1.35
GREY, BLUE, ORANGE = (205, 205, 205), (120, 170, 235), (240, 160, 90)


def perfect_maps(asset: Asset, cameras: Sequence[Camera]) -> ViewMaps:
    """What a network without error would say."""
    scene = Scene(asset)
    depth = np.stack([render_depth(scene, camera) for camera in cameras])
    return ViewMaps.from_depth(depth, tuple(cameras), logit=9.0)


def trap() -> np.ndarray:
    """Perfect maps of a chair without symmetry, fused as they are, and with columns and rows exchanged."""
    chair = solids.assemble([(solids.box_between(low, high), "clay") for low, high in LOPSIDED_CHAIR], {"clay": CLAY})
    maps = perfect_maps(chair, fixed_cameras(8, 128))
    exchanged = ViewMaps(maps.xyz[..., [1, 0, 2]], maps.mask_logits, maps.cameras)
    truth = to_point_cloud(chair.mesh, 200_000, np.random.default_rng(0))
    clouds = ((truth, GREY), (fused_points(maps), BLUE), (fused_points(exchanged), ORANGE))
    rows = [SheetRow("", [tile(cloud, side, color) for cloud, color in clouds]) for side in SIDES_DEG]
    return stacked([sheet(rows, SIZE_PX, columns=("the surface", "fused", "fused, rows taken for columns"))], 12)


def tile(cloud: PointCloud, side_deg: tuple[float, float], color: tuple[int, int, int]) -> np.ndarray:
    """One cloud from one side; all of them to one measure."""
    return resized(render_points(cloud, *side_deg, 2 * SIZE_PX, color=color, spot_px=5, span=SPAN), SIZE_PX)


def perfect_steps(seed: int) -> dict[str, np.ndarray]:
    """The walk-through with maps without error."""
    config = MultiviewConfig(image_size=128)
    size, extent = config.output_size, config.extent
    source = open_source("procedural:chair", seed + 1)
    chair = source.load(source.items()[seed])
    maps = perfect_maps(chair, fixed_cameras(config.views, size, extent))
    points = fuse_views(torch.from_numpy(maps.xyz.copy())[None], Cameras.from_values(maps.cameras))
    logits = torch.from_numpy(maps.mask_logits.copy()).reshape(1, -1)
    cameras = random_cameras(4, size, np.random.default_rng(0), extent)
    drawn = render_views(points, logits, Cameras.from_values(cameras), image_size=size)
    novel = DepthMaps(drawn.depth[0].numpy(), drawn.collision[0].numpy() > 0, cameras)
    return view_figures(chair, maps, novel, to_mesh(maps))


def predicted_steps(model: str, seed: int) -> dict[str, np.ndarray]:
    """The walk-through with the maps of a model, as the example writes it."""
    with tempfile.TemporaryDirectory() as folder:
        asked = ["--model", model, "--seed", str(seed), "--output", folder]
        subprocess.run([sys.executable, str(EXAMPLE), *asked], check=True)
        found = {path.stem: np.asarray(Image.open(path)) for path in sorted(Path(folder).glob("*.png"))}
    return {name: picture for name, picture in found.items() if name != "all"}


def main() -> None:
    """Draw them all."""
    parser = command(__doc__)
    parser.add_argument("--model", default="multiview-chairs", help="shipped model, model folder, or 'truth'")
    parser.add_argument("--seed", type=int, default=26, help="which chair")
    options = parser.parse_args()
    steps = perfect_steps(options.seed) if options.model == "truth" else predicted_steps(options.model, options.seed)
    for name, picture in {"trap": trap(), **steps}.items():
        save_picture(IMAGES / f"multiview_{name}.png", picture, colors=None)


if __name__ == "__main__":
    main()
