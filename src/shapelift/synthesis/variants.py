"""Variants of a shape: stretched along its axes, and half of them mirrored. More shapes for training where few are had.

An image cannot be stretched in space once it is taken, so variants are made before: each is rendered and labelled like
any other shape.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from shapelift.io.splits import variant_name
from shapelift.synthesis.materials import Asset
from shapelift.synthesis.sources import SourceItem

MOST_STRETCHED = 1.3
"""Factors of the three axes lie between its inverse and this; two axes may differ by its square."""


def variants_of(item: SourceItem, count: int) -> tuple[SourceItem, ...]:
    """Items of `count` variants of a shape; more of them leave the first ones as they are.

    Files without colours get other materials in each. Of a procedural shape the seed is the shape, and stays.
    """
    return tuple(
        replace(
            item,
            shape_id=variant_name(item.shape_id, number),
            seed=item.seed if item.path is None else (item.seed + number) % 2**63,
            variant=number,
        )
        for number in range(1, count + 1)
    )


def varied(asset: Asset, rng: np.random.Generator) -> Asset:
    """The asset stretched by random factors along x, y and z, mirrored left to right or not, and normalised again."""
    limit = np.log(MOST_STRETCHED)
    factors = np.exp(rng.uniform(-limit, limit, 3))
    mirrored = bool(rng.random() < 0.5)
    factors[0] *= -1.0 if mirrored else 1.0
    uv = asset.uv
    if mirrored and uv is not None:
        uv = np.ascontiguousarray(uv[:, ::-1])  # as the corners of the faces, which a mirror turns over
    return replace(asset, mesh=asset.mesh.transformed(np.diag([*factors, 1.0])), uv=uv).normalized()
