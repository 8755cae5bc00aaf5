"""Geometry of chairs: seat, base, back and arms."""

from __future__ import annotations

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.procedural.category import Category
from shapelift.synthesis.procedural.chair.backrests import backrest
from shapelift.synthesis.procedural.chair.parameters import ChairParameters
from shapelift.synthesis.procedural.finishes import by_group
from shapelift.synthesis.procedural.solids import (
    SIDES,
    Array,
    Part,
    beam,
    box,
    box_between,
    circular_pattern,
    cylinder,
    difference,
    ellipse,
    ellipsoid,
    rectangle,
    reflected,
    rod,
    rounded_rectangle,
    slab,
    smooth_curve,
    superellipse,
    superellipsoid,
    sweep,
    tube,
    warped,
)
from shapelift.synthesis.procedural.supports import (
    FourLegs,
    LegShape,
    PedestalFoot,
    apron,
    corners,
    leg,
    pedestal,
    star_base,
    stretchers,
)

_materials = by_group(
    {
        "frame": {"wood": 5.0, "metal": 2.0, "plastic": 2.0, "paint": 1.5},
        "seat": {"fabric": 3.0, "wood": 3.0, "plastic": 2.0, "rubber": 0.5, "paint": 1.0},
        "leg": {"wood": 4.0, "metal": 4.0, "plastic": 1.0, "paint": 1.0},
        "soft": {"fabric": 5.0, "rubber": 0.7, "plastic": 0.5},
    },
    unity=0.25,
)


def _parts(p: ChairParameters) -> list[Part]:
    """The chair of these parameters."""
    return [*_seat(p), *_base(p), *_back(p), *_arms(p)]


def _outline(p: ChairParameters) -> Array:
    """Seat outline (x, z)."""
    w, d = p.seat_width, p.seat_depth
    if p.plan == "square":
        return rounded_rectangle(w, d, 0.01 + 0.12 * p.seat_rounding * w, 4)
    if p.plan == "trapezoid":
        outline = rounded_rectangle(w, d, 0.01 + 0.1 * p.seat_rounding * w, 4)
        outline[:, 0] *= 0.9 + 0.2 * outline[:, 1] / d
        return outline
    return superellipse(w, d, 2.0 if p.plan == "round" else 3.5, 32)


def _seat(p: ChairParameters) -> list[Part]:
    """Plate with rounded rims, hollowed for a saddle, a cushion on top, an apron below."""
    low, high = p.seat_bottom, p.seat_height
    plate = slab(_outline(p), low, high, p.seat_rounding * p.seat_thickness * 0.8)
    if p.saddle and not p.cushion:
        depth = p.saddle * p.seat_thickness
        dip = ellipsoid((p.seat_width * 0.8, 4 * depth, p.seat_depth * 0.75), (0.0, high + depth, 0.02), 24)
        plate = difference(plate, [dip])
    parts: list[Part] = [(plate, "seat")]
    if p.cushion:
        size = (p.seat_width * 0.96, p.cushion * 1.6, p.seat_depth * 0.96)
        parts.append(
            (superellipsoid(size, (0.0, high + 0.3 * p.cushion, 0.0), 2.6 if p.plan == "round" else 5.0), "soft")
        )
    if p.apron and p.base in {"legs", "rocker"}:
        boards = apron(*_leg_rectangle(p), 0.02, low - p.apron * 0.8, low + 0.2 * p.seat_thickness)
        parts.append((boards, "frame"))
    return parts


def _leg_rectangle(p: ChairParameters) -> tuple[float, float]:
    """Half distances between the tops of the legs."""
    x, z = {"square": (1.0, 1.0), "round": (0.7, 0.7), "squircle": (0.81, 0.81), "trapezoid": (0.9, 1.0)}[p.plan]
    inset = 0.6 * p.leg_width
    return x * p.seat_width / 2 - inset, z * p.seat_depth / 2 - inset


def _base(p: ChairParameters) -> list[Part]:
    if p.base == "block":
        return _block_base(p)
    makers = {
        "legs": _legs_base,
        "sled": _sled_base,
        "cantilever": _cantilever_base,
        "star": _star_base,
        "disc": _pedestal_base,
        "trumpet": _pedestal_base,
        "rocker": _rocker_base,
        "cross": _cross_base,
        "panels": _panel_base,
    }
    group = "frame" if p.base == "panels" else "leg"
    return [(solid, group) for solid in makers[p.base](p)]


def _legs_base(p: ChairParameters) -> list[Manifold]:
    top = p.seat_height - 0.6 * p.seat_thickness
    legs = FourLegs(*_leg_rectangle(p), top, p.leg_width, p.leg_shape, p.leg_taper, p.splay)
    return legs.solids() + legs.stretchers(p.stretcher, (0.3 + 0.25 * p.back_gap) * top, 0.7 * p.leg_width)


