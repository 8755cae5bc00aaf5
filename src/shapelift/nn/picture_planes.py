"""Feature planes in the frame of the picture: one that is the pixel grid itself, and two that look along it.

The front plane (u, v) lies over the image, so an encoder's maps join it pixel by pixel, as in a U-Net (Ronneberger et
al. 2015; aligning features with pixels after Saito et al. 2019, PIFu). The planes (u, w) and (w, v) share one axis with
the image. Coordinates: `shapelift.ops.picture_frame`; the third is squashed, w / (1 + |w|), here, so that cells are
smallest around the object's centre and the side planes still reach from -1 to 1.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from shapelift.nn.doubling import DoublingStep
from shapelift.ops.plane_samples import plane_samples

SIDES = 2
"""Planes that look along the image."""
CORNERS = 4 * (1 + SIDES)
"""Pixels that a point is read from."""


class PicturePlanes(nn.Module):
    """Code and the encoder's maps -> front plane and side planes.

    A dense layer makes a 4x4 map of the code for each plane. A tower doubles the front one step by step, and another,
    shared by both, the side ones; on the way the maps of the encoder of the same resolution are added through 1x1
    convolutions: as they are to the front, averaged over the axis that a side plane does not share with the image. The
    front plane is doubled once more by a transposed convolution without a learned 3x3 one behind it: at that resolution
    memory is what costs, and the encoder's finest map brings the detail. A fixed binomial filter takes away the pattern
    of every other pixel that transposed convolutions leave (Odena, Dumoulin and Olah 2016).

    Args:
        code_size: Length of the code.
        front_channels: Channels of the front plane.
        side_channels: Channels of a side plane.
        front_widths: Channels of the front tower at 4, 8, 16, ... px.
        fine_width: Channels at twice the resolution of its end.
        side_widths: Channels of the side tower at 4, 8, 16, ... px.
        map_widths: Resolution -> channels of the encoder's maps.
    """

    def __init__(
        self,
        *,
        code_size: int,
        front_channels: int,
        side_channels: int,
        front_widths: Sequence[int],
        fine_width: int,
        side_widths: Sequence[int],
        map_widths: dict[int, int],
    ) -> None:
        super().__init__()
        self.front_resolution = 4 << len(front_widths)
        self.side_resolution = 4 << (len(side_widths) - 1)
        if self.front_resolution not in map_widths:
            raise ValueError(
                f"the front plane of {self.front_resolution} px needs a map of the encoder of that resolution; it has "
                f"{sorted(map_widths)}: front_widths needs another length"
            )
        self.shapes = ((front_widths[0], 4, 4), (SIDES, side_widths[0], 4, 4))
        self.front_seed = nn.Linear(code_size, front_widths[0] * 16)
        self.side_seed = nn.Linear(code_size, SIDES * side_widths[0] * 16)
        self.front_steps = nn.ModuleList(DoublingStep(a, b) for a, b in itertools.pairwise(front_widths))
        self.side_steps = nn.ModuleList(DoublingStep(a, b) for a, b in itertools.pairwise(side_widths))
        self.front_skips = _skips(front_widths, map_widths, 1)
        self.side_skips = _skips(side_widths, map_widths, SIDES)
        self.fine = nn.ConvTranspose2d(front_widths[-1], fine_width, 2, 2)
        self.fine_skip = nn.Conv2d(map_widths[self.front_resolution], fine_width, 1)
        self.front_head = nn.Conv2d(fine_width, front_channels, 1)
        self.side_head = nn.Conv2d(side_widths[-1], side_channels, 1)

    def forward(
        self, code: Float[Tensor, "b d"], pyramid: Sequence[Tensor]
    ) -> tuple[Float[Tensor, "b c r r"], Float[Tensor, "b 2 e q q"]]:
        """Front plane, and side planes (u, w) and (w, v)."""
        maps = {int(feature.shape[-1]): feature for feature in pyramid}
        front = self._merged_front(self.front_seed(code).reshape(-1, *self.shapes[0]), maps)
        for step in self.front_steps:
            front = self._merged_front(step(front), maps)
        front = nn.functional.relu_(self.fine(front) + self.fine_skip(maps[self.front_resolution]))
        # Plane-major along the batch axis: each plane is then a contiguous block.
        seed = self.side_seed(code).reshape(-1, *self.shapes[1]).transpose(0, 1).flatten(0, 1)
        sides = self._merged_sides(seed.contiguous(memory_format=torch.channels_last), maps)
        for step in self.side_steps:
            sides = self._merged_sides(step(sides), maps)
        planes = self.side_head(sides)
        shape = (SIDES, -1, *planes.shape[1:])
        return _smoothed(self.front_head(front)), planes.reshape(shape).transpose(0, 1)

    def _merged_front(self, x: Tensor, maps: dict[int, Tensor]) -> Tensor:
        name = str(x.shape[-1])
        if name in self.front_skips:
            x = x + self.front_skips[name][0](maps[int(name)])  # type: ignore[index]
        return nn.functional.relu_(x)

    def _merged_sides(self, x: Tensor, maps: dict[int, Tensor]) -> Tensor:
        name = str(x.shape[-1])
        if name in self.side_skips:
            feature, branches = maps[int(name)], self.side_skips[name]
            # (u, w) shares the columns of the image, (w, v) its rows.
            columns = branches[0](feature.mean(2, keepdim=True)).expand(-1, -1, x.shape[2], -1)  # type: ignore[index]
            rows = branches[1](feature.mean(3, keepdim=True)).expand(-1, -1, -1, x.shape[3])  # type: ignore[index]
            x = x + torch.cat([columns, rows])
        return nn.functional.relu_(x)


def _smoothed(plane: Float[Tensor, "b c r r"]) -> Float[Tensor, "b c r r"]:
    """A 3x3 binomial filter; the border is continued."""
    row = plane.new_tensor([0.25, 0.5, 0.25])
    kernel = (row[:, None] * row).expand(plane.shape[1], 1, 3, 3)
    padded = nn.functional.pad(plane, (1, 1, 1, 1), mode="replicate")
    return nn.functional.conv2d(padded, kernel, groups=plane.shape[1])


def _skips(widths: Sequence[int], map_widths: dict[int, int], branches: int) -> nn.ModuleDict:
    return nn.ModuleDict(
        {
            str(4 * 2**index): nn.ModuleList(nn.Conv2d(map_widths[4 * 2**index], width, 1) for _ in range(branches))
            for index, width in enumerate(widths)
            if 4 * 2**index in map_widths
        }
    )


class PictureDecoder(nn.Module):
    """Planes and a point in picture coordinates -> logit and albedo: bilinear look-ups, then a small network.

    Args:
        front_channels: Channels of the front plane.
        side_channels: Channels of a side plane.
        hidden: Units of the two hidden layers.
    """

    def __init__(self, *, front_channels: int, side_channels: int, hidden: int) -> None:
        super().__init__()
        self.first = nn.Linear(front_channels + SIDES * side_channels + 3, hidden)
        self.second = nn.Linear(hidden, hidden)
        self.logit = nn.Linear(hidden, 1)
        self.albedo = nn.Linear(hidden, 3)

    def forward(
        self, front: Float[Tensor, "b c r r"], sides: Float[Tensor, "b 2 d q q"], points: Float[Tensor, "b n 3"]
    ) -> tuple[Float[Tensor, "b n"], Float[Tensor, "b n 3"]]:
        """Logits `b n` and albedo `b n 3` in [0, 1]; outside of the box the border of the planes is continued."""
        points = squashed(points)
        if self.training and points.device.type == "cpu" and not points.requires_grad:
            return self._forward_by_rows(front, sides, points)
        u, v, w = (2.0 * points).unbind(2)
        seen = _looked_up(front, torch.stack([u, -v], dim=2))
        along = torch.stack([torch.stack([u, w], dim=2), torch.stack([-w, -v], dim=2)], dim=1)
        beside = _looked_up(sides.flatten(0, 1), along.flatten(0, 1))
        beside = beside.reshape(len(points), -1, points.shape[1])
        features = torch.cat([seen, beside, points.transpose(1, 2)], dim=1).transpose(1, 2)
        return self._answer(self.first(features))

    def _forward_by_rows(self, front: Tensor, sides: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
        """`forward` of squashed points with the first layer, which is linear, before the look-ups: see there."""
        counts = [front.shape[1], sides.shape[2], sides.shape[2], 3]
        *of_planes, of_points = torch.split(self.first.weight, counts, dim=1)
        planes = (front, *sides.unbind(1))
        shown = [
            nn.functional.conv2d(plane, weight[..., None, None])
            for plane, weight in zip(planes, of_planes, strict=True)
        ]
        u, v, w = points.unbind(2)
        places = [torch.stack(pair, dim=2) for pair in ((u, -v), (u, w), (-w, -v))]
        x = plane_samples(shown, places)
        x = x + nn.functional.linear(points.flatten(0, 1), of_points, self.first.bias)
        x = nn.functional.relu_(self.second(nn.functional.relu_(x)))
        # One product for both answers.
        weight, bias = (torch.cat(pair) for pair in zip(self.logit.parameters(), self.albedo.parameters(), strict=True))
        answer = nn.functional.linear(x, weight, bias).reshape(*points.shape[:2], -1)
        return answer[..., 0], answer[..., 1:].sigmoid()

    def projected(self, front: Float[Tensor, "b c r r"], sides: Float[Tensor, "b 2 d q q"]) -> Float[Tensor, "b p h"]:
        """All pixels of the planes after the first layer, which is linear: how exported models hand them over.

        A bilinear look-up reproduces linear functions, so the bias and the coordinates go into the pixels too. For them
        the border is repeated once around every plane: in that outermost ring of cells the features stay as they are,
        and the coordinates go on. Rows and columns run along +u, +v and +w; the front plane comes first.
        """
        weight = self.first.weight.T
        counts = [front.shape[1], sides.shape[2], sides.shape[2], 1, 1, 1]
        of_front, of_uw, of_wv, of_u, of_v, of_w = torch.split(weight, counts)
        seen = _padded_pixels(front.flip(2)) @ of_front
        across, up = _centers(front.shape[3]).to(seen), _centers(front.shape[2]).to(seen)
        seen = seen + across[:, None] * of_u + up[:, None, None] * of_v + self.first.bias
        away = _centers(sides.shape[3]).to(seen)
        flat = _padded_pixels(sides[:, 0]) @ of_uw + away[:, None, None] * of_w
        upright = _padded_pixels(sides[:, 1].flip(2, 3)) @ of_wv
        return torch.cat([seen.flatten(1, 2), flat.flatten(1, 2), upright.flatten(1, 2)], dim=1)

    def forward_projected(
        self, projected: Float[Tensor, "b p h"], points: Float[Tensor, "b n 3"], sizes: tuple[int, int]
    ) -> tuple[Float[Tensor, "b n"], Float[Tensor, "b n 3"]]:
        """The answer of `forward` from `projected` planes: a weighted sum of twelve pixels, then the other layers.

        Args:
            projected: What `projected` made.
            points: In the box of the frame.
            sizes: Resolutions of the front plane and of the side planes.
        """
        index, weights = corners(points, sizes)
        pixels = projected.flatten(0, 1).index_select(0, index.flatten()).reshape(-1, CORNERS, projected.shape[2])
        # A runtime does this product of a row with a small matrix faster than a multiplication and a sum.
        logits, albedo = self._answer((weights[:, None] @ pixels).squeeze(1))
        return logits.reshape(points.shape[:2]), albedo.reshape(points.shape)

    def _answer(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = nn.functional.relu(self.second(nn.functional.relu(x)))
        return self.logit(x).squeeze(-1), self.albedo(x).sigmoid()


def squashed(points: Float[Tensor, "b n 3"]) -> Float[Tensor, "b n 3"]:
    """Picture coordinates with the third squashed, w / (1 + |w|): [-1, 1] becomes [-0.5, 0.5]."""
    w = points[..., 2:]
    return torch.cat([points[..., :2], w / (1.0 + w.abs())], dim=-1)


def _looked_up(planes: Float[Tensor, "b c r r"], grid: Float[Tensor, "b n 2"]) -> Float[Tensor, "b c n"]:
    # Single precision: in bfloat16 a coordinate would be off by up to 0.2 % of the window.
    return nn.functional.grid_sample(
        planes.to(grid.dtype), grid[:, None], mode="bilinear", padding_mode="border", align_corners=False
    ).squeeze(2)


def _padded_pixels(plane: Float[Tensor, "b c r r"]) -> Float[Tensor, "b s s c"]:
    return nn.functional.pad(plane, (1, 1, 1, 1), mode="replicate").permute(0, 2, 3, 1)


def _centers(side: int) -> Tensor:
    """Coordinates of the pixel centres of a plane over [-0.5, 0.5], one more beyond either end."""
    return (torch.arange(side + 2) - 0.5) / side - 0.5


def corners(
    points: Float[Tensor, "b n 3"], sizes: tuple[int, int]
) -> tuple[Int64[Tensor, "m 12"], Float[Tensor, "m 12"]]:
    """The pixels around every point in `PictureDecoder.projected` planes, and their bilinear weights.

    Few operations on matrices of twelve columns: in a runtime each operation costs more than its arithmetic.

    Args:
        points: In picture coordinates; beyond the outermost pixel centres the planes are continued linearly.
        sizes: Resolutions of the front plane and of the side planes.

    Returns:
        For the `m = b n` points: indices into all pixels of the batch, and weights, plane by plane.
    """
    front, side = sizes
    resolution = points.new_tensor([front] * 4 + [side] * 8)
    right, upper = points.new_tensor([[0, 1, 0, 1], [0, 0, 1, 1]]).repeat(1, 1 + SIDES)
    axes_of = torch.eye(3).to(points)
    column_axes, row_axes = [0] * 8 + [2] * 4, [1] * 4 + [2] * 4 + [1] * 4
    stride = resolution + 2
    first = points.new_tensor([0] * 4 + [(front + 2) ** 2] * 4 + [(front + 2) ** 2 + (side + 2) ** 2] * 4)
    pixels = (front + 2) ** 2 + SIDES * (side + 2) ** 2

    flat = squashed(points).flatten(0, 1)
    offset = (stride - 1) / 2.0
    zero = torch.zeros_like(stride)
    found = []
    for axes in (column_axes, row_axes):
        position = torch.addmm(offset, flat, axes_of[:, axes] * resolution)
        cell = torch.minimum(torch.maximum(position.floor(), zero), stride - 2)
        found.append((cell, position - cell))
    (column, along), (row, above) = found
    weights = ((1 - right) + along * (2 * right - 1)) * ((1 - upper) + above * (2 * upper - 1))
    # Whole numbers far below 2^24, so exact in single precision; the batch, which has no bound, is added after.
    index = (first + right + stride * upper + column + stride * row).long()
    item = torch.arange(points.shape[0], device=points.device)[:, None, None] * pixels
    return (index.reshape(*points.shape[:2], CORNERS) + item).flatten(0, 1), weights
