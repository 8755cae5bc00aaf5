"""The solid of an aeroplane."""

from __future__ import annotations

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.materials import Material
from shapelift.synthesis.procedural import finishes
from shapelift.synthesis.procedural.airplane.parameters import AirplaneParameters
from shapelift.synthesis.procedural.category import Category
from shapelift.synthesis.procedural.lofts import Station, body, offset_stations, wheel, wing
from shapelift.synthesis.procedural.solids import (
    Part,
    beam,
    box,
    box_between,
    difference,
    ellipse,
    ellipsoid,
    prism,
    revolve,
    rod,
    superellipse,
    symmetric,
    union,
)

_LENGTH = 10.0


def _parts(p: AirplaneParameters) -> list[Part]:
    """The aeroplane, nose towards +Z."""
    plane = _AirplaneGeometry(p)
    parts = [plane.fuselage(), plane.wings(), *plane.tail_surfaces(), plane.glazing(), *plane.engines(), *plane.gear()]
    return [*parts, plane.stores()]


def _materials(p: AirplaneParameters, rng: np.random.Generator) -> dict[str, Material]:
    """One material per group of parts."""
    if p.style in {"airliner", "bizjet", "glider"} and rng.random() < 0.75:
        body = finishes.light_paint(rng)
    elif p.style in {"fighter", "transport", "delta"} and rng.random() < 0.7:
        body = finishes.tinted(rng, "paint", (0.15, 0.65), (0.02, 0.3), (0.3, 0.7))
    else:
        body = finishes.car_paint(rng)

    def like_body(same: float, metal: float) -> Material:
        """The material of the body with one probability, otherwise bare metal with another, otherwise paint."""
        if rng.random() < same:
            return body
        return finishes.bright_metal(rng) if rng.random() < metal else finishes.car_paint(rng)

    return {
        "body": body,
        "wing": like_body(0.5, 0.5),
        "glass": finishes.dark_glass(rng),
        "dark": finishes.dark_metal(rng),
        "fin": body if p.style in {"fighter", "delta"} or rng.random() < 0.3 else finishes.car_paint(rng),
        "engine": like_body(0.4, 0.6),
        "tyre": finishes.tyre(rng),
        "metal": finishes.bright_metal(rng),
        "store": finishes.light_paint(rng),
    }


