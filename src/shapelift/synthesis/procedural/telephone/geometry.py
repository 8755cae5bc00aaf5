"""Solids of telephones.

Mobile phones stand upright with the screen towards +Z; desk telephones lie on their base with the dial towards +Z.
"""

from __future__ import annotations

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.materials import Material
from shapelift.synthesis.procedural import finishes
from shapelift.synthesis.procedural.category import Category
from shapelift.synthesis.procedural.solids import (
    Array,
    Part,
    box,
    box_between,
    cylinder,
    difference,
    ellipse,
    loft,
    outline_at,
    prism,
    revolve,
    rod,
    rotated,
    rounded_rectangle,
    superellipse,
    symmetric,
    union,
)
from shapelift.synthesis.procedural.telephone.parameters import TelephoneParameters


def _parts(p: TelephoneParameters) -> list[Part]:
    """The telephone, its screen or dial towards +Z."""
    builders = {
        "smartphone": _smartphone,
        "candybar": _candybar,
        "flip": _flip_phone,
        "slider": _slider,
        "cordless": _cordless,
        "desk": _desk_telephone,
        "rotary": _rotary_telephone,
    }
    return builders[p.style](p)


def _materials(p: TelephoneParameters, rng: np.random.Generator) -> dict[str, Material]:
    """One material per group of parts."""
    del p
    dark = rng.random() < 0.45
    case = finishes.dark_plastic(rng) if dark else finishes.tinted(rng, "plastic", (0, 1), (0, 0.8), (0.35, 1))
    if rng.random() < 0.2:
        case = finishes.bright_metal(rng)
    face = case if rng.random() < 0.5 else finishes.dark_plastic(rng)
    brightest = 0.6 if rng.random() < 0.4 else 0.15
    screen = finishes.tinted(rng, "glass", (0.2, 0.65), (0.0, 0.5), (0.03, brightest))
    keys = finishes.tinted(rng, "plastic", (0, 1), (0, 0.15), (0.6, 1.0)) if dark else finishes.dark_plastic(rng)
    metal, rubber = finishes.bright_metal(rng), finishes.tyre(rng)
    return {"case": case, "face": face, "screen": screen, "keys": keys, "metal": metal, "rubber": rubber}


def _body(p: TelephoneParameters, width: float, height: float, low: float, high: float) -> Manifold:
    """Standing plate with the outline of a mobile phone between two depths z, its rims rounded."""
    outline = _outline(p, width, height)
    soft = min(p.softness * (high - low), 0.49 * (high - low))
    reach = np.abs(outline).max(axis=0)
    levels = [(low, soft), (low + 0.3 * soft, 0.3 * soft), (low + soft, 0.0)]
    levels += [(high - soft, 0.0), (high - 0.3 * soft, 0.3 * soft), (high, soft)]
    return loft([outline_at(outline * ((reach - inset) / reach), z, "z") for z, inset in levels])


def _outline(p: TelephoneParameters, width: float, height: float) -> Array:
    """Front outline of a mobile phone: rounded, with a waist (or a belly, when negative)."""
    ring = rounded_rectangle(width, height, p.corner * width, 4)
    if not p.waist:
        return ring
    # Long sides need points in between to curve.
    y = np.linspace(-0.5, 0.5, 7)[1:-1] * (height - 2 * p.corner * width)
    left, right = np.column_stack([np.full(5, -width / 2), -y]), np.column_stack([np.full(5, width / 2), y])
    full = np.concatenate([ring[ring[:, 1] > 0], left, ring[ring[:, 1] < 0], right])
    full[:, 0] *= 1.0 - p.waist * np.cos(np.pi * full[:, 1] / height) ** 2
    return full


def _screen(y: float, width: float, height: float, front: float) -> tuple[Manifold, Manifold]:
    """A screen about height `y`: the recess to cut, and the pane a little below the surface."""
    outline = rounded_rectangle(width, height, 0.06 * width, 2) + np.array([0.0, y])
    deep = 0.12
    return prism(outline, front - deep, front + 1.0, "z"), prism(outline, front - deep - 0.15, front - 0.06, "z")


