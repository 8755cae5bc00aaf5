from __future__ import annotations

import numpy as np
import pytest

from shapelift.geometry import Camera, Mesh, ViewMaps
from shapelift.geometry.viewpoints import fixed_cameras
from shapelift.meshing import fused_points, to_mesh, to_point_cloud
from shapelift.meshing.points import sample_surface
from shapelift.metrics import chamfer_l1
from shapelift.solids import check
from shapelift.synthesis import procedural
from shapelift.synthesis.renderer import Scene, render_depth

RADIUS = 0.4


def maps(depth: np.ndarray, cameras: tuple[Camera, ...]) -> ViewMaps:
    """Perfect views from depth `k h w`, 0 where there is nothing."""
    _, height, width = depth.shape
    columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    xyz = [np.stack([columns, rows, np.where(one > 0, one, 1.0)], axis=-1) for one in depth]
    return ViewMaps(np.stack(xyz), np.where(depth > 0, 3.0, -3.0), cameras)


def sphere_depth(camera: Camera) -> np.ndarray:
    """Depth `h w` of the sphere around the origin, by the quadratic equation."""
    origins, directions = camera.rays()
    toward = -np.einsum("hwi,hwi->hw", origins, directions)
    rest = toward**2 - (np.einsum("hwi,hwi->hw", origins, origins) - RADIUS**2)
    distance = toward - np.sqrt(np.maximum(rest, 0.0))
    return np.where(rest > 0, distance * (directions @ camera.camera_from_world[2, :3]), 0.0)


CAMERAS = {
    "orthographic": fixed_cameras(8, 64),
    "perspective": tuple(Camera.orbit(40.0 * i, 25.0 * (-1) ** i, 2.0, 32.0, (72, 64)) for i in range(9)),
}


@pytest.mark.parametrize("projection", CAMERAS)
def test_a_sphere_has_its_points_and_normals(projection: str) -> None:
    cameras = CAMERAS[projection]
    depth = np.stack([sphere_depth(camera) for camera in cameras])
    cloud = fused_points(maps(depth, cameras))
    assert len(cloud) == (depth > 0).sum()
    radius = np.linalg.norm(cloud.points, axis=1)
    np.testing.assert_allclose(radius, RADIUS, atol=1e-5)
    assert cloud.normals is not None
    np.testing.assert_allclose(np.linalg.norm(cloud.normals, axis=1), 1.0, atol=1e-5)
    cosine = np.einsum("ni,ni->n", cloud.normals, cloud.points / radius[:, None])
    assert np.quantile(cosine, 0.02) > 0.8  # only the rim, where a pixel spans degrees, is coarse
    assert np.median(cosine) > 0.999
    mesh = to_mesh(maps(depth, cameras), resolution=48)
    assert check(mesh).problems == ()
    assert mesh.volume == pytest.approx(4 / 3 * np.pi * RADIUS**3, rel=0.02)


def test_planes_are_exact_and_edges_in_depth_are_not_crossed() -> None:
    camera = fixed_cameras(8, 32)[2]
    columns = np.arange(32) + 0.5
    depth = np.tile(1.0 + 0.5 * (columns - 16.0) / 32.0, (32, 1))  # leans by half a pixel per pixel
    depth[10:20, 12:22] = 0.6  # a square that floats far above it
    cloud = fused_points(maps(depth[None], (camera,)))
    assert cloud.normals is not None
    turn = camera.camera_from_world[:3, :3]
    lean = np.array([0.5, 0.0, -1.0]) / np.sqrt(1.25) @ turn
    floating = (depth == 0.6).ravel()
    np.testing.assert_allclose(cloud.normals[~floating], np.tile(lean, ((~floating).sum(), 1)), atol=1e-4)
    np.testing.assert_allclose(cloud.normals[floating], np.tile([0.0, 0.0, -1.0] @ turn, (100, 1)), atol=1e-4)


def test_the_order_is_view_row_column_and_lone_pixels_face_the_camera() -> None:
    cameras = fixed_cameras(8, 16)[:2]
    depth = np.zeros((2, 16, 16))
    depth[0, 3, 5], depth[0, 9, 2], depth[1, 0, 0] = 0.9, 1.1, 1.0
    cloud = fused_points(maps(depth, cameras))
    expected = [
        cameras[0].unproject([[5.5, 3.5]], [0.9])[0],
        cameras[0].unproject([[2.5, 9.5]], [1.1])[0],
        cameras[1].unproject([[0.5, 0.5]], [1.0])[0],
    ]
    np.testing.assert_allclose(cloud.points, expected, atol=1e-6)
    assert cloud.normals is not None
    backward = [-camera.camera_from_world[2, :3] for camera in (cameras[0], cameras[0], cameras[1])]
    np.testing.assert_allclose(cloud.normals, backward, atol=1e-6)


def test_columns_and_rows_of_the_maps_count_not_those_of_the_array() -> None:
    camera = fixed_cameras(8, 16)[0]
    views = maps(np.ones((1, 16, 16)), (camera,))
    moved = ViewMaps(views.xyz + np.float32([2.0, 1.0, 0.0]), views.mask_logits, (camera,))
    shift = camera.unproject([[2.0, 1.0]], [1.0]) - camera.unproject([[0.0, 0.0]], [1.0])
    difference = fused_points(moved).points - fused_points(views).points
    np.testing.assert_allclose(difference, np.tile(shift, (256, 1)), atol=1e-5)


def test_a_choice_of_points() -> None:
    cameras = CAMERAS["orthographic"]
    views = maps(np.stack([sphere_depth(camera) for camera in cameras]), cameras)
    cloud = to_point_cloud(views, 500, np.random.default_rng(0))
    assert len(np.unique(cloud.points, axis=0)) == 500
    assert cloud.normals is not None


def test_views_that_see_nothing_say_so() -> None:
    cameras = fixed_cameras(8, 16)
    nothing = maps(np.zeros((8, 16, 16)), cameras)
    for use in (fused_points, to_mesh, lambda views: to_point_cloud(views, 5, np.random.default_rng(0))):
        with pytest.raises(ValueError, match="no pixel is above the mask threshold"):
            use(nothing)


SHAPES = ("chair", "table", "sofa", "lamp", "cabinet", "bench", "display", "car", "airplane", "rifle")


@pytest.mark.slow
@pytest.mark.parametrize("category", SHAPES)
def test_perfect_views_give_the_shape_back(category: str) -> None:
    """Eight depth maps of 128 px from the corners of a cube: under 1 % of the longest side, and closed."""
    asset = procedural.build(category, 3)
    scene, cameras = Scene(asset), fixed_cameras(8, 128)
    mesh = to_mesh(maps(np.stack([render_depth(scene, camera) for camera in cameras]), cameras))
    report = check(mesh)
    assert report.is_watertight
    assert report.is_oriented
    assert mesh.volume == pytest.approx(asset.mesh.volume, rel=0.25)
    found, truth = (_samples(shape, seed) for seed, shape in enumerate((mesh, asset.mesh)))
    assert chamfer_l1(found, truth) < 0.01


def _samples(mesh: Mesh, seed: int) -> np.ndarray:
    return sample_surface(mesh, 20_000, np.random.default_rng(seed)).points
