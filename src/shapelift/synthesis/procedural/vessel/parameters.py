"""Vessels: sailing boats, yachts, speedboats, cargo ships, tankers, tugs, rowing boats, warships, submarines, liners.

The hull is 10 units long and everything else is relative to that; the bow points towards +Z.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from shapelift.synthesis.materials import Asset
from shapelift.synthesis.procedural.draws import between, chance, count, pick
from shapelift.synthesis.procedural.hulls import Hull
from shapelift.synthesis.procedural.solids import assemble

Style = Literal[
    "sail",
    "tall_ship",
    "yacht",
    "speedboat",
    "cargo",
    "tanker",
    "tug",
    "rowing",
    "warship",
    "submarine",
    "liner",
    "carrier",
]
Rig = Literal["cat", "sloop", "ketch"]

_SHARES: dict[Style, float] = {
    "sail": 0.16,
    "tall_ship": 0.06,
    "yacht": 0.14,
    "speedboat": 0.08,
    "cargo": 0.12,
    "tanker": 0.07,
    "tug": 0.07,
    "rowing": 0.07,
    "warship": 0.11,
    "submarine": 0.06,
    "liner": 0.04,
    "carrier": 0.02,
}

Span = tuple[float, float]
# half beam, depth, sheer at the bow, sheer at the stern, fullness, entry, transom, rake, forefoot, counter (see Hull).
_LINES: dict[Style, tuple[Span, ...]] = {
    "sail": (
        (1.1, 1.7), (0.9, 1.3), (0.1, 0.5), (0.0, 0.2), (1.5, 2.2), (1.6, 2.4), (0.4, 0.85), (0.2, 0.9), (0.4, 0.8),
        (0.3, 0.6),
    ),
    "tall_ship": (
        (1.0, 1.4), (1.2, 1.7), (0.3, 0.7), (0.3, 0.9), (1.8, 2.6), (2.0, 3.2), (0.5, 0.8), (0.2, 0.8), (0.2, 0.5),
        (0.1, 0.3),
    ),
    "yacht": (
        (1.2, 1.7), (1.1, 1.6), (0.3, 0.8), (-0.2, 0.1), (1.6, 2.4), (1.7, 2.6), (0.85, 0.98), (0.5, 1.2), (0.3, 0.7),
        (0.0, 0.2),
    ),
    "speedboat": (
        (1.6, 2.1), (1.1, 1.6), (0.1, 0.5), (-0.3, 0.0), (1.4, 2.0), (1.6, 2.4), (0.85, 1.0), (0.5, 1.2), (0.3, 0.7),
        (0.0, 0.1),
    ),
    "cargo": (
        (0.7, 1.0), (0.8, 1.3), (0.1, 0.5), (0.0, 0.15), (3.5, 6.0), (2.8, 5.0), (0.6, 0.95), (0.1, 0.5), (0.0, 0.15),
        (0.1, 0.5),
    ),
    "tanker": (
        (0.8, 1.1), (0.7, 1.1), (0.1, 0.4), (0.0, 0.1), (4.0, 6.0), (3.5, 6.0), (0.6, 0.9), (0.0, 0.3), (0.0, 0.1),
        (0.1, 0.5),
    ),
    "tug": (
        (1.6, 2.2), (1.6, 2.3), (0.5, 1.2), (0.0, 0.3), (1.8, 3.0), (2.2, 3.6), (0.6, 0.9), (0.1, 0.5), (0.1, 0.4),
        (0.1, 0.4),
    ),
    "rowing": (
        (1.4, 2.2), (1.0, 1.5), (0.2, 0.7), (0.1, 0.4), (1.5, 2.6), (1.7, 2.8), (0.1, 0.75), (0.2, 0.8), (0.3, 0.7),
        (0.1, 0.5),
    ),
    "warship": (
        (0.55, 0.8), (0.6, 0.9), (0.15, 0.5), (0.0, 0.1), (2.2, 3.5), (1.5, 2.2), (0.5, 0.85), (0.4, 1.0), (0.1, 0.4),
        (0.2, 0.5),
    ),
    "submarine": (
        (0.45, 0.65), (0.9, 1.3), (0.0, 0.0), (0.0, 0.0), (2.0, 2.0), (2.0, 4.0), (0.1, 0.2), (0.0, 0.0), (0.3, 0.5),
        (0.3, 0.5),
    ),
    "liner": (
        (0.7, 1.0), (0.8, 1.2), (0.2, 0.5), (0.0, 0.2), (3.0, 5.0), (1.8, 3.0), (0.6, 0.9), (0.4, 0.9), (0.0, 0.2),
        (0.2, 0.5),
    ),
    "carrier": (
        (0.7, 0.9), (0.7, 0.9), (0.0, 0.1), (0.0, 0.0), (2.5, 4.0), (2.0, 3.2), (0.7, 0.95), (0.2, 0.6), (0.1, 0.3),
        (0.2, 0.5),
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class VesselParameters:
    """Lengths relative to a hull of 10; the lines of the hull are those of `hulls.Hull`.

    house_place is a share of the length from the stern; house_length of the length, house_width of the beam.
    """

    style: Style
    half_beam: float
    depth: float
    sheer_bow: float
    sheer_stern: float
    fullness: float
    entry: float
    transom: float
    rake: float
    forefoot: float
    counter: float
    house_place: float
    house_length: float
    house_width: float
    house_height: float
    house_slant: float
    decks: int
    masts: int
    mast_height: float
    rig: Rig
    sails: int
    sail_belly: float
    sail_angle_deg: float
    hulls: int
    keel: float
    bulwark: float
    funnels: int
    bays: int
    tiers: int
    guns: int
    derricks: int
    details: int
    waterline: float
    material_seed: int

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """Draw a style by rough frequency in shape collections, then dimensions uniformly within the style."""
        style = pick(rng, _SHARES)
        lines = [between(rng, *limits) for limits in _LINES[style]]
        stern_house = style in {"cargo", "tanker"}
        place = between(rng, 0.08, 0.16) if stern_house else between(rng, 0.4, 0.58)
        return cls(
            style=style,
            half_beam=lines[0],
            depth=lines[1],
            sheer_bow=lines[2],
            sheer_stern=lines[3],
            fullness=lines[4],
            entry=lines[5],
            transom=lines[6],
            rake=lines[7],
            forefoot=lines[8],
            counter=lines[9],
            house_place=0.75 if stern_house and chance(rng, 0.12) else place,
            house_length=between(rng, 0.09, 0.15) if stern_house else between(rng, 0.25, 0.45),
            house_width=between(rng, 0.6, 0.85),
            house_height=between(rng, 0.85, 1.2),
            house_slant=between(rng, 0.0, 0.25) if stern_house or style == "tug" else between(rng, 0.2, 1.3),
            decks=count(rng, 1, 3),
            masts=count(rng, 2, 4) if style == "tall_ship" else count(rng, 1, 2),
            mast_height=between(rng, 0.85, 1.3),
            rig=pick(rng, {"cat": 0.2, "sloop": 0.6, "ketch": 0.2}),
            sails=count(rng, 2, 4),
            sail_belly=between(rng, 0.02, 0.12),
            sail_angle_deg=between(rng, -25.0, 25.0),
            hulls=2 if style in {"sail", "yacht"} and chance(rng, 0.12) else 1,
            keel=between(rng, 0.5, 1.3) if chance(rng, 0.7) else 0.0,
            bulwark=between(rng, 0.12, 0.25),
            funnels=count(rng, 1, 3),
            bays=count(rng, 4, 8),
            tiers=count(rng, 1, 4),
            guns=count(rng, 1, 4),
            derricks=count(rng, 0, 3),
            details=count(rng, 0, 3),
            waterline=between(rng, 0.25, 0.5) if chance(rng, 0.65) else 0.0,
            material_seed=int(rng.integers(2**31)),
        )

    def lines(self) -> Hull:
        """The hull's lines; of one of the two hulls for a catamaran."""
        return Hull(
            length=10.0,
            half_beam=self.half_beam * (0.42 if self.hulls == 2 else 1.0),
            depth=self.depth,
            sheer_bow=self.sheer_bow,
            sheer_stern=self.sheer_stern,
            fullness=self.fullness,
            entry=self.entry,
            transom=self.transom,
            rake=self.rake,
            forefoot=self.forefoot,
            counter=self.counter,
        )

    def build(self) -> Asset:
        """The vessel, upright, bow towards +Z."""
        from shapelift.synthesis.procedural.boats import BOATS
        from shapelift.synthesis.procedural.ships import SHIPS
        from shapelift.synthesis.procedural.shipyard import Shipyard

        return assemble((BOATS | SHIPS)[self.style](Shipyard(self)))