class _AirplaneGeometry:
    """Measures derived from the parameters once, and one method per group of parts."""

    def __init__(self, p: AirplaneParameters) -> None:
        self.p = p
        self.nose, self.tail = _LENGTH / 2, -_LENGTH / 2
        self.outline = superellipse(2.0, 2.0, p.roundness, 18 if p.roundness > 2.4 else 20)
        self.stations = self._stations()
        self.root_z = self.nose - p.wing_place * _LENGTH
        self.root_y = 0.8 * p.wing_height * p.radius
        self.thickness = max(p.wing_thickness * p.chord, 0.2)
        self.tail_slope = np.tan(np.radians(p.tail_sweep_deg))

    def _stations(self) -> list[Station]:
        """Fuselage from nose to tail: elliptic nose, constant middle, tapering and rising tail cone."""
        p, r = self.p, self.p.radius
        nose, cone = min(p.nose_length * r, 0.42 * _LENGTH), min(p.tail_length * r, 0.62 * _LENGTH)
        blunt = p.style == "biplane" or (p.style == "light" and p.engines == "nose_propeller")
        inner, outer = (1.7, 0.55) if p.nose_length < 3 else (1.5, 0.8)
        stations = []
        for share in (0.0, 0.06, 0.2, 0.45, 0.75, 1.0):
            size = max(r * (1.0 - (1.0 - share) ** inner) ** outer, (0.62 if blunt else 0.07) * r)
            stations.append((self.nose - share * nose, -p.nose_droop * (r - size), size, size))
        end = 0.5 if p.engines == "inside" else 0.2 if p.tail_length < 8 else 0.16
        for share in (0.0, 0.35, 0.7, 1.0):
            size = max(r * (1.0 - (1.0 - end) * share**1.35), 0.11)
            stations.append((self.tail + (1.0 - share) * cone, p.tail_rise * (r - size), size, size))
        kept = stations[:1]
        for station in stations[1:]:
            if kept[-1][0] - station[0] > 0.02:  # a station level with the one before it would fold the skin
                kept.append(station)
        return kept

    def _fuselage_at(self, z: float) -> tuple[float, float]:
        """Height of the fuselage's middle and its radius at z."""
        z_values, y_values, radii, _ = np.array(self.stations[::-1]).T
        return float(np.interp(z, z_values, y_values)), float(np.interp(z, z_values, radii))

    def fuselage(self) -> Part:
        """The body; with engines inside, a jet pipe is recessed into its blunt tail."""
        solid = body(self.stations, self.outline)
        if self.p.engines == "inside":
            y, r = self._fuselage_at(self.tail)
            solid = difference(solid, [rod((0, y, self.tail - 1), (0, y, self.tail + 0.35), 0.72 * r, segments=16)])
        return solid, "body"

    def _wing_at(self, x: float) -> tuple[tuple[float, float, float], float]:
        """Leading edge point and chord of the wing at the distance x from the middle."""
        p = self.p
        share = x / p.half_span
        extra = p.kink * 0.3 * p.chord * max(0.0, 1.0 - share / 0.35)
        fast = p.style in {"fighter", "delta"}
        ahead, behind = (1.3 * extra, 0.0) if fast else (0.25 * extra, 0.9 * extra)
        y = self.root_y + x * np.tan(np.radians(p.dihedral_deg))
        z = self.root_z - x * np.tan(np.radians(p.sweep_deg)) + ahead
        chord = p.chord * (1.0 - (1.0 - p.taper) * share) + ahead + behind
        return (x, float(y), float(z)), float(max(0.3, min(chord, z - (self.tail + 0.25))))

    def wings(self) -> Part:
        """The wings with winglets, the upper wing of a biplane, canards, and the fairing of a high wing."""
        p = self.p
        sections = []
        for x in (0.0, (0.35 if p.kink else 0.6) * p.half_span, p.half_span):
            (_, y, z), chord = self._wing_at(x)
            thickness = max(self.thickness * (1.0 - 0.6 * x / p.half_span), 0.13)
            sections.append(((x if x else -0.02, y, z), chord, thickness))
        solids = [symmetric(wing(sections))]
        if p.winglet:
            (_, y, z), chord = self._wing_at(p.half_span)
            root = (p.half_span - 0.05, y - 0.05, z)
            top = (p.half_span + 0.25 * p.winglet, y + p.winglet, z - 0.6 * chord)
            solids.append(symmetric(wing([(root, chord, 0.14), (top, 0.45 * chord, 0.13)], upright=True)))
        if p.style == "biplane":
            solids += self._upper_wing()
        if p.canard:
            y, r = self._fuselage_at(self.root_z + 0.9)
            z = min(self.root_z + 1.2, self.nose - 2.4)
            tip = (0.38 * p.half_span + r, y + 0.35 * r, z - 0.8)
            solids.append(symmetric(wing([((0.0, y + 0.3 * r, z), 0.9, 0.14), (tip, 0.35, 0.12)])))
        if p.wing_height > 0.95:
            # A wing above the fuselage is held by a fairing, whatever the taper of the fuselage below it.
            z = self.root_z - 0.5 * p.chord
            y, r = self._fuselage_at(z)
            size = (1.1 * r, self.root_y - y + 0.1, 0.8 * p.chord)
            solids.append(box(size, (0, (self.root_y + y) / 2, z), 0.05))
        return union(solids), "wing"

    def _upper_wing(self) -> list[Manifold]:
        """The second wing of a biplane on two pairs of struts a side."""
        p = self.p
        gap, stagger = 1.05 * p.chord, 0.3 * p.chord * (p.wing_place - 0.16) / 0.1
        sections = []
        for x in (-0.02, p.half_span * 1.05):
            (_, y, z), chord = self._wing_at(max(x, 0.0))
            sections.append(((x, y + gap + p.radius * 0.9, z + stagger), chord, max(self.thickness * 0.9, 0.15)))
        solids = [symmetric(wing(sections))]
        for x in (0.28 * p.radius, 0.68 * p.half_span):
            (_, y, z), chord = self._wing_at(x)
            outer = x > p.radius
            for share in (0.2, 0.7):
                foot = (x, y if outer else 0.0, z - share * chord)
                head = (x if outer else 1.6 * x, y + gap + p.radius * 0.9, z + stagger - share * chord)
                solids.append(symmetric(rod(foot, head, 0.075, segments=6)))
        return solids

    def _fin(self, x: float, y: float, z: float, height: float, chord: float, lean: float = 0.0) -> Manifold:
        tip = (x + lean * height, y + height, z - height * self.tail_slope)
        return wing([((x, y - 0.15, z + 0.05), chord, 0.16), (tip, 0.55 * chord, 0.13)], upright=True)

    def tail_surfaces(self) -> list[Part]:
        """Fins and tailplanes."""
        p = self.p
        scale = p.tail_size * min(1.25, 0.5 + 0.1 * p.half_span)
        height, chord = 1.55 * scale, 1.35 * scale
        z = self.tail + chord + 0.15
        y, r = self._fuselage_at(z - 0.5 * chord)
        reach = min(0.42 * p.half_span, 2.1 * scale)
        back = reach * np.tan(np.radians(0.8 * p.tail_sweep_deg))

        def tailplane(x: float, y: float, z: float) -> Manifold:
            tip = (x + reach, y + 0.08 * reach, z - back)
            return symmetric(wing([((x, y, z), 0.95 * chord, 0.15), (tip, 0.5 * chord, 0.12)]))

        fins: list[Manifold] = []
        planes: list[Manifold] = []
        if p.tail == "v":
            fins.append(symmetric(self._fin(0.25 * r, y + 0.3 * r, z, height, chord, 0.85)))
        elif p.tail == "twin" and p.style in {"fighter", "delta"}:
            x = max(0.9 * r, 0.3)
            fins.append(symmetric(self._fin(x, y, z, height, chord, 0.18)))
            fins.append(box_between((-x - 0.1, y - 0.1, z - 0.9 * chord), (x + 0.1, y + 0.12, z), 0.03))
            if p.style == "fighter":
                planes.append(tailplane(0.0, y, self.tail + 0.85 * chord))
        elif p.tail == "twin":
            planes.append(tailplane(-0.02, y + 0.3 * r, z))
            low = y + 0.3 * r - 0.3 * height
            fins.append(symmetric(self._fin(0.85 * reach, low, z - 0.85 * back, 0.85 * height, 0.7 * chord)))
        else:
            fins.append(self._fin(0.0, y + 0.6 * r, z, height, chord))
            if p.tail == "conventional":
                planes.append(tailplane(-0.02, y + 0.1 * r, z - 0.15))
            elif p.tail != "fin_only":
                share = 0.97 if p.tail == "t" else 0.5
                planes.append(tailplane(-0.02, y + 0.6 * r + share * height, z - share * height * self.tail_slope))
        return [(union(fins), "fin"), *([(union(planes), "wing")] if planes else [])]

    def glazing(self) -> Part:
        """The canopy, or the windows of cockpit and cabin."""
        return (self._canopy() if self.p.canopy else self._windows()), "glass"

    def _canopy(self) -> Manifold:
        p = self.p
        place = {"glider": 0.17, "biplane": 0.38, "fighter": 0.26, "delta": 0.25}.get(p.style, 0.27)
        z = self.nose - place * _LENGTH
        y, r = self._fuselage_at(z)
        if p.style == "light" and p.wing_height > 0.3:
            # The cabin of a high-winged tourer reaches up to the wing.
            top = max(self.root_y, y + 0.9 * r) + 0.08
            side = [(z + 1.1, y + 0.3 * r), (z + 0.35, top), (z - 1.3, top), (z - 2.2, y + 0.3 * r)]
            return prism(side, -0.82 * r, 0.82 * r, "x")
        size = (1.35 * r, 1.5 * r * p.canopy, 2.4 * p.canopy * (0.6 if p.style == "biplane" else 1.0))
        return ellipsoid(size, (0, y + 0.72 * r, z), 16)

    def _windows(self) -> Manifold:
        """Windows cut out of a skin around the fuselage: the windscreen, and a row along the cabin."""
        p = self.p
        z = self.nose - 0.55 * p.nose_length * p.radius
        y, r = self._fuselage_at(z)
        low, high = y + 0.32 * r, y + 0.95 * r
        screen = [(z + 0.45 * r, low), (z - 0.1 * r, high), (z - 0.45 * r, high), (z - 0.3 * r, low)]
        cutters = [prism(screen, -2.0, 2.0, "x")]
        first, last = self.nose - p.nose_length * p.radius - 0.3, self.tail + p.tail_length * 0.75 * p.radius
        if p.cabin_windows and first - last > 1.0:
            step = (first - last) / p.cabin_windows
            wide = min(0.45 * step, 0.3)
            low, high = 0.2 * p.radius, 0.2 * p.radius + max(0.16 * p.radius, 0.8 * wide)
            for index in range(p.cabin_windows):
                z = first - (index + 0.5) * step
                cutters.append(box_between((-2, low, z - wide / 2), (2, high, z + wide / 2)))
        return body(offset_stations(self.stations, 0.03), self.outline) ^ union(cutters)

    def engines(self) -> list[Part]:
        """Jets, propellers or nothing."""
        match self.p.engines:
            case "under_wing":
                return self._wing_jets()
            case "at_tail":
                return self._tail_jets()
            case "inside":
                return self._inside_engines()
            case "nose_propeller":
                y, _ = self._fuselage_at(self.nose - 0.05)
                return self._propeller((0.0, y, self.nose), 0.22 * self.p.half_span**0.5 * 2.2, 0.26)
            case "wing_propellers":
                return self._wing_propellers()
            case "none":
                return []

    def _jet(self, x: float, y: float, z: float, r: float, length: float) -> list[Part]:
        """Turbofans on both sides, each a pod with lip, intake recess, spinner and jet pipe; z is the front."""
        outside = [(0.0, -1.0), (0.45, -1.0), (0.5, -0.8), (0.88, -0.62), (1.0, -0.3), (0.97, -0.06), (0.9, 0.0)]
        inside = [(0.8, -0.03), (0.76, -0.22), (0.0, -0.22)]
        scale = np.array([r, length])
        pod = revolve(np.array([*outside, *inside]) * scale, "z", 18, (x, y, z))
        fan_profile = [(0.0, -0.4), (0.79, -0.4), (0.79, -0.2), (0.3, -0.19), (0.0, 0.0)]
        fan = revolve(np.array(fan_profile) * scale, "z", 14, (x, y, z))
        return [(symmetric(pod), "engine"), (symmetric(fan), "dark")]

    def _tail_jets(self) -> list[Part]:
        r, length = 0.34 * self.p.engine_size, 1.9 * self.p.engine_size
        z = self.tail + 1.35 * self.p.tail_size + 1.9
        y, body_r = self._fuselage_at(z - 0.6 * length)
        x, high = body_r + 1.25 * r, y + 0.45 * body_r
        root = ((0.0, y + 0.3 * body_r, z - 0.25 * length), 0.5 * length, 0.16)
        pylon = wing([root, ((x, high, z - 0.3 * length), 0.45 * length, 0.14)])
        return [*self._jet(x, high, z, r, length), (symmetric(pylon), "body")]

    def _wing_jets(self) -> list[Part]:
        r, length = 0.36 * self.p.engine_size, 1.5 * self.p.engine_size
        parts: list[Part] = []
        for index in range(self.p.engine_count):
            (x, y, z), chord = self._wing_at((self.p.engine_place + 0.28 * index) * self.p.half_span)
            low = y - 1.15 * r
            parts += self._jet(x, low, z + 0.55 * length, r, length)
            foot = ((x, low + 0.5 * r, z + 0.2 * length), 0.5 * chord + 0.2 * length, 0.16)
            pylon = wing([foot, ((x, y + 0.02, z - 0.1 * chord), 0.5 * chord, 0.15)], upright=True)
            parts.append((symmetric(pylon), "wing"))
        return parts

    def _inside_engines(self) -> list[Part]:
        """Side intakes of a jet and the nozzle ring at the tail."""
        z, back = min(self.root_z + 0.9, self.nose - 2.6), self.tail + 0.9
        y, r = self._fuselage_at(z - 0.6)
        wide, tall, low = 0.55 * r * self.p.engine_size, 1.15 * r, y - 0.1 * r
        duct = box((wide, tall, z - back), (r + 0.12 * wide, low, (z + back) / 2), 0.25 * wide)
        mouth = box((0.62 * wide, 0.74 * tall, 1.0), (r + 0.2 * wide, low, z))
        y, r = self._fuselage_at(self.tail)
        ring = [(0.72 * r, 0.4), (1.03 * r, 0.4), (0.95 * r, -0.3), (0.74 * r, -0.3)]
        nozzle = revolve(ring, "z", 16, (0, y, self.tail))
        return [(symmetric(difference(duct, [mouth])), "body"), (nozzle, "dark")]

    def _propeller(self, at: tuple[float, float, float], radius: float, hub: float) -> list[Part]:
        """Spinner and blades; `at` is the front face they sit on."""
        p = self.p
        profile = [(0.0, -0.15), (hub, -0.15), (hub, 0.05), (0.75 * hub, 0.3), (0.35 * hub, 0.45), (0.0, 0.5)]
        # Blades are pitched a little, so that they show from the side as well.
        blade = box((0.24 + 0.06 * p.engine_size, radius, 0.14), (0.0, radius / 2, 0.0), 0.05).rotate((0.0, 25.0, 0.0))
        angles = [15.0 + 360.0 * index / p.blades for index in range(p.blades)]
        blades = union([blade.rotate((0.0, 0.0, angle)).translate((0.0, 0.0, 0.12)) for angle in angles])
        spinner = revolve(profile, "z", 14)
        return [(spinner.translate(at), "engine"), (blades.translate(at), "dark")]

    def _wing_propellers(self) -> list[Part]:
        p = self.p
        r = 0.3 * p.engine_size
        radius = min(0.85 * p.engine_size, (0.12 if p.engine_count == 2 else 0.2) * p.half_span)
        parts: list[Part] = []
        for index in range(p.engine_count):
            (x, y, z), chord = self._wing_at((p.engine_place - 0.02 + 0.27 * index) * p.half_span)
            rear = z + 0.9 - (0.9 * chord + 0.9)
            stations = [(z + 0.9, y, 0.75 * r, 0.8 * r), (z + 0.4, y, r, r)]
            stations += [(z - 0.4 * chord, y - 0.1 * r, r, r), (rear, y, 0.3 * r, 0.35 * r)]
            pod = body(stations, ellipse(2.0, 2.0, 14)).translate((x, 0.0, 0.0))
            parts.append((symmetric(pod), "engine"))
            parts += _both_sides(self._propeller((x, y, z + 0.9), radius, 0.6 * r))
        return parts

    def gear(self) -> list[Part]:
        """Wheels, floats or nothing."""
        match self.p.gear:
            case "none":
                return []
            case "floats":
                return [self._floats()]
            case _:
                return self._wheels()

    def _leg(self, x: float, y: float, z: float, drop: float, radius: float, splay: float = 0.0) -> list[Part]:
        """One strut with its wheel; y is where the strut begins, `splay` how far out its foot stands."""
        tyre, _, _ = wheel(radius, 0.55 * radius, 0.4, 14)
        foot, low = x + splay, y - drop
        strut = rod((x, y + 0.1, z), (foot, low, z), 0.09, segments=6)
        axle = rod((foot - 0.4 * radius, low, z), (foot + 0.4 * radius, low, z), 0.1, segments=6)
        return [(strut + axle, "metal"), (tyre.translate((foot, low, z)), "tyre")]

    def _wheels(self) -> list[Part]:
        """Two main legs, and one below the nose or the tail."""
        p = self.p
        small = p.style in {"light", "biplane"}
        radius = 0.3 if small else 0.26
        drop = (0.9 if small else 0.75) * p.gear_height
        x = 0.75 * p.radius if p.wing_height > 0 or small else min(0.2 * p.half_span, 2.2 * p.radius)
        z = self.root_z - (0.25 if p.gear == "taildragger" else 0.7) * p.chord
        (_, wing_y, _), _ = self._wing_at(x)
        y = max(-0.6 * p.radius, min(wing_y, 0.0)) if p.wing_height <= 0 else -0.5 * p.radius
        main = _both_sides(self._leg(x, y, z, y + p.radius + drop - radius, radius, 0.35 if small else 0.0))
        if p.gear == "taildragger":
            z = self.tail + 0.7
            y, r = self._fuselage_at(z)
            return [*main, *self._leg(0.0, y, z, r + 0.3, 0.17)]
        z = self.nose - 0.13 * _LENGTH
        y, r = self._fuselage_at(z)
        y -= 0.5 * r
        return [*main, *self._leg(0.0, y, z, y + p.radius + drop - radius, radius)]

    def _floats(self) -> Part:
        p = self.p
        x, low, z = 1.3 * p.radius + 0.2, -p.radius - 0.9 * p.gear_height, self.root_z - 0.3 * p.chord
        stations = [(z + 2.6, low + 0.2, 0.08, 0.08), (z + 2.0, low + 0.05, 0.3, 0.28), (z, low, 0.36, 0.34)]
        stations += [(z - 1.6, low + 0.1, 0.28, 0.24), (z - 2.3, low + 0.2, 0.1, 0.1)]
        hull = body(stations, superellipse(2.0, 2.0, 3.0, 12)).translate((x, 0.0, 0.0))
        root = 0.5 * p.radius
        struts = [rod((root, -root, z + dz), (x, low, z + dz), 0.09, segments=6) for dz in (0.8, -0.8)]
        bar = beam((-x, low, z + 0.8), (x, low, z + 0.8), 0.16, 0.16)
        return symmetric(union([hull, *struts])) + bar, "wing"

    def stores(self) -> Part:
        """Missiles or tanks on pylons below the wing."""
        p = self.p
        solids = []
        for index in range(p.stores):
            (x, y, z), chord = self._wing_at((0.42 + 0.22 * index) * p.half_span)
            if chord < 0.7:
                continue
            low, r = y - 0.36, 0.15 if index else 0.19
            profile = [(0.0, -1.1), (0.6 * r, -1.1), (r, -0.8), (r, 0.7), (0.5 * r, 1.0), (0.0, 1.15)]
            tube = revolve(profile, "z", 10, (x, low, z - 0.45 * chord))
            solids += [tube, box_between((x - 0.07, low, z - 0.7 * chord), (x + 0.07, y, z - 0.25 * chord))]
        return (symmetric(union(solids)) if solids else Manifold()), "store"


def _both_sides(parts: list[Part]) -> list[Part]:
    return [(symmetric(solid), material) for solid, material in parts]


CATEGORY = Category(AirplaneParameters, _parts, _materials)
