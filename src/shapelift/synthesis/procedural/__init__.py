"""Procedural shapes: one parametric family per category, every instance one closed solid.

A family is a frozen dataclass of plain parameters with `sample(rng)` and `build()`; it never draws random
numbers while building, except materials from its own `material_seed`.
"""

from __future__ import annotations

import zlib
from importlib import import_module
from typing import Protocol, Self

import numpy as np

from shapelift.synthesis.materials import Asset

CATEGORIES: tuple[str, ...] = (
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


class Family(Protocol):
    """What every parameter class offers."""

    material_seed: int

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """Random, mutually plausible parameters."""
        ...

    def build(self) -> Asset:
        """The shape: one closed solid, centred, longest side 1, +Y up, front +Z."""
        ...


def family(category: str) -> type[Family]:
    """The parameter class of a category. Raises ValueError for a name that is not in `CATEGORIES`."""
    if category not in CATEGORIES:
        raise ValueError(f"no procedural category {category!r}: choose from {', '.join(CATEGORIES)}")
    found: type[Family] = getattr(import_module(f"{__name__}.{category}"), f"{category.capitalize()}Parameters")
    return found


def build(category: str, seed: int) -> Asset:
    """The shape that a seed stands for; the same seed gives the same shape, on every machine."""
    rng = np.random.default_rng([zlib.crc32(category.encode()), seed])
    return family(category).sample(rng).build()