def _keys(p: TelephoneParameters, width: float, low: float, high: float, front: float) -> Manifold:
    """A grid of keys that stand out of a front."""
    across, up = width / p.key_columns, (high - low) / p.key_rows
    w, h = p.key_size * across, p.key_size * up
    keys = []
    for row in range(p.key_rows):
        for column in range(p.key_columns):
            x, y = (column + 0.5) * across - width / 2, low + (row + 0.5) * up
            if p.round_keys:
                keys.append(prism(ellipse(w, h, 12) + np.array([x, y]), front - 0.2, front + 0.14, "z"))
            else:
                keys.append(box_between((x - w / 2, y - h / 2, front - 0.2), (x + w / 2, y + h / 2, front + 0.14)))
    return Manifold.compose(keys)


def _navigation(p: TelephoneParameters, y: float, front: float, size: float) -> Manifold:
    """Navigation key between two soft keys."""
    w = p.width
    key = prism(superellipse(2.6 * size, 1.8 * size, 2.5, 16) + np.array([0.0, y]), front - 0.2, front + 0.2, "z")
    return key + symmetric(
        box_between((0.24 * w, y - 0.5 * size, front - 0.2), (0.38 * w, y + 0.5 * size, front + 0.14))
    )


def _antenna(p: TelephoneParameters, x: float, y: float, z: float) -> list[Part]:
    if p.antenna == "none":
        return []
    if p.antenna == "stub":
        return [(rod((x, y - 1.0, z), (x, y + 1.5 * p.antenna_length, z), 0.42, 0.36, 12), "rubber")]
    tip = y + 6.0 * p.antenna_length
    mast = rod((x, y - 1.0, z), (x, tip, z), 0.2, 0.16, 8)
    return [(mast + cylinder(tip - 0.3, tip + 0.4, 0.26, segments=10).translate((x, 0, z)), "rubber")]


def _smartphone(p: TelephoneParameters) -> list[Part]:
    w, h, t = p.width, p.height, p.thickness
    front = t / 2
    wide, tall = w * (1 - 2 * p.bezel), h * p.screen
    y = (h - tall) * (p.screen_place - 0.5) * 0.5
    cut, pane = _screen(y, wide, tall, front)
    parts: list[Part] = [(difference(_body(p, w, h, -front, front), [cut]), "case"), (pane, "screen")]
    top, margin = y + tall / 2, (h - tall) / 2
    if p.notch == "notch":
        notch = box_between((-0.2 * wide, top - 0.05 * h, front - 0.2), (0.2 * wide, top + 0.1, front), 0.03)
        parts.append((notch, "rubber"))
    elif p.notch == "button" and margin > 0.9:
        room = (y - tall / 2) - (-h / 2)
        level, ear = -h / 2 + room / 2, h / 2 - 0.4 * margin
        button = rod((0, level, front - 0.2), (0, level, front + 0.1), min(0.32 * room, 0.7), segments=16)
        earpiece = box_between((-0.12 * w, ear, front - 0.2), (0.12 * w, ear + 0.2, front + 0.09))
        parts.append((button + earpiece, "keys"))
    parts += _cameras(p)
    buttons = []
    for index in range(p.side_buttons):
        level, long = h * (0.28 - 0.12 * index), 0.04 * h
        s = 1.0 if index != 2 else -1.0
        low, high = (s * (w / 2 - 0.2), level - long, -0.22 * t), (s * (w / 2 + 0.12), level + long, 0.22 * t)
        buttons.append(box_between(low, high))
    return [*parts, (union(buttons), "metal")]


