"""What vessels of several styles share: the decked hull, deck houses with windows, funnels and masts."""

from __future__ import annotations

from dataclasses import fields
from itertools import pairwise

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.procedural.solids import (
    Array,
    Part,
    beam,
    box,
    box_between,
    difference,
    ellipse,
    ellipsoid,
    loft,
    outline_at,
    prism,
    revolve,
    rod,
    rounded_rectangle,
    slab,
    stack,
    symmetric,
    union,
)
from shapelift.synthesis.procedural.vessel.hulls import Hull
from shapelift.synthesis.procedural.vessel.parameters import VesselParameters

ACCENTS = ("accent_1", "accent_2", "accent_3", "accent_4")
"""Groups of the paints of containers, tanks and the like."""


def rounded_dome(radius: float, low: float, high: float, segments: int) -> Manifold:
    """Upper half of an ellipsoid about the Y axis.

    Args:
        radius: At the lower end.
        low: Height of the lower end.
        high: Height of the top.
        segments: Corners of its circles.
    """
    angles = np.linspace(0.0, np.pi / 2, 6)
    arc = np.stack([radius * np.cos(angles), low + (high - low) * np.sin(angles)], axis=1)
    return revolve(np.concatenate([[[0.0, low]], arc]), segments=segments).rotate((0.0, -90.0, 0.0))


class Vessel:
    """A hull, and the components that several styles share."""

    def __init__(self, p: VesselParameters) -> None:
        self.p = p
        lines = {field.name: getattr(p, field.name) for field in fields(Hull) if field.name != "length"}
        if p.hulls == 2:
            lines["half_beam"] *= 0.42  # of each hull of a catamaran
        self.hull = Hull(**lines)

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
        parts = [(solid, "hull"), (deck, "deck"), *self.bottom_paint()]
        if p.hulls == 1:
            return parts
        offset, top = 1.1 * p.half_beam - self.hull.half_beam, p.depth - 0.05
        plan = rounded_rectangle(2 * offset + 0.4, 6.0, 0.4) + np.array([0.0, -0.9])
        bridge = slab(plan, 0.55 * top, top, 0.1)
        both = [(symmetric(solid.translate((offset, 0.0, 0.0))), material) for solid, material in parts]
        return [*both, (bridge, "deck")]

    def bottom_paint(self) -> list[Part]:
        """The coat below the waterline, where there is one."""
        if not self.p.waterline:
            return []
        below = self.hull.solid(0.03).trim_by_plane((0.0, -1.0, 0.0), -self.p.waterline * self.p.depth)
        return [(below, "bottom")]

    def house(
        self,
        z: tuple[float, float],
        y: tuple[float, float],
        half: float,
        slant: float,
        windows: bool = True,
        back: float = 0.1,
    ) -> list[Part]:
        """Deck house with leaning front and rear walls.

        Args:
            z: Of its rear and its front.
            y: Of its floor and its roof.
            half: Half width.
            slant: Run over rise of the front wall.
            windows: A band of them around it.
            back: Run over rise of the rear wall.
        """
        (start, end), (low, high) = z, y
        tall, long, middle = high - low, end - start, (start + end) / 2
        lean, rear = min(slant * tall, 0.45 * long), min(back * tall, 0.2 * long)

        def side(inset: float) -> Array:
            bottom = [(start + inset, low), (end - inset, low)]
            return np.array([*bottom, (end - lean - inset, high - inset), (start + rear + inset, high - inset)])

        plan = rounded_rectangle(2 * half, long, 0.25 * half, 3) + np.array([0.0, middle])
        block = prism(side(0.0), -half, half, "x") ^ prism(plan, low, high + 0.1)
        if not windows:
            return [(block, "house")]
        sill, lintel = high - 0.5 * min(tall, 0.75), high - 0.18 * min(tall, 0.75)
        run = np.linspace(start + rear + 0.12, end - lean - 0.12, max(1, round(long / 0.9)) + 1)
        cutters = [
            box_between((-half - 1, sill, a + 0.06), (half + 1, lintel, b - 0.06))
            for a, b in pairwise(run)
            if b - a > 0.25
        ]
        cutters.append(box_between((-half + 0.22, sill, middle), (half - 0.22, lintel, end + 1)))
        inside = half - 0.09
        core = prism(side(0.09), -inside, inside, "x") ^ prism(plan * (1 - 0.09 / half, 1.0), low, high)
        return [(difference(block, cutters), "house"), (core, "glass")]

    def funnel(self, x: float, y: float, z: float, size: float, height: float, lean: float = 0.15) -> list[Part]:
        """Raked oval funnel with a dark top.

        Args:
            x: Of its middle.
            y: Of its lower end.
            z: Of its middle, at the lower end.
            size: About its half breadth.
            height: From end to end.
            lean: Run over rise, backwards.
        """
        outline = ellipse(1.3 * size, 2.0 * size, 14)
        back = lean * height
        levels = ((y, 1.0, 0.0), (y + height, 0.85, -back))
        pipe = loft([outline_at(outline * scale + (x, z) + (0.0, shift), level) for level, scale, shift in levels])
        top = pipe.trim_by_plane((0.0, 1.0, 0.0), y + height - 0.25 * height).translate((-x, 0.0, -z + back))
        top = top.scale((1.08, 1.0, 1.05)).translate((x, 0.02, z - back))
        return [(pipe, "funnel"), (top, "dark")]

    def pole_mast(self, y: float, z: float, height: float) -> Part:
        """Signal mast with a yard and a radar bar.

        Args:
            y: Of its foot.
            z: Of its foot.
            height: Above the foot.
        """
        pole = rod((0, y, z), (0, y + height, z), 0.11, 0.07, 8)
        yard = beam((-0.5, y + 0.7 * height, z), (0.5, y + 0.7 * height, z), 0.12, 0.12)
        radar = box((0.8, 0.14, 0.16), (0.0, y + 0.45 * height, z + 0.12), 0.03)
        return union([pole, yard, radar]), "mast"

    def tower_mast(self, y: float, z: float, height: float) -> Part:
        """Tapering mast with a radar on it.

        Args:
            y: Of the deck it stands on.
            z: Of its middle.
            height: Of the tower above the deck.
        """
        tower = stack(rounded_rectangle(0.5, 0.6, 0.1, 2), [(y - 0.3, 1.0), (y + height, 0.4)]).translate((0.0, 0.0, z))
        radar = box((0.9, 0.35, 0.15), (0.0, y + 0.75 * height, z + 0.16), 0.04)
        pole = rod((0, y + height - 0.1, z), (0, y + 1.5 * height, z), 0.075, segments=6)
        return union([tower, radar, pole]), "mast"

    def bulbous_bow(self) -> list[Part]:
        """The bulb below the stem of a ship that has one."""
        if self.p.details < 2:
            return []
        r = 0.28 * self.p.depth
        bulb = ellipsoid((1.5 * r, 2.0 * r, 1.9), (0.0, 1.1 * r, self.hull.length / 2 - 0.35), 12)
        return [(bulb, "bottom" if self.p.waterline else "hull")]
