"""The solid of a vessel and its paints."""

from __future__ import annotations

import numpy as np

from shapelift.synthesis.materials import Material, random_material
from shapelift.synthesis.procedural import finishes
from shapelift.synthesis.procedural.category import Category
from shapelift.synthesis.procedural.solids import Part
from shapelift.synthesis.procedural.vessel.boats import BOATS
from shapelift.synthesis.procedural.vessel.components import ACCENTS, Vessel
from shapelift.synthesis.procedural.vessel.parameters import VesselParameters
from shapelift.synthesis.procedural.vessel.ships import SHIPS


def _parts(p: VesselParameters) -> list[Part]:
    """The vessel, upright, bow towards +Z."""
    return (BOATS | SHIPS)[p.style](Vessel(p))


def _materials(p: VesselParameters, rng: np.random.Generator) -> dict[str, Material]:
    """One material per group of parts."""
    grey = p.style in {"warship", "carrier", "submarine"} and rng.random() < 0.85
    if grey:
        hull = finishes.tinted(rng, "paint", (0.45, 0.65), (0.0, 0.15), (0.15, 0.7))
        house = finishes.tinted(rng, "paint", (0.45, 0.65), (0.0, 0.12), (0.35, 0.75))
    else:
        if p.style in {"rowing", "tall_ship"} and rng.random() < 0.6:
            hull = random_material(rng, "wood")
        else:
            hull = finishes.light_paint(rng) if rng.random() < 0.5 else finishes.car_paint(rng)
        house = finishes.light_paint(rng) if rng.random() < 0.8 else finishes.car_paint(rng)
    bottom = finishes.tinted(rng, "paint", (0.95, 1.08), (0.5, 0.9), (0.25, 0.6))
    if rng.random() < 0.5 and not grey:
        deck = random_material(rng, "wood")
    else:
        deck = finishes.tinted(rng, "paint", (0.0, 1.0), (0.0, 0.5), (0.3, 0.8))
    glass = finishes.dark_glass(rng)
    mast = random_material(rng, "wood") if rng.random() < 0.4 else finishes.bright_metal(rng)
    if rng.random() < 0.75:
        cloth = finishes.tinted(rng, "fabric", (0.0, 1.0), (0.0, 0.1), (0.8, 1.0))
    else:
        cloth = random_material(rng, "fabric")
    return {
        "hull": hull,
        "house": house,
        "bottom": bottom,
        "deck": deck,
        "glass": glass,
        "mast": mast,
        "cloth": cloth,
        "funnel": finishes.car_paint(rng),
        "dark": finishes.dark_metal(rng),
        **{group: finishes.car_paint(rng) for group in ACCENTS},
        "rubber": finishes.tyre(rng),
    }


CATEGORY = Category(VesselParameters, _parts, _materials)
