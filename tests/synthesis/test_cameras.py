from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapelift.geometry import Camera, Mesh, normalizing_transform, transform_points
from shapelift.synthesis.cameras import FOV_DEG, framed_camera, random_viewpoints, view_from_object
from shapelift.synthesis.lighting import Lighting
from shapelift.synthesis.materials import Asset, Material
from shapelift.synthesis.renderer import Scene, render_view


def points(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    cloud = rng.uniform(-1.0, 1.0, (30, 3)) * rng.uniform(0.05, 1.0, 3)
    return transform_points(normalizing_transform(cloud), cloud)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), size_px=st.integers(8, 300), margin=st.floats(0.0, 0.3))
def test_framing_fills_the_window(seed: int, size_px: int, margin: float) -> None:
    cloud = points(seed)
    view = random_viewpoints(np.random.default_rng(seed), 1)[0]
    camera = framed_camera(cloud, view.azimuth_deg, view.elevation_deg, view.fov_deg, view.distance, size_px, margin)
    pixels, depth = camera.project(cloud)
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    assert camera.image_size_px == (size_px, size_px)
    assert (high - low).max() == pytest.approx(size_px * (1.0 - 2.0 * margin), rel=1e-9)
    np.testing.assert_allclose((low + high) / 2.0, size_px / 2.0, atol=1e-6 * size_px)
    assert depth.min() > 0.0


def test_a_framed_picture_touches_its_margin() -> None:
    corners = np.asarray([[-0.5, -0.5, 0.1], [0.5, -0.2, 0.0], [0.0, 0.5, -0.2], [0.1, 0.0, 0.4]], np.float32)
    mesh = Mesh(corners, np.asarray([[0, 1, 2], [0, 1, 3], [1, 2, 3], [0, 2, 3]], np.int32))
    camera = framed_camera(mesh.vertices, 25.0, 10.0, 40.0, 3.0, 200)
    light = Lighting(np.zeros((0, 3)), np.zeros((0, 3)), np.ones(3), np.ones(3), shadows=False)
    alpha = render_view(Scene(Asset.of_mesh(mesh, Material((1.0, 1.0, 1.0)))), camera, light).rgba[..., 3]
    rows, columns = np.nonzero(alpha)
    longest = max(np.ptp(rows), np.ptp(columns)) + 1
    assert abs(longest - 180) <= 4  # corners are sharper than a sample
    assert abs(rows.min() + rows.max() + 1 - 200) <= 4
    assert abs(columns.min() + columns.max() + 1 - 200) <= 4


def test_viewpoints_follow_their_distributions() -> None:
    rng = np.random.default_rng(1)
    views = [view for _ in range(400) for view in random_viewpoints(rng, 8)]
    azimuth = np.asarray([view.azimuth_deg for view in views])
    elevation = np.asarray([view.elevation_deg for view in views])
    fov_deg = np.asarray([view.fov_deg for view in views])
    distance = np.asarray([view.distance for view in views])
    assert np.histogram(azimuth, 8, (0.0, 360.0))[0].tolist() == [400] * 8
    assert elevation.min() >= -5.0
    assert elevation.max() <= 60.0
    assert np.mean(elevation > 40.0) == pytest.approx(0.15, abs=0.03)
    assert fov_deg.min() >= FOV_DEG[0]
    assert fov_deg.max() <= FOV_DEG[1]
    slack = distance * np.sin(np.deg2rad(fov_deg) / 2.0) / 0.75**0.5
    assert slack.min() >= 1.0 - 1e-9
    assert slack.max() <= 1.3


def test_viewpoints_keep_the_unit_cube_in_the_field_of_view() -> None:
    corners = np.stack(np.meshgrid(*[[-0.5, 0.5]] * 3), axis=-1).reshape(-1, 3)
    for view in random_viewpoints(np.random.default_rng(2), 50):
        camera = Camera.orbit(view.azimuth_deg, view.elevation_deg, view.distance, view.fov_deg, (100, 100))
        pixels, _ = camera.project(corners)
        assert pixels.min() >= 0.0
        assert pixels.max() <= 100.0


def test_the_first_quarter_of_viewpoints_is_not_the_first_quarter_of_the_circle() -> None:
    views = random_viewpoints(np.random.default_rng(0), 16)
    assert len({int(view.azimuth_deg // 90) for view in views[:4]}) > 1


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), azimuth_deg=st.floats(-400.0, 400.0))
def test_the_view_frame_puts_the_camera_above_the_z_axis(seed: int, azimuth_deg: float) -> None:
    cloud = points(seed)
    matrix = view_from_object(cloud, azimuth_deg)
    turned = transform_points(matrix, cloud)
    low, high = turned.min(axis=0), turned.max(axis=0)
    np.testing.assert_allclose(low + high, 0.0, atol=1e-9)
    assert (high - low).max() == pytest.approx(1.0)
    np.testing.assert_allclose(matrix[1, [0, 2]], 0.0, atol=1e-12)  # gravity stays
    position = Camera.orbit(azimuth_deg, 20.0, 3.0, 30.0, (8, 8)).position
    towards = matrix[:3, :3] @ position
    assert towards[2] > 0.0
    assert abs(towards[0]) < 1e-9


def test_the_view_frame_at_azimuth_zero_is_the_object_frame() -> None:
    np.testing.assert_allclose(view_from_object(points(4), 0.0), np.eye(4), atol=1e-12)


@pytest.mark.parametrize(
    ("vertices", "margin"),
    [(np.zeros((0, 3)), 0.05), (np.zeros((1, 3)), 0.05), (np.full((1, 3), 9.0), 0.05), (np.eye(3) / 2, 0.5)],
)
def test_what_cannot_be_framed_is_refused(vertices: np.ndarray, margin: float) -> None:
    with pytest.raises(ValueError, match=r"margin|outside|one point"):
        framed_camera(vertices, 0.0, 0.0, 30.0, 3.0, 32, margin)
