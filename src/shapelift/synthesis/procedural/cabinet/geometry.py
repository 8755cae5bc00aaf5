"""Solids of cabinets: the body with its cells, what closes the cells, handles, feet and crown."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.procedural.cabinet.parameters import CabinetParameters, Front
from shapelift.synthesis.procedural.category import Category
from shapelift.synthesis.procedural.finishes import by_group
from shapelift.synthesis.procedural.solids import (
    SIDES,
    Array,
    Part,
    box,
    box_between,
    cylinder,
    difference,
    ellipsoid,
    prism,
    rectangle,
    rod,
    rounded_rectangle,
    slab,
    smooth_curve,
    stack,
    tube,
    union,
)
from shapelift.synthesis.procedural.supports import corners, leg

_materials = by_group(
    {
        "body": {"wood": 6.0, "paint": 2.0, "metal": 1.0, "plastic": 0.7},
        "front": {"wood": 5.0, "paint": 2.0, "plastic": 1.0, "metal": 0.7},
        "glass": {"glass": 1.0},
        "handle": {"metal": 5.0, "wood": 1.0, "plastic": 0.7},
        "foot": {"wood": 3.0, "metal": 3.0, "plastic": 0.5},
    },
    unity=0.3,
)


def _parts(p: CabinetParameters) -> list[Part]:
    """The cabinet on its feet, its front towards +Z."""
    return [*_body(p), *_feet(p), *_crown(p)]


class _Cell(NamedTuple):
    """One cell of the front: its opening between two corners, the plane of the front, which half it lies in."""

    x0: float
    y0: float
    x1: float
    y1: float
    front: float
    is_left: bool

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0


def _body(p: CabinetParameters) -> list[Part]:
    """The body with its cavities, and everything that sits in or on the cells."""
    board = max(p.board, 0.014 * max(p.width, p.height))
    x, z, low = p.width / 2, p.depth / 2, p.foot_top
    upper_front = z - p.depth * (1 - p.hutch_depth) if p.has_step else z
    body = box_between((-x, low, -z), (x, p.height, z), p.rounding)
    if p.has_step:
        step = low + (p.height - low) * p.lower_rows / p.rows
        body = difference(body, [box_between((-x - 1, step + board, upper_front), (x + 1, p.height + 1, z + 1))])
    weights = [p.middle_width if 0 < c < p.columns - 1 else 1.0 for c in range(p.columns)]
    columns = _split(-x + board / 2, x - board / 2, weights)
    rows = _split(low + board / 2, p.height - board / 2, [1.0] * p.rows)
    cavities: list[Manifold] = []
    parts: list[Part] = []
    for (c, (x0, x1)), (r, (y0, y1)) in itertools.product(enumerate(columns), enumerate(rows)):
        is_lower = r < p.lower_rows
        kind = p.lower if is_lower else p.upper
        if p.odd_middle and 0 < c < p.columns - 1:
            kind = p.middle
        front = z if is_lower else upper_front
        cell = _Cell(x0 + board / 2, y0 + board / 2, x1 - board / 2, y1 - board / 2, front, c < p.columns / 2)
        cavity, fittings = _filled_cell(p, kind, cell, board)
        cavities.append(cavity)
        parts += fittings
    return [(difference(body, cavities), "body"), *parts]


def _split(low: float, high: float, weights: list[float]) -> list[tuple[float, float]]:
    """The interval, divided in proportion to the weights."""
    edges = low + (high - low) * np.concatenate([[0.0], np.cumsum(weights) / sum(weights)])
    return [(float(a), float(b)) for a, b in itertools.pairwise(edges)]


def _filled_cell(p: CabinetParameters, kind: Front, cell: _Cell, board: float) -> tuple[Manifold, list[Part]]:
    """What is cut out of the body for a cell, and what closes or fills it."""
    x0, y0, x1, y1, front, _ = cell
    if kind == "open":
        return _open_cell(p, cell, board)
    if kind == "glass":
        frame = min(0.05, 0.15 * cell.width)
        inner = cell._replace(x0=x0 + frame, y0=y0 + frame, x1=x1 - frame, y1=y1 - frame)
        pane = box_between((x0 - 0.01, y0 - 0.01, front - 0.09), (x1 + 0.01, y1 + 0.01, front - 0.05))
        recess = box_between((inner.x0, inner.y0, front - 0.06), (inner.x1, inner.y1, front + 0.1))
        return recess, [(pane, "glass"), *_muntins(p, inner), *_handles(p, cell, front)]
    # The front is a board set on (or into) the body with a shadow gap around it.
    groove = box_between((x0, y0, front - 0.012), (x1, y1, front + 0.1))
    face, gap, grow = front + p.inset, 0.004, 0.35 * board if p.inset > 0 else 0.0
    low, high = (x0 + gap - grow, y0 + gap - grow, front - 0.03), (x1 - gap + grow, y1 - gap + grow, face)
    plate = box_between(low, high, 0.3 * p.rounding)
    if kind == "panel_door":
        plate = _with_raised_field(plate, low, high)
    louvers = _louvers(low, high) if kind == "louver" else []
    return groove, [(plate, "front"), *louvers, *_handles(p, cell, face, is_drawer=kind == "drawer")]


def _open_cell(p: CabinetParameters, cell: _Cell, board: float) -> tuple[Manifold, list[Part]]:
    """An open compartment and its shelves."""
    x0, y0, x1, y1, front, _ = cell
    rear = -p.depth / 2 - (0.1 if p.back_open else -max(0.6 * board, 0.012))
    shelf_rear = max(rear - 0.005, -p.depth / 2)
    number = min(p.shelves, max(0, int(cell.height / 0.22) - 1))
    levels = [y0 + cell.height * (index + 1) / (number + 1) for index in range(number)]
    shelves: list[Part] = [
        (box_between((x0 - 0.005, y - board / 2, shelf_rear), (x1 + 0.005, y + board / 2, front - 0.02)), "body")
        for y in levels
    ]
    return box_between((x0, y0, rear), (x1, y1, front + 0.1)), shelves


def _muntins(p: CabinetParameters, pane: _Cell) -> list[Part]:
    """Bars across a glass front."""
    x0, y0, x1, y1, front, _ = pane
    half, rear, face = 0.011, front - 0.06, front - 0.005
    levels = [y0 + pane.height * (index + 1) / (p.shelves + 1) for index in range(p.shelves)]
    bars = [box_between((x0 - 0.01, y - half, rear), (x1 + 0.01, y + half, face)) for y in levels]
    if p.shelves > 1 and pane.width > 0.25:
        x = (x0 + x1) / 2
        bars.append(box_between((x - half, y0 - 0.01, rear), (x + half, y1 + 0.01, face)))
    return [(bar, "body") for bar in bars]


def _with_raised_field(plate: Manifold, low: Sequence[float], high: Sequence[float]) -> Manifold:
    """The plate between two corners with a groove around a raised field in its face."""
    frame = min(0.07, 0.16 * (high[0] - low[0]), 0.16 * (high[1] - low[1]))
    width, height = high[0] - low[0] - 2 * frame, high[1] - low[1] - 2 * frame
    x, y = (low[0] + high[0]) / 2, (low[1] + high[1]) / 2
    sunk = box((width, height, 0.02), (x, y, high[2]))
    field = box((width - frame, height - frame, 0.018), (x, y, high[2] - 0.009))
    return union([difference(plate, [sunk]), field])


def _louvers(low: Sequence[float], high: Sequence[float]) -> list[Part]:
    """Wedges across the plate between two corners."""
    number = max(3, min(9, int((high[1] - low[1]) / 0.07)))
    inset = 0.14 * (high[0] - low[0])
    pitch = (high[1] - low[1]) / (number + 1)
    rear, face = high[2] - 0.006, high[2] + 0.016
    louvers: list[Part] = []
    for y in [low[1] + pitch * (index + 1) for index in range(number)]:
        wedge = [[rear, y + 0.3 * pitch], [rear, y - 0.3 * pitch], [face, y - 0.3 * pitch]]
        louvers.append((prism(wedge, low[0] + inset, high[0] - inset, "x"), "front"))
    return louvers


def _handles(p: CabinetParameters, cell: _Cell, face: float, *, is_drawer: bool = False) -> list[Part]:
    """The handles of a cell whose front lies in the plane z = `face`."""
    if p.handle == "none":
        return []
    x0, y0, x1, y1, _, is_left = cell
    width, height, is_long = cell.width, cell.height, p.handle == "long"
    if not is_drawer:
        margin = min(0.025, 0.07 * width)
        spots = [(x1 - margin if is_left else x0 + margin, y0 + height * (0.5 if height > 0.9 else 0.72))]
    elif width < 0.75 or is_long:
        spots = [((x0 + x1) / 2, (y0 + y1) / 2)]
    else:
        spots = [(x0 + width * share, (y0 + y1) / 2) for share in (0.22, 0.78)]
    scale = p.handle_size * (1.0 if max(p.width, p.height) < 1.2 else 1.35)
    length = (0.75 if is_long else 0.3) * (width if is_drawer else min(height, 0.9 if is_long else 0.5))
    solids = [_handle(p, (x, y, face), scale, length, upright=not is_drawer) for x, y in spots]
    return [(solid, "handle") for solid in itertools.chain.from_iterable(solids)]


def _handle(
    p: CabinetParameters, at: tuple[float, float, float], scale: float, length: float, *, upright: bool
) -> list[Manifold]:
    x, y, z = at
    if p.handle == "knob":
        neck = rod((x, y, z - 0.004), (x, y, z + 0.03 * scale), 0.012 * scale, segments=8)
        return [neck, ellipsoid((0.045 * scale, 0.045 * scale, 0.03 * scale), (x, y, z + 0.03 * scale), 10)]
    half = max(0.5 * length, 0.03) * (scale if p.handle != "long" else 1.0)
    if p.handle == "cup":
        shell = ellipsoid((2 * half * 0.7, 0.06 * scale, 0.07 * scale), (x, y, z), 12)
        return [shell.trim_by_plane((0.0, 0.0, 1.0), z - 0.006)]
    r = 0.012 * scale
    along = np.array([0.0, half, 0.0]) if upright else np.array([half, 0.0, 0.0])
    base, out = np.array([x, y, z - 0.004]), np.array([0.0, 0.0, 0.035 * scale + r])
    return [tube([base - along, base - along + out, base + along + out, base + along], r, 6)]


def _feet(p: CabinetParameters) -> list[Part]:
    """What stands below the body."""
    if p.foot == "none":
        return []
    if p.foot == "bracket":
        return _brackets(p)
    low, x, z = p.foot_top, p.width / 2, p.depth / 2
    if p.foot == "plinth":
        return [(box_between((-0.97 * x, 0.0, -0.97 * z), (0.97 * x, low + 0.004, z - 0.04)), "body")]
    thickness = min(0.03 + 0.15 * low, 0.07)
    points = corners(x - thickness, z - thickness, low + 0.004, 0.0, low + 0.004)
    if p.foot == "sled":
        t = max(0.022, 0.5 * thickness)
        profile = [(low + 0.004, z - 2 * t), (t / 2, z - t), (t / 2, t - z), (low + 0.004, 2 * t - z)]
        solids = [tube([(s * (x - t), height, depth) for height, depth in profile], t / 2, 8) for s in SIDES]
    elif p.foot == "legs":
        out = np.sign(points) * [1.0, 0.0, 1.0] * p.splay * min(1.0, 4 * low)
        solids = [
            leg(a * [1, 0, 1] + o, a, thickness, p.leg_shape, p.leg_taper) for a, o in zip(points, out, strict=True)
        ]
    else:
        if p.foot == "casters":
            support = rod((-0.014, 0.5 * low, 0.0), (0.014, 0.5 * low, 0.0), 0.5 * low, segments=14)
            neck = box_between((-0.02, 0.55 * low, -0.016), (0.02, low + 0.006, 0.016))
        else:
            support = ellipsoid((1.6 * thickness, 1.06 * low, 1.6 * thickness), (0.0, 0.5 * low, 0.0), 14)
            neck = cylinder(0.5 * low, low + 0.006, 0.5 * thickness, segments=10)
        solids = [union([support, neck]).translate(point * [1, 0, 1]) for point in points]
    return [(solid, "foot") for solid in solids]


def _brackets(p: CabinetParameters) -> list[Part]:
    """Skirt around three sides with a curved cut-out."""
    top, x, z, t = p.foot_top + 0.004, p.width / 2, p.depth / 2, 0.02

    def skirt(half: float) -> Array:
        inner = 0.72 * half
        arch = smooth_curve(
            [(inner, 0.0), (0.9 * inner, 0.45 * top), (0.0, 0.6 * top), (-0.9 * inner, 0.45 * top), (-inner, 0.0)], 14
        )
        return np.concatenate([[[-half, 0.0], [-half, top], [half, top], [half, 0.0]], arch])

    front = prism(skirt(x), z - 1.3 * t, z, "z")
    sides = [prism(skirt(z), s * x, s * (x - 1.3 * t), "x") for s in SIDES]
    rear = [box((2 * t, top, 2 * t), (s * (x - t), top / 2, t - z)) for s in SIDES]
    return [(solid, "body") for solid in [front, *sides, *rear]]


def _crown(p: CabinetParameters) -> list[Part]:
    """What finishes the body at the top."""
    depth = p.depth * p.hutch_depth if p.has_step else p.depth
    x, z0, z1, y = p.width / 2, -p.depth / 2, depth - p.depth / 2, p.height - 0.003
    middle = (z0 + z1) / 2
    o, t = p.overhang, max(p.board, 0.02)
    match p.crown:
        case "none":
            return []
        case "top":
            outline = rounded_rectangle(2 * (x + o), depth + 2 * o, 2 * p.rounding, 3)
            return [(slab(outline, y, y + t, 0.5 * p.rounding).translate((0.0, 0.0, middle)), "front")]
        case "cornice":
            rise, wide = 0.03 + 1.2 * o, 1 + 2 * o / x
            levels = [(y, 1.0), (y + 0.4 * rise, 1 + 0.6 * o / x), (y + 0.7 * rise, wide), (y + rise, wide)]
            return [(stack(rectangle(2 * x, depth), levels).translate((0.0, 0.0, middle)), "body")]
        case "arch":
            rise = 0.04 + 0.1 * p.width
            curve = smooth_curve(
                [(x, y), (0.6 * x, y + 0.55 * rise), (0.0, y + rise), (-0.6 * x, y + 0.55 * rise), (-x, y)], 17
            )
            outline = np.concatenate([[[-x, y - 0.02], [x, y - 0.02]], curve])
            return [(prism(outline, z1 - max(0.03, t), z1, "z"), "body")]
        case "upstand":
            return [(box_between((-x, y, z0), (x, y + 0.04 + 2 * o, z0 + t)), "body")]
        case "rail":
            r, rail_y = 0.013, y + 0.05 + o
            profile = [(-x + r, y - 0.004), (-x + r, rail_y), (x - r, rail_y), (x - r, y - 0.004)]
            ends = [z1 - r, z0 + r]
            solids = [tube([(a, b, z) for a, b in profile], r, 8) for z in ends]
            solids += [rod((s * (x - r), rail_y, z0 + r), (s * (x - r), rail_y, z1 - r), r, segments=8) for s in SIDES]
            return [(solid, "handle") for solid in solids]


CATEGORY = Category(CabinetParameters, _parts, _materials)
