"""Lamps: table, floor, tripod, desk arm, arc, pendant, chandelier, lantern and wall lamps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from shapelift.synthesis.materials import Asset
from shapelift.synthesis.procedural.draws import between, chance, count, finish, pick
from shapelift.synthesis.procedural.lampshades import Lampshade, ShadeStyle
from shapelift.synthesis.procedural.solids import (
    SIDES,
    Piece,
    Vector,
    around,
    assemble,
    box,
    cylinder,
    ellipsoid,
    move,
    prism,
    rectangle,
    regular_polygon,
    revolve,
    rod,
    smooth_curve,
    span,
    stack,
    tube,
)

Kind = Literal["table", "floor", "tripod", "desk", "arc", "pendant", "chandelier", "lantern", "wall"]
Foot = Literal["disc", "dome", "square", "bell", "feet", "rings", "block"]
Body = Literal["plain", "gourd", "vase", "balls", "turned", "column", "box", "cone", "ring"]


@dataclass(frozen=True, kw_only=True)
class LampParameters:
    """Lengths are shares of the lamp's height (or of its reach, for hanging lamps), which is about 1."""

    kind: Kind
    shade: ShadeStyle
    shade_radius: float
    shade_height: float
    shade_taper: float
    shade_sides: int
    shade_open: bool
    shade_tilt_deg: float
    foot: Foot
    foot_radius: float
    foot_height: float
    body: Body
    body_radius: float
    body_height: float
    stem_radius: float
    lights: int
    reach: float
    elbow_deg: float
    joint: float
    drop: float
    finial: bool
    bulb: float
    material_seed: int

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """The kind first; the size of shade and foot follow it."""
        kind = pick(rng, _KINDS)
        tall = kind in {"floor", "tripod", "arc"}
        return cls(
            kind=kind,
            shade=pick(rng, _SHADES),
            shade_radius=between(rng, 0.09, 0.19) if tall else between(rng, 0.14, 0.36),
            shade_height=between(rng, 0.11, 0.24) if tall else between(rng, 0.16, 0.4),
            shade_taper=between(rng, 0.35, 1.0),
            shade_sides=pick(rng, {4: 1.0, 5: 0.4, 6: 1.0, 8: 0.8}),
            shade_open=chance(rng, 0.8),
            shade_tilt_deg=between(rng, 0.0, 50.0),
            foot=pick(
                rng, {"disc": 4.0, "dome": 1.5, "square": 1.5, "bell": 1.0, "feet": 1.0, "rings": 0.8, "block": 0.5}
            ),
            foot_radius=between(rng, 0.1, 0.17) if tall else between(rng, 0.12, 0.24),
            foot_height=between(rng, 0.015, 0.05),
            body=pick(rng, _BODIES),
            body_radius=between(rng, 0.05, 0.2),
            body_height=between(rng, 0.25, 0.95),
            stem_radius=between(rng, 0.008, 0.016) if tall else between(rng, 0.009, 0.03),
            lights=count(rng, 1, 3) if kind in {"floor", "pendant", "wall"} and chance(rng, 0.3) else count(rng, 3, 8),
            reach=between(rng, 0.2, 0.6),
            elbow_deg=between(rng, 15.0, 75.0),
            joint=between(rng, 1.2, 2.2),
            drop=between(rng, 0.1, 0.8),
            finial=chance(rng, 0.4),
            bulb=between(rng, 0.2, 0.5),
            material_seed=int(rng.integers(2**31)),
        )

    def build(self) -> Asset:
        """See `Family.build`."""
        finishes = finish(
            np.random.default_rng(self.material_seed),
            {
                "stem": {"metal": 6.0, "wood": 2.0, "plastic": 1.0, "paint": 1.0},
                "body": {"metal": 2.0, "wood": 2.0, "stone": 2.0, "glass": 1.0, "paint": 2.0},
                "shade": {"fabric": 4.0, "glass": 2.0, "metal": 1.5, "paint": 1.5, "plastic": 1.0},
                "bulb": {"glass": 1.0},
            },
            unity=0.15,
        )
        return assemble([(solid, finishes[group]) for solid, group in _KIND_MAKERS[self.kind](self)])


