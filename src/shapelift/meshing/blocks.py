"""Voxel grids to meshes of blocks: the walls between full and empty cells, as they are, and still a manifold.

Where full cells touch in an edge or a corner only, their walls meet in an edge of four faces or in a pinched vertex,
which no solid has. Here such cells are apart: faces are joined across the edges along which the surface of one solid
goes on, a vertex is what joined faces have in common at a point of the lattice, and a point gets as many vertices as
it needs. Vertices in company retreat a little into their own cells, so that a file without shared vertices does not
join them again.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Mesh, VoxelGrid

RETREAT = 1.0 / 16.0
"""How far vertices in company retreat along every axis at most, as a share of a cell: 0.1 mm where cells are 2 mm."""

_Ints = npt.NDArray[np.int64]

_CORNERS = ((0, 0), (1, 0), (1, 1), (0, 1))
"""Corners of a wall along its two axes in cyclic order, counter-clockwise seen from where the third points to."""


def mesh_blocks(grid: VoxelGrid, *, threshold: float = 0.5, retreat: float = RETREAT) -> Mesh:
    """The faces of the full cells, two triangles each.

    Args:
        grid: Occupancy; a cell is full above the threshold.
        threshold: Probability, from 0 up to but without 1.
        retreat: Share of a cell by which vertices in company leave their common point; at 0 all faces lie exactly where
            the cells end, and vertices of equal positions must not be merged. Below 1/2, so that centres of cells stay
            where they belong: `voxels` gives the full cells back.

    Returns:
        A closed mesh in the frame of the grid, faces outward, every edge in exactly two triangles, one fan of triangles
        around every vertex, and no two vertices at the same place (with a retreat).

    Raises:
        ValueError: no cell is full, or a number out of range.
    """
    if not 0.0 <= threshold < 1.0:
        raise ValueError(f"threshold is a probability below 1, got {threshold}")
    if not 0.0 <= retreat < 0.5:
        raise ValueError(f"retreat is a share of a cell below a half, got {retreat}")
    full = np.pad(grid.occupancy > threshold, 1)
    if not full.any():
        raise ValueError("the grid is empty: it has no full cell, so there is no surface")
    corners, cells = _walls(full)
    first, second = _joints(corners, cells, full.shape)
    labels, count = _vertices(corners, first, second)
    place = np.empty(count, np.int64)
    place[labels.reshape(-1)] = corners.reshape(-1)
    points = np.stack(np.unravel_index(place, _lattice(full.shape)), axis=1).astype(np.float64)
    inward = np.stack(np.unravel_index(cells, full.shape), axis=1).astype(np.float64) + 0.5
    crowded = np.bincount(place)[place] > 1
    points[crowded] += retreat * _directions(labels, inward, points)[crowded]
    points, faces = _triangles(points, labels, first, second, inward, retreat)
    positions = np.asarray(grid.box.minimum) + (points - 1.0) * grid.cell_size
    return Mesh(positions.astype(np.float32), faces.astype(np.int32))


def without_small_components(grid: VoxelGrid, *, threshold: float = 0.5, minimum_share: float = 0.05) -> VoxelGrid:
    """The full cells in connected components that are not much smaller than the largest one.

    Cells that touch in an edge or a corner are connected, unlike in `mesh_blocks`: a slanted leg may well be one
    cell after the other.

    Args:
        grid: Occupancy; a cell is full above the threshold.
        threshold: Probability.
        minimum_share: Cells of the smallest component that is kept, as a share of those of the largest.

    Returns:
        A binary grid.
    """
    from scipy.ndimage import label

    names, _ = label(grid.occupancy > threshold, np.ones((3, 3, 3), np.bool_))
    sizes = np.bincount(names.reshape(-1))
    sizes[0] = 0
    kept = (sizes > 0) & (sizes >= minimum_share * sizes.max())
    return VoxelGrid(kept[names].astype(np.float32), grid.box)


def _lattice(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(side + 1 for side in shape)


def _walls(full: npt.NDArray[np.bool_]) -> tuple[_Ints, _Ints]:
    """Corners `f 4` of all walls as numbers of lattice points, counter-clockwise from outside, and full cells `f`."""
    lattice = _lattice(full.shape)
    strides = np.array([lattice[1] * lattice[2], lattice[2], 1])
    corners, cells = [], []
    for axis in range(3):
        u, v = (axis + 1) % 3, (axis + 2) % 3
        steps = np.array([a * strides[u] + b * strides[v] for a, b in _CORNERS])
        low, high = (np.moveaxis(full, axis, 0)[part] for part in (slice(None, -1), slice(1, None)))
        # The wall between cells i and i + 1 lies at lattice plane i + 1.
        for wall, offset, turn in ((low & ~high, 0, 1), (~low & high, 1, -1)):
            place = np.argwhere(np.moveaxis(wall, 0, axis))
            point = place.copy()
            point[:, axis] += 1
            corners.append((point @ strides)[:, None] + steps[::turn])
            place[:, axis] += offset
            cells.append(np.ravel_multi_index(tuple(place.T), full.shape))
    return np.concatenate(corners), np.concatenate(cells)


def _joints(corners: _Ints, cells: _Ints, shape: tuple[int, ...]) -> tuple[_Ints, _Ints]:
    """Pairs of sides `4 * face + side` that are the same edge of the same surface.

    An edge has two walls, or four where two full cells touch in it only; then the two walls of one cell are joined.
    """
    ends = np.roll(corners, -1, axis=1)
    edge = np.minimum(corners, ends) * np.prod(_lattice(shape)) + np.maximum(corners, ends)
    order = np.lexsort((np.repeat(cells, 4), edge.reshape(-1)))
    return order[0::2], order[1::2]


def _next(sides: _Ints) -> _Ints:
    """The following side of the same face; it begins in the corner where this one ends."""
    return np.asarray(sides - sides % 4 + (sides + 1) % 4)


def _vertices(corners: _Ints, first: _Ints, second: _Ints) -> tuple[_Ints, int]:
    """Vertex `f 4` of every corner of every wall, and how many there are."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    # Joined walls go along their edge in opposite directions: the end of one is the beginning of the other.
    rows = np.concatenate([first, _next(first)])
    columns = np.concatenate([_next(second), second])
    links = coo_array((np.ones(len(rows), np.bool_), (rows, columns)), shape=(corners.size, corners.size))
    count, labels = connected_components(links, directed=False)
    return labels.reshape(corners.shape).astype(np.int64), int(count)


