"""The parts of a car; the builder behind `CarParameters`."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Self

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.materials import Material, random_material
from shapelift.synthesis.procedural import finishes
from shapelift.synthesis.procedural.draws import chance
from shapelift.synthesis.procedural.lofts import Station, body, grown, spokes, wheel, wing
from shapelift.synthesis.procedural.solids import (
    Array,
    Part,
    box,
    difference,
    ellipsoid,
    loft,
    mirrored,
    prism,
    rod,
    rounded_rectangle,
    span,
    turn,
    union,
)

if TYPE_CHECKING:
    from shapelift.synthesis.procedural.car import CarParameters


@dataclass(frozen=True)
class _Paints:
    """One material per group of parts."""

    body: Material
    roof: Material
    trim: Material
    glass: Material
    tyre: Material
    rim: Material
    lamp: Material
    tail_lamp: Material
    seat: Material
    chrome: Material

    @classmethod
    def draw(cls, seed: int, two_tone: bool) -> Self:
        rng = np.random.default_rng(seed)
        coat = finishes.car_paint(rng)
        roof = finishes.car_paint(rng) if two_tone else coat
        rim = finishes.dark_metal(rng) if chance(rng, 0.25) else finishes.bright_metal(rng)
        trim = coat if chance(rng, 0.35) else finishes.dark_plastic(rng)
        return cls(
            body=coat, roof=roof, trim=trim, glass=finishes.dark_glass(rng), tyre=finishes.tyre(rng), rim=rim,
            lamp=finishes.clear_lamp(rng), tail_lamp=finishes.red_lamp(rng), seat=random_material(rng, "fabric"),
            chrome=finishes.bright_metal(rng) if chance(rng, 0.5) else finishes.dark_plastic(rng),
        )  # fmt: skip


class Coachwork:
    """Measures derived from the parameters once, and one method per group of parts."""

    def __init__(self, p: CarParameters) -> None:
        self.p = p
        self.nose, self.tail = p.length / 2, -p.length / 2
        self.half = p.width / 2
        self.belt = max(p.belt * p.height, 2 * p.wheel_radius + (0.38 if p.style == "pickup" else 0.16))
        self.arch = p.wheel_radius * (1 + p.arch_gap)
        self.axles = (self.nose - p.front_overhang * p.length, self.tail + p.rear_overhang * p.length)
        self.cowl = self.nose - p.hood * p.length
        self.back = self.tail + p.deck * p.length
        self.bottom = min(p.clearance, 0.8 * p.wheel_radius)
        low = self.arch + p.wheel_radius + 0.05
        rise = self.belt - self.bottom
        self.nose_top = max(self.bottom + p.nose_height * rise, low - 0.1)
        self.tail_top = max(
            self.belt - (0.0 if p.style == "pickup" else p.deck_drop) * rise * min(1.0, 6 * p.deck), low - 0.05
        )
        self.roof = max(p.height, self.belt + (0.5 if p.style == "pickup" else 0.32))
        self.paints = _Paints.draw(p.material_seed, p.two_tone)
        self.stations = self._stations()
        self.outline = _section_outline(p.roundness)

    def _top(self, z: float) -> float:
        """Height of the bodywork below the windows."""
        bulge = 0.5 * (self.nose_top + self.belt) + 0.25 * (self.belt - self.nose_top)
        places = [self.tail, self.back, self.cowl, (self.cowl + self.nose) / 2, self.nose]
        return float(np.interp(z, places, [self.tail_top, self.belt, self.belt, bulge, self.nose_top]))

    def _stations(self) -> list[Station]:
        p = self.p
        length = p.length
        inner = [self.tail + f * length for f in (0.035, 0.12, 0.3, 0.5, 0.7, 0.88, 0.965)]
        inner += [self.back, self.cowl, (self.cowl + self.nose) / 2]
        kept: list[float] = []
        for z in sorted(inner):
            if self.tail + 0.02 * length < z < self.nose - 0.02 * length and (not kept or z - kept[-1] > 0.02 * length):
                kept.append(z)
        result = []
        for z in [self.tail, *kept, self.nose]:
            edge = max(0.0, abs(z) / self.nose - 0.45) / 0.55
            taper = p.nose_taper if z > 0 else 0.6 * p.nose_taper
            half = self.half * (1.0 - taper * edge**2.5)
            low, high = self.bottom + 0.25 * self.bottom * edge**4, self._top(z)
            if z in {self.tail, self.nose}:
                low, high, half = low + 0.1 * (high - low), high - 0.12 * (high - low), half * 0.97
            result.append((z, (low + high) / 2, half, (high - low) / 2))
        return result

    def parts(self) -> list[Part]:
        """Everything, in overlapping pieces."""
        p = self.p
        parts = [(self._hull(), self.paints.body), *self._wheels(), *self._ends(), *self._extras()]
        if p.style == "convertible":
            parts += self._open_cabin()
        else:
            parts += self._cabin()
        return parts

    # ------------------------------------------------------------------------------------------ lower body

    def _arches(self) -> list[Manifold]:
        depth = self.half - self.p.wheel_width - 0.1
        cutters = []
        for z in self.axles:
            center = (depth, self.p.wheel_radius, z)
            outer = (self.half + 0.3, self.p.wheel_radius, z)
            cutters.append(rod(center, outer, self.arch, segments=24))
        return [mirrored(cutter) for cutter in cutters]

    def _hull(self) -> Manifold:
        p = self.p
        hull = body(self.stations, self.outline)
        if p.flare:
            inside = self.half * 0.7
            for z in self.axles:
                lip = rod(
                    (inside, p.wheel_radius, z), (self.half + p.flare, p.wheel_radius, z), self.arch + 0.07, segments=24
                )
                hull += mirrored(lip)
        cutters = self._arches()
        if p.flare:
            cutters.append(span((-9, -9, -9), (9, self.bottom, 9)))
        if p.style == "pickup":
            floor = max(2 * p.wheel_radius + 0.04, self.bottom + 0.45 * (self.belt - self.bottom))
            wall = max(0.09, 0.05 * p.width)
            inner = self.half * (1 - 0.6 * p.nose_taper) - wall - 0.1 * p.roundness * self.half
            cutters.append(span((-inner, floor, self.tail + 0.1), (inner, self.belt + 1, self.back - 0.08)))
        if p.style == "convertible":
            inner = self.half * (0.83 - 0.08 * p.roundness)
            front = self.cowl - 0.25
            seat_room = rounded_rectangle(2 * inner, front - self.back - 0.05, 0.2, 3)
            seat_room[:, 1] += (front + self.back + 0.05) / 2
            cutters.append(prism(seat_room, self.bottom + 0.25, self.belt + 1))
        return difference(hull, cutters)

    def _wheels(self) -> list[Part]:
        p = self.p
        solid, rim, floor = wheel(p.wheel_radius, p.wheel_width, p.rim_dish)
        fill = spokes(rim, 0.0, floor + 0.75 * (p.wheel_width / 2 - floor), p.spoke_count)
        place = self.half - p.wheel_width / 2 - 0.01 + min(0.05, p.flare)
        tyres, rims = [], []
        for z in self.axles:
            at = (place, p.wheel_radius, z)
            tyres += [solid.translate(at), rod((0.0, p.wheel_radius, z), at, 0.12, segments=8)]
            rims.append(fill.translate(at))
        return [(mirrored(union(tyres)), self.paints.tyre), (mirrored(union(rims)), self.paints.rim)]

    def _trim_skin(self, margin: float, low: tuple[float, float, float], high: tuple[float, float, float]) -> Manifold:
        """A piece of a skin `margin` outside the bodywork, within a box: lamps, bumpers, the grille."""
        return body(grown(self.stations, margin), self.outline) ^ span(low, high)

    def _ends(self) -> list[Part]:
        p = self.p
        parts: list[Part] = []
        rise = self.nose_top - self.bottom
        if p.bumper:
            clear = [
                max(0.05, (p.front_overhang * p.length - self.arch) * 0.9),
                max(0.05, (p.rear_overhang * p.length - self.arch) * 0.9),
            ]
            low, high = self.bottom + 0.1 * rise, self.bottom + 0.4 * rise
            front = self._trim_skin(p.bumper, (-3, low, self.nose - clear[0]), (3, high, self.nose + 1))
            rear = self._trim_skin(p.bumper, (-3, low, self.tail - 1), (3, high, self.tail + clear[1]))
            parts.append((front + rear, self.paints.trim))
        if p.two_tone:
            # Where two paints meet there is a moulding along the flank.
            y = self.bottom + 0.62 * rise
            strip = self._trim_skin(0.028, (-3, y, self.tail + 0.2), (3, y + 0.08, self.nose - 0.2))
            parts.append((difference(strip, self._arches()), self.paints.chrome))
        face = 0.97 * self.half * (1 - p.nose_taper)
        if p.grille:
            middle, tall = self.bottom + 0.5 * rise, 0.2 * rise
            shape = span(
                (-p.grille * face, middle - tall, 0), (p.grille * face, middle + 0.8 * tall, self.nose + 1), 0.0
            )
            parts.append((body(grown(self.stations, 0.025), self.outline) ^ shape, self.paints.chrome))
        lamps, tails = self._lamp_boxes(face, rise)
        skin = body(grown(self.stations, 0.035), self.outline)
        parts += [(skin ^ lamps, self.paints.lamp), (skin ^ tails, self.paints.tail_lamp)]
        return parts

    def _lamp_boxes(self, face: float, rise: float) -> tuple[Manifold, Manifold]:
        """Prisms along z that cut the front and the rear lamps out of a skin."""
        p = self.p
        y = self.bottom + 0.66 * rise
        size = 0.13 * rise
        inner, outer = 0.62 * face, 1.2 * self.half
        if p.lamps == "round":
            front = rod(
                (0.76 * face, y, self.nose - 0.4), (0.76 * face, y, self.nose + 1), max(1.2 * size, 0.08), segments=14
            )
        elif p.lamps == "box":
            front = span((inner, y - size, self.nose - 0.25), (outer, y + size, self.nose + 1))
        else:
            front = span((0.5 * face, y - 0.5 * size, self.nose - 0.4), (outer, y + 0.7 * size, self.nose + 1))
        high = self.bottom + 0.75 * (self.tail_top - self.bottom)
        tall = 0.22 * rise if p.style in {"van", "suv", "wagon", "hatchback"} else 0.1 * rise
        rear = span((0.68 * self.half, high - tall, self.tail - 1), (outer, high + 0.09 * rise, self.tail + 0.15))
        return mirrored(front), mirrored(rear)

    # ------------------------------------------------------------------------------------------ cabin

    def _edges(self, y: float) -> tuple[float, float, float]:
        """Cabin at height y: z of its front, z of its rear, half width."""
        p = self.p
        up = y - self.belt
        share = up / (self.roof - self.belt)
        room = self.cowl - self.back
        squeeze = min(1.0, 0.62 * room / ((p.windscreen_rake + p.rear_rake) * (self.roof - self.belt)))
        front, rear = self.cowl - squeeze * p.windscreen_rake * up, self.back + squeeze * p.rear_rake * up
        base = self.half * (0.97 - 0.06 * p.roundness)
        return front, rear, base * (1.0 - p.tumblehome * share)

    def _greenhouse(self, inset: float) -> Manifold:
        """Loft upward through rounded plans; `inset` moves the whole skin inward."""
        p = self.p
        curve = 0.06 + 0.2 * p.roof_rounding * min(1.0, self.roof - self.belt)
        rings = []
        top = self.roof - inset
        for y, pull in (
            (self.belt - 0.06, 0.0),
            (self.belt, 0.0),
            (self.belt + 0.82 * (top - self.belt), 0.0),
            (self.belt + 0.95 * (top - self.belt), 0.25 * curve),
            (top, curve),
        ):
            front, rear, half = self._edges(y)
            front, rear = (
                front - pull - inset * (1 + 0.5 * p.windscreen_rake),
                rear + pull + inset * (1 + 0.5 * p.rear_rake),
            )
            half -= 0.8 * pull + inset
            plan = rounded_rectangle(2 * half, front - rear, 0.1 + 0.25 * p.roof_rounding * half, 3)
            rings.append(np.stack([plan[:, 0], np.full(len(plan), y), plan[:, 1] + (front + rear) / 2], axis=1))
        return loft(rings)

    def _window_rows(self) -> tuple[float, float]:
        tall = self.roof - self.belt
        low = self.belt + (0.04 if self.p.style != "bus" else 0.06)
        return low, self.roof - max(0.09, (0.3 if tall > 0.9 else 0.2) * tall)

    def _side_cutters(self) -> list[Manifold]:
        """One slot through the cabin per side window."""
        p = self.p
        low, high = self._window_rows()
        ends = []
        for y in (low, high):
            front, rear, _ = self._edges(y)
            ends.append((front - p.pillar - 0.12, rear + p.pillar + 0.06))
        shares = np.linspace(0.0, p.glazing, p.side_windows + 1)
        cutters = []
        for first, second in pairwise(shares):
            gap = 0.0 if first == 0 else p.pillar / 2
            (f0, r0), (f1, r1) = ends
            corners = [
                (f0 + (r0 - f0) * first - gap, low),
                (f0 + (r0 - f0) * second + p.pillar / 2, low),
                (f1 + (r1 - f1) * second + p.pillar / 2, high),
                (f1 + (r1 - f1) * first - gap, high),
            ]
            if corners[0][0] - corners[1][0] > 0.05 and corners[3][0] - corners[2][0] > 0.05:
                cutters.append(prism(np.array(corners), -3.0, 3.0, "x"))
        return cutters

    def _cabin(self) -> list[Part]:
        p = self.p
        low, high = self._window_rows()
        middle = sum(self._edges(low)[:2]) / 2
        panes = []
        for y in (low, high):
            half = self._edges(y)[2] - p.pillar - 0.05
            panes.append(half)
        pane = np.array([(-panes[0], low), (panes[0], low), (panes[1], high), (-panes[1], high)])
        cutters = [*self._side_cutters(), prism(pane, middle, self.nose, "z")]
        if not (p.style == "van" and p.glazing < 0.5):
            cutters.append(prism(pane, self.tail - 1, middle, "z"))
        shell = difference(self._greenhouse(0.0), cutters)
        return [(shell, self.paints.roof), (self._greenhouse(0.035), self.paints.glass)]

    def _open_cabin(self) -> list[Part]:
        """Seats and a windscreen in its frame."""
        p = self.p
        floor = self.bottom + 0.2
        seats = []
        rows = [self.cowl - 0.95] if self.cowl - self.back < 1.6 else [self.cowl - 0.95, self.back + 0.45]
        across = 0.42 * self.half
        for z in rows:
            cushion = span((across - 0.24, floor, z - 0.25), (across + 0.24, floor + 0.25, z + 0.25), 0.06)
            back = turn(
                box((0.48, 0.75, 0.16), (across, floor + 0.5, z - 0.25), 0.06), "x", -12.0, (0, floor, z - 0.25)
            )
            seats.append(mirrored(cushion + back))
        frame, pane = self._windscreen(0.0), self._windscreen(p.pillar)
        return [(union(seats), self.paints.seat), (difference(frame, [pane]), self.paints.trim),
                (self._windscreen(p.pillar - 0.01, 0.5), self.paints.glass)]  # fmt: skip

    def _windscreen(self, inset: float, thickness: float = 1.0) -> Manifold:
        """Slanting plate across the cowl; with `inset` only its middle, `thickness` relative to the frame's."""
        front, _, half = self._edges(self.belt)
        high = self.roof - inset
        low = self.belt - 0.12 + (inset * 1.5 if inset else 0.0)
        run = self.p.windscreen_rake
        depth = 0.035 * thickness * (1 + run)
        if inset and thickness >= 1.0:
            depth = 1.0
        side = [
            (front - run * (y - self.belt) + d - 0.08, y)
            for y, d in ((low, depth), (high, depth), (high, -depth), (low, -depth))
        ]
        wide = self._edges(high)[2] - inset
        across = np.array([(-half + inset, low), (half - inset, low), (wide, high + 0.01), (-wide, high + 0.01)])
        return prism(np.array(side), -2.0, 2.0, "x") ^ prism(across, self.tail, self.nose, "z")

    # ------------------------------------------------------------------------------------------ extras

    def _extras(self) -> list[Part]:
        p = self.p
        parts: list[Part] = []
        if p.mirror:
            parts.append((mirrored(self._mirror()), self.paints.trim))
        if p.rack != "none":
            parts += self._rack()
        if p.spoiler != "none":
            parts.append((self._spoiler(), self.paints.trim))
        if p.spare_wheel:
            solid, rim, floor = wheel(0.95 * p.wheel_radius, 0.8 * p.wheel_width, 0.3)
            y = max(self.belt - 0.1, 1.2 * p.wheel_radius + self.bottom)
            at = (0.0, y, self.tail - 0.3 * p.wheel_width)
            parts.append((turn(solid, "y", 90.0).translate(at), self.paints.tyre))
            parts.append((rod((0, y, self.tail + 0.35), (0, y, at[2] - floor - 0.02), 0.7 * rim), self.paints.rim))
        return parts

    def _mirror(self) -> Manifold:
        p = self.p
        size = 0.11 * p.mirror
        front, _, half = self._edges(self.belt + 0.12)
        y, z = self.belt + 0.9 * size, front - 0.3
        if p.style in {"van", "bus"}:
            y, z, size = self.belt + 0.35 * (self.roof - self.belt), front - 0.1, 1.1 * size
        out = max(half, self._edges(y)[2]) + size + 0.06
        case = ellipsoid((2.0 * size, 1.5 * size, 1.1 * size), (out, y, z), 12)
        if p.style in {"van", "bus"}:
            case = box((1.2 * size, 2.6 * size, 0.8 * size), (out, y, z), 0.3 * size)
        arm = rod((half - 0.25, self.belt - 0.05, z), (out, y - 0.2 * size, z), 0.04, segments=6)
        return case + arm

    def _roof_span(self) -> tuple[float, float, float]:
        front, rear, half = self._edges(self.roof)
        return front - 0.25, rear + 0.15, half * 0.75

    def _rack(self) -> list[Part]:
        p = self.p
        front, rear, half = self._roof_span()
        rear = min(rear, front - 0.3)
        parts: list[Part] = []
        if p.rack == "rails":
            low, high = self.roof - 0.12, self.roof + 0.09
            bars = [rod((half, low, z), (half, high, z), 0.04, segments=6) for z in np.linspace(front, rear, 3)]
            bars.append(
                rod((half, self.roof + 0.08, front + 0.05), (half, self.roof + 0.08, rear - 0.05), 0.04, segments=8)
            )
            return [(mirrored(union(bars)), self.paints.chrome)]
        bars = []
        reach = min(0.3 * (front - rear), 0.7)
        for z in ((front + rear) / 2 - reach, (front + rear) / 2 + reach):
            bars.append(box((2 * half + 0.1, 0.06, 0.08), (0, self.roof + 0.07, z)))
            foot = span((half - 0.06, self.roof - 0.15, z - 0.04), (half + 0.02, self.roof + 0.07, z + 0.04))
            bars.append(mirrored(foot))
        parts.append((union(bars), self.paints.chrome))
        if p.rack == "box":
            size = (0.8, 0.32, min(1.9, 1.1 * (front - rear) + 0.3))
            parts.append((box(size, (0.0, self.roof + 0.24, (front + rear) / 2), 0.12), self.paints.trim))
        return parts

    def _spoiler(self) -> Manifold:
        p = self.p
        hatch = p.deck < 0.04
        y = self.roof if hatch else self.tail_top
        z = self._edges(self.roof)[1] if hatch else self.tail
        half = self.half * (0.7 if hatch else 0.78)
        if p.spoiler == "lip":
            side = np.array([(z + 0.35, y - 0.12), (z - 0.04, y - 0.12), (z - 0.08, y + 0.06), (z + 0.3, y - 0.02)])
            return prism(side if not hatch else side - (0.12, 0.02), -half, half, "x")
        lift = 0.22 if hatch else 0.32
        chord = 0.32
        plane = mirrored(
            wing([((-0.01, y + lift, z + chord), chord, 0.08), ((half, y + lift, z + chord), chord, 0.08)])
        )
        plate = span((half - 0.04, y + lift - 0.09, z - 0.02), (half + 0.03, y + lift + 0.12, z + chord))
        post = rod((0.6 * half, y - 0.25, z + 0.32), (0.6 * half, y + lift, z + 0.2), 0.06, segments=6)
        return union([plane, mirrored(plate), mirrored(post)])


def _section_outline(roundness: float) -> Array:
    """Cross-section of the lower body within [-1, 1]: flat floor, bellied sides, shoulders that `roundness` softens."""
    r = roundness
    right = [
        (0.84, -1.0),
        (0.96, -0.88),
        (1.0, -0.35),
        (1.0, 0.15),
        (0.99 - 0.03 * r, 0.6),
        (0.96 - 0.06 * r, 0.88 - 0.06 * r),
    ]
    right.append((0.9 - 0.16 * r, 1.0 - 0.02 * r))
    half = np.array([*right, (0.5, 1.0)])
    return np.concatenate([half, half[::-1] * (-1.0, 1.0)])