_KINDS: dict[Kind, float] = {
    "table": 4.5,
    "floor": 3.0,
    "tripod": 1.0,
    "desk": 2.0,
    "arc": 0.8,
    "pendant": 2.2,
    "chandelier": 1.3,
    "lantern": 0.6,
    "wall": 0.9,
}
_SHADES: dict[ShadeStyle, float] = {
    "drum": 3.0,
    "empire": 3.0,
    "bell": 1.2,
    "globe": 1.5,
    "dome": 1.5,
    "cone": 1.5,
    "coolie": 0.8,
    "square": 1.0,
    "polygon": 0.8,
    "tulip": 0.7,
    "tiers": 0.4,
}
_BODIES: dict[Body, float] = {
    "plain": 3.0,
    "gourd": 1.5,
    "vase": 1.5,
    "balls": 1.0,
    "turned": 1.2,
    "column": 1.0,
    "box": 0.8,
    "cone": 1.0,
    "ring": 0.5,
}


# ---------------------------------------------------------------------------------------------- shades


def _bulb(p: LampParameters, radius: float, top: float) -> list[Piece]:
    """Socket and bulb hanging below the fixing point."""
    r = p.bulb * min(radius, 0.2) * 0.8
    return [
        (ellipsoid((2 * r, 2.4 * r, 2 * r), (0.0, top - 0.04 - 1.6 * r, 0.0), 12), "bulb"),
        (cylinder(top - 0.05 - r, top, max(0.016, 0.4 * r), segments=10), "stem"),
    ]


def _hung_shade(
    p: LampParameters, at: Vector, scale: float = 1.0, tilt: tuple[float, float] = (0.0, 0.0)
) -> list[Piece]:
    """Shade with its bulb, fixed at a point, opening downwards; `tilt` = angles about X and Z."""
    radius, height = p.shade_radius * scale, p.shade_height * scale
    shade = Lampshade(
        style=p.shade, radius=radius, height=height, taper=p.shade_taper, sides=p.shade_sides, open=p.shade_open
    )
    pieces, top = shade.build()
    if p.shade_open and p.shade not in {"globe", "tiers"}:
        pieces = pieces + _bulb(p, radius, top)
    drop = 0.8 * radius * (0.7 + 0.3 * p.shade_taper) if p.shade == "globe" else top - 0.006
    return [(move(move(s, (0.0, -drop, 0.0)).rotate((tilt[0], 0.0, tilt[1])), at), group) for s, group in pieces]


def _shade_on_stem(p: LampParameters, top: float) -> list[Piece]:
    """Shade fixed on the upper end of a stem that passes through it."""
    pieces = _hung_shade(p, (0.0, top, 0.0))
    if p.finial:
        pieces.append((ellipsoid((0.04, 0.06, 0.04), (0.0, top + 0.02, 0.0), 10), "stem"))
    return pieces


# ---------------------------------------------------------------------------------------------- feet and bodies


