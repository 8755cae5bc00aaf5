"""Cabinets: sideboards, dressers, wardrobes, bookcases, hutches, lockers, night stands, kitchen units."""

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
    Piece,
    assemble,
    box,
    cylinder,
    difference,
    ellipsoid,
    move,
    prism,
    rod,
    rounded_rectangle,
    slab,
    smooth_curve,
    span,
    stack,
    tube,
    union,
)
from shapelift.synthesis.procedural.supports import LegShape, corners, leg

Front = Literal["door", "drawer", "open", "glass", "panel_door", "louver"]
Foot = Literal["none", "plinth", "legs", "bracket", "sled", "casters", "bun"]
Handle = Literal["knob", "bar", "cup", "none", "long"]
Crown = Literal["none", "top", "cornice", "arch", "rail", "upstand"]


@dataclass(frozen=True, kw_only=True)
class CabinetParameters:
    """Lengths in metres. The front is a grid of `columns` by `rows` cells."""

    width: float
    height: float
    depth: float
    board: float
    columns: int
    rows: int
    middle_width: float
    lower_share: float
    lower: Front
    upper: Front
    middle: Front
    odd_middle: bool
    shelves: int
    inset: float
    back_open: bool
    handle: Handle
    handle_size: float
    foot: Foot
    foot_height: float
    leg_shape: LegShape
    leg_taper: float
    splay: float
    crown: Crown
    overhang: float
    hutch_depth: float
    rounding: float
    material_seed: int

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """A type of furniture first: its proportions and what its front is made of."""
        kind = pick(rng, _TYPES)
        size = _TYPE_SIZES[kind]
        fronts = _TYPE_FRONTS[kind]
        upper = pick(rng, fronts)
        low_foot = kind in {"wardrobe", "bookcase", "locker"}
        return cls(
            width=between(rng, *size[0]),
            height=between(rng, *size[1]),
            depth=between(rng, *size[2]),
            board=between(rng, 0.018, 0.05),
            columns=count(rng, *size[3]),
            rows=count(rng, *size[4]),
            middle_width=between(rng, 0.7, 1.6),
            lower_share=between(rng, 0.25, 0.7),
            lower=pick(rng, fronts) if chance(rng, 0.6) else upper,
            upper=upper,
            middle=pick(rng, {"drawer": 2.0, "open": 1.5, "glass": 0.7, "door": 1.0, "louver": 0.3}),
            odd_middle=chance(rng, 0.3),
            shelves=count(rng, 0, 3),
            inset=between(rng, -0.018, 0.014),
            back_open=chance(rng, 0.25),
            handle=pick(rng, {"knob": 3.0, "bar": 3.0, "cup": 0.8, "none": 1.5, "long": 1.0}),
            handle_size=between(rng, 0.5, 1.0),
            foot=pick(
                rng, {"none": 2.0, "plinth": 3.0, "legs": 3.0, "bracket": 1.5, "sled": 0.7, "casters": 0.6, "bun": 0.8}
            ),
            foot_height=between(rng, 0.04, 0.12) if low_foot else between(rng, 0.04, 0.28),
            leg_shape=pick(
                rng, {"square": 3.0, "round": 3.0, "turned": 1.0, "bulb": 0.6, "saber": 0.4, "hairpin": 0.5}
            ),
            leg_taper=between(rng, 0.45, 1.0),
            splay=between(rng, 0.0, 0.06),
            crown=pick(rng, {"none": 4.0, "top": 4.0, "cornice": 1.3, "arch": 0.7, "rail": 0.5, "upstand": 0.7}),
            overhang=between(rng, 0.008, 0.05),
            hutch_depth=between(rng, 0.45, 0.75)
            if chance(rng, 0.3 if kind == "hutch" else 0.04) or kind == "hutch"
            else 1.0,
            rounding=between(rng, 0.0, 0.02) if chance(rng, 0.4) else 0.0,
            material_seed=int(rng.integers(2**31)),
        )

    @property
    def foot_top(self) -> float:
        """Height of the underside of the body."""
        limit = {"none": 0.0, "plinth": 0.14, "casters": 0.09, "bun": 0.12}.get(self.foot, 0.3)
        return min(self.foot_height, 0.3 * self.height, limit)

    def build(self) -> Asset:
        """See `Family.build`."""
        finishes = finish(
            np.random.default_rng(self.material_seed),
            {
                "body": {"wood": 6.0, "paint": 2.0, "metal": 1.0, "plastic": 0.7},
                "front": {"wood": 5.0, "paint": 2.0, "plastic": 1.0, "metal": 0.7},
                "glass": {"glass": 1.0},
                "handle": {"metal": 5.0, "wood": 1.0, "plastic": 0.7},
                "foot": {"wood": 3.0, "metal": 3.0, "plastic": 0.5},
            },
            unity=0.3,
        )
        body, fronts = _carcass(self)
        pieces = [(body, "body"), *fronts, *_foot(self), *_crown(self)]
        return assemble([(solid, finishes[group]) for solid, group in pieces])


