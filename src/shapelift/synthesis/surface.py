"""Points on the outer surface of a shape."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shapelift.synthesis.occupancy import Solid

_OFFSET = 2e-4  # of the longest side: a sample this far above its face must be outside
_PROBE = 3000
_ROUNDS = 12
_LEAST_OUTER = 0.01
_SKY_RAYS = 3


def sample_surface(
    solid: Solid, count: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Independent points, uniform by area, on the boundary of a solid.

    Parts of faces inside the union of overlapping parts are no boundary: a sample is dropped when the point 2e-4 of the
    longest side above it, along its normal, is inside. On open surfaces a sample that sees the sky in three random
    directions is kept, and for the others the winding number is estimated from six rays. When none of the first 3000
    samples is dropped (a clean solid: less than about 0.1 % of the area could be hidden) the rest is not tested. Walls
    of cavities and single-sided sheets belong to the surface.

    Args:
        solid: The shape.
        count: Number of samples.
        rng: Source of randomness.

    Returns:
        Points `count 3` and unit outward face normals `count 3`, float32, in the frame of the solid.

    Raises:
        ValueError: the surface is empty, has no area, or less than about 1 % of it is on the outside.
    """
    if solid.surface.is_empty:
        raise ValueError("no faces")
    corners = solid.surface.vertices[solid.surface.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    doubled = np.linalg.norm(normals, axis=1)
    ends = np.cumsum(doubled)
    if not ends[-1] > 0.0:
        raise ValueError("no surface area")
    normals /= np.maximum(doubled, 1e-30)[:, None]
    offset = float(np.ptp(corners, axis=(0, 1)).max()) * _OFFSET

    points, face = _draw(corners, ends, min(count, _PROBE), rng)
    outer = _outer(solid, points + offset * normals[face], normals[face], rng)
    share = float(outer.mean())
    found = [(points[outer], face[outer])]
    for _ in range(_ROUNDS):
        missing = count - sum(len(part) for part, _ in found)
        if missing <= 0 or share < _LEAST_OUTER:
            break
        if share == 1.0:
            found.append(_draw(corners, ends, missing, rng))
            continue
        points, face = _draw(corners, ends, int(missing / share * 1.05) + 50, rng)
        outer = _outer(solid, points + offset * normals[face], normals[face], rng)
        found.append((points[outer], face[outer]))
    points = np.concatenate([part for part, _ in found])[:count]
    face = np.concatenate([part for _, part in found])[:count]
    if len(points) < count:
        raise ValueError("hardly any of the surface is on the outside")
    return points.astype(np.float32), normals[face].astype(np.float32)


def _outer(
    solid: Solid, above: npt.NDArray[np.float64], normals: npt.NDArray[np.float64], rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    """Whether points just `above` faces with these unit `normals`, `n 3` each, are outside, `n`."""
    if solid.closed:
        return ~solid.contains(above)
    unseen = np.zeros(len(above), bool)
    rows = np.arange(len(above))
    for _ in range(_SKY_RAYS):
        upward = rng.standard_normal((len(rows), 3))
        upward /= np.linalg.norm(upward, axis=1, keepdims=True)
        upward += normals[rows]  # by the cosine: mostly away from the face
        free = solid.rays.escapes(above[rows], upward)
        unseen[rows[~free]] = True
        rows = rows[free]
    rows = np.flatnonzero(unseen)
    outer = np.ones(len(above), bool)
    outer[rows] = solid.estimated_winding_number(above[rows]) <= 0.5
    return outer


def _draw(
    corners: npt.NDArray[np.float64], ends: npt.NDArray[np.float64], count: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.intp]]:
    """Points `count 3` uniform by area on triangles `f 3 3` with running area `f`, and the face of each."""
    face = np.minimum(np.searchsorted(ends, rng.random(count) * ends[-1], side="right"), len(ends) - 1)
    # the square root makes the fold of the unit square onto the triangle uniform (Turk 1990)
    root, along = np.sqrt(rng.random((count, 1))), rng.random((count, 1))
    triangle = corners[face]
    points = (1.0 - root) * triangle[:, 0] + root * (1.0 - along) * triangle[:, 1] + root * along * triangle[:, 2]
    return points, face
