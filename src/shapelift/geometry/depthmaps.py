"""Depth maps seen by known cameras."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shapelift.geometry.arrays import frozen
from shapelift.geometry.cameras import Camera


@dataclass(frozen=True, eq=False)
class DepthMaps:
    """The visible surface from k cameras.

    Attributes:
        depth: `k h w` float32, z along the optical axis in world units (not the length of the ray).
        mask: `k h w` bool, where `depth` holds.
        cameras: k cameras whose image size is (w, h).
        normals: `k h w 3` float32 unit vectors in the world frame, or None.
    """

    depth: npt.NDArray[np.float32]
    mask: npt.NDArray[np.bool_]
    cameras: tuple[Camera, ...]
    normals: npt.NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        depth = frozen("depth", self.depth, np.float32, (len(self.cameras), None, None))
        object.__setattr__(self, "depth", depth)
        object.__setattr__(self, "mask", frozen("mask", self.mask, np.bool_, depth.shape))
        if self.normals is not None:
            object.__setattr__(self, "normals", frozen("normals", self.normals, np.float32, (*depth.shape, 3)))
        check_image_sizes(self.cameras, depth.shape[1:])


def check_image_sizes(cameras: tuple[Camera, ...], image_shape: tuple[int, ...]) -> None:
    """Check that all cameras see images of the size of maps `h w`.

    Raises:
        ValueError: they are not.
    """
    for camera in cameras:
        if camera.image_size_px != (image_shape[1], image_shape[0]):
            raise ValueError(f"a camera sees {camera.image_size_px} pixels, the maps have {image_shape[::-1]}")
