"""Displays: flat and curved monitors, televisions on feet or on the wall, tube sets, laptops, pairs on a pole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.materials import Asset
from shapelift.synthesis.procedural.draws import between, chance, count, finish, pick
from shapelift.synthesis.procedural.panels import PanelParameters, buttons
from shapelift.synthesis.procedural.solids import (
    SIDES,
    Array,
    Piece,
    around,
    assemble,
    beam,
    box,
    cylinder,
    difference,
    ellipse,
    ellipsoid,
    loft,
    move,
    prism,
    rectangle,
    rod,
    rounded_rectangle,
    slab,
    span,
    stack,
    tube,
    turn,
)

Kind = Literal["flat", "tube", "laptop", "dual"]
Stand = Literal["plate", "disc", "oval", "feet", "vee", "easel", "arm", "ring", "block", "wall", "tripod"]


@dataclass(frozen=True, kw_only=True)
class DisplayParameters(PanelParameters):
    """Lengths are shares of the panel's width, which is 1."""

    kind: Kind
    tilt_deg: float
    stand: Stand
    stand_height: float
    neck_width: float
    neck_depth: float
    base_width: float
    base_depth: float
    base_height: float
    neck_lean: float
    tube_depth: float
    hinge_deg: float
    material_seed: int

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """Mostly flat panels; proportions from 5:4 to ultra-wide."""
        kind = pick(rng, _KINDS)
        wide = pick(rng, {16 / 9: 4.0, 16 / 10: 2.0, 4 / 3: 1.5, 5 / 4: 1.0, 21 / 9: 1.0, 9 / 16: 0.25})
        if kind in {"tube", "laptop"}:
            wide = pick(rng, {4 / 3: 3.0, 5 / 4: 1.0, 16 / 10: 2.0, 16 / 9: 1.0})
        return cls(
            kind=kind,
            aspect=wide * between(rng, 0.95, 1.06),
            thickness=between(rng, 0.022, 0.05) if chance(rng, 0.7) else between(rng, 0.05, 0.13),
            bezel=between(rng, 0.012, 0.03) if chance(rng, 0.5) else between(rng, 0.03, 0.08),
            chin=between(rng, 0.02, 0.16) if chance(rng, 0.35) else 0.0,
            recess=between(rng, 0.003, 0.012),
            corner=between(rng, 0.0, 0.06),
            curve=between(rng, 0.03, 0.1) if chance(rng, 0.18) else 0.0,
            back=pick(rng, {"flat": 2.0, "bulge": 2.0, "box": 2.0, "slope": 1.0}),
            back_depth=between(rng, 0.02, 0.12),
            back_size=between(rng, 0.35, 0.85),
            tilt_deg=between(rng, -3.0, 14.0),
            stand=pick(rng, _STANDS),
            stand_height=between(rng, 0.04, 0.3),
            neck_width=between(rng, 0.04, 0.22),
            neck_depth=between(rng, 0.025, 0.07),
            base_width=between(rng, 0.28, 0.65),
            base_depth=between(rng, 0.18, 0.36),
            base_height=between(rng, 0.014, 0.04),
            neck_lean=between(rng, 0.0, 0.12),
            buttons=count(rng, 1, 6) if chance(rng, 0.35) else 0,
            speakers=between(rng, 0.06, 0.13) if chance(rng, 0.12) else 0.0,
            tube_depth=between(rng, 0.5, 0.95),
            hinge_deg=between(rng, 92.0, 130.0),
            vents=count(rng, 3, 7) if chance(rng, 0.3) else 0,
            material_seed=int(rng.integers(2**31)),
        )

    def build(self) -> Asset:
        """See `Family.build`."""
        finishes = finish(
            np.random.default_rng(self.material_seed),
            {
                "frame": {"plastic": 6.0, "metal": 2.5, "paint": 0.7, "wood": 0.4},
                "screen": {"glass": 4.0, "plastic": 1.0},
                "stand": {"plastic": 4.0, "metal": 4.0, "glass": 0.4},
                "detail": {"plastic": 3.0, "metal": 1.0, "rubber": 1.0},
            },
            unity=0.08,
        )
        return assemble([(solid, finishes[group]) for solid, group in _KIND_MAKERS[self.kind](self)])


