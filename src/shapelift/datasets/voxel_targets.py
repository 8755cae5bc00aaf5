"""Cells of the unit cube as a batch field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from shapelift.datasets.targets import Arrays, ShapeView, Target

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

    def read(self, name: str, sample: ShapeView, rng: np.random.Generator) -> Arrays:
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
    labels: npt.NDArray[np.bool_], sample: ShapeView, frame: Literal["object", "view"], places: int
) -> npt.NDArray[np.bool_]:
    """Labels `p p p` at evenly spaced places of the unit cube of a frame, False outside of the tight box.

    Frames differ by a turn about +Y, a scale and a shift. So the place of a column in the record's grid depends on x
    and z alone, and the height within the column on y alone: most of the work is done once per column.
    """
    low, high = sample.record.field("bounds").astype(np.float64)
    object_from_frame = np.linalg.inv(sample.frame_from_object(frame))
    shape = np.array(labels.shape)
    scale = shape / np.maximum(high - low, 1e-12)
    matrix = object_from_frame[:3, :3] * scale[:, None]
    offset = (object_from_frame[:3, 3] - low) * scale
    if max(np.abs(matrix[1, [0, 2]]).max(), np.abs(matrix[[0, 2], 1]).max()) > 1e-6 * np.abs(matrix).max():
        raise ValueError(f"frame {frame!r} is tilted against the object's; only a turn about +Y is looked up")
    ramp = (np.arange(places) + 0.5) / places - 0.5
    x, z = (np.floor(matrix[axis, 0] * ramp[:, None] + matrix[axis, 2] * ramp + offset[axis]) for axis in (0, 2))
    y = np.floor(matrix[1, 1] * ramp + offset[1])
    within = (x >= 0) & (x < shape[0]) & (z >= 0) & (z < shape[2])
    between = np.flatnonzero((y >= 0) & (y < shape[1]))
    found = np.zeros((places, places, places), np.bool_)
    if len(between):
        columns = labels.transpose(0, 2, 1)[x[within].astype(np.intp), z[within].astype(np.intp)]
        heights = found[:, :, between[0] : between[-1] + 1]
        heights[within] = columns[:, y[between].astype(np.intp)]
    return found.transpose(0, 2, 1)