def _foot(p: LampParameters, radius: float) -> list[Piece]:
    h = p.foot_height
    group = "stem"
    if p.foot == "disc":
        solids = [cylinder(0.0, h, radius, radius * 0.95)]
    elif p.foot == "dome":
        solids = [ellipsoid((2 * radius, 5 * h, 2 * radius), segments=24).trim_by_plane((0.0, 1.0, 0.0), 0.0)]
    elif p.foot == "square":
        solids = [box((1.7 * radius, h, 1.7 * radius), (0.0, h / 2, 0.0), 0.2 * h)]
    elif p.foot == "block":
        solids = [stack(rectangle(1.6 * radius, 1.2 * radius), [(0.0, 1.0), (4 * h, 0.75)])]
    elif p.foot == "bell":
        curve = [(radius * (0.15 + 0.85 * (1 - t) ** 3), h * (0.4 + 4 * t)) for t in np.linspace(0, 1, 7)]
        solids = [revolve([(0.0, 0.0), (radius, 0.0), *curve, (0.0, 4.4 * h)])]
    elif p.foot == "rings":
        solids = [cylinder(h * i - 0.002 * (i > 0), h * (i + 1), radius * (1 - 0.25 * i)) for i in range(3)]
    else:
        path = smooth_curve([(0.0, 4 * h, 0.0), (0.5 * radius, 3.4 * h, 0.0), (radius, 0.014, 0.0)], 6)
        solids = around(tube(path, 0.014, 8), 3 + p.shade_sides % 2, 90.0)
        solids.append(cylinder(2.6 * h, 4.6 * h, 0.03, segments=12))
    return [(solid, group) for solid in solids]


def _body(p: LampParameters, low: float, high: float) -> list[Piece]:
    """Ornamental body between two heights; the stem runs through it."""
    h, r = high - low, p.body_radius * (0.55 if p.kind == "floor" else 1.0)
    profiles: dict[Body, list[tuple[float, float]]] = {
        "gourd": [(0.3, 0), (0.8, 0.1), (1, 0.28), (0.75, 0.48), (0.45, 0.6), (0.6, 0.74), (0.45, 0.9), (0.2, 1)],
        "vase": [(0.5, 0), (0.55, 0.05), (0.75, 0.3), (1, 0.62), (0.85, 0.85), (0.4, 0.96), (0.45, 1)],
        "turned": [(0.8, 0), (0.4, 0.08), (0.8, 0.16), (0.3, 0.24), (0.5, 0.5), (0.3, 0.76), (0.7, 0.86), (0.3, 1)],
    }
    if p.body == "plain":
        return []
    if p.body in profiles:
        curve = smooth_curve(profiles[p.body], 20) * [r, h] + [0.0, low]
        return [(revolve(np.concatenate([[[0.0, low]], curve, [[0.0, high]]])), "body")]
    if p.body == "balls":
        number = max(1, min(5, round(h / (2 * r))))
        size = h / number
        return [
            (ellipsoid((2 * r, size * 1.04, 2 * r), (0.0, low + size * (i + 0.5), 0.0)), "body") for i in range(number)
        ]
    if p.body == "box":
        return [(box((1.4 * r, h, 1.4 * r), (0.0, (low + high) / 2, 0.0), 0.1 * r), "body")]
    if p.body == "ring":
        size = min(0.5 * h, 1.5 * r)
        angles = np.linspace(0, 2 * np.pi, 20, endpoint=False)
        ring = np.stack([size * np.cos(angles), low + size + size * np.sin(angles), 0 * angles], axis=1)
        return [(tube(ring, 0.2 * r + 0.008, 8, closed=True), "body")]
    return [
        (cylinder(low, high, 0.6 * r if p.body == "column" else r, 0.6 * r if p.body == "column" else 0.25 * r), "body")
    ]


# ---------------------------------------------------------------------------------------------- kinds


def _standing(p: LampParameters) -> list[Piece]:
    """Table and floor lamps; several lights branch out of a floor lamp's top."""
    floor = p.kind == "floor"
    under = 1.0 - p.shade_height * (0.7 if p.shade == "coolie" else 1.0)
    high = p.foot_height + (under - p.foot_height) * p.body_height * (0.5 if floor else 1.0)
    pieces = _foot(p, p.foot_radius)
    pieces += _body(p, 0.6 * p.foot_height, high)
    pieces.append((cylinder(0.4 * p.foot_height, 1.0, p.stem_radius, segments=12), "stem"))
    if not floor or p.lights > 3:
        return pieces + _shade_on_stem(p, 1.0)
    for index in range(p.lights):
        angle = 2 * np.pi * index / p.lights + 0.5
        out = np.array([np.cos(angle), 0.0, np.sin(angle)]) * (0.12 + 0.2 * p.reach)
        base = 1.0 - 0.22 * p.drop * index
        end = out + np.array([0.0, base - 0.05, 0.0])
        arm = smooth_curve([np.array([0.0, base - 0.2, 0.0]), 0.5 * out + np.array([0.0, base - 0.02, 0.0]), end], 8)
        pieces.append((tube(arm, max(0.009, 0.8 * p.stem_radius), 8), "stem"))
        pieces += _hung_shade(p, end, 0.7)
    return pieces


