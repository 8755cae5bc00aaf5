"""Solids from points without directions, and when they are taken."""

from __future__ import annotations

import numpy as np
import pytest

from shapelift.geometry import PointCloud
from shapelift.meshing import clouds, to_mesh, voxels
from shapelift.meshing.closing import RADIUS, REMAINS, closed_field
from shapelift.meshing.isosurface import isosurface
from shapelift.metrics import match
from shapelift.pictures.rendering import CLAY
from shapelift.solids import check
from shapelift.synthesis.procedural import solids
from shapelift.testing import LOPSIDED_CHAIR


def _sphere(count: int, radius: float = 0.4) -> np.ndarray:
    points = np.random.default_rng(0).normal(size=(count, 3))
    return radius * points / np.linalg.norm(points, axis=1, keepdims=True)


def _closed(points: np.ndarray, spacing: float):
    field, origin, side = closed_field(points, spacing=spacing)
    return isosurface(field, origin, [side] * 3)


def test_the_field_is_what_no_ball_from_outside_can_reach() -> None:
    """Against the definition: nodes outside are those that a free ball around some node of the outside covers."""
    points = np.random.default_rng(1).uniform(-0.5, 0.5, (60, 3))
    field, origin, side = closed_field(points, spacing=0.04)
    nodes = np.stack(np.meshgrid(*[np.arange(n) for n in field.shape], indexing="ij"), axis=-1) * side + origin
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    radius = RADIUS * np.quantile(np.sort(distance, axis=1)[:, 6], 0.9)
    away = np.min([np.linalg.norm(nodes - point, axis=-1) for point in points], axis=0)
    free = nodes[away > radius]  # 60 scattered points enclose no hollow: every free node is outside
    inner = nodes[3:-3:5, 3:-3:5, 3:-3:5].reshape(-1, 3)
    reach = np.min([np.linalg.norm(free - node, axis=1) for node in inner], axis=1)
    expected = reach - (1.0 - REMAINS) * radius
    found = field[3:-3:5, 3:-3:5, 3:-3:5].reshape(-1)
    inside = reach > side
    assert inside.sum() > 20
    assert np.abs(found - expected)[inside].max() < side  # nodes stand for the space between them
    assert (found[~inside] < 0).all()


def test_a_sphere_is_full_and_as_large_as_its_points() -> None:
    mesh = _closed(_sphere(2000), 0.01)
    report = check(mesh)
    assert report.problems == ()
    assert report.parts == 1
    np.testing.assert_allclose(np.linalg.norm(mesh.vertices, axis=1), 0.4, atol=0.03)
    assert mesh.volume == pytest.approx(4.0 / 3.0 * np.pi * 0.4**3, rel=0.05)


def test_a_single_layer_of_points_keeps_a_thickness() -> None:
    x, z = np.meshgrid(np.linspace(-0.5, 0.5, 21), np.linspace(-0.5, 0.5, 21))
    bowl = np.stack([x, 0.05 * (x**2 + z**2), z], axis=-1).reshape(-1, 3)
    mesh = _closed(bowl, 0.01)
    report = check(mesh)
    assert report.problems == ()
    assert report.parts == 1
    found = match(mesh.vertices, bowl)
    assert found.to_reference.max() < 0.04
    assert found.to_prediction.max() < 0.02


@pytest.mark.slow
@pytest.mark.parametrize("normals", [False, True], ids=["unoriented", "oriented"])
def test_a_sparse_chair_keeps_its_legs(normals: bool) -> None:
    chair = solids.assemble(
        [(solids.box_between(low, high), "clay") for low, high in LOPSIDED_CHAIR], {"clay": CLAY}
    ).mesh
    cells = (np.stack(np.meshgrid(*[np.arange(48)] * 3, indexing="ij"), axis=-1) + 0.5) / 48 - 0.5
    truth = np.zeros(cells.shape[:3], np.bool_)
    for low, high in LOPSIDED_CHAIR:
        truth |= ((cells >= low) & (cells <= high)).all(axis=-1)
    cloud = _surface_of_boxes(1000, normals=normals)
    mesh = to_mesh(cloud, resolution=96)
    assert check(mesh).problems == ()
    found, poisson = (overlap(one, truth) for one in (mesh, clouds._by_normals(*clouds._usable(cloud), 96)))
    assert found > 0.58
    assert normals or found > poisson + 0.1
    assert match(to_samples(mesh), to_samples(chair)).to_prediction.mean() < 0.02


@pytest.mark.slow
def test_accurate_normals_are_believed_and_a_sparse_cloud_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    monkeypatch.setattr(clouds, "_by_normals", _told(clouds._by_normals, taken))
    monkeypatch.setattr(clouds, "_by_closing", _told(clouds._by_closing, taken))
    ball = _sphere(3000)
    assert to_mesh(PointCloud(ball, ball / 0.4), resolution=48) is dict(taken)["_by_normals"]
    taken.clear()
    assert to_mesh(_surface_of_boxes(500, normals=False), resolution=48) is dict(taken)["_by_closing"]


def _told(function, taken):
    def wrapped(*arguments):
        mesh = function(*arguments)
        taken.append((function.__name__, mesh))
        return mesh

    return wrapped


def _surface_of_boxes(count: int, *, normals: bool) -> PointCloud:
    """Uniform over the outer surface of the lopsided chair."""
    rng = np.random.default_rng(0)
    found = []
    for low, high in np.array(LOPSIDED_CHAIR):
        size = high - low
        areas = np.repeat([size[1] * size[2], size[0] * size[2], size[0] * size[1]], 2)
        for index, number in enumerate(rng.poisson(4 * count * areas)):
            points = rng.uniform(low, high, (number, 3))
            axis, side = divmod(index, 2)
            points[:, axis] = (low, high)[side][axis]
            outward = np.zeros((number, 3))
            outward[:, axis] = 2 * side - 1
            found.append(np.concatenate([points, outward], axis=1))
    everything = np.concatenate(found)
    covered = np.zeros(len(everything), np.bool_)
    for low, high in np.array(LOPSIDED_CHAIR):
        covered |= ((everything[:, :3] > low + 1e-9) & (everything[:, :3] < high - 1e-9)).all(axis=1)
    kept = rng.permutation(everything[~covered])[:count]
    assert len(kept) == count
    return PointCloud(kept[:, :3], kept[:, 3:] if normals else None)


def overlap(mesh, truth: np.ndarray) -> float:
    inside = voxels(mesh, len(truth)).occupancy > 0.5
    return float((inside & truth).sum() / (inside | truth).sum())


def to_samples(mesh) -> np.ndarray:
    from shapelift.meshing import to_point_cloud

    return to_point_cloud(mesh, 20_000, np.random.default_rng(0)).points
