from __future__ import annotations

import numpy as np
import pytest
import trimesh

from shapelift.geometry import Mesh
from shapelift.synthesis.materials import Asset, Material
from shapelift.synthesis.occlusion import RAYS, openness
from shapelift.synthesis.renderer import Scene


def scene(*solids: trimesh.Trimesh) -> Scene:
    whole = trimesh.util.concatenate(list(solids))
    mesh = Mesh(np.asarray(whole.vertices, np.float32), np.asarray(whole.faces, np.int32))
    return Scene(Asset.of_mesh(mesh, Material((1.0, 1.0, 1.0))))


def seen(points: np.ndarray, normal: tuple[float, float, float]) -> tuple[np.ndarray, ...]:
    """Points of one plane as a picture shows them, one in every pixel of a square."""
    side = round(len(points) ** 0.5)
    rows, columns = np.divmod(np.arange(len(points), dtype=np.int32), np.int32(side))
    facing = np.broadcast_to(np.asarray(normal, np.float32), (len(points), 3)).copy()
    return points.astype(np.float32), facing, rows, columns


def floor_points(x: float, side: int = 12) -> np.ndarray:
    """A patch of the plane y = 0 around (x, 0, 0)."""
    at = np.linspace(-0.01, 0.01, side)
    return np.stack([np.repeat(at, side) * 0.1 + x, np.zeros(side * side), np.tile(at, side)], axis=1)


def test_nothing_above_is_open_and_a_box_around_is_closed() -> None:
    ground = trimesh.creation.box((4.0, 0.1, 4.0), trimesh.transformations.translation_matrix([0, -0.05, 0]))
    np.testing.assert_array_equal(openness(scene(ground).occluded, *seen(floor_points(0.0), (0, 1, 0))), 1.0)
    room = trimesh.creation.box((4.0, 4.0, 4.0))
    np.testing.assert_array_equal(openness(scene(ground, room).occluded, *seen(floor_points(0.0), (0, 1, 0))), 0.0)


def test_the_foot_of_a_long_wall_sees_half() -> None:
    ground = trimesh.creation.box((40.0, 0.1, 40.0), trimesh.transformations.translation_matrix([0, -0.05, 0]))
    wall = trimesh.creation.box((0.1, 80.0, 80.0), trimesh.transformations.translation_matrix([-0.05, 0, 0]))
    found = openness(scene(ground, wall).occluded, *seen(floor_points(0.02), (0, 1, 0)))
    assert found.mean() == pytest.approx(0.5, abs=0.04)
    assert np.abs(found - 0.5).max() < 2.0 / RAYS + 0.1


def test_under_a_disc_it_is_what_the_cosine_law_leaves() -> None:
    # A disc of radius r at height h takes r^2 / (r^2 + h^2) of the light that reaches the point below its centre.
    disc = trimesh.creation.cylinder(0.3, 0.001, sections=64)
    disc.apply_transform(trimesh.transformations.rotation_matrix(np.pi / 2, [1, 0, 0]))
    disc.apply_translation([0.0, 0.4, 0.0])
    found = openness(scene(disc).occluded, *seen(floor_points(0.0), (0, 1, 0)))
    assert found.mean() == pytest.approx(0.64, abs=0.04)


def test_two_surfaces_in_one_block_do_not_share() -> None:
    ground = trimesh.creation.box((4.0, 0.1, 4.0), trimesh.transformations.translation_matrix([0, -0.05, 0]))
    roof = trimesh.creation.box((4.0, 0.1, 4.0), trimesh.transformations.translation_matrix([0, 0.3, 0]))
    below, above = floor_points(0.0), floor_points(0.0) + np.array([0.0, 0.35, 0.0])
    points, facing, rows, columns = seen(below, (0, 1, 0))
    other = np.arange(len(points)) % 3 == 0
    points[other] = above[other]
    found = openness(scene(ground, roof).occluded, points, facing, rows, columns)
    np.testing.assert_array_equal(found[other], 1.0)
    assert found[~other].max() < 0.3


def test_no_points_need_no_rays() -> None:
    empty = np.zeros((0, 3), np.float32)
    none = np.zeros(0, np.int32)
    assert openness(lambda *_: pytest.fail("no rays"), empty, empty, none, none).shape == (0,)
