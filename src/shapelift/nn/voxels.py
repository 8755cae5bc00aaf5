"""Up-convolution decoders: one code -> the logits of all cells of a cube."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

SEED_CELLS = 4
"""Cells per side that the dense layer makes; every doubling after it is a convolution."""


class VoxelDecoder(nn.Module):
    """A dense layer fills 4 x 4 x 4 cells, and every step doubles them.

    A step is a 2x2x2 transposed convolution of stride 2, which gives every cell eight children, and a 3x3x3
    convolution, through which children of different parents meet; both with normalisation and ReLU. It costs less time
    than one 4x4x4 transposed convolution that does both. The last doubling is such a one, straight to the logit.

    Args:
        code_size: Length of the code.
        widths: Channels at 4, 8, 16, ... cells per side; the cube has 4 * 2^len(widths) cells per side.
        occupancy: Share of full cells that the fresh network predicts everywhere; a share near that of the data spares
            the first minutes of training.
    """

    def __init__(self, *, code_size: int, widths: Sequence[int], occupancy: float = 0.1) -> None:
        super().__init__()
        if not widths or min(widths) < 1:
            raise ValueError(f"one positive width per doubling is needed, got {tuple(widths)}")
        self.seed_shape = (widths[0], SEED_CELLS, SEED_CELLS, SEED_CELLS)
        self.seed = nn.Linear(code_size, widths[0] * SEED_CELLS**3)
        self.start = nn.Sequential(nn.BatchNorm3d(widths[0]), nn.ReLU(inplace=True))
        self.steps = nn.Sequential(*(_doubling(inputs, outputs) for inputs, outputs in itertools.pairwise(widths)))
        self.last = nn.ConvTranspose3d(widths[-1], 1, 4, 2, 1)
        nn.init.constant_(self.last.bias, math.log(occupancy / (1.0 - occupancy)))  # type: ignore[arg-type]
        self.resolution = SEED_CELLS * 2 ** len(widths)

    def forward(self, code: Float[Tensor, "b d"]) -> Float[Tensor, "b r r r"]:
        """Logits of the cells in the order x, y, z."""
        x = self.seed(code).reshape(-1, *self.seed_shape)
        # Channels last is what convolutions of an ordinary processor like best.
        x = self.steps(self.start(x.contiguous(memory_format=torch.channels_last_3d)))
        logits: Tensor = self.last(x)
        return logits[:, 0]


class PublishedVoxelDecoder(nn.Module):
    """The single-view decoder of the 3D-R2N2 lineage: 256 maps of 4^3, then 128, 64 and 32 maps, then 32^3 cells.

    It is the recurrent network of Choy, Xu, Gwak, Chen and Savarese, "3D-R2N2", ECCV 2016, without recurrence, as
    Mescheder, Oechsle, Niemeyer, Nowozin and Geiger, "Occupancy Networks", CVPR 2019, compared themselves with: 3x3x3
    transposed convolutions of stride 2 behind a ReLU each, a 1x1x1 convolution to the logit, no normalisation.

    Args:
        code_size: Length of the code.
    """

    resolution = 32
    widths = (256, 128, 64, 32)

    def __init__(self, *, code_size: int) -> None:
        super().__init__()
        self.seed = nn.Linear(code_size, self.widths[0] * SEED_CELLS**3)
        layers: list[nn.Module] = [nn.Unflatten(1, (self.widths[0], *[SEED_CELLS] * 3)), nn.ReLU()]
        for inputs, outputs in itertools.pairwise(self.widths):
            layers += [nn.ConvTranspose3d(inputs, outputs, 3, 2, 1, output_padding=1), nn.ReLU()]
        layers.append(nn.Conv3d(self.widths[-1], 1, 1))
        self.steps = nn.Sequential(*layers)

    def forward(self, code: Float[Tensor, "b d"]) -> Float[Tensor, "b 32 32 32"]:
        """Logits of the cells in the order x, y, z."""
        logits: Tensor = self.steps(self.seed(code))
        return logits[:, 0]


def read_cells(logits: Float[Tensor, "b x y z"], points: Float[Tensor, "b n 3"]) -> Float[Tensor, "b n"]:
    """Logits at points of the cube [-0.5, 0.5]^3: linear between the centres of the cells, constant beyond the last."""
    # grid_sample wants the last axis of the grid first, and places from -1 to 1.
    where = 2.0 * points.flip(-1)[:, :, None, None]
    grid = logits[:, None].to(points.dtype)
    found = nn.functional.grid_sample(grid, where, padding_mode="border", align_corners=False)
    return found[:, 0, :, 0, 0]


def _doubling(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose3d(inputs, outputs, 2, 2, bias=False),
        nn.BatchNorm3d(outputs),
        nn.ReLU(inplace=True),
        nn.Conv3d(outputs, outputs, 3, 1, 1, bias=False),
        nn.BatchNorm3d(outputs),
        nn.ReLU(inplace=True),
    )
