"""The frame of a picture: coordinates in which a camera's rays are parallel and its pixel grid is the front plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shapelift.geometry.boxes import Box
from shapelift.geometry.cameras import Camera

_NEAREST = 0.05
"""Points nearer to the camera than this share of the depth of the frame's origin are outside of its box: however wide
the lens is, nothing in the box lies behind the camera."""


@dataclass(frozen=True, eq=False)
class PictureFrame:
    """Image coordinates of a square window, and depth in the same unit: the side of the window.

    A point with camera coordinates (x, y, z) and pixel (column, row) has
    `u = column / side - 1/2` (right), `v = 1/2 - row / side` (up) and
    `w = (z - origin_depth) * focal / (origin_depth * side)` (away from the camera).
    The frame is left-handed, and to first order around the origin a similarity: the same length gives the same number
    along all three axes.

    Attributes:
        camera: Perspective, with a square image, the window.
        origin_depth: Depth at which w is 0, in units of the camera's world, positive.
    """

    camera: Camera
    origin_depth: float

    def __post_init__(self) -> None:
        if self.camera.projection != "perspective":
            raise ValueError("the frame of a picture needs a perspective camera")
        width, height = self.camera.image_size_px
        if width != height:
            raise ValueError(f"the window of a picture is square, got {width} x {height} px")
        if not (np.isfinite(self.origin_depth) and self.origin_depth > 0.0):
            raise ValueError(f"origin_depth must be positive, got {self.origin_depth}")

    @classmethod
    def around_origin(cls, camera: Camera) -> PictureFrame:
        """The frame in which w is 0 at the depth of the world's origin.

        Raises:
            ValueError: an origin behind the camera, or a camera of another kind (see the class).
        """
        return cls(camera, float(camera.camera_from_world[2, 3]))

    @property
    def depth_unit(self) -> float:
        """World units of depth per unit of w."""
        focal = (self.camera.intrinsics[0, 0] + self.camera.intrinsics[1, 1]) / 2.0
        return float(self.origin_depth * self.camera.image_size_px[0] / focal)

    @property
    def box(self) -> Box:
        """The window, and w from -1 to 1, cut off before the camera (see `_NEAREST`)."""
        nearest = (_NEAREST - 1.0) * self.origin_depth / self.depth_unit
        return Box((-0.5, -0.5, max(-1.0, nearest)), (0.5, 0.5, 1.0))

    def from_world(self, points: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """World points `n 3` to picture coordinates `n 3`; at or behind the camera w is minus infinity."""
        points = np.asarray(points, np.float64)
        pixels, depth = self.camera.project(points)
        before = depth > 0.0
        side = self.camera.image_size_px[0]
        result = np.empty(points.shape)
        result[..., 0] = np.where(before, pixels[..., 0] / side - 0.5, 0.0)
        result[..., 1] = np.where(before, 0.5 - pixels[..., 1] / side, 0.0)
        result[..., 2] = np.where(before, (depth - self.origin_depth) / self.depth_unit, -np.inf)
        return result

    def to_world(self, points: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Picture coordinates `n 3` to world points `n 3`: the inverse of `from_world` before the camera."""
        points = np.asarray(points, np.float64)
        side = self.camera.image_size_px[0]
        pixels = np.stack([(points[..., 0] + 0.5) * side, (0.5 - points[..., 1]) * side], axis=-1)
        return self.camera.unproject(pixels, self.origin_depth + points[..., 2] * self.depth_unit)
