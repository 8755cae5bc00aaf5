from __future__ import annotations

import numpy as np
import pytest

from shapelift.geometry import ImplicitField, Mesh, PointCloud, VoxelGrid
from shapelift.meshing import to_mesh, to_point_cloud

SPHERE = ImplicitField(lambda p: np.float32(0.4) - np.linalg.norm(p, axis=1))


def two_triangles() -> Mesh:
    """Areas 0.5 and 1.5, in the planes z = 0 and z = 1."""
    vertices = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [3, 0, 1], [0, 1, 1]]
    colors = [[0, 0, 0], [200, 0, 0], [0, 200, 0], [9, 9, 9], [9, 9, 9], [9, 9, 9]]
    return Mesh(np.array(vertices), np.array([[0, 1, 2], [3, 4, 5]]), np.array(colors))


def test_points_follow_the_area() -> None:
    cloud = to_point_cloud(two_triangles(), 20_000, np.random.default_rng(0))
    assert (cloud.points[:, 2] == 1).mean() == pytest.approx(0.75, abs=0.01)
    lower = cloud.points[cloud.points[:, 2] == 0]
    np.testing.assert_allclose(lower.mean(axis=0), [1 / 3, 1 / 3, 0], atol=0.01)
    assert (lower[:, :2].sum(axis=1) <= 1 + 1e-6).all()
    assert cloud.normals is not None
    np.testing.assert_array_equal(cloud.normals, np.tile([0.0, 0.0, 1.0], (20_000, 1)))


def test_colors_are_interpolated() -> None:
    cloud = to_point_cloud(two_triangles(), 500, np.random.default_rng(0))
    assert cloud.colors is not None
    lower = cloud.points[:, 2] == 0
    np.testing.assert_allclose(cloud.colors[lower, 0], 200 * cloud.points[lower, 0], atol=0.51)
    assert (cloud.colors[~lower] == 9).all()


@pytest.mark.parametrize("shape", [SPHERE, to_mesh(SPHERE, resolution=48)])
def test_a_sphere_as_a_field_and_as_a_mesh(shape: ImplicitField | Mesh) -> None:
    cloud = to_point_cloud(shape, 2_000, np.random.default_rng(1), resolution=48)
    radius = np.linalg.norm(cloud.points, axis=1, keepdims=True)
    np.testing.assert_allclose(radius, 0.4, atol=1e-3)
    assert cloud.normals is not None
    assert np.einsum("ni,ni->n", cloud.normals, cloud.points / radius).min() > 0.99
    np.testing.assert_allclose(cloud.points.mean(axis=0), 0.0, atol=0.03)


def test_voxels_have_a_surface_too() -> None:
    cloud = to_point_cloud(VoxelGrid(np.ones((2, 2, 2), np.float32)), 100, np.random.default_rng(1))
    assert np.abs(cloud.points).max() <= 0.5 + 1e-6


def test_the_same_seed_gives_the_same_points() -> None:
    first, second = (to_point_cloud(two_triangles(), 50, np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(first.points, second.points)


def test_points_of_a_cloud() -> None:
    rng = np.random.default_rng(0)
    cloud = PointCloud(rng.normal(size=(30, 3)), np.tile([0.0, 0.0, 1.0], (30, 1)), np.arange(90).reshape(30, 3))
    fewer = to_point_cloud(cloud, 30, rng)
    assert len(np.unique(fewer.points, axis=0)) == 30
    assert fewer.colors is not None
    more = to_point_cloud(cloud, 100, rng)
    assert len(more) == 100
    assert more.normals is not None
    assert len(to_point_cloud(cloud, 0, rng)) == 0


def test_bad_input() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="negative"):
        to_point_cloud(two_triangles(), -1, rng)
    with pytest.raises(ValueError, match="no area"):
        to_point_cloud(Mesh(np.zeros((3, 3)), np.array([[0, 1, 2]])), 5, rng)
    with pytest.raises(ValueError, match="empty"):
        to_point_cloud(PointCloud(np.zeros((0, 3))), 5, rng)
    with pytest.raises(ValueError, match="negative"):
        to_point_cloud(PointCloud(np.zeros((1, 3))), -5, rng)
    with pytest.raises(TypeError, match="int"):
        to_point_cloud(7, 5, rng)
    with pytest.raises(TypeError, match="str"):
        to_mesh("a cube")
    mesh = two_triangles()
    assert to_mesh(mesh) is mesh
