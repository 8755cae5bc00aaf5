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

    @classmethod
    def from_points(cls, points: npt.ArrayLike, mask_logits: npt.ArrayLike, cameras: tuple[Camera, ...]) -> ViewMaps:
        """The maps that fusion made points of, by projecting them again.

        Args:
            points: `n 3`, world, one for every pixel of every view, in the order (view, row, column).
            mask_logits: `n`, in the same order.
            cameras: Those of the views, all with images of one size.

        Raises:
            ValueError: no cameras, images of several sizes, or another number of points than of pixels.
        """
        sizes = {camera.image_size_px for camera in cameras}
        if len(sizes) != 1:
            raise ValueError(f"views of one size are needed, got {len(cameras)} cameras of sizes {sorted(sizes)}")
        ((width, height),) = sizes
        shape = (len(cameras), height, width)
        placed, logits = np.asarray(points, np.float64), np.asarray(mask_logits, np.float32)
        if placed.shape != (np.prod(shape), 3) or logits.shape != placed.shape[:1]:
            raise ValueError(
                f"{len(cameras)} views of {width} x {height} px need {np.prod(shape)} points and mask logits, "
                f"got shapes {placed.shape} and {logits.shape}"
            )
        seen = [camera.project(part) for camera, part in zip(cameras, np.split(placed, len(cameras)), strict=True)]
        xyz = np.stack([np.column_stack([pixels, depth]) for pixels, depth in seen])
        return cls(xyz.reshape(*shape, 3).astype(np.float32), logits.reshape(shape), cameras)

    @classmethod
    def from_depth(cls, depth: npt.ArrayLike, cameras: tuple[Camera, ...], logit: float = 3.0) -> ViewMaps:
        """The maps of a network without error: every pixel's own place, and the true depth there.

        Args:
            depth: `k h w`, world units along the optical axis, 0 where nothing is seen.
            cameras: k cameras.
            logit: Of the mask where something is seen; the opposite elsewhere.
        """
        values = np.asarray(depth, np.float32)
        rows, columns = np.indices(values.shape[1:], np.float32) + np.float32(0.5)
        place = np.broadcast_to(np.stack([columns, rows], axis=-1), (*values.shape, 2))
        # A pixel without a surface has a depth all the same: that of the centre of the world.
        filled = np.where(values > 0.0, values, np.float32(1.0))
        xyz = np.concatenate([place, filled[..., None]], axis=-1)
        return cls(xyz, np.where(values > 0.0, np.float32(logit), np.float32(-logit)), cameras)

    @property
    def seen(self) -> npt.NDArray[np.bool_]:
        """Which pixels see the object, `k h w`."""
        return self.mask_logits > 0.0

    @property
    def deviation(self) -> npt.NDArray[np.float32]:
        """How far the column and row of every pixel lie from its centre, `k h w 2` [px]."""
        rows, columns = np.indices(self.seen.shape[1:], np.float32) + np.float32(0.5)
        return np.asarray(self.xyz[..., :2] - np.stack([columns, rows], axis=-1), np.float32)
