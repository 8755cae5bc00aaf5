"""Chairs: from stools and dining chairs to office, club, rocking and cantilever chairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.materials import Asset
from shapelift.synthesis.procedural.backrests import Backrest, BackStyle, stile_width
from shapelift.synthesis.procedural.draws import between, chance, count, finish, pick
from shapelift.synthesis.procedural.solids import (
    SIDES,
    Array,
    Piece,
    around,
    assemble,
    beam,
    bend,
    box,
    cylinder,
    difference,
    ellipse,
    ellipsoid,
    pillow,
    rod,
    rounded_rectangle,
    slab,
    smooth_curve,
    span,
    superellipse,
    sweep,
    tube,
)
from shapelift.synthesis.procedural.supports import (
    LegParameters,
    LegShape,
    apron,
    cantilever,
    corners,
    crossed_legs,
    leg,
    pedestal,
    runners,
    star_base,
    stretchers,
)

Base = Literal["legs", "sled", "cantilever", "star", "disc", "trumpet", "rocker", "cross", "block", "panels"]
Back = Literal["none"] | BackStyle
Arms = Literal["none", "posts", "loop", "panel", "rolled", "horseshoe", "sloped"]
Seat = Literal["square", "squircle", "round", "trapezoid"]


@dataclass(frozen=True, kw_only=True)
class ChairParameters(LegParameters):
    """Lengths in metres; the seat's top is at `seat_height`, the back leans by `back_tilt_deg`."""

    base: Base
    spokes: int
    casters: bool
    seat: Seat
    seat_width: float
    seat_depth: float
    seat_height: float
    seat_thickness: float
    seat_rounding: float
    saddle: float
    cushion: float
    apron: float
    back: Back
    back_height: float
    back_tilt_deg: float
    back_thickness: float
    back_curve: float
    back_spread: float
    back_bars: int
    back_gap: float
    arms: Arms
    arm_height: float
    arm_width: float
    arm_reach: float
    material_seed: int

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """A base first, then what usually goes with it."""
        base = pick(rng, _BASES)
        soft = base in {"block", "panels"}
        stool = chance(rng, 0.07) and not soft
        tall = chance(rng, 0.12) and not soft and base != "rocker"
        back_weights = _SOFT_BACKS if soft else _BACKS
        arm_weights: dict[Arms, float] = dict(_SOFT_ARMS if soft else _ARMS)
        if stool:
            arm_weights = {"none": 1.0}
        width = between(rng, 0.5, 0.72) if soft else between(rng, 0.36, 0.56)
        thickness = between(rng, 0.08, 0.2) if soft else between(rng, 0.02, 0.09)
        return cls(
            base=base,
            leg_shape=pick(rng, _LEG_SHAPES),
            leg_width=between(rng, 0.024, 0.06),
            leg_taper=between(rng, 0.5, 1.05),
            splay=between(rng, 0.02, 0.12) if chance(rng, 0.4) else 0.0,
            stretcher=pick(rng, {"none": 4.0, "box": 2.5, "h": 1.5, "x": 0.8, "sides": 1.0, "front": 0.4}),
            spokes=count(rng, 4, 6),
            casters=chance(rng, 0.7),
            seat=pick(rng, {"square": 5.0, "squircle": 2.0, "round": 1.5, "trapezoid": 2.5}),
            seat_width=width,
            seat_depth=width * between(rng, 0.82, 1.12),
            seat_height=between(rng, 0.58, 0.8) if tall else between(rng, 0.33, 0.52),
            seat_thickness=thickness,
            seat_rounding=between(rng, 0.0, 0.5),
            saddle=between(rng, 0.2, 0.5) if chance(rng, 0.25) else 0.0,
            cushion=between(rng, 0.03, 0.13 if soft else 0.06) if chance(rng, 0.7 if soft else 0.25) else 0.0,
            apron=between(rng, 0.03, 0.1) if chance(rng, 0.4) else 0.0,
            back="none" if stool else pick(rng, back_weights),
            back_height=between(rng, 0.3, 0.72) if chance(rng, 0.85) else between(rng, 0.7, 0.95),
            back_tilt_deg=between(rng, 0.0, 22.0),
            back_thickness=between(rng, 0.08, 0.18) if soft else between(rng, 0.018, 0.06),
            back_curve=between(rng, 0.02, 0.1) if chance(rng, 0.5) else 0.0,
            back_spread=between(rng, 0.72, 1.15),
            back_bars=count(rng, 2, 7),
            back_gap=between(rng, 0.05, 0.5),
            arms=pick(rng, arm_weights),
            arm_height=between(rng, 0.15, 0.3),
            arm_width=between(rng, 0.1, 0.2) if soft else between(rng, 0.025, 0.07),
            arm_reach=between(rng, 0.55, 1.0),
            material_seed=int(rng.integers(2**31)),
        )

    @property
    def boxy(self) -> bool:
        """Whether the sides are closed by panels, which only a straight seat can meet."""
        return self.arms in {"panel", "rolled"} or self.base in {"block", "panels"}

    @property
    def outline(self) -> Array:
        """Seat outline (x, z)."""
        w, d = self.seat_width, self.seat_depth
        if self.boxy or self.seat == "square":
            return rounded_rectangle(w, d, 0.01 + 0.12 * self.seat_rounding * w, 4)
        if self.seat == "trapezoid":
            outline = rounded_rectangle(w, d, 0.01 + 0.1 * self.seat_rounding * w, 4)
            outline[:, 0] *= 0.9 + 0.2 * outline[:, 1] / d
            return outline
        return superellipse(w, d, 2.0 if self.seat == "round" else 3.5, 32)

    @property
    def back_foot(self) -> tuple[float, float, float]:
        """Width of the back at the seat, z of its sides, and how far its middle stands behind them at the seat."""
        if self.boxy or self.seat == "square":
            return self.seat_width, -self.seat_depth / 2 + self.back_thickness / 2, 0.0
        if self.seat == "trapezoid":
            return self.seat_width * 0.79, -self.seat_depth / 2 + self.back_thickness / 2, 0.0
        x, z = (0.72, 0.66) if self.seat == "round" else (0.76, 0.86)
        bulge = (0.9 - z) * self.seat_depth / 2 if self.back_curve else 0.0
        return self.seat_width * x, -self.seat_depth / 2 * z + 0.01, bulge

    def back_at(self, height: float) -> tuple[float, float]:
        """Half width and z of the back's edge at a height above the seat."""
        width, z, _ = self.back_foot
        spread = 1 + (self.back_spread - 1) * height / self.back_height
        return width / 2 * spread, z - height * float(np.tan(np.radians(self.back_tilt_deg)))

    def build(self) -> Asset:
        """See `Family.build`."""
        finishes = finish(
            np.random.default_rng(self.material_seed),
            {
                "frame": {"wood": 5.0, "metal": 2.0, "plastic": 2.0, "paint": 1.5},
                "seat": {"fabric": 3.0, "wood": 3.0, "plastic": 2.0, "rubber": 0.5, "paint": 1.0},
                "leg": {"wood": 4.0, "metal": 4.0, "plastic": 1.0, "paint": 1.0},
                "soft": {"fabric": 5.0, "rubber": 0.7, "plastic": 0.5},
                "caster": {"rubber": 2.0, "plastic": 1.0},
            },
            unity=0.25,
        )
        pieces = [*_seat(self), *_base(self), *_back(self), *_arms(self)]
        return assemble([(piece, finishes[group]) for piece, group in pieces])


