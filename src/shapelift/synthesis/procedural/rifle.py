"""Rifles and their kin: assault rifles, carbines, bullpups, hunting rifles, shotguns, lever actions, machine guns.

One unit is ten centimetres. The bore is the z axis and the muzzle points towards +Z, so the familiar profile is what
a camera on the +X side sees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from shapelift.synthesis.materials import Asset
from shapelift.synthesis.procedural.draws import between, chance, count, pick
from shapelift.synthesis.procedural.solids import assemble

Style = Literal["assault", "carbine", "bullpup", "hunting", "sniper", "shotgun", "lever", "machine_gun"]
Stock = Literal["classic", "block", "skeleton", "wire", "folded", "none"]
Guard = Literal["none", "round", "square", "vented", "pump", "wood"]
Magazine = Literal["none", "straight", "curved", "drum", "box"]
Sight = Literal["iron", "scope", "dot", "handle"]
Muzzle = Literal["plain", "brake", "cone", "suppressor"]
Foregrip = Literal["none", "vertical", "angled"]

_SHARES: dict[Style, float] = {
    "assault": 0.3,
    "carbine": 0.12,
    "bullpup": 0.09,
    "hunting": 0.13,
    "sniper": 0.13,
    "shotgun": 0.1,
    "lever": 0.05,
    "machine_gun": 0.08,
}

Span = tuple[float, float]
# barrel length and radius, receiver length and height, hand guard as a share of the barrel, stock length.
_SPANS: dict[Style, tuple[Span, ...]] = {
    "assault": ((3.6, 5.4), (0.11, 0.15), (2.2, 3.2), (0.7, 1.0), (0.5, 0.7), (2.2, 3.2)),
    "carbine": ((1.6, 3.2), (0.11, 0.15), (2.2, 3.2), (0.7, 1.0), (0.4, 0.8), (1.8, 2.8)),
    "bullpup": ((2.6, 4.2), (0.11, 0.15), (4.6, 5.6), (0.8, 1.1), (0.3, 0.5), (0.0, 0.0)),
    "hunting": ((5.4, 6.6), (0.11, 0.14), (1.8, 2.4), (0.5, 0.65), (0.35, 0.55), (3.0, 3.6)),
    "sniper": ((5.6, 7.2), (0.14, 0.19), (2.0, 2.8), (0.55, 0.75), (0.3, 0.6), (2.8, 3.6)),
    "shotgun": ((5.0, 7.4), (0.15, 0.2), (1.8, 2.3), (0.6, 0.8), (0.3, 0.45), (2.8, 3.5)),
    "lever": ((4.8, 6.2), (0.12, 0.15), (1.6, 2.0), (0.55, 0.7), (0.35, 0.5), (2.8, 3.4)),
    "machine_gun": ((4.8, 6.2), (0.14, 0.19), (3.0, 3.8), (0.9, 1.2), (0.35, 0.55), (2.2, 3.0)),
}
_STOCKS: dict[Style, dict[Stock, float]] = {
    "assault": {"classic": 0.25, "block": 0.35, "skeleton": 0.2, "wire": 0.1, "folded": 0.1},
    "carbine": {"block": 0.3, "skeleton": 0.2, "wire": 0.2, "folded": 0.15, "none": 0.15},
    "bullpup": {"none": 1.0},
    "hunting": {"classic": 1.0},
    "sniper": {"classic": 0.55, "skeleton": 0.3, "block": 0.15},
    "shotgun": {"classic": 0.8, "none": 0.1, "folded": 0.1},
    "lever": {"classic": 1.0},
    "machine_gun": {"classic": 0.3, "block": 0.4, "skeleton": 0.3},
}
_GUARDS: dict[Style, dict[Guard, float]] = {
    "assault": {"round": 0.25, "square": 0.35, "vented": 0.4},
    "carbine": {"round": 0.25, "square": 0.35, "vented": 0.4},
    "bullpup": {"square": 0.6, "round": 0.4},
    "hunting": {"wood": 1.0},
    "sniper": {"wood": 0.6, "vented": 0.2, "square": 0.2},
    "shotgun": {"pump": 0.75, "wood": 0.25},
    "lever": {"wood": 1.0},
    "machine_gun": {"vented": 0.5, "square": 0.3, "none": 0.2},
}
_MAGAZINES: dict[Style, dict[Magazine, float]] = {
    "assault": {"curved": 0.55, "straight": 0.4, "drum": 0.05},
    "carbine": {"straight": 0.65, "curved": 0.3, "drum": 0.05},
    "bullpup": {"curved": 0.5, "straight": 0.5},
    "hunting": {"none": 0.75, "straight": 0.25},
    "sniper": {"straight": 0.6, "none": 0.4},
    "shotgun": {"none": 0.9, "drum": 0.1},
    "lever": {"none": 1.0},
    "machine_gun": {"box": 0.55, "drum": 0.3, "curved": 0.15},
}
_SIGHTS: dict[Style, dict[Sight, float]] = {
    "assault": {"iron": 0.35, "scope": 0.2, "dot": 0.25, "handle": 0.2},
    "carbine": {"iron": 0.5, "dot": 0.35, "handle": 0.15},
    "bullpup": {"dot": 0.3, "scope": 0.35, "handle": 0.35},
    "hunting": {"iron": 0.35, "scope": 0.65},
    "sniper": {"scope": 1.0},
    "shotgun": {"iron": 0.8, "dot": 0.2},
    "lever": {"iron": 0.85, "scope": 0.15},
    "machine_gun": {"iron": 0.4, "scope": 0.2, "handle": 0.4},
}


@dataclass(frozen=True, kw_only=True)
class RifleParameters:
    """Lengths in units of ten centimetres, angles in degrees.

    guard is the share of the barrel that the hand guard covers; drop is how far the butt lies below the bore.
    """

    style: Style
    barrel_length: float
    barrel_radius: float
    barrels: int
    receiver_length: float
    receiver_height: float
    receiver_width: float
    receiver_rounding: float
    guard_style: Guard
    guard: float
    guard_size: float
    vents: int
    stock: Stock
    stock_length: float
    drop: float
    butt: float
    cheek: float
    pistol_grip: bool
    grip_angle_deg: float
    grip_length: float
    magazine: Magazine
    magazine_length: float
    magazine_curve: float
    sight: Sight
    scope_length: float
    scope_radius: float
    muzzle: Muzzle
    foregrip: Foregrip
    bipod_deg: float
    rail: bool
    bolt: float
    material_seed: int

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """Draw a style, then everything else within what the style is built with."""
        style = pick(rng, _SHARES)
        values = [between(rng, *limits) for limits in _SPANS[style]]
        modern = style in {"assault", "carbine", "bullpup", "machine_gun"}
        legs = {"sniper": 0.5, "machine_gun": 0.75, "assault": 0.08}.get(style, 0.0)
        stock = pick(rng, _STOCKS[style])
        return cls(
            style=style,
            barrel_length=values[0],
            barrel_radius=values[1],
            barrels=2 if style == "shotgun" and chance(rng, 0.3) else 1,
            receiver_length=values[2],
            receiver_height=values[3],
            receiver_width=between(rng, 0.36, 0.56),
            receiver_rounding=between(rng, 0.02, 0.18),
            guard_style=pick(rng, _GUARDS[style]),
            guard=values[4],
            guard_size=between(rng, 0.24, 0.36),
            vents=count(rng, 2, 5),
            stock=stock,
            stock_length=values[5] * (0.7 if stock == "wire" else 1.0),
            drop=between(rng, 0.05, 0.35) if modern else between(rng, 0.25, 0.8),
            butt=between(rng, 0.5, 0.75),
            cheek=between(rng, 0.1, 0.3) if style == "sniper" and chance(rng, 0.6) else 0.0,
            pistol_grip=modern or stock not in {"classic", "block"} or (style == "sniper" and chance(rng, 0.4)),
            grip_angle_deg=between(rng, 8.0, 30.0),
            grip_length=between(rng, 0.8, 1.15),
            magazine=pick(rng, _MAGAZINES[style]),
            magazine_length=between(rng, 0.35, 0.7) if style in {"hunting", "sniper"} else between(rng, 0.9, 2.0),
            magazine_curve=between(rng, 12.0, 40.0),
            sight=pick(rng, _SIGHTS[style]),
            scope_length=between(rng, 2.4, 3.6) if style in {"sniper", "hunting"} else between(rng, 1.4, 2.4),
            scope_radius=between(rng, 0.16, 0.22),
            muzzle=pick(rng, {"plain": 1.0})
            if style in {"hunting", "lever", "shotgun"}
            else pick(rng, {"plain": 0.2, "brake": 0.35, "cone": 0.25, "suppressor": 0.2}),
            foregrip=pick(rng, {"none": 0.65, "vertical": 0.25, "angled": 0.1}) if modern else "none",
            bipod_deg=between(rng, 12.0, 30.0) if chance(rng, legs) else 0.0,
            rail=modern and chance(rng, 0.6),
            bolt=between(rng, 0.4, 0.75),
            material_seed=int(rng.integers(2**31)),
        )

    def build(self) -> Asset:
        """The rifle, muzzle towards +Z, sights up."""
        from shapelift.synthesis.procedural.gunsmith import Gunsmith

        return assemble(Gunsmith(self).parts())
