"""The parts of telephones; the builder behind `TelephoneParameters`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.materials import Material
from shapelift.synthesis.procedural import finishes
from shapelift.synthesis.procedural.draws import chance
from shapelift.synthesis.procedural.lofts import lathe
from shapelift.synthesis.procedural.solids import (
    Array,
    Part,
    box,
    cylinder,
    difference,
    loft,
    mirrored,
    move,
    prism,
    rod,
    rounded_rectangle,
    span,
    superellipse,
    turn,
    union,
)

if TYPE_CHECKING:
    from shapelift.synthesis.procedural.telephone import TelephoneParameters


class _Finish:
    """One material per group of parts."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        dark = chance(rng, 0.45)
        self.case: Material = (
            finishes.dark_plastic(rng) if dark else finishes.tinted(rng, "plastic", (0, 1), (0, 0.8), (0.35, 1))
        )
        if chance(rng, 0.2):
            self.case = finishes.bright_metal(rng)
        self.face: Material = self.case if chance(rng, 0.5) else finishes.dark_plastic(rng)
        self.screen: Material = finishes.tinted(
            rng, "glass", (0.2, 0.65), (0.0, 0.5), (0.03, 0.6 if chance(rng, 0.4) else 0.15)
        )
        self.keys: Material = (
            finishes.tinted(rng, "plastic", (0, 1), (0, 0.15), (0.6, 1.0)) if dark else finishes.dark_plastic(rng)
        )
        self.metal: Material = finishes.bright_metal(rng)
        self.dark: Material = finishes.tyre(rng)


def _plate(outline: Array, low: float, high: float, soft: float) -> Manifold:
    """Standing plate (outline in x and y) between two depths z, its rims drawn in by `soft`."""
    soft = min(soft, 0.49 * (high - low))
    reach = np.abs(outline).max(axis=0)
    rings = []
    for z, inset in (
        (low, soft),
        (low + 0.3 * soft, 0.3 * soft),
        (low + soft, 0.0),
        (high - soft, 0.0),
        (high - 0.3 * soft, 0.3 * soft),
        (high, soft),
    ):
        flat = outline * ((reach - inset) / reach)
        rings.append(np.column_stack([flat, np.full(len(flat), z)]))
    return loft(rings)


