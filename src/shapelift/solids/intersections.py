"""Where the surface of a mesh passes through itself, counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Mesh
from shapelift.geometry.topology import unique_edges

_PAIRS = 1 << 20
"""Pairs of an edge and a face that are looked at together."""

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SelfIntersections:
    """Edges that pass through faces.

    Attributes:
        edges: `n 2`, the two vertices of the edge of every crossing.
        faces: `n`, the face it passes through.
        pierced: How many faces have an edge through them.
    """

    edges: Index
    faces: Index
    pierced: int

    def __len__(self) -> int:
        """How many crossings there are."""
        return len(self.faces)

    def __bool__(self) -> bool:
        """Whether there is a crossing."""
        return len(self) > 0


def self_intersections(mesh: Mesh, *, limit: int | None = None) -> SelfIntersections:
    """All crossings of an edge with a face of the mesh that has neither of its vertices.

    Where two faces cross, an edge of one passes through the other, so that none is missed, faces that share a vertex
    included. Faces that lie in one plane on each other, and those that just touch, do not count.

    Args:
        mesh: Any; closed or not.
        limit: Most places in the grid, and most pairs, that are looked at; None for all there are. Both grow with the
            number of faces where these are of about one size, and far beyond where a few reach across many small ones.

    Raises:
        ValueError: there are more than `limit`.

    Source: the signed volumes of Segura and Feito, "Algorithms to test ray-triangle intersection", WSCG 2001. Which
    pairs are close enough to be asked is found by a grid.
    """
    if mesh.is_empty:
        return SelfIntersections(np.zeros((0, 2), np.int64), np.zeros(0, np.int64), 0)
    vertices, faces = mesh.vertices.astype(np.float64), mesh.faces.astype(np.int64)
    edges = unique_edges(faces)
    found = [
        pairs[_crossing(vertices, edges[pairs[:, 0]], faces[pairs[:, 1]])]
        for pairs in _close_pairs(vertices[edges], vertices[faces], edges, faces, limit)
    ]
    crossing = np.concatenate(found) if found else np.zeros((0, 2), np.int64)
    crossing = crossing[np.lexsort(crossing.T[::-1])]
    return SelfIntersections(edges[crossing[:, 0]], crossing[:, 1], len(np.unique(crossing[:, 1])))


def _crossing(vertices: Array, edges: Index, faces: Index) -> npt.NDArray[np.bool_]:
    """Whether edges `n 2` pass through the inside of faces `n 3`."""
    start, end = vertices[edges[:, 0]], vertices[edges[:, 1]]
    # From the start of the edge all volumes are those of tetrahedra with one corner at 0.
    along = end - start
    a, b, c = (vertices[faces[:, corner]] - start for corner in range(3))
    normal = np.cross(b - a, c - a)
    before = np.einsum("ni,ni->n", normal, a)
    behind = before - np.einsum("ni,ni->n", normal, along)
    first = np.einsum("ni,ni->n", along, np.cross(a, b))
    second = np.einsum("ni,ni->n", along, np.cross(b, c))
    third = np.einsum("ni,ni->n", along, np.cross(c, a))
    one_side = ((first > 0) & (second > 0) & (third > 0)) | ((first < 0) & (second < 0) & (third < 0))
    return np.asarray((before * behind < 0.0) & one_side)


def _close_pairs(ends: Array, corners: Array, edges: Index, faces: Index, limit: int | None) -> list[Index]:
    """Pairs `n 2` (edge, face) without a common vertex whose bounding boxes overlap, each once, in batches."""
    boxes = [(part.min(axis=1), part.max(axis=1)) for part in (ends, corners)]
    # A cell as large as the mean face: most boxes touch a few cells, and most cells hold a few boxes.
    side = max(float((boxes[1][1] - boxes[1][0]).max(axis=1).mean()), float(np.ptp(corners, axis=(0, 1)).max()) / 256.0)
    if side == 0.0:
        return []
    origin = corners.min(axis=(0, 1))
    spans = [[np.floor((end - origin) / side).astype(np.int64) for end in box] for box in boxes]
    cells = spans[1][1].max(axis=0) + 1
    _check(sum(int((high - low + 1).prod(axis=1).sum()) for low, high in spans), limit)
    (edge_cell, edge), (face_cell, face) = (_in_cells(low, high, cells) for low, high in spans)
    order = np.argsort(face_cell, kind="stable")
    face_cell, face = face_cell[order], face[order]
    begin = np.searchsorted(face_cell, edge_cell, "left")
    count = np.searchsorted(face_cell, edge_cell, "right") - begin
    _check(int(count.sum()), limit)
    batches = []
    for part in np.array_split(np.arange(len(edge)), 1 + int(count.sum()) // _PAIRS):
        which = np.repeat(part, count[part])
        pairs = np.stack([edge[which], face[_runs(begin[part], count[part])]], axis=1)
        overlap = np.ones(len(pairs), np.bool_)
        for axis in range(3):
            low, high = ([boxes[kind][bound][pairs[:, kind], axis] for kind in (0, 1)] for bound in (0, 1))
            overlap &= (low[0] <= high[1]) & (low[1] <= high[0])
            # Of all cells that both lie in, the pair counts in the first.
            first = np.maximum(spans[0][0][pairs[:, 0], axis], spans[1][0][pairs[:, 1], axis])
            overlap &= first == _coordinate(edge_cell[which], cells, axis)
        pairs = pairs[overlap]
        apart = (edges[pairs[:, 0], :, None] != faces[pairs[:, 1], None, :]).all(axis=(1, 2))
        batches.append(pairs[apart])
    return batches


def _check(count: int, limit: int | None) -> None:
    if limit is not None and count > limit:
        raise ValueError(f"the faces of the mesh differ so much in size that {count} places would be looked at")


def _in_cells(low: Index, high: Index, cells: Index) -> tuple[Index, Index]:
    """The cells that boxes with these first and last cells `n 3` reach into: number of the cell, and of the box."""
    counts = high - low + 1
    total = counts.prod(axis=1)
    box = np.repeat(np.arange(len(low)), total)
    rest = _runs(np.zeros(len(low), np.int64), total)
    number = np.zeros(len(box), np.int64)
    for axis in range(3):
        rest, step = np.divmod(rest, counts[box, axis])
        number = number * cells[axis] + low[box, axis] + step
    return number, box


def _coordinate(number: Index, cells: Index, axis: int) -> Index:
    return np.asarray(number // int(np.prod(cells[axis + 1 :])) % cells[axis], np.int64)


def _runs(begin: Index, count: Index) -> Index:
    """begin[0], begin[0] + 1, ... for count[0] numbers, then the same from begin[1], and so on."""
    skipped = np.cumsum(count) - count
    return np.asarray(np.arange(int(count.sum())) + np.repeat(begin - skipped, count), np.int64)
