"""Point clouds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shapelift.geometry.arrays import frozen
from shapelift.geometry.rotations import transform_points


@dataclass(frozen=True, eq=False)
class PointCloud:
    """Points on a surface.

    Attributes:
        points: `n 3` float32, in the frame and unit stated where the cloud is made.
        normals: `n 3` float32 unit vectors pointing outwards, or None.
        colors: `n 3` uint8 sRGB, or None.
    """

    points: npt.NDArray[np.float32]
    normals: npt.NDArray[np.float32] | None = None
    colors: npt.NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        points = frozen("points", self.points, np.float32, (None, 3))
        object.__setattr__(self, "points", points)
        if self.normals is not None:
            object.__setattr__(self, "normals", frozen("normals", self.normals, np.float32, (len(points), 3)))
        if self.colors is not None:
            object.__setattr__(self, "colors", frozen("colors", self.colors, np.uint8, (len(points), 3)))

    def __len__(self) -> int:
        return len(self.points)

    def transformed(self, matrix: npt.ArrayLike) -> PointCloud:
        """The cloud under a similarity `4 4`; normals are turned and stay unit length."""
        matrix = np.asarray(matrix, np.float64)
        points = transform_points(matrix, self.points).astype(np.float32)
        normals = None
        if self.normals is not None:
            turned = self.normals @ np.linalg.inv(matrix[:3, :3])
            norm = np.linalg.norm(turned, axis=1, keepdims=True)
            normals = np.divide(turned, norm, out=np.zeros_like(turned), where=norm > 0).astype(np.float32)
        return PointCloud(points, normals, self.colors)
