from __future__ import annotations

import numpy as np
import pytest

from shapelift.geometry import Mesh
from shapelift.metrics import SurfaceDistance
from shapelift.metrics.surface_distance import triangle_distance_squared


def naive(point: np.ndarray, corners: np.ndarray) -> float:
    """Distance to a triangle by looking at very many of its points."""
    steps = np.linspace(0.0, 1.0, 201)
    a, b = (grid.ravel() for grid in np.meshgrid(steps, steps))
    a, b = a[a + b <= 1.0], b[a + b <= 1.0]
    inner = corners[0] + a[:, None] * (corners[1] - corners[0]) + b[:, None] * (corners[2] - corners[0])
    return float(np.linalg.norm(inner - point, axis=1).min())


def cube(scale: float = 1.0) -> Mesh:
    corner = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)], np.float32)
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = [face for a, b, c, d in quads for face in ((a, b, c), (a, c, d))]
    return Mesh(corner * np.float32(scale), np.array(faces, np.int32))


def test_triangles_have_the_distance_of_their_points() -> None:
    rng = np.random.default_rng(0)
    corners, points = rng.normal(size=(60, 3, 3)), rng.normal(size=(60, 3))
    want = [naive(point, triangle) for point, triangle in zip(points, corners, strict=True)]
    np.testing.assert_allclose(np.sqrt(triangle_distance_squared(points, corners)), want, atol=0.03)
    over = corners.mean(axis=1) + 0.01 * np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    height = 0.01 * np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    np.testing.assert_allclose(np.sqrt(triangle_distance_squared(over, corners)), height, rtol=1e-9)


def test_degenerate_triangles_are_lines_and_points() -> None:
    line = np.array([[[0.0, 0, 0], [1, 0, 0], [2, 0, 0]]])
    point = np.zeros((1, 3, 3))
    assert triangle_distance_squared(np.array([[1.5, 2.0, 0.0]]), line)[0] == pytest.approx(4.0)
    assert triangle_distance_squared(np.array([[3.0, 4.0, 0.0]]), point)[0] == pytest.approx(25.0)


def test_distances_to_a_cube_are_exact() -> None:
    rng = np.random.default_rng(1)
    points = rng.uniform(-1.0, 1.0, (2000, 3))
    outside = np.maximum(np.abs(points) - 0.5, 0.0)
    inner = (0.5 - np.abs(points)).min(axis=1)
    want = np.where(outside.any(axis=1), np.linalg.norm(outside, axis=1), inner)
    np.testing.assert_allclose(SurfaceDistance(cube())(points), want, atol=2e-3)
    assert (SurfaceDistance(cube())(points) >= want - 1e-9).all()


def test_a_surface_is_nowhere_away_from_itself() -> None:
    mesh = cube(0.7)
    np.testing.assert_allclose(SurfaceDistance(mesh)(mesh.vertices), 0.0, atol=1e-12)
    np.testing.assert_allclose(SurfaceDistance(mesh)(mesh.corners.mean(axis=1)), 0.0, atol=1e-7)
    assert SurfaceDistance(mesh)(np.zeros((0, 3))).shape == (0,)


def test_what_has_no_surface_is_refused() -> None:
    with pytest.raises(ValueError, match="no area"):
        SurfaceDistance(Mesh(np.zeros((3, 3), np.float32), np.array([[0, 1, 2]], np.int32)))
    with pytest.raises(ValueError, match="not finite"):
        SurfaceDistance(cube())([[np.nan, 0.0, 0.0]])
