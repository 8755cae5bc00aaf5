"""How much adaptive sampling saves over dense sampling, and what meshing costs beside the field.

For each field and resolution, in one process and one thread: evaluated points as a share of all nodes (a number that
no other work on the machine can change), processor time of both ways of sampling, and of everything after it. The field
is a neural one in cost, not in shape: an analytic field that also pays for a small perceptron (3 x 128 x 128 x 1) per
point. `same mesh` compares vertices and faces of the two ways, bit by bit.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np

WIDTH = 128
CHUNK = 8192


def shapes() -> dict[str, Callable[[Any], Any]]:
    """Distances, positive inside: a ball, a chair of thin parts, and the ball as a saturated logit."""
    boxes = [((0, -0.02, 0), (0.3, 0.02, 0.3)), ((0, 0.25, -0.28), (0.3, 0.25, 0.02))]
    boxes += [((x, -0.26, z), (0.02, 0.24, 0.02)) for x in (-0.27, 0.27) for z in (-0.27, 0.27)]

    def ball(p: Any) -> Any:
        return 0.4 - np.linalg.norm(p, axis=1)

    def chair(p: Any) -> Any:
        best = np.full(len(p), -np.inf, np.float32)
        for center, half in boxes:
            d = np.abs(p - np.float32(center)) - np.float32(half)
            np.maximum(best, -np.linalg.norm(np.maximum(d, 0), axis=1) - np.minimum(d.max(axis=1), 0), out=best)
        return best

    return {"ball": ball, "chair": chair, "saturated chair": lambda p: 15 * np.tanh(chair(p) * 40)}


def priced(shape: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same field at the price of a small network."""
    rng = np.random.default_rng(0)
    layers = [rng.normal(size=size).astype(np.float32) / 8 for size in ((3, WIDTH), (WIDTH, WIDTH), (WIDTH, 1))]

    def field(points: Any) -> Any:
        values = np.asarray(shape(points), np.float32)
        for start in range(0, len(points), CHUNK):
            hidden = points[start : start + CHUNK]
            for layer in layers:
                hidden = np.maximum(hidden @ layer, 0)
            values[start : start + CHUNK] += np.float32(0) * hidden[:, 0]
        return values

    return field


def seconds(job: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Smallest processor time of several runs, and the result."""
    best, result = float("inf"), None
    for _ in range(repeats):
        start = time.process_time()
        result = job()
        best = min(best, time.process_time() - start)
    return best, result


def measure(name: str, shape: Callable[[Any], Any], resolution: int, start_spacing: int | None) -> dict[str, Any]:
    from shapelift.geometry import ImplicitField
    from shapelift.meshing import sample_grid, sample_grid_densely
    from shapelift.meshing.isosurface import isosurface
    from shapelift.solids import printable

    costly, cheap = ImplicitField(priced(shape)), ImplicitField(lambda p: np.asarray(shape(p), np.float32))
    adaptive_s, grid = seconds(lambda: sample_grid(costly, resolution, start_spacing=start_spacing), 2)
    dense_s, reference = seconds(lambda: sample_grid_densely(costly, resolution), 1)
    cheap_s, _ = seconds(lambda: sample_grid(cheap, resolution, start_spacing=start_spacing), 3)
    field_s, _ = seconds(lambda: cheap(np.zeros((grid.evaluations, 3), np.float32)), 3)
    surface_s, mesh = seconds(lambda: isosurface(grid.values, grid.origin, grid.spacing), 3)
    clean_s, _ = seconds(lambda: printable(mesh), 2)
    other = isosurface(reference.values, reference.origin, reference.spacing)
    same = np.array_equal(mesh.vertices, other.vertices) and np.array_equal(mesh.faces, other.faces)
    return {
        "field": name,
        "resolution": resolution,
        "start spacing": start_spacing or "default",
        "evaluated": grid.evaluations,
        "share": round(grid.share, 4),
        "dense/adaptive": round(dense_s / adaptive_s, 2),
        "own time ms": round(max(cheap_s - field_s, 0) * 1e3),
        "surface ms": round(surface_s * 1e3),
        "printable ms": round(clean_s * 1e3),
        "faces": len(mesh.faces),
        "same mesh": same,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resolutions", type=int, nargs="+", default=[64, 128])
    parser.add_argument("--json", action="store_true", help="one line of JSON per measurement")
    options = parser.parse_args()
    for name, shape in shapes().items():
        for resolution in options.resolutions:
            for start_spacing in (None, 4):
                row = measure(name, shape, resolution, start_spacing)
                print(json.dumps(row) if options.json else "  ".join(f"{key} {value}" for key, value in row.items()))


if __name__ == "__main__":
    main()