def _cameras(p: TelephoneParameters) -> list[Part]:
    """The bump on the back of a smartphone and its lenses."""
    if p.camera == "none":
        return []
    w, h, back, s = p.width, p.height, -p.thickness / 2, p.camera_size
    shares = {
        "single": [(0.32, 0.42)],
        "row": [(0.32, 0.42), (0.32, 0.32), (0.32, 0.22)],
        "square": [(0.36, 0.43), (0.36, 0.32), (0.18, 0.375)],
        "bar": [(0.3, 0.36), (0.08, 0.36), (-0.2, 0.36)],
    }[p.camera]
    r = 0.085 * w * s
    pad = 1.6 * r
    places = np.array(shares) * [w, h]
    (x0, y0), (x1, y1) = places.min(axis=0) - pad, places.max(axis=0) + pad
    y1 = min(y1, 0.49 * h)
    if p.camera == "bar":
        x0, x1 = -0.5 * w + 0.15, 0.5 * w - 0.15
    outline = rounded_rectangle(x1 - x0, y1 - y0, 0.7 * pad, 3) + np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    island = prism(outline, back - 0.16 * s, back + 0.2, "z")
    lenses = [rod((x, y, back - 0.3 * s), (x, y, back + 0.1), r, segments=14) for x, y in places]
    return [(island, "case"), (union(lenses), "screen")]


def _candybar(p: TelephoneParameters) -> list[Part]:
    w, h, t = p.width, p.height, p.thickness
    front = t / 2
    tall, top = p.screen * h * 0.8, h / 2 - (0.13 + 0.3 * (p.screen_place - 0.4)) * h
    cut, pane = _screen(top - tall / 2, 0.76 * w, tall, front)
    body = difference(_body(p, w, h, -front, front), [cut])
    low, high = -h / 2 + 0.06 * h, top - tall - 0.13 * h
    return [
        (body, "case"),
        (pane, "screen"),
        (_keys(p, 0.84 * w * (1 - max(0.0, p.waist)), low, high, front), "keys"),
        (_navigation(p, high + 0.065 * h, front, 0.035 * h), "metal"),
        (box_between((-0.1 * w, h / 2 - 0.075 * h, front - 0.3), (0.1 * w, h / 2 - 0.05 * h, front + 0.08)), "rubber"),
        *_antenna(p, 0.32 * w, h / 2, -0.1 * t),
    ]


def _flip_phone(p: TelephoneParameters) -> list[Part]:
    """Keys below, the lid with its screens above, hinged open."""
    w, h, t = p.width, p.height, p.thickness
    front = t / 2
    parts: list[Part] = [
        (_body(p, w, h, -front, front), "case"),
        (_keys(p, 0.86 * w, -h / 2 + 0.05 * h, 0.14 * h, front), "keys"),
        (_navigation(p, 0.26 * h, front, 0.06 * h), "metal"),
    ]
    # The lid is built unfolded, straight above, and turned forward about the hinge.
    hinge, axis = h / 2 - 0.1, 0.35 * t
    middle = hinge + h / 2 - 0.1
    cut, pane = _screen(middle + 0.02 * h, 0.76 * w, (0.3 + p.screen) * h, front * 0.7)
    outer_cut, outer_pane = (
        rotated(solid, "y", 180.0, (0.0, middle, 0.0)) for solid in _screen(middle + 0.1 * h, 0.42 * w, 0.26 * h, front)
    )
    lid = difference(_body(p, w, h, -front, front * 0.7).translate((0.0, middle, 0.0)), [cut, outer_cut])
    unfolded = [(lid, "face"), (pane, "screen"), (outer_pane, "screen")]
    parts += [(rotated(solid, "x", 180.0 - p.opening_deg, (0.0, hinge, axis)), group) for solid, group in unfolded]
    barrel = rod((-0.47 * w, hinge, axis), (0.47 * w, hinge, axis), 0.62 * t, segments=14)
    return [*parts, (barrel, "metal"), *_antenna(p, 0.36 * w, hinge, -0.25 * t)]


def _slider(p: TelephoneParameters) -> list[Part]:
    """Keys on the lower half, the screen on the upper one, which is pushed up."""
    w, h, t = p.width, p.height, p.thickness
    offset = p.slide * h
    lower = _body(p, w, h, -t, 0.05)
    upper = _body(p, w, h, -0.03, t).translate((0.0, offset, 0.0))
    cut, pane = _screen(offset + 0.06 * h, 0.8 * w, min(h * (0.35 + p.screen), 0.72 * h), t)
    parts: list[Part] = [
        (lower, "case"),
        (difference(upper, [cut]), "face"),
        (pane, "screen"),
        (_keys(p, 0.86 * w, -h / 2 + 0.04 * h, -h / 2 + offset - 0.02 * h, 0.05), "keys"),
        (_navigation(p, offset - 0.4 * h, t, 0.045 * h), "metal"),
    ]
    if p.camera != "none":
        x, y = 0.2 * w * p.camera_size, 0.36 * h
        parts.append((rod((x, y, -t - 0.15), (x, y, -t + 0.2), 0.13 * w, segments=16), "screen"))
    return parts


