"""Whether depth-normal consistency helps: networks with and without the term, alike in everything else.

Run: python docs/scripts/make_depth_trial.py [--data FOLDER] [--steps 600] [--seeds 3] [--json FILE]

Without --data it renders 120 procedural chairs first. Prints means and standard deviations over the seeds, on images of
the validation split. With --free there is no network and no data set: the depth map itself is fitted to noisy depth and
noisy normals of one rendered chair, which shows in seconds what the term alone does.
"""

from __future__ import annotations

import dataclasses
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from page_tools import command, table
from torch import Tensor

from shapelift.datasets import Augmentation, ShapeDataset
from shapelift.imaging.preprocess import Preprocess
from shapelift.losses.depth import depth_error
from shapelift.losses.normal_maps import depth_normal_consistency
from shapelift.models.depthnormal import DepthNormalConfig, DepthNormalModel, depth_of
from shapelift.ops.depth_normals import depth_normals
from shapelift.pictures.rendering import studio_lighting
from shapelift.synthesis import procedural
from shapelift.synthesis.cameras import framed_camera
from shapelift.synthesis.options import SynthesisOptions
from shapelift.synthesis.renderer import Scene, render_view
from shapelift.synthesis.writer import synthesize

SMALL = DepthNormalConfig(
    image_size=48, widths=(16, 32, 64), depths=(1, 1, 1), code_size=64, decoder_widths=(48, 32, 24, 16)
)
VARIANTS = (0.0, 1.0)
"""Weights of the term."""
BATCH, POOL, HELD_OUT = 16, 128, 96
"""Items of a batch, batches that are made and gone through again and again, and images that are measured."""


def chairs(folder: Path) -> Path:
    """A small data set."""
    synthesize("procedural:chair", folder, SynthesisOptions(count=120, views=8, size_px=64))
    return folder


def trained(config: DepthNormalConfig, pool: Sequence[dict[str, Tensor]], steps: int, seed: int) -> DepthNormalModel:
    """The network after so many steps; the same batches, in the same order, for every variant."""
    torch.manual_seed(seed)
    model = config.build().train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps, pct_start=0.05)
    for step in range(steps):
        batch = pool[step % len(pool)]
        optimizer.zero_grad()
        torch.stack(list(model.loss(model(batch), batch).values())).sum().backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return model.eval()


@torch.no_grad()
def scores(model: DepthNormalModel, batch: dict[str, Tensor]) -> dict[str, float]:
    """Depth error with the true camera [units of the object], and angles [degrees] of both kinds of normals."""
    found = model(batch)
    true, matrix = batch["depth"], batch["camera_camera_from_world"]
    seen = true > 0.0
    depth = depth_of(found["offset"], matrix)
    truth = batch["depth_normals"] @ matrix[:, None, :3, :3].mT
    derived, valid = depth_normals(depth, batch["camera_intrinsics"] * model.to_maps, seen, edges=true)
    return {
        "depth error": float((depth - true).abs()[seen].mean()),
        "root mean square": float((depth - true).square()[seen].mean().sqrt()),
        "normals of the depth": angle_deg(derived, truth, valid),
        "predicted normals": angle_deg(found["normals"], truth, seen),
    }


def angle_deg(first: Tensor, second: Tensor, mask: Tensor) -> float:
    """Mean angle over a mask."""
    return float(torch.rad2deg(torch.acos((first * second).sum(-1).clamp(-1.0, 1.0)))[mask].mean())


def measured(
    folder: Path, steps: int, seeds: int, loss: Literal["l1", "l2", "log"]
) -> dict[float, list[dict[str, float]]]:
    """Per variant one row of scores per seed."""
    preprocess = Preprocess.from_mapping(SMALL.preprocess)
    held_out = ShapeDataset(folder, "validation", targets=SMALL.targets(), preprocess=preprocess)
    batch = held_out.fixed_batch(held_out.fixed_pairs(HELD_OUT))
    rows: dict[float, list[dict[str, float]]] = {}
    for seed in range(seeds):
        data = ShapeDataset(
            folder, "train", targets=SMALL.targets(), preprocess=preprocess, augmentation=Augmentation(), seed=seed
        )
        pool = [data.batch(number, BATCH) for number in range(min(steps, POOL))]
        for weight in VARIANTS:
            config = dataclasses.replace(SMALL, consistency_weight=weight, loss=loss)
            start = time.process_time()
            row = scores(trained(config, pool, steps, seed), batch) | {"seconds": time.process_time() - start}
            rows.setdefault(weight, []).append(row)
            print(f"seed {seed}, weight {weight:g}: {json.dumps(row)}", flush=True)
    return rows


def free_map(weight: float, seed: int, steps: int = 200) -> dict[str, float]:
    """A depth map fitted to depth with 2 % of noise, and to normals that are 20 degrees off, by L1 and the term."""
    asset = procedural.build("chair", 3)
    camera = framed_camera(asset.mesh.vertices, 30.0, 20.0, 30.0, 4.0, 64)
    view = render_view(Scene(asset), camera, studio_lighting(30.0), 1)
    generator = torch.Generator().manual_seed(seed)
    true = torch.tensor(view.depth, dtype=torch.float32)[None]
    intrinsics = torch.tensor(camera.intrinsics, dtype=torch.float32)[None]
    turn = torch.tensor(camera.camera_from_world[:3, :3], dtype=torch.float32)
    truth, seen = torch.tensor(view.normals, dtype=torch.float32)[None] @ turn.T, true > 0.0
    noisy = true + 0.02 * torch.randn(true.shape, generator=generator)
    told = truth + 0.25 * torch.randn(truth.shape, generator=generator)
    told = told / told.norm(dim=-1, keepdim=True)
    depth = noisy.clone().requires_grad_()
    optimizer = torch.optim.Adam([depth], lr=2e-3)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = 10.0 * depth_error(depth, noisy, seen)
        if weight:
            loss = loss + weight * depth_normal_consistency(depth, told, intrinsics, seen, edges=true)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    derived, valid = depth_normals(depth.detach(), intrinsics, seen, edges=true)
    return {
        "depth error": float((depth.detach() - true).abs()[seen].mean()),
        "root mean square": float((depth.detach() - true).square()[seen].mean().sqrt()),
        "normals of the depth": angle_deg(derived, truth, valid),
        "told normals": angle_deg(told, truth, valid),
    }


def main() -> None:
    """Train, measure, print."""
    parser = command(__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--loss", choices=["l1", "l2", "log"], default="l1")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--free", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.free:
            rows = {weight: [free_map(weight, seed) for seed in range(options.seeds)] for weight in (*VARIANTS, 3.0)}
        else:
            rows = measured(options.data or chairs(Path(folder)), options.steps, options.seeds, options.loss)
    names = list(rows[VARIANTS[0]][0])
    lines = []
    for weight, found in rows.items():
        cells = [np.array([row[name] for row in found]) for name in names]
        lines.append((f"{weight:g}", *(f"{cell.mean():.4g} ± {cell.std():.2g}" for cell in cells)))
    print("\n".join(table(("weight of the term", *names), lines)))
    if options.json:
        options.json.write_text(json.dumps({str(weight): found for weight, found in rows.items()}, indent=2))


if __name__ == "__main__":
    main()