_KINDS: dict[Kind, float] = {"flat": 8.0, "tube": 2.0, "laptop": 1.3, "dual": 0.4}
_STANDS: dict[Stand, float] = {
    "plate": 3.0,
    "disc": 1.2,
    "oval": 2.0,
    "feet": 2.2,
    "vee": 1.2,
    "easel": 0.7,
    "arm": 0.5,
    "ring": 0.6,
    "block": 0.6,
    "wall": 0.8,
    "tripod": 0.5,
}


# ---------------------------------------------------------------------------------------------- flat panels


def _flat(p: DisplayParameters) -> list[Piece]:
    """Panel on its stand; the ground is y = 0 and the neck stands behind the panel."""
    low = _clearance(p)
    middle = low + p.height / 2
    panel = [(move(turn(solid, "x", -p.tilt_deg), (0.0, middle, 0.0)), group) for solid, group in p.panel()]
    return panel + [(solid, "stand") for solid in _STAND_MAKERS[p.stand](p, low, middle)]


def _clearance(p: DisplayParameters) -> float:
    """Height of the panel's lower edge above the ground."""
    return p.stand_height + (0.05 if p.stand == "tripod" else 0.0) if p.stand not in {"easel", "wall"} else 0.03


def _mount(p: DisplayParameters, middle: float) -> Array:
    """Where the neck meets the back of the panel: below its middle, inside the thickness."""
    below = -0.18 * p.height
    lean = np.radians(p.tilt_deg)
    depth = 0.6 * p.thickness
    return np.array([0.0, middle + below, -depth * np.cos(lean) + below * np.sin(-lean)])


def _neck(p: DisplayParameters, middle: float) -> list[Manifold]:
    """Column from the base up to a bracket on the back."""
    mount = _mount(p, middle)
    behind = p.thickness + max(p.neck_depth, 0.022) + (p.back_depth if p.back != "flat" else 0.012)
    foot = np.array([0.0, 0.4 * p.base_height, -behind - p.neck_lean])
    head = np.array([0.0, mount[1], -behind])
    thick = max(p.neck_depth, 0.022)
    column = beam(foot, head + np.array([0.0, 0.02, 0.0]), p.neck_width, thick, (0.0, 0.0, 1.0))
    half = min(p.neck_width, 0.2) / 2 + 0.01
    bracket = span((-half, mount[1] - 0.05, -behind - 0.2 * thick), (half, mount[1] + 0.05, mount[2]))
    return [column, bracket]


def _base_center(p: DisplayParameters) -> float:
    return -0.4 * (p.thickness + p.neck_depth + p.back_depth) - 0.5 * p.neck_lean


def _plate(p: DisplayParameters, low: float, middle: float) -> list[Manifold]:
    base_z = _base_center(p)
    depth = p.base_depth + 0.1 + p.neck_lean + p.back_depth
    if p.stand == "plate":
        foot = slab(
            rounded_rectangle(p.base_width, depth, 0.3 * p.corner + 0.01), 0.0, p.base_height, 0.3 * p.base_height
        )
    elif p.stand == "oval":
        foot = slab(ellipse(p.base_width, depth, 32), 0.0, p.base_height, 0.3 * p.base_height)
    else:
        radius = 0.5 * max(depth, 0.75 * p.base_width)
        foot = cylinder(0.0, p.base_height, radius, 0.9 * radius, 28)
    return [move(foot, (0.0, 0.0, base_z)), *_neck(p, middle)]


