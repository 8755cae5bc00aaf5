from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from solids_with_answers import (
    ball,
    box,
    cloud,
    flipped,
    in_box,
    in_convex,
    in_torus,
    joined,
    mesh_of,
    torus,
    without,
)

from shapelift.errors import InputError
from shapelift.geometry import Mesh, rotation_y, similarity
from shapelift.synthesis.occupancy import Solid, occupancy
from shapelift.synthesis.orientation import orient

POINTS = cloud(40_000)


def agreement(mesh: Mesh, answer) -> float:
    return float((occupancy(mesh, POINTS) == answer).mean())


def third(mesh: Mesh, seed: int = 1):
    """30 % of the faces."""
    return np.random.default_rng(seed).permutation(len(mesh.faces))[: int(0.3 * len(mesh.faces))]


@pytest.mark.slow
def test_watertight_shapes_have_the_exact_answer():
    assert agreement(box(), in_box(POINTS)) == 1.0
    assert agreement(ball(), in_convex(POINTS, ball())) >= 0.9999
    assert agreement(torus(), in_torus(POINTS)) >= 0.999


def test_closed_surfaces_take_the_ray_road_and_agree_with_winding_numbers():
    solid = Solid(torus(around=60, across=30))
    assert solid.closed
    assert (solid.contains(POINTS) == (solid.winding_number(POINTS) > 0.5)).mean() > 0.9995
    np.testing.assert_allclose(solid.estimated_winding_number(POINTS[:2000]), solid.contains(POINTS[:2000]), atol=0.17)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.slow
def test_flipped_faces_are_turned_back(seed):
    shape = ball()
    broken = flipped(shape, third(shape, seed))
    assert orient(broken).closed
    assert agreement(broken, in_convex(POINTS, shape)) >= 0.999


def test_inside_out_meshes_enclose_the_same_volume():
    assert agreement(flipped(box()), in_box(POINTS)) == 1.0
    assert agreement(flipped(joined(box(), ball(0.1))), in_box(POINTS)) >= 0.9999


def test_unwelded_triangles_are_welded():
    shape = torus(around=60, across=30)
    soup = mesh_of(shape.corners.reshape(-1, 3), np.arange(3 * len(shape.faces)).reshape(-1, 3))
    assert orient(soup).closed
    assert agreement(soup, occupancy(shape, POINTS)) == 1.0


