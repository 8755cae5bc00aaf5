"""Procedural shapes: one folder per category, every instance one closed solid.

A category has parameters, declared with their distributions, and functions that make parts and materials of them; only
the materials are drawn while building, from their own `material_seed`.
"""

from __future__ import annotations

import zlib
from importlib import import_module

import numpy as np

from shapelift.synthesis.materials import Asset
from shapelift.synthesis.procedural.category import Category

__all__ = ["CATEGORIES", "build", "category"]

_NAMES = (
    "chair",
    "table",
    "sofa",
    "lamp",
    "cabinet",
    "bench",
    "display",
    "car",
    "airplane",
    "vessel",
    "rifle",
    "loudspeaker",
    "telephone",
)
CATEGORIES: dict[str, Category] = {name: import_module(f"{__name__}.{name}").CATEGORY for name in _NAMES}
"""Every category, by name."""


def category(name: str) -> Category:
    """The category of a name.

    Raises:
        ValueError: the name is not in `CATEGORIES`.
    """
    if name not in CATEGORIES:
        raise ValueError(f"no procedural category {name!r}: choose from {', '.join(CATEGORIES)}")
    return CATEGORIES[name]


def build(name: str, seed: int) -> Asset:
    """The shape of a category that a seed stands for; the same seed gives the same shape.

    Raises:
        ValueError: the category is unknown, or, which is very rare, random parts are not connected.
    """
    return category(name).draw(np.random.default_rng([zlib.crc32(name.encode()), seed]))
