from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shapelift.geometry import Box, ImplicitField, Mesh
from shapelift.meshing import sample_grid_densely, to_mesh
from shapelift.meshing.isosurface import MINIMUM_CUT, isosurface, keep_cuts_apart

CENTER = np.array([0.013, 0.02, -0.03])


def sphere(radius: float = 0.4) -> ImplicitField:
    return ImplicitField(lambda p: radius - np.linalg.norm(p - CENTER.astype(np.float32), axis=1))


def judged(mesh: Mesh) -> trimesh.Trimesh:
    """The mesh as a reader sees it who merges vertices at equal places."""
    result = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    result.merge_vertices()
    return result


def assert_closed(mesh: Mesh) -> None:
    other = judged(mesh)
    assert other.is_watertight
    assert other.is_winding_consistent
    assert len(other.vertices) == len(mesh.vertices)
    assert mesh.volume > 0


def test_a_sphere_has_the_right_place_and_size() -> None:
    mesh = to_mesh(sphere(), resolution=64)
    assert_closed(mesh)
    # A chord of one cell lies h^2 / 8r inside: 3 * h^2 / 8 r^2 of the volume at most. An off-by-one would cost 1.6 %.
    assert mesh.volume == pytest.approx(4 / 3 * np.pi * 0.4**3, rel=1e-3)
    np.testing.assert_allclose(mesh.bounds.center, CENTER, atol=1e-5)
    np.testing.assert_allclose(judged(mesh).center_mass, CENTER, atol=1e-5)
    np.testing.assert_allclose(mesh.bounds.size, 0.8, atol=2e-4)
    radial = np.einsum("fi,fi->f", mesh.face_normals, mesh.corners.mean(axis=1) - CENTER)
    assert radial.min() > 0


def test_keeping_cuts_apart_does_not_move_the_surface() -> None:
    mesh = to_mesh(sphere(), resolution=64)
    error = np.linalg.norm(mesh.vertices - CENTER, axis=1) - 0.4
    assert np.abs(error).max() < MINIMUM_CUT / 64
    assert abs(error.mean()) < 5e-5


def test_vertices_lie_on_the_surface_of_a_plane_exactly() -> None:
    box = Box((-1.0, -1.0, -1.0), (1.0, 1.0, 1.0))
    grid = sample_grid_densely(ImplicitField(lambda p: np.float32(0.31) - p[:, 1], box), 10)
    mesh = isosurface(grid.values, grid.origin, grid.spacing)
    top = mesh.vertices[mesh.vertices[:, 1] > 0.2]
    np.testing.assert_allclose(top[:, 1], 0.31, atol=1e-6)


def test_a_solid_that_reaches_the_box_is_closed_there() -> None:
    mesh = to_mesh(ImplicitField(lambda p: np.full(len(p), 3.0, np.float32)), resolution=8)
    assert_closed(mesh)
    np.testing.assert_allclose(mesh.bounds.size, 1.0 + 2 * MINIMUM_CUT / 8, atol=1e-6)
    half = to_mesh(ImplicitField(lambda p: -p[:, 0]), resolution=16)
    assert_closed(half)
    assert half.volume == pytest.approx(0.5, rel=0.01)


def test_values_of_exactly_zero_count_as_outside() -> None:
    mesh = to_mesh(ImplicitField(lambda p: np.float32(0.25) - np.abs(p).max(axis=1)), resolution=8)
    assert_closed(mesh)
    np.testing.assert_allclose(mesh.bounds.size, 0.5, atol=2.1 * MINIMUM_CUT / 8)


def test_an_empty_field_says_so() -> None:
    with pytest.raises(ValueError, match="empty"):
        to_mesh(ImplicitField(lambda p: np.full(len(p), -1.0, np.float32)), resolution=8)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), kind=st.sampled_from(["binary", "rounded", "noise", "wild"]))
@example(seed=56, kind="wild")  # a vertex within a cell that falls one rounding error beside another at its edge
def test_any_values_give_a_closed_mesh_without_touching_edges(seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(9, 10, 11)).astype(np.float32)
    if kind == "binary":
        values = np.sign(values + np.float32(rng.normal()))
    elif kind == "rounded":
        values = values.round(1)
    elif kind == "wild":
        values *= 10.0 ** rng.integers(-6, 6, values.shape).astype(np.float32)
    values[4, 4, 4] = 1.0
    mesh = isosurface(values, (0, 0, 0), (1, 1, 1))
    assert_closed(mesh)
    corners = mesh.corners
    for side in range(3):
        assert np.linalg.norm(corners[:, side] - corners[:, side - 1], axis=1).min() > 1e-3


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_cuts_are_kept_apart_and_signs_stay(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = (rng.normal(size=(5, 6, 7)) * 10.0 ** rng.integers(-5, 5, (5, 6, 7))).astype(np.float32)
    values[rng.random(values.shape) < 0.1] = 0.0
    kept = keep_cuts_apart(values)
    np.testing.assert_array_equal(kept > 0, values > 0)
    for axis in range(3):
        first, second = np.moveaxis(kept, axis, 0)[:-1], np.moveaxis(kept, axis, 0)[1:]
        crossing = (first > 0) != (second > 0)
        cut = first[crossing] / (first[crossing] - second[crossing])
        assert cut.size == 0 or (cut.min() >= MINIMUM_CUT * 0.99 and cut.max() <= 1 - MINIMUM_CUT * 0.99)
