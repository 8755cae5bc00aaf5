"""Solids of displays of every kind."""

from __future__ import annotations

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.procedural.category import Category
from shapelift.synthesis.procedural.display.parameters import DisplayParameters
from shapelift.synthesis.procedural.display.stands import placed, stand
from shapelift.synthesis.procedural.finishes import by_group
from shapelift.synthesis.procedural.solids import (
    SIDES,
    Part,
    beam,
    bowed,
    box,
    box_between,
    cylinder,
    difference,
    ellipse,
    ellipsoid,
    loft,
    outline_at,
    prism,
    rectangle,
    rod,
    rotated,
    rounded_rectangle,
    slab,
)

_materials = by_group(
    {
        "frame": {"plastic": 6.0, "metal": 2.5, "paint": 0.7, "wood": 0.4},
        "screen": {"glass": 4.0, "plastic": 1.0},
        "stand": {"plastic": 4.0, "metal": 4.0, "glass": 0.4},
        "detail": {"plastic": 3.0, "metal": 1.0, "rubber": 1.0},
    },
    unity=0.08,
)


def _parts(p: DisplayParameters) -> list[Part]:
    """The display, its screen towards +Z."""
    return {"flat": _flat, "tube": _tube, "laptop": _laptop, "dual": _dual}[p.kind](p)


def _flat(p: DisplayParameters) -> list[Part]:
    """A panel on its stand."""
    parts = [(placed(p, solid), group) for solid, group in _panel(p)]
    return [*parts, *[(solid, "stand") for solid in stand(p)]]


def _panel(p: DisplayParameters) -> list[Part]:
    """A flat or curved screen of width 1, its middle in 0 and its front face in z = 0, looking to +Z."""
    h, t = p.height, p.thickness
    plate = prism(rounded_rectangle(1.0, h, p.corner * min(1.0, h), 4), -t, 0.0, "z")
    low, high = -h / 2 + p.bezel + min(p.chin, 0.25 * h), h / 2 - p.bezel
    parts = [*_framed_screen(plate, p.bezel, low, high, min(p.recess, 0.3 * t), t, (0.7, 0.3)), *_back(p)]
    parts += _buttons(p.buttons, -h / 2 + 0.5 * p.bezel)
    for s in SIDES if p.speakers else ():
        x = s * (0.5 + 0.5 * p.speakers - 0.004)
        parts.append((box((p.speakers, 0.96 * h, 1.2 * t + 0.01), (x, 0.0, -0.5 * t), 0.2 * t), "detail"))
    return [(bowed(solid, p.curve, 1.0, 0.14), group) for solid, group in parts] if p.curve else parts


def _framed_screen(
    plate: Manifold, bezel: float, low: float, high: float, recess: float, thickness: float, reach: tuple[float, float]
) -> list[Part]:
    """A plate of width 1 with a window from `low` to `high`, and the pane in it.

    The pane reaches to the share `reach[0]` of the bezel at the sides, and `reach[1]` of it above and below the window.
    """
    side, overlap = reach[0] * bezel, reach[1] * bezel
    window = box_between((-0.5 + bezel, low, -recess - 0.2 * thickness), (0.5 - bezel, high, 0.1))
    pane = box_between((-0.5 + side, low - overlap, -0.8 * thickness), (0.5 - side, high + overlap, -recess))
    return [(difference(plate, [window]), "frame"), (pane, "screen")]


def _buttons(number: int, y: float) -> list[Part]:
    """Row of buttons in the plane z = 0, from the right inwards, at height y."""
    spots = [0.42 - 0.045 * index for index in range(number)]
    return [(rod((x, y, -0.02), (x, y, 0.012), 0.014, segments=10), "detail") for x in spots]


