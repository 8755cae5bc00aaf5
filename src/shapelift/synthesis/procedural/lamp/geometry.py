"""Geometry of lamps: every kind puts feet, bodies, stems and shades together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.procedural.category import Category
from shapelift.synthesis.procedural.finishes import by_group
from shapelift.synthesis.procedural.lamp.parameters import Body, Kind, LampParameters
from shapelift.synthesis.procedural.lamp.shades import hung_shade
from shapelift.synthesis.procedural.solids import (
    SIDES,
    Part,
    box,
    box_between,
    circular_pattern,
    cylinder,
    ellipsoid,
    outline_at,
    prism,
    rectangle,
    regular_polygon,
    revolve,
    rod,
    smooth_curve,
    stack,
    tube,
)

# (radius, height) of turned bodies, as shares of the whole
_BODY_PROFILES: dict[Body, list[tuple[float, float]]] = {
    "gourd": [(0.3, 0), (0.8, 0.1), (1, 0.28), (0.75, 0.48), (0.45, 0.6), (0.6, 0.74), (0.45, 0.9), (0.2, 1)],
    "vase": [(0.5, 0), (0.55, 0.05), (0.75, 0.3), (1, 0.62), (0.85, 0.85), (0.4, 0.96), (0.45, 1)],
    "turned": [(0.8, 0), (0.4, 0.08), (0.8, 0.16), (0.3, 0.24), (0.5, 0.5), (0.3, 0.76), (0.7, 0.86), (0.3, 1)],
}


_materials = by_group(
    {
        "stem": {"metal": 6.0, "wood": 2.0, "plastic": 1.0, "paint": 1.0},
        "body": {"metal": 2.0, "wood": 2.0, "stone": 2.0, "glass": 1.0, "paint": 2.0},
        "shade": {"fabric": 4.0, "glass": 2.0, "metal": 1.5, "paint": 1.5, "plastic": 1.0},
        "bulb": {"glass": 1.0},
    },
    unity=0.15,
)


def _parts(p: LampParameters) -> list[Part]:
    """The lamp of these parameters."""
    return _KINDS[p.kind](p)


def _foot(p: LampParameters, radius: float) -> list[Part]:
    h = p.foot_height
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
        feet = circular_pattern(tube(path, 0.014, 8), 3 + p.shade_sides % 2, 90.0)
        solids = [*feet, cylinder(2.6 * h, 4.6 * h, 0.03, segments=12)]
    return [(solid, "stem") for solid in solids]


def _body(p: LampParameters, low: float, high: float) -> list[Part]:
    """Ornamental body between two heights; the stem runs through it."""
    h, r = high - low, p.body_radius * (0.55 if p.kind == "floor" else 1.0)
    if p.body == "plain":
        return []
    if p.body in _BODY_PROFILES:
        curve = smooth_curve(_BODY_PROFILES[p.body], 20) * [r, h] + [0.0, low]
        solids = [revolve(np.concatenate([[[0.0, low]], curve, [[0.0, high]]]))]
    elif p.body == "balls":
        number = max(1, min(5, round(h / (2 * r))))
        size = h / number
        middles = [(0.0, low + size * (index + 0.5), 0.0) for index in range(number)]
        solids = [ellipsoid((2 * r, size * 1.04, 2 * r), middle) for middle in middles]
    elif p.body == "box":
        solids = [box((1.4 * r, h, 1.4 * r), (0.0, (low + high) / 2, 0.0), 0.1 * r)]
    elif p.body == "ring":
        size = min(0.5 * h, 1.5 * r)
        solids = [_upright_ring(size, low + size, 20, 0.2 * r + 0.008, 8)]
    elif p.body == "column":
        solids = [cylinder(low, high, 0.6 * r)]
    else:
        solids = [cylinder(low, high, r, 0.25 * r)]
    return [(solid, "body") for solid in solids]


def _upright_ring(radius: float, y: float, points: int, thickness: float, segments: int) -> Manifold:
    """Torus in the plane z = 0 about (0, y, 0)."""
    angles = np.linspace(0, 2 * np.pi, points, endpoint=False)
    path = np.stack([radius * np.cos(angles), y + radius * np.sin(angles), 0 * angles], axis=1)
    return tube(path, thickness, segments, closed=True)


def _standing(p: LampParameters) -> list[Part]:
    """Table and floor lamps; several lights branch out of a floor lamp's top."""
    floor = p.kind == "floor"
    under = 1.0 - p.shade_height * (0.7 if p.shade == "coolie" else 1.0)
    high = p.foot_height + (under - p.foot_height) * p.body_height * (0.5 if floor else 1.0)
    parts = _foot(p, p.foot_radius) + _body(p, 0.6 * p.foot_height, high)
    parts.append((cylinder(0.4 * p.foot_height, 1.0, p.stem_radius, segments=12), "stem"))
    if not floor or p.lights > 3:
        parts += hung_shade(p, (0.0, 1.0, 0.0))
        if p.finial:
            parts.append((ellipsoid((0.04, 0.06, 0.04), (0.0, 1.02, 0.0), 10), "stem"))
        return parts
    for index in range(p.lights):
        angle, y = 2 * np.pi * index / p.lights + 0.5, 1.0 - 0.22 * p.drop * index
        out = np.array([np.cos(angle), 0.0, np.sin(angle)]) * (0.12 + 0.2 * p.reach)
        end = out + np.array([0.0, y - 0.05, 0.0])
        arm = smooth_curve([np.array([0.0, y - 0.2, 0.0]), 0.5 * out + np.array([0.0, y - 0.02, 0.0]), end], 8)
        parts.append((tube(arm, max(0.009, 0.8 * p.stem_radius), 8), "stem"))
        parts += hung_shade(p, end, 0.7)
    return parts


