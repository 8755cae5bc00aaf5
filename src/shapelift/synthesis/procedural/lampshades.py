"""Lampshades: open or closed, turned, cornered or tiered, with what holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from shapelift.synthesis.procedural.solids import (
    Array,
    Piece,
    around,
    cylinder,
    difference,
    ellipsoid,
    regular_polygon,
    revolve,
    rod,
    stack,
)

ShadeStyle = Literal["drum", "empire", "bell", "globe", "dome", "cone", "coolie", "square", "polygon", "tulip", "tiers"]

_WALL = 0.015  # thickness of open shades


@dataclass(frozen=True, kw_only=True)
class Lampshade:
    """A shade whose lower rim lies in y = 0 about the Y axis; a globe is centred at 0.

    taper: 0..1, how wide it stays towards the top.
    sides: corners of a cornered shade, less one; also sets the number of tiers.
    open: hollow with a thin wall, or solid.
    """

    style: ShadeStyle
    radius: float
    height: float
    taper: float
    sides: int
    open: bool

    def build(self) -> tuple[list[Piece], float]:
        """Its parts, in groups "shade", "stem" and "bulb", and the height of the point that it is held by."""
        return _parts(self)


def _profile(p: Lampshade) -> Array:
    """Outer (radius, height) curve `k 2` from the lower rim (0) to the upper rim."""
    radius, height = p.radius, p.height
    narrow = radius * p.taper
    curves: dict[ShadeStyle, list[tuple[float, float]]] = {
        "drum": [(radius, 0.0), (0.85 * radius + 0.15 * narrow, height)],
        "empire": [(radius, 0.0), (0.3 * radius + 0.55 * narrow, height)],
        "cone": [(radius, 0.0), (0.25 * narrow + 0.05 * radius, height)],
        "coolie": [(1.25 * radius, 0.0), (0.2 * narrow + 0.1 * radius, 0.7 * height)],
    }
    if p.style in curves:
        return np.array(curves[p.style])
    t = np.linspace(0.0, 1.0, 9)
    if p.style == "bell":
        return np.stack([radius * (1 - (1 - 0.45 * p.taper) * t**0.5), t * height], axis=1)
    if p.style == "tulip":
        return np.stack([radius * (0.35 + 0.65 * np.cos(np.pi * (t - 0.35)) ** 2), t * height], axis=1)
    angle = t * np.radians(80.0)
    return np.stack([radius * np.cos(angle), 0.5 * (height + radius * p.taper) * np.sin(angle)], axis=1)


def _parts(p: Lampshade) -> tuple[list[Piece], float]:
    radius = p.radius
    if p.style == "globe":
        return [(ellipsoid((2 * radius, 2 * radius * (0.7 + 0.3 * p.taper), 2 * radius), segments=24), "shade")], 0.0
    if p.style in {"square", "polygon"}:
        return _cornered(p)
    if p.style == "tiers":
        return _tiers(p)
    outer = _profile(p)
    top = float(outer[-1, 1])
    if not p.open:
        closed = np.concatenate([[[0.0, 0.0]], outer, [[0.0, top]]])
        return [(revolve(closed), "shade")], top
    slope = np.gradient(outer[:, 0]) / np.maximum(np.gradient(outer[:, 1]), 1e-6)
    across = _WALL * np.minimum(np.sqrt(1 + slope**2), 3.0)  # a slanting wall is as thick as an upright one
    inner = np.stack([np.maximum(outer[:, 0] - across, 0.35 * _WALL), outer[:, 1]], axis=1)
    lid = float(outer[-1, 0]) < 3 * _WALL or p.style in {"dome", "bell"}
    if lid:
        inner[-1, 1] -= _WALL
        ring = np.concatenate([outer, [[0.0, top], [0.0, top - _WALL]], inner[::-1]])
        ring[:, 0] = np.maximum(ring[:, 0], 0.0)
        return [(revolve(ring), "shade")], top
    ring = np.concatenate([outer, inner[::-1]])
    reach = float(np.interp(top - _WALL, outer[:, 1], (outer[:, 0] + inner[:, 0]) / 2))
    return [(revolve(ring), "shade"), *_spider(reach, top - _WALL)], top - _WALL


def _cornered(p: Lampshade) -> tuple[list[Piece], float]:
    radius, height = p.radius, p.height
    sides = 4 if p.style == "square" else p.sides + 1
    outline = regular_polygon(sides, radius, 180.0 / sides)
    narrow = 0.35 + 0.65 * p.taper
    wall = 1.4 * _WALL / radius
    shell = stack(outline, [(0.0, 1.0), (height, narrow)])
    if not p.open:
        return [(shell, "shade")], height
    hollow = stack(outline, [(-0.002, 1.0 - wall), (height + 0.002, narrow - wall)])
    tip = (radius * narrow - 0.5 * _WALL, height - 0.015, 0.0)
    spokes = around(rod((0.0, height - 0.015, 0.0), tip, 0.009, segments=6), sides, 180.0 / sides)
    hub = cylinder(height - 0.035, height - 0.003, 0.02, segments=10)
    return [(difference(shell, [hollow]), "shade"), *[(solid, "stem") for solid in [*spokes, hub]]], height - 0.015


def _tiers(p: Lampshade) -> tuple[list[Piece], float]:
    """Stacked rings of falling size on a core."""
    radius, height = p.radius, p.height
    number = 3 + p.sides % 3
    pieces: list[Piece] = [(cylinder(0.0, height, 0.3 * radius, segments=16), "bulb")]
    for index in range(number):
        low = height * index / number
        size = radius * (1 - (1 - p.taper) * index / number)
        pieces.append((cylinder(low, low + 0.45 * height / number, size, 0.8 * size), "shade"))
    return pieces, height


def _spider(radius: float, height: float) -> list[Piece]:
    """Three spokes that hold an open ring."""
    spoke = rod((0.0, height, 0.0), (radius, height, 0.0), 0.008, segments=6)
    return [
        *[(s, "stem") for s in around(spoke, 3)],
        (cylinder(height - 0.02, height + 0.012, 0.02, segments=10), "stem"),
    ]
