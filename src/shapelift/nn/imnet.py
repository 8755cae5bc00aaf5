"""The implicit decoder of IM-NET (Chen and Zhang, CVPR 2019), improved version."""

from __future__ import annotations

import itertools
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn


class ImNetDecoder(nn.Module):
    """Code and point -> value: 1024, 1024, 1024, 512, 256, 128, 1 units, leaky ReLU 0.02, no skips.

    As published: weights N(0, 0.02), biases 0, last weights N(1e-5, 0.02) with bias 0. With a code of 256 it has
    3.05 M parameters and costs as many multiply-adds a point. The first layer is linear in the code, so the code is
    projected once per shape and not once per point.

    Args:
        code_size: Length of the code.
        widths: Hidden units; the published ones by default.
    """

    slope = 0.02

    def __init__(self, *, code_size: int, widths: tuple[int, ...] = (1024, 1024, 1024, 512, 256, 128)) -> None:
        super().__init__()
        sizes = (3 + code_size, *widths, 1)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in itertools.pairwise(sizes))
        for layer in self.layers:
            weight: Any = layer.weight
            bias: Any = layer.bias
            nn.init.normal_(weight, 1e-5 if layer is self.layers[-1] else 0.0, 0.02)
            nn.init.zeros_(bias)

    def forward(self, code: Float[Tensor, "b d"], points: Float[Tensor, "b n 3"]) -> Float[Tensor, "b n"]:
        """Pre-activation value `b n` of every point; see `leaky_clip` for the published output."""
        first: Any = self.layers[0]
        x = nn.functional.linear(points, first.weight[:, :3])
        x = x + nn.functional.linear(code, first.weight[:, 3:], first.bias)[:, None]
        for layer in list(self.layers)[1:]:
            x = layer(nn.functional.leaky_relu(x, self.slope))
        return x[..., 0]


def leaky_clip(value: Tensor) -> Tensor:
    """The published output activation: clip to [0, 1] with a slope of 0.01 outside, same shape."""
    return torch.maximum(torch.minimum(value, value * 0.01 + 0.99), value * 0.01)
