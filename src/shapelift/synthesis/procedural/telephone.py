"""Telephones: smartphones, candybars, flip phones, sliders, cordless handsets, desk and rotary telephones.

One unit is about a centimetre. Mobile phones stand upright with the screen towards +Z; desk telephones lie on their
base with the dial towards +Z.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from shapelift.synthesis.materials import Asset
from shapelift.synthesis.procedural.draws import between, chance, count, pick
from shapelift.synthesis.procedural.solids import assemble

Style = Literal["smartphone", "candybar", "flip", "slider", "cordless", "desk", "rotary"]
Camera = Literal["none", "single", "row", "square", "bar"]
Notch = Literal["none", "notch", "button"]
Antenna = Literal["none", "stub", "long"]

_SHARES: dict[Style, float] = {
    "smartphone": 0.28,
    "candybar": 0.2,
    "flip": 0.12,
    "slider": 0.07,
    "cordless": 0.1,
    "desk": 0.14,
    "rotary": 0.09,
}
Span = tuple[float, float]
# width, height, thickness of the body; for desk telephones width, depth and rear height of the base.
_SPANS: dict[Style, tuple[Span, ...]] = {
    "smartphone": ((6.2, 8.4), (12.0, 17.0), (0.7, 1.2)),
    "candybar": ((4.2, 6.2), (10.0, 15.0), (1.3, 3.2)),
    "flip": ((4.4, 6.0), (8.0, 10.5), (1.0, 1.5)),
    "slider": ((4.6, 6.2), (9.0, 11.5), (0.8, 1.1)),
    "cordless": ((4.6, 6.0), (14.0, 18.0), (2.2, 3.4)),
    "desk": ((15.0, 23.0), (16.0, 23.0), (5.0, 10.0)),
    "rotary": ((14.0, 20.0), (15.0, 20.0), (9.0, 13.0)),
}


@dataclass(frozen=True, kw_only=True)
class TelephoneParameters:
    """Lengths in centimetres, angles in degrees; shares are relative to the face they are on."""

    style: Style
    width: float
    height: float
    thickness: float
    corner: float
    softness: float
    waist: float
    screen: float
    screen_place: float
    bezel: float
    notch: Notch
    camera: Camera
    camera_size: float
    key_rows: int
    key_columns: int
    key_size: float
    round_keys: bool
    antenna: Antenna
    antenna_length: float
    opening_deg: float
    slide: float
    tilt_deg: float
    base_width: float
    slope_deg: float
    handset_length: float
    handset_thickness: float
    handset_arch: float
    handset_across: bool
    handset_off_deg: float
    dial: float
    side_buttons: int
    material_seed: int

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """Draw a style, then everything else uniformly within it."""
        style = pick(rng, _SHARES)
        width, height, thickness = (between(rng, *limits) for limits in _SPANS[style])
        smart = style == "smartphone"
        return cls(
            style=style,
            width=width,
            height=height,
            thickness=thickness,
            corner=between(rng, 0.04, 0.18) if smart else between(rng, 0.1, 0.45),
            softness=between(rng, 0.05, 0.45),
            waist=between(rng, -0.08, 0.12) if style in {"candybar", "cordless"} else 0.0,
            screen=between(rng, 0.7, 0.92) if smart else between(rng, 0.26, 0.42),
            screen_place=between(rng, 0.4, 0.6),
            bezel=between(rng, 0.03, 0.08) if smart else between(rng, 0.08, 0.16),
            notch=pick(rng, {"none": 0.35, "notch": 0.3, "button": 0.35}),
            camera=pick(rng, {"none": 0.1, "single": 0.2, "row": 0.25, "square": 0.3, "bar": 0.15}),
            camera_size=between(rng, 0.8, 1.2),
            key_rows=count(rng, 4, 5),
            key_columns=pick(rng, {3: 0.85, 4: 0.15}),
            key_size=between(rng, 0.62, 0.84),
            round_keys=chance(rng, 0.35),
            antenna=pick(rng, {"none": 0.5, "stub": 0.35, "long": 0.15})
            if style in {"candybar", "flip", "cordless"}
            else "none",
            antenna_length=between(rng, 0.8, 1.4),
            opening_deg=between(rng, 85.0, 170.0),
            slide=between(rng, 0.3, 0.45),
            tilt_deg=between(rng, 6.0, 26.0),
            base_width=between(rng, 1.4, 2.4),
            slope_deg=between(rng, 8.0, 28.0),
            handset_length=between(rng, 18.0, 22.0),
            handset_thickness=between(rng, 1.9, 2.7),
            handset_arch=between(rng, 0.3, 1.6),
            handset_across=chance(rng, 0.3),
            handset_off_deg=between(rng, -4.0, 4.0),
            dial=between(rng, 0.36, 0.46),
            side_buttons=count(rng, 1, 3),
            material_seed=int(rng.integers(2**31)),
        )

    def build(self) -> Asset:
        """The telephone, screen or dial towards +Z."""
        from shapelift.synthesis.procedural.handsets import Exchange

        return assemble(Exchange(self).parts())
