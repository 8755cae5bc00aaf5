"""Solids of loudspeakers; the middle of a box lies in 0, its drivers look towards +Z."""

from __future__ import annotations

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.materials import Kind, Material, random_material
from shapelift.synthesis.procedural import finishes
from shapelift.synthesis.procedural.category import Category
from shapelift.synthesis.procedural.declaration import Drawn, choice
from shapelift.synthesis.procedural.loudspeaker.parameters import LoudspeakerParameters
from shapelift.synthesis.procedural.solids import (
    SIDES,
    Part,
    box,
    box_between,
    cylinder,
    difference,
    ellipsoid,
    loft,
    outline_at,
    prism,
    revolve,
    rod,
    rotated,
    rounded_rectangle,
    slab,
    superellipse,
    symmetric,
    union,
)

_CASES: dict[Kind, float] = {"wood": 0.4, "plastic": 0.35, "paint": 0.25}
_CORNER_IN_FRONT = (0.0, -90.0, 0.0)
"""Turns a solid of revolution such that a corner of its polygon looks towards +Z."""


def _parts(p: LoudspeakerParameters) -> list[Part]:
    """The loudspeaker, upright or lying, its drivers towards +Z."""
    builders = {"cylinder": _cylinder, "soundbar": _soundbar, "sphere": _sphere, "horn": _public_address_horn}
    return builders.get(p.style, _box)(p)


def _materials(p: LoudspeakerParameters, rng: np.random.Generator) -> dict[str, Material]:
    """One material per group of parts."""
    kind = choice(_CASES)(rng, Drawn())
    case = random_material(rng, kind) if kind != "plastic" else finishes.dark_plastic(rng)
    front = case if rng.random() < 0.45 else finishes.dark_plastic(rng)
    cone = finishes.tinted(rng, "fabric", (0.0, 1.0), (0.0, 0.15), (0.05, 0.3))
    if rng.random() < 0.2:
        cone = finishes.tinted(rng, "metal", (0.08, 0.16), (0.0, 0.7), (0.5, 0.9))
    return {
        "case": case,
        "front": front,
        "cone": cone,
        "rubber": finishes.tyre(rng),
        "metal": finishes.bright_metal(rng) if rng.random() < 0.5 else finishes.dark_metal(rng),
        "cloth": random_material(rng, "fabric"),
        "cheek": random_material(rng, "wood" if rng.random() < 0.6 else "paint"),
    }


def _box(p: LoudspeakerParameters) -> list[Part]:
    """A cabinet with drivers in its front, leaning or lying, or on feet or a stand."""
    cuts, fittings = [], []
    for y, r in _driver_places(p):
        hole, driver = _driver(p, 0.0, y, p.front, r)
        cuts.append(hole)
        fittings += driver
    if p.horn:
        mouth, throat = _horn_mouth(p)
        cuts.append(mouth)
        fittings.append((throat, "rubber"))
    cuts += _port_cuts(p)
    h, low, high = p.height, -p.height / 2, p.height / 2
    parts: list[Part] = []
    if p.baffle:
        bottom, top = low + 0.04 * h, high - 0.04 * h
        a, b = 0.47 * p.width_at(bottom), 0.47 * p.width_at(top)
        outline = np.array([(-a, bottom), (a, bottom), (b, top), (-b, top)])
        board = loft([outline_at(outline, z, "z") for z in (p.depth / 2 - 0.02, p.front)])
        parts.append((difference(board, cuts), "front"))
    parts.append((difference(_case(p), cuts), "case"))
    if p.cheeks:
        a, b = p.width / 2, p.width_at(high) / 2
        outline = np.array([(a - 0.02, low), (a + p.cheeks, low), (b + p.cheeks, high), (b - 0.02, high)])
        levels = (-p.depth / 2 * (1 - p.taper / 2), p.depth / 2 + 0.5 * p.cheeks)
        parts.append((symmetric(loft([outline_at(outline, z, "z") for z in levels])), "cheek"))
    parts += [*fittings, *_knobs_and_handle(p)]
    if p.lean_deg:
        parts = [(rotated(solid, "x", -p.lean_deg, (0.0, low, 0.0)), group) for solid, group in parts]
    if p.lying:
        return [(rotated(solid, "z", 90.0), group) for solid, group in parts]
    return [*parts, *_feet(p)]


