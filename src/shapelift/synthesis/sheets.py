"""Sheets: the parts of a surface that bound no volume, and the thickness they are given.

Umbrellas, shades, leaves, sails and loose boards are often modelled as one layer of faces. The winding number is above
one half on neither side of such a layer, so by it alone they would be seen in every picture and be in no label. A face
is a sheet where the solid holds neither the point a quarter of `THICKNESS` above it nor the one as far below; a sheet
is solid up to half of `THICKNESS` from it on both sides, rims rounded. Large faces are cut up first, so that a board
that is half in a solid is a sheet for its other half. Of closed parts the largest faces are asked first; only those
with a third of their area in layers on each other, or thinner than a quarter of `THICKNESS`, can have sheets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError
from shapelift.synthesis.orientation import OrientedMesh, components, edge_sums
from shapelift.synthesis.rays import TRAIN_EXTRA

THICKNESS = 0.012
"""Of a sheet, as a share of the longest side of the mesh: about the narrowest part that a field of 64 to 128 cells
holds, and narrower than most gaps between the parts of furniture."""

_ABOVE = 0.25  # of the thickness: where a face is asked whether it bounds a volume
_PIECE = 0.04  # of the longest side: faces with a longer edge are cut up before they are judged
_CELL = 0.03  # of the longest side: faces of one part, in one cell, that look the same way are judged by the largest
_MOST_PIECES = 300_000  # about; of meshes that would have more, the pieces are larger
_MOST_CLUSTERS = 30_000  # of meshes with more, parts are judged together, and then larger cells
_PROBES, _LEAST_PROBES = 400, 4  # faces by which closed parts are judged: in all, and of each at least
_CLOSED_PARTS = 500  # beyond so many closed parts the smaller ones are taken to bound a volume
_COARSER = 1.5
_THIN_SHARE = 0.3  # of the area of a closed part

_SPREAD_STEPS = 4
_SPREAD = np.array([(i, j, _SPREAD_STEPS - i - j) for i in range(5) for j in range(5 - i)]) / _SPREAD_STEPS

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]
_Bools = npt.NDArray[np.bool_]
_Contains = Callable[[_Floats], _Bools]


@dataclass(frozen=True, eq=False)
class Sheets:
    """The sheets of a shape, in its frame and unit.

    Attributes:
        corners: `s 3 3` float64, triangles of the sheets, small ones.
        bounding: `b 3 3` float64, triangles of the rest of the surface, facing outward.
        radius: Half the thickness.
        coarse: Whether the mesh is so large that faces were judged in larger groups than they are otherwise.
    """

    corners: _Floats
    bounding: _Floats
    radius: float
    coarse: bool = False

    @property
    def bounds(self) -> npt.NDArray[np.float32]:
        """Lower and upper corner `2 3` of the box around all that the sheets fill."""
        low, high = self.corners.min(axis=(0, 1)) - self.radius, self.corners.max(axis=(0, 1)) + self.radius
        return np.stack([np.nextafter(low.astype(np.float32), -np.inf), np.nextafter(high.astype(np.float32), np.inf)])

    def contains(self, points: npt.ArrayLike) -> _Bools:
        """Whether points `n 3` are closer to a sheet than half its thickness, `n`."""
        points = np.ascontiguousarray(points, np.float64)
        result = np.zeros(len(points), bool)
        if len(self.corners) and len(points):
            rows = np.flatnonzero(self._near(points))
            if len(rows):
                tree, vertices, faces = self._tree
                result[rows] = tree.squared_distance(vertices, faces, points[rows])[0] < self.radius**2
        return result

    @cached_property
    def rims(self) -> _Floats:
        """Edges that belong to one triangle of the sheets, `r 3 3`: both ends, and the triangle's third corner."""
        vertices, faces = self._indexed
        start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
        key = np.minimum(start, end) * len(vertices) + np.maximum(start, end)
        _, first, count = np.unique(key, return_index=True, return_counts=True)
        alone = first[count == 1]
        return np.asarray(vertices[np.stack([start[alone], end[alone], np.roll(faces, -2, axis=1).ravel()[alone]], 1)])

    @cached_property
    def _indexed(self) -> tuple[_Floats, _Ints]:
        vertices, which = np.unique(self.corners.reshape(-1, 3), axis=0, return_inverse=True)
        return vertices, which.reshape(-1, 3).astype(np.int64)

    @cached_property
    def _tree(self) -> tuple[Any, _Floats, _Ints]:
        try:
            import igl
        except ImportError as error:
            raise InputError(TRAIN_EXTRA.format(name="libigl")) from error
        tree = igl.AABB()
        vertices, faces = self._indexed
        tree.init(vertices, faces)
        return tree, vertices, faces

    @cached_property
    def _cells(self) -> tuple[_Floats, float, _Bools]:
        """Origin, side and marks of cells of which all that a sheet reaches into are marked."""
        places = np.einsum("kc,scd->skd", _SPREAD, self.corners)
        gap = float(np.linalg.norm(np.roll(self.corners, -1, axis=1) - self.corners, axis=2).max()) / _SPREAD_STEPS
        centers = places.reshape(-1, 3)
        low, high = centers.min(axis=0), centers.max(axis=0)
        # no place of a triangle is further from the nearest of these than the longest edge of the small triangles
        side = max(gap + self.radius, float((high - low).max()) / 128.0)
        low = low - 1.5 * side
        shape = np.floor((high - low) / side).astype(np.int64) + 2
        marks = np.zeros(shape, bool)
        marks[tuple(np.floor((centers - low) / side).astype(np.int64).T)] = True
        for axis in range(3):
            grown = marks.copy()
            ahead, behind = [slice(None)] * 3, [slice(None)] * 3
            ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
            grown[tuple(ahead)] |= marks[tuple(behind)]
            grown[tuple(behind)] |= marks[tuple(ahead)]
            marks = grown
        return low, side, marks

    def _near(self, points: _Floats) -> _Bools:
        low, side, marks = self._cells
        cell = np.floor((points - low) / side)
        within = ((cell >= 0) & (cell < marks.shape)).all(axis=1)
        result = np.zeros(len(points), bool)
        result[within] = marks[tuple(cell[within].astype(np.int64).T)]
        return result


