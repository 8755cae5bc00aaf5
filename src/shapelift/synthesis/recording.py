"""One shape, from an asset to its record: labels, then views."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Camera
from shapelift.geometry.viewpoints import fixed_cameras, random_cameras
from shapelift.io.records import ShapeRecord
from shapelift.synthesis.albedo import surface_albedo
from shapelift.synthesis.cameras import framed_camera, random_viewpoints, view_from_object
from shapelift.synthesis.coverage import checked
from shapelift.synthesis.environment import random_environment_lighting
from shapelift.synthesis.labels import Labels, label
from shapelift.synthesis.lighting import random_lighting
from shapelift.synthesis.materials import Asset
from shapelift.synthesis.occupancy import Solid
from shapelift.synthesis.options import RecordOptions
from shapelift.synthesis.renderer import Scene, View, render_depth, render_view
from shapelift.synthesis.shading import Light

_DEPTH_STEPS = 65535


def stream(seed: int, shape_id: str, purpose: str) -> np.random.Generator:
    """Randomness of one shape for one purpose: it depends on the arguments and nothing else.

    Args:
        seed: Of the data set.
        shape_id: Name of the shape.
        purpose: What it is for.
    """
    digest = hashlib.blake2b(f"{seed}/{shape_id}/{purpose}".encode(), digest_size=32).digest()
    return np.random.default_rng(np.random.SeedSequence(list(np.frombuffer(digest, "<u4").tolist())))


def make_record(
    asset: Asset, shape_id: str, seed: int, options: RecordOptions, metadata: Mapping[str, str]
) -> ShapeRecord:
    """The record of an asset; the same arguments give the same record.

    Args:
        asset: Normalised: centred, longest side 1, +Y up, front +Z.
        shape_id: Name of the shape; all randomness hangs on it and on `seed`.
        seed: Of all randomness.
        options: What the record holds.
        metadata: Kept with the record as it is, beside what was found out about its labels (see `coverage`).

    Raises:
        UnusableShapeError: the shape encloses no volume, or its labels lack too much of what is visible.
        InputError: a package of the train extra is missing.
    """
    # labels first: they reject what is not worth rendering
    solid = Solid(asset.mesh)
    labels = label(
        solid,
        options.uniform_count,
        options.near_count,
        options.surface_count,
        stream(seed, shape_id, "labels"),
    )
    scene = Scene(asset)
    cameras, parameters, views = _views(
        scene, options, stream(seed, shape_id, "views"), stream(seed, shape_id, "environments")
    )
    metadata = {**metadata, **checked(solid, labels, views, cameras)}
    albedo = surface_albedo(
        scene, labels.surface_points.astype(np.float32), labels.surface_normals.astype(np.float32) / 127.0
    )
    if not options.depth_views:
        return replace(_assembled(labels, asset, cameras, parameters, views, 0.0, metadata), surface_albedo=albedo)
    size, extent = options.depth_size_px, options.depth_extent
    novel = random_cameras(options.depth_views, size, stream(seed, shape_id, "depth views"), extent)
    fixed_depth = np.stack([render_depth(scene, camera) for camera in fixed_cameras(options.fixed_views, size, extent)])
    novel_depth = np.stack([render_depth(scene, camera) for camera in novel])
    deepest = float(max(fixed_depth.max(), novel_depth.max()))
    record = _assembled(labels, asset, cameras, parameters, views, deepest, metadata)
    return replace(
        record,
        surface_albedo=albedo,
        fixed_depth=_steps(fixed_depth, record.depth_scale),
        novel_depth=_steps(novel_depth, record.depth_scale),
        novel_camera_from_world=np.stack([camera.camera_from_world for camera in novel]),
        depth_extent=extent,
    )


def _views(
    scene: Scene, options: RecordOptions, rng: np.random.Generator, environment_rng: np.random.Generator
) -> tuple[list[Camera], npt.NDArray[np.float64], list[View]]:
    viewpoints = random_viewpoints(rng, options.views)
    parameters = np.array([[v.azimuth_deg, v.elevation_deg, v.fov_deg, v.distance] for v in viewpoints])
    cameras = [
        framed_camera(scene.asset.mesh.vertices, v.azimuth_deg, v.elevation_deg, v.fov_deg, v.distance, options.size_px)
        for v in viewpoints
    ]
    views = [
        render_view(scene, camera, _light(options, viewpoint.azimuth_deg, rng, environment_rng), options.supersampling)
        for camera, viewpoint in zip(cameras, viewpoints, strict=True)
    ]
    return cameras, parameters, views


def _light(
    options: RecordOptions, azimuth_deg: float, rng: np.random.Generator, environment_rng: np.random.Generator
) -> Light:
    """The light of one view; lamps are drawn in any case, so that they do not depend on the environments."""
    lamps = random_lighting(rng, azimuth_deg)
    if options.environments is None or environment_rng.random() >= options.environment_share:
        return lamps
    environment = options.environments.environment(int(environment_rng.integers(len(options.environments))))
    return random_environment_lighting(environment_rng, environment, azimuth_deg)


def _assembled(
    labels: Labels,
    asset: Asset,
    cameras: list[Camera],
    parameters: npt.NDArray[np.float64],
    views: list[View],
    deepest: float,
    metadata: Mapping[str, str],
) -> ShapeRecord:
    """The record but for the depth views; `deepest` is the largest depth in those."""
    depth = np.stack([view.depth for view in views])
    depth_scale = max(float(depth.max()), deepest) / _DEPTH_STEPS or 1.0
    normals = np.stack([view.normals for view in views])
    return ShapeRecord(
        rgba=np.stack([view.rgba for view in views]),
        depth=_steps(depth, depth_scale),
        normals=np.rint(normals * 127.0).astype(np.int8),
        intrinsics=np.stack([camera.intrinsics for camera in cameras]).astype(np.float64),
        camera_from_world=np.stack([camera.camera_from_world for camera in cameras]).astype(np.float64),
        view_parameters=parameters,
        view_from_object=np.stack([view_from_object(asset.mesh.vertices, azimuth) for azimuth in parameters[:, 0]]),
        bounds=labels.bounds,
        grid_shape=labels.grid_shape,
        uniform_points=labels.uniform_points,
        uniform_occupancy=labels.uniform_occupancy,
        near_points=labels.near_points,
        near_occupancy=labels.near_occupancy,
        surface_points=labels.surface_points,
        surface_normals=labels.surface_normals,
        depth_scale=depth_scale,
        metadata=dict(metadata),
    )


def _steps(depth: npt.NDArray[np.float32], depth_scale: float) -> npt.NDArray[np.uint16]:
    steps = np.rint(depth.astype(np.float64) / depth_scale)
    # a surface is never stored as background
    return np.where(depth > 0, np.clip(steps, 1, _DEPTH_STEPS), 0).astype(np.uint16)
