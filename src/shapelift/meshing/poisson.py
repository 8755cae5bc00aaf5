"""From points with normals to a closed surface: a Poisson equation in the Fourier domain, and a level that adapts.

The indicator of a solid, 1 inside and 0 outside, has a gradient that is zero but for the surface, where it is minus the
normal. Splatting the normals of a cloud, each times the area it stands for, gives that gradient field V, and the
indicator solves `laplace(chi) = div(V)`: one division in the Fourier domain (Kazhdan, "Reconstruction of Solid Models
from Oriented Point Sets", SGP 2005; with a Gaussian in place of a screened octree as in Peng et al., "Shape As Points",
NeurIPS 2021). The Gaussian lets the indicator of a part that is thinner than it never rise to 1/2, so one level for
the whole shape would lose legs and panels. Here the level is local: the mean indicator at the points around. The
surface then goes through the points, thin part or thick.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Values = npt.NDArray[np.float32]

_MARGIN_CELLS = 10
"""Empty cells around the points: the Fourier domain is periodic, and the solid must not meet its copies."""
SMOOTHING_CELLS = 1.2
"""Standard deviation of the Gaussian. Wider loses edges, narrower lets the rows of a depth map show."""
_LEVEL_CELLS = 2.0
"""Standard deviation of the Gaussian over which the level is averaged."""
_FAR = 0.02
"""Share of the density at the surface below which the level turns to the one of the whole cloud."""


@dataclass(frozen=True, eq=False)
class PointGrid:
    """A grid of nodes around points, and the trilinear weights that connect the two.

    Attributes:
        origin: `3`, position of node (0, 0, 0).
        spacing: Side of a cell.
        shape: Nodes per axis, of lengths that fast Fourier transforms like.
        weights: Sparse `n nodes`: what every node is worth at every point.
    """

    origin: Array
    spacing: float
    shape: tuple[int, int, int]
    weights: Any

    @classmethod
    def around(cls, points: Array, spacing: float) -> PointGrid:
        """The grid around points `n 3` with cells of side `spacing`."""
        from scipy.fft import next_fast_len
        from scipy.sparse import csr_matrix

        low, high = points.min(axis=0), points.max(axis=0)
        cells = np.ceil((high - low) / spacing).astype(int) + 2 * _MARGIN_CELLS
        x, y, z = (int(next_fast_len(int(count), real=True)) for count in cells)
        origin = (low + high) / 2.0 - (np.array([x, y, z]) - 1) / 2.0 * spacing
        place = (points - origin) / spacing
        base = np.floor(place).astype(np.int64)
        share = place - base
        columns = np.empty((len(points), 8), np.int64)
        values = np.empty((len(points), 8), np.float32)
        for number, corner in enumerate(np.ndindex(2, 2, 2)):
            columns[:, number] = np.ravel_multi_index((base + corner).T, (x, y, z))
            values[:, number] = np.prod(np.where(corner, share, 1.0 - share), axis=1)
        starts = np.arange(0, columns.size + 1, 8)
        weights = csr_matrix((values.ravel(), columns.ravel(), starts), shape=(len(points), x * y * z))
        return cls(origin, spacing, (x, y, z), weights)

    def splat(self, values: npt.ArrayLike) -> Values:
        """Values `n` of the points, spread over the nodes around them: `x y z`."""
        spread: Values = (self.weights.T @ np.asarray(values, np.float32)).reshape(self.shape)
        return spread

    def read(self, nodes: Values) -> Values:
        """A field `x y z` at the points, `n`."""
        values: Values = self.weights @ nodes.ravel()
        return values

    def frequencies(self) -> list[Values]:
        """Frequencies along the three axes, in waves per cell, shaped to be broadcast over a half spectrum."""
        from scipy.fft import fftfreq, rfftfreq

        x, y, z = self.shape
        along = fftfreq(x)[:, None, None], fftfreq(y)[None, :, None], rfftfreq(z)[None, None, :]
        return [np.asarray(each, np.float32) for each in along]


def _indicator(grid: PointGrid, normals: Array, areas: Array) -> Values:
    """The smoothed indicator of the solid at the nodes, `x y z`: about 1 inside, 0 outside; see `solve`."""
    from scipy.fft import irfftn, rfftn

    along = grid.frequencies()
    squared = along[0] ** 2 + along[1] ** 2 + along[2] ** 2
    squared[0, 0, 0] = 1.0
    moments = normals * (areas / grid.spacing**2)[:, None]
    spectrum = np.zeros(squared.shape, np.complex64)
    for axis in range(3):
        part = rfftn(grid.splat(moments[:, axis]), workers=-1)
        part *= along[axis]
        spectrum += part
    spectrum *= _gaussian(squared, SMOOTHING_CELLS) / squared
    spectrum *= np.complex64(1j / (2.0 * np.pi))
    field: Values = irfftn(spectrum, grid.shape, workers=-1, overwrite_x=True)
    # The equation leaves a constant open. Everything at the border is outside.
    border = np.concatenate([field[0].ravel(), field[:, 0].ravel(), field[:, :, 0].ravel()])
    field -= np.median(border)
    return field


def _level_at_points(grid: PointGrid, field: Values, areas: Array) -> Values:
    """The mean of a field at the points around every node, `x y z`; far from all points the median of all."""
    from scipy.fft import irfftn, rfftn

    along = grid.frequencies()
    squared = along[0] ** 2 + along[1] ** 2 + along[2] ** 2
    gaussian = _gaussian(squared, _LEVEL_CELLS)
    shares = areas / grid.spacing**2
    at_points = grid.read(field)

    def averaged(values: Array) -> Values:
        spectrum = rfftn(grid.splat(values), workers=-1)
        spectrum *= gaussian
        nodes: Values = irfftn(spectrum, grid.shape, workers=-1, overwrite_x=True)
        return np.maximum(nodes, 0.0, out=nodes)

    # A flat surface smoothed with a Gaussian has this density: one unit of area per cell, spread along the normal.
    far = np.float32(_FAR / (np.sqrt(2.0 * np.pi) * _LEVEL_CELLS))
    level = averaged(shares * at_points)
    level += far * np.median(at_points)
    density = averaged(shares)
    density += far
    level /= density
    return level


def _gaussian(squared: Values, deviation_cells: float) -> Values:
    """The spectrum of a Gaussian of sum 1 at squared frequencies."""
    return np.asarray(np.exp(np.float32(-2.0 * np.pi**2 * deviation_cells**2) * squared), np.float32)


def solve(points: Array, normals: Array, areas: Array, *, spacing: float) -> tuple[Values, PointGrid]:
    """A field that is 0 on the surface through oriented points and positive inside, and the grid of its nodes.

    Args:
        points: `n 3`.
        normals: `n 3`, unit, outward.
        areas: `n`, the area of the surface that every point stands for, in squared units of the points.
        spacing: Side of a cell; not much below the distance between points, or the surface follows each of them.
    """
    grid = PointGrid.around(points, spacing)
    field = _indicator(grid, normals, areas)
    field -= _level_at_points(grid, field, areas)
    return _supported(field, grid), grid


def _supported(field: Values, grid: PointGrid) -> Values:
    """The field without blobs in the air and bubbles inside that no point stands by."""
    from scipy.ndimage import label

    touched = np.zeros(field.shape, np.bool_)
    touched.reshape(-1)[grid.weights.indices] = True
    for sign in (1.0, -1.0):
        parts, count = label(sign * field > 0)
        if count < 2:
            continue
        kept = np.zeros(count + 1, np.bool_)
        kept[parts[touched]] = True
        kept[0] = True
        if sign < 0:
            kept[parts[0, 0, 0]] = True
        stray = ~kept[parts]
        field[stray] = -field[stray]
    return field
