"""From feature maps back to an image: one value, or several, for every pixel."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from shapelift.nn.convolutions import ConvBlock


class PixelDecoder(nn.Module):
    """The way up of a U-Net (Ronneberger, Fischer and Brox 2015): feature maps, coarse to fine, and the image.

    It starts with the coarsest map and doubles its resolution step by step; at every step the map of the encoder at
    that resolution joins, and beyond the finest of them the image, shrunk to size, which knows where edges are. The
    last layer runs in single precision under autocast too: normals are differences of neighbouring depths, which half
    precision would round away.

    Args:
        image_channels: Channels of the image.
        resolutions: Sides of the encoder's feature maps, fine to coarse, each half of the one before.
        inputs: Their channels.
        widths: Channels of the steps, coarse to fine; their number says how large the result is.
        outputs: Values per pixel.
    """

    def __init__(
        self,
        *,
        image_channels: int,
        resolutions: Sequence[int],
        inputs: Sequence[int],
        widths: Sequence[int],
        outputs: int,
    ) -> None:
        super().__init__()
        if not widths:
            raise ValueError("the decoder needs at least one step")
        if any(fine != 2 * coarse for fine, coarse in itertools.pairwise(resolutions)):
            raise ValueError(f"every map must be half as large as the one before, got {tuple(resolutions)}")
        self.size = resolutions[-1] * 2 ** len(widths)
        known = dict(zip(resolutions, inputs, strict=True))
        steps, channels = [], inputs[-1]
        for index, width in enumerate(widths):
            joining = known.get(resolutions[-1] * 2 ** (index + 1), image_channels)
            steps.append(ConvBlock(channels + joining, width))
            channels = width
        self.steps = nn.ModuleList(steps)
        self.last = nn.Conv2d(channels, outputs, 3, 1, 1)

    def forward(self, image: Float[Tensor, "b c h h"], pyramid: Sequence[Tensor]) -> Float[Tensor, "b o s s"]:
        """Image and feature maps, fine to coarse -> `outputs` values of `size` x `size` pixels, float32 at least."""
        maps = {int(feature.shape[-1]): feature for feature in pyramid}
        x = pyramid[-1]
        for step in self.steps:
            x = nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")
            side = int(x.shape[-1])
            joining = maps[side] if side in maps else _resized(image, side)
            x = step(torch.cat([x, joining.to(x.dtype)], dim=1))
        with torch.autocast(x.device.type, enabled=False):
            values: Tensor = self.last(x.to(torch.promote_types(x.dtype, torch.float32)))
        return values


def _resized(image: Tensor, side: int) -> Tensor:
    factor = image.shape[-1] // side
    if factor * side != image.shape[-1]:
        return nn.functional.interpolate(image, size=(side, side), mode="bilinear", align_corners=False)
    return image if factor == 1 else nn.functional.avg_pool2d(image, factor)