def _back(p: DisplayParameters) -> list[Part]:
    h, t, size, depth = p.height, p.thickness, p.back_size, p.back_depth
    z = -0.9 * t
    if p.back == "flat":
        return [(box((size, 0.6 * size * h, 0.024), (0.0, -0.1 * h, -t - 0.007)), "frame")]
    if p.back == "box":
        low = -0.3 * h * (1 - size)
        body = box((size, size * h, 2 * depth), (0.0, low, z), 0.2 * depth)
        return [(body.trim_by_plane((0.0, 0.0, -1.0), 0.7 * t), "frame"), *_vents(p, low, z - depth)]
    if p.back == "bulge":
        shell = ellipsoid((0.94, 0.9 * h, 2 * depth), (0.0, 0.0, z), 24)
        return [(shell.trim_by_plane((0.0, 0.0, -1.0), 0.7 * t), "frame")]
    outline = rectangle(0.96, 0.94 * h)
    rings = [(0.5 * z, 1.0), (z - 0.1 * depth, 1.0), (z - depth, size)]
    sections = [outline_at(outline * scale, level, "z") for level, scale in rings]
    return [(loft(sections), "frame"), *_vents(p, 0.0, z - depth)]


def _vents(p: DisplayParameters, middle: float, z: float) -> list[Part]:
    """Ribs across the back."""
    reach, rise = 0.4 * p.back_size, 0.32 * p.back_size * p.height
    return [
        (box_between((-reach, y - 0.008, z - 0.014), (reach, y + 0.008, z + 0.012)), "detail")
        for y in np.linspace(middle - rise, middle + rise, p.vents)
    ]


def _tube(p: DisplayParameters) -> list[Part]:
    """Cathode-ray set: a deep cabinet that narrows behind, a domed screen, a foot, knobs, sometimes aerials."""
    h, d = p.height + p.chin, p.tube_depth
    front = 0.15 + 0.2 * p.back_size
    taper = 0.4 + 0.5 * p.back_size if p.back != "box" else 0.97
    outline = rounded_rectangle(1.0, h, 0.5 * p.corner, 3)
    levels = [(0.0, 1.0, 0.0), (-front, 1.0, 0.0), (-0.5 * (front + d), 0.35 + 0.65 * taper, -0.03), (-d, taper, -0.06)]
    body = loft([outline_at(outline * s + [0.0, y * h], z, "z") for z, s, y in levels])
    side = 0.05 + p.bezel
    controls = 0.16 + p.speakers if p.speakers else 0.0
    left, right = -0.5 + side, 0.5 - side - controls
    low, high = -h / 2 + side + p.chin, h / 2 - side
    window = box_between((left, low, -0.02 - p.recess), (right, high, 0.1), 0.015)
    glass = ellipsoid(
        (1.3 * (right - left), 1.3 * (high - low), 0.09), ((left + right) / 2, (low + high) / 2, -0.035), 24
    )
    glass ^= box_between((left - 0.01, low - 0.01, -0.06), (right + 0.01, high + 0.01, 0.1))
    parts: list[Part] = [(difference(body, [window]), "frame"), (glass, "screen")]
    if not controls:
        return parts + _buttons(p.buttons, -h / 2 + 0.5 * side + 0.3 * p.chin) + _tube_stand(p, h, d)
    x = 0.5 - 0.5 * controls - 0.5 * side
    knobs = [high - 0.08 - 0.16 * index for index in range(2 + p.buttons % 2)]
    ribs = [0.035 * index for index in range(max(p.vents, 2))]
    solids = [rod((x, y, -0.01), (x, y, 0.04), 0.05, 0.042, 16) for y in knobs]
    solids += [box_between((x - 0.06, low + 0.03 + y, -0.01), (x + 0.06, low + 0.048 + y, 0.014)) for y in ribs]
    return [*parts, *[(solid, "detail") for solid in solids], *_tube_stand(p, h, d)]


