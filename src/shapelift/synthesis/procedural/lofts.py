"""Swept solids that vehicles and devices are made of: lofts, prisms, wings, wheels.

The bricks of `solids` are exact primitives; these follow a run of cross-sections instead. Everything is in model units
(any scale: the finished asset is normalised), +Y up and front +Z, and comes back as one closed manifold3d solid.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import manifold3d
import numpy as np
import numpy.typing as npt
from manifold3d import CrossSection, FillRule, Manifold

Array = npt.NDArray[np.float64]
Axis = Literal["x", "y", "z"]

#: Rows take the extruder's (a, b, c) to world (x, y, z); the profile axes are (z, y), (x, z) and (x, y).
_FROM_EXTRUDER: dict[str, Array] = {
    "x": np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]),
    "y": np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]),
    "z": np.eye(3),
}


def superellipse(count: int, exponent: float = 2.0, lower_exponent: float | None = None) -> Array:
    """Ring of `count` points, (count, 2), on |x|^e + |y|^e = 1: 2 is a circle, 4 a soft box, 1 a diamond.

    The half below y = 0 takes `lower_exponent` when given. Points run counter-clockwise from angle pi / count,
    so that an even count has flat sides up, down, left and right. Lame's curve in polar form.
    """
    angles = (np.arange(count) + 0.5) * (2 * np.pi / count)
    cosine, sine = np.cos(angles), np.sin(angles)
    lower = exponent if lower_exponent is None else lower_exponent
    power = np.where(sine >= 0, exponent, lower)
    radius = (np.abs(cosine) ** power + np.abs(sine) ** power) ** (-1.0 / power)
    return np.stack([radius * cosine, radius * sine], axis=1)


def rounded_rectangle(half_width: float, half_height: float, radius: float, steps: int = 3) -> Array:
    """Counter-clockwise ring, (4 * (steps + 1), 2), of a centred rectangle with corner `radius` (clipped to fit)."""
    radius = float(np.clip(radius, 1e-4 * min(half_width, half_height), 0.999 * min(half_width, half_height)))
    arc = np.linspace(0.0, np.pi / 2, steps + 1)
    points = []
    for turn, (sx, sy) in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1))):
        angles = arc + turn * np.pi / 2
        points.append(
            np.stack(
                [
                    sx * (half_width - radius) + radius * np.cos(angles),
                    sy * (half_height - radius) + radius * np.sin(angles),
                ],
                axis=1,
            )
        )
    return np.concatenate(points)


def loft(sections: Sequence[npt.ArrayLike] | Array) -> Manifold:
    """Closed solid through k >= 2 rings of n points each, (k, n, 3), joined in order, with fan caps at both ends.

    Rings must be star-shaped around their mean and must not cross each other; either winding is accepted.
    """
    rings = np.asarray(sections, dtype=np.float64)
    if rings.ndim != 3 or rings.shape[0] < 2 or rings.shape[1] < 3 or rings.shape[2] != 3:
        raise ValueError(f"sections must be (k >= 2, n >= 3, 3), not {rings.shape}")
    rows, count = rings.shape[:2]
    vertices = np.concatenate([rings.reshape(-1, 3), rings[:1].mean(axis=1), rings[-1:].mean(axis=1)])
    here = np.arange(count)
    after = (here + 1) % count
    offset = np.arange(rows - 1)[:, None] * count
    a, b = (offset + here).ravel(), (offset + after).ravel()
    c, d = a + count, b + count
    last = (rows - 1) * count
    faces = np.concatenate(
        [
            np.stack([a, b, d], axis=1),
            np.stack([a, d, c], axis=1),
            np.stack([np.full(count, rows * count), after, here], axis=1),
            np.stack([np.full(count, rows * count + 1), last + here, last + after], axis=1),
        ]
    )
    corners = vertices[faces] - vertices.mean(axis=0)
    if np.einsum("ij,ij->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) < 0:
        faces = faces[:, ::-1]
    mesh = manifold3d.Mesh(
        vert_properties=np.ascontiguousarray(vertices, dtype=np.float32),
        tri_verts=np.ascontiguousarray(faces, dtype=np.uint32),
    )
    return Manifold(mesh)


def prism(profile: npt.ArrayLike, axis: Axis, low: float, high: float) -> Manifold:
    """Solid of a simple polygon (n, 2), concave allowed, swept along `axis` from `low` to `high`.

    The profile's two columns are (z, y) for axis x (a side view), (x, z) for axis y (a plan) and (x, y) for axis z.
    """
    outline = CrossSection([np.asarray(profile, dtype=np.float64)], FillRule.EvenOdd)
    solid = outline.extrude(high - low)
    matrix = np.zeros((3, 4))
    matrix[:, :3] = _FROM_EXTRUDER[axis]
    row = "xyz".index(axis)
    matrix[row, 3] = high if matrix[row, 2] < 0 else low
    return solid.transform(matrix)


def block(x: tuple[float, float], y: tuple[float, float], z: tuple[float, float]) -> Manifold:
    """Axis-aligned cuboid between the given limits on each axis."""
    size = (x[1] - x[0], y[1] - y[0], z[1] - z[0])
    return Manifold.cube(size).translate((x[0], y[0], z[0]))


def rounded_block(
    x: tuple[float, float], y: tuple[float, float], z: tuple[float, float], radius: float, axis: Axis = "z", steps: int = 3
) -> Manifold:
    """Cuboid whose four edges parallel to `axis` are rounded with `radius`."""
    spans = {"x": (z, y, x), "y": (x, z, y), "z": (x, y, z)}[axis]
    first, second, along = spans
    ring = rounded_rectangle((first[1] - first[0]) / 2, (second[1] - second[0]) / 2, radius, steps)
    ring += ((first[0] + first[1]) / 2, (second[0] + second[1]) / 2)
    return prism(ring, axis, *along)


def rod(start: npt.ArrayLike, end: npt.ArrayLike, radius: float, end_radius: float | None = None, segments: int = 10) -> Manifold:
    """Straight round bar (or frustum) between two points (3,)."""
    first, second = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    direction = second - first
    length = float(np.linalg.norm(direction))
    direction = direction / length
    helper = np.array([1.0, 0.0, 0.0]) if abs(direction[0]) < 0.9 else np.array([0.0, 1.0, 0.0])
    side = np.cross(direction, helper)
    side /= np.linalg.norm(side)
    matrix = np.stack([side, np.cross(direction, side), direction, first], axis=1)
    last = radius if end_radius is None else end_radius
    return Manifold.cylinder(length, radius, last, segments).transform(matrix)


def lathe(profile: npt.ArrayLike, axis: Axis, segments: int = 24) -> Manifold:
    """Solid of revolution about `axis` through the origin; `profile` (n, 2) holds (radius >= 0, position on the axis)."""
    outline = CrossSection([np.asarray(profile, dtype=np.float64)], FillRule.EvenOdd)
    turned = outline.revolve(segments)
    if axis == "z":
        return turned
    matrix = np.zeros((3, 4))
    # Cyclic permutations keep the handedness, so faces stay outward.
    matrix[:, :3] = np.roll(np.eye(3), {"x": 1, "y": 2}[axis], axis=0)
    return turned.transform(matrix)


def ellipsoid(centre: npt.ArrayLike, radii: npt.ArrayLike, segments: int = 16) -> Manifold:
    """Axis-aligned ellipsoid with `segments` around its equator (a multiple of four)."""
    radii = np.asarray(radii, dtype=np.float64)
    centre = np.asarray(centre, dtype=np.float64)
    return Manifold.sphere(1.0, segments).scale(radii.tolist()).translate(centre.tolist())


def body_of_sections(stations: Sequence[tuple[float, float, float, float]], ring: Array) -> Manifold:
    """Loft along z: each station is (z, y of the centre, half width, half height) and scales `ring` (n, 2)."""
    rings = np.empty((len(stations), len(ring), 3))
    for row, (z, y, half_width, half_height) in enumerate(stations):
        rings[row, :, 0] = ring[:, 0] * half_width
        rings[row, :, 1] = y + ring[:, 1] * half_height
        rings[row, :, 2] = z
    return loft(rings)


#: Half thickness of a symmetric section at fractions of the chord, relative to its maximum (NACA four-digit, closed blunt).
_CHORD_FRACTION = np.array([0.0, 0.03, 0.12, 0.3, 0.55, 0.8, 1.0])
_HALF_THICKNESS = np.array([0.12, 0.5, 0.84, 1.0, 0.84, 0.5, 0.2])


def airfoil(chord: float, thickness: float) -> Array:
    """Symmetric section ring (14, 2): columns (toward the trailing edge 0..chord, up); `thickness` is the full maximum."""
    upper = np.stack([_CHORD_FRACTION * chord, _HALF_THICKNESS * thickness / 2], axis=1)
    return np.concatenate([upper, upper[::-1] * (1.0, -1.0)])


def wing(stations: Sequence[tuple[npt.ArrayLike, float, float]], upright: bool = False) -> Manifold:
    """Wing through sections (leading edge point (3,), chord, thickness); chords point toward -Z.

    Sections lie in planes of constant x; with `upright` in planes of constant y (fins, winglets).
    """
    rings = []
    for edge, chord, thickness in stations:
        section = airfoil(chord, thickness)
        ring = np.zeros((len(section), 3))
        ring[:, 2] = -section[:, 0]
        ring[:, 0 if upright else 1] = section[:, 1]
        rings.append(ring + np.asarray(edge, dtype=np.float64))
    return loft(rings)


def both_sides(solid: Manifold) -> Manifold:
    """The solid together with its mirror image in the plane x = 0."""
    return solid + solid.mirror((1.0, 0.0, 0.0))


def joined(solids: Sequence[Manifold]) -> Manifold:
    """Union of several solids in one boolean."""
    return Manifold.batch_boolean(list(solids), manifold3d.OpType.Add)


def cut(solid: Manifold, cutters: Sequence[Manifold]) -> Manifold:
    """`solid` without the cutters; the new walls count as its own, so they keep its material."""
    if not cutters:
        return solid
    return Manifold.batch_boolean([solid, *cutters], manifold3d.OpType.Subtract).as_original()
