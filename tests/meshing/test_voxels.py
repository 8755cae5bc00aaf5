from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from shapelift.geometry import Box, ImplicitField, Mesh, VoxelGrid, rotation_x, rotation_z, similarity
from shapelift.meshing import to_mesh, voxels


def box_mesh(size: float = 0.5) -> Mesh:
    cube = trimesh.creation.box((size, size, size))
    return Mesh(cube.vertices, cube.faces)


def test_a_full_cell_ends_at_its_walls() -> None:
    occupancy = np.zeros((4, 4, 4), np.float32)
    occupancy[1:3, 1:3, 1:3] = 1.0
    mesh = to_mesh(VoxelGrid(occupancy))
    np.testing.assert_allclose(mesh.bounds.minimum, -0.25, atol=1e-6)
    np.testing.assert_allclose(mesh.bounds.maximum, 0.25, atol=1e-6)


def test_a_full_grid_fills_its_box() -> None:
    grid = VoxelGrid(np.ones((6, 3, 3), np.float32), Box((0, 0, 0), (2, 1, 1)))
    mesh = to_mesh(grid)
    np.testing.assert_allclose(mesh.bounds.minimum, 0.0, atol=1e-6)
    np.testing.assert_allclose(mesh.bounds.maximum, [2, 1, 1], atol=1e-6)


def test_soft_occupancy_gives_a_smooth_sphere() -> None:
    centers = VoxelGrid(np.zeros((32, 32, 32), np.float32)).centers
    distance = 0.35 - np.linalg.norm(centers, axis=-1)
    mesh = to_mesh(VoxelGrid(np.clip(0.5 + distance * 16, 0, 1)))
    np.testing.assert_allclose(np.linalg.norm(mesh.vertices, axis=1), 0.35, atol=1e-3)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.05, 0.95))
def test_speckle_and_touching_corners_are_never_pinched(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    occupancy = (rng.random((8, 8, 8)) < share).astype(np.float32)
    occupancy[0, 0, 0] = occupancy[1, 1, 0] = occupancy[2, 2, 1] = 1.0
    mesh = to_mesh(VoxelGrid(occupancy))
    other = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    other.merge_vertices()
    assert other.is_watertight
    assert other.is_winding_consistent
    assert other.volume > 0


def test_two_cells_that_touch_in_an_edge() -> None:
    occupancy = np.zeros((3, 3, 3), np.float32)
    occupancy[0, 0, 1] = occupancy[1, 1, 1] = 1.0
    mesh = to_mesh(VoxelGrid(occupancy))
    other = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    other.merge_vertices()
    assert other.is_volume


def test_empty_grid_and_bad_threshold() -> None:
    from shapelift.meshing.voxels import mesh_voxels

    with pytest.raises(ValueError, match="empty"):
        to_mesh(VoxelGrid(np.zeros((3, 3, 3), np.float32)))
    with pytest.raises(ValueError, match="threshold"):
        mesh_voxels(VoxelGrid(np.ones((3, 3, 3), np.float32)), threshold=1.0)


def test_field_and_its_mesh_have_the_same_voxels() -> None:
    field = ImplicitField(lambda p: np.float32(0.4) - np.linalg.norm(p - np.float32([0.03, 0.01, 0.02]), axis=1))
    solid, surface = voxels(field, 24), voxels(to_mesh(field, resolution=96), 24)
    differing = solid.occupancy != surface.occupancy
    assert differing.sum() <= 2  # centres within a chord of the surface
    assert solid.occupancy.mean() == pytest.approx(4 / 3 * np.pi * 0.4**3, rel=0.02)


@pytest.mark.parametrize("resolution", [4, 7, 8, 12, 16])
def test_columns_through_edges_and_vertices_are_counted_once(resolution: int) -> None:
    grid = voxels(box_mesh(), resolution)
    inside = (np.abs(grid.centers) < 0.25).all(axis=-1)
    np.testing.assert_array_equal(grid.occupancy, inside)


def test_centers_on_the_walls_belong_to_one_side() -> None:
    # With 6 cells centres lie on both walls of the box on every axis: one of each pair counts.
    assert voxels(box_mesh(), 6).occupancy.sum() == 3**3


def test_turned_box_against_its_planes() -> None:
    turn = rotation_x(31.0) @ rotation_z(17.0)
    mesh = box_mesh(0.6).transformed(similarity(turn))
    grid = voxels(mesh, 40)
    inside = (np.abs(grid.centers @ turn) < 0.3).all(axis=-1)
    np.testing.assert_array_equal(grid.occupancy, inside)


def test_overlapping_parts_and_cavities() -> None:
    outer, inner = box_mesh(0.8), box_mesh(0.4)
    hollow = Mesh(
        np.concatenate([outer.vertices, inner.vertices]),
        np.concatenate([outer.faces, inner.faces[:, ::-1] + len(outer.vertices)]),
    )
    assert voxels(hollow, 20).occupancy.sum() == 16**3 - 8**3
    nested = Mesh(hollow.vertices, np.concatenate([outer.faces, inner.faces + len(outer.vertices)]))
    assert voxels(nested, 20).occupancy.sum() == 16**3


def test_parts_outside_the_box_do_not_matter() -> None:
    mesh = box_mesh(3.0)
    assert voxels(mesh, 8).occupancy.all()
    part = voxels(mesh, 6, box=Box((0, 0, 0), (3, 3, 3)))
    assert part.occupancy.sum() == 27


def test_bad_input() -> None:
    mesh = box_mesh()
    with pytest.raises(ValueError, match="open"):
        voxels(Mesh(mesh.vertices, mesh.faces[1:]), 8)
    with pytest.raises(ValueError, match="resolution"):
        voxels(mesh, 0)
    with pytest.raises(TypeError, match="str"):
        voxels("cube", 8)
    empty = voxels(Mesh(np.zeros((0, 3)), np.zeros((0, 3), np.int32)), 4)
    assert not empty.occupancy.any()


@pytest.mark.parametrize("turns", range(4))
def test_a_column_through_the_middle_of_a_fan_is_counted_once(turns: int) -> None:
    # A pyramid on a square whose tip and whose fan below lie exactly over a centre of cells, from all four sides.
    ring = np.roll([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)], turns, axis=0)
    vertices = np.concatenate([ring, [(0, 0, 1), (0, 0, -1)]]) * 0.3
    around = [(side, (side + 1) % 4) for side in range(4)]
    faces = [(a, b, 4) for a, b in around] + [(b, a, 5) for a, b in around]
    grid = voxels(Mesh(vertices, np.array(faces, np.int32)), 5)
    inside = np.abs(grid.centers[..., 2]) + np.abs(grid.centers[..., :2]).max(axis=-1) < 0.3
    np.testing.assert_array_equal(grid.occupancy, inside)
