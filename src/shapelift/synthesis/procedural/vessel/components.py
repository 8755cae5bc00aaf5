"""What vessels of several styles share: the decked hull, deck houses with windows, funnels and masts."""

from __future__ import annotations

from dataclasses import fields
from itertools import pairwise

import numpy as np

from shapelift.synthesis.materials import random_material
from shapelift.synthesis.procedural import finishes
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
from shapelift.synthesis.procedural.vessel.hulls import Hull
from shapelift.synthesis.procedural.vessel.parameters import VesselParameters


class Materials:
    """One material per group of parts; `accents` are the paints of containers, tanks and the like."""

    def __init__(self, p: VesselParameters) -> None:
        rng = np.random.default_rng(p.material_seed)
        grey = p.style in {"warship", "carrier", "submarine"} and rng.random() < 0.85
        if grey:
            self.hull = finishes.tinted(rng, "paint", (0.45, 0.65), (0.0, 0.15), (0.15, 0.7))
            self.house = finishes.tinted(rng, "paint", (0.45, 0.65), (0.0, 0.12), (0.35, 0.75))
        else:
            if p.style in {"rowing", "tall_ship"} and rng.random() < 0.6:
                self.hull = random_material(rng, "wood")
            else:
                self.hull = finishes.light_paint(rng) if rng.random() < 0.5 else finishes.car_paint(rng)
            self.house = finishes.light_paint(rng) if rng.random() < 0.8 else finishes.car_paint(rng)
        self.bottom = finishes.tinted(rng, "paint", (0.95, 1.08), (0.5, 0.9), (0.25, 0.6))
        if rng.random() < 0.5 and not grey:
            self.deck = random_material(rng, "wood")
        else:
            self.deck = finishes.tinted(rng, "paint", (0.0, 1.0), (0.0, 0.5), (0.3, 0.8))
        self.glass = finishes.dark_glass(rng)
        self.mast = random_material(rng, "wood") if rng.random() < 0.4 else finishes.bright_metal(rng)
        if rng.random() < 0.75:
            self.cloth = finishes.tinted(rng, "fabric", (0.0, 1.0), (0.0, 0.1), (0.8, 1.0))
        else:
            self.cloth = random_material(rng, "fabric")
        self.funnel = finishes.car_paint(rng)
        self.dark = finishes.dark_metal(rng)
        self.accents = [finishes.car_paint(rng) for _ in range(4)]
        self.rubber = finishes.tyre(rng)