def find_sheets(surface: OrientedMesh, contains: _Contains, thickness: float = THICKNESS) -> Sheets | None:
    """The sheets of an oriented surface, None where there are none.

    Args:
        surface: Its faces and those that cancelled.
        contains: Whether points `n 3` are inside by the winding number, `n`.
        thickness: Of the sheets, as a share of the longest side.

    Raises:
        InputError: libigl is needed and not installed.
    """
    faces = np.concatenate([surface.faces, surface.cancelled])
    if not len(faces):
        return None
    used = surface.vertices[np.unique(faces)]
    longest = float(np.ptp(used, axis=0).max())
    candidates = _candidates(surface, contains, thickness * longest)
    candidates = np.concatenate([candidates, np.ones(len(surface.cancelled), bool)])
    if not candidates.any():
        return None
    corners = surface.vertices[faces]
    owner = np.flatnonzero(candidates)
    side = _piece_side(corners[owner], _PIECE * longest)
    pieces, source = _cut_up(corners[owner], side)
    owner = owner[source]
    above = _ABOVE * thickness * longest
    cluster, cell = _clusters(pieces, surface, faces[owner], _CELL * longest)
    chosen = _largest(pieces, cluster)
    sheet, below = _outside_both(pieces[chosen], contains, above)
    if not sheet.any():
        return None
    hidden = np.zeros(len(chosen), bool)
    rows = np.flatnonzero(below)
    hidden[rows] = contains(_over_and_under(pieces[chosen[rows]], above)[0])
    sheet, hidden = sheet[cluster], hidden[cluster]
    solid = (owner < len(surface.faces)) & ~sheet & ~hidden
    bounding = np.concatenate([corners[: len(surface.faces)][~candidates[: len(surface.faces)]], pieces[solid]])
    coarse = side > _PIECE * longest or cell > _CELL * longest
    return Sheets(pieces[sheet], bounding, thickness * longest / 2.0, coarse)


