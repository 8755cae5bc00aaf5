"""Parameters of lamps and their distributions: the kind first, the size of shade and foot follow it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shapelift.synthesis.procedural.declaration import (
    Drawn,
    Parameters,
    chance,
    choice,
    drawn,
    integers,
    maybe,
    seed,
    uniform,
    when,
)

Kind = Literal["table", "floor", "tripod", "desk", "arc", "pendant", "chandelier", "lantern", "wall"]
Shade = Literal["drum", "empire", "bell", "globe", "dome", "cone", "coolie", "square", "polygon", "tulip", "tiers"]
_Foot = Literal["disc", "dome", "square", "bell", "feet", "rings", "block"]
Body = Literal["plain", "gourd", "vase", "balls", "turned", "column", "box", "cone", "ring"]

_KINDS: dict[Kind, float] = {
    "table": 4.5, "floor": 3.0, "tripod": 1.0, "desk": 2.0, "arc": 0.8, "pendant": 2.2, "chandelier": 1.3,
    "lantern": 0.6, "wall": 0.9,
}  # fmt: skip
_SHADES: dict[Shade, float] = {
    "drum": 3.0, "empire": 3.0, "bell": 1.2, "globe": 1.5, "dome": 1.5, "cone": 1.5, "coolie": 0.8, "square": 1.0,
    "polygon": 0.8, "tulip": 0.7, "tiers": 0.4,
}  # fmt: skip
_BODIES: dict[Body, float] = {
    "plain": 3.0, "gourd": 1.5, "vase": 1.5, "balls": 1.0, "turned": 1.2, "column": 1.0, "box": 0.8, "cone": 1.0,
    "ring": 0.5,
}  # fmt: skip


def _tall(p: Drawn) -> bool:
    return p.kind in {"floor", "tripod", "arc"}


@dataclass(frozen=True, kw_only=True)
class LampParameters(Parameters):
    """Lengths are shares of the lamp's height (or of its reach, for hanging lamps), which is about 1.

    Attributes:
        shade_taper: 0..1, how wide the shade stays towards the top.
        shade_sides: Corners of a cornered shade, less one; also sets the number of tiers.
        shade_open: Whether the shade is hollow with a thin wall, or solid.
    """

    kind: Kind = drawn(choice(_KINDS))
    shade: Shade = drawn(choice(_SHADES))
    shade_radius: float = drawn(when(_tall, uniform(0.09, 0.19), uniform(0.14, 0.36)))
    shade_height: float = drawn(when(_tall, uniform(0.11, 0.24), uniform(0.16, 0.4)))
    shade_taper: float = drawn(uniform(0.35, 1.0))
    shade_sides: int = drawn(choice({4: 1.0, 5: 0.4, 6: 1.0, 8: 0.8}))
    shade_open: bool = drawn(chance(0.8))
    shade_tilt_deg: float = drawn(uniform(0.0, 50.0))
    foot: _Foot = drawn(
        choice({"disc": 4.0, "dome": 1.5, "square": 1.5, "bell": 1.0, "feet": 1.0, "rings": 0.8, "block": 0.5})
    )
    foot_radius: float = drawn(when(_tall, uniform(0.1, 0.17), uniform(0.12, 0.24)))
    foot_height: float = drawn(uniform(0.015, 0.05))
    body: Body = drawn(choice(_BODIES))
    body_radius: float = drawn(uniform(0.05, 0.2))
    body_height: float = drawn(uniform(0.25, 0.95))
    stem_radius: float = drawn(when(_tall, uniform(0.008, 0.016), uniform(0.009, 0.03)))
    lights: int = drawn(
        when(
            lambda p: p.kind in {"floor", "pendant", "wall"}, maybe(0.3, integers(1, 3), integers(3, 8)), integers(3, 8)
        )
    )
    reach: float = drawn(uniform(0.2, 0.6))
    elbow_deg: float = drawn(uniform(15.0, 75.0))
    joint: float = drawn(uniform(1.2, 2.2))
    drop: float = drawn(uniform(0.1, 0.8))
    finial: bool = drawn(chance(0.4))
    bulb: float = drawn(uniform(0.2, 0.5))
    material_seed: int = drawn(seed)

    @property
    def shade_count(self) -> int:
        """Number of shades of a pendant or wall lamp."""
        return self.lights if self.lights < 4 else 1