Type = Literal["sideboard", "dresser", "wardrobe", "bookcase", "hutch", "locker", "night_stand", "cube", "tv_bench"]
Range = tuple[float, float]
_TYPES: dict[Type, float] = {
    "sideboard": 3.0,
    "dresser": 2.5,
    "wardrobe": 2.0,
    "bookcase": 2.2,
    "hutch": 1.2,
    "locker": 0.8,
    "night_stand": 2.0,
    "cube": 1.2,
    "tv_bench": 1.3,
}
# Ranges of the width, height and depth in metres, then of the number of columns and of rows.
_TYPE_SIZES: dict[Type, tuple[Range, Range, Range, tuple[int, int], tuple[int, int]]] = {
    "sideboard": ((1.1, 2.0), (0.6, 0.95), (0.35, 0.55), (2, 4), (1, 3)),
    "dresser": ((0.6, 1.5), (0.7, 1.3), (0.4, 0.55), (1, 3), (3, 6)),
    "wardrobe": ((0.8, 2.0), (1.7, 2.3), (0.5, 0.65), (2, 4), (1, 2)),
    "bookcase": ((0.45, 1.3), (1.1, 2.2), (0.25, 0.4), (1, 3), (3, 6)),
    "hutch": ((0.8, 1.6), (1.5, 2.1), (0.4, 0.55), (2, 3), (2, 4)),
    "locker": ((0.35, 1.2), (1.3, 2.0), (0.4, 0.55), (1, 4), (1, 4)),
    "night_stand": ((0.35, 0.6), (0.4, 0.75), (0.3, 0.48), (1, 1), (1, 3)),
    "cube": ((0.7, 1.6), (0.7, 1.6), (0.3, 0.42), (2, 4), (2, 4)),
    "tv_bench": ((1.2, 2.0), (0.35, 0.6), (0.35, 0.5), (2, 4), (1, 2)),
}
_TYPE_FRONTS: dict[Type, dict[Front, float]] = {
    "sideboard": {"door": 2.0, "panel_door": 2.0, "drawer": 2.0, "open": 1.0, "louver": 0.5},
    "dresser": {"drawer": 9.0, "door": 0.7},
    "wardrobe": {"door": 3.0, "panel_door": 3.0, "drawer": 0.6, "louver": 0.8},
    "bookcase": {"open": 8.0, "glass": 1.0, "door": 0.7},
    "hutch": {"glass": 2.0, "open": 2.0, "panel_door": 1.5, "drawer": 1.0},
    "locker": {"door": 3.0, "louver": 2.0, "panel_door": 0.5},
    "night_stand": {"drawer": 4.0, "open": 2.0, "door": 1.0, "panel_door": 0.7},
    "cube": {"open": 6.0, "drawer": 1.0, "door": 1.5},
    "tv_bench": {"open": 2.5, "drawer": 2.0, "door": 2.0, "panel_door": 0.5},
}


# ---------------------------------------------------------------------------------------------- body and fronts


def _split(low: float, high: float, weights: list[float]) -> list[tuple[float, float]]:
    edges = low + (high - low) * np.concatenate([[0.0], np.cumsum(weights) / sum(weights)])
    return [(float(a), float(b)) for a, b in itertools.pairwise(edges)]


def _front_of(p: CabinetParameters, column: int, row: int) -> Front:
    if p.odd_middle and p.columns > 2 and 0 < column < p.columns - 1:
        return p.middle
    return p.lower if row < round(p.lower_share * p.rows) else p.upper


