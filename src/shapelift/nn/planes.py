"""Feature planes: a field as three small images that a tiny network reads (after Chan et al. 2022, EG3D).

The planes are xy (seen from the front), xz (from above) and zy (from the side). Plane columns and rows run over
[-0.5, 0.5]; rows run downwards like image rows, so the xy plane lies over an image taken from the front.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

PLANES = 3


class PlaneGenerator(nn.Module):
    """Code (and optionally the encoder's feature maps) -> three feature planes.

    A dense layer makes three 4x4 maps; one up-convolution tower, shared by the planes, doubles them up to
    `resolution`. With `skip_widths`, feature maps of the same resolution are added on the way, each through its own
    1x1 convolution per plane: as they are for xy, averaged over rows for xz and over columns for zy, because those
    planes share only one axis with the image.

    Args:
        code_size: Length of the code.
        channels: Channels of the planes.
        widths: Channels of the tower at 4, 8, 16, ... px; its length sets the resolution, 4 * 2^(len - 1).
        skip_widths: Resolution -> channels of the feature maps to merge.
    """

    def __init__(
        self, *, code_size: int, channels: int, widths: Sequence[int], skip_widths: dict[int, int] | None = None
    ) -> None:
        super().__init__()
        self.seed_shape = (PLANES, widths[0], 4, 4)
        self.seed = nn.Linear(code_size, PLANES * widths[0] * 16)
        self.steps = nn.ModuleList(_step(a, b) for a, b in itertools.pairwise(widths))
        self.resolution = 4 * 2 ** (len(widths) - 1)
        self.channels = channels
        self.skips = nn.ModuleDict(
            {
                str(4 * 2**index): nn.ModuleList(nn.Conv2d(skip_widths[4 * 2**index], width, 1) for _ in range(PLANES))
                for index, width in enumerate(widths)
                if skip_widths and 4 * 2**index in skip_widths
            }
        )
        self.head = nn.Conv2d(widths[-1], channels, 3, 1, 1)

    def forward(self, code: Float[Tensor, "b d"], pyramid: Sequence[Tensor]) -> Float[Tensor, "b 3 c r r"]:
        """Code `b d` and feature maps -> planes `b 3 channels r r`."""
        maps = {int(feature.shape[-1]): feature for feature in pyramid}
        # Plane-major along the batch axis: each plane is then a contiguous block.
        seed = self.seed(code).reshape(-1, *self.seed_shape).transpose(0, 1).flatten(0, 1)
        x = self._merge(seed.contiguous(memory_format=torch.channels_last), maps)
        for step in self.steps:
            x = self._merge(step(nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")), maps)
        planes: Tensor = self.head(x)
        shape = (PLANES, -1, self.channels, self.resolution, self.resolution)
        return planes.reshape(shape).transpose(0, 1)

    def _merge(self, x: Tensor, maps: dict[int, Tensor]) -> Tensor:
        name = str(x.shape[-1])
        if name in self.skips:
            feature = maps[int(name)]
            branches: Any = self.skips[name]
            views = (feature, feature.mean(2, keepdim=True), feature.mean(3, keepdim=True))
            size = feature.shape[0]
            for index, (branch, view) in enumerate(zip(branches, views, strict=True)):
                x[index * size : (index + 1) * size].add_(branch(view))
        return nn.functional.relu_(x)


def _step(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs))


class PlaneDecoder(nn.Module):
    """Three planes and a point -> logit: bilinear look-ups, side by side, then a small network.

    Args:
        channels: Channels of the planes.
        hidden: Units of the two hidden layers.
    """

    def __init__(self, *, channels: int, hidden: int) -> None:
        super().__init__()
        self.first = nn.Linear(PLANES * channels + 3, hidden)
        self.second = nn.Linear(hidden, hidden)
        self.last = nn.Linear(hidden, 1)

    def forward(self, planes: Float[Tensor, "b 3 c r r"], points: Float[Tensor, "b n 3"]) -> Float[Tensor, "b n"]:
        """Logits `b n` of points in [-0.5, 0.5]^3; outside, the border of the planes is continued."""
        count, channels = points.shape[1], planes.shape[2]
        sampled = sample_planes(planes, points)
        features = sampled.reshape(-1, PLANES * channels, count).transpose(1, 2)
        return self._logits(self.first(torch.cat([features, points.to(features.dtype)], dim=2)))

    def forward_rows(self, rows: Float[Tensor, "b 3 r r c"], points: Float[Tensor, "b n 3"]) -> Float[Tensor, "b n"]:
        """The same logits from planes with the channels last: how exported models read them, several times faster."""
        sampled = sample_rows(rows, points)
        channels = rows.shape[4]
        weight = self.first.weight
        x = nn.functional.linear(points, weight[:, PLANES * channels :], self.first.bias)
        for plane in range(PLANES):
            # One product per plane: the samples never need to be laid out anew.
            part = weight[:, plane * channels : (plane + 1) * channels]
            x = x + nn.functional.linear(sampled[:, plane], part)
        return self._logits(x)

    def _logits(self, x: Tensor) -> Tensor:
        x = nn.functional.relu(self.second(nn.functional.relu(x)))
        logits: Tensor = self.last(x)[..., 0]
        return logits

    @staticmethod
    def multiply_adds(channels: int, hidden: int) -> int:
        """Multiply-adds per point, look-ups included."""
        return 4 * PLANES * channels + (PLANES * channels + 3) * hidden + hidden * hidden + hidden


def sample_planes(planes: Float[Tensor, "b 3 c r r"], points: Float[Tensor, "b n 3"]) -> Float[Tensor, "b 3 c n"]:
    """Bilinear values of the planes under every point; pixel centres lie half a cell inside the border."""
    x, y, z = points.unbind(2)
    grid = torch.stack([torch.stack([x, -y], 2), torch.stack([x, -z], 2), torch.stack([z, -y], 2)], dim=1) * 2.0
    values = nn.functional.grid_sample(
        # Single precision: in bfloat16 a coordinate would be off by up to 0.2 % of the object's side.
        planes.flatten(0, 1).to(points.dtype),
        grid.flatten(0, 1)[:, None],
        mode="bilinear",
        padding_mode="border",
        align_corners=False,
    )
    return values.reshape(planes.shape[0], PLANES, planes.shape[2], points.shape[1])


def sample_rows(rows: Float[Tensor, "b 3 r r c"], points: Float[Tensor, "b n 3"]) -> Float[Tensor, "b 3 n c"]:
    """`sample_planes` written as four look-ups of whole rows of channels, for planes with the channels last.

    Runtimes copy a row of channels at once, where their sampling operator walks every channel by itself.
    """
    batch, planes, side, _, channels = rows.shape
    table = rows.reshape(-1, channels)
    x, y, z = points.unbind(2)
    column = ((torch.stack([x, x, z], dim=1) + 0.5) * side - 0.5).clamp(0, side - 1)
    row = ((torch.stack([-y, -z, -y], dim=1) + 0.5) * side - 0.5).clamp(0, side - 1)
    left, top = column.floor().clamp(max=side - 2), row.floor().clamp(max=side - 2)
    across, down = (column - left)[..., None], (row - top)[..., None]
    first = torch.arange(batch * planes, device=rows.device).reshape(batch, planes, 1) * (side * side)
    index = first + (top * side + left).long()
    upper = torch.lerp(table[index], table[index + 1], across)
    lower = torch.lerp(table[index + side], table[index + side + 1], across)
    return torch.lerp(upper, lower, down)