def _tripod(p: LampParameters) -> list[Part]:
    hub, foot, head = 1.0 - p.shade_height * 0.9, 0.16 + 0.22 * p.reach, 0.02 + 0.2 * p.stem_radius
    one = rod((foot, 0.0, 0.0), (head, hub, 0.0), 0.6 * p.stem_radius + 0.004, 1.2 * p.stem_radius, 8)
    parts: list[Part] = [(solid, "body") for solid in circular_pattern(one, 3 if p.lights < 7 else 4, 90.0)]
    parts.append((cylinder(hub - 0.04, hub + 0.01, head + 2 * p.stem_radius, segments=16), "stem"))
    parts.append((cylinder(hub, 1.0, p.stem_radius, segments=10), "stem"))
    if p.finial:
        y = 0.3 + 0.3 * p.drop
        path = outline_at(regular_polygon(18, foot + (head - foot) * y / hub), y)
        parts.append((tube(path, 0.9 * p.stem_radius, 6, closed=True), "stem"))
    return parts + hung_shade(p, (0.0, 1.0, 0.0))


def _desk(p: LampParameters) -> list[Part]:
    """Two arm sections with joints; the head looks down in front."""
    r = max(0.012, 0.7 * p.stem_radius)
    lower, upper = 0.3 + 0.3 * p.body_height, 0.3 + 0.4 * p.reach
    a, b = np.radians(p.elbow_deg) + 0.25, np.radians(20.0 + 0.6 * p.shade_tilt_deg)
    start = np.array([0.0, 0.6 * p.foot_height, 0.0])
    elbow = start + lower * np.array([0.0, np.sin(a), -0.7 * np.cos(a)])
    head = elbow + upper * np.array([0.0, np.sin(b) * 0.6, np.cos(b)])
    head[1] = max(head[1], p.shade_height + 0.05)
    parts = _foot(p, p.foot_radius)
    for side in SIDES if p.finial else (0.0,):
        offset = np.array([side * 1.3 * r, 0.0, 0.0])
        parts.append((rod(start + offset, elbow + offset, r, segments=10), "stem"))
        parts.append((rod(elbow + offset, head + offset, r, segments=10), "stem"))
    across = np.array([(2.2 if p.finial else 1.0) * p.joint * r, 0.0, 0.0])
    for point in (start, elbow, head):
        parts.append((rod(point - across, point + across, p.joint * r, segments=12), "body"))
    return parts + hung_shade(p, head, 0.75, -0.8 * p.shade_tilt_deg)


