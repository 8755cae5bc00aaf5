"""Figures of views and clouds, ready to be looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shapelift.geometry import PointCloud, ViewMaps
from shapelift.pictures.shading import Image, Scale, distinct_colors, render_points
from shapelift.pictures.sheets import SheetRow, resized, sheet

BLUE = (120, 170, 235)
"""Of points that have no colour of their own."""

Side = tuple[float, float]
Depths = npt.NDArray[np.float32]


def maps_figure(maps: ViewMaps, truth: npt.ArrayLike | None = None, *, tile_px: int = 128, title: str = "") -> Image:
    """What a network says of every view: depth, deviation of columns and rows from the pixels, and mask.

    Args:
        maps: k views, one column of the figure each.
        truth: True depth `k h w`, 0 where nothing is seen, as a row of its own.
        tile_px: Side of a view in the figure, about: every pixel becomes a whole number of them.
        title: Of the figure.
    """
    seen = maps.seen
    true = np.zeros_like(maps.mask_logits) if truth is None else np.asarray(truth, np.float32)
    depth = _depth_scale([maps.xyz[..., 2][seen], true[true > 0.0]])
    moved = np.abs(maps.deviation[seen])
    shift = Scale.of_deviation(_round_up(float(np.quantile(moved, 0.99)) if moved.size else 1.0), "px")
    mask = Scale.of_share("empty", "object")
    frame = _Frame.around(seen | (true > 0.0), tile_px)
    rows = [
        frame.row("depth Z", maps.xyz[..., 2], seen, depth),
        frame.row("true depth", true, true > 0.0, depth, legend=False),
        frame.row("X - column", maps.deviation[..., 0], seen, shift),
        frame.row("Y - row", maps.deviation[..., 1], seen, shift, legend=False),
        frame.row("mask", 0.5 * (1.0 + np.tanh(0.5 * maps.mask_logits)), np.ones_like(seen), mask),
    ]
    if truth is None:
        del rows[1]
    columns = [f"view {number + 1}" for number in range(len(maps.cameras))]
    return sheet(rows, frame.tile_px, title=title, columns=columns)


def depth_figure(found: Depths, truth: Depths, *, tile_px: int = 192, title: str = "") -> Image:
    """Depth `k h w`, 0 where nothing is seen, the true depth of the same views, and where both differ."""
    scale = _depth_scale([found[found > 0.0], truth[truth > 0.0]])
    frame = _Frame.around((found > 0.0) | (truth > 0.0), tile_px)
    rows = [
        frame.row("drawn from\nthe points", found, found > 0.0, scale),
        frame.row("true depth", truth, truth > 0.0, scale, legend=False),
        frame.row("difference", found - truth, (found > 0.0) & (truth > 0.0), Scale.of_deviation(0.1, "")),
    ]
    return sheet(rows, frame.tile_px, title=title)


def fusion_figure(cloud: PointCloud, maps: ViewMaps, side_deg: Side, *, tile_px: int = 224, title: str = "") -> Image:
    """How a cloud grows: the points of one view, of two, of four, ... and of all views, each view in its own colour.

    Args:
        cloud: What fusion made of `maps`: points of all pixels that see something, with normals.
        maps: k views.
        side_deg: Azimuth and elevation of the side that is shown.
        tile_px: Side of a picture of the cloud.
        title: Of the figure.
    """
    total = len(maps.cameras)
    ends = maps.seen.sum(axis=(1, 2)).cumsum()
    view = np.searchsorted(ends, np.arange(len(cloud)), side="right")
    colored = PointCloud(cloud.points, cloud.normals, distinct_colors(total)[view])
    counts = [*(2**power for power in range(total.bit_length()) if 2**power < total), total]
    tiles = [cloud_tile(_first(colored, int(ends[count - 1])), side_deg, tile_px) for count in counts]
    columns = [f"{count} view{'s' * (count > 1)}" for count in counts]
    return sheet([SheetRow("", tiles)], tile_px, title=title, columns=columns)


def clouds_figure(
    clouds: Mapping[str, PointCloud], sides_deg: Sequence[Side], *, tile_px: int = 224, title: str = ""
) -> Image:
    """Clouds with normals, one row each, from several sides (azimuth, elevation); blue, or in colours of their own."""
    rows = [SheetRow(name, [cloud_tile(cloud, side, tile_px) for side in sides_deg]) for name, cloud in clouds.items()]
    return sheet(rows, tile_px, title=title)


def cloud_tile(cloud: PointCloud, side_deg: Side, tile_px: int) -> Image:
    """A cloud from one side, with smooth edges."""
    color = BLUE if cloud.colors is None else None
    # All but a few strays stay in the picture, whatever the side, and all sides have one measure.
    span = 2.0 * float(np.quantile(np.linalg.norm(cloud.points, axis=1), 0.999)) if len(cloud) else 1.0
    return resized(render_points(cloud, *side_deg, 2 * tile_px, color=color, spot_px=5, span=max(span, 1.0)), tile_px)


@dataclass(frozen=True)
class _Frame:
    """The square around the middle of every view that is shown, and how much it is enlarged."""

    half_px: int
    zoom: int

    @classmethod
    def around(cls, shown: npt.NDArray[np.bool_], tile_px: int) -> _Frame:
        """Whatever is shown in some view `k h w`, and a little margin."""
        middle = np.array(shown.shape[1:]) / 2.0
        places = np.argwhere(shown)[:, 1:] + 0.5
        reach = np.abs(places - middle).max() if len(places) else middle.max()
        half = int(min(np.ceil(1.06 * reach + 0.5), middle.max()))
        return cls(half, max(1, round(tile_px / (2 * half))))

    @property
    def tile_px(self) -> int:
        return 2 * self.half_px * self.zoom

    def row(
        self, title: str, values: Depths, shown: npt.NDArray[np.bool_], scale: Scale, *, legend: bool = True
    ) -> SheetRow:
        row, column = (size // 2 for size in values.shape[1:])
        cut = np.s_[row - self.half_px : row + self.half_px, column - self.half_px : column + self.half_px]
        tiles = [scale.picture(one[cut], where[cut]) for one, where in zip(values, shown, strict=True)]
        large = [tile.repeat(self.zoom, axis=0).repeat(self.zoom, axis=1) for tile in tiles]
        return SheetRow(title, large, scale if legend else None)


def _first(cloud: PointCloud, count: int) -> PointCloud:
    normals = None if cloud.normals is None else cloud.normals[:count]
    return PointCloud(cloud.points[:count], normals, None if cloud.colors is None else cloud.colors[:count])


def _depth_scale(depths: Sequence[npt.NDArray[np.float32]]) -> Scale:
    values = np.concatenate([depth.ravel() for depth in depths])
    if not values.size:
        return Scale.of_depth(0.5, 1.5)
    nearest, farthest = (float(end) for end in np.quantile(values, (0.005, 0.995)))
    return Scale.of_depth(nearest, max(farthest, nearest + 1e-3))


def _round_up(value: float) -> float:
    """The next of 1, 2, 5, 10, ... times a power of ten; at least 0.01."""
    value = max(value, 0.01)
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= value * (1.0 - 1e-9)))