def _block(p: DisplayParameters, low: float, middle: float) -> list[Manifold]:
    """A wedge that widens to the ground."""
    depth = p.base_depth + 0.1
    outline = rectangle(p.base_width, depth)
    body = stack(outline, [(0.0, 1.0), (low + 0.06 * p.height, 0.45 + p.neck_width)], (0.0, 0.0))
    return [move(body, (0.0, 0.0, -0.5 * p.thickness))]


def _feet(p: DisplayParameters, low: float, middle: float) -> list[Manifold]:
    """Two legs near the ends of the lower edge."""
    x, z = 0.26 + 0.3 * p.base_width, 0.5 * p.base_depth
    bow = 4 * p.curve * x**2
    t = 0.5 * p.base_height + 0.012
    top = np.array([x, low + 0.3 * p.bezel + 0.02, -0.5 * p.thickness + bow])
    rise = 0.5 * p.height * (1 - np.cos(np.radians(p.tilt_deg)))
    top[2] += 0.5 * p.height * np.sin(np.radians(p.tilt_deg))
    top[1] += rise
    solids = []
    for s in SIDES:
        head = top * [s, 1, 1]
        foot = np.array([s * (x + p.neck_lean), t / 2, head[2]])
        solids.append(beam(head, foot, t, t, (0.0, 0.0, 1.0)))
        if p.buttons % 2:
            ends = [foot + np.array([0.0, 0.0, d * z]) for d in SIDES]
            solids += [beam(head, end, t, t, (1.0, 0.0, 0.0)) for end in ends]
        solids.append(beam(foot - [0.0, 0.0, z], foot + np.array([0.0, 0.0, z]), t, t))
    return solids


def _vee(p: DisplayParameters, low: float, middle: float) -> list[Manifold]:
    """Two bars from the foot of the neck outwards to the front."""
    neck = _neck(p, middle)
    behind = p.thickness + max(p.neck_depth, 0.022) + (p.back_depth if p.back != "flat" else 0.012)
    hub = np.array([0.0, 0.5 * p.base_height, -behind - p.neck_lean])
    t = max(p.base_height, 0.022)
    bars = []
    for s in SIDES:
        tip = hub + np.array([s * 0.6 * p.base_width, 0.0, p.base_depth + behind + p.neck_lean])
        bars.append(beam(hub - (tip - hub) * 0.08, tip, 1.3 * t, t))
        tail = hub + np.array([s * 0.3 * p.base_width, 0.0, -0.4 * p.base_depth])
        bars.append(beam(hub, tail, 1.3 * t, t))
    return [*neck, *bars]


def _easel(p: DisplayParameters, low: float, middle: float) -> list[Manifold]:
    """A strut behind, two small feet below."""
    mount = _mount(p, middle)
    t = max(p.neck_depth * 0.6, 0.022)
    lean = np.radians(p.tilt_deg)
    strut = beam(
        mount + np.array([0.0, 0.1 * p.height, 0.0]),
        (0.0, t / 2, mount[2] - 0.3 - 0.3 * p.base_depth),
        p.neck_width,
        t,
        (0.0, 0.0, 1.0),
    )
    z = -0.5 * p.thickness + 0.5 * p.height * np.sin(lean)
    y = middle - 0.5 * p.height * np.cos(lean) + 0.02
    bow = 4 * p.curve * 0.09
    return [strut, *[span((s * 0.3 - 0.03, 0.0, z + bow - 0.03), (s * 0.3 + 0.03, y, z + bow + 0.03)) for s in SIDES]]


