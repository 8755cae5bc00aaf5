"""Perceptual feature pooling: what feature maps say where the vertices of a mesh are seen.

Source: Wang et al., "Pixel2Mesh", ECCV 2018, section 3.4. Two things differ on purpose. Pixel centres lie at +0.5, so a
place in the image is the same place in a map of any resolution. And a vertex that falls exactly on the centre of a
pixel gets the value of that pixel: the released code weights by distances to the pixels left and right of it, which
are then the same one, so that all weights are 0, and with them the features.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

_NEAREST = 1e-3


def project(
    points: Float[Tensor, "b v 3"], intrinsics: Float[Tensor, "b 3 3"], camera_from_world: Float[Tensor, "b 4 4"]
) -> Float[Tensor, "b v 2"]:
    """Column and row [px] of points seen by one perspective camera per item.

    Sums of products, which autocast leaves in single precision. Points at less than 0.001 in front of a camera, or
    behind it, are taken to be there; the result is finite.

    Args:
        points: World.
        intrinsics: Pixels; upper triangular, last row (0, 0, 1).
        camera_from_world: Rigid.
    """
    x, y, z = (_row(points, camera_from_world, axis) for axis in range(3))
    z = z.clamp_min(_NEAREST)
    x, y = x / z, y / z
    focal, skew, column = (intrinsics[:, 0, i, None] for i in range(3))
    column = focal * x + skew * y + column
    return torch.stack([column, intrinsics[:, 1, 1, None] * y + intrinsics[:, 1, 2, None]], dim=2)


def pool_vertices(
    maps: Sequence[Float[Tensor, "b _c _h _w"]], pixels: Float[Tensor, "b v 2"], image_size: int
) -> Float[Tensor, "b v d"]:
    """Values of feature maps at places of the image, bilinear, one map after the other.

    Outside of the centres of the outermost pixels the nearest value on that border counts. The object fills the image
    but for a margin, so what lies outside looks like the border; zeros would be a third kind of value, next to object
    and background, that jumps where a vertex steps over the line.

    Args:
        maps: Of any resolutions; each covers the whole image.
        pixels: Column and row of every vertex in the image.
        image_size: Side of the square image [px].
    """
    places = (pixels * (2.0 / image_size) - 1.0)[:, None]
    pooled = [
        nn.functional.grid_sample(
            values.to(places.dtype), places, mode="bilinear", padding_mode="border", align_corners=False
        )
        for values in maps
    ]
    return torch.cat(pooled, dim=1)[:, :, 0].transpose(1, 2)


def _row(points: Tensor, matrix: Tensor, axis: int) -> Tensor:
    turned = sum(points[..., i] * matrix[:, axis, i, None] for i in range(3))
    return turned + matrix[:, axis, 3, None]