class Vessel:
    """A hull with its materials, and the components that several styles share."""

    def __init__(self, p: VesselParameters) -> None:
        self.p = p
        lines = {field.name: getattr(p, field.name) for field in fields(Hull) if field.name != "length"}
        if p.hulls == 2:
            lines["half_beam"] *= 0.42  # of each hull of a catamaran
        self.hull = Hull(**lines)
        self.materials = Materials(p)

    def z(self, share: float) -> float:
        """The place along the hull at a share of its length from the stern."""
        return (share - 0.5) * self.hull.length

    def deck_height(self, z: float, recess: float = 0.0) -> float:
        """Height of the deck at z, sunk by `recess` below the rail."""
        return self.hull.at(z)[1] - recess

    def decked_hull(self, recess: float = 0.0) -> list[Part]:
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
        deck = self.hull.deck_slab(wall - 0.02, -recess - 0.12, -recess + 0.01)
        if p.fullness < 2.6:
            deck ^= self.hull.solid()
        parts = [(solid, self.materials.hull), (deck, self.materials.deck), *self.bottom_paint()]
        if p.hulls == 1:
            return parts
        offset, top = 1.1 * p.half_beam - self.hull.half_beam, p.depth - 0.05
        plan = rounded_rectangle(2 * offset + 0.4, 6.0, 0.4) + np.array([0.0, -0.9])
        bridge = slab(plan, 0.55 * top, top, 0.1)
        both = [(mirrored(solid.translate((offset, 0.0, 0.0))), material) for solid, material in parts]
        return [*both, (bridge, self.materials.deck)]

    def bottom_paint(self) -> list[Part]:
        """The coat below the waterline, where there is one."""
        if not self.p.waterline:
            return []
        below = self.hull.solid(0.03).trim_by_plane((0.0, -1.0, 0.0), -self.p.waterline * self.p.depth)
        return [(below, self.materials.bottom)]

    def house(
        self,
        z: tuple[float, float],
        y: tuple[float, float],
        half: float,
        slant: float,
        windows: bool = True,
        back: float = 0.1,
    ) -> list[Part]:
        """Deck house from z[0] to z[1] (front), leaning front and rear walls, a band of windows round it."""
        (start, end), (low, high) = z, y
        tall, long, middle = high - low, end - start, (start + end) / 2
        lean, rear = min(slant * tall, 0.45 * long), min(back * tall, 0.2 * long)

        def side(inset: float) -> Array:
            bottom = [(start + inset, low), (end - inset, low)]
            return np.array([*bottom, (end - lean - inset, high - inset), (start + rear + inset, high - inset)])

        plan = rounded_rectangle(2 * half, long, 0.25 * half, 3) + np.array([0.0, middle])
        block = prism(side(0.0), -half, half, "x") ^ prism(plan, low, high + 0.1)
        if not windows:
            return [(block, self.materials.house)]
        sill, lintel = high - 0.5 * min(tall, 0.75), high - 0.18 * min(tall, 0.75)
        run = np.linspace(start + rear + 0.12, end - lean - 0.12, max(1, round(long / 0.9)) + 1)
        cutters = [
            span((-half - 1, sill, a + 0.06), (half + 1, lintel, b - 0.06)) for a, b in pairwise(run) if b - a > 0.25
        ]
        cutters.append(span((-half + 0.22, sill, middle), (half - 0.22, lintel, end + 1)))
        inside = half - 0.09
        core = prism(side(0.09), -inside, inside, "x") ^ prism(plan * (1 - 0.09 / half, 1.0), low, high)
        return [(difference(block, cutters), self.materials.house), (core, self.materials.glass)]

    def funnel(self, x: float, y: float, z: float, size: float, height: float, lean: float = 0.15) -> list[Part]:
        """Raked oval funnel with a dark top, standing on y."""
        ring = ellipse(1.3 * size, 2.0 * size, 14)
        back = lean * height
        rings = [
            np.stack([ring[:, 0] * scale + x, np.full(len(ring), level), ring[:, 1] * scale + z + shift], axis=1)
            for level, scale, shift in ((y, 1.0, 0.0), (y + height, 0.85, -back))
        ]
        pipe = loft(rings)
        top = pipe.trim_by_plane((0.0, 1.0, 0.0), y + height - 0.25 * height).translate((-x, 0.0, -z + back))
        top = top.scale((1.08, 1.0, 1.05)).translate((x, 0.02, z - back))
        return [(pipe, self.materials.funnel), (top, self.materials.dark)]

    def pole_mast(self, y: float, z: float, height: float) -> Part:
        """Signal mast with a yard and a radar bar."""
        pole = rod((0, y, z), (0, y + height, z), 0.11, 0.07, 8)
        yard = beam((-0.5, y + 0.7 * height, z), (0.5, y + 0.7 * height, z), 0.12, 0.12)
        radar = box((0.8, 0.14, 0.16), (0.0, y + 0.45 * height, z + 0.12), 0.03)
        return union([pole, yard, radar]), self.materials.mast

    def tower_mast(self, y: float, z: float, height: float) -> Part:
        """Tapering mast with a radar on it."""
        tower = stack(rounded_rectangle(0.5, 0.6, 0.1, 2), [(y - 0.3, 1.0), (y + height, 0.4)], (0.0, z))
        radar = box((0.9, 0.35, 0.15), (0.0, y + 0.75 * height, z + 0.16), 0.04)
        pole = rod((0, y + height - 0.1, z), (0, y + 1.5 * height, z), 0.075, segments=6)
        return union([tower, radar, pole]), self.materials.mast

    def bulbous_bow(self) -> list[Part]:
        """The bulb below the stem of a ship that has one."""
        if self.p.details < 2:
            return []
        r = 0.28 * self.p.depth
        bulb = ellipsoid((1.5 * r, 2.0 * r, 1.9), (0.0, 1.1 * r, self.hull.length / 2 - 0.35), 12)
        return [(bulb, self.materials.bottom if self.p.waterline else self.materials.hull)]
