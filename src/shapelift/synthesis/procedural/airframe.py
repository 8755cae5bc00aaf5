"""The parts of an aeroplane; the builder behind `AirplaneParameters`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.procedural.livery import Livery
from shapelift.synthesis.procedural.lofts import Station, body, grown, lathe, wheel, wing
from shapelift.synthesis.procedural.solids import (
    Part,
    beam,
    box,
    difference,
    ellipse,
    ellipsoid,
    mirrored,
    prism,
    rod,
    span,
    superellipse,
    union,
)

if TYPE_CHECKING:
    from shapelift.synthesis.procedural.airplane import AirplaneParameters

_LENGTH = 10.0


class Airframe:
    """Measures derived from the parameters once, and one method per group of parts."""

    def __init__(self, p: AirplaneParameters) -> None:
        self.p = p
        self.nose, self.tail = _LENGTH / 2, -_LENGTH / 2
        self.paint = Livery.draw(p.material_seed, p.style)
        self.outline = superellipse(2.0, 2.0, p.roundness, 18 if p.roundness > 2.4 else 20)
        self.stations = self._stations()
        self.root_z = self.nose - p.wing_place * _LENGTH
        self.root_y = 0.8 * p.wing_height * p.radius
        self.thick = max(p.wing_thickness * p.chord, 0.2)

    def _stations(self) -> list[Station]:
        """Fuselage from nose to tail: elliptic nose, constant middle, tapering and rising tail cone."""
        p = self.p
        r = p.radius
        nose = min(p.nose_length * r, 0.42 * _LENGTH)
        cone = min(p.tail_length * r, 0.62 * _LENGTH)
        blunt = p.style in {"biplane"} or (p.style == "light" and p.engines == "nose_propeller")
        result = []
        for share in (0.0, 0.06, 0.2, 0.45, 0.75, 1.0):
            swell = (1.0 - (1.0 - share) ** (1.7 if p.nose_length < 3 else 1.5)) ** (0.55 if p.nose_length < 3 else 0.8)
            size = max(r * swell, (0.62 if blunt else 0.07) * r)
            result.append((self.nose - share * nose, -p.nose_droop * (r - size), size, size))
        end = 0.5 if p.engines == "inside" else 0.2 if p.tail_length < 8 else 0.16
        for share in (0.0, 0.35, 0.7, 1.0):
            size = max(r * (1.0 - (1.0 - end) * share**1.35), 0.11)
            result.append((self.tail + (1.0 - share) * cone, p.tail_rise * (r - size), size, size))
        # A station that leads the one before it by nothing would fold the skin.
        kept = [result[0]]
        for station in result[1:]:
            if kept[-1][0] - station[0] > 0.02:
                kept.append(station)
        return kept

    def _at(self, z: float) -> tuple[float, float]:
        """Height of the fuselage's middle and its radius at z."""
        z_values = [s[0] for s in self.stations][::-1]
        return (
            float(np.interp(z, z_values, [s[1] for s in self.stations][::-1])),
            float(np.interp(z, z_values, [s[2] for s in self.stations][::-1])),
        )

    def parts(self) -> list[Part]:
        """Everything, in overlapping pieces."""
        p = self.p
        parts: list[Part] = [(self._fuselage(), self.paint.body), (self._wings(), self.paint.wing), *self._tail_parts()]
        parts += self._glazing()
        if p.engines in {"under_wing", "at_tail"}:
            parts += self._jets()
        if p.engines == "inside":
            parts += self._inside_engines()
        if p.engines == "nose_propeller":
            parts += self._propeller(
                (0.0, self._at(self.nose - 0.05)[0], self.nose), 0.22 * self.p.half_span**0.5 * 2.2, 0.26
            )
        if p.engines == "wing_propellers":
            parts += self._wing_propellers()
        if p.gear != "none":
            parts += self._floats() if p.gear == "floats" else self._gear()
        if p.stores:
            parts.append((self._stores(), self.paint.store))
        return parts

    def _fuselage(self) -> Manifold:
        p = self.p
        solid = body(self.stations, self.outline)
        if p.engines == "inside":
            # The jet pipe: a recess in the blunt tail.
            y, r = self._at(self.tail)
            solid = difference(solid, [rod((0, y, self.tail - 1), (0, y, self.tail + 0.35), 0.72 * r, segments=16)])
        return solid

    # ------------------------------------------------------------------------------------------ wings

    def _panel(self, x: float) -> tuple[tuple[float, float, float], float]:
        """Leading edge point and chord of the wing at the distance x from the middle."""
        p = self.p
        share = x / p.half_span
        chord = p.chord * (1.0 - (1.0 - p.taper) * share)
        extra = p.kink * 0.3 * p.chord * max(0.0, 1.0 - share / 0.35)
        back = x * np.tan(np.radians(p.sweep_deg))
        if p.style in {"fighter", "delta"}:
            extra_front, extra_rear = 1.3 * extra, 0.0
        else:
            extra_front, extra_rear = 0.25 * extra, 0.9 * extra
        y = self.root_y + x * np.tan(np.radians(p.dihedral_deg))
        limit = self.tail + 0.25
        z = self.root_z - back + extra_front
        length = max(0.3, min(chord + extra_front + extra_rear, z - limit))
        return (x, float(y), float(z)), float(length)

    def _wings(self) -> Manifold:
        p = self.p
        xs = (0.0, 0.35 * p.half_span, p.half_span) if p.kink else (0.0, 0.6 * p.half_span, p.half_span)
        sections = []
        for x in xs:
            edge, chord = self._panel(x)
            thick = max(self.thick * (1.0 - 0.6 * x / p.half_span), 0.13)
            sections.append((edge, chord, thick))
        half = wing([((-0.02, *sections[0][0][1:]), sections[0][1], sections[0][2]), *sections[1:]])
        pieces = [mirrored(half)]
        tip, chord = self._panel(p.half_span)
        if p.winglet:
            root = (p.half_span - 0.05, tip[1] - 0.05, tip[2])
            top = (p.half_span + 0.25 * p.winglet, tip[1] + p.winglet, tip[2] - 0.6 * chord)
            pieces.append(mirrored(wing([(root, chord, 0.14), (top, 0.45 * chord, 0.13)], upright=True)))
        if p.style == "biplane":
            pieces += self._upper_wing()
        if p.canard:
            y, r = self._at(self.root_z + 0.9)
            z = min(self.root_z + 1.2, self.nose - 2.4)
            span_ = 0.38 * p.half_span
            small = wing([((0.0, y + 0.3 * r, z), 0.9, 0.14), ((span_ + r, y + 0.35 * r, z - 0.8), 0.35, 0.12)])
            pieces.append(mirrored(small))
        if p.wing_height > 0.95:
            # A parasol or shoulder wing sits on a fairing, whatever the taper of the fuselage below it.
            y, r = self._at(self.root_z - 0.5 * p.chord)
            pieces.append(
                box(
                    (1.1 * r, self.root_y - y + 0.1, 0.8 * p.chord),
                    (0, (self.root_y + y) / 2, self.root_z - 0.5 * p.chord),
                    0.05,
                )
            )
        return union(pieces)

    def _upper_wing(self) -> list[Manifold]:
        """The second wing of a biplane on two pairs of struts a side."""
        p = self.p
        gap = 1.05 * p.chord
        stagger = 0.3 * p.chord * (p.wing_place - 0.16) / 0.1
        pieces = []
        sections = []
        for x in (-0.02, p.half_span * 1.05):
            (_, y, z), chord = self._panel(max(x, 0.0))
            sections.append(((x, y + gap + self.p.radius * 0.9, z + stagger), chord, max(self.thick * 0.9, 0.15)))
        pieces.append(mirrored(wing(sections)))
        for x in (0.28 * p.radius, 0.68 * p.half_span):
            (_, y, z), chord = self._panel(x)
            low = y if x > p.radius else 0.0
            for share in (0.2, 0.7):
                foot = (x, low, z - share * chord)
                head = (x if x > p.radius else 1.6 * x, y + gap + self.p.radius * 0.9, z + stagger - share * chord)
                pieces.append(mirrored(rod(foot, head, 0.075, segments=6)))
        return pieces

    # ------------------------------------------------------------------------------------------ tail

    def _fin(self, x: float, y: float, z: float, height: float, chord: float, lean: float = 0.0) -> Manifold:
        back = height * np.tan(np.radians(self.p.tail_sweep_deg))
        tip = (x + lean * height, y + height, z - back)
        return wing([((x, y - 0.15, z + 0.05), chord, 0.16), (tip, 0.55 * chord, 0.13)], upright=True)

    def _tail_parts(self) -> list[Part]:
        p = self.p
        scale = p.tail_size * min(1.25, 0.5 + 0.1 * p.half_span)
        height, chord = 1.55 * scale, 1.35 * scale
        z = self.tail + chord + 0.15
        y, r = self._at(z - 0.5 * chord)
        reach = min(0.42 * p.half_span, 2.1 * scale)
        back = reach * np.tan(np.radians(0.8 * p.tail_sweep_deg))

        def plane(x: float, at: float, z0: float) -> Manifold:
            return mirrored(
                wing(
                    [((x, at, z0), 0.95 * chord, 0.15), ((x + reach, at + 0.08 * reach, z0 - back), 0.5 * chord, 0.12)]
                )
            )

        fins: list[Manifold] = []
        planes: list[Manifold] = []
        if p.tail == "v":
            fins.append(mirrored(self._fin(0.25 * r, y + 0.3 * r, z, height, chord, 0.85)))
        elif p.tail == "twin":
            if p.style in {"fighter", "delta"}:
                out = max(0.9 * r, 0.3)
                fins.append(mirrored(self._fin(out, y, z, height, chord, 0.18)))
                fins.append(span((-out - 0.1, y - 0.1, z - 0.9 * chord), (out + 0.1, y + 0.12, z), 0.03))
                if p.style == "fighter":
                    planes.append(plane(0.0, y, self.tail + 0.85 * chord))
            else:
                planes.append(plane(-0.02, y + 0.3 * r, z))
                fins.append(
                    mirrored(
                        self._fin(0.85 * reach, y + 0.3 * r - 0.3 * height, z - 0.85 * back, 0.85 * height, 0.7 * chord)
                    )
                )
        else:
            fins.append(self._fin(0.0, y + 0.6 * r, z, height, chord))
            share = {"conventional": 0.0, "cruciform": 0.5, "t": 0.97, "fin_only": 0.0}[p.tail]
            if p.tail != "fin_only":
                top = y + 0.1 * r if share == 0.0 else y + 0.6 * r + share * height
                planes.append(
                    plane(
                        -0.02,
                        top,
                        z - share * height * np.tan(np.radians(p.tail_sweep_deg)) + (0.0 if share else -0.15),
                    )
                )
        return [(union(fins), self.paint.fin), *([(union(planes), self.paint.wing)] if planes else [])]

    # ------------------------------------------------------------------------------------------ cockpit and cabin

    def _glazing(self) -> list[Part]:
        p = self.p
        if p.canopy:
            place = {"glider": 0.17, "biplane": 0.38, "fighter": 0.26, "delta": 0.25}.get(p.style, 0.27)
            z = self.nose - place * _LENGTH
            y, r = self._at(z)
            size = (1.35 * r, 1.5 * r * p.canopy, 2.4 * p.canopy * (0.6 if p.style == "biplane" else 1.0))
            if p.style == "light" and p.wing_height > 0.3:
                # The cabin of a high-winged tourer reaches up to the wing.
                top = max(self.root_y, y + 0.9 * r) + 0.08
                side = np.array([(z + 1.1, y + 0.3 * r), (z + 0.35, top), (z - 1.3, top), (z - 2.2, y + 0.3 * r)])
                return [(prism(side, -0.82 * r, 0.82 * r, "x"), self.paint.glass)]
            return [(ellipsoid(size, (0, y + 0.72 * r, z), 16), self.paint.glass)]
        skin = body(grown(self.stations, 0.03), self.outline)
        y, r = self._at(self.nose - 0.55 * p.nose_length * p.radius)
        front = self.nose - 0.55 * p.nose_length * p.radius
        window = prism(
            np.array(
                [
                    (front + 0.45 * r, y + 0.32 * r),
                    (front - 0.1 * r, y + 0.95 * r),
                    (front - 0.45 * r, y + 0.95 * r),
                    (front - 0.3 * r, y + 0.32 * r),
                ]
            ),
            -2.0,
            2.0,
            "x",
        )
        cutters = [window]
        first, last = self.nose - p.nose_length * p.radius - 0.3, self.tail + p.tail_length * 0.75 * p.radius
        if p.cabin_windows and first - last > 1.0:
            step = (first - last) / p.cabin_windows
            wide = min(0.45 * step, 0.3)
            tall = max(0.16 * p.radius, 0.8 * wide)
            for index in range(p.cabin_windows):
                z = first - (index + 0.5) * step
                cutters.append(span((-2, 0.2 * p.radius, z - wide / 2), (2, 0.2 * p.radius + tall, z + wide / 2)))
        return [(skin ^ union(cutters), self.paint.glass)]

    # ------------------------------------------------------------------------------------------ engines

    def _nacelle(self, x: float, y: float, z: float, r: float, length: float) -> list[Part]:
        """Turbofan pod with a lip, an intake recess, a spinner, and a jet pipe; z is the front."""
        profile = [
            (0.0, -length),
            (0.45 * r, -length),
            (0.5 * r, -0.8 * length),
            (0.88 * r, -0.62 * length),
            (r, -0.3 * length),
        ]
        profile += [
            (0.97 * r, -0.06 * length),
            (0.9 * r, 0.0),
            (0.8 * r, -0.03 * length),
            (0.76 * r, -0.22 * length),
            (0.0, -0.22 * length),
        ]
        pod = lathe(profile, "z", 18, (x, y, z))
        fan = lathe(
            [
                (0.0, -0.4 * length),
                (0.79 * r, -0.4 * length),
                (0.79 * r, -0.2 * length),
                (0.3 * r, -0.19 * length),
                (0.0, 0.0),
            ],
            "z",
            14,
            (x, y, z),
        )
        return [(mirrored(pod), self.paint.engine), (mirrored(fan), self.paint.dark)]

    def _jets(self) -> list[Part]:
        p = self.p
        parts: list[Part] = []
        if p.engines == "at_tail":
            r, length = 0.34 * p.engine_size, 1.9 * p.engine_size
            z = self.tail + 1.35 * p.tail_size + 1.9
            y, body_r = self._at(z - 0.6 * length)
            x = body_r + 1.25 * r
            parts += self._nacelle(x, y + 0.45 * body_r, z, r, length)
            pylon = wing(
                [
                    ((0.0, y + 0.3 * body_r, z - 0.25 * length), 0.5 * length, 0.16),
                    ((x, y + 0.45 * body_r, z - 0.3 * length), 0.45 * length, 0.14),
                ]
            )
            return [*parts, (mirrored(pylon), self.paint.body)]
        r, length = 0.36 * p.engine_size, 1.5 * p.engine_size
        for index in range(p.engine_count):
            share = p.engine_place + 0.28 * index
            (x, y, z), chord = self._panel(share * p.half_span)
            top = y - 1.15 * r
            parts += self._nacelle(x, top, z + 0.55 * length, r, length)
            pylon = wing(
                [
                    ((x, top + 0.5 * r, z + 0.2 * length), 0.5 * chord + 0.2 * length, 0.16),
                    ((x, y + 0.02, z - 0.1 * chord), 0.5 * chord, 0.15),
                ],
                upright=True,
            )
            parts.append((mirrored(pylon), self.paint.wing))
        return parts

    def _inside_engines(self) -> list[Part]:
        """Side intakes of a jet and the nozzle ring at the tail."""
        p = self.p
        z = min(self.root_z + 0.9, self.nose - 2.6)
        y, r = self._at(z - 0.6)
        wide, tall = 0.55 * r * p.engine_size, 1.15 * r
        back = self.tail + 0.9
        duct = box((wide, tall, z - back), (r + 0.12 * wide, y - 0.1 * r, (z + back) / 2), 0.25 * wide)
        mouth = box((0.62 * wide, 0.74 * tall, 1.0), (r + 0.2 * wide, y - 0.1 * r, z), 0.0)
        nozzle_y, nozzle_r = self._at(self.tail)
        ring = [(0.72 * nozzle_r, 0.4), (1.03 * nozzle_r, 0.4), (0.95 * nozzle_r, -0.3), (0.74 * nozzle_r, -0.3)]
        nozzle = lathe(ring, "z", 16, (0, nozzle_y, self.tail))
        return [(mirrored(difference(duct, [mouth])), self.paint.body), (nozzle, self.paint.dark)]

    def _propeller(self, at: tuple[float, float, float], reach: float, hub: float) -> list[Part]:
        """Spinner and blades; `at` is the front face they sit on."""
        p = self.p
        x, y, z = at
        spinner = lathe(
            [(0.0, -0.15), (hub, -0.15), (hub, 0.05), (0.75 * hub, 0.3), (0.35 * hub, 0.45), (0.0, 0.5)], "z", 14
        )
        blades = []
        for index in range(p.blades):
            # Blades are pitched a little, so that they show from the side as well.
            blade = box((0.24 + 0.06 * p.engine_size, reach, 0.14), (0.0, reach / 2, 0.0), 0.05).rotate(
                (0.0, 25.0, 0.0)
            )
            blades.append(blade.rotate((0.0, 0.0, 15.0 + 360.0 * index / p.blades)).translate((0.0, 0.0, 0.12)))
        return [(spinner.translate(at), self.paint.engine), (union(blades).translate((x, y, z)), self.paint.dark)]

    def _wing_propellers(self) -> list[Part]:
        p = self.p
        parts: list[Part] = []
        for index in range(p.engine_count):
            share = p.engine_place - 0.02 + 0.27 * index
            (x, y, z), chord = self._panel(share * p.half_span)
            r = 0.3 * p.engine_size
            length = 0.9 * chord + 0.9
            stations = [
                (z + 0.9, y, 0.75 * r, 0.8 * r),
                (z + 0.4, y, r, r),
                (z - 0.4 * chord, y - 0.1 * r, r, r),
                (z + 0.9 - length, y, 0.3 * r, 0.35 * r),
            ]
            pod = body(stations, ellipse(2.0, 2.0, 14)).translate((x, 0.0, 0.0))
            parts.append((mirrored(pod), self.paint.engine))
            reach = min(0.85 * p.engine_size, (0.12 if p.engine_count == 2 else 0.2) * p.half_span)
            for solid, material in self._propeller((x, y, z + 0.9), reach, 0.6 * r):
                parts.append((mirrored(solid), material))
        return parts

    # ------------------------------------------------------------------------------------------ under the aeroplane

    def _leg(self, x: float, y: float, z: float, drop: float, radius: float, fork: float) -> list[Part]:
        """One strut with its wheel; y is where the strut begins."""
        solid, _, _ = wheel(radius, 0.55 * radius, 0.4, 14)
        low = y - drop
        strut = rod((x, y + 0.1, z), (x + fork, low, z), 0.09, segments=6)
        axle = rod((x + fork - 0.4 * radius, low, z), (x + fork + 0.4 * radius, low, z), 0.1, segments=6)
        return [(strut + axle, self.paint.metal), (solid.translate((x + fork, low, z)), self.paint.tyre)]

    def _gear(self) -> list[Part]:
        p = self.p
        small = p.style in {"light", "biplane"}
        wheel_r = 0.3 if small else 0.26
        bottom = -p.radius
        drop = (0.9 if small else 0.75) * p.gear_height
        track = 0.75 * p.radius if p.wing_height > 0 or small else min(0.2 * p.half_span, 2.2 * p.radius)
        z_main = self.root_z - (0.25 if p.gear == "taildragger" else 0.7) * p.chord
        (_, wing_y, _), _ = self._panel(track)
        y_main = max(-0.6 * p.radius, min(wing_y, 0.0)) if p.wing_height <= 0 else -0.5 * p.radius
        parts: list[Part] = []
        main_drop = y_main - bottom + drop - wheel_r
        for solid, material in self._leg(track, y_main, z_main, main_drop, wheel_r, 0.35 if small else 0.0):
            parts.append((mirrored(solid), material))
        if p.gear == "taildragger":
            z = self.tail + 0.7
            y, r = self._at(z)
            parts += self._leg(0.0, y, z, r + 0.3, 0.17, 0.0)
        else:
            z = self.nose - 0.13 * _LENGTH
            y, r = self._at(z)
            parts += self._leg(0.0, y - 0.5 * r, z, y - 0.5 * r - bottom + drop - wheel_r, wheel_r, 0.0)
        return parts

    def _floats(self) -> list[Part]:
        p = self.p
        x, low = 1.3 * p.radius + 0.2, -p.radius - 0.9 * p.gear_height
        z = self.root_z - 0.3 * p.chord
        stations = [
            (z + 2.6, low + 0.2, 0.08, 0.08),
            (z + 2.0, low + 0.05, 0.3, 0.28),
            (z, low, 0.36, 0.34),
            (z - 1.6, low + 0.1, 0.28, 0.24),
            (z - 2.3, low + 0.2, 0.1, 0.1),
        ]
        hull = body(stations, superellipse(2.0, 2.0, 3.0, 12)).translate((x, 0.0, 0.0))
        struts = [
            rod((0.5 * p.radius, -0.5 * p.radius, z + dz), (x, low, z + dz), 0.09, segments=6) for dz in (0.8, -0.8)
        ]
        bar = beam((-x, low, z + 0.8), (x, low, z + 0.8), 0.16, 0.16)
        return [(mirrored(union([hull, *struts])) + bar, self.paint.wing)]

    def _stores(self) -> Manifold:
        """Missiles or tanks on pylons below the wing."""
        p = self.p
        pieces = []
        for index in range(p.stores):
            (x, y, z), chord = self._panel((0.42 + 0.22 * index) * p.half_span)
            if chord < 0.7:
                continue
            low = y - 0.36
            r = 0.15 if index else 0.19
            tube = lathe(
                [(0.0, -1.1), (0.6 * r, -1.1), (r, -0.8), (r, 0.7), (0.5 * r, 1.0), (0.0, 1.15)],
                "z",
                10,
                (x, low, z - 0.45 * chord),
            )
            pieces += [tube, span((x - 0.07, low, z - 0.7 * chord), (x + 0.07, y, z - 0.25 * chord))]
        return mirrored(union(pieces)) if pieces else Manifold()
