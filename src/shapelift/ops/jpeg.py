"""What JPEG does to images, as tensors: for training data that live on a device, where no codec does."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

_BLOCK = 8
_LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
_CHROMINANCE = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    *((99,) * 8,) * 4,
)
"""Steps of quantisation at quality 50: tables K.1 and K.2 of ISO/IEC 10918-1."""
_YCC_FROM_RGB = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))


def jpeg(images: Float[Tensor, "b 3 h w"], quality: Float[Tensor, " b"]) -> Float[Tensor, "b 3 h w"]:
    """Images in [0, 1] as they come back from a JPEG file with halved colour, up to the rounding of a codec.

    Cosine transform of blocks of 8 x 8 pixels, rounded to multiples of the standard's tables, which are scaled by the
    quality as the Independent JPEG Group's library does. Nothing flows back through the rounding.

    Args:
        images: RGB.
        quality: 1 to 100, of every image.
    """
    height, width = images.shape[2:]
    below, beside = -height % (2 * _BLOCK), -width % (2 * _BLOCK)
    padded = nn.functional.pad(images * 255.0, (0, beside, 0, below), mode="replicate")
    matrix = images.new_tensor(_YCC_FROM_RGB)
    ycc = torch.einsum("ij,bjhw->bihw", matrix, padded)
    luma = _quantized(ycc[:, :1] - 128.0, _LUMINANCE, quality) + 128.0
    halved = _quantized(nn.functional.avg_pool2d(ycc[:, 1:], 2), _CHROMINANCE, quality)
    # Libraries put the colour back smoothly.
    chroma = nn.functional.interpolate(halved, scale_factor=2.0, mode="bilinear", align_corners=False)
    rgb = torch.einsum("ij,bjhw->bihw", torch.linalg.inv(matrix), torch.cat([luma, chroma], dim=1))
    return (rgb / 255.0).clamp(0.0, 1.0)[:, :, :height, :width]


def _quantized(plane: Tensor, table: tuple[tuple[int, ...], ...], quality: Tensor) -> Tensor:
    """Planes `b c h w`, sides multiples of 8, with the cosine transform of their blocks rounded."""
    scale = torch.where(quality < 50.0, 5000.0 / quality, 200.0 - 2.0 * quality)
    steps = ((plane.new_tensor(table) * scale[:, None, None] + 50.0) / 100.0).floor().clamp(1.0, 255.0)
    cosines = _cosines().to(plane)
    batch, channels, height, width = plane.shape
    blocks = plane.reshape(batch, channels, height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK).transpose(3, 4)
    steps = steps[:, None, None, None]
    found = (cosines @ blocks @ cosines.T / steps).round() * steps
    return (cosines.T @ found @ cosines).transpose(3, 4).reshape(plane.shape)


def _cosines() -> Tensor:
    """The orthonormal cosine transform of eight values, `8 8`."""
    number = torch.arange(_BLOCK, dtype=torch.float64)
    waves = (math.pi / _BLOCK * number[:, None] * (number + 0.5)).cos() * math.sqrt(2.0 / _BLOCK)
    waves[0] /= math.sqrt(2.0)
    return waves
