"""Sails: thin bellied sheets."""

from __future__ import annotations

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.procedural.solids import Array, Vector, loft

_THICKNESS = 0.14


def sail(tack: Vector, head: Vector, foot: float, top: float, belly: float, angle_deg: float) -> Manifold:
    """Fore-and-aft sail: a bellied sheet.

    Args:
        tack: Lower end `3` of its leading edge.
        head: Upper end `3`.
        foot: Length of the lower edge.
        top: Length of the upper edge.
        belly: Depth as a share of the chord.
        angle_deg: How far it swings out.
    """
    start, end = np.asarray(tack, dtype=np.float64), np.asarray(head, dtype=np.float64)
    angle = np.radians(angle_deg)
    back = np.array([np.sin(angle), 0.0, -np.cos(angle)])
    side = np.array([np.cos(angle), 0.0, np.sin(angle)])
    across = np.linspace(0.0, 1.0, 6)
    rings = []
    for share in np.linspace(0.0, 1.0, 6):
        # The roach: the trailing edge is a little fuller than a straight line.
        chord = top + (foot - top) * (1.0 - share**1.25)
        depth = belly * chord * 4.0 * across * (1.0 - across)
        middle = start + (end - start) * share + back * chord * across[:, None] + side * depth[:, None]
        rings.append(_sheet(middle, side * _THICKNESS / 2))
    return loft(rings)


def square_sail(center: Vector, width: float, head: float, height: float, belly: float) -> Manifold:
    """Sail set across the ship, bellied forward.

    Args:
        center: Middle `3` of its foot.
        width: At the foot.
        head: Width at the top.
        height: From foot to top.
        belly: Depth at the middle.
    """
    across = np.linspace(-0.5, 0.5, 6)
    rings = []
    for share in np.linspace(0.0, 1.0, 5):
        wide = width + (head - width) * share
        push = belly * (1.0 - 4.0 * across**2) * np.sin(np.pi * (0.1 + 0.8 * share))
        middle = np.asarray(center) + np.stack([across * wide, np.full(6, share * height), push], axis=1)
        rings.append(_sheet(middle, np.array([0.0, 0.0, _THICKNESS / 2])))
    return loft(rings)


def _sheet(middle: Array, offset: Array) -> Array:
    """Closed ring around a polyline `n 3`: there on one side and back on the other."""
    return np.concatenate([middle + offset, (middle - offset)[::-1]])