def _tripod(p: LampParameters) -> list[Piece]:
    hub = 1.0 - p.shade_height * 0.9
    foot = 0.16 + 0.22 * p.reach
    head = 0.02 + 0.2 * p.stem_radius
    one = rod((foot, 0.0, 0.0), (head, hub, 0.0), 0.6 * p.stem_radius + 0.004, 1.2 * p.stem_radius, 8)
    pieces: list[Piece] = [(solid, "body") for solid in around(one, 3 if p.lights < 7 else 4, 90.0)]
    pieces.append((cylinder(hub - 0.04, hub + 0.01, head + 2 * p.stem_radius, segments=16), "stem"))
    pieces.append((cylinder(hub, 1.0, p.stem_radius, segments=10), "stem"))
    if p.finial:
        y = 0.3 + 0.3 * p.drop
        at = foot + (head - foot) * y / hub
        ring = regular_polygon(18, at)
        path = np.stack([ring[:, 0], np.full(18, y), ring[:, 1]], axis=1)
        pieces.append((tube(path, 0.9 * p.stem_radius, 6, closed=True), "stem"))
    return pieces + _hung_shade(p, (0.0, 1.0, 0.0))


def _desk(p: LampParameters) -> list[Piece]:
    """Two arm sections with joints; the head looks down in front."""
    r = max(0.012, 0.7 * p.stem_radius)
    lower, upper = 0.3 + 0.3 * p.body_height, 0.3 + 0.4 * p.reach
    a, b = np.radians(p.elbow_deg), np.radians(20.0 + 0.6 * p.shade_tilt_deg)
    start = np.array([0.0, 0.6 * p.foot_height, 0.0])
    elbow = start + lower * np.array([0.0, np.sin(a + 0.25), -0.7 * np.cos(a + 0.25)])
    head = elbow + upper * np.array([0.0, np.sin(b) * 0.6, np.cos(b)])
    head[1] = max(head[1], p.shade_height + 0.05)
    pieces = _foot(p, p.foot_radius)
    strands = SIDES if p.finial else (0.0,)
    for side in strands:
        offset = np.array([side * 1.3 * r, 0.0, 0.0])
        pieces += [(rod(start + offset, elbow + offset, r, segments=10), "stem")]
        pieces += [(rod(elbow + offset, head + offset, r, segments=10), "stem")]
    for point in (start, elbow, head):
        across = np.array([(2.2 if p.finial else 1.0) * p.joint * r, 0.0, 0.0])
        pieces.append((rod(point - across, point + across, p.joint * r, segments=12), "body"))
    return pieces + _hung_shade(p, head, 0.75, (-0.8 * p.shade_tilt_deg, 0.0))


def _arc(p: LampParameters) -> list[Piece]:
    """One long bow from a heavy foot over to a hanging shade."""
    r = max(0.013, p.stem_radius)
    out = 0.45 + 0.8 * p.reach
    end_y = 0.45 + 0.35 * p.drop + p.shade_height * 0.5
    control = [
        (0.0, 0.0, 0.0),
        (-0.02, 0.5, 0.0),
        (0.3 * out, 0.98, 0.0),
        (0.75 * out, 0.98, 0.0),
        (out, end_y + 0.05, 0.0),
    ]
    path = smooth_curve(control, 20)
    pieces = _foot(p, max(p.foot_radius, 0.13))
    pieces.append((tube(path + np.array([0.0, 0.4 * p.foot_height, 0.0]), r, 10), "stem"))
    pieces.append((cylinder(0.0, 0.12 * p.joint, 1.6 * r, segments=12), "stem"))
    return pieces + _hung_shade(p, path[-1] + [0.0, 0.4 * p.foot_height, 0.0])


