"""Structure generators: one image -> coordinates and a mask for every pixel of several fixed views.

Source: Lin, Kong and Lucey, "Learning Efficient Point Cloud Generation for Dense 3D Object Reconstruction", AAAI 2018,
with the layers of the released code; the compact generator is ours.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from shapelift.nn.encoders import CompactEncoder

_MAPS = 4
"""Maps per view: column, row, depth and mask logit."""

_SEED_SIDE = 4


class PixelGrid(nn.Module):
    """The learned per-pixel bias: what is predicted is how a pixel differs from its own place.

    It starts as column + 0.5, row + 0.5, depth 1 and mask logit 0, in every view. One vector holds all of it, because
    weight decay leaves vectors alone and would pull a map of coordinates towards 0.

    Args:
        views: Number of views.
        size: Side of the maps [px].
    """

    def __init__(self, *, views: int, size: int) -> None:
        super().__init__()
        self.shape = (_MAPS, views, size, size)
        centers = torch.arange(size) + 0.5
        grid = torch.stack([centers.expand(size, size), centers[:, None].expand(size, size)])
        start = torch.cat([grid, torch.ones(1, size, size), torch.zeros(1, size, size)])
        self.bias = nn.Parameter(start[:, None].repeat(1, views, 1, 1).flatten())

    def forward(self, maps: Tensor) -> Float[Tensor, "b 4 v h w"]:
        """Maps `b 4 v h w`, or `b 4v h w` with the columns of all views first -> column, row, depth and mask logit.

        In the precision of the bias: in bfloat16 a column would be off by up to half a pixel.
        """
        return maps.reshape(-1, *self.shape).to(self.bias.dtype) + self.bias.reshape(self.shape)


@dataclass(frozen=True, kw_only=True)
class PublishedLayers:
    """Layers of a published generator.

    Attributes:
        encoder: Channels of its 3x3 convolutions of stride 2.
        dense: Units between them and the code.
        code_size: Length of the code.
        spread: Units between the code and the seed of the tower, the last 16 times the channels of the seed.
        tower: Channels at 8, 16, 32, ... px.
        residual: Whether a residual block comes before every doubling.
    """

    encoder: tuple[int, ...]
    dense: tuple[int, ...]
    code_size: int
    spread: tuple[int, ...]
    tower: tuple[int, ...]
    residual: bool


ORIGINAL = PublishedLayers(
    encoder=(96, 128, 192, 256),
    dense=(2048, 1024),
    code_size=512,
    spread=(1024, 2048, 4096),
    tower=(192, 128, 96, 64, 48),
    residual=False,
)
RESNET = PublishedLayers(
    encoder=(32, 64, 128, 256),
    dense=(1024,),
    code_size=256,
    spread=(1024, 4096, 16384),
    tower=(512, 256, 128, 64, 32),
    residual=True,
)


class PublishedGenerator(nn.Module):
    """The released structure generators: `ORIGINAL` has 24.19 M parameters, `RESNET` 108.4 M.

    That is with 3 channels of 64 px and 8 views of 128 px. As released: every layer but the code and the last has batch
    normalisation without scale and shift (decay 0.999, eps 1e-5) and a ReLU; weights are N(0, 0.1), biases 0; strided
    convolutions pad at the far sides only; the bias of the last layer is the `PixelGrid`. Smaller maps leave out the
    last doublings.

    Args:
        layers: `ORIGINAL` or `RESNET`.
        channels: Image channels.
        image_size: Side of the image [px], a multiple of 16.
        views: Number of views.
        output_size: Side of the maps [px]: 8, 16, 32, 64 or 128.
    """

    def __init__(
        self, layers: PublishedLayers, *, channels: int, image_size: int, views: int, output_size: int
    ) -> None:
        super().__init__()
        step = 2 ** len(layers.encoder)
        if image_size % step:
            raise ValueError(f"image_size must be a multiple of {step}, got {image_size}")
        sides = [2 * _SEED_SIDE * 2**index for index in range(len(layers.tower))]
        if output_size not in sides:
            raise ValueError(f"output_size must be one of {', '.join(map(str, sides))}, got {output_size}")
        doublings = sides.index(output_size) + 1
        flat = layers.encoder[-1] * (image_size // step) ** 2
        encoder: list[nn.Module] = []
        for inputs, outputs in itertools.pairwise((channels, *layers.encoder)):
            encoder += [nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(inputs, outputs, 3, 2), *_published_norm(outputs)]
        encoder.append(nn.Flatten())
        for inputs, outputs in itertools.pairwise((flat, *layers.dense)):
            encoder += [nn.Linear(inputs, outputs), *_published_norm(outputs, flat=True)]
        self.encoder = nn.Sequential(*encoder, nn.Linear(layers.dense[-1], layers.code_size))
        decoder: list[nn.Module] = [nn.ReLU()]
        for inputs, outputs in itertools.pairwise((layers.code_size, *layers.spread)):
            decoder += [nn.Linear(inputs, outputs), *_published_norm(outputs, flat=True)]
        width = layers.spread[-1] // _SEED_SIDE**2
        decoder.append(nn.Unflatten(1, (width, _SEED_SIDE, _SEED_SIDE)))
        for outputs in layers.tower[:doublings]:
            if layers.residual:
                decoder.append(_PublishedResidual(width))
            decoder += [nn.Upsample(scale_factor=2.0), nn.Conv2d(width, outputs, 3, 1, 1), *_published_norm(outputs)]
            width = outputs
        self.decoder = nn.Sequential(*decoder, nn.Conv2d(width, _MAPS * views, 1, bias=False))
        self.grid = PixelGrid(views=views, size=output_size)
        self.code_size = layers.code_size
        self.apply(_published_start)

    def forward(self, image: Float[Tensor, "b c h w"]) -> tuple[Float[Tensor, "b 4 v s s"], Float[Tensor, "b d"]]:
        """Image in [0, 1] -> column, row, depth and mask-logit maps `b 4 v s s`, and the code `b d`."""
        code = self.encoder(image)
        return self.grid(self.decoder(code)), code


class _PublishedResidual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, 1, 1),
            *_published_norm(width),
            nn.Conv2d(width, width, 3, 1, 1),
            *_published_norm(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x + self.body(x)
        return y


def _published_norm(width: int, *, flat: bool = False) -> tuple[nn.Module, nn.Module]:
    kind = nn.BatchNorm1d if flat else nn.BatchNorm2d
    return kind(width, eps=1e-5, momentum=0.001, affine=False), nn.ReLU(inplace=True)


def _published_start(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.normal_(module.weight, 0.0, 0.1)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class CompactGenerator(nn.Module):
    """A small generator for ordinary processors: most of the work is done on small maps.

    The encoder of the implicit family makes a dense code; one up-convolution tower, shared by the views, grows it to
    `4 * 2^(len(tower) - 1)` px; then every view has a head of its own, two layers that see the whole tower and end at
    `output_size` by arranging channels into pixels (Shi et al. 2016).

    Args:
        channels: Image channels.
        image_size: Side of the image [px]; see `CompactEncoder`.
        views: Number of views.
        output_size: Side of the maps [px], 1, 2 or 4 times that of the tower.
        widths: Channels of the stages of the encoder.
        depths: Residual blocks of its stages.
        code_size: Length of the code.
        tower: Channels of the tower at 4, 8, 16, ... px.
        head: Channels per view between the two layers of its head.
    """

    def __init__(
        self,
        *,
        channels: int,
        image_size: int,
        views: int,
        output_size: int,
        widths: Sequence[int],
        depths: Sequence[int],
        code_size: int,
        tower: Sequence[int],
        head: int,
    ) -> None:
        super().__init__()
        side = _SEED_SIDE * 2 ** (len(tower) - 1)
        if output_size not in {side, 2 * side, 4 * side}:
            raise ValueError(
                f"output_size must be 1, 2 or 4 times the {side} px of a tower of {len(tower)} widths, "
                f"got {output_size}"
            )
        zoom = output_size // side
        self.encoder = CompactEncoder(
            channels=channels, image_size=image_size, widths=widths, depths=depths, code_size=code_size
        )
        layers: list[nn.Module] = [
            nn.Linear(code_size, tower[0] * _SEED_SIDE**2),
            nn.Unflatten(1, (tower[0], _SEED_SIDE, _SEED_SIDE)),
            nn.ReLU(inplace=True),
        ]
        for inputs, outputs in itertools.pairwise(tower):
            layers += [nn.Upsample(scale_factor=2.0), nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False)]
            layers += [nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
        self.tower = nn.Sequential(*layers)
        last = nn.Conv2d(views * head, views * _MAPS * zoom**2, 3, 1, 1, groups=views, bias=False)
        # The maps start close to the grid, where the losses are smooth.
        nn.init.normal_(last.weight, 0.0, 0.01)
        self.heads = nn.Sequential(
            nn.Conv2d(tower[-1], views * head, 1), nn.ReLU(inplace=True), last, nn.PixelShuffle(zoom)
        )
        self.grid = PixelGrid(views=views, size=output_size)
        self.views = views
        self.code_size = code_size

    def forward(self, image: Float[Tensor, "b c h w"]) -> tuple[Float[Tensor, "b 4 v s s"], Float[Tensor, "b d"]]:
        """Image in [0, 1] -> column, row, depth and mask-logit maps `b 4 v s s`, and the code `b d`."""
        code, _ = self.encoder(image * 2.0 - 1.0)
        maps = self.heads(self.tower(code))
        return self.grid(maps.reshape(-1, self.views, _MAPS, *maps.shape[2:]).transpose(1, 2)), code
