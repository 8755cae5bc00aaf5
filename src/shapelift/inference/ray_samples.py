"""What a field in the frame of a picture says along the rays through the object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Box
from shapelift.inference.window_maps import Map, WindowMaps

Points = npt.NDArray[np.float32]
Logits = Callable[[Points], npt.NDArray[np.float32]]

CELLS = 64
"""The window is divided into so many cells along each side; each cell that holds a part of the object has one ray."""
_SAMPLES = 48
"""Points along a ray, in the range where the object is."""
_FIRST_CELLS, _FIRST_SAMPLES = 32, 24
"""Rays and points that look for that range."""
_POSSIBLE = -4.0
"""Logit above which a point may belong to the object."""
_COMMON = (0.02, 0.98)
"""Quantiles of the visible depth that are worth sampling, whatever the field says there."""
_BEHIND = 0.06
"""How far beyond them, in windows: the middle of a part lies behind what one sees of it."""
_MARGIN = 2
"""Steps between samples by which a range is widened on both sides."""


@dataclass(frozen=True, eq=False)
class RaySamples:
    """Logits along one ray per cell of the window.

    Attributes:
        cells: `n` flat indices of the cells, row by row from the top, of a grid of `CELLS` x `CELLS`.
        places: `n 2` (u, v) of the rays: of each cell the place deepest inside the outline, so that a part thinner than
            a cell is hit.
        depths: `k` values of w, evenly spaced, the same for all rays.
        logits: `n k`.
        least: `n`, the highest logit of the least sure ray of every cell: where the outline cuts or touches a cell,
            a second ray is looked at, just inside of it.
    """

    cells: npt.NDArray[np.int64]
    places: npt.NDArray[np.float32]
    depths: npt.NDArray[np.float32]
    logits: npt.NDArray[np.float32]
    least: npt.NDArray[np.float32]

    def grid(self, values: npt.ArrayLike, empty: float = 0.0) -> npt.NDArray[np.float32]:
        """One number per ray as a map of `CELLS` x `CELLS`, with `empty` in the cells without a ray."""
        result = np.full(CELLS * CELLS, empty, np.float32)
        result[self.cells] = values
        return result.reshape(CELLS, CELLS)

    def points(self) -> Points:
        """All sampled points `n*k 3`, ray by ray."""
        return _points(self.places, self.depths)


def sample_rays(logits: Logits, outline: npt.NDArray[np.float32], box: Box, visible: Map | None = None) -> RaySamples:
    """Ask a field along the rays through the inside of an outline.

    Args:
        logits: The field, in picture coordinates.
        outline: `s s` signed distance to the outline, positive inside; s is not smaller than `CELLS`.
        box: Where the field is defined; a first look at few rays finds the part of it that is worth sampling.
        visible: `r r` depth of the visible surface over the window where it is known, or None.

    Returns:
        The samples; no ray where nothing is inside.
    """
    cells, places, _ = _places(outline, _FIRST_CELLS)
    depths = np.linspace(box.minimum[2], box.maximum[2], _FIRST_SAMPLES, dtype=np.float32)
    low, high = float(depths[0]), float(depths[-1])
    if len(cells):
        first = logits(_points(places, depths)).reshape(len(cells), -1)
        low, high = possible_range(depths, first.max(axis=0))
        if visible is not None:
            seen = np.quantile(visible_at(visible, places), _COMMON)
            low = max(min(low, float(seen[0]) - _BEHIND), box.minimum[2])
            high = min(max(high, float(seen[1]) + _BEHIND), box.maximum[2])
    cells, places, rims = _places(outline, CELLS)
    depths = np.linspace(low, high, _SAMPLES, dtype=np.float32)
    if not len(cells):
        return RaySamples(cells, places, depths, np.zeros((0, _SAMPLES), np.float32), np.zeros(0, np.float32))
    cut = np.flatnonzero((rims != places).any(axis=1))
    found = logits(_points(np.concatenate([places, rims[cut]]), depths)).reshape(-1, _SAMPLES)
    least = found[: len(cells)].max(axis=1)
    least[cut] = np.minimum(least[cut], found[len(cells) :].max(axis=1))
    return RaySamples(cells, places, depths, found[: len(cells)], least)


def visible_at(visible: Map, places: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The visible depth `r r` at places (u, v) `n 2`, `n`."""
    return WindowMaps(np.ascontiguousarray(visible[..., None], np.float32))(places)[:, 0]


def possible_range(depths: npt.NDArray[np.float32], highest: npt.NDArray[np.float32]) -> tuple[float, float]:
    """First and last of `k` depths at which a logit is not hopeless, widened by two steps; all where none is."""
    chosen = np.flatnonzero(highest > _POSSIBLE)
    if not len(chosen):
        return float(depths[0]), float(depths[-1])
    return float(depths[max(chosen[0] - _MARGIN, 0)]), float(depths[min(chosen[-1] + _MARGIN, len(depths) - 1)])


def _places(
    outline: npt.NDArray[np.float32], count: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Flat indices `n` of the cells of a grid of `count` cells that hold a part of the inside, and two (u, v) `n 2`.

    The first is the place deepest inside; the second the one nearest to the outline, in cells that it cuts or touches,
    else the same.
    """
    side = len(outline)
    # The fine map has not always a whole number of pixels per cell: blocks of the nearest size, by first pixel.
    starts = np.round(np.arange(count) * side / count).astype(np.int64)
    block = -(-side // count)
    index = np.minimum(starts[:, None] + np.arange(block), side - 1)
    blocks = outline[index[:, None, :, None], index[None, :, None, :]].reshape(count * count, -1)
    deepest = blocks.argmax(axis=1)
    cells = np.flatnonzero(blocks[np.arange(len(blocks)), deepest] > 0.0)
    inside = np.where(blocks[cells] > 0.0, blocks[cells], np.inf)
    rim = np.where(inside.min(axis=1) < 0.5 / count, inside.argmin(axis=1), deepest[cells])

    def place(chosen: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        row, column = index[cells // count, chosen // block], index[cells % count, chosen % block]
        return np.stack([(column + 0.5) / side - 0.5, 0.5 - (row + 0.5) / side], axis=1).astype(np.float32)

    return cells, place(deepest[cells]), place(rim)


def _points(places: npt.NDArray[np.float32], depths: npt.NDArray[np.float32]) -> Points:
    result = np.empty((len(places), len(depths), 3), np.float32)
    result[..., :2] = places[:, None]
    result[..., 2] = depths
    return result.reshape(-1, 3)