_BASES: dict[Base, float] = {
    "legs": 9.0,
    "sled": 1.2,
    "cantilever": 1.0,
    "star": 2.2,
    "disc": 0.7,
    "trumpet": 0.7,
    "rocker": 1.0,
    "cross": 0.9,
    "block": 2.5,
    "panels": 0.8,
}
_BACKS: dict[Back, float] = {
    "none": 0.3,
    "solid": 4.0,
    "slats": 2.0,
    "ladder": 2.0,
    "spindles": 1.5,
    "frame": 1.5,
    "tufted": 0.8,
    "hoop": 1.2,
    "splat": 1.2,
    "low": 1.0,
    "cushion": 1.0,
}
_SOFT_BACKS: dict[Back, float] = {"solid": 3.0, "tufted": 1.5, "cushion": 2.5, "low": 0.3}
_ARMS: dict[Arms, float] = {"none": 6.0, "posts": 2.5, "loop": 1.5, "horseshoe": 0.9, "sloped": 1.0, "panel": 0.3}
_SOFT_ARMS: dict[Arms, float] = {"panel": 4.0, "rolled": 2.0, "none": 1.0, "posts": 0.5}
_LEG_SHAPES: dict[LegShape, float] = {"square": 4, "round": 3, "turned": 1.2, "saber": 1, "hairpin": 0.4, "bulb": 0.4}


