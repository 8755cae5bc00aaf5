"""Tables: dining, coffee, side, work, pedestal and trestle tables, desks."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from shapelift.synthesis.materials import Asset
from shapelift.synthesis.procedural.draws import between, chance, count, finish, pick
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
    move,
    prism,
    rectangle,
    regular_polygon,
    rod,
    rounded_rectangle,
    slab,
    span,
    superellipse,
    tube,
)
from shapelift.synthesis.procedural.supports import (
    LegParameters,
    LegShape,
    apron,
    leg,
    pedestal,
    star_base,
)

Top = Literal["rectangle", "rounded", "oval", "round", "squircle", "hexagon", "octagon", "half"]
Support = Literal[
    "legs", "disc", "trumpet", "spokes", "columns", "trestle", "panels", "cross", "loops", "cube", "splayed"
]
Storage = Literal["none", "drawers", "pedestals", "one_pedestal"]


@dataclass(frozen=True, kw_only=True)
class TableParameters(LegParameters):
    """Lengths in metres; `width` runs along X."""

    top: Top
    width: float
    depth: float
    height: float
    top_thickness: float
    top_bevel: float
    corner: float
    planks: int
    support: Support
    inset: float
    spokes: int
    apron: float
    stretcher_height: float
    shelf: float
    storage: Storage
    drawers: int
    back_panel: float
    material_seed: int

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """A size class (dining, coffee, side, console, desk) first."""
        low, high = pick(rng, {(0.68, 0.8): 5.0, (0.28, 0.5): 3.5, (0.5, 0.65): 1.0, (0.9, 1.08): 0.6})
        height = between(rng, low, high)
        width = between(rng, 0.4, 0.75) if chance(rng, 0.2) else between(rng, 0.75, 2.2)
        depth = width * between(rng, 0.35, 1.0)
        top = pick(rng, _TOPS)
        if top in {"round", "hexagon", "octagon"}:
            width = depth = min(width, 1.5)
        desk = 0.6 < low < 0.8 and width > 0.9 and top == "rectangle" and chance(rng, 0.6)
        if low > 0.5:
            width = max(width, 0.55)
        return cls(
            top=top,
            width=width,
            depth=max(depth, 0.33),
            height=height,
            top_thickness=between(rng, 0.018, 0.05) if chance(rng, 0.88) else between(rng, 0.05, 0.08),
            top_bevel=between(rng, 0.1, 0.5) if chance(rng, 0.5) else 0.0,
            corner=between(rng, 0.0, 0.35),
            planks=count(rng, 3, 8) if chance(rng, 0.12) else 1,
            support=pick(rng, {"legs": 3.0, "panels": 2.0, "loops": 1.0} if desk else _SUPPORTS),
            leg_shape=pick(rng, _LEG_SHAPES),
            leg_width=between(rng, 0.03, 0.03 + 0.09 * min(width, 0.8)),
            leg_taper=between(rng, 0.45, 1.05),
            splay=between(rng, 0.02, 0.15) if chance(rng, 0.3) else 0.0,
            inset=between(rng, 0.0, 0.12),
            spokes=count(rng, 3, 5),
            apron=between(rng, 0.05, 0.13) if chance(rng, 0.5) else 0.0,
            stretcher=pick(rng, {"none": 5.0, "box": 1.2, "h": 1.5, "x": 1.0, "sides": 0.7}),
            stretcher_height=between(rng, 0.1, 0.5),
            shelf=between(rng, 0.15, 0.6) if chance(rng, 0.25) else 0.0,
            storage=pick(rng, {"none": 0.3, "drawers": 1.0, "pedestals": 0.8, "one_pedestal": 1.0})
            if desk
            else pick(rng, {"none": 4.0, "drawers": 1.0}),
            drawers=count(rng, 1, 4),
            back_panel=between(rng, 0.25, 0.9) if chance(rng, 0.3 if desk else 0.05) else 0.0,
            material_seed=int(rng.integers(2**31)),
        )

    @property
    def outline(self) -> Array:
        """Outline of the top (x, z)."""
        w, d = self.width, self.depth
        if self.top in {"round", "oval"}:
            return superellipse(w, d, 2.0, 36)
        if self.top == "squircle":
            return superellipse(w, d, 3.0 + 3.0 * self.corner, 36)
        if self.top in {"hexagon", "octagon"}:
            sides = 6 if self.top == "hexagon" else 8
            circumradius = 0.5 / float(np.cos(np.pi / sides))
            return np.asarray(regular_polygon(sides, circumradius, 180 / sides) * np.array([w, d]))
        if self.top == "half":
            arc = superellipse(w, 2 * d, 2.0, 40)
            return np.asarray(arc[arc[:, 1] >= -1e-9] - np.array([0.0, d / 2]))
        return rounded_rectangle(w, d, self.corner * min(w, d) if self.top == "rounded" else 0.004, 5)

    @property
    def foot_square(self) -> tuple[float, float]:
        """Half distances between the tops of the corner legs, such that they stand under the top."""
        factor = {"rectangle": 1.0, "rounded": 1.0 - 0.6 * self.corner, "squircle": 0.8, "octagon": 0.72, "half": 0.72}
        share = factor.get(self.top, 0.68)
        x = share * self.width / 2 - 0.65 * self.leg_width - self.inset * self.width * 0.5
        z = share * self.depth / 2 - 0.65 * self.leg_width - self.inset * self.depth * 0.5
        return max(x, self.leg_width), max(z, self.leg_width)

    @property
    def under(self) -> float:
        """Height of the underside of the top."""
        return self.height - self.top_thickness

    def build(self) -> Asset:
        """See `Family.build`."""
        finishes = finish(
            np.random.default_rng(self.material_seed),
            {
                "top": {"wood": 6.0, "glass": 1.5, "stone": 1.5, "plastic": 1.0, "paint": 1.0, "metal": 0.5},
                "leg": {"wood": 5.0, "metal": 4.0, "plastic": 1.0, "paint": 1.0},
                "box": {"wood": 4.0, "paint": 2.0, "plastic": 0.5},
                "handle": {"metal": 4.0, "wood": 1.0},
            },
            unity=0.35,
        )
        pieces = [*_top(self), *_SUPPORT_MAKERS[self.support](self), *_shelf(self), *_storage(self)]
        return assemble([(solid, finishes[group]) for solid, group in pieces])


_TOPS: dict[Top, float] = {
    "rectangle": 7.0,
    "rounded": 3.0,
    "oval": 1.5,
    "round": 3.0,
    "squircle": 1.0,
    "hexagon": 0.5,
    "octagon": 0.5,
    "half": 0.5,
}
_SUPPORTS: dict[Support, float] = {
    "legs": 9.0,
    "disc": 1.3,
    "trumpet": 0.7,
    "spokes": 1.3,
    "columns": 1.0,
    "trestle": 1.2,
    "panels": 1.5,
    "cross": 1.0,
    "loops": 1.2,
    "cube": 0.4,
    "splayed": 0.8,
}
_LEG_SHAPES: dict[LegShape, float] = {
    "square": 5.0,
    "round": 2.0,
    "turned": 1.2,
    "saber": 0.8,
    "octagon": 0.4,
    "hairpin": 0.6,
    "bulb": 0.5,
}


def _top(p: TableParameters) -> list[Piece]:
    bevel = p.top_bevel * p.top_thickness
    plate = slab(p.outline, p.under, p.height, bevel)
    if p.planks > 1:
        gap = 0.012 * max(p.width, p.depth)
        edges = np.linspace(-p.depth / 2, p.depth / 2, p.planks + 1)[1:-1]
        cut = 0.55 * p.top_thickness
        plate = difference(plate, [box((2 * p.width, 2 * cut, gap), (0.0, p.height, z)) for z in edges])
    return [(plate, "top")]


def _apron(p: TableParameters, x: float, z: float) -> list[Piece]:
    if not p.apron:
        return []
    thickness = 2 * (0.012 + 0.15 * p.leg_width)
    return [(apron(x, z, thickness, p.under - p.apron, p.under + 0.004), "leg")]


def _legs(p: TableParameters) -> list[Piece]:
    x, z = p.foot_square
    top = p.under + 0.3 * p.top_thickness
    solids = p.four_legs(x, z, top) + p.ties(x, z, top, p.stretcher_height * top, max(0.025, 0.5 * p.leg_width))
    return [*_apron(p, x, z), *[(solid, "leg") for solid in solids]]


def _splayed(p: TableParameters) -> list[Piece]:
    """Three to five legs leaning out from the middle."""
    reach = 0.42 * min(p.width, p.depth)
    top = p.under + 0.3 * p.top_thickness
    shape: LegShape = "square" if p.leg_shape == "square" else "round"
    one = leg((reach + p.splay, 0.0, 0.0), ((0.35 + 2 * p.inset) * reach, top, 0.0), p.leg_width, shape, p.leg_taper)
    plate = cylinder(p.under - 0.02, top, (0.4 + 2 * p.inset) * reach + 0.5 * p.leg_width)
    return [(solid, "leg") for solid in [plate, *around(one, p.spokes, 90.0)]]


def _pedestal(p: TableParameters) -> list[Piece]:
    side = min(p.width, p.depth)
    foot = (0.24 + p.inset) * side * (1.0 + p.splay)
    top = p.under + 0.3 * p.top_thickness
    column = max(0.02, 0.5 * p.leg_width * (1.0 if p.support == "disc" else 0.8))
    kind: Literal["disc", "trumpet", "dome"] = (
        "trumpet" if p.support == "trumpet" else "dome" if p.spokes > 4 else "disc"
    )
    solids = pedestal(top, column, foot, 0.02 + 0.2 * p.leg_width, kind)
    solids.append(cylinder(p.under - 0.02, top, min(0.35 * side, 3 * column)))
    return [(solid, "leg") for solid in solids]


def _spokes(p: TableParameters) -> list[Piece]:
    """Turned column on three to five feet."""
    side = min(p.width, p.depth)
    top = p.under + 0.3 * p.top_thickness
    hub = 0.12 * p.height + 0.05
    solids = star_base(p.spokes, 0.36 * side * (1.0 + p.splay), hub, 0.03 + 0.4 * p.leg_width, casters=False)
    column: LegShape = p.leg_shape if p.leg_shape in {"turned", "bulb", "square"} else "round"
    solids.append(leg((0.0, hub - 0.04, 0.0), (0.0, top, 0.0), 0.03 + 0.8 * p.leg_width, column, 0.9))
    solids.append(box((0.4 * p.width, 0.025, 0.4 * p.depth), (0.0, p.under - 0.005, 0.0)))
    return [(solid, "leg") for solid in solids]


def _columns(p: TableParameters) -> list[Piece]:
    """Two columns side by side, each on a plate or cross foot."""
    x, z = 0.62 * p.foot_square[0], 0.75 * p.foot_square[1]
    t = max(0.025, 0.6 * p.leg_width)
    solids = []
    for s in SIDES:
        shape: LegShape = p.leg_shape if p.leg_shape in {"turned", "bulb", "square"} else "round"
        solids.append(leg((s * x, 0.5 * t, 0.0), (s * x, p.under + 0.005, 0.0), 1.2 * p.leg_width, shape, p.leg_taper))
        solids.append(beam((s * x, 0.5 * t, -z - p.splay), (s * x, 0.5 * t, z + p.splay), 1.3 * p.leg_width, t))
        solids.append(beam((s * x, p.under - 0.4 * t, -0.8 * z), (s * x, p.under - 0.4 * t, 0.8 * z), p.leg_width, t))
    y = p.stretcher_height * p.under
    solids.append(beam((-x, y, 0.0), (x, y, 0.0), 0.4 * p.leg_width, p.leg_width))
    return [(solid, "leg") for solid in solids]


def _trestle(p: TableParameters) -> list[Piece]:
    """A-frames at both ends, tied lengthwise."""
    x, z = p.foot_square
    t = p.leg_width
    solids = []
    for s in SIDES:
        for d in SIDES:
            foot, head = (s * x, 0.0, d * (z + p.splay)), (s * x, p.under + 0.005, d * (0.25 + 3 * p.inset) * z)
            solids.append(leg(foot, head, t, "square", max(p.leg_taper, 0.7)))
        y = 0.35 * p.under
        near = 0.65 * (z + p.splay) + 0.35 * (0.25 + 3 * p.inset) * z
        solids.append(beam((s * x, y, -near), (s * x, y, near), 0.6 * t, 0.8 * t))
        solids.append(beam((s * x, p.under - 0.02, -0.7 * z), (s * x, p.under - 0.02, 0.7 * z), t, 0.05))
    solids.append(beam((-x, 0.35 * p.under, 0.0), (x, 0.35 * p.under, 0.0), 0.5 * t, t))
    return [(solid, "leg") for solid in solids]


def _panels(p: TableParameters) -> list[Piece]:
    """Solid ends (a waterfall table without inset), optionally with a modesty panel."""
    x, z = p.foot_square
    t = max(0.022, 0.5 * p.leg_width)
    ends = [
        span((s * (x + 0.5 * p.leg_width), 0.0, -z), (s * (x + 0.5 * p.leg_width - t), p.under + 0.004, z))
        for s in SIDES
    ]
    bar = span((-x, p.under * (1 - p.stretcher_height), -0.2 * t), (x, p.under + 0.004, 0.6 * t))
    return [(solid, "leg") for solid in [*ends, bar]]


def _cross(p: TableParameters) -> list[Piece]:
    """X-shaped ends."""
    x, z = p.foot_square
    t = p.leg_width
    solids = []
    for s in SIDES:
        ends = [((s * x, 0.0, d * (z + p.splay)), (s * x, p.under + 0.005, -d * z)) for d in SIDES]
        solids += [leg(foot, head, t, "square", 1.0) for foot, head in ends]
    y = p.under * (z + p.splay) / (2 * z + p.splay)
    solids.append(beam((-x, y, 0.0), (x, y, 0.0), 0.6 * t, 0.8 * t))
    return [*_apron(p, x, z), *[(solid, "leg") for solid in solids]]


def _loops(p: TableParameters) -> list[Piece]:
    """Closed rectangular hoops of bar at both ends."""
    x, z = p.foot_square
    t = max(0.02, 0.5 * p.leg_width)
    outer = rectangle(2 * (z + p.splay), p.under + 0.004) + np.array([0.0, (p.under + 0.004) / 2])
    middle = np.array([0.0, (p.under + 0.004) / 2])
    inner = (outer - middle) * (1 - 2 * t / np.array([2 * (z + p.splay), p.under])) + middle
    hoop = prism([outer, inner], -t / 2, t / 2, "x")
    solids = [move(hoop, (s * x, 0.0, 0.0)) for s in SIDES]
    solids += [beam((-x, t / 2, d * (z + p.splay - t / 2)), (x, t / 2, d * (z + p.splay - t / 2)), t, t) for d in SIDES]
    return [(solid, "leg") for solid in (solids if p.stretcher != "none" else solids[:2])] + _apron(p, x, 0.8 * z)


def _cube(p: TableParameters) -> list[Piece]:
    """A block set back under the top, with a plinth."""
    x, z = 0.4 * p.width * (1 - 2 * p.inset), 0.4 * p.depth * (1 - 2 * p.inset)
    if p.top in {"round", "oval", "hexagon", "octagon", "half"}:
        x, z = 0.7 * x, 0.7 * z
    foot = 0.05 + 0.1 * p.stretcher_height
    return [
        (span((-x, foot - 0.005, -z), (x, p.under + 0.004, z), 0.004), "box"),
        (span((-0.85 * x, 0.0, -0.85 * z), (0.85 * x, foot, 0.85 * z)), "leg"),
    ]


_SUPPORT_MAKERS = {
    "legs": _legs,
    "disc": _pedestal,
    "trumpet": _pedestal,
    "spokes": _spokes,
    "columns": _columns,
    "trestle": _trestle,
    "panels": _panels,
    "cross": _cross,
    "loops": _loops,
    "cube": _cube,
    "splayed": _splayed,
}


def _shelf(p: TableParameters) -> list[Piece]:
    """A board between the legs."""
    if not p.shelf or p.support not in {"legs", "panels", "loops"} or p.leg_shape in {"hairpin", "saber"}:
        return []
    y = p.shelf * p.under
    top = p.under + 0.3 * p.top_thickness
    out = {"legs": p.splay * (1 - y / top), "loops": p.splay - 0.25 * p.leg_width, "panels": 0.0}[p.support]
    x, z = p.foot_square
    t = max(0.018, 0.6 * p.top_thickness)
    return [(span((-x - max(out, 0.0), y - t / 2, -z - out), (x + max(out, 0.0), y + t / 2, z + out), 0.003), "top")]


def _storage(p: TableParameters) -> list[Piece]:
    """Drawers under the top, or pedestals of drawers down to the floor; a back panel."""
    if p.top not in {"rectangle", "rounded"} or p.support not in {"legs", "panels", "loops", "cross"}:
        return []
    x, z = p.foot_square
    pieces: list[Piece] = []
    if p.back_panel and p.support != "cross":
        y = p.under * (1 - 0.8 * p.back_panel)
        pieces.append((span((-x, y, -z - 0.009), (x, p.under + 0.004, -z + 0.014)), "box"))
    if p.storage == "drawers":
        height = min(0.05 + p.apron + 0.02 * p.drawers, 0.4 * p.under)
        pieces += _drawer_block((-x, p.under - height, -z), (x, p.under + 0.004, z), p.drawers, 1)
    elif p.storage != "none" and p.support != "cross":
        w = min(0.45 * x, 0.45)
        sides = SIDES if p.storage == "pedestals" else (1.0,)
        floor = p.under * 0.3 * p.stretcher_height
        for s in sides:
            inner, outer = sorted((s * (x + 0.3 * p.leg_width), s * (x - w)))
            pieces += _drawer_block((inner, floor, -z), (outer, p.under + 0.004, z), 1, p.drawers)
    return pieces


def _drawer_block(
    low: tuple[float, float, float], high: tuple[float, float, float], columns: int, rows: int
) -> list[Piece]:
    """Box whose front carries drawer fronts with a knob or a bar each."""
    pieces: list[Piece] = [(span(low, high), "box")]
    xs = np.linspace(low[0], high[0], columns + 1)
    ys = np.linspace(low[1], high[1], rows + 1)
    gap = 0.006
    z = high[2]
    for x0, x1 in itertools.pairwise(xs):
        for y0, y1 in itertools.pairwise(ys):
            pieces.append((span((x0 + gap, y0 + gap, z - 0.01), (x1 - gap, y1 - gap, z + 0.014)), "box"))
            middle = ((x0 + x1) / 2, (y0 + y1) / 2)
            if x1 - x0 > 0.35:
                half = 0.15 * (x1 - x0)
                bar = tube(
                    [
                        (middle[0] + dx, middle[1], z + dz)
                        for dx, dz in ((-half, 0.0), (-half, 0.04), (half, 0.04), (half, 0.0))
                    ],
                    0.009,
                    6,
                )
                pieces.append((bar, "handle"))
            else:
                pieces.append((rod((*middle, z), (*middle, z + 0.04), 0.01, 0.018, 10), "handle"))
    return pieces
