"""From values at the nodes of a grid to a closed triangle mesh: marching cubes that holds its promises.

Lewiner's marching cubes (Lewiner et al., "Efficient implementation of Marching Cubes' cases with topological
guarantees", 2003) as scikit-image has it, with three additions: the surface is closed at the border of the grid, no
vertex comes so near to a node that triangles collapse in single precision, and edges that would belong to four
triangles are taken apart.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Mesh

Values = npt.NDArray[np.float32]
Faces = npt.NDArray[np.int32]

MINIMUM_CUT = 0.02
"""How near to a node, as a share of the edge, a vertex may lie. Values are raised to keep it so: a vertex moves by at
most this share of a cell, and only on the two edges in a hundred that are cut nearer to a node."""
_LARGEST = np.float32(1e15)
"""Products of two values stay finite in single precision."""
_BULGE = 0.2
"""How far the middle of an edge of four triangles is moved into its cell, as a share of the way to the opposite
vertices."""


_COINCIDENT = 1e-5
"""Vertices closer than this, in cells, may be one twice; those of different edges are `MINIMUM_CUT` apart."""


def isosurface(values: Values, origin: npt.ArrayLike, spacing: npt.ArrayLike) -> Mesh:
    """The closed surface at level 0 of values at grid nodes, faces outward.

    The surface is closed where the solid touches the border of the grid, `MINIMUM_CUT` of a cell outside it.

    Args:
        values: `x y z` float32, positive inside, finite.
        origin: `3`, the position of node (0, 0, 0).
        spacing: `3`, distances between nodes.

    Returns:
        A mesh in which every edge belongs to exactly two triangles, also after vertices at equal positions are merged.

    Raises:
        ValueError: no value is positive, so there is no surface.
    """
    from skimage.measure import marching_cubes

    values, corner = _cropped(np.asarray(values, np.float32))
    values = _scaled(keep_cuts_apart(_closed(values)))
    vertices, faces, _, _ = marching_cubes(values, 0.0, gradient_direction="ascent")
    faces = np.ascontiguousarray(faces, np.int32)
    vertices, faces = _without_shared_diagonals(_with_centers_amid(vertices.astype(np.float64), faces), faces)
    positions = np.asarray(origin, np.float64) + (vertices + (corner - 1.0)) * np.asarray(spacing, np.float64)
    return Mesh(positions.astype(np.float32), faces)


def _cropped(values: Values) -> tuple[Values, npt.NDArray[np.float64]]:
    """The nodes that matter, those inside and one around them, and the index of the first."""
    inside = values > 0
    if not inside.any():
        raise ValueError("the field is empty: it has no positive value, so there is no surface")
    window, corner = [], []
    for axis in range(3):
        occupied = np.flatnonzero(inside.any(axis=tuple(other for other in range(3) if other != axis)))
        first, last = max(occupied[0] - 1, 0), min(occupied[-1] + 1, values.shape[axis] - 1)
        window.append(slice(first, last + 1))
        corner.append(float(first))
    return values[tuple(window)], np.array(corner)


def _closed(values: Values) -> Values:
    """One more layer of nodes on every side, negative, so that the surface ends just outside the old nodes."""
    padded = np.pad(values, 1, mode="edge")
    ratio = np.float32((1.0 - MINIMUM_CUT) / MINIMUM_CUT)
    for axis in range(3):
        layers = np.moveaxis(padded, axis, 0)
        for border in (0, -1):
            layer = layers[border]
            layers[border] = np.where(layer > 0, -ratio * layer, layer)
    return padded


def keep_cuts_apart(values: Values) -> Values:
    """Raise values near 0 so that every crossing lies at least `MINIMUM_CUT` of the edge away from both nodes.

    Values of exactly 0 count as outside and get a negative value. Signs never change otherwise.

    Args:
        values: `x y z`.

    Returns:
        A copy with the raised values.
    """
    result = values.copy()
    flat = result.reshape(-1)
    ratio = np.float32(MINIMUM_CUT / (1.0 - MINIMUM_CUT))
    near, far = _cut_edges(values)
    # Raising one value can make a third one relatively too small; each round shrinks that effect by `ratio`.
    for _ in range(8):
        size = np.abs(flat)
        small = size[near] < ratio * size[far]
        if not small.any():
            break
        target = near[small]
        np.maximum.at(size, target, ratio * size[far[small]] * np.float32(1.0 + 1e-6))
        flat[target] = np.where(flat[target] > 0, size[target], -size[target])
    return result


def _cut_edges(values: Values) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Flat indices of both nodes of every edge that the surface cuts; every edge comes twice, once from either end."""
    inside = values > 0
    ends = []
    for axis, stride in enumerate((values.shape[1] * values.shape[2], values.shape[2], 1)):
        before = (slice(None),) * axis
        cut = np.zeros(values.shape, np.bool_)
        np.not_equal(
            inside[(*before, slice(None, -1))], inside[(*before, slice(1, None))], out=cut[(*before, slice(None, -1))]
        )
        first = np.flatnonzero(cut)
        ends += [(first, first + stride), (first + stride, first)]
    return np.concatenate([first for first, _ in ends]), np.concatenate([second for _, second in ends])