def _case(p: LoudspeakerParameters) -> Manifold:
    """The cabinet; its front stays upright, only the back comes forward with the taper."""
    plan = rounded_rectangle(p.width, p.depth, p.rounding * min(p.width, p.depth))
    rings = []
    for y in (-p.height / 2, p.height / 2):
        shrink = p.width_at(y) / p.width
        z = (plan[:, 1] - p.depth / 2) * (0.5 + 0.5 * shrink) + p.depth / 2
        rings.append(outline_at(np.column_stack([plan[:, 0] * shrink, z]), y))
    return loft(rings)


def _driver_places(p: LoudspeakerParameters) -> list[tuple[float, float]]:
    """(height, radius) of every driver, sized so that the column of them fits the front."""
    room = 0.9 * p.height
    largest = 0.5 * p.driver_size * p.width_at(0.0) * 0.94
    radii = [largest] * p.drivers
    if p.drivers > 1:
        radii[0] = p.tweeter * largest
    if p.horn or p.port in {"slot", "round"}:
        room *= 0.74
    if not p.tweeter_on_top and p.drivers > 2:
        radii[0], radii[1] = radii[1], radii[0]
    frame = 1.0 + p.frame + 0.06
    needed = sum(2 * r * frame for r in radii)
    if needed > room:
        radii = [r * room / needed for r in radii]
        needed = room
    gap = (room - needed) / (len(radii) + 1)
    if p.style == "tower":
        gap = min(gap, 0.35 * largest)
    y = p.height / 2 - 0.05 * p.height - gap
    if p.horn:
        y -= 0.26 * 0.9 * p.height
    # A driver sits on the flat of the front, clear of its rounded edges; a baffle board is flat throughout.
    corner = 0.0 if p.baffle else 0.6 * p.rounding * min(p.width, p.depth)
    places = []
    for wanted in radii:
        middle = y - wanted * frame
        places.append((middle, min(wanted, (0.47 * p.width_at(middle) - corner) / frame)))
        y -= 2 * wanted * frame + gap
    return places


def _driver(p: LoudspeakerParameters, x: float, y: float, front: float, r: float) -> tuple[Manifold, list[Part]]:
    """One driver facing +Z at (x, y, front): its hole, and cone with dust cap, rubber surround and frame."""
    at = (x, y, front)
    deep, inner, cap = p.cone * r, (1.0 - p.surround) * r, p.dust_cap * r
    hole = rod((x, y, front - deep - 0.3 * r), (x, y, front + 1.0), r, segments=24)
    back = -deep - 0.35 * r
    cone = [(0.0, back), (1.03 * r, back), (1.03 * r, -0.1 * r), (inner, -0.08 * r), (cap, -deep)]
    cone += [(0.8 * cap, -deep + 0.35 * cap), (0.0, -deep + 0.55 * cap)]
    surround = [(inner - 0.02 * r, -0.16 * r), (1.03 * r, -0.16 * r), (1.03 * r, 0.0), (0.98 * r, 0.03 * r)]
    surround += [((inner + r) / 2, 0.06 * r), (inner, -0.02 * r)]
    parts: list[Part] = [(revolve(cone, "z", 22, at), "cone"), (revolve(surround, "z", 22, at), "rubber")]
    if p.frame:
        edge = (1.0 + p.frame) * r
        frame = [(0.985 * r, -0.12 * r), (edge, -0.12 * r), (edge, 0.02), (0.985 * r, 0.05)]
        parts.append((revolve(frame, "z", 24, at), "metal"))
    return hole, parts


