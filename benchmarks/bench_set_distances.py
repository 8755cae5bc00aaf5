"""Distances between point sets, forward and backward: time against the plain ways, in the same run.

    python benchmarks/bench_set_distances.py [--repeats 3] [--threads 2] [--points 1024] [--batch 8]

Chamfer: two sets of 10,000 points, against the version that builds the matrix of all distances with `torch.cdist`; and
what each adds to the peak memory of a process of its own, ours also for ten times the points.

Earth mover's distance: a batch of pairs, against a loop of one thread over `cdist` and `linear_sum_assignment` of
scipy, which is exact. Ours is measured as it comes ("auto"), with one thread and with all, and by auction; gaps are to
scipy's optimum, bounds are what the auction says itself. Four kinds of pairs, because times depend on them: uniform in
a cube; two samplings of a sphere; a blob and a sphere, as at the start of a training; a sphere and its noisy copy.

Where there is a CUDA device the same calls are measured on it.
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
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from torch import Tensor

from shapelift.losses.chamfer import chamfer_squared
from shapelift.losses.emd import earth_mover

MANY = 10_000
Pair = tuple[Tensor, Tensor]
Loss = Callable[[Tensor, Tensor], Tensor]


def sphere(batch: int, count: int, generator: torch.Generator) -> Tensor:
    """Points on a sphere of diameter 1."""
    return torch.nn.functional.normalize(torch.randn(batch, count, 3, generator=generator), dim=-1) / 2.0


def pairs(batch: int, count: int) -> dict[str, Pair]:
    """Pairs of sets `batch count 3` by name."""
    generator = torch.Generator().manual_seed(0)
    truth = sphere(batch, count, generator)
    noise = torch.randn(batch, count, 3, generator=generator)
    return {
        "uniform": (
            torch.rand(batch, count, 3, generator=generator),
            torch.rand(batch, count, 3, generator=generator),
        ),
        "sphere_twice": (sphere(batch, count, generator), truth),
        "blob_to_sphere": (0.05 * noise, truth),
        "noisy_copy": (truth + 0.02 * noise, truth),
    }


def by_matrix(prediction: Tensor, truth: Tensor) -> Tensor:
    """Chamfer as often written: all distances, two minima, gradients by PyTorch."""
    squared = torch.cdist(prediction, truth).square()
    return squared.amin(dim=2).sum(dim=1) + squared.amin(dim=1).sum(dim=1)


def by_scipy(prediction: Tensor, truth: Tensor) -> Tensor:
    """Earth mover's distance item by item."""
    index = [
        linear_sum_assignment(cdist(a, b))[1]
        for a, b in zip(prediction.detach().numpy(), truth.detach().numpy(), strict=True)
    ]
    order = torch.from_numpy(np.stack(index))[..., None].expand(-1, -1, 3)
    return (prediction - truth.gather(1, order)).norm(dim=2).mean(dim=1)


def step(loss: Loss, pair: Pair, device: str = "cpu") -> Tensor:
    """Forward and backward to both sets; returns the losses."""
    prediction, truth = (points.to(device).requires_grad_() for points in map(torch.clone, pair))
    values = loss(prediction, truth)
    torch.autograd.grad(values.sum(), [prediction, truth])
    if device != "cpu":
        torch.cuda.synchronize()
    return values.detach().cpu()


def race(sides: dict[str, Callable[[], Tensor]], repeats: int) -> tuple[dict[str, float], dict[str, Tensor]]:
    """Least times in ms of several repeats, in turn, and the values."""
    times, values = dict.fromkeys(sides, float("inf")), {}
    for _ in range(repeats):
        for name, side in sides.items():
            start = time.perf_counter()
            values[name] = side()
            times[name] = min(times[name], 1e3 * (time.perf_counter() - start))
    return {name: round(value, 2) for name, value in times.items()}, values


def with_threads(threads: int, side: Callable[[], Tensor]) -> Callable[[], Tensor]:
    """`side`, run on so many threads."""

    def run() -> Tensor:
        torch.set_num_threads(threads)
        return side()

    return run