def _arm(p: DisplayParameters, low: float, middle: float) -> list[Manifold]:
    """Desk clamp, pole and a two-part arm."""
    mount = _mount(p, middle)
    behind = mount[2] - 0.12 - p.back_depth
    r = 0.3 * p.neck_depth + 0.014
    elbow = np.array([0.12 + p.neck_lean, mount[1] - 0.02, behind - 0.1])
    pole = np.array([0.0, mount[1] - 0.04, behind - 0.25])
    plate = box((0.14, 0.14, 0.05 + p.back_depth), mount - [0.0, 0.0, 0.5 * p.back_depth + 0.01], 0.006)
    foot = box((0.18, p.base_height + 0.02, 0.5 * p.base_depth + 0.05), (0.0, 0.5 * p.base_height + 0.01, pole[2]))
    return [
        rod((0.0, 0.0, pole[2]), pole + np.array([0.0, 0.1, 0.0]), 1.2 * r, segments=12),
        rod(pole, elbow, r, segments=10),
        ellipsoid((3.2 * r, 3.2 * r, 3.2 * r), elbow, 12),
        rod(elbow, mount, r, segments=10),
        plate,
        foot,
    ]


def _ring(p: DisplayParameters, low: float, middle: float) -> list[Manifold]:
    """A hoop of bent bar that holds the panel from behind."""
    mount = _mount(p, middle)
    r = 0.25 * p.neck_depth + 0.011
    w, front = 0.5 * p.base_width, 0.5 * p.base_depth
    rear = mount[2] - 0.5 * p.base_depth - p.back_depth
    path = np.array([[-w, r, front], [w, r, front], [w, r, rear], [-w, r, rear]])
    hoop = tube(path, r, 8, closed=True)
    grip = mount - [0.0, 0.0, 2 * r + p.back_depth]
    uprights = [rod((s * 0.5 * w, r, rear), grip + np.array([s * 0.3 * w, 0.0, 0.0]), r, segments=8) for s in SIDES]
    block = span((-0.4 * w, mount[1] - 0.05, mount[2] - 3 * r - p.back_depth), (0.4 * w, mount[1] + 0.05, mount[2]))
    return [hoop, *uprights, block]


def _wall(p: DisplayParameters, low: float, middle: float) -> list[Manifold]:
    """Plate on the wall and rails on the back."""
    gap = p.thickness + p.back_depth + 0.02 + 0.3 * p.neck_depth
    front = -0.5 * p.thickness
    plate = box((0.6 * p.base_width, 0.45 * p.height, 0.025), (0.0, 0.0, front - gap), 0.004)
    tall, x = (0.2 + 0.1 * p.neck_width) * p.height, 0.2 * p.base_width
    rails = [span((s * x - 0.015, -tall, front - gap), (s * x + 0.015, tall, front)) for s in SIDES]
    return [move(turn(solid, "x", -p.tilt_deg), (0.0, middle, 0.0)) for solid in [plate, *rails]]


def _tripod(p: DisplayParameters, low: float, middle: float) -> list[Manifold]:
    """Floor stand with three spread legs."""
    neck = _neck(p, middle)
    behind = p.thickness + max(p.neck_depth, 0.022) + (p.back_depth if p.back != "flat" else 0.012)
    hub = np.array([0.0, 0.0, -behind - p.neck_lean])
    t = p.base_height * 0.5 + 0.01
    one = rod((0.0, low * 0.6 + 0.05, 0.0), (0.7 * p.base_width, t, 0.0), t, segments=8)
    return [
        *neck,
        *[move(solid, hub) for solid in around(one, 3, -90.0)],
        rod(hub, hub + np.array([0, low * 0.6 + 0.08, 0]), 1.6 * t, segments=10),
    ]


_STAND_MAKERS = {
    "plate": _plate,
    "disc": _plate,
    "oval": _plate,
    "block": _block,
    "feet": _feet,
    "vee": _vee,
    "easel": _easel,
    "arm": _arm,
    "ring": _ring,
    "wall": _wall,
    "tripod": _tripod,
}


# ---------------------------------------------------------------------------------------------- other kinds


