"""Benches: park, garden, hall, piano and picnic benches, pews, stone slabs."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.materials import Asset
from shapelift.synthesis.procedural.draws import between, chance, count, finish, pick
from shapelift.synthesis.procedural.solids import (
    SIDES,
    Array,
    Piece,
    assemble,
    beam,
    bend,
    bow,
    box,
    ellipse,
    flip,
    move,
    pillow,
    prism,
    rectangle,
    rod,
    rounded_rectangle,
    slab,
    smooth_curve,
    span,
    sweep,
    tube,
)
from shapelift.synthesis.procedural.supports import LegParameters, LegShape, apron, corners, leg, stretchers

Seat = Literal["slab", "planks", "slats", "soft", "half_log"]
Back = Literal["none", "planks", "slats", "solid", "cross", "arch", "soft"]
Support = Literal["legs", "panels", "trestle", "iron", "blocks", "loops", "box", "columns"]
Arms = Literal["none", "posts", "curl", "panel"]


@dataclass(frozen=True, kw_only=True)
class BenchParameters(LegParameters):
    """Lengths in metres; the bench runs along X."""

    length: float
    depth: float
    height: float
    seat: Seat
    seat_thickness: float
    seat_boards: int
    seat_gap: float
    rounding: float
    support: Support
    inset: float
    middle_support: bool
    apron: float
    back: Back
    back_height: float
    back_tilt_deg: float
    back_boards: int
    arms: Arms
    arm_height: float
    shelf: bool
    curve: float
    material_seed: int

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """Lengths from a piano stool to a station bench."""
        back: Back = "none" if chance(rng, 0.4) else pick(rng, _BACKS)
        return cls(
            length=between(rng, 0.8, 1.4) if chance(rng, 0.4) else between(rng, 1.2, 2.4),
            depth=between(rng, 0.3, 0.55),
            height=between(rng, 0.36, 0.52),
            seat=pick(rng, {"slab": 4.0, "planks": 4.0, "slats": 1.5, "soft": 1.5, "half_log": 0.4}),
            seat_thickness=between(rng, 0.025, 0.06) if chance(rng, 0.75) else between(rng, 0.06, 0.14),
            seat_boards=count(rng, 2, 7),
            seat_gap=between(rng, 0.1, 0.4),
            rounding=between(rng, 0.0, 1.0),
            support=pick(rng, _SUPPORTS),
            leg_shape=pick(
                rng, {"square": 5.0, "round": 2.0, "turned": 1.0, "saber": 0.6, "hairpin": 0.5, "bulb": 0.4}
            ),
            leg_width=between(rng, 0.04, 0.1),
            leg_taper=between(rng, 0.55, 1.05),
            splay=between(rng, 0.02, 0.1) if chance(rng, 0.3) else 0.0,
            inset=between(rng, 0.0, 0.18),
            middle_support=chance(rng, 0.25),
            stretcher=pick(rng, {"none": 4.0, "box": 1.0, "h": 2.0, "sides": 1.0}),
            apron=between(rng, 0.04, 0.1) if chance(rng, 0.35) else 0.0,
            back=back,
            back_height=between(rng, 0.3, 0.6),
            back_tilt_deg=between(rng, 0.0, 20.0),
            back_boards=count(rng, 2, 6),
            arms=pick(rng, {"none": 2.0, "posts": 1.5, "curl": 1.0, "panel": 0.6})
            if back != "none"
            else pick(rng, {"none": 6.0, "posts": 0.5, "panel": 0.7, "curl": 0.4}),
            arm_height=between(rng, 0.15, 0.28),
            shelf=chance(rng, 0.15),
            curve=between(rng, 0.1, 0.5) if chance(rng, 0.1) else 0.0,
            material_seed=int(rng.integers(2**31)),
        )

    @property
    def under(self) -> float:
        """Height of the underside of the seat."""
        return self.height - self.seat_thickness

    @property
    def foot_x(self) -> float:
        """Half distance between the end supports."""
        return self.length / 2 * (1 - self.inset) - 0.6 * self.leg_width

    @property
    def foot_z(self) -> float:
        """Half depth of a support."""
        return self.depth / 2 - 0.5 * self.leg_width - 0.1 * self.inset * self.depth

    @property
    def lean(self) -> float:
        """How far the back goes backwards for each metre of height."""
        return float(np.tan(np.radians(self.back_tilt_deg)))

    def build(self) -> Asset:
        """See `Family.build`."""
        finishes = finish(
            np.random.default_rng(self.material_seed),
            {
                "board": {"wood": 7.0, "paint": 1.5, "stone": 0.8, "metal": 0.7, "plastic": 0.5},
                "support": {"wood": 4.0, "metal": 4.0, "stone": 1.0, "paint": 1.0},
                "soft": {"fabric": 5.0, "rubber": 0.5},
            },
            unity=0.35,
        )
        pieces = [*_seat(self), *_support(self), *_back(self), *_arms(self)]
        if self.curve:
            forward = self.curve * self.depth
            pieces = [(bow(solid, forward, self.length, 0.2), group) for solid, group in pieces]
        return assemble([(solid, finishes[group]) for solid, group in pieces])


_BACKS: dict[Back, float] = {"planks": 4.0, "slats": 3.0, "solid": 1.5, "cross": 0.8, "arch": 1.0, "soft": 1.0}
_SUPPORTS: dict[Support, float] = {
    "legs": 6.0,
    "panels": 2.0,
    "trestle": 1.0,
    "iron": 1.5,
    "blocks": 0.8,
    "loops": 1.2,
    "box": 0.6,
    "columns": 0.5,
}


# ---------------------------------------------------------------------------------------------- seat


def _seat(p: BenchParameters) -> list[Piece]:
    x, z = p.length / 2, p.depth / 2
    if p.seat in {"planks", "slats"}:
        return _boards(p)
    if p.seat == "half_log":
        half = prism(ellipse(2 * z, 2.4 * p.seat_thickness + 0.1, 20) + np.array([0.0, p.height]), -x, x, "x")
        return [(half.trim_by_plane((0.0, -1.0, 0.0), -p.height), "board")]
    outline = rounded_rectangle(2 * x, 2 * z, 0.3 * p.rounding * z, 4)
    plate = slab(outline, p.under, p.height, 0.3 * p.rounding * p.seat_thickness)
    if p.seat == "slab":
        return [(plate, "board")]
    fat = 0.06 + 0.06 * p.rounding
    soft = box((2 * x * 0.98, fat + 0.02, 2 * z * 0.98), (0.0, p.height + fat / 2 - 0.01, 0.0), 0.45 * fat, 4)
    return [(plate, "board"), (soft, "soft")]


def _boards(p: BenchParameters) -> list[Piece]:
    """Planks along the bench on cross bars, or slats across on two rails."""
    x, z = p.length / 2, p.depth / 2
    along = p.seat == "planks"
    number = p.seat_boards if along else p.seat_boards * 3 + 3
    pitch = (2 * z if along else 2 * x) / number
    board = pitch * (1 - 0.6 * p.seat_gap)
    pieces: list[Piece] = []
    top_half = p.height - 0.5 * p.seat_thickness
    for index in range(number):
        at = pitch * (index + 0.5 - number / 2)
        low, high = ((-x, top_half, at - board / 2), (x, p.height, at + board / 2))
        if not along:
            low, high = (at - board / 2, top_half, -z), (at + board / 2, p.height, z)
        pieces.append((span(low, high, 0.2 * p.rounding * min(board, 0.5 * p.seat_thickness)), "board"))
    rail = max(0.035, 0.5 * p.leg_width)
    inner = p.foot_x
    if along:
        spots = [-inner, inner] + ([0.0] if p.length > 1.3 or p.middle_support else [])
        bars = [span((s - rail, p.under, -0.97 * z), (s + rail, top_half + 0.004, 0.97 * z)) for s in spots]
    else:
        bars = [
            span((-x, p.under, s * 0.8 * z - rail / 2), (x, top_half + 0.004, s * 0.8 * z + rail / 2)) for s in SIDES
        ]
        bars += [span((s - rail, p.under, -0.8 * z), (s + rail, top_half + 0.004, 0.8 * z)) for s in (-inner, inner)]
    return pieces + [(bar, "support") for bar in bars]


# ---------------------------------------------------------------------------------------------- supports


def _support(p: BenchParameters) -> list[Piece]:
    solids = _SUPPORT_MAKERS[p.support](p)
    if p.apron and p.support in {"legs", "panels", "blocks"}:
        solids.append(apron(p.foot_x, p.foot_z, 0.028, p.under - p.apron, p.under + 0.01))
    if p.shelf and p.support in {"panels", "blocks", "loops"}:
        y = 0.35 * p.under
        solids.append(span((-p.foot_x, y, -p.foot_z), (p.foot_x, y + 0.025, p.foot_z)))
    return [(solid, "support") for solid in solids]


def _spots(p: BenchParameters) -> list[float]:
    """Where along X the supports stand."""
    return [-p.foot_x, 0.0, p.foot_x] if p.middle_support and p.length > 1.2 else [-p.foot_x, p.foot_x]


def _legs(p: BenchParameters) -> list[Manifold]:
    top = p.under + 0.3 * p.seat_thickness
    solids = p.four_legs(p.foot_x, p.foot_z, top)
    if p.middle_support and p.length > 1.2:
        x = 1e-3  # off the middle, so that a bent leg knows which way is out
        ends = [((x, 0.0, z), (x, top, z)) for z in (p.foot_z, -p.foot_z)]
        solids += [leg(foot, head, p.leg_width, p.leg_shape, p.leg_taper) for foot, head in ends]
    bar = 0.6 * p.leg_width
    ledge = corners(p.foot_x, p.foot_z, top, 0.0, p.under - 0.5 * bar)
    return solids + stretchers(ledge, "sides", bar) + p.ties(p.foot_x, p.foot_z, top, 0.35 * top, bar)


def _panels(p: BenchParameters) -> list[Manifold]:
    t = 0.5 * p.leg_width
    solids = [span((x - t / 2, 0.0, -p.foot_z), (x + t / 2, p.under + 0.01, p.foot_z), 0.1 * t) for x in _spots(p)]
    if p.stretcher != "none":
        solids.append(span((-p.foot_x, 0.45 * p.under, -t / 2), (p.foot_x, 0.45 * p.under + 1.6 * t, t / 2)))
    return solids


def _trestle(p: BenchParameters) -> list[Manifold]:
    """Two slanting legs at each end, crossing or not."""
    z = p.foot_z
    solids = []
    head = -0.8 * z if p.inset > 0.09 else 0.35 * z
    for x in _spots(p):
        ends = [((x, 0.0, s * (z + p.splay)), (x, p.under + 0.01, s * head)) for s in SIDES]
        solids += [leg(foot, top, p.leg_width, "square", 1.0) for foot, top in ends]
        solids.append(beam((x, p.under - 0.01, -z), (x, p.under - 0.01, z), p.leg_width, 0.05))
    y = p.under * (z + p.splay) / (z + p.splay + 0.8 * z) if head < 0 else p.under - 0.02
    solids.append(beam((-p.foot_x, y, 0.0), (p.foot_x, y, 0.0), 0.5 * p.leg_width, 0.8 * p.leg_width))
    return solids


def _iron(p: BenchParameters) -> list[Manifold]:
    """Cast sides: a bowed front leg, a swept rear leg, an arch between."""
    t = max(0.03, 0.6 * p.leg_width)
    y, z = p.under, p.foot_z
    section = rectangle(t, t)
    solids = []
    for x in _spots(p):
        front = smooth_curve([(x, y, z), (x, 0.6 * y, z + 0.05), (x, 0.25 * y, z - 0.03), (x, 0.0, z + 0.04)], 9)
        rear = smooth_curve([(x, y, -z), (x, 0.6 * y, -z + 0.06), (x, 0.0, -z - 0.06)], 8)
        arch = smooth_curve([(x, 0.45 * y, z), (x, 0.7 * y, 0.0), (x, 0.45 * y, -z + 0.06)], 8)
        solids += [sweep(path, section, up=(1.0, 0.0, 0.0)) for path in (front, rear, arch)]
        solids.append(beam((x, y - 0.4 * t, -z - t / 2), (x, y - 0.4 * t, z + t / 2), t, t))
    return solids


def _blocks(p: BenchParameters) -> list[Manifold]:
    half = 0.05 + 0.8 * p.leg_width
    return [
        span((x - half, 0.0, -p.foot_z), (x + half, p.under + 0.01, p.foot_z), 0.15 * p.rounding * half)
        for x in [min(max(x, half - p.length / 2), p.length / 2 - half) for x in _spots(p)]
    ]


def _loops(p: BenchParameters) -> list[Manifold]:
    t = max(0.025, 0.45 * p.leg_width)
    outer = rectangle(2 * p.foot_z, p.under + 0.01) + np.array([0.0, (p.under + 0.01) / 2])
    inner = rectangle(2 * (p.foot_z - t), p.under - 2 * t) + np.array([0.0, p.under / 2])
    return [move(prism([outer, inner], -t / 2, t / 2, "x"), (x, 0.0, 0.0)) for x in _spots(p)]


def _box(p: BenchParameters) -> list[Manifold]:
    """A chest."""
    x, z = p.length / 2 * (1 - 0.3 * p.inset), p.depth / 2 * 0.96
    body = span((-x, 0.05, -z), (x, p.under + 0.01, z), 0.01)
    number = p.seat_boards
    edges = np.linspace(-x, x, number + 1)
    fronts = [
        span((a + 0.012, 0.09, z - 0.01), (b - 0.012, p.under - 0.02, z + 0.014)) for a, b in itertools.pairwise(edges)
    ]
    return [body, *fronts, span((-0.95 * x, 0.0, -0.9 * z), (0.95 * x, 0.06, 0.9 * z))]


def _columns(p: BenchParameters) -> list[Manifold]:
    """A post under each end, on a cross foot."""
    solids = []
    shape: LegShape = p.leg_shape if p.leg_shape in {"square", "turned", "bulb"} else "round"
    for x in _spots(p):
        solids.append(leg((x, 0.0, 0.0), (x, p.under + 0.01, 0.0), 1.3 * p.leg_width, shape, p.leg_taper))
        solids.append(beam((x, 0.025, -p.foot_z), (x, 0.025, p.foot_z), 1.2 * p.leg_width, 0.05))
        solids.append(beam((x, p.under - 0.01, -p.foot_z), (x, p.under - 0.01, p.foot_z), p.leg_width, 0.05))
    return solids


_SUPPORT_MAKERS = {
    "legs": _legs,
    "panels": _panels,
    "trestle": _trestle,
    "iron": _iron,
    "blocks": _blocks,
    "loops": _loops,
    "box": _box,
    "columns": _columns,
}


# ---------------------------------------------------------------------------------------------- back, arms


def _back(p: BenchParameters) -> list[Piece]:
    """Made upright in the plane z = 0 above the seat, leaned, moved to the rear edge."""
    if p.back == "none":
        return []

    def shape(points: Array) -> Array:
        rise = np.clip(points[:, 1], 0.0, None)
        z = points[:, 2] - p.lean * rise - p.depth / 2 + 0.03
        return np.stack([points[:, 0], points[:, 1] + p.height, z], axis=1)

    return [(bend(solid, shape), group) for solid, group in _back_panel(p)]


def _posts(p: BenchParameters, high: float) -> list[Piece]:
    t = max(0.03, 0.6 * p.leg_width)
    spots = [-p.foot_x, p.foot_x] + ([0.0] if p.length > 1.7 or p.middle_support else [])
    return [(span((x - t / 2, -p.seat_thickness, -t / 2), (x + t / 2, high, t / 2)), "support") for x in spots]


def _back_panel(p: BenchParameters) -> list[Piece]:
    h, x = p.back_height, p.length / 2
    t = 0.022 + 0.006 * p.rounding
    if p.back == "planks":
        pitch = 0.85 * h / p.back_boards
        lows = [0.15 * h + pitch * i for i in range(p.back_boards)]
        gap = pitch * (0.1 + 0.8 * p.seat_gap)
        boards = [span((-x, low + gap, -0.2 * t), (x, low + pitch, 0.9 * t), 0.2 * t) for low in lows]
        return [*_posts(p, h - 0.01), *[(board, "board") for board in boards]]
    if p.back == "solid":
        return [(span((-x, -0.6 * p.seat_thickness, -t), (x, h, t), p.rounding * t), "board")]
    if p.back == "soft":
        low = 0.1 * h
        fat = 0.08 + 0.05 * p.rounding
        edges = np.linspace(-x, x, 1 + p.back_boards // 2)
        pads = [
            pillow(((b - a) * 0.99, 0.9 * h, fat), ((a + b) / 2, low + 0.45 * h, t), 5.0)
            for a, b in itertools.pairwise(edges)
        ]
        board = span((-0.97 * x, -0.6 * p.seat_thickness, -t), (0.97 * x, 0.9 * h, 0.5 * t))
        return [(board, "board"), *[(pad, "soft") for pad in pads]]
    return _framed_back(p, x, t)


def _framed_back(p: BenchParameters, x: float, t: float) -> list[Piece]:
    """Rails with slats, crossed braces or an arched crest between end posts."""
    h = p.back_height
    low = 0.12 * h
    pieces = _posts(p, h - 0.01)
    number = p.back_boards * 3
    inner = p.foot_x
    if p.back == "arch":
        crest = smooth_curve([(-x, 0.72 * h), (-0.5 * x, 0.9 * h), (0.0, h), (0.5 * x, 0.9 * h), (x, 0.72 * h)], 15)
        rail = np.concatenate([crest, crest[::-1] - [0.0, 0.15 * h]])
        pieces = [(solid, group) for solid, group in _posts(p, 0.68 * h)]
        pieces.append((prism(rail, -0.8 * t, 0.8 * t, "z"), "board"))
    else:
        pieces.append((span((-x, 0.84 * h, -0.8 * t), (x, h, 0.8 * t), 0.2 * t), "board"))
    pieces.append((span((-inner, low, -0.6 * t), (inner, low + 0.05, 0.6 * t)), "board"))
    if p.back == "cross":
        cells = max(1, p.back_boards // 2)
        edges = np.linspace(-inner, inner, cells + 1)
        for a, b in itertools.pairwise(edges):
            pieces.append((beam((a, low + 0.02, 0.0), (b, 0.88 * h, 0.0), t, 0.045), "board"))
            pieces.append((beam((a, 0.88 * h, 0.0), (b, low + 0.02, 0.0), t, 0.045), "board"))
        return pieces
    width = max(0.03, 2 * inner / number * (0.75 - p.seat_gap))
    for at in (np.arange(number) + 0.5) / number * 2 * inner - inner:
        top = float(np.interp(abs(at), [0.0, 0.5 * x, x], [0.93, 0.83, 0.65])) * h if p.back == "arch" else 0.9 * h
        pieces.append((span((at - width / 2, low + 0.01, -0.4 * t), (at + width / 2, top, 0.4 * t)), "board"))
    return pieces


def _arms(p: BenchParameters) -> list[Piece]:
    if p.arms == "none":
        return []
    t = max(0.035, 0.6 * p.leg_width)
    x, z, y = p.length / 2 - t / 2, p.depth / 2, p.height + p.arm_height
    low = p.height - 0.8 * p.seat_thickness
    rear = -z + 0.03 - (p.lean * p.arm_height if p.back != "none" else 0.0)
    if p.arms == "panel":
        solids = [span((x - t / 2, 0.0, -z), (x + t / 2, y, 0.9 * z), 0.2 * t)]
    elif p.arms == "curl":
        curl = [(x, low, 0.75 * z), (x, 0.5 * (low + y), 0.95 * z), (x, y, 0.8 * z), (x, y, 0.0), (x, y - 0.02, rear)]
        solids = [tube(smooth_curve(curl, 14), 0.4 * t, 8)]
    else:
        solids = [beam((x, y, rear), (x, y, 0.95 * z), 1.3 * t, 0.6 * t)]
        solids.append(span((x - 0.4 * t, low, 0.75 * z - 0.4 * t), (x + 0.4 * t, y, 0.75 * z + 0.4 * t)))
    if p.arms != "panel":
        solids.append(rod((x, low, -z + 0.03), (x, y, rear + 0.01), 0.4 * t, segments=8))
    group = "support" if p.arms == "curl" else "board"
    return [(piece, group) for solid in solids for piece in (solid, flip(solid))]
