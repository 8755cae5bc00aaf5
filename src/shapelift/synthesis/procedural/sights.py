"""What one aims a rifle with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.procedural.lofts import lathe
from shapelift.synthesis.procedural.solids import Part, difference, prism, rod, span, union

if TYPE_CHECKING:
    from shapelift.synthesis.procedural.gunsmith import Gunsmith


def sights(smith: Gunsmith) -> list[Part]:
    """Iron sights, a telescope, a reflex sight or a carrying handle on top of the receiver."""
    p = smith.p
    top = smith.top + (0.1 if p.rail else 0.0)
    front_z = p.barrel_length - (0.35 if p.style in {"hunting", "lever", "shotgun"} else 0.55)
    y = p.barrel_radius
    post = [
        (front_z - 0.22, y - 0.12),
        (front_z + 0.22, y - 0.12),
        (front_z + 0.1, y + 0.42),
        (front_z - 0.08, y + 0.42),
    ]
    if p.style in {"hunting", "lever", "shotgun"}:
        post = [(front_z - 0.25, y - 0.1), (front_z + 0.1, y - 0.1), (front_z + 0.1, y + 0.16)]
    parts: list[Part] = []
    if p.sight in {"iron", "handle"}:
        parts.append((prism(np.array(post), -0.08, 0.08, "x"), smith.finish.steel))
    if p.sight == "iron":
        rear = span((-0.16, top - 0.15, smith.rear + 0.3), (0.16, top + 0.24, smith.rear + 0.55))
        parts.append((difference(rear, [span((-0.06, top + 0.1, -99), (0.06, top + 1, 99))]), smith.finish.steel))
    elif p.sight == "handle":
        parts.append((_carry_handle(smith, top), smith.finish.receiver))
    elif p.sight == "dot":
        z = 0.55 * smith.rear
        tube = rod((0, top + 0.36, z - 0.4), (0, top + 0.36, z + 0.4), 0.25, segments=14)
        hollow = [
            rod((0, top + 0.36, z + side * 0.28), (0, top + 0.36, z + side), 0.18, segments=12) for side in (-1, 1)
        ]
        foot = span((-0.14, top - 0.15, z - 0.3), (0.14, top + 0.25, z + 0.3))
        lens = rod((0, top + 0.36, z - 0.3), (0, top + 0.36, z + 0.3), 0.19, segments=12)
        parts += [(difference(tube, hollow) + foot, smith.finish.optic), (lens, smith.finish.lens)]
    else:
        parts += _scope(smith, top)
    return parts


def _carry_handle(smith: Gunsmith, top: float) -> Manifold:
    z0, z1 = smith.rear + 0.25, min(smith.rear + 2.4, -0.1)
    if smith.p.style == "bullpup":
        z0, z1 = smith.rear + 2.2, -0.2
    outer = [(z0, top - 0.1), (z1, top - 0.1), (z1 - 0.35, top + 0.62), (z0 + 0.05, top + 0.62)]
    inner = [(z0 + 0.3, top + 0.08), (z1 - 0.32, top + 0.08), (z1 - 0.55, top + 0.42), (z0 + 0.35, top + 0.42)]
    return prism([np.array(outer), np.array(inner)], -0.15, 0.15, "x")


def _scope(smith: Gunsmith, top: float) -> list[Part]:
    p = smith.p
    r, length = p.scope_radius, p.scope_length
    middle = 0.5 * smith.rear + 0.15
    y = top + 1.75 * r + 0.02
    back, front = middle - length / 2, middle + length / 2
    profile = [
        (0.0, back + 0.04),
        (1.3 * r, back),
        (1.45 * r, back + 0.1),
        (1.4 * r, back + 0.2 * length),
        (r, back + 0.3 * length),
    ]
    profile += [
        (r, front - 0.38 * length),
        (1.7 * r, front - 0.16 * length),
        (1.75 * r, front),
        (1.5 * r, front),
        (1.5 * r, front - 0.12),
        (0.0, front - 0.12),
    ]
    tube = lathe(profile, "z", 18, (0.0, y, 0.0))
    # Turrets for elevation and windage.
    knobs = rod((0, y, middle), (0, y + 2.2 * r, middle), 0.75 * r, segments=12) + rod(
        (0, y, middle), (2.1 * r, y, middle), 0.7 * r, segments=12
    )
    rings = []
    for z in (max(middle - 0.24 * length, smith.rear + 0.15), min(middle + 0.17 * length, -0.1)):
        rings.append(span((-0.16, smith.low + 0.3, z - 0.14), (0.16, y, z + 0.14)))
        rings.append(rod((0, y, z - 0.14), (0, y, z + 0.14), 1.3 * r, segments=14))
    lens = rod((0, y, front - 0.3), (0, y, front - 0.08), 1.52 * r, segments=18)
    return [(union([tube, knobs, *rings]), smith.finish.optic), (lens, smith.finish.lens)]