def _carcass(p: CabinetParameters) -> tuple[Manifold, list[Piece]]:
    """The body with its cavities, and everything that sits in or on the cells."""
    board = max(p.board, 0.014 * max(p.width, p.height))
    x, z, low = p.width / 2, p.depth / 2, p.foot_top
    body = span((-x, low, -z), (x, p.height, z), p.rounding)
    lower_rows = round(p.lower_share * p.rows)
    stepped = p.hutch_depth < 1 and 0 < lower_rows < p.rows
    if stepped:
        step = low + (p.height - low) * lower_rows / p.rows
        body = difference(
            body, [span((-x - 1, step + board, z - p.depth * (1 - p.hutch_depth)), (x + 1, p.height + 1, z + 1))]
        )
    weights = [p.middle_width if 0 < c < p.columns - 1 else 1.0 for c in range(p.columns)]
    columns = _split(-x + board / 2, x - board / 2, weights)
    rows = _split(low + board / 2, p.height - board / 2, [1.0] * p.rows)
    cavities: list[Manifold] = []
    pieces: list[Piece] = []
    for c, (x0, x1) in enumerate(columns):
        for r, (y0, y1) in enumerate(rows):
            front = z if r < lower_rows or not stepped else z - p.depth * (1 - p.hutch_depth)
            cell = (x0 + board / 2, max(y0, 0.0) + board / 2, x1 - board / 2, y1 - board / 2)
            cut, extra = _cell(p, _front_of(p, c, r), cell, front, board, left=c < p.columns / 2)
            cavities += cut
            pieces += extra
    return difference(body, cavities), pieces


Cell = tuple[float, float, float, float]


def _cell(
    p: CabinetParameters, kind: Front, cell: Cell, front: float, board: float, *, left: bool
) -> tuple[list[Manifold], list[Piece]]:
    x0, y0, x1, y1 = cell
    if kind == "open":
        return _open_cell(p, cell, front, board)
    face = front + p.inset
    gap = 0.004
    if kind == "glass":
        frame = min(0.05, 0.15 * (x1 - x0))
        pane = span((x0 - 0.01, y0 - 0.01, front - 0.09), (x1 + 0.01, y1 + 0.01, front - 0.05))
        recess = span((x0 + frame, y0 + frame, front - 0.06), (x1 - frame, y1 - frame, front + 0.1))
        bars = _muntins(p, (x0 + frame, y0 + frame, x1 - frame, y1 - frame), front)
        return [recess], [(pane, "glass"), *bars, *_handle(p, cell, front, left=left, drawer=False)]
    # The front is a board set on (or into) the carcass with a shadow gap around it.
    groove = span((x0, y0, front - 0.012), (x1, y1, front + 0.1))
    grow = 0.35 * board if p.inset > 0 else 0.0
    low, high = (x0 + gap - grow, y0 + gap - grow, front - 0.03), (x1 - gap + grow, y1 - gap + grow, face)
    plate = span(low, high, 0.3 * p.rounding)
    cuts, extra = [groove], []
    if kind == "panel_door":
        plate = _panelled(plate, low, high)
    elif kind == "louver":
        extra = _louvers(low, high)
    handle = _handle(p, cell, face, left=left, drawer=kind == "drawer")
    return cuts, [(plate, "front"), *extra, *handle]


def _open_cell(p: CabinetParameters, cell: Cell, front: float, board: float) -> tuple[list[Manifold], list[Piece]]:
    x0, y0, x1, y1 = cell
    rear = -p.depth / 2 - (0.1 if p.back_open else -max(0.6 * board, 0.012))
    cavity = span((x0, y0, rear), (x1, y1, front + 0.1))
    number = min(p.shelves, max(0, int((y1 - y0) / 0.22) - 1))
    shelves: list[Piece] = []
    for index in range(number):
        y = y0 + (y1 - y0) * (index + 1) / (number + 1)
        shelf = span(
            (x0 - 0.005, y - board / 2, max(rear - 0.005, -p.depth / 2)), (x1 + 0.005, y + board / 2, front - 0.02)
        )
        shelves.append((shelf, "body"))
    return [cavity], shelves


def _muntins(p: CabinetParameters, opening: Cell, front: float) -> list[Piece]:
    x0, y0, x1, y1 = opening
    half = 0.011
    bars: list[Piece] = []
    for index in range(p.shelves):
        y = y0 + (y1 - y0) * (index + 1) / (p.shelves + 1)
        bars.append((span((x0 - 0.01, y - half, front - 0.06), (x1 + 0.01, y + half, front - 0.005)), "body"))
    if p.shelves > 1 and x1 - x0 > 0.25:
        x = (x0 + x1) / 2
        bars.append((span((x - half, y0 - 0.01, front - 0.06), (x + half, y1 + 0.01, front - 0.005)), "body"))
    return bars


