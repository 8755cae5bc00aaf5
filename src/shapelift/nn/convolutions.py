"""Convolution blocks."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn


class ConvBlock(nn.Sequential):
    """3x3 convolution, batch normalisation, ReLU.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        stride: 2 halves the map.
    """

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions around an identity (He et al. 2016); 1x1 on the short cut where the shape changes.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        stride: Of the first convolution.
        slope: Negative slope of the leaky ReLU; 0 is a plain ReLU.
    """

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1, slope: float = 0.0) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.LeakyReLU(slope, inplace=True),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        self.activation = nn.LeakyReLU(slope, inplace=True)

    def forward(self, x: Float[Tensor, "b i h w"]) -> Float[Tensor, "b o h2 w2"]:
        """`b inputs h w` -> `b outputs h/stride w/stride`."""
        y: Tensor = self.activation(self.body(x) + self.shortcut(x))
        return y
