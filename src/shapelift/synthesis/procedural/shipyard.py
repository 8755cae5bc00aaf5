"""What stands on a hull, style by style: houses, rigs, cargo, guns; the builder behind `VesselParameters`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.materials import Material, random_material
from shapelift.synthesis.procedural import finishes
from shapelift.synthesis.procedural.draws import between, chance
from shapelift.synthesis.procedural.hulls import sail, square_sail
from shapelift.synthesis.procedural.lofts import body, dome_profile, lathe, wing
from shapelift.synthesis.procedural.solids import (
    Part,
    beam,
    box,
    cylinder,
    difference,
    ellipse,
    ellipsoid,
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
    from shapelift.synthesis.procedural.vessel import VesselParameters

_CLOTH = 0.14


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
    """Measures derived from the parameters once, and one method per group of parts."""

    def __init__(self, p: VesselParameters) -> None:
        self.p = p
        self.hull = p.lines()
        self.paint = _Paints(p.material_seed, p.style)

    def parts(self) -> list[Part]:
        """Everything, in overlapping pieces."""
        builders: dict[str, Callable[[], list[Part]]] = {
            "sail": self._sailing_boat,
            "tall_ship": self._tall_ship,
            "yacht": self._yacht,
            "speedboat": self._speedboat,
            "cargo": self._cargo,
            "tanker": self._tanker,
            "tug": self._tug,
            "rowing": self._rowing_boat,
            "warship": self._warship,
            "submarine": self._submarine,
            "liner": self._liner,
            "carrier": self._carrier,
        }
        return builders[self.p.style]()

    # ------------------------------------------------------------------------------------------ common

    def _z(self, share: float) -> float:
        return (share - 0.5) * self.hull.length

    def _decked(self, recess: float) -> list[Part]:
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
        if self.hull is not None and p.hulls == 2:
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

    def _house(
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

        def profile(inset: float) -> np.ndarray:  # type: ignore[type-arg]
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
            span((-half - 1, bottom, a + 0.06), (half + 1, top, b - 0.06))
            for a, b in zip(run[:-1], run[1:], strict=True)
            if b - a > 0.25
        ]
        cutters.append(span((-half + 0.22, bottom, (z[0] + z[1]) / 2), (half - 0.22, top, z[1] + 1)))
        core = prism(profile(0.09), -half + 0.09, half - 0.09, "x") ^ prism(
            plan * np.array([1 - 0.09 / half, 1.0]), low, high
        )
        return [(difference(block, cutters), self.paint.house), (core, self.paint.glass)]

    def _deck_height(self, z: float, recess: float) -> float:
        return self.hull.at(z)[1] - recess

    def _funnel(self, x: float, y: float, z: float, size: float, height: float, lean: float = 0.15) -> list[Part]:
        ring = ellipse(1.3 * size, 2.0 * size, 14)
        rings = [(y, 1.0, 0.0), (y + height, 0.85, -lean * height)]
        cap_low = y + height - 0.25 * height
        loops = [
            np.stack([ring[:, 0] * s + x, np.full(len(ring), h), ring[:, 1] * s + z + dz], axis=1) for h, s, dz in rings
        ]
        from shapelift.synthesis.procedural.solids import loft

        stack = loft(loops)
        cap = loft([loops[0] + (0, 0, 0), loops[1]]).trim_by_plane((0.0, 1.0, 0.0), cap_low)
        cap = (
            cap.translate((-x, 0.0, -z + lean * height))
            .scale((1.08, 1.0, 1.05))
            .translate((x, 0.02, z - lean * height))
        )
        return [(stack, self.paint.funnel), (cap, self.paint.dark)]

    def _pole_mast(self, y: float, z: float, height: float) -> list[Part]:
        """Signal mast with a yard and a radar bar."""
        pieces = [
            rod((0, y, z), (0, y + height, z), 0.11, 0.07, 8),
            beam((-0.5, y + 0.7 * height, z), (0.5, y + 0.7 * height, z), 0.12, 0.12),
        ]
        pieces.append(box((0.8, 0.14, 0.16), (0.0, y + 0.45 * height, z + 0.12), 0.03))
        return [(union(pieces), self.paint.mast)]

    # ------------------------------------------------------------------------------------------ under sail

    def _sailing_boat(self) -> list[Part]:
        p = self.p
        parts = self._decked(0.0)
        step = self._z(0.58 if p.rig == "sloop" else 0.66)
        deck = self._deck_height(step, 0.0)
        height = 10.5 * p.mast_height
        half = 0.55 * self.hull.half_beam if p.hulls == 1 else 0.55 * p.half_beam
        house = (self._z(0.36), step + 0.9)
        parts += self._house(house, (deck - 0.2, deck + 0.35 + 0.3 * p.house_height), half, 1.2)
        if p.hulls == 1:
            parts = [
                (difference(solid, [self._cockpit(deck)]) if index < 2 else solid, material)
                for index, (solid, material) in enumerate(parts)
            ]
            if p.keel:
                root = self._z(0.58)
                fin = wing([((0.0, 0.15, root), 2.2, 0.3), ((0.0, -1.7 * p.keel, root - 0.5), 1.4, 0.26)], upright=True)
                bulb = ellipsoid((0.5, 0.42, 2.0), (0.0, -1.7 * p.keel, root - 1.1), 12)
                rudder = wing(
                    [
                        ((0.0, 0.75 * p.depth, self._z(0.06)), 0.7, 0.18),
                        ((0.0, -0.8 * p.keel, self._z(0.05)), 0.5, 0.16),
                    ],
                    upright=True,
                )
                parts.append((union([fin, bulb, rudder]), self.paint.bottom))
        base = 0.35 * p.depth
        parts.append((rod((0, base, step), (0, deck + height, step), 0.13, 0.1, 8), self.paint.mast))
        parts += self._main_sail(step, deck, height, 4.4 if p.rig != "ketch" else 3.4)
        if p.rig == "sloop":
            parts.append((self._jib(step, deck, height), self.paint.sail))
        if p.rig == "ketch":
            aft = self._z(0.2)
            parts.append((rod((0, base, aft), (0, deck + 0.62 * height, aft), 0.12, 0.09, 8), self.paint.mast))
            parts += self._main_sail(aft, deck, 0.62 * height, 2.2)
            parts.append((self._jib(step, deck, height), self.paint.sail))
        return parts

    def _cockpit(self, deck: float) -> Manifold:
        z = self._z(0.22)
        half = min(0.5 * self.hull.half_beam, self.hull.at(self._z(0.1))[0] - 0.25)
        return span((-half, deck - 0.45 * self.p.depth, z - 1.0), (half, deck + 1.0, z + 1.0), 0.1)

    def _main_sail(self, z: float, deck: float, height: float, foot: float) -> list[Part]:
        p = self.p
        boom = deck + 1.1
        angle = np.radians(p.sail_angle_deg)
        end = (np.sin(angle) * foot, boom, z - np.cos(angle) * foot)
        cloth = sail(
            (0.0, boom, z), (0.0, deck + 0.95 * height, z), 0.96 * foot, 0.2, p.sail_belly, p.sail_angle_deg, _CLOTH
        )
        return [(rod((0, boom, z), end, 0.11, segments=8), self.paint.mast), (cloth, self.paint.sail)]

    def _jib(self, z: float, deck: float, height: float) -> Manifold:
        """Foresail from the stem to the mast."""
        p = self.p
        stem = self.hull.length / 2 + 0.6 * p.rake * p.depth - 0.35
        tack_y = self._deck_height(stem, 0.0) - 0.1
        head = np.array([0.0, deck + 0.86 * height, z + 0.05])
        if p.hulls == 2:
            stem, tack_y = z + 1.8, deck - 0.3
        foot = 0.9 * (stem - z)
        return sail((0.0, tack_y, stem), head, foot, 0.12, 0.7 * p.sail_belly, 0.5 * p.sail_angle_deg, _CLOTH)

    def _tall_ship(self) -> list[Part]:
        p = self.p
        parts = self._decked(p.bulwark)
        pieces, cloth = [], []
        stem = self.hull.length / 2
        for index, share in enumerate(np.linspace(0.22, 0.76, p.masts)):
            z = self._z(float(share))
            deck = self._deck_height(z, p.bulwark)
            height = 6.8 * p.mast_height * (1.0 if 0 < index < p.masts - 1 or p.masts == 2 else 0.85)
            pieces.append(rod((0, 0.4 * p.depth, z), (0, deck + height, z), 0.15, 0.09, 8))
            wide = min(3.4, 4.2 / p.masts * 1.8)
            low = deck + 0.9
            for tier in range(p.sails):
                tall = (height - 1.1) / p.sails
                upper = wide * 0.82
                pieces.append(
                    rod(
                        (-upper / 2 - 0.2, low + tall, z + 0.12),
                        (upper / 2 + 0.2, low + tall, z + 0.12),
                        0.09,
                        segments=6,
                    )
                )
                cloth.append(
                    square_sail((0.0, low + 0.12, z + 0.16), wide, upper, tall - 0.12, 6 * p.sail_belly * 0.6, _CLOTH)
                )
                # A short strop keeps the foot of every sail on the mast.
                pieces.append(box((0.16, 0.16, 0.4), (0.0, low + 0.2, z + 0.15)))
                low, wide = low + tall, upper
        bow_y = self._deck_height(stem, 0.0)
        pieces.append(rod((0, bow_y - 0.4, stem - 0.9), (0, bow_y + 0.7, stem + 1.9 + p.rake * p.depth), 0.12, 0.09, 8))
        parts += [(union(pieces), self.paint.mast), (union(cloth), self.paint.sail)]
        stern = (self._z(0.02), self._z(0.2))
        y = self._deck_height(stern[0], p.bulwark)
        half = self.hull.at(stern[0])[0] * 0.95
        parts += self._house(stern, (y - 0.6, y + 0.35 * p.house_height), half, 0.05, panes=False, back=-0.1)
        return parts

    # ------------------------------------------------------------------------------------------ motor boats

    def _yacht(self) -> list[Part]:
        p = self.p
        parts = self._decked(0.0 if p.hulls == 2 else p.bulwark)
        recess = 0.0 if p.hulls == 2 else p.bulwark
        middle, long = self._z(p.house_place), p.house_length * self.hull.length * 1.35
        z0, z1 = middle - long / 2, middle + long / 2
        y = self._deck_height(middle, recess)
        half = p.house_width * (0.92 * p.half_beam if p.hulls == 2 else self.hull.at(z1)[0])
        for level in range(p.decks):
            tall = 0.8 * p.house_height
            parts += self._house((z0, z1), (y - 0.25, y + tall), half, p.house_slant, back=0.2)
            roof = slab(
                rounded_rectangle(2.1 * half, z1 - z0 - p.house_slant * tall * 0.7 + 0.5, 0.5 * half)
                + np.array([0.0, (z0 + z1 - 0.7 * p.house_slant * tall) / 2 - 0.2]),
                y + tall - 0.05,
                y + tall + 0.1,
                0.04,
            )
            parts.append((roof, self.paint.house))
            y, half = y + tall, 0.86 * half
            z0, z1 = z0 + 0.12 * long, z1 - 0.16 * long - p.house_slant * tall * 0.8
            if z1 - z0 < 1.0:
                break
        top_z = (z0 + z1) / 2 - 0.2
        arch = [(-half, y - 0.1), (half, y - 0.1), (0.8 * half, y + 0.7), (-0.8 * half, y + 0.7)]
        hole = [
            (-half + 0.16, y - 0.3),
            (half - 0.16, y - 0.3),
            (0.8 * half - 0.16, y + 0.52),
            (-0.8 * half + 0.16, y + 0.52),
        ]
        if p.details:
            hoop = difference(
                prism(np.array(arch), top_z - 0.2, top_z + 0.2, "z"), [prism(np.array(hole), top_z - 1, top_z + 1, "z")]
            )
            dome = lathe(dome_profile(0.28, y + 0.65, y + 1.05), "y", 14, (0.0, 0.0, top_z))
            parts.append((hoop + dome, self.paint.house))
        else:
            parts += self._pole_mast(y - 0.1, top_z, 1.3)
        if p.hulls == 1:
            swim = slab(
                rounded_rectangle(1.7 * self.hull.at(self._z(0.0))[0], 1.2, 0.2) + np.array([0.0, self._z(0.0) - 0.2]),
                0.3 * p.depth,
                0.3 * p.depth + 0.16,
                0.04,
            )
            parts.append((swim, self.paint.deck))
        return parts

    def _speedboat(self) -> list[Part]:
        p = self.p
        wall = 0.28
        well = self.hull.deck_slab(wall, -0.62 * p.depth, 2.0)
        front = self._z(0.6)
        solid = difference(
            self.hull.solid(),
            [well ^ span((-5, -5, self._z(0.12)), (5, 9, front)) ^ self.hull.solid(-0.2, raise_deck=2.0)],
        )
        deck = self.hull.at(front)[1]
        half = self.hull.at(front)[0] - 0.1
        floor = 0.4 * p.depth
        screen = [
            (front + 0.5, deck - 0.2),
            (front + 0.68, deck - 0.2),
            (front + 0.68 - 0.7 * p.house_slant, deck + 0.75 * p.house_height),
            (front + 0.5 - 0.7 * p.house_slant, deck + 0.75 * p.house_height),
        ]
        pane = prism(np.array(screen), -0.85 * half, 0.85 * half, "x")
        seats = []
        for z in np.linspace(front - 1.2, self._z(0.22), 2 + p.details % 2):
            seats.append(
                mirrored(
                    span((0.25, floor - 0.4, z - 0.35), (0.85 * half - 0.25, floor + 0.3, z + 0.35), 0.08)
                    + span((0.25, floor, z - 0.5), (0.85 * half - 0.25, floor + 0.95, z - 0.25), 0.08)
                )
            )
        inside = self.hull.solid(raise_deck=5.0)
        engine_z = self._z(0.0) - 0.25
        top = self.hull.at(engine_z)[1]
        motors = []
        for x in (0.0,) if p.funnels < 3 else (-0.55, 0.55):
            motors += [
                box((0.6, 0.8, 0.85), (x, top + 0.3, engine_z), 0.18),
                box((0.22, 1.5, 0.4), (x, top - 0.6, engine_z), 0.06),
                box((0.2, 0.3, 0.7), (x, top - 1.3, engine_z - 0.1), 0.08),
                box((0.3, 0.4, 0.6), (x, top - 0.15, engine_z + 0.35)),
            ]
        parts: list[Part] = [
            (solid, self.paint.hull),
            (pane, self.paint.glass),
            (union(seats) ^ inside, self.paint.sail),
            (union(motors), self.paint.dark),
        ]
        if p.waterline:
            parts.append(
                (self.hull.solid(0.03).trim_by_plane((0.0, -1.0, 0.0), -p.waterline * p.depth), self.paint.bottom)
            )
        if p.tiers >= 3:
            posts = [
                rod((0.7 * half, floor - 0.3, z), (0.7 * half, deck + 1.6, z), 0.09, segments=6)
                for z in (front - 0.6, front - 2.4)
            ]
            roof = slab(
                rounded_rectangle(1.7 * half, 2.4, 0.3) + np.array([0.0, front - 1.5]), deck + 1.5, deck + 1.68, 0.05
            )
            parts.append(((mirrored(union(posts)) ^ inside) + roof, self.paint.house))
        return parts

    def _rowing_boat(self) -> list[Part]:
        p = self.p
        wall = 0.2
        solid = difference(self.hull.solid(), [self.hull.solid(-wall, raise_deck=2.0)])
        rail = self.hull.deck_slab(-0.06, -0.18, 0.02) - self.hull.deck_slab(wall, -2.0, 2.0)
        thwarts = []
        for share in np.linspace(0.22, 0.7, 1 + max(1, p.bays // 3)):
            z = self._z(float(share))
            half, deck = self.hull.at(z)
            thwarts.append(span((-half + 0.08, deck - 0.5, z - 0.35), (half - 0.08, deck - 0.32, z + 0.35)))
        parts: list[Part] = [(solid, self.paint.hull), (union(thwarts), self.paint.deck), (rail, self.paint.mast)]
        if p.details:
            z = self._z(0.42)
            half, deck = self.hull.at(z)
            oars = []
            swing = 0.4 + 0.3 * (p.mast_height - 1.0)
            grip = np.array([half - 0.9, deck + 0.35, z + 0.2])
            blade = np.array([half + 3.0, deck - 0.75, z + 0.2 - 6.0 * (swing - 0.4)])
            pivot = grip + (blade - grip) * (0.9 / (blade - grip)[0])
            oars.append(rod(grip, blade, 0.09, segments=6))
            oars.append(box((1.1, 0.13, 0.36), blade, 0.04))
            oars.append(
                span((half - 0.22, deck - 0.2, pivot[2] - 0.12), (half + 0.05, pivot[1] + 0.02, pivot[2] + 0.12))
            )
            parts.append((mirrored(union(oars)), self.paint.mast))
        return parts

    def _tug(self) -> list[Part]:
        p = self.p
        recess = p.bulwark * 1.5
        parts = self._decked(recess)
        middle = self._z(0.58)
        y = self._deck_height(middle, recess)
        half = 0.55 * self.hull.half_beam
        parts += self._house((middle - 1.9, middle + 1.5), (y - 0.3, y + 1.3 * p.house_height), half, 0.05)
        y += 1.3 * p.house_height
        parts += self._house(
            (middle - 0.6, middle + 1.1),
            (y - 0.1, y + 1.4 * p.house_height),
            0.8 * half,
            -0.12 if p.details == 1 else 0.1,
        )
        parts += self._pole_mast(y + 1.3 * p.house_height, middle, 1.6 * p.mast_height)
        spots = [(0.0, middle - 1.3)] if p.funnels == 1 else [(0.5 * half, middle - 1.3), (-0.5 * half, middle - 1.3)]
        for x, z in spots:
            parts += self._funnel(x, y - 0.2, z, 0.5 if p.funnels == 1 else 0.34, 1.5 * p.house_height)
        fender = self.hull.deck_slab(-0.18, -0.55, -0.25)
        posts = mirrored(
            cylinder(y - 2.5, self._deck_height(self._z(0.2), recess) + 0.6, 0.16, segments=8).translate(
                (0.4, 0, self._z(0.22))
            )
        )
        bar = rod(
            (-0.7, self._deck_height(self._z(0.2), recess) + 0.35, self._z(0.22)),
            (0.7, self._deck_height(self._z(0.2), recess) + 0.35, self._z(0.22)),
            0.12,
            segments=8,
        )
        return [*parts, (fender, finishes.tyre(self.paint.rng)), (posts + bar, self.paint.dark)]

    # ------------------------------------------------------------------------------------------ big ships

    def _bridge(self, recess: float) -> tuple[list[Part], float, float]:
        """The tall house of a freighter: parts, and z of its rear and its front."""
        p = self.p
        long = p.house_length * self.hull.length
        middle = self._z(p.house_place)
        z0, z1 = middle - long / 2, middle + long / 2
        half = 0.92 * min(self.hull.at(z0)[0], self.hull.at(z1)[0]) * (0.75 + 0.3 * p.house_width)
        half = min(half, self.hull.half_beam * 0.98)
        y = self._deck_height(middle, recess)
        tall = 0.55 * p.house_height
        parts: list[Part] = []
        for level in range(p.decks + 1):
            parts += self._house(
                (z0 + 0.1 * level, z1 - 0.04 * level), (y - 0.15, y + tall), half * (0.95 - 0.05 * level), 0.05
            )
            y += tall
        wings = span(
            (-self.hull.half_beam * 1.02, y - 0.22, z1 - 0.55), (self.hull.half_beam * 1.02, y - 0.06, z1 - 0.1)
        )
        parts.append((wings, self.paint.house))
        parts += self._house((z0 + 0.3 * long, z1 - 0.1), (y - 0.1, y + 0.5), 0.6 * half, 0.1)
        parts += self._pole_mast(y + 0.4, z1 - 0.35 * long, 0.9 * p.mast_height)
        parts += self._funnel(0.0, y - tall, z0 + 0.22 * long, 0.16 * long + 0.1, 1.1 * tall + 0.5)
        return parts, z0, z1

    def _bulb(self) -> list[Part]:
        if self.p.details < 2:
            return []
        r = 0.28 * self.p.depth
        center = (0.0, 1.1 * r, self.hull.length / 2 - 0.35)
        return [
            (ellipsoid((1.5 * r, 2.0 * r, 1.9), center, 12), self.paint.bottom if self.p.waterline else self.paint.hull)
        ]

    def _cargo(self) -> list[Part]:
        p = self.p
        recess = 0.5 * p.bulwark
        parts = [*self._decked(recess), *self._bulb()]
        bridge, z0, z1 = self._bridge(recess)
        parts += bridge
        holds = (
            [(z1 + 0.2, self._z(0.93))]
            if p.house_place < 0.5
            else [(self._z(0.05), z0 - 0.2), (z1 + 0.1, self._z(0.94))]
        )
        rng = np.random.default_rng(p.material_seed + 1)
        boxes: list[list[Manifold]] = [[] for _ in self.paint.boxes]
        cranes = []
        for first, last in holds:
            bays = max(1, round(p.bays * (last - first) / 8.0))
            step = (last - first) / bays
            for bay in range(bays):
                a, b = first + bay * step + 0.08, first + (bay + 1) * step - 0.08
                self._stack(boxes, rng, a, b, recess)
                if p.derricks and bay % 3 == 1 and bay < 3 * p.derricks:
                    cranes.append(self._crane(b + 0.08, recess))
        parts += [(union(group), material) for group, material in zip(boxes, self.paint.boxes, strict=True) if group]
        if cranes:
            parts.append((union(cranes), self.paint.funnel))
        return parts

    def _stack(self, boxes: list[list[Manifold]], rng: np.random.Generator, a: float, b: float, recess: float) -> None:
        """Containers of one bay between z = a and b, in columns of different height and colour."""
        half = min(self.hull.at(a)[0], self.hull.at(b)[0]) - 0.2
        columns = int(half / 0.22)
        if columns < 1 or b - a < 0.25:
            return
        deck = min(self._deck_height(a, recess), self._deck_height(b, recess))
        wide = 2 * half / columns
        for column in range(columns):
            tiers = max(0, self.p.tiers + int(rng.integers(-1, 2)))
            x, low = -half + column * wide, deck - 0.1
            for part in range(min(2, tiers)):
                high = deck + 0.36 * (tiers if part or tiers == 1 else max(1, tiers - 1))
                boxes[int(rng.integers(len(boxes)))].append(span((x - 0.004, low, a), (x + wide + 0.004, high, b)))
                low = high - 0.02

    def _crane(self, z: float, recess: float) -> Manifold:
        deck = self._deck_height(z, recess)
        top = deck + 0.36 * self.p.tiers + 1.2
        post = rod((0, deck - 0.2, z), (0, top, z), 0.13, segments=8)
        jib = beam((0, top - 0.2, z), (0, top + 0.5, z + 1.6), 0.16, 0.16)
        return post + jib + box((0.4, 0.4, 0.4), (0, top - 0.2, z))

    def _tanker(self) -> list[Part]:
        p = self.p
        recess = 0.0
        parts = [*self._decked(recess), *self._bulb()]
        bridge, z0, z1 = self._bridge(recess)
        parts += bridge
        first, last = (z1 + 0.5, self._z(0.9)) if p.house_place < 0.5 else (self._z(0.06), z0 - 0.4)
        deck = p.depth
        if p.guns >= 3:
            # A gas carrier: domes of the spherical tanks.
            number = max(2, min(5, p.bays // 2 + 1))
            r = min(0.47 * (last - first) / number, 0.9 * self.hull.half_beam)
            for share in (np.arange(number) + 0.5) / number:
                z = first + (last - first) * float(share)
                parts.append(
                    (lathe(dome_profile(r, deck - 0.2, deck + 0.9 * r, 5), "y", 20, (0, 0, z)), self.paint.boxes[0])
                )
        else:
            pipes = [
                rod((x, deck + 0.14, first - 0.6), (x, deck + 0.14, last), 0.09, segments=6) for x in (-0.22, 0.0, 0.22)
            ]
            for z in np.linspace(first, last, 2 + p.bays):
                half = self.hull.at(float(z))[0]
                pipes.append(span((-0.75 * half, deck - 0.1, z - 0.1), (0.75 * half, deck + 0.16, z + 0.1)))
            middle = (first + last) / 2
            pipes.append(
                rod(
                    (-0.85 * self.hull.half_beam, deck + 0.22, middle),
                    (0.85 * self.hull.half_beam, deck + 0.22, middle),
                    0.12,
                    segments=6,
                )
            )
            for side in range(p.derricks):
                z = middle + (side - 1) * 1.6
                pipes.append(rod((0, deck - 0.1, z), (0, deck + 1.5, z), 0.1, segments=8))
                pipes.append(beam((0, deck + 1.4, z), (0.0, deck + 0.9, z + 1.2), 0.14, 0.14))
            parts.append((union(pipes), self.paint.boxes[1]))
        fore = slab(
            rounded_rectangle(1.2 * self.hull.at(self._z(0.94))[0], 0.7, 0.1) + np.array([0.0, self._z(0.94)]),
            deck - 0.2,
            self.hull.at(self._z(0.95))[1] + 0.2,
            0.03,
        )
        return [*parts, (fore, self.paint.house)]

    def _turret(self, z: float, y: float, size: float, barrels: int, backwards: bool, lift: float) -> list[Part]:
        """Gun house on its ring; the barrels point forward, or backward."""
        house = [(-0.75 * size, 0.0), (0.85 * size, 0.0), (0.65 * size, 0.5 * size), (-0.6 * size, 0.55 * size)]
        pieces = [
            prism(np.array(house), -0.62 * size, 0.62 * size, "x"),
            cylinder(-0.28 - lift, 0.02, 0.6 * size, segments=14),
        ]
        for x in np.linspace(-0.35, 0.35, barrels) * size if barrels > 1 else [0.0]:
            pieces.append(rod((x, 0.28 * size, 0.4 * size), (x, 0.5 * size, 2.3 * size), 0.085, 0.07, 8))
        gun = union(pieces)
        if backwards:
            gun = turn(gun, "y", 180.0)
        return [(gun.translate((0.0, y, z)), self.paint.house)]

    def _warship(self) -> list[Part]:
        p = self.p
        parts = self._decked(0.0)
        middle, long = self._z(0.48), 3.4 * p.house_length / 0.35
        y = p.depth
        half = p.house_width * self.hull.half_beam
        z0, z1 = middle - long / 2, middle + long / 2
        for level in range(p.decks):
            tall = 0.5 * p.house_height
            parts += self._house((z0, z1), (y - 0.15, y + tall), half, 0.3 * p.house_slant, panes=level > 0, back=0.3)
            y, half, z0, z1 = y + tall, 0.85 * half, z0 + 0.22 * long, z1 - 0.1 * long
            long = z1 - z0
        parts += self._house(
            (z1 - 0.45 * long - 0.3, z1), (y - 0.1, y + 0.5 * p.house_height), 0.8 * half, 0.2, back=0.2
        )
        parts += self._tower(y, z1 - 0.3 * long - 0.2, 0.9 * p.mast_height + 0.2)
        for index in range(p.funnels):
            z = middle - 0.15 * index * 3.4 - 0.1
            parts += self._funnel(0.0, p.depth + 0.2, z - 0.3, 0.3, 0.9 + 0.5 * p.house_height)
        size = 0.55 * (0.8 + 0.4 * self.hull.half_beam)
        for index in range(p.guns):
            ahead = index % 2 == 0
            offset = index // 2
            z = (self._z(0.8) - 1.15 * offset) if ahead else (self._z(0.14) + 1.0 * offset)
            parts += self._turret(
                z, self.hull.at(z)[1] + 0.4 * offset, size, 1 + (p.tiers - 1) % 3, not ahead, 0.4 * offset
            )
        return parts

    def _tower(self, y: float, z: float, height: float) -> list[Part]:
        """Tapering mast with a radar on it."""
        plan = rounded_rectangle(0.5, 0.6, 0.1, 2)
        from shapelift.synthesis.procedural.solids import stack

        mast = stack(plan, [(y - 0.3, 1.0), (y + height, 0.4)], (0.0, z))
        radar = box((0.9, 0.35, 0.15), (0.0, y + 0.75 * height, z + 0.16), 0.04)
        pole = rod((0, y + height - 0.1, z), (0, y + 1.5 * height, z), 0.075, segments=6)
        return [(union([mast, radar, pole]), self.paint.mast)]

    def _submarine(self) -> list[Part]:
        p = self.p
        r = p.half_beam
        nose, tail = 5.0, -5.0
        stations = [
            (nose - 2.2 * r * (1 - np.cos(a)), 0.0, r * max(0.06, np.sin(a)), r * max(0.06, np.sin(a)))
            for a in np.linspace(0.06, np.pi / 2, 6)
        ]
        cone = 3.0 + 1.5 * p.transom * 4
        stations += [
            (tail + cone * (1 - t), 0.0, r * (1 - 0.9 * t**1.6), r * (1 - 0.9 * t**1.6)) for t in (0.0, 0.35, 0.7, 1.0)
        ]
        hull = body(stations, superellipse(2.0, 2.0, 2.0 + 0.15 * (p.entry - 2.0), 20))
        sail_z = 0.6 + 3.0 * (p.house_place - 0.4) / 0.18 * 0.5
        height = r + 0.85 * p.house_height
        tower = wing(
            [
                ((0.0, 0.0, sail_z + 0.9), 2.1, 0.5 * p.house_width + 0.1),
                ((0.0, height, sail_z + 0.9 - 0.3 * p.house_slant), 1.7, 0.45 * p.house_width),
            ],
            upright=True,
        )
        pieces = [tower]
        for index in range(1 + p.details):
            z = sail_z + 0.4 - 0.3 * index
            pieces.append(
                rod(
                    (0, height - 0.2, z),
                    (0, height + 0.35 + 0.25 * p.mast_height * (index % 2 + 1), z),
                    0.08,
                    segments=8,
                )
            )
        y_plane = 0.75 * height if p.derricks else 0.0
        z_plane = sail_z + 0.5 if p.derricks else 3.2
        planes = [
            mirrored(wing([((-0.02, y_plane, z_plane), 0.7, 0.16), ((r + 0.75, y_plane, z_plane - 0.15), 0.45, 0.13)]))
        ]
        z = tail + 1.5
        fin = wing([((0.0, -0.02, z), 1.0, 0.2), ((0.0, 1.15 * r + 0.35, z - 0.35), 0.55, 0.14)], upright=True)
        angle = 45.0 if p.tiers == 4 else 0.0
        planes += [fin.rotate((0.0, 0.0, angle + 90.0 * k)) for k in range(4)]
        blades = [
            box((0.28, 0.85 * r + 0.15, 0.14), (0.0, (0.85 * r + 0.15) / 2, 0.0), 0.04)
            .rotate((0, 35, 0))
            .rotate((0, 0, 360.0 * k / (3 + p.bays // 2)))
            for k in range(3 + p.bays // 2)
        ]
        screw = union([*blades, rod((0, 0, -0.25), (0, 0, 0.5), 0.16, segments=10)]).translate((0, 0, tail - 0.05))
        parts: list[Part] = [
            (hull, self.paint.hull),
            (union(pieces), self.paint.house),
            (union(planes), self.paint.hull),
            (screw, self.paint.boxes[0]),
        ]
        if p.keel > 0.8:
            casing = span((-0.3 * r, 0.5 * r, -3.0), (0.3 * r, 1.06 * r, 3.2), 0.08)
            parts.append((casing, self.paint.dark))
        return parts

    def _liner(self) -> list[Part]:
        p = self.p
        parts = self._decked(0.0)
        y = p.depth
        z0, z1 = self._z(0.08), self._z(0.8)
        half = 0.95 * self.hull.at(z1 - 0.6)[0]
        for _level in range(p.decks + 2):
            tall = 0.4 * p.house_height
            parts += self._house((z0, z1), (y - 0.12, y + tall), half, 0.4)
            y, half, z0, z1 = y + tall, 0.97 * half, z0 + 0.35, z1 - 0.3 - 0.2 * p.house_slant
        for index in range(p.funnels):
            z = z0 + (z1 - z0) * (index + 0.6) / (p.funnels + 0.4)
            parts += self._funnel(0.0, y - 0.2, z, 0.42, 1.2 * p.house_height, 0.25)
        parts += self._pole_mast(y - 0.1, z1 - 0.5, 1.3 * p.mast_height)
        boats = [
            ellipsoid((0.3, 0.32, 0.8), (half + 0.03, p.depth + 0.6 * p.house_height, z), 8)
            for z in np.linspace(self._z(0.25), self._z(0.6), p.bays)
        ]
        return [*parts, (mirrored(union(boats)), self.paint.funnel), *self._bulb()]

    def _carrier(self) -> list[Part]:
        p = self.p
        parts = self._decked(0.0)
        half, y = self.hull.half_beam, p.depth
        angle = 0.25 + 0.5 * p.house_width
        plan = np.array(
            [
                (1.25 * half, -5.0),
                (1.35 * half, 2.8),
                (0.75 * half, 5.3),
                (-0.7 * half, 5.3),
                (-0.9 * half, 2.6),
                (-(1.2 + angle) * half, 1.2),
                (-(1.2 + angle) * half, -2.6),
                (-1.1 * half, -5.0),
            ]
        )
        parts.append((prism(plan, y - 0.08, y + 0.16), self.paint.deck))
        sponson = np.array([(-1.0 * half, 0.35 * y), (1.0 * half, 0.35 * y), (1.25 * half, y), (-1.25 * half, y)])
        parts.append((prism(sponson, -3.5, 2.0, "z"), self.paint.hull))
        island = (10.0 * (p.house_place - 0.49) - 0.8, 10.0 * (p.house_place - 0.49) + 0.8)
        tower: list[Part] = []
        for level in range(p.decks):
            tower += self._house(
                (island[0] + 0.15 * level, island[1] - 0.1 * level),
                (y + 0.5 * level, y + 0.2 + 0.55 * (level + 1)),
                0.3 * half,
                0.2,
            )
        tower += self._tower(y + 0.5 * p.decks, (island[0] + island[1]) / 2, 0.8 * p.mast_height)
        parts += [(solid.translate((0.95 * half, 0.0, 0.0)), material) for solid, material in tower]
        planes = []
        for index in range(2 * p.details):
            z, x = -3.6 + 1.1 * (index // 2), (-0.55 + 1.1 * (index % 2)) * half
            z += 0.2 * (index % 2)
            planes.append(
                union(
                    [
                        box((0.16, 0.18, 0.9), (x, y + 0.22, z), 0.04),
                        box((0.75, 0.12, 0.3), (x, y + 0.2, z - 0.05)),
                        box((0.12, 0.4, 0.2), (x, y + 0.3, z - 0.36)),
                    ]
                )
            )
        if planes:
            parts.append((union(planes), self.paint.dark))
        return parts
