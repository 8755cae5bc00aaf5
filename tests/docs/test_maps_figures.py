from __future__ import annotations

import numpy as np
from experiments.maps_figures import clouds_figure, depth_figure, fusion_figure, maps_figure

from shapelift.geometry import PointCloud, ViewMaps, fixed_cameras
from shapelift.meshing import fused_points

CAMERAS = fixed_cameras(4, 16)


def ball() -> np.ndarray:
    """Depth of a ball, the same from everywhere: 4 views of 16 px."""
    places = (np.arange(16) + 0.5) / 16 - 0.5
    inside = 0.3**2 - places[:, None] ** 2 - places**2
    depth = np.where(inside > 0, 1.0 - np.sqrt(np.maximum(inside, 0.0)), 0.0)
    return np.tile(depth.astype(np.float32), (4, 1, 1))


def test_the_figure_of_maps_shows_every_view_cut_to_the_object() -> None:
    depth = ball()
    maps = ViewMaps.from_depth(depth, CAMERAS)
    alone, beside = maps_figure(maps, tile_px=60), maps_figure(maps, depth, tile_px=60)
    assert alone.shape[1] == beside.shape[1]
    tile = (beside.shape[0] - alone.shape[0]) - 8  # one row more, and a gap
    assert tile % 10 in {0, 2}  # 10 or 12 of the 16 px hold the ball
    assert 48 <= tile <= 72


def test_what_is_equal_has_a_grey_difference_and_what_is_nearer_a_blue_one() -> None:
    depth = ball()
    strong = [_colored(depth_figure(depth + shift * (depth > 0), depth)) for shift in (0.0, -0.05, 0.05)]
    same, nearer, farther = (np.array(counts) for counts in strong)
    assert (nearer - same)[1] > 100  # bluish pixels
    assert (farther - same)[0] > 100  # orange ones


def _colored(figure: np.ndarray) -> tuple[int, int]:
    red, blue = figure[..., 0].astype(int), figure[..., 2].astype(int)
    last = slice(2 * figure.shape[0] // 3, None), slice(None, -60)  # the last row, without the legend
    return int((red - blue > 40)[last].sum()), int((blue - red > 40)[last].sum())


def test_the_cloud_grows_view_by_view() -> None:
    maps = ViewMaps.from_depth(ball(), CAMERAS)
    figure = fusion_figure(fused_points(maps), maps, (30.0, 20.0), tile_px=64)
    assert figure.shape[1] >= 3 * 64  # one, two and four views
    tiles = [figure[-64:, start : start + 64] for start in (0, 72, 144)]
    covered = [int((tile < 250).any(axis=2).sum()) for tile in tiles]
    assert covered[0] < covered[1] < covered[2]
    assert clouds_figure({"": fused_points(maps)}, [(0.0, 0.0)] * 3, tile_px=64).shape[0] == 64


def test_nothing_at_all_is_drawn_as_nothing() -> None:
    empty = np.zeros((4, 16, 16), np.float32)
    assert (maps_figure(ViewMaps.from_depth(empty, CAMERAS)) == 255).any()
    assert depth_figure(empty, empty).ndim == 3
    none = PointCloud(np.zeros((0, 3)), np.zeros((0, 3)))
    assert clouds_figure({"none": none}, [(0.0, 0.0)]).ndim == 3
