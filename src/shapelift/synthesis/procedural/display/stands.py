"""What a flat panel stands on or hangs from; the ground is y = 0."""

from __future__ import annotations

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.procedural.display.parameters import DisplayParameters
from shapelift.synthesis.procedural.solids import (
    SIDES,
    Array,
    beam,
    box,
    box_between,
    circular_pattern,
    cylinder,
    ellipse,
    ellipsoid,
    rectangle,
    rod,
    rotated,
    rounded_rectangle,
    slab,
    stack,
    tube,
)


def stand(p: DisplayParameters) -> list[Manifold]:
    """The stand of a single panel."""
    builders = {
        "block": _block,
        "feet": _feet,
        "vee": _vee,
        "easel": _easel,
        "arm": _arm,
        "ring": _ring,
        "wall": _wall,
        "tripod": _tripod,
    }
    return builders.get(p.stand, _neck_on_base)(p)


def placed(p: DisplayParameters, solid: Manifold) -> Manifold:
    """A solid around the middle of the panel, tilted and lifted to where the panel is."""
    return rotated(solid, "x", -p.tilt_deg).translate((0.0, p.middle, 0.0))


def _mount(p: DisplayParameters) -> Array:
    """Where the stand meets the back of the panel: below its middle, inside the thickness."""
    below = -0.18 * p.height
    lean = np.radians(p.tilt_deg)
    return np.array([0.0, p.middle + below, -(0.6 * p.thickness) * np.cos(lean) + below * np.sin(-lean)])


def _neck_z(p: DisplayParameters) -> float:
    """Where the neck stands behind the panel."""
    return -(p.thickness + max(p.neck_depth, 0.022) + (p.back_depth if p.back != "flat" else 0.012))


def _neck(p: DisplayParameters) -> list[Manifold]:
    """Column from the base up to a bracket on the back."""
    _, y, z = _mount(p)
    neck_z, thickness = _neck_z(p), max(p.neck_depth, 0.022)
    foot, head = (0.0, 0.4 * p.base_height, neck_z - p.neck_lean), (0.0, y + 0.02, neck_z)
    column = beam(foot, head, p.neck_width, thickness, (0.0, 0.0, 1.0))
    half = min(p.neck_width, 0.2) / 2 + 0.01
    return [column, box_between((-half, y - 0.05, neck_z - 0.2 * thickness), (half, y + 0.05, z))]


def _neck_on_base(p: DisplayParameters) -> list[Manifold]:
    """A neck on a flat base."""
    depth = p.base_depth + 0.1 + p.neck_lean + p.back_depth
    if p.stand == "disc":
        radius = 0.5 * max(depth, 0.75 * p.base_width)
        base = cylinder(0.0, p.base_height, radius, 0.9 * radius, 28)
    else:
        outline = (
            ellipse(p.base_width, depth, 32)
            if p.stand == "oval"
            else rounded_rectangle(p.base_width, depth, 0.3 * p.corner + 0.01)
        )
        base = slab(outline, 0.0, p.base_height, 0.3 * p.base_height)
    z = -0.4 * (p.thickness + p.neck_depth + p.back_depth) - 0.5 * p.neck_lean
    return [base.translate((0.0, 0.0, z)), *_neck(p)]


def _block(p: DisplayParameters) -> list[Manifold]:
    """A wedge that widens to the ground."""
    levels = [(0.0, 1.0), (p.clearance + 0.06 * p.height, 0.45 + p.neck_width)]
    body = stack(rectangle(p.base_width, p.base_depth + 0.1), levels)
    return [body.translate((0.0, 0.0, -0.5 * p.thickness))]


def _feet(p: DisplayParameters) -> list[Manifold]:
    """Two legs near the ends of the lower edge."""
    x, z = 0.26 + 0.3 * p.base_width, 0.5 * p.base_depth
    t = 0.5 * p.base_height + 0.012
    lean = np.radians(p.tilt_deg)
    rise = 0.5 * p.height * (1 - np.cos(lean))
    top_y = p.clearance + 0.3 * p.bezel + 0.02 + rise
    top_z = -0.5 * p.thickness + 4 * p.curve * x**2 + 0.5 * p.height * np.sin(lean)
    solids = []
    for s in SIDES:
        head, foot = np.array([s * x, top_y, top_z]), np.array([s * (x + p.neck_lean), t / 2, top_z])
        rear, front = (foot + np.array([0.0, 0.0, d * z]) for d in SIDES)
        solids.append(beam(head, foot, t, t, (0.0, 0.0, 1.0)))
        if p.buttons % 2:
            solids += [beam(head, end, t, t, (1.0, 0.0, 0.0)) for end in (rear, front)]
        solids.append(beam(rear, front, t, t))
    return solids


