"""Small plots: dots, lines and areas in the plane, smooth at the edges, with a few words. RGB on white."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shapelift.io.pictures import PAPER, Color, Image

FAINT_LINE: Color = (190, 190, 190)

_FINER = 4  # drawn so many times larger, then averaged


@dataclass(frozen=True, eq=False)
class Window:
    """The part of the plane that a plot shows, stretched to the picture; y grows upwards."""

    left: float
    bottom: float
    right: float
    top: float

    def __post_init__(self) -> None:
        if not (self.left < self.right and self.bottom < self.top):
            raise ValueError("a window needs left < right and bottom < top")

    def pixels(self, points: npt.ArrayLike, size_px: int) -> npt.NDArray[np.float64]:
        """Where points `n 2` are in a square picture: column and line."""
        place = np.asarray(points, np.float64).reshape(-1, 2)
        column = (place[:, 0] - self.left) / (self.right - self.left)
        line = (self.top - place[:, 1]) / (self.top - self.bottom)
        return np.stack([column, line], axis=1) * size_px


@dataclass(frozen=True, eq=False)
class Dots:
    """A disc at every point `n 2`."""

    points: npt.ArrayLike
    color: Color
    radius_px: float = 3.0


@dataclass(frozen=True, eq=False)
class Line:
    """A line through points `n 2`, dashed if asked."""

    points: npt.ArrayLike
    color: Color
    width_px: float = 1.5
    dash_px: float = 0.0


@dataclass(frozen=True, eq=False)
class Area:
    """The inside of the closed line through points `n 2`."""

    points: npt.ArrayLike
    color: Color


@dataclass(frozen=True, eq=False)
class Words:
    """Text at a point (x, y); `anchor` as in Pillow: "mm" is its middle, "la" its upper left corner."""

    place: tuple[float, float]
    text: str
    color: Color = (120, 120, 120)
    anchor: str = "mm"
    text_px: int = 13


Mark = Dots | Line | Area | Words


def plot(window: Window, marks: Sequence[Mark], size_px: int) -> Image:
    """A square picture `size_px size_px 3` of marks, later ones over earlier ones; what lies outside is cut off."""
    from PIL import Image as Pillow
    from PIL import ImageDraw, ImageFont

    large = size_px * _FINER
    canvas = Pillow.new("RGB", (large, large), (PAPER,) * 3)
    draw = ImageDraw.Draw(canvas)
    for mark in marks:
        if isinstance(mark, Words):
            ((x, y),) = window.pixels([mark.place], large)
            font = ImageFont.load_default(mark.text_px * _FINER)
            draw.text((float(x), float(y)), mark.text, font=font, fill=mark.color, anchor=mark.anchor)
            continue
        places = window.pixels(mark.points, large)
        if isinstance(mark, Dots):
            reach = mark.radius_px * _FINER
            for x, y in places.tolist():
                draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=mark.color)
        elif isinstance(mark, Area):
            draw.polygon([(x, y) for x, y in places.tolist()], fill=mark.color)
        else:
            width = max(1, round(mark.width_px * _FINER))
            for piece in _dashes(places, mark.dash_px * _FINER):
                draw.line([(x, y) for x, y in piece.tolist()], fill=mark.color, width=width, joint="curve")
    return np.asarray(canvas.resize((size_px, size_px), Pillow.Resampling.BOX))


def circle(radius: float, corners: int = 180) -> npt.NDArray[np.float64]:
    """A closed line `corners + 1 2` around the origin."""
    angle = np.linspace(0.0, 2.0 * np.pi, corners + 1)
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def rectangle(left: float, bottom: float, right: float, top: float) -> npt.NDArray[np.float64]:
    """A closed line `5 2`."""
    return np.array([(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)])


def _dashes(places: npt.NDArray[np.float64], dash_px: float) -> list[npt.NDArray[np.float64]]:
    """The line in one piece, or cut into dashes with gaps of the same length between them."""
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    if dash_px <= 0.0 or along[-1] <= 0.0:
        return [places]
    pieces = []
    for start in np.arange(0.0, along[-1], 2.0 * dash_px):
        end = min(start + dash_px, along[-1])
        inner = along[(along > start) & (along < end)]
        at = np.concatenate([[start], inner, [end]])
        pieces.append(np.stack([np.interp(at, along, places[:, axis]) for axis in range(2)], axis=1))
    return pieces