# ---------------------------------------------------------------------------------------------- seat


def _seat(p: ChairParameters) -> list[Piece]:
    """Plate with rounded rims, hollowed for a saddle, a cushion on top, an apron below."""
    low, high = p.seat_height - p.seat_thickness, p.seat_height
    plate = slab(p.outline, low, high, p.seat_rounding * p.seat_thickness * 0.8)
    if p.saddle and not p.cushion:
        depth = p.saddle * p.seat_thickness
        dip = ellipsoid((p.seat_width * 0.8, 4 * depth, p.seat_depth * 0.75), (0.0, high + depth, 0.02), 24)
        plate = difference(plate, [dip])
    pieces: list[Piece] = [(plate, "seat")]
    if p.cushion:
        size = (p.seat_width * 0.96, p.cushion * 1.6, p.seat_depth * 0.96)
        soft = pillow(size, (0.0, high + 0.3 * p.cushion, 0.0), 2.6 if p.seat == "round" and not p.boxy else 5.0)
        pieces.append((soft, "soft"))
    if p.apron and p.base in {"legs", "rocker"}:
        boards = apron(*_leg_square(p), 0.02, low - p.apron * 0.8, low + 0.2 * p.seat_thickness)
        pieces.append((boards, "frame"))
    return pieces


# ---------------------------------------------------------------------------------------------- base


def _leg_square(p: ChairParameters) -> tuple[float, float]:
    """Half distances between the tops of the legs."""
    inset = 0.6 * p.leg_width
    if p.boxy or p.seat == "square":
        x = z = 1.0
    else:
        x, z = {"round": (0.7, 0.7), "squircle": (0.81, 0.81), "trapezoid": (0.9, 1.0)}[p.seat]
    return x * p.seat_width / 2 - inset, z * p.seat_depth / 2 - inset


def _base(p: ChairParameters) -> list[Piece]:
    if p.base in {"star", "disc", "trumpet"}:
        return _pedestal_base(p)
    if p.base in {"block", "panels"}:
        return _solid_base(p)
    makers = {
        "legs": _legs_base,
        "sled": _sled_base,
        "cantilever": _cantilever_base,
        "rocker": _rocker_base,
        "cross": _cross_base,
    }
    return [(piece, "leg") for piece in makers[p.base](p)]


def _legs_base(p: ChairParameters) -> list[Manifold]:
    top = p.seat_height - 0.6 * p.seat_thickness
    x, z = _leg_square(p)
    return p.four_legs(x, z, top) + p.ties(x, z, top, (0.3 + 0.25 * p.back_gap) * top, 0.7 * p.leg_width)


def _rocker_base(p: ChairParameters) -> list[Manifold]:
    top = p.seat_height - 0.6 * p.seat_thickness
    x, z = _leg_square(p)
    section = max(0.03, 0.8 * p.leg_width)
    bows, heights = runners(x + p.splay, p.seat_depth * 1.7, 0.09, section, [z + p.splay])
    shape: LegShape = (
        "turned" if p.leg_shape in {"turned", "bulb"} else "square" if p.leg_shape == "square" else "round"
    )
    feet = corners(x, z, top, p.splay, 0.0) + np.array([0.0, heights[0], 0.0])
    tops = corners(x, z, top, p.splay, top)
    solids = [leg(foot, head, p.leg_width, shape) for foot, head in zip(feet, tops, strict=True)]
    rail = (feet * 0.55 + tops * 0.45) if p.stretcher != "none" else feet
    return bows + solids + stretchers(rail, p.stretcher, 0.6 * p.leg_width, shape != "square")


