"""Normals for points that have none: a direction from the neighbours, a sign that agrees with theirs.

The direction is the one in which the nearest neighbours spread least (Hoppe et al., "Surface reconstruction from
unorganized points", SIGGRAPH 1992). Signs travel along a spanning tree of the graph of neighbours, over the surest
edges first. How sure an edge is, and what it says, comes from comparing one normal with the other's image in the plane
across the middle of the edge: the two agree where an arc of a circle joins the points at a right angle to both normals
(Xie et al., "Piecewise C1 continuous surface reconstruction of noisy point clouds via local implicit quadric
regression", IEEE Visualization 2003; König and Gumhold, "Consistent propagation of normal orientations in point
clouds", VMV 2009). Across a sharp edge and to the other side of a thin panel that is right where the angle between the
normals says nothing, or the opposite.

Noise is met twice: the neighbourhood grows until it is flat, and what an edge rises by no more than the noise does not
count as rising. With both, spheres and boxes keep 99 % of their signs up to noise as large as the distance between
points; with neither they lose them at a fifth of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_NEIGHBORS = (10, 20, 40)
"""Neighbours whose spread gives the direction, the point itself among them: tried in this order."""
_FLAT_ENOUGH = 0.05
"""Least by middle variance of a neighbourhood, the median over the cloud, at which no larger one is tried."""
_NOISE_RISE = 2.5
"""How far an edge must rise, in standard deviations across the surface, before it counts as rising."""
_EDGES = 8
"""Neighbours that a sign may come from."""

_Tree = Any


@dataclass(frozen=True, eq=False)
class _Sheets:
    """What the neighbourhoods of points look like.

    directions: `n 3`, unit, of least spread, signs arbitrary. areas: `n`, around every point. noise: standard deviation
    across the surface, the median over the cloud. flatness: see `_FLAT_ENOUGH`.
    """

    directions: Array
    areas: Array
    noise: float
    flatness: float


def consistent_normals(points: Array) -> Array:
    """Unit normals `n 3` that point out of the solid whose surface the points are on.

    Args:
        points: `n 3`, at least four, not all in one plane.

    Returns:
        Normals. Where the cloud falls apart into pieces that are not neighbours, each piece has its own outside: the
        one with which it encloses a positive volume.
    """
    from scipy.spatial import cKDTree

    points = points - points.mean(axis=0)
    tree = cKDTree(points)
    sheets = _sheets(points, tree)
    first, second = _edges(points, tree)
    agreement = _agreement(points, sheets, first, second)
    signs, piece = _signs(len(points), first, second, agreement)
    normals = sheets.directions * signs[:, None]
    count = np.bincount(piece)
    middle = np.stack([np.bincount(piece, points[:, i]) for i in range(3)], axis=1) / count[:, None]
    volume = np.bincount(piece, sheets.areas * np.einsum("ni,ni->n", normals, points - middle[piece]))
    return np.asarray(normals * np.where(volume < 0, -1.0, 1.0)[piece][:, None])


def _sheets(points: Array, tree: _Tree) -> _Sheets:
    """Neighbourhoods of the smallest size that is flat enough, or else of the flattest."""
    found: list[_Sheets] = []
    for wanted in _NEIGHBORS:
        count = min(wanted, len(points))
        distance, index = tree.query(points, count)
        spread = points[index] - points[index].mean(axis=1, keepdims=True)
        variances, axes = np.linalg.eigh(np.einsum("nki,nkj->nij", spread, spread) / count)
        flatness = np.median(variances[:, 0] / np.maximum(variances[:, 1], 1e-300))
        noise = np.sqrt(max(float(np.median(variances[:, 0])), 0.0))
        areas = np.pi * distance[:, -1] ** 2 / count
        found.append(_Sheets(axes[:, :, 0], areas, float(noise), float(flatness)))
        if flatness < _FLAT_ENOUGH:
            break
    return min(found, key=lambda sheets: sheets.flatness)


def _edges(points: Array, tree: _Tree) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Both ends of every edge between neighbours, the lower index first, every edge once."""
    count = min(_EDGES, len(points) - 1)
    _, index = tree.query(points, count + 1)
    start = np.repeat(np.arange(len(points)), count + 1)
    end = index.ravel().astype(np.int64)
    keys = np.unique(np.minimum(start, end) * len(points) + np.maximum(start, end))
    first, second = np.divmod(keys, len(points))
    return first[first != second], second[first != second]


def _agreement(points: Array, sheets: _Sheets, first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]) -> Array:
    """Cosine `e` between the direction at one end of an edge and the mirror image of the one at the other end."""
    along = points[second] - points[first]
    other = sheets.directions[second]
    rise = np.einsum("ei,ei->e", other, along)
    rise = np.sign(rise) * np.maximum(np.abs(rise) - _NOISE_RISE * sheets.noise, 0.0)
    squared = np.maximum(np.einsum("ei,ei->e", along, along), 1e-300)
    mirrored = other - 2.0 * (rise / squared)[:, None] * along
    length = np.maximum(np.linalg.norm(mirrored, axis=1), 1e-12)
    return np.asarray(np.einsum("ei,ei->e", sheets.directions[first], mirrored) / length)


def _signs(
    count: int, first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], agreement: Array
) -> tuple[Array, npt.NDArray[np.int64]]:
    """Signs `n` along a minimum spanning tree, and the number `n` of the connected piece of every point."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import breadth_first_order, connected_components, minimum_spanning_tree

    # A cost of exactly 0 would be no edge at all to scipy.
    cost = csr_matrix((1.0 + 1e-6 - np.abs(agreement), (first, second)), (count, count))
    step = csr_matrix((np.where(agreement < 0, -1.0, 1.0), (first, second)), (count, count))
    step = step + step.T
    tree = minimum_spanning_tree(cost)
    tree = tree + tree.T
    _, piece = connected_components(tree, directed=False)
    signs = np.ones(count)
    for root in np.unique(piece, return_index=True)[1]:
        order, parent = breadth_first_order(tree, root, directed=False)
        children, parents = order[1:], parent[order[1:]]
        if not len(children):
            continue
        turns = np.asarray(step[children, parents]).ravel()
        for child, above, turn in zip(children.tolist(), parents.tolist(), turns.tolist(), strict=True):
            signs[child] = signs[above] * turn
    return signs, piece.astype(np.int64)
