"""Cars: saloons, hatchbacks, estates, off-roaders, pickups, vans, buses, sports cars and convertibles. Metres."""

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
    integers_within,
    maybe,
    seed,
    times,
    uniform,
    when,
    within,
)

_Body = Literal["sedan", "hatchback", "wagon", "suv", "pickup", "van", "bus", "sports", "convertible"]
_Spoiler = Literal["none", "lip", "wing"]
_Rack = Literal["none", "rails", "bars", "box"]
_Lamps = Literal["round", "box", "strip"]

_LAMPS: dict[_Lamps, float] = {"round": 0.35, "box": 0.35, "strip": 0.3}
_FEW_SPOILERS: dict[_Spoiler, float] = {"none": 0.7, "lip": 0.25, "wing": 0.05}
_NO_SPOILER: dict[_Spoiler, float] = {"none": 1.0}
_SOME_RACKS: dict[_Rack, float] = {"none": 0.5, "rails": 0.2, "bars": 0.18, "box": 0.12}
_FEW_RACKS: dict[_Rack, float] = {"none": 0.9, "bars": 0.06, "box": 0.04}
_NO_RACK: dict[_Rack, float] = {"none": 1.0}


class _StyleRow(NamedTuple):
    """Share of all cars, ranges of the parameters of the same names, and weights of what is fitted to the body."""

    share: float
    length: Range
    width: Range
    height: Range
    clearance: Range
    wheel_radius: Range
    front_overhang: Range
    rear_overhang: Range
    hood: Range
    deck: Range
    belt: Range
    windscreen_rake: Range
    rear_rake: Range
    side_windows: tuple[int, int]
    glazing: Range = (0.9, 0.99)
    spoilers: dict[_Spoiler, float] = _FEW_SPOILERS
    racks: dict[_Rack, float] = _NO_RACK


_STYLES: dict[_Body, _StyleRow] = {
    "sedan": _StyleRow(
        share=0.22, length=(4.2, 5.2), width=(1.7, 1.95), height=(1.38, 1.52), clearance=(0.15, 0.22),
        wheel_radius=(0.3, 0.35), front_overhang=(0.17, 0.21), rear_overhang=(0.18, 0.24), hood=(0.25, 0.31),
        deck=(0.1, 0.2), belt=(0.6, 0.67), windscreen_rake=(1.0, 1.8), rear_rake=(0.8, 1.8), side_windows=(2, 3),
        racks=_FEW_RACKS,
    ),
    "hatchback": _StyleRow(
        share=0.14, length=(3.4, 4.3), width=(1.6, 1.82), height=(1.4, 1.58), clearance=(0.15, 0.2),
        wheel_radius=(0.28, 0.34), front_overhang=(0.16, 0.2), rear_overhang=(0.12, 0.18), hood=(0.2, 0.28),
        deck=(0.01, 0.03), belt=(0.58, 0.66), windscreen_rake=(0.9, 1.7), rear_rake=(0.25, 0.8), side_windows=(1, 3),
        racks=_FEW_RACKS,
    ),
    "wagon": _StyleRow(
        share=0.08, length=(4.4, 5.1), width=(1.72, 1.92), height=(1.42, 1.58), clearance=(0.15, 0.24),
        wheel_radius=(0.3, 0.36), front_overhang=(0.17, 0.21), rear_overhang=(0.19, 0.25), hood=(0.25, 0.3),
        deck=(0.01, 0.03), belt=(0.58, 0.66), windscreen_rake=(1.0, 1.7), rear_rake=(0.15, 0.6), side_windows=(3, 3),
        racks=_SOME_RACKS,
    ),
    "suv": _StyleRow(
        share=0.15, length=(3.9, 5.1), width=(1.75, 2.05), height=(1.62, 1.98), clearance=(0.22, 0.36),
        wheel_radius=(0.34, 0.44), front_overhang=(0.15, 0.2), rear_overhang=(0.16, 0.22), hood=(0.22, 0.3),
        deck=(0.01, 0.03), belt=(0.57, 0.66), windscreen_rake=(0.2, 1.1), rear_rake=(0.05, 0.5), side_windows=(2, 3),
        racks=_SOME_RACKS,
    ),
    "pickup": _StyleRow(
        share=0.09, length=(4.9, 5.9), width=(1.8, 2.1), height=(1.7, 2.0), clearance=(0.28, 0.42),
        wheel_radius=(0.36, 0.45), front_overhang=(0.15, 0.18), rear_overhang=(0.2, 0.25), hood=(0.24, 0.29),
        deck=(0.3, 0.46), belt=(0.57, 0.63), windscreen_rake=(0.5, 1.1), rear_rake=(0.08, 0.3), side_windows=(1, 2),
        spoilers=_NO_SPOILER,
    ),
    "van": _StyleRow(
        share=0.09, length=(4.3, 5.8), width=(1.8, 2.1), height=(1.8, 2.6), clearance=(0.16, 0.26),
        wheel_radius=(0.31, 0.37), front_overhang=(0.14, 0.19), rear_overhang=(0.16, 0.24), hood=(0.06, 0.16),
        deck=(0.005, 0.02), belt=(0.42, 0.55), windscreen_rake=(0.4, 1.0), rear_rake=(0.03, 0.2), side_windows=(1, 4),
        glazing=(0.25, 0.95), racks=_SOME_RACKS,
    ),
    "bus": _StyleRow(
        share=0.06, length=(6.5, 11.0), width=(2.1, 2.6), height=(2.6, 3.4), clearance=(0.25, 0.4),
        wheel_radius=(0.42, 0.52), front_overhang=(0.14, 0.24), rear_overhang=(0.2, 0.28), hood=(0.015, 0.05),
        deck=(0.005, 0.01), belt=(0.38, 0.5), windscreen_rake=(0.05, 0.25), rear_rake=(0.02, 0.12), side_windows=(4, 8),
        spoilers=_NO_SPOILER,
    ),
    "sports": _StyleRow(
        share=0.1, length=(4.0, 4.8), width=(1.76, 2.05), height=(1.08, 1.32), clearance=(0.1, 0.15),
        wheel_radius=(0.31, 0.36), front_overhang=(0.18, 0.23), rear_overhang=(0.17, 0.22), hood=(0.2, 0.36),
        deck=(0.05, 0.18), belt=(0.62, 0.7), windscreen_rake=(1.4, 2.3), rear_rake=(1.5, 3.2), side_windows=(1, 2),
        spoilers={"none": 0.3, "lip": 0.3, "wing": 0.4},
    ),
    "convertible": _StyleRow(
        share=0.07, length=(3.8, 4.8), width=(1.65, 1.95), height=(1.2, 1.4), clearance=(0.12, 0.18),
        wheel_radius=(0.3, 0.35), front_overhang=(0.17, 0.22), rear_overhang=(0.18, 0.23), hood=(0.27, 0.36),
        deck=(0.16, 0.24), belt=(0.62, 0.68), windscreen_rake=(0.9, 1.5), rear_rake=(0.8, 1.4), side_windows=(1, 1),
        spoilers=_NO_SPOILER,
    ),
}  # fmt: skip


