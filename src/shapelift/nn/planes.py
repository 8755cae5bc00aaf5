"""Feature planes: a field as three small images that a tiny network reads (after Chan et al. 2022, EG3D).

The planes are xy (seen from the front), xz (from above) and zy (from the side). Plane columns and rows run over
[-0.5, 0.5]; rows run downwards like image rows, so the xy plane lies over an image taken from the front.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from shapelift.nn.doubling import DoublingStep
from shapelift.ops.plane_samples import plane_samples

PLANES = 3
COLUMN_AXES, ROW_AXES = (0, 0, 2), (1, 2, 1)
"""Axis of the points along the columns and the rows of each plane."""
CORNERS = 4 * PLANES
"""Pixels that a point is read from."""


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
        self.steps = nn.ModuleList(DoublingStep(a, b) for a, b in itertools.pairwise(widths))
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
            x = self._merge(step(x), maps)
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
        """Logits `b n` of points in [-0.5, 0.5]^3; outside, the border of the planes is continued.

        The first layer is linear, so it comes before the look-ups: see `plane_samples`.
        """
        *of_planes, of_points = torch.split(self.first.weight, [planes.shape[2]] * PLANES + [3], dim=1)
        shown = [
            nn.functional.conv2d(plane, weight[..., None, None])
            for plane, weight in zip(planes.unbind(1), of_planes, strict=True)
        ]
        down = points.new_tensor([1.0, -1.0])
        places = [points[..., [column, row]] * down for column, row in zip(COLUMN_AXES, ROW_AXES, strict=True)]
        x = plane_samples(shown, places)
        x = x + nn.functional.linear(points.flatten(0, 1), of_points, self.first.bias)
        return self._logits(x).reshape(points.shape[:2])

    def projected(self, planes: Float[Tensor, "b 3 c r r"]) -> Float[Tensor, "b 3 s s h"]:
        """Planes that have been through the first layer already: how exported models hand them to their decoder.

        The first layer is linear, and so is a bilinear look-up in what it reads: it may as well be applied to the
        pixels once instead of to every point. Its bias and its share of the coordinates go into the pixels too, since
        bilinear interpolation reproduces linear functions. For them the border is repeated once around every plane:
        in that outermost ring of cells the features stay as they are, and the coordinates go on.

        Returns:
            Planes with the hidden units last and `s = r + 2`. Their rows and columns run along +x, +y and +z.
        """
        channels = PLANES * planes.shape[2]
        of_planes, of_points = torch.split(self.first.weight.T, [channels, 3])
        return projected_planes(planes, of_planes, of_points, self.first.bias)

    def forward_projected(
        self, projected: Float[Tensor, "b 3 s s h"], points: Float[Tensor, "b n 3"]
    ) -> Float[Tensor, "b n"]:
        """The logits of `forward` from `projected` planes: a weighted sum of twelve pixels, then the other layers."""
        index, weights = plane_corners(points, projected.shape[2])
        pixels = projected.flatten(0, 3).index_select(0, index.flatten()).reshape(-1, CORNERS, projected.shape[4])
        # A runtime does this product of a row with a small matrix faster than a multiplication and a sum.
        x = (weights[:, None] @ pixels).squeeze(1)
        return self._logits(x).reshape(points.shape[:2])

    def _logits(self, x: Tensor) -> Tensor:
        x = nn.functional.relu(self.second(nn.functional.relu(x)))
        logits: Tensor = self.last(x).squeeze(-1)
        return logits

    @staticmethod
    def multiply_adds(channels: int, hidden: int) -> int:
        """Multiply-adds per point of `forward`, look-ups included; `forward_projected` saves the first layer's."""
        return 4 * PLANES * channels + (PLANES * channels + 3) * hidden + hidden * hidden + hidden


def projected_planes(
    planes: Float[Tensor, "b 3 c r r"],
    of_planes: Float[Tensor, "e h"],
    of_points: Float[Tensor, "3 h"],
    bias: Float[Tensor, " h"],
) -> Float[Tensor, "b 3 s s h"]:
    """Planes after a linear layer: the result of `PlaneDecoder.projected`, of which see.

    Args:
        planes: As they were made.
        of_planes: The layer's weights of what is looked up, plane by plane, `e = 3 c`.
        of_points: Its weights of the coordinates.
        bias: Its bias.
    """
    channels, side = planes.shape[2], planes.shape[3]
    padded = nn.functional.pad(planes.flip(3).flatten(0, 1), (1, 1, 1, 1), mode="replicate")
    pixels = padded.reshape(-1, PLANES, channels, (side + 2) ** 2).transpose(2, 3)
    values = pixels @ of_planes.reshape(PLANES, channels, -1)
    center = (torch.arange(side + 2, dtype=planes.dtype, device=planes.device) - 0.5) / side - 0.5
    # Every axis runs along two planes, which share its term.
    ramp = center[:, None] * of_points[:, None] / 2.0
    across, down = ramp[list(COLUMN_AXES)], ramp[list(ROW_AXES)] + bias / PLANES
    result: Tensor = values.reshape(-1, PLANES, side + 2, side + 2, values.shape[3]) + across[:, None]
    return result + down[:, :, None]


def plane_corners(points: Float[Tensor, "b n 3"], side: int) -> tuple[Int64[Tensor, "m 12"], Float[Tensor, "m 12"]]:
    """The pixels around every point in `PlaneDecoder.projected` planes, and their bilinear weights.

    Few operations on matrices of twelve columns: in a runtime each operation costs more than its arithmetic.

    Args:
        points: Points; beyond the outermost pixel centres the planes are continued linearly.
        side: Pixels along a side of a plane, the repeated border included.

    Returns:
        For the `m = b n` points: indices into all pixels of all planes of the batch, and weights, plane by plane.
    """
    right, lower = points.new_tensor([[0, 1, 0, 1], [0, 0, 1, 1]]).repeat(1, PLANES)
    axes = torch.eye(3).to(points)
    across, down = (axes[:, list(chosen)].repeat_interleave(4, 1) for chosen in (COLUMN_AXES, ROW_AXES))
    plane = torch.arange(PLANES).to(points).repeat_interleave(4)

    # The first pixel centre lies half a pixel outside the cube.
    position = points.flatten(0, 1) * (side - 2) + (side - 1) / 2.0
    cell = position.floor().clamp(0, side - 2)
    fraction = position - cell
    weights = torch.addmm(1 - right, fraction, across * (2 * right - 1))
    weights = weights * torch.addmm(1 - lower, fraction, down * (2 * lower - 1))
    # Whole numbers far below 2^24, so exact in single precision; the batch, which has no bound, is added after.
    index = torch.addmm(plane * side**2 + right + side * lower, cell, across + side * down).long()
    item = torch.arange(points.shape[0], device=points.device)[:, None, None] * (PLANES * side**2)
    return (index.reshape(*points.shape[:2], CORNERS) + item).flatten(0, 1), weights
