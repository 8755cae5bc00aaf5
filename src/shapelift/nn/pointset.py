"""Two-branch point networks: one image -> points of a dense branch, and points of an up-convolution branch.

Source: Fan, Su and Guibas, "A Point Set Generation Network for 3D Object Reconstruction from a Single Image", CVPR
2017, with the layers of the released code; the compact network is ours. The dense branch, fully connected, places
points one by one and suits thin and intricate parts; the up-convolution branch ends in a map with three channels, a
surface parameterised over a rectangle, and suits large smooth ones.

Both networks work in two steps, so that several answers to one image share the first: `encode` makes a state of an
image, a code and feature maps, and `decode` makes points of a state and, where the network has any, noise.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from shapelift.nn.encoders import CompactEncoder

State = tuple[Tensor, ...]
"""Of one batch of images: the code `b d`, then whatever else the network decodes from; batch first."""

_FIRST_DESCENT = ((32, 3, 2), (64, 3, 2), (128, 3, 2), (256, 5, 2), (512, 5, 3))
"""Channels, kernel of the strided convolution, and 3x3 convolutions behind it, from 96x128 to 6x8."""
_FIRST_ASCENT = (256, 128, 64, 32, 16)
_SECOND_DESCENT = ((32, 3), (64, 3), (128, 5), (256, 5))
_SECOND_ASCENT = (256, 128, 64)
_BOTTOM, _BOTTOM_SHAPE = 512, (3, 4)
_CODE, _DENSE_HIDDEN = 2048, 1024


class PublishedPointNet(nn.Module):
    """The released network: an hourglass run through twice, 256 + 768 points from 192 x 256 images.

    Down to 512 maps of 3x4, up to 16 of 96x128, down and up again to 24x32, with short cuts between maps of one size;
    the dense branch leaves at the two bottoms. There is no normalisation. Noise is our addition: it joins both branches
    at the second bottom. What the released code leaves to its framework, the start of the weights, is He's here.

    Args:
        channels: Image channels.
        noise_size: Random numbers per answer; 0 for the network as released.
    """

    image_shape = (192, 256)
    dense_points = 256
    grid = (24, 32)

    def __init__(self, *, channels: int, noise_size: int = 0) -> None:
        super().__init__()
        self.stem = nn.Sequential(_convolution(channels, 16), nn.ReLU(), _convolution(16, 16), nn.ReLU())
        inputs = 16
        levels = []
        for width, kernel, count in _FIRST_DESCENT:
            layers = [_convolution(inputs, width, kernel, stride=2), nn.ReLU()]
            for _ in range(count):
                layers += [_convolution(width, width), nn.ReLU()]
            levels.append(nn.Sequential(*layers))
            inputs = width
        self.levels = nn.ModuleList(levels)
        self.bottom = nn.Sequential(_convolution(inputs, _BOTTOM, 5, stride=2), nn.ReLU())
        flat = _BOTTOM * math.prod(_BOTTOM_SHAPE)
        self.code = nn.Linear(flat, _CODE)
        widths = [width for width, _, _ in reversed(_FIRST_DESCENT)]
        self.first_up = _joints((_BOTTOM, *_FIRST_ASCENT), widths, up=True)
        kept = _FIRST_ASCENT[::-1]
        self.second_down = _joints(
            (kept[0], *(width for width, _ in _SECOND_DESCENT)), kept[1:], kernels=[k for _, k in _SECOND_DESCENT]
        )
        self.second_bottom = nn.Sequential(_convolution(_SECOND_DESCENT[-1][0], _BOTTOM, 5, stride=2), nn.ReLU())
        self.second_code = nn.ModuleList([nn.Linear(_CODE, _CODE), nn.Linear(flat, _CODE)])
        self.second_up = _joints(
            (_BOTTOM, *_SECOND_ASCENT),
            [width for width, _ in reversed(_SECOND_DESCENT)][: len(_SECOND_ASCENT)],
            up=True,
        )
        last = _SECOND_ASCENT[-1]
        self.surface = nn.Sequential(_convolution(last, last), nn.ReLU(), _convolution(last, 3))
        self.dense = nn.Sequential(
            nn.Linear(_CODE, _DENSE_HIDDEN), nn.ReLU(), nn.Linear(_DENSE_HIDDEN, self.dense_points * 3)
        )
        self.noise = nn.Linear(noise_size, _CODE + flat, bias=False) if noise_size else None
        self.apply(_he_start)

    def encode(self, image: Float[Tensor, "b c 192 256"]) -> State:
        """Image in [0, 1] -> the code `b 2048`, the maps at the second bottom, and those the second ascent meets."""
        x = self.stem(image)
        maps = []
        for level in self.levels:
            x = level(x)
            maps.append(x)
        x = self.bottom(x)
        code = torch.relu(self.code(x.flatten(1)))
        for index, joint in enumerate(self.first_up):
            x = maps[-1 - index] = joint(x, maps[-1 - index])
        for index, joint in enumerate(self.second_down):
            x = maps[1 + index] = joint(x, maps[1 + index])
        x = self.second_bottom(x)
        return code, x, *maps[::-1][: len(_SECOND_ASCENT)]

    def decode(
        self, state: State, noise: Float[Tensor, "b z"] | None = None
    ) -> tuple[Float[Tensor, "b p 3"], Float[Tensor, "b h w 3"]]:
        """State and noise -> points of the dense branch, and those of the up-convolution branch in their places."""
        code, x, *maps = state
        if self.noise is not None:
            shift = self.noise(noise)
            x = x + shift[:, _CODE:].reshape(-1, _BOTTOM, *_BOTTOM_SHAPE)
            code = code + shift[:, :_CODE]
        first, second = self.second_code
        dense = self.dense(torch.relu(first(code) + second(x.flatten(1))))
        for joint, level in zip(self.second_up, maps, strict=True):
            x = joint(x, level)
        return dense.unflatten(1, (-1, 3)), self.surface(x).permute(0, 2, 3, 1)


class CompactPointNet(nn.Module):
    """A small two-branch network for square images and ordinary processors.

    The encoder of the implicit family makes a code and feature maps. The dense branch is two layers on the code. The
    other one grows the code to a map of the size of the grid; on the way encoder maps of as many rows join it,
    stretched to its columns. Every point is predicted relative to a place of its own, which is learnt too and starts on
    a sphere: spread evenly for the dense branch, row by row from the top and column by column around for the grid. So
    the parameterisation has no fold to get rid of. Noise is added to the code.

    Args:
        channels: Image channels.
        image_size: Side of the image [px]; see `CompactEncoder`.
        dense_points: Points of the dense branch.
        grid: Rows and columns of the up-convolution branch, multiples of 2^(len(tower) - 1).
        noise_size: Random numbers per answer; 0 for one answer per image.
        widths: Channels of the stages of the encoder.
        depths: Residual blocks of its stages.
        code_size: Length of the code.
        hidden: Units of the hidden layer of the dense branch.
        tower: Channels of the up-convolution branch, coarse to fine; each is twice as large as the one before.
    """

    start_radius = 0.25

    def __init__(
        self,
        *,
        channels: int,
        image_size: int,
        dense_points: int,
        grid: tuple[int, int],
        noise_size: int = 0,
        widths: Sequence[int] = (32, 64, 160, 320),
        depths: Sequence[int] = (1, 1, 1, 1),
        code_size: int = 256,
        hidden: int = 768,
        tower: Sequence[int] = (256, 160, 96, 64),
    ) -> None:
        super().__init__()
        step = 2 ** (len(tower) - 1)
        if min(grid) < 1 or grid[0] % step or grid[1] % step:
            raise ValueError(f"grid must be rows and columns in multiples of {step}, got {grid}")
        if dense_points < 1:
            raise ValueError(f"dense_points must be at least 1, got {dense_points}")
        self.encoder = CompactEncoder(
            channels=channels, image_size=image_size, widths=widths, depths=depths, code_size=code_size
        )
        self.noise = nn.Linear(noise_size, code_size, bias=False) if noise_size else None
        self.dense = nn.Sequential(
            nn.Linear(code_size, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, dense_points * 3, bias=False)
        )
        self.seed_shape = (tower[0], grid[0] // step, grid[1] // step)
        self.seed = nn.Linear(code_size, math.prod(self.seed_shape))
        sides = {side: index for index, side in enumerate(self.encoder.resolutions)}
        steps = []
        self.joined: list[int | None] = []
        for doubling, (inputs, outputs) in enumerate(itertools.pairwise(tower), start=1):
            size = (self.seed_shape[1] * 2**doubling, self.seed_shape[2] * 2**doubling)
            self.joined.append(sides.get(size[0]))
            joined = sides.get(size[0])
            steps.append(_Growth(inputs, outputs, None if joined is None else self.encoder.widths[joined], size))
        self.steps = nn.ModuleList(steps)
        self.surface = nn.Conv2d(tower[-1], 3, 3, 1, 1, bias=False)
        for layer in (self.dense[-1], self.surface):
            nn.init.normal_(layer.weight, 0.0, 0.01)  # type: ignore[arg-type]
        self.dense_points, self.grid = dense_points, grid
        # Vectors, because weight decay leaves them alone and would pull places towards the origin.
        self.dense_places = nn.Parameter(self.start_radius * _fibonacci_sphere(dense_points).flatten())
        self.grid_places = nn.Parameter(self.start_radius * _wrapped_sphere(*grid).flatten())

    def encode(self, image: Float[Tensor, "b c h w"]) -> State:
        """Image in [0, 1] -> the code `b d`, and the feature maps of the encoder."""
        code, pyramid = self.encoder(image * 2.0 - 1.0)
        return code, *pyramid

    def decode(
        self, state: State, noise: Float[Tensor, "b z"] | None = None
    ) -> tuple[Float[Tensor, "b p 3"], Float[Tensor, "b h w 3"]]:
        """State and noise -> points of the dense branch, and those of the up-convolution branch in their places."""
        code, *pyramid = state
        if self.noise is not None:
            code = code + self.noise(noise)
        # In the precision of the places: bfloat16 would round a coordinate by up to 0.2 % of the object's side.
        dense = self.dense(code).to(self.dense_places.dtype) + self.dense_places
        x = torch.relu(self.seed(code).reshape(-1, *self.seed_shape))
        for step, joined in zip(self.steps, self.joined, strict=True):
            x = step(x, None if joined is None else pyramid[joined])
        surface = self.surface(x).permute(0, 2, 3, 1).to(self.grid_places.dtype)
        return dense.unflatten(1, (-1, 3)), surface + self.grid_places.reshape(*self.grid, 3)


class _Joint(nn.Module):
    """A step of the hourglass: strided (or transposed) convolution, plus a short cut, ReLU, convolution, ReLU."""

    def __init__(self, inputs: int, other: int, outputs: int, *, up: bool, kernel: int = 5) -> None:
        super().__init__()
        self.move: nn.Module
        if up:
            self.move = nn.ConvTranspose2d(inputs, outputs, kernel, 2, kernel // 2, output_padding=1)
        else:
            # As released, the way down has a ReLU here and the way up has none.
            self.move = nn.Sequential(_convolution(inputs, outputs, kernel, stride=2), nn.ReLU())
        self.shortcut = _convolution(other, outputs)
        self.after = _convolution(outputs, outputs)

    def forward(self, x: Tensor, other: Tensor) -> Tensor:
        return torch.relu(self.after(torch.relu(self.move(x) + self.shortcut(other))))


class _Growth(nn.Module):
    """Doubling, 3x3 convolution, normalisation, plus an encoder map of as many rows if there is one, ReLU."""

    def __init__(self, inputs: int, outputs: int, other: int | None, size: tuple[int, int]) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Upsample(scale_factor=2.0), nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs)
        )
        self.shortcut = None if other is None else nn.Conv2d(other, outputs, 1)
        self.size = size

    def forward(self, x: Tensor, other: Tensor | None) -> Tensor:
        x = self.body(x)
        if self.shortcut is not None and other is not None:
            joined = self.shortcut(other)
            if joined.shape[3] != self.size[1]:
                joined = nn.functional.interpolate(joined, size=self.size, mode="bilinear", align_corners=False)
            x = x + joined
        return torch.relu(x)


def _joints(
    widths: Sequence[int], others: Sequence[int], *, up: bool = False, kernels: Sequence[int] | None = None
) -> nn.ModuleList:
    sizes = kernels or [5] * (len(widths) - 1)
    steps = zip(itertools.pairwise(widths), others, sizes, strict=True)
    return nn.ModuleList(
        _Joint(inputs, other, outputs, up=up, kernel=kernel) for (inputs, outputs), other, kernel in steps
    )


def _convolution(inputs: int, outputs: int, kernel: int = 3, *, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2)


def _he_start(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def _fibonacci_sphere(count: int) -> Float[Tensor, "n 3"]:
    """Points spread evenly over the unit sphere: equal steps of height, golden-angle steps around."""
    number = torch.arange(count, dtype=torch.float32)
    y = 1.0 - (2.0 * number + 1.0) / count
    around = number * (math.pi * (3.0 - math.sqrt(5.0)))
    ring = (1.0 - y**2).sqrt()
    return torch.stack([ring * around.sin(), y, ring * around.cos()], dim=1)


def _wrapped_sphere(rows: int, columns: int) -> Float[Tensor, "h w 3"]:
    """A grid around the unit sphere: rows of equal height from the top, columns from the back over the front (+Z)."""
    y = (1.0 - (2.0 * torch.arange(rows) + 1.0) / rows)[:, None].expand(rows, columns)
    around = ((torch.arange(columns) + 0.5) / columns * (2.0 * math.pi) - math.pi)[None].expand(rows, columns)
    ring = (1.0 - y**2).sqrt()
    return torch.stack([ring * around.sin(), y, ring * around.cos()], dim=2)
