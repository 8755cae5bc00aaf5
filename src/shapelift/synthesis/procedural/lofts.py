"""Solids of vehicles: bodies lofted along z, wings and wheels; as in `solids`, +Y up and front +Z."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.procedural.solids import Array, Vector, loft, outline_at, prism, rectangle, revolve, rod, union

#: A cross-section of a body: z, y of its centre, half width, half height.
Station = tuple[float, float, float, float]


def body(stations: Sequence[Station], outline: Array) -> Manifold:
    """Loft along z whose sections are `outline` `n 2` (in x and y, within [-1, 1]) scaled to each station."""
    return loft([outline_at(outline * (width, height) + (0.0, y), z, "z") for z, y, width, height in stations])


def offset_stations(stations: Sequence[Station], margin: float) -> list[Station]:
    """The stations of a body whose surface lies about `margin` further out (for trim that follows the surface)."""
    first, last = stations[0][0], stations[-1][0]
    step = margin if last > first else -margin
    result = []
    for index, (z, y, half_width, half_height) in enumerate(stations):
        end = -step if index == 0 else step if index == len(stations) - 1 else 0.0
        result.append((z + end, y, half_width + margin, half_height + margin))
    return result


# Half thickness of a symmetric section along the chord, relative to its maximum: NACA four-digit with blunt ends,
# so that the edges of a wing do not vanish below what a field of a few hundred cells a side can hold.
_CHORDWISE = np.array([0.0, 0.03, 0.12, 0.3, 0.6, 0.85, 1.0])
_HALF_THICKNESS = np.array([0.2, 0.55, 0.86, 1.0, 0.78, 0.5, 0.3]) / 2


def wing(sections: Sequence[tuple[Vector, float, float]], upright: bool = False) -> Manifold:
    """Wing through sections (leading edge point `3`, chord, maximum thickness); the chords point towards -Z.

    Sections lie in planes of constant x, or with `upright` in planes of constant y (fins, winglets).
    """
    rings = []
    for edge, chord, thickness in sections:
        upper = np.stack([_CHORDWISE * chord, _HALF_THICKNESS * thickness], axis=1)
        outline = np.concatenate([upper, upper[::-1] * (1.0, -1.0)])
        section = np.zeros((len(outline), 3))
        section[:, 2] = -outline[:, 0]
        section[:, 0 if upright else 1] = outline[:, 1]
        rings.append(section + np.asarray(edge, dtype=np.float64))
    return loft(rings)


def wheel(radius: float, width: float, dish: float, segments: int = 20) -> tuple[Manifold, float, float]:
    """Tyre about the x axis with a recess on both faces.

    Args:
        radius: Of the tyre.
        width: Along the axis.
        dish: How deep the recess goes, in [0, 1] of about half the width.
        segments: Corners of its circles.

    Returns:
        The solid, the radius of the recess, x of its floor.
    """
    half, floor, rim = width / 2, width / 2 * (1.0 - 0.9 * dish), 0.64 * radius
    side = [(rim, half), (0.9 * radius, half), (radius, 0.7 * half)]
    profile = [(0.0, -floor), (0.97 * rim, -floor), *[(r, -x) for r, x in side]]
    profile += [*side[::-1], (0.97 * rim, floor), (0.0, floor)]
    return revolve(profile, "x", segments), rim, floor


def spokes(rim: float, low: float, high: float, count: int) -> Manifold:
    """What fills the recess of a wheel: a hub with spokes.

    Args:
        rim: Radius of the recess.
        low: x of the inner face.
        high: x of the outer face.
        count: Number of spokes, 0 for a plain disc.
    """
    if count == 0:
        middle = 0.4 * low + 0.6 * high
        return revolve([(0.0, low), (0.9 * rim, low), (0.82 * rim, high), (0.3 * rim, middle), (0.0, high)], "x", 14)
    width = min(0.34 * rim, 1.7 * rim / count)
    outline = rectangle(width, 1.02 * rim) + np.array([0.0, 0.51 * rim])
    bar = prism(outline, low, high, "x")
    parts = [bar.rotate((360.0 * index / count, 0.0, 0.0)) for index in range(count)]
    parts.append(rod((low, 0.0, 0.0), (high, 0.0, 0.0), 0.26 * rim, segments=14))
    return union(parts)
