"""Boats: what stands on the hulls of sailing boats, yachts, speedboats, rowing boats and tugs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.procedural.lofts import wing
from shapelift.synthesis.procedural.solids import (
    Part,
    box,
    box_between,
    cylinder,
    difference,
    ellipsoid,
    prism,
    rod,
    rounded_rectangle,
    slab,
    symmetric,
    union,
)
from shapelift.synthesis.procedural.vessel.components import Vessel, rounded_dome
from shapelift.synthesis.procedural.vessel.parameters import Boat
from shapelift.synthesis.procedural.vessel.sails import sail, square_sail


def _sailing_boat(vessel: Vessel) -> list[Part]:
    p = vessel.p
    monohull, ketch = p.hulls == 1, p.rig == "ketch"
    z = vessel.z(0.58 if p.rig == "sloop" else 0.66)
    deck, height, base = vessel.deck_height(z), 10.5 * p.mast_height, 0.35 * p.depth
    parts = vessel.decked_hull()
    if monohull:
        cockpit = _cockpit(vessel, deck)
        parts[:2] = [(difference(solid, [cockpit]), material) for solid, material in parts[:2]]
    half = 0.55 * (vessel.hull.half_beam if monohull else p.half_beam)
    cabin = vessel.house((vessel.z(0.36), z + 0.9), (deck - 0.2, deck + 0.35 + 0.3 * p.house_height), half, 1.2)
    parts += cabin
    if monohull and p.keel:
        parts.append((_keel_and_rudder(vessel), "bottom"))
    parts.append((rod((0, base, z), (0, deck + height, z), 0.13, 0.1, 8), "mast"))
    parts += _main_sail(vessel, z, deck, height, 3.4 if ketch else 4.4)
    if ketch:
        aft, short = vessel.z(0.2), 0.62 * height
        parts.append((rod((0, base, aft), (0, deck + short, aft), 0.12, 0.09, 8), "mast"))
        parts += _main_sail(vessel, aft, deck, short, 2.2)
    if p.rig != "cat":
        parts.append((_jib(vessel, z, deck, height), "cloth"))
    return parts


def _cockpit(vessel: Vessel, deck: float) -> Manifold:
    z = vessel.z(0.22)
    half = min(0.5 * vessel.hull.half_beam, vessel.hull.at(vessel.z(0.1))[0] - 0.25)
    return box_between((-half, deck - 0.45 * vessel.p.depth, z - 1.0), (half, deck + 1.0, z + 1.0), 0.1)


def _keel_and_rudder(vessel: Vessel) -> Manifold:
    keel, z = vessel.p.keel, vessel.z(0.58)
    fin = wing([((0.0, 0.15, z), 2.2, 0.3), ((0.0, -1.7 * keel, z - 0.5), 1.4, 0.26)], upright=True)
    bulb = ellipsoid((0.5, 0.42, 2.0), (0.0, -1.7 * keel, z - 1.1), 12)
    stock = ((0.0, 0.75 * vessel.p.depth, vessel.z(0.06)), 0.7, 0.18)
    rudder = wing([stock, ((0.0, -0.8 * keel, vessel.z(0.05)), 0.5, 0.16)], upright=True)
    return union([fin, bulb, rudder])


def _main_sail(vessel: Vessel, z: float, deck: float, height: float, foot: float) -> list[Part]:
    """Boom and sail behind a mast at z."""
    p = vessel.p
    boom, top = deck + 1.1, deck + 0.95 * height
    angle = np.radians(p.sail_angle_deg)
    end = (np.sin(angle) * foot, boom, z - np.cos(angle) * foot)
    cloth = sail((0.0, boom, z), (0.0, top, z), 0.96 * foot, 0.2, p.sail_belly, p.sail_angle_deg)
    return [(rod((0, boom, z), end, 0.11, segments=8), "mast"), (cloth, "cloth")]


def _jib(vessel: Vessel, z: float, deck: float, height: float) -> Manifold:
    """Foresail from the stem to the mast."""
    p = vessel.p
    stem = vessel.hull.length / 2 + 0.6 * p.rake * p.depth - 0.35
    low = vessel.deck_height(stem) - 0.1
    if p.hulls == 2:
        stem, low = z + 1.8, deck - 0.3
    tack, head = (0.0, low, stem), (0.0, deck + 0.86 * height, z + 0.05)
    return sail(tack, head, 0.9 * (stem - z), 0.12, 0.7 * p.sail_belly, 0.5 * p.sail_angle_deg)


def _tall_ship(vessel: Vessel) -> list[Part]:
    p = vessel.p
    spars, sails = [], []
    for index, share in enumerate(np.linspace(0.22, 0.76, p.masts)):
        z = vessel.z(float(share))
        deck = vessel.deck_height(z, p.bulwark)
        height = 6.8 * p.mast_height * (1.0 if 0 < index < p.masts - 1 or p.masts == 2 else 0.85)
        spars.append(rod((0, 0.4 * p.depth, z), (0, deck + height, z), 0.15, 0.09, 8))
        low, tall, wide = deck + 0.9, (height - 1.1) / p.sails, min(3.4, 4.2 / p.masts * 1.8)
        for _ in range(p.sails):
            upper = wide * 0.82
            reach, belly = upper / 2 + 0.2, 6 * p.sail_belly * 0.6
            spars.append(rod((-reach, low + tall, z + 0.12), (reach, low + tall, z + 0.12), 0.09, segments=6))
            foot = (0.0, low + 0.12, z + 0.16)
            sails.append(square_sail(foot, wide, upper, tall - 0.12, belly))
            # A short strop keeps the foot of every sail on the mast.
            spars.append(box((0.16, 0.16, 0.4), (0.0, low + 0.2, z + 0.15)))
            low, wide = low + tall, upper
    stem = vessel.hull.length / 2
    y = vessel.deck_height(stem)
    spars.append(rod((0, y - 0.4, stem - 0.9), (0, y + 0.7, stem + 1.9 + p.rake * p.depth), 0.12, 0.09, 8))
    ends = (vessel.z(0.02), vessel.z(0.2))
    y, half = vessel.deck_height(ends[0], p.bulwark), vessel.hull.at(ends[0])[0] * 0.95
    cabin = vessel.house(ends, (y - 0.6, y + 0.35 * p.house_height), half, 0.05, windows=False, back=-0.1)
    return [*vessel.decked_hull(p.bulwark), (union(spars), "mast"), (union(sails), "cloth"), *cabin]


def _yacht(vessel: Vessel) -> list[Part]:
    p = vessel.p
    recess = 0.0 if p.hulls == 2 else p.bulwark
    parts = vessel.decked_hull(recess)
    middle, long = vessel.z(p.house_place), p.house_length * vessel.hull.length * 1.35
    z0, z1 = middle - long / 2, middle + long / 2
    y, tall = vessel.deck_height(middle, recess), 0.8 * p.house_height
    half = p.house_width * (0.92 * p.half_beam if p.hulls == 2 else vessel.hull.at(z1)[0])
    for _ in range(p.decks):
        parts += vessel.house((z0, z1), (y - 0.25, y + tall), half, p.house_slant, back=0.2)
        plan = rounded_rectangle(2.1 * half, z1 - z0 - p.house_slant * tall * 0.7 + 0.5, 0.5 * half)
        plan += (0.0, (z0 + z1 - 0.7 * p.house_slant * tall) / 2 - 0.2)
        parts.append((slab(plan, y + tall - 0.05, y + tall + 0.1, 0.04), "house"))
        y, half = y + tall, 0.86 * half
        z0, z1 = z0 + 0.12 * long, z1 - 0.16 * long - p.house_slant * tall * 0.8
        if z1 - z0 < 1.0:
            break
    z = (z0 + z1) / 2 - 0.2
    if p.details:
        outer = [(-half, y - 0.1), (half, y - 0.1), (0.8 * half, y + 0.7), (-0.8 * half, y + 0.7)]
        low, top = half - 0.16, 0.8 * half - 0.16
        inner = [(-low, y - 0.3), (low, y - 0.3), (top, y + 0.52), (-top, y + 0.52)]
        arch = difference(prism(outer, z - 0.2, z + 0.2, "z"), [prism(inner, z - 1, z + 1, "z")])
        dome = rounded_dome(0.28, y + 0.65, y + 1.05, 14).translate((0.0, 0.0, z))
        parts.append((arch + dome, "house"))
    else:
        parts.append(vessel.pole_mast(y - 0.1, z, 1.3))
    if p.hulls == 1:
        stern = vessel.z(0.0)
        plan = rounded_rectangle(1.7 * vessel.hull.at(stern)[0], 1.2, 0.2) + np.array([0.0, stern - 0.2])
        parts.append((slab(plan, 0.3 * p.depth, 0.3 * p.depth + 0.16, 0.04), "deck"))
    return parts


def _speedboat(vessel: Vessel) -> list[Part]:
    p, hull = vessel.p, vessel.hull
    front = vessel.z(0.6)
    half, deck = hull.at(front)
    half, floor = half - 0.1, 0.4 * p.depth
    well = hull.deck_slab(0.28, -0.62 * p.depth, 2.0) ^ box_between((-5, -5, vessel.z(0.12)), (5, 9, front))
    well ^= hull.solid(-0.2, raise_deck=2.0)
    high, slant = deck + 0.75 * p.house_height, 0.7 * p.house_slant
    side = [(front + 0.5, deck - 0.2), (front + 0.68, deck - 0.2)]
    side += [(front + 0.68 - slant, high), (front + 0.5 - slant, high)]
    screen = prism(side, -0.85 * half, 0.85 * half, "x")
    edge = 0.85 * half - 0.25
    seats = []
    for z in np.linspace(front - 1.2, vessel.z(0.22), 2 + p.details % 2):
        seats.append(symmetric(box_between((0.25, floor - 0.4, z - 0.35), (edge, floor + 0.3, z + 0.35), 0.08)))
        seats.append(symmetric(box_between((0.25, floor, z - 0.5), (edge, floor + 0.95, z - 0.25), 0.08)))
    inside = hull.solid(raise_deck=5.0)
    z = vessel.z(0.0) - 0.25
    top = hull.at(z)[1]
    motors = []
    for x in (0.0,) if p.funnels < 3 else (-0.55, 0.55):
        motors.append(box((0.6, 0.8, 0.85), (x, top + 0.3, z), 0.18))
        motors.append(box((0.22, 1.5, 0.4), (x, top - 0.6, z), 0.06))
        motors.append(box((0.2, 0.3, 0.7), (x, top - 1.3, z - 0.1), 0.08))
        motors.append(box((0.3, 0.4, 0.6), (x, top - 0.15, z + 0.35)))
    parts = [
        (difference(hull.solid(), [well]), "hull"),
        (screen, "glass"),
        (union(seats) ^ inside, "cloth"),
        (union(motors), "dark"),
        *vessel.bottom_paint(),
    ]
    if p.tiers >= 3:
        x = 0.7 * half
        places = (front - 0.6, front - 2.4)
        posts = union([rod((x, floor - 0.3, z), (x, deck + 1.6, z), 0.09, segments=6) for z in places])
        plan = rounded_rectangle(1.7 * half, 2.4, 0.3) + np.array([0.0, front - 1.5])
        parts.append(((symmetric(posts) ^ inside) + slab(plan, deck + 1.5, deck + 1.68, 0.05), "house"))
    return parts


def _rowing_boat(vessel: Vessel) -> list[Part]:
    p, hull = vessel.p, vessel.hull
    wall = 0.2
    shell = difference(hull.solid(), [hull.solid(-wall, raise_deck=2.0)])
    rail = hull.deck_slab(-0.06, -0.18, 0.02) - hull.deck_slab(wall, -2.0, 2.0)
    thwarts = []
    for share in np.linspace(0.22, 0.7, 1 + max(1, p.bays // 3)):
        z = vessel.z(float(share))
        half, deck = hull.at(z)
        thwarts.append(box_between((-half + 0.08, deck - 0.5, z - 0.35), (half - 0.08, deck - 0.32, z + 0.35)))
    parts = [(shell, "hull"), (union(thwarts), "deck"), (rail, "mast")]
    if p.details:
        z = vessel.z(0.42)
        half, deck = hull.at(z)
        swing = 0.4 + 0.3 * (p.mast_height - 1.0)
        grip = np.array([half - 0.9, deck + 0.35, z + 0.2])
        blade = np.array([half + 3.0, deck - 0.75, z + 0.2 - 6.0 * (swing - 0.4)])
        _, y, z = grip + (blade - grip) * (0.9 / (blade - grip)[0])
        oar = [rod(grip, blade, 0.09, segments=6), box((1.1, 0.13, 0.36), blade, 0.04)]
        oar.append(box_between((half - 0.22, deck - 0.2, z - 0.12), (half + 0.05, y + 0.02, z + 0.12)))
        parts.append((symmetric(union(oar)), "mast"))
    return parts


def _tug(vessel: Vessel) -> list[Part]:
    p = vessel.p
    recess = p.bulwark * 1.5
    parts = vessel.decked_hull(recess)
    middle, half, tall = vessel.z(0.58), 0.55 * vessel.hull.half_beam, 1.3 * p.house_height
    y = vessel.deck_height(middle, recess)
    parts += vessel.house((middle - 1.9, middle + 1.5), (y - 0.3, y + tall), half, 0.05)
    y += tall
    slant = -0.12 if p.details == 1 else 0.1
    parts += vessel.house((middle - 0.6, middle + 1.1), (y - 0.1, y + 1.4 * p.house_height), 0.8 * half, slant)
    parts.append(vessel.pole_mast(y + tall, middle, 1.6 * p.mast_height))
    places, size = ((0.0,), 0.5) if p.funnels == 1 else ((0.5 * half, -0.5 * half), 0.34)
    for x in places:
        parts += vessel.funnel(x, y - 0.2, middle - 1.3, size, 1.5 * p.house_height)
    fender = vessel.hull.deck_slab(-0.18, -0.55, -0.25)
    z, deck = vessel.z(0.22), vessel.deck_height(vessel.z(0.2), recess)
    post = cylinder(y - 2.5, deck + 0.6, 0.16, segments=8).translate((0.4, 0, z))
    bar = rod((-0.7, deck + 0.35, z), (0.7, deck + 0.35, z), 0.12, segments=8)
    return [*parts, (fender, "rubber"), (symmetric(post) + bar, "dark")]


BOATS: dict[Boat, Callable[[Vessel], list[Part]]] = {
    "sail": _sailing_boat,
    "tall_ship": _tall_ship,
    "yacht": _yacht,
    "speedboat": _speedboat,
    "rowing": _rowing_boat,
    "tug": _tug,
}
"""The parts of a vessel, by style."""
