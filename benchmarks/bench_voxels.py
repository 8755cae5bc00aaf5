"""Cells against a field: what a voxel network costs and can show at 32, 64 and 128 cells, next to an implicit one.

    python benchmarks/bench_voxels.py [--shapes 6] [--repeats 3] [--table]

Cost: networks of the recipes with fresh weights, exported as a user has them. Parameters; what a training step of eight
images adds to the peak memory of a process of its own, and its time on one thread; the bytes of the grid; the time per
object on one and on two threads, without meshing. The voxel network answers for all cells. The implicit one answers at
as many points as meshing a true chair at that resolution asks it, and for comparison at as many as there are cells.

Quality: true chairs, made in memory, as cells and as a field, at the same resolutions. Cells hold what the best voxel
network could say: full or empty ("binary"), meshed smooth and blocky, or the share of each that is full ("shares").
The field is the signed distance. Waste: cells at the surface, those with an unlike neighbour, among all cells.

Prints JSON; with `--table` the tables of docs/explanation/voxels.md instead.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch

from shapelift.geometry import ImplicitField, Mesh, VoxelGrid
from shapelift.meshing import mesh_blocks, mesh_field, to_mesh, voxels
from shapelift.meshing.points import sample_surface
from shapelift.metrics import SurfaceDistance, chamfer_l1, fscore, iou
from shapelift.models import ImplicitConfig, ModelConfig, VoxelConfig
from shapelift.models.export import export_graphs
from shapelift.recipes import RECIPES
from shapelift.synthesis import procedural
from shapelift.synthesis.occupancy import Solid

RESOLUTIONS = (32, 64, 128)
CELL_WIDTHS = (96, 64, 32, 16, 8)
TRAINING_BATCH = 8
POINTS, SURFACE_POINTS = 200_000, 100_000
DECODER_CHUNK = 2048
"""Points per call of the decoder, as the runtime asks it."""
SEED = 1_000_000
"""Chairs from here on are in no data set of this project."""


def voxel_config(resolution: int) -> VoxelConfig:
    """The compact recipe's network at a resolution."""
    model = RECIPES["voxel-compact"]().model
    assert isinstance(model, VoxelConfig)
    widths = CELL_WIDTHS[: int(np.log2(resolution)) - 2]
    return dataclasses.replace(model, resolution=resolution, cell_widths=widths)


def implicit_config() -> ImplicitConfig:
    """The implicit network of categories in their upright pose."""
    model = RECIPES["implicit-object"]().model
    assert isinstance(model, ImplicitConfig)
    return model


def config_of(name: str) -> ModelConfig:
    """By the name that the process which measures memory is given: `implicit`, or a number of cells."""
    return implicit_config() if name == "implicit" else voxel_config(int(name))


def best_time(action: Callable[[], object], repeats: int) -> float:
    """Least seconds of several repeats, after one that does not count."""
    action()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


# -- cost -------------------------------------------------------------------------------------------------------------


def training_step(config: ModelConfig) -> Callable[[], None]:
    """Forward and backward for a batch of images, in bfloat16 as the recipes train."""
    model, batch = config.build(), {"image": torch.rand(TRAINING_BATCH, 4, config.image_size, config.image_size)}
    if isinstance(config, VoxelConfig):
        batch["cells"] = (torch.rand(TRAINING_BATCH, *[config.resolution] * 3) < 0.1).float()
    elif isinstance(config, ImplicitConfig):
        count = config.uniform_points + config.near_points
        batch["points"] = torch.rand(TRAINING_BATCH, count, 3) - 0.5
        batch["points_occupancy"] = (torch.rand(TRAINING_BATCH, count) < 0.1).float()

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16):
            prediction = model(batch)
        terms = model.loss({name: value.float() for name, value in prediction.items()}, batch)
        torch.stack(list(terms.values())).sum().backward()

    return step


def peak_mib(name: str) -> float:
    """What a training step adds to the peak memory of a fresh process that already holds the network."""
    command = [sys.executable, __file__, "--peak-of", name]
    frugal = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    return float(subprocess.run(command, capture_output=True, text=True, check=True, env=frugal).stdout)


def print_peak(name: str) -> None:
    """Run a step in this process and print how far its peak rose, MiB (Linux)."""
    torch.set_num_threads(1)
    training_step(config_of("32"))()  # wakes up the libraries
    step = training_step(config_of(name))
    held = status_mib("VmRSS")
    try:
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    except OSError:
        held = status_mib("VmHWM")
    step()
    print(round(status_mib("VmHWM") - held, 1))


def status_mib(field: str) -> float:
    """A figure of this process from the kernel (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def sessions(config: ModelConfig, folder: Path, threads: int) -> dict[str, onnxruntime.InferenceSession]:
    """The exported graphs, opened for so many threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    if not any(folder.iterdir()):
        export_graphs(config.build(), folder)
    return {
        path.stem: onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        for path in folder.glob("*.onnx")
    }


