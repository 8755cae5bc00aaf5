"""The parts of a loudspeaker; the builder behind `LoudspeakerParameters`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.materials import Kind, Material, random_material
from shapelift.synthesis.procedural import finishes
from shapelift.synthesis.procedural.draws import chance, pick
from shapelift.synthesis.procedural.lofts import lathe
from shapelift.synthesis.procedural.solids import (
    Array,
    Part,
    box,
    cylinder,
    difference,
    ellipsoid,
    loft,
    mirrored,
    prism,
    rod,
    rounded_rectangle,
    slab,
    span,
    superellipse,
    turn,
    union,
)

if TYPE_CHECKING:
    from shapelift.synthesis.procedural.loudspeaker import LoudspeakerParameters


class _Finish:
    """One material per group of parts."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        kind: Kind = pick(rng, {"wood": 0.4, "plastic": 0.35, "paint": 0.25})
        self.case: Material = random_material(rng, kind) if kind != "plastic" else finishes.dark_plastic(rng)
        self.front: Material = self.case if chance(rng, 0.45) else finishes.dark_plastic(rng)
        self.cone: Material = finishes.tinted(rng, "fabric", (0.0, 1.0), (0.0, 0.15), (0.05, 0.3))
        if chance(rng, 0.2):
            self.cone = finishes.tinted(rng, "metal", (0.08, 0.16), (0.0, 0.7), (0.5, 0.9))
        self.surround: Material = finishes.tyre(rng)
        self.metal: Material = finishes.bright_metal(rng) if chance(rng, 0.5) else finishes.dark_metal(rng)
        self.cloth: Material = random_material(rng, "fabric")
        self.cheek: Material = random_material(rng, "wood" if chance(rng, 0.6) else "paint")