def _rocker_base(p: ChairParameters) -> list[Manifold]:
    """Legs on two curved runners."""
    top = p.seat_height - 0.6 * p.seat_thickness
    x, z = _leg_rectangle(p)
    length, thickness = p.seat_depth * 1.7, max(0.03, 0.8 * p.leg_width)

    def height(at: float) -> float:
        return thickness / 2 + 0.09 * (2 * at / length) ** 2

    path = [(0.0, height(at), at) for at in np.linspace(-length / 2, length / 2, 11)]
    runner = sweep(path, rectangle(thickness * 0.8, thickness))
    runners = [runner.translate((s * (x + p.splay), 0.0, 0.0)) for s in SIDES]
    shapes: dict[LegShape, LegShape] = {"turned": "turned", "bulb": "turned", "square": "square"}
    shape = shapes.get(p.leg_shape, "round")
    feet = corners(x, z, top, p.splay, 0.0) + np.array([0.0, height(z + p.splay), 0.0])
    heads = corners(x, z, top, p.splay, top)
    legs = [leg(foot, head, p.leg_width, shape) for foot, head in zip(feet, heads, strict=True)]
    return runners + legs + stretchers(feet * 0.55 + heads * 0.45, p.stretcher, 0.6 * p.leg_width, shape != "square")


def _sled_base(p: ChairParameters) -> list[Manifold]:
    """Two closed tube frames with a cross bar."""
    r = max(0.011, 0.3 * p.leg_width)
    top, under = p.seat_height - p.seat_thickness / 2, p.seat_height - p.seat_thickness * 0.6
    x_top, z_top = _leg_rectangle(p)
    x, z = x_top + p.splay, p.seat_depth / 2 + p.splay * 0.5
    frames = [
        tube([(s * x_top, top, z_top), (s * x, r, z), (s * x, r, -z), (s * x_top, top, -z_top)], r, 10) for s in SIDES
    ]
    bars = [rod((-x, r, at), (x, r, at), r, segments=10) for at in ((-z + r,) if p.spokes < 5 else (-z + r, z - r))]
    return frames + bars + [rod((-x_top, under, 0.3 * z), (x_top, under, 0.3 * z), r, segments=8)]


def _cantilever_base(p: ChairParameters) -> list[Manifold]:
    """One bent tube: down at the front of the seat, back along the floor, closed behind."""
    x, z = _leg_rectangle(p)
    r, top, corner = max(0.012, 0.32 * p.leg_width), p.seat_height - 0.6 * p.seat_thickness, 0.07
    front, rear = p.seat_depth / 2 - r, -p.seat_depth / 2 - p.splay
    side = [
        (x, top, -0.5 * z),
        (x, top, front - corner),
        (x, top - 0.3 * corner, front),
        (x, top - corner, front + 0.01),
        (x, corner, front + 0.3 * (0.05 + 0.5 * p.splay)),
        (x, r, front - corner),
        (x, r, rear + corner),
        (x - corner, r, rear),
    ]
    return [tube(side + [(-a, b, c) for a, b, c in reversed(side)], r, 10)]


def _cross_base(p: ChairParameters) -> list[Manifold]:
    """An X on either side, as under a folding chair, tied across near the floor."""
    x, z = _leg_rectangle(p)
    top, t = p.seat_height - 0.5 * p.seat_thickness, 0.8 * p.leg_width
    foot, tie = z + p.splay, 0.12 + 0.1 * p.back_gap
    solids = []
    for s in SIDES:
        solids.append(beam((s * x, 0.0, foot), (s * x, top, -z), t * 0.7, t))
        solids.append(beam((s * (x - 0.2 * t), 0.0, -foot), (s * (x - 0.2 * t), top, z), t * 0.7, t))
    middle = foot - (foot + z) * tie
    return solids + [rod((-x, top * tie, at), (x, top * tie, at), 0.35 * t, segments=8) for at in (middle, -middle)]


def _star_base(p: ChairParameters) -> list[Manifold]:
    top, foot = p.seat_height - 0.4 * p.seat_thickness, 0.5 * p.seat_width * (1.0 + p.splay)
    column, hub = 0.6 * p.leg_width + 0.008, 0.09 + 0.5 * p.splay
    return [
        *star_base(p.spokes, foot * 1.15, hub, 0.9 * p.leg_width + 0.012, p.casters),
        cylinder(hub - 0.03, 0.55 * top, column * 1.25, segments=16),
        cylinder(hub, top, column, segments=16),
        box((0.4 * p.seat_width, 0.03, 0.4 * p.seat_depth), (0.0, p.seat_bottom - 0.01, 0.0)),
    ]


