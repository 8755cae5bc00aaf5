"""What vessels of several styles share: the decked hull, deck houses with windows, funnels and masts."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from shapelift.synthesis.materials import Material, random_material
from shapelift.synthesis.procedural import finishes
from shapelift.synthesis.procedural.draws import chance
from shapelift.synthesis.procedural.solids import (
    Array,
    Part,
    beam,
    box,
    difference,
    ellipse,
    ellipsoid,
    loft,
    mirrored,
    prism,
    rod,
    rounded_rectangle,
    slab,
    span,
    stack,
    union,
)

if TYPE_CHECKING:
    from shapelift.synthesis.procedural.vessel import VesselParameters


class _Paints:
    """One material per group of parts."""

    def __init__(self, seed: int, style: str) -> None:
        rng = np.random.default_rng(seed)
        self.rng = rng
        grey = style in {"warship", "carrier", "submarine"} and chance(rng, 0.85)
        if grey:
            self.hull = finishes.tinted(rng, "paint", (0.45, 0.65), (0.0, 0.15), (0.15, 0.7))
            self.house = finishes.tinted(rng, "paint", (0.45, 0.65), (0.0, 0.12), (0.35, 0.75))
        else:
            wooden = style in {"rowing", "tall_ship"} and chance(rng, 0.6)
            self.hull = (
                random_material(rng, "wood") if wooden else _either(rng, finishes.light_paint, finishes.car_paint)
            )
            self.house = _either(rng, finishes.light_paint, finishes.car_paint, 0.8)
        self.bottom = finishes.tinted(rng, "paint", (0.95, 1.08), (0.5, 0.9), (0.25, 0.6))
        self.deck = (
            random_material(rng, "wood")
            if chance(rng, 0.5) and not grey
            else finishes.tinted(rng, "paint", (0.0, 1.0), (0.0, 0.5), (0.3, 0.8))
        )
        self.glass = finishes.dark_glass(rng)
        self.mast = random_material(rng, "wood") if chance(rng, 0.4) else finishes.bright_metal(rng)
        self.sail = (
            finishes.tinted(rng, "fabric", (0.0, 1.0), (0.0, 0.1), (0.8, 1.0))
            if chance(rng, 0.75)
            else random_material(rng, "fabric")
        )
        self.funnel = finishes.car_paint(rng)
        self.dark = finishes.dark_metal(rng)
        self.boxes = [finishes.car_paint(rng) for _ in range(4)]


def _either(
    rng: np.random.Generator,
    first: Callable[[np.random.Generator], Material],
    second: Callable[[np.random.Generator], Material],
    share: float = 0.5,
) -> Material:
    return first(rng) if chance(rng, share) else second(rng)


class Shipyard:
    """A hull with its paints, and the superstructure that several styles share."""

    def __init__(self, p: VesselParameters) -> None:
        self.p = p
        self.hull = p.lines()
        self.paint = _Paints(p.material_seed, p.style)

    def z(self, share: float) -> float:
        """The place along the hull at a share of its length from the stern."""
        return (share - 0.5) * self.hull.length

    def decked(self, recess: float) -> list[Part]:
        """Hull with its deck sunk inside bulwarks, in its deck's own colour, and the paint below the waterline."""
        p = self.p
        wall = max(0.13, 0.07 * self.hull.half_beam)
        solid = self.hull.solid()
        if recess:
            room = self.hull.deck_slab(wall, -recess, 1.0 + p.depth)
            if p.fullness < 2.6:
                # The flare of a V-shaped hull comes closer than the bulwark is thick: keep a skin.
                room ^= self.hull.solid(-0.1, raise_deck=2.0)
            solid = difference(solid, [room])
        floor = self.hull.deck_slab(wall - 0.02, -recess - 0.12, -recess + 0.01)
        if p.fullness < 2.6:
            floor ^= self.hull.solid()
        parts: list[Part] = [(solid, self.paint.hull), (floor, self.paint.deck)]
        if p.waterline:
            below = self.hull.solid(0.03).trim_by_plane((0.0, -1.0, 0.0), -p.waterline * p.depth)
            parts.append((below, self.paint.bottom))
        if p.hulls == 2:
            return self._doubled(parts)
        return parts

    def _doubled(self, parts: list[Part]) -> list[Part]:
        """Two hulls with a bridge deck between them."""
        p = self.p
        offset = 1.1 * p.half_beam - self.hull.half_beam
        both: list[Part] = [(mirrored(solid.translate((offset, 0.0, 0.0))), material) for solid, material in parts]
        top = p.depth - 0.05
        bridge = slab(rounded_rectangle(2 * offset + 0.4, 6.0, 0.4) + np.array([0.0, -0.9]), 0.55 * top, top, 0.1)
        return [*both, (bridge, self.paint.deck)]

    def house(
        self,
        z: tuple[float, float],
        y: tuple[float, float],
        half: float,
        slant: float,
        panes: bool = True,
        back: float = 0.1,
    ) -> list[Part]:
        """Deck house from z[0] to z[1] (front), leaning front and rear walls, a band of windows round it."""
        low, high = y
        tall, long = high - low, z[1] - z[0]
        lean, rear = min(slant * tall, 0.45 * long), min(back * tall, 0.2 * long)

        def profile(inset: float) -> Array:
            return np.array(
                [
                    (z[0] + inset, low),
                    (z[1] - inset, low),
                    (z[1] - lean - inset, high - inset),
                    (z[0] + rear + inset, high - inset),
                ]
            )

        block = prism(profile(0.0), -half, half, "x")
        plan = rounded_rectangle(2 * half, long, 0.25 * half, 3) + np.array([0.0, (z[0] + z[1]) / 2])
        block ^= prism(plan, low, high + 0.1)
        if not panes:
            return [(block, self.paint.house)]
        bottom, top = high - 0.5 * min(tall, 0.75), high - 0.18 * min(tall, 0.75)
        pieces = max(1, round(long / 0.9))
        edge = 0.12
        run = np.linspace(z[0] + rear + edge, z[1] - lean - edge, pieces + 1)
        cutters = [
            span((-half - 1, bottom, a + 0.06), (half + 1, top, b - 0.06)) for a, b in pairwise(run) if b - a > 0.25
        ]
        cutters.append(span((-half + 0.22, bottom, (z[0] + z[1]) / 2), (half - 0.22, top, z[1] + 1)))
        core = prism(profile(0.09), -half + 0.09, half - 0.09, "x") ^ prism(
            plan * np.array([1 - 0.09 / half, 1.0]), low, high
        )
        return [(difference(block, cutters), self.paint.house), (core, self.paint.glass)]

    def deck_height(self, z: float, recess: float) -> float:
        """Height of the deck at z, sunk by `recess` below the rail."""
        return self.hull.at(z)[1] - recess

    def funnel(self, x: float, y: float, z: float, size: float, height: float, lean: float = 0.15) -> list[Part]:
        """Raked oval funnel with a dark top, standing on y."""
        ring = ellipse(1.3 * size, 2.0 * size, 14)
        rings = [(y, 1.0, 0.0), (y + height, 0.85, -lean * height)]
        cap_low = y + height - 0.25 * height
        loops = [
            np.stack([ring[:, 0] * s + x, np.full(len(ring), h), ring[:, 1] * s + z + dz], axis=1) for h, s, dz in rings
        ]
        stack = loft(loops)
        cap = loft([loops[0] + (0, 0, 0), loops[1]]).trim_by_plane((0.0, 1.0, 0.0), cap_low)
        cap = (
            cap.translate((-x, 0.0, -z + lean * height))
            .scale((1.08, 1.0, 1.05))
            .translate((x, 0.02, z - lean * height))
        )
        return [(stack, self.paint.funnel), (cap, self.paint.dark)]

    def pole_mast(self, y: float, z: float, height: float) -> list[Part]:
        """Signal mast with a yard and a radar bar."""
        pieces = [
            rod((0, y, z), (0, y + height, z), 0.11, 0.07, 8),
            beam((-0.5, y + 0.7 * height, z), (0.5, y + 0.7 * height, z), 0.12, 0.12),
        ]
        pieces.append(box((0.8, 0.14, 0.16), (0.0, y + 0.45 * height, z + 0.12), 0.03))
        return [(union(pieces), self.paint.mast)]

    def tower(self, y: float, z: float, height: float) -> list[Part]:
        """Tapering mast with a radar on it."""
        plan = rounded_rectangle(0.5, 0.6, 0.1, 2)
        mast = stack(plan, [(y - 0.3, 1.0), (y + height, 0.4)], (0.0, z))
        radar = box((0.9, 0.35, 0.15), (0.0, y + 0.75 * height, z + 0.16), 0.04)
        pole = rod((0, y + height - 0.1, z), (0, y + 1.5 * height, z), 0.075, segments=6)
        return [(union([mast, radar, pole]), self.paint.mast)]

    def bulb(self) -> list[Part]:
        """The bulbous bow of a ship that has one."""
        if self.p.details < 2:
            return []
        r = 0.28 * self.p.depth
        center = (0.0, 1.1 * r, self.hull.length / 2 - 0.35)
        return [
            (ellipsoid((1.5 * r, 2.0 * r, 1.9), center, 12), self.paint.bottom if self.p.waterline else self.paint.hull)
        ]
