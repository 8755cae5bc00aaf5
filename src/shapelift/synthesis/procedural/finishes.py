"""Materials by group of parts: drawn by weights of kinds, or what a tyre, a window or a head lamp usually is."""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from shapelift.synthesis.materials import Kind, Material, random_material
from shapelift.synthesis.procedural.declaration import Drawn, Parameters, Range, choice


def by_group(
    kinds: Mapping[str, Mapping[Kind, float]], unity: float
) -> Callable[[Parameters, np.random.Generator], dict[str, Material]]:
    """One material for every group of parts, of a kind drawn by the group's weights: the `materials` of a `Category`.

    With probability `unity` the whole object wears the material of its first group.
    """

    def materials(parameters: Parameters, rng: np.random.Generator) -> dict[str, Material]:
        del parameters
        single = rng.random() < unity
        drawn = {group: random_material(rng, choice(weights)(rng, Drawn())) for group, weights in kinds.items()}
        return dict.fromkeys(drawn, next(iter(drawn.values()))) if single else drawn

    return materials


def tinted(rng: np.random.Generator, kind: Kind, hue: Range, saturation: Range, value: Range) -> Material:
    """A plain material of a random colour.

    Args:
        rng: Draws colour and gloss.
        kind: Gives the gloss.
        hue: Range in turns of the colour wheel, which it may run past.
        saturation: Range in [0, 1].
        value: Range in [0, 1].
    """
    color = colorsys.hsv_to_rgb(rng.uniform(*hue) % 1.0, rng.uniform(*saturation), rng.uniform(*value))
    return replace(random_material(rng, kind), base_color=color, pattern="plain")


def dark_glass(rng: np.random.Generator) -> Material:
    """Window panes seen from outside in daylight: nearly black with a blue, green or brown cast, glossy."""
    return tinted(rng, "glass", (0.0, 0.75), (0.05, 0.45), (0.04, 0.3))


def tyre(rng: np.random.Generator) -> Material:
    """Black rubber."""
    return tinted(rng, "rubber", (0.0, 1.0), (0.0, 0.1), (0.04, 0.16))


def dark_plastic(rng: np.random.Generator) -> Material:
    """Unpainted trim, grips and grilles: near-black plastic."""
    return tinted(rng, "plastic", (0.0, 1.0), (0.0, 0.2), (0.06, 0.3))


def bright_metal(rng: np.random.Generator) -> Material:
    """Rims, fittings and chrome."""
    return tinted(rng, "metal", (0.0, 1.0), (0.0, 0.08), (0.55, 0.95))


def dark_metal(rng: np.random.Generator) -> Material:
    """Gunmetal, blued steel, anodised parts."""
    return tinted(rng, "metal", (0.55, 0.7), (0.0, 0.15), (0.1, 0.38))


def clear_lamp(rng: np.random.Generator) -> Material:
    """Head lamps and lenses."""
    return tinted(rng, "glass", (0.1, 0.2), (0.0, 0.15), (0.75, 1.0))


def red_lamp(rng: np.random.Generator) -> Material:
    """Tail lamps."""
    return tinted(rng, "glass", (0.97, 1.02), (0.8, 1.0), (0.5, 0.9))


def light_paint(rng: np.random.Generator) -> Material:
    """White, cream or pale grey paint, as ships' houses and airliners wear it."""
    return tinted(rng, "paint", (0.0, 1.0), (0.0, 0.12), (0.75, 1.0))


def car_paint(rng: np.random.Generator) -> Material:
    """Half of all cars are white, black or grey; the rest take any colour."""
    if rng.random() < 0.5:
        return tinted(rng, "paint", (0.5, 0.7), (0.0, 0.12), (0.08, 0.98))
    return tinted(rng, "paint", (0.0, 1.0), (0.45, 0.95), (0.25, 0.95))