def _panelled(plate: Manifold, low: tuple[float, float, float], high: tuple[float, float, float]) -> Manifold:
    """Groove around a raised field."""
    frame = min(0.07, 0.16 * (high[0] - low[0]), 0.16 * (high[1] - low[1]))
    size = [high[0] - low[0] - 2 * frame, high[1] - low[1] - 2 * frame]
    middle = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2]
    sunk = box((*size, 0.02), (*middle, high[2]))
    field = box((size[0] - frame, size[1] - frame, 0.018), (*middle, high[2] - 0.009))
    return union([difference(plate, [sunk]), field])


def _louvers(low: tuple[float, float, float], high: tuple[float, float, float]) -> list[Piece]:
    number = max(3, min(9, int((high[1] - low[1]) / 0.07)))
    inset = 0.14 * (high[0] - low[0])
    pitch = (high[1] - low[1]) / (number + 1)
    pieces: list[Piece] = []
    for index in range(number):
        y = low[1] + pitch * (index + 1)
        wedge = np.array(
            [[high[2] - 0.006, y + 0.3 * pitch], [high[2] - 0.006, y - 0.3 * pitch], [high[2] + 0.016, y - 0.3 * pitch]]
        )
        pieces.append((prism(wedge, low[0] + inset, high[0] - inset, "x"), "front"))
    return pieces


def _handle(p: CabinetParameters, cell: Cell, face: float, *, left: bool, drawer: bool) -> list[Piece]:
    x0, y0, x1, y1 = cell
    if p.handle == "none":
        return []
    w, h = x1 - x0, y1 - y0
    if drawer:
        spots = (
            [((x0 + x1) / 2, (y0 + y1) / 2)]
            if w < 0.75 or p.handle == "long"
            else [(x0 + w * f, (y0 + y1) / 2) for f in (0.22, 0.78)]
        )
    else:
        spots = [
            (x1 - min(0.025, 0.07 * w) if left else x0 + min(0.025, 0.07 * w), y0 + h * (0.5 if h > 0.9 else 0.72))
        ]
    scale = p.handle_size * (1.0 if max(p.width, p.height) < 1.2 else 1.35)
    length = (0.75 if p.handle == "long" else 0.3) * (w if drawer else min(h, 0.9 if p.handle == "long" else 0.5))
    pieces: list[Piece] = []
    for x, y in spots:
        pieces += [(solid, "handle") for solid in _handle_at(p.handle, (x, y, face), scale, length, upright=not drawer)]
    return pieces


def _handle_at(
    kind: Handle, at: tuple[float, float, float], scale: float, length: float, *, upright: bool
) -> list[Manifold]:
    x, y, z = at
    if kind == "knob":
        neck = rod((x, y, z - 0.004), (x, y, z + 0.03 * scale), 0.012 * scale, segments=8)
        return [neck, ellipsoid((0.045 * scale, 0.045 * scale, 0.03 * scale), (x, y, z + 0.03 * scale), 10)]
    half = max(0.5 * length, 0.03) * (scale if kind != "long" else 1.0)
    r = 0.012 * scale
    if kind == "cup":
        shell = ellipsoid((2 * half * 0.7, 0.06 * scale, 0.07 * scale), (x, y, z), 12)
        return [shell.trim_by_plane((0.0, 0.0, 1.0), z - 0.006)]
    along = np.array([0.0, half, 0.0]) if upright else np.array([half, 0.0, 0.0])
    base, out = np.array([x, y, z - 0.004]), np.array([0.0, 0.0, 0.035 * scale + r])
    return [tube([base - along, base - along + out, base + along + out, base + along], r, 6)]


# ---------------------------------------------------------------------------------------------- feet and crown