class Enclosure:
    """Measures derived from the parameters once, and one method per group of parts."""

    def __init__(self, p: LoudspeakerParameters) -> None:
        self.p = p
        self.finish = _Finish(p.material_seed)

    def parts(self) -> list[Part]:
        """Everything, in overlapping pieces."""
        p = self.p
        special = {
            "cylinder": self._cylinder,
            "soundbar": self._soundbar,
            "sphere": self._sphere,
            "horn": self._trumpet,
        }
        if p.style in special:
            return special[p.style]()
        parts = self._box()
        if p.lean_deg:
            parts = [(turn(solid, "x", -p.lean_deg, (0.0, -p.height / 2, 0.0)), material) for solid, material in parts]
        if p.lying:
            return [(turn(solid, "z", 90.0), material) for solid, material in parts]
        return [*parts, *self._below(-p.height / 2, p.width, p.depth)]

    # ------------------------------------------------------------------------------------------ boxes

    def _front(self) -> float:
        return self.p.depth / 2 + self.p.baffle

    def _width_at(self, y: float) -> float:
        """Width of the box at height y."""
        return self.p.width * (1.0 - self.p.taper * (y / self.p.height + 0.5))

    def _case(self) -> Manifold:
        p = self.p
        plan = rounded_rectangle(p.width, p.depth, p.rounding * min(p.width, p.depth))
        rings = []
        for y in (-p.height / 2, p.height / 2):
            shrink = self._width_at(y) / p.width
            x = plan[:, 0] * shrink
            # The front stays upright; only the back comes forward with the taper.
            z = (plan[:, 1] - p.depth / 2) * (0.5 + 0.5 * shrink) + p.depth / 2
            rings.append(np.stack([x, np.full(len(plan), y), z], axis=1))
        return loft(rings)

    def _box(self) -> list[Part]:
        p = self.p
        cuts, extra = self._drivers(self._front())
        if p.horn:
            horn_cut, horn_parts = self._horn_mouth(self._front())
            cuts.append(horn_cut)
            extra += horn_parts
        cuts += self._port_cuts()
        parts: list[Part] = []
        if p.baffle:
            outline = self._baffle_outline()
            board = loft(
                [np.column_stack([outline, np.full(len(outline), z)]) for z in (p.depth / 2 - 0.02, self._front())]
            )
            parts.append((difference(board, cuts), self.finish.front))
        parts.append((difference(self._case(), cuts), self.finish.case))
        if p.cheeks:
            x = self._width_at(p.height / 2) / 2
            low_x = p.width / 2
            rim = [
                (low_x - 0.02, -p.height / 2),
                (low_x + p.cheeks, -p.height / 2),
                (x + p.cheeks, p.height / 2),
                (x - 0.02, p.height / 2),
            ]
            board = loft(
                [
                    np.array([(a, b, z) for a, b in rim])
                    for z in (-p.depth / 2 * (1 - p.taper / 2), p.depth / 2 + 0.5 * p.cheeks)
                ]
            )
            parts.append((mirrored(board), self.finish.cheek))
        parts += extra
        parts += self._controls()
        return parts

    def _baffle_outline(self) -> Array:
        p = self.p
        low, high = -p.height / 2 + 0.04 * p.height, p.height / 2 - 0.04 * p.height
        a, b = 0.47 * self._width_at(low), 0.47 * self._width_at(high)
        return np.array([(-a, low), (a, low), (b, high), (-b, high)])

    def _layout(self) -> list[tuple[float, float]]:
        """(height, radius) of every driver, sized so that the column of them fits the front."""
        p = self.p
        room = 0.9 * p.height
        big = 0.5 * p.driver_size * self._width_at(0.0) * 0.94
        radii = [big] * p.drivers
        if p.drivers > 1:
            radii[0] = p.tweeter * big
        if p.horn or p.port in {"slot", "round"}:
            room *= 0.74
        if not p.tweeter_on_top and p.drivers > 2:
            radii[0], radii[1] = radii[1], radii[0]
        frame = 1.0 + p.frame + 0.06
        needed = sum(2 * r * frame for r in radii)
        if needed > room:
            radii = [r * room / needed for r in radii]
            needed = room
        gap = (room - needed) / (len(radii) + 1)
        gap = min(gap, 0.35 * big) if p.style == "tower" else gap
        y = p.height / 2 - 0.05 * p.height - gap
        if p.horn:
            y -= 0.26 * 0.9 * p.height
        # A driver sits on the flat of the front, clear of its rounded edges; a baffle board is flat throughout.
        corner = 0.0 if p.baffle else 0.6 * p.rounding * min(p.width, p.depth)
        places = []
        for wanted in radii:
            r = min(wanted, (0.47 * self._width_at(y - wanted * frame) - corner) / frame)
            places.append((y - wanted * frame, r))
            y -= 2 * wanted * frame + gap
        return places

    def _drivers(self, front: float) -> tuple[list[Manifold], list[Part]]:
        """Holes for the drivers, and the drivers in them."""
        cuts, parts = [], []
        for y, r in self._layout():
            hole, pieces = self._driver(0.0, y, front, r)
            cuts.append(hole)
            parts += pieces
        return cuts, parts

    def _driver(self, x: float, y: float, front: float, r: float) -> tuple[Manifold, list[Part]]:
        """One driver facing +Z at (x, y, front): its hole, and cone, dust cap, rubber surround and frame."""
        p = self.p
        deep = p.cone * r
        hole = rod((x, y, front - deep - 0.3 * r), (x, y, front + 1.0), r, segments=24)
        at = (x, y, front)
        inner = (1.0 - p.surround) * r
        cap = p.dust_cap * r
        back = -deep - 0.35 * r
        shape = [
            (0.0, back),
            (1.03 * r, back),
            (1.03 * r, -0.1 * r),
            (inner, -0.08 * r),
            (cap, -deep),
            (0.8 * cap, -deep + 0.35 * cap),
            (0.0, -deep + 0.55 * cap),
        ]
        ring = [
            (inner - 0.02 * r, -0.16 * r),
            (1.03 * r, -0.16 * r),
            (1.03 * r, 0.0),
            (0.98 * r, 0.03 * r),
            ((inner + r) / 2, 0.06 * r),
            (inner, -0.02 * r),
        ]
        parts: list[Part] = [
            (lathe(shape, "z", 22, at), self.finish.cone),
            (lathe(ring, "z", 22, at), self.finish.surround),
        ]
        if p.frame:
            edge = (1.0 + p.frame) * r
            rim = [(0.985 * r, -0.12 * r), (edge, -0.12 * r), (edge, 0.02), (0.985 * r, 0.05)]
            parts.append((lathe(rim, "z", 24, at), self.finish.metal))
        return hole, parts

    def _horn_mouth(self, front: float) -> tuple[Manifold, list[Part]]:
        """A rectangular flare above the drivers."""
        p = self.p
        y = p.height / 2 - 0.05 * p.height - 0.11 * p.height
        half = 0.4 * self._width_at(y + 0.1 * p.height)
        tall = 0.095 * p.height
        deep = min(0.45 * p.depth, 1.6 * tall)
        rings = []
        for z, scale in ((front + 0.01, 1.0), (front - 0.5 * deep, 0.6), (front - deep, 0.3)):
            outline = rounded_rectangle(2 * half * scale, 2 * tall * scale, 0.1, 2)
            rings.append(np.column_stack([outline[:, 0], outline[:, 1] + y, np.full(len(outline), z)]))
        throat = box((0.7 * half, 0.7 * tall, 0.2), (0.0, y, front - deep - 0.06), 0.0)
        return loft(rings), [(throat, self.finish.surround)]

    def _port_cuts(self) -> list[Manifold]:
        p = self.p
        y = -p.height / 2 + 0.11 * p.height
        front = self._front()
        if p.port == "round":
            r = min(0.055 * p.height, 0.14 * p.width) * p.port_size
            number = (-1.0, 1.0) if p.drivers == 1 else (0.0,)
            return [
                rod(
                    (side * 0.26 * p.width, y, front - 0.45 * p.depth),
                    (side * 0.26 * p.width, y, front + 1),
                    r,
                    segments=16,
                )
                for side in number
            ]
        if p.port == "slot":
            half = 0.36 * p.width
            tall = min(0.035 * p.height, 0.2) * p.port_size
            return [span((-half, y - tall, front - 0.4 * p.depth), (half, y + tall, front + 1))]
        if p.port == "rear":
            r = 0.14 * p.width * p.port_size
            return [rod((0, 0.1 * p.height, -p.depth), (0, 0.1 * p.height, 0.0 - 0.1 * p.depth), r, segments=16)]
        return []

    def _controls(self) -> list[Part]:
        p = self.p
        parts: list[Part] = []
        if p.knobs:
            y = -p.height / 2 + 0.045 * p.height
            r = min(0.03 * p.height, 0.05 * p.width) + 0.02
            front = self._front()
            knobs = [
                rod(
                    ((i - (p.knobs - 1) / 2) * 0.2 * p.width, y, front - 0.05),
                    ((i - (p.knobs - 1) / 2) * 0.2 * p.width, y, front + 0.12),
                    r,
                    0.9 * r,
                    12,
                )
                for i in range(p.knobs)
            ]
            parts.append((union(knobs), self.finish.metal))
        if p.handle:
            half = 0.25 * self._width_at(p.height / 2)
            top = p.height / 2
            grip = box((2 * half + 0.2, 0.16, 0.24), (0, top + 0.32, 0), 0.06)
            legs = mirrored(span((half - 0.08, top - 0.1, -0.11), (half + 0.08, top + 0.36, 0.11)))
            parts.append((grip + legs, self.finish.surround))
        return parts

    # ------------------------------------------------------------------------------------------ what it stands on

    def _below(self, low: float, width: float, depth: float) -> list[Part]:
        p = self.p
        if p.stand != "none":
            return self._stand(low, 0.5 * min(width, depth))
        high = p.feet_height
        if p.feet == "plinth":
            plate = slab(
                rounded_rectangle(1.18 * width, 1.12 * depth, 0.15 * width), low - 0.6 * high - 0.06, low + 0.02, 0.04
            )
            return [(plate, self.finish.surround)]
        if p.feet in {"pads", "spikes"}:
            r = 0.1 * width
            tip = 0.4 * r if p.feet == "spikes" else 0.9 * r
            top = low + (0.12 if p.lean_deg == 0 else 0.35)
            foot = rod((0.36 * width, top, 0.34 * depth), (0.36 * width, low - high, 0.34 * depth), r, tip, 10)
            back = rod((0.36 * width, top, -0.3 * depth), (0.36 * width, low - high, -0.3 * depth), r, tip, 10)
            return [(mirrored(foot + back), self.finish.metal)]
        return []

    def _stand(self, low: float, size: float) -> list[Part]:
        """A pole on a plate, or on three legs; as tall as `stand_height` times the cabinet."""
        p = self.p
        tall = p.stand_height * p.height
        r = max(0.09 * size, 0.011 * (tall + p.height))
        bottom = low - tall
        pieces = [
            rod((0, low + 0.15 * p.height, 0), (0, bottom + 0.02, 0), r, segments=12),
            slab(rounded_rectangle(1.5 * size, 1.5 * size, 0.2 * size), low - 0.08, low + 0.05, 0.02),
        ]
        if p.stand == "pole":
            pieces.append(
                slab(rounded_rectangle(2.4 * size, 2.2 * size, 0.3 * size), bottom - 0.1, bottom + 0.08, 0.03)
            )
        else:
            knee = bottom + 0.35 * tall
            for angle in np.radians([90.0, 210.0, 330.0]):
                out = np.array([np.cos(angle), 0.0, np.sin(angle)]) * (0.42 * tall + size)
                pieces.append(rod((0, knee, 0), out + np.array([0.0, bottom, 0.0]), 0.9 * r, segments=8))
            pieces.append(rod((0, knee - 0.15, 0), (0, knee + 0.2, 0), 1.7 * r, segments=12))
        return [(union(pieces), self.finish.metal)]

    # ------------------------------------------------------------------------------------------ other shapes

    def _cylinder(self) -> list[Part]:
        """A portable speaker: cloth-covered drum between two caps, standing or lying on feet."""
        p = self.p
        r, half = p.width / 2, p.height / 2
        edge = min(p.rounding, 0.4) * r
        soft = [
            (0.0, -half),
            (r - edge, -half),
            (r - 0.3 * edge, -half + 0.3 * edge),
            (r, -half + edge),
            (r * (1 - 0.4 * p.taper), half - edge),
            (r - 0.3 * edge, half - 0.3 * edge),
            (r - edge, half),
            (0.0, half),
        ]
        parts: list[Part] = [(lathe(soft, "y", 28), self.finish.cloth)]
        for side in (-1.0, 1.0):
            a, b = side * (half - 0.16 * p.height - edge), side * (half - 0.05 * p.height - edge)
            parts.append((cylinder(min(a, b), max(a, b), (1.02 + 0.5 * p.frame) * r, segments=28), self.finish.metal))
        dish = (1.0 - p.driver_size) * 0.8 + 0.1
        top = lathe(
            [
                (0.0, half - 0.3 * edge),
                (0.7 * r, half - 0.3 * edge),
                (0.7 * r, half + 0.08),
                (dish * r + 0.2 * r, half + 0.05),
                (0.0, half + 0.03 + 0.1 * p.dust_cap),
            ],
            "y",
            24,
        )
        parts.append((top, self.finish.front))
        buttons = [
            cylinder(half, half + 0.14, 0.11 * r, segments=10).translate((0.42 * r * (i - (p.knobs - 1) / 2), 0, 0))
            for i in range(p.knobs)
        ]
        if buttons:
            parts.append((union(buttons), self.finish.surround))
        if p.drivers == 2:
            badge = rod((0, -0.15 * half, 0.4 * r), (0, -0.15 * half, 1.06 * r), 0.28 * r, segments=14)
            parts.append((badge, self.finish.surround))
        if p.handle:
            loop = rounded_rectangle(1.5 * r, 1.4 * r, 0.3 * r)
            inner = rounded_rectangle(1.5 * r - 0.3, 1.4 * r - 0.3, 0.25 * r)
            parts.append(
                (
                    prism(
                        [loop + np.array([0.0, half + 0.3 * r]), inner + np.array([0.0, half + 0.3 * r])],
                        -0.12,
                        0.12,
                        "z",
                    ),
                    self.finish.surround,
                )
            )
        if p.lying:
            parts = [(turn(solid, "z", 90.0), material) for solid, material in parts]
            feet = mirrored(span((0.45 * half, -r - 0.1, -0.3 * r), (0.65 * half, -0.8 * r, 0.3 * r), 0.03))
            parts.append((feet, self.finish.surround))
        return parts

    def _soundbar(self) -> list[Part]:
        p = self.p
        ring = superellipse(1.0, 1.0, 3.0 + 5.0 * (0.5 - p.rounding), 20)
        half = p.width / 2
        rings = []
        for x, scale in ((-half, 0.9), (-half + 0.06, 1.0), (half - 0.06, 1.0), (half, 0.9)):
            rings.append(np.column_stack([np.full(20, x), ring[:, 1] * p.height * scale, ring[:, 0] * p.depth * scale]))
        case = loft(rings)
        front = p.depth / 2 - 0.02
        r = 0.4 * p.driver_size * p.height
        cuts, parts = [], []
        spots = np.linspace(0.12, 0.42, p.drivers) * p.width
        for spot in spots:
            for side in (-1.0, 1.0):
                hole, pieces = self._driver(side * float(spot), 0.0, front, r)
                cuts.append(hole)
                parts += pieces
        panel = box((0.14 * p.width, 0.55 * p.height, 0.2), (0, 0, front - 0.05), 0.03)
        feet = mirrored(
            span(
                (0.3 * p.width, -p.height / 2 - 0.12, -0.3 * p.depth),
                (0.36 * p.width, -0.3 * p.height, 0.3 * p.depth),
                0.03,
            )
        )
        return [
            (difference(case, cuts), self.finish.case),
            *parts,
            (panel, self.finish.front),
            (feet, self.finish.surround),
        ]

    def _sphere(self) -> list[Part]:
        p = self.p
        r = p.width / 2
        ball = ellipsoid((p.width, p.width * (0.8 + 0.2 * p.height / 3.0), p.width), segments=32)
        inner = 0.62 * p.driver_size * r
        front = float(np.sqrt(r * r - inner * inner)) * 0.98
        hole, pieces = self._driver(0.0, 0.0, front, inner)
        # Cut flat around the driver, so that its rim sits flush.
        face = span((-r, -r, front), (r, r, front + r))
        parts: list[Part] = [(difference(ball, [face, hole]), self.finish.case), *pieces]
        if p.drivers == 2:
            small = ellipsoid((0.7 * r, 0.7 * r, 0.9 * r), (0, 1.02 * r, 0.05 * r), 16)
            parts.append((small, self.finish.front))
        if p.stand != "none":
            return [*parts, *self._stand(-0.8 * r, 0.55 * r)]
        base = lathe(
            [(0.0, -1.12 * r), (0.62 * r, -1.12 * r), (0.66 * r, -1.0 * r), (0.5 * r, -0.7 * r), (0.0, -0.7 * r)],
            "y",
            22,
        )
        return [*parts, (base, self.finish.surround)]

    def _trumpet(self) -> list[Part]:
        """A public-address horn on its bracket."""
        p = self.p
        r, long = p.width / 2, p.depth
        wall = 0.09 + 0.03 * p.frame
        shares = np.linspace(0.0, 1.0, 6)
        flare = 0.22 * r + 0.78 * r * shares ** (1.5 + 2.5 * p.cone)
        outer = [(float(a), float(z)) for a, z in zip(flare, long * (shares - 0.5), strict=True)]
        inner = [(max(a - wall, 0.05), z) for a, z in reversed(outer)]
        profile = [
            (0.0, outer[0][1]),
            *outer,
            (outer[-1][0] + 0.06, outer[-1][1] + 0.04),
            *inner[:-1],
            (0.0, inner[-2][1]),
        ]
        squash = 0.75 if p.port_size > 1.05 else 1.0
        horn = lathe(profile, "z", 28).scale((1.0, squash, 1.0))
        back = -long / 2
        engine = lathe(
            [
                (0.0, back - 0.9),
                (0.36 * r, back - 0.85),
                (0.42 * r, back - 0.2),
                (0.3 * r, back + 0.15),
                (0.0, back + 0.15),
            ],
            "z",
            20,
        )
        plug = lathe(
            [
                (0.0, back + 0.05),
                (0.16 * r, back + 0.05),
                (0.16 * r, 0.1 * long),
                (0.1 * r, 0.24 * long),
                (0.0, 0.26 * long),
            ],
            "z",
            16,
        )
        low = -r * squash - 0.35
        z = -0.28 * long
        side = 0.5 * r
        bracket = [
            span((side - 0.07, low, z - 0.2), (side + 0.09, 0.12, z + 0.2)),
            rod((0.0, 0.0, z), (side + 0.12, 0.0, z), 0.12, segments=10),
        ]
        foot = span((-side - 0.09, low - 0.08, z - 0.3), (side + 0.09, low + 0.08, z + 0.3), 0.03)
        return [
            (horn, self.finish.case),
            (engine, self.finish.front),
            (plug, self.finish.metal),
            (mirrored(union(bracket)) + foot, self.finish.metal),
        ]