def _horn_mouth(p: LoudspeakerParameters) -> tuple[Manifold, Manifold]:
    """A rectangular flare above the drivers: its cut, and what shows at its bottom."""
    y = p.height / 2 - 0.05 * p.height - 0.11 * p.height
    half, tall = 0.4 * p.width_at(y + 0.1 * p.height), 0.095 * p.height
    deep = min(0.45 * p.depth, 1.6 * tall)
    rings = []
    for z, scale in ((p.front + 0.01, 1.0), (p.front - 0.5 * deep, 0.6), (p.front - deep, 0.3)):
        outline = rounded_rectangle(2 * half * scale, 2 * tall * scale, 0.1, 2)
        rings.append(outline_at(outline + np.array([0.0, y]), z, "z"))
    throat = box((0.7 * half, 0.7 * tall, 0.2), (0.0, y, p.front - deep - 0.06))
    return loft(rings), throat


def _port_cuts(p: LoudspeakerParameters) -> list[Manifold]:
    """Openings of the bass reflex tube."""
    y, front = -p.height / 2 + 0.11 * p.height, p.front
    if p.port == "round":
        r = min(0.055 * p.height, 0.14 * p.width) * p.port_size
        places = [s * 0.26 * p.width for s in (SIDES if p.drivers == 1 else (0.0,))]
        return [rod((x, y, front - 0.45 * p.depth), (x, y, front + 1), r, segments=16) for x in places]
    if p.port == "slot":
        half, tall = 0.36 * p.width, min(0.035 * p.height, 0.2) * p.port_size
        return [box_between((-half, y - tall, front - 0.4 * p.depth), (half, y + tall, front + 1))]
    if p.port == "rear":
        r = 0.14 * p.width * p.port_size
        return [rod((0, 0.1 * p.height, -p.depth), (0, 0.1 * p.height, -0.1 * p.depth), r, segments=16)]
    return []


def _knobs_and_handle(p: LoudspeakerParameters) -> list[Part]:
    """Knobs at the foot of the front, and a handle on top."""
    parts: list[Part] = []
    if p.knobs:
        y = -p.height / 2 + 0.045 * p.height
        r = min(0.03 * p.height, 0.05 * p.width) + 0.02
        places = [(index - (p.knobs - 1) / 2) * 0.2 * p.width for index in range(p.knobs)]
        knobs = [rod((x, y, p.front - 0.05), (x, y, p.front + 0.12), r, 0.9 * r, 12) for x in places]
        parts.append((union(knobs), "metal"))
    if p.handle:
        half, top = 0.25 * p.width_at(p.height / 2), p.height / 2
        grip = box((2 * half + 0.2, 0.16, 0.24), (0, top + 0.32, 0), 0.06)
        posts = symmetric(box_between((half - 0.08, top - 0.1, -0.11), (half + 0.08, top + 0.36, 0.11)))
        parts.append((grip + posts, "rubber"))
    return parts


def _feet(p: LoudspeakerParameters) -> list[Part]:
    """What a box stands on."""
    low, high, w, d = -p.height / 2, p.feet_height, p.width, p.depth
    if p.stand != "none":
        return [_stand(p, low, 0.5 * min(w, d))]
    if p.feet == "none":
        return []
    if p.feet == "plinth":
        outline = rounded_rectangle(1.18 * w, 1.12 * d, 0.15 * w)
        return [(slab(outline, low - 0.6 * high - 0.06, low + 0.02, 0.04), "rubber")]
    r, x = 0.1 * w, 0.36 * w
    tip = 0.4 * r if p.feet == "spikes" else 0.9 * r
    top = low + (0.12 if p.lean_deg == 0 else 0.35)
    front, back = (rod((x, top, z), (x, low - high, z), r, tip, 10) for z in (0.34 * d, -0.3 * d))
    return [(symmetric(front + back), "metal")]


