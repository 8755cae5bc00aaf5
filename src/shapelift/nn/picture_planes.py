"""A front plane that is the pixel grid of the image, read together with three upright planes.

The front plane (u, v) lies over the image, so an encoder's maps join it pixel by pixel, as in a U-Net (Ronneberger et
al. 2015; aligning features with pixels after Saito et al. 2019, PIFu). Upright planes (`nn.planes`) know what objects
are like that stand on the ground. A point is looked up in both: in the front plane where the image shows it, in the
upright ones where the camera says that it lies. Coordinates of the picture: `shapelift.ops.picture_frame`; the third is
read squashed, w / (1 + |w|).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from shapelift.nn.doubling import DoublingStep
from shapelift.nn.planes import COLUMN_AXES, PLANES, ROW_AXES, plane_corners, projected_planes
from shapelift.nn.planes import CORNERS as UPRIGHT_CORNERS
from shapelift.ops.plane_samples import plane_samples

CORNERS = 4 + UPRIGHT_CORNERS
"""Pixels that a point is read from."""


class FrontPlane(nn.Module):
    """The encoder's maps -> front plane.

    A tower doubles the coarsest map step by step; on the way the maps of the same resolution are added through 1x1
    convolutions, and to the first of them what the code says of the whole image. At the end the plane is doubled once
    more by a transposed convolution without a learned 3x3 one behind it: at that resolution memory is what costs, and
    the encoder's finest map brings the detail. A fixed binomial filter takes away the pattern of every other pixel that
    transposed convolutions leave (Odena, Dumoulin and Olah 2016).

    Args:
        code_size: Length of the code.
        channels: Channels of the plane.
        widths: Channels of the tower at the resolution of the coarsest map, twice that, and so on.
        fine_width: Channels at twice the resolution of its end, that of the plane.
        map_widths: Resolution -> channels of the encoder's maps.
    """

    def __init__(
        self, *, code_size: int, channels: int, widths: Sequence[int], fine_width: int, map_widths: dict[int, int]
    ) -> None:
        super().__init__()
        self.coarsest = min(map_widths)
        self.resolution = self.coarsest << len(widths)
        needed = [self.coarsest << index for index in range(len(widths) + 1)]
        if not set(needed) <= set(map_widths):
            raise ValueError(
                f"a front plane of {self.resolution} px needs maps of the encoder of {needed} px; it has "
                f"{sorted(map_widths)}: front_widths needs another length"
            )
        self.whole = nn.Linear(code_size, widths[0])
        self.steps = nn.ModuleList(DoublingStep(a, b) for a, b in itertools.pairwise(widths))
        self.skips = nn.ModuleList(
            nn.Conv2d(map_widths[size], width, 1) for size, width in zip(needed[:-1], widths, strict=True)
        )
        self.fine = nn.ConvTranspose2d(widths[-1], fine_width, 2, 2)
        self.fine_skip = nn.Conv2d(map_widths[self.resolution], fine_width, 1)
        self.head = nn.Conv2d(fine_width, channels, 1)

    def forward(self, code: Float[Tensor, "b d"], pyramid: Sequence[Tensor]) -> Float[Tensor, "b c r r"]:
        """Code and maps -> plane."""
        maps = {int(feature.shape[-1]): feature for feature in pyramid}
        first, *others = self.skips
        x = nn.functional.relu(first(maps[self.coarsest]) + self.whole(code)[:, :, None, None])
        for step, skip in zip(self.steps, others, strict=True):
            x = step(x)
            x = nn.functional.relu_(x + skip(maps[int(x.shape[-1])]))
        x = nn.functional.relu_(self.fine(x) + self.fine_skip(maps[self.resolution]))
        return _smoothed(self.head(x))


def _smoothed(plane: Float[Tensor, "b c r r"]) -> Float[Tensor, "b c r r"]:
    """A 3x3 binomial filter; the border is continued."""
    row = plane.new_tensor([0.25, 0.5, 0.25])
    kernel = (row[:, None] * row).expand(plane.shape[1], 1, 3, 3)
    padded = nn.functional.pad(plane, (1, 1, 1, 1), mode="replicate")
    return nn.functional.conv2d(padded, kernel, groups=plane.shape[1])


class PictureDecoder(nn.Module):
    """Planes and a point, in the picture and upright -> logit and albedo: bilinear look-ups, then a small network.

    Args:
        front_channels: Channels of the front plane.
        plane_channels: Channels of an upright plane.
        hidden: Units of the two hidden layers.
    """

    def __init__(self, *, front_channels: int, plane_channels: int, hidden: int) -> None:
        super().__init__()
        self.counts = [front_channels, PLANES * plane_channels, 3, 3]
        self.first = nn.Linear(sum(self.counts), hidden)
        self.second = nn.Linear(hidden, hidden)
        self.logit = nn.Linear(hidden, 1)
        self.albedo = nn.Linear(hidden, 3)

    def forward(
        self,
        front: Float[Tensor, "b c r r"],
        planes: Float[Tensor, "b 3 d q q"],
        picture: Float[Tensor, "b n 3"],
        upright: Float[Tensor, "b n 3"],
    ) -> tuple[Float[Tensor, "b n"], Float[Tensor, "b n 3"]]:
        """Logits `b n` and albedo `b n 3` in [0, 1]; outside of a plane its border is continued.

        Args:
            front: The front plane.
            planes: The upright planes.
            picture: The points in picture coordinates; they and `upright` are taken as constants.
            upright: The same points in the frame of the upright planes.
        """
        of_front, of_planes, of_upright, of_picture = torch.split(self.first.weight, self.counts, dim=1)
        shown = [nn.functional.conv2d(front, of_front[..., None, None])]
        for plane, weight in zip(planes.unbind(1), of_planes.chunk(PLANES, dim=1), strict=True):
            shown.append(nn.functional.conv2d(plane, weight[..., None, None]))
        places = [picture[..., :2] * picture.new_tensor([1.0, -1.0])]
        down = upright.new_tensor([1.0, -1.0])
        places += [upright[..., [column, row]] * down for column, row in zip(COLUMN_AXES, ROW_AXES, strict=True)]
        coordinates = torch.cat([upright, squashed(picture)], dim=2).flatten(0, 1)
        x = plane_samples(shown, places)
        x = x + nn.functional.linear(coordinates, torch.cat([of_upright, of_picture], dim=1), self.first.bias)
        logits, albedo = self._answer(x)
        return logits.reshape(picture.shape[:2]), albedo.reshape(picture.shape)

    def projected(self, front: Float[Tensor, "b c r r"], planes: Float[Tensor, "b 3 d q q"]) -> Float[Tensor, "b p h"]:
        """All pixels of the planes after the first layer, which is linear: how exported models hand them over.

        A bilinear look-up reproduces linear functions, so the bias and all coordinates but w go into the pixels too.
        For them the border is repeated once around every plane: in that outermost ring of cells the features stay as
        they are, and the coordinates go on. Rows run upwards; the front plane comes first.
        """
        of_front, of_planes, of_upright, of_picture = torch.split(self.first.weight.T, self.counts)
        padded = nn.functional.pad(front.flip(2), (1, 1, 1, 1), mode="replicate").permute(0, 2, 3, 1)
        center = _centers(front.shape[3]).to(front)
        seen = padded @ of_front + center[:, None] * of_picture[0] + center[:, None, None] * of_picture[1]
        upright = projected_planes(planes, of_planes, of_upright, self.first.bias)
        return torch.cat([seen.flatten(1, 2), upright.flatten(1, 3)], dim=1)

    def forward_projected(
        self,
        projected: Float[Tensor, "b p h"],
        picture: Float[Tensor, "b n 3"],
        upright: Float[Tensor, "b n 3"],
        sizes: tuple[int, int],
    ) -> tuple[Float[Tensor, "b n"], Float[Tensor, "b n 3"]]:
        """The answer of `forward` from `projected` planes: a weighted sum of sixteen pixels, then the other layers.

        Args:
            projected: What `projected` made.
            picture: As for `forward`.
            upright: As for `forward`.
            sizes: Resolutions of the front plane and of the upright ones.
        """
        index, weights = picture_corners(picture, upright, sizes)
        pixels = projected.flatten(0, 1).index_select(0, index.flatten()).reshape(-1, CORNERS, projected.shape[2])
        # A runtime does this product of a row with a small matrix faster than a multiplication and a sum.
        x = (weights[:, None] @ pixels).squeeze(1)
        x = x + squashed(picture).flatten(0, 1)[:, 2:] * self.first.weight[:, -1]
        logits, albedo = self._answer(x)
        return logits.reshape(picture.shape[:2]), albedo.reshape(picture.shape)

    def _answer(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = nn.functional.relu(self.second(nn.functional.relu(x)))
        # One product for both answers.
        weight, bias = (torch.cat(pair) for pair in zip(self.logit.parameters(), self.albedo.parameters(), strict=True))
        answer = nn.functional.linear(x, weight, bias)
        return answer[:, 0], answer[:, 1:].sigmoid()


def squashed(points: Float[Tensor, "b n 3"]) -> Float[Tensor, "b n 3"]:
    """Picture coordinates with the third squashed, w / (1 + |w|): [-1, 1] becomes [-0.5, 0.5]."""
    w = points[..., 2:]
    return torch.cat([points[..., :2], w / (1.0 + w.abs())], dim=-1)


def _centers(side: int) -> Tensor:
    """Coordinates of the pixel centres of a plane over [-0.5, 0.5], one more beyond either end."""
    return (torch.arange(side + 2) - 0.5) / side - 0.5


def picture_corners(
    picture: Float[Tensor, "b n 3"], upright: Float[Tensor, "b n 3"], sizes: tuple[int, int]
) -> tuple[Int64[Tensor, "m 16"], Float[Tensor, "m 16"]]:
    """The pixels around every point in `PictureDecoder.projected` planes, and their bilinear weights.

    Few operations on matrices of few columns: in a runtime each operation costs more than its arithmetic.

    Args:
        picture: Points in picture coordinates; beyond the outermost pixel centres the planes are continued linearly.
        upright: The same points in the frame of the upright planes.
        sizes: Resolutions of the front plane and of the upright ones.

    Returns:
        For the `m = b n` points: indices into all pixels of the batch, and weights, plane by plane.
    """
    side, stride = sizes[0], sizes[0] + 2
    right, upper = picture.new_tensor([[0, 1, 0, 1], [0, 0, 1, 1]])
    position = picture[..., :2].flatten(0, 1) * side + (stride - 1) / 2.0
    cell = position.floor().clamp(0, stride - 2)
    along, above = torch.split(position - cell, 1, dim=1)
    weights = ((1 - right) + along * (2 * right - 1)) * ((1 - upper) + above * (2 * upper - 1))
    column, row = torch.split(cell, 1, dim=1)
    # Whole numbers far below 2^24, so exact in single precision; the batch, which has no bound, is added after.
    index = (column + stride * row + (right + stride * upper)).long()

    front = stride**2
    beside, upright_weights = plane_corners(upright, sizes[1] + 2)
    item = torch.arange(picture.shape[0], device=picture.device)[:, None, None]
    # Those count the upright planes of the batch alone.
    index = index.reshape(*picture.shape[:2], 4) + item * (front + PLANES * (sizes[1] + 2) ** 2)
    beside = beside.reshape(*picture.shape[:2], UPRIGHT_CORNERS) + (item + 1) * front
    return torch.cat([index, beside], dim=2).flatten(0, 1), torch.cat([weights, upright_weights], dim=1)
