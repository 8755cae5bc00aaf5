"""Lampshades: open or closed, turned, cornered or tiered, with bulb and holder.

A shade is made with its lower rim in y = 0 about the Y axis (a globe is centred at 0), in groups "shade", "stem" and
"bulb", together with the height of the point that it is held by.
"""

from __future__ import annotations

import numpy as np

from shapelift.synthesis.procedural.lamp.parameters import LampParameters, Shade
from shapelift.synthesis.procedural.solids import (
    Array,
    Part,
    Vector,
    circular_pattern,
    cylinder,
    difference,
    ellipsoid,
    regular_polygon,
    revolve,
    rod,
    stack,
)

_WALL = 0.015  # thickness of open shades


def hung_shade(p: LampParameters, at: Vector, scale: float = 1.0, tilt_deg: float = 0.0) -> list[Part]:
    """Shade with its bulb, opening downwards.

    Args:
        p: The lamp.
        at: The point `3` that it is fixed at.
        scale: Of the shade.
        tilt_deg: About X.
    """
    radius = p.shade_radius * scale
    parts, top = _shade(p, radius, p.shade_height * scale)
    if p.shade_open and p.shade not in {"globe", "tiers"}:
        r = p.bulb * min(radius, 0.2) * 0.8
        parts.append((ellipsoid((2 * r, 2.4 * r, 2 * r), (0.0, top - 0.04 - 1.6 * r, 0.0), 12), "bulb"))
        parts.append((cylinder(top - 0.05 - r, top, max(0.016, 0.4 * r), segments=10), "stem"))
    drop = 0.8 * radius * (0.7 + 0.3 * p.shade_taper) if p.shade == "globe" else top - 0.006
    return [
        (solid.translate((0.0, -drop, 0.0)).rotate((tilt_deg, 0.0, 0.0)).translate(at), group) for solid, group in parts
    ]


def _shade(p: LampParameters, radius: float, height: float) -> tuple[list[Part], float]:
    if p.shade == "globe":
        return [
            (ellipsoid((2 * radius, 2 * radius * (0.7 + 0.3 * p.shade_taper), 2 * radius), segments=24), "shade")
        ], 0.0
    if p.shade in {"square", "polygon"}:
        return _cornered(p, radius, height)
    if p.shade == "tiers":
        return _tiers(p, radius, height)
    outer = _profile(p, radius, height)
    top = float(outer[-1, 1])
    if not p.shade_open:
        return [(revolve(np.concatenate([[[0.0, 0.0]], outer, [[0.0, top]]])), "shade")], top
    slope = np.gradient(outer[:, 0]) / np.maximum(np.gradient(outer[:, 1]), 1e-6)
    across = _WALL * np.minimum(np.sqrt(1 + slope**2), 3.0)  # a slanting wall is as thick as an upright one
    inner = np.stack([np.maximum(outer[:, 0] - across, 0.35 * _WALL), outer[:, 1]], axis=1)
    if float(outer[-1, 0]) < 3 * _WALL or p.shade in {"dome", "bell"}:
        inner[-1, 1] -= _WALL
        lid = np.concatenate([outer, [[0.0, top], [0.0, top - _WALL]], inner[::-1]])
        lid[:, 0] = np.maximum(lid[:, 0], 0.0)
        return [(revolve(lid), "shade")], top
    y = top - _WALL
    reach = float(np.interp(y, outer[:, 1], (outer[:, 0] + inner[:, 0]) / 2))
    spokes = circular_pattern(rod((0.0, y, 0.0), (reach, y, 0.0), 0.008, segments=6), 3)
    hub = cylinder(y - 0.02, y + 0.012, 0.02, segments=10)
    shell = revolve(np.concatenate([outer, inner[::-1]]))
    return [(shell, "shade"), *[(solid, "stem") for solid in [*spokes, hub]]], y


def _profile(p: LampParameters, radius: float, height: float) -> Array:
    """Outer (radius, height) curve `k 2` from the lower rim (0) to the upper rim."""
    upper = radius * p.shade_taper
    straight: dict[Shade, list[tuple[float, float]]] = {
        "drum": [(radius, 0.0), (0.85 * radius + 0.15 * upper, height)],
        "empire": [(radius, 0.0), (0.3 * radius + 0.55 * upper, height)],
        "cone": [(radius, 0.0), (0.25 * upper + 0.05 * radius, height)],
        "coolie": [(1.25 * radius, 0.0), (0.2 * upper + 0.1 * radius, 0.7 * height)],
    }
    if p.shade in straight:
        return np.array(straight[p.shade])
    t = np.linspace(0.0, 1.0, 9)
    if p.shade == "bell":
        return np.stack([radius * (1 - (1 - 0.45 * p.shade_taper) * t**0.5), t * height], axis=1)
    if p.shade == "tulip":
        return np.stack([radius * (0.35 + 0.65 * np.cos(np.pi * (t - 0.35)) ** 2), t * height], axis=1)
    angle = t * np.radians(80.0)
    return np.stack([radius * np.cos(angle), 0.5 * (height + upper) * np.sin(angle)], axis=1)


def _cornered(p: LampParameters, radius: float, height: float) -> tuple[list[Part], float]:
    sides = 4 if p.shade == "square" else p.shade_sides + 1
    outline = regular_polygon(sides, radius, 180.0 / sides)
    upper, wall, y = 0.35 + 0.65 * p.shade_taper, 1.4 * _WALL / radius, height - 0.015
    shell = stack(outline, [(0.0, 1.0), (height, upper)])
    if not p.shade_open:
        return [(shell, "shade")], height
    hollow = stack(outline, [(-0.002, 1.0 - wall), (height + 0.002, upper - wall)])
    spoke = rod((0.0, y, 0.0), (radius * upper - 0.5 * _WALL, y, 0.0), 0.009, segments=6)
    holder = [
        *circular_pattern(spoke, sides, 180.0 / sides),
        cylinder(height - 0.035, height - 0.003, 0.02, segments=10),
    ]
    return [(difference(shell, [hollow]), "shade"), *[(solid, "stem") for solid in holder]], y


def _tiers(p: LampParameters, radius: float, height: float) -> tuple[list[Part], float]:
    """Stacked rings of falling size on a core."""
    number = 3 + p.shade_sides % 3
    parts: list[Part] = [(cylinder(0.0, height, 0.3 * radius, segments=16), "bulb")]
    for index in range(number):
        low, size = height * index / number, radius * (1 - (1 - p.shade_taper) * index / number)
        parts.append((cylinder(low, low + 0.45 * height / number, size, 0.8 * size), "shade"))
    return parts, height