def _pedestal_base(p: ChairParameters) -> list[Manifold]:
    """Column on a round foot; a ring for the feet where the seat is high."""
    top, foot = p.seat_height - 0.4 * p.seat_thickness, 0.5 * p.seat_width * (1.0 + p.splay)
    kind: PedestalFoot = "trumpet" if p.base == "trumpet" else "dome" if p.casters else "disc"
    solids = pedestal(top, 0.6 * p.leg_width + 0.008, foot * 0.85, 0.02 + 0.3 * p.leg_width, kind)
    if p.stretcher != "none" and p.seat_height > 0.55 and p.base == "disc":
        angles = np.linspace(0, 2 * np.pi, 20, endpoint=False)
        ring = np.stack([0.15 * np.cos(angles), np.full(20, 0.35 * top), 0.15 * np.sin(angles)], axis=1)
        solids.append(tube(ring, 0.011, 8, closed=True))
        solids += circular_pattern(rod((0.0, 0.35 * top, 0.0), (0.15, 0.35 * top, 0.0), 0.01), 3)
    return solids


def _panel_base(p: ChairParameters) -> list[Manifold]:
    """Side panels with a rail at the rear."""
    t, x, d, top = max(0.025, 0.6 * p.leg_width), p.seat_width / 2, p.seat_depth, p.seat_bottom + 0.02
    panels = [box_between((s * x, 0.0, -d / 2), (s * (x - t), top, d / 2), 0.2 * t) for s in SIDES]
    return [*panels, box_between((-x, 0.35 * p.seat_bottom, -0.4 * d), (x, top, -0.4 * d + t))]


def _block_base(p: ChairParameters) -> list[Part]:
    """Upholstered block on short feet."""
    x, z, low = p.seat_width / 2, p.seat_depth / 2, p.block_bottom
    body = box_between((-x, low, -z), (x, p.seat_bottom + 0.03, z), 0.015)
    shape: LegShape = p.leg_shape if p.leg_shape not in {"hairpin", "saber"} else "round"
    legs = FourLegs(x - p.leg_width, z - p.leg_width, low + 0.02, p.leg_width * 1.1, shape, p.leg_taper, p.splay * 0.4)
    return [(body, "seat"), *[(solid, "leg") for solid in legs.solids()]]


def _back(p: ChairParameters) -> list[Part]:
    """The back is made flat and upright, then curved, spread and leaned."""
    foot = p.back_foot
    lean = float(np.tan(np.radians(p.back_tilt_deg)))

    def shaped(points: Array) -> Array:
        rise = np.clip(points[:, 1], 0.0, None)
        x = points[:, 0] * (1 + (p.back_spread - 1) * rise / p.back_height)
        curve = foot.bulge + p.back_curve * np.clip(rise / (0.35 * p.back_height), 0.0, 1.0)
        away = curve * (1 - np.clip(2 * np.abs(points[:, 0]) / foot.width, 0, 1) ** 2)
        return np.stack([x, points[:, 1] + p.seat_height, points[:, 2] + foot.z - lean * rise - away], axis=1)

    parts = []
    for solid, group in backrest(p):
        low_x, _, _, high_x, _, _ = solid.bounding_box()
        wide = p.back_curve > 0 and high_x - low_x > 0.15
        parts.append((warped(solid, shaped, 0.09 if wide else None), group))
    return parts


def _back_edge(p: ChairParameters, height: float) -> tuple[float, float]:
    """Half width and z of the back's edge at a height above the seat."""
    width, z, _ = p.back_foot
    spread = 1 + (p.back_spread - 1) * height / p.back_height
    return width / 2 * spread, z - height * float(np.tan(np.radians(p.back_tilt_deg)))


def _arms(p: ChairParameters) -> list[Part]:
    if p.arms == "none":
        return []
    if p.arms == "horseshoe":
        return [(solid, "frame") for solid in _horseshoe_arms(p)]
    make, group = {
        "posts": (_post_arm, "frame"),
        "sloped": (_post_arm, "frame"),
        "loop": (_loop_arm, "leg"),
        "panel": (_panel_arm, "seat"),
        "rolled": (_panel_arm, "seat"),
    }[p.arms]
    return [(solid, group) for right in make(p) for solid in (right, reflected(right))]


def _arm_line(p: ChairParameters) -> tuple[float, float, float, float]:
    """Height of the arm above the floor, half width and z at the back, z of its front end."""
    supported = p.back not in {"none", "low"}
    rise = min(p.arm_height, 0.9 * p.back_height) if supported else p.arm_height
    half, z = _back_edge(p, rise if supported else 0.0)
    reach = (0.95 if p.plan in {"square", "trapezoid"} else 0.6) * p.seat_depth
    return p.seat_height + rise, half, z, -p.seat_depth / 2 + reach * p.arm_reach


