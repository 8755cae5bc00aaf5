"""Cameras as tensors. Axes and pixels as in `shapelift.geometry.cameras`: OpenCV axes, pixel centres at +0.5."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from shapelift.geometry.cameras import Camera


@dataclass(frozen=True, eq=False)
class Cameras:
    """Some cameras of one projection, with leading axes `*s`: `k` (shared by a batch) or `b k`.

    Attributes:
        intrinsics: `*s 3 3` in pixels, upper triangular, last row (0, 0, 1).
        camera_from_world: `*s 4 4` rigid transforms.
        orthographic: Whether pixel = K (x, y, 1); otherwise pixel = K (x/z, y/z, 1).
    """

    intrinsics: Float[Tensor, "*s 3 3"]
    camera_from_world: Float[Tensor, "*s 4 4"]
    orthographic: bool

    @classmethod
    def from_values(cls, values: Sequence[Camera], dtype: torch.dtype = torch.float32) -> Cameras:
        """Cameras of shape `k` on the CPU.

        Raises:
            ValueError: no cameras, or cameras of both projections.
        """
        projections = {value.projection for value in values}
        if len(projections) != 1:
            raise ValueError(f"cameras of one projection are needed, got {len(values)} of {sorted(projections)}")
        intrinsics = torch.from_numpy(np.stack([value.intrinsics for value in values]))
        matrices = torch.from_numpy(np.stack([value.camera_from_world for value in values]))
        return cls(intrinsics.to(dtype), matrices.to(dtype), projections == {"orthographic"})

    @classmethod
    def unit_orthographic(
        cls, camera_from_world: Float[Tensor, "*s 4 4"], size_px: int, extent: float = 1.0
    ) -> Cameras:
        """The cameras of `geometry.viewpoints`: orthographic, with square images.

        Args:
            camera_from_world: Where they stand.
            size_px: Side of the images.
            extent: World units to a side.
        """
        half, focal = size_px / 2.0, size_px / extent
        intrinsics = camera_from_world.new_tensor([[focal, 0.0, half], [0.0, focal, half], [0.0, 0.0, 1.0]])
        return cls(intrinsics.expand(*camera_from_world.shape[:-2], 3, 3), camera_from_world, orthographic=True)

    @property
    def shape(self) -> torch.Size:
        """The leading axes."""
        return self.intrinsics.shape[:-2]

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> Cameras:
        """The same cameras elsewhere, or in another precision."""
        intrinsics = self.intrinsics.to(device=device, dtype=dtype)
        return Cameras(intrinsics, self.camera_from_world.to(device=device, dtype=dtype), self.orthographic)

    def expand(self, batch: int) -> Cameras:
        """Cameras of shape `b k`, from shape `k` or `b k`, without a copy.

        Raises:
            ValueError: other leading axes.
        """
        if len(self.shape) not in {1, 2} or (len(self.shape) == 2 and self.shape[0] != batch):
            raise ValueError(f"cameras of shape (k) or ({batch}, k) are needed, got {tuple(self.shape)}")
        count = self.shape[-1]
        intrinsics = self.intrinsics.expand(batch, count, 3, 3)
        return Cameras(intrinsics, self.camera_from_world.expand(batch, count, 4, 4), self.orthographic)