def _arc(p: LampParameters) -> list[Part]:
    """One long bow from a heavy foot over to a hanging shade."""
    r, out = max(0.013, p.stem_radius), 0.45 + 0.8 * p.reach
    end_y = 0.45 + 0.35 * p.drop + p.shade_height * 0.5 + 0.05
    control = [(0.0, 0.0, 0.0), (-0.02, 0.5, 0.0), (0.3 * out, 0.98, 0.0), (0.75 * out, 0.98, 0.0), (out, end_y, 0.0)]
    path = smooth_curve(control, 20) + np.array([0.0, 0.4 * p.foot_height, 0.0])
    parts = _foot(p, max(p.foot_radius, 0.13))
    parts.append((tube(path, r, 10), "stem"))
    parts.append((cylinder(0.0, 0.12 * p.joint, 1.6 * r, segments=12), "stem"))
    return parts + hung_shade(p, path[-1])


def _pendant(p: LampParameters) -> list[Part]:
    """Ceiling canopy, cord or rod, shade; several in a row."""
    r, number, length = max(0.008, 0.6 * p.stem_radius), p.shade_count, 0.15 + p.drop
    single = number == 1
    scale = 1.0 if single else 0.65
    spacing = 2.1 * p.shade_radius * scale * (1.3 if p.shade == "coolie" else 1.0)
    canopy = box((spacing * number * 0.8, 0.04, 0.08), (0.0, -0.02, 0.0), 0.005)
    if single:
        canopy = cylinder(-0.03 - 0.5 * p.foot_height, 0.0, 0.5 * p.foot_radius, 0.45 * p.foot_radius)
    parts: list[Part] = [(canopy, "stem")]
    for index in range(number):
        x = spacing * 0.8 * (index - (number - 1) / 2) * 0.9
        drop = length * (1.0 if single else 0.6 + 0.8 * (index % 2))
        parts.append((rod((x, -0.02, 0.0), (x, -drop, 0.0), r, segments=8), "stem"))
        parts += hung_shade(p, (x, -drop + 0.004, 0.0), scale)
    if single and p.finial:
        parts += _body(p, -0.6 * length, -0.25 * length)
    return parts


def _chandelier(p: LampParameters) -> list[Part]:
    """Curved arms around a turned body, a small shade or candle on each."""
    r, out, top, number = max(0.011, 0.6 * p.stem_radius), 0.25 + 0.45 * p.reach, 0.5 * p.drop, max(p.lights, 3)
    parts: list[Part] = [(cylinder(-0.3, 0.45 + top, r * 1.2, segments=10), "stem")]
    parts += _body(p, -0.2, 0.25)
    parts.append((cylinder(0.42 + top, 0.46 + top, 0.5 * p.foot_radius), "stem"))
    parts.append((ellipsoid((0.1, 0.1, 0.1), (0.0, -0.28, 0.0), 12), "body"))
    down = 0.1 + 0.2 * p.elbow_deg / 75.0
    control = [(0.0, -0.05, 0.0), (0.4 * out, -down, 0.0), (0.85 * out, -0.4 * down, 0.0), (out, 0.08, 0.0)]
    parts += [(solid, "stem") for solid in circular_pattern(tube(smooth_curve(control, 12), r, 8), number)]
    lamp: list[Part] = [(cylinder(0.05, 0.09, 0.045, segments=12), "stem")]
    if p.shade_open and p.shade in {"drum", "empire", "bell", "coolie", "cone"}:
        small = min(0.35, 0.8 * np.pi * out / number / p.shade_radius / 1.3)
        lamp.append((cylinder(0.0, 0.1 + p.shade_height * small, 0.018, segments=8), "bulb"))
        lamp += hung_shade(p, (0.0, 0.09 + p.shade_height * small, 0.0), small)
    elif p.shade in {"globe", "dome", "tulip"}:
        lamp.append((ellipsoid((0.15, 0.16, 0.15), (0.0, 0.14, 0.0), 14), "shade"))
    else:
        lamp.append((cylinder(0.06, 0.2, 0.018, segments=8), "bulb"))
        lamp.append((ellipsoid((0.04, 0.08, 0.04), (0.0, 0.22, 0.0), 10), "bulb"))
    for solid, group in lamp:
        parts += [(copy, group) for copy in circular_pattern(solid.translate((out, 0.02, 0.0)), number)]
    return parts