def _sled_base(p: ChairParameters) -> list[Manifold]:
    """Two closed tube frames with a cross bar."""
    r = max(0.011, 0.3 * p.leg_width)
    top, x, z = p.seat_height - p.seat_thickness / 2, _leg_square(p)[0] + p.splay, p.seat_depth / 2 + p.splay * 0.5
    inner = _leg_square(p)
    frames = [
        tube([(s * inner[0], top, inner[1]), (s * x, r, z), (s * x, r, -z), (s * inner[0], top, -inner[1])], r, 10)
        for s in SIDES
    ]
    bars = [rod((-x, r, at), (x, r, at), r, segments=10) for at in ((-z + r,) if p.spokes < 5 else (-z + r, z - r))]
    under = p.seat_height - p.seat_thickness * 0.6
    return frames + bars + [rod((-inner[0], under, 0.3 * z), (inner[0], under, 0.3 * z), r, segments=8)]


def _cantilever_base(p: ChairParameters) -> list[Manifold]:
    radius, top = max(0.012, 0.32 * p.leg_width), p.seat_height - 0.6 * p.seat_thickness
    return [cantilever(*_leg_square(p), p.seat_depth, top, p.splay, radius)]


def _cross_base(p: ChairParameters) -> list[Manifold]:
    top = p.seat_height - 0.5 * p.seat_thickness
    return crossed_legs(*_leg_square(p), top, p.splay, 0.8 * p.leg_width, 0.12 + 0.1 * p.back_gap)


def _pedestal_base(p: ChairParameters) -> list[Piece]:
    top = p.seat_height - 0.4 * p.seat_thickness
    foot = 0.5 * p.seat_width * (1.0 + p.splay)
    column = 0.6 * p.leg_width + 0.008
    if p.base == "star":
        hub = 0.09 + 0.5 * p.splay
        solids = star_base(p.spokes, foot * 1.15, hub, 0.9 * p.leg_width + 0.012, p.casters)
        neck = cylinder(hub - 0.03, 0.55 * top, column * 1.25, segments=16)
        plate = box((0.4 * p.seat_width, 0.03, 0.4 * p.seat_depth), (0.0, p.seat_height - p.seat_thickness - 0.01, 0.0))
        solids += [neck, cylinder(hub, top, column, segments=16), plate]
        return [(piece, "leg") for piece in solids]
    kind: Literal["disc", "trumpet", "dome"] = "trumpet" if p.base == "trumpet" else "dome" if p.casters else "disc"
    solids = pedestal(top, column, foot * 0.85, 0.02 + 0.3 * p.leg_width, kind)
    if p.stretcher != "none" and p.seat_height > 0.55 and p.base == "disc":
        angles = np.linspace(0, 2 * np.pi, 20, endpoint=False)
        ring = np.stack([0.15 * np.cos(angles), np.full(20, 0.35 * top), 0.15 * np.sin(angles)], axis=1)
        solids += [
            tube(ring, 0.011, 8, closed=True),
            *around(rod((0.0, 0.35 * top, 0.0), (0.15, 0.35 * top, 0.0), 0.01), 3),
        ]
    return [(piece, "leg") for piece in solids]


