from __future__ import annotations

import numpy as np
import pytest

from shapelift.geometry import PointCloud, rotation_x, rotation_y, similarity
from shapelift.meshing import clouds, mesh_points, to_mesh
from shapelift.meshing.orientation import consistent_normals
from shapelift.metrics import match
from shapelift.solids import check

RADIUS = 0.4
SPHERE_VOLUME = 4.0 / 3.0 * np.pi * RADIUS**3


def sphere(count: int = 3000, *, normals: bool = True, center: float = 0.0, seed: int = 0) -> PointCloud:
    outward = np.random.default_rng(seed).normal(size=(count, 3))
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    return PointCloud(center + RADIUS * outward, outward if normals else None)


def box(sides: tuple[float, float, float], count: int, *, normals: bool = True) -> PointCloud:
    """Points uniform over the surface of a box around the origin."""
    rng = np.random.default_rng(0)
    x, y, z = sides
    faces = np.array([y * z, x * z, x * y])
    axis, side = rng.choice(3, count, p=faces / faces.sum()), rng.choice([-1.0, 1.0], count)
    points, outward = rng.uniform(-0.5, 0.5, (count, 3)), np.zeros((count, 3))
    points[np.arange(count), axis], outward[np.arange(count), axis] = 0.5 * side, side
    return PointCloud(points * sides, outward if normals else None)


def assert_solid(mesh: object, parts: int = 1) -> None:
    report = check(mesh)  # type: ignore[arg-type]
    assert report.problems == ()
    assert report.parts == parts


@pytest.mark.slow
@pytest.mark.parametrize("normals", [True, False], ids=["oriented", "unoriented"])
@pytest.mark.parametrize("resolution", [24, 64])
def test_a_sphere(normals: bool, resolution: int) -> None:
    mesh = to_mesh(sphere(normals=normals, center=5.0), resolution=resolution)
    assert_solid(mesh)
    np.testing.assert_allclose(np.linalg.norm(mesh.vertices - 5.0, axis=1), RADIUS, rtol=0.02)
    assert mesh.volume == pytest.approx(SPHERE_VOLUME, rel=0.01)
    size = mesh.bounds.size.max()
    edges = mesh.corners[:, 0] - mesh.corners[:, 1]
    assert np.abs(edges).max() <= 1.3 * size / resolution  # cells of the asked size


@pytest.mark.slow
@pytest.mark.parametrize("normals", [True, False], ids=["oriented", "unoriented"])
@pytest.mark.parametrize(("sides", "rel"), [((1.0, 0.6, 0.3), 0.01), ((1.0, 0.5, 0.03), 0.05)], ids=["box", "panel"])
def test_a_box_has_its_volume(normals: bool, sides: tuple[float, float, float], rel: float) -> None:
    mesh = mesh_points(box(sides, 12_000, normals=normals), resolution=96)
    assert_solid(mesh)
    assert mesh.volume == pytest.approx(np.prod(sides), rel=rel)
    np.testing.assert_allclose(mesh.bounds.size, sides, atol=0.015)


@pytest.mark.slow
def test_a_finer_mesh_than_the_points_interpolates_them(monkeypatch: pytest.MonkeyPatch) -> None:
    coarse = mesh_points(sphere(400), resolution=16)
    fine = mesh_points(sphere(400), resolution=80)
    assert_solid(fine)
    assert len(fine.faces) > 10 * len(coarse.faces)
    np.testing.assert_allclose(np.linalg.norm(fine.vertices, axis=1), RADIUS, rtol=0.03)
    monkeypatch.setattr(clouds, "MOST_CELLS", 32)
    limited = mesh_points(sphere(), resolution=64)
    assert_solid(limited)
    np.testing.assert_allclose(np.linalg.norm(limited.vertices, axis=1), RADIUS, rtol=0.01)


def test_duplicates_and_uneven_density_do_not_matter() -> None:
    cloud = sphere()
    assert cloud.normals is not None
    upper = cloud.points[:, 1] > 0
    again = PointCloud(
        np.concatenate([cloud.points, np.repeat(cloud.points[upper], 5, axis=0)]),
        np.concatenate([cloud.normals, np.repeat(cloud.normals[upper], 5, axis=0)]),
    )
    mesh = mesh_points(again, resolution=32)
    assert_solid(mesh)
    np.testing.assert_allclose(np.linalg.norm(mesh.vertices, axis=1), RADIUS, rtol=0.02)
    bare = mesh_points(PointCloud(again.points), resolution=32)
    assert bare.volume == pytest.approx(SPHERE_VOLUME, rel=0.02)


def test_noise_is_smoothed() -> None:
    clean = sphere(6000)
    noise = np.random.default_rng(1).normal(size=clean.points.shape) * 0.004
    mesh = mesh_points(PointCloud(clean.points + noise, clean.normals), resolution=48)
    assert_solid(mesh)
    np.testing.assert_allclose(np.linalg.norm(mesh.vertices, axis=1), RADIUS, atol=0.012)


def test_frame_and_unit_stay() -> None:
    turn = similarity(rotation_y(33.0) @ rotation_x(21.0), np.array([7.0, -3.0, 2.0]), 40.0)
    cloud = box((1.0, 0.6, 0.3), 8000)
    straight = mesh_points(cloud, resolution=48).transformed(turn)
    turned = mesh_points(cloud.transformed(turn), resolution=48)
    found = match(turned.vertices, straight.vertices)
    assert found.to_reference.max() < 40.0 * 0.03
    assert found.to_prediction.max() < 40.0 * 0.03
    assert turned.volume == pytest.approx(straight.volume, rel=0.02)


