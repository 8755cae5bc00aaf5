from __future__ import annotations

import itertools

import numpy as np
import pytest

from shapelift.geometry.viewpoints import fixed_cameras, orthographic_camera, random_cameras

# Published with the data of Lin, Kong and Lucey (2018): scalar first, from Blender's world to Blender's camera.
QUATERNIONS = [
    (0.33985, -0.17592, -0.42471, -0.82047),
    (0.42471, -0.82047, -0.33985, -0.17592),
    (0.17592, -0.33985, 0.82047, 0.42471),
    (0.82047, -0.42471, 0.17592, 0.33985),
    (0.17592, -0.33985, -0.82047, -0.42471),
    (0.82047, -0.42471, -0.17592, -0.33985),
    (0.33985, -0.17592, 0.42471, 0.82047),
    (0.42471, -0.82047, 0.33985, 0.17592),
]
OURS_FROM_BLENDER = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
COUNTS = [4, 6, 8, 12, 20]


def _turn(quaternion: tuple[float, ...], vector: np.ndarray) -> np.ndarray:
    scalar, axis = quaternion[0], np.array(quaternion[1:])
    return vector + 2.0 * np.cross(axis, np.cross(axis, vector) + scalar * vector)


def test_eight_views_equal_the_published_quaternions() -> None:
    # Published: x_cam = R(q) x + (0, 0, -1), column = 128 x + 64, row = -128 y + 64, depth = -z.
    rng = np.random.default_rng(0)
    for quaternion, camera in zip(QUATERNIONS, fixed_cameras(8, 128), strict=True):
        unit = tuple(np.array(quaternion) / np.linalg.norm(quaternion))
        for blender in rng.uniform(-0.5, 0.5, (5, 3)):
            x, y, z = _turn(unit, blender) - np.array((0.0, 0.0, 1.0))
            pixels, depth = camera.project([OURS_FROM_BLENDER @ blender])
            assert np.allclose(pixels[0], (128 * x + 64, -128 * y + 64), atol=5e-3)
            assert depth[0] == pytest.approx(-z, abs=5e-5)


def test_eight_views_are_the_cube_corners_in_order() -> None:
    corners = [(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1), (1, 1, -1), (1, -1, 1), (-1, 1, 1), (-1, -1, -1)]
    expected = np.array(corners) @ OURS_FROM_BLENDER.T / np.sqrt(3.0)
    assert np.allclose([camera.position for camera in fixed_cameras(8, 128)], expected)
    assert np.allclose([camera.position for camera in fixed_cameras(4, 128)], expected[:4])


@pytest.mark.parametrize("count", COUNTS)
def test_sets_are_evenly_spread_and_upright(count: int) -> None:
    cameras = fixed_cameras(count, 64)  # type: ignore[arg-type]
    positions = np.array([camera.position for camera in cameras])
    assert np.allclose(np.linalg.norm(positions, axis=1), 1.0)
    nearest = np.sort(positions @ positions.T, axis=1)[:, -2]
    assert np.ptp(nearest) < 2e-3  # published with four digits
    assert np.allclose(positions.sum(axis=0), 0.0, atol=1e-3)
    for camera in cameras:
        pixels, depth = camera.project([[0, 0, 0], [0, 0.1, 0]])
        assert np.allclose(pixels[0], 32)
        assert depth[0] == pytest.approx(1.0)
        assert pixels[1, 0] == pytest.approx(32)
        assert pixels[1, 1] < 32


def test_a_world_unit_is_an_image_side() -> None:
    camera = orthographic_camera(np.eye(4), 50)
    pixels, depth = camera.project([[-0.5, -0.5, 2.0], [0.5, 0.5, 3.0]])
    assert np.allclose(pixels, [[0, 0], [50, 50]])
    assert np.allclose(depth, [2, 3])


def test_the_unit_cube_has_the_documented_depths() -> None:
    corners = np.array(list(itertools.product((-0.5, 0.5), repeat=3)))
    for camera in fixed_cameras(8, 128):
        _, depth = camera.project(corners)
        assert depth.min() == pytest.approx(1 - np.sqrt(0.75))
        assert depth.max() == pytest.approx(1 + np.sqrt(0.75))


def test_random_rotations_are_uniform() -> None:
    cameras = random_cameras(3000, 16, np.random.default_rng(1))
    rotations = np.array([camera.camera_from_world[:3, :3] for camera in cameras])
    # Uniform on SO(3): entries have mean 0 and variance 1/3, and each row is uniform on the sphere.
    assert np.abs(rotations.mean(axis=0)).max() < 0.04
    assert np.abs(rotations.var(axis=0) - 1 / 3).max() < 0.03
    quartiles = np.quantile(rotations.reshape(-1, 9), [0.25, 0.5, 0.75], axis=0)
    assert np.abs(quartiles - np.array([[-0.5], [0.0], [0.5]])).max() < 0.06
    assert all(camera.project([[0, 0, 0]])[1][0] == pytest.approx(1.0) for camera in cameras[:20])


def test_random_cameras_repeat_with_their_seed() -> None:
    first, second = (random_cameras(3, 16, np.random.default_rng(7)) for _ in range(2))
    assert all(np.array_equal(a.camera_from_world, b.camera_from_world) for a, b in zip(first, second, strict=True))


def test_other_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="4, 6, 8, 12, 20 views, not of 5"):
        fixed_cameras(5, 128)  # type: ignore[arg-type]


def test_a_wider_extent_shows_all_of_the_cube() -> None:
    corners = np.stack(np.meshgrid(*[[-0.5, 0.5]] * 3), axis=-1).reshape(-1, 3)
    random = random_cameras(50, 32, np.random.default_rng(0), 1.75)
    for camera in (*fixed_cameras(8, 32, 1.75), *random):
        pixels, _ = camera.project(corners)
        assert pixels.min() > 0.0
        assert pixels.max() < 32.0
        middle, depth = camera.project([[0.0, 0.0, 0.0]])
        np.testing.assert_allclose([*middle[0], depth[0]], [16.0, 16.0, 1.0])
    right = fixed_cameras(8, 32, 1.75)[0].camera_from_world[0, :3]
    pixels, _ = fixed_cameras(8, 32, 1.75)[0].project([1.75 * right])
    np.testing.assert_allclose(pixels[0, 0], 16.0 + 32.0)
