"""Ships: what stands on the hulls of freighters, tankers, warships, liners and carriers; and submarines."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.procedural.lofts import body, dome_profile, lathe, wing
from shapelift.synthesis.procedural.shipyard import Shipyard
from shapelift.synthesis.procedural.solids import (
    Part,
    beam,
    box,
    cylinder,
    ellipsoid,
    mirrored,
    prism,
    rod,
    rounded_rectangle,
    slab,
    span,
    superellipse,
    turn,
    union,
)


def _bridge(yard: Shipyard, recess: float) -> tuple[list[Part], float, float]:
    """The tall house of a freighter: parts, and z of its rear and its front."""
    p = yard.p
    long = p.house_length * yard.hull.length
    middle = yard.z(p.house_place)
    z0, z1 = middle - long / 2, middle + long / 2
    half = 0.92 * min(yard.hull.at(z0)[0], yard.hull.at(z1)[0]) * (0.75 + 0.3 * p.house_width)
    half = min(half, yard.hull.half_beam * 0.98)
    y = yard.deck_height(middle, recess)
    tall = 0.55 * p.house_height
    parts: list[Part] = []
    for level in range(p.decks + 1):
        parts += yard.house(
            (z0 + 0.1 * level, z1 - 0.04 * level), (y - 0.15, y + tall), half * (0.95 - 0.05 * level), 0.05
        )
        y += tall
    wings = span((-yard.hull.half_beam * 1.02, y - 0.22, z1 - 0.55), (yard.hull.half_beam * 1.02, y - 0.06, z1 - 0.1))
    parts.append((wings, yard.paint.house))
    parts += yard.house((z0 + 0.3 * long, z1 - 0.1), (y - 0.1, y + 0.5), 0.6 * half, 0.1)
    parts += yard.pole_mast(y + 0.4, z1 - 0.35 * long, 0.9 * p.mast_height)
    parts += yard.funnel(0.0, y - tall, z0 + 0.22 * long, 0.16 * long + 0.1, 1.1 * tall + 0.5)
    return parts, z0, z1


def _cargo(yard: Shipyard) -> list[Part]:
    p = yard.p
    recess = 0.5 * p.bulwark
    parts = [*yard.decked(recess), *yard.bulb()]
    bridge, z0, z1 = _bridge(yard, recess)
    parts += bridge
    holds = [(z1 + 0.2, yard.z(0.93))] if p.house_place < 0.5 else [(yard.z(0.05), z0 - 0.2), (z1 + 0.1, yard.z(0.94))]
    rng = np.random.default_rng(p.material_seed + 1)
    boxes: list[list[Manifold]] = [[] for _ in yard.paint.boxes]
    cranes = []
    for first, last in holds:
        bays = max(1, round(p.bays * (last - first) / 8.0))
        step = (last - first) / bays
        for bay in range(bays):
            a, b = first + bay * step + 0.08, first + (bay + 1) * step - 0.08
            _stack(yard, boxes, rng, a, b, recess)
            if p.derricks and bay % 3 == 1 and bay < 3 * p.derricks:
                cranes.append(_crane(yard, b + 0.08, recess))
    parts += [(union(group), material) for group, material in zip(boxes, yard.paint.boxes, strict=True) if group]
    if cranes:
        parts.append((union(cranes), yard.paint.funnel))
    return parts


def _stack(
    yard: Shipyard, boxes: list[list[Manifold]], rng: np.random.Generator, a: float, b: float, recess: float
) -> None:
    """Containers of one bay between z = a and b, in columns of different height and colour."""
    half = min(yard.hull.at(a)[0], yard.hull.at(b)[0]) - 0.2
    columns = int(half / 0.22)
    if columns < 1 or b - a < 0.25:
        return
    deck = min(yard.deck_height(a, recess), yard.deck_height(b, recess))
    wide = 2 * half / columns
    for column in range(columns):
        tiers = max(0, yard.p.tiers + int(rng.integers(-1, 2)))
        x, low = -half + column * wide, deck - 0.1
        for part in range(min(2, tiers)):
            high = deck + 0.36 * (tiers if part or tiers == 1 else max(1, tiers - 1))
            boxes[int(rng.integers(len(boxes)))].append(span((x - 0.004, low, a), (x + wide + 0.004, high, b)))
            low = high - 0.02


def _crane(yard: Shipyard, z: float, recess: float) -> Manifold:
    deck = yard.deck_height(z, recess)
    top = deck + 0.36 * yard.p.tiers + 1.2
    post = rod((0, deck - 0.2, z), (0, top, z), 0.13, segments=8)
    jib = beam((0, top - 0.2, z), (0, top + 0.5, z + 1.6), 0.16, 0.16)
    return post + jib + box((0.4, 0.4, 0.4), (0, top - 0.2, z))


def _tanker(yard: Shipyard) -> list[Part]:
    p = yard.p
    recess = 0.0
    parts = [*yard.decked(recess), *yard.bulb()]
    bridge, z0, z1 = _bridge(yard, recess)
    parts += bridge
    first, last = (z1 + 0.5, yard.z(0.9)) if p.house_place < 0.5 else (yard.z(0.06), z0 - 0.4)
    deck = p.depth
    if p.guns >= 3:
        # A gas carrier: domes of the spherical tanks.
        number = max(2, min(5, p.bays // 2 + 1))
        r = min(0.47 * (last - first) / number, 0.9 * yard.hull.half_beam)
        for share in (np.arange(number) + 0.5) / number:
            z = first + (last - first) * float(share)
            parts.append(
                (lathe(dome_profile(r, deck - 0.2, deck + 0.9 * r, 5), "y", 20, (0, 0, z)), yard.paint.boxes[0])
            )
    else:
        pipes = [
            rod((x, deck + 0.14, first - 0.6), (x, deck + 0.14, last), 0.09, segments=6) for x in (-0.22, 0.0, 0.22)
        ]
        for z in np.linspace(first, last, 2 + p.bays):
            half = yard.hull.at(float(z))[0]
            pipes.append(span((-0.75 * half, deck - 0.1, z - 0.1), (0.75 * half, deck + 0.16, z + 0.1)))
        middle = (first + last) / 2
        pipes.append(
            rod(
                (-0.85 * yard.hull.half_beam, deck + 0.22, middle),
                (0.85 * yard.hull.half_beam, deck + 0.22, middle),
                0.12,
                segments=6,
            )
        )
        for side in range(p.derricks):
            z = middle + (side - 1) * 1.6
            pipes.append(rod((0, deck - 0.1, z), (0, deck + 1.5, z), 0.1, segments=8))
            pipes.append(beam((0, deck + 1.4, z), (0.0, deck + 0.9, z + 1.2), 0.14, 0.14))
        parts.append((union(pipes), yard.paint.boxes[1]))
    fore = slab(
        rounded_rectangle(1.2 * yard.hull.at(yard.z(0.94))[0], 0.7, 0.1) + np.array([0.0, yard.z(0.94)]),
        deck - 0.2,
        yard.hull.at(yard.z(0.95))[1] + 0.2,
        0.03,
    )
    return [*parts, (fore, yard.paint.house)]


def _turret(yard: Shipyard, z: float, y: float, size: float, barrels: int, backwards: bool, lift: float) -> list[Part]:
    """Gun house on its ring; the barrels point forward, or backward."""
    house = [(-0.75 * size, 0.0), (0.85 * size, 0.0), (0.65 * size, 0.5 * size), (-0.6 * size, 0.55 * size)]
    pieces = [
        prism(np.array(house), -0.62 * size, 0.62 * size, "x"),
        cylinder(-0.28 - lift, 0.02, 0.6 * size, segments=14),
    ]
    row = np.linspace(-0.35, 0.35, barrels) * size if barrels > 1 else np.zeros(1)
    pieces += [rod((x, 0.28 * size, 0.4 * size), (x, 0.5 * size, 2.3 * size), 0.085, 0.07, 8) for x in row]
    gun = union(pieces)
    if backwards:
        gun = turn(gun, "y", 180.0)
    return [(gun.translate((0.0, y, z)), yard.paint.house)]


def _warship(yard: Shipyard) -> list[Part]:
    p = yard.p
    parts = yard.decked(0.0)
    middle, long = yard.z(0.48), 3.4 * p.house_length / 0.35
    y = p.depth
    half = p.house_width * yard.hull.half_beam
    z0, z1 = middle - long / 2, middle + long / 2
    for level in range(p.decks):
        tall = 0.5 * p.house_height
        parts += yard.house((z0, z1), (y - 0.15, y + tall), half, 0.3 * p.house_slant, panes=level > 0, back=0.3)
        y, half, z0, z1 = y + tall, 0.85 * half, z0 + 0.22 * long, z1 - 0.1 * long
        long = z1 - z0
    parts += yard.house((z1 - 0.45 * long - 0.3, z1), (y - 0.1, y + 0.5 * p.house_height), 0.8 * half, 0.2, back=0.2)
    parts += yard.tower(y, z1 - 0.3 * long - 0.2, 0.9 * p.mast_height + 0.2)
    for index in range(p.funnels):
        z = middle - 0.15 * index * 3.4 - 0.1
        parts += yard.funnel(0.0, p.depth + 0.2, z - 0.3, 0.3, 0.9 + 0.5 * p.house_height)
    size = 0.55 * (0.8 + 0.4 * yard.hull.half_beam)
    for index in range(p.guns):
        ahead = index % 2 == 0
        offset = index // 2
        z = (yard.z(0.8) - 1.15 * offset) if ahead else (yard.z(0.14) + 1.0 * offset)
        parts += _turret(
            yard, z, yard.hull.at(z)[1] + 0.4 * offset, size, 1 + (p.tiers - 1) % 3, not ahead, 0.4 * offset
        )
    return parts


def _submarine(yard: Shipyard) -> list[Part]:
    p = yard.p
    r = p.half_beam
    nose, tail = 5.0, -5.0
    stations = [
        (nose - 2.2 * r * (1 - np.cos(a)), 0.0, r * max(0.06, np.sin(a)), r * max(0.06, np.sin(a)))
        for a in np.linspace(0.06, np.pi / 2, 6)
    ]
    cone = 3.0 + 1.5 * p.transom * 4
    stations += [
        (tail + cone * (1 - t), 0.0, r * (1 - 0.9 * t**1.6), r * (1 - 0.9 * t**1.6)) for t in (0.0, 0.35, 0.7, 1.0)
    ]
    hull = body(stations, superellipse(2.0, 2.0, 2.0 + 0.15 * (p.entry - 2.0), 20))
    sail_z = 0.6 + 3.0 * (p.house_place - 0.4) / 0.18 * 0.5
    height = r + 0.85 * p.house_height
    tower = wing(
        [
            ((0.0, 0.0, sail_z + 0.9), 2.1, 0.5 * p.house_width + 0.1),
            ((0.0, height, sail_z + 0.9 - 0.3 * p.house_slant), 1.7, 0.45 * p.house_width),
        ],
        upright=True,
    )
    pieces = [tower]
    for index in range(1 + p.details):
        z = sail_z + 0.4 - 0.3 * index
        pieces.append(
            rod(
                (0, height - 0.2, z),
                (0, height + 0.35 + 0.25 * p.mast_height * (index % 2 + 1), z),
                0.08,
                segments=8,
            )
        )
    y_plane = 0.75 * height if p.derricks else 0.0
    z_plane = sail_z + 0.5 if p.derricks else 3.2
    planes = [
        mirrored(wing([((-0.02, y_plane, z_plane), 0.7, 0.16), ((r + 0.75, y_plane, z_plane - 0.15), 0.45, 0.13)]))
    ]
    z = tail + 1.5
    fin = wing([((0.0, -0.02, z), 1.0, 0.2), ((0.0, 1.15 * r + 0.35, z - 0.35), 0.55, 0.14)], upright=True)
    angle = 45.0 if p.tiers == 4 else 0.0
    planes += [fin.rotate((0.0, 0.0, angle + 90.0 * k)) for k in range(4)]
    blades = [
        box((0.28, 0.85 * r + 0.15, 0.14), (0.0, (0.85 * r + 0.15) / 2, 0.0), 0.04)
        .rotate((0, 35, 0))
        .rotate((0, 0, 360.0 * k / (3 + p.bays // 2)))
        for k in range(3 + p.bays // 2)
    ]
    screw = union([*blades, rod((0, 0, -0.25), (0, 0, 0.5), 0.16, segments=10)]).translate((0, 0, tail - 0.05))
    parts: list[Part] = [
        (hull, yard.paint.hull),
        (union(pieces), yard.paint.house),
        (union(planes), yard.paint.hull),
        (screw, yard.paint.boxes[0]),
    ]
    if p.keel > 0.8:
        casing = span((-0.3 * r, 0.5 * r, -3.0), (0.3 * r, 1.06 * r, 3.2), 0.08)
        parts.append((casing, yard.paint.dark))
    return parts


def _liner(yard: Shipyard) -> list[Part]:
    p = yard.p
    parts = yard.decked(0.0)
    y = p.depth
    z0, z1 = yard.z(0.08), yard.z(0.8)
    half = 0.95 * yard.hull.at(z1 - 0.6)[0]
    for _level in range(p.decks + 2):
        tall = 0.4 * p.house_height
        parts += yard.house((z0, z1), (y - 0.12, y + tall), half, 0.4)
        y, half, z0, z1 = y + tall, 0.97 * half, z0 + 0.35, z1 - 0.3 - 0.2 * p.house_slant
    for index in range(p.funnels):
        z = z0 + (z1 - z0) * (index + 0.6) / (p.funnels + 0.4)
        parts += yard.funnel(0.0, y - 0.2, z, 0.42, 1.2 * p.house_height, 0.25)
    parts += yard.pole_mast(y - 0.1, z1 - 0.5, 1.3 * p.mast_height)
    boats = [
        ellipsoid((0.3, 0.32, 0.8), (half + 0.03, p.depth + 0.6 * p.house_height, z), 8)
        for z in np.linspace(yard.z(0.25), yard.z(0.6), p.bays)
    ]
    return [*parts, (mirrored(union(boats)), yard.paint.funnel), *yard.bulb()]


def _carrier(yard: Shipyard) -> list[Part]:
    p = yard.p
    parts = yard.decked(0.0)
    half, y = yard.hull.half_beam, p.depth
    angle = 0.25 + 0.5 * p.house_width
    plan = np.array(
        [
            (1.25 * half, -5.0),
            (1.35 * half, 2.8),
            (0.75 * half, 5.3),
            (-0.7 * half, 5.3),
            (-0.9 * half, 2.6),
            (-(1.2 + angle) * half, 1.2),
            (-(1.2 + angle) * half, -2.6),
            (-1.1 * half, -5.0),
        ]
    )
    parts.append((prism(plan, y - 0.08, y + 0.16), yard.paint.deck))
    sponson = np.array([(-1.0 * half, 0.35 * y), (1.0 * half, 0.35 * y), (1.25 * half, y), (-1.25 * half, y)])
    parts.append((prism(sponson, -3.5, 2.0, "z"), yard.paint.hull))
    island = (10.0 * (p.house_place - 0.49) - 0.8, 10.0 * (p.house_place - 0.49) + 0.8)
    tower: list[Part] = []
    for level in range(p.decks):
        tower += yard.house(
            (island[0] + 0.15 * level, island[1] - 0.1 * level),
            (y + 0.5 * level, y + 0.2 + 0.55 * (level + 1)),
            0.3 * half,
            0.2,
        )
    tower += yard.tower(y + 0.5 * p.decks, (island[0] + island[1]) / 2, 0.8 * p.mast_height)
    parts += [(solid.translate((0.95 * half, 0.0, 0.0)), material) for solid, material in tower]
    planes = []
    for index in range(2 * p.details):
        z, x = -3.6 + 1.1 * (index // 2), (-0.55 + 1.1 * (index % 2)) * half
        z += 0.2 * (index % 2)
        planes.append(
            union(
                [
                    box((0.16, 0.18, 0.9), (x, y + 0.22, z), 0.04),
                    box((0.75, 0.12, 0.3), (x, y + 0.2, z - 0.05)),
                    box((0.12, 0.4, 0.2), (x, y + 0.3, z - 0.36)),
                ]
            )
        )
    if planes:
        parts.append((union(planes), yard.paint.dark))
    return parts


#: The parts of a vessel, by style.
SHIPS: dict[str, Callable[[Shipyard], list[Part]]] = {
    "cargo": _cargo,
    "tanker": _tanker,
    "warship": _warship,
    "submarine": _submarine,
    "liner": _liner,
    "carrier": _carrier,
}
