"""Vessels: sailing boats, yachts, speedboats, cargo ships, tankers, tugs, rowing boats, warships, submarines, liners.

The hull is 10 units long and everything else is relative to that; the bow points towards +Z.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

from shapelift.synthesis.procedural.declaration import (
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

Boat = Literal["sail", "tall_ship", "yacht", "speedboat", "rowing", "tug"]
Ship = Literal["cargo", "tanker", "warship", "submarine", "liner", "carrier"]
_Style = Literal[Boat, Ship]
_Rig = Literal["cat", "sloop", "ketch"]

_RIGS: dict[_Rig, float] = {"cat": 0.2, "sloop": 0.6, "ketch": 0.2}


class _StyleRow(NamedTuple):
    """Share of all vessels, and ranges of the lines of the hull."""

    share: float
    half_beam: Range
    depth: Range
    sheer_bow: Range
    sheer_stern: Range
    fullness: Range
    entry: Range
    transom: Range
    rake: Range
    forefoot: Range
    counter: Range


_STYLES: dict[_Style, _StyleRow] = {
    "sail": _StyleRow(
        share=0.16, half_beam=(1.1, 1.7), depth=(0.9, 1.3), sheer_bow=(0.1, 0.5), sheer_stern=(0.0, 0.2),
        fullness=(1.5, 2.2), entry=(1.6, 2.4), transom=(0.4, 0.85), rake=(0.2, 0.9), forefoot=(0.4, 0.8),
        counter=(0.3, 0.6),
    ),
    "tall_ship": _StyleRow(
        share=0.06, half_beam=(1.0, 1.4), depth=(1.2, 1.7), sheer_bow=(0.3, 0.7), sheer_stern=(0.3, 0.9),
        fullness=(1.8, 2.6), entry=(2.0, 3.2), transom=(0.5, 0.8), rake=(0.2, 0.8), forefoot=(0.2, 0.5),
        counter=(0.1, 0.3),
    ),
    "yacht": _StyleRow(
        share=0.14, half_beam=(1.2, 1.7), depth=(1.1, 1.6), sheer_bow=(0.3, 0.8), sheer_stern=(-0.2, 0.1),
        fullness=(1.6, 2.4), entry=(1.7, 2.6), transom=(0.85, 0.98), rake=(0.5, 1.2), forefoot=(0.3, 0.7),
        counter=(0.0, 0.2),
    ),
    "speedboat": _StyleRow(
        share=0.08, half_beam=(1.6, 2.1), depth=(1.1, 1.6), sheer_bow=(0.1, 0.5), sheer_stern=(-0.3, 0.0),
        fullness=(1.4, 2.0), entry=(1.6, 2.4), transom=(0.85, 1.0), rake=(0.5, 1.2), forefoot=(0.3, 0.7),
        counter=(0.0, 0.1),
    ),
    "cargo": _StyleRow(
        share=0.12, half_beam=(0.7, 1.0), depth=(0.8, 1.3), sheer_bow=(0.1, 0.5), sheer_stern=(0.0, 0.15),
        fullness=(3.5, 6.0), entry=(2.8, 5.0), transom=(0.6, 0.95), rake=(0.1, 0.5), forefoot=(0.0, 0.15),
        counter=(0.1, 0.5),
    ),
    "tanker": _StyleRow(
        share=0.07, half_beam=(0.8, 1.1), depth=(0.7, 1.1), sheer_bow=(0.1, 0.4), sheer_stern=(0.0, 0.1),
        fullness=(4.0, 6.0), entry=(3.5, 6.0), transom=(0.6, 0.9), rake=(0.0, 0.3), forefoot=(0.0, 0.1),
        counter=(0.1, 0.5),
    ),
    "tug": _StyleRow(
        share=0.07, half_beam=(1.6, 2.2), depth=(1.6, 2.3), sheer_bow=(0.5, 1.2), sheer_stern=(0.0, 0.3),
        fullness=(1.8, 3.0), entry=(2.2, 3.6), transom=(0.6, 0.9), rake=(0.1, 0.5), forefoot=(0.1, 0.4),
        counter=(0.1, 0.4),
    ),
    "rowing": _StyleRow(
        share=0.07, half_beam=(1.4, 2.2), depth=(1.0, 1.5), sheer_bow=(0.2, 0.7), sheer_stern=(0.1, 0.4),
        fullness=(1.5, 2.6), entry=(1.7, 2.8), transom=(0.1, 0.75), rake=(0.2, 0.8), forefoot=(0.3, 0.7),
        counter=(0.1, 0.5),
    ),
    "warship": _StyleRow(
        share=0.11, half_beam=(0.55, 0.8), depth=(0.6, 0.9), sheer_bow=(0.15, 0.5), sheer_stern=(0.0, 0.1),
        fullness=(2.2, 3.5), entry=(1.5, 2.2), transom=(0.5, 0.85), rake=(0.4, 1.0), forefoot=(0.1, 0.4),
        counter=(0.2, 0.5),
    ),
    "submarine": _StyleRow(
        share=0.06, half_beam=(0.45, 0.65), depth=(0.9, 1.3), sheer_bow=(0.0, 0.0), sheer_stern=(0.0, 0.0),
        fullness=(2.0, 2.0), entry=(2.0, 4.0), transom=(0.1, 0.2), rake=(0.0, 0.0), forefoot=(0.3, 0.5),
        counter=(0.3, 0.5),
    ),
    "liner": _StyleRow(
        share=0.04, half_beam=(0.7, 1.0), depth=(0.8, 1.2), sheer_bow=(0.2, 0.5), sheer_stern=(0.0, 0.2),
        fullness=(3.0, 5.0), entry=(1.8, 3.0), transom=(0.6, 0.9), rake=(0.4, 0.9), forefoot=(0.0, 0.2),
        counter=(0.2, 0.5),
    ),
    "carrier": _StyleRow(
        share=0.02, half_beam=(0.7, 0.9), depth=(0.7, 0.9), sheer_bow=(0.0, 0.1), sheer_stern=(0.0, 0.0),
        fullness=(2.5, 4.0), entry=(2.0, 3.2), transom=(0.7, 0.95), rake=(0.2, 0.6), forefoot=(0.1, 0.3),
        counter=(0.2, 0.5),
    ),
}  # fmt: skip
_AFT: set[_Style] = {"cargo", "tanker"}
"""Styles whose house stands at the stern."""


@dataclass(frozen=True, kw_only=True)
class VesselParameters(Parameters):
    """Lengths relative to a hull of 10; the lines of the hull are those of `hulls.Hull`.

    house_place is a share of the length from the stern; house_length of the length, house_width of the beam;
    loading_seed says how containers are stacked. Styles are as frequent as in shape collections, roughly.
    """

    style: _Style = drawn(choice({name: style.share for name, style in _STYLES.items()}))
    half_beam: float = drawn(within(lambda p: _STYLES[p.style].half_beam))
    depth: float = drawn(within(lambda p: _STYLES[p.style].depth))
    sheer_bow: float = drawn(within(lambda p: _STYLES[p.style].sheer_bow))
    sheer_stern: float = drawn(within(lambda p: _STYLES[p.style].sheer_stern))
    fullness: float = drawn(within(lambda p: _STYLES[p.style].fullness))
    entry: float = drawn(within(lambda p: _STYLES[p.style].entry))
    transom: float = drawn(within(lambda p: _STYLES[p.style].transom))
    rake: float = drawn(within(lambda p: _STYLES[p.style].rake))
    forefoot: float = drawn(within(lambda p: _STYLES[p.style].forefoot))
    counter: float = drawn(within(lambda p: _STYLES[p.style].counter))
    _usual_place: ClassVar = when(lambda p: p.style in _AFT, uniform(0.08, 0.16), uniform(0.4, 0.58))
    house_place: float = drawn(lambda rng, p: 0.75 if p.style in _AFT and chance(0.12)(rng, p) else p._usual_place)
    house_length: float = drawn(when(lambda p: p.style in _AFT, uniform(0.09, 0.15), uniform(0.25, 0.45)))
    house_width: float = drawn(uniform(0.6, 0.85))
    house_height: float = drawn(uniform(0.85, 1.2))
    house_slant: float = drawn(when(lambda p: p.style in {*_AFT, "tug"}, uniform(0.0, 0.25), uniform(0.2, 1.3)))
    decks: int = drawn(integers(1, 3))
    masts: int = drawn(
        integers(lambda p: 2 if p.style == "tall_ship" else 1, lambda p: 4 if p.style == "tall_ship" else 2)
    )
    mast_height: float = drawn(uniform(0.85, 1.3))
    rig: _Rig = drawn(choice(_RIGS))
    sails: int = drawn(integers(2, 4))
    sail_belly: float = drawn(uniform(0.02, 0.12))
    sail_angle_deg: float = drawn(uniform(-25.0, 25.0))
    hulls: int = drawn(when(lambda p: p.style in {"sail", "yacht"}, maybe(0.12, 2, 1), 1))
    keel: float = drawn(maybe(0.7, uniform(0.5, 1.3), 0.0))
    bulwark: float = drawn(uniform(0.12, 0.25))
    funnels: int = drawn(integers(1, 3))
    bays: int = drawn(integers(4, 8))
    tiers: int = drawn(integers(1, 4))
    guns: int = drawn(integers(1, 4))
    derricks: int = drawn(integers(0, 3))
    details: int = drawn(integers(0, 3))
    waterline: float = drawn(maybe(0.65, uniform(0.25, 0.5), 0.0))
    material_seed: int = drawn(seed)
    loading_seed: int = drawn(lambda rng, p: p.material_seed)
