"""The camera of a photograph, which brings none, guessed from what is in it."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

ELEVATION_DEG = (-15.0, 75.0)
DISTANCE = (1.2, 12.0)
SCALE = (0.5, 2.0)
CENTER = (0.25, 0.75)
"""Least and largest elevation, distance of the origin along the optical axis, image sides per unit at the origin, and
column and row of the origin as a share of the image side. Over the cameras of `synthesis.cameras` and 150 procedural
chairs they run from -5 to 60, 1.5 to 8.4, 0.65 to 1.6, and 0.29 to 0.57."""
_ROLL_DEG = (-15.0, 15.0)
"""Least and largest roll, where a head has one."""
MEANS = (22.4, 3.42, 0.85, 0.5, 0.47)
"""What an untrained head says: means over those cameras, geometric ones of distance and scale."""


class CameraHead(nn.Module):
    """Image code -> the perspective camera of the input image, in the frame `view`.

    There the azimuth of every camera is 0. What is left of it are five numbers: its elevation, how far along the
    optical axis the origin of the frame lies, how large a unit appears there, and in which pixel the origin is seen;
    for photographs a sixth says how far the camera was rolled. Each has a range (see the constants of this module) and
    begins at the mean of the training cameras. The optical axis is taken to go through the origin, which moves the
    corners of the unit cube by 0.3 px of 128 on average; the rest of an off-centre window is in the principal point.

    Args:
        code_size: Length of the image code.
        image_size: Side of the square image [px].
        hidden: Units of a hidden layer; None for a linear head.
        roll: Whether the camera may be rolled about its optical axis.
        scale: Least and largest number of image sides per unit at the origin.
    """

    low: Tensor
    high: Tensor

    def __init__(
        self,
        *,
        code_size: int,
        image_size: int,
        hidden: int | None = None,
        roll: bool = False,
        scale: tuple[float, float] = SCALE,
    ) -> None:
        super().__init__()
        self.image_size = image_size
        ranges = [
            (math.radians(ELEVATION_DEG[0]), math.radians(ELEVATION_DEG[1])),
            (math.log(DISTANCE[0]), math.log(DISTANCE[1])),
            (math.log(scale[0]), math.log(scale[1])),
            CENTER,
            CENTER,
        ]
        if roll:
            ranges.append((math.radians(_ROLL_DEG[0]), math.radians(_ROLL_DEG[1])))
        low, high = torch.tensor(ranges).T
        self.register_buffer("low", low.contiguous(), persistent=False)
        self.register_buffer("high", high.contiguous(), persistent=False)
        self.hidden = None if hidden is None else nn.Linear(code_size, hidden)
        self.linear = nn.Linear(hidden or code_size, len(ranges))
        elevation_deg, distance, mean_scale, column, row = MEANS
        means = torch.tensor([math.radians(elevation_deg), math.log(distance), math.log(mean_scale), column, row])
        means = torch.cat([means, means.new_zeros(len(ranges) - len(means))])
        with torch.no_grad():
            self.linear.weight.mul_(0.1)
            self.linear.bias.copy_(torch.logit((means - low) / (high - low)))

    def forward(self, code: Float[Tensor, "b d"]) -> tuple[Float[Tensor, "b 3 3"], Float[Tensor, "b 4 4"]]:
        """Code -> intrinsics [px of the image] and camera_from_world, whose world is the frame `view`."""
        return self.camera(self.numbers(code))

    def numbers(self, code: Float[Tensor, "b d"]) -> Float[Tensor, "b k"]:
        """Code -> elevation, logarithms of distance and scale, column and row, and roll where there is one.

        In single precision at least, whatever the code's: half a degree must not be rounded away.
        """
        if self.hidden is not None:
            code = nn.functional.relu(self.hidden(code))
        raw = self.linear(code).to(torch.promote_types(code.dtype, torch.float32))
        return self.low + (self.high - self.low) * torch.sigmoid(raw)

    @staticmethod
    def mirrored(numbers: Float[Tensor, "b k"]) -> Float[Tensor, "b k"]:
        """The numbers of the camera that took the mirror image."""
        column = 1.0 - numbers[:, 3:4]
        return torch.cat([numbers[:, :3], column, numbers[:, 4:5], -numbers[:, 5:]], dim=1)

    def camera(self, values: Float[Tensor, "b k"]) -> tuple[Float[Tensor, "b 3 3"], Float[Tensor, "b 4 4"]]:
        """Intrinsics and camera_from_world of `numbers`."""
        elevation, log_distance, log_scale, column, row = values[:, :5].unbind(1)
        distance, nothing, one = log_distance.exp(), torch.zeros_like(column), torch.ones_like(column)
        focal = log_scale.exp() * distance * self.image_size
        across, down = column * self.image_size, row * self.image_size
        intrinsics = _matrix([[focal, nothing, across], [nothing, focal, down], [nothing, nothing, one]])
        # The camera of `Camera.orbit` at azimuth 0: OpenCV's axes, turned about x by the elevation.
        sine, cosine = elevation.sin(), elevation.cos()
        # The roll turns about the optical axis afterwards.
        turn, lean = one, nothing
        if values.shape[1] > 5:
            turn, lean = values[:, 5].cos(), values[:, 5].sin()
        camera_from_world = _matrix(
            [
                [turn, lean * cosine, -lean * sine, nothing],
                [lean, -turn * cosine, turn * sine, nothing],
                [nothing, -sine, -cosine, distance],
                [nothing, nothing, nothing, one],
            ]
        )
        return intrinsics, camera_from_world


def _matrix(rows: list[list[Tensor]]) -> Tensor:
    return torch.stack([torch.stack(row, dim=1) for row in rows], dim=1)
