"""The solids that procedural shapes are built of, against volumes that geometry gives exactly."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from manifold3d import Manifold

from shapelift.synthesis.materials import Asset, Material
from shapelift.synthesis.procedural import solids
from shapelift.synthesis.procedural.finishes import by_group
from shapelift.synthesis.procedural.supports import corners, leg, stretchers

RED, BLUE = Material(base_color=(1.0, 0.0, 0.0)), Material(base_color=(0.0, 0.0, 1.0))
MATERIALS = {"red": RED, "also red": RED, "blue": BLUE}


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
        (solids.box_between((1, 1, 1), (0, 3, -2)), 6.0),
        (solids.prism(solids.rectangle(2, 2), 0, 3, holes=[solids.rectangle(1, 1)]), 9.0),
        (solids.slab(solids.rectangle(2, 1), 0, 0.5), 1.0),
        (solids.cylinder(-1, 1, 0.5, segments=24), 2 * polygon_area(24, 0.5)),
        (solids.rod((1, 2, 3), (1, 2, 6), 1.0, 0.5, 16), cone),
        (solids.beam((0, 0, 0), (3, 0, 4), 0.2, 0.1), 0.1),
        (solids.post((0, 0, 0), (1, 2, 0), solids.rectangle(1, 1)), 2.0),
        (solids.revolve([(1, 0), (2, 0), (2, 1), (1, 1)], segments=32), polygon_area(32, 2) - polygon_area(32, 1)),
        (solids.difference(solids.box((2, 2, 2)), [solids.box((1, 1, 4))]), 6.0),
        (solids.symmetric(solids.box((1, 1, 1), (2, 0, 0))), 2.0),
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
    assert solids.superellipsoid((1, 1, 1), power=2, segments=24).volume() == pytest.approx(sphere, rel=0.02)
    assert solids.superellipsoid((1, 1, 1), power=40, segments=24).volume() == pytest.approx(1.0, rel=0.1)
    assert solids.box((1, 1, 1), rounding=0.5, segments=16).volume() == pytest.approx(sphere, rel=0.03)


def test_pointed_loft_is_a_pyramid() -> None:
    base = np.array([[-1, 0, -1], [1, 0, -1], [1, 0, 1], [-1, 0, 1]], dtype=float)
    assert solids.loft([base, np.tile([0.0, 3.0, 0.0], (4, 1))]).volume() == pytest.approx(4.0, rel=1e-6)


def test_an_open_surface_is_refused() -> None:
    with pytest.raises(ValueError, match="do not close"):
        solids.solid_from_mesh(np.eye(3), np.array([[0, 1, 2]]))


def test_smooth_curve_passes_through_its_points() -> None:
    control = [(0.0, 0.0), (1.0, 2.0), (3.0, 1.0)]
    curve = solids.smooth_curve(control, 9)
    np.testing.assert_allclose(curve[[0, 4, 8]], control, atol=1e-12)


@given(st.floats(0.1, 5), st.floats(0.1, 5), st.floats(0, 3))
@settings(max_examples=30, deadline=None)
def test_rounded_rectangles_fill_their_box(width: float, height: float, radius: float) -> None:
    outline = solids.rounded_rectangle(width, height, radius)
    np.testing.assert_allclose(np.ptp(outline, axis=0), [width, height], rtol=1e-6)
    x, y = outline.T
    assert (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() > 0


def test_assembly_keeps_materials_and_normalises() -> None:
    asset = solids.assemble(
        [(solids.box((2, 1, 1), (5, 0, 0)), "red"), (solids.box((2, 1, 1), (7, 0, 0)), "blue")], MATERIALS
    )
    mesh = as_trimesh(asset)
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(0.25 * 0.25, rel=0.01)
    np.testing.assert_allclose(mesh.bounds[:, 0], [-0.5, 0.5], atol=1e-6)
    assert asset.materials == (RED, BLUE)
    middle = asset.mesh.vertices[asset.mesh.faces].mean(axis=1)[:, 0]
    assert (middle[asset.face_material == 0] < 1e-3).all()
    assert (middle[asset.face_material == 1] > -1e-3).all()


def test_parts_with_one_material_share_it() -> None:
    asset = solids.assemble(
        [(solids.box((1, 1, 1)), "red"), (solids.box((1, 1, 1), (0.5, 0.5, 0)), "also red")], MATERIALS
    )
    assert asset.materials == (RED,)


def test_floating_parts_are_refused() -> None:
    with pytest.raises(ValueError, match="2 connected components"):
        solids.assemble([(solids.box((1, 1, 1)), "red"), (solids.box((1, 1, 1), (3, 0, 0)), "red")], MATERIALS)


def test_sealed_hollows_are_filled() -> None:
    hollow = solids.difference(solids.box((1, 1, 1)), [solids.box((0.5, 0.5, 0.5))])
    asset = solids.assemble([(hollow, "red")], MATERIALS)
    assert as_trimesh(asset).volume == pytest.approx(1.0, rel=1e-4)


def test_boxes_that_meet_in_an_edge_stay_closed_after_vertices_are_merged() -> None:
    stairs = solids.union([solids.box((1, 1, 1)), solids.box((1, 1, 1), (1, 1, 0))])
    bridge = solids.box((0.2, 2, 0.2), (1, 0, 0.4))
    asset = solids.assemble(
        [(stairs, "red"), (bridge, "blue"), (solids.box((1, 0.4, 0.4), (0.5, -0.5, 0.4)), "red")], MATERIALS
    )
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


def test_an_outline_lies_where_a_prism_of_the_same_outline_does() -> None:
    outline = solids.rectangle(2, 1) + np.array([3.0, 5.0])
    for axis in ("x", "y", "z"):
        bounds = np.array(solids.prism(outline, 0, 1, axis).bounding_box())
        points = solids.outline_at(outline, 1.0, axis)
        np.testing.assert_allclose(points.max(axis=0), bounds[3:])
        np.testing.assert_allclose(
            np.ptp(points, axis=0), np.where(np.array(list("xyz")) == axis, 0, bounds[3:] - bounds[:3])
        )


def test_materials_by_group() -> None:
    kinds = {"frame": {"wood": 1.0, "metal": 0.0}, "seat": {"fabric": 1.0}}
    whole, mixed, again = (by_group(kinds, unity)(None, np.random.default_rng(1)) for unity in (1.0, 0.0, 0.0))
    assert whole["frame"] == whole["seat"] == mixed["frame"] == again["frame"]
    assert mixed["seat"] == again["seat"] != mixed["frame"]
