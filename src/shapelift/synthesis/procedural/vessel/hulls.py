"""Hulls: lofts between keel and deck line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.procedural.solids import loft

_STATIONS = np.array([0.0, 0.06, 0.18, 0.35, 0.52, 0.68, 0.8, 0.89, 0.95, 0.985, 1.0])
"""Shares of the length from the transom."""
_WIDEST = 0.45


@dataclass(frozen=True, kw_only=True)
class Hull:
    """Lines of a hull: keel at y = 0 amidships, stem at z = +length / 2, transom at z = -length / 2.

    half_beam, depth: amidships. sheer_bow, sheer_stern: how far the deck line rises towards the ends.
    fullness: exponent of the superelliptic sections, 1.3 is a V, 4 a box. entry: exponent of the plan towards the
    bow, 1.2 is a fine bow, 4 a bluff one. transom: breadth of the stern relative to the beam. rake: how far the
    stem leans out, in depths. forefoot, counter: how far the keel rises to the ends, in depths.
    """

    length: float = 10.0
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

    def _lines(self, share: float) -> tuple[float, float, float, float]:
        """At a share of the length from the transom: z, half breadth of the deck, keel height, deck height."""
        fore, aft = _fore(share), max(0.0, (_WIDEST - share) / _WIDEST)
        half = self.half_beam * (1.0 - fore**self.entry) * (1.0 - (1.0 - self.transom) * aft**2.5)
        keel = self.depth * (self.forefoot * fore**5 + self.counter * aft**3)
        deck = self.depth + self.sheer_bow * fore**2 + self.sheer_stern * aft**2
        return (share - 0.5) * self.length, max(half, 0.025 * self.half_beam), keel, deck

    def at(self, z: float) -> tuple[float, float]:
        """Half breadth and height of the deck at z."""
        _, half, _, deck = self._lines(float(np.clip(z / self.length + 0.5, 0.0, 1.0)))
        return half, deck

    def solid(self, margin: float = 0.0, raise_deck: float = 0.0) -> Manifold:
        """The hull as one block.

        Args:
            margin: How far its skin is moved outward, inward when negative.
            raise_deck: How far its top is moved up.
        """
        steps = np.linspace(0.0, np.pi / 2, 7)
        rings = []
        for share in map(float, _STATIONS):
            z, half, keel, deck = self._lines(share)
            half, keel = half + margin, min(keel - margin, deck - 0.1 * self.depth)
            if half <= 0.02 * self.half_beam and margin < 0:
                continue
            fore = _fore(share)
            power = 2.0 / (self.fullness + (1.5 - self.fullness) * fore**2)
            x = half * np.sin(steps) ** power
            y = deck - (deck - keel) * np.maximum(np.cos(steps), 0.0) ** power
            lean = self.rake * self.depth * fore**3 * (y - keel) / self.depth
            end = {0.0: -margin, 1.0: margin}.get(share, 0.0)
            right = np.stack([x, y, z + lean + end], axis=1)
            if raise_deck:
                right = np.concatenate([right, right[-1:] + np.array([0.0, raise_deck, 0.0])])
            rings.append(np.concatenate([right, (right[::-1] * (-1.0, 1.0, 1.0))[:-1]]))
        return loft(rings)

    def deck_slab(self, wall: float, low: float, high: float) -> Manifold:
        """What lies inside the bulwarks between two heights.

        Args:
            wall: Thickness of the bulwarks.
            low: Relative to the deck line.
            high: Relative to the deck line.
        """
        rings = []
        for share in map(float, _STATIONS[1:]):
            z, half, _, deck = self._lines(share)
            inner = half - wall
            if inner < 0.3 * wall:
                break
            z += self.rake * self.depth * _fore(share) ** 3 * 0.9
            bottom, top = deck + low, deck + high
            rings.append(np.array([(inner, bottom, z), (inner, top, z), (-inner, top, z), (-inner, bottom, z)]))
        first = rings[0].copy()
        first[:, 2] = -self.length / 2 + wall
        if rings[0][0, 2] - first[0, 2] > 0.01 * self.length:
            rings.insert(0, first)
        return loft(rings)


def _fore(share: float) -> float:
    """How far a share of the length lies ahead of the widest section: 0 up to there, 1 at the stem."""
    return max(0.0, (share - _WIDEST) / (1.0 - _WIDEST))
