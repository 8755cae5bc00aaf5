"""The solid of a long gun."""

from __future__ import annotations

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.materials import Material, random_material
from shapelift.synthesis.procedural import finishes
from shapelift.synthesis.procedural.category import Category
from shapelift.synthesis.procedural.lofts import Station, body
from shapelift.synthesis.procedural.rifle.parameters import RifleParameters
from shapelift.synthesis.procedural.solids import (
    Part,
    box,
    box_between,
    difference,
    loft,
    outline_at,
    prism,
    rectangle,
    revolve,
    rod,
    rotated,
    rounded_rectangle,
    superellipse,
    symmetric,
    union,
)

_TRADITIONAL = {"hunting", "lever", "shotgun"}


def _parts(p: RifleParameters) -> list[Part]:
    """The rifle, muzzle towards +Z, sights up."""
    rifle = _RifleGeometry(p)
    parts = [rifle.receiver(), rifle.barrel(), rifle.muzzle(), *rifle.guard(), *rifle.stock(), *rifle.sights()]
    parts.append(rifle.trigger())
    if p.pistol_grip:
        parts.append(rifle.grip())
    if p.magazine != "none":
        parts.append(rifle.magazine())
    if p.foregrip != "none":
        parts.append(rifle.foregrip())
    if p.bipod_deg:
        parts.append(rifle.bipod())
    return [*parts, rifle.bolt()]


def _materials(p: RifleParameters, rng: np.random.Generator) -> dict[str, Material]:
    """One material per group of parts."""
    traditional = p.style in _TRADITIONAL
    steel = finishes.dark_metal(rng) if rng.random() < 0.85 else finishes.bright_metal(rng)
    wooden = rng.random() < (0.8 if traditional else 0.25)
    camouflage = finishes.tinted(rng, "plastic", (0.08, 0.3), (0.15, 0.5), (0.25, 0.6))
    plastic = camouflage if rng.random() < 0.35 else finishes.dark_plastic(rng)
    return {
        "steel": steel,
        "furniture": random_material(rng, "wood") if wooden else plastic,
        "receiver": steel if rng.random() < 0.6 or traditional else plastic,
        "magazine": steel if rng.random() < 0.5 else finishes.dark_plastic(rng),
        "optic": finishes.dark_metal(rng),
        "lens": finishes.dark_glass(rng),
    }


