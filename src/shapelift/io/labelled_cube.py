"""What a record knows of the unit cube around its shape: labelled points in the tight box, and nothing outside of it.

Training, validation and evaluation each draw points of the cube in their own way; where the box and the cube end, and
what is inside, is said here for all of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from shapelift.geometry.rotations import transform_points
from shapelift.io.records import RecordReader

Points = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


class LabelledCube:
    """The cube [-0.5, 0.5]^3 of one frame, as a record labels it.

    Args:
        record: The open record; the stored points are spread evenly over its tight bounding box.
        frame_from_object: `4 4` similarity from the object frame to that of the cube. The box is turned by it, and its
            corners may stick out of the cube; there is nothing of the shape out there.
    """

    def __init__(self, record: RecordReader, frame_from_object: npt.NDArray[np.float64]) -> None:
        self._record, self._frame_from_object = record, frame_from_object
        self._low, self._high = record.field("bounds").astype(np.float64)

    def __len__(self) -> int:
        """How many points are stored."""
        return self._record.shape("uniform_points")[0]

    @property
    def box_volume(self) -> float:
        """Volume of the tight box in the frame of the cube."""
        return float(np.prod(self._high - self._low) * abs(np.linalg.det(self._frame_from_object[:3, :3])))

    def stored(self, pick: npt.NDArray[np.int64] | None = None) -> tuple[Points, Mask, Mask]:
        """Stored points `n 3`, whether each is inside the shape, and whether it lies in the cube.

        Args:
            pick: Which ones, by index; None for all.
        """
        chosen: Any = slice(None) if pick is None else pick
        points = transform_points(self._frame_from_object, self._record.field("uniform_points")[chosen])
        occupancy = self._record.field("uniform_occupancy")[chosen]
        return points, np.asarray(occupancy), np.asarray((np.abs(points) <= 0.5).all(axis=1))

    def in_box(self, points: Points) -> Mask:
        """Whether points `n 3` of the frame lie in the tight box; those that do not are outside the shape."""
        local = transform_points(np.linalg.inv(self._frame_from_object), points)
        return np.asarray(((local >= self._low) & (local <= self._high)).all(axis=1))

    def uniform(self, count: int, rng: np.random.Generator) -> tuple[Points, Mask]:
        """`count` points uniform in the cube, and whether each is inside the shape: fresh around the box, stored in it.

        `datasets.targets.OccupancyPoints.draw` does the same for a whole batch where the network computes.
        """
        points = rng.uniform(-0.5, 0.5, (count, 3))
        taken = np.flatnonzero(self.in_box(points))
        occupancy = np.zeros(count, np.bool_)
        if len(taken):
            # Corners of the turned box may stick out of the cube; twice as many draws leave enough inside it.
            stored, inside, in_cube = self.stored(rng.integers(0, len(self), 2 * len(taken) + 16))
            kept = np.resize(np.flatnonzero(in_cube), len(taken))
            points[taken], occupancy[taken] = stored[kept], inside[kept]
        return points, occupancy
