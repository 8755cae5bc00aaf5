"""Sofas: armchair-wide to four seats, with chaise or corner, from boxy to rolled and wooden-framed."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.materials import Asset
from shapelift.synthesis.procedural.draws import between, chance, count, finish, pick
from shapelift.synthesis.procedural.solids import (
    Array,
    Piece,
    assemble,
    beam,
    bend,
    bow,
    box,
    flip,
    move,
    pillow,
    prism,
    rod,
    smooth_curve,
    span,
    turn,
)
from shapelift.synthesis.procedural.supports import LegShape, corners, leg

Back = Literal["solid", "cushions", "tufted", "camel", "rounded", "none", "slats"]
Arms = Literal["none", "block", "rolled", "flared", "slim", "wood", "sloped", "pillow"]
Feet = Literal["legs", "plinth", "sled", "none"]
Extension = Literal["none", "chaise", "corner"]


@dataclass(frozen=True, kw_only=True)
class SofaParameters:
    """Lengths in metres. Seats stand side by side along X, arms outside of them."""

    seats: int
    seat_width: float
    seat_depth: float
    seat_height: float
    platform: float
    cushion: float
    cushion_softness: float
    single_cushion: bool
    back: Back
    back_height: float
    back_thickness: float
    back_tilt_deg: float
    tuft_rows: int
    arms: Arms
    arm_height: float
    arm_width: float
    one_arm: bool
    extension: Extension
    extension_length: float
    mirror: bool
    feet: Feet
    foot_height: float
    leg_shape: LegShape
    leg_width: float
    rounding: float
    throw_pillows: int
    curve: float
    material_seed: int

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """Mostly two and three seats; extensions only on long ones."""
        seats = pick(rng, {1: 1.5, 2: 4.0, 3: 4.0, 4: 1.0})
        extension: Extension = pick(rng, {"none": 3.0, "chaise": 1.0, "corner": 1.0}) if seats > 1 else "none"
        height = between(rng, 0.36, 0.5)
        return cls(
            seats=seats,
            seat_width=between(rng, 0.52, 0.8),
            seat_depth=between(rng, 0.55, 0.85),
            seat_height=height,
            platform=between(rng, 0.3, 0.75),
            cushion=between(rng, 0.08, 0.2),
            cushion_softness=between(rng, 0.0, 1.0),
            single_cushion=chance(rng, 0.3),
            back=pick(rng, _BACKS),
            back_height=between(rng, 0.28, 0.62),
            back_thickness=between(rng, 0.1, 0.26),
            back_tilt_deg=between(rng, 0.0, 18.0),
            tuft_rows=count(rng, 1, 3),
            arms=pick(rng, _ARMS),
            arm_height=between(rng, 0.1, 0.32),
            arm_width=between(rng, 0.08, 0.28),
            one_arm=chance(rng, 0.12),
            extension=extension,
            extension_length=between(rng, 0.4, 1.4),
            mirror=chance(rng, 0.5),
            feet=pick(rng, {"legs": 6.0, "plinth": 1.5, "sled": 0.8, "none": 1.5}),
            foot_height=between(rng, 0.03, 0.2),
            leg_shape=pick(rng, {"square": 3.0, "round": 3.0, "bulb": 1.0, "turned": 0.8, "octagon": 0.4}),
            leg_width=between(rng, 0.03, 0.08),
            rounding=between(rng, 0.0, 1.0),
            throw_pillows=count(rng, 1, 4) if chance(rng, 0.3) else 0,
            curve=between(rng, 0.1, 0.4) if chance(rng, 0.1) and extension == "none" else 0.0,
            material_seed=int(rng.integers(2**31)),
        )

    @property
    def width(self) -> float:
        """Width of all seats."""
        return self.seats * self.seat_width

    @property
    def foot(self) -> float:
        """Height of the underside of the body."""
        return 0.012 if self.feet == "none" else min(self.foot_height, 0.4 * self.seat_height)

    @property
    def deck(self) -> float:
        """Height of the platform under the cushions."""
        return max(self.seat_height - self.cushion, self.foot + 0.06 + 0.1 * self.platform)

    def build(self) -> Asset:
        """See `Family.build`."""
        finishes = finish(
            np.random.default_rng(self.material_seed),
            {
                "body": {"fabric": 6.0, "rubber": 1.0, "plastic": 0.5},
                "cushion": {"fabric": 6.0, "rubber": 0.7},
                "leg": {"wood": 5.0, "metal": 3.0, "plastic": 0.5},
                "pillow": {"fabric": 1.0},
            },
            unity=0.25,
        )
        pieces = [*_body(self), *_cushions(self), *_back(self), *_both_arms(self), *_extension(self), *_pillows(self)]
        if self.curve:
            forward = self.curve * self.seat_depth
            pieces = [(bow(solid, forward, self.width, 0.22), group) for solid, group in pieces]
        pieces += _feet(self)
        if self.mirror:
            pieces = [(flip(solid), group) for solid, group in pieces]
        return assemble([(solid, finishes[group]) for solid, group in pieces])


_BACKS: dict[Back, float] = {
    "solid": 2.5,
    "cushions": 4.5,
    "tufted": 1.5,
    "camel": 1.0,
    "rounded": 1.0,
    "none": 0.25,
    "slats": 0.5,
}
_ARMS: dict[Arms, float] = {
    "none": 1.0,
    "block": 4.0,
    "rolled": 2.0,
    "flared": 1.0,
    "slim": 1.0,
    "wood": 0.8,
    "sloped": 1.0,
    "pillow": 1.0,
}


def _body(p: SofaParameters) -> list[Piece]:
    x, z = p.width / 2, p.seat_depth / 2
    frame = span((-x, p.foot, -z - 0.4 * p.back_thickness), (x, p.deck, z), 0.005 + 0.03 * p.rounding)
    return [(frame, "body")]


def _cushion(p: SofaParameters, low: tuple[float, float], high: tuple[float, float]) -> Piece:
    """One seat cushion over an (x, z) rectangle; hard ones are boxes, soft ones bulge."""
    width, depth = high[0] - low[0], high[1] - low[1]
    top = p.seat_height + 0.02
    base = p.deck - 0.02
    middle = ((low[0] + high[0]) / 2, (base + top) / 2, (low[1] + high[1]) / 2)
    size = (width * 0.985, top - base, depth * 0.985)
    if p.cushion_softness < 0.45:
        return box(size, middle, 0.01 + 0.35 * p.cushion_softness * (top - base), 4), "cushion"
    return pillow((size[0], size[1] * 1.2, size[2]), middle, 9.0 - 5.0 * p.cushion_softness, 5), "cushion"


def _cushions(p: SofaParameters) -> list[Piece]:
    x, z = p.width / 2, p.seat_depth / 2
    number = 1 if p.single_cushion else p.seats
    edges = np.linspace(-x, x, number + 1)
    return [_cushion(p, (a, -z), (b, z + 0.01)) for a, b in itertools.pairwise(edges)]


def _back(p: SofaParameters) -> list[Piece]:
    """Built upright behind z = 0, then leaned about the platform and moved to the rear of the seat."""
    if p.back == "none":
        return []
    lean = float(np.tan(np.radians(p.back_tilt_deg)))

    def shape(points: Array) -> Array:
        rise = points[:, 1] - p.deck
        return points + np.stack([0 * rise, 0 * rise, -lean * rise - p.seat_depth / 2], axis=1)

    return [(bend(solid, shape), group) for solid, group in _BACK_MAKERS[p.back](p)]


def _back_board(p: SofaParameters, top: float, thickness: float) -> Manifold:
    low = p.foot + 0.005
    return span((-p.width / 2, low, -thickness), (p.width / 2, top, 0.0), 0.004 + 0.4 * p.rounding * thickness, 4)


def _solid_back(p: SofaParameters) -> list[Piece]:
    return [(_back_board(p, p.seat_height + p.back_height, p.back_thickness), "body")]


def _cushion_back(p: SofaParameters) -> list[Piece]:
    """A thin board with one loose cushion for each seat."""
    board = max(0.05, 0.45 * p.back_thickness)
    pieces: list[Piece] = [(_back_board(p, p.seat_height + 0.85 * p.back_height, board), "body")]
    edges = np.linspace(-p.width / 2, p.width / 2, p.seats + 1)
    high = p.back_height * (0.85 + 0.25 * p.platform)
    for a, b in itertools.pairwise(edges):
        size = ((b - a) * 0.985, high + 0.02, p.back_thickness * 1.2)
        middle = ((a + b) / 2, p.seat_height + high / 2 - 0.01, 0.4 * p.back_thickness)
        soft = pillow(size, middle, 8.0 - 5.0 * p.cushion_softness, 5)
        pieces.append((turn(soft, "x", -4.0, middle), "cushion"))
    return pieces


def _tufted_back(p: SofaParameters) -> list[Piece]:
    pieces = _solid_back(p)
    columns = p.seats * (p.tuft_rows if p.tuft_rows > 1 else 2)
    rows = p.tuft_rows
    for row in range(rows):
        for column in range(columns):
            size = (p.width / columns, p.back_height / rows * 1.02, 0.5 * p.back_thickness)
            x = p.width * ((column + 0.5) / columns - 0.5)
            y = p.seat_height + p.back_height * ((row + 0.5) / rows) - 0.01
            pieces.append((pillow(np.array(size) * [0.99, 0.97, 1.0], (x, y, 0.0), 3.0, 3), "body"))
    return pieces


def _crest(p: SofaParameters, heights: list[float]) -> list[Piece]:
    """Board whose upper edge runs through the heights, evenly spaced over the width."""
    x = np.linspace(-p.width / 2, p.width / 2, len(heights))
    top = smooth_curve(np.stack([x, np.array(heights)], axis=1), 25)
    low = p.foot + 0.005
    outline = np.concatenate([[[-p.width / 2, low], [p.width / 2, low]], top[::-1]])
    return [(prism(outline, -p.back_thickness, 0.0, "z"), "body")]


def _camel_back(p: SofaParameters) -> list[Piece]:
    side, middle = p.seat_height + 0.62 * p.back_height, p.seat_height + p.back_height
    return _crest(
        p, [side * 1.02, side, 0.4 * side + 0.6 * middle, middle, 0.4 * side + 0.6 * middle, side, side * 1.02]
    )


def _rounded_back(p: SofaParameters) -> list[Piece]:
    edge, top = p.seat_height + 0.35 * p.back_height, p.seat_height + p.back_height
    return _crest(p, [edge, 0.25 * edge + 0.75 * top, top, top, top, 0.25 * edge + 0.75 * top, edge])


def _slat_back(p: SofaParameters) -> list[Piece]:
    """Wooden rails and uprights."""
    top, t = p.seat_height + p.back_height, 0.03 + 0.1 * p.back_thickness
    low = p.deck - 0.08
    pieces: list[Piece] = [(span((-p.width / 2, top - 0.07, -t), (p.width / 2, top, 0.0), 0.006), "leg")]
    number = p.seats * (2 + p.tuft_rows) + 1
    spots = np.linspace(-p.width / 2 + t / 2, p.width / 2 - t / 2, number)
    slats = [span((x - t / 2, low, -0.85 * t), (x + t / 2, top - 0.03, -0.1 * t)) for x in spots]
    return pieces + [(slat, "leg") for slat in slats]


_BACK_MAKERS = {
    "solid": _solid_back,
    "cushions": _cushion_back,
    "tufted": _tufted_back,
    "camel": _camel_back,
    "rounded": _rounded_back,
    "slats": _slat_back,
}


def _both_arms(p: SofaParameters) -> list[Piece]:
    """The right arm stands where an extension would; a corner has its own back there instead."""
    if p.arms == "none":
        return []
    arm = _ARM_MAKERS[p.arms](p)
    left = [(flip(solid), group) for solid, group in arm]
    right = [] if p.one_arm or p.extension == "corner" else arm
    return left + right


def _arm_box(p: SofaParameters) -> tuple[float, float, float, float, float]:
    """Inner x, bottom, top, rear and front of the right arm."""
    rear = -p.seat_depth / 2 - 0.4 * p.back_thickness
    return p.width / 2 - 0.008, p.foot, p.seat_height + p.arm_height, rear, p.seat_depth / 2


def _block_arm(p: SofaParameters) -> list[Piece]:
    x, low, top, rear, front = _arm_box(p)
    width = p.arm_width if p.arms == "block" else 0.045 + 0.1 * p.arm_width
    return [(span((x, low, rear), (x + width, top, front), 0.004 + 0.3 * p.rounding * width, 4), "body")]


def _rolled_arm(p: SofaParameters) -> list[Piece]:
    x, low, top, rear, front = _arm_box(p)
    r = 0.45 * p.arm_width + 0.02
    wall = span((x, low, rear), (x + 1.3 * r, top - r, front - 0.01), 0.01)
    roll = rod((x + r, top - r, rear), (x + r, top - r, front), r, segments=20)
    return [(wall, "body"), (roll, "body")]


def _flared_arm(p: SofaParameters) -> list[Piece]:
    x, low, top, rear, front = _arm_box(p)
    out = 0.6 * p.arm_width
    t = 0.05 + 0.3 * p.arm_width
    inner = smooth_curve([(x, low), (x, 0.5 * (low + top)), (x + 0.3 * out, 0.8 * top + 0.2 * low), (x + out, top)], 9)
    outline = np.concatenate([inner, inner[::-1] + np.array([t, 0.0])])
    return [(prism(outline, rear, front, "z"), "body")]


def _sloped_arm(p: SofaParameters) -> list[Piece]:
    x, low, top, rear, front = _arm_box(p)
    high = max(top, p.seat_height + 0.6 * p.back_height if p.back != "none" else top)
    dip = smooth_curve([(rear, high), (0.5 * rear, top), (0.5 * front, top - 0.02), (front, top - 0.05)], 10)
    outline = np.concatenate([[[front, low], [rear, low]], dip])
    return [(prism(outline, x, x + 0.05 + 0.5 * p.arm_width, "x"), "body")]


def _pillow_arm(p: SofaParameters) -> list[Piece]:
    x, low, top, rear, front = _arm_box(p)
    width = max(0.12, p.arm_width)
    block = span((x, low, rear), (x + 0.8 * width, top - 0.3 * width, front), 0.02)
    middle = (x + 0.45 * width, top - 0.2 * width, (rear + front) / 2)
    return [(block, "body"), (pillow((width, 0.8 * width, front - rear + 0.02), middle, 3.5, 5), "cushion")]


def _wood_arm(p: SofaParameters) -> list[Piece]:
    """Posts and a rail of wood."""
    x, _, top, rear, front = _arm_box(p)
    t = 0.03 + 0.15 * p.arm_width
    posts = [
        span((x, p.foot + 0.01, front - 1.5 * t), (x + t, top, front - 0.5 * t)),
        span((x, p.foot + 0.01, rear), (x + t, top, rear + t)),
    ]
    rail = span((x - 0.3 * t, top - 0.8 * t, rear), (x + 1.4 * t, top, front), 0.2 * t)
    return [(solid, "leg") for solid in [*posts, rail]]


_ARM_MAKERS = {
    "block": _block_arm,
    "slim": _block_arm,
    "rolled": _rolled_arm,
    "flared": _flared_arm,
    "sloped": _sloped_arm,
    "pillow": _pillow_arm,
    "wood": _wood_arm,
}


def _extension(p: SofaParameters) -> list[Piece]:
    """A longer seat at the right end; a corner has a back along its outer side."""
    if p.extension == "none" or p.curve:
        return []
    x1, x0 = p.width / 2, p.width / 2 - p.seat_width
    z0, z1 = p.seat_depth / 2 - 0.02, p.seat_depth / 2 + p.extension_length
    pieces: list[Piece] = [
        (span((x0, p.foot, z0), (x1, p.deck, z1), 0.005 + 0.03 * p.rounding), "body"),
        _cushion(p, (x0, z0 + 0.01), (x1, z1)),
    ]
    if p.extension == "corner":
        low, top = p.foot + 0.005, p.seat_height + 0.85 * p.back_height
        side = span(
            (x1 - 0.01, low, -p.seat_depth / 2 - 0.4 * p.back_thickness), (x1 + 0.6 * p.back_thickness, top, z1)
        )
        pieces.append((side, "body"))
        for a in np.linspace(-p.seat_depth / 2 + 0.1, z1, p.tuft_rows + 2)[:-1]:
            length = (z1 + p.seat_depth / 2 - 0.1) / (p.tuft_rows + 1)
            size = (0.9 * p.back_thickness, 0.8 * p.back_height, length * 0.98)
            middle = (x1 - 0.1 * p.back_thickness, p.seat_height + 0.42 * p.back_height, a + length / 2)
            pieces.append((pillow(size, middle, 4.0, 4), "cushion"))
    return pieces


def _feet(p: SofaParameters) -> list[Piece]:
    if p.feet == "none":
        return []
    depth = p.seat_depth / 2
    ground: list[tuple[float, float, float]] = [(p.width / 2, depth, 0.0)]
    bow = p.curve * p.seat_depth
    pieces: list[Piece] = []
    if p.extension != "none" and not p.curve:
        ground.append((p.seat_width / 2, p.extension_length / 2, depth + p.extension_length / 2))
    for index, (half_x, half_z, middle) in enumerate(ground):
        shift = p.width / 2 - p.seat_width / 2 if index else 0.0
        pieces += [(move(solid, (shift, 0.0, middle)), "leg") for solid in _feet_under(p, half_x, half_z, bow)]
    return pieces


def _feet_under(p: SofaParameters, half_x: float, half_z: float, bow: float) -> list[Manifold]:
    """Feet below one rectangle of the body, centred at 0; a bowed body's ends stand further forward."""
    top = p.foot + 0.03
    inset = 0.8 * p.leg_width
    x, z = half_x - inset, half_z - inset
    forward = bow * (2 * x / p.width) ** 2
    if p.feet == "plinth" and not bow:
        return [span((-0.92 * x, 0.0, -0.88 * z), (0.92 * x, top, 0.88 * z))]
    if p.feet == "sled" and not bow:
        t = max(0.022, 0.4 * p.leg_width)
        bars = [beam((s * x, t / 2, -z), (s * x, t / 2, z), t, t) for s in (-1.0, 1.0)]
        return bars + [leg(a * [1, 0, 1], a, t, "square") for a in corners(x, z - t / 2, top, 0.0, top)]
    points = corners(x, z, top, 0.0, top) + np.array([0.0, 0.0, forward])
    solids = [leg(a * [1, 0, 1], a, p.leg_width, p.leg_shape, 0.7) for a in points]
    if half_x > 0.8:
        solids += [leg((0.0, 0.0, s * z), (0.0, top, s * z), p.leg_width, p.leg_shape, 0.7) for s in (-1.0, 1.0)]
    return solids


def _pillows(p: SofaParameters) -> list[Piece]:
    """Loose pillows leaning against the back, from the ends inwards."""
    if p.back in {"none", "slats"}:
        return []
    size = 0.38 + 0.1 * p.cushion_softness
    pieces: list[Piece] = []
    for index in range(p.throw_pillows):
        side = 1.0 if index % 2 else -1.0
        x = side * (p.width / 2 - 0.55 * size - 0.25 * (index // 2))
        if abs(x) + 0.4 * size > p.width / 2:
            continue
        middle = (x, p.seat_height + 0.45 * size, -p.seat_depth / 2 + 0.55 * p.back_thickness + 0.03)
        soft = turn(pillow((size, size, 0.16), middle, 2.8, 4), "x", -16.0, middle)
        pieces.append((turn(soft, "z", 9.0 * side * (index % 3), middle), "pillow"))
    return pieces
