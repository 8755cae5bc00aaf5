"""The bricks of the procedural shapes, against volumes that geometry gives exactly."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from manifold3d import Manifold

from shapelift.synthesis.materials import Asset, Material
from shapelift.synthesis.procedural import solids
from shapelift.synthesis.procedural.draws import between, chance, count, finish, pick
from shapelift.synthesis.procedural.supports import corners, leg, stretchers

RED, BLUE = Material(base_color=(1.0, 0.0, 0.0)), Material(base_color=(0.0, 0.0, 1.0))


def size(solid: Manifold) -> np.ndarray:
    bounds = np.array(solid.bounding_box())
    return bounds[3:] - bounds[:3]


def as_trimesh(asset: Asset) -> trimesh.Trimesh:
    return trimesh.Trimesh(asset.mesh.vertices, asset.mesh.faces)


def polygon_area(sides: int, radius: float) -> float:
    return 0.5 * sides * radius**2 * np.sin(2 * np.pi / sides)


def test_volumes_with_exact_answers() -> None:
    cone = polygon_area(16, 1.0) * 3.0 * (1 + 0.5 + 0.25) / 3
    exact = [
        (solids.box((1, 2, 3)), 6.0),
        (solids.span((1, 1, 1), (0, 3, -2)), 6.0),
        (solids.prism([solids.rectangle(2, 2), solids.rectangle(1, 1)], 0, 3), 9.0),
        (solids.slab(solids.rectangle(2, 1), 0, 0.5), 1.0),
        (solids.cylinder(-1, 1, 0.5, segments=24), 2 * polygon_area(24, 0.5)),
        (solids.rod((1, 2, 3), (1, 2, 6), 1.0, 0.5, 16), cone),
        (solids.beam((0, 0, 0), (3, 0, 4), 0.2, 0.1), 0.1),
        (solids.post((0, 0, 0), (1, 2, 0), solids.rectangle(1, 1)), 2.0),
        (solids.revolve([(1, 0), (2, 0), (2, 1), (1, 1)], 32), polygon_area(32, 2) - polygon_area(32, 1)),
        (solids.difference(solids.box((2, 2, 2)), [solids.box((1, 1, 4))]), 6.0),
        (solids.mirrored(solids.box((1, 1, 1), (2, 0, 0))), 2.0),
        (solids.union([solids.box((1, 1, 1)), solids.box((1, 1, 1), (0.5, 0, 0))]), 1.5),
    ]
    for index, (solid, volume) in enumerate(exact):
        assert solid.volume() == pytest.approx(volume, rel=1e-6), index


@pytest.mark.parametrize(("axis", "expected"), [("x", (5, 2, 1)), ("y", (1, 5, 2)), ("z", (1, 2, 5))])
def test_prism_runs_along_its_axis(axis: solids.Axis, expected: tuple[float, float, float]) -> None:
    np.testing.assert_allclose(size(solids.prism(solids.rectangle(1, 2), 0, 5, axis)), expected, atol=1e-9)


@pytest.mark.parametrize("end", [(2, 0, 0), (0, 2, 0), (0, 0, -2), (1, 1, 1), (0, -1, 1e-3)])
def test_rods_have_their_length_in_every_direction(end: tuple[float, float, float]) -> None:
    rod = solids.rod((0, 0, 0), end, 0.1, segments=12)
    assert rod.volume() == pytest.approx(polygon_area(12, 0.1) * np.linalg.norm(end), rel=1e-6)


def test_mitred_tube_keeps_its_thickness_around_a_corner() -> None:
    bent = solids.sweep([(0, 0, 0), (2, 0, 0), (2, 2, 0)], solids.rectangle(0.2, 0.2))
    assert bent.volume() == pytest.approx(4 * 0.04, rel=1e-6)
    square = [(1, 0, 1), (1, 0, -1), (-1, 0, -1), (-1, 0, 1)]
    ring = solids.sweep(square, solids.rectangle(0.2, 0.2), closed=True)
    assert ring.volume() == pytest.approx(8 * 0.04, rel=1e-6)
    assert ring.genus() == 1


def test_round_solids_approach_the_sphere() -> None:
    sphere = 4 / 3 * np.pi * 0.5**3
    assert solids.ellipsoid((1, 1, 1), segments=64).volume() == pytest.approx(sphere, rel=0.02)
    assert solids.pillow((1, 1, 1), power=2, segments=24).volume() == pytest.approx(sphere, rel=0.02)
    assert solids.pillow((1, 1, 1), power=40, segments=24).volume() == pytest.approx(1.0, rel=0.1)
    assert solids.box((1, 1, 1), rounding=0.5, segments=16).volume() == pytest.approx(sphere, rel=0.03)


def test_pointed_loft_is_a_pyramid() -> None:
    base = np.array([[-1, 0, -1], [1, 0, -1], [1, 0, 1], [-1, 0, 1]], dtype=float)
    assert solids.loft([base, np.tile([0.0, 3.0, 0.0], (4, 1))]).volume() == pytest.approx(4.0, rel=1e-6)


def test_an_open_surface_is_refused() -> None:
    with pytest.raises(ValueError, match="do not close"):
        solids.solid(np.eye(3), np.array([[0, 1, 2]]))


def test_smooth_curve_passes_through_its_ends_and_closes() -> None:
    control = [(0.0, 0.0), (1.0, 2.0), (3.0, 1.0)]
    curve = solids.smooth_curve(control, 9)
    np.testing.assert_allclose(curve[[0, 4, 8]], control, atol=1e-12)
    closed = solids.smooth_curve([(1, 0), (0, 1), (-1, 0), (0, -1)], 16, closed=True)
    np.testing.assert_allclose(closed[::4], [(1, 0), (0, 1), (-1, 0), (0, -1)], atol=1e-12)


@given(st.floats(0.1, 5), st.floats(0.1, 5), st.floats(0, 3))
@settings(max_examples=30, deadline=None)
def test_rounded_rectangles_fill_their_box(width: float, height: float, radius: float) -> None:
    outline = solids.rounded_rectangle(width, height, radius)
    np.testing.assert_allclose(np.ptp(outline, axis=0), [width, height], rtol=1e-6)
    x, y = outline.T
    assert (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() > 0


def test_assembly_keeps_materials_and_normalises() -> None:
    asset = solids.assemble([(solids.box((2, 1, 1), (5, 0, 0)), RED), (solids.box((2, 1, 1), (7, 0, 0)), BLUE)])
    mesh = as_trimesh(asset)
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(0.25 * 0.25, rel=0.01)
    np.testing.assert_allclose(mesh.bounds[:, 0], [-0.5, 0.5], atol=1e-6)
    assert asset.materials == (RED, BLUE)
    middle = asset.mesh.vertices[asset.mesh.faces].mean(axis=1)[:, 0]
    assert (middle[asset.face_material == 0] < 1e-3).all()
    assert (middle[asset.face_material == 1] > -1e-3).all()


def test_parts_with_one_material_share_it() -> None:
    asset = solids.assemble([(solids.box((1, 1, 1)), RED), (solids.box((1, 1, 1), (0.5, 0.5, 0)), RED)])
    assert asset.materials == (RED,)


def test_floating_parts_are_refused() -> None:
    with pytest.raises(ValueError, match="2 pieces"):
        solids.assemble([(solids.box((1, 1, 1)), RED), (solids.box((1, 1, 1), (3, 0, 0)), RED)])


def test_sealed_hollows_are_filled() -> None:
    hollow = solids.difference(solids.box((1, 1, 1)), [solids.box((0.5, 0.5, 0.5))])
    asset = solids.assemble([(hollow, RED)])
    assert as_trimesh(asset).volume == pytest.approx(1.0, rel=1e-4)


def test_boxes_that_meet_in_an_edge_stay_closed_after_vertices_are_merged() -> None:
    stairs = solids.union([solids.box((1, 1, 1)), solids.box((1, 1, 1), (1, 1, 0))])
    bridge = solids.box((0.2, 2, 0.2), (1, 0, 0.4))
    asset = solids.assemble([(stairs, RED), (bridge, BLUE), (solids.box((1, 0.4, 0.4), (0.5, -0.5, 0.4)), RED)])
    mesh = as_trimesh(asset)
    assert mesh.is_watertight
    assert mesh.body_count == 1


def test_legs_stand_on_the_floor_and_reach_the_top() -> None:
    for shape in ("square", "round", "turned", "octagon", "bulb", "hairpin"):
        bounds = leg((0.5, 0, 0.4), (0.4, 0.7, 0.3), 0.05, shape, 0.6).bounding_box()
        assert bounds[1] == pytest.approx(0.0, abs=0.01)
        assert bounds[4] == pytest.approx(0.7, abs=0.01)


def test_stretchers_lie_between_the_legs() -> None:
    points = corners(0.4, 0.3, 0.7, 0.1, 0.35)
    np.testing.assert_allclose(np.abs(points), np.tile([0.45, 0.35, 0.35], (4, 1)))
    numbers = {kind: len(stretchers(points, kind, 0.03)) for kind in ("none", "front", "sides", "x", "h", "box")}
    assert numbers == {"none": 0, "front": 1, "sides": 2, "x": 2, "h": 3, "box": 4}


def test_draws() -> None:
    rng = np.random.default_rng(0)
    assert {pick(rng, {"a": 1.0, "b": 0.0}) for _ in range(20)} == {"a"}
    assert {count(rng, 2, 4) for _ in range(60)} == {2, 3, 4}
    assert not chance(rng, 0.0)
    assert chance(rng, 1.0)
    assert 1.0 <= between(rng, 1.0, 2.0) < 2.0
    kinds = {"frame": {"wood": 1.0}, "seat": {"fabric": 1.0}}
    whole = finish(np.random.default_rng(1), kinds, unity=1.0)
    assert whole["frame"] == whole["seat"]
    apart = finish(np.random.default_rng(1), kinds, unity=0.0)
    assert {group: material.pattern for group, material in apart.items()} == {"frame": "wood", "seat": "noise"}
