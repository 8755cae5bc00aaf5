"""Predicted coordinate maps at fixed viewpoints (Lin, Kong, Lucey 2018)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shapelift.geometry.arrays import frozen
from shapelift.geometry.cameras import Camera
from shapelift.geometry.depthmaps import check_image_sizes


@dataclass(frozen=True, eq=False)
class ViewMaps:
    """Per-pixel coordinates and masks at k viewpoints.

    Attributes:
        xyz: `k h w 3` float32: column [px], row [px] and depth [world units] of the point of every pixel.
        mask_logits: `k h w` float32, positive where a pixel sees the object.
        cameras: k cameras whose image size is (w, h).
    """

    xyz: npt.NDArray[np.float32]
    mask_logits: npt.NDArray[np.float32]
    cameras: tuple[Camera, ...]

    def __post_init__(self) -> None:
        xyz = frozen("xyz", self.xyz, np.float32, (len(self.cameras), None, None, 3))
        object.__setattr__(self, "xyz", xyz)
        object.__setattr__(self, "mask_logits", frozen("mask_logits", self.mask_logits, np.float32, xyz.shape[:3]))
        check_image_sizes(self.cameras, xyz.shape[1:3])
