"""The solid of a car."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.materials import Material, random_material
from shapelift.synthesis.procedural import finishes
from shapelift.synthesis.procedural.car.parameters import CarParameters
from shapelift.synthesis.procedural.category import Category
from shapelift.synthesis.procedural.lofts import Station, body, offset_stations, spokes, wheel, wing
from shapelift.synthesis.procedural.solids import (
    Array,
    Part,
    box,
    box_between,
    difference,
    ellipsoid,
    loft,
    outline_at,
    prism,
    rod,
    rotated,
    rounded_rectangle,
    symmetric,
    union,
)


def _parts(p: CarParameters) -> list[Part]:
    """The car, nose towards +Z, standing on its wheels."""
    car = _CarGeometry(p)
    cabin = car.open_cabin() if p.style == "convertible" else car.closed_cabin()
    return [*car.lower_body(), *car.wheels(), *car.ends(), *car.accessories(), *cabin]


def _materials(p: CarParameters, rng: np.random.Generator) -> dict[str, Material]:
    """One material per group of parts."""
    body = finishes.car_paint(rng)
    return {
        "body": body,
        "roof": finishes.car_paint(rng) if p.two_tone else body,
        "rim": finishes.dark_metal(rng) if rng.random() < 0.25 else finishes.bright_metal(rng),
        "trim": body if rng.random() < 0.35 else finishes.dark_plastic(rng),
        "glass": finishes.dark_glass(rng),
        "tyre": finishes.tyre(rng),
        "lamp": finishes.clear_lamp(rng),
        "tail_lamp": finishes.red_lamp(rng),
        "seat": random_material(rng, "fabric"),
        "chrome": finishes.bright_metal(rng) if rng.random() < 0.5 else finishes.dark_plastic(rng),
    }


class _CarGeometry:
    """Measures derived from the parameters once, and one method per group of parts."""

    def __init__(self, p: CarParameters) -> None:
        self.p = p
        self.nose, self.tail = p.length / 2, -p.length / 2
        self.half = p.width / 2
        pickup = p.style == "pickup"
        self.belt = max(p.belt * p.height, 2 * p.wheel_radius + (0.38 if pickup else 0.16))
        self.roof = max(p.height, self.belt + (0.5 if pickup else 0.32))
        self.arch = p.wheel_radius * (1 + p.arch_gap)
        self.axles = (self.nose - p.front_overhang * p.length, self.tail + p.rear_overhang * p.length)
        self.cowl = self.nose - p.hood * p.length
        self.back = self.tail + p.deck * p.length
        self.bottom = min(p.clearance, 0.8 * p.wheel_radius)
        above_arches = self.arch + p.wheel_radius + 0.05
        rise = self.belt - self.bottom
        drop = (0.0 if pickup else p.deck_drop) * rise * min(1.0, 6 * p.deck)
        self.nose_top = max(self.bottom + p.nose_height * rise, above_arches - 0.1)
        self.tail_top = max(self.belt - drop, above_arches - 0.05)
        self.stations = self._stations()
        self.outline = _section_outline(p.roundness)

    def _stations(self) -> list[Station]:
        """Sections of the lower body from tail to nose."""
        p = self.p
        gap = 0.02 * p.length
        places = [self.tail + f * p.length for f in (0.035, 0.12, 0.3, 0.5, 0.7, 0.88, 0.965)]
        kept = [self.tail]
        for z in sorted([*places, self.back, self.cowl, (self.cowl + self.nose) / 2]):
            if self.tail + gap < z < self.nose - gap and z - kept[-1] > gap:
                kept.append(z)
        stations = []
        for z in [*kept, self.nose]:
            edge = max(0.0, abs(z) / self.nose - 0.45) / 0.55
            taper = p.nose_taper if z > 0 else 0.6 * p.nose_taper
            half = self.half * (1.0 - taper * edge**2.5)
            low, high = self.bottom + 0.25 * self.bottom * edge**4, self._top(z)
            if z in {self.tail, self.nose}:
                low, high, half = low + 0.1 * (high - low), high - 0.12 * (high - low), half * 0.97
            stations.append((z, (low + high) / 2, half, (high - low) / 2))
        return stations

    def _top(self, z: float) -> float:
        """Height of the lower body at z."""
        bulge = 0.5 * (self.nose_top + self.belt) + 0.25 * (self.belt - self.nose_top)
        places = [self.tail, self.back, self.cowl, (self.cowl + self.nose) / 2, self.nose]
        return float(np.interp(z, places, [self.tail_top, self.belt, self.belt, bulge, self.nose_top]))

    def _skin(self, margin: float) -> Manifold:
        """The lower body, `margin` larger: what lamps, bumpers and trim are cut from."""
        return body(offset_stations(self.stations, margin), self.outline)

    def _wheel_arches(self) -> list[Manifold]:
        inside, y = self.half - self.p.wheel_width - 0.1, self.p.wheel_radius
        return [symmetric(rod((inside, y, z), (self.half + 0.3, y, z), self.arch, segments=24)) for z in self.axles]

    def lower_body(self) -> list[Part]:
        """Everything below the belt line, with room for wheels, load and passengers."""
        p = self.p
        solid = body(self.stations, self.outline)
        cutters = self._wheel_arches()
        if p.flare:
            inside, outside, y = self.half * 0.7, self.half + p.flare, p.wheel_radius
            for z in self.axles:
                solid += symmetric(rod((inside, y, z), (outside, y, z), self.arch + 0.07, segments=24))
            cutters.append(box_between((-9, -9, -9), (9, self.bottom, 9)))
        if p.style == "pickup":
            floor = max(2 * p.wheel_radius + 0.04, self.bottom + 0.45 * (self.belt - self.bottom))
            wall = max(0.09, 0.05 * p.width)
            inner = self.half * (1 - 0.6 * p.nose_taper) - wall - 0.1 * p.roundness * self.half
            cutters.append(box_between((-inner, floor, self.tail + 0.1), (inner, self.belt + 1, self.back - 0.08)))
        if p.style == "convertible":
            inner = self.half * (0.83 - 0.08 * p.roundness)
            front = self.cowl - 0.25
            room = rounded_rectangle(2 * inner, front - self.back - 0.05, 0.2, 3)
            room[:, 1] += (front + self.back + 0.05) / 2
            cutters.append(prism(room, self.bottom + 0.25, self.belt + 1))
        return [(difference(solid, cutters), "body")]

    def wheels(self) -> list[Part]:
        """Tyres, rims and half axles."""
        p = self.p
        tyre, rim, floor = wheel(p.wheel_radius, p.wheel_width, p.rim_dish)
        fill = spokes(rim, 0.0, floor + 0.75 * (p.wheel_width / 2 - floor), p.spoke_count)
        x, y = self.half - p.wheel_width / 2 - 0.01 + min(0.05, p.flare), p.wheel_radius
        tyres, rims = [], []
        for z in self.axles:
            tyres += [tyre.translate((x, y, z)), rod((0.0, y, z), (x, y, z), 0.12, segments=8)]
            rims.append(fill.translate((x, y, z)))
        return [(symmetric(union(tyres)), "tyre"), (symmetric(union(rims)), "rim")]

    def ends(self) -> list[Part]:
        """Bumpers, the moulding between two paints, the grille and the lamps."""
        p = self.p
        parts: list[Part] = []
        rise = self.nose_top - self.bottom
        if p.bumper:
            front_depth = max(0.05, (p.front_overhang * p.length - self.arch) * 0.9)
            rear_depth = max(0.05, (p.rear_overhang * p.length - self.arch) * 0.9)
            low, high = self.bottom + 0.1 * rise, self.bottom + 0.4 * rise
            front = self._skin(p.bumper) ^ box_between((-3, low, self.nose - front_depth), (3, high, self.nose + 1))
            rear = self._skin(p.bumper) ^ box_between((-3, low, self.tail - 1), (3, high, self.tail + rear_depth))
            parts.append((front + rear, "trim"))
        if p.two_tone:
            y = self.bottom + 0.62 * rise
            strip = self._skin(0.028) ^ box_between((-3, y, self.tail + 0.2), (3, y + 0.08, self.nose - 0.2))
            parts.append((difference(strip, self._wheel_arches()), "chrome"))
        face = 0.97 * self.half * (1 - p.nose_taper)
        if p.grille:
            middle, tall, half = self.bottom + 0.5 * rise, 0.2 * rise, p.grille * face
            grille = self._skin(0.025) ^ box_between(
                (-half, middle - tall, 0), (half, middle + 0.8 * tall, self.nose + 1)
            )
            parts.append((grille, "chrome"))
        lamps, tail_lamps = self._lamp_cutters(face, rise)
        skin = self._skin(0.035)
        return [*parts, (skin ^ lamps, "lamp"), (skin ^ tail_lamps, "tail_lamp")]

    def _lamp_cutters(self, face: float, rise: float) -> tuple[Manifold, Manifold]:
        """Prisms along z that cut the front and the rear lamps out of a skin."""
        p = self.p
        y, size, outer = self.bottom + 0.66 * rise, 0.13 * rise, 1.2 * self.half
        if p.lamps == "round":
            x = 0.76 * face
            front = rod((x, y, self.nose - 0.4), (x, y, self.nose + 1), max(1.2 * size, 0.08), segments=14)
        elif p.lamps == "box":
            front = box_between((0.62 * face, y - size, self.nose - 0.25), (outer, y + size, self.nose + 1))
        else:
            front = box_between((0.5 * face, y - 0.5 * size, self.nose - 0.4), (outer, y + 0.7 * size, self.nose + 1))
        high = self.bottom + 0.75 * (self.tail_top - self.bottom)
        tall = 0.22 * rise if p.style in {"van", "suv", "wagon", "hatchback"} else 0.1 * rise
        rear = box_between(
            (0.68 * self.half, high - tall, self.tail - 1), (outer, high + 0.09 * rise, self.tail + 0.15)
        )
        return symmetric(front), symmetric(rear)

    def _cabin_at(self, y: float) -> tuple[float, float, float]:
        """Cabin at height y: z of its front, z of its rear, half width."""
        p = self.p
        up, tall = y - self.belt, self.roof - self.belt
        squeeze = min(1.0, 0.62 * (self.cowl - self.back) / ((p.windscreen_rake + p.rear_rake) * tall))
        front, rear = self.cowl - squeeze * p.windscreen_rake * up, self.back + squeeze * p.rear_rake * up
        return front, rear, self.half * (0.97 - 0.06 * p.roundness) * (1.0 - p.tumblehome * (up / tall))

    def _cabin_solid(self, inset: float) -> Manifold:
        """Loft upward through rounded plans; `inset` moves the whole skin inward."""
        p = self.p
        curve = 0.06 + 0.2 * p.roof_rounding * min(1.0, self.roof - self.belt)
        tall = self.roof - inset - self.belt
        levels = [(self.belt - 0.06, 0.0), (self.belt, 0.0), (self.belt + 0.82 * tall, 0.0)]
        levels += [(self.belt + 0.95 * tall, 0.25 * curve), (self.roof - inset, curve)]
        rings = []
        for y, pull in levels:
            front, rear, half = self._cabin_at(y)
            front -= pull + inset * (1 + 0.5 * p.windscreen_rake)
            rear += pull + inset * (1 + 0.5 * p.rear_rake)
            half -= 0.8 * pull + inset
            plan = rounded_rectangle(2 * half, front - rear, 0.1 + 0.25 * p.roof_rounding * half, 3)
            rings.append(outline_at(plan + np.array([0.0, (front + rear) / 2]), y))
        return loft(rings)

    def closed_cabin(self) -> list[Part]:
        """Roof and pillars around a core of glass."""
        p = self.p
        tall = self.roof - self.belt
        low = self.belt + (0.06 if p.style == "bus" else 0.04)
        high = self.roof - max(0.09, (0.3 if tall > 0.9 else 0.2) * tall)
        front, rear, wide = self._cabin_at(low)
        middle = (front + rear) / 2
        bottom, top = wide - p.pillar - 0.05, self._cabin_at(high)[2] - p.pillar - 0.05
        pane = [(-bottom, low), (bottom, low), (top, high), (-top, high)]
        cutters = [*self._side_cutters(low, high), prism(pane, middle, self.nose, "z")]
        if p.style != "van" or p.glazing >= 0.5:
            cutters.append(prism(pane, self.tail - 1, middle, "z"))
        shell = difference(self._cabin_solid(0.0), cutters)
        return [(shell, "roof"), (self._cabin_solid(0.035), "glass")]

    def _side_cutters(self, low: float, high: float) -> list[Manifold]:
        """One slot through the cabin per side window."""
        p = self.p
        ends = []
        for y in (low, high):
            front, rear, _ = self._cabin_at(y)
            ends.append((front - p.pillar - 0.12, rear + p.pillar + 0.06))
        (f0, r0), (f1, r1) = ends
        cutters = []
        for first, second in pairwise(np.linspace(0.0, p.glazing, p.side_windows + 1)):
            gap = 0.0 if first == 0 else p.pillar / 2
            corners = [
                (f0 + (r0 - f0) * first - gap, low),
                (f0 + (r0 - f0) * second + p.pillar / 2, low),
                (f1 + (r1 - f1) * second + p.pillar / 2, high),
                (f1 + (r1 - f1) * first - gap, high),
            ]
            if corners[0][0] - corners[1][0] > 0.05 and corners[3][0] - corners[2][0] > 0.05:
                cutters.append(prism(corners, -3.0, 3.0, "x"))
        return cutters

    def open_cabin(self) -> list[Part]:
        """Seats and a windscreen in its frame."""
        p = self.p
        x, floor = 0.42 * self.half, self.bottom + 0.2
        seats = []
        for z in [self.cowl - 0.95] if self.cowl - self.back < 1.6 else [self.cowl - 0.95, self.back + 0.45]:
            cushion = box_between((x - 0.24, floor, z - 0.25), (x + 0.24, floor + 0.25, z + 0.25), 0.06)
            back = box((0.48, 0.75, 0.16), (x, floor + 0.5, z - 0.25), 0.06)
            seats.append(symmetric(cushion + rotated(back, "x", -12.0, (0, floor, z - 0.25))))
        depth = 0.035 * (1 + p.windscreen_rake)
        frame = difference(self._windscreen(0.0, depth), [self._windscreen(p.pillar, 1.0)])
        pane = self._windscreen(p.pillar - 0.01, 0.5 * depth)
        return [(union(seats), "seat"), (frame, "trim"), (pane, "glass")]

    def _windscreen(self, inset: float, depth: float) -> Manifold:
        """Slanting plate across the cowl, twice `depth` from front to rear; with `inset` only its middle."""
        front, _, half = self._cabin_at(self.belt)
        low, high = self.belt - 0.12 + inset * 1.5, self.roof - inset
        side = [
            (front - self.p.windscreen_rake * (y - self.belt) + offset - 0.08, y)
            for y, offset in ((low, depth), (high, depth), (high, -depth), (low, -depth))
        ]
        wide = self._cabin_at(high)[2] - inset
        across = [(-half + inset, low), (half - inset, low), (wide, high + 0.01), (-wide, high + 0.01)]
        return prism(side, -2.0, 2.0, "x") ^ prism(across, self.tail, self.nose, "z")

    def accessories(self) -> list[Part]:
        """Mirrors, roof rack, spoiler and spare wheel."""
        p = self.p
        parts: list[Part] = []
        if p.mirror:
            parts.append((symmetric(self._mirror()), "trim"))
        if p.rack != "none":
            parts += self._rack()
        if p.spoiler != "none":
            parts.append((self._spoiler(), "trim"))
        if p.spare_wheel:
            tyre, rim, floor = wheel(0.95 * p.wheel_radius, 0.8 * p.wheel_width, 0.3)
            y = max(self.belt - 0.1, 1.2 * p.wheel_radius + self.bottom)
            z = self.tail - 0.3 * p.wheel_width
            hub = rod((0, y, self.tail + 0.35), (0, y, z - floor - 0.02), 0.7 * rim)
            parts += [(rotated(tyre, "y", 90.0).translate((0.0, y, z)), "tyre"), (hub, "rim")]
        return parts

    def _mirror(self) -> Manifold:
        """The right mirror."""
        tall = self.p.style in {"van", "bus"}
        size = 0.11 * self.p.mirror
        front, _, half = self._cabin_at(self.belt + 0.12)
        y, z = self.belt + 0.9 * size, front - 0.3
        if tall:
            y, z, size = self.belt + 0.35 * (self.roof - self.belt), front - 0.1, 1.1 * size
        x = max(half, self._cabin_at(y)[2]) + size + 0.06
        if tall:
            case = box((1.2 * size, 2.6 * size, 0.8 * size), (x, y, z), 0.3 * size)
        else:
            case = ellipsoid((2.0 * size, 1.5 * size, 1.1 * size), (x, y, z), 12)
        return case + rod((half - 0.25, self.belt - 0.05, z), (x, y - 0.2 * size, z), 0.04, segments=6)

    def _rack(self) -> list[Part]:
        """Rails along the roof, or bars across it with or without a box."""
        front, rear, half = self._cabin_at(self.roof)
        front, half = front - 0.25, half * 0.75
        rear = min(rear + 0.15, front - 0.3)
        top = self.roof
        if self.p.rack == "rails":
            feet = np.linspace(front, rear, 3)
            bars = [rod((half, top - 0.12, z), (half, top + 0.09, z), 0.04, segments=6) for z in feet]
            bars.append(rod((half, top + 0.08, front + 0.05), (half, top + 0.08, rear - 0.05), 0.04, segments=8))
            return [(symmetric(union(bars)), "chrome")]
        middle, reach = (front + rear) / 2, min(0.3 * (front - rear), 0.7)
        bars = []
        for z in (middle - reach, middle + reach):
            foot = box_between((half - 0.06, top - 0.15, z - 0.04), (half + 0.02, top + 0.07, z + 0.04))
            bars += [box((2 * half + 0.1, 0.06, 0.08), (0, top + 0.07, z)), symmetric(foot)]
        parts: list[Part] = [(union(bars), "chrome")]
        if self.p.rack == "box":
            size = (0.8, 0.32, min(1.9, 1.1 * (front - rear) + 0.3))
            parts.append((box(size, (0.0, top + 0.24, middle), 0.12), "trim"))
        return parts

    def _spoiler(self) -> Manifold:
        """Lip or wing at the end of the roof of a hatch, otherwise at the end of the deck."""
        hatch = self.p.deck < 0.04
        y, z = (self.roof, self._cabin_at(self.roof)[1]) if hatch else (self.tail_top, self.tail)
        half = self.half * (0.7 if hatch else 0.78)
        if self.p.spoiler == "lip":
            side = np.array([(z + 0.35, y - 0.12), (z - 0.04, y - 0.12), (z - 0.08, y + 0.06), (z + 0.3, y - 0.02)])
            return prism(side - (0.12, 0.02) if hatch else side, -half, half, "x")
        chord, high = 0.32, y + (0.22 if hatch else 0.32)
        plane = wing([((-0.01, high, z + chord), chord, 0.08), ((half, high, z + chord), chord, 0.08)])
        plate = box_between((half - 0.04, high - 0.09, z - 0.02), (half + 0.03, high + 0.12, z + chord))
        post = rod((0.6 * half, y - 0.25, z + chord), (0.6 * half, high, z + 0.2), 0.06, segments=6)
        return union([symmetric(plane), symmetric(plate), symmetric(post)])


def _section_outline(roundness: float) -> Array:
    """Cross-section of the lower body within [-1, 1]: flat floor, bellied sides, shoulders that `roundness` softens."""
    r = roundness
    right = [(0.84, -1.0), (0.96, -0.88), (1.0, -0.35), (1.0, 0.15), (0.99 - 0.03 * r, 0.6)]
    right += [(0.96 - 0.06 * r, 0.88 - 0.06 * r), (0.9 - 0.16 * r, 1.0 - 0.02 * r), (0.5, 1.0)]
    half = np.array(right)
    return np.concatenate([half, half[::-1] * (-1.0, 1.0)])


CATEGORY = Category(CarParameters, _parts, _materials)
