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


def sample_boundary(
    solid: Solid, count: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Independent points, uniform by area, on the boundary of a solid.

    Parts of faces inside the union of overlapping parts are no boundary: a sample is dropped when the point 2e-4 of the
    longest side above it, along its normal, is inside. On open surfaces a sample that sees the sky in three random
    directions is kept, and for the others the winding number is estimated from six rays. When none of the first 3000
    samples is dropped (a clean solid: less than about 0.1 % of the area could be hidden) the rest is not tested. Walls
    of cavities belong to the surface, and so do both sides and the round rims of sheets, half their thickness from the
    faces; along a fold of a sheet its outer side, less than that wide, has no samples.

    Args:
        solid: The shape.
        count: Number of samples.
        rng: Source of randomness.

    Returns:
        Points `count 3` and unit outward normals `count 3`, float32, in the frame of the solid.

    Raises:
        ValueError: the surface is empty, has no area, or less than about 1 % of it is on the outside.
    """
    if solid.surface.is_empty:
        raise ValueError("no faces")
    boundary = _Boundary(solid)
    if not boundary.area > 0.0:
        raise ValueError("no surface area")
    offset = float(np.ptp(solid.surface.vertices[solid.surface.faces], axis=(0, 1)).max()) * _OFFSET

    points, normals = boundary.draw(min(count, _PROBE), rng)
    outer = _outer(solid, points + offset * normals, normals, rng)
    share = float(outer.mean())
    found = [(points[outer], normals[outer])]
    for _ in range(_ROUNDS):
        missing = count - sum(len(part) for part, _ in found)
        if missing <= 0 or share < _LEAST_OUTER:
            break
        if share == 1.0:
            found.append(boundary.draw(missing, rng))
            continue
        points, normals = boundary.draw(int(missing / share * 1.05) + 50, rng)
        outer = _outer(solid, points + offset * normals, normals, rng)
        found.append((points[outer], normals[outer]))
    points = np.concatenate([part for part, _ in found])[:count]
    normals = np.concatenate([part for _, part in found])[:count]
    if len(points) < count:
        raise ValueError("hardly any of the surface is on the outside")
    return points.astype(np.float32), normals.astype(np.float32)


class _Boundary:
    """What the boundary of a solid is a part of: its faces, both sides of its sheets, and their round rims."""

    def __init__(self, solid: Solid) -> None:
        sheets = solid.sheets
        self._rims = np.zeros((0, 3, 3))
        if sheets is None:
            self._corners = solid.surface.vertices[solid.surface.faces]
            self._radius = 0.0
        else:
            lift = sheets.radius * _unit(_crosses(sheets.corners))[:, None]
            below = sheets.corners[:, ::-1] - lift
            self._corners = np.concatenate([sheets.bounding, sheets.corners + lift, below])
            self._rims, self._radius = sheets.rims, sheets.radius
        crosses = _crosses(self._corners)
        self._normals = _unit(crosses)
        # twice the areas, of a rim those of half a cylinder
        doubled = np.linalg.norm(crosses, axis=1)
        if len(self._rims):
            lengths = np.linalg.norm(self._rims[:, 1] - self._rims[:, 0], axis=1)
            doubled = np.concatenate([doubled, 2.0 * np.pi * self._radius * lengths])
        self._ends = np.cumsum(doubled)

    @property
    def area(self) -> float:
        return float(self._ends[-1]) / 2.0

    def draw(self, count: int, rng: np.random.Generator) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Points uniform by area and unit normals, `count 3` each."""
        ends = self._ends
        piece = np.minimum(np.searchsorted(ends, rng.random(count) * ends[-1], side="right"), len(ends) - 1)
        # the square root makes the fold of the unit square onto the triangle uniform (Turk 1990)
        root, along = np.sqrt(rng.random((count, 1))), rng.random((count, 1))
        on_rim = np.flatnonzero(piece >= len(self._corners))
        face = np.where(piece >= len(self._corners), 0, piece)
        triangle = self._corners[face]
        points = (1.0 - root) * triangle[:, 0] + root * (1.0 - along) * triangle[:, 1] + root * along * triangle[:, 2]
        normals = self._normals[face]
        if len(on_rim):
            start, end, third = self._rims[piece[on_rim] - len(self._corners)].swapaxes(0, 1)
            edge, up = _unit(end - start), _unit(np.cross(end - start, third - start))
            angle = np.pi * (along[on_rim] - 0.5)
            normals[on_rim] = np.cos(angle) * np.cross(edge, up) + np.sin(angle) * up
            points[on_rim] = start + root[on_rim] ** 2 * (end - start) + self._radius * normals[on_rim]
        return points, normals


def _outer(
    solid: Solid, above: npt.NDArray[np.float64], normals: npt.NDArray[np.float64], rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    """Whether points just `above` faces with these unit `normals`, `n 3` each, are outside, `n`."""
    if solid.closed:
        return ~solid.contains(above)
    outer, unseen = np.ones(len(above), bool), np.zeros(len(above), bool)
    if solid.sheets is not None:
        outer = ~solid.sheets.contains(above)
    rows = np.flatnonzero(outer)
    for _ in range(_SKY_RAYS):
        upward = rng.standard_normal((len(rows), 3))
        upward /= np.linalg.norm(upward, axis=1, keepdims=True)
        upward += normals[rows]  # by the cosine: mostly away from the face
        free = solid.rays.escapes(above[rows], upward)
        unseen[rows[~free]] = True
        rows = rows[free]
    rows = np.flatnonzero(unseen)
    outer[rows] = solid.estimated_winding_number(above[rows]) <= 0.5
    return outer


def _crosses(corners: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))


def _unit(vectors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1), 1e-30)[:, None])
