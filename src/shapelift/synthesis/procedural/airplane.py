"""Aeroplanes: airliners, business jets, fighters, light propeller planes, gliders, biplanes, transports and deltas.

The fuselage is 10 units long and everything else is relative to that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from shapelift.synthesis.materials import Asset
from shapelift.synthesis.procedural.draws import between, chance, count, pick
from shapelift.synthesis.procedural.solids import assemble

Style = Literal["airliner", "bizjet", "fighter", "light", "glider", "biplane", "transport", "delta"]
Tail = Literal["conventional", "cruciform", "t", "twin", "v", "fin_only"]
Engines = Literal["none", "under_wing", "at_tail", "nose_propeller", "wing_propellers", "inside"]
Gear = Literal["none", "tricycle", "taildragger", "floats"]

_SHARES: dict[Style, float] = {
    "airliner": 0.27,
    "bizjet": 0.1,
    "fighter": 0.2,
    "light": 0.13,
    "glider": 0.06,
    "biplane": 0.07,
    "transport": 0.1,
    "delta": 0.07,
}

# fuselage radius; half span, root chord, taper, sweep [deg], dihedral [deg], position of the leading edge from the nose
# (share of the length), height (-1 low .. 1 high); nose length and tail cone length in radii.
_SPANS: dict[Style, tuple[tuple[float, float], ...]] = {
    "airliner": (
        (0.5, 0.72), (4.2, 5.4), (1.7, 2.4), (0.2, 0.38), (22, 36), (3, 7), (0.32, 0.4), (-0.8, -0.5), (1.6, 2.4),
        (4, 6),
    ),
    "bizjet": (
        (0.45, 0.62), (3.8, 5.0), (1.4, 2.0), (0.25, 0.45), (10, 32), (1, 5), (0.4, 0.48), (-0.9, -0.6),
        (2.2, 3.2), (4, 6),
    ),
    "fighter": (
        (0.42, 0.62), (2.6, 3.8), (3.0, 4.4), (0.12, 0.4), (25, 50), (-4, 3), (0.36, 0.46), (-0.3, 0.5), (4, 6),
        (1.5, 3),
    ),
    "light": (
        (0.5, 0.72), (5.0, 6.6), (1.3, 1.8), (0.6, 1.0), (-2, 5), (1, 6), (0.2, 0.3), (-0.9, 1.1), (0.7, 1.5),
        (7, 10),
    ),
    "glider": (
        (0.32, 0.44), (8.5, 12.5), (0.8, 1.2), (0.3, 0.6), (-2, 3), (2, 5), (0.28, 0.36), (-0.1, 0.9), (2.0, 3.4),
        (11, 16),
    ),
    "biplane": (
        (0.48, 0.68), (4.6, 6.2), (1.3, 1.8), (0.75, 1.0), (-1, 6), (0, 4), (0.16, 0.26), (-0.9, -0.6),
        (0.5, 1.0), (8, 11),
    ),
    "transport": (
        (0.62, 0.85), (4.8, 6.4), (1.5, 2.1), (0.35, 0.6), (0, 22), (-3, 2), (0.3, 0.38), (0.85, 1.05),
        (1.0, 1.7), (4, 6),
    ),
    "delta": (
        (0.36, 0.6), (2.6, 4.4), (5.2, 7.2), (0.03, 0.15), (48, 64), (-2, 2), (0.24, 0.34), (-0.7, -0.2), (4, 7),
        (2, 4),
    ),
}  # fmt: skip

_TAILS: dict[Style, dict[Tail, float]] = {
    "airliner": {"conventional": 0.85, "t": 0.15},
    "bizjet": {"t": 0.6, "cruciform": 0.3, "v": 0.1},
    "fighter": {"conventional": 0.4, "twin": 0.5, "v": 0.1},
    "light": {"conventional": 0.7, "t": 0.1, "v": 0.1, "twin": 0.1},
    "glider": {"t": 0.6, "conventional": 0.25, "v": 0.15},
    "biplane": {"conventional": 1.0},
    "transport": {"conventional": 0.45, "t": 0.4, "twin": 0.15},
    "delta": {"fin_only": 0.7, "twin": 0.3},
}
_ENGINES: dict[Style, dict[Engines, float]] = {
    "airliner": {"under_wing": 0.8, "at_tail": 0.2},
    "bizjet": {"at_tail": 0.9, "under_wing": 0.1},
    "fighter": {"inside": 0.9, "nose_propeller": 0.1},
    "light": {"nose_propeller": 0.75, "wing_propellers": 0.25},
    "glider": {"none": 1.0},
    "biplane": {"nose_propeller": 1.0},
    "transport": {"wing_propellers": 0.65, "under_wing": 0.35},
    "delta": {"inside": 0.6, "under_wing": 0.25, "nose_propeller": 0.15},
}

_CABIN_WINDOWS: dict[Style, tuple[int, int]] = {
    "airliner": (14, 26),
    "bizjet": (4, 8),
    "fighter": (0, 0),
    "light": (0, 0),
    "glider": (0, 0),
    "biplane": (0, 0),
    "transport": (4, 8),
    "delta": (0, 0),
}


@dataclass(frozen=True, kw_only=True)
class AirplaneParameters:
    """Lengths relative to a fuselage of 10; angles in degrees; nose and tail lengths in fuselage radii.

    wing_place and engine_place are shares (of the length from the nose, of the half span); wing_height runs from -1,
    under the fuselage, to 1, on top of it.
    """

    style: Style
    radius: float
    roundness: float
    half_span: float
    chord: float
    taper: float
    sweep_deg: float
    dihedral_deg: float
    wing_place: float
    wing_height: float
    wing_thickness: float
    kink: float
    nose_length: float
    nose_droop: float
    tail_length: float
    tail_rise: float
    tail: Tail
    tail_size: float
    tail_sweep_deg: float
    engines: Engines
    engine_count: int
    engine_size: float
    engine_place: float
    blades: int
    gear: Gear
    gear_height: float
    canopy: float
    cabin_windows: int
    winglet: float
    canard: bool
    stores: int
    material_seed: int

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """Draw a style by rough frequency in shape collections, then dimensions uniformly within the style."""
        style = pick(rng, _SHARES)
        values = [between(rng, *limits) for limits in _SPANS[style]]
        small = style in {"light", "biplane", "glider"}
        fast = style in {"fighter", "delta"}
        engines = pick(rng, _ENGINES[style])
        tail = pick(rng, _TAILS[style])
        if engines == "at_tail" and tail == "conventional":
            tail = "t"
        gears: dict[Gear, float] = {"none": 0.55, "tricycle": 0.45}
        if style in {"light", "biplane"}:
            gears = {"tricycle": 0.45, "taildragger": 0.45, "floats": 0.1} if style == "light" else {"taildragger": 1.0}
        return cls(
            style=style,
            radius=values[0],
            half_span=values[1],
            chord=values[2],
            taper=values[3],
            sweep_deg=values[4],
            dihedral_deg=values[5],
            wing_place=values[6],
            wing_height=values[7],
            nose_length=values[8],
            tail_length=values[9],
            roundness=between(rng, 2.0, 3.2) if small or fast else between(rng, 2.0, 2.3),
            wing_thickness=between(rng, 0.09, 0.14) if small else between(rng, 0.06, 0.11),
            kink=between(rng, 0.0, 0.8) if style in {"airliner", "fighter", "delta"} else 0.0,
            nose_droop=between(rng, 0.0, 0.35),
            tail_rise=between(rng, 0.0, 0.5) if small or fast else between(rng, 0.3, 0.9),
            tail=tail,
            tail_size=between(rng, 0.85, 1.25),
            tail_sweep_deg=between(rng, 0.0, 25.0) if small else between(rng, 28.0, 48.0),
            engines=engines,
            engine_count=pick(rng, {1: 0.7, 2: 0.3}) if style in {"airliner", "transport"} else 1,
            engine_size=between(rng, 0.85, 1.2),
            engine_place=between(rng, 0.3, 0.42),
            blades=count(rng, 2, 5),
            gear=pick(rng, gears),
            gear_height=between(rng, 0.7, 1.2),
            canopy=between(rng, 0.75, 1.3) if small or fast else 0.0,
            cabin_windows=count(rng, *_CABIN_WINDOWS[style]),
            winglet=between(rng, 0.3, 0.9) if style in {"airliner", "bizjet", "glider"} and chance(rng, 0.5) else 0.0,
            canard=fast and tail != "v" and chance(rng, 0.25),
            stores=count(rng, 1, 3) if style == "fighter" and chance(rng, 0.6) else 0,
            material_seed=int(rng.integers(2**31)),
        )

    def build(self) -> Asset:
        """The aeroplane, nose towards +Z."""
        from shapelift.synthesis.procedural.airframe import Airframe

        return assemble(Airframe(self).parts())
