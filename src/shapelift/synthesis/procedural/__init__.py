"""Procedural shapes: one parametric family per category, every instance one closed solid.

A family is a frozen dataclass of plain parameters with `sample(rng)` and `build()`; it never draws random
numbers while building, except materials from its own `material_seed`.
"""

from __future__ import annotations

import zlib
from typing import Protocol, Self

import numpy as np

from shapelift.synthesis.materials import Asset
from shapelift.synthesis.procedural.airplane import AirplaneParameters
from shapelift.synthesis.procedural.bench import BenchParameters
from shapelift.synthesis.procedural.cabinet import CabinetParameters
from shapelift.synthesis.procedural.car import CarParameters
from shapelift.synthesis.procedural.chair import ChairParameters
from shapelift.synthesis.procedural.display import DisplayParameters
from shapelift.synthesis.procedural.lamp import LampParameters
from shapelift.synthesis.procedural.loudspeaker import LoudspeakerParameters
from shapelift.synthesis.procedural.rifle import RifleParameters
from shapelift.synthesis.procedural.sofa import SofaParameters
from shapelift.synthesis.procedural.table import TableParameters
from shapelift.synthesis.procedural.telephone import TelephoneParameters
from shapelift.synthesis.procedural.vessel import VesselParameters


class Family(Protocol):
    """What every parameter class offers."""

    @property
    def material_seed(self) -> int:
        """Seed of the materials, which alone are drawn while building."""
        ...

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """Random, mutually plausible parameters."""
        ...

    def build(self) -> Asset:
        """The shape: one closed solid, centred, longest side 1, +Y up, front +Z."""
        ...


FAMILIES: dict[str, type[Family]] = {
    "chair": ChairParameters,
    "table": TableParameters,
    "sofa": SofaParameters,
    "lamp": LampParameters,
    "cabinet": CabinetParameters,
    "bench": BenchParameters,
    "display": DisplayParameters,
    "car": CarParameters,
    "airplane": AirplaneParameters,
    "vessel": VesselParameters,
    "rifle": RifleParameters,
    "loudspeaker": LoudspeakerParameters,
    "telephone": TelephoneParameters,
}
CATEGORIES: tuple[str, ...] = tuple(FAMILIES)


def family(category: str) -> type[Family]:
    """The parameter class of a category. Raises ValueError for a name that is not in `CATEGORIES`."""
    if category not in FAMILIES:
        raise ValueError(f"no procedural category {category!r}: choose from {', '.join(CATEGORIES)}")
    return FAMILIES[category]


def build(category: str, seed: int) -> Asset:
    """The shape that a seed stands for; the same seed gives the same shape.

    Raises ValueError for an unknown category, and in the very rare case that random parts do not hold together.
    """
    rng = np.random.default_rng([zlib.crc32(category.encode()), seed])
    return family(category).sample(rng).build()