def _pendant(p: LampParameters) -> list[Piece]:
    """Ceiling canopy, cord or rod, shade; several in a row or a ring."""
    r = max(0.008, 0.6 * p.stem_radius)
    number = p.lights if p.lights < 4 else 1
    length = 0.15 + p.drop
    scale = 1.0 if number == 1 else 0.65
    spacing = 2.1 * p.shade_radius * scale * (1.3 if p.shade == "coolie" else 1.0)
    pieces: list[Piece] = []
    if number == 1:
        pieces.append((cylinder(-0.03 - 0.5 * p.foot_height, 0.0, 0.5 * p.foot_radius, 0.45 * p.foot_radius), "stem"))
    else:
        pieces.append((box((spacing * number * 0.8, 0.04, 0.08), (0.0, -0.02, 0.0), 0.005), "stem"))
    for index in range(number):
        x = spacing * 0.8 * (index - (number - 1) / 2) * 0.9
        drop = length * (1.0 if number == 1 else 0.6 + 0.8 * (index % 2))
        pieces.append((rod((x, -0.02, 0.0), (x, -drop, 0.0), r, segments=8), "stem"))
        pieces += _hung_shade(p, (x, -drop + 0.004, 0.0), scale)
    if p.body != "plain" and number == 1 and p.finial:
        pieces += _body(p, -0.6 * length, -0.25 * length)
    return pieces


def _chandelier(p: LampParameters) -> list[Piece]:
    """Curved arms around a turned body, a small shade or candle on each."""
    r = max(0.011, 0.6 * p.stem_radius)
    out = 0.25 + 0.45 * p.reach
    pieces: list[Piece] = [(cylinder(-0.3, 0.45 + 0.5 * p.drop, r * 1.2, segments=10), "stem")]
    pieces += _body(p, -0.2, 0.25)
    pieces.append((cylinder(0.42 + 0.5 * p.drop, 0.46 + 0.5 * p.drop, 0.5 * p.foot_radius), "stem"))
    pieces.append((ellipsoid((0.1, 0.1, 0.1), (0.0, -0.28, 0.0), 12), "body"))
    down = 0.1 + 0.2 * p.elbow_deg / 75.0
    path = smooth_curve(
        [(0.0, -0.05, 0.0), (0.4 * out, -down, 0.0), (0.85 * out, -0.4 * down, 0.0), (out, 0.08, 0.0)], 12
    )
    number = max(p.lights, 3)
    pieces += [(solid, "stem") for solid in around(tube(path, r, 8), number)]
    tip = np.array([out, 0.08, 0.0])
    lamp: list[Piece] = [(cylinder(0.05, 0.09, 0.045, segments=12), "stem")]
    if p.shade_open and p.shade in {"drum", "empire", "bell", "coolie", "cone"}:
        small = min(0.35, 0.8 * np.pi * out / number / p.shade_radius / 1.3)
        lamp.append((cylinder(0.0, 0.1 + p.shade_height * small, 0.018, segments=8), "bulb"))
        lamp += _hung_shade(p, (0.0, 0.09 + p.shade_height * small, 0.0), small)
    elif p.shade in {"globe", "dome", "tulip"}:
        lamp.append((ellipsoid((0.15, 0.16, 0.15), (0.0, 0.14, 0.0), 14), "shade"))
    else:
        lamp += [
            (cylinder(0.06, 0.2, 0.018, segments=8), "bulb"),
            (ellipsoid((0.04, 0.08, 0.04), (0.0, 0.22, 0.0), 10), "bulb"),
        ]
    for solid, group in lamp:
        pieces += [(copy, group) for copy in around(move(solid, tip * [1, 0, 1] + [0.0, 0.02, 0.0]), number)]
    return pieces


