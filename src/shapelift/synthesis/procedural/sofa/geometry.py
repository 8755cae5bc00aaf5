"""Geometry of sofas: body, cushions, back, arms, extension and feet."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.procedural.category import Category
from shapelift.synthesis.procedural.finishes import by_group
from shapelift.synthesis.procedural.sofa.parameters import Arms, Back, SofaParameters
from shapelift.synthesis.procedural.solids import (
    SIDES,
    Array,
    Part,
    beam,
    bowed,
    box,
    box_between,
    prism,
    reflected,
    rod,
    rotated,
    smooth_curve,
    superellipsoid,
    warped,
)
from shapelift.synthesis.procedural.supports import FourLegs, corners, leg

_materials = by_group(
    {
        "body": {"fabric": 6.0, "rubber": 1.0, "plastic": 0.5},
        "cushion": {"fabric": 6.0, "rubber": 0.7},
        "leg": {"wood": 5.0, "metal": 3.0, "plastic": 0.5},
        "pillow": {"fabric": 1.0},
    },
    unity=0.25,
)


def _parts(p: SofaParameters) -> list[Part]:
    """The sofa of these parameters."""
    parts = [*_seats(p), *_back(p), *_arms(p), *_extension(p), *_throw_pillows(p)]
    if p.curve:
        parts = [(bowed(solid, p.curve * p.seat_depth, p.width, 0.22), group) for solid, group in parts]
    parts += [(solid, "leg") for solid in _feet(p)]
    return [(reflected(solid), group) for solid, group in parts] if p.mirror else parts


def _seats(p: SofaParameters) -> list[Part]:
    """The body with its seat cushions."""
    x, z = p.width / 2, p.seat_depth / 2
    body = box_between((-x, p.body_bottom, p.rear), (x, p.deck, z), 0.005 + 0.03 * p.rounding)
    edges = np.linspace(-x, x, 2 if p.single_cushion else p.seats + 1)
    cushions = [_cushion(p, (a, -z), (b, z + 0.01)) for a, b in itertools.pairwise(edges)]
    return [(body, "body"), *[(cushion, "cushion") for cushion in cushions]]


def _cushion(p: SofaParameters, low: tuple[float, float], high: tuple[float, float]) -> Manifold:
    """One seat cushion over an (x, z) rectangle; hard ones are boxes, soft ones bulge."""
    bottom, top = p.deck - 0.02, p.seat_height + 0.02
    width, height, depth = (high[0] - low[0]) * 0.985, top - bottom, (high[1] - low[1]) * 0.985
    middle = ((low[0] + high[0]) / 2, (bottom + top) / 2, (low[1] + high[1]) / 2)
    if p.cushion_softness < 0.45:
        return box((width, height, depth), middle, 0.01 + 0.35 * p.cushion_softness * height, 4)
    return superellipsoid((width, height * 1.2, depth), middle, 9.0 - 5.0 * p.cushion_softness, 5)


def _back(p: SofaParameters) -> list[Part]:
    """Built upright behind z = 0, then leaned about the platform and moved to the rear of the seat."""
    lean = float(np.tan(np.radians(p.back_tilt_deg)))

    def placed(points: Array) -> Array:
        rise = points[:, 1] - p.deck
        return points + np.stack([0 * rise, 0 * rise, -lean * rise - p.seat_depth / 2], axis=1)

    return [(warped(solid, placed), group) for solid, group in _BACKS[p.back](p)]


def _back_board(p: SofaParameters, top: float, thickness: float) -> Part:
    low, x = p.body_bottom + 0.005, p.width / 2
    return box_between((-x, low, -thickness), (x, top, 0.0), 0.004 + 0.4 * p.rounding * thickness, 4), "body"


def _solid_back(p: SofaParameters) -> list[Part]:
    return [_back_board(p, p.back_top, p.back_thickness)]


def _cushion_back(p: SofaParameters) -> list[Part]:
    """A thin board with one loose cushion for each seat."""
    parts = [_back_board(p, p.seat_height + 0.85 * p.back_height, max(0.05, 0.45 * p.back_thickness))]
    high = p.back_height * (0.85 + 0.25 * p.platform)
    for a, b in itertools.pairwise(np.linspace(-p.width / 2, p.width / 2, p.seats + 1)):
        middle = ((a + b) / 2, p.seat_height + high / 2 - 0.01, 0.4 * p.back_thickness)
        size = ((b - a) * 0.985, high + 0.02, p.back_thickness * 1.2)
        parts.append(
            (rotated(superellipsoid(size, middle, 8.0 - 5.0 * p.cushion_softness, 5), "x", -4.0, middle), "cushion")
        )
    return parts


def _tufted_back(p: SofaParameters) -> list[Part]:
    rows, columns = p.tuft_rows, p.seats * (p.tuft_rows if p.tuft_rows > 1 else 2)
    size = (p.width / columns * 0.99, p.back_height / rows * 1.02 * 0.97, 0.5 * p.back_thickness)
    parts = _solid_back(p)
    for row in range(rows):
        y = p.seat_height + p.back_height * ((row + 0.5) / rows) - 0.01
        for column in range(columns):
            parts.append((superellipsoid(size, (p.width * ((column + 0.5) / columns - 0.5), y, 0.0), 3.0, 3), "body"))
    return parts


def _crest(p: SofaParameters, heights: list[float]) -> list[Part]:
    """Board whose upper edge runs through the heights, evenly spaced over the width."""
    x, low = p.width / 2, p.body_bottom + 0.005
    top = smooth_curve(np.stack([np.linspace(-x, x, len(heights)), np.array(heights)], axis=1), 25)
    outline = np.concatenate([[[-x, low], [x, low]], top[::-1]])
    return [(prism(outline, -p.back_thickness, 0.0, "z"), "body")]


def _camel_back(p: SofaParameters) -> list[Part]:
    side = p.seat_height + 0.62 * p.back_height
    shoulder = 0.4 * side + 0.6 * p.back_top
    return _crest(p, [side * 1.02, side, shoulder, p.back_top, shoulder, side, side * 1.02])


def _rounded_back(p: SofaParameters) -> list[Part]:
    edge = p.seat_height + 0.35 * p.back_height
    shoulder = 0.25 * edge + 0.75 * p.back_top
    return _crest(p, [edge, shoulder, p.back_top, p.back_top, p.back_top, shoulder, edge])


def _slat_back(p: SofaParameters) -> list[Part]:
    """Wooden rails and uprights."""
    x, top, low, t = p.width / 2, p.back_top, p.deck - 0.08, 0.03 + 0.1 * p.back_thickness
    xs = np.linspace(-x + t / 2, x - t / 2, p.seats * (2 + p.tuft_rows) + 1)
    slats = [box_between((at - t / 2, low, -0.85 * t), (at + t / 2, top - 0.03, -0.1 * t)) for at in xs]
    return [(solid, "leg") for solid in [box_between((-x, top - 0.07, -t), (x, top, 0.0), 0.006), *slats]]


_BACKS: dict[Back, Callable[[SofaParameters], list[Part]]] = {
    "none": lambda p: [],
    "solid": _solid_back,
    "cushions": _cushion_back,
    "tufted": _tufted_back,
    "camel": _camel_back,
    "rounded": _rounded_back,
    "slats": _slat_back,
}


def _arms(p: SofaParameters) -> list[Part]:
    """The right arm stands where an extension would; a corner has its own back there instead."""
    arm = _ARMS[p.arms](p)
    left = [(reflected(solid), group) for solid, group in arm]
    return left if p.one_arm or p.extension == "corner" else left + arm


def _arm_box(p: SofaParameters) -> tuple[float, float, float, float, float]:
    """Inner x, bottom, top, rear and front of the right arm."""
    return p.width / 2 - 0.008, p.body_bottom, p.seat_height + p.arm_height, p.rear, p.seat_depth / 2


def _block_arm(p: SofaParameters) -> list[Part]:
    x, low, top, rear, front = _arm_box(p)
    width = p.arm_width if p.arms == "block" else 0.045 + 0.1 * p.arm_width
    return [(box_between((x, low, rear), (x + width, top, front), 0.004 + 0.3 * p.rounding * width, 4), "body")]


def _rolled_arm(p: SofaParameters) -> list[Part]:
    x, low, top, rear, front = _arm_box(p)
    r = 0.45 * p.arm_width + 0.02
    wall = box_between((x, low, rear), (x + 1.3 * r, top - r, front - 0.01), 0.01)
    return [(wall, "body"), (rod((x + r, top - r, rear), (x + r, top - r, front), r, segments=20), "body")]


def _flared_arm(p: SofaParameters) -> list[Part]:
    x, low, top, rear, front = _arm_box(p)
    out, t = 0.6 * p.arm_width, 0.05 + 0.3 * p.arm_width
    inner = smooth_curve([(x, low), (x, 0.5 * (low + top)), (x + 0.3 * out, 0.8 * top + 0.2 * low), (x + out, top)], 9)
    outline = np.concatenate([inner, inner[::-1] + np.array([t, 0.0])])
    return [(prism(outline, rear, front, "z"), "body")]


def _sloped_arm(p: SofaParameters) -> list[Part]:
    x, low, top, rear, front = _arm_box(p)
    high = max(top, p.seat_height + 0.6 * p.back_height) if p.back != "none" else top
    dip = smooth_curve([(rear, high), (0.5 * rear, top), (0.5 * front, top - 0.02), (front, top - 0.05)], 10)
    outline = np.concatenate([[[front, low], [rear, low]], dip])
    return [(prism(outline, x, x + 0.05 + 0.5 * p.arm_width, "x"), "body")]


def _pillow_arm(p: SofaParameters) -> list[Part]:
    x, low, top, rear, front = _arm_box(p)
    width = max(0.12, p.arm_width)
    block = box_between((x, low, rear), (x + 0.8 * width, top - 0.3 * width, front), 0.02)
    middle = (x + 0.45 * width, top - 0.2 * width, (rear + front) / 2)
    return [(block, "body"), (superellipsoid((width, 0.8 * width, front - rear + 0.02), middle, 3.5, 5), "cushion")]


def _wood_arm(p: SofaParameters) -> list[Part]:
    """Posts and a rail of wood."""
    x, low, top, rear, front = _arm_box(p)
    t = 0.03 + 0.15 * p.arm_width
    solids = [
        box_between((x, low + 0.01, front - 1.5 * t), (x + t, top, front - 0.5 * t)),
        box_between((x, low + 0.01, rear), (x + t, top, rear + t)),
        box_between((x - 0.3 * t, top - 0.8 * t, rear), (x + 1.4 * t, top, front), 0.2 * t),
    ]
    return [(solid, "leg") for solid in solids]


_ARMS: dict[Arms, Callable[[SofaParameters], list[Part]]] = {
    "none": lambda p: [],
    "block": _block_arm,
    "slim": _block_arm,
    "rolled": _rolled_arm,
    "flared": _flared_arm,
    "sloped": _sloped_arm,
    "pillow": _pillow_arm,
    "wood": _wood_arm,
}


def _extension(p: SofaParameters) -> list[Part]:
    """A longer seat at the right end; a corner has a back along its outer side."""
    if p.extension == "none" or p.curve:
        return []
    x0, x1, z = p.width / 2 - p.seat_width, p.width / 2, p.seat_depth / 2
    z0, z1 = z - 0.02, z + p.extension_length
    parts: list[Part] = [
        (box_between((x0, p.body_bottom, z0), (x1, p.deck, z1), 0.005 + 0.03 * p.rounding), "body"),
        (_cushion(p, (x0, z0 + 0.01), (x1, z1)), "cushion"),
    ]
    if p.extension == "corner":
        top = p.seat_height + 0.85 * p.back_height
        side = box_between((x1 - 0.01, p.body_bottom + 0.005, p.rear), (x1 + 0.6 * p.back_thickness, top, z1))
        parts.append((side, "body"))
        length = (z1 + z - 0.1) / (p.tuft_rows + 1)
        size = (0.9 * p.back_thickness, 0.8 * p.back_height, length * 0.98)
        for at in np.linspace(-z + 0.1, z1, p.tuft_rows + 2)[:-1]:
            middle = (x1 - 0.1 * p.back_thickness, p.seat_height + 0.42 * p.back_height, at + length / 2)
            parts.append((superellipsoid(size, middle, 4.0, 4), "cushion"))
    return parts


def _feet(p: SofaParameters) -> list[Manifold]:
    if p.feet == "none":
        return []
    half_depth, half_length = p.seat_depth / 2, p.extension_length / 2
    solids = _feet_under(p, p.width / 2, half_depth)
    if p.extension != "none" and not p.curve:
        offset = (p.width / 2 - p.seat_width / 2, 0.0, half_depth + half_length)
        solids += [solid.translate(offset) for solid in _feet_under(p, p.seat_width / 2, half_length)]
    return solids


def _feet_under(p: SofaParameters, half_x: float, half_z: float) -> list[Manifold]:
    """Feet below one rectangle of the body, centred at 0; a bowed body's ends stand further forward."""
    top, x, z = p.body_bottom + 0.03, half_x - 0.8 * p.leg_width, half_z - 0.8 * p.leg_width
    if p.feet == "plinth" and not p.curve:
        return [box_between((-0.92 * x, 0.0, -0.88 * z), (0.92 * x, top, 0.88 * z))]
    if p.feet == "sled" and not p.curve:
        t = max(0.022, 0.4 * p.leg_width)
        bars = [beam((s * x, t / 2, -z), (s * x, t / 2, z), t, t) for s in SIDES]
        return bars + FourLegs(x, z - t / 2, top, t, "square", taper=1.0, splay=0.0).solids()
    forward = p.curve * p.seat_depth * (2 * x / p.width) ** 2
    heads = [*(corners(x, z, top, 0.0, top) + np.array([0.0, 0.0, forward]))]
    if half_x > 0.8:
        heads += [np.array([0.0, top, s * z]) for s in SIDES]
    return [leg(head * [1, 0, 1], head, p.leg_width, p.leg_shape, 0.7) for head in heads]


def _throw_pillows(p: SofaParameters) -> list[Part]:
    """Loose pillows leaning against the back, from the ends inwards."""
    if p.back in {"none", "slats"}:
        return []
    size = 0.38 + 0.1 * p.cushion_softness
    y, z = p.seat_height + 0.45 * size, -p.seat_depth / 2 + 0.55 * p.back_thickness + 0.03
    parts: list[Part] = []
    for index in range(p.throw_pillows):
        side = 1.0 if index % 2 else -1.0
        x = side * (p.width / 2 - 0.55 * size - 0.25 * (index // 2))
        if abs(x) + 0.4 * size <= p.width / 2:
            leaning = rotated(superellipsoid((size, size, 0.16), (x, y, z), 2.8, 4), "x", -16.0, (x, y, z))
            parts.append((rotated(leaning, "z", 9.0 * side * (index % 3), (x, y, z)), "pillow"))
    return parts


CATEGORY = Category(SofaParameters, _parts, _materials)