def test_the_same_points_give_the_same_mesh() -> None:
    first, second = (mesh_points(sphere(800, normals=False), resolution=24) for _ in range(2))
    np.testing.assert_array_equal(first.vertices, second.vertices)
    np.testing.assert_array_equal(first.faces, second.faces)


def test_two_bodies_stay_two() -> None:
    near, far = sphere(seed=1), sphere(seed=2)
    points = np.concatenate([near.points, far.points + np.array([1.2, 0.0, 0.0])])
    mesh = mesh_points(PointCloud(points), resolution=64)
    assert_solid(mesh, parts=2)
    assert mesh.volume == pytest.approx(2 * SPHERE_VOLUME, rel=0.03)


def test_a_hole_in_the_cloud_is_closed() -> None:
    cloud = sphere(6000)
    assert cloud.normals is not None
    kept = cloud.points[:, 1] < 0.9 * RADIUS
    mesh = mesh_points(PointCloud(cloud.points[kept], cloud.normals[kept]), resolution=48)
    assert_solid(mesh)
    assert mesh.volume == pytest.approx(SPHERE_VOLUME, rel=0.03)


def test_points_without_a_normal_are_left_out() -> None:
    cloud = sphere()
    assert cloud.normals is not None
    normals = cloud.normals.copy()
    normals[::4] = 0.0
    mesh = mesh_points(PointCloud(cloud.points, normals), resolution=24)
    assert mesh.volume == pytest.approx(SPHERE_VOLUME, rel=0.02)
    none = mesh_points(PointCloud(cloud.points, np.zeros_like(normals)), resolution=24)
    assert none.volume == pytest.approx(SPHERE_VOLUME, rel=0.02)


def test_colors_come_along() -> None:
    cloud = sphere()
    paint = np.where(cloud.points[:, :1] > 0, [[250, 0, 0]], [[0, 0, 250]])
    mesh = mesh_points(PointCloud(cloud.points, cloud.normals, paint), resolution=32)
    assert mesh.colors is not None
    right = mesh.vertices[:, 0] > 0.1
    left = mesh.vertices[:, 0] < -0.1
    assert (mesh.colors[right] == [250, 0, 0]).all()
    assert (mesh.colors[left] == [0, 0, 250]).all()


@pytest.mark.parametrize("shape", ["sphere", "box", "panel", "torus"])
def test_flipped_normals_are_turned_back(shape: str) -> None:
    if shape == "torus":
        u, v = np.random.default_rng(0).uniform(0, 2 * np.pi, (2, 6000))
        truth = np.stack([np.cos(v) * np.cos(u), np.sin(v), np.cos(v) * np.sin(u)], axis=1)
        points = 0.1 * truth + 0.35 * np.stack([np.cos(u), np.zeros_like(u), np.sin(u)], axis=1)
    else:
        sides = (1.0, 0.6, 0.3) if shape == "box" else (1.0, 0.5, 0.06)
        cloud = sphere() if shape == "sphere" else box(sides, 8000)
        assert cloud.normals is not None
        points, truth = cloud.points.astype(np.float64), cloud.normals.astype(np.float64)
    found = consistent_normals(points)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, rtol=1e-9)
    assert (np.einsum("ni,ni->n", found, truth) > 0).mean() > 0.995


@pytest.mark.parametrize("noise", [0.3, 0.7])
def test_signs_hold_under_noise(noise: float) -> None:
    """Noise in units of the distance between points."""
    cloud = box((1.0, 0.6, 0.3), 4000)
    assert cloud.normals is not None
    spread = noise * np.sqrt(2 * (0.6 + 0.3 + 0.18) / len(cloud))
    points = cloud.points + spread * np.random.default_rng(1).normal(size=(len(cloud), 3))
    assert (np.einsum("ni,ni->n", consistent_normals(points), cloud.normals) > 0).mean() > 0.99
    mesh = mesh_points(PointCloud(points), resolution=32)
    assert mesh.volume == pytest.approx(0.18, rel=0.1)


def test_a_tetrahedron_of_four_points_is_enough() -> None:
    points = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], np.float64)
    for normals in (None, points / np.sqrt(3.0)):
        assert_solid(mesh_points(PointCloud(points, normals), resolution=24))


GRID = np.stack(np.meshgrid(np.arange(5.0), np.arange(5.0), [2.0]), axis=-1).reshape(-1, 3)


@pytest.mark.parametrize(
    ("points", "word"),
    [
        (np.zeros((0, 3)), "0 points"),
        (np.eye(3), "3 points"),
        (np.repeat(np.eye(3), 9, axis=0), "3 different points"),
        (np.arange(30.0).reshape(10, 3), "on one line"),
        (GRID, "in one plane"),
        (GRID @ rotation_x(30.0).T @ rotation_y(40.0).T, "in one plane"),
    ],
)
def test_points_that_make_no_solid(points: np.ndarray, word: str) -> None:
    for normals in (None, np.tile([0.0, 0.0, 1.0], (len(points), 1))):
        with pytest.raises(ValueError, match=word) as caught:
            mesh_points(PointCloud(points, normals))
        assert "\n" not in str(caught.value)


def test_other_bad_input() -> None:
    with pytest.raises(ValueError, match="finite"):
        PointCloud(np.array([[0.0, np.nan, 1.0]]))
    with pytest.raises(ValueError, match="resolution"):
        mesh_points(sphere(), resolution=0)
