"""Procedural shapes: one folder per category, every instance one closed solid.

A category has parameters, declared with their distributions, and a function that builds a shape of them; it never draws
random numbers while building, except materials from its own `material_seed`.
"""

from __future__ import annotations

import zlib

import numpy as np

from shapelift.synthesis.materials import Asset
from shapelift.synthesis.procedural import (
    airplane,
    bench,
    cabinet,
    car,
    chair,
    display,
    lamp,
    loudspeaker,
    rifle,
    sofa,
    table,
    telephone,
    vessel,
)
from shapelift.synthesis.procedural.category import Category

CATEGORIES: dict[str, Category] = {
    "chair": Category(chair.ChairParameters, chair.build),
    "table": Category(table.TableParameters, table.build),
    "sofa": Category(sofa.SofaParameters, sofa.build),
    "lamp": Category(lamp.LampParameters, lamp.build),
    "cabinet": Category(cabinet.CabinetParameters, cabinet.build),
    "bench": Category(bench.BenchParameters, bench.build),
    "display": Category(display.DisplayParameters, display.build),
    "car": Category(car.CarParameters, car.build),
    "airplane": Category(airplane.AirplaneParameters, airplane.build),
    "vessel": Category(vessel.VesselParameters, vessel.build),
    "rifle": Category(rifle.RifleParameters, rifle.build),
    "loudspeaker": Category(loudspeaker.LoudspeakerParameters, loudspeaker.build),
    "telephone": Category(telephone.TelephoneParameters, telephone.build),
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
