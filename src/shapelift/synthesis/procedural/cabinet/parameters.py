"""Parameters of cabinets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

from shapelift.synthesis.procedural.declaration import (
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
    within,
)
from shapelift.synthesis.procedural.supports import LegShape

_Type = Literal["sideboard", "dresser", "wardrobe", "bookcase", "hutch", "locker", "night_stand", "cube", "tv_bench"]
Front = Literal["door", "drawer", "open", "glass", "panel_door", "louver"]
_Foot = Literal["none", "plinth", "legs", "bracket", "sled", "casters", "bun"]
_Handle = Literal["knob", "bar", "cup", "none", "long"]
_Crown = Literal["none", "top", "cornice", "arch", "rail", "upstand"]


class _Size(NamedTuple):
    """Ranges of the measures of a type of furniture."""

    width: Range
    height: Range
    depth: Range
    columns: tuple[int, int]
    rows: tuple[int, int]


_TYPES: dict[_Type, float] = {
    "sideboard": 3.0, "dresser": 2.5, "wardrobe": 2.0, "bookcase": 2.2, "hutch": 1.2, "locker": 0.8,
    "night_stand": 2.0, "cube": 1.2, "tv_bench": 1.3,
}  # fmt: skip
_SIZES: dict[_Type, _Size] = {
    "sideboard": _Size(width=(1.1, 2.0), height=(0.6, 0.95), depth=(0.35, 0.55), columns=(2, 4), rows=(1, 3)),
    "dresser": _Size(width=(0.6, 1.5), height=(0.7, 1.3), depth=(0.4, 0.55), columns=(1, 3), rows=(3, 6)),
    "wardrobe": _Size(width=(0.8, 2.0), height=(1.7, 2.3), depth=(0.5, 0.65), columns=(2, 4), rows=(1, 2)),
    "bookcase": _Size(width=(0.45, 1.3), height=(1.1, 2.2), depth=(0.25, 0.4), columns=(1, 3), rows=(3, 6)),
    "hutch": _Size(width=(0.8, 1.6), height=(1.5, 2.1), depth=(0.4, 0.55), columns=(2, 3), rows=(2, 4)),
    "locker": _Size(width=(0.35, 1.2), height=(1.3, 2.0), depth=(0.4, 0.55), columns=(1, 4), rows=(1, 4)),
    "night_stand": _Size(width=(0.35, 0.6), height=(0.4, 0.75), depth=(0.3, 0.48), columns=(1, 1), rows=(1, 3)),
    "cube": _Size(width=(0.7, 1.6), height=(0.7, 1.6), depth=(0.3, 0.42), columns=(2, 4), rows=(2, 4)),
    "tv_bench": _Size(width=(1.2, 2.0), height=(0.35, 0.6), depth=(0.35, 0.5), columns=(2, 4), rows=(1, 2)),
}
_FRONTS: dict[_Type, Mapping[Front, float]] = {
    "sideboard": {"door": 2.0, "panel_door": 2.0, "drawer": 2.0, "open": 1.0, "louver": 0.5},
    "dresser": {"drawer": 9.0, "door": 0.7},
    "wardrobe": {"door": 3.0, "panel_door": 3.0, "drawer": 0.6, "louver": 0.8},
    "bookcase": {"open": 8.0, "glass": 1.0, "door": 0.7},
    "hutch": {"glass": 2.0, "open": 2.0, "panel_door": 1.5, "drawer": 1.0},
    "locker": {"door": 3.0, "louver": 2.0, "panel_door": 0.5},
    "night_stand": {"drawer": 4.0, "open": 2.0, "door": 1.0, "panel_door": 0.7},
    "cube": {"open": 6.0, "drawer": 1.0, "door": 1.5},
    "tv_bench": {"open": 2.5, "drawer": 2.0, "door": 2.0, "panel_door": 0.5},
}


@dataclass(frozen=True, kw_only=True)
class CabinetParameters(Parameters):
    """A type of furniture first: its proportions and what its front is made of.

    Lengths in metres. The front is a grid of `columns` by `rows` cells; those below `lower_share` of the rows are
    `lower`, the others `upper`, and with `odd_middle` the columns between the outer ones are `middle`.

    hutch_depth: depth of the upper rows, as a share of the depth of the lower ones.
    """

    _type: ClassVar = choice(_TYPES)
    upper: Front = drawn(choice(lambda p: _FRONTS[p._type]))
    width: float = drawn(within(lambda p: _SIZES[p._type].width))
    height: float = drawn(within(lambda p: _SIZES[p._type].height))
    depth: float = drawn(within(lambda p: _SIZES[p._type].depth))
    board: float = drawn(uniform(0.018, 0.05))
    columns: int = drawn(integers_within(lambda p: _SIZES[p._type].columns))
    rows: int = drawn(integers_within(lambda p: _SIZES[p._type].rows))
    middle_width: float = drawn(uniform(0.7, 1.6))
    lower_share: float = drawn(uniform(0.25, 0.7))
    lower: Front = drawn(maybe(0.6, choice(lambda p: _FRONTS[p._type]), lambda rng, p: p.upper))
    middle: Front = drawn(choice({"drawer": 2.0, "open": 1.5, "glass": 0.7, "door": 1.0, "louver": 0.3}))
    odd_middle: bool = drawn(chance(0.3))
    shelves: int = drawn(integers(0, 3))
    inset: float = drawn(uniform(-0.018, 0.014))
    back_open: bool = drawn(chance(0.25))
    handle: _Handle = drawn(choice({"knob": 3.0, "bar": 3.0, "cup": 0.8, "none": 1.5, "long": 1.0}))
    handle_size: float = drawn(uniform(0.5, 1.0))
    foot: _Foot = drawn(
        choice({"none": 2.0, "plinth": 3.0, "legs": 3.0, "bracket": 1.5, "sled": 0.7, "casters": 0.6, "bun": 0.8})
    )
    foot_height: float = drawn(uniform(0.04, lambda p: 0.12 if p._type in {"wardrobe", "bookcase", "locker"} else 0.28))
    leg_shape: LegShape = drawn(
        choice({"square": 3.0, "round": 3.0, "turned": 1.0, "bulb": 0.6, "saber": 0.4, "hairpin": 0.5})
    )
    leg_taper: float = drawn(uniform(0.45, 1.0))
    splay: float = drawn(uniform(0.0, 0.06))
    crown: _Crown = drawn(choice({"none": 4.0, "top": 4.0, "cornice": 1.3, "arch": 0.7, "rail": 0.5, "upstand": 0.7}))
    overhang: float = drawn(uniform(0.008, 0.05))
    hutch_depth: float = drawn(maybe(lambda p: 1.0 if p._type == "hutch" else 0.04, uniform(0.45, 0.75), 1.0))
    rounding: float = drawn(maybe(0.4, uniform(0.0, 0.02), 0.0))
    material_seed: int = drawn(seed)

    @property
    def foot_top(self) -> float:
        """Height of the underside of the body."""
        limit = {"none": 0.0, "plinth": 0.14, "casters": 0.09, "bun": 0.12}.get(self.foot, 0.3)
        return min(self.foot_height, 0.3 * self.height, limit)

    @property
    def lower_rows(self) -> int:
        """Number of rows that belong to the lower part."""
        return round(self.lower_share * self.rows)

    @property
    def has_step(self) -> bool:
        """Whether the upper part is shallower than the lower one."""
        return self.hutch_depth < 1 and 0 < self.lower_rows < self.rows