def _lantern(p: LampParameters) -> list[Part]:
    """Roofed cage with a light inside; a ring to hang it."""
    sides, r, height = p.shade_sides, 0.2 + 0.3 * p.shade_radius, 0.35 + 0.6 * p.shade_height
    outline, phase = regular_polygon(sides, r, 180.0 / sides), 180.0 / sides
    bar, taper, top = 0.014 + 0.3 * p.stem_radius, 0.7 + 0.3 * p.shade_taper, height + 0.25 * p.drop + 0.08
    x, ring = 0.97 * r - bar, 0.06 + 0.05 * p.joint
    parts: list[Part] = [(prism(outline * 1.05, -0.04, 0.012), "stem")]
    posts = circular_pattern(rod((x, 0.0, 0.0), (x * taper, height, 0.0), bar, segments=6), sides, phase)
    roof = stack(outline, [(height - 0.01, taper), (height + 0.02, 1.1 * taper), (top, 0.2)])
    parts += [(solid, "stem") for solid in [*posts, roof]]
    light = cylinder(0.0, (0.5 if p.shade_open else 1.0) * height, 0.35 * r, segments=16)
    parts.append((light, "bulb" if p.shade_open else "shade"))
    parts.append((_upright_ring(ring, top + 0.8 * ring, 16, 0.012 + 0.2 * p.stem_radius, 6), "stem"))
    if p.foot in {"feet", "rings"}:
        feet = circular_pattern(ellipsoid((0.07, 0.09, 0.07), (0.85 * r, -0.06, 0.0), 10), sides, phase)
        parts += [(solid, "stem") for solid in feet]
    return parts


def _wall(p: LampParameters) -> list[Part]:
    """Plate on the wall behind (at -Z), one to three arms to the front."""
    r, half, number, scale = max(0.012, 0.7 * p.stem_radius), 0.5 * p.foot_radius + 0.05, p.shade_count, 0.6
    plate = rod((0.0, 0.0, -0.03), (0.0, 0.0, 0.0), half, segments=24)
    if p.foot in {"square", "block"}:
        plate = box_between((-half, -1.4 * half, -0.03), (half, 1.4 * half, 0.0), 0.006)
    parts: list[Part] = [(plate, "stem")]
    out = p.shade_radius * scale * (1.3 if p.shade == "coolie" else 1.0) + 0.05 + 0.2 * p.reach
    for index in range(number):
        x = (index - (number - 1) / 2) * p.shade_radius * 1.5
        end = np.array([x, 0.1 + 0.2 * p.drop, out])
        knee = np.array([0.4 * x, -0.1, 0.5 * out]) if p.elbow_deg > 45 else np.array([0.4 * x, 0.05, 0.6 * out])
        path = smooth_curve(np.array([[0.0, 0.0, -0.02], knee, end * [1, 0.6, 1], end]), 10)
        parts.append((tube(path, r, 8), "stem"))
        parts += hung_shade(p, end, scale)
    return parts


_KINDS: dict[Kind, Callable[[LampParameters], list[Part]]] = {
    "table": _standing,
    "floor": _standing,
    "tripod": _tripod,
    "desk": _desk,
    "arc": _arc,
    "pendant": _pendant,
    "chandelier": _chandelier,
    "lantern": _lantern,
    "wall": _wall,
}


CATEGORY = Category(LampParameters, _parts, _materials)
