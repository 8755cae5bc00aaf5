"""Geometry of benches: seat, support, back and arms."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.procedural.bench.parameters import BenchParameters, Support
from shapelift.synthesis.procedural.category import Category
from shapelift.synthesis.procedural.finishes import by_group
from shapelift.synthesis.procedural.solids import (
    SIDES,
    Array,
    Groups,
    Part,
    beam,
    bowed,
    box,
    box_between,
    ellipse,
    parts_of,
    prism,
    rectangle,
    reflected,
    rod,
    rounded_rectangle,
    slab,
    smooth_curve,
    superellipsoid,
    sweep,
    tube,
    warped,
)
from shapelift.synthesis.procedural.supports import FourLegs, apron, column_shape, corners, leg, stretchers

_materials = by_group(
    {
        "board": {"wood": 7.0, "paint": 1.5, "stone": 0.8, "metal": 0.7, "plastic": 0.5},
        "support": {"wood": 4.0, "metal": 4.0, "stone": 1.0, "paint": 1.0},
        "soft": {"fabric": 5.0, "rubber": 0.5},
    },
    unity=0.35,
)


def _parts(p: BenchParameters) -> list[Part]:
    """The bench of these parameters."""
    groups = (_seat(p), {"support": _support(p)}, _back(p), _arms(p))
    parts = [part for one in groups for part in parts_of(one)]
    return [(bowed(solid, p.curve * p.depth, p.length, 0.2), group) for solid, group in parts] if p.curve else parts


def _seat(p: BenchParameters) -> Groups:
    x, z = p.length / 2, p.depth / 2
    if p.seat in {"planks", "slats"}:
        return _boards(p)
    if p.seat == "half_log":
        log = prism(ellipse(2 * z, 2.4 * p.seat_thickness + 0.1, 20) + np.array([0.0, p.height]), -x, x, "x")
        return {"board": [log.trim_by_plane((0.0, -1.0, 0.0), -p.height)]}
    outline = rounded_rectangle(2 * x, 2 * z, 0.3 * p.rounding * z, 4)
    plate = slab(outline, p.under, p.height, 0.3 * p.rounding * p.seat_thickness)
    if p.seat == "slab":
        return {"board": [plate]}
    h = 0.06 + 0.06 * p.rounding
    cushion = box((2 * x * 0.98, h + 0.02, 2 * z * 0.98), (0.0, p.height + h / 2 - 0.01, 0.0), 0.45 * h, 4)
    return {"board": [plate], "soft": [cushion]}


def _boards(p: BenchParameters) -> Groups:
    """Planks along the bench on cross bars, or slats across on two rails."""
    x, z, inner = p.length / 2, p.depth / 2, p.foot_x
    along = p.seat == "planks"
    number = p.seat_boards if along else p.seat_boards * 3 + 3
    pitch = (p.depth if along else p.length) / number
    width, rail = pitch * (1 - 0.6 * p.seat_gap), max(0.035, 0.5 * p.leg_width)
    middle = p.height - 0.5 * p.seat_thickness
    boards = []
    for index in range(number):
        at = pitch * (index + 0.5 - number / 2)
        low, high = (-x, middle, at - width / 2), (x, p.height, at + width / 2)
        if not along:
            low, high = (at - width / 2, middle, -z), (at + width / 2, p.height, z)
        boards.append(box_between(low, high, 0.2 * p.rounding * min(width, 0.5 * p.seat_thickness)))
    reach, top = 0.97 if along else 0.8, middle + 0.004
    cross_xs = [-inner, inner] + ([0.0] if along and (p.length > 1.3 or p.middle_support) else [])
    bars = [box_between((at - rail, p.under, -reach * z), (at + rail, top, reach * z)) for at in cross_xs]
    if not along:
        zs = (-0.8 * z, 0.8 * z)
        bars = [box_between((-x, p.under, at - rail / 2), (x, top, at + rail / 2)) for at in zs] + bars
    return {"board": boards, "support": bars}


def _support(p: BenchParameters) -> list[Manifold]:
    solids = _SUPPORTS[p.support](p)
    if p.apron and p.support in {"legs", "panels", "blocks"}:
        solids.append(apron(p.foot_x, p.foot_z, 0.028, p.under - p.apron, p.under + 0.01))
    if p.shelf and p.support in {"panels", "blocks", "loops"}:
        y = 0.35 * p.under
        solids.append(box_between((-p.foot_x, y, -p.foot_z), (p.foot_x, y + 0.025, p.foot_z)))
    return solids


def _legs(p: BenchParameters) -> list[Manifold]:
    x, z, top, bar = p.foot_x, p.foot_z, p.under + 0.3 * p.seat_thickness, 0.6 * p.leg_width
    legs = FourLegs(x, z, top, p.leg_width, p.leg_shape, p.leg_taper, p.splay)
    solids = legs.solids()
    if len(p.support_xs) > 2:
        off = 1e-3  # off the middle, so that a bent leg knows which way is out
        solids += [leg((off, 0.0, at), (off, top, at), p.leg_width, p.leg_shape, p.leg_taper) for at in (z, -z)]
    solids += stretchers(corners(x, z, top, 0.0, p.under - 0.5 * bar), "sides", bar)
    return solids + legs.stretchers(p.stretcher, 0.35 * top, bar)


def _panels(p: BenchParameters) -> list[Manifold]:
    t, y = 0.5 * p.leg_width, 0.45 * p.under
    solids = [
        box_between((x - t / 2, 0.0, -p.foot_z), (x + t / 2, p.under + 0.01, p.foot_z), 0.1 * t) for x in p.support_xs
    ]
    if p.stretcher != "none":
        solids.append(box_between((-p.foot_x, y, -t / 2), (p.foot_x, y + 1.6 * t, t / 2)))
    return solids


def _trestle(p: BenchParameters) -> list[Manifold]:
    """Two slanting legs at each end, crossing or not."""
    z, under, foot = p.foot_z, p.under, p.foot_z + p.splay
    crossing = p.inset > 0.09
    head = -0.8 * z if crossing else 0.35 * z
    solids = []
    for x in p.support_xs:
        solids += [leg((x, 0.0, s * foot), (x, under + 0.01, s * head), p.leg_width, "square") for s in SIDES]
        solids.append(beam((x, under - 0.01, -z), (x, under - 0.01, z), p.leg_width, 0.05))
    y = under * foot / (foot + 0.8 * z) if crossing else under - 0.02
    return [*solids, beam((-p.foot_x, y, 0.0), (p.foot_x, y, 0.0), 0.5 * p.leg_width, 0.8 * p.leg_width)]


def _iron(p: BenchParameters) -> list[Manifold]:
    """Cast sides: a bowed front leg, a swept rear leg, an arch between."""
    t = max(0.03, 0.6 * p.leg_width)
    y, z = p.under, p.foot_z
    solids = []
    for x in p.support_xs:
        front = smooth_curve([(x, y, z), (x, 0.6 * y, z + 0.05), (x, 0.25 * y, z - 0.03), (x, 0.0, z + 0.04)], 9)
        rear = smooth_curve([(x, y, -z), (x, 0.6 * y, -z + 0.06), (x, 0.0, -z - 0.06)], 8)
        arch = smooth_curve([(x, 0.45 * y, z), (x, 0.7 * y, 0.0), (x, 0.45 * y, -z + 0.06)], 8)
        solids += [sweep(path, rectangle(t, t), up=(1.0, 0.0, 0.0)) for path in (front, rear, arch)]
        solids.append(beam((x, y - 0.4 * t, -z - t / 2), (x, y - 0.4 * t, z + t / 2), t, t))
    return solids


def _blocks(p: BenchParameters) -> list[Manifold]:
    half = 0.05 + 0.8 * p.leg_width
    xs = [min(max(x, half - p.length / 2), p.length / 2 - half) for x in p.support_xs]
    low, high, rounding = -p.foot_z, p.foot_z, 0.15 * p.rounding * half
    return [box_between((x - half, 0.0, low), (x + half, p.under + 0.01, high), rounding) for x in xs]


def _loops(p: BenchParameters) -> list[Manifold]:
    """Closed rectangular hoops of bar."""
    t, height = max(0.025, 0.45 * p.leg_width), p.under + 0.01
    outer = rectangle(2 * p.foot_z, height) + np.array([0.0, height / 2])
    inner = rectangle(2 * (p.foot_z - t), p.under - 2 * t) + np.array([0.0, p.under / 2])
    hoop = prism(outer, -t / 2, t / 2, "x", holes=[inner])
    return [hoop.translate((x, 0.0, 0.0)) for x in p.support_xs]


def _box(p: BenchParameters) -> list[Manifold]:
    """A chest."""
    x, z = p.length / 2 * (1 - 0.3 * p.inset), p.depth / 2 * 0.96
    fronts = [
        box_between((a + 0.012, 0.09, z - 0.01), (b - 0.012, p.under - 0.02, z + 0.014))
        for a, b in itertools.pairwise(np.linspace(-x, x, p.seat_boards + 1))
    ]
    body = box_between((-x, 0.05, -z), (x, p.under + 0.01, z), 0.01)
    return [body, *fronts, box_between((-0.95 * x, 0.0, -0.9 * z), (0.95 * x, 0.06, 0.9 * z))]


def _columns(p: BenchParameters) -> list[Manifold]:
    """A post under each end, on a cross foot."""
    w, y, z, shape = p.leg_width, p.under, p.foot_z, column_shape(p.leg_shape)
    solids = []
    for x in p.support_xs:
        solids.append(leg((x, 0.0, 0.0), (x, y + 0.01, 0.0), 1.3 * w, shape, p.leg_taper))
        solids.append(beam((x, 0.025, -z), (x, 0.025, z), 1.2 * w, 0.05))
        solids.append(beam((x, y - 0.01, -z), (x, y - 0.01, z), w, 0.05))
    return solids


_SUPPORTS: dict[Support, Callable[[BenchParameters], list[Manifold]]] = {
    "legs": _legs,
    "panels": _panels,
    "trestle": _trestle,
    "iron": _iron,
    "blocks": _blocks,
    "loops": _loops,
    "box": _box,
    "columns": _columns,
}


def _back(p: BenchParameters) -> Groups:
    """Made upright in the plane z = 0 above the seat, leaned, moved to the rear edge."""

    def placed(points: Array) -> Array:
        rise = np.clip(points[:, 1], 0.0, None)
        z = points[:, 2] - p.lean * rise - p.depth / 2 + 0.03
        return np.stack([points[:, 0], points[:, 1] + p.height, z], axis=1)

    return {group: [warped(solid, placed) for solid in solids] for group, solids in _upright_back(p).items()}


def _upright_back(p: BenchParameters) -> Groups:
    h, x, t, foot = p.back_height, p.length / 2, 0.022 + 0.006 * p.rounding, -0.6 * p.seat_thickness
    if p.back == "none":
        return {}
    if p.back == "planks":
        pitch = 0.85 * h / p.back_boards
        gap = pitch * (0.1 + 0.8 * p.seat_gap)
        lows = [0.15 * h + pitch * index for index in range(p.back_boards)]
        boards = [box_between((-x, low + gap, -0.2 * t), (x, low + pitch, 0.9 * t), 0.2 * t) for low in lows]
        return {"support": _posts(p, h - 0.01), "board": boards}
    if p.back == "solid":
        return {"board": [box_between((-x, foot, -t), (x, h, t), p.rounding * t)]}
    if p.back == "soft":
        cushions = [
            superellipsoid(
                ((b - a) * 0.99, 0.9 * h, 0.08 + 0.05 * p.rounding), ((a + b) / 2, 0.1 * h + 0.45 * h, t), 5.0
            )
            for a, b in itertools.pairwise(np.linspace(-x, x, 1 + p.back_boards // 2))
        ]
        return {"board": [box_between((-0.97 * x, foot, -t), (0.97 * x, 0.9 * h, 0.5 * t))], "soft": cushions}
    return _framed_back(p, x, t)


def _posts(p: BenchParameters, high: float) -> list[Manifold]:
    t = max(0.03, 0.6 * p.leg_width)
    xs = [-p.foot_x, p.foot_x] + ([0.0] if p.length > 1.7 or p.middle_support else [])
    return [box_between((x - t / 2, -p.seat_thickness, -t / 2), (x + t / 2, high, t / 2)) for x in xs]


def _framed_back(p: BenchParameters, x: float, t: float) -> Groups:
    """Rails with slats, crossed braces or an arched crest between end posts."""
    h, inner, low, number = p.back_height, p.foot_x, 0.12 * p.back_height, p.back_boards * 3
    arch = p.back == "arch"
    rail = box_between((-x, 0.84 * h, -0.8 * t), (x, h, 0.8 * t), 0.2 * t)
    if arch:
        crest = smooth_curve([(-x, 0.72 * h), (-0.5 * x, 0.9 * h), (0.0, h), (0.5 * x, 0.9 * h), (x, 0.72 * h)], 15)
        rail = prism(np.concatenate([crest, crest[::-1] - [0.0, 0.15 * h]]), -0.8 * t, 0.8 * t, "z")
    boards = [rail, box_between((-inner, low, -0.6 * t), (inner, low + 0.05, 0.6 * t))]
    if p.back == "cross":
        for a, b in itertools.pairwise(np.linspace(-inner, inner, max(1, p.back_boards // 2) + 1)):
            boards.append(beam((a, low + 0.02, 0.0), (b, 0.88 * h, 0.0), t, 0.045))
            boards.append(beam((a, 0.88 * h, 0.0), (b, low + 0.02, 0.0), t, 0.045))
    else:
        width = max(0.03, 2 * inner / number * (0.75 - p.seat_gap))
        for at in (np.arange(number) + 0.5) / number * 2 * inner - inner:
            top = float(np.interp(abs(at), [0.0, 0.5 * x, x], [0.93, 0.83, 0.65])) * h if arch else 0.9 * h
            boards.append(box_between((at - width / 2, low + 0.01, -0.4 * t), (at + width / 2, top, 0.4 * t)))
    return {"support": _posts(p, 0.68 * h if arch else h - 0.01), "board": boards}


def _arms(p: BenchParameters) -> Groups:
    if p.arms == "none":
        return {}
    t = max(0.035, 0.6 * p.leg_width)
    x, z, y = p.length / 2 - t / 2, p.depth / 2, p.height + p.arm_height
    low = p.height - 0.8 * p.seat_thickness
    rear = -z + 0.03 - (p.lean * p.arm_height if p.back != "none" else 0.0)
    post = rod((x, low, -z + 0.03), (x, y, rear + 0.01), 0.4 * t, segments=8)
    if p.arms == "panel":
        solids = [box_between((x - t / 2, 0.0, -z), (x + t / 2, y, 0.9 * z), 0.2 * t)]
    elif p.arms == "curl":
        curl = [(x, low, 0.75 * z), (x, 0.5 * (low + y), 0.95 * z), (x, y, 0.8 * z), (x, y, 0.0), (x, y - 0.02, rear)]
        solids = [tube(smooth_curve(curl, 14), 0.4 * t, 8), post]
    else:
        front = box_between((x - 0.4 * t, low, 0.75 * z - 0.4 * t), (x + 0.4 * t, y, 0.75 * z + 0.4 * t))
        solids = [beam((x, y, rear), (x, y, 0.95 * z), 1.3 * t, 0.6 * t), front, post]
    return {
        "support" if p.arms == "curl" else "board": [part for solid in solids for part in (solid, reflected(solid))]
    }


CATEGORY = Category(BenchParameters, _parts, _materials)
