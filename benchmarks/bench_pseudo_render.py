"""The pseudo-renderer, forward and backward: time and peak memory against the published way, in the same run.

    python benchmarks/bench_pseudo_render.py [--repeats 5] [--threads 1]

The baseline draws as the paper says (Lin, Kong, Lucey 2018): every point of every cloud goes into every view at once,
is added into a grid of 5 x 5 cells per pixel, and a maximum over the cells gives the pixel; PyTorch derives the
gradient. It is written with the fastest operators known for that: flat indices, one scatter-add per channel. Both get
the same points and cameras, and must agree where no points collide. Inputs: 4 clouds, each from 8 views of 128 px that
see a sphere (so 131072 points, 4 in 10 of them visible), drawn at 5 random views with 5 x 5 cells. Each side runs in
a process of its own, where the peak is measured; times are the least of several repeats, in turn.

The floor of memory traffic: inputs, outputs and both their gradients touched once, at the speed of a large copy.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from shapelift.geometry.viewpoints import fixed_cameras, random_cameras
from shapelift.ops.cameras import Cameras
from shapelift.ops.fusion import fuse_views
from shapelift.ops.pseudo_render import render_views

BATCH, VIEWS, SIZE, NOVEL, UPSAMPLING = 4, 8, 128, 5, 5

Drawn = tuple[Tensor, Tensor, Tensor]
Draw = Callable[[Tensor, Tensor, Cameras], Drawn]


def inputs() -> tuple[Tensor, Tensor, Cameras]:
    """Clouds `4 131072 3` as a network in training gives them, mask logits `4 131072`, and cameras `4 5`."""
    generator = torch.Generator().manual_seed(0)
    rows, columns = torch.meshgrid(torch.arange(SIZE) + 0.5, torch.arange(SIZE) + 0.5, indexing="ij")
    radius = 0.36
    squared = radius**2 - ((columns / SIZE - 0.5) ** 2 + (rows / SIZE - 0.5) ** 2)
    maps = torch.stack([columns, rows, 1.0 - squared.clamp_min(0.0).sqrt()], dim=-1).expand(BATCH, VIEWS, -1, -1, -1)
    maps = maps + torch.randn(maps.shape, generator=generator) * torch.tensor([0.5, 0.5, 0.02])
    logits = torch.where(squared > 0, 3.0, -3.0) + torch.randn(BATCH, VIEWS, SIZE, SIZE, generator=generator)
    points = fuse_views(maps, Cameras.from_values(fixed_cameras(VIEWS, SIZE)))
    novel = Cameras.from_values(random_cameras(BATCH * NOVEL, SIZE, np.random.default_rng(0)))
    matrices = novel.camera_from_world.view(BATCH, NOVEL, 4, 4)
    return points, logits.reshape(BATCH, -1), Cameras.unit_orthographic(matrices, SIZE)


def ours(points: Tensor, logits: Tensor, cameras: Cameras) -> Drawn:
    """The operator of this package."""
    found = render_views(points, logits, cameras, image_size=SIZE, upsampling=UPSAMPLING)
    return found.depth, found.mask_logits, found.collision


def published(points: Tensor, logits: Tensor, cameras: Cameras) -> Drawn:
    """Sums per cell of all views at once, then maxima (visible) and means (invisible) per pixel."""
    side = SIZE * UPSAMPLING
    rotation, shift = cameras.camera_from_world[..., :3, :3], cameras.camera_from_world[..., :3, 3]
    local = torch.einsum("bvij,bnj->bvin", rotation, points) + shift[..., None]
    depth = local[:, :, 2]
    cell = ((local[:, :, :2] + 0.5) * side).detach().floor().long()
    inside = ((cell >= 0) & (cell < side)).all(dim=2)
    view = torch.arange(BATCH * NOVEL).view(BATCH, NOVEL, 1)
    place = (view * side + cell[:, :, 1]) * side + cell[:, :, 0]
    spread = logits[:, None].expand_as(depth)
    chosen = inside & (spread > 0)
    visible, seen = place[chosen], spread[chosen]
    inverse = 1.0 / (depth[chosen] + 10.0 + 1e-8)
    empty = points.new_zeros(BATCH * NOVEL * side * side)
    channels = [empty.scatter_add(0, visible, value) for value in (inverse, seen, torch.ones_like(seen))]
    grid = torch.stack([channel.view(-1, side, side) for channel in channels], dim=1)
    near, greatest, collision = torch.nn.functional.max_pool2d(grid, UPSAMPLING).unbind(dim=1)
    chosen = inside & (spread <= 0)
    crowd = empty.scatter_add(0, place[chosen], spread[chosen]).view(-1, 1, side, side)
    mean = torch.nn.functional.avg_pool2d(crowd, UPSAMPLING)[:, 0]
    mask = torch.where(greatest > 0, greatest, torch.where(mean < 0, mean, -1.0))
    maps = 1.0 / (near + 1e-8) - 10.0, mask, collision
    shape = (BATCH, NOVEL, SIZE, SIZE)
    return maps[0].view(shape), maps[1].view(shape), maps[2].view(shape)


def step(draw: Draw, points: Tensor, logits: Tensor, cameras: Cameras) -> tuple[Tensor, Tensor]:
    """Forward, a loss as in the paper, backward."""
    points, logits = points.detach().requires_grad_(), logits.detach().requires_grad_()
    depth, mask, collision = draw(points, logits, cameras)
    loss = (depth - 1.0).abs()[collision == 1].sum() + torch.nn.functional.softplus(mask).sum()
    of_points, of_logits = torch.autograd.grad(loss, [points, logits])
    return of_points, of_logits


def peak_mib(side: str, threads: int) -> float:
    """What a step adds to the peak memory of a fresh process that already holds the inputs."""
    command = [sys.executable, __file__, "--peak-of", side, "--threads", str(threads)]
    # Freed memory goes back at once, so that a step cannot live in what making the inputs has left behind.
    frugal = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=frugal)
    return float(result.stdout)


def print_peak(draw: Draw) -> None:
    """Run a step in this process and print how far its peak rose, MiB."""
    points, logits, cameras = inputs()
    step(draw, points[:, :1000].contiguous(), logits[:, :1000].contiguous(), cameras)  # wakes up the library
    held = status_mib("VmRSS")
    try:
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    except OSError:
        held = status_mib("VmHWM")
    step(draw, points, logits, cameras)
    print(status_mib("VmHWM") - held)


def status_mib(field: str) -> float:
    """A figure of this process from the kernel (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def agree() -> dict[str, float]:
    """Largest differences between the two where nothing collides, and the share of drawn pixels that do collide."""
    points, logits, cameras = inputs()
    mine, theirs = ours(points, logits, cameras), published(points, logits, cameras)
    # Rounding puts a few points of millions on the other side of a border: those pixels are not compared.
    same = mine[2] == theirs[2]
    single, free = same & (mine[2] == 1), same & (mine[2] <= 1)
    assert float(same.float().mean()) > 0.999
    depth = (mine[0] - theirs[0]).abs()[single]
    mask = (mine[1] - theirs[1]).abs()[free]
    assert float((depth > 1e-4).float().mean()) < 1e-3
    assert float((mask > 1e-4).float().mean()) < 1e-3
    return {
        "median_depth_difference": float(depth.median()),
        "pixels_with_collisions": round(float((mine[2] > 1).sum() / (mine[2] > 0).sum()), 3),
    }


def copy_gb_per_s() -> float:
    """Bytes read and written per second by a copy that no cache holds."""
    source = torch.ones(64 * 2**20)
    target = torch.empty_like(source)
    target.copy_(source)
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        target.copy_(source)
        best = min(best, time.perf_counter() - start)
    return 2 * source.nbytes / best / 1e9


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--peak-of", choices=["ours", "published"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    sides: dict[str, Draw] = {"ours": ours, "published": published}
    if arguments.peak_of:
        print_peak(sides[arguments.peak_of])
        return
    peaks = {name: peak_mib(name, arguments.threads) for name in sides}
    agreement = agree()
    points, logits, cameras = inputs()
    times = dict.fromkeys(sides, float("inf"))
    for _ in range(arguments.repeats):
        for name, draw in sides.items():
            start = time.perf_counter()
            step(draw, points, logits, cameras)
            times[name] = min(times[name], time.perf_counter() - start)
    touched = 2 * (points.nbytes + logits.nbytes) + 5 * BATCH * NOVEL * SIZE * SIZE * 4
    speed = copy_gb_per_s()
    floor = touched / speed / 1e9
    report = {
        "threads": arguments.threads,
        "ours_ms": round(1e3 * times["ours"], 1),
        "published_ms": round(1e3 * times["published"], 1),
        "times_faster": round(times["published"] / times["ours"], 2),
        "ours_peak_mib": round(peaks["ours"], 1),
        "published_peak_mib": round(peaks["published"], 1),
        "share_of_peak": round(peaks["ours"] / peaks["published"], 3),
        "copy_gb_per_s": round(speed, 1),
        "traffic_floor_ms": round(1e3 * floor, 2),
        "times_the_floor": round(times["ours"] / floor, 1),
        **agreement,
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
