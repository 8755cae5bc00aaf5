"""A map doubled and then convolved, in one step."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn


def doubled_convolution(x: Float[Tensor, "b i h w"], convolution: nn.Conv2d) -> Float[Tensor, "b o h2 w2"]:
    """`convolution` (3x3, padding 1, no bias) of a map that is first doubled by repeating every pixel.

    Repeating pixels is a transposed convolution of stride 2 with a 2x2 kernel of ones. With the 3x3 kernel after it, it
    is one of 4x4: 16 products for four pixels instead of 36, and no doubled map is kept.

    Args:
        x: The map.
        convolution: The layer; its weight is what is learned.
    """
    turned = convolution.weight.flip(2, 3).transpose(0, 1)
    rows = nn.functional.pad(turned, (0, 0, 0, 1)) + nn.functional.pad(turned, (0, 0, 1, 0))
    kernel = nn.functional.pad(rows, (0, 1)) + nn.functional.pad(rows, (1, 0))
    # The layout of the kernel is that of the answer.
    kernel = kernel.contiguous(memory_format=torch.channels_last)
    return nn.functional.conv_transpose2d(x, kernel, stride=2, padding=1)


class DoublingStep(nn.Sequential):
    """A map doubled by repeating every pixel, a 3x3 convolution and batch normalisation.

    In training on a processor the first two are one (`doubled_convolution`); exported, and elsewhere, they are two.

    Args:
        inputs: Channels in.
        outputs: Channels out.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Float[Tensor, "b i h w"]) -> Float[Tensor, "b o h2 w2"]:
        """`b inputs h w` -> `b outputs 2h 2w`."""
        convolution = self[0]
        if self.training and x.device.type == "cpu" and isinstance(convolution, nn.Conv2d):
            return self._normed(doubled_convolution(x, convolution))
        return self._normed(convolution(nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")))

    def _normed(self, x: Tensor) -> Tensor:
        y: Tensor = self[1](x)
        return y
