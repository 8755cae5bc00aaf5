"""Cars, aeroplanes, vessels, rifles, loudspeakers and telephones, and the lofts and hulls under them."""

from __future__ import annotations

import dataclasses
import typing
import zlib

import numpy as np
import pytest
from manifold3d import Manifold, Mesh

from shapelift.synthesis import procedural
from shapelift.synthesis.procedural import finishes
from shapelift.synthesis.procedural.lofts import body, offset_stations, spokes, wheel, wing
from shapelift.synthesis.procedural.solids import rectangle, revolve
from shapelift.synthesis.procedural.vessel.components import rounded_dome
from shapelift.synthesis.procedural.vessel.hulls import Hull
from shapelift.synthesis.procedural.vessel.sails import sail, square_sail


def sample(category: str, seed: int) -> typing.Any:
    rng = np.random.default_rng([zlib.crc32(category.encode()), seed])
    return procedural.CATEGORIES[category].parameters.sample(rng)


def of_style(category: str, style: str) -> typing.Any:
    return next(p for p in (sample(category, seed) for seed in range(3000)) if p.style == style)


def built(p: typing.Any) -> typing.Any:
    """The shape of some parameters."""
    return next(one for one in procedural.CATEGORIES.values() if one.parameters is type(p)).build(p)


def as_solid(mesh) -> Manifold:
    return Manifold(Mesh(mesh.vertices.astype(np.float32), mesh.faces.astype(np.uint32)))


# ------------------------------------------------------------------------------------------------ the right way round


def test_aeroplane_fin_is_at_the_tail():
    vertices = built(of_style("airplane", "airliner")).mesh.vertices
    assert vertices[vertices[:, 1].argmax(), 2] < -0.2


def test_car_stands_on_wheels_and_its_windscreen_looks_forward():
    asset = built(of_style("car", "hatchback"))
    vertices = asset.mesh.vertices
    low = vertices[vertices[:, 1] < vertices[:, 1].min() + 0.01]
    assert (low[:, 2] > 0.1).any()
    assert (low[:, 2] < -0.1).any()
    # The roof is further back than the bonnet.
    assert vertices[vertices[:, 1] > vertices[:, 1].max() - 0.02][:, 2].mean() < 0.0


def test_bow_is_sharper_than_the_stern():
    vertices = built(of_style("vessel", "speedboat")).mesh.vertices
    bow, stern = vertices[vertices[:, 2] > 0.45], vertices[vertices[:, 2] < -0.3]
    assert np.abs(bow[:, 0]).max() < 0.6 * np.abs(stern[:, 0]).max()


def test_muzzle_points_forward():
    vertices = built(of_style("rifle", "hunting")).mesh.vertices
    muzzle, butt = vertices[vertices[:, 2] > 0.4], vertices[vertices[:, 2] < -0.4]
    assert np.ptp(muzzle[:, 1]) < 0.6 * np.ptp(butt[:, 1])
    assert muzzle[:, 1].mean() > butt[:, 1].mean()


def test_smartphone_screen_faces_front():
    p = of_style("telephone", "smartphone")
    asset = built(dataclasses.replace(p, camera="none"))
    corners = asset.mesh.vertices[asset.mesh.faces]
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2] / 2
    screen = asset.face_material == 1
    assert facing[screen].sum() > 0.4 * facing[facing > 0].sum()
    assert (facing[screen] > -1e-6).all()


def test_rowing_boat_is_hollow():
    p = dataclasses.replace(of_style("vessel", "rowing"), details=0)
    solid = as_solid(built(p).mesh)
    assert solid.volume() < 0.5 * solid.hull().volume()


# ------------------------------------------------------------------------------------------------ solids


def test_body_of_equal_sections_is_a_prism():
    solid = body([(0.0, 0.0, 1.0, 0.5), (1.0, 0.0, 1.0, 0.5), (4.0, 0.0, 1.0, 0.5)], rectangle(2.0, 2.0))
    np.testing.assert_allclose(solid.volume(), 2.0 * 1.0 * 4.0, rtol=1e-6)


def test_body_of_offset_stations_encloses_the_body_by_the_margin():
    stations = [(0.0, 0.0, 1.0, 0.5), (4.0, 0.0, 1.0, 0.5)]
    outer = body(offset_stations(stations, 0.1), rectangle(2.0, 2.0))
    np.testing.assert_allclose(outer.bounding_box(), (-1.1, -0.6, -0.1, 1.1, 0.6, 4.1), atol=1e-6)
    backwards = body(offset_stations(stations[::-1], 0.1), rectangle(2.0, 2.0))
    np.testing.assert_allclose(backwards.bounding_box(), outer.bounding_box(), atol=1e-6)


@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_revolve_about_any_axis(axis):
    radius, low, high, segments = 0.7, -0.2, 1.3, 24
    turned = revolve([(0.0, low), (radius, low), (radius, high), (0.0, high)], axis, segments, (1.0, 2.0, 3.0))
    area = segments / 2 * radius**2 * np.sin(2 * np.pi / segments)
    np.testing.assert_allclose(turned.volume(), area * (high - low), rtol=1e-5)
    box = np.array(turned.bounding_box())
    along = "xyz".index(axis)
    np.testing.assert_allclose([box[along], box[along + 3]], [low + along + 1, high + along + 1], atol=1e-6)


