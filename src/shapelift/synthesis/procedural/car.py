"""Cars: saloons, hatchbacks, estates, off-roaders, pickups, vans, buses, sports cars and convertibles. Metres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from shapelift.synthesis.materials import Asset
from shapelift.synthesis.procedural.draws import between, chance, count, pick
from shapelift.synthesis.procedural.solids import assemble

Body = Literal["sedan", "hatchback", "wagon", "suv", "pickup", "van", "bus", "sports", "convertible"]
Spoiler = Literal["none", "lip", "wing"]
Rack = Literal["none", "rails", "bars", "box"]
Lamps = Literal["round", "box", "strip"]

_SHARES: dict[Body, float] = {
    "sedan": 0.22,
    "hatchback": 0.14,
    "wagon": 0.08,
    "suv": 0.15,
    "pickup": 0.09,
    "van": 0.09,
    "bus": 0.06,
    "sports": 0.1,
    "convertible": 0.07,
}

# length, width, height, clearance, wheel radius [m]; then fractions: overhangs, hood and deck of the length, belt line
# of the height; then run over rise of the windscreen and of the rear window.
_SPANS: dict[Body, tuple[tuple[float, float], ...]] = {
    "sedan": (
        (4.2, 5.2), (1.7, 1.95), (1.38, 1.52), (0.15, 0.22), (0.3, 0.35), (0.17, 0.21), (0.18, 0.24),
        (0.25, 0.31), (0.1, 0.2), (0.6, 0.67), (1.0, 1.8), (0.8, 1.8),
    ),
    "hatchback": (
        (3.4, 4.3), (1.6, 1.82), (1.4, 1.58), (0.15, 0.2), (0.28, 0.34), (0.16, 0.2), (0.12, 0.18), (0.2, 0.28),
        (0.01, 0.03), (0.58, 0.66), (0.9, 1.7), (0.25, 0.8),
    ),
    "wagon": (
        (4.4, 5.1), (1.72, 1.92), (1.42, 1.58), (0.15, 0.24), (0.3, 0.36), (0.17, 0.21), (0.19, 0.25),
        (0.25, 0.3), (0.01, 0.03), (0.58, 0.66), (1.0, 1.7), (0.15, 0.6),
    ),
    "suv": (
        (3.9, 5.1), (1.75, 2.05), (1.62, 1.98), (0.22, 0.36), (0.34, 0.44), (0.15, 0.2), (0.16, 0.22),
        (0.22, 0.3), (0.01, 0.03), (0.57, 0.66), (0.2, 1.1), (0.05, 0.5),
    ),
    "pickup": (
        (4.9, 5.9), (1.8, 2.1), (1.7, 2.0), (0.28, 0.42), (0.36, 0.45), (0.15, 0.18), (0.2, 0.25), (0.24, 0.29),
        (0.3, 0.46), (0.57, 0.63), (0.5, 1.1), (0.08, 0.3),
    ),
    "van": (
        (4.3, 5.8), (1.8, 2.1), (1.8, 2.6), (0.16, 0.26), (0.31, 0.37), (0.14, 0.19), (0.16, 0.24), (0.06, 0.16),
        (0.005, 0.02), (0.42, 0.55), (0.4, 1.0), (0.03, 0.2),
    ),
    "bus": (
        (6.5, 11.0), (2.1, 2.6), (2.6, 3.4), (0.25, 0.4), (0.42, 0.52), (0.14, 0.24), (0.2, 0.28), (0.015, 0.05),
        (0.005, 0.01), (0.38, 0.5), (0.05, 0.25), (0.02, 0.12),
    ),
    "sports": (
        (4.0, 4.8), (1.76, 2.05), (1.08, 1.32), (0.1, 0.15), (0.31, 0.36), (0.18, 0.23), (0.17, 0.22),
        (0.2, 0.36), (0.05, 0.18), (0.62, 0.7), (1.4, 2.3), (1.5, 3.2),
    ),
    "convertible": (
        (3.8, 4.8), (1.65, 1.95), (1.2, 1.4), (0.12, 0.18), (0.3, 0.35), (0.17, 0.22), (0.18, 0.23), (0.27, 0.36),
        (0.16, 0.24), (0.62, 0.68), (0.9, 1.5), (0.8, 1.4),
    ),
}  # fmt: skip
_WINDOWS: dict[Body, tuple[int, int]] = {
    "sedan": (2, 3),
    "hatchback": (1, 3),
    "wagon": (3, 3),
    "suv": (2, 3),
    "pickup": (1, 2),
    "van": (1, 4),
    "bus": (4, 8),
    "sports": (1, 2),
    "convertible": (1, 1),
}

_LAMPS: dict[Lamps, float] = {"round": 0.35, "box": 0.35, "strip": 0.3}
_FEW_SPOILERS: dict[Spoiler, float] = {"none": 0.7, "lip": 0.25, "wing": 0.05}
_SPOILERS: dict[Body, dict[Spoiler, float]] = {
    "sports": {"none": 0.3, "lip": 0.3, "wing": 0.4},
    "bus": {"none": 1.0},
    "pickup": {"none": 1.0},
    "convertible": {"none": 1.0},
}
_NO_RACK: dict[Rack, float] = {"none": 1.0}
_SOME_RACKS: dict[Rack, float] = {"none": 0.5, "rails": 0.2, "bars": 0.18, "box": 0.12}
_RACKS: dict[Body, dict[Rack, float]] = {
    "wagon": _SOME_RACKS,
    "suv": _SOME_RACKS,
    "van": _SOME_RACKS,
    "sedan": {"none": 0.9, "bars": 0.06, "box": 0.04},
    "hatchback": {"none": 0.9, "bars": 0.06, "box": 0.04},
}


@dataclass(frozen=True, kw_only=True)
class CarParameters:
    """Lengths in metres; overhangs, hood and deck are fractions of the length, the belt line one of the height.

    A rake is horizontal run over rise; tumblehome, roundness and nose_taper are relative pull-ins of the sides;
    glazing is the share of the cabin's length that has side windows.
    """

    style: Body
    length: float
    width: float
    height: float
    clearance: float
    wheel_radius: float
    front_overhang: float
    rear_overhang: float
    hood: float
    deck: float
    belt: float
    windscreen_rake: float
    rear_rake: float
    side_windows: int
    glazing: float
    pillar: float
    nose_height: float
    deck_drop: float
    tumblehome: float
    roundness: float
    nose_taper: float
    roof_rounding: float
    wheel_width: float
    rim_dish: float
    spoke_count: int
    arch_gap: float
    flare: float
    bumper: float
    mirror: float
    lamps: Lamps
    grille: float
    spoiler: Spoiler
    rack: Rack
    spare_wheel: bool
    two_tone: bool
    material_seed: int

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """Draw a body style by rough frequency on the road, then every dimension uniformly within its style."""
        style = pick(rng, _SHARES)
        values = [between(rng, *limits) for limits in _SPANS[style]]
        tall = style in {"van", "bus"}
        boxy = tall or (style in {"suv", "pickup"} and chance(rng, 0.5))
        sporty = style in {"sports", "convertible"}
        return cls(
            style=style,
            length=values[0],
            width=values[1],
            height=values[2],
            clearance=values[3],
            wheel_radius=values[4],
            front_overhang=values[5],
            rear_overhang=values[6],
            hood=values[7],
            deck=values[8],
            belt=values[9],
            windscreen_rake=values[10],
            rear_rake=values[11],
            side_windows=count(rng, *_WINDOWS[style]),
            glazing=between(rng, 0.25, 0.95) if style == "van" else between(rng, 0.9, 0.99),
            pillar=between(rng, 0.06, 0.13),
            nose_height=between(rng, 0.75, 0.95) if boxy else between(rng, 0.5, 0.8),
            deck_drop=between(rng, 0.0, 0.25),
            tumblehome=between(rng, 0.01, 0.08) if boxy else between(rng, 0.1, 0.28),
            roundness=between(rng, 0.0, 0.4) if boxy else between(rng, 0.2, 1.0),
            nose_taper=between(rng, 0.02, 0.12) if boxy else between(rng, 0.1, 0.32),
            roof_rounding=between(rng, 0.1, 0.5) if boxy else between(rng, 0.4, 1.0),
            wheel_width=between(rng, 0.17, 0.27) + (0.05 if sporty or tall else 0.0),
            rim_dish=between(rng, 0.25, 0.8),
            spoke_count=pick(rng, {0: 0.25, 3: 0.05, 5: 0.3, 6: 0.1, 8: 0.1, 10: 0.2}),
            arch_gap=between(rng, 0.08, 0.22),
            flare=between(rng, 0.03, 0.09) if chance(rng, 0.3) else 0.0,
            bumper=between(rng, 0.03, 0.12) if chance(rng, 0.6) else 0.0,
            mirror=0.0 if chance(rng, 0.1) else between(rng, 0.8, 1.3) * (1.5 if style == "bus" else 1.0),
            lamps=pick(rng, _LAMPS),
            grille=between(rng, 0.25, 0.7) if chance(rng, 0.85) else 0.0,
            spoiler=pick(rng, _SPOILERS.get(style, _FEW_SPOILERS)),
            rack=pick(rng, _RACKS.get(style, _NO_RACK)),
            spare_wheel=style == "suv" and chance(rng, 0.3),
            two_tone=chance(rng, 0.2),
            material_seed=int(rng.integers(2**31)),
        )

    def build(self) -> Asset:
        """The car, nose towards +Z, standing on its wheels."""
        from shapelift.synthesis.procedural.coachwork import Coachwork

        return assemble(Coachwork(self).parts())
