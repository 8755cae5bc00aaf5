"""Meshes of blocks, and both voxel meshes of speckled grids before two judges."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import trimesh
from manifold3d import Error, Manifold
from manifold3d import Mesh as ManifoldMesh

from shapelift.geometry import Box, Mesh, VoxelGrid
from shapelift.meshing import mesh_blocks, to_mesh, voxels, without_small_components
from shapelift.meshing.blocks import RETREAT

SPECKLED_GRIDS, TOGETHER = 1_000, 40


def grid_of(cells: list[tuple[int, int, int]], shape: tuple[int, int, int]) -> VoxelGrid:
    occupancy = np.zeros(shape, np.float32)
    occupancy[tuple(np.array(cells).T)] = 1.0
    return VoxelGrid(occupancy)


def judged(mesh: Mesh, *, merged: bool = True) -> trimesh.Trimesh:
    """What trimesh makes of it, where both judges call it a closed, consistently oriented manifold."""
    other = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    if merged:
        other.merge_vertices()
        assert len(other.vertices) == len(mesh.vertices)
    assert other.is_watertight
    assert other.is_winding_consistent
    edges = np.sort(other.edges, axis=1)
    assert (np.bincount(np.unique(edges @ [len(other.vertices), 1], return_inverse=True)[1]) == 2).all()
    assert (other.area_faces > 0).all()
    solid = Manifold(ManifoldMesh(np.array(mesh.vertices, np.float32), np.array(mesh.faces, np.uint32)))
    assert solid.status() == Error.NoError
    assert not solid.is_empty()
    assert solid.volume() == pytest.approx(other.volume, rel=1e-4)
    return other


def fans(mesh: Mesh) -> int:
    """Closed fans of triangles around all vertices, by walking from triangle to triangle."""
    after = {(int(a), int(b)): int(c) for face in mesh.faces for a, b, c in (face, np.roll(face, 1), np.roll(face, 2))}
    assert len(after) == mesh.faces.size
    left = set(after)
    count = 0
    while left:
        center, side = first = next(iter(left))
        while (center, side) in left:
            left.remove((center, side))
            side = after[center, side]
        assert (center, side) == first
        count += 1
    return count


def winding_numbers(mesh: Mesh, points: np.ndarray) -> np.ndarray:
    """By solid angles, all points at once: the twin of `shapelift.solids.volumes.winding_number`."""
    a, b, c = (mesh.vertices[mesh.faces[:, side]].astype(float)[None] - points[:, None] for side in range(3))
    la, lb, lc = (np.linalg.norm(side, axis=-1) for side in (a, b, c))
    triple = (a * np.cross(b, c)).sum(-1)
    rest = la * lb * lc + (a * b).sum(-1) * lc + (b * c).sum(-1) * la + (c * a).sum(-1) * lb
    return np.arctan2(triple, rest).sum(axis=1) / (2.0 * np.pi)


def joined(meshes: list[Mesh]) -> Mesh:
    """Meshes of the unit cube side by side: closed and manifold if and only if all of them are."""
    offsets = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes])
    vertices = [mesh.vertices + np.float32([2 * number, 0, 0]) for number, mesh in enumerate(meshes)]
    faces = [mesh.faces + offset for mesh, offset in zip(meshes, offsets, strict=False)]
    return Mesh(np.concatenate(vertices), np.concatenate(faces))


@pytest.mark.slow
def test_both_meshes_of_speckled_grids_are_manifolds_to_two_judges() -> None:
    rng = np.random.default_rng(0)
    for _ in range(SPECKLED_GRIDS // TOGETHER):
        blocky, smooth = [], []
        for _ in range(TOGETHER):
            side = int(rng.integers(2, 7))
            occupancy = (rng.random((side, side, side)) < rng.uniform(0.05, 0.95)).astype(np.float32)
            occupancy[tuple(rng.integers(0, side, 3))] = 1.0
            grid = VoxelGrid(occupancy)
            blocky.append(mesh_blocks(grid))
            smooth.append(to_mesh(grid))
            np.testing.assert_array_equal(voxels(blocky[-1], side).occupancy, occupancy)
            assert smooth[-1].volume > 0.0
        judged(joined(blocky))
        judged(joined(smooth))


def test_walls_lie_exactly_where_cells_end_without_a_retreat() -> None:
    rng = np.random.default_rng(1)
    for side in range(2, 12):
        occupancy = (rng.random((side, side, side)) < 0.5).astype(np.float32)
        occupancy[0, 0, 0] = 1.0
        mesh = mesh_blocks(VoxelGrid(occupancy), retreat=0.0)
        judged(mesh, merged=False)
        steps = (mesh.corners.astype(float) + 0.5) * side
        walls = np.abs(steps - np.round(steps)).max(axis=1) < 1e-5
        assert walls.any(axis=1).all()
        assert mesh.volume == pytest.approx(occupancy.mean(), rel=1e-5)
        np.testing.assert_array_equal(voxels(mesh, side).occupancy, occupancy)


def test_one_cell_is_a_cube() -> None:
    mesh = mesh_blocks(VoxelGrid(np.ones((1, 1, 1), np.float32), Box((0, 0, 0), (1, 2, 3))))
    assert (len(mesh.vertices), len(mesh.faces)) == (8, 12)
    assert mesh.volume == pytest.approx(6.0)
    assert mesh.area == pytest.approx(22.0)
    np.testing.assert_array_equal(mesh.bounds.minimum, 0.0)
    np.testing.assert_array_equal(mesh.bounds.maximum, [1, 2, 3])


def test_a_block_without_touching_has_its_walls_where_cells_end() -> None:
    mesh = mesh_blocks(grid_of(list(itertools.product((1, 2), (0, 1), (3,))), (4, 4, 4)))
    np.testing.assert_array_equal(mesh.bounds.minimum, [-0.25, -0.5, 0.25])
    np.testing.assert_array_equal(mesh.bounds.maximum, [0.25, 0.0, 0.5])
    assert len(mesh.faces) == 2 * (4 + 4 + 8)
    assert fans(mesh) == len(mesh.vertices)


@pytest.mark.parametrize(
    ("cells", "parts", "euler"),
    [
        ([(0, 0, 0), (1, 1, 0)], 2, 4),  # an edge in common
        ([(0, 0, 0), (1, 1, 1)], 2, 4),  # a corner in common
        ([(0, 0, 0), (1, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1)], 1, 2),  # an edge, and a bridge above it
        # An edge between two bridges: the edge itself would belong to four faces, and it closes a ring.
        ([(0, 0, 1), (1, 1, 1), *itertools.product((0, 1), (0, 1), (0, 2))], 1, 0),
        # All cells but two in opposite corners: their hollows meet in the middle.
        ([cell for cell in itertools.product((0, 1), repeat=3) if sum(cell) not in (0, 3)], 1, 2),
    ],
)
def test_cells_that_touch_in_an_edge_or_a_corner(cells: list[tuple[int, int, int]], parts: int, euler: int) -> None:
    grid = grid_of(cells, (2, 2, 3))
    for retreat in (RETREAT, 0.0):
        mesh = mesh_blocks(grid, retreat=retreat)
        other = judged(mesh, merged=retreat > 0.0)
        assert other.body_count == parts
        assert other.euler_number == euler
        assert fans(mesh) == len(mesh.vertices)
    assert mesh.volume == pytest.approx(len(cells) / 12)


@pytest.mark.slow
def test_every_neighbourhood_of_a_corner_stays_embedded() -> None:
    rng = np.random.default_rng(0)
    for number in range(1, 256):
        occupancy = np.array([number >> bit & 1 for bit in range(8)], np.float32).reshape(2, 2, 2)
        mesh = mesh_blocks(VoxelGrid(occupancy))
        assert fans(mesh) == len(mesh.vertices)
        # Twice around a point would be two walls that pass through each other.
        close = winding_numbers(mesh, rng.uniform(-0.06, 0.06, (40, 3)))
        np.testing.assert_allclose(close, np.round(close), atol=1e-9)
        assert set(np.round(close)) <= {0.0, 1.0}
        away = rng.uniform(RETREAT / 2 + 1e-3, 0.5 - RETREAT / 2 - 1e-3, (10, 3)) * rng.choice([-1, 1], (10, 3))
        inside = occupancy[tuple((away > 0).astype(int).T)]
        np.testing.assert_allclose(winding_numbers(mesh, away), inside, atol=1e-9)


@pytest.mark.slow
def test_every_neighbourhood_of_a_crowded_edge_stays_embedded() -> None:
    rng = np.random.default_rng(0)
    for number in range(256):
        occupancy = np.zeros((2, 2, 3), np.float32)
        occupancy[0, 0, 1] = occupancy[1, 1, 1] = 1.0
        occupancy[:, :, 0::2] = np.array([number >> bit & 1 for bit in range(8)]).reshape(2, 2, 2)
        mesh = mesh_blocks(VoxelGrid(occupancy))
        assert fans(mesh) == len(mesh.vertices)
        close = winding_numbers(mesh, rng.uniform((-0.06, -0.06, -0.25), (0.06, 0.06, 0.25), (40, 3)))
        np.testing.assert_allclose(close, np.round(close), atol=1e-9)
        assert set(np.round(close)) <= {0.0, 1.0}


def test_a_soft_grid_is_full_above_the_threshold() -> None:
    grid = VoxelGrid(np.linspace(0.0, 1.0, 5, dtype=np.float32).reshape(5, 1, 1))
    assert mesh_blocks(grid).volume == pytest.approx(2 / 5)
    assert mesh_blocks(grid, threshold=0.25).volume == pytest.approx(3 / 5)
    assert mesh_blocks(grid, threshold=0.0).volume == pytest.approx(4 / 5)


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="empty"):
        mesh_blocks(VoxelGrid(np.zeros((2, 2, 2), np.float32)))
    with pytest.raises(ValueError, match="threshold"):
        mesh_blocks(VoxelGrid(np.ones((2, 2, 2), np.float32)), threshold=1.0)
    with pytest.raises(ValueError, match="retreat"):
        mesh_blocks(VoxelGrid(np.ones((2, 2, 2), np.float32)), retreat=0.5)


def test_crumbs_go_and_chains_of_corners_stay() -> None:
    chain = [(i, i, i) for i in range(6)]
    grid = grid_of([*chain, (0, 5, 0)], (6, 6, 6))
    kept = without_small_components(grid, minimum_share=0.2)
    np.testing.assert_array_equal(np.argwhere(kept.occupancy), chain)
    np.testing.assert_array_equal(without_small_components(grid, minimum_share=1 / 6).occupancy, grid.occupancy)
    assert not without_small_components(VoxelGrid(np.zeros((2, 2, 2), np.float32))).occupancy.any()