class Exchange:
    """Measures derived from the parameters once, and one method per kind of telephone."""

    def __init__(self, p: TelephoneParameters) -> None:
        self.p = p
        self.finish = _Finish(p.material_seed)

    def parts(self) -> list[Part]:
        """Everything, in overlapping pieces."""
        builders = {
            "smartphone": self._smartphone,
            "candybar": self._candybar,
            "flip": self._flip,
            "slider": self._slider,
            "cordless": self._cordless,
            "desk": self._desk,
            "rotary": self._rotary,
        }
        return builders[self.p.style]()

    # ------------------------------------------------------------------------------------------ bricks

    def _outline(self, width: float, height: float) -> Array:
        """Front outline of a mobile phone: rounded, with a waist (or a belly, when negative)."""
        p = self.p
        ring = rounded_rectangle(width, height, p.corner * width, 4)
        if not p.waist:
            return ring
        # Long sides need points in between to curve.
        side = np.linspace(-0.5, 0.5, 7)[1:-1] * (height - 2 * p.corner * width)
        upper, lower = ring[ring[:, 1] > 0], ring[ring[:, 1] < 0]
        full = np.concatenate(
            [
                upper,
                np.column_stack([np.full(5, -width / 2), -side]),
                lower,
                np.column_stack([np.full(5, width / 2), side]),
            ]
        )
        full[:, 0] *= 1.0 - p.waist * np.cos(np.pi * full[:, 1] / height) ** 2
        return full

    def _body(self, width: float, height: float, low: float, high: float) -> Manifold:
        return _plate(self._outline(width, height), low, high, self.p.softness * (high - low))

    def _screen(self, x: float, y: float, width: float, height: float, front: float) -> tuple[Manifold, Manifold]:
        """(recess to cut, glass pane a little below the surface)."""
        outline = rounded_rectangle(width, height, 0.06 * width, 2) + np.array([x, y])
        deep = 0.12
        cut = prism(outline, front - deep, front + 1.0, "z")
        return cut, prism(outline, front - deep - 0.15, front - 0.06, "z")

    def _keys(self, width: float, low: float, high: float, front: float, rows: int, columns: int) -> Manifold:
        """A grid of keys standing out of a front by 0.12."""
        p = self.p
        step = np.array([width / columns, (high - low) / rows])
        size = p.key_size * step
        keys = []
        for row in range(rows):
            for column in range(columns):
                x = (column + 0.5) * step[0] - width / 2
                y = low + (row + 0.5) * step[1]
                if p.round_keys:
                    ring = superellipse(size[0], size[1], 2.0, 12)
                    keys.append(prism(ring + np.array([x, y]), front - 0.2, front + 0.14, "z"))
                else:
                    keys.append(
                        span(
                            (x - size[0] / 2, y - size[1] / 2, front - 0.2),
                            (x + size[0] / 2, y + size[1] / 2, front + 0.14),
                        )
                    )
        return Manifold.compose(keys)

    def _antenna(self, x: float, y: float, z: float) -> list[Part]:
        p = self.p
        if p.antenna == "none":
            return []
        if p.antenna == "stub":
            return [(rod((x, y - 1.0, z), (x, y + 1.5 * p.antenna_length, z), 0.42, 0.36, 12), self.finish.dark)]
        tip = y + 6.0 * p.antenna_length
        mast = rod((x, y - 1.0, z), (x, tip, z), 0.2, 0.16, 8) + cylinder(
            tip - 0.3, tip + 0.4, 0.26, segments=10
        ).translate((x, 0, z))
        return [(mast, self.finish.dark)]

    # ------------------------------------------------------------------------------------------ mobile phones

    def _smartphone(self) -> list[Part]:
        p = self.p
        w, h, t = p.width, p.height, p.thickness
        front, back = t / 2, -t / 2
        wide, tall = w * (1 - 2 * p.bezel), h * p.screen
        y = (h - tall) * (p.screen_place - 0.5) * 0.5
        cut, pane = self._screen(0.0, y, wide, tall, front)
        parts: list[Part] = [
            (difference(self._body(w, h, back, front), [cut]), self.finish.case),
            (pane, self.finish.screen),
        ]
        margin = (h - tall) / 2
        if p.notch == "notch":
            ear = span(
                (-0.2 * wide, y + tall / 2 - 0.05 * h, front - 0.2), (0.2 * wide, y + tall / 2 + 0.1, front), 0.03
            )
            parts.append((ear, self.finish.dark))
        elif p.notch == "button" and margin > 0.9:
            room = (y - tall / 2) - (-h / 2)
            button = rod(
                (0, -h / 2 + room / 2, front - 0.2),
                (0, -h / 2 + room / 2, front + 0.1),
                min(0.32 * room, 0.7),
                segments=16,
            )
            speaker = span(
                (-0.12 * w, h / 2 - 0.4 * margin, front - 0.2), (0.12 * w, h / 2 - 0.4 * margin + 0.2, front + 0.09)
            )
            parts.append((button + speaker, self.finish.keys))
        parts += self._cameras(w, h, back)
        buttons = []
        for index in range(p.side_buttons):
            level, long = h * (0.28 - 0.12 * index), 0.04 * h
            side = 1.0 if index != 2 else -1.0
            buttons.append(
                span((side * (w / 2 - 0.2), level - long, -0.22 * t), (side * (w / 2 + 0.12), level + long, 0.22 * t))
            )
        parts.append((union(buttons), self.finish.metal))
        return parts

    def _cameras(self, w: float, h: float, back: float) -> list[Part]:
        """The bump on the back and its lenses."""
        p = self.p
        if p.camera == "none":
            return []
        s = p.camera_size
        r = 0.085 * w * s
        spots = {
            "single": [(0.32, 0.42)],
            "row": [(0.32, 0.42), (0.32, 0.32), (0.32, 0.22)],
            "square": [(0.36, 0.43), (0.36, 0.32), (0.18, 0.375)],
            "bar": [(0.3, 0.36), (0.08, 0.36), (-0.2, 0.36)],
        }[p.camera]
        places = [(x * w, y * h) for x, y in spots]
        xs, ys = [x for x, _ in places], [y for _, y in places]
        pad = 1.6 * r
        low, high = (min(xs) - pad, min(ys) - pad), (max(xs) + pad, min(max(ys) + pad, 0.49 * h))
        if p.camera == "bar":
            low, high = (-0.5 * w + 0.15, low[1]), (0.5 * w - 0.15, high[1])
        outline = rounded_rectangle(high[0] - low[0], high[1] - low[1], 0.7 * pad, 3) + np.array(
            [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2]
        )
        island = prism(outline, back - 0.16 * s, back + 0.2, "z")
        lenses = [rod((x, y, back - 0.3 * s), (x, y, back + 0.1), r, segments=14) for x, y in places]
        return [(island, self.finish.case), (union(lenses), self.finish.screen)]

    def _candybar(self) -> list[Part]:
        p = self.p
        w, h, t = p.width, p.height, p.thickness
        front = t / 2
        tall, wide = p.screen * h * 0.8, 0.76 * w
        top = h / 2 - (0.13 + 0.3 * (p.screen_place - 0.4)) * h
        cut, pane = self._screen(0.0, top - tall / 2, wide, tall, front)
        body = difference(self._body(w, h, -front, front), [cut])
        high = top - tall - 0.13 * h
        low = -h / 2 + 0.06 * h
        parts: list[Part] = [(body, self.finish.case), (pane, self.finish.screen)]
        parts.append(
            (
                self._keys(0.84 * w * (1 - max(0.0, p.waist)), low, high, front, p.key_rows, p.key_columns),
                self.finish.keys,
            )
        )
        parts.append((self._pad(0.0, high + 0.065 * h, front, 0.035 * h), self.finish.metal))
        ear = span((-0.1 * w, h / 2 - 0.075 * h, front - 0.3), (0.1 * w, h / 2 - 0.05 * h, front + 0.08))
        parts.append((ear, self.finish.dark))
        return [*parts, *self._antenna(0.32 * w, h / 2, -0.1 * t)]

    def _pad(self, x: float, y: float, front: float, size: float) -> Manifold:
        """Navigation key between two soft keys."""
        w = self.p.width
        key = prism(superellipse(2.6 * size, 1.8 * size, 2.5, 16) + np.array([x, y]), front - 0.2, front + 0.2, "z")
        soft = mirrored(span((0.24 * w, y - 0.5 * size, front - 0.2), (0.38 * w, y + 0.5 * size, front + 0.14)))
        return key + soft

    def _flip(self) -> list[Part]:
        """Keys below, the lid with its screens above, hinged open."""
        p = self.p
        w, h, t = p.width, p.height, p.thickness
        front = t / 2
        lower = self._body(w, h, -front, front)
        low = -h / 2 + 0.05 * h
        keys = self._keys(0.86 * w, low, 0.14 * h, front, p.key_rows, p.key_columns)
        parts: list[Part] = [
            (lower, self.finish.case),
            (keys, self.finish.keys),
            (self._pad(0.0, 0.26 * h, front, 0.06 * h), self.finish.metal),
        ]
        # The lid is built unfolded, straight above, and turned forward about the hinge.
        hinge = h / 2 - 0.1
        lid_middle = hinge + h / 2 - 0.1
        cut, pane = self._screen(0.0, lid_middle + 0.02 * h, 0.76 * w, (0.3 + p.screen) * h, front * 0.7)
        back_cut, back_pane = self._screen(0.0, lid_middle + 0.1 * h, 0.42 * w, 0.26 * h, front)
        flipped = [turn(move(solid, (0.0, -lid_middle, 0.0)), "y", 180.0) for solid in (back_cut, back_pane)]
        lens_cut, lens_pane = (move(solid, (0.0, lid_middle, 0.0)) for solid in flipped)
        lid = move(self._body(w, h, -front, front * 0.7), (0.0, lid_middle, 0.0))
        lid_parts: list[Part] = [
            (difference(lid, [cut, lens_cut]), self.finish.face),
            (pane, self.finish.screen),
            (lens_pane, self.finish.screen),
        ]
        pivot = (0.0, hinge, 0.35 * t)
        parts += [(turn(solid, "x", 180.0 - p.opening_deg, pivot), material) for solid, material in lid_parts]
        barrel = rod((-0.47 * w, hinge, 0.35 * t), (0.47 * w, hinge, 0.35 * t), 0.62 * t, segments=14)
        return [*parts, (barrel, self.finish.metal), *self._antenna(0.36 * w, hinge, -0.25 * t)]

    def _slider(self) -> list[Part]:
        p = self.p
        w, h, t = p.width, p.height, p.thickness
        offset = p.slide * h
        lower = self._body(w, h, -t, 0.05)
        upper = move(self._body(w, h, -0.03, t), (0.0, offset, 0.0))
        tall = h * (0.35 + p.screen)
        cut, pane = self._screen(0.0, offset + 0.06 * h, 0.8 * w, min(tall, 0.72 * h), t)
        keys = self._keys(0.86 * w, -h / 2 + 0.04 * h, -h / 2 + offset - 0.02 * h, 0.05, p.key_rows, p.key_columns)
        pad = self._pad(0.0, offset - 0.4 * h, t, 0.045 * h)
        parts: list[Part] = [
            (lower, self.finish.case),
            (difference(upper, [cut]), self.finish.face),
            (pane, self.finish.screen),
        ]
        parts += [(keys, self.finish.keys), (pad, self.finish.metal)]
        if p.camera != "none":
            lens = rod(
                (0.2 * w * p.camera_size, 0.36 * h, -t - 0.15),
                (0.2 * w * p.camera_size, 0.36 * h, -t + 0.2),
                0.13 * w,
                segments=16,
            )
            parts.append((lens, self.finish.screen))
        return parts

    # ------------------------------------------------------------------------------------------ at home

    def _cordless(self) -> list[Part]:
        """A handset leaning back in its charging base."""
        p = self.p
        w, h, t = p.width, p.height, p.thickness
        handset = [
            (turn(solid, "x", -p.tilt_deg, (0.0, -h / 2, 0.0)), material) for solid, material in self._candybar()
        ]
        width, depth = p.base_width * w, 2.6 * t + 3.0
        tall = 0.16 * h + 0.9
        low = -h / 2 - 0.9
        side = np.array(
            [
                (depth / 2, low),
                (depth / 2 - 0.3, low + 0.35 * tall),
                (0.45 * t, low + tall),
                (-0.6 * t - 1.0, low + 1.15 * tall),
                (-depth / 2, low + 0.4 * tall),
                (-depth / 2, low),
            ]
        )
        block = prism(side, -width / 2, width / 2, "x")
        plan = rounded_rectangle(width, depth, 0.2 * depth, 4)
        block ^= prism(plan, low - 1, low + 2 * tall, "y")
        return [*handset, (block, self.finish.face)]

    def _handset(self, length: float) -> Manifold:
        """Receiver along x at y = 0 (its underside at the cups is y = 0), arched upward."""
        p = self.p
        t, arch = p.handset_thickness, p.handset_arch
        rings = []
        for share in np.linspace(-1.0, 1.0, 11):
            x = share * (length / 2 - 0.6)
            size = 1.0 + 0.45 * abs(share) ** 4
            outline = superellipse(1.15 * t * size, 0.85 * t, 3.0, 14)
            y = t + arch * (1.0 - share**2)
            rings.append(np.column_stack([np.full(14, x), outline[:, 1] + y, outline[:, 0]]))
        grip = loft(rings)
        cup_x = length / 2 - 1.25 * t
        r = 1.25 * t
        profile = [(0.0, 0.0), (0.85 * r, 0.0), (r, 0.25 * t), (r, 0.8 * t), (0.75 * r, 1.25 * t), (0.0, 1.35 * t)]
        return union([grip, lathe(profile, "y", 18, (cup_x, 0.0, 0.0)), lathe(profile, "y", 18, (-cup_x, 0.0, 0.0))])

    def _desk(self) -> list[Part]:
        """Wedge with keys, a display and the receiver in its cradle."""
        p = self.p
        w, d = p.width, p.height
        slope = np.radians(p.slope_deg)
        low = max(2.0, p.thickness - 0.6 * d * np.tan(slope))
        high = low + d * np.tan(slope)
        side = [(d / 2, 0.0), (d / 2, low), (-d / 2, high), (-d / 2 - 0.3, 0.0)]
        base = prism(np.array(side), -w / 2, w / 2, "x") ^ prism(
            rounded_rectangle(w, d + 0.4, p.corner * 0.25 * w, 4), -1.0, high + 1.0
        )
        # On top: built on a level plane (x across, y up the slope, z out of it) and laid on the wedge.
        panel, face = [], []
        room = (-w / 2 + 0.8, w / 2 - 0.8)
        if not p.handset_across:
            room = (-w / 2 + 3.6 * p.handset_thickness + 0.3, w / 2 - 0.8)
        span_x = room[1] - room[0]
        middle = (room[0] + room[1]) / 2
        across = p.handset_across
        keys_high = 0.5 * d - 3.5 * p.handset_thickness - 0.4 if across else 0.16 * d - 0.3
        keys_w = min(span_x * 0.9, 9.5)
        keys = self._keys(keys_w, -0.44 * d, keys_high, 0.0, p.key_rows, p.key_columns).scale((1, 1, 2.2))
        panel.append(move(keys, (middle, 0.0, 0.0)))
        if not p.handset_across:
            display = box((0.86 * span_x, (0.14 + 0.2 * p.screen) * d, 0.9), (middle, 0.36 * d, 0.1), 0.15)
            face.append(display)
        length = min(
            p.handset_length, (1.0 if not p.handset_across else 1.05) * (d if not p.handset_across else w) + 1.0
        )
        cup = length / 2 - 1.25 * p.handset_thickness
        receiver = turn(self._handset(length), "x", 90.0)
        seats = mirrored(
            span(
                (cup - 1.3 * p.handset_thickness, -1.5 * p.handset_thickness, -1.0),
                (cup + 1.3 * p.handset_thickness, 1.5 * p.handset_thickness, 0.45),
                0.2,
            )
        )
        if p.handset_across:
            place = (0.0, 0.5 * d - 1.9 * p.handset_thickness, 0.35)
        else:
            receiver, seats = turn(receiver, "z", 90.0 + p.handset_off_deg), turn(seats, "z", 90.0)
            place = (-w / 2 + 1.8 * p.handset_thickness, 0.0, 0.35)

        def laid(solid: Manifold) -> Manifold:
            flat = turn(solid, "x", -90.0)
            return move(turn(flat, "x", np.degrees(slope)), (0.0, (low + high) / 2, 0.0))

        parts: list[Part] = [(base, self.finish.case), (laid(union(panel)), self.finish.keys)]
        if face:
            parts.append((laid(union(face)), self.finish.screen))
        parts.append((laid(move(receiver, place)), self.finish.face))
        parts.append((laid(move(seats, (place[0], place[1], 0.0))), self.finish.case))
        return parts

    def _rotary(self) -> list[Part]:
        """The old black telephone: waisted case, dial in front, receiver across its fork."""
        p = self.p
        w, d, h = p.width, p.height, p.thickness
        rings = []
        # Each level: height, width, front edge, rear edge (shares).
        for y, across, front, rear in (
            (0.0, 1.0, 0.5, -0.5),
            (0.12, 1.0, 0.5, -0.5),
            (0.3, 0.92 - 0.3 * p.softness, 0.43, -0.46),
            (0.65, 0.72 - 0.3 * p.softness, 0.14, -0.38),
            (0.92, 0.62, -0.04, -0.33),
            (1.0, 0.56, -0.08, -0.3),
        ):
            outline = rounded_rectangle(across * w, (front - rear) * d, 0.12 * w, 3) + np.array(
                [0.0, (front + rear) / 2 * d]
            )
            rings.append(np.column_stack([outline[:, 0], np.full(len(outline), y * h), outline[:, 1]]))
        case = loft(rings)
        parts: list[Part] = [(case, self.finish.case)]
        parts += self._dial(
            p.dial * w * 0.92, np.array([0.0, 0.475 * h, 0.285 * d]), np.degrees(np.arctan2(0.35 * h, 0.29 * d))
        )
        fork_x, z = 0.32 * w, -0.19 * d
        reach = p.handset_thickness
        fork = [span((-fork_x - 0.9, 0.9 * h, z - 1.0), (fork_x + 0.9, h + 0.6, z + 1.0), 0.3)]
        for x in (-fork_x, fork_x):
            fork += [
                span(
                    (x - 0.5, h - 1.0, z + side * 1.25 * reach - 0.45),
                    (x + 0.5, h + 1.4 * reach + 0.6, z + side * 1.25 * reach + 0.45),
                    0.2,
                )
                for side in (-1, 1)
            ]
            fork.append(span((x - 0.5, h - 1.0, z - 1.3 * reach), (x + 0.5, h + 0.75, z + 1.3 * reach), 0.2))
        length = max(min(p.handset_length, 1.25 * w), 2 * fork_x + 5.2 * reach)
        receiver = move(turn(self._handset(length), "y", 1.5 * p.handset_off_deg), (0.0, h + 0.1 - 0.45 * reach, z))
        return [*parts, (union(fork), self.finish.metal), (receiver, self.finish.face)]

    def _dial(self, diameter: float, at: Array, lean_deg: float) -> list[Part]:
        """Finger wheel with ten holes on the sloping front; `lean_deg` is the slope of that front from level."""
        r = diameter / 2
        plate = lathe([(0.0, -2.2), (1.08 * r, -2.2), (1.08 * r, 0.25), (0.0, 0.25)], "z", 26)
        disc = lathe([(0.0, 0.1), (r, 0.1), (r, 0.75), (0.92 * r, 0.85), (0.0, 0.85)], "z", 26)
        holes = []
        for index in range(10):
            angle = np.radians(60.0 + 29.0 * index)
            x, y = 0.74 * r * np.cos(angle), 0.74 * r * np.sin(angle)
            holes.append(rod((x, y, 0.3), (x, y, 2.0), 0.15 * r, segments=10))
        wheel = difference(disc, [union(holes)])
        label = rod((0, 0, 0.5), (0, 0, 1.0), 0.42 * r, segments=18)

        def placed(solid: Manifold) -> Manifold:
            return move(turn(solid, "x", lean_deg - 90.0), at)

        return [
            (placed(plate), self.finish.keys),
            (placed(wheel), self.finish.metal),
            (placed(label), self.finish.face),
        ]