def _tube_stand(p: DisplayParameters, h: float, d: float) -> list[Part]:
    """What a cathode-ray set of height `h` and depth `d` stands on, and its aerials."""
    low, front = -h / 2, 0.15 * p.back_size
    if p.stand in {"plate", "oval", "block"}:
        foot = slab(ellipse(0.75 * p.base_width + 0.2, 0.6 * d, 28), low - 0.1, low - 0.06, 0.01)
        neck = cylinder(low - 0.07, low + 0.04, 0.16 + 0.3 * p.neck_width)
        solids = [solid.translate((0.0, 0.0, -0.3 * d)) for solid in (foot, neck)]
    elif p.stand in {"feet", "vee", "tripod", "easel"}:
        drop = 0.05 + p.stand_height
        solids = [
            rod((s * 0.42, low - drop, z), (s * 0.4, low + 0.02, z), 0.014, 0.024, 10)
            for s in SIDES
            for z in (-0.05, -(0.13 + front))
        ]
    else:
        solids = [box_between((-0.4, low - 0.03, -0.04), (0.4, low + 0.02, -0.13 - front))]
    parts: list[Part] = [(solid, "stand") for solid in solids]
    if p.vents and p.tube_depth < 0.7:
        top = h / 2 - 0.01
        parts.append((rod((0.0, top - 0.03, -0.1), (0.0, top + 0.035, -0.1), 0.07, 0.05, 14), "detail"))
        for s in SIDES:
            tip = (s * (0.15 + p.base_width * 0.5), top + 0.25 + p.stand_height, -0.12)
            parts.append((rod((0.0, top, -0.1), tip, 0.01, segments=6), "detail"))
    return parts


def _laptop(p: DisplayParameters) -> list[Part]:
    """Lid hinged on a keyboard half."""
    h = p.height * 0.98
    base_t, lid_t = 0.022 + 0.3 * p.thickness, 0.016 + 0.12 * p.thickness
    outline = rounded_rectangle(1.0, h, p.corner * 0.8, 4)
    deck = slab(outline, 0.0, base_t, 0.2 * base_t)
    recess = min(p.recess, 0.35 * base_t)
    keys = box((0.84, 2 * recess, 0.42 * h), (0.0, base_t, -0.16 * h))
    pad = box((0.12 + p.neck_width, recess, 0.2 * h), (0.0, base_t, 0.26 * h))
    parts: list[Part] = [(difference(deck, [keys, pad]), "stand")]
    rows = 4 + p.vents % 3
    for row in range(rows):
        z = -0.16 * h + 0.4 * h * ((row + 0.5) / rows - 0.5)
        parts.append((box((0.8, 1.5 * recess, 0.28 * h / rows), (0.0, base_t - 0.5 * recess, z)), "detail"))
    plate = prism(outline + np.array([0.0, h / 2]), -lid_t, 0.0, "z")
    low, high = p.bezel + 0.3 * p.chin, h - p.bezel
    lid = _framed_screen(plate, p.bezel, low, high, min(p.recess, 0.35 * lid_t), lid_t, (0.8, 0.1))
    hinge = rod((-0.4, 0.0, -0.5 * lid_t), (0.4, 0.0, -0.5 * lid_t), 0.6 * lid_t + 0.004, segments=10)
    at = (0.0, base_t + 0.1 * lid_t, -0.5 * h + 0.6 * lid_t)
    return parts + [
        (rotated(solid, "x", 90.0 - p.hinge_deg).translate(at), group) for solid, group in [*lid, (hinge, "detail")]
    ]


def _dual(p: DisplayParameters) -> list[Part]:
    """Two panels side by side on one pole."""
    yaw = 8.0 + 100.0 * p.neck_lean
    middle = 0.1 + p.stand_height + p.height / 2
    reach = 0.5 * np.cos(np.radians(yaw)) + 0.02 + p.speakers
    parts: list[Part] = []
    for s in SIDES:
        parts += [
            (rotated(solid, "y", -s * yaw).translate((s * reach, middle, 0.0)), group) for solid, group in _panel(p)
        ]
    r = 0.3 * p.neck_depth + 0.016
    z = -p.thickness - p.back_depth - 0.08
    foot = slab(rounded_rectangle(1.2 * p.base_width, p.base_depth + 0.1, 0.03), 0.0, p.base_height, 0.005)
    solids = [
        beam((-reach - 0.02, middle, z), (reach + 0.02, middle, z), 2 * r, 2.4 * r),
        *[rod((s * reach, middle, z), (s * reach, middle, -0.4 * p.thickness), 1.6 * r, segments=12) for s in SIDES],
        rod((0.0, 0.0, z), (0.0, middle + 0.06, z), 1.3 * r, segments=14),
        foot.translate((0.0, 0.0, z + 0.08)),
    ]
    return [*parts, *[(solid, "stand") for solid in solids]]


CATEGORY = Category(DisplayParameters, _parts, _materials)
