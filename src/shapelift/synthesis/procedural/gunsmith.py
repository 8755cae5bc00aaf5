"""The parts of a rifle; the builder behind `RifleParameters`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.materials import Material, random_material
from shapelift.synthesis.procedural import finishes
from shapelift.synthesis.procedural.draws import chance
from shapelift.synthesis.procedural.lofts import Station, body, lathe
from shapelift.synthesis.procedural.sights import sights
from shapelift.synthesis.procedural.solids import (
    Array,
    Part,
    box,
    difference,
    loft,
    mirrored,
    move,
    prism,
    rectangle,
    rod,
    rounded_rectangle,
    span,
    superellipse,
    turn,
    union,
)

if TYPE_CHECKING:
    from shapelift.synthesis.procedural.rifle import RifleParameters


class _Finish:
    """One material per group of parts."""

    def __init__(self, p: RifleParameters) -> None:
        rng = np.random.default_rng(p.material_seed)
        old = p.style in {"hunting", "lever", "shotgun"}
        self.steel: Material = finishes.dark_metal(rng) if chance(rng, 0.85) else finishes.bright_metal(rng)
        wooden = chance(rng, 0.8 if old else 0.25)
        camouflage = finishes.tinted(rng, "plastic", (0.08, 0.3), (0.15, 0.5), (0.25, 0.6))
        plain = camouflage if chance(rng, 0.35) else finishes.dark_plastic(rng)
        self.furniture: Material = random_material(rng, "wood") if wooden else plain
        self.receiver: Material = self.steel if chance(rng, 0.6) or old else plain
        self.magazine: Material = self.steel if chance(rng, 0.5) else finishes.dark_plastic(rng)
        self.optic: Material = finishes.dark_metal(rng)
        self.lens: Material = finishes.dark_glass(rng)


class Gunsmith:
    """Measures derived from the parameters once, and one method per group of parts."""

    def __init__(self, p: RifleParameters) -> None:
        self.p = p
        self.finish = _Finish(p)
        self.rear = -p.receiver_length
        self.top = 0.34 * p.receiver_height
        self.low = self.top - p.receiver_height
        self.guard_end = p.guard * p.barrel_length
        self.trigger = -0.75 if p.style == "bullpup" else self.rear + 0.95
        self.one_piece = p.guard_style == "wood" and p.stock == "classic"

    def parts(self) -> list[Part]:
        """Everything, in overlapping pieces."""
        p = self.p
        parts = [
            (self._receiver(), self.finish.receiver),
            (self._barrel(), self.finish.steel),
            (self._muzzle(), self.finish.steel),
        ]
        parts += [*self._guard(), *self._stock(), *sights(self)]
        parts.append((self._trigger(), self.finish.steel))
        if p.pistol_grip:
            parts.append((self._grip(), self.finish.furniture))
        if p.magazine != "none":
            parts.append((self._magazine(), self.finish.magazine))
        if p.foregrip != "none":
            parts.append((self._foregrip(), self.finish.furniture))
        if p.bipod_deg:
            parts.append((self._bipod(), self.finish.steel))
        parts.append((self._bolt(), self.finish.steel))
        return parts

    # ------------------------------------------------------------------------------------------ metal

    def _receiver(self) -> Manifold:
        p = self.p
        width = p.receiver_width
        if p.style in {"hunting", "sniper", "lever"} and p.stock == "classic":
            stations: list[Station] = [
                (self.rear - 0.1, (self.top + self.low) / 2, 0.4 * width, 0.42 * p.receiver_height),
                (self.rear + 0.2, (self.top + self.low) / 2, 0.5 * width, 0.5 * p.receiver_height),
                (-0.25, (self.top + self.low) / 2, 0.5 * width, 0.5 * p.receiver_height),
                (0.1, 0.0, 0.4 * width, 0.3 * p.receiver_height),
            ]
            return body(stations, superellipse(2.0, 2.0, 6.0 - 14 * p.receiver_rounding, 16))
        block = box(
            (width, p.receiver_height, p.receiver_length),
            (0.0, (self.top + self.low) / 2, self.rear / 2),
            p.receiver_rounding,
        )
        pieces = [block]
        if p.style != "bullpup":
            # The magazine well of a military receiver stands a little below its frame.
            pieces.append(span((-0.42 * width, self.low - 0.22, -1.05), (0.42 * width, self.low + 0.2, -0.1), 0.04))
        else:
            pieces.append(self._bullpup_butt(width))
        if p.rail:
            pieces.append(self._rail(self.rear + 0.3, -0.05, self.top))
        return union(pieces)

    def _bullpup_butt(self, width: float) -> Manifold:
        p = self.p
        outline = [
            (self.rear - 0.05, self.top),
            (self.rear + 2.2, self.top),
            (self.rear + 2.0, self.low),
            (self.rear + 1.2, self.low - 0.3),
            (self.rear - 0.05, self.low - p.butt),
        ]
        return prism(np.array(outline), -0.48 * width, 0.48 * width, "x")

    def _rail(self, start: float, end: float, height: float) -> Manifold:
        """Accessory rail with its cross slots."""
        bar = span((-0.13, height - 0.05, start), (0.13, height + 0.13, end))
        number = max(2, int((end - start) / 0.45))
        slots = [
            span((-1, height + 0.05, z - 0.07), (1, height + 1, z + 0.07))
            for z in np.linspace(start, end, number + 2)[1:-1]
        ]
        return difference(bar, slots)

    def _barrel(self) -> Manifold:
        p = self.p
        r = p.barrel_radius
        if p.barrels == 2:
            return mirrored(rod((0.9 * r, 0, -0.4), (0.9 * r, 0, p.barrel_length), 1.05 * r, r, 16))
        profile = [
            (0.0, -0.4),
            (1.35 * r, -0.4),
            (1.3 * r, 0.5),
            (r, 1.2),
            (0.92 * r, p.barrel_length),
            (0.0, p.barrel_length),
        ]
        pieces = [lathe(profile, "z", 16)]
        if p.style in {"shotgun", "lever"} or (p.style == "assault" and p.vents % 2):
            # Tube magazine or gas tube, below or above the barrel.
            y = -1.9 * r if p.style != "assault" else 1.9 * r
            reach = p.barrel_length * (0.85 if p.style != "assault" else 0.62)
            pieces.append(rod((0, y, -0.4), (0, y, reach), 0.95 * r, segments=14))
            pieces.append(span((-0.1, min(0.0, y), reach - 0.25), (0.1, max(0.0, y), reach - 0.05)))
        return union(pieces)

    def _muzzle(self) -> Manifold:
        p = self.p
        r, z = p.barrel_radius, p.barrel_length
        bore = rod((0, 0, z - 0.1), (0, 0, z + 3), 0.5 * r, segments=10)
        if p.muzzle == "suppressor":
            return lathe(
                [
                    (0.0, z - 0.2),
                    (1.7 * r, z - 0.15),
                    (1.8 * r, z),
                    (1.8 * r, z + 1.5),
                    (1.5 * r, z + 1.6),
                    (0.0, z + 1.6),
                ],
                "z",
                18,
            )
        if p.muzzle == "cone":
            return difference(
                lathe(
                    [(0.0, z - 0.15), (1.2 * r, z - 0.15), (1.2 * r, z), (1.7 * r, z + 0.55), (0.0, z + 0.55)], "z", 14
                ),
                [bore],
            )
        if p.muzzle == "brake":
            block = lathe([(0.0, z - 0.1), (1.5 * r, z - 0.1), (1.6 * r, z + 0.6), (0.0, z + 0.6)], "z", 14)
            slots = [span((-1, -0.5 * r, z + a), (1, 0.9 * r, z + a + 0.12)) for a in (0.08, 0.34)]
            return difference(block, [bore, *slots])
        return lathe([(0.0, z - 0.15), (1.08 * r, z - 0.15), (1.08 * r, z + 0.02), (0.0, z + 0.02)], "z", 14)

    def _bolt(self) -> Manifold:
        """Bolt handle, charging handle or, for a lever action, the loop below the trigger."""
        p = self.p
        if p.style == "lever":
            z = self.trigger
            outer = rounded_rectangle(1.5, 0.72, 0.3) + np.array([z - 0.25, self.low - 0.3])
            inner = rounded_rectangle(1.24, 0.46, 0.2) + np.array([z - 0.25, self.low - 0.3])
            return prism([outer, inner], -0.09, 0.09, "x")
        x = 0.5 * p.receiver_width
        if p.style in {"hunting", "sniper"}:
            z = self.rear + 0.35
            end = (x + 0.75 * p.bolt, -0.55 * p.bolt, z - 0.15)
            return rod((0.0, 0.02, z), end, 0.085, segments=8) + _ball(end, 0.15)
        z = self.rear * (0.35 + 0.4 * p.bolt)
        return span((0.0, 0.02, z - 0.12), (x + 0.35 * p.bolt, 0.18, z + 0.12), 0.03)

    def _trigger(self) -> Manifold:
        p = self.p
        z, y = self.trigger, self.low + 0.08
        outer = rounded_rectangle(0.95, 0.62, 0.2) + np.array([z + 0.22, y - 0.2])
        inner = rounded_rectangle(0.72, 0.4, 0.14) + np.array([z + 0.22, y - 0.2])
        tongue = _tongue(z + 0.2, y)
        width = 0.085 if p.style != "machine_gun" else 0.11
        return prism([outer, inner], -width, width, "x") + tongue

    # ------------------------------------------------------------------------------------------ furniture

    def _guard(self) -> list[Part]:
        p = self.p
        size, end = p.guard_size, self.guard_end
        if p.guard_style == "none":
            return []
        if p.guard_style == "wood":
            if self.one_piece:
                return []
            fore: list[Station] = [
                (-0.3, -0.22, size, 0.8 * size),
                (0.6 * end, -0.2, size, 0.75 * size),
                (end, -0.16, 0.75 * size, 0.5 * size),
            ]
            return [(body(fore, superellipse(2.0, 2.0, 3.0, 14)), self.finish.furniture)]
        if p.guard_style == "pump":
            y, start = -1.9 * p.barrel_radius, 0.9
            ring = lathe(
                [
                    (0.0, start),
                    (0.9 * size, start),
                    (size, start + 0.1),
                    (size, start + 1.6),
                    (0.9 * size, start + 1.7),
                    (0.0, start + 1.7),
                ],
                "z",
                14,
            )
            ribs = [
                lathe([(0.0, z), (1.12 * size, z), (1.12 * size, z + 0.15), (0.0, z + 0.15)], "z", 14)
                for z in np.linspace(start + 0.2, start + 1.35, p.vents + 1)
            ]
            return [(move(union([ring, *ribs]).scale((1.0, 0.85, 1.0)), (0.0, y, 0.0)), self.finish.furniture)]
        return [
            (self._long_guard(size, end), self.finish.furniture if p.guard_style != "vented" else self.finish.receiver)
        ]

    def _long_guard(self, size: float, end: float) -> Manifold:
        p = self.p
        exponent = {"round": 2.0, "square": 5.0, "vented": 6.0}[p.guard_style]
        middle = 0.5 * (self.top + max(self.low, -0.5)) * 0.5
        tall = 1.25 * size if p.guard_style != "round" else size
        stations: list[Station] = [
            (-0.1, middle, size, tall),
            (0.8 * end, middle, 0.95 * size, 0.95 * tall),
            (end, middle, 0.85 * size, 0.82 * tall),
        ]
        shell = body(stations, superellipse(2.0, 2.0, exponent, 16))
        if p.guard_style == "vented":
            step = (end - 0.5) / p.vents
            slots = [
                span((-1, middle - 0.12, 0.3 + step * i), (1, middle + 0.14, 0.3 + step * (i + 0.62)))
                for i in range(p.vents)
            ]
            shell = difference(shell, slots)
        if p.rail and p.guard_style != "round":
            shell += self._rail(0.1, 0.9 * end, middle + 0.93 * tall)
        return shell

    def _butt_stations(self, start: float) -> list[Station]:
        """Wrist, comb and butt of a classic stock, from the receiver backwards."""
        p = self.p
        length = p.stock_length
        middle = (self.top + self.low) / 2
        wrist = 0.34 * p.receiver_height + 0.06
        return [
            (start, middle, 0.42 * p.receiver_width, wrist + 0.1),
            (start - 0.16 * length, middle - 0.25 * p.drop, 0.4 * p.receiver_width, wrist),
            (start - 0.32 * length, middle - 0.55 * p.drop - 0.05, 0.4 * p.receiver_width, wrist + 0.06),
            (start - 0.5 * length, middle - 0.7 * p.drop - 0.12, 0.38 * p.receiver_width, 0.45 * p.butt + 0.12),
            (start - 0.97 * length, middle - p.drop - 0.18, 0.4 * p.receiver_width, 0.85 * p.butt),
            (start - length, middle - p.drop - 0.18, 0.36 * p.receiver_width, 0.8 * p.butt),
        ]

    def _stock(self) -> list[Part]:
        p = self.p
        if p.stock == "none":
            if p.style == "bullpup":
                pad = box(
                    (0.5 * p.receiver_width + 0.2, p.receiver_height + p.butt, 0.2),
                    (0, (self.top + self.low - p.butt) / 2, self.rear - 0.1),
                    0.06,
                )
                return [(pad, self.finish.furniture)]
            return []
        if p.stock == "classic":
            return self._classic()
        start, end = self.rear + 0.05, self.rear - p.stock_length
        middle = -0.1 * p.receiver_height
        if p.stock == "block":
            outline = [
                (start, middle + 0.22),
                (end, middle + 0.22 - 0.3 * p.drop),
                (end, middle - 2 * p.butt + 0.35),
                (end + 0.35, middle - 2 * p.butt + 0.4),
                (end + 0.55 * p.stock_length, middle - 0.4),
                (start, middle - 0.26),
            ]
            block = prism(np.array(outline), -0.2, 0.2, "x")
            tube = rod((0, middle, start), (0, middle - 0.1 * p.drop, end + 0.2), 0.24, segments=12)
            pad = box((0.46, 2 * p.butt, 0.2), (0, middle - p.butt + 0.28 - 0.15 * p.drop, end), 0.06)
            return [(union([block, tube, pad]), self.finish.furniture)]
        return [
            (self._open_stock(start, end, middle), self.finish.steel if p.stock == "wire" else self.finish.furniture)
        ]

    def _classic(self) -> list[Part]:
        p = self.p
        ring = superellipse(2.0, 2.0, 2.6, 16)
        if self.one_piece:
            fore = min(self.guard_end + 0.5, 0.75 * p.barrel_length)
            y = -0.16 - 0.5 * p.barrel_radius
            half = 0.46 * p.receiver_width
            front: list[Station] = [
                (fore, y + 0.02, 0.6 * half, 0.14),
                (fore - 0.3, y, 0.8 * half, 0.22),
                (0.2, y - 0.05, half, 0.28),
                (self.rear + 0.9, self.low + 0.18, half, 0.3),
            ]
            stock = body([*front, *self._butt_stations(self.rear + 0.2)], ring)
        else:
            stock = body(self._butt_stations(self.rear + 0.1), ring)
        pieces: list[Part] = [(stock, self.finish.furniture)]
        z, y, half, tall = self._butt_stations(self.rear + 0.2 if self.one_piece else self.rear + 0.1)[-1]
        pad: list[Station] = [(z + 0.08, y, 1.04 * half, 1.04 * tall), (z - 0.12, y, half, 0.98 * tall)]
        pieces.append((body(pad, ring), self.finish.steel))
        if p.cheek:
            comb_z = self.rear - 0.62 * p.stock_length
            comb_y = (self.top + self.low) / 2 - 0.78 * p.drop
            pieces.append(
                (
                    box(
                        (0.7 * p.receiver_width, 0.5 + p.cheek, 1.1),
                        (0, comb_y + 0.32 * p.butt + p.cheek / 2, comb_z),
                        0.08,
                    ),
                    self.finish.furniture,
                )
            )
        return pieces

    def _open_stock(self, start: float, end: float, middle: float) -> Manifold:
        """Skeleton and wire stocks, straight back or folded along the right side of the receiver."""
        p = self.p
        thick = 0.09 if p.stock == "wire" else 0.15
        low = middle - 2 * p.butt + 0.25
        outline = [
            (start, middle + 0.2),
            (end, middle + 0.2 - 0.3 * p.drop),
            (end, low),
            (end + 0.3, low),
            (start, middle - 0.3),
        ]
        hole = [
            (start - 0.45, middle + 0.02),
            (end + 0.3, middle + 0.02 - 0.3 * p.drop),
            (end + 0.3, low + 0.4),
            (start - 0.45, middle - 0.12),
        ]
        if p.stock == "wire":
            pieces = [
                rod((0, middle + 0.1, start), (0, middle + 0.05, end), thick, segments=8),
                rod((0, middle - 0.15, start), (0, low, end), thick, segments=8),
            ]
            pieces.append(box((0.36, middle + 0.3 - low, 0.16), (0, (middle + 0.2 + low) / 2, end), 0.05))
            frame = union(pieces)
        else:
            frame = prism([np.array(outline), np.array(hole)], -thick, thick, "x")
            frame += box(
                (2.6 * thick, middle + 0.3 - low, 0.18), (0, (middle + 0.2 + low) / 2 - 0.1 * p.drop, end), 0.05
            )
        if p.stock != "folded":
            return frame
        hinge = span((-0.1, middle - 0.3, start - 0.3), (0.5 * p.receiver_width + 0.25, middle + 0.2, start + 0.05))
        swung = move(turn(frame, "y", 180.0, (0.0, 0.0, start - 0.12)), (0.5 * p.receiver_width + 0.12, 0.0, 0.0))
        return hinge + swung

    def _grip(self) -> Manifold:
        p = self.p
        z = self.trigger - 0.42
        angle = np.radians(p.grip_angle_deg)
        down = np.array([0.0, -np.cos(angle), -np.sin(angle)])
        start = np.array([0.0, self.low + 0.15, z])
        rings = []
        for share, long, wide in ((0.0, 0.5, 0.36), (0.4, 0.44, 0.38), (0.8, 0.5, 0.4), (1.0, 0.5, 0.36)):
            outline = superellipse(wide, long, 3.0, 14)
            ring = np.stack([outline[:, 0], np.zeros(14), outline[:, 1]], axis=1)
            rings.append(ring + start + down * share * (p.grip_length + 0.15))
        return loft(rings)

    def _magazine(self) -> Manifold:
        p = self.p
        z = self.rear + 1.35 if p.style == "bullpup" else (-0.6 if p.style != "shotgun" else -0.5)
        y = self.low + 0.1 - (0.1 if p.style == "bullpup" else 0.0)
        wide = 0.62 * p.receiver_width
        if p.magazine == "drum":
            r = 0.45 + 0.25 * p.magazine_length
            drum = rod((-0.42, y - 0.35 - r, z), (0.42, y - 0.35 - r, z), r, segments=20)
            return drum + span((-wide / 2, y - r, z - 0.3), (wide / 2, y, z + 0.3))
        if p.magazine == "box":
            return box((0.9, 1.1, 0.5 + 0.5 * p.magazine_length), (0.12, y - 0.55, z), 0.08)
        depth = 0.62 if p.style not in {"carbine"} else 0.42
        bend = np.radians(p.magazine_curve if p.magazine == "curved" else 0.35 * (p.magazine_curve - 25.0))
        rings = []
        center, heading = np.array([0.0, y, z]), np.radians(3.0)
        steps = 6 if p.magazine == "curved" else 2
        for index in range(steps + 1):
            across = np.array([0.0, np.sin(heading), np.cos(heading)])
            outline = rectangle(wide, depth)
            rings.append(center + outline[:, :1] * np.array([1.0, 0.0, 0.0]) + outline[:, 1:] * across)
            center = center + (p.magazine_length + 0.3) / steps * np.array([0.0, -np.cos(heading), np.sin(heading)])
            heading += (bend / steps) if p.magazine == "curved" else (bend if index == 0 else 0.0)
        return loft(rings)

    # ------------------------------------------------------------------------------------------ below

    def _under(self, z: float) -> float:
        """Height of the underside of whatever is in front of the receiver at z."""
        p = self.p
        if p.guard_style in {"round", "square", "vented"} and z < self.guard_end:
            middle = 0.25 * (self.top + max(self.low, -0.5))
            return middle - p.guard_size * (0.8 if p.guard_style == "round" else 1.0)
        return -p.barrel_radius

    def _foregrip(self) -> Manifold:
        p = self.p
        z = max(0.55 * self.guard_end, 0.6)
        y = self._under(z) + 0.15
        if p.foregrip == "vertical":
            return rod((0, y + 0.05, z), (0, y - 0.95, z - 0.05), 0.17, 0.19, 12)
        outline = [(z - 0.5, y), (z + 0.75, y), (z + 0.55, y - 0.2), (z - 0.35, y - 0.6)]
        return prism(np.array(outline), -0.16, 0.16, "x")

    def _bipod(self) -> Manifold:
        p = self.p
        z = min(self.guard_end + 0.35, p.barrel_length - 0.6)
        y = -p.barrel_radius
        spread = np.tan(np.radians(p.bipod_deg))
        long = 2.2
        leg = rod((0.05, y + 0.1, z), (0.05 + spread * long, y - long, z - 0.25), 0.09, 0.08, 8)
        foot = box((0.3, 0.14, 0.4), (0.05 + spread * long, y - long, z - 0.25), 0.04)
        clamp = box((0.42, 0.34, 0.36), (0, y + 0.1, z), 0.05)
        return mirrored(leg + foot) + clamp


def _ball(center: tuple[float, float, float], radius: float) -> Manifold:
    return Manifold.sphere(radius, 12).translate(center)


def _tongue(z: float, y: float) -> Manifold:
    """The trigger itself: a small slanted tongue."""
    outline: Array = np.array([(z - 0.08, y + 0.1), (z + 0.08, y + 0.1), (z + 0.14, y - 0.36), (z + 0.02, y - 0.36)])
    return prism(outline, -0.07, 0.07, "x")
