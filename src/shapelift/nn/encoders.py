"""Image encoders: image -> (code, feature pyramid)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from shapelift.nn.convolutions import ConvBlock, ResidualBlock


class CompactEncoder(nn.Module):
    """A small residual encoder for ordinary CPUs.

    A stem of two strided convolutions (image / 4), then one stage per width, each but the first at half the
    resolution of the one before; the last feature map, shrunk to `code_map` if it is larger, is flattened into a dense
    code.

    Args:
        channels: Image channels.
        image_size: Side of the image [px]; a multiple of 4 * 2^(stages - 1).
        widths: Channels per stage.
        depths: Residual blocks per stage; in a later stage the first block is the strided one.
        code_size: Length of the code.
        code_map: Largest side of the map that the code is read from, None for that of the last stage. It holds down the
            number of parameters of finer images.
    """

    def __init__(
        self,
        *,
        channels: int,
        image_size: int,
        widths: Sequence[int],
        depths: Sequence[int],
        code_size: int,
        code_map: int | None = None,
    ) -> None:
        super().__init__()
        if len(widths) != len(depths) or not widths or min(depths) < 1:
            raise ValueError(f"one depth of at least 1 per width is needed, got {tuple(widths)} and {tuple(depths)}")
        step = 4 * 2 ** (len(widths) - 1)
        if image_size % step:
            raise ValueError(f"image_size must be a multiple of {step} for {len(widths)} stages, got {image_size}")
        self.stem = nn.Sequential(
            ConvBlock(channels, widths[0] // 2, stride=2), ConvBlock(widths[0] // 2, widths[0], stride=2)
        )
        stages = []
        inputs = widths[0]
        for index, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            blocks = [ResidualBlock(inputs, width, stride=2 if index else 1)]
            blocks += [ResidualBlock(width, width) for _ in range(depth - 1)]
            stages.append(nn.Sequential(*blocks))
            inputs = width
        self.stages = nn.ModuleList(stages)
        self.resolutions = tuple(image_size // 4 // 2**index for index in range(len(widths)))
        self.widths = tuple(widths)
        self.stem_width = widths[0] // 2
        self.code_map = min(self.resolutions[-1], code_map or self.resolutions[-1])
        self.code = nn.Linear(widths[-1] * self.code_map**2, code_size)
        self.code_size = code_size

    def forward(self, image: Float[Tensor, "b c h w"]) -> tuple[Float[Tensor, "b d"], list[Tensor]]:
        """Image -> code `b d` and the feature maps of all stages, fine to coarse."""
        code, pyramid = self.with_stem(image)
        return code, pyramid[1:]

    def with_stem(self, image: Float[Tensor, "b c h w"]) -> tuple[Float[Tensor, "b d"], list[Tensor]]:
        """`forward`, its maps led by that of half the resolution of the image, which has `stem_width` channels."""
        half = self.stem[0](image)
        x = self.stem[1](half)
        pyramid = [half]
        for stage in self.stages:
            x = stage(x)
            pyramid.append(x)
        return self.code(resized_maps(x, self.code_map).flatten(1)), pyramid


def resized_maps(maps: Float[Tensor, "b c h h"], side: int) -> Float[Tensor, "b c s s"]:
    """Feature maps at another resolution, linear between their pixels; as they are where it is theirs."""
    if maps.shape[-1] == side:
        return maps
    return nn.functional.interpolate(maps, size=(side, side), mode="bilinear", align_corners=False)


class ResNet18Encoder(nn.Module):
    """ResNet-18 (He, Zhang, Ren and Sun 2016) without its classifier, and a dense layer to the code.

    7x7 stride-2 stem of 64, 3x3 max pooling, eight residual blocks 64, 64, 128, 128, 256, 256, 512, 512, mean over the
    image. With three channels the trunk has the published 11.18 M parameters; its weights start fresh.

    Args:
        channels: Image channels.
        code_size: Length of the code.
    """

    def __init__(self, *, channels: int, code_size: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(channels, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)]
        layers += [nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
        inputs = 64
        for width in (64, 128, 256, 512):
            layers += [ResidualBlock(inputs, width, stride=1 if width == 64 else 2), ResidualBlock(width, width)]
            inputs = width
        self.trunk = nn.Sequential(*layers)
        self.code = nn.Linear(inputs, code_size)
        self.code_size = code_size
        self.resolutions: tuple[int, ...] = ()
        self.widths: tuple[int, ...] = ()

    def forward(self, image: Float[Tensor, "b c h w"]) -> tuple[Float[Tensor, "b d"], list[Tensor]]:
        """Image of any size, 224 px as published -> code `b d` and an empty pyramid."""
        return self.code(self.trunk(image).mean(dim=(2, 3))), []


class ImNetEncoder(nn.Module):
    """The image encoder of the improved IM-NET (Chen and Zhang 2019): a ResNet-18 trunk without max pooling.

    Images are 128 px. 7x7 stride-2 stem of 64, eight residual blocks 64, 64, 128, 128, 256, 256, 512, 512, then a
    4x4 stride-2 and a 4x4 valid convolution to the code, squashed by a sigmoid. With one grey channel and a code of
    256 it has the published 17.46 M parameters.

    Args:
        channels: Image channels (the published model takes 1).
        code_size: Length of the code.
    """

    image_size = 128

    def __init__(self, *, channels: int, code_size: int) -> None:
        super().__init__()
        slope = 0.02
        layers: list[nn.Module] = [nn.Conv2d(channels, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)]
        layers.append(nn.LeakyReLU(slope, inplace=True))
        inputs = 64
        for width in (64, 128, 256, 512):
            layers.append(ResidualBlock(inputs, width, stride=1 if width == 64 else 2, slope=slope))
            layers.append(ResidualBlock(width, width, slope=slope))
            inputs = width
        layers += [nn.Conv2d(512, 512, 4, 2, 1, bias=False), nn.BatchNorm2d(512), nn.LeakyReLU(slope, inplace=True)]
        layers.append(nn.Conv2d(512, code_size, 4))
        self.trunk = nn.Sequential(*layers)
        self.code_size = code_size
        self.resolutions: tuple[int, ...] = ()
        self.widths: tuple[int, ...] = ()

    def forward(self, image: Float[Tensor, "b c 128 128"]) -> tuple[Float[Tensor, "b d"], list[Tensor]]:
        """Image -> code `b d` in (0, 1) and an empty pyramid."""
        return torch.sigmoid(self.trunk(image).flatten(1)), []