def _foot(p: CabinetParameters) -> list[Piece]:
    if p.foot == "none":
        return []
    top, x, z = p.foot_top, p.width / 2, p.depth / 2
    if p.foot == "plinth":
        return [(span((-0.97 * x, 0.0, -0.97 * z), (0.97 * x, top + 0.004, z - 0.04)), "body")]
    if p.foot == "bracket":
        return _brackets(p)
    thickness = min(0.03 + 0.15 * top, 0.07)
    if p.foot == "sled":
        t = max(0.022, 0.5 * thickness)
        loop = [
            tube(
                [
                    (s * (x - t), top + 0.004, z - 2 * t),
                    (s * (x - t), t / 2, z - t),
                    (s * (x - t), t / 2, t - z),
                    (s * (x - t), top + 0.004, 2 * t - z),
                ],
                t / 2,
                8,
            )
            for s in SIDES
        ]
        return [(solid, "foot") for solid in loop]
    points = corners(x - thickness, z - thickness, top + 0.004, 0.0, top + 0.004)
    if p.foot == "legs":
        out = np.sign(points) * [1.0, 0.0, 1.0] * p.splay * min(1.0, 4 * top)
        solids = [
            leg(a * [1, 0, 1] + o, a, thickness, p.leg_shape, p.leg_taper) for a, o in zip(points, out, strict=True)
        ]
    elif p.foot == "casters":
        wheel = rod((-0.014, 0.5 * top, 0.0), (0.014, 0.5 * top, 0.0), 0.5 * top, segments=14)
        fork = span((-0.02, 0.55 * top, -0.016), (0.02, top + 0.006, 0.016))
        solids = [move(union([wheel, fork]), point * [1, 0, 1]) for point in points]
    else:
        bun = ellipsoid((1.6 * thickness, 1.06 * top, 1.6 * thickness), (0.0, 0.5 * top, 0.0), 14)
        neck = cylinder(0.5 * top, top + 0.006, 0.5 * thickness, segments=10)
        solids = [move(union([bun, neck]), point * [1, 0, 1]) for point in points]
    return [(solid, "foot") for solid in solids]


def _brackets(p: CabinetParameters) -> list[Piece]:
    """Skirt around three sides with a curved cut-out."""
    top, x, z, t = p.foot_top + 0.004, p.width / 2, p.depth / 2, 0.02

    def skirt(half: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        inner = 0.72 * half
        arch = smooth_curve(
            [(inner, 0.0), (0.9 * inner, 0.45 * top), (0.0, 0.6 * top), (-0.9 * inner, 0.45 * top), (-inner, 0.0)], 14
        )
        return np.concatenate([[[-half, 0.0], [-half, top], [half, top], [half, 0.0]], arch])

    front = prism(skirt(x), z - 1.3 * t, z, "z")
    sides = [prism(skirt(z), s * x, s * (x - 1.3 * t), "x") for s in SIDES]
    rear = [box((2 * t, top, 2 * t), (s * (x - t), top / 2, t - z)) for s in SIDES]
    return [(solid, "body") for solid in [front, *sides, *rear]]


def _crown(p: CabinetParameters) -> list[Piece]:
    if p.crown == "none":
        return []
    lower_rows = round(p.lower_share * p.rows)
    shallow = p.hutch_depth if 0 < lower_rows < p.rows else 1.0
    depth = p.depth * shallow
    x, z0, z1, y = p.width / 2, -p.depth / 2, depth - p.depth / 2, p.height - 0.003
    middle = (z0 + z1) / 2
    o, t = p.overhang, max(p.board, 0.02)
    if p.crown == "top":
        outline = rounded_rectangle(2 * (x + o), depth + 2 * o, 2 * p.rounding, 3)
        return [(move(slab(outline, y, y + t, 0.5 * p.rounding), (0.0, 0.0, middle)), "front")]
    if p.crown == "cornice":
        base = rounded_rectangle(2 * x, depth, 0.0)
        rise = 0.03 + 1.2 * o
        levels = [
            (y, 1.0),
            (y + 0.4 * rise, 1 + 0.6 * o / x),
            (y + 0.7 * rise, 1 + 2 * o / x),
            (y + rise, 1 + 2 * o / x),
        ]
        return [(move(stack(base, levels), (0.0, 0.0, middle)), "body")]
    if p.crown == "arch":
        rise = 0.04 + 0.1 * p.width
        curve = smooth_curve(
            [(x, y), (0.6 * x, y + 0.55 * rise), (0.0, y + rise), (-0.6 * x, y + 0.55 * rise), (-x, y)], 17
        )
        back = z1 - max(0.03, t)
        return [(prism(np.concatenate([[[-x, y - 0.02], [x, y - 0.02]], curve]), back, z1, "z"), "body")]
    if p.crown == "upstand":
        return [(span((-x, y, z0), (x, y + 0.04 + 2 * o, z0 + t)), "body")]
    rail_y = y + 0.05 + o
    r = 0.013
    path = [(-x + r, y - 0.004, z1 - r), (-x + r, rail_y, z1 - r), (x - r, rail_y, z1 - r), (x - r, y - 0.004, z1 - r)]
    rear = [(a, b, z0 + r) for a, b, _ in path]
    sides = [rod((s * (x - r), rail_y, z0 + r), (s * (x - r), rail_y, z1 - r), r, segments=8) for s in SIDES]
    return [(solid, "handle") for solid in [tube(path, r, 8), tube(rear, r, 8), *sides]]