def _style(p: Drawn) -> _StyleRow:
    return _STYLES[p.style]


@dataclass(frozen=True, kw_only=True)
class CarParameters(Parameters):
    """Lengths in metres; overhangs, hood and deck are fractions of the length, the belt line one of the height.

    A rake is horizontal run over rise; tumblehome, roundness and nose_taper are relative pull-ins of the sides;
    glazing is the share of the cabin's length that has side windows. Styles are as frequent as on the road, roughly.
    """

    style: _Body = drawn(choice({name: style.share for name, style in _STYLES.items()}))
    length: float = drawn(within(lambda p: _style(p).length))
    width: float = drawn(within(lambda p: _style(p).width))
    height: float = drawn(within(lambda p: _style(p).height))
    clearance: float = drawn(within(lambda p: _style(p).clearance))
    wheel_radius: float = drawn(within(lambda p: _style(p).wheel_radius))
    front_overhang: float = drawn(within(lambda p: _style(p).front_overhang))
    rear_overhang: float = drawn(within(lambda p: _style(p).rear_overhang))
    hood: float = drawn(within(lambda p: _style(p).hood))
    deck: float = drawn(within(lambda p: _style(p).deck))
    belt: float = drawn(within(lambda p: _style(p).belt))
    windscreen_rake: float = drawn(within(lambda p: _style(p).windscreen_rake))
    rear_rake: float = drawn(within(lambda p: _style(p).rear_rake))
    _boxy: ClassVar[Distribution[bool]] = lambda rng, p: (
        p.style in {"van", "bus"} or (p.style in {"suv", "pickup"} and chance(0.5)(rng, p))
    )
    side_windows: int = drawn(integers_within(lambda p: _style(p).side_windows))
    glazing: float = drawn(within(lambda p: _style(p).glazing))
    pillar: float = drawn(uniform(0.06, 0.13))
    nose_height: float = drawn(when(lambda p: p._boxy, uniform(0.75, 0.95), uniform(0.5, 0.8)))
    deck_drop: float = drawn(uniform(0.0, 0.25))
    tumblehome: float = drawn(when(lambda p: p._boxy, uniform(0.01, 0.08), uniform(0.1, 0.28)))
    roundness: float = drawn(when(lambda p: p._boxy, uniform(0.0, 0.4), uniform(0.2, 1.0)))
    nose_taper: float = drawn(when(lambda p: p._boxy, uniform(0.02, 0.12), uniform(0.1, 0.32)))
    roof_rounding: float = drawn(when(lambda p: p._boxy, uniform(0.1, 0.5), uniform(0.4, 1.0)))
    wheel_width: float = drawn(
        lambda rng, p: (
            float(rng.uniform(0.17, 0.27)) + (0.05 if p.style in {"sports", "convertible", "van", "bus"} else 0.0)
        )
    )
    rim_dish: float = drawn(uniform(0.25, 0.8))
    spoke_count: int = drawn(choice({0: 0.25, 3: 0.05, 5: 0.3, 6: 0.1, 8: 0.1, 10: 0.2}))
    arch_gap: float = drawn(uniform(0.08, 0.22))
    flare: float = drawn(maybe(0.3, uniform(0.03, 0.09), 0.0))
    bumper: float = drawn(maybe(0.6, uniform(0.03, 0.12), 0.0))
    mirror: float = drawn(maybe(0.1, 0.0, times(lambda p: 1.5 if p.style == "bus" else 1.0, uniform(0.8, 1.3))))
    lamps: _Lamps = drawn(choice(_LAMPS))
    grille: float = drawn(maybe(0.85, uniform(0.25, 0.7), 0.0))
    spoiler: _Spoiler = drawn(choice(lambda p: _style(p).spoilers))
    rack: _Rack = drawn(choice(lambda p: _style(p).racks))
    spare_wheel: bool = drawn(when(lambda p: p.style == "suv", chance(0.3), False))
    two_tone: bool = drawn(chance(0.2))
    material_seed: int = drawn(seed)