Graphs = dict[str, onnxruntime.InferenceSession]


def answer(config: ModelConfig, graphs: Graphs, points: int) -> Callable[[], None]:
    """One image through the network: all cells at once, or so many points of a field, in chunks."""
    image = np.random.default_rng(0).random((1, 4, config.image_size, config.image_size), np.float32)
    places = np.random.default_rng(1).random((1, DECODER_CHUNK, 3), np.float32) - np.float32(0.5)

    def run() -> None:
        if "predict" in graphs:
            graphs["predict"].run(None, {"image": image})
            return
        planes, _ = graphs["encode"].run(None, {"image": image})
        for start in range(0, points, DECODER_CHUNK):
            graphs["decode"].run(None, {"planes": planes, "points": places[:, : min(DECODER_CHUNK, points - start)]})

    return run


def cost_of(name: str, points: dict[str, int], repeats: int) -> dict[str, float]:
    """Parameters, memory and time of one network; of a field for numbers of points by name."""
    config = config_of(name)
    torch.set_num_threads(1)
    found: dict[str, float] = {
        "parameters_m": round(sum(parameter.numel() for parameter in config.build().parameters()) / 1e6, 2),
        "training_peak_mib": peak_mib(name),
        "training_step_s": round(best_time(training_step(config), 1), 3),
    }
    with tempfile.TemporaryDirectory() as folder:
        for threads in (1, 2):
            graphs = sessions(config, Path(folder), threads)
            for what, count in points.items():
                seconds = best_time(answer(config, graphs, count), repeats)
                found[f"object_s{what}_{threads}_threads"] = round(seconds, 4)
    return found


def cost_table(asked: dict[int, int], repeats: int) -> dict[str, object]:
    """The costs of all networks; `asked` is how many points a field is asked at per resolution."""
    table: dict[str, object] = {}
    for resolution in RESOLUTIONS:
        cells = resolution**3
        found = cost_of(str(resolution), {"": cells}, repeats)
        table[f"voxel_{resolution}"] = {**found, "numbers_out": cells, "grid_kib": cells * 4 / 1024}
    points = {f"_{resolution}": asked[resolution] for resolution in RESOLUTIONS}
    everywhere = {f"_{resolution}_everywhere": resolution**3 for resolution in RESOLUTIONS[:2]}
    table["implicit"] = cost_of("implicit", points | everywhere, repeats)
    return table


# -- quality ----------------------------------------------------------------------------------------------------------


def shares(solid: Solid, resolution: int, parts: int = 3) -> VoxelGrid:
    """How full every cell is, from parts^3 points in each."""
    fine = VoxelGrid(np.zeros((resolution * parts,) * 3, np.float32))
    full = solid.contains(fine.centers.reshape(-1, 3)).reshape((resolution, parts) * 3)
    return VoxelGrid(full.mean(axis=(1, 3, 5), dtype=np.float32))


def distance_field(mesh: Mesh, solid: Solid, asked: list[int]) -> ImplicitField:
    """The signed distance, positive inside; counts the points it is asked at."""
    distance = SurfaceDistance(mesh)

    def value(points: np.ndarray) -> np.ndarray:
        asked.append(len(points))
        sign = np.where(solid.contains(points), 1.0, -1.0)
        return (sign * distance(points)).astype(np.float32)

    return ImplicitField(value)


def at_surface(grid: VoxelGrid) -> float:
    """Share of the cells that have an unlike neighbour across a face."""
    full = np.pad(grid.occupancy > 0.5, 1)
    mixed = np.zeros(full.shape, np.bool_)
    for axis in range(3):
        differs = np.diff(full, axis=axis)
        before = (slice(None),) * axis
        mixed[(*before, slice(None, -1))] |= differs
        mixed[(*before, slice(1, None))] |= differs
    return float(mixed[1:-1, 1:-1, 1:-1].mean())


def scores(mesh: Mesh, truth: Solid, surface: np.ndarray, rng: np.random.Generator) -> dict[str, float]:
    """IoU in the unit cube and distances of surfaces, of a mesh against the true solid."""
    points = rng.uniform(-0.5, 0.5, (POINTS, 3)).astype(np.float32)
    cloud = sample_surface(mesh, SURFACE_POINTS, rng).points
    return {
        "iou": iou(Solid(mesh).contains(points), truth.contains(points)),
        "cd_l1_x100": 100.0 * chamfer_l1(cloud, surface),
        "f_1": fscore(cloud, surface, 0.01),
        "faces": float(len(mesh.faces)),
    }


