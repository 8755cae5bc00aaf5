from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from solids_with_answers import ball, box, flipped, in_box, in_convex, joined, mesh_of, without

from shapelift.synthesis.labels import (
    NEAR_SIGMAS,
    UnusableShapeError,
    grid_shape,
    label,
    near_points,
    stratified_points,
)
from shapelift.synthesis.occupancy import Solid
from shapelift.synthesis.surface import sample_boundary


def rng(seed=0):
    return np.random.default_rng(seed)


def test_samples_lie_on_the_surface_with_outward_normals():
    for mesh in (box(), flipped(box())):
        points, normals = sample_boundary(Solid(mesh), 20_000, rng())
        assert points.shape == normals.shape == (20_000, 3)
        faces = np.abs(points) / [0.5, 0.3, 0.2]
        np.testing.assert_allclose(faces.max(axis=1), 1.0, atol=1e-5)
        on_x = np.isclose(faces[:, 0], 1.0, atol=1e-5) & (faces[:, 1:] < 0.99).all(axis=1)
        np.testing.assert_allclose(normals[on_x], np.sign(points[on_x, :1]) * [1.0, 0.0, 0.0], atol=1e-6)


def test_density_is_uniform_by_area():
    points, normals = sample_boundary(Solid(box()), 60_000, rng(1))
    areas = np.array([0.6 * 0.4, 1.0 * 0.4, 1.0 * 0.6])
    share = np.abs(normals).round().astype(bool).mean(axis=0)
    np.testing.assert_allclose(share, areas / areas.sum(), atol=0.01)
    top = points[normals[:, 1] > 0.9]
    np.testing.assert_allclose(np.histogram(top[:, 0], 10, (-0.5, 0.5))[0] / len(top), 0.1, atol=0.01)


def test_only_the_outside_of_a_union_is_sampled():
    one, other = ball(0.3, (-0.15, 0.0, 0.0)), ball(0.3, (0.15, 0.02, 0.01))
    points, _ = sample_boundary(Solid(joined(one, other)), 20_000, rng())
    shrunk = [ball(0.297, (-0.15, 0.0, 0.0)), ball(0.297, (0.15, 0.02, 0.01))]
    hidden = in_convex(points, shrunk[0]) | in_convex(points, shrunk[1])
    assert hidden.mean() < 0.001
    outside, _ = sample_boundary(Solid(joined(ball(0.5), ball(0.2))), 5000, rng())
    assert (np.linalg.norm(outside, axis=1) > 0.45).all()


def test_hidden_parts_of_open_meshes_are_dropped_too():
    shell = without(ball(0.5), np.random.default_rng(0).permutation(1280)[:40])
    points, _ = sample_boundary(Solid(joined(shell, ball(0.2))), 10_000, rng())
    assert (np.linalg.norm(points, axis=1) < 0.3).mean() < 0.02


def test_walls_of_cavities_belong_to_the_surface():
    points, normals = sample_boundary(Solid(joined(ball(0.5), flipped(ball(0.25)))), 20_000, rng())
    inner = np.linalg.norm(points, axis=1) < 0.3
    assert 0.15 < inner.mean() < 0.25
    assert (np.einsum("nd,nd->n", points[inner], normals[inner]) < 0).all()


def test_nothing_to_sample():
    with pytest.raises(ValueError, match="no faces"):
        sample_boundary(Solid(mesh_of(np.zeros((0, 3)), np.zeros((0, 3)))), 10, rng())
    with pytest.raises(ValueError, match="area"):
        sample_boundary(Solid(mesh_of([[0, 0, 0], [1, 0, 0], [2, 0, 0]], [[0, 1, 2]])), 10, rng())


@pytest.mark.parametrize("size", [(1.0, 1.0, 1.0), (1.0, 0.3, 0.7), (1.0, 0.002, 0.5), (1.0, 0.01, 0.01)])
def test_grid_cells_are_nearly_cubic_and_as_many_as_asked(size):
    shape = grid_shape(size, 100_000)
    assert 0.75 < np.prod(shape) / 100_000 < 1.3
    thick = shape > 3
    sides = (np.asarray(size) / shape)[thick]
    assert sides.max() / sides.min() < 1.2


def test_one_uniform_point_per_cell_even_after_rounding():
    bounds = np.array([[-0.5, -0.31, -0.123], [0.5, 0.31, 0.123]], np.float32)
    shape = grid_shape(np.ptp(bounds, axis=0), 30_000)
    points = stratified_points(bounds, shape, rng())
    assert points.dtype == np.float16
    assert len(points) == np.prod(shape)
    cell = np.floor((points - bounds[0].astype(np.float64)) / (np.ptp(bounds.astype(np.float64), axis=0) / shape))
    np.testing.assert_array_equal(np.ravel_multi_index(cell.astype(int).T, shape), np.arange(len(points)))


def test_near_points_have_the_documented_spread():
    offsets = near_points(np.zeros((40_000, 3), np.float32), rng()).astype(np.float64)
    np.testing.assert_allclose(offsets[::2].std(), NEAR_SIGMAS[0], rtol=0.02)
    np.testing.assert_allclose(offsets[1::2].std(), NEAR_SIGMAS[1], rtol=0.02)


def test_labels_are_exact_for_what_is_stored():
    labels = label(Solid(box()), 20_000, 5000, 3000, rng())
    assert (labels.uniform_occupancy == in_box(labels.uniform_points.astype(np.float64))).mean() > 0.999
    assert labels.uniform_occupancy.mean() == pytest.approx(1.0, abs=1e-3)
    near = labels.near_points.astype(np.float64)
    clear = np.abs(near[:, 0]) != 0.5  # float16 has points exactly on this side, which are neither in nor out
    assert (labels.near_occupancy == in_box(near))[clear].mean() > 0.9995
    assert 0.3 < labels.near_occupancy.mean() < 0.6
    assert len(labels.near_points) == 5000
    assert len(labels.surface_points) == len(labels.surface_normals) == 3000
    np.testing.assert_allclose(labels.bounds, [[-0.5, -0.3, -0.2], [0.5, 0.3, 0.2]], atol=1e-6)


def test_shapes_without_a_volume_are_rejected_with_a_reason():
    flat = mesh_of([[-0.5, 0, -0.5], [0.5, 0, -0.5], [0.5, 0, 0.5]], [[0, 1, 2]])
    sliver = mesh_of([[-0.5, -0.5, -0.5], [0.5, 0.5, 0.5], [0.5, 0.499, 0.5]], [[0, 1, 2]])
    empty = mesh_of(np.zeros((0, 3)), np.zeros((0, 3)))
    for mesh, reason in ((flat, "flat"), (sliver, "no volume"), (empty, "no faces")):
        with pytest.raises(UnusableShapeError, match=reason):
            label(Solid(mesh), 5000, 100, 100, rng())
