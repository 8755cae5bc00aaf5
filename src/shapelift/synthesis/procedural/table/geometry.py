"""Geometry of tables: top, support, shelf and storage."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.procedural.category import Category
from shapelift.synthesis.procedural.finishes import by_group
from shapelift.synthesis.procedural.solids import (
    SIDES,
    Array,
    Part,
    Vector,
    beam,
    box,
    box_between,
    circular_pattern,
    cylinder,
    difference,
    prism,
    rectangle,
    regular_polygon,
    rod,
    rounded_rectangle,
    slab,
    superellipse,
    tube,
)
from shapelift.synthesis.procedural.supports import (
    FourLegs,
    LegShape,
    PedestalFoot,
    apron,
    column_shape,
    leg,
    pedestal,
    star_base,
)
from shapelift.synthesis.procedural.table.parameters import Support, TableParameters

_materials = by_group(
    {
        "top": {"wood": 6.0, "glass": 1.5, "stone": 1.5, "plastic": 1.0, "paint": 1.0, "metal": 0.5},
        "leg": {"wood": 5.0, "metal": 4.0, "plastic": 1.0, "paint": 1.0},
        "box": {"wood": 4.0, "paint": 2.0, "plastic": 0.5},
        "handle": {"metal": 4.0, "wood": 1.0},
    },
    unity=0.35,
)


def _parts(p: TableParameters) -> list[Part]:
    """The table of these parameters."""
    support = _cube(p) if p.support == "cube" else [(solid, "leg") for solid in _SUPPORTS[p.support](p)]
    return [(_top(p), "top"), *support, *_shelf(p), *_storage(p)]


def _outline(p: TableParameters) -> Array:
    """Outline of the top (x, z)."""
    w, d = p.width, p.depth
    if p.top in {"round", "oval"}:
        return superellipse(w, d, 2.0, 36)
    if p.top == "squircle":
        return superellipse(w, d, 3.0 + 3.0 * p.corner, 36)
    if p.top in {"hexagon", "octagon"}:
        sides = 6 if p.top == "hexagon" else 8
        circumradius = 0.5 / float(np.cos(np.pi / sides))
        return np.asarray(regular_polygon(sides, circumradius, 180 / sides) * np.array([w, d]))
    if p.top == "half":
        arc = superellipse(w, 2 * d, 2.0, 40)
        return np.asarray(arc[arc[:, 1] >= -1e-9] - np.array([0.0, d / 2]))
    return rounded_rectangle(w, d, p.corner * min(w, d) if p.top == "rounded" else 0.004, 5)


def _top(p: TableParameters) -> Manifold:
    """Plate with rounded rims, grooved between planks."""
    plate = slab(_outline(p), p.under, p.height, p.top_bevel * p.top_thickness)
    edges = np.linspace(-p.depth / 2, p.depth / 2, p.planks + 1)[1:-1]
    groove = (2 * p.width, 1.1 * p.top_thickness, 0.012 * max(p.width, p.depth))
    return difference(plate, [box(groove, (0.0, p.height, z)) for z in edges])


def _apron(p: TableParameters, x: float, z: float) -> list[Manifold]:
    if not p.apron:
        return []
    return [apron(x, z, 2 * (0.012 + 0.15 * p.leg_width), p.under - p.apron, p.under + 0.004)]


def _legs(p: TableParameters) -> list[Manifold]:
    x, z = p.leg_rectangle
    legs = FourLegs(x, z, p.leg_top, p.leg_width, p.leg_shape, p.leg_taper, p.splay)
    bars = legs.stretchers(p.stretcher, p.stretcher_height * p.leg_top, max(0.025, 0.5 * p.leg_width))
    return _apron(p, x, z) + legs.solids() + bars


def _splayed(p: TableParameters) -> list[Manifold]:
    """Three to five legs leaning out from the middle."""
    reach = 0.42 * min(p.width, p.depth)
    head, foot = (0.35 + 2 * p.inset) * reach, reach + p.splay
    shape: LegShape = "square" if p.leg_shape == "square" else "round"
    one = leg((foot, 0.0, 0.0), (head, p.leg_top, 0.0), p.leg_width, shape, p.leg_taper)
    plate = cylinder(p.under - 0.02, p.leg_top, (0.4 + 2 * p.inset) * reach + 0.5 * p.leg_width)
    return [plate, *circular_pattern(one, p.spokes, 90.0)]


def _pedestal(p: TableParameters) -> list[Manifold]:
    side = min(p.width, p.depth)
    foot = (0.24 + p.inset) * side * (1.0 + p.splay)
    column = max(0.02, 0.5 * p.leg_width * (1.0 if p.support == "disc" else 0.8))
    kind: PedestalFoot = "trumpet" if p.support == "trumpet" else "dome" if p.spokes > 4 else "disc"
    plate = cylinder(p.under - 0.02, p.leg_top, min(0.35 * side, 3 * column))
    return [*pedestal(p.leg_top, column, foot, 0.02 + 0.2 * p.leg_width, kind), plate]


def _spokes(p: TableParameters) -> list[Manifold]:
    """Turned column on three to five feet."""
    radius = 0.36 * min(p.width, p.depth) * (1.0 + p.splay)
    hub = 0.12 * p.height + 0.05
    return [
        *star_base(p.spokes, radius, hub, 0.03 + 0.4 * p.leg_width, casters=False),
        leg((0.0, hub - 0.04, 0.0), (0.0, p.leg_top, 0.0), 0.03 + 0.8 * p.leg_width, column_shape(p.leg_shape), 0.9),
        box((0.4 * p.width, 0.025, 0.4 * p.depth), (0.0, p.under - 0.005, 0.0)),
    ]


def _columns(p: TableParameters) -> list[Manifold]:
    """Two columns side by side, each on a plate or cross foot."""
    half_width, half_depth = p.leg_rectangle
    right, z, w = 0.62 * half_width, 0.75 * half_depth, p.leg_width
    t = max(0.025, 0.6 * w)
    low, high, tie = 0.5 * t, p.under - 0.4 * t, p.stretcher_height * p.under
    solids = []
    for x in (-right, right):
        solids.append(leg((x, low, 0.0), (x, p.under + 0.005, 0.0), 1.2 * w, column_shape(p.leg_shape), p.leg_taper))
        solids.append(beam((x, low, -z - p.splay), (x, low, z + p.splay), 1.3 * w, t))
        solids.append(beam((x, high, -0.8 * z), (x, high, 0.8 * z), w, t))
    return [*solids, beam((-right, tie, 0.0), (right, tie, 0.0), 0.4 * w, w)]


def _trestle(p: TableParameters) -> list[Manifold]:
    """A-frames at both ends, tied lengthwise."""
    right, z = p.leg_rectangle
    t, y, foot, share = p.leg_width, 0.35 * p.under, z + p.splay, 0.25 + 3 * p.inset
    near = 0.65 * foot + 0.35 * share * z
    solids = []
    for x in (-right, right):
        for s in SIDES:
            head = (x, p.under + 0.005, s * share * z)
            solids.append(leg((x, 0.0, s * foot), head, t, "square", max(p.leg_taper, 0.7)))
        solids.append(beam((x, y, -near), (x, y, near), 0.6 * t, 0.8 * t))
        solids.append(beam((x, p.under - 0.02, -0.7 * z), (x, p.under - 0.02, 0.7 * z), t, 0.05))
    return [*solids, beam((-right, y, 0.0), (right, y, 0.0), 0.5 * t, t)]


def _panels(p: TableParameters) -> list[Manifold]:
    """Solid ends (a waterfall table without inset) and a panel between them."""
    x, z = p.leg_rectangle
    t, top, outer = max(0.022, 0.5 * p.leg_width), p.under + 0.004, x + 0.5 * p.leg_width
    ends = [box_between((s * outer, 0.0, -z), (s * (outer - t), top, z)) for s in SIDES]
    return [*ends, box_between((-x, p.under * (1 - p.stretcher_height), -0.2 * t), (x, top, 0.6 * t))]


def _cross(p: TableParameters) -> list[Manifold]:
    """X-shaped ends."""
    x, z = p.leg_rectangle
    t, foot = p.leg_width, z + p.splay
    legs = [leg((s * x, 0.0, d * foot), (s * x, p.under + 0.005, -d * z), t, "square") for s in SIDES for d in SIDES]
    y = p.under * foot / (2 * z + p.splay)
    return [*_apron(p, x, z), *legs, beam((-x, y, 0.0), (x, y, 0.0), 0.6 * t, 0.8 * t)]


def _loops(p: TableParameters) -> list[Manifold]:
    """Closed rectangular hoops of bar at both ends."""
    x, z = p.leg_rectangle
    t, outer_z, height = max(0.02, 0.5 * p.leg_width), z + p.splay, p.under + 0.004
    middle = np.array([0.0, height / 2])
    outer = rectangle(2 * outer_z, height) + middle
    inner = (outer - middle) * (1 - 2 * t / np.array([2 * outer_z, p.under])) + middle
    hoop = prism(outer, -t / 2, t / 2, "x", holes=[inner])
    solids = [hoop.translate((s * x, 0.0, 0.0)) for s in SIDES]
    if p.stretcher != "none":
        solids += [beam((-x, t / 2, bar), (x, t / 2, bar), t, t) for bar in (t / 2 - outer_z, outer_z - t / 2)]
    return solids + _apron(p, x, 0.8 * z)


def _cube(p: TableParameters) -> list[Part]:
    """A block set back under the top, with a plinth."""
    x, z = 0.4 * p.width * (1 - 2 * p.inset), 0.4 * p.depth * (1 - 2 * p.inset)
    if p.top in {"round", "oval", "hexagon", "octagon", "half"}:
        x, z = 0.7 * x, 0.7 * z
    foot = 0.05 + 0.1 * p.stretcher_height
    return [
        (box_between((-x, foot - 0.005, -z), (x, p.under + 0.004, z), 0.004), "box"),
        (box_between((-0.85 * x, 0.0, -0.85 * z), (0.85 * x, foot, 0.85 * z)), "leg"),
    ]


_SUPPORTS: dict[Support, Callable[[TableParameters], list[Manifold]]] = {
    "legs": _legs,
    "disc": _pedestal,
    "trumpet": _pedestal,
    "spokes": _spokes,
    "columns": _columns,
    "trestle": _trestle,
    "panels": _panels,
    "cross": _cross,
    "loops": _loops,
    "splayed": _splayed,
}


def _shelf(p: TableParameters) -> list[Part]:
    """A board between the legs."""
    if not p.shelf or p.support not in {"legs", "panels", "loops"} or p.leg_shape in {"hairpin", "saber"}:
        return []
    y, t = p.shelf * p.under, max(0.018, 0.6 * p.top_thickness)
    out = {"legs": p.splay * (1 - y / p.leg_top), "loops": p.splay - 0.25 * p.leg_width, "panels": 0.0}[p.support]
    x, z = p.leg_rectangle
    x, z = x + max(out, 0.0), z + out
    return [(box_between((-x, y - t / 2, -z), (x, y + t / 2, z), 0.003), "top")]


def _storage(p: TableParameters) -> list[Part]:
    """Drawers under the top, or pedestals of drawers down to the floor; a back panel."""
    if p.top not in {"rectangle", "rounded"} or p.support not in {"legs", "panels", "loops", "cross"}:
        return []
    x, z = p.leg_rectangle
    top = p.under + 0.004
    parts: list[Part] = []
    if p.back_panel and p.support != "cross":
        parts.append((box_between((-x, p.under * (1 - 0.8 * p.back_panel), -z - 0.009), (x, top, -z + 0.014)), "box"))
    if p.storage == "drawers":
        height = min(0.05 + p.apron + 0.02 * p.drawers, 0.4 * p.under)
        parts += _drawers((-x, p.under - height, -z), (x, top, z), p.drawers, 1)
    elif p.storage != "none" and p.support != "cross":
        floor = p.under * 0.3 * p.stretcher_height
        for s in SIDES if p.storage == "pedestals" else (1.0,):
            left, right = sorted((s * (x + 0.3 * p.leg_width), s * (x - min(0.45 * x, 0.45))))
            parts += _drawers((left, floor, -z), (right, top, z), 1, p.drawers)
    return parts


def _drawers(low: Vector, high: Vector, columns: int, rows: int) -> list[Part]:
    """Box whose front carries drawer fronts with a knob or a bar each."""
    parts: list[Part] = [(box_between(low, high), "box")]
    gap, z = 0.006, high[2]
    for x0, x1 in itertools.pairwise(np.linspace(low[0], high[0], columns + 1)):
        for y0, y1 in itertools.pairwise(np.linspace(low[1], high[1], rows + 1)):
            parts.append((box_between((x0 + gap, y0 + gap, z - 0.01), (x1 - gap, y1 - gap, z + 0.014)), "box"))
            x, y, half = (x0 + x1) / 2, (y0 + y1) / 2, 0.15 * (x1 - x0)
            if x1 - x0 > 0.35:
                path = [(x - half, y, z), (x - half, y, z + 0.04), (x + half, y, z + 0.04), (x + half, y, z)]
                handle = tube(path, 0.009, 6)
            else:
                handle = rod((x, y, z), (x, y, z + 0.04), 0.01, 0.018, 10)
            parts.append((handle, "handle"))
    return parts


CATEGORY = Category(TableParameters, _parts, _materials)