def _directions(
    labels: _Ints, inward: npt.NDArray[np.float64], points: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Where the full cells of the walls around every vertex lie, `n 3`, at most 1 along every axis."""
    total = np.zeros_like(points)
    flat = labels.reshape(-1)
    for axis in range(3):
        away = 2.0 * (np.repeat(inward[:, axis], 4) - points[flat, axis])
        total[:, axis] = np.bincount(flat, weights=away, minlength=len(points))
    return total / np.bincount(flat, minlength=len(points))[:, None]


def _triangles(
    points: npt.NDArray[np.float64],
    labels: _Ints,
    first: _Ints,
    second: _Ints,
    inward: npt.NDArray[np.float64],
    retreat: float,
) -> tuple[npt.NDArray[np.float64], _Ints]:
    """Vertices and triangles of the walls.

    Where two full cells touch in an edge and both its ends are one vertex each, since the solid goes on around them,
    the edge would belong to four faces: each cell gets a middle of its own there. A wall with such sides is a fan
    around its centre, all others are two triangles.
    """
    starts, ends = labels.reshape(-1), np.roll(labels, -1, axis=1).reshape(-1)
    low, high = np.minimum(starts, ends)[first], np.maximum(starts, ends)[first]
    _, name, uses = np.unique(low * len(points) + high, return_inverse=True, return_counts=True)
    crowded = np.flatnonzero(uses[name.reshape(-1)] > 1)
    middles = (points[starts[first[crowded]]] + points[ends[first[crowded]]]) / 2.0
    owners = inward[first[crowded] // 4]
    toward = 2.0 * (owners - middles)
    middles = middles + retreat * np.clip(toward, -1.0, 1.0)
    middle = np.full(labels.size, -1)
    for sides in (first, second):
        middle[sides[crowded]] = len(points) + np.arange(len(crowded))
    fanned = (middle.reshape(labels.shape) >= 0).any(axis=1)
    plain = labels[~fanned]
    faces = [plain[:, [0, 1, 2]], plain[:, [0, 2, 3]]]
    centers = points[labels[fanned]].mean(axis=1)
    hub = len(points) + len(middles) + np.arange(len(centers))
    for side in range(4):
        start, end = labels[fanned, side], labels[fanned, (side + 1) % 4]
        between = middle.reshape(labels.shape)[fanned, side]
        split = between >= 0
        faces.append(np.stack([hub, start, np.where(split, between, end)], axis=1))
        faces.append(np.stack([hub[split], between[split], end[split]], axis=1))
    return np.concatenate([points, middles, centers]), np.concatenate(faces)