class _RifleGeometry:
    """Measures derived from the parameters once, and one method per group of parts."""

    def __init__(self, p: RifleParameters) -> None:
        self.p = p
        self.rear = -p.receiver_length
        self.top = 0.34 * p.receiver_height
        self.low = self.top - p.receiver_height
        self.middle = (self.top + self.low) / 2
        self.guard_end = p.guard * p.barrel_length
        self.guard_middle = 0.25 * (self.top + max(self.low, -0.5))
        self.trigger_z = -0.75 if p.style == "bullpup" else self.rear + 0.95
        self.one_piece = p.guard_style == "wood" and p.stock == "classic"

    def receiver(self) -> Part:
        """The receiver of a traditional rifle in its stock, or a block with magazine well or butt."""
        p = self.p
        width, height, y = p.receiver_width, p.receiver_height, self.middle
        if p.style in {"hunting", "sniper", "lever"} and p.stock == "classic":
            stations = [
                (self.rear - 0.1, y, 0.4 * width, 0.42 * height),
                (self.rear + 0.2, y, 0.5 * width, 0.5 * height),
                (-0.25, y, 0.5 * width, 0.5 * height),
                (0.1, 0.0, 0.4 * width, 0.3 * height),
            ]
            solid = body(stations, superellipse(2.0, 2.0, 6.0 - 14 * p.receiver_rounding, 16))
            return solid, "receiver"
        solids = [box((width, height, p.receiver_length), (0.0, y, self.rear / 2), p.receiver_rounding)]
        if p.style == "bullpup":
            butt = [(self.rear - 0.05, self.top), (self.rear + 2.2, self.top), (self.rear + 2.0, self.low)]
            butt += [(self.rear + 1.2, self.low - 0.3), (self.rear - 0.05, self.low - p.butt)]
            solids.append(prism(butt, -0.48 * width, 0.48 * width, "x"))
        else:
            solids.append(
                box_between((-0.42 * width, self.low - 0.22, -1.05), (0.42 * width, self.low + 0.2, -0.1), 0.04)
            )
        if p.rail:
            solids.append(_rail(self.rear + 0.3, -0.05, self.top))
        return union(solids), "receiver"

    def barrel(self) -> Part:
        """One or two barrels, with a tube magazine below or a gas tube above."""
        p = self.p
        r, length = p.barrel_radius, p.barrel_length
        if p.barrels == 2:
            return symmetric(rod((0.9 * r, 0, -0.4), (0.9 * r, 0, length), 1.05 * r, r, 16)), "steel"
        profile = [(0.0, -0.4), (1.35 * r, -0.4), (1.3 * r, 0.5), (r, 1.2), (0.92 * r, length), (0.0, length)]
        solids = [revolve(profile, "z", 16)]
        if p.style in {"shotgun", "lever"} or (p.style == "assault" and p.vents % 2):
            y, reach = (1.9 * r, length * 0.62) if p.style == "assault" else (-1.9 * r, length * 0.85)
            solids.append(rod((0, y, -0.4), (0, y, reach), 0.95 * r, segments=14))
            solids.append(box_between((-0.1, min(0.0, y), reach - 0.25), (0.1, max(0.0, y), reach - 0.05)))
        return union(solids), "steel"

    def muzzle(self) -> Part:
        """The end of the barrel: plain, or with a suppressor, a cone or a brake."""
        r, z = self.p.barrel_radius, self.p.barrel_length
        bore = rod((0, 0, z - 0.1), (0, 0, z + 3), 0.5 * r, segments=10)
        match self.p.muzzle:
            case "suppressor":
                profile = [(0.0, z - 0.2), (1.7 * r, z - 0.15), (1.8 * r, z), (1.8 * r, z + 1.5)]
                solid = revolve([*profile, (1.5 * r, z + 1.6), (0.0, z + 1.6)], "z", 18)
            case "cone":
                profile = [(0.0, z - 0.15), (1.2 * r, z - 0.15), (1.2 * r, z), (1.7 * r, z + 0.55), (0.0, z + 0.55)]
                solid = difference(revolve(profile, "z", 14), [bore])
            case "brake":
                block = revolve([(0.0, z - 0.1), (1.5 * r, z - 0.1), (1.6 * r, z + 0.6), (0.0, z + 0.6)], "z", 14)
                slots = [box_between((-1, -0.5 * r, z + a), (1, 0.9 * r, z + a + 0.12)) for a in (0.08, 0.34)]
                solid = difference(block, [bore, *slots])
            case "plain":
                profile = [(0.0, z - 0.15), (1.08 * r, z - 0.15), (1.08 * r, z + 0.02), (0.0, z + 0.02)]
                solid = revolve(profile, "z", 14)
        return solid, "steel"

    def bolt(self) -> Part:
        """Bolt handle, charging handle or, for a lever action, the loop below the trigger."""
        p = self.p
        x = 0.5 * p.receiver_width
        if p.style == "lever":
            place = np.array([self.trigger_z - 0.25, self.low - 0.3])
            inside = rounded_rectangle(1.24, 0.46, 0.2) + place
            solid = prism(rounded_rectangle(1.5, 0.72, 0.3) + place, -0.09, 0.09, "x", holes=[inside])
        elif p.style in {"hunting", "sniper"}:
            z = self.rear + 0.35
            end = (x + 0.75 * p.bolt, -0.55 * p.bolt, z - 0.15)
            solid = rod((0.0, 0.02, z), end, 0.085, segments=8) + Manifold.sphere(0.15, 12).translate(end)
        else:
            z = self.rear * (0.35 + 0.4 * p.bolt)
            solid = box_between((0.0, 0.02, z - 0.12), (x + 0.35 * p.bolt, 0.18, z + 0.12), 0.03)
        return solid, "steel"

    def trigger(self) -> Part:
        """Trigger and trigger guard."""
        z, y = self.trigger_z + 0.2, self.low + 0.08
        place = np.array([self.trigger_z + 0.22, y - 0.2])
        inside = rounded_rectangle(0.72, 0.4, 0.14) + place
        tongue = [(z - 0.08, y + 0.1), (z + 0.08, y + 0.1), (z + 0.14, y - 0.36), (z + 0.02, y - 0.36)]
        half = 0.11 if self.p.style == "machine_gun" else 0.085
        guard = prism(rounded_rectangle(0.95, 0.62, 0.2) + place, -half, half, "x", holes=[inside])
        return guard + prism(tongue, -0.07, 0.07, "x"), "steel"

    def guard(self) -> list[Part]:
        """The hand guard, where it is not one part with the stock."""
        p = self.p
        size, end = p.guard_size, self.guard_end
        if p.guard_style == "none" or self.one_piece:
            return []
        if p.guard_style == "wood":
            stations = [(-0.3, -0.22, size, 0.8 * size), (0.6 * end, -0.2, size, 0.75 * size)]
            stations.append((end, -0.16, 0.75 * size, 0.5 * size))
            return [(body(stations, superellipse(2.0, 2.0, 3.0, 14)), "furniture")]
        if p.guard_style == "pump":
            profile = [(0.0, 0.9), (0.9 * size, 0.9), (size, 1.0), (size, 2.5), (0.9 * size, 2.6), (0.0, 2.6)]
            solids = [revolve(profile, "z", 14)]
            for z in np.linspace(1.1, 2.25, p.vents + 1):
                rib = [(0.0, z), (1.12 * size, z), (1.12 * size, z + 0.15), (0.0, z + 0.15)]
                solids.append(revolve(rib, "z", 14))
            pump = union(solids).scale((1.0, 0.85, 1.0)).translate((0.0, -1.9 * p.barrel_radius, 0.0))
            return [(pump, "furniture")]
        vented = p.guard_style == "vented"
        return [(self._modern_guard(), "receiver" if vented else "furniture")]

    def _modern_guard(self) -> Manifold:
        """Round, square or vented hand guard, with a rail on top."""
        p = self.p
        size, end, y = p.guard_size, self.guard_end, self.guard_middle
        tall = size if p.guard_style == "round" else 1.25 * size
        stations = [(-0.1, y, size, tall), (0.8 * end, y, 0.95 * size, 0.95 * tall), (end, y, 0.85 * size, 0.82 * tall)]
        power = {"round": 2.0, "square": 5.0, "vented": 6.0}[p.guard_style]
        solid = body(stations, superellipse(2.0, 2.0, power, 16))
        if p.guard_style == "vented":
            step = (end - 0.5) / p.vents
            slots = [(0.3 + step * i, 0.3 + step * (i + 0.62)) for i in range(p.vents)]
            solid = difference(
                solid, [box_between((-1, y - 0.12, rear), (1, y + 0.14, front)) for rear, front in slots]
            )
        if p.rail and p.guard_style != "round":
            solid += _rail(0.1, 0.9 * end, y + 0.93 * tall)
        return solid

    def stock(self) -> list[Part]:
        """The shoulder stock, or the butt pad of a bullpup."""
        p = self.p
        match p.stock:
            case "none" if p.style == "bullpup":
                size = (0.5 * p.receiver_width + 0.2, p.receiver_height + p.butt, 0.2)
                pad = box(size, (0, (self.top + self.low - p.butt) / 2, self.rear - 0.1), 0.06)
                return [(pad, "furniture")]
            case "none":
                return []
            case "classic":
                return self._classic_stock()
            case "block":
                return [(self._block_stock(), "furniture")]
            case "wire":
                return [(self._open_stock(), "steel")]
            case "skeleton" | "folded":
                return [(self._open_stock(), "furniture")]

    def _classic_stock(self) -> list[Part]:
        """Wrist, comb and butt with a butt plate, perhaps in one part with the fore-end, perhaps with a cheek rest."""
        p = self.p
        ring = superellipse(2.0, 2.0, 2.6, 16)
        rear = self._classic_stations(self.rear + (0.2 if self.one_piece else 0.1))
        front: list[Station] = []
        if self.one_piece:
            end = min(self.guard_end + 0.5, 0.75 * p.barrel_length)
            y, half = -0.16 - 0.5 * p.barrel_radius, 0.46 * p.receiver_width
            front = [(end, y + 0.02, 0.6 * half, 0.14), (end - 0.3, y, 0.8 * half, 0.22), (0.2, y - 0.05, half, 0.28)]
            front.append((self.rear + 0.9, self.low + 0.18, half, 0.3))
        z, y, half, tall = rear[-1]
        plate = [(z + 0.08, y, 1.04 * half, 1.04 * tall), (z - 0.12, y, half, 0.98 * tall)]
        parts = [(body([*front, *rear], ring), "furniture"), (body(plate, ring), "steel")]
        if p.cheek:
            y, z = self.middle - 0.78 * p.drop + 0.32 * p.butt + p.cheek / 2, self.rear - 0.62 * p.stock_length
            rest = box((0.7 * p.receiver_width, 0.5 + p.cheek, 1.1), (0, y, z), 0.08)
            parts.append((rest, "furniture"))
        return parts

    def _classic_stations(self, start: float) -> list[Station]:
        """Wrist, comb and butt, from `start` backwards."""
        p = self.p
        length, width, y = p.stock_length, p.receiver_width, self.middle
        wrist = 0.34 * p.receiver_height + 0.06
        return [
            (start, y, 0.42 * width, wrist + 0.1),
            (start - 0.16 * length, y - 0.25 * p.drop, 0.4 * width, wrist),
            (start - 0.32 * length, y - 0.55 * p.drop - 0.05, 0.4 * width, wrist + 0.06),
            (start - 0.5 * length, y - 0.7 * p.drop - 0.12, 0.38 * width, 0.45 * p.butt + 0.12),
            (start - 0.97 * length, y - p.drop - 0.18, 0.4 * width, 0.85 * p.butt),
            (start - length, y - p.drop - 0.18, 0.36 * width, 0.8 * p.butt),
        ]

    def _block_stock(self) -> Manifold:
        p = self.p
        start, end, y = self.rear + 0.05, self.rear - p.stock_length, -0.1 * p.receiver_height
        side = [(start, y + 0.22), (end, y + 0.22 - 0.3 * p.drop), (end, y - 2 * p.butt + 0.35)]
        side += [(end + 0.35, y - 2 * p.butt + 0.4), (end + 0.55 * p.stock_length, y - 0.4), (start, y - 0.26)]
        block = prism(side, -0.2, 0.2, "x")
        tube = rod((0, y, start), (0, y - 0.1 * p.drop, end + 0.2), 0.24, segments=12)
        pad = box((0.46, 2 * p.butt, 0.2), (0, y - p.butt + 0.28 - 0.15 * p.drop, end), 0.06)
        return union([block, tube, pad])

    def _open_stock(self) -> Manifold:
        """Skeleton and wire stocks, straight back or folded along the right side of the receiver."""
        p = self.p
        start, end, y = self.rear + 0.05, self.rear - p.stock_length, -0.1 * p.receiver_height
        low = y - 2 * p.butt + 0.25
        tall, middle = y + 0.3 - low, (y + 0.2 + low) / 2
        if p.stock == "wire":
            upper = rod((0, y + 0.1, start), (0, y + 0.05, end), 0.09, segments=8)
            lower = rod((0, y - 0.15, start), (0, low, end), 0.09, segments=8)
            return union([upper, lower, box((0.36, tall, 0.16), (0, middle, end), 0.05)])
        slope, half = 0.3 * p.drop, 0.15
        side = [(start, y + 0.2), (end, y + 0.2 - slope), (end, low), (end + 0.3, low), (start, y - 0.3)]
        hole = [(start - 0.45, y + 0.02), (end + 0.3, y + 0.02 - slope)]
        hole += [(end + 0.3, low + 0.4), (start - 0.45, y - 0.12)]
        frame = prism(side, -half, half, "x", holes=[hole])
        frame += box((2.6 * half, tall, 0.18), (0, middle - 0.1 * p.drop, end), 0.05)
        if p.stock != "folded":
            return frame
        x = 0.5 * p.receiver_width
        hinge = box_between((-0.1, y - 0.3, start - 0.3), (x + 0.25, y + 0.2, start + 0.05))
        return hinge + rotated(frame, "y", 180.0, (0.0, 0.0, start - 0.12)).translate((x + 0.12, 0.0, 0.0))

    def grip(self) -> Part:
        """The pistol grip."""
        angle = np.radians(self.p.grip_angle_deg)
        down = np.array([0.0, -np.cos(angle), -np.sin(angle)])
        start = np.array([0.0, self.low + 0.15, self.trigger_z - 0.42])
        rings = []
        for share, long, wide in ((0.0, 0.5, 0.36), (0.4, 0.44, 0.38), (0.8, 0.5, 0.4), (1.0, 0.5, 0.36)):
            outline = superellipse(wide, long, 3.0, 14)
            rings.append(outline_at(outline, 0.0) + start + down * share * (self.p.grip_length + 0.15))
        return loft(rings), "furniture"

    def magazine(self) -> Part:
        """A drum, a box, or a straight or curved magazine."""
        return self._magazine_solid(), "magazine"

    def _magazine_solid(self) -> Manifold:
        p = self.p
        bullpup = p.style == "bullpup"
        z = self.rear + 1.35 if bullpup else -0.5 if p.style == "shotgun" else -0.6
        y = self.low + 0.1 - (0.1 if bullpup else 0.0)
        wide = 0.62 * p.receiver_width
        if p.magazine == "drum":
            r = 0.45 + 0.25 * p.magazine_length
            drum = rod((-0.42, y - 0.35 - r, z), (0.42, y - 0.35 - r, z), r, segments=20)
            return drum + box_between((-wide / 2, y - r, z - 0.3), (wide / 2, y, z + 0.3))
        if p.magazine == "box":
            return box((0.9, 1.1, 0.5 + 0.5 * p.magazine_length), (0.12, y - 0.55, z), 0.08)
        curved = p.magazine == "curved"
        outline = rectangle(wide, 0.42 if p.style == "carbine" else 0.62)
        bend, steps = np.radians(p.magazine_curve if curved else 0.35 * (p.magazine_curve - 25.0)), 6 if curved else 2
        center, heading = np.array([0.0, y, z]), np.radians(3.0)
        rings = []
        for index in range(steps + 1):
            across = np.array([0.0, np.sin(heading), np.cos(heading)])
            rings.append(center + outline[:, :1] * np.array([1.0, 0.0, 0.0]) + outline[:, 1:] * across)
            center = center + (p.magazine_length + 0.3) / steps * np.array([0.0, -np.cos(heading), np.sin(heading)])
            heading += bend / steps if curved else bend if index == 0 else 0.0
        return loft(rings)

    def foregrip(self) -> Part:
        """A grip below the hand guard, or below the barrel where the guard does not reach."""
        p = self.p
        z = max(0.55 * self.guard_end, 0.6)
        y = -p.barrel_radius + 0.15
        if p.guard_style in {"round", "square", "vented"} and z < self.guard_end:
            y = self.guard_middle - p.guard_size * (0.8 if p.guard_style == "round" else 1.0) + 0.15
        if p.foregrip == "vertical":
            solid = rod((0, y + 0.05, z), (0, y - 0.95, z - 0.05), 0.17, 0.19, 12)
        else:
            side = [(z - 0.5, y), (z + 0.75, y), (z + 0.55, y - 0.2), (z - 0.35, y - 0.6)]
            solid = prism(side, -0.16, 0.16, "x")
        return solid, "furniture"

    def bipod(self) -> Part:
        """Two legs with feet, clamped to the barrel."""
        y, z = -self.p.barrel_radius, min(self.guard_end + 0.35, self.p.barrel_length - 0.6)
        long = 2.2
        end = (0.05 + np.tan(np.radians(self.p.bipod_deg)) * long, y - long, z - 0.25)
        leg = rod((0.05, y + 0.1, z), end, 0.09, 0.08, 8) + box((0.3, 0.14, 0.4), end, 0.04)
        return symmetric(leg) + box((0.42, 0.34, 0.36), (0, y + 0.1, z), 0.05), "steel"

    def sights(self) -> list[Part]:
        """Iron sights, a telescope, a reflex sight or a carrying handle on top of the receiver."""
        top = self.top + (0.1 if self.p.rail else 0.0)
        match self.p.sight:
            case "iron":
                rear = box_between((-0.16, top - 0.15, self.rear + 0.3), (0.16, top + 0.24, self.rear + 0.55))
                notch = box_between((-0.06, top + 0.1, -99), (0.06, top + 1, 99))
                return [self._front_sight(), (difference(rear, [notch]), "steel")]
            case "handle":
                return [self._front_sight(), (self._carrying_handle(top), "receiver")]
            case "dot":
                return self._reflex_sight(top)
            case "scope":
                return self._scope(top)

    def _front_sight(self) -> Part:
        y = self.p.barrel_radius
        if self.p.style in _TRADITIONAL:
            z = self.p.barrel_length - 0.35
            post = [(z - 0.25, y - 0.1), (z + 0.1, y - 0.1), (z + 0.1, y + 0.16)]
        else:
            z = self.p.barrel_length - 0.55
            post = [(z - 0.22, y - 0.12), (z + 0.22, y - 0.12), (z + 0.1, y + 0.42), (z - 0.08, y + 0.42)]
        return prism(post, -0.08, 0.08, "x"), "steel"

    def _carrying_handle(self, top: float) -> Manifold:
        bullpup = self.p.style == "bullpup"
        z0, z1 = (self.rear + 2.2, -0.2) if bullpup else (self.rear + 0.25, min(self.rear + 2.4, -0.1))
        outer = [(z0, top - 0.1), (z1, top - 0.1), (z1 - 0.35, top + 0.62), (z0 + 0.05, top + 0.62)]
        inner = [(z0 + 0.3, top + 0.08), (z1 - 0.32, top + 0.08), (z1 - 0.55, top + 0.42), (z0 + 0.35, top + 0.42)]
        return prism(outer, -0.15, 0.15, "x", holes=[inner])

    def _reflex_sight(self, top: float) -> list[Part]:
        y, z = top + 0.36, 0.55 * self.rear
        tube = rod((0, y, z - 0.4), (0, y, z + 0.4), 0.25, segments=14)
        hollow = [rod((0, y, z + side * 0.28), (0, y, z + side), 0.18, segments=12) for side in (-1, 1)]
        foot = box_between((-0.14, top - 0.15, z - 0.3), (0.14, top + 0.25, z + 0.3))
        lens = rod((0, y, z - 0.3), (0, y, z + 0.3), 0.19, segments=12)
        return [(difference(tube, hollow) + foot, "optic"), (lens, "lens")]

    def _scope(self, top: float) -> list[Part]:
        """Telescope with turrets for elevation and windage, on two mounting rings."""
        r, length = self.p.scope_radius, self.p.scope_length
        y, middle = top + 1.75 * r + 0.02, 0.5 * self.rear + 0.15
        back, front = middle - length / 2, middle + length / 2
        profile = [(0.0, back + 0.04), (1.3 * r, back), (1.45 * r, back + 0.1), (1.4 * r, back + 0.2 * length)]
        profile += [(r, back + 0.3 * length), (r, front - 0.38 * length), (1.7 * r, front - 0.16 * length)]
        profile += [(1.75 * r, front), (1.5 * r, front), (1.5 * r, front - 0.12), (0.0, front - 0.12)]
        elevation = rod((0, y, middle), (0, y + 2.2 * r, middle), 0.75 * r, segments=12)
        windage = rod((0, y, middle), (2.1 * r, y, middle), 0.7 * r, segments=12)
        rings = []
        for z in (max(middle - 0.24 * length, self.rear + 0.15), min(middle + 0.17 * length, -0.1)):
            rings.append(box_between((-0.16, self.low + 0.3, z - 0.14), (0.16, y, z + 0.14)))
            rings.append(rod((0, y, z - 0.14), (0, y, z + 0.14), 1.3 * r, segments=14))
        tube = union([revolve(profile, "z", 18, (0.0, y, 0.0)), elevation + windage, *rings])
        lens = rod((0, y, front - 0.3), (0, y, front - 0.08), 1.52 * r, segments=18)
        return [(tube, "optic"), (lens, "lens")]


def _rail(start: float, end: float, height: float) -> Manifold:
    """Accessory rail with its cross slots."""
    bar = box_between((-0.13, height - 0.05, start), (0.13, height + 0.13, end))
    middles = np.linspace(start, end, max(2, int((end - start) / 0.45)) + 2)[1:-1]
    return difference(bar, [box_between((-1, height + 0.05, z - 0.07), (1, height + 1, z + 0.07)) for z in middles])


CATEGORY = Category(RifleParameters, _parts, _materials)