def test_a_dome_is_half_an_ellipsoid():
    solid = rounded_dome(2.0, 0.0, 1.0, 128)
    assert solid.bounding_box() == pytest.approx((-2, 0, -2, 2, 1, 2), abs=1e-6)
    np.testing.assert_allclose(solid.volume(), 2 / 3 * np.pi * 2.0**2 * 1.0, rtol=0.03)


def test_straight_wing_volume_is_section_times_span():
    half = wing([((0.0, 0.0, 0.0), 2.0, 0.2), ((5.0, 0.0, 0.0), 2.0, 0.2)])
    fraction = np.array([0.0, 0.03, 0.12, 0.3, 0.6, 0.85, 1.0])
    thickness = np.array([0.2, 0.55, 0.86, 1.0, 0.78, 0.5, 0.3])
    area = 2.0 * 0.2 * np.trapezoid(thickness, fraction)
    np.testing.assert_allclose(half.volume(), 5.0 * area, rtol=1e-5)
    fin = wing([((0.0, 0.0, 0.0), 2.0, 0.2), ((0.0, 5.0, 0.0), 2.0, 0.2)], upright=True)
    np.testing.assert_allclose(fin.volume(), half.volume(), rtol=1e-6)
    assert fin.bounding_box()[4] == pytest.approx(5.0)


@pytest.mark.parametrize("count", [0, 3, 10])
def test_spokes_fill_the_recess_of_a_wheel(count):
    solid, rim, floor = wheel(1.0, 0.5, 0.6)
    assert solid.bounding_box()[3] == pytest.approx(0.25)
    assert rim < 1.0
    assert 0.0 < floor < 0.25
    whole = solid + spokes(rim, 0.0, 0.2, count)
    assert len(whole.decompose()) == 1


def a_hull(**changes: float) -> Hull:
    lines = dict.fromkeys(("transom", "rake", "forefoot", "counter"), 0.4)
    lines |= {"length": 10.0, "half_beam": 1.4, "depth": 1.2, "sheer_bow": 0.4, "sheer_stern": 0.2}
    lines |= {"fullness": 2.0, "entry": 2.0}
    return Hull(**(lines | changes))


def test_hull_is_symmetric_and_as_large_as_its_lines_say():
    solid = a_hull().solid()
    low_x, low_y, low_z, high_x, high_y, high_z = solid.bounding_box()
    np.testing.assert_allclose([low_x, high_x], [-1.4, 1.4], atol=0.02)
    np.testing.assert_allclose([low_y, high_y], [0.0, 1.6], atol=0.03)
    np.testing.assert_allclose(low_z, -5.0, atol=1e-5)
    assert 5.0 < high_z < 5.7
    right, left = solid.split_by_plane((1.0, 0.0, 0.0), 0.0)
    # Both sides have the same corners, but their quads are split along the same diagonal, not along mirrored ones.
    np.testing.assert_allclose(right.volume(), left.volume(), rtol=1e-2)


def test_box_hull_approaches_its_block():
    full = a_hull(
        fullness=40.0, entry=60.0, transom=1.0, rake=0.0, forefoot=0.0, counter=0.0, sheer_bow=0.0, sheer_stern=0.0
    )
    assert 0.85 < full.solid().volume() / (2.8 * 1.2 * 10.0) <= 1.0


def test_hull_margins_nest():
    hull = a_hull()
    outer, middle, inner = hull.solid(0.05), hull.solid(), hull.solid(-0.15, raise_deck=0.0)
    assert inner.volume() < middle.volume() < outer.volume()
    assert (inner - outer).volume() < 1e-3 * inner.volume()
    np.testing.assert_allclose(hull.at(0.0)[1], 1.2, atol=0.05)


def test_deck_slab_lies_within_the_bulwarks():
    hull = a_hull(fullness=6.0)
    slab = hull.deck_slab(0.2, -0.1, 0.0)
    assert slab.volume() > 0
    assert slab.bounding_box()[3] == pytest.approx(1.2, abs=0.03)


def test_sail_is_a_sheet_of_its_thickness():
    cloth = sail((0.0, 0.0, 0.0), (0.0, 6.0, 0.0), 3.0, 3.0, 0.0, 0.0)
    np.testing.assert_allclose(cloth.volume(), 6.0 * 3.0 * 0.14, rtol=1e-5)
    swung = sail((0.0, 0.0, 0.0), (0.0, 6.0, 0.0), 3.0, 3.0, 0.0, 90.0)
    assert swung.bounding_box()[3] == pytest.approx(3.0, abs=0.06)
    square = square_sail((0.0, 0.0, 0.0), 4.0, 4.0, 2.0, 0.0)
    np.testing.assert_allclose(square.volume(), 4.0 * 2.0 * 0.14, rtol=1e-5)


@pytest.mark.parametrize("seed", range(8))
def test_finishes_keep_their_promise(seed):
    rng = np.random.default_rng(seed)
    assert max(finishes.dark_glass(rng).base_color) <= 0.3
    assert max(finishes.tyre(rng).base_color) <= 0.16
    assert min(finishes.light_paint(rng).base_color) >= 0.6
    red = finishes.red_lamp(rng).base_color
    assert red[0] > 2 * max(red[1:])
    assert finishes.car_paint(rng).pattern == "plain"