@pytest.mark.slow
def test_holes_are_bridged():
    shape = ball()
    for drop in (third(shape)[: len(shape.faces) // 20], np.arange(3)):
        broken = without(shape, drop)
        assert not orient(broken).closed
        assert agreement(broken, in_convex(POINTS, shape)) >= 0.995


def test_holes_and_flips_together():
    shape = ball()
    broken = without(shape, third(shape)[: len(shape.faces) // 20])
    broken = flipped(broken, third(broken, 5))
    assert agreement(broken, in_convex(POINTS, shape)) >= 0.99


def test_a_box_without_bottom_keeps_most_of_its_volume_and_gains_none_above():
    shape = box()
    normals = shape.face_normals
    found = occupancy(without(shape, np.flatnonzero(normals[:, 1] < -0.9)), POINTS)
    exact = in_box(POINTS)
    assert found[exact].mean() > 0.85
    assert not found[POINTS[:, 1] > 0.3].any()
    assert found[~exact].mean() < 0.01


@pytest.mark.slow
def test_nested_shells():
    outer, inner = ball(0.5), ball(0.25)
    filled = in_convex(POINTS, outer)
    hole = in_convex(POINTS, inner)
    assert agreement(joined(outer, inner), filled) >= 0.9999  # same way round: a part within a part
    assert agreement(joined(outer, flipped(inner)), filled & ~hole) >= 0.9999  # other way round: a cavity
    assert agreement(joined(flipped(outer), inner), filled & ~hole) >= 0.9999  # the same, inside-out


def test_a_part_beside_another_that_is_inside_out_is_turned():
    left, right = box((-0.5, -0.3, -0.3), (-0.1, 0.3, 0.3)), box((0.1, -0.3, -0.3), (0.4, 0.3, 0.3))
    exact = in_box(POINTS, (-0.5, -0.3, -0.3), (-0.1, 0.3, 0.3)) | in_box(POINTS, (0.1, -0.3, -0.3), (0.4, 0.3, 0.3))
    assert agreement(joined(left, flipped(right)), exact) == 1.0


@pytest.mark.slow
def test_intersecting_parts_are_a_union():
    one, other = ball(0.3, (-0.15, 0.0, 0.0)), ball(0.3, (0.15, 0.02, 0.01))
    exact = in_convex(POINTS, one) | in_convex(POINTS, other)
    assert agreement(joined(one, other), exact) >= 0.9999
    assert agreement(joined(flipped(one), other), exact) >= 0.999
    third_part = box((-0.5, -0.1, -0.1), (0.5, 0.1, 0.1))
    both = exact | in_box(POINTS, (-0.5, -0.1, -0.1), (0.5, 0.1, 0.1))
    assert agreement(joined(one, other, third_part), both) >= 0.9999


def test_touching_boxes_with_a_shared_wall():
    left, right = box((-0.5, -0.3, -0.3), (0.0, 0.3, 0.3)), box((0.0, -0.3, -0.3), (0.5, 0.3, 0.3))
    assert agreement(joined(left, right), in_box(POINTS, (-0.5, -0.3, -0.3), (0.5, 0.3, 0.3))) >= 0.999


def test_duplicates():
    shape = ball()
    exact = in_convex(POINTS, shape)
    assert agreement(joined(shape, shape), exact) >= 0.9999
    assert agreement(joined(shape, flipped(shape)), exact) >= 0.9999  # double-sided export of a closed shape
    assert len(orient(joined(shape, flipped(shape))).faces) == len(shape.faces)


def test_zero_area_faces_change_nothing():
    shape = box()
    slivers = np.array([[0, 0, 1], [2, 2, 2], [3, 4, 4]])
    assert agreement(mesh_of(shape.vertices, np.concatenate([slivers, shape.faces])), in_box(POINTS)) == 1.0


def test_open_patches_turn_to_the_open_sky():
    shape = ball()
    bowl = without(shape, np.flatnonzero(shape.corners.mean(axis=1)[:, 1] > 0.1))
    for authored in (bowl, flipped(bowl), flipped(bowl, third(bowl))):
        surface = orient(authored)
        centers = surface.vertices[surface.faces].mean(axis=1)
        assert (np.einsum("fi,fi->f", surface.as_mesh().face_normals, centers) > 0).all()
        assert (surface.source_face < len(authored.faces)).all()


def test_invariance_under_similarities():
    shape = joined(ball(0.3, (-0.15, 0.0, 0.0)), without(ball(0.3, (0.15, 0.02, 0.01)), np.arange(40)))
    move = similarity(rotation_y(37.0), np.array([3.0, -2.0, 5.0]), 40.0)
    moved = POINTS @ move[:3, :3].T + move[:3, 3]
    assert (occupancy(shape.transformed(move), moved) == occupancy(shape, POINTS)).mean() > 0.999


def test_repeated_calls_agree():
    broken = without(ball(), np.arange(30))
    assert (occupancy(broken, POINTS) == occupancy(broken, POINTS)).all()


def test_degenerate_input():
    empty = mesh_of(np.zeros((0, 3)), np.zeros((0, 3)))
    assert not occupancy(empty, POINTS).any()
    assert not occupancy(mesh_of([[0, 0, 0], [0, 0, 0], [0, 0, 0]], [[0, 1, 2]]), POINTS).any()
    assert occupancy(box(), np.zeros((0, 3))).shape == (0,)
    far = np.array([[9.0, 0, 0], [0, -9, 0], [0.49, 0.29, 0.19]])
    assert occupancy(box(), far).tolist() == [False, False, True]


@pytest.mark.parametrize(("module", "mesh"), [("embreex", box()), ("igl", without(ball(), np.arange(30)))])
def test_missing_packages_get_one_clear_line(monkeypatch, module, mesh):
    for name in [name for name in sys.modules if name == module or name.startswith(f"{module}.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError, match=r"pip install 'shapelift\[train\]'"):
        occupancy(mesh, POINTS)