def _cordless(p: TelephoneParameters) -> list[Part]:
    """A handset leaning back in its charging base."""
    w, h, t = p.width, p.height, p.thickness
    handset = [(rotated(solid, "x", -p.tilt_deg, (0.0, -h / 2, 0.0)), group) for solid, group in _candybar(p)]
    width, depth, tall = p.base_width * w, 2.6 * t + 3.0, 0.16 * h + 0.9
    low = -h / 2 - 0.9
    side = [(depth / 2, low), (depth / 2 - 0.3, low + 0.35 * tall), (0.45 * t, low + tall)]
    side += [(-0.6 * t - 1.0, low + 1.15 * tall), (-depth / 2, low + 0.4 * tall), (-depth / 2, low)]
    base = prism(side, -width / 2, width / 2, "x")
    base ^= prism(rounded_rectangle(width, depth, 0.2 * depth, 4), low - 1, low + 2 * tall, "y")
    return [*handset, (base, "face")]


def _handset(p: TelephoneParameters, length: float) -> Manifold:
    """Receiver along x at y = 0 (its underside at the cups is y = 0), arched upward."""
    t = p.handset_thickness
    rings = []
    for share in np.linspace(-1.0, 1.0, 11):
        outline = superellipse(1.15 * t * (1.0 + 0.45 * abs(share) ** 4), 0.85 * t, 3.0, 14)
        rise = (0.0, t + p.handset_arch * (1.0 - share**2))
        rings.append(outline_at(outline + rise, share * (length / 2 - 0.6), "x"))
    r = 1.25 * t
    profile = [(0.0, 0.0), (0.85 * r, 0.0), (r, 0.25 * t), (r, 0.8 * t), (0.75 * r, 1.25 * t), (0.0, 1.35 * t)]
    cup = revolve(profile, segments=18).rotate((0.0, -90.0, 0.0))
    return union([loft(rings), *[cup.translate((s * (length / 2 - r), 0.0, 0.0)) for s in (1.0, -1.0)]])


def _desk_telephone(p: TelephoneParameters) -> list[Part]:
    """Wedge with keys, a display and the receiver in its cradle."""
    w, d, t, across = p.width, p.height, p.handset_thickness, p.handset_across
    slope = np.radians(p.slope_deg)
    low = max(2.0, p.thickness - 0.6 * d * np.tan(slope))
    high = low + d * np.tan(slope)
    side = [(d / 2, 0.0), (d / 2, low), (-d / 2, high), (-d / 2 - 0.3, 0.0)]
    plan = rounded_rectangle(w, d + 0.4, p.corner * 0.25 * w, 4)
    base = prism(side, -w / 2, w / 2, "x") ^ prism(plan, -1.0, high + 1.0)

    def laid(solid: Manifold) -> Manifold:
        """What is built on a level plane (x across, y up the slope, z out of it), on top of the wedge."""
        return rotated(rotated(solid, "x", -90.0), "x", np.degrees(slope)).translate((0.0, (low + high) / 2, 0.0))

    left, right = -w / 2 + 0.8 if across else -w / 2 + 3.6 * t + 0.3, w / 2 - 0.8
    middle = (left + right) / 2
    keys_high = 0.5 * d - 3.5 * t - 0.4 if across else 0.16 * d - 0.3
    keys = _keys(p, min((right - left) * 0.9, 9.5), -0.44 * d, keys_high, 0.0).scale((1, 1, 2.2))
    parts: list[Part] = [(base, "case"), (laid(keys.translate((middle, 0.0, 0.0))), "keys")]
    if not across:
        display = box((0.86 * (right - left), (0.14 + 0.2 * p.screen) * d, 0.9), (middle, 0.36 * d, 0.1), 0.15)
        parts.append((laid(display), "screen"))
    length = min(p.handset_length, (1.05 * w if across else d) + 1.0)
    cup = length / 2 - 1.25 * t
    receiver = rotated(_handset(p, length), "x", 90.0)
    seats = symmetric(box_between((cup - 1.3 * t, -1.5 * t, -1.0), (cup + 1.3 * t, 1.5 * t, 0.45), 0.2))
    x, y = (0.0, 0.5 * d - 1.9 * t) if across else (-w / 2 + 1.8 * t, 0.0)
    if not across:
        receiver, seats = rotated(receiver, "z", 90.0 + p.handset_off_deg), rotated(seats, "z", 90.0)
    return [*parts, (laid(receiver.translate((x, y, 0.35))), "face"), (laid(seats.translate((x, y, 0.0))), "case")]


