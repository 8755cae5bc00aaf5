from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapelift.geometry import Camera, rotation_x, rotation_y, rotation_z


def test_azimuth_zero_stands_in_front_and_moves_towards_plus_x() -> None:
    assert np.allclose(Camera.orbit(0, 0, 2, 40, (64, 64)).position, [0, 0, 2])
    assert np.allclose(Camera.orbit(90, 0, 2, 40, (64, 64)).position, [2, 0, 0])
    assert np.allclose(Camera.orbit(0, 90, 2, 40, (64, 64)).position, [0, 2, 0])


def test_image_axes_are_right_and_down_with_the_centre_between_pixels() -> None:
    camera = Camera.orbit(0, 0, 2, 40, (64, 64))
    pixels, depth = camera.project([[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0], [0, 0, 0.5]])
    assert np.allclose(pixels[0], [32, 32])
    assert pixels[1, 0] > 32
    assert pixels[2, 1] < 32
    assert np.allclose(depth, [2, 2, 2, 1.5])


def test_field_of_view_is_vertical() -> None:
    camera = Camera.orbit(0, 0, 2, 60, (100, 50))
    top = 2 * np.tan(np.deg2rad(30))
    assert np.allclose(camera.project([[0, top, 0]])[0], [[50, 0]])


def test_look_at_equals_orbit() -> None:
    orbit = Camera.orbit(33, 21, 1.7, 35, (32, 48))
    look = Camera.look_at(orbit.position, [0, 0, 0], 35, (32, 48))
    assert np.allclose(look.camera_from_world, orbit.camera_from_world)
    assert np.allclose(look.intrinsics, orbit.intrinsics)


@settings(max_examples=40, deadline=None)
@given(
    azimuth=st.floats(-400, 400),
    elevation=st.floats(-89, 89),
    fov=st.floats(5, 120),
    projection=st.sampled_from(["perspective", "orthographic"]),
    seed=st.integers(0, 10**6),
)
def test_unproject_inverts_project(azimuth: float, elevation: float, fov: float, projection: str, seed: int) -> None:
    camera = Camera.orbit(azimuth, elevation, 2, fov, (40, 30))
    camera = Camera(camera.intrinsics, camera.camera_from_world, camera.image_size_px, projection)
    points = np.random.default_rng(seed).uniform(-0.5, 0.5, (20, 3))
    assert np.allclose(camera.unproject(*camera.project(points)), points, atol=1e-9)
    assert np.allclose(camera.camera_from_world @ camera.world_from_camera, np.eye(4), atol=1e-12)


@pytest.mark.parametrize("projection", ["perspective", "orthographic"])
def test_rays_pass_through_pixel_centres(projection: str) -> None:
    base = Camera.orbit(30, 20, 2, 50, (5, 4))
    camera = Camera(base.intrinsics, base.camera_from_world, (5, 4), projection)
    origins, directions = camera.rays()
    assert origins.shape == directions.shape == (4, 5, 3)
    pixels, _ = camera.project((origins + 1.3 * directions).reshape(-1, 3))
    columns, rows = np.meshgrid(np.arange(5) + 0.5, np.arange(4) + 0.5)
    assert np.allclose(pixels, np.stack([columns, rows], -1).reshape(-1, 2))
    assert np.allclose(np.linalg.norm(directions, axis=-1), 1)


def test_window_is_a_resampled_crop() -> None:
    camera = Camera.orbit(10, 5, 2, 40, (64, 64))
    window = camera.window(16, 8, 32, 128)
    points = np.random.default_rng(0).uniform(-0.4, 0.4, (9, 3))
    expected = (camera.project(points)[0] - [16, 8]) * 4
    assert np.allclose(window.project(points)[0], expected)
    assert window.image_size_px == (128, 128)


@pytest.mark.parametrize("turn", [rotation_x, rotation_y, rotation_z])
def test_rotations_are_proper_and_exact_at_quarter_turns(turn: object) -> None:
    assert np.array_equal(turn(90) @ turn(90) @ turn(90) @ turn(90), np.eye(3))
    assert np.allclose(turn(-30) @ turn(30), np.eye(3))
    assert np.isclose(np.linalg.det(turn(17)), 1)


def test_rotations_follow_the_right_hand_rule() -> None:
    assert np.allclose(rotation_x(90) @ [0, 1, 0], [0, 0, 1])
    assert np.allclose(rotation_y(90) @ [0, 0, 1], [1, 0, 0])
    assert np.allclose(rotation_z(90) @ [1, 0, 0], [0, 1, 0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"camera_from_world": np.diag([1.0, 1, -1, 1])}, "proper rotation"),
        ({"camera_from_world": np.eye(3)}, "3 3 and 4 4"),
        ({"intrinsics": np.diag([-1.0, 1, 1])}, "positive focal"),
        ({"intrinsics": np.full((3, 3), np.nan)}, "finite"),
        ({"image_size_px": (0, 4)}, "positive"),
        ({"projection": "fisheye"}, "unknown projection"),
    ],
)
def test_invalid_cameras_are_refused(change: dict[str, object], message: str) -> None:
    good = {"intrinsics": np.eye(3), "camera_from_world": np.eye(4), "image_size_px": (4, 4)}
    with pytest.raises(ValueError, match=message):
        Camera(**{**good, **change})


def test_looking_along_up_is_refused() -> None:
    with pytest.raises(ValueError, match="up direction"):
        Camera.look_at([0, 2, 0], [0, 0, 0], 40, (8, 8))
