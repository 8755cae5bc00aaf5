"""Boats: what stands on the hulls of sailing boats, yachts, speedboats, rowing boats and tugs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.procedural import finishes
from shapelift.synthesis.procedural.hulls import sail, square_sail
from shapelift.synthesis.procedural.lofts import dome_profile, lathe, wing
from shapelift.synthesis.procedural.shipyard import Shipyard
from shapelift.synthesis.procedural.solids import (
    Part,
    box,
    cylinder,
    difference,
    ellipsoid,
    mirrored,
    prism,
    rod,
    rounded_rectangle,
    slab,
    span,
    union,
)

_CLOTH = 0.14


def _sailing_boat(yard: Shipyard) -> list[Part]:
    p = yard.p
    parts = yard.decked(0.0)
    step = yard.z(0.58 if p.rig == "sloop" else 0.66)
    deck = yard.deck_height(step, 0.0)
    height = 10.5 * p.mast_height
    half = 0.55 * yard.hull.half_beam if p.hulls == 1 else 0.55 * p.half_beam
    house = (yard.z(0.36), step + 0.9)
    parts += yard.house(house, (deck - 0.2, deck + 0.35 + 0.3 * p.house_height), half, 1.2)
    if p.hulls == 1:
        parts = [
            (difference(solid, [_cockpit(yard, deck)]) if index < 2 else solid, material)
            for index, (solid, material) in enumerate(parts)
        ]
        if p.keel:
            root = yard.z(0.58)
            fin = wing([((0.0, 0.15, root), 2.2, 0.3), ((0.0, -1.7 * p.keel, root - 0.5), 1.4, 0.26)], upright=True)
            bulb = ellipsoid((0.5, 0.42, 2.0), (0.0, -1.7 * p.keel, root - 1.1), 12)
            rudder = wing(
                [
                    ((0.0, 0.75 * p.depth, yard.z(0.06)), 0.7, 0.18),
                    ((0.0, -0.8 * p.keel, yard.z(0.05)), 0.5, 0.16),
                ],
                upright=True,
            )
            parts.append((union([fin, bulb, rudder]), yard.paint.bottom))
    base = 0.35 * p.depth
    parts.append((rod((0, base, step), (0, deck + height, step), 0.13, 0.1, 8), yard.paint.mast))
    parts += _main_sail(yard, step, deck, height, 4.4 if p.rig != "ketch" else 3.4)
    if p.rig == "sloop":
        parts.append((_jib(yard, step, deck, height), yard.paint.sail))
    if p.rig == "ketch":
        aft = yard.z(0.2)
        parts.append((rod((0, base, aft), (0, deck + 0.62 * height, aft), 0.12, 0.09, 8), yard.paint.mast))
        parts += _main_sail(yard, aft, deck, 0.62 * height, 2.2)
        parts.append((_jib(yard, step, deck, height), yard.paint.sail))
    return parts


def _cockpit(yard: Shipyard, deck: float) -> Manifold:
    z = yard.z(0.22)
    half = min(0.5 * yard.hull.half_beam, yard.hull.at(yard.z(0.1))[0] - 0.25)
    return span((-half, deck - 0.45 * yard.p.depth, z - 1.0), (half, deck + 1.0, z + 1.0), 0.1)


def _main_sail(yard: Shipyard, z: float, deck: float, height: float, foot: float) -> list[Part]:
    p = yard.p
    boom = deck + 1.1
    angle = np.radians(p.sail_angle_deg)
    end = (np.sin(angle) * foot, boom, z - np.cos(angle) * foot)
    cloth = sail(
        (0.0, boom, z), (0.0, deck + 0.95 * height, z), 0.96 * foot, 0.2, p.sail_belly, p.sail_angle_deg, _CLOTH
    )
    return [(rod((0, boom, z), end, 0.11, segments=8), yard.paint.mast), (cloth, yard.paint.sail)]


def _jib(yard: Shipyard, z: float, deck: float, height: float) -> Manifold:
    """Foresail from the stem to the mast."""
    p = yard.p
    stem = yard.hull.length / 2 + 0.6 * p.rake * p.depth - 0.35
    tack_y = yard.deck_height(stem, 0.0) - 0.1
    head = np.array([0.0, deck + 0.86 * height, z + 0.05])
    if p.hulls == 2:
        stem, tack_y = z + 1.8, deck - 0.3
    foot = 0.9 * (stem - z)
    return sail((0.0, tack_y, stem), head, foot, 0.12, 0.7 * p.sail_belly, 0.5 * p.sail_angle_deg, _CLOTH)


def _tall_ship(yard: Shipyard) -> list[Part]:
    p = yard.p
    parts = yard.decked(p.bulwark)
    pieces, cloth = [], []
    stem = yard.hull.length / 2
    for index, share in enumerate(np.linspace(0.22, 0.76, p.masts)):
        z = yard.z(float(share))
        deck = yard.deck_height(z, p.bulwark)
        height = 6.8 * p.mast_height * (1.0 if 0 < index < p.masts - 1 or p.masts == 2 else 0.85)
        pieces.append(rod((0, 0.4 * p.depth, z), (0, deck + height, z), 0.15, 0.09, 8))
        wide = min(3.4, 4.2 / p.masts * 1.8)
        low = deck + 0.9
        for _ in range(p.sails):
            tall = (height - 1.1) / p.sails
            upper = wide * 0.82
            pieces.append(
                rod(
                    (-upper / 2 - 0.2, low + tall, z + 0.12),
                    (upper / 2 + 0.2, low + tall, z + 0.12),
                    0.09,
                    segments=6,
                )
            )
            cloth.append(
                square_sail((0.0, low + 0.12, z + 0.16), wide, upper, tall - 0.12, 6 * p.sail_belly * 0.6, _CLOTH)
            )
            # A short strop keeps the foot of every sail on the mast.
            pieces.append(box((0.16, 0.16, 0.4), (0.0, low + 0.2, z + 0.15)))
            low, wide = low + tall, upper
    bow_y = yard.deck_height(stem, 0.0)
    pieces.append(rod((0, bow_y - 0.4, stem - 0.9), (0, bow_y + 0.7, stem + 1.9 + p.rake * p.depth), 0.12, 0.09, 8))
    parts += [(union(pieces), yard.paint.mast), (union(cloth), yard.paint.sail)]
    stern = (yard.z(0.02), yard.z(0.2))
    y = yard.deck_height(stern[0], p.bulwark)
    half = yard.hull.at(stern[0])[0] * 0.95
    parts += yard.house(stern, (y - 0.6, y + 0.35 * p.house_height), half, 0.05, panes=False, back=-0.1)
    return parts


def _yacht(yard: Shipyard) -> list[Part]:
    p = yard.p
    parts = yard.decked(0.0 if p.hulls == 2 else p.bulwark)
    recess = 0.0 if p.hulls == 2 else p.bulwark
    middle, long = yard.z(p.house_place), p.house_length * yard.hull.length * 1.35
    z0, z1 = middle - long / 2, middle + long / 2
    y = yard.deck_height(middle, recess)
    half = p.house_width * (0.92 * p.half_beam if p.hulls == 2 else yard.hull.at(z1)[0])
    for _ in range(p.decks):
        tall = 0.8 * p.house_height
        parts += yard.house((z0, z1), (y - 0.25, y + tall), half, p.house_slant, back=0.2)
        roof = slab(
            rounded_rectangle(2.1 * half, z1 - z0 - p.house_slant * tall * 0.7 + 0.5, 0.5 * half)
            + np.array([0.0, (z0 + z1 - 0.7 * p.house_slant * tall) / 2 - 0.2]),
            y + tall - 0.05,
            y + tall + 0.1,
            0.04,
        )
        parts.append((roof, yard.paint.house))
        y, half = y + tall, 0.86 * half
        z0, z1 = z0 + 0.12 * long, z1 - 0.16 * long - p.house_slant * tall * 0.8
        if z1 - z0 < 1.0:
            break
    top_z = (z0 + z1) / 2 - 0.2
    arch = [(-half, y - 0.1), (half, y - 0.1), (0.8 * half, y + 0.7), (-0.8 * half, y + 0.7)]
    hole = [
        (-half + 0.16, y - 0.3),
        (half - 0.16, y - 0.3),
        (0.8 * half - 0.16, y + 0.52),
        (-0.8 * half + 0.16, y + 0.52),
    ]
    if p.details:
        hoop = difference(
            prism(np.array(arch), top_z - 0.2, top_z + 0.2, "z"), [prism(np.array(hole), top_z - 1, top_z + 1, "z")]
        )
        dome = lathe(dome_profile(0.28, y + 0.65, y + 1.05), "y", 14, (0.0, 0.0, top_z))
        parts.append((hoop + dome, yard.paint.house))
    else:
        parts += yard.pole_mast(y - 0.1, top_z, 1.3)
    if p.hulls == 1:
        swim = slab(
            rounded_rectangle(1.7 * yard.hull.at(yard.z(0.0))[0], 1.2, 0.2) + np.array([0.0, yard.z(0.0) - 0.2]),
            0.3 * p.depth,
            0.3 * p.depth + 0.16,
            0.04,
        )
        parts.append((swim, yard.paint.deck))
    return parts


def _speedboat(yard: Shipyard) -> list[Part]:
    p = yard.p
    wall = 0.28
    well = yard.hull.deck_slab(wall, -0.62 * p.depth, 2.0)
    front = yard.z(0.6)
    solid = difference(
        yard.hull.solid(),
        [well ^ span((-5, -5, yard.z(0.12)), (5, 9, front)) ^ yard.hull.solid(-0.2, raise_deck=2.0)],
    )
    deck = yard.hull.at(front)[1]
    half = yard.hull.at(front)[0] - 0.1
    floor = 0.4 * p.depth
    screen = [
        (front + 0.5, deck - 0.2),
        (front + 0.68, deck - 0.2),
        (front + 0.68 - 0.7 * p.house_slant, deck + 0.75 * p.house_height),
        (front + 0.5 - 0.7 * p.house_slant, deck + 0.75 * p.house_height),
    ]
    pane = prism(np.array(screen), -0.85 * half, 0.85 * half, "x")
    edge = 0.85 * half - 0.25
    seats = []
    for z in np.linspace(front - 1.2, yard.z(0.22), 2 + p.details % 2):
        cushion = span((0.25, floor - 0.4, z - 0.35), (edge, floor + 0.3, z + 0.35), 0.08)
        back = span((0.25, floor, z - 0.5), (edge, floor + 0.95, z - 0.25), 0.08)
        seats += [mirrored(cushion), mirrored(back)]
    inside = yard.hull.solid(raise_deck=5.0)
    engine_z = yard.z(0.0) - 0.25
    top = yard.hull.at(engine_z)[1]
    motors = []
    for x in (0.0,) if p.funnels < 3 else (-0.55, 0.55):
        motors += [
            box((0.6, 0.8, 0.85), (x, top + 0.3, engine_z), 0.18),
            box((0.22, 1.5, 0.4), (x, top - 0.6, engine_z), 0.06),
            box((0.2, 0.3, 0.7), (x, top - 1.3, engine_z - 0.1), 0.08),
            box((0.3, 0.4, 0.6), (x, top - 0.15, engine_z + 0.35)),
        ]
    parts: list[Part] = [
        (solid, yard.paint.hull),
        (pane, yard.paint.glass),
        (union(seats) ^ inside, yard.paint.sail),
        (union(motors), yard.paint.dark),
    ]
    if p.waterline:
        parts.append((yard.hull.solid(0.03).trim_by_plane((0.0, -1.0, 0.0), -p.waterline * p.depth), yard.paint.bottom))
    if p.tiers >= 3:
        posts = [
            rod((0.7 * half, floor - 0.3, z), (0.7 * half, deck + 1.6, z), 0.09, segments=6)
            for z in (front - 0.6, front - 2.4)
        ]
        roof = slab(
            rounded_rectangle(1.7 * half, 2.4, 0.3) + np.array([0.0, front - 1.5]), deck + 1.5, deck + 1.68, 0.05
        )
        parts.append(((mirrored(union(posts)) ^ inside) + roof, yard.paint.house))
    return parts


def _rowing_boat(yard: Shipyard) -> list[Part]:
    p = yard.p
    wall = 0.2
    solid = difference(yard.hull.solid(), [yard.hull.solid(-wall, raise_deck=2.0)])
    rail = yard.hull.deck_slab(-0.06, -0.18, 0.02) - yard.hull.deck_slab(wall, -2.0, 2.0)
    thwarts = []
    for share in np.linspace(0.22, 0.7, 1 + max(1, p.bays // 3)):
        z = yard.z(float(share))
        half, deck = yard.hull.at(z)
        thwarts.append(span((-half + 0.08, deck - 0.5, z - 0.35), (half - 0.08, deck - 0.32, z + 0.35)))
    parts: list[Part] = [(solid, yard.paint.hull), (union(thwarts), yard.paint.deck), (rail, yard.paint.mast)]
    if p.details:
        z = yard.z(0.42)
        half, deck = yard.hull.at(z)
        oars = []
        swing = 0.4 + 0.3 * (p.mast_height - 1.0)
        grip = np.array([half - 0.9, deck + 0.35, z + 0.2])
        blade = np.array([half + 3.0, deck - 0.75, z + 0.2 - 6.0 * (swing - 0.4)])
        pivot = grip + (blade - grip) * (0.9 / (blade - grip)[0])
        oars.append(rod(grip, blade, 0.09, segments=6))
        oars.append(box((1.1, 0.13, 0.36), blade, 0.04))
        oars.append(span((half - 0.22, deck - 0.2, pivot[2] - 0.12), (half + 0.05, pivot[1] + 0.02, pivot[2] + 0.12)))
        parts.append((mirrored(union(oars)), yard.paint.mast))
    return parts


def _tug(yard: Shipyard) -> list[Part]:
    p = yard.p
    recess = p.bulwark * 1.5
    parts = yard.decked(recess)
    middle = yard.z(0.58)
    y = yard.deck_height(middle, recess)
    half = 0.55 * yard.hull.half_beam
    parts += yard.house((middle - 1.9, middle + 1.5), (y - 0.3, y + 1.3 * p.house_height), half, 0.05)
    y += 1.3 * p.house_height
    parts += yard.house(
        (middle - 0.6, middle + 1.1),
        (y - 0.1, y + 1.4 * p.house_height),
        0.8 * half,
        -0.12 if p.details == 1 else 0.1,
    )
    parts += yard.pole_mast(y + 1.3 * p.house_height, middle, 1.6 * p.mast_height)
    spots = [(0.0, middle - 1.3)] if p.funnels == 1 else [(0.5 * half, middle - 1.3), (-0.5 * half, middle - 1.3)]
    for x, z in spots:
        parts += yard.funnel(x, y - 0.2, z, 0.5 if p.funnels == 1 else 0.34, 1.5 * p.house_height)
    fender = yard.hull.deck_slab(-0.18, -0.55, -0.25)
    posts = mirrored(
        cylinder(y - 2.5, yard.deck_height(yard.z(0.2), recess) + 0.6, 0.16, segments=8).translate(
            (0.4, 0, yard.z(0.22))
        )
    )
    bar = rod(
        (-0.7, yard.deck_height(yard.z(0.2), recess) + 0.35, yard.z(0.22)),
        (0.7, yard.deck_height(yard.z(0.2), recess) + 0.35, yard.z(0.22)),
        0.12,
        segments=8,
    )
    return [*parts, (fender, finishes.tyre(yard.paint.rng)), (posts + bar, yard.paint.dark)]


#: The parts of a vessel, by style.
BOATS: dict[str, Callable[[Shipyard], list[Part]]] = {
    "sail": _sailing_boat,
    "tall_ship": _tall_ship,
    "yacht": _yacht,
    "speedboat": _speedboat,
    "rowing": _rowing_boat,
    "tug": _tug,
}
