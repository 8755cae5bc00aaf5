"""Sheets: what is one, how thick it becomes, and where its surface is sampled."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from solids_with_answers import ball, box, cloud, flipped, in_box, in_convex, joined, mesh_of, without

from shapelift.geometry import Mesh, rotation_y, similarity
from shapelift.synthesis import sheets
from shapelift.synthesis.coverage import COARSE, flags
from shapelift.synthesis.labels import label
from shapelift.synthesis.occupancy import Solid
from shapelift.synthesis.sheets import THICKNESS
from shapelift.synthesis.surface import sample_boundary

HALF = THICKNESS / 2
SQUARE = mesh_of([[-0.5, 0, -0.5], [0.5, 0, -0.5], [0.5, 0, 0.5], [-0.5, 0, 0.5]], [[0, 1, 2], [0, 2, 3]])
POINTS = cloud(40_000)
CLOSE = POINTS * [1.0, 0.05, 1.0]  # around the square


def to_square(points, low=(-0.5, 0.0, -0.5), high=(0.5, 0.0, 0.5)):
    """Exact distance to a flat rectangle (or a box) along the axes."""
    return np.linalg.norm(points - np.clip(points, low, high), axis=1)


def test_a_square_becomes_a_board_of_the_documented_thickness():
    solid = Solid(SQUARE)
    np.testing.assert_array_equal(solid.contains(CLOSE), to_square(CLOSE) < HALF)
    assert not solid.encloses(CLOSE).any()
    low, high = solid.sheets.bounds
    np.testing.assert_allclose([low, high], [[-0.5 - HALF, -HALF, -0.5 - HALF], [0.5 + HALF, HALF, 0.5 + HALF]])
    volume = solid.contains(CLOSE).mean() * 1.1 * 1.1 * 0.055
    steiner = THICKNESS + 4 * np.pi * HALF**2 / 2 + 4 / 3 * np.pi * HALF**3
    assert volume == pytest.approx(steiner, rel=0.03)


@pytest.mark.parametrize("mesh", [flipped(SQUARE), joined(SQUARE, SQUARE), joined(SQUARE, flipped(SQUARE))])
def test_winding_and_doubled_faces_do_not_matter(mesh):
    np.testing.assert_array_equal(Solid(mesh).contains(CLOSE), to_square(CLOSE) < HALF)


def test_two_layers_with_other_triangles_are_one_sheet():
    other = mesh_of(SQUARE.vertices, [[3, 1, 0], [3, 2, 1]])  # closed, without a volume
    solid = Solid(joined(SQUARE, other))
    assert solid.closed
    np.testing.assert_array_equal(solid.contains(CLOSE), to_square(CLOSE) < HALF)


def test_a_square_of_many_triangles_at_any_scale():
    side = np.linspace(-0.5, 0.5, 40)
    x, z = np.meshgrid(side, side, indexing="ij")
    index = np.arange(1600).reshape(40, 40)
    first, second, third, fourth = (
        index[a, b].ravel() for a in (slice(39), slice(1, 40)) for b in (slice(39), slice(1, 40))
    )
    faces = np.concatenate([np.stack([first, third, fourth], 1), np.stack([first, fourth, second], 1)])
    mesh = mesh_of(np.stack([x, np.zeros_like(x), z], -1).reshape(-1, 3), faces)
    move = similarity(rotation_y(30.0), np.array([3.0, -2.0, 5.0]), 40.0)
    # the thickness is a share of the longest side along the axes
    longest = np.cos(np.pi / 6) + np.sin(np.pi / 6)
    clear = np.abs(to_square(CLOSE) - longest * HALF) > 1e-5
    found = Solid(mesh.transformed(move)).contains(CLOSE @ move[:3, :3].T + move[:3, 3])
    np.testing.assert_array_equal(found[clear], (to_square(CLOSE) < longest * HALF)[clear])


@pytest.mark.parametrize("mesh", [box(), flipped(box()), joined(ball(0.3), ball(0.3, (0.2, 0, 0))), ball()])
def test_closed_solids_have_no_sheets(mesh):
    solid = Solid(mesh)
    assert solid.sheets is None
    np.testing.assert_array_equal(solid.contains(POINTS), solid.encloses(POINTS))


def test_a_thin_closed_board_keeps_its_thickness_and_a_thinner_one_gets_one():
    board = box((-0.5, -0.002, -0.3), (0.5, 0.002, 0.3))
    assert Solid(board).sheets is None
    paper = box((-0.5, -0.0005, -0.3), (0.5, 0.0005, 0.3))
    found = Solid(paper).contains(CLOSE)
    distance = to_square(CLOSE, (-0.5, -0.0005, -0.3), (0.5, 0.0005, 0.3))
    clear = np.abs(distance - HALF) > 1e-6
    np.testing.assert_array_equal(found[clear], (distance < HALF)[clear])


def test_holes_of_a_shell_make_no_sheets():
    shape = ball()
    solid = Solid(without(shape, np.random.default_rng(1).permutation(len(shape.faces))[:40]))
    assert solid.sheets is None
    assert (solid.contains(POINTS[:6000]) == in_convex(POINTS[:6000], shape)).mean() > 0.995


def test_a_wall_beside_a_box():
    wall = mesh_of([[-0.5, -0.3, 0], [0.5, -0.3, 0], [0.5, 0.3, 0], [-0.5, 0.3, 0]], [[0, 1, 2], [0, 2, 3]])
    solid = Solid(joined(wall, box((-0.1, -0.1, 0.2), (0.1, 0.1, 0.4))))
    flat = POINTS * [1.0, 1.0, 0.05]
    np.testing.assert_array_equal(solid.contains(flat), to_square(flat, (-0.5, -0.3, 0), (0.5, 0.3, 0)) < HALF)
    assert solid.contains([[0.0, 0.0, 0.3]]).all()


def cone(apex_y, sides=48):
    """An open cone of radius 0.5 with its rim at height 0."""
    turn = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    rim = np.stack([0.5 * np.cos(turn), np.zeros(sides), 0.5 * np.sin(turn)], 1)
    number = np.arange(sides)
    faces = np.stack([np.full(sides, sides), (number + 1) % sides, number], 1)
    return mesh_of(np.concatenate([rim, [[0, apex_y, 0]]]), faces)


@pytest.mark.parametrize("turned", [False, True])
def test_an_open_cone_is_a_sheet_or_filled_to_its_rim_and_never_lost(turned):
    """An umbrella: the canopy is in the labels whichever way it is wound, and nothing above or below is."""
    mesh = cone(0.15)
    solid = Solid(flipped(mesh) if turned else mesh)
    radius = np.hypot(POINTS[:, 0], POINTS[:, 2])
    canopy = 0.15 * (1 - radius / 0.5)
    inside = solid.contains(POINTS)
    over = (POINTS[:, 1] > canopy + 2 * HALF) | (radius > 0.5 + HALF) | (POINTS[:, 1] < -0.02)
    assert not inside[over].any()
    at = np.random.default_rng(0).uniform(-0.34, 0.34, (2000, 2))
    below = np.stack([at[:, 0], 0.15 * (1 - np.linalg.norm(at, axis=1) / 0.5) - 0.001, at[:, 1]], 1)
    assert solid.contains(below).mean() > 0.98


@pytest.mark.slow
def test_a_box_with_a_fin_keeps_both():
    fin = mesh_of([[0.0, -0.2, 0.0], [0.5, -0.2, 0.0], [0.5, 0.2, 0.0], [0.0, 0.2, 0.0]], [[0, 1, 2], [0, 2, 3]])
    block = box((-0.5, -0.2, -0.2), (0.1, 0.2, 0.2))  # the fin starts inside of it
    in_block = in_box(POINTS, (-0.5, -0.2, -0.2), (0.1, 0.2, 0.2))
    for mesh in (joined(block, fin), joined(block, fin, flipped(fin))):
        solid = Solid(mesh)
        flat = POINTS * [1.0, 1.0, 0.05]
        outside = flat[:, 0] > 0.13  # but for where pieces of the fin end
        exact = to_square(flat, (0.0, -0.2, 0.0), (0.5, 0.2, 0.0)) < HALF
        np.testing.assert_array_equal(solid.contains(flat)[outside], exact[outside])
        inside, within = solid.contains(POINTS[:8000]), in_block[:8000]
        assert inside[within].mean() > 0.995
        assert inside[~within & (np.abs(POINTS[:8000, 2]) > 0.02)].mean() < 0.005


def test_doubled_faces_welded_to_a_closed_part_are_not_lost():
    block = box((-0.5, -0.2, -0.2), (0.1, 0.2, 0.2))
    edge = [
        np.flatnonzero((block.vertices == corner).all(1))[0]
        for corner in np.float32([[0.1, -0.2, 0.2], [0.1, 0.2, 0.2]])
    ]
    vertices = np.concatenate([block.vertices, [[0.5, -0.2, 0.2], [0.5, 0.2, 0.2]]])
    low, high = edge
    fin = np.array([[low, 8, 9], [low, 9, high]])
    mesh = mesh_of(vertices, np.concatenate([block.faces, fin, fin[:, ::-1]]))
    solid = Solid(mesh)
    assert solid.closed
    assert len(solid.surface.cancelled) == 2
    flat = POINTS * [1.0, 1.0, 0.05] + [0, 0, 0.2]
    outside = flat[:, 0] > 0.13
    exact = to_square(flat, (0.1, -0.2, 0.2), (0.5, 0.2, 0.2)) < HALF
    np.testing.assert_array_equal(solid.contains(flat)[outside], exact[outside])


def test_surface_samples_lie_on_both_sides_and_the_rims():
    points, normals = sample_boundary(Solid(SQUARE), 20_000, np.random.default_rng(0))
    np.testing.assert_allclose(to_square(points.astype(float)), HALF, atol=1e-6)
    np.testing.assert_allclose(to_square((points + 0.01 * normals).astype(float)), HALF + 0.01, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1.0, atol=1e-5)
    assert (points[:, 1] > 0).mean() == pytest.approx(0.5, abs=0.02)
    rim = (np.abs(points[:, [0, 2]]) > 0.5).any(axis=1).mean()
    assert rim == pytest.approx(4 * np.pi * HALF / (2 + 4 * np.pi * HALF), abs=0.005)


def test_samples_of_a_sheet_are_not_inside_of_anything():
    fin = mesh_of([[0.0, -0.2, 0.0], [0.5, -0.2, 0.0], [0.5, 0.2, 0.0], [0.0, 0.2, 0.0]], [[0, 1, 2], [0, 2, 3]])
    block = box((-0.5, -0.2, -0.2), (0.1, 0.2, 0.2))
    points, normals = sample_boundary(Solid(joined(block, fin)), 20_000, np.random.default_rng(0))
    assert Solid(joined(block, fin)).contains(points + 1e-3 * normals).mean() < 0.002
    assert in_box(points, (-0.49, -0.19, -0.19), (0.09, 0.19, 0.19)).mean() < 0.001


def test_labels_of_a_sheet_fit_their_bounds():
    bent = mesh_of([[-0.5, 0, -0.5], [0.5, 0, -0.5], [0.5, 0.2, 0.5]], [[0, 1, 2]])
    labels = label(Solid(bent), 50_000, 2000, 2000, np.random.default_rng(0))
    np.testing.assert_allclose(labels.bounds, [[-0.5 - HALF, -HALF, -0.5 - HALF], [0.5 + HALF, 0.2 + HALF, 0.5 + HALF]])
    area = 0.5 * np.hypot(1.0, 0.2)
    volume = labels.uniform_occupancy.mean() * np.ptp(labels.bounds.astype(float), axis=0).prod()
    assert volume == pytest.approx(area * THICKNESS, rel=0.08)
    low, high = labels.bounds
    surface = labels.surface_points.astype(np.float32)
    assert ((surface >= low - 1e-3) & (surface <= high + 1e-3)).all()
    assert 0.2 < labels.near_occupancy[::2].mean() < 0.6


def test_repeated_calls_agree():
    mesh = joined(SQUARE, without(ball(0.3), np.arange(300)))
    np.testing.assert_array_equal(Solid(mesh).contains(CLOSE[:9000]), Solid(mesh).contains(CLOSE[:9000]))


def test_nothing_and_degenerate_faces():
    assert Solid(mesh_of(np.zeros((0, 3)), np.zeros((0, 3)))).sheets is None
    line = mesh_of([[0, 0, 0], [1, 0, 0], [2, 0, 0]], [[0, 1, 2]])
    assert Solid(line).contains(POINTS).shape == (len(POINTS),)
    assert Solid(SQUARE).contains(np.zeros((0, 3))).shape == (0,)


def _leaves(count: int) -> Mesh:
    """Small squares here and there, each a part of its own."""
    rng = np.random.default_rng(0)
    square = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]) * 0.03
    turns = np.linalg.qr(rng.normal(size=(count, 3, 3)))[0]
    corners = np.einsum("lij,kj->lki", turns, square) + rng.uniform(-0.45, 0.45, (count, 1, 3))
    faces = np.array([[0, 1, 2], [0, 2, 3]]) + 4 * np.arange(count)[:, None, None]
    return Mesh(corners.reshape(-1, 3), faces.reshape(-1, 3))


def test_of_very_many_parts_those_of_a_cell_are_judged_together(monkeypatch):
    mesh = _leaves(300)
    fine = Solid(mesh)
    assert fine.sheets is not None
    assert not fine.sheets.coarse
    monkeypatch.setattr(sheets, "_MOST_CLUSTERS", 100)
    coarse = Solid(mesh)
    asked = []
    encloses = coarse.encloses
    monkeypatch.setattr(coarse, "encloses", lambda points: asked.append(len(points)) or encloses(points))
    assert coarse.sheets is not None
    assert coarse.sheets.coarse
    assert max(asked) <= 100
    points = np.random.default_rng(1).uniform(-0.5, 0.5, (20_000, 3))
    assert (fine.contains(points) == coarse.contains(points)).mean() > 0.99
    assert flags({COARSE: "yes"}) == ("too many parts to look at each: sheets are found coarsely",)


def test_of_very_large_faces_the_pieces_are_larger(monkeypatch):
    corners = np.random.default_rng(0).uniform(-0.5, 0.5, (200, 3, 3))
    monkeypatch.setattr(sheets, "_MOST_PIECES", 2000)
    side = sheets._piece_side(corners, 0.04)
    assert side > 0.04
    pieces, _ = sheets._cut_up(corners, side)
    assert len(pieces) < 8 * 2000
    assert sheets._piece_side(corners[:1], 0.04) == 0.04
