"""Values as pictures for people: numbers as colours, and surfaces as lit points. All pictures are RGB on white."""

from __future__ import annotations

from colorsys import hls_to_rgb
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from shapelift.geometry import PointCloud, rotation_x, rotation_y

__all__ = ["Scale", "render_points"]

Image = npt.NDArray[np.uint8]
RGB = tuple[int, int, int]

PAPER = 255

# Near is light, far is dark, and both stand out from paper.
_DEPTH: tuple[RGB, ...] = ((253, 221, 98), (136, 199, 121), (45, 148, 150), (42, 92, 140), (58, 22, 84))
_DEVIATION: tuple[RGB, ...] = ((24, 78, 160), (98, 156, 214), (228, 228, 228), (234, 146, 82), (168, 48, 16))
_SHARE: tuple[RGB, ...] = ((255, 255, 255), (60, 60, 60))
_LIGHT = np.array([0.35, 0.55, 0.76])


@dataclass(frozen=True)
class Scale:
    """Numbers as colours.

    Attributes:
        colors: Of equidistant values from `low` to `high`, at least two; linear in sRGB between them.
        low, high: What is beyond them has the colour of the nearer one.
        low_label, high_label: Written beside the two ends of a legend.
    """

    colors: tuple[RGB, ...]
    low: float
    high: float
    low_label: str
    high_label: str

    def __post_init__(self) -> None:
        if len(self.colors) < 2 or not self.low < self.high:
            raise ValueError("a scale needs two colours and a low end below the high one")

    @classmethod
    def of_depth(cls, nearest: float, farthest: float) -> Scale:
        """Depth [world units]: light where it is near, dark where it is far."""
        return cls(_DEPTH, nearest, farthest, "near", "far")

    @classmethod
    def of_deviation(cls, limit: float, unit: str) -> Scale:
        """Signed numbers: blue below, grey at, and orange above zero."""
        end = f"{limit:g} {unit}".strip()
        return cls(_DEVIATION, -limit, limit, f"-{end}", f"+{end}")

    @classmethod
    def of_share(cls, low_label: str = "0", high_label: str = "1") -> Scale:
        """Numbers from 0, white, to 1, dark grey."""
        return cls(_SHARE, 0.0, 1.0, low_label, high_label)

    def picture(self, values: npt.ArrayLike, shown: npt.ArrayLike | None = None) -> Image:
        """Values `h w` as a picture `h w 3`, white where `shown` `h w` is false."""
        numbers = np.asarray(values, np.float64)
        place = np.clip((numbers - self.low) / (self.high - self.low), 0.0, 1.0) * (len(self.colors) - 1)
        table, steps = np.array(self.colors, np.float64), np.arange(len(self.colors))
        colored = np.stack([np.interp(place, steps, table[:, channel]) for channel in range(3)], axis=-1)
        if shown is not None:
            colored[~np.asarray(shown, bool)] = PAPER
        return np.asarray(colored + 0.5, np.uint8)

    def bar(self, width_px: int, height_px: int) -> Image:
        """All colours as an upright bar, the high end on top."""
        column = np.linspace(self.high, self.low, height_px)
        return self.picture(np.repeat(column[:, None], width_px, axis=1))


def distinct_colors(count: int) -> Image:
    """Colours `count 3` whose hues lie evenly around the circle; every second one is darker."""
    hues = [(number / max(count, 1), 0.68 - 0.12 * (number % 2)) for number in range(count)]
    colors = np.array([hls_to_rgb(hue, light, 0.65) for hue, light in hues], np.float64).reshape(-1, 3)
    return np.asarray(colors * 255.0 + 0.5, np.uint8)


def render_points(
    cloud: PointCloud,
    azimuth_deg: float,
    elevation_deg: float,
    size_px: int,
    *,
    color: RGB | None = None,
    spot_px: int = 3,
    span: float = 1.3,
) -> Image:
    """A surface sampled by points with normals, drawn as small lit squares in a parallel projection.

    Points that look away from the viewer are left out, and nearer points hide farther ones. With spots of 3 px about
    `2 * size_px ** 2` points cover a surface.

    Args:
        cloud: Around the origin of the world frame.
        azimuth_deg: Of the viewer, as for `Camera.orbit`.
        elevation_deg: Likewise.
        size_px: Side of the picture.
        color: Of all points; by default every point has its own.
        spot_px: Side of a point, odd.
        span: World units along the side of the picture. Of the unit cube, whose diagonal is 1.73, 1.3 shows all but
            extreme corners and wastes little.

    Returns:
        Picture `size_px size_px 3`.

    Raises:
        ValueError: no normals, or neither `color` nor colours of the points.
    """
    if cloud.normals is None:
        raise ValueError("only a cloud with normals can be shaded")
    if color is None and cloud.colors is None:
        raise ValueError("give a color, or a cloud with colors")
    view = rotation_x(elevation_deg) @ rotation_y(-azimuth_deg)
    points, normals = cloud.points @ view.T, cloud.normals @ view.T
    # Sorted from far to near: of two points in one pixel the one with the higher number is seen.
    order = np.argsort(points[:, 2], kind="stable")
    order = order[normals[order, 2] > 0.0]
    points, normals = points[order], normals[order]
    column = (points[:, 0] / span + 0.5) * size_px
    line = (0.5 - points[:, 1] / span) * size_px
    light = 0.25 + 0.75 * np.clip(normals @ (_LIGHT / np.linalg.norm(_LIGHT)), 0.0, 1.0)
    base = np.array(color) if color is not None else np.asarray(cloud.colors)[order]
    colors = (base * light[:, None]).astype(np.uint8)
    canvas = np.full((size_px, size_px, 3), PAPER, np.uint8)
    front = np.full((size_px, size_px), -1, np.int64)
    reach = range(-(spot_px // 2), spot_px // 2 + 1)
    for shift_y, shift_x in product(reach, reach):
        x, y = (column + shift_x).astype(np.int64), (line + shift_y).astype(np.int64)
        inside = np.flatnonzero((x >= 0) & (x < size_px) & (y >= 0) & (y < size_px))
        np.maximum.at(front, (y[inside], x[inside]), inside)
    hit = front >= 0
    canvas[hit] = colors[front[hit]]
    return canvas