def _stand(p: LoudspeakerParameters, low: float, size: float) -> Part:
    """A pole on a plate, or on three legs; as tall as `stand_height` times the cabinet."""
    tall = p.stand_height * p.height
    r = max(0.09 * size, 0.011 * (tall + p.height))
    bottom = low - tall
    solids = [
        rod((0, low + 0.15 * p.height, 0), (0, bottom + 0.02, 0), r, segments=12),
        slab(rounded_rectangle(1.5 * size, 1.5 * size, 0.2 * size), low - 0.08, low + 0.05, 0.02),
    ]
    if p.stand == "pole":
        outline = rounded_rectangle(2.4 * size, 2.2 * size, 0.3 * size)
        solids.append(slab(outline, bottom - 0.1, bottom + 0.08, 0.03))
    else:
        knee, reach = bottom + 0.35 * tall, 0.42 * tall + size
        for angle in np.radians([90.0, 210.0, 330.0]):
            foot = (np.cos(angle) * reach, bottom, np.sin(angle) * reach)
            solids.append(rod((0, knee, 0), foot, 0.9 * r, segments=8))
        solids.append(rod((0, knee - 0.15, 0), (0, knee + 0.2, 0), 1.7 * r, segments=12))
    return union(solids), "metal"


def _cylinder(p: LoudspeakerParameters) -> list[Part]:
    """A portable speaker: cloth-covered drum between two caps, standing or lying on feet."""
    r, half = p.width / 2, p.height / 2
    edge = min(p.rounding, 0.4) * r
    drum = [(0.0, -half), (r - edge, -half), (r - 0.3 * edge, -half + 0.3 * edge), (r, -half + edge)]
    drum += [(r * (1 - 0.4 * p.taper), half - edge), (r - 0.3 * edge, half - 0.3 * edge), (r - edge, half), (0.0, half)]
    parts: list[Part] = [(revolve(drum, segments=28).rotate(_CORNER_IN_FRONT), "cloth")]
    for s in SIDES:
        low, high = sorted(s * (half - share * p.height - edge) for share in (0.16, 0.05))
        parts.append((cylinder(low, high, (1.02 + 0.5 * p.frame) * r, segments=28), "metal"))
    dish = (1.0 - p.driver_size) * 0.8 + 0.1
    top = [(0.0, half - 0.3 * edge), (0.7 * r, half - 0.3 * edge), (0.7 * r, half + 0.08)]
    top += [(dish * r + 0.2 * r, half + 0.05), (0.0, half + 0.03 + 0.1 * p.dust_cap)]
    parts.append((revolve(top).rotate(_CORNER_IN_FRONT), "front"))
    if p.knobs:
        places = [0.42 * r * (index - (p.knobs - 1) / 2) for index in range(p.knobs)]
        buttons = [cylinder(half, half + 0.14, 0.11 * r, segments=10).translate((x, 0, 0)) for x in places]
        parts.append((union(buttons), "rubber"))
    if p.drivers == 2:
        badge = rod((0, -0.15 * half, 0.4 * r), (0, -0.15 * half, 1.06 * r), 0.28 * r, segments=14)
        parts.append((badge, "rubber"))
    if p.handle:
        outer = rounded_rectangle(1.5 * r, 1.4 * r, 0.3 * r)
        inner = rounded_rectangle(1.5 * r - 0.3, 1.4 * r - 0.3, 0.25 * r)
        rise = np.array([0.0, half + 0.3 * r])
        parts.append((prism(outer + rise, -0.12, 0.12, "z", holes=[inner + rise]), "rubber"))
    if p.lying:
        parts = [(rotated(solid, "z", 90.0), group) for solid, group in parts]
        feet = symmetric(box_between((0.45 * half, -r - 0.1, -0.3 * r), (0.65 * half, -0.8 * r, 0.3 * r), 0.03))
        parts.append((feet, "rubber"))
    return parts


def _soundbar(p: LoudspeakerParameters) -> list[Part]:
    """A wide bar with drivers in pairs about a panel in its middle, on two feet."""
    w, h, d = p.width, p.height, p.depth
    outline = superellipse(1.0, 1.0, 3.0 + 5.0 * (0.5 - p.rounding), 20)
    levels = ((-w / 2, 0.9), (-w / 2 + 0.06, 1.0), (w / 2 - 0.06, 1.0), (w / 2, 0.9))
    case = loft([outline_at(outline * (d, h) * s, x, "x") for x, s in levels])
    front, r = d / 2 - 0.02, 0.4 * p.driver_size * h
    cuts, parts = [], []
    for x in np.linspace(0.12, 0.42, p.drivers) * w:
        for s in SIDES:
            hole, driver = _driver(p, s * float(x), 0.0, front, r)
            cuts.append(hole)
            parts += driver
    panel = box((0.14 * w, 0.55 * h, 0.2), (0, 0, front - 0.05), 0.03)
    feet = symmetric(box_between((0.3 * w, -h / 2 - 0.12, -0.3 * d), (0.36 * w, -0.3 * h, 0.3 * d), 0.03))
    return [(difference(case, cuts), "case"), *parts, (panel, "front"), (feet, "rubber")]