def _solid_base(p: ChairParameters) -> list[Piece]:
    """Upholstered block on short feet, or side panels with a front rail."""
    low = p.seat_height - p.seat_thickness
    if p.base == "panels":
        t = max(0.025, 0.6 * p.leg_width)
        x, d = p.seat_width / 2, p.seat_depth
        panels = [span((s * x, 0.0, -d / 2), (s * (x - t), low + 0.02, d / 2), 0.2 * t) for s in SIDES]
        rail = span((-x, 0.35 * low, -0.4 * d), (x, low + 0.02, -0.4 * d + t))
        return [(piece, "frame") for piece in [*panels, rail]]
    under = min((0.12 + 0.5 * p.back_gap) * p.seat_height, low - 0.02)
    body = span((-p.seat_width / 2, under, -p.seat_depth / 2), (p.seat_width / 2, low + 0.03, p.seat_depth / 2), 0.015)
    x, z = p.seat_width / 2 - p.leg_width, p.seat_depth / 2 - p.leg_width
    shape: LegShape = p.leg_shape if p.leg_shape not in {"hairpin", "saber"} else "round"
    tops, feet = (corners(x, z, under + 0.02, p.splay * 0.4, at) for at in (under + 0.02, 0.0))
    legs = [leg(a, b, p.leg_width * 1.1, shape, p.leg_taper) for a, b in zip(feet, tops, strict=True)]
    return [(body, "seat"), *[(piece, "leg") for piece in legs]]


# ---------------------------------------------------------------------------------------------- back


def _back(p: ChairParameters) -> list[Piece]:
    """The back is made flat and upright, then curved, spread and leaned."""
    if p.back == "none":
        return []
    width, z, bulge = p.back_foot
    lean = float(np.tan(np.radians(p.back_tilt_deg)))

    def shape(points: Array) -> Array:
        rise = np.clip(points[:, 1], 0.0, None)
        x = points[:, 0] * (1 + (p.back_spread - 1) * rise / p.back_height)
        curve = bulge + p.back_curve * np.clip(rise / (0.35 * p.back_height), 0.0, 1.0)
        away = curve * (1 - np.clip(2 * np.abs(points[:, 0]) / width, 0, 1) ** 2)
        return np.stack([x, points[:, 1] + p.seat_height, points[:, 2] + z - lean * rise - away], axis=1)

    pieces = []
    panel = Backrest(
        style=p.back,
        width=width,
        height=p.back_height,
        thickness=p.back_thickness,
        bars=p.back_bars,
        gap=p.back_gap,
        rounding=p.seat_rounding,
        root=p.seat_thickness,
    )
    for piece, group in panel.build():
        low_x, _, _, high_x, _, _ = piece.bounding_box()
        wide = p.back_curve > 0 and high_x - low_x > 0.15
        pieces.append((bend(piece, shape, 0.09 if wide else None), group))
    return pieces


# ---------------------------------------------------------------------------------------------- arms


def _arms(p: ChairParameters) -> list[Piece]:
    if p.arms == "none":
        return []
    if p.arms == "horseshoe":
        return _horseshoe(p)
    right = {"posts": _post_arm, "sloped": _post_arm, "loop": _loop_arm, "panel": _panel_arm, "rolled": _panel_arm}
    solids = right[p.arms](p)
    return [piece for solid_, group in solids for piece in ((solid_, group), (solid_.mirror((1.0, 0.0, 0.0)), group))]


def _arm_line(p: ChairParameters) -> tuple[float, float, float, float]:
    """Height of the arm above the floor, half width and z at the back, z of its front end."""
    rise = min(p.arm_height, 0.9 * p.back_height) if p.back not in {"none", "low"} else p.arm_height
    half, z = p.back_at(rise if p.back not in {"none", "low"} else 0.0)
    reach = (0.95 if p.seat in {"square", "trapezoid"} or p.boxy else 0.6) * p.seat_depth
    return p.seat_height + rise, half, z, -p.seat_depth / 2 + reach * p.arm_reach


