"""Square plots of points, lines and words in the plane, as pictures for a sheet; drawn by matplotlib."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from shapelift.pictures.shading import RGB, Image

FAINT_LINE: RGB = (190, 190, 190)
Window = tuple[float, float, float, float]
"""Left, bottom, right and top of the part of the plane that is shown."""
Mark = Callable[[Axes], object]
"""Draws itself."""

_DPI = 100.0
_POINTS = 72.0 / _DPI  # of a pixel
_HORIZONTAL, _VERTICAL = {"l": "left", "m": "center", "r": "right"}, {"m": "center", "a": "top", "s": "bottom"}


def dots(points: npt.ArrayLike, color: RGB, radius_px: float = 3.0) -> Mark:
    """A disc at every point `n 2`."""
    x, y = np.asarray(points, np.float64).reshape(-1, 2).T
    area = (2.0 * radius_px * _POINTS) ** 2
    return lambda axes: axes.scatter(x, y, s=area, color=_rgb(color), linewidths=0.0)


def line(points: npt.ArrayLike, color: RGB, width_px: float = 1.5, dash_px: float = 0.0) -> Mark:
    """A line through points `n 2`, dashed if asked."""
    x, y = np.asarray(points, np.float64).reshape(-1, 2).T
    style = "solid" if dash_px <= 0.0 else (0.0, (dash_px / width_px, dash_px / width_px))
    return lambda axes: axes.plot(x, y, color=_rgb(color), linewidth=width_px * _POINTS, linestyle=style)


def words(
    place: tuple[float, float], text: str, color: RGB = (120, 120, 120), anchor: str = "mm", text_px: int = 13
) -> Mark:
    """Text at a point (x, y); `anchor` says where that is in it: l, m or r across, then a, m or s down."""
    return lambda axes: axes.text(
        *place,
        text,
        color=_rgb(color),
        fontsize=text_px * _POINTS,
        ha=_HORIZONTAL[anchor[0]],
        va=_VERTICAL[anchor[1]],
    )


def plot(window: Window, marks: Sequence[Mark], size_px: int) -> Image:
    """A square picture `size_px size_px 3` of marks, later ones over earlier ones; what lies outside is cut off."""
    figure = Figure(figsize=(size_px / _DPI, size_px / _DPI), dpi=_DPI)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=window[::2], ylim=window[1::2])
    axes.axis("off")
    for order, mark in enumerate(marks):
        drawn = mark(axes)
        for one in drawn if isinstance(drawn, list) else [drawn]:
            one.set_zorder(order)  # type: ignore[attr-defined]
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _rgb(color: RGB) -> tuple[float, ...]:
    return tuple(channel / 255.0 for channel in color)
