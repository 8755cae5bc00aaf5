"""Points without normals as pictures: every point a small lit ball."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shapelift.geometry import rotation_x, rotation_y
from shapelift.pictures.shading import PAPER, Image

_LIGHT = np.array([0.35, 0.55, 0.76]) / np.linalg.norm([0.35, 0.55, 0.76])
_FADED = 0.45  # share of paper in the colour of the farthest point


def dots(
    points: npt.ArrayLike,
    colors: npt.ArrayLike,
    azimuth_deg: float,
    elevation_deg: float,
    size_px: int,
    *,
    radius_px: float = 3.0,
    span: float = 1.3,
) -> Image:
    """Points in a parallel projection, as balls that hide those behind them; what is farther away is paler.

    Args:
        points: `n 3`, around the origin of the world frame.
        colors: `n 3` sRGB, 0 to 255.
        azimuth_deg: As for `Camera.orbit`.
        elevation_deg: As for `Camera.orbit`.
        size_px: Side of the picture.
        radius_px: Of a ball.
        span: World units along the side of the picture.

    Returns:
        Picture `size_px size_px 3`.

    Raises:
        ValueError: not as many colours as points.
    """
    cloud, shades = np.asarray(points, np.float64).reshape(-1, 3), np.asarray(colors, np.float64).reshape(-1, 3)
    if len(cloud) != len(shades):
        raise ValueError(f"{len(cloud)} points and {len(shades)} colors: give every point one")
    seen = cloud @ (rotation_x(elevation_deg) @ rotation_y(-azimuth_deg)).T
    # Sorted from far to near: of two balls over one pixel that with the higher number is seen.
    order = np.argsort(seen[:, 2], kind="stable")
    seen, shades = seen[order], shades[order]
    canvas = np.full((size_px, size_px, 3), PAPER, np.uint8)
    if not len(seen):
        return canvas
    depth = (seen[:, 2].max() - seen[:, 2]) / max(float(np.ptp(seen[:, 2])), 1e-9)
    shades = shades + _FADED * depth[:, None] * (PAPER - shades)
    column = np.floor((seen[:, 0] / span + 0.5) * size_px).astype(np.int64)
    line = np.floor((0.5 - seen[:, 1] / span) * size_px).astype(np.int64)
    ball, light = _ball(radius_px)
    front = np.full((size_px, size_px), -1, np.int64)
    for number, (shift_y, shift_x) in enumerate(ball):
        x, y = column + shift_x, line + shift_y
        inside = np.flatnonzero((x >= 0) & (x < size_px) & (y >= 0) & (y < size_px))
        np.maximum.at(front, (y[inside], x[inside]), inside * len(ball) + number)
    hit = front >= 0
    point, part = np.divmod(front[hit], len(ball))
    canvas[hit] = np.clip(shades[point] * light[part, None] + 0.5, 0, 255).astype(np.uint8)
    return canvas


def _ball(radius_px: float) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Pixels `k 2` (line, column) of a ball around the middle one, and how bright they are."""
    reach = int(np.floor(radius_px))
    steps = np.arange(-reach, reach + 1)
    line, column = (grid.ravel() for grid in np.meshgrid(steps, steps, indexing="ij"))
    height = radius_px**2 - line**2 - column**2
    inside = height >= 0.0
    normal = np.stack([column, -line, np.sqrt(np.maximum(height, 0.0))], axis=1)[inside] / max(radius_px, 1e-9)
    return np.stack([line, column], axis=1)[inside], 0.55 + 0.45 * np.clip(normal @ _LIGHT, 0.0, 1.0)
