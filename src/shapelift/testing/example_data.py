"""A data set whose images and labels are exact and take no renderer: solids that are unions of ellipsoids."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Camera
from shapelift.geometry.viewpoints import fixed_cameras, random_cameras
from shapelift.io.manifest import Manifest, ShapeEntry
from shapelift.io.records import ShapeRecord, Split, write_record
from shapelift.synthesis.cameras import framed_camera, random_viewpoints, view_from_object
from shapelift.synthesis.options import RecordOptions

Array = npt.NDArray[np.float64]

LOPSIDED_CHAIR = (
    ((-0.30, -0.05, -0.30), (0.28, 0.03, 0.32)),
    ((-0.30, 0.03, -0.30), (0.28, 0.50, -0.22)),
    ((-0.30, -0.50, -0.30), (-0.22, -0.05, -0.20)),
    ((0.18, -0.50, -0.30), (0.28, -0.05, -0.22)),
    ((-0.30, -0.50, 0.24), (-0.24, -0.05, 0.32)),
    ((0.20, -0.42, 0.20), (0.28, -0.05, 0.32)),
    ((0.20, 0.03, -0.22), (0.28, 0.20, 0.10)),
)
"""Low and high corners of boxes: a shape that no turn or reflection maps to itself, so that every swap shows."""


def write_example_data(
    folder: Path,
    *,
    shapes: int = 6,
    views: int = 2,
    size_px: int = 32,
    cells: int = 16,
    seed: int = 0,
    lopsided: bool = False,
    options: Mapping[str, Any] | None = None,
) -> None:
    """Write a data set of ellipsoids.

    Args:
        folder: where to; made if need be.
        shapes: number of shapes; of every three in a row the last is for validation or, in turn, for testing.
        views: images per shape.
        size_px: side of an image.
        cells: cells per side of the grid of stored points.
        seed: of all random draws.
        lopsided: whether each has a knob at one side, above and in front, so that every swap of axes and every
            reflection shows; such a one has two colours besides.
        options: what targets ask for besides (`ModelConfig.record_options`): depth views.
    """
    (folder / "shapes").mkdir(parents=True, exist_ok=True)
    entries = []
    for number in range(shapes):
        shape_id = f"ellipsoid-{number:03d}"
        file = f"shapes/{shape_id}.safetensors"
        rng = np.random.default_rng([seed, number])
        solid = _lopsided(rng) if lopsided else _ellipsoid(rng)
        record = _record(solid, shape_id, rng, views, size_px, cells)
        if lopsided:
            halves = np.where(record.surface_points[:, 1:2] > 0.0, [[200, 80, 40]], [[40, 120, 220]])
            record = dataclasses.replace(record, surface_albedo=halves.astype(np.uint8))
        if options:
            options_rng = np.random.default_rng([seed, number, 1])
            record = _with_depth_views(record, solid, options_rng, RecordOptions(**options))
        write_record(folder / file, record)
        digest = hashlib.sha256((folder / file).read_bytes()).hexdigest()
        split: Split = "train" if number % 3 < 2 else ("validation" if number % 2 == 0 else "test")
        entries.append(ShapeEntry(shape_id, "ellipsoid", file, digest, split, "analytic"))
    Manifest("shapelift.testing", {"cells": cells}, seed, ("analytic",), tuple(entries)).write(folder)


@dataclass(frozen=True, eq=False)
class _Solid:
    """A union of axis-aligned ellipsoids: centres `k 3` and radii `k 3`."""

    centers: Array
    radii: Array

    @property
    def bounds(self) -> Array:
        return np.stack([(self.centers - self.radii).min(axis=0), (self.centers + self.radii).max(axis=0)])

    def holds(self, points: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Whether points `n 3` are inside."""
        off = (points.astype(np.float64)[:, None] - self.centers) / self.radii
        inside: npt.NDArray[np.bool_] = (np.square(off).sum(axis=2) < 1.0).any(axis=1)
        return inside

    def surface(self, rng: np.random.Generator, count: int) -> tuple[Array, Array]:
        """Points `count 3` on the surface, and normals."""
        sphere = rng.standard_normal((count, 3))
        sphere /= np.linalg.norm(sphere, axis=1, keepdims=True)
        points, normals = (np.concatenate(both) for both in zip(*self._spheres(sphere), strict=True))
        outside = np.flatnonzero(~self._holds_others(points, count))
        chosen = outside if len(self.centers) == 1 else rng.choice(outside, count)
        return points[chosen], normals[chosen]

    def _spheres(self, sphere: Array) -> list[tuple[Array, Array]]:
        found = []
        for center, radii in zip(self.centers, self.radii, strict=True):
            normals = sphere / radii
            found.append((center + sphere * radii, normals / np.linalg.norm(normals, axis=1, keepdims=True)))
        return found

    def _holds_others(self, points: Array, count: int) -> npt.NDArray[np.bool_]:
        """Whether points, `count` on each ellipsoid in turn, are inside of another one."""
        off = np.square((points[:, None] - self.centers) / self.radii).sum(axis=2)
        off[np.arange(len(points)), np.arange(len(points)) // count] = np.inf
        inside: npt.NDArray[np.bool_] = (off < 1.0).any(axis=1)
        return inside


def _ellipsoid(rng: np.random.Generator) -> _Solid:
    """One with a longest side of 1."""
    radii = rng.uniform(0.2, 0.5, 3)
    radii[rng.integers(3)] = 0.5
    return _Solid(np.zeros((1, 3)), radii[None])


def _lopsided(rng: np.random.Generator) -> _Solid:
    """One with a knob towards +x, +y and +z, centred, its longest side 1."""
    radii = rng.uniform(0.25, 0.5, 3)
    centers = np.stack([np.zeros(3), radii * [0.55, 0.75, 0.65]])
    solid = _Solid(centers, np.stack([radii, np.full(3, 0.2)]))
    low, high = solid.bounds
    scale = 1.0 / float((high - low).max())
    return _Solid((solid.centers - (low + high) / 2.0) * scale, solid.radii * scale)


def _record(
    solid: _Solid, shape_id: str, rng: np.random.Generator, views: int, size_px: int, cells: int
) -> ShapeRecord:
    surface, normals = solid.surface(rng, 4000)
    low, high = solid.bounds
    grid = np.stack(np.meshgrid(*[np.arange(cells)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    uniform = (low + (grid + rng.random(grid.shape)) / cells * (high - low)).astype(np.float16)
    near = (surface + rng.normal(scale=0.05, size=surface.shape)).astype(np.float16)
    color = rng.uniform(0.3, 1.0, 3)
    points = rng.permutation(len(surface))
    images, cameras, viewpoints = [], [], random_viewpoints(rng, views)
    for view in viewpoints:
        place = (view.azimuth_deg, view.elevation_deg, view.fov_deg, view.distance)
        cameras.append(framed_camera(surface, *place, size_px))
        images.append(_picture(cameras[-1], solid, color))
    depth_scale = max(float(image[1].max()) for image in images) / 65535.0
    return ShapeRecord(
        rgba=np.stack([image[0] for image in images]),
        depth=np.stack([(image[1] / depth_scale).round().astype(np.uint16) for image in images]),
        normals=np.stack([(image[2] * 127.0).round().astype(np.int8) for image in images]),
        intrinsics=np.stack([camera.intrinsics for camera in cameras]),
        camera_from_world=np.stack([camera.camera_from_world for camera in cameras]),
        view_parameters=np.array([[v.azimuth_deg, v.elevation_deg, v.fov_deg, v.distance] for v in viewpoints]),
        view_from_object=np.stack([view_from_object(surface, view.azimuth_deg) for view in viewpoints]),
        bounds=solid.bounds.astype(np.float32),
        grid_shape=np.full(3, cells, np.int32),
        uniform_points=uniform,
        uniform_occupancy=solid.holds(uniform),
        near_points=near,
        near_occupancy=solid.holds(near),
        surface_points=surface[points].astype(np.float16),
        surface_normals=(normals[points] * 127.0).round().astype(np.int8),
        depth_scale=depth_scale,
        metadata={"shape_id": shape_id, "category": "ellipsoid", "source": "analytic", "licence": "CC0-1.0"},
    )


def _with_depth_views(
    record: ShapeRecord, solid: _Solid, rng: np.random.Generator, options: RecordOptions
) -> ShapeRecord:
    size, extent = options.depth_size_px, options.depth_extent
    fixed = fixed_cameras(options.fixed_views, size, extent)
    novel = random_cameras(options.depth_views, size, rng, extent)
    seen = [[_picture(camera, solid, np.ones(3))[1] for camera in cameras] for cameras in (fixed, novel)]
    scale = max(float(np.max(seen[0])), float(np.max(seen[1]))) / 65535.0
    steps = [np.stack(depth) / max(scale, record.depth_scale) for depth in seen]
    return dataclasses.replace(
        record,
        depth=(record.depth * (record.depth_scale / max(scale, record.depth_scale))).round().astype(np.uint16),
        depth_scale=max(scale, record.depth_scale),
        fixed_depth=steps[0].round().astype(np.uint16),
        novel_depth=steps[1].round().astype(np.uint16),
        novel_camera_from_world=np.stack([camera.camera_from_world for camera in novel]),
        depth_extent=extent,
    )


def _picture(camera: Camera, solid: _Solid, color: Array) -> tuple[npt.NDArray[np.uint8], Array, Array]:
    """Image `h w 4`, depth `h w` (0 is background) and normals `h w 3`, by the quadratic formula."""
    origins, directions = camera.rays()
    nearest = np.full(directions.shape[:-1], np.inf)
    normals = np.zeros(directions.shape)
    for center, radii in zip(solid.centers, solid.radii, strict=True):
        start, along = (origins - center) / radii, directions / radii
        a, b = (along**2).sum(-1), (start * along).sum(-1)
        root = b**2 - a * ((start**2).sum(-1) - 1.0)
        distance = np.where(root > 0.0, (-b - np.sqrt(np.maximum(root, 0.0))) / a, np.inf)
        first = distance < nearest
        nearest = np.where(first, distance, nearest)
        there = origins + np.where(first, distance, 0.0)[..., None] * directions
        outwards = (there - center) / radii**2
        outwards /= np.maximum(np.linalg.norm(outwards, axis=-1, keepdims=True), 1e-12)
        normals = np.where(first[..., None], outwards, normals)
    hit = np.isfinite(nearest)
    points = origins + np.where(hit, nearest, 1.0)[..., None] * directions
    depth = np.where(hit, camera.project(points.reshape(-1, 3))[1].reshape(hit.shape), 0.0)
    light = 0.3 + 0.7 * np.clip(-(normals * directions).sum(-1), 0.0, 1.0)
    rgba = np.concatenate([color * light[..., None], hit[..., None]], axis=-1) * hit[..., None]
    return (rgba * 255.0).round().astype(np.uint8), depth, normals
