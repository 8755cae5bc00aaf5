"""Procedural shapes: one folder per category, every instance one closed solid.

A category has parameters, declared with their distributions, and a function that builds a shape of them; it never draws
random numbers while building, except materials from its own `material_seed`.
"""

from __future__ import annotations

import zlib

import numpy as np

from shapelift.synthesis.materials import Asset
from shapelift.synthesis.procedural import airplane, car, rifle, vessel
from shapelift.synthesis.procedural.bench import BenchParameters
from shapelift.synthesis.procedural.cabinet import CabinetParameters
from shapelift.synthesis.procedural.category import Category
from shapelift.synthesis.procedural.chair import ChairParameters
from shapelift.synthesis.procedural.display import DisplayParameters
from shapelift.synthesis.procedural.lamp import LampParameters
from shapelift.synthesis.procedural.loudspeaker import LoudspeakerParameters
from shapelift.synthesis.procedural.sofa import SofaParameters
from shapelift.synthesis.procedural.table import TableParameters
from shapelift.synthesis.procedural.telephone import TelephoneParameters

CATEGORIES: dict[str, Category] = {
    "chair": Category(ChairParameters, ChairParameters.build),
    "table": Category(TableParameters, TableParameters.build),
    "sofa": Category(SofaParameters, SofaParameters.build),
    "lamp": Category(LampParameters, LampParameters.build),
    "cabinet": Category(CabinetParameters, CabinetParameters.build),
    "bench": Category(BenchParameters, BenchParameters.build),
    "display": Category(DisplayParameters, DisplayParameters.build),
    "car": Category(car.CarParameters, car.build),
    "airplane": Category(airplane.AirplaneParameters, airplane.build),
    "vessel": Category(vessel.VesselParameters, vessel.build),
    "rifle": Category(rifle.RifleParameters, rifle.build),
    "loudspeaker": Category(LoudspeakerParameters, LoudspeakerParameters.build),
    "telephone": Category(TelephoneParameters, TelephoneParameters.build),
}
"""Every category, by name."""


def category(name: str) -> Category:
    """The category of a name. Raises ValueError for a name that is not in `CATEGORIES`."""
    if name not in CATEGORIES:
        raise ValueError(f"no procedural category {name!r}: choose from {', '.join(CATEGORIES)}")
    return CATEGORIES[name]


def build(name: str, seed: int) -> Asset:
    """The shape of a category that a seed stands for; the same seed gives the same shape.

    Raises ValueError for an unknown category, and in the very rare case that random parts do not hold together.
    """
    return category(name).draw(np.random.default_rng([zlib.crc32(name.encode()), seed]))
