"""What answers say of single points."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from shapelift.evaluation.answers import ModelShape
from shapelift.geometry import UNIT_BOX, VoxelGrid


def test_a_predicted_grid_ends_where_its_mesh_does() -> None:
    occupancy = np.zeros((4, 4, 4), np.float32)
    occupancy[:2] = 1.0
    occupancy[2] = 0.25  # the wall is two thirds of a cell beyond the last full centre: at -0.125 + 2/3 * 0.25
    answer = ModelShape(SimpleNamespace(representation=VoxelGrid(occupancy, UNIT_BOX)), 32)
    wall = -0.125 + 0.25 * 2 / 3
    points = np.array([[wall - 0.01, 0, 0], [wall + 0.01, 0, 0], [-0.51, 0, 0]], np.float32)
    assert answer.inside(points).tolist() == [True, False, False]


def test_what_is_no_grid_is_made_of_cells() -> None:
    cells = np.zeros((4, 4, 4), np.float32)
    cells[:2] = 1.0
    reconstruction = SimpleNamespace(
        representation=None, voxels=lambda resolution: VoxelGrid(cells[: resolution // 8], UNIT_BOX)
    )
    points = np.array([[-0.01, 0, 0], [0.01, 0, 0]], np.float32)
    assert ModelShape(reconstruction, 32).inside(points).tolist() == [True, False]
