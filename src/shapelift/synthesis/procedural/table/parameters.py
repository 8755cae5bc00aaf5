"""Parameters of tables and their distributions: a size first, then what usually goes with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

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
    within,
)
from shapelift.synthesis.procedural.supports import LegShape, Stretcher

_Top = Literal["rectangle", "rounded", "oval", "round", "squircle", "hexagon", "octagon", "half"]
Support = Literal[
    "legs", "disc", "trumpet", "spokes", "columns", "trestle", "panels", "cross", "loops", "cube", "splayed"
]
_Storage = Literal["none", "drawers", "pedestals", "one_pedestal"]

_HEIGHTS = {"dining": (0.68, 0.8), "coffee": (0.28, 0.5), "side": (0.5, 0.65), "bar": (0.9, 1.08)}
_SUPPORTS: dict[Support, float] = {
    "legs": 9.0, "disc": 1.3, "trumpet": 0.7, "spokes": 1.3, "columns": 1.0, "trestle": 1.2, "panels": 1.5,
    "cross": 1.0, "loops": 1.2, "cube": 0.4, "splayed": 0.8,
}  # fmt: skip
_DESK_SUPPORTS: dict[Support, float] = {"legs": 3.0, "panels": 2.0, "loops": 1.0}
_STORAGE: dict[_Storage, float] = {"none": 4.0, "drawers": 1.0}
_DESK_STORAGE: dict[_Storage, float] = {"none": 0.3, "drawers": 1.0, "pedestals": 0.8, "one_pedestal": 1.0}


def _may_be_desk(p: Drawn) -> bool:
    return bool(p._size == "dining" and p._width > 0.9 and p.top == "rectangle")


def _side(p: Drawn, otherwise: float) -> float:
    """A side of the top, which is as deep as wide when it is round or many-sided."""
    return min(p._width, 1.5) if p.top in {"round", "hexagon", "octagon"} else otherwise


@dataclass(frozen=True, kw_only=True)
class TableParameters(Parameters):
    """Lengths in metres; `width` runs along X."""

    _size: ClassVar = choice({"dining": 5.0, "coffee": 3.5, "side": 1.0, "bar": 0.6})
    height: float = drawn(within(lambda p: _HEIGHTS[p._size]))
    _width: ClassVar = maybe(0.2, uniform(0.4, 0.75), uniform(0.75, 2.2))
    _depth: ClassVar = times(lambda p: p._width, uniform(0.35, 1.0))
    top: _Top = drawn(
        choice(
            {
                "rectangle": 7.0,
                "rounded": 3.0,
                "oval": 1.5,
                "round": 3.0,
                "squircle": 1.0,
                "hexagon": 0.5,
                "octagon": 0.5,
                "half": 0.5,
            }
        )
    )
    _desk: ClassVar = when(_may_be_desk, chance(0.6), False)
    width: float = drawn(lambda rng, p: max(_side(p, p._width), 0.55 if p._size in {"dining", "bar"} else 0.0))
    depth: float = drawn(lambda rng, p: max(_side(p, p._depth), 0.33))
    top_thickness: float = drawn(maybe(0.88, uniform(0.018, 0.05), uniform(0.05, 0.08)))
    top_bevel: float = drawn(maybe(0.5, uniform(0.1, 0.5), 0.0))
    corner: float = drawn(uniform(0.0, 0.35))
    planks: int = drawn(maybe(0.12, integers(3, 8), 1))
    support: Support = drawn(choice(lambda p: _DESK_SUPPORTS if p._desk else _SUPPORTS))
    leg_shape: LegShape = drawn(
        choice({"square": 5.0, "round": 2.0, "turned": 1.2, "saber": 0.8, "octagon": 0.4, "hairpin": 0.6, "bulb": 0.5})
    )
    leg_width: float = drawn(uniform(0.03, lambda p: 0.03 + 0.09 * min(p.width, 0.8)))
    leg_taper: float = drawn(uniform(0.45, 1.05))
    splay: float = drawn(maybe(0.3, uniform(0.02, 0.15), 0.0))
    inset: float = drawn(uniform(0.0, 0.12))
    spokes: int = drawn(integers(3, 5))
    apron: float = drawn(maybe(0.5, uniform(0.05, 0.13), 0.0))
    stretcher: Stretcher = drawn(choice({"none": 5.0, "box": 1.2, "h": 1.5, "x": 1.0, "sides": 0.7}))
    stretcher_height: float = drawn(uniform(0.1, 0.5))
    shelf: float = drawn(maybe(0.25, uniform(0.15, 0.6), 0.0))
    storage: _Storage = drawn(choice(lambda p: _DESK_STORAGE if p._desk else _STORAGE))
    drawers: int = drawn(integers(1, 4))
    back_panel: float = drawn(maybe(lambda p: 0.3 if p._desk else 0.05, uniform(0.25, 0.9), 0.0))
    material_seed: int = drawn(seed)

    @property
    def leg_rectangle(self) -> tuple[float, float]:
        """Half distances between the tops of the corner legs, such that they stand under the top."""
        shares = {"rectangle": 1.0, "rounded": 1.0 - 0.6 * self.corner, "squircle": 0.8, "octagon": 0.72, "half": 0.72}
        share = shares.get(self.top, 0.68)
        x = share * self.width / 2 - 0.65 * self.leg_width - self.inset * self.width * 0.5
        z = share * self.depth / 2 - 0.65 * self.leg_width - self.inset * self.depth * 0.5
        return max(x, self.leg_width), max(z, self.leg_width)

    @property
    def under(self) -> float:
        """Height of the underside of the top."""
        return self.height - self.top_thickness

    @property
    def leg_top(self) -> float:
        """Height up to which legs and columns reach into the top."""
        return self.under + 0.3 * self.top_thickness
