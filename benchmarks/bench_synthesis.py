"""How fast synthesis is, as ratios against named baselines measured in the same run.

- views: `render_view` at 128 px, 2 x 2 antialiasing, on a 5,000-face solid (bar: 3,000 views a minute on two cores).
- lit: the same at 192 px under an environment map, as a multiple of the processor time under lamps (bar: 1.5).
- closed: inside/outside of a closed mesh, against trimesh's `contains` with embreex (bar: 2 million points/s on two
  cores).
- robust: a mesh with flipped faces and holes, against libigl's fast winding number without rays, and against its exact
  winding number (bar: 0.5 million points/s on two cores).
- agreement of both roads with the exact answer of a torus.

Each measure runs in `--processes` processes at once (default 2), one thread each, and reports the total per second of
processor time: other work on the machine does not count.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from multiprocessing import get_context
from typing import Any

import numpy as np

POINTS = 200_000
MAJOR, MINOR = 0.35, 0.14


def torus(around: int, across: int) -> Any:
    import trimesh

    from shapelift.geometry import Mesh

    solid = trimesh.creation.torus(MAJOR, MINOR, major_sections=around, minor_sections=across)
    return Mesh(solid.vertices.astype(np.float32), solid.faces.astype(np.int32))


def damaged(mesh: Any) -> Any:
    from shapelift.geometry import Mesh

    order = np.random.default_rng(0).permutation(len(mesh.faces))
    faces = mesh.faces.copy()
    faces[order[: len(order) * 3 // 10]] = faces[order[: len(order) * 3 // 10]][:, ::-1]
    return Mesh(mesh.vertices, np.delete(faces, order[-len(order) // 50 :], axis=0))


def cloud(count: int = POINTS) -> Any:
    return np.random.default_rng(1).uniform(-0.5, 0.5, (count, 3)) * [1.0, 1.0, 0.3]


def exact(points: Any) -> Any:
    return (np.hypot(points[:, 0], points[:, 1]) - MAJOR) ** 2 + points[:, 2] ** 2 < MINOR**2


def repeated(work: Callable[[], Any], units: int, seconds: float = 2.0) -> float:
    """Units of work per second of processor time, after one warm-up."""
    work()
    start, done = time.process_time(), 0
    while time.process_time() - start < seconds:
        work()
        done += units
    return done / (time.process_time() - start)


def lit(_: int) -> float:
    """Processor time of images lit by an environment over that of the same images lit by lamps."""
    from shapelift.synthesis.cameras import framed_camera, random_viewpoints
    from shapelift.synthesis.environment import Environment, random_environment_lighting
    from shapelift.synthesis.lighting import random_lighting
    from shapelift.synthesis.materials import Asset, Material
    from shapelift.synthesis.renderer import Scene, render_view

    sky = np.linspace(1.0, 0.2, 128)[:, None, None] * np.ones((128, 256, 3))
    sky[30:33, 40:43] = 3000.0
    sky[50:60, 150:180] = 20.0
    around = Environment.of_map(sky)
    mesh = torus(72, 35)
    scene = Scene(Asset.of_mesh(mesh, Material((0.7, 0.5, 0.3))))
    rng = np.random.default_rng(0)
    places = random_viewpoints(rng, 8)
    cameras = [framed_camera(mesh.vertices, p.azimuth_deg, p.elevation_deg, p.fov_deg, p.distance, 192) for p in places]
    lamps = [random_lighting(rng, p.azimuth_deg) for p in places]
    maps = [random_environment_lighting(rng, around, p.azimuth_deg) for p in places]
    spent = np.zeros(2)
    while spent.sum() < 6.0:  # in turns: what else runs on the machine slows both
        for kind, lights in enumerate((lamps, maps)):
            start = time.process_time()
            for camera, light in zip(cameras, lights, strict=True):
                render_view(scene, camera, light)
            spent[kind] += time.process_time() - start
    return float(spent[1] / spent[0])


def views(_: int) -> float:
    from shapelift.synthesis.cameras import framed_camera, random_viewpoints
    from shapelift.synthesis.lighting import random_lighting
    from shapelift.synthesis.materials import Asset, Material
    from shapelift.synthesis.renderer import Scene, render_view

    mesh = torus(72, 35)
    nothing = np.zeros(len(mesh.faces), np.int32)
    scene = Scene(Asset(mesh, nothing, (Material((0.7, 0.5, 0.3)),), nothing - 1, None, ()))
    rng = np.random.default_rng(0)
    places = random_viewpoints(rng, 8)
    cameras = [framed_camera(mesh.vertices, p.azimuth_deg, p.elevation_deg, p.fov_deg, p.distance, 128) for p in places]
    lights = [random_lighting(rng, p.azimuth_deg) for p in places]

    def work() -> None:
        for camera, light in zip(cameras, lights, strict=True):
            render_view(scene, camera, light)

    return repeated(work, 8) * 60.0


def closed(_: int) -> float:
    from shapelift.synthesis.occupancy import occupancy

    mesh, points = torus(72, 35), cloud()
    return repeated(lambda: occupancy(mesh, points), POINTS)


def closed_baseline(_: int) -> float:
    import trimesh

    mesh, points = torus(72, 35), cloud(POINTS // 4)
    solid = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    return repeated(lambda: solid.contains(points), len(points))


def robust(_: int) -> float:
    from shapelift.synthesis.occupancy import occupancy

    mesh, points = damaged(torus(72, 35)), cloud()
    return repeated(lambda: occupancy(mesh, points), POINTS)


def robust_baseline(_: int) -> float:
    from shapelift.synthesis.occupancy import Solid

    solid, points = Solid(damaged(torus(72, 35))), cloud(POINTS // 4)
    return repeated(lambda: solid.winding_number(points) > 0.5, len(points))


def exact_baseline(_: int) -> float:
    import igl

    surface, points = damaged(torus(72, 35)), cloud(2000)
    vertices, faces = surface.vertices.astype(np.float64), surface.faces.astype(np.int64)
    return repeated(lambda: igl.winding_number(vertices, faces, points) > 0.5, len(points))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "IGL_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # for the processes
    measures = (views, lit, closed, closed_baseline, robust, robust_baseline, exact_baseline)
    with get_context("spawn").Pool(arguments.processes) as pool:
        total = {m.__name__: sum(pool.map(m, range(arguments.processes), chunksize=1)) for m in measures}
    from shapelift.synthesis.occupancy import occupancy

    points, mesh = cloud(), torus(400, 200)
    total["lit"] /= arguments.processes
    total["closed_agreement"] = float((occupancy(mesh, points) == exact(points)).mean())
    total["robust_agreement"] = float((occupancy(damaged(mesh), points) == exact(points)).mean())
    if arguments.json:
        print(json.dumps(total))
        return
    print(f"processes                     {arguments.processes}, one thread each")
    print(f"views per minute              {total['views']:10.0f}   {total['views'] / 3000:6.2f} x the bar of 3,000")
    print(f"environment light             {total['lit']:10.2f} x the time of lamps, bar 1.5")
    print(f"closed, million points/s      {total['closed'] / 1e6:10.2f}   bar 2")
    print(f"  trimesh contains            {total['closed_baseline'] / 1e6:10.2f}", end="   ")
    print(f"{total['closed'] / total['closed_baseline']:6.2f} x faster")
    print(f"  agreement, torus            {total['closed_agreement']:10.5f}   bar 0.999")
    print(f"robust, million points/s      {total['robust'] / 1e6:10.2f}   bar 0.5")
    print(f"  fast winding number alone   {total['robust_baseline'] / 1e6:10.2f}", end="   ")
    print(f"{total['robust'] / total['robust_baseline']:6.2f} x faster")
    print(f"  exact winding number        {total['exact_baseline'] / 1e6:10.4f}", end="   ")
    print(f"{total['robust'] / total['exact_baseline']:6.0f} x faster")
    print(f"  agreement, torus            {total['robust_agreement']:10.5f}")


if __name__ == "__main__":
    main()