def _tube(p: DisplayParameters) -> list[Piece]:
    """Cathode-ray set: a deep cabinet that narrows behind, a domed screen, a foot, knobs, sometimes aerials."""
    h = p.height + p.chin
    d = p.tube_depth
    front = 0.15 + 0.2 * p.back_size
    taper = 0.4 + 0.5 * p.back_size if p.back != "box" else 0.97
    outline = rounded_rectangle(1.0, h, 0.5 * p.corner, 3)
    rings = [(0.0, 1.0, 0.0), (-front, 1.0, 0.0), (-0.5 * (front + d), 0.35 + 0.65 * taper, -0.03), (-d, taper, -0.06)]
    shape = [np.column_stack([outline * s + [0.0, y * h], np.full(len(outline), z)]) for z, s, y in rings]
    body = loft(shape)
    side = 0.05 + p.bezel
    panel = 0.16 + p.speakers if p.speakers else 0.0
    low, high = -h / 2 + side + p.chin, h / 2 - side
    left, right = -0.5 + side, 0.5 - side - panel
    window = span((left, low, -0.02 - p.recess), (right, high, 0.1), 0.015)
    center, size = ((left + right) / 2, (low + high) / 2), (right - left, high - low)
    glass = ellipsoid((1.3 * size[0], 1.3 * size[1], 0.09), (*center, -0.035), 24)
    glass = glass ^ span((left - 0.01, low - 0.01, -0.06), (right + 0.01, high + 0.01, 0.1))
    pieces: list[Piece] = [(difference(body, [window]), "frame"), (glass, "screen")]
    if panel:
        x = 0.5 - 0.5 * panel - 0.5 * side
        for i in range(2 + p.buttons % 2):
            y = high - 0.08 - 0.16 * i
            pieces.append((rod((x, y, -0.01), (x, y, 0.04), 0.05, 0.042, 16), "detail"))
        pieces += [
            (span((x - 0.06, low + 0.03 + 0.035 * i, -0.01), (x + 0.06, low + 0.048 + 0.035 * i, 0.014)), "detail")
            for i in range(max(p.vents, 2))
        ]
    else:
        pieces += buttons(p.buttons, -h / 2 + 0.5 * side + 0.3 * p.chin)
    return pieces + _tube_stand(p, h, d)


def _tube_stand(p: DisplayParameters, h: float, d: float) -> list[Piece]:
    middle = -0.3 * d
    pieces: list[Piece] = []
    if p.stand in {"plate", "oval", "block"}:
        foot = slab(ellipse(0.75 * p.base_width + 0.2, 0.6 * d, 28), -h / 2 - 0.1, -h / 2 - 0.06, 0.01)
        neck = cylinder(-h / 2 - 0.07, -h / 2 + 0.04, 0.16 + 0.3 * p.neck_width)
        pieces += [(move(foot, (0.0, 0.0, middle)), "stand"), (move(neck, (0.0, 0.0, middle)), "stand")]
    elif p.stand in {"feet", "vee", "tripod", "easel"}:
        drop = 0.05 + p.stand_height
        front = 0.13 + 0.15 * p.back_size
        for s in SIDES:
            for z in (-0.05, -front):
                pieces.append(
                    (rod((s * 0.42, -h / 2 - drop, z), (s * 0.4, -h / 2 + 0.02, z), 0.014, 0.024, 10), "stand")
                )
    else:
        pieces.append((span((-0.4, -h / 2 - 0.03, -0.04), (0.4, -h / 2 + 0.02, -0.13 - 0.15 * p.back_size)), "stand"))
    if p.vents and p.tube_depth < 0.7:
        top = h / 2 - 0.01
        pieces.append((rod((0.0, top - 0.03, -0.1), (0.0, top + 0.035, -0.1), 0.07, 0.05, 14), "detail"))
        for s in SIDES:
            tip = (s * (0.15 + p.base_width * 0.5), top + 0.25 + p.stand_height, -0.12)
            pieces.append((rod((0.0, top, -0.1), tip, 0.01, segments=6), "detail"))
    return pieces


