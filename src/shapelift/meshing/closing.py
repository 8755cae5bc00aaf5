"""From points without directions to a solid: all that no ball of one radius can reach from outside past the points.

This is morphological closing. Balls around the points grow until they touch, what they enclose is filled, and the whole
shrinks again by nearly as much. What is left is the complement of every empty ball that can get there from outside, as
in the alpha shapes of Edelsbrunner and Mücke ("Three-dimensional alpha shapes", ACM Transactions on Graphics 1994). It
needs no normals and no guess of their signs, keeps parts as thin as a single layer of points, and bridges gaps up to
twice the radius; where a surface is smooth it is less smooth than one from normals.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Values = npt.NDArray[np.float32]
_Tree = Any

_NEIGHBOR = 6
"""How many neighbours the distance between points is measured by."""
RADIUS = 1.4
"""Radius of the balls in distances to that neighbour, of the 90 % of points that have it nearest."""
REMAINS = 0.07
"""Share of the radius that is not taken back. Balls sink between the points of a single layer, on a square lattice by
0.066 of the radius, and must not meet those from the other side."""
_LEAST_CELLS = 0.3
"""And at least so many cells of it, or a layer would fall between the nodes of the grid."""
COARSEST, FINEST = 2.0, 8.0
"""Cells per radius: the radius grows to the first on a coarse grid, and finer than the second is not worth its time."""

_TO_CORNER = 0.87  # from the middle of a cell to its corner, sqrt(3) / 2


def closed_field(points: Array, *, spacing: float) -> tuple[Values, Array, float]:
    """A field that is positive inside the solid.

    Args:
        points: `n 3`, at least two different ones, in any frame and unit.
        spacing: Side of the cells that the surface is wanted in.

    Returns:
        The field `x y z` at the nodes of a grid, signed distance to the surface within the radius; the position `3` of
        node (0, 0, 0); and the side of its cells, `spacing` or more.
    """
    from scipy.ndimage import distance_transform_edt, label
    from scipy.spatial import cKDTree

    tree = cKDTree(points)
    count = min(_NEIGHBOR, len(points) - 1)
    radius = RADIUS * float(np.quantile(tree.query(points, count + 1)[0][:, count], 0.9))
    spacing = max(spacing, radius / FINEST)
    radius = max(radius, COARSEST * spacing)
    origin = points.min(axis=0) - radius - 2.0 * spacing
    x, y, z = (int(n) + 1 for n in np.ceil((points.max(axis=0) + radius + 2.0 * spacing - origin) / spacing))

    away = _distances(points, tree, origin, spacing, (x, y, z), radius)
    # A ball that cannot get out leaves a hollow: filled. The corner is outside by the margin.
    parts, _ = label(away > radius)
    solid = parts != parts[0, 0, 0]
    depth, nearest = distance_transform_edt(solid, return_indices=True)
    # The true border lies before the nearest node outside, by as much as that is farther away than the radius.
    beyond = np.clip(away[tuple(nearest)] - radius, 0.0, spacing)
    left = max(REMAINS * radius, _LEAST_CELLS * spacing)
    field = np.where(solid, depth * spacing - beyond, 0.0) - (radius - left)
    return field.astype(np.float32), origin, spacing


def _distances(
    points: Array, tree: _Tree, origin: Array, spacing: float, shape: tuple[int, int, int], radius: float
) -> Array:
    """Distances `x y z` of the nodes to the nearest point: exact near the radius, else right to a cell."""
    from scipy.ndimage import distance_transform_edt

    free = np.ones(shape, np.bool_)
    free[tuple(np.rint((points - origin) / spacing).astype(np.int64).T)] = False
    away = np.asarray(distance_transform_edt(free), np.float64) * spacing
    unsure = (away > radius - _TO_CORNER * spacing) & (away < radius + (2.0 + _TO_CORNER) * spacing)
    nodes = np.stack(np.nonzero(unsure), axis=1) * spacing + origin
    away[unsure] = tree.query(nodes)[0]
    return away
