"""Parameters of benches and their distributions, from a piano stool to a station bench."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from shapelift.synthesis.procedural.declaration import Parameters, chance, choice, drawn, integers, maybe, seed, uniform
from shapelift.synthesis.procedural.supports import LegShape, Stretcher

_Seat = Literal["slab", "planks", "slats", "soft", "half_log"]
_Back = Literal["none", "planks", "slats", "solid", "cross", "arch", "soft"]
Support = Literal["legs", "panels", "trestle", "iron", "blocks", "loops", "box", "columns"]
_Arms = Literal["none", "posts", "curl", "panel"]

_BACKS: dict[_Back, float] = {"planks": 4.0, "slats": 3.0, "solid": 1.5, "cross": 0.8, "arch": 1.0, "soft": 1.0}
_SUPPORTS: dict[Support, float] = {
    "legs": 6.0, "panels": 2.0, "trestle": 1.0, "iron": 1.5, "blocks": 0.8, "loops": 1.2, "box": 0.6,
    "columns": 0.5,
}  # fmt: skip
_ARMS: dict[_Arms, float] = {"none": 2.0, "posts": 1.5, "curl": 1.0, "panel": 0.6}
_ARMS_WITHOUT_BACK: dict[_Arms, float] = {"none": 6.0, "posts": 0.5, "panel": 0.7, "curl": 0.4}


@dataclass(frozen=True, kw_only=True)
class BenchParameters(Parameters):
    """Lengths in metres; the bench runs along X."""

    back: _Back = drawn(maybe(0.4, "none", choice(_BACKS)))
    length: float = drawn(maybe(0.4, uniform(0.8, 1.4), uniform(1.2, 2.4)))
    depth: float = drawn(uniform(0.3, 0.55))
    height: float = drawn(uniform(0.36, 0.52))
    seat: _Seat = drawn(choice({"slab": 4.0, "planks": 4.0, "slats": 1.5, "soft": 1.5, "half_log": 0.4}))
    seat_thickness: float = drawn(maybe(0.75, uniform(0.025, 0.06), uniform(0.06, 0.14)))
    seat_boards: int = drawn(integers(2, 7))
    seat_gap: float = drawn(uniform(0.1, 0.4))
    rounding: float = drawn(uniform(0.0, 1.0))
    support: Support = drawn(choice(_SUPPORTS))
    leg_shape: LegShape = drawn(
        choice({"square": 5.0, "round": 2.0, "turned": 1.0, "saber": 0.6, "hairpin": 0.5, "bulb": 0.4})
    )
    leg_width: float = drawn(uniform(0.04, 0.1))
    leg_taper: float = drawn(uniform(0.55, 1.05))
    splay: float = drawn(maybe(0.3, uniform(0.02, 0.1), 0.0))
    inset: float = drawn(uniform(0.0, 0.18))
    middle_support: bool = drawn(chance(0.25))
    stretcher: Stretcher = drawn(choice({"none": 4.0, "box": 1.0, "h": 2.0, "sides": 1.0}))
    apron: float = drawn(maybe(0.35, uniform(0.04, 0.1), 0.0))
    back_height: float = drawn(uniform(0.3, 0.6))
    back_tilt_deg: float = drawn(uniform(0.0, 20.0))
    back_boards: int = drawn(integers(2, 6))
    arms: _Arms = drawn(choice(lambda p: _ARMS_WITHOUT_BACK if p.back == "none" else _ARMS))
    arm_height: float = drawn(uniform(0.15, 0.28))
    shelf: bool = drawn(chance(0.15))
    curve: float = drawn(maybe(0.1, uniform(0.1, 0.5), 0.0))
    material_seed: int = drawn(seed)

    @property
    def under(self) -> float:
        """Height of the underside of the seat."""
        return self.height - self.seat_thickness

    @property
    def foot_x(self) -> float:
        """Half distance between the end supports."""
        return self.length / 2 * (1 - self.inset) - 0.6 * self.leg_width

    @property
    def foot_z(self) -> float:
        """Half depth of a support."""
        return self.depth / 2 - 0.5 * self.leg_width - 0.1 * self.inset * self.depth

    @property
    def support_xs(self) -> list[float]:
        """Where along X the supports stand."""
        middle = [0.0] if self.middle_support and self.length > 1.2 else []
        return [-self.foot_x, *middle, self.foot_x]

    @property
    def lean(self) -> float:
        """How far the back goes backwards for each metre of height."""
        return float(np.tan(np.radians(self.back_tilt_deg)))