def _rotary_telephone(p: TelephoneParameters) -> list[Part]:
    """The old black telephone: waisted case, dial in front, receiver across its fork."""
    w, d, h, t = p.width, p.height, p.thickness, p.handset_thickness
    # Shares: height, width, front edge, rear edge.
    levels = [(0.0, 1.0, 0.5, -0.5), (0.12, 1.0, 0.5, -0.5), (0.3, 0.92 - 0.3 * p.softness, 0.43, -0.46)]
    levels += [(0.65, 0.72 - 0.3 * p.softness, 0.14, -0.38), (0.92, 0.62, -0.04, -0.33), (1.0, 0.56, -0.08, -0.3)]
    rings = []
    for y, across, front, rear in levels:
        outline = rounded_rectangle(across * w, (front - rear) * d, 0.12 * w, 3)
        rings.append(outline_at(outline + np.array([0.0, (front + rear) / 2 * d]), y * h))
    lean_deg = float(np.degrees(np.arctan2(0.35 * h, 0.29 * d)))
    dial = [
        (rotated(solid, "x", lean_deg - 90.0).translate((0.0, 0.475 * h, 0.285 * d)), group)
        for solid, group in _dial(p.dial * w * 0.92 / 2)
    ]
    fork_x, z = 0.32 * w, -0.19 * d
    fork = [box_between((-fork_x - 0.9, 0.9 * h, z - 1.0), (fork_x + 0.9, h + 0.6, z + 1.0), 0.3)]
    for x in (-fork_x, fork_x):
        fork += [
            box_between((x - 0.5, h - 1.0, prong - 0.45), (x + 0.5, h + 1.4 * t + 0.6, prong + 0.45), 0.2)
            for prong in (z - 1.25 * t, z + 1.25 * t)
        ]
        fork.append(box_between((x - 0.5, h - 1.0, z - 1.3 * t), (x + 0.5, h + 0.75, z + 1.3 * t), 0.2))
    length = max(min(p.handset_length, 1.25 * w), 2 * fork_x + 5.2 * t)
    receiver = rotated(_handset(p, length), "y", 1.5 * p.handset_off_deg).translate((0.0, h + 0.1 - 0.45 * t, z))
    return [(loft(rings), "case"), *dial, (union(fork), "metal"), (receiver, "face")]


def _dial(r: float) -> list[Part]:
    """Finger wheel of radius `r` with ten holes, facing +Z."""
    plate = revolve([(0.0, -2.2), (1.08 * r, -2.2), (1.08 * r, 0.25), (0.0, 0.25)], "z", 26)
    disc = revolve([(0.0, 0.1), (r, 0.1), (r, 0.75), (0.92 * r, 0.85), (0.0, 0.85)], "z", 26)
    holes = []
    for angle in [np.radians(60.0 + 29.0 * index) for index in range(10)]:
        x, y = 0.74 * r * np.cos(angle), 0.74 * r * np.sin(angle)
        holes.append(rod((x, y, 0.3), (x, y, 2.0), 0.15 * r, segments=10))
    label = rod((0, 0, 0.5), (0, 0, 1.0), 0.42 * r, segments=18)
    return [(plate, "keys"), (difference(disc, [union(holes)]), "metal"), (label, "face")]


CATEGORY = Category(TelephoneParameters, _parts, _materials)
