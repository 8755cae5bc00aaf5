"""Parameters of loudspeakers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from shapelift.synthesis.procedural.declaration import (
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

_Style = Literal["bookshelf", "tower", "monitor", "stage", "horn", "subwoofer", "cylinder", "soundbar", "sphere"]
_Port = Literal["none", "round", "slot", "rear"]
_Feet = Literal["none", "pads", "spikes", "plinth"]
_Stand = Literal["none", "pole", "tripod"]


class _StyleRow(NamedTuple):
    """How frequent a style is, and the ranges of its measures."""

    share: float
    width: Range
    height: Range
    depth: Range
    drivers: tuple[int, int]


_STYLES: dict[_Style, _StyleRow] = {
    "bookshelf": _StyleRow(share=0.27, width=(1.2, 2.4), height=(2.0, 4.2), depth=(1.4, 3.0), drivers=(1, 3)),
    "tower": _StyleRow(share=0.2, width=(1.6, 2.8), height=(7.5, 12.0), depth=(2.0, 4.0), drivers=(2, 4)),
    "monitor": _StyleRow(share=0.12, width=(1.8, 2.8), height=(2.8, 4.2), depth=(2.0, 3.2), drivers=(2, 2)),
    "stage": _StyleRow(share=0.1, width=(3.2, 5.0), height=(5.0, 7.5), depth=(2.6, 4.2), drivers=(1, 3)),
    "horn": _StyleRow(share=0.05, width=(2.4, 4.2), height=(2.4, 4.0), depth=(2.4, 4.0), drivers=(1, 1)),
    "subwoofer": _StyleRow(share=0.07, width=(3.0, 4.2), height=(3.0, 4.6), depth=(3.0, 4.4), drivers=(1, 1)),
    "cylinder": _StyleRow(share=0.09, width=(0.9, 2.2), height=(1.4, 3.6), depth=(0.0, 0.0), drivers=(0, 2)),
    "soundbar": _StyleRow(share=0.05, width=(7.0, 11.0), height=(0.7, 1.2), depth=(0.8, 1.4), drivers=(2, 4)),
    "sphere": _StyleRow(share=0.05, width=(1.8, 3.0), height=(1.8, 3.0), depth=(1.8, 3.0), drivers=(1, 2)),
}
_ON_A_STAND: dict[_Style, float] = {"bookshelf": 0.25, "monitor": 0.15, "stage": 0.35, "sphere": 0.4}


def _is_box(p: Drawn) -> bool:
    return p.style in {"bookshelf", "tower", "monitor", "stage", "subwoofer"}


@dataclass(frozen=True, kw_only=True)
class LoudspeakerParameters(Parameters):
    """A style first, then everything else uniformly within it. Lengths in units of about ten centimetres.

    taper: how much narrower the top is.
    driver_size: share of the width of the front; tweeter: share of the largest driver.
    cone, surround, frame: depths and breadths relative to a driver's radius.
    """

    style: _Style = drawn(choice({name: style.share for name, style in _STYLES.items()}))
    width: float = drawn(within(lambda p: _STYLES[p.style].width))
    height: float = drawn(within(lambda p: _STYLES[p.style].height))
    depth: float = drawn(within(lambda p: _STYLES[p.style].depth))
    rounding: float = drawn(maybe(0.6, uniform(0.02, 0.12), uniform(0.12, 0.45)))
    taper: float = drawn(when(_is_box, maybe(0.3, uniform(0.0, 0.3), 0.0), 0.0))
    lean_deg: float = drawn(
        when(lambda p: p.style in {"bookshelf", "tower", "stage"}, maybe(0.25, uniform(2.0, 12.0), 0.0), 0.0)
    )
    drivers: int = drawn(integers_within(lambda p: _STYLES[p.style].drivers))
    driver_size: float = drawn(uniform(0.62, 0.86))
    tweeter: float = drawn(uniform(0.35, 0.6))
    tweeter_on_top: bool = drawn(chance(0.85))
    cone: float = drawn(uniform(0.25, 0.55))
    surround: float = drawn(uniform(0.1, 0.2))
    frame: float = drawn(maybe(0.7, uniform(0.06, 0.16), 0.0))
    dust_cap: float = drawn(uniform(0.22, 0.42))
    horn: bool = drawn(
        when(
            lambda p: p.style in {"stage", "monitor", "tower"},
            chance(lambda p: 0.5 if p.style == "stage" else 0.2),
            False,
        )
    )
    baffle: float = drawn(when(_is_box, maybe(0.35, uniform(0.06, 0.2), 0.0), 0.0))
    cheeks: float = drawn(when(_is_box, maybe(0.2, uniform(0.08, 0.2), 0.0), 0.0))
    port: _Port = drawn(when(_is_box, choice({"none": 0.35, "round": 0.35, "slot": 0.2, "rear": 0.1}), "none"))
    port_size: float = drawn(uniform(0.7, 1.2))
    feet: _Feet = drawn(when(_is_box, choice({"none": 0.35, "pads": 0.3, "spikes": 0.1, "plinth": 0.25}), "none"))
    feet_height: float = drawn(uniform(0.1, 0.35))
    stand: _Stand = drawn(maybe(lambda p: _ON_A_STAND.get(p.style, 0.0), choice({"pole": 0.5, "tripod": 0.5}), "none"))
    stand_height: float = drawn(uniform(0.8, 2.2))
    knobs: int = drawn(when(lambda p: p.style in {"bookshelf", "monitor", "cylinder"}, integers(0, 3), 0))
    handle: bool = drawn(when(lambda p: p.style in {"stage", "cylinder"}, chance(0.35), False))
    lying: bool = drawn(
        when(
            lambda p: p.style in {"cylinder", "bookshelf"},
            chance(lambda p: 0.4 if p.style == "cylinder" else 0.06),
            False,
        )
    )
    material_seed: int = drawn(seed)

    @property
    def front(self) -> float:
        """Depth z of the front of a box."""
        return self.depth / 2 + self.baffle

    def width_at(self, y: float) -> float:
        """Width of a box at height y."""
        return self.width * (1.0 - self.taper * (y / self.height + 0.5))