def _lantern(p: LampParameters) -> list[Piece]:
    """Roofed cage with a light inside; a ring or a hook to hang it."""
    sides, r = p.shade_sides, 0.2 + 0.3 * p.shade_radius
    outline = regular_polygon(sides, r, 180.0 / sides)
    height = 0.35 + 0.6 * p.shade_height
    bar = 0.014 + 0.3 * p.stem_radius
    post = rod(
        (0.97 * r - bar, 0.0, 0.0), ((0.97 * r - bar) * (0.7 + 0.3 * p.shade_taper), height, 0.0), bar, segments=6
    )
    taper = 0.7 + 0.3 * p.shade_taper
    pieces: list[Piece] = [(prism(outline * 1.05, -0.04, 0.012), "stem")]
    pieces += [(solid, "stem") for solid in around(post, sides, 180.0 / sides)]
    pieces.append(
        (
            stack(
                outline, [(height - 0.01, taper), (height + 0.02, 1.1 * taper), (height + 0.25 * p.drop + 0.08, 0.2)]
            ),
            "stem",
        )
    )
    core = 0.35 * r
    light = cylinder(0.0, (0.5 if p.shade_open else 1.0) * height, core, segments=16)
    pieces.append((light, "bulb" if p.shade_open else "shade"))
    top = height + 0.25 * p.drop + 0.08
    angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    size = 0.06 + 0.05 * p.joint
    ring = np.stack([size * np.cos(angles), top + 0.8 * size + size * np.sin(angles), 0 * angles], axis=1)
    pieces.append((tube(ring, 0.012 + 0.2 * p.stem_radius, 6, closed=True), "stem"))
    if p.foot in {"feet", "rings"}:
        pieces += [
            (solid, "stem")
            for solid in around(ellipsoid((0.07, 0.09, 0.07), (0.85 * r, -0.06, 0.0), 10), sides, 180.0 / sides)
        ]
    return pieces


def _wall_lamp(p: LampParameters) -> list[Piece]:
    """Plate on the wall behind (at -Z), one to three arms to the front."""
    r = max(0.012, 0.7 * p.stem_radius)
    plate = 0.5 * p.foot_radius + 0.05
    number = p.lights if p.lights < 4 else 1
    if p.foot in {"square", "block"}:
        pieces: list[Piece] = [(span((-plate, -1.4 * plate, -0.03), (plate, 1.4 * plate, 0.0), 0.006), "stem")]
    else:
        pieces = [(rod((0.0, 0.0, -0.03), (0.0, 0.0, 0.0), plate, segments=24), "stem")]
    scale = 0.6
    out = p.shade_radius * scale * (1.3 if p.shade == "coolie" else 1.0) + 0.05 + 0.2 * p.reach
    for index in range(number):
        x = (index - (number - 1) / 2) * p.shade_radius * 1.5
        end = np.array([x, 0.1 + 0.2 * p.drop, out])
        knee = np.array([0.4 * x, -0.1, 0.5 * out]) if p.elbow_deg > 45 else np.array([0.4 * x, 0.05, 0.6 * out])
        path = smooth_curve(np.array([[0.0, 0.0, -0.02], knee, end * [1, 0.6, 1], end]), 10)
        pieces.append((tube(path, r, 8), "stem"))
        pieces += _hung_shade(p, end, scale)
    return pieces


_KIND_MAKERS = {
    "table": _standing,
    "floor": _standing,
    "tripod": _tripod,
    "desk": _desk,
    "arc": _arc,
    "pendant": _pendant,
    "chandelier": _chandelier,
    "lantern": _lantern,
    "wall": _wall_lamp,
}
