"""Backs of chairs, flat and upright: over the seat's top (y = 0), in the plane z = 0."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.procedural.chair.parameters import Back, ChairParameters
from shapelift.synthesis.procedural.solids import (
    SIDES,
    Groups,
    Part,
    box,
    box_between,
    parts_of,
    prism,
    rod,
    rounded_rectangle,
    smooth_curve,
    superellipsoid,
    tube,
)


def backrest(p: ChairParameters) -> list[Part]:
    """Parts of the back in groups "frame" (bars), "seat" (shells) and "soft" (upholstery); none without a back."""
    return parts_of(_STYLES[p.back](p)) if p.back != "none" else []


def _stiles(p: ChairParameters, height: float) -> list[Manifold]:
    t, x = p.stile_width, p.back_foot.width / 2
    return [
        box_between((s * x, -0.7 * p.seat_thickness, -t / 2), (s * (x - t), height, t / 2), 0.12 * t) for s in SIDES
    ]


def _rail(p: ChairParameters, low: float, high: float, reach: float = 1.0) -> Manifold:
    t = p.stile_width
    x = reach * p.back_foot.width / 2 - 0.3 * t
    return box_between((-x, low, -0.35 * t), (x, high, 0.35 * t), 0.1 * t)


def _solid(p: ChairParameters) -> Groups:
    h, width, low = p.back_height, p.back_foot.width, -0.6 * p.seat_thickness
    outline = rounded_rectangle(width, h - low, 0.02 + p.seat_rounding * 0.45 * width, 5)
    outline[:, 1] += (h + low) / 2
    lower = outline[:, 1] < 0.5 * (h + low)
    x = outline[lower, 0]
    outline[lower, 0] = np.sign(x) * width / 2 * np.where(np.abs(x) > 1e-6, 1, 0)
    t = max(p.back_thickness, 0.018)
    return {"seat": [prism(outline, -t / 2, t / 2, "z")]}


def _low(p: ChairParameters) -> Groups:
    """A single rest on two posts."""
    h, width, t = 0.55 * p.back_height, p.back_foot.width, p.stile_width
    plate = box((width, 0.45 * h, max(0.02, p.back_thickness)), (0.0, 0.78 * h, 0.0), 0.01 + 0.1 * p.back_gap)
    posts = [
        box_between((x - t / 2, -0.7 * p.seat_thickness, -t / 2), (x + t / 2, h * 0.8, t / 2))
        for x in (-0.3 * width, 0.3 * width)
    ]
    return {"seat": [plate], "frame": posts}


def _slats(p: ChairParameters) -> Groups:
    h, t = p.back_height, p.stile_width
    low = p.back_gap * 0.4 * h
    inner = p.back_foot.width - 2 * t
    pitch = inner / p.back_bars
    slat = max(0.014, pitch * (0.35 + 0.4 * p.back_gap))
    bars = [*_stiles(p, h), _rail(p, 0.86 * h, h - 0.01), _rail(p, low, low + 0.05)]
    for index in range(p.back_bars):
        x = -inner / 2 + pitch * (index + 0.5)
        bars.append(box_between((x - slat / 2, low + 0.02, -0.2 * t), (x + slat / 2, 0.9 * h, 0.2 * t)))
    return {"frame": bars}


def _ladder(p: ChairParameters) -> Groups:
    h, bars = p.back_height, max(2, p.back_bars - 1)
    low = (0.15 + 0.4 * p.back_gap) * h
    pitch = (h - low) / bars
    thick = pitch * (0.35 + 0.45 * p.back_gap)
    tops = [low + pitch * (index + 1) for index in range(bars)]
    return {"frame": [*_stiles(p, h), *[_rail(p, top - thick, top - 0.005) for top in tops]]}


def _spindles(p: ChairParameters) -> Groups:
    h, width = p.back_height, p.back_foot.width
    radius = max(0.008, 0.25 * p.stile_width)
    top = box((width * 1.02, 0.12 * h, max(0.022, p.back_thickness)), (0.0, 0.94 * h, 0.0), 0.008)
    xs = np.linspace(-width / 2 + 2 * radius, width / 2 - 2 * radius, p.back_bars + 2)
    low = -0.7 * p.seat_thickness
    return {"frame": [top, *[rod((x, low, 0.0), (x, 0.93 * h, 0.0), radius * 1.1, radius, 8) for x in xs]]}


def _frame(p: ChairParameters) -> Groups:
    """Open frame with an upholstered or woven panel in it."""
    h, t = p.back_height, p.stile_width
    low = (0.08 + 0.5 * p.back_gap) * h
    panel = box((p.back_foot.width - 1.2 * t, h - low - 0.6 * t, max(0.016, 0.5 * t)), (0.0, (h + low) / 2, 0.0))
    bars = [*_stiles(p, h), _rail(p, h - 1.2 * t, h - 0.004), _rail(p, low, low + t)]
    return {"frame": bars, "soft": [panel]}


def _tufted(p: ChairParameters) -> Groups:
    h, width, t = p.back_height, p.back_foot.width, max(p.back_thickness, 0.04)
    plate = box((width, h + 0.6 * p.seat_thickness, t), (0.0, h / 2 - 0.3 * p.seat_thickness, 0.0), 0.2 * t)
    columns = min(p.back_bars, 5)
    rows = max(2, round(columns * h / width))
    size = (width / columns * 0.98, h / rows * 1.02, 0.9 * t)
    tufts = [
        superellipsoid(size, (width * ((column + 0.5) / columns - 0.5) * 0.94, h * (row + 0.5) / rows, 0.5 * t), 3.0, 4)
        for row in range(rows)
        for column in range(columns)
    ]
    return {"seat": [plate], "soft": tufts}


def _hoop(p: ChairParameters) -> Groups:
    """Windsor bow with spindles."""
    h, radius, foot = p.back_height, max(0.011, 0.35 * p.stile_width), -0.6 * p.seat_thickness
    half = p.back_foot.width / 2 - 2 * radius
    power = 2.0 + 2.0 * p.back_gap
    angles = np.linspace(0, np.pi, 15)
    x = half * np.sign(np.cos(angles)) * np.abs(np.cos(angles)) ** (2 / power)
    path = np.stack([x, h * np.sin(angles) ** (2 / power), 0 * x], axis=1)
    path[[0, -1], 1] = foot
    bars = [tube(path, radius, 8)]
    for at in np.linspace(-0.72, 0.72, p.back_bars) * half:
        top = h * (1 - abs(at / half) ** power) ** (1 / power)
        bars.append(rod((at * 0.85, foot, 0.0), (at, top, 0.0), 0.75 * radius, segments=8))
    return {"frame": bars}


def _splat(p: ChairParameters) -> Groups:
    """Two stiles, a crest rail and one shaped board between."""
    h, t = p.back_height, 0.25 * p.stile_width
    half = p.back_foot.width * (0.1 + 0.2 * p.back_gap)
    foot = -0.5 * p.seat_thickness
    right = smooth_curve([(half, foot), (half * 0.6, 0.25 * h), (half * 1.1, 0.55 * h), (half * 0.75, 0.93 * h)], 10)
    board = prism(np.concatenate([right, right[::-1] * [-1.0, 1.0]]), -t, t, "z")
    return {"frame": [*_stiles(p, h - 0.02), _rail(p, 0.86 * h, h, 1.08), board]}


def _cushion(p: ChairParameters) -> Groups:
    """A thin board with a thick loose cushion before it."""
    h, width = p.back_height, p.back_foot.width
    t, depth = max(0.022, 0.4 * p.back_thickness), max(0.07, p.back_thickness)
    board = box_between((-width / 2, -0.6 * p.seat_thickness, -t / 2), (width / 2, h * 0.92, t / 2), 0.3 * t)
    soft = superellipsoid((width * 0.94, h * 0.98, depth * 1.5), (0.0, h * 0.53, 0.5 * depth), 4.0)
    return {"frame": [board], "soft": [soft]}


_STYLES: dict[Back, Callable[[ChairParameters], Groups]] = {
    "solid": _solid,
    "low": _low,
    "slats": _slats,
    "ladder": _ladder,
    "spindles": _spindles,
    "frame": _frame,
    "tufted": _tufted,
    "hoop": _hoop,
    "splat": _splat,
    "cushion": _cushion,
}
