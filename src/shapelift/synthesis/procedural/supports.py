"""Supports that several kinds of furniture share: legs, stretchers, aprons, pedestals and star bases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.procedural.solids import (
    Array,
    Vector,
    beam,
    circular_pattern,
    cylinder,
    ellipse,
    ellipsoid,
    post,
    prism,
    rectangle,
    regular_polygon,
    revolve,
    rod,
    smooth_curve,
    sweep,
    tube,
)

LegShape = Literal["square", "round", "turned", "saber", "octagon", "hairpin", "bulb"]
Stretcher = Literal["none", "box", "h", "x", "sides", "front"]
PedestalFoot = Literal["disc", "trumpet", "dome"]

# (height fraction, scale of the section) of legs shaped on a lathe
_TURNED = ((0, 0.55), (0.1, 0.75), (0.14, 0.5), (0.5, 0.95), (0.62, 0.6), (0.66, 0.85), (0.7, 0.6), (0.76, 1), (1, 1))
_BULB = ((0, 0.5), (0.06, 0.8), (0.14, 0.5), (0.4, 1.35), (0.62, 0.6), (0.72, 1.0), (1, 1.0))


def leg(bottom: Vector, top: Vector, width: float, shape: LegShape, taper: float = 1.0) -> Manifold:
    """One leg with level ends.

    Args:
        bottom: Middle `3` of the foot.
        top: Middle `3` of the upper end.
        width: Thickness at the top.
        shape: Of leg.
        taper: Thickness at the floor relative to that at the top.
    """
    start, end = np.asarray(bottom, dtype=np.float64), np.asarray(top, dtype=np.float64)
    if shape == "hairpin":
        return _hairpin(start, end, width)
    if shape == "saber":
        outward = np.array([start[0] + end[0], 0.0, start[2] + end[2]])
        outward *= 0.12 * abs(end[1] - start[1]) / max(float(np.linalg.norm(outward)), 1e-9)
        control = [end, end * 0.6 + start * 0.4 - outward * 0.5, start * 0.8 + end * 0.2, start + outward]
        path = smooth_curve(control, 7)
        return sweep(path, rectangle(width, width), np.linspace(1.0, taper, 7), up=(0.0, 0.0, 1.0))
    if shape in {"turned", "bulb"}:
        return post(start, end, ellipse(width * 1.3, width * 1.3, 12), _TURNED if shape == "turned" else _BULB)
    outline = {
        "square": rectangle(width, width),
        "round": ellipse(width, width, 12),
        "octagon": regular_polygon(8, width / 2, 22.5),
    }[shape]
    return post(start, end, outline, ((0.0, taper), (1.0, 1.0)))


def column_shape(shape: LegShape) -> LegShape:
    """The shape, if one column in the middle can have it, else a round one."""
    return shape if shape in {"square", "turned", "bulb"} else "round"


def _hairpin(start: Array, end: Array, width: float) -> Manifold:
    """Bent steel rod: two strands from the plate down to one foot."""
    radius = max(0.18 * width, 0.008)
    inward_x = np.array([-1.6 * width * np.sign(end[0]), 0.0, 0.0])
    inward_z = np.array([0.0, 0.0, -1.6 * width * np.sign(end[2])])
    foot = start + np.array([0.0, radius, 0.0])
    return tube([end + inward_x, foot + 0.2 * inward_x, foot + 0.2 * inward_z, end + inward_z], radius, 8)


def corners(half_width: float, half_depth: float, height: float, splay: float, at: float) -> Array:
    """Points `4 3` on the axes of four legs at one height, counter-clockwise seen from above, front right first.

    Args:
        half_width: Half side in x of the rectangle that the axes meet at `height`.
        half_depth: Half side in z.
        height: Of the rectangle.
        splay: How much further out the axes stand on the floor, in x and in z.
        at: Height of the points.
    """
    out = splay * (1 - at / height)
    x, z = half_width + out, half_depth + out
    return np.array([[x, at, z], [x, at, -z], [-x, at, -z], [-x, at, z]])


@dataclass(frozen=True)
class FourLegs:
    """Legs from the floor to the corners of a rectangle at height `top`; see `corners` and `leg`."""

    half_width: float
    half_depth: float
    top: float
    width: float
    shape: LegShape
    taper: float
    splay: float

    def solids(self) -> list[Manifold]:
        """The legs."""
        return [
            leg(foot, head, self.width, self.shape, self.taper)
            for foot, head in zip(self._at(0.0), self._at(self.top), strict=True)
        ]

    def stretchers(self, kind: Stretcher, height: float, thickness: float) -> list[Manifold]:
        """Bars between the legs; none where legs are bent.

        Args:
            kind: Which legs are joined.
            height: Of the middles of the bars.
            thickness: Of the bars.
        """
        if self.shape in {"saber", "hairpin"}:
            return []
        return stretchers(self._at(height), kind, thickness, self.shape != "square")

    def _at(self, height: float) -> Array:
        return corners(self.half_width, self.half_depth, self.top, self.splay, height)


def apron(half_width: float, half_depth: float, thickness: float, low: float, high: float) -> Manifold:
    """Boards below a seat or a top, along a rectangle.

    Args:
        half_width: Half side in x of the rectangle along the middles of the boards.
        half_depth: Half side in z.
        thickness: Of the boards.
        low: Height of the lower edge.
        high: Height of the upper edge.
    """
    x, z, t = half_width, half_depth, thickness / 2
    return prism(rectangle(2 * (x + t), 2 * (z + t)), low, high, holes=[rectangle(2 * (x - t), 2 * (z - t))])


def stretchers(points: Array, kind: Stretcher, thickness: float, round_bars: bool = False) -> list[Manifold]:
    """Bars between four legs.

    Args:
        points: One `3` on each leg, `4 3`, in the order of `corners`.
        kind: Which legs are joined.
        thickness: Of the bars.
        round_bars: Rods instead of beams.
    """
    front_right, back_right, back_left, front_left = points
    middle_right, middle_left = (front_right + back_right) / 2, (front_left + back_left) / 2
    sides = [(front_right, back_right), (front_left, back_left)]
    pairs: dict[Stretcher, list[tuple[Array, Array]]] = {
        "none": [],
        "sides": sides,
        "front": [(front_right, front_left)],
        "box": [*sides, (front_right, front_left), (back_right, back_left)],
        "h": [*sides, (middle_right, middle_left)],
        "x": [(front_right, back_left), (front_left, back_right)],
    }
    if round_bars:
        return [rod(a, b, thickness / 2, segments=10) for a, b in pairs[kind]]
    return [beam(a, b, thickness * 0.7, thickness) for a, b in pairs[kind]]


def star_base(spokes: int, radius: float, height: float, thickness: float, casters: bool) -> list[Manifold]:
    """Feet of an office chair: tapering spokes from a hub.

    Args:
        spokes: Number of them.
        radius: To the tips.
        height: Of the hub.
        thickness: Of the spokes at the hub.
        casters: Wheels at the tips, or else glides.
    """
    tip_y = 0.07 if casters else 0.6 * thickness
    path = [(0.0, height, 0.0), (radius, tip_y, 0.0)]
    spoke = sweep(path, rectangle(thickness * 1.1, thickness), (1.0, 0.7))
    if casters:
        wheel = rod((0.0, 0.03, -0.022), (0.0, 0.03, 0.022), 0.03, segments=14)
        end = cylinder(0.03, tip_y + 0.01, 0.3 * thickness, segments=8) + wheel
    else:
        end = cylinder(0.0, tip_y + 0.01, 0.45 * thickness, segments=10)
    return circular_pattern(spoke, spokes) + circular_pattern(end.translate((radius * 0.96, 0.0, 0.0)), spokes)


def pedestal(height: float, column: float, foot: float, flare: float, kind: PedestalFoot) -> list[Manifold]:
    """Round column on a round foot.

    Args:
        height: Of the whole.
        column: Radius of the column.
        foot: Radius of the foot.
        flare: Thickness of the foot.
        kind: Shape of the foot.
    """
    if kind == "trumpet":
        levels = np.linspace(0.0, 1.0, 9)
        radii = column + (foot - column) * (1 - levels) ** 4 + 0.25 * (foot - column) * levels**5
        edge = [(r, 0.4 * flare + y * (height - 0.4 * flare)) for r, y in zip(radii, levels, strict=True)]
        return [revolve([(0.0, 0.0), (foot, 0.0), *edge, (0.0, height)])]
    base = cylinder(0.0, flare, foot, foot * 0.94)
    if kind == "dome":
        base = ellipsoid((2 * foot, 4 * flare, 2 * foot), segments=24).trim_by_plane((0.0, 1.0, 0.0), 0.0)
    return [base, cylinder(0.0, height, column, segments=16)]
