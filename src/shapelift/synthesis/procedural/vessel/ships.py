"""Ships: what stands on the hulls of freighters, tankers, warships, liners and carriers; and submarines."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.procedural.lofts import body, wing
from shapelift.synthesis.procedural.solids import (
    Part,
    beam,
    box,
    box_between,
    cylinder,
    ellipsoid,
    prism,
    rod,
    rotated,
    rounded_rectangle,
    slab,
    superellipse,
    symmetric,
    union,
)
from shapelift.synthesis.procedural.vessel.components import ACCENTS, Vessel, rounded_dome
from shapelift.synthesis.procedural.vessel.parameters import Ship


def _bridge(vessel: Vessel, recess: float) -> tuple[list[Part], float, float]:
    """The tall house of a freighter: parts, and z of its rear and its front."""
    p, hull = vessel.p, vessel.hull
    long, middle = p.house_length * hull.length, vessel.z(p.house_place)
    z0, z1 = middle - long / 2, middle + long / 2
    half = 0.92 * min(hull.at(z0)[0], hull.at(z1)[0]) * (0.75 + 0.3 * p.house_width)
    half = min(half, hull.half_beam * 0.98)
    y, tall = vessel.deck_height(middle, recess), 0.55 * p.house_height
    parts: list[Part] = []
    for level in range(p.decks + 1):
        ends = (z0 + 0.1 * level, z1 - 0.04 * level)
        parts += vessel.house(ends, (y - 0.15, y + tall), half * (0.95 - 0.05 * level), 0.05)
        y += tall
    reach = hull.half_beam * 1.02
    parts.append((box_between((-reach, y - 0.22, z1 - 0.55), (reach, y - 0.06, z1 - 0.1)), "house"))
    parts += vessel.house((z0 + 0.3 * long, z1 - 0.1), (y - 0.1, y + 0.5), 0.6 * half, 0.1)
    parts.append(vessel.pole_mast(y + 0.4, z1 - 0.35 * long, 0.9 * p.mast_height))
    parts += vessel.funnel(0.0, y - tall, z0 + 0.22 * long, 0.16 * long + 0.1, 1.1 * tall + 0.5)
    return parts, z0, z1


def _cargo(vessel: Vessel) -> list[Part]:
    p = vessel.p
    recess = 0.5 * p.bulwark
    bridge, z0, z1 = _bridge(vessel, recess)
    astern = p.house_place < 0.5
    holds = [(z1 + 0.2, vessel.z(0.93))] if astern else [(vessel.z(0.05), z0 - 0.2), (z1 + 0.1, vessel.z(0.94))]
    rng = np.random.default_rng(p.loading_seed + 1)
    containers: list[Part] = []
    cranes = []
    for first, last in holds:
        bays = max(1, round(p.bays * (last - first) / 8.0))
        step = (last - first) / bays
        for bay in range(bays):
            rear, front = first + bay * step + 0.08, first + (bay + 1) * step - 0.08
            containers += _containers(vessel, rng, rear, front, recess)
            if bay % 3 == 1 and bay < 3 * p.derricks:
                cranes.append(_crane(vessel, front + 0.08, recess))
    parts = [*vessel.decked_hull(recess), *vessel.bulbous_bow(), *bridge]
    parts += [(union([solid for solid, group in containers if group == accent]), accent) for accent in ACCENTS]
    return [*parts, (union(cranes), "funnel")]


def _containers(vessel: Vessel, rng: np.random.Generator, rear: float, front: float, recess: float) -> list[Part]:
    """Containers of one bay, in columns of different height."""
    half = min(vessel.hull.at(rear)[0], vessel.hull.at(front)[0]) - 0.2
    columns = int(half / 0.22)
    if columns < 1 or front - rear < 0.25:
        return []
    deck = min(vessel.deck_height(rear, recess), vessel.deck_height(front, recess))
    wide = 2 * half / columns
    containers: list[Part] = []
    for column in range(columns):
        tiers = max(0, vessel.p.tiers + int(rng.integers(-1, 2)))
        x, low = -half + column * wide, deck - 0.1
        for part in range(min(2, tiers)):
            high = deck + 0.36 * (tiers if part or tiers == 1 else max(1, tiers - 1))
            accent = ACCENTS[int(rng.integers(len(ACCENTS)))]
            containers.append((box_between((x - 0.004, low, rear), (x + wide + 0.004, high, front)), accent))
            low = high - 0.02
    return containers


def _crane(vessel: Vessel, z: float, recess: float) -> Manifold:
    deck = vessel.deck_height(z, recess)
    top = deck + 0.36 * vessel.p.tiers + 1.2
    post = rod((0, deck - 0.2, z), (0, top, z), 0.13, segments=8)
    jib = beam((0, top - 0.2, z), (0, top + 0.5, z + 1.6), 0.16, 0.16)
    return post + jib + box((0.4, 0.4, 0.4), (0, top - 0.2, z))


def _tanker(vessel: Vessel) -> list[Part]:
    p, hull = vessel.p, vessel.hull
    bridge, z0, z1 = _bridge(vessel, 0.0)
    first, last = (z1 + 0.5, vessel.z(0.9)) if p.house_place < 0.5 else (vessel.z(0.06), z0 - 0.4)
    parts = [*vessel.decked_hull(), *vessel.bulbous_bow(), *bridge]
    deck = p.depth
    if p.guns >= 3:
        # A gas carrier: domes of the spherical tanks.
        number = max(2, min(5, p.bays // 2 + 1))
        r = min(0.47 * (last - first) / number, 0.9 * hull.half_beam)
        dome = rounded_dome(r, deck - 0.2, deck + 0.9 * r, 20)
        places = first + (last - first) * (np.arange(number) + 0.5) / number
        parts += [(dome.translate((0, 0, z)), ACCENTS[0]) for z in places]
    else:
        parts.append((_pipes(vessel, first, last), ACCENTS[1]))
    plan = rounded_rectangle(1.2 * hull.at(vessel.z(0.94))[0], 0.7, 0.1) + np.array([0.0, vessel.z(0.94)])
    forecastle = slab(plan, deck - 0.2, hull.at(vessel.z(0.95))[1] + 0.2, 0.03)
    return [*parts, (forecastle, "house")]


def _pipes(vessel: Vessel, first: float, last: float) -> Manifold:
    """Pipes along and across the deck of a tanker, with the derricks of its hoses."""
    p, hull, deck = vessel.p, vessel.hull, vessel.p.depth
    y = deck + 0.14
    solids = [rod((x, y, first - 0.6), (x, y, last), 0.09, segments=6) for x in (-0.22, 0.0, 0.22)]
    for z in np.linspace(first, last, 2 + p.bays):
        half = hull.at(float(z))[0]
        solids.append(box_between((-0.75 * half, deck - 0.1, z - 0.1), (0.75 * half, deck + 0.16, z + 0.1)))
    middle, reach = (first + last) / 2, 0.85 * hull.half_beam
    solids.append(rod((-reach, deck + 0.22, middle), (reach, deck + 0.22, middle), 0.12, segments=6))
    for index in range(p.derricks):
        z = middle + (index - 1) * 1.6
        solids.append(rod((0, deck - 0.1, z), (0, deck + 1.5, z), 0.1, segments=8))
        solids.append(beam((0, deck + 1.4, z), (0.0, deck + 0.9, z + 1.2), 0.14, 0.14))
    return union(solids)


def _turret(size: float, barrels: int, lift: float) -> Manifold:
    """Gun house on its ring, which reaches down by `lift` more than it must; the barrels point forward."""
    side = [(-0.75 * size, 0.0), (0.85 * size, 0.0), (0.65 * size, 0.5 * size), (-0.6 * size, 0.55 * size)]
    solids = [prism(side, -0.62 * size, 0.62 * size, "x")]
    solids.append(cylinder(-0.28 - lift, 0.02, 0.6 * size, segments=14))
    row = np.linspace(-0.35, 0.35, barrels) * size if barrels > 1 else np.zeros(1)
    solids += [rod((x, 0.28 * size, 0.4 * size), (x, 0.5 * size, 2.3 * size), 0.085, 0.07, 8) for x in row]
    return union(solids)


def _warship(vessel: Vessel) -> list[Part]:
    p, hull = vessel.p, vessel.hull
    parts = vessel.decked_hull()
    middle, long = vessel.z(0.48), 3.4 * p.house_length / 0.35
    y, half, tall = p.depth, p.house_width * hull.half_beam, 0.5 * p.house_height
    z0, z1 = middle - long / 2, middle + long / 2
    for level in range(p.decks):
        slant = 0.3 * p.house_slant
        parts += vessel.house((z0, z1), (y - 0.15, y + tall), half, slant, windows=level > 0, back=0.3)
        y, half, z0, z1 = y + tall, 0.85 * half, z0 + 0.22 * long, z1 - 0.1 * long
        long = z1 - z0
    parts += vessel.house((z1 - 0.45 * long - 0.3, z1), (y - 0.1, y + tall), 0.8 * half, 0.2, back=0.2)
    parts.append(vessel.tower_mast(y, z1 - 0.3 * long - 0.2, 0.9 * p.mast_height + 0.2))
    for index in range(p.funnels):
        z = middle - 0.15 * index * 3.4 - 0.1
        parts += vessel.funnel(0.0, p.depth + 0.2, z - 0.3, 0.3, 0.9 + tall)
    for index in range(p.guns):
        lift = 0.4 * (index // 2)
        turret = _turret(0.55 * (0.8 + 0.4 * hull.half_beam), 1 + (p.tiers - 1) % 3, lift)
        if index % 2:
            z, turret = vessel.z(0.14) + index // 2, rotated(turret, "y", 180.0)
        else:
            z = vessel.z(0.8) - 1.15 * (index // 2)
        parts.append((turret.translate((0.0, hull.at(z)[1] + lift, z)), "house"))
    return parts


def _submarine(vessel: Vessel) -> list[Part]:
    p = vessel.p
    r, nose, tail = p.half_beam, 5.0, -5.0
    profile = [(nose - 2.2 * r * (1 - np.cos(a)), r * max(0.06, np.sin(a))) for a in np.linspace(0.06, np.pi / 2, 6)]
    cone = 3.0 + 1.5 * p.transom * 4
    profile += [(tail + cone * (1 - t), r * (1 - 0.9 * t**1.6)) for t in (0.0, 0.35, 0.7, 1.0)]
    outline = superellipse(2.0, 2.0, 2.0 + 0.15 * (p.entry - 2.0), 20)
    hull = body([(z, 0.0, size, size) for z, size in profile], outline)
    sail_z = 0.6 + 3.0 * (p.house_place - 0.4) / 0.18 * 0.5
    height = r + 0.85 * p.house_height
    root = ((0.0, 0.0, sail_z + 0.9), 2.1, 0.5 * p.house_width + 0.1)
    top = ((0.0, height, sail_z + 0.9 - 0.3 * p.house_slant), 1.7, 0.45 * p.house_width)
    tower = [wing([root, top], upright=True)]
    for index in range(1 + p.details):
        z, high = sail_z + 0.4 - 0.3 * index, height + 0.35 + 0.25 * p.mast_height * (index % 2 + 1)
        tower.append(rod((0, height - 0.2, z), (0, high, z), 0.08, segments=8))
    y, z = (0.75 * height, sail_z + 0.5) if p.derricks else (0.0, 3.2)
    planes = [symmetric(wing([((-0.02, y, z), 0.7, 0.16), ((r + 0.75, y, z - 0.15), 0.45, 0.13)]))]
    z = tail + 1.5
    fin = wing([((0.0, -0.02, z), 1.0, 0.2), ((0.0, 1.15 * r + 0.35, z - 0.35), 0.55, 0.14)], upright=True)
    planes += [fin.rotate((0.0, 0.0, (45.0 if p.tiers == 4 else 0.0) + 90.0 * k)) for k in range(4)]
    count, reach = 3 + p.bays // 2, 0.85 * r + 0.15
    blade = box((0.28, reach, 0.14), (0.0, reach / 2, 0.0), 0.04).rotate((0, 35, 0))
    blades = [blade.rotate((0, 0, 360.0 * k / count)) for k in range(count)]
    shaft = rod((0, 0, -0.25), (0, 0, 0.5), 0.16, segments=10)
    screw = union([*blades, shaft]).translate((0, 0, tail - 0.05))
    parts = [(hull, "hull"), (union(tower), "house"), (union(planes), "hull")]
    parts.append((screw, ACCENTS[0]))
    if p.keel > 0.8:
        parts.append((box_between((-0.3 * r, 0.5 * r, -3.0), (0.3 * r, 1.06 * r, 3.2), 0.08), "dark"))
    return parts


def _liner(vessel: Vessel) -> list[Part]:
    p = vessel.p
    parts = vessel.decked_hull()
    y, tall, z0, z1 = p.depth, 0.4 * p.house_height, vessel.z(0.08), vessel.z(0.8)
    half = 0.95 * vessel.hull.at(z1 - 0.6)[0]
    for _ in range(p.decks + 2):
        parts += vessel.house((z0, z1), (y - 0.12, y + tall), half, 0.4)
        y, half, z0, z1 = y + tall, 0.97 * half, z0 + 0.35, z1 - 0.3 - 0.2 * p.house_slant
    for index in range(p.funnels):
        z = z0 + (z1 - z0) * (index + 0.6) / (p.funnels + 0.4)
        parts += vessel.funnel(0.0, y - 0.2, z, 0.42, 1.2 * p.house_height, 0.25)
    parts.append(vessel.pole_mast(y - 0.1, z1 - 0.5, 1.3 * p.mast_height))
    x, y = half + 0.03, p.depth + 0.6 * p.house_height
    places = np.linspace(vessel.z(0.25), vessel.z(0.6), p.bays)
    lifeboats = union([ellipsoid((0.3, 0.32, 0.8), (x, y, z), 8) for z in places])
    return [*parts, (symmetric(lifeboats), "funnel"), *vessel.bulbous_bow()]


def _carrier(vessel: Vessel) -> list[Part]:
    p = vessel.p
    half, y = vessel.hull.half_beam, p.depth
    port = (1.2 + (0.25 + 0.5 * p.house_width)) * half
    starboard_edge = [(1.25 * half, -5.0), (1.35 * half, 2.8), (0.75 * half, 5.3)]
    port_edge = [(-0.7 * half, 5.3), (-0.9 * half, 2.6), (-port, 1.2), (-port, -2.6), (-1.1 * half, -5.0)]
    flight_deck = prism(np.array([*starboard_edge, *port_edge]), y - 0.08, y + 0.16)
    sponson = [(-1.0 * half, 0.35 * y), (1.0 * half, 0.35 * y), (1.25 * half, y), (-1.25 * half, y)]
    middle = 10.0 * (p.house_place - 0.49)
    z0, z1 = middle - 0.8, middle + 0.8
    island: list[Part] = []
    for level in range(p.decks):
        levels = (y + 0.5 * level, y + 0.2 + 0.55 * (level + 1))
        island += vessel.house((z0 + 0.15 * level, z1 - 0.1 * level), levels, 0.3 * half, 0.2)
    island.append(vessel.tower_mast(y + 0.5 * p.decks, (z0 + z1) / 2, 0.8 * p.mast_height))
    aircraft = []
    for index in range(2 * p.details):
        row, column = divmod(index, 2)
        x, z = (-0.55 + 1.1 * column) * half, -3.6 + 1.1 * row + 0.2 * column
        fuselage, wings = box((0.16, 0.18, 0.9), (x, y + 0.22, z), 0.04), box((0.75, 0.12, 0.3), (x, y + 0.2, z - 0.05))
        aircraft.append(union([fuselage, wings, box((0.12, 0.4, 0.2), (x, y + 0.3, z - 0.36))]))
    return [
        *vessel.decked_hull(),
        (flight_deck, "deck"),
        (prism(sponson, -3.5, 2.0, "z"), "hull"),
        *((solid.translate((0.95 * half, 0.0, 0.0)), material) for solid, material in island),
        (union(aircraft), "dark"),
    ]


SHIPS: dict[Ship, Callable[[Vessel], list[Part]]] = {
    "cargo": _cargo,
    "tanker": _tanker,
    "warship": _warship,
    "submarine": _submarine,
    "liner": _liner,
    "carrier": _carrier,
}
"""The parts of a vessel, by style."""
