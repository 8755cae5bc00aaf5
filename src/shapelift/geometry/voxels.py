"""Voxel grids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shapelift.geometry.arrays import frozen
from shapelift.geometry.boxes import UNIT_BOX, Box


@dataclass(frozen=True, eq=False)
class VoxelGrid:
    """Occupancy of the cells of a box.

    Attributes:
        occupancy: `x y z` float32 in [0, 1], one value per cell; 1 is full.
        box: The box that the cells fill, in the frame of the prediction.
    """

    occupancy: npt.NDArray[np.float32]
    box: Box = UNIT_BOX

    def __post_init__(self) -> None:
        occupancy = frozen("occupancy", self.occupancy, np.float32, (None, None, None))
        if min(occupancy.shape) < 1:
            raise ValueError(f"a voxel grid needs a cell on every axis, got {occupancy.shape}")
        if occupancy.min() < 0.0 or occupancy.max() > 1.0:
            raise ValueError(f"occupancy lies in [0, 1], got {occupancy.min()} to {occupancy.max()}")
        object.__setattr__(self, "occupancy", occupancy)

    @property
    def cell_size(self) -> npt.NDArray[np.float64]:
        """Side lengths of one cell `3`."""
        return np.asarray(self.box.size / np.array(self.occupancy.shape))

    @property
    def centers(self) -> npt.NDArray[np.float32]:
        """Cell centres `x y z 3`."""
        axes = [
            low + (np.arange(count) + 0.5) * step
            for low, count, step in zip(self.box.minimum, self.occupancy.shape, self.cell_size, strict=True)
        ]
        return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).astype(np.float32)

    def read(self, points: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """Occupancy `n` at points `n 3`: linear between cell centres, constant in the outer half cell, 0 outside."""
        from scipy.ndimage import map_coordinates  # most who need a grid do not need this

        index = (points - np.asarray(self.box.minimum)) / self.cell_size - 0.5
        values = map_coordinates(self.occupancy, index.T, order=1, mode="nearest")
        return np.asarray(np.where(self.box.contains(points), values, 0.0), np.float32)