def quality_table(shapes: int) -> tuple[dict[str, object], dict[int, int]]:
    """Mean scores of true shapes by representation and resolution, and the points that the field was asked at."""
    rows: dict[str, list[dict[str, float]]] = {}
    waste: dict[int, list[tuple[float, float]]] = {resolution: [] for resolution in RESOLUTIONS}
    asked: dict[int, list[int]] = {resolution: [] for resolution in RESOLUTIONS}
    for number in range(shapes):
        rng = np.random.default_rng(number)
        mesh = procedural.build("chair", SEED + number).normalized().mesh
        solid = Solid(mesh)
        surface = sample_surface(mesh, SURFACE_POINTS, rng).points
        for resolution in RESOLUTIONS:
            grid, counted = voxels(mesh, resolution), []
            meshes = {
                "blocky": mesh_blocks(grid),
                "binary": to_mesh(grid),
                "shares": to_mesh(shares(solid, resolution)),
                "field": mesh_field(distance_field(mesh, solid, counted), resolution=resolution),
            }
            asked[resolution].append(sum(counted))
            waste[resolution].append((float(grid.occupancy.mean()), at_surface(grid)))
            for name, found in meshes.items():
                rows.setdefault(f"{name}_{resolution}", []).append(scores(found, solid, surface, rng))
    table: dict[str, object] = {
        name: {key: round(float(np.mean([row[key] for row in found])), 4) for key in found[0]}
        for name, found in rows.items()
    }
    for resolution, found in waste.items():
        full, mixed = np.mean(found, axis=0)
        table[f"cells_{resolution}"] = {"full": round(float(full), 4), "at_surface": round(float(mixed), 4)}
    points = {resolution: int(np.mean(found)) for resolution, found in asked.items()}
    return {**table, "field_points": points}, points


# -- tables -----------------------------------------------------------------------------------------------------------


def tables(report: dict[str, Any]) -> list[str]:
    """The tables of the page, line by line."""
    cost, quality = report["cost"], report["quality"]
    field = cost["implicit"]
    lines = [
        "| cells per side | 32 | 64 | 128 |",
        "|---|---|---|---|",
        _row("cells", [f"{cost[f'voxel_{r}']['numbers_out']:,}" for r in RESOLUTIONS]),
        _row("of them full", [f"{100 * quality[f'cells_{r}']['full']:.1f} %" for r in RESOLUTIONS]),
        _row("of them at the surface", [f"{100 * quality[f'cells_{r}']['at_surface']:.1f} %" for r in RESOLUTIONS]),
        _row("bytes of the grid", [f"{cost[f'voxel_{r}']['grid_kib']:,.0f} KiB" for r in RESOLUTIONS]),
        _row("points asked of a field", [f"{quality['field_points'][r]:,}" for r in RESOLUTIONS]),
    ]
    for what, key, unit in (
        ("parameters, voxel", "parameters_m", " M"),
        ("training memory, voxel", "training_peak_mib", " MiB"),
        ("training step, voxel", "training_step_s", " s"),
    ):
        lines.append(_row(what, [f"{cost[f'voxel_{r}'][key]:,.4g}{unit}" for r in RESOLUTIONS]))
        lines.append(_row(what.replace("voxel", "implicit"), [f"{field[key]:,.4g}{unit}"] * 3))
    for threads, words in ((1, "one thread"), (2, "two threads")):
        times = [cost[f"voxel_{r}"][f"object_s_{threads}_threads"] for r in RESOLUTIONS]
        lines.append(_row(f"an object, voxel, {words}", [f"{1000 * time:.0f} ms" for time in times]))
        times = [field[f"object_s_{r}_{threads}_threads"] for r in RESOLUTIONS]
        lines.append(_row(f"an object, implicit, {words}", [f"{1000 * time:.0f} ms" for time in times]))
    lines += ["", "| what 32, 64 and 128 cells can show | IoU | CD-L1 x100 | F@1 % |", "|---|---|---|---|"]
    for name, words in (
        ("blocky", "full or empty, blocky"),
        ("binary", "full or empty, smooth"),
        ("shares", "shares, smooth"),
        ("field", "a field"),
    ):
        found = [quality[f"{name}_{r}"] for r in RESOLUTIONS]
        shown = [
            ", ".join(f"{row[key]:.{digits}f}" for row in found)
            for key, digits in (("iou", 3), ("cd_l1_x100", 2), ("f_1", 3))
        ]
        lines.append(_row(words, shown))
    return lines


def _row(name: str, values: list[str]) -> str:
    return f"| {name} | {' | '.join(values)} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shapes", type=int, default=6)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--table", action="store_true", help="Print the tables of the page.")
    parser.add_argument("--peak-of", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peak_of:
        print_peak(arguments.peak_of)
        return
    quality, asked = quality_table(arguments.shapes)
    report: dict[str, Any] = {
        "shapes": arguments.shapes,
        "quality": quality,
        "cost": cost_table(asked, arguments.repeats),
    }
    print("\n".join(tables(report)) if arguments.table else json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