def _scaled(values: Values) -> Values:
    """The same surface from larger values.

    Marching cubes decides a side with two opposite corners inside by the sign of a difference of products, and takes a
    difference below 1e-7 for zero; then its two cells may decide differently. So the smallest value at the surface
    becomes 1.
    """
    near, _ = _cut_edges(values)
    smallest = np.abs(values.reshape(-1)[near]).min()
    return np.asarray(np.clip(values / smallest, -_LARGEST, _LARGEST), np.float32)


def _with_centers_amid(vertices: npt.NDArray[np.float64], faces: Faces) -> npt.NDArray[np.float64]:
    """Put the vertices that stand inside cells at the mean of the vertices around them, as Lewiner's paper does.

    scikit-image weighs the corners of the cell by the inverse of their values instead, which can end at a corner.
    """
    # A vertex on an edge of the grid has two whole coordinates, in units of nodes.
    inner = np.union1d(
        np.flatnonzero((vertices == np.round(vertices)).sum(axis=1) != 2), _centers_on_edges(vertices, faces)
    )
    if not len(inner):
        return vertices
    place = np.full(len(vertices), -1)
    place[inner] = np.arange(len(inner))
    total, count = np.zeros((len(inner), 3)), np.zeros(len(inner))
    for side in range(3):
        owner = place[faces[:, side]]
        touching = owner >= 0
        for other in (faces[:, (side + 1) % 3], faces[:, (side + 2) % 3]):
            np.add.at(total, owner[touching], vertices[other[touching]])
            np.add.at(count, owner[touching], 1.0)
    result = vertices.copy()
    result[inner] = total / count[:, None]
    return result


def _centers_on_edges(vertices: npt.NDArray[np.float64], faces: Faces) -> npt.NDArray[np.intp]:
    """Indices of vertices that stand for the inside of a cell although they fell on another vertex at its edge.

    Or next to it, by rounding: where one value of the cell is far smaller than all others. All triangles around such a
    vertex lie in one cell; those around a vertex of an edge lie in four.
    """
    # One number per position, alike for like positions: sorting numbers is far cheaper than sorting rows.
    keys = vertices[:, 0] + np.pi * vertices[:, 1] + np.e * vertices[:, 2]
    order = np.argsort(keys)
    same = np.flatnonzero(np.diff(keys[order]) < 8.0 * _COINCIDENT)
    same = same[np.abs(vertices[order[same]] - vertices[order[same + 1]]).max(axis=1) < _COINCIDENT]
    found = []
    for vertex in np.unique(order[np.concatenate([same, same + 1])]):
        around = vertices[faces[(faces == vertex).any(axis=1)]].reshape(-1, 3)
        low = np.floor(around.min(axis=0))
        if (around.max(axis=0) <= low + 1.0).all():
            found.append(vertex)
    return np.array(found, np.intp)


def _without_shared_diagonals(vertices: npt.NDArray[np.float64], faces: Faces) -> tuple[npt.NDArray[np.float64], Faces]:
    """Take apart edges that belong to four triangles.

    Two cells may both draw a diagonal across the side they share; it then belongs to four triangles, two of each
    cell. Each cell gets its own copy of the edge: split in the middle, and the middle moved into the cell. Cells come
    one after the other along every axis, so of the four triangles the first two are those of the lower cell.
    """
    starts, ends = faces.reshape(-1), np.roll(faces, -1, axis=1).reshape(-1)
    keys = np.minimum(starts, ends).astype(np.int64) * len(vertices) + np.maximum(starts, ends)
    order = np.argsort(keys, kind="stable")
    first = np.flatnonzero(np.diff(keys[order], prepend=-1))
    crowded = np.diff(first, append=len(keys)) == 4
    if not crowded.any():
        return vertices, faces
    pairs = np.sort(order[first[crowded][:, None] + np.arange(4)], axis=1).reshape(-1, 2)
    return _split_pairs(vertices, faces, pairs)


def _split_pairs(
    vertices: npt.NDArray[np.float64], faces: Faces, pairs: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.float64], Faces]:
    """Split edges of two triangles each, given as `n 2` half-edges `3 * face + side`, and move their middles.

    Pairs alternate between the lower and the upper cell of the side that the edge lies in.
    """
    points = np.concatenate([vertices, np.empty((len(pairs), 3))])
    corners = np.concatenate([faces, np.empty((2 * len(pairs), 3), np.int32)])
    # A triangle can have several such edges; splitting one carries the next side over to the added triangle.
    now = np.arange(3 * len(corners))
    was = now.copy()
    new, added = len(vertices), len(faces)
    for number, pair in enumerate(pairs):
        opposite = []
        for half_edge in now[pair]:
            face, side = divmod(int(half_edge), 3)
            after, last = (side + 1) % 3, (side + 2) % 3
            start, end = corners[face, side], corners[face, after]
            opposite.append(corners[face, last])
            corners[added] = new, end, corners[face, last]
            corners[face, after] = new
            carried = was[3 * face + after]
            now[carried], was[3 * added + 1] = 3 * added + 1, carried
            added += 1
        middle = (points[start] + points[end]) / 2.0
        points[new] = middle + _BULGE * (points[opposite].mean(axis=0) - middle)
        # All four vertices may lie in the side itself; a step across it keeps the two copies apart even then.
        points[new] += (MINIMUM_CUT if number % 2 else -MINIMUM_CUT) * (points[start] == points[end])
        new += 1
    return points, corners