def _laptop(p: DisplayParameters) -> list[Piece]:
    """Lid hinged on a keyboard half."""
    h = p.height * 0.98
    base_t = 0.022 + 0.3 * p.thickness
    lid_t = 0.016 + 0.12 * p.thickness
    outline = rounded_rectangle(1.0, h, p.corner * 0.8, 4)
    deck = slab(outline, 0.0, base_t, 0.2 * base_t)
    recess = min(p.recess, 0.35 * base_t)
    keys = box((0.84, 2 * recess, 0.42 * h), (0.0, base_t, -0.16 * h))
    pad = box((0.12 + p.neck_width, 2 * 0.5 * recess, 0.2 * h), (0.0, base_t, 0.26 * h))
    pieces: list[Piece] = [(difference(deck, [keys, pad]), "stand")]
    rows = 4 + p.vents % 3
    for row in range(rows):
        z = -0.16 * h + 0.4 * h * ((row + 0.5) / rows - 0.5)
        bar = box((0.8, 1.5 * recess, 0.28 * h / rows), (0.0, base_t - 0.5 * recess, z))
        pieces.append((bar, "detail"))
    lid_outline = rounded_rectangle(1.0, h, p.corner * 0.8, 4) + np.array([0.0, h / 2])
    lid = prism(lid_outline, -lid_t, 0.0, "z")
    low, high = p.bezel + 0.3 * p.chin, h - p.bezel
    depth = min(p.recess, 0.35 * lid_t)
    window = span((-0.5 + p.bezel, low, -depth - 0.2 * lid_t), (0.5 - p.bezel, high, 0.1))
    pane = span(
        (-0.5 + 0.8 * p.bezel, low - 0.1 * p.bezel, -0.8 * lid_t), (0.5 - 0.8 * p.bezel, high + 0.1 * p.bezel, -depth)
    )
    hinge = rod((-0.4, 0.0, -0.5 * lid_t), (0.4, 0.0, -0.5 * lid_t), 0.6 * lid_t + 0.004, segments=10)
    upper: list[Piece] = [(difference(lid, [window]), "frame"), (pane, "screen"), (hinge, "detail")]
    lean = p.hinge_deg - 90.0
    at = (0.0, base_t + 0.1 * lid_t, -0.5 * h + 0.6 * lid_t)
    return pieces + [(move(turn(solid, "x", -lean), at), group) for solid, group in upper]


def _dual(p: DisplayParameters) -> list[Piece]:
    """Two panels side by side on one pole."""
    yaw = 8.0 + 100.0 * p.neck_lean
    low = 0.1 + p.stand_height
    middle = low + p.height / 2
    pieces: list[Piece] = []
    reach = 0.5 * np.cos(np.radians(yaw)) + 0.02 + (p.speakers or 0.0)
    for s in SIDES:
        for solid, group in p.panel():
            pieces.append((move(turn(solid, "y", -s * yaw), (s * reach, middle, 0.0)), group))
    r = 0.3 * p.neck_depth + 0.016
    behind = -p.thickness - p.back_depth - 0.08
    bar = beam((-reach - 0.02, middle, behind), (reach + 0.02, middle, behind), 2 * r, 2.4 * r)
    pieces.append((bar, "stand"))
    pivots = [
        rod((s * reach, middle, behind), (s * reach, middle, -0.4 * p.thickness), 1.6 * r, segments=12) for s in SIDES
    ]
    pieces += [(pivot, "stand") for pivot in pivots]
    pieces.append((rod((0.0, 0.0, behind), (0.0, middle + 0.06, behind), 1.3 * r, segments=14), "stand"))
    foot = slab(rounded_rectangle(1.2 * p.base_width, p.base_depth + 0.1, 0.03), 0.0, p.base_height, 0.005)
    pieces.append((move(foot, (0.0, 0.0, behind + 0.08)), "stand"))
    return pieces


_KIND_MAKERS = {"flat": _flat, "tube": _tube, "laptop": _laptop, "dual": _dual}
