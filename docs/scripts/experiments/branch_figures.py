"""Which branch of a point set network made which point, and how its map of points lies on the surface, as a figure."""

from __future__ import annotations

from collections.abc import Mapping
from colorsys import hls_to_rgb

import numpy as np
import numpy.typing as npt

from experiments.dots import dots
from shapelift.geometry import PointCloud
from shapelift.inference import Reconstruction
from shapelift.pictures.shading import PAPER, Image
from shapelift.pictures.sheets import SheetRow, resized, sheet

DENSE_COLOR, SURFACE_COLOR = (226, 92, 60), (84, 138, 210)
"""Of points of the fully connected branch (red), and of the up-convolution branch (blue)."""
SIDES_DEG = ((30.0, 20.0), (210.0, 20.0))
"""Azimuth and elevation of the sides that are shown."""


def branches_figure(found: Mapping[str, Reconstruction], *, tile_px: int = 192, title: str = "") -> Image:
    """One row per reconstruction: what the model saw, the two branches in two colours, and the parameterisation.

    The last columns show the points of the up-convolution branch alone, coloured by their row and column in its map:
    the hue goes around with the columns, and the rows go from dark to light. Where the parameterisation is smooth
    neighbours have nearly one colour, and where it is consistent a part of the object has the same colour in every
    object. The map itself stands in the corner of the first such tile.

    Args:
        found: Results of models of points that say `places`, by the name that stands beside them.
        tile_px: Side of a tile.
        title: Of the figure.

    Raises:
        ValueError: nothing to show, or a result without places.
    """
    if not found:
        raise ValueError("there is no reconstruction to show")
    rows = []
    for name, one in found.items():
        points, places = _placed(name, one)
        dense = places[:, 0] < 0.0
        branch = np.where(dense[:, None], DENSE_COLOR, SURFACE_COLOR)
        tiles = [_crop(one.crop)]
        tiles += [_tile(points, branch, side, tile_px) for side in SIDES_DEG]
        tiles += [_tile(points[~dense], place_colors(places[~dense]), side, tile_px) for side in SIDES_DEG]
        rows.append(SheetRow(name, tiles))
    _add_map(rows[0].tiles[1 + len(SIDES_DEG)], tile_px)
    columns = ("input", "dense branch red,", "up-convolution blue", "its map on", "the surface")
    return sheet(rows, tile_px, title=title, columns=columns)


def place_colors(places: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Colours `n 3` of places (row, column) `n 2` in the unit square; equal at the first and the last column."""
    pairs = np.asarray(places, np.float64).reshape(-1, 2)
    colors = [hls_to_rgb(float(column) % 1.0, 0.28 + 0.44 * float(row), 0.75) for row, column in pairs]
    return np.asarray(np.array(colors).reshape(-1, 3) * 255.0 + 0.5, np.uint8)


def _placed(name: str, one: Reconstruction) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    if not isinstance(one.representation, PointCloud) or one.places is None:
        raise ValueError(f"{name}: the model {one.card.name} does not say which branch made a point")
    return one.representation.points, one.places


def _tile(points: npt.NDArray[np.float32], colors: npt.NDArray[np.uint8], side: tuple[float, float], px: int) -> Image:
    # Twice as large and averaged: the balls get smooth edges.
    return resized(dots(points, colors, *side, 2 * px, radius_px=px / 48.0), px)


def _crop(crop: npt.NDArray[np.uint8]) -> Image:
    alpha = crop[..., 3:].astype(np.float64) / 255.0
    return np.asarray(crop[..., :3] * alpha + PAPER * (1.0 - alpha) + 0.5, np.uint8)


def _add_map(tile: Image, tile_px: int) -> None:
    side = max(tile_px // 6, 8)
    row, column = np.meshgrid((np.arange(side) + 0.5) / side, (np.arange(side) + 0.5) / side, indexing="ij")
    tile[2 : side + 2, 2 : side + 2] = place_colors(np.stack([row, column], axis=2)).reshape(side, side, 3)
