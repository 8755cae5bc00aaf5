"""Sampling a field on a grid of nodes, densely only where its surface can be.

The grid starts with every second node (every fourth above 128 cells, and so on) and is refined towards single cells.
A new node, halfway between old ones, is evaluated when

1. it could have another sign than the old nodes `c` it lies between, that is unless `|value(c)| > slope * |node - c|`
   for one of them. The slope is read off the grid itself, the steepest cell of the 3 x 3 x 3 neighbourhood: the test is
   safe for a signed distance and scales itself to any logit; or
2. it is a corner of a cell with both signs. This is repeated until no cell is added, so a surface that was found
   anywhere is followed to its end.

All other nodes are interpolated from nodes of one sign, so they never make a crossing.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from shapelift.geometry import ImplicitField

Values = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
_T = TypeVar("_T", bound=np.generic)

_BATCH_POINTS = 1 << 20
"""Points in one call of a field: 12 MiB of coordinates."""
_DENSE_UP_TO = 4
"""Grids with this many cells on their longest side are sampled densely: there is nothing to save."""
_SLOPE_MARGIN = 1.1
"""How much steeper than measured the field may be between the nodes that were looked at."""


@dataclass(frozen=True, eq=False)
class FieldGrid:
    """Values of a field at the nodes of a grid that spans its box exactly, in the field's own coordinates.

    Attributes:
        values: `x y z` float32 logits, positive inside; `cells + 1` nodes per axis. Exact at every corner of a cell
            that the surface crosses; elsewhere the sign is right and the number may be interpolated.
        origin: `3`, the position of node (0, 0, 0): the lower corner of the box.
        spacing: `3`, sides of a cell.
        evaluations: How many points the field was asked for.
    """

    values: Values
    origin: npt.NDArray[np.float64]
    spacing: npt.NDArray[np.float64]
    evaluations: int

    @property
    def share(self) -> float:
        """Evaluated points as a share of all nodes; 1 for a dense grid."""
        return self.evaluations / self.values.size


def cells_per_axis(field: ImplicitField, resolution: int) -> tuple[int, int, int]:
    """Number of cells per axis: `resolution` on the longest side, nearly cubic cells on the others.

    In the coordinates of a picture `resolution` cells make a unit, the side of the window, however long the box is.

    Raises:
        ValueError: a resolution below 1.
    """
    if resolution < 1:
        raise ValueError(f"resolution must be at least 1 cell, got {resolution}")
    size = field.box.size
    unit = size.max() if field.placement is None else 1.0
    counts = np.maximum(1, np.round(resolution * size / unit)).astype(int)
    return int(counts[0]), int(counts[1]), int(counts[2])


def sample_grid_densely(field: ImplicitField, resolution: int = 128) -> FieldGrid:
    """Every node of the grid, evaluated: the reference for `sample_grid`.

    Args:
        field: What is sampled.
        resolution: See `cells_per_axis`.

    Returns:
        The grid, with `evaluations` equal to the number of nodes.
    """
    lattice = _Lattice(field, cells_per_axis(field, resolution), start_spacing=1)
    everywhere = np.ones(tuple(count + 1 for count in lattice.cells), np.bool_)
    values = lattice.evaluate(everywhere, 1).reshape(everywhere.shape)
    return FieldGrid(values, lattice.origin, lattice.spacing, lattice.evaluations)


def sample_grid(field: ImplicitField, resolution: int = 128, *, start_spacing: int | None = None) -> FieldGrid:
    """Sample a field where its surface is, with the same result for the surface as `sample_grid_densely`.

    Parts that are two cells thick or thicker are found whatever their position when the field behaves like a distance
    near them; of a field made of steps (saturated logits) everything that has a node of the start grid inside it.

    Args:
        field: What is sampled; asked in a few large batches.
        resolution: See `cells_per_axis`.
        start_spacing: Cells between the nodes looked at first, a power of two. Default: 2 up to 128 cells, doubled
            with every doubling of the resolution (so the first look costs at most 65^3 points).

    Returns:
        The grid. `evaluations` says what it cost.

    Raises:
        ValueError: a resolution below 1, or a start spacing that is not a power of two.
    """
    cells = cells_per_axis(field, resolution)
    if start_spacing is None:
        start_spacing = 1 if resolution <= _DENSE_UP_TO else 2 ** max(1, int(np.ceil(np.log2(resolution / 64))))
    if start_spacing < 1 or start_spacing & (start_spacing - 1):
        raise ValueError(f"start_spacing must be a power of two, got {start_spacing}")
    lattice = _Lattice(field, cells, start_spacing)
    step = start_spacing
    exact = np.ones(tuple(count // step + 1 for count in lattice.padded_cells), np.bool_)
    values = lattice.evaluate(exact, step).reshape(exact.shape)
    while step > 1:
        values, exact = _refine(lattice, values, exact, step)
        step //= 2
    inside_box = tuple(slice(count + 1) for count in cells)
    return FieldGrid(np.ascontiguousarray(values[inside_box]), lattice.origin, lattice.spacing, lattice.evaluations)


class _Lattice:
    """Positions of nodes, and the tally of what was evaluated.

    Cells are rounded up to a multiple of the start spacing; the surplus nodes lie on the wall of the box, at the same
    place as its last nodes, so that a field is never asked outside its box and the surplus cells have no volume.
    """

    def __init__(self, field: ImplicitField, cells: tuple[int, int, int], start_spacing: int) -> None:
        self.field = field.unplaced
        self.cells = cells
        self.origin = np.array(field.box.minimum)
        self.spacing = field.box.size / cells
        self.padded_cells = tuple(-(-count // start_spacing) * start_spacing for count in cells)
        self.axes = [
            (low + np.minimum(np.arange(padded + 1), count) * side).astype(np.float32)
            for low, side, count, padded in zip(self.origin, self.spacing, cells, self.padded_cells, strict=True)
        ]
        self.evaluations = 0

    def evaluate(self, where: Mask, step: int) -> Values:
        """Logits `n` at the nodes that `where` marks on the grid of every `step`-th node."""
        axes = [axis[::step] for axis in self.axes]
        chosen = np.flatnonzero(where)
        result = np.empty(len(chosen), np.float32)
        for start in range(0, len(chosen), _BATCH_POINTS):
            batch = np.unravel_index(chosen[start : start + _BATCH_POINTS], where.shape)
            points = np.stack([axis[index] for axis, index in zip(axes, batch, strict=True)], axis=1)
            result[start : start + _BATCH_POINTS] = self.field(points)
        self.evaluations += len(chosen)
        return result


def _refine(lattice: _Lattice, values: Values, exact: Mask, step: int) -> tuple[Values, Mask]:
    """Halve the spacing of the nodes from `step` cells: evaluate what matters, interpolate the rest."""
    fine = values
    for axis in range(3):
        fine = _interpolated(fine, axis)
    fine = np.ascontiguousarray(fine)  # interpolation leaves the axes in another order: masks would inherit it
    known = np.zeros(fine.shape, np.bool_)
    known[::2, ::2, ::2] = exact
    wanted = _in_doubt(values, lattice.spacing * step)
    wanted |= _nodes_of(_crossed(fine > 0))
    while True:
        wanted &= ~known
        if not wanted.any():
            return fine, known
        fine[wanted] = lattice.evaluate(wanted, step // 2)
        known |= wanted
        wanted = _nodes_of(_crossed(fine > 0))


def _interpolated(values: Values, axis: int) -> Values:
    """Nodes of half the spacing along one axis: the old ones and the means of neighbours."""
    values = np.moveaxis(values, axis, 0)
    result = np.empty((2 * len(values) - 1, *values.shape[1:]), np.float32)
    result[::2] = values
    np.add(values[:-1], values[1:], out=result[1::2])
    result[1::2] *= 0.5
    return np.moveaxis(result, 0, axis)


def _crossed(inside: Mask) -> Mask:
    """Cells whose eight corners are not all on one side."""
    some, every = inside, inside
    for axis in range(3):
        some = np.logical_or(*_ends(some, axis))
        every = np.logical_and(*_ends(every, axis))
    return some & ~every


def _nodes_of(cells: Mask) -> Mask:
    """Corners of the marked cells."""
    for axis in range(3):
        cells = _spread(cells, axis)
    return cells


def _in_doubt(values: Values, spacing: npt.NDArray[np.float64]) -> Mask:
    """Nodes of half the spacing that could have another sign than the corners they lie between, by the slope there.

    Args:
        values: `x y z` at the nodes with this `spacing`.
        spacing: `3`.

    Returns:
        Mask `2x-1 2y-1 2z-1`.
    """
    steepest = _steepest(values, spacing) * np.float32(_SLOPE_MARGIN)
    result = np.zeros(tuple(2 * count - 1 for count in values.shape), np.bool_)
    for along in product((False, True), repeat=3):
        if not any(along):
            continue
        # `along` names the axes on which the node lies halfway: it is the middle of an edge, a face or a cell. The
        # corners of that edge, face or cell are its nearest nodes; those farther away hardly ever decide.
        high, low, slope = values, values, steepest
        for axis in range(3):
            if along[axis]:
                high = np.maximum(*_ends(high, axis))
                low = np.minimum(*_ends(low, axis))
            else:
                slope = _spread(slope, axis)
        distance = np.linalg.norm(spacing * along) / 2.0
        out_of_reach = np.maximum(high, -low) > slope * np.float32(distance)
        result[tuple(slice(int(halfway), None, 2) for halfway in along)] = ~out_of_reach
    return result


def _steepest(values: Values, spacing: npt.NDArray[np.float64]) -> Values:
    """Largest slope in the 3 x 3 x 3 cells around every cell, from the steepest edges of each along the axes."""
    total: Values = np.zeros(tuple(count - 1 for count in values.shape), np.float32)
    for axis in range(3):
        first, last = _ends(values, axis)
        rise = np.abs(last - first)
        for other in range(3):
            if other != axis:
                rise = np.maximum(*_ends(rise, other))
        rise *= np.float32(1.0 / spacing[axis])
        total += rise * rise
    for axis in range(3):
        total = np.maximum(*_ends(_spread(total, axis), axis))
    return np.sqrt(total)


def _ends(values: npt.NDArray[_T], axis: int) -> tuple[npt.NDArray[_T], npt.NDArray[_T]]:
    """First and last node of every cell along one axis."""
    before = (slice(None),) * axis
    return values[(*before, slice(None, -1))], values[(*before, slice(1, None))]


def _spread(cells: npt.NDArray[_T], axis: int) -> npt.NDArray[_T]:
    """Nodes along one axis, each with the larger value of the cells on its two sides."""
    shape = list(cells.shape)
    shape[axis] += 1
    nodes = np.empty(shape, cells.dtype)
    before = (slice(None),) * axis
    nodes[(*before, slice(None, 1))] = cells[(*before, slice(None, 1))]
    nodes[(*before, slice(-1, None))] = cells[(*before, slice(-1, None))]
    first, last = _ends(cells, axis)
    np.maximum(first, last, out=nodes[(*before, slice(1, -1))])
    return nodes
