from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from experiments.branch_figures import DENSE_COLOR, SURFACE_COLOR, branches_figure, place_colors

from shapelift.geometry import PointCloud
from shapelift.imaging.preprocess import Preprocess
from shapelift.inference import ModelCard, Reconstruction


@pytest.fixture
def result() -> Reconstruction:
    """A dense ball in the lower half, and a grid around the upper one."""
    rng = np.random.default_rng(0)
    dense = rng.normal(scale=0.05, size=(200, 3)) - (0.0, 0.3, 0.0)
    row, column = (grid.ravel() for grid in np.meshgrid(np.arange(16) / 16, np.arange(24) / 24, indexing="ij"))
    around = column * 2 * np.pi
    grid = np.stack([0.4 * np.sin(around), 0.4 - 0.3 * row, 0.4 * np.cos(around)], axis=1)
    places = np.concatenate([np.full((200, 2), -1.0), np.stack([row, column], axis=1)])
    card = ModelCard(
        name="two", version="1", family="pointset", representation="points", frame="object", preprocess=Preprocess(32)
    )
    return Reconstruction(
        representation=PointCloud(np.concatenate([dense, grid]).astype(np.float32)),
        crop=np.full((32, 32, 4), 128, np.uint8),
        card=card,
        places=places.astype(np.float32),
    )


def near(tile: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    """Pixels whose hue is that of a colour, lit or paler as it may be."""
    ink = tile.astype(float).max(axis=2) - tile.astype(float).min(axis=2) > 25
    return ink & (tile.argmax(axis=2) == int(np.argmax(color)))


def test_branches_have_two_colours_and_the_map_only_one_branch(result: Reconstruction) -> None:
    size = 96
    picture = branches_figure({"": result}, tile_px=size)
    step = size + 8
    tiles = [picture[-size:, number * step : number * step + size] for number in range(5)]
    for tile in tiles[1:3]:
        lower, upper = near(tile, DENSE_COLOR), near(tile, SURFACE_COLOR)
        assert lower.any()
        assert upper.any()
        assert np.nonzero(lower)[0].mean() > np.nonzero(upper)[0].mean()
    dense_lines = np.nonzero(near(tiles[1], DENSE_COLOR))[0]
    assert (tiles[4][int(np.median(dense_lines))] > 250).all()  # nothing of the dense branch there
    assert not np.array_equal(tiles[3], tiles[4])


def test_neighbours_in_the_map_have_nearly_one_colour() -> None:
    side = np.linspace(0.0, 1.0, 64, endpoint=False)
    grid = place_colors(np.stack(np.meshgrid(side, side, indexing="ij"), axis=2)).reshape(64, 64, 3).astype(int)
    around = np.concatenate([grid, grid[:, :1]], axis=1)
    assert np.abs(np.diff(around, axis=1)).max() < 30  # also from the last column to the first
    assert np.abs(np.diff(grid, axis=0)).max() < 10
    assert len(np.unique(grid.reshape(-1, 3), axis=0)) > 3000


def test_what_has_no_branches_is_refused(result: Reconstruction) -> None:
    with pytest.raises(ValueError, match="chair: the model two does not say which branch"):
        branches_figure({"chair": dataclasses.replace(result, places=None)})
    with pytest.raises(ValueError, match="no reconstruction"):
        branches_figure({})
