"""Loudspeakers: bookshelf boxes, towers, monitors, stage boxes, horns, subwoofers, cylinders, soundbars, spheres.

One unit is about ten centimetres; the drivers look towards +Z.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from shapelift.synthesis.materials import Asset
from shapelift.synthesis.procedural.draws import between, chance, count, pick
from shapelift.synthesis.procedural.solids import assemble

Style = Literal["bookshelf", "tower", "monitor", "stage", "horn", "subwoofer", "cylinder", "soundbar", "sphere"]
Port = Literal["none", "round", "slot", "rear"]
Feet = Literal["none", "pads", "spikes", "plinth"]
Stand = Literal["none", "pole", "tripod"]

_SHARES: dict[Style, float] = {
    "bookshelf": 0.27,
    "tower": 0.2,
    "monitor": 0.12,
    "stage": 0.1,
    "horn": 0.05,
    "subwoofer": 0.07,
    "cylinder": 0.09,
    "soundbar": 0.05,
    "sphere": 0.05,
}
Span = tuple[float, float]
# width, height, depth.
_SPANS: dict[Style, tuple[Span, ...]] = {
    "bookshelf": ((1.2, 2.4), (2.0, 4.2), (1.4, 3.0)),
    "tower": ((1.6, 2.8), (7.5, 12.0), (2.0, 4.0)),
    "monitor": ((1.8, 2.8), (2.8, 4.2), (2.0, 3.2)),
    "stage": ((3.2, 5.0), (5.0, 7.5), (2.6, 4.2)),
    "horn": ((2.4, 4.2), (2.4, 4.0), (2.4, 4.0)),
    "subwoofer": ((3.0, 4.2), (3.0, 4.6), (3.0, 4.4)),
    "cylinder": ((0.9, 2.2), (1.4, 3.6), (0.0, 0.0)),
    "soundbar": ((7.0, 11.0), (0.7, 1.2), (0.8, 1.4)),
    "sphere": ((1.8, 3.0), (1.8, 3.0), (1.8, 3.0)),
}
_DRIVERS: dict[Style, tuple[int, int]] = {
    "bookshelf": (1, 3), "tower": (2, 4), "monitor": (2, 2), "stage": (1, 3), "horn": (1, 1), "subwoofer": (1, 1),
    "cylinder": (0, 2), "soundbar": (2, 4), "sphere": (1, 2),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class LoudspeakerParameters:
    """Lengths in units of about ten centimetres.

    driver_size is the share of the front's width, tweeter that of the largest driver; cone, surround and frame are
    depths and breadths relative to a driver's radius; taper is how much narrower the top is.
    """

    style: Style
    width: float
    height: float
    depth: float
    rounding: float
    taper: float
    lean_deg: float
    drivers: int
    driver_size: float
    tweeter: float
    tweeter_on_top: bool
    cone: float
    surround: float
    frame: float
    dust_cap: float
    horn: bool
    baffle: float
    cheeks: float
    port: Port
    port_size: float
    feet: Feet
    feet_height: float
    stand: Stand
    stand_height: float
    knobs: int
    handle: bool
    lying: bool
    material_seed: int

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """Draw a style, then everything else uniformly within it."""
        style = pick(rng, _SHARES)
        width, height, depth = (between(rng, *limits) for limits in _SPANS[style])
        boxed = style not in {"cylinder", "sphere", "soundbar", "horn"}
        standing = {"bookshelf": 0.25, "monitor": 0.15, "stage": 0.35, "sphere": 0.4}.get(style, 0.0)
        return cls(
            style=style,
            width=width,
            height=height,
            depth=depth,
            rounding=between(rng, 0.02, 0.12) if chance(rng, 0.6) else between(rng, 0.12, 0.45),
            taper=between(rng, 0.0, 0.3) if boxed and chance(rng, 0.3) else 0.0,
            lean_deg=between(rng, 2.0, 12.0) if style in {"bookshelf", "tower", "stage"} and chance(rng, 0.25) else 0.0,
            drivers=count(rng, *_DRIVERS[style]),
            driver_size=between(rng, 0.62, 0.86),
            tweeter=between(rng, 0.35, 0.6),
            tweeter_on_top=chance(rng, 0.85),
            cone=between(rng, 0.25, 0.55),
            surround=between(rng, 0.1, 0.2),
            frame=between(rng, 0.06, 0.16) if chance(rng, 0.7) else 0.0,
            dust_cap=between(rng, 0.22, 0.42),
            horn=style in {"stage", "monitor", "tower"} and chance(rng, 0.5 if style == "stage" else 0.2),
            baffle=between(rng, 0.06, 0.2) if boxed and chance(rng, 0.35) else 0.0,
            cheeks=between(rng, 0.08, 0.2) if boxed and chance(rng, 0.2) else 0.0,
            port=pick(rng, {"none": 0.35, "round": 0.35, "slot": 0.2, "rear": 0.1}) if boxed else "none",
            port_size=between(rng, 0.7, 1.2),
            feet=pick(rng, {"none": 0.35, "pads": 0.3, "spikes": 0.1, "plinth": 0.25}) if boxed else "none",
            feet_height=between(rng, 0.1, 0.35),
            stand=pick(rng, {"pole": 0.5, "tripod": 0.5}) if chance(rng, standing) else "none",
            stand_height=between(rng, 0.8, 2.2),
            knobs=count(rng, 0, 3) if style in {"bookshelf", "monitor", "cylinder"} else 0,
            handle=style in {"stage", "cylinder"} and chance(rng, 0.35),
            lying=(style == "cylinder" and chance(rng, 0.4)) or (style == "bookshelf" and chance(rng, 0.06)),
            material_seed=int(rng.integers(2**31)),
        )

    def build(self) -> Asset:
        """The loudspeaker, upright, its front towards +Z."""
        from shapelift.synthesis.procedural.enclosures import Enclosure

        return assemble(Enclosure(self).parts())