def chamfer_table(repeats: int, threads: int) -> dict[str, object]:
    """Times and memory of Chamfer distances."""
    pair = pairs(1, MANY)["noisy_copy"]
    sides = {
        "ours_ms": with_threads(threads, lambda: step(chamfer_squared, pair)),
        "ours_one_thread_ms": with_threads(1, lambda: step(chamfer_squared, pair)),
        "matrix_ms": with_threads(threads, lambda: step(by_matrix, pair)),
    }
    if torch.cuda.is_available():
        sides["ours_cuda_ms"] = lambda: step(chamfer_squared, pair, "cuda")
        sides["matrix_cuda_ms"] = lambda: step(by_matrix, pair, "cuda")
    times, _ = race(sides, repeats)
    training = pairs(16, 1024)["noisy_copy"]
    call, _ = race({"call_16x1024_one_thread_ms": with_threads(1, lambda: step(chamfer_squared, training))}, repeats)
    return {
        **times,
        "times_faster": round(times["matrix_ms"] / times["ours_ms"], 1),
        "times_faster_one_thread": round(times["matrix_ms"] / times["ours_one_thread_ms"], 1),
        **call,
        "ours_peak_mib": peak_mib("ours", MANY),
        "ours_peak_mib_ten_times_the_points": peak_mib("ours", 10 * MANY),
        "matrix_peak_mib": peak_mib("matrix", MANY),
    }


def peak_mib(side: str, count: int) -> float:
    """What a step adds to the peak memory of a fresh process that already holds the inputs."""
    command = [sys.executable, __file__, "--peak-of", side, "--points", str(count)]
    # Freed memory goes back at once, so that a step cannot live in what making the inputs has left behind.
    frugal = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=frugal)
    return round(float(result.stdout), 1)


def print_peak(side: str, count: int) -> None:
    """Run a step in this process and print how far its peak rose, MiB."""
    loss = chamfer_squared if side == "ours" else by_matrix
    pair = pairs(1, count)["noisy_copy"]
    step(loss, pairs(1, 50)["noisy_copy"])  # wakes up the libraries
    held = status_mib("VmRSS")
    try:
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    except OSError:
        held = status_mib("VmHWM")
    step(loss, pair)
    print(status_mib("VmHWM") - held)


def status_mib(field: str) -> float:
    """A figure of this process from the kernel (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def emd_table(pair: Pair, repeats: int, threads: int) -> dict[str, object]:
    """Times and gaps of earth mover's distances of one kind of pairs."""
    bounds: dict[str, float] = {}

    def auction(prediction: Tensor, truth: Tensor) -> Tensor:
        found = earth_mover(prediction, truth, method="auction")
        bounds["bound"] = float(found.gap.mean())
        return found.cost

    def ours(prediction: Tensor, truth: Tensor) -> Tensor:
        return earth_mover(prediction, truth).cost

    sides = {
        "scipy_one_thread_ms": with_threads(1, lambda: step(by_scipy, pair)),
        "ours_ms": with_threads(threads, lambda: step(ours, pair)),
        "ours_one_thread_ms": with_threads(1, lambda: step(ours, pair)),
        "auction_ms": with_threads(threads, lambda: step(auction, pair)),
    }
    if torch.cuda.is_available():
        sides["auction_cuda_ms"] = lambda: step(auction, pair, "cuda")
    times, values = race(sides, repeats)
    best = values["scipy_one_thread_ms"]
    return {
        **times,
        "times_faster": round(times["scipy_one_thread_ms"] / times["ours_ms"], 2),
        "times_faster_one_thread": round(times["scipy_one_thread_ms"] / times["ours_one_thread_ms"], 2),
        "times_faster_auction": round(times["scipy_one_thread_ms"] / times["auction_ms"], 2),
        "mean_gap": round(float((values["ours_ms"] / best - 1.0).mean()), 7),
        "mean_gap_auction": round(float((values["auction_ms"] / best - 1.0).mean()), 7),
        "mean_bound_auction": round(bounds["bound"], 5),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--points", type=int, default=1024)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--only", choices=["chamfer", "emd"], help="Measure one of the two.")
    parser.add_argument("--peak-of", choices=["ours", "matrix"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peak_of:
        print_peak(arguments.peak_of, arguments.points)
        return
    report: dict[str, object] = {"threads": arguments.threads}
    if arguments.only != "emd":
        report["chamfer"] = chamfer_table(arguments.repeats, arguments.threads)
    if arguments.only != "chamfer":
        report["earth_mover"] = {
            name: emd_table(pair, arguments.repeats, arguments.threads)
            for name, pair in pairs(arguments.batch, arguments.points).items()
        }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
