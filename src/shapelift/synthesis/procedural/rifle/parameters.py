"""Long guns: assault rifles, carbines, bullpups, hunting and sniper rifles, shotguns, lever actions, machine guns.

One unit is ten centimetres. The bore is the z axis and the muzzle points towards +Z, so the familiar profile is what
a camera on the +X side sees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

from shapelift.synthesis.procedural.declaration import (
    Drawn,
    Parameters,
    Range,
    chance,
    choice,
    drawn,
    integers,
    maybe,
    seed,
    uniform,
    when,
    within,
)

_Style = Literal["assault", "carbine", "bullpup", "hunting", "sniper", "shotgun", "lever", "machine_gun"]
_Stock = Literal["classic", "block", "skeleton", "wire", "folded", "none"]
_Guard = Literal["none", "round", "square", "vented", "pump", "wood"]
_Magazine = Literal["none", "straight", "curved", "drum", "box"]
_Sight = Literal["iron", "scope", "dot", "handle"]
_Muzzle = Literal["plain", "brake", "cone", "suppressor"]
_Foregrip = Literal["none", "vertical", "angled"]

_MUZZLES: dict[_Muzzle, float] = {"plain": 0.2, "brake": 0.35, "cone": 0.25, "suppressor": 0.2}
_PLAIN_MUZZLE: dict[_Muzzle, float] = {"plain": 1.0}
_FOREGRIPS: dict[_Foregrip, float] = {"none": 0.65, "vertical": 0.25, "angled": 0.1}


class _StyleRow(NamedTuple):
    """Share of all long guns, ranges of the parameters of the same names, and weights of what is fitted."""

    share: float
    barrel_length: Range
    barrel_radius: Range
    receiver_length: Range
    receiver_height: Range
    guard: Range
    stock_length: Range
    stocks: dict[_Stock, float]
    guards: dict[_Guard, float]
    magazines: dict[_Magazine, float]
    sights: dict[_Sight, float]
    muzzles: dict[_Muzzle, float] = _MUZZLES
    bipod: float = 0.0


_STYLES: dict[_Style, _StyleRow] = {
    "assault": _StyleRow(
        share=0.3, barrel_length=(3.6, 5.4), barrel_radius=(0.11, 0.15), receiver_length=(2.2, 3.2),
        receiver_height=(0.7, 1.0), guard=(0.5, 0.7), stock_length=(2.2, 3.2),
        stocks={"classic": 0.25, "block": 0.35, "skeleton": 0.2, "wire": 0.1, "folded": 0.1},
        guards={"round": 0.25, "square": 0.35, "vented": 0.4},
        magazines={"curved": 0.55, "straight": 0.4, "drum": 0.05},
        sights={"iron": 0.35, "scope": 0.2, "dot": 0.25, "handle": 0.2}, bipod=0.08,
    ),
    "carbine": _StyleRow(
        share=0.12, barrel_length=(1.6, 3.2), barrel_radius=(0.11, 0.15), receiver_length=(2.2, 3.2),
        receiver_height=(0.7, 1.0), guard=(0.4, 0.8), stock_length=(1.8, 2.8),
        stocks={"block": 0.3, "skeleton": 0.2, "wire": 0.2, "folded": 0.15, "none": 0.15},
        guards={"round": 0.25, "square": 0.35, "vented": 0.4},
        magazines={"straight": 0.65, "curved": 0.3, "drum": 0.05},
        sights={"iron": 0.5, "dot": 0.35, "handle": 0.15},
    ),
    "bullpup": _StyleRow(
        share=0.09, barrel_length=(2.6, 4.2), barrel_radius=(0.11, 0.15), receiver_length=(4.6, 5.6),
        receiver_height=(0.8, 1.1), guard=(0.3, 0.5), stock_length=(0.0, 0.0), stocks={"none": 1.0},
        guards={"square": 0.6, "round": 0.4}, magazines={"curved": 0.5, "straight": 0.5},
        sights={"dot": 0.3, "scope": 0.35, "handle": 0.35},
    ),
    "hunting": _StyleRow(
        share=0.13, barrel_length=(5.4, 6.6), barrel_radius=(0.11, 0.14), receiver_length=(1.8, 2.4),
        receiver_height=(0.5, 0.65), guard=(0.35, 0.55), stock_length=(3.0, 3.6), stocks={"classic": 1.0},
        guards={"wood": 1.0}, magazines={"none": 0.75, "straight": 0.25}, sights={"iron": 0.35, "scope": 0.65},
        muzzles=_PLAIN_MUZZLE,
    ),
    "sniper": _StyleRow(
        share=0.13, barrel_length=(5.6, 7.2), barrel_radius=(0.14, 0.19), receiver_length=(2.0, 2.8),
        receiver_height=(0.55, 0.75), guard=(0.3, 0.6), stock_length=(2.8, 3.6),
        stocks={"classic": 0.55, "skeleton": 0.3, "block": 0.15}, guards={"wood": 0.6, "vented": 0.2, "square": 0.2},
        magazines={"straight": 0.6, "none": 0.4}, sights={"scope": 1.0}, bipod=0.5,
    ),
    "shotgun": _StyleRow(
        share=0.1, barrel_length=(5.0, 7.4), barrel_radius=(0.15, 0.2), receiver_length=(1.8, 2.3),
        receiver_height=(0.6, 0.8), guard=(0.3, 0.45), stock_length=(2.8, 3.5),
        stocks={"classic": 0.8, "none": 0.1, "folded": 0.1}, guards={"pump": 0.75, "wood": 0.25},
        magazines={"none": 0.9, "drum": 0.1}, sights={"iron": 0.8, "dot": 0.2}, muzzles=_PLAIN_MUZZLE,
    ),
    "lever": _StyleRow(
        share=0.05, barrel_length=(4.8, 6.2), barrel_radius=(0.12, 0.15), receiver_length=(1.6, 2.0),
        receiver_height=(0.55, 0.7), guard=(0.35, 0.5), stock_length=(2.8, 3.4), stocks={"classic": 1.0},
        guards={"wood": 1.0}, magazines={"none": 1.0}, sights={"iron": 0.85, "scope": 0.15}, muzzles=_PLAIN_MUZZLE,
    ),
    "machine_gun": _StyleRow(
        share=0.08, barrel_length=(4.8, 6.2), barrel_radius=(0.14, 0.19), receiver_length=(3.0, 3.8),
        receiver_height=(0.9, 1.2), guard=(0.35, 0.55), stock_length=(2.2, 3.0),
        stocks={"classic": 0.3, "block": 0.4, "skeleton": 0.3}, guards={"vented": 0.5, "square": 0.3, "none": 0.2},
        magazines={"box": 0.55, "drum": 0.3, "curved": 0.15}, sights={"iron": 0.4, "scope": 0.2, "handle": 0.4},
        bipod=0.75,
    ),
}  # fmt: skip


def _style(p: Drawn) -> _StyleRow:
    return _STYLES[p.style]


_MODERN: set[_Style] = {"assault", "carbine", "bullpup", "machine_gun"}


@dataclass(frozen=True, kw_only=True)
class RifleParameters(Parameters):
    """Lengths in units of ten centimetres, angles in degrees.

    guard is the share of the barrel that the hand guard covers; drop is how far the butt lies below the bore.
    """

    style: _Style = drawn(choice({name: style.share for name, style in _STYLES.items()}))
    barrel_length: float = drawn(within(lambda p: _style(p).barrel_length))
    barrel_radius: float = drawn(within(lambda p: _style(p).barrel_radius))
    receiver_length: float = drawn(within(lambda p: _style(p).receiver_length))
    receiver_height: float = drawn(within(lambda p: _style(p).receiver_height))
    guard: float = drawn(within(lambda p: _style(p).guard))
    _usual_stock_length: ClassVar = within(lambda p: _style(p).stock_length)
    stock: _Stock = drawn(choice(lambda p: _style(p).stocks))
    barrels: int = drawn(when(lambda p: p.style == "shotgun", maybe(0.3, 2, 1), 1))
    receiver_width: float = drawn(uniform(0.36, 0.56))
    receiver_rounding: float = drawn(uniform(0.02, 0.18))
    guard_style: _Guard = drawn(choice(lambda p: _style(p).guards))
    guard_size: float = drawn(uniform(0.24, 0.36))
    vents: int = drawn(integers(2, 5))
    stock_length: float = drawn(lambda rng, p: p._usual_stock_length * (0.7 if p.stock == "wire" else 1.0))
    drop: float = drawn(when(lambda p: p.style in _MODERN, uniform(0.05, 0.35), uniform(0.25, 0.8)))
    butt: float = drawn(uniform(0.5, 0.75))
    cheek: float = drawn(when(lambda p: p.style == "sniper", maybe(0.6, uniform(0.1, 0.3), 0.0), 0.0))
    pistol_grip: bool = drawn(
        lambda rng, p: (
            p.style in _MODERN or p.stock not in {"classic", "block"} or (p.style == "sniper" and chance(0.4)(rng, p))
        )
    )
    grip_angle_deg: float = drawn(uniform(8.0, 30.0))
    grip_length: float = drawn(uniform(0.8, 1.15))
    magazine: _Magazine = drawn(choice(lambda p: _style(p).magazines))
    magazine_length: float = drawn(
        when(lambda p: p.style in {"hunting", "sniper"}, uniform(0.35, 0.7), uniform(0.9, 2.0))
    )
    magazine_curve: float = drawn(uniform(12.0, 40.0))
    sight: _Sight = drawn(choice(lambda p: _style(p).sights))
    scope_length: float = drawn(when(lambda p: p.style in {"hunting", "sniper"}, uniform(2.4, 3.6), uniform(1.4, 2.4)))
    scope_radius: float = drawn(uniform(0.16, 0.22))
    muzzle: _Muzzle = drawn(choice(lambda p: _style(p).muzzles))
    foregrip: _Foregrip = drawn(when(lambda p: p.style in _MODERN, choice(_FOREGRIPS), "none"))
    bipod_deg: float = drawn(maybe(lambda p: _style(p).bipod, uniform(12.0, 30.0), 0.0))
    rail: bool = drawn(when(lambda p: p.style in _MODERN, chance(0.6), False))
    bolt: float = drawn(uniform(0.4, 0.75))
    material_seed: int = drawn(seed)
