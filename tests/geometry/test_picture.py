"""The frame of a picture, and fields that live in it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapelift.geometry import Box, Camera, ImplicitField, Mesh, PictureFrame
from shapelift.geometry.fields import EMPTY


def camera(elevation_deg: float = 20.0, fov_deg: float = 40.0, distance: float = 2.0) -> Camera:
    """Looks at the origin, through a window beside the middle of its image."""
    return Camera.orbit(0.0, elevation_deg, distance, fov_deg, (100, 100)).window(10.0, 15.0, 70.0, 64)


def test_the_definition_in_numbers() -> None:
    """A point 1/4 to the right, 1/8 up and 1/2 behind the origin, seen from 2 in front of it."""
    intrinsics = np.array([[48.0, 0.0, 32.0], [0.0, 48.0, 32.0], [0.0, 0.0, 1.0]])
    matrix = np.diag([1.0, -1.0, -1.0, 1.0])
    matrix[2, 3] = 2.0
    frame = PictureFrame.around_origin(Camera(intrinsics, matrix, (64, 64)))
    np.testing.assert_allclose(frame.from_world([[0.25, 0.125, -0.5]]), [[0.075, 0.0375, 0.1875]], atol=1e-12)
    np.testing.assert_allclose(frame.from_world([[0.0, 0.0, 0.0]]), [[0.0, 0.0, 0.0]], atol=1e-12)
    assert frame.depth_unit == pytest.approx(64.0 * 2.0 / 48.0)


@settings(max_examples=40, deadline=None)
@given(
    elevation=st.floats(-60, 80),
    fov=st.floats(10, 70),
    distance=st.floats(1.5, 6.0),
    seed=st.integers(0, 10**6),
)
def test_both_ways_are_inverses(elevation: float, fov: float, distance: float, seed: int) -> None:
    frame = PictureFrame.around_origin(camera(elevation, fov, distance))
    rng = np.random.default_rng(seed)
    points = rng.uniform(-0.5, 0.5, (30, 3))
    np.testing.assert_allclose(frame.to_world(frame.from_world(points)), points, atol=1e-10)
    box = frame.box
    own = rng.uniform(box.minimum, box.maximum, (30, 3))
    np.testing.assert_allclose(frame.from_world(frame.to_world(own)), own, atol=1e-9)


def test_lengths_are_alike_near_the_origin() -> None:
    frame = PictureFrame.around_origin(camera())
    matrix = frame.camera.world_from_camera[:3, :3]
    moved = frame.from_world(1e-5 * matrix.T) - frame.from_world(np.zeros((1, 3)))
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), np.linalg.norm(moved[0]), rtol=0.05)


def test_nothing_behind_the_camera_is_in_the_box() -> None:
    wide = PictureFrame.around_origin(Camera.orbit(0.0, 0.0, 1.0, 80.0, (32, 32)))
    behind = wide.from_world([[0.0, 0.0, 1.0], [0.1, 0.0, 1.5], [0.0, 0.0, 30.0], [0.0, 0.0, 0.999]])
    assert not wide.box.contains(behind).any()
    assert wide.box.minimum[2] > -1.0
    low = wide.to_world([[0.0, 0.0, wide.box.minimum[2]]])
    assert wide.camera.project(low)[1][0] > 0.0
    assert PictureFrame.around_origin(camera(fov_deg=20.0, distance=4.0)).box == Box(
        (-0.5, -0.5, -1.0), (0.5, 0.5, 1.0)
    )


@pytest.mark.parametrize(
    ("intrinsics_size", "projection", "depth", "message"),
    [((64, 64), "orthographic", 2.0, "perspective"), ((64, 32), "perspective", 2.0, "square"),
     ((64, 64), "perspective", 0.0, "positive")],
)  # fmt: skip
def test_cameras_without_a_picture(
    intrinsics_size: tuple[int, int], projection: str, depth: float, message: str
) -> None:
    base = camera()
    other = Camera(base.intrinsics, base.camera_from_world, intrinsics_size, projection)
    with pytest.raises(ValueError, match=message):
        PictureFrame(other, depth)


def test_a_field_in_a_picture_is_asked_in_the_world() -> None:
    frame = PictureFrame.around_origin(camera())
    seen = []

    def function(points: np.ndarray) -> np.ndarray:
        seen.append(points)
        return points[:, 2]

    field = ImplicitField(function, Box((-0.5, -0.5, -0.25), (0.5, 0.5, 0.25)), frame)
    points = np.array(
        [[0.1, 0.2, 0.0], [0.0, 0.0, 0.0], [3.0, 0.0, 0.0], [0.0, 0.0, 9.0], [0.0, 0.0, -3.0]], np.float32
    )
    own = frame.from_world(points)
    np.testing.assert_allclose(field(points), [own[0, 2], own[1, 2], EMPTY, EMPTY, EMPTY], atol=1e-6)
    assert len(seen) == 1
    assert len(seen[0]) == 2
    np.testing.assert_array_equal(field.covers(points), [True, True, False, False, False])
    np.testing.assert_array_equal(field.unplaced(own[:2]), own[:2, 2].astype(np.float32))
    np.testing.assert_array_equal(field(points[2:]), [EMPTY] * 3)


def test_a_mesh_leaves_the_picture_with_its_faces_turned() -> None:
    corners = np.array([[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0], [0, 0, 0.1]], np.float32)
    tetrahedron = Mesh(corners, np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]], np.int32))
    assert tetrahedron.volume > 0.0
    frame = PictureFrame.around_origin(camera())
    placed = ImplicitField(lambda p: p[:, 0], frame.box, frame).placed(tetrahedron)
    assert placed.volume == pytest.approx(tetrahedron.volume * frame.depth_unit**3, rel=0.2)
    np.testing.assert_allclose(placed.vertices, frame.to_world(corners), atol=1e-6)
    assert ImplicitField(lambda p: p[:, 0]).placed(tetrahedron) is tetrahedron
