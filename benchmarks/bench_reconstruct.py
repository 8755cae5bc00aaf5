"""Image to mesh: the plane decoder against dense evaluation through the IM-NET decoder, and the command from cold.

    python benchmarks/bench_reconstruct.py [--model general] [--image examples/chair.png]

Both decoders run in the same runtime with the same threads on the same grid of nodes. Dense IM-NET at resolution 128
takes minutes, so a share of its nodes is timed and scaled up; the cost of a point does not depend on where it lies.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
RESOLUTION = 128
IMNET_POINTS = 1 << 16
CHUNK = 4096


def seconds(function: Callable[[], object], repeats: int) -> float:
    """Median wall time of `repeats` calls after one that is not counted."""
    function()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        function()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def imnet_seconds(threads: int) -> float:
    """Dense evaluation of the nodes of the grid through the published decoder, code of 256, float32."""
    import onnxruntime

    from shapelift.models import ImplicitConfig
    from shapelift.models.export import export_graphs

    config = ImplicitConfig(image_size=128, encoder="imnet", decoder="imnet", code_size=256)
    with tempfile.TemporaryDirectory() as folder:
        files = export_graphs(config.build(), folder, weights="fp32")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(str(files["decode"]), options)
    code = np.random.default_rng(0).random((1, 256), np.float32)
    points = np.random.default_rng(1).random((1, IMNET_POINTS, 3), np.float32) - 0.5

    def run() -> None:
        for start in range(0, IMNET_POINTS, CHUNK):
            session.run(None, {"code": code, "points": points[:, start : start + CHUNK]})

    return seconds(run, 3) * (RESOLUTION + 1) ** 3 / IMNET_POINTS


def command_cold(model: str, image: Path) -> tuple[float, float]:
    """Wall seconds and peak resident megabytes of the whole command, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "out.glb"
        command = [sys.executable, "-m", "shapelift", "reconstruct", str(image), "--model", model]
        begin = time.perf_counter()
        subprocess.run([*command, "--output", str(output)], check=True, capture_output=True)
        wall = time.perf_counter() - begin
    return wall, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="general")
    parser.add_argument("--image", type=Path, default=ROOT / "examples" / "chair.png")
    arguments = parser.parse_args()
    threads = os.cpu_count() or 1

    from shapelift import Reconstructor

    cold = [command_cold(arguments.model, arguments.image) for _ in range(3)]
    reconstructor = Reconstructor.load(arguments.model)
    calls: list[int] = []

    def image_to_mesh() -> None:
        calls.append(len(reconstructor.reconstruct(arguments.image).mesh(RESOLUTION).faces))

    warm = seconds(image_to_mesh, 5)
    field = reconstructor.reconstruct(arguments.image).field
    points = np.random.default_rng(0).random((1 << 18, 3), np.float32) - 0.5
    ours = seconds(lambda: field(points), 3) / len(points)
    dense = imnet_seconds(threads)
    theirs = dense / (RESOLUTION + 1) ** 3
    report = {
        "threads": threads,
        "resolution": RESOLUTION,
        "faces": calls[-1],
        "image_to_mesh_warm_s": round(warm, 3),
        "imnet_dense_s": round(dense, 1),
        "imnet_dense / image_to_mesh": round(dense / warm, 1),
        "point_ns": round(ours * 1e9),
        "imnet_point_ns": round(theirs * 1e9),
        "imnet_point / point": round(theirs / ours, 1),
        "command_cold_s": round(statistics.median(wall for wall, _ in cold), 2),
        "command_cold_mb": round(max(memory for _, memory in cold)),
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
