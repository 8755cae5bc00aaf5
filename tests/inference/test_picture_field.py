"""Fields in the frame of a picture: what is cut, what is added, and how smoothly."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from shapelift.geometry import Camera, ImplicitField, Mesh, PictureFrame
from shapelift.inference.fallback import FAINTEST
from shapelift.inference.picture_field import picture_field
from shapelift.inference.window_maps import outline_distance
from shapelift.meshing import mesh_field, sample_grid, sample_grid_densely, voxels
from shapelift.meshing.isosurface import isosurface
from shapelift.rendering.pixel_rays import pixel_crossings

SIDE = 96
CAMERA = Camera.orbit(0.0, 25.0, 3.0, 26.0, (SIDE, SIDE))
FRAME = PictureFrame.around_origin(CAMERA)

Region = Callable[[np.ndarray, np.ndarray], np.ndarray]
Array = np.ndarray


def alpha_of(region: Region, supersampling: int = 8) -> Array:
    """An antialiased mask of a region of the window, given as a test of (u, v)."""
    fine = SIDE * supersampling
    axis = (np.arange(fine) + 0.5) / fine - 0.5
    inside = region(axis[None, :], -axis[:, None]) & np.ones((fine, fine), np.bool_)
    share = inside.reshape(SIDE, supersampling, SIDE, supersampling).mean(axis=(1, 3))
    return (np.round(share * 255.0) / 255.0).astype(np.float32)


def blob(seed: int) -> Region:
    """A random smooth region."""
    noise = gaussian_filter(np.random.default_rng(seed).standard_normal((512, 512)), 30)
    axis = (np.arange(512) + 0.5) / 512 - 0.5
    values = noise / noise.std() + 2.0 - 2.0 * (axis[None, :] ** 2 + axis[:, None] ** 2) / 0.1

    def inside(u: Array, v: Array) -> Array:
        column, row = ((place + 0.5) * 512 for place in (u, -v))
        found = values[np.minimum(row.astype(int), 511), np.minimum(column.astype(int), 511)] > 0.0
        return found & (np.abs(u) < 0.45) & (np.abs(v) < 0.45)

    return inside


def ball(points: Array, radius: float = 0.5) -> Array:
    """A ball around the origin of the world, 40 logits per unit."""
    return (40.0 * (radius - np.linalg.norm(FRAME.to_world(points), axis=1))).astype(np.float32)


def ball_alpha() -> Array:
    origin = CAMERA.position

    def inside(u: Array, v: Array) -> Array:
        u, v = np.broadcast_arrays(u, v)
        points = np.stack([u, v, np.zeros_like(u)], axis=-1).reshape(-1, 3)
        way = FRAME.to_world(points) - origin
        way /= np.linalg.norm(way, axis=1, keepdims=True)
        return (origin @ origin - (way @ origin) ** 2 < 0.25).reshape(u.shape)

    return alpha_of(inside)


def overlap(mesh: Mesh, field: ImplicitField, region: Region) -> float:
    assert field.placement is not None
    seen = pixel_crossings(mesh, field.placement.camera.window(0.0, 0.0, SIDE, 4 * SIDE)).silhouette()
    axis = (np.arange(len(seen)) + 0.5) / len(seen) - 0.5
    true = region(axis[None, :], -axis[:, None]) & np.ones_like(seen)
    return float((seen & true).sum() / (seen | true).sum())


def test_a_ball_comes_out_as_that_ball() -> None:
    found = picture_field(ball, None, CAMERA, ball_alpha())
    assert found.filled_share == 0.0
    assert found.warnings == ()
    mesh = mesh_field(found.field, resolution=64, start_spacing=4)
    radius = np.linalg.norm(mesh.vertices, axis=1)
    assert abs(radius - 0.5).max() < 0.008
    assert radius.mean() == pytest.approx(0.5, abs=0.001)
    assert np.einsum("fi,fi->f", mesh.face_normals, mesh.corners.mean(axis=1)).min() > 0.0
    assert mesh.volume == pytest.approx(math.pi / 6.0, rel=0.01)
    centers = voxels(found.field, 24).centers[voxels(found.field, 24).occupancy > 0]
    assert np.linalg.norm(centers, axis=1).max() < 0.505
    assert len(centers) / 24**3 == pytest.approx(math.pi / 6.0, rel=0.03)


@pytest.mark.slow
def test_the_sampler_finds_the_whole_surface() -> None:
    field = picture_field(ball, None, CAMERA, ball_alpha()).field
    dense, quick = sample_grid_densely(field, 64), sample_grid(field, 64, start_spacing=4)
    np.testing.assert_array_equal(quick.values > 0.0, dense.values > 0.0)
    np.testing.assert_allclose(dense.spacing, 1.0 / 64.0, rtol=0.03)
    assert quick.evaluations < 0.4 * dense.evaluations
    assert dense.values.shape[2] < 128


def rod(half_width: float) -> Region:
    """A slanted rod."""
    return lambda u, v: (np.abs(0.8 * u - 0.6 * v) < half_width) & (np.abs(0.6 * u + 0.8 * v) < 0.42)


def unsure(points: Array) -> Array:
    """Probability 0.3 at w = 0.1, less elsewhere."""
    return (math.log(0.3 / 0.7) - 20.0 * np.abs(points[:, 2] - 0.1)).astype(np.float32)


@pytest.mark.parametrize("half_width", [0.015, 0.03])
def test_a_thin_rod_is_as_deep_as_it_is_wide(half_width: float) -> None:
    found = picture_field(unsure, None, CAMERA, alpha_of(rod(half_width)))
    assert found.filled_share == 1.0
    assert len(found.warnings) == 1
    mesh = mesh_field(found.field, resolution=128, start_spacing=4)
    assert found.field.placement is not None
    own = found.field.placement.from_world(mesh.vertices)
    middle = own[np.abs(0.6 * own[:, 0] + 0.8 * own[:, 1]) < 0.3]
    radius = np.hypot(0.8 * middle[:, 0] - 0.6 * middle[:, 1], middle[:, 2] - 0.1)
    np.testing.assert_allclose(radius, half_width, atol=0.0015)
    assert overlap(mesh, found.field, rod(half_width)) > 0.95


def test_a_rod_that_runs_into_the_picture_keeps_its_thickness() -> None:
    """Its depth grows twice as fast as it goes up: along w it is sqrt(5) times as thick as across."""

    def leaning(points: Array) -> Array:
        return (math.log(0.3 / 0.7) - 20.0 * np.abs(points[:, 2] - 2.0 * points[:, 1])).astype(np.float32)

    def upright(u: Array, v: Array) -> Array:
        return (np.abs(u) < 0.02) & (np.abs(v) < 0.3)

    field = picture_field(leaning, None, CAMERA, alpha_of(upright)).field
    mesh = mesh_field(field, resolution=128, start_spacing=4)
    assert field.placement is not None
    own = field.placement.from_world(mesh.vertices)
    middle = own[(np.abs(own[:, 1]) < 0.2) & (np.abs(own[:, 0]) < 0.004)]
    across = np.abs(middle[:, 2] - 2.0 * middle[:, 1]) / math.sqrt(5.0)
    np.testing.assert_allclose(across, 0.02, atol=0.003)


def test_what_lies_behind_stays_there() -> None:
    """Two rods that touch in the picture, half a window apart in depth."""

    def apart(points: Array) -> Array:
        middle = np.where(points[:, 0] < 0.0, -0.25, 0.25)
        return (math.log(0.3 / 0.7) - 20.0 * np.abs(points[:, 2] - middle)).astype(np.float32)

    field = picture_field(apart, None, CAMERA, alpha_of(lambda u, v: (np.abs(u) < 0.05) & (np.abs(v) < 0.3))).field
    points = np.array([[u, 0.0, w] for w in (-0.25, 0.0, 0.25) for u in (-0.03, 0.03)], np.float32)
    np.testing.assert_array_equal(field.function(points) > 0.0, [True, False, False, False, False, True])


def test_only_what_is_unsure_is_filled() -> None:
    """A ball the field is sure of with a rod to the right it is not: the ball stays, the rod is added beside it."""

    def both(u: Array, v: Array) -> Array:
        return (np.hypot(u, v) < 0.2) | ((np.abs(v) < 0.02) & (u > 0.0) & (u < 0.45))

    def field(points: Array) -> Array:
        return np.maximum(40.0 * (0.2 - np.linalg.norm(points, axis=1)), unsure(points)).astype(np.float32)

    found = picture_field(field, None, CAMERA, alpha_of(both))
    rod_share = 0.04 * 0.25 / (math.pi * 0.04 + 0.04 * 0.25)
    assert found.filled_share == pytest.approx(rod_share, rel=0.35)
    bare = picture_field(field, None, CAMERA, alpha_of(both), fill=False)
    assert bare.filled_share is None
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (4000, 3)).astype(np.float32) * [0.3, 0.3, 0.6]
    inside = np.hypot(points[:, 0], points[:, 1]) < 0.14
    np.testing.assert_array_equal(
        found.field.function(points[inside].astype(np.float32)) > 0.0, field(points[inside]) > 0.0
    )
    on_the_rod = np.array([[0.35, 0.0, 0.1], [0.35, 0.0, 0.118], [0.35, 0.0, 0.13]], np.float32)
    depth = 0.1 * (1.0 - math.exp(-((0.35 - 0.2) ** 2)))
    assert depth < 0.1
    assert found.field.function(on_the_rod[:1])[0] > 0.0
    assert found.field.function(on_the_rod[2:])[0] < 0.0
    np.testing.assert_array_equal(bare.field.function(on_the_rod) > 0.0, False)
    mesh = mesh_field(found.field, resolution=96, start_spacing=4)
    assert overlap(mesh, found.field, both) > 0.98


@pytest.mark.parametrize("sure", [True, False])
def test_the_outline_is_that_of_the_mask(sure: bool) -> None:
    region = blob(1)

    def slab(points: Array) -> Array:
        return (20.0 * (0.2 - np.abs(points[:, 2])) - (0.0 if sure else 5.0)).astype(np.float32)

    found = picture_field(slab, None, CAMERA, alpha_of(region))
    assert (found.filled_share == 0.0) if sure else (found.filled_share == 1.0)
    mesh = mesh_field(found.field, resolution=96, start_spacing=4)
    assert overlap(mesh, found.field, region) >= 0.99


def test_a_rim_that_the_network_misses_is_filled() -> None:
    """Sure of a slab, but for a strip that is narrower than the cells of the window along its outline."""

    def slab(points: Array) -> Array:
        return (60.0 * (np.array([0.30, 0.22, 0.1]) - np.abs(points)).min(axis=1)).astype(np.float32)

    def region(u: Array, v: Array) -> Array:
        return (np.abs(u) < 0.312) & (np.abs(v) < 0.232)

    found = picture_field(slab, None, CAMERA, alpha_of(region))
    assert overlap(mesh_field(found.field, resolution=128), found.field, region) > 0.985
    middle = np.array([[0.303, 0.0, 0.0], [0.0, -0.223, 0.0]], np.float32)
    assert (found.field.function(middle) > 0.0).all()
    front = np.array([[0.0, 0.0, -0.12], [0.2, 0.1, 0.12]], np.float32)
    assert (found.field.function(front) < 0.0).all()


def test_outlines_have_no_stairs() -> None:
    """A slanted edge of a mask of whole pixels is straight to a tenth of a pixel, and its wall has one normal."""
    slope = 0.23
    hard = (alpha_of(lambda u, v: (v < slope * u) & (np.abs(u) < 0.4) & (v > -0.4)) >= 0.5).astype(np.float32)
    found = picture_field(lambda p: (20.0 * (0.1 - np.abs(p[:, 2]))).astype(np.float32), None, CAMERA, hard)
    grid = sample_grid(found.field, 128, start_spacing=4)
    mesh = isosurface(grid.values, grid.origin, grid.spacing)
    middle = mesh.corners.mean(axis=1)
    length = math.hypot(1.0, slope)
    edge = (np.abs(middle[:, 0]) < 0.3) & (np.abs(middle[:, 2]) < 0.05)
    edge &= np.abs(middle[:, 1] - slope * middle[:, 0]) < 0.03
    assert edge.sum() > 200
    off = (middle[edge, 1] - slope * middle[edge, 0]) / length
    assert off.std() < 0.15 / SIDE
    cosine = mesh.face_normals[edge] @ (np.array([-slope, 1.0, 0.0]) / length)
    assert np.average(cosine, weights=mesh.face_areas[edge]) > 0.97
    assert np.quantile(cosine, 0.05) > 0.9


def test_distance_to_an_outline_is_exact_for_a_circle() -> None:
    found = outline_distance(alpha_of(lambda u, v: np.hypot(u - 0.03, v + 0.02) < 0.3))
    axis = (np.arange(len(found)) + 0.5) / len(found) - 0.5
    true = 0.3 - np.hypot(axis[None, :] - 0.03, -axis[:, None] + 0.02)
    error = (found - true)[np.abs(true) < 0.1] * SIDE
    assert np.abs(error).max() < 0.3
    assert np.sqrt((error**2).mean()) < 0.06
    assert (outline_distance(np.zeros((32, 32), np.float32)) < 0.0).all()
    assert (outline_distance(np.ones((32, 32), np.float32)) > 0.0).all()


def test_the_visible_depth_speaks_where_the_field_says_nothing() -> None:
    """A disc at w = -0.2 says the map; the field is nowhere near sure, and equally unsure everywhere."""

    def nothing(points: Array) -> Array:
        return np.full(len(points), -3.0, np.float32)

    def region(u: Array, v: Array) -> Array:
        return np.hypot(u, v) < 0.1

    visible = np.full((16, 16), -0.2, np.float32)
    with_map = picture_field(nothing, None, CAMERA, alpha_of(region), visible=visible).field
    without = picture_field(nothing, None, CAMERA, alpha_of(region)).field
    point = np.array([[0.0, 0.0, -0.1]], np.float32)
    assert with_map.function(point)[0] > 0.0
    assert without.function(point)[0] < with_map.function(point)[0]


def test_the_visible_depth_widens_what_is_sampled() -> None:
    """A ball the field is sure of, and far behind it a rod of which only the map knows."""

    def field(points: Array) -> Array:
        return np.maximum(40.0 * (0.15 - np.linalg.norm(points, axis=1)), -6.0).astype(np.float32)

    def both(u: Array, v: Array) -> Array:
        return (np.hypot(u, v) < 0.15) | ((np.abs(v) < 0.02) & (u > 0.2) & (u < 0.45))

    axis = (np.arange(64) + 0.5) / 64 - 0.5
    visible = np.where(axis[None, :] > 0.17, 0.7, -0.1) * np.ones((64, 1))
    found = picture_field(field, None, CAMERA, alpha_of(both), visible=visible.astype(np.float32)).field
    depths = np.linspace(-1.0, 1.0, 401, dtype=np.float32)
    points = np.column_stack([np.full(401, 0.33), np.zeros(401), depths]).astype(np.float32)
    inside = depths[found.function(points) > 0.0]
    assert inside.min() == pytest.approx(0.7, abs=0.015)
    assert inside.max() == pytest.approx(0.74, abs=0.015)
    assert found.box.maximum[2] > 0.74


@pytest.mark.slow
def test_a_field_that_sees_nothing_stays_empty() -> None:
    for fill in (True, False):
        found = picture_field(
            lambda p: np.full(len(p), FAINTEST - 1.0, np.float32), None, CAMERA, ball_alpha(), fill=fill
        )
        with pytest.raises(ValueError, match="empty"):
            mesh_field(found.field, resolution=32)


def test_a_faint_field_without_fill_is_lifted() -> None:
    found = picture_field(unsure, None, CAMERA, alpha_of(rod(0.03)), fill=False)
    assert len(found.warnings) == 1
    assert found.field.function(np.array([[0.0, 0.0, 0.1]], np.float32))[0] > 0.0


@pytest.mark.slow
def test_the_voxels_of_a_part_of_the_world() -> None:
    field = picture_field(ball, None, CAMERA, ball_alpha()).field
    point = np.array([[0.0, 0.0, 0.0], [0.0, 0.45, 0.0], [0.0, 0.55, 0.0], [40.0, 0.0, 0.0]], np.float32)
    np.testing.assert_array_equal(field(point) > 0.0, [True, True, False, False])
