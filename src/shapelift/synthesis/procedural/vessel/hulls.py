"""Ships' hulls: lofts between keel and deck line, hollow or decked, and the sails above them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.procedural.solids import Array, Vector, loft

_ALONG = np.array([0.0, 0.06, 0.18, 0.35, 0.52, 0.68, 0.8, 0.89, 0.95, 0.985, 1.0])
_BELLY = np.array([0.0, 0.3, 0.6, 0.85, 1.0])


@dataclass(frozen=True, kw_only=True)
class Hull:
    """Lines of a hull: keel at y = 0 amidships, stem at z = +length / 2, transom at z = -length / 2.

    half_beam, depth: amidships. sheer_bow, sheer_stern: how far the deck line rises towards the ends.
    fullness: exponent of the superelliptic sections, 1.3 is a V, 4 a box. entry: exponent of the plan towards the
    bow, 1.2 is a fine bow, 4 a bluff one. transom: breadth of the stern relative to the beam. rake: how far the
    stem leans out, in depths. forefoot, counter: how far the keel rises to the ends, in depths.
    """

    length: float
    half_beam: float
    depth: float
    sheer_bow: float
    sheer_stern: float
    fullness: float
    entry: float
    transom: float
    rake: float
    forefoot: float
    counter: float

    def lines(self, share: float) -> tuple[float, float, float, float]:
        """At a share of the length from the transom: z, half breadth of the deck, keel height, deck height."""
        middle = 0.45
        fore = max(0.0, (share - middle) / (1.0 - middle))
        aft = max(0.0, (middle - share) / middle)
        half = self.half_beam * (1.0 - fore**self.entry) * (1.0 - (1.0 - self.transom) * aft**2.5)
        keel = self.depth * (self.forefoot * fore**5 + self.counter * aft**3)
        deck = self.depth + self.sheer_bow * fore**2 + self.sheer_stern * aft**2
        return (share - 0.5) * self.length, max(half, 0.025 * self.half_beam), keel, deck

    def at(self, z: float) -> tuple[float, float]:
        """Half breadth and height of the deck at z."""
        _, half, _, deck = self.lines(float(np.clip(z / self.length + 0.5, 0.0, 1.0)))
        return half, deck

    def solid(self, margin: float = 0.0, raise_deck: float = 0.0) -> Manifold:
        """The hull as one block; `margin` moves its skin outward (inward when negative), `raise_deck` its top up."""
        steps = np.linspace(0.0, np.pi / 2, 7)
        rings = []
        for share in _ALONG:
            z, half, keel, deck = self.lines(float(share))
            half, keel = half + margin, min(keel - margin, deck - 0.1 * self.depth)
            if half <= 0.02 * self.half_beam and margin < 0:
                continue
            fore = max(0.0, (share - 0.45) / 0.55)
            power = 2.0 / (self.fullness + (1.5 - self.fullness) * fore**2)
            x = half * np.sin(steps) ** power
            y = deck - (deck - keel) * np.maximum(np.cos(steps), 0.0) ** power
            lean = self.rake * self.depth * fore**3 * (y - keel) / self.depth
            along = z + lean + (margin if share in {0.0, 1.0} else 0.0) * (1.0 if share > 0.5 else -1.0)
            right = np.stack([x, y, np.broadcast_to(along, x.shape)], axis=1)
            if raise_deck:
                right = np.concatenate([right, right[-1:] + np.array([0.0, raise_deck, 0.0])])
            left = right[::-1] * (-1.0, 1.0, 1.0)
            rings.append(np.concatenate([right, left[:-1]]))
        return loft(rings)

    def deck_slab(self, wall: float, low: float, high: float) -> Manifold:
        """What lies inside the bulwarks (`wall` thick) between two heights relative to the deck line."""
        rings = []
        for share in _ALONG[1:]:
            z, half, _, deck = self.lines(float(share))
            inner = half - wall
            if inner < 0.3 * wall:
                break
            fore = max(0.0, (share - 0.45) / 0.55)
            z += self.rake * self.depth * fore**3 * 0.9
            right = [(inner, deck + low, z), (inner, deck + high, z)]
            rings.append(np.array([*right, (-inner, deck + high, z), (-inner, deck + low, z)]))
        first = rings[0].copy()
        first[:, 2] = -self.length / 2 + wall
        if rings[0][0, 2] - first[0, 2] > 0.01 * self.length:
            rings.insert(0, first)
        return loft(rings)


def sail(
    tack: Vector, head: Vector, foot: float, top: float, belly: float, angle_deg: float, thickness: float
) -> Manifold:
    """Fore-and-aft sail: its leading edge runs from `tack` to `head`, its foot `foot` long, its upper edge `top`.

    The sail swings out by `angle_deg` and bellies by the share `belly` of its chord.
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
        rings.append(_sheet(middle, side * thickness / 2))
    return loft(rings)


def square_sail(center: Vector, width: float, head: float, height: float, belly: float, thickness: float) -> Manifold:
    """Sail set across the ship: `center` is the middle of its foot, `head` its upper width; it bellies forward."""
    middle_foot = np.asarray(center, dtype=np.float64)
    across = np.linspace(-0.5, 0.5, 6)
    rings = []
    for share in np.linspace(0.0, 1.0, 5):
        wide = width + (head - width) * share
        push = belly * (1.0 - 4.0 * across**2) * np.sin(np.pi * (0.1 + 0.8 * share))
        points = middle_foot + np.stack([across * wide, np.full(6, share * height), push], axis=1)
        rings.append(_sheet(points, np.array([0.0, 0.0, thickness / 2])))
    return loft(rings)


def _sheet(middle: Array, offset: Array) -> Array:
    """Closed ring around a polyline `n 3`: there on one side and back on the other."""
    return np.concatenate([middle + offset, (middle - offset)[::-1]])
