"""Aeroplanes: airliners, business jets, fighters, light propeller planes, gliders, biplanes, transports and deltas.

The fuselage is 10 units long and everything else is relative to that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

from shapelift.synthesis.procedural.declaration import (
    Distribution,
    Drawn,
    Parameters,
    Range,
    chance,
    choice,
    drawn,
    integers,
    integers_within,
    maybe,
    seed,
    uniform,
    when,
    within,
)

_Style = Literal["airliner", "bizjet", "fighter", "light", "glider", "biplane", "transport", "delta"]
_Tail = Literal["conventional", "cruciform", "t", "twin", "v", "fin_only"]
_Engines = Literal["none", "under_wing", "at_tail", "nose_propeller", "wing_propellers", "inside"]
_Gear = Literal["none", "tricycle", "taildragger", "floats"]

_GEARS: dict[_Gear, float] = {"none": 0.55, "tricycle": 0.45}


class _StyleRow(NamedTuple):
    """Share of all aeroplanes, ranges of the parameters of the same names, and weights of what is fitted."""

    share: float
    radius: Range
    half_span: Range
    chord: Range
    taper: Range
    sweep_deg: Range
    dihedral_deg: Range
    wing_place: Range
    wing_height: Range
    nose_length: Range
    tail_length: Range
    engines: dict[_Engines, float]
    tails: dict[_Tail, float]
    gears: dict[_Gear, float] = _GEARS
    cabin_windows: tuple[int, int] = (0, 0)


_STYLES: dict[_Style, _StyleRow] = {
    "airliner": _StyleRow(
        share=0.27, radius=(0.5, 0.72), half_span=(4.2, 5.4), chord=(1.7, 2.4), taper=(0.2, 0.38), sweep_deg=(22, 36),
        dihedral_deg=(3, 7), wing_place=(0.32, 0.4), wing_height=(-0.8, -0.5), nose_length=(1.6, 2.4),
        tail_length=(4, 6), engines={"under_wing": 0.8, "at_tail": 0.2}, tails={"conventional": 0.85, "t": 0.15},
        cabin_windows=(14, 26),
    ),
    "bizjet": _StyleRow(
        share=0.1, radius=(0.45, 0.62), half_span=(3.8, 5.0), chord=(1.4, 2.0), taper=(0.25, 0.45), sweep_deg=(10, 32),
        dihedral_deg=(1, 5), wing_place=(0.4, 0.48), wing_height=(-0.9, -0.6), nose_length=(2.2, 3.2),
        tail_length=(4, 6), engines={"at_tail": 0.9, "under_wing": 0.1}, tails={"t": 0.6, "cruciform": 0.3, "v": 0.1},
        cabin_windows=(4, 8),
    ),
    "fighter": _StyleRow(
        share=0.2, radius=(0.42, 0.62), half_span=(2.6, 3.8), chord=(3.0, 4.4), taper=(0.12, 0.4), sweep_deg=(25, 50),
        dihedral_deg=(-4, 3), wing_place=(0.36, 0.46), wing_height=(-0.3, 0.5), nose_length=(4, 6),
        tail_length=(1.5, 3), engines={"inside": 0.9, "nose_propeller": 0.1},
        tails={"conventional": 0.4, "twin": 0.5, "v": 0.1},
    ),
    "light": _StyleRow(
        share=0.13, radius=(0.5, 0.72), half_span=(5.0, 6.6), chord=(1.3, 1.8), taper=(0.6, 1.0), sweep_deg=(-2, 5),
        dihedral_deg=(1, 6), wing_place=(0.2, 0.3), wing_height=(-0.9, 1.1), nose_length=(0.7, 1.5),
        tail_length=(7, 10), engines={"nose_propeller": 0.75, "wing_propellers": 0.25},
        tails={"conventional": 0.7, "t": 0.1, "v": 0.1, "twin": 0.1},
        gears={"tricycle": 0.45, "taildragger": 0.45, "floats": 0.1},
    ),
    "glider": _StyleRow(
        share=0.06, radius=(0.32, 0.44), half_span=(8.5, 12.5), chord=(0.8, 1.2), taper=(0.3, 0.6), sweep_deg=(-2, 3),
        dihedral_deg=(2, 5), wing_place=(0.28, 0.36), wing_height=(-0.1, 0.9), nose_length=(2.0, 3.4),
        tail_length=(11, 16), engines={"none": 1.0}, tails={"t": 0.6, "conventional": 0.25, "v": 0.15},
    ),
    "biplane": _StyleRow(
        share=0.07, radius=(0.48, 0.68), half_span=(4.6, 6.2), chord=(1.3, 1.8), taper=(0.75, 1.0), sweep_deg=(-1, 6),
        dihedral_deg=(0, 4), wing_place=(0.16, 0.26), wing_height=(-0.9, -0.6), nose_length=(0.5, 1.0),
        tail_length=(8, 11), engines={"nose_propeller": 1.0}, tails={"conventional": 1.0}, gears={"taildragger": 1.0},
    ),
    "transport": _StyleRow(
        share=0.1, radius=(0.62, 0.85), half_span=(4.8, 6.4), chord=(1.5, 2.1), taper=(0.35, 0.6), sweep_deg=(0, 22),
        dihedral_deg=(-3, 2), wing_place=(0.3, 0.38), wing_height=(0.85, 1.05), nose_length=(1.0, 1.7),
        tail_length=(4, 6), engines={"wing_propellers": 0.65, "under_wing": 0.35},
        tails={"conventional": 0.45, "t": 0.4, "twin": 0.15}, cabin_windows=(4, 8),
    ),
    "delta": _StyleRow(
        share=0.07, radius=(0.36, 0.6), half_span=(2.6, 4.4), chord=(5.2, 7.2), taper=(0.03, 0.15), sweep_deg=(48, 64),
        dihedral_deg=(-2, 2), wing_place=(0.24, 0.34), wing_height=(-0.7, -0.2), nose_length=(4, 7),
        tail_length=(2, 4), engines={"inside": 0.6, "under_wing": 0.25, "nose_propeller": 0.15},
        tails={"fin_only": 0.7, "twin": 0.3},
    ),
}  # fmt: skip


def _style(p: Drawn) -> _StyleRow:
    return _STYLES[p.style]


_SMALL: set[_Style] = {"light", "biplane", "glider"}
_SMALL_OR_FAST: set[_Style] = {*_SMALL, "fighter", "delta"}


@dataclass(frozen=True, kw_only=True)
class AirplaneParameters(Parameters):
    """Lengths relative to a fuselage of 10; angles in degrees; nose and tail lengths in fuselage radii.

    wing_place and engine_place are shares (of the length from the nose, of the half span); wing_height runs from -1,
    under the fuselage, to 1, on top of it. Styles are as frequent as in shape collections, roughly.
    """

    style: _Style = drawn(choice({name: style.share for name, style in _STYLES.items()}))
    radius: float = drawn(within(lambda p: _style(p).radius))
    half_span: float = drawn(within(lambda p: _style(p).half_span))
    chord: float = drawn(within(lambda p: _style(p).chord))
    taper: float = drawn(within(lambda p: _style(p).taper))
    sweep_deg: float = drawn(within(lambda p: _style(p).sweep_deg))
    dihedral_deg: float = drawn(within(lambda p: _style(p).dihedral_deg))
    wing_place: float = drawn(within(lambda p: _style(p).wing_place))
    wing_height: float = drawn(within(lambda p: _style(p).wing_height))
    nose_length: float = drawn(within(lambda p: _style(p).nose_length))
    tail_length: float = drawn(within(lambda p: _style(p).tail_length))
    engines: _Engines = drawn(choice(lambda p: _style(p).engines))
    _tail: ClassVar[Distribution[_Tail]] = choice(lambda p: _style(p).tails)
    tail: _Tail = drawn(
        lambda rng, p: "t" if p.engines == "at_tail" and p._tail == "conventional" else p._tail  # engines need the room
    )
    roundness: float = drawn(when(lambda p: p.style in _SMALL_OR_FAST, uniform(2.0, 3.2), uniform(2.0, 2.3)))
    wing_thickness: float = drawn(when(lambda p: p.style in _SMALL, uniform(0.09, 0.14), uniform(0.06, 0.11)))
    kink: float = drawn(when(lambda p: p.style in {"airliner", "fighter", "delta"}, uniform(0.0, 0.8), 0.0))
    nose_droop: float = drawn(uniform(0.0, 0.35))
    tail_rise: float = drawn(when(lambda p: p.style in _SMALL_OR_FAST, uniform(0.0, 0.5), uniform(0.3, 0.9)))
    tail_size: float = drawn(uniform(0.85, 1.25))
    tail_sweep_deg: float = drawn(when(lambda p: p.style in _SMALL, uniform(0.0, 25.0), uniform(28.0, 48.0)))
    engine_count: int = drawn(when(lambda p: p.style in {"airliner", "transport"}, choice({1: 0.7, 2: 0.3}), 1))
    engine_size: float = drawn(uniform(0.85, 1.2))
    engine_place: float = drawn(uniform(0.3, 0.42))
    blades: int = drawn(integers(2, 5))
    gear: _Gear = drawn(choice(lambda p: _style(p).gears))
    gear_height: float = drawn(uniform(0.7, 1.2))
    canopy: float = drawn(when(lambda p: p.style in _SMALL_OR_FAST, uniform(0.75, 1.3), 0.0))
    cabin_windows: int = drawn(integers_within(lambda p: _style(p).cabin_windows))
    winglet: float = drawn(
        when(lambda p: p.style in {"airliner", "bizjet", "glider"}, maybe(0.5, uniform(0.3, 0.9), 0.0), 0.0)
    )
    canard: bool = drawn(when(lambda p: p.style in {"fighter", "delta"} and p.tail != "v", chance(0.25), False))
    stores: int = drawn(when(lambda p: p.style == "fighter", maybe(0.6, integers(1, 3), 0), 0))
    material_seed: int = drawn(seed)
