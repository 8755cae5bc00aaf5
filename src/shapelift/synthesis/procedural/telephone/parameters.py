"""Parameters of telephones."""

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
    seed,
    uniform,
    when,
    within,
)

_Style = Literal["smartphone", "candybar", "flip", "slider", "cordless", "desk", "rotary"]
_Camera = Literal["none", "single", "row", "square", "bar"]
_Notch = Literal["none", "notch", "button"]
_Antenna = Literal["none", "stub", "long"]


class _StyleRow(NamedTuple):
    """How frequent a style is, and the ranges of its measures."""

    share: float
    width: Range
    height: Range
    thickness: Range


_STYLES: dict[_Style, _StyleRow] = {
    "smartphone": _StyleRow(share=0.28, width=(6.2, 8.4), height=(12.0, 17.0), thickness=(0.7, 1.2)),
    "candybar": _StyleRow(share=0.2, width=(4.2, 6.2), height=(10.0, 15.0), thickness=(1.3, 3.2)),
    "flip": _StyleRow(share=0.12, width=(4.4, 6.0), height=(8.0, 10.5), thickness=(1.0, 1.5)),
    "slider": _StyleRow(share=0.07, width=(4.6, 6.2), height=(9.0, 11.5), thickness=(0.8, 1.1)),
    "cordless": _StyleRow(share=0.1, width=(4.6, 6.0), height=(14.0, 18.0), thickness=(2.2, 3.4)),
    "desk": _StyleRow(share=0.14, width=(15.0, 23.0), height=(16.0, 23.0), thickness=(5.0, 10.0)),
    "rotary": _StyleRow(share=0.09, width=(14.0, 20.0), height=(15.0, 20.0), thickness=(9.0, 13.0)),
}


def _is_smartphone(p: Drawn) -> bool:
    return bool(p.style == "smartphone")


@dataclass(frozen=True, kw_only=True)
class TelephoneParameters(Parameters):
    """A style first, then everything else uniformly within it.

    Lengths in centimetres, angles in degrees; shares are relative to the face they are on.

    width, height, thickness: of the body; for desk telephones width, depth and rear height of the base.
    waist: how much narrower the body is at its middle; wider when negative.
    """

    style: _Style = drawn(choice({name: style.share for name, style in _STYLES.items()}))
    width: float = drawn(within(lambda p: _STYLES[p.style].width))
    height: float = drawn(within(lambda p: _STYLES[p.style].height))
    thickness: float = drawn(within(lambda p: _STYLES[p.style].thickness))
    corner: float = drawn(when(_is_smartphone, uniform(0.04, 0.18), uniform(0.1, 0.45)))
    softness: float = drawn(uniform(0.05, 0.45))
    waist: float = drawn(when(lambda p: p.style in {"candybar", "cordless"}, uniform(-0.08, 0.12), 0.0))
    screen: float = drawn(when(_is_smartphone, uniform(0.7, 0.92), uniform(0.26, 0.42)))
    screen_place: float = drawn(uniform(0.4, 0.6))
    bezel: float = drawn(when(_is_smartphone, uniform(0.03, 0.08), uniform(0.08, 0.16)))
    notch: _Notch = drawn(choice({"none": 0.35, "notch": 0.3, "button": 0.35}))
    camera: _Camera = drawn(choice({"none": 0.1, "single": 0.2, "row": 0.25, "square": 0.3, "bar": 0.15}))
    camera_size: float = drawn(uniform(0.8, 1.2))
    key_rows: int = drawn(integers(4, 5))
    key_columns: int = drawn(choice({3: 0.85, 4: 0.15}))
    key_size: float = drawn(uniform(0.62, 0.84))
    round_keys: bool = drawn(chance(0.35))
    antenna: _Antenna = drawn(
        when(
            lambda p: p.style in {"candybar", "flip", "cordless"},
            choice({"none": 0.5, "stub": 0.35, "long": 0.15}),
            "none",
        )
    )
    antenna_length: float = drawn(uniform(0.8, 1.4))
    opening_deg: float = drawn(uniform(85.0, 170.0))
    slide: float = drawn(uniform(0.3, 0.45))
    tilt_deg: float = drawn(uniform(6.0, 26.0))
    base_width: float = drawn(uniform(1.4, 2.4))
    slope_deg: float = drawn(uniform(8.0, 28.0))
    handset_length: float = drawn(uniform(18.0, 22.0))
    handset_thickness: float = drawn(uniform(1.9, 2.7))
    handset_arch: float = drawn(uniform(0.3, 1.6))
    handset_across: bool = drawn(chance(0.3))
    handset_off_deg: float = drawn(uniform(-4.0, 4.0))
    dial: float = drawn(uniform(0.36, 0.46))
    side_buttons: int = drawn(integers(1, 3))
    material_seed: int = drawn(seed)