def _vee(p: DisplayParameters) -> list[Manifold]:
    """A neck on two bars that run from its foot outwards to the front."""
    neck_z, t = _neck_z(p), max(p.base_height, 0.022)
    hub = np.array([0.0, 0.5 * p.base_height, neck_z - p.neck_lean])
    solids = _neck(p)
    for s in SIDES:
        tip = hub + np.array([s * 0.6 * p.base_width, 0.0, p.base_depth - neck_z + p.neck_lean])
        tail = hub + np.array([s * 0.3 * p.base_width, 0.0, -0.4 * p.base_depth])
        solids += [beam(hub - (tip - hub) * 0.08, tip, 1.3 * t, t), beam(hub, tail, 1.3 * t, t)]
    return solids


def _easel(p: DisplayParameters) -> list[Manifold]:
    """A strut behind, two small feet below."""
    mount, t, lean = _mount(p), max(p.neck_depth * 0.6, 0.022), np.radians(p.tilt_deg)
    foot = (0.0, t / 2, mount[2] - 0.3 - 0.3 * p.base_depth)
    strut = beam(mount + np.array([0.0, 0.1 * p.height, 0.0]), foot, p.neck_width, t, (0.0, 0.0, 1.0))
    y = p.middle - 0.5 * p.height * np.cos(lean) + 0.02
    z = -0.5 * p.thickness + 0.5 * p.height * np.sin(lean) + 4 * p.curve * 0.09
    return [strut, *[box_between((s * 0.3 - 0.03, 0.0, z - 0.03), (s * 0.3 + 0.03, y, z + 0.03)) for s in SIDES]]


def _arm(p: DisplayParameters) -> list[Manifold]:
    """Desk clamp, pole and a two-part arm."""
    mount = _mount(p)
    behind = mount[2] - 0.12 - p.back_depth
    r = 0.3 * p.neck_depth + 0.014
    elbow = np.array([0.12 + p.neck_lean, mount[1] - 0.02, behind - 0.1])
    shoulder = np.array([0.0, mount[1] - 0.04, behind - 0.25])
    z = shoulder[2]
    return [
        rod((0.0, 0.0, z), shoulder + np.array([0.0, 0.1, 0.0]), 1.2 * r, segments=12),
        rod(shoulder, elbow, r, segments=10),
        ellipsoid((3.2 * r, 3.2 * r, 3.2 * r), elbow, 12),
        rod(elbow, mount, r, segments=10),
        box((0.14, 0.14, 0.05 + p.back_depth), mount - [0.0, 0.0, 0.5 * p.back_depth + 0.01], 0.006),
        box((0.18, p.base_height + 0.02, 0.5 * p.base_depth + 0.05), (0.0, 0.5 * p.base_height + 0.01, z)),
    ]


def _ring(p: DisplayParameters) -> list[Manifold]:
    """A hoop of bent bar that holds the panel from behind."""
    _, y, z = mount = _mount(p)
    r = 0.25 * p.neck_depth + 0.011
    w, front = 0.5 * p.base_width, 0.5 * p.base_depth
    rear = z - 0.5 * p.base_depth - p.back_depth
    hoop = tube([(-w, r, front), (w, r, front), (w, r, rear), (-w, r, rear)], r, 8, closed=True)
    grip = mount - [0.0, 0.0, 2 * r + p.back_depth]
    uprights = [rod((s * 0.5 * w, r, rear), grip + np.array([s * 0.3 * w, 0.0, 0.0]), r, segments=8) for s in SIDES]
    return [hoop, *uprights, box_between((-0.4 * w, y - 0.05, z - 3 * r - p.back_depth), (0.4 * w, y + 0.05, z))]


def _wall(p: DisplayParameters) -> list[Manifold]:
    """Plate on the wall and rails on the back."""
    gap = p.thickness + p.back_depth + 0.02 + 0.3 * p.neck_depth
    front = -0.5 * p.thickness
    plate = box((0.6 * p.base_width, 0.45 * p.height, 0.025), (0.0, 0.0, front - gap), 0.004)
    tall, x = (0.2 + 0.1 * p.neck_width) * p.height, 0.2 * p.base_width
    rails = [box_between((s * x - 0.015, -tall, front - gap), (s * x + 0.015, tall, front)) for s in SIDES]
    return [placed(p, solid) for solid in [plate, *rails]]


def _tripod(p: DisplayParameters) -> list[Manifold]:
    """Floor stand with three spread legs."""
    hub = np.array([0.0, 0.0, _neck_z(p) - p.neck_lean])
    t, top = p.base_height * 0.5 + 0.01, p.clearance * 0.6
    leg = rod((0.0, top + 0.05, 0.0), (0.7 * p.base_width, t, 0.0), t, segments=8)
    legs = [solid.translate(hub) for solid in circular_pattern(leg, 3, -90.0)]
    return [*_neck(p), *legs, rod(hub, hub + np.array([0.0, top + 0.08, 0.0]), 1.6 * t, segments=10)]