def _post_arm(p: ChairParameters) -> list[Piece]:
    """Pad on a front post; on a rear post as well where the back cannot hold it."""
    y, half, z_back, z_front = _arm_line(p)
    w = max(p.arm_width, 0.025)
    foot_x = _seat_half_width(p, z_front - w) - 0.4 * w
    drop = 0.07 if p.arms == "sloped" else 0.0
    back = np.array([half - 0.3 * stile_width(p.back_thickness), y, z_back])
    front = np.array([max(foot_x, half) if p.arms == "sloped" else foot_x + 0.1 * w, y - drop, z_front])
    pieces: list[Piece] = [(beam(back, front, w, max(0.02, 0.5 * w)), "frame")]
    foot = np.array([foot_x, p.seat_height - 0.6 * p.seat_thickness, z_front - w])
    head = front + (back - front) * (w / max(z_front - z_back, w))
    pieces.append((rod(foot, head, max(0.012, 0.35 * w), segments=10), "frame"))
    if p.back not in {"solid", "slats", "ladder", "frame", "splat"} or p.seat_rounding > 0.2:
        half_foot, z_foot = p.back_at(0.0)
        base = (half_foot - 0.02, p.seat_height - 0.5 * p.seat_thickness, z_foot + 0.01)
        pieces.append((rod(base, back + np.array([0.0, 0.0, 0.01]), max(0.012, 0.35 * w), segments=10), "frame"))
    return pieces


def _seat_half_width(p: ChairParameters, z: float) -> float:
    """Half width of the seat at this z."""
    outline = p.outline
    right = outline[outline[:, 0] > 0]
    order = np.argsort(right[:, 1])
    return float(np.interp(z, right[order, 1], right[order, 0]))


def _loop_arm(p: ChairParameters) -> list[Piece]:
    """Bent tube from the side of the seat up, back along the arm, and down again."""
    y, half, z_back, z_front = _arm_line(p)
    r = max(0.011, 0.3 * p.arm_width)
    seat_y = p.seat_height - 0.5 * p.seat_thickness
    half_foot, z_foot = p.back_at(0.0)
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
    return [(tube(smooth_curve(control, 16), r, 8), "leg")]


def _panel_arm(p: ChairParameters) -> list[Piece]:
    """Closed side; rolled arms carry a cylinder on top."""
    y = p.seat_height + p.arm_height
    w = max(p.arm_width, 0.03)
    inner = p.seat_width / 2 - 0.012
    low = p.seat_height - p.seat_thickness
    if p.base == "block":
        low = min((0.12 + 0.5 * p.back_gap) * p.seat_height, low - 0.02)
    elif p.base == "panels":
        low = 0.0
    z_low, z_high = -p.seat_depth / 2, -p.seat_depth / 2 + p.seat_depth * (0.4 + 0.6 * p.arm_reach)
    if p.arms == "panel":
        return [(span((inner, low, z_low), (inner + w, y, z_high), 0.3 * p.seat_rounding * w + 0.004), "seat")]
    side = span((inner, low, z_low), (inner + 0.8 * w, y - 0.3 * w, z_high), 0.01)
    roll = rod((inner + 0.5 * w, y - 0.5 * w, z_low), (inner + 0.5 * w, y - 0.5 * w, z_high + 0.01), 0.62 * w)
    return [(side, "seat"), (roll, "seat")]


def _horseshoe(p: ChairParameters) -> list[Piece]:
    """One bow around back and sides, on short spindles."""
    y = p.seat_height + p.arm_height * 0.9
    w = max(0.024, 0.6 * p.arm_width)
    half, depth = p.seat_width / 2 - 0.01, p.seat_depth / 2 - 0.01
    angles = np.linspace(np.radians(-20 - 25 * p.arm_reach), np.radians(200 + 25 * p.arm_reach), 19)
    power = 2.0 if p.seat == "round" and not p.boxy else 3.2
    c, s = np.cos(angles), np.sin(angles)
    radius = (np.abs(c) ** power + np.abs(s) ** power) ** (-1 / power)
    bow = np.stack([half * 0.97 * c * radius, np.full_like(c, y), -depth * 0.97 * s * radius], axis=1)
    pieces: list[Piece] = [(sweep(bow, ellipse(w * 1.4, w, 8)), "frame")]
    low = p.seat_height - 0.5 * p.seat_thickness
    for index in np.unique(np.linspace(1, 17, 2 * (p.back_bars // 2) + 4).round().astype(int)):
        head = bow[index]
        foot = np.array([head[0] * 0.88, low, head[2] * 0.88])
        pieces.append((rod(foot, head, max(0.009, 0.3 * w), segments=8), "frame"))
    return pieces
