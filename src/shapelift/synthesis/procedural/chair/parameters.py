"""Parameters of chairs and their distributions: a base first, then what usually goes with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

from shapelift.synthesis.procedural.declaration import (
    Drawn,
    Parameters,
    chance,
    choice,
    drawn,
    integers,
    maybe,
    seed,
    times,
    uniform,
    when,
)
from shapelift.synthesis.procedural.supports import LegShape, Stretcher

_Base = Literal["legs", "sled", "cantilever", "star", "disc", "trumpet", "rocker", "cross", "block", "panels"]
Back = Literal["none", "solid", "slats", "ladder", "spindles", "frame", "tufted", "hoop", "splat", "low", "cushion"]
_Arms = Literal["none", "posts", "loop", "panel", "rolled", "horseshoe", "sloped"]
_Seat = Literal["square", "squircle", "round", "trapezoid"]

_BASES: dict[_Base, float] = {
    "legs": 9.0, "sled": 1.2, "cantilever": 1.0, "star": 2.2, "disc": 0.7, "trumpet": 0.7, "rocker": 1.0,
    "cross": 0.9, "block": 2.5, "panels": 0.8,
}  # fmt: skip
_BACKS: dict[Back, float] = {
    "none": 0.3, "solid": 4.0, "slats": 2.0, "ladder": 2.0, "spindles": 1.5, "frame": 1.5, "tufted": 0.8,
    "hoop": 1.2, "splat": 1.2, "low": 1.0, "cushion": 1.0,
}  # fmt: skip
_SOFT_BACKS: dict[Back, float] = {"solid": 3.0, "tufted": 1.5, "cushion": 2.5, "low": 0.3}
_ARMS: dict[_Arms, float] = {"none": 6.0, "posts": 2.5, "loop": 1.5, "horseshoe": 0.9, "sloped": 1.0, "panel": 0.3}
_SOFT_ARMS: dict[_Arms, float] = {"panel": 4.0, "rolled": 2.0, "none": 1.0, "posts": 0.5}


def _soft(p: Drawn) -> bool:
    """Whether the chair is upholstered down to the floor."""
    return p.base in {"block", "panels"}


def _arms(p: Drawn) -> dict[_Arms, float]:
    if p._stool:
        return {"none": 1.0}
    return _SOFT_ARMS if _soft(p) else _ARMS


class _BackFoot(NamedTuple):
    """Where the back meets the seat: its width, z of its sides, and how far its middle stands behind them."""

    width: float
    z: float
    bulge: float


@dataclass(frozen=True, kw_only=True)
class ChairParameters(Parameters):
    """Lengths in metres; the seat's top is at `seat_height`, the back leans by `back_tilt_deg`."""

    base: _Base = drawn(choice(_BASES))
    _stool: ClassVar = chance(lambda p: 0.0 if _soft(p) else 0.07)
    _tall: ClassVar = chance(lambda p: 0.0 if _soft(p) or p.base == "rocker" else 0.12)
    seat_width: float = drawn(when(_soft, uniform(0.5, 0.72), uniform(0.36, 0.56)))
    seat_thickness: float = drawn(when(_soft, uniform(0.08, 0.2), uniform(0.02, 0.09)))
    leg_shape: LegShape = drawn(
        choice({"square": 4.0, "round": 3.0, "turned": 1.2, "saber": 1.0, "hairpin": 0.4, "bulb": 0.4})
    )
    leg_width: float = drawn(uniform(0.024, 0.06))
    leg_taper: float = drawn(uniform(0.5, 1.05))
    splay: float = drawn(maybe(0.4, uniform(0.02, 0.12), 0.0))
    stretcher: Stretcher = drawn(choice({"none": 4.0, "box": 2.5, "h": 1.5, "x": 0.8, "sides": 1.0, "front": 0.4}))
    spokes: int = drawn(integers(4, 6))
    casters: bool = drawn(chance(0.7))
    seat: _Seat = drawn(choice({"square": 5.0, "squircle": 2.0, "round": 1.5, "trapezoid": 2.5}))
    seat_depth: float = drawn(times(lambda p: p.seat_width, uniform(0.82, 1.12)))
    seat_height: float = drawn(when(lambda p: p._tall, uniform(0.58, 0.8), uniform(0.33, 0.52)))
    seat_rounding: float = drawn(uniform(0.0, 0.5))
    saddle: float = drawn(maybe(0.25, uniform(0.2, 0.5), 0.0))
    cushion: float = drawn(
        maybe(lambda p: 0.7 if _soft(p) else 0.25, uniform(0.03, lambda p: 0.13 if _soft(p) else 0.06), 0.0)
    )
    apron: float = drawn(maybe(0.4, uniform(0.03, 0.1), 0.0))
    back: Back = drawn(when(lambda p: p._stool, "none", choice(lambda p: _SOFT_BACKS if _soft(p) else _BACKS)))
    back_height: float = drawn(maybe(0.85, uniform(0.3, 0.72), uniform(0.7, 0.95)))
    back_tilt_deg: float = drawn(uniform(0.0, 22.0))
    back_thickness: float = drawn(when(_soft, uniform(0.08, 0.18), uniform(0.018, 0.06)))
    back_curve: float = drawn(maybe(0.5, uniform(0.02, 0.1), 0.0))
    back_spread: float = drawn(uniform(0.72, 1.15))
    back_bars: int = drawn(integers(2, 7))
    back_gap: float = drawn(uniform(0.05, 0.5))
    arms: _Arms = drawn(choice(_arms))
    arm_height: float = drawn(uniform(0.15, 0.3))
    arm_width: float = drawn(when(_soft, uniform(0.1, 0.2), uniform(0.025, 0.07)))
    arm_reach: float = drawn(uniform(0.55, 1.0))
    material_seed: int = drawn(seed)

    @property
    def plan(self) -> _Seat:
        """Shape of the seat from above: only a straight seat can meet sides that are closed by panels."""
        closed = self.arms in {"panel", "rolled"} or self.base in {"block", "panels"}
        return "square" if closed else self.seat

    @property
    def seat_bottom(self) -> float:
        """Height of the underside of the seat."""
        return self.seat_height - self.seat_thickness

    @property
    def block_bottom(self) -> float:
        """Height of the underside of an upholstered block."""
        return min((0.12 + 0.5 * self.back_gap) * self.seat_height, self.seat_bottom - 0.02)

    @property
    def back_foot(self) -> _BackFoot:
        """Where the back meets the seat."""
        width = self.seat_width * {"square": 1.0, "trapezoid": 0.79, "round": 0.72, "squircle": 0.76}[self.plan]
        if self.plan in {"square", "trapezoid"}:
            return _BackFoot(width, -self.seat_depth / 2 + self.back_thickness / 2, 0.0)
        share = 0.66 if self.plan == "round" else 0.86
        bulge = (0.9 - share) * self.seat_depth / 2 if self.back_curve else 0.0
        return _BackFoot(width, -self.seat_depth / 2 * share + 0.01, bulge)

    @property
    def stile_width(self) -> float:
        """Thickness of the uprights of the back."""
        return min(max(self.back_thickness, 0.022), 0.06)
