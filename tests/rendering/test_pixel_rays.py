"""Rays through pixel centres against shapes whose outline and thickness are known."""

from __future__ import annotations

import numpy as np
import pytest

from shapelift.geometry import Box, Camera, ImplicitField, Mesh
from shapelift.meshing import mesh_field
from shapelift.rendering import pixel_rays
from shapelift.rendering.pixel_rays import pixel_crossings


def cube(half: float = 0.5) -> Mesh:
    corners = np.array([[x, y, z] for x in (-half, half) for y in (-half, half) for z in (-half, half)], np.float32)
    quads = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    return Mesh(corners, np.array([[q[i] for i in pick] for q in quads for pick in ((0, 1, 2), (0, 2, 3))], np.int32))


def test_a_cube_from_the_front() -> None:
    """From 2.5 before the middle the front face, 2 away, covers 40 of 80 pixels with f = 80."""
    assert cube().volume == pytest.approx(1.0)
    matrix = np.diag([1.0, -1.0, -1.0, 1.0])
    matrix[2, 3] = 2.5
    camera = Camera(np.array([[80.0, 0.0, 40.0], [0.0, 80.0, 40.0], [0.0, 0.0, 1.0]]), matrix, (80, 80))
    found = pixel_crossings(cube(), camera)
    expected = np.zeros((80, 80), np.bool_)
    expected[20:60, 20:60] = True
    np.testing.assert_array_equal(found.silhouette(), expected)
    thickness = found.thickness()
    # The back face, 3 away, covers the 26 or 27 pixels in the middle; there the cube is 1 deep.
    np.testing.assert_allclose(thickness[27:53, 27:53], 1.0)
    assert (thickness[expected] > 0.0).all()
    assert (thickness[20:26, 20:60] < 1.0).all()
    np.testing.assert_array_equal(thickness[~expected], 0.0)
    np.testing.assert_allclose(found.depths[found.entering], 2.0)


def test_a_ball_against_its_rays() -> None:
    """The naive way: intersect every ray with the ball."""
    box = Box((-0.6,) * 3, (0.6,) * 3)
    mesh = mesh_field(ImplicitField(lambda p: (0.5 - np.linalg.norm(p, axis=1)).astype(np.float32), box), resolution=96)
    camera = Camera.orbit(30.0, 20.0, 2.0, 40.0, (64, 48))
    origins, directions = camera.rays()
    along = (origins * directions).sum(axis=-1)
    inside = along**2 - (origins**2).sum(axis=-1) + 0.25
    found = pixel_crossings(mesh, camera)
    sure = np.abs(inside) > 0.004
    np.testing.assert_array_equal(found.silhouette()[sure], inside[sure] > 0.0)
    forward = directions @ camera.camera_from_world[2, :3]
    np.testing.assert_allclose(
        found.thickness()[inside > 0.05], (2.0 * np.sqrt(np.maximum(inside, 0.0)) * forward)[inside > 0.05], atol=0.005
    )


def test_parts_and_chunks_and_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = Camera.orbit(0.0, 0.0, 3.0, 40.0, (32, 32))
    near = cube(0.1)
    both = Mesh(
        np.concatenate([near.vertices + np.float32([0, 0, 0.5]), near.vertices * 2]),
        np.concatenate([near.faces, near.faces + 8]),
    )
    whole = pixel_crossings(both, camera)
    assert whole.thickness()[16, 16] == pytest.approx(0.2)
    monkeypatch.setattr(pixel_rays, "_CHUNK", 10)
    np.testing.assert_array_equal(pixel_crossings(both, camera).silhouette(), whole.silhouette())
    empty = pixel_crossings(Mesh(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32)), camera)
    assert not empty.silhouette().any()
    assert not empty.thickness().any()
    around = Camera.orbit(0.0, 0.0, 0.3, 40.0, (32, 32))
    assert not pixel_crossings(Mesh(cube().vertices, cube().faces[:2]), around).silhouette().any()


def test_an_orthographic_camera() -> None:
    matrix = np.diag([1.0, -1.0, -1.0, 1.0])
    matrix[2, 3] = 3.0
    camera = Camera(np.array([[20.0, 0, 16.0], [0, 20.0, 16.0], [0, 0, 1.0]]), matrix, (32, 32), "orthographic")
    found = pixel_crossings(cube(), camera)
    assert found.silhouette().sum() == 400
    np.testing.assert_allclose(found.thickness()[found.silhouette()], 1.0)