def _post_arm(p: ChairParameters) -> list[Manifold]:
    """Pad on a front post; on a rear post as well where the back cannot hold it."""
    y, half, z_back, z_front = _arm_line(p)
    w = max(p.arm_width, 0.025)
    radius = max(0.012, 0.35 * w)
    foot_x = _seat_half_width(p, z_front - w) - 0.4 * w
    back = np.array([half - 0.3 * p.stile_width, y, z_back])
    front = np.array([foot_x + 0.1 * w, y, z_front])
    if p.arms == "sloped":
        front = np.array([max(foot_x, half), y - 0.07, z_front])
    foot = np.array([foot_x, p.seat_height - 0.6 * p.seat_thickness, z_front - w])
    head = front + (back - front) * (w / max(z_front - z_back, w))
    solids = [beam(back, front, w, max(0.02, 0.5 * w)), rod(foot, head, radius, segments=10)]
    if p.back not in {"solid", "slats", "ladder", "frame", "splat"} or p.seat_rounding > 0.2:
        half_foot, z_foot = _back_edge(p, 0.0)
        base = (half_foot - 0.02, p.seat_height - 0.5 * p.seat_thickness, z_foot + 0.01)
        solids.append(rod(base, back + np.array([0.0, 0.0, 0.01]), radius, segments=10))
    return solids


def _seat_half_width(p: ChairParameters, z: float) -> float:
    """Half width of the seat at this z."""
    outline = _outline(p)
    right = outline[outline[:, 0] > 0]
    order = np.argsort(right[:, 1])
    return float(np.interp(z, right[order, 1], right[order, 0]))


def _loop_arm(p: ChairParameters) -> list[Manifold]:
    """Bent tube from the side of the seat up, back along the arm, and down again."""
    y, half, z_back, z_front = _arm_line(p)
    r, seat_y = max(0.011, 0.3 * p.arm_width), p.seat_height - 0.5 * p.seat_thickness
    half_foot, z_foot = _back_edge(p, 0.0)
    front_x = _seat_half_width(p, z_front - 0.05) - r
    control = [
        (front_x, seat_y, z_front - 0.05),
        (front_x + 0.03, 0.5 * (y + seat_y), z_front - 0.01),
        (front_x + 0.03, y, z_front - 0.05),
        (0.5 * (half + front_x) + 0.03, y + 0.01, 0.5 * (z_front + z_back)),
        (half, y, z_back + 0.05),
        (0.5 * (half + half_foot), 0.5 * (y + seat_y), z_foot + 0.02),
        (half_foot - r - 0.01, seat_y, z_foot + 0.02),
    ]
    return [tube(smooth_curve(control, 16), r, 8)]


def _panel_arm(p: ChairParameters) -> list[Manifold]:
    """Closed side; rolled arms carry a cylinder on top."""
    y, w, x = p.seat_height + p.arm_height, max(p.arm_width, 0.03), p.seat_width / 2 - 0.012
    low = {"block": p.block_bottom, "panels": 0.0}.get(p.base, p.seat_bottom)
    rear, front = -p.seat_depth / 2, -p.seat_depth / 2 + p.seat_depth * (0.4 + 0.6 * p.arm_reach)
    if p.arms == "panel":
        return [box_between((x, low, rear), (x + w, y, front), 0.3 * p.seat_rounding * w + 0.004)]
    side = box_between((x, low, rear), (x + 0.8 * w, y - 0.3 * w, front), 0.01)
    return [side, rod((x + 0.5 * w, y - 0.5 * w, rear), (x + 0.5 * w, y - 0.5 * w, front + 0.01), 0.62 * w)]


def _horseshoe_arms(p: ChairParameters) -> list[Manifold]:
    """One bow around back and sides, on short spindles."""
    y, w = p.seat_height + p.arm_height * 0.9, max(0.024, 0.6 * p.arm_width)
    half, depth = p.seat_width / 2 - 0.01, p.seat_depth / 2 - 0.01
    angles = np.linspace(np.radians(-20 - 25 * p.arm_reach), np.radians(200 + 25 * p.arm_reach), 19)
    power = 2.0 if p.plan == "round" else 3.2
    c, s = np.cos(angles), np.sin(angles)
    radius = (np.abs(c) ** power + np.abs(s) ** power) ** (-1 / power)
    bow = np.stack([half * 0.97 * c * radius, np.full_like(c, y), -depth * 0.97 * s * radius], axis=1)
    solids = [sweep(bow, ellipse(w * 1.4, w, 8))]
    low = p.seat_height - 0.5 * p.seat_thickness
    for index in np.unique(np.linspace(1, 17, 2 * (p.back_bars // 2) + 4).round().astype(int)):
        x, _, z = bow[index]
        solids.append(rod((x * 0.88, low, z * 0.88), bow[index], max(0.009, 0.3 * w), segments=8))
    return solids


CATEGORY = Category(ChairParameters, _parts, _materials)