def _sphere(p: LoudspeakerParameters) -> list[Part]:
    """A ball with one driver, and perhaps a tweeter on top, on a dish or a stand."""
    r = p.width / 2
    ball = ellipsoid((p.width, p.width * (0.8 + 0.2 * p.height / 3.0), p.width), segments=32)
    inner = 0.62 * p.driver_size * r
    front = float(np.sqrt(r * r - inner * inner)) * 0.98
    hole, driver = _driver(p, 0.0, 0.0, front, inner)
    # Cut flat around the driver, so that its rim sits flush.
    face = box_between((-r, -r, front), (r, r, front + r))
    parts: list[Part] = [(difference(ball, [face, hole]), "case"), *driver]
    if p.drivers == 2:
        parts.append((ellipsoid((0.7 * r, 0.7 * r, 0.9 * r), (0, 1.02 * r, 0.05 * r), 16), "front"))
    if p.stand != "none":
        return [*parts, _stand(p, -0.8 * r, 0.55 * r)]
    base = [(0.0, -1.12 * r), (0.62 * r, -1.12 * r), (0.66 * r, -1.0 * r), (0.5 * r, -0.7 * r), (0.0, -0.7 * r)]
    return [*parts, (revolve(base, segments=22).rotate(_CORNER_IN_FRONT), "rubber")]


def _public_address_horn(p: LoudspeakerParameters) -> list[Part]:
    """A horn with its driver and plug, on a bracket."""
    r, long = p.width / 2, p.depth
    wall = 0.09 + 0.03 * p.frame
    shares = np.linspace(0.0, 1.0, 6)
    flare = 0.22 * r + 0.78 * r * shares ** (1.5 + 2.5 * p.cone)
    outer = [(float(a), float(z)) for a, z in zip(flare, long * (shares - 0.5), strict=True)]
    inner = [(max(a - wall, 0.05), z) for a, z in reversed(outer)]
    lip = (outer[-1][0] + 0.06, outer[-1][1] + 0.04)
    profile = [(0.0, outer[0][1]), *outer, lip, *inner[:-1], (0.0, inner[-2][1])]
    squash = 0.75 if p.port_size > 1.05 else 1.0
    horn = revolve(profile, "z", 28).scale((1.0, squash, 1.0))
    back = -long / 2
    driver = [(0.0, back - 0.9), (0.36 * r, back - 0.85), (0.42 * r, back - 0.2), (0.3 * r, back + 0.15)]
    plug = [(0.0, back + 0.05), (0.16 * r, back + 0.05), (0.16 * r, 0.1 * long), (0.1 * r, 0.24 * long)]
    parts: list[Part] = [
        (horn, "case"),
        (revolve([*driver, (0.0, back + 0.15)], "z", 20), "front"),
        (revolve([*plug, (0.0, 0.26 * long)], "z", 16), "metal"),
    ]
    low, side, z = -r * squash - 0.35, 0.5 * r, -0.28 * long
    bracket = [
        box_between((side - 0.07, low, z - 0.2), (side + 0.09, 0.12, z + 0.2)),
        rod((0.0, 0.0, z), (side + 0.12, 0.0, z), 0.12, segments=10),
    ]
    foot = box_between((-side - 0.09, low - 0.08, z - 0.3), (side + 0.09, low + 0.08, z + 0.3), 0.03)
    return [*parts, (symmetric(union(bracket)) + foot, "metal")]


CATEGORY = Category(LoudspeakerParameters, _parts, _materials)