def _candidates(surface: OrientedMesh, contains: _Contains, thickness: float) -> _Bools:
    """Faces of the surface that may be sheets, `f`: those of open parts, and of closed ones with next to no volume."""
    if surface.is_empty:
        return np.zeros(0, bool)
    faces = surface.faces
    part = components(faces, len(surface.vertices))
    count = int(part.max()) + 1
    if surface.closed:
        is_open = np.zeros(count, bool)
    else:
        sums, edge = edge_sums(faces, len(surface.vertices), part)
        is_open = np.bincount(part, (sums[edge] != 0).reshape(-1, 3).any(axis=1), minlength=count) > 0
    corners = surface.vertices[faces]
    areas = np.linalg.norm(_crosses(corners), axis=1)
    large = np.argsort(-np.bincount(part, areas), kind="stable")[:_CLOSED_PARTS]
    asked = np.zeros(count, bool)
    asked[large] = True
    rows = np.flatnonzero((asked & ~is_open)[part])
    if len(rows):
        order = rows[np.lexsort((-areas[rows], part[rows]))]
        rank = np.arange(len(order)) - np.searchsorted(part[order], part[order])
        each = max(_PROBES // len(np.unique(part[rows])), _LEAST_PROBES)
        probed = order[rank < each]
        free, _ = _outside_both(corners[probed], contains, _ABOVE * thickness)
        weight = areas[probed] + 1e-30
        share = np.bincount(part[probed], weight * free, minlength=count)
        is_open |= share > _THIN_SHARE * np.maximum(np.bincount(part[probed], weight, minlength=count), 1e-30)
    return np.asarray(is_open[part])


def _largest(pieces: _Floats, cluster: _Ints) -> _Ints:
    """The largest of the pieces `p 3 3` of each cluster (`p`, counted from 0), `k`."""
    areas = np.linalg.norm(_crosses(pieces), axis=1)
    order = np.lexsort((-areas, cluster))
    return np.asarray(order[np.r_[True, np.diff(cluster[order]) > 0]])


def _outside_both(corners: _Floats, contains: _Contains, above: float) -> tuple[_Bools, _Bools]:
    """Whether triangles `n 3 3` have both points `above` and below their centres outside, and the one below inside."""
    over, under = _over_and_under(corners, above)
    below = contains(under)  # faces look outward: most are settled by this
    outside = ~below
    rows = np.flatnonzero(outside)
    outside[rows] = ~contains(over[rows])
    return outside, below


def _over_and_under(corners: _Floats, above: float) -> tuple[_Floats, _Floats]:
    centers, normals = corners.mean(axis=1), _crosses(corners)
    normals *= above / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
    return centers + normals, centers - normals


def _piece_side(corners: _Floats, side: float) -> float:
    """The longest edge of pieces of triangles `n 3 3`: `side`, or more where the pieces would be too many."""
    edges = np.linalg.norm(np.roll(corners, -1, axis=1) - corners, axis=2).max(axis=1)
    heights = np.linalg.norm(_crosses(corners), axis=1) / np.maximum(edges, 1e-30)
    while (np.ceil(edges / side) * np.ceil(heights / side)).sum() > max(_MOST_PIECES, 2 * len(corners)):
        side *= _COARSER
    return side


def _clusters(pieces: _Floats, surface: OrientedMesh, faces: _Ints, side: float) -> tuple[_Ints, float]:
    """Groups of pieces that are judged together, and the side of their cells: `side`, or more where they were too many.

    Args:
        pieces: `p 3 3`.
        surface: The surface.
        faces: `p 3`, what they were cut from.
        side: Of the cells.

    Returns:
        A number for each piece, counted from 0 and equal where part, cell and facing are, `p`; the side.
    """
    part = components(np.concatenate([surface.faces, faces]), len(surface.vertices))[len(surface.faces) :]
    cluster = _grouped(pieces, part, side)
    while cluster.max() >= _MOST_CLUSTERS:
        part, side = np.zeros_like(part), side * _COARSER
        cluster = _grouped(pieces, part, side)
    return cluster, side


def _grouped(pieces: _Floats, part: _Ints, side: float) -> _Ints:
    cell = np.floor((pieces.mean(axis=1) - pieces.min(axis=(0, 1))) / side).astype(np.int64)
    normals = _crosses(pieces)
    axis = np.abs(normals).argmax(axis=1)
    way = 2 * axis + (np.take_along_axis(normals, axis[:, None], axis=1)[:, 0] > 0)
    key = part
    for number, size in ((cell[:, 0], 0), (cell[:, 1], 0), (cell[:, 2], 0), (way, 6)):
        key = np.unique(key * max(size, int(number.max()) + 1) + number, return_inverse=True)[1]
    return key.astype(np.int64)


def _cut_up(corners: _Floats, longest: float) -> tuple[_Floats, _Ints]:
    """Triangles `p 3 3` with no edge over `longest` that cover triangles `n 3 3`, and which each is a part of, `p`.

    The longest edge is halved again and again; both faces at an edge halve it at the same place.
    """
    source = np.arange(len(corners))
    done: list[tuple[_Floats, _Ints]] = []
    while len(corners):
        edges = np.linalg.norm(np.roll(corners, -1, axis=1) - corners, axis=2)
        worst = edges.argmax(axis=1)
        small = edges.max(axis=1) <= longest
        done.append((corners[small], source[small]))
        corners, source, worst = corners[~small], source[~small], worst[~small]
        turned = np.take_along_axis(corners, ((np.arange(3) + worst[:, None]) % 3)[:, :, None], axis=1)
        middle = (turned[:, 0] + turned[:, 1]) / 2.0
        corners = np.concatenate(
            [
                np.stack([turned[:, 0], middle, turned[:, 2]], axis=1),
                np.stack([middle, turned[:, 1], turned[:, 2]], axis=1),
            ]
        )
        source = np.concatenate([source, source])
    return np.concatenate([part for part, _ in done]), np.concatenate([part for _, part in done])


def _crosses(corners: _Floats) -> _Floats:
    return np.asarray(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))
