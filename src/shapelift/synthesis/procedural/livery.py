"""What an aeroplane is painted with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from shapelift.synthesis.materials import Material
from shapelift.synthesis.procedural import finishes
from shapelift.synthesis.procedural.draws import chance


@dataclass(frozen=True)
class Livery:
    """One material per group of parts of an aeroplane."""

    body: Material
    wing: Material
    fin: Material
    engine: Material
    glass: Material
    dark: Material
    tyre: Material
    metal: Material
    store: Material

    @classmethod
    def draw(cls, seed: int, style: str) -> Self:
        """Materials that suit a style of aeroplane; the same for the same seed."""
        rng = np.random.default_rng(seed)
        if style in {"airliner", "bizjet", "glider"} and chance(rng, 0.75):
            coat = finishes.light_paint(rng)
        elif style in {"fighter", "transport", "delta"} and chance(rng, 0.7):
            coat = finishes.tinted(rng, "paint", (0.15, 0.65), (0.02, 0.3), (0.3, 0.7))
        else:
            coat = finishes.car_paint(rng)
        wings = (
            coat if chance(rng, 0.5) else finishes.bright_metal(rng) if chance(rng, 0.5) else finishes.car_paint(rng)
        )
        glass, dark = finishes.dark_glass(rng), finishes.dark_metal(rng)
        fin = coat if style in {"fighter", "delta"} or chance(rng, 0.3) else finishes.car_paint(rng)
        engine = (
            coat if chance(rng, 0.4) else finishes.bright_metal(rng) if chance(rng, 0.6) else finishes.car_paint(rng)
        )
        return cls(
            body=coat, wing=wings, fin=fin, engine=engine, glass=glass, dark=dark,
            tyre=finishes.tyre(rng), metal=finishes.bright_metal(rng), store=finishes.light_paint(rng),
        )  # fmt: skip
