"""Cells of the unit cube as a batch field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from shapelift.datasets.targets import Arrays, Sample, Target

_POINTS_PER_SIDE = 64
"""At least so many places per side of the cube are looked up, several per cell where cells are large: they are about as
dense as the labels of a record."""


@dataclass(frozen=True)
class VoxelOccupancy(Target):
    """How full every cell of the unit cube is: `<name>` `r r r` float32 in [0, 1], in the order x, y, z.

    The record holds one labelled point per cell of a grid of its own, over the tight box of the shape. Evenly spaced
    places in every cell of the cube are brought into that grid, and the cell's value is the share of them whose label
    is full. Outside of the box space is empty by definition. It draws nothing: one (shape, view) pair has one answer.

    Attributes:
        resolution: Cells per side.
        frame: Frame of the cells.
    """

    resolution: int
    frame: Literal["object", "view"]

    def read(self, name: str, sample: Sample, rng: np.random.Generator) -> Arrays:
        """Look the places up; see the class."""
        del rng
        labels = sample.record.field("uniform_occupancy").reshape(tuple(sample.record.field("grid_shape")))
        places = self.resolution * max(1, -(-_POINTS_PER_SIDE // self.resolution))
        full = _looked_up(labels, sample, self.frame, places).astype(np.float32)
        several = places // self.resolution
        cells = full.reshape((self.resolution, several) * 3).mean(axis=(1, 3, 5))
        if sample.mirrored:
            cells = cells[::-1]
        return {name: np.ascontiguousarray(cells)}


def _looked_up(
    labels: npt.NDArray[np.bool_], sample: Sample, frame: Literal["object", "view"], places: int
) -> npt.NDArray[np.bool_]:
    """Labels `p p p` at evenly spaced places of the unit cube of a frame, False outside of the tight box."""
    low, high = sample.record.field("bounds").astype(np.float64)
    object_from_frame = np.linalg.inv(sample.frame_from_object(frame))
    shape = np.array(labels.shape)
    # Position in cells of the record is linear in that of the place: three ramps per axis, added.
    scale = shape / np.maximum(high - low, 1e-12)
    matrix = object_from_frame[:3, :3] * scale[:, None]
    offset = (object_from_frame[:3, 3] - low) * scale
    ramp = (np.arange(places) + 0.5) / places - 0.5
    inside = np.ones((places,) * 3, np.bool_)
    flat = np.zeros((places,) * 3, np.int32)
    for axis in range(3):
        x, y, z = (matrix[axis, column] * ramp for column in range(3))
        position = (x[:, None, None] + y[:, None]) + (z + offset[axis])
        index = np.floor(position).astype(np.int32)
        inside &= (index >= 0) & (index < shape[axis])
        flat = flat * shape[axis] + index
    found = np.zeros((places,) * 3, np.bool_)
    found[inside] = labels.reshape(-1)[flat[inside]]
    return found
