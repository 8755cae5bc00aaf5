"""Sheets of pictures: rows with titles, columns with titles, a legend where colours stand for numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shapelift.pictures.shading import PAPER, Image, Scale

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

__all__ = ["SheetRow", "sheet", "stacked"]

INK, FAINT = (40, 40, 40), (120, 120, 120)
TITLE_PX, TEXT_PX, SMALL_PX = 20, 15, 13
GAP_PX = 8
_BAR_PX = 12
_LINE = 1.3  # from one line of text to the next, in sizes of the font


@dataclass(frozen=True, eq=False)
class SheetRow:
    """One line of a sheet.

    Attributes:
        title: Stands to the left; may have several lines.
        tiles: Pictures `h w 3`, all of one size.
        scale: Of the colours of the tiles, for the legend to their right.
    """

    title: str
    tiles: Sequence[Image]
    scale: Scale | None = None


def resized(picture: Image, size_px: int) -> Image:
    """A square picture `s s 3` at another size: averaged where it shrinks; where it grows pixels stay visible."""
    import cv2

    if len(picture) == size_px:
        return picture
    smaller = len(picture) > size_px
    how = cv2.INTER_AREA if smaller else cv2.INTER_NEAREST_EXACT
    return np.asarray(cv2.resize(picture, (size_px, size_px), interpolation=how), np.uint8)


def sheet(rows: Sequence[SheetRow], tile_px: int, *, title: str = "", columns: Sequence[str] = ()) -> Image:
    """Rows of square tiles, with room for all titles.

    Args:
        rows: From top to bottom; rows may differ in length.
        tile_px: Side of a tile; other tiles are resized.
        title: Of the whole.
        columns: Titles over the first tiles of the first row.

    Raises:
        ValueError: no rows.
    """
    from PIL import Image as Pillow
    from PIL import ImageDraw

    if not rows:
        raise ValueError("a sheet needs at least one row")
    names = max(_width(row.title, TEXT_PX) for row in rows)
    left = names + 2 * GAP_PX if names else 0
    top = (round(TITLE_PX * 1.6) if title else 0) + (round(SMALL_PX * 1.5) if columns else 0)
    step = tile_px + GAP_PX
    width = left + max(len(row.tiles) for row in rows) * step + _legend_width(rows)
    height = top + len(rows) * step - GAP_PX
    picture = Pillow.new("RGB", (max(width, _width(title, TITLE_PX)), height), (PAPER,) * 3)
    draw = ImageDraw.Draw(picture)
    _write(draw, (0, 0), title, TITLE_PX, INK, "la")
    for number, text in enumerate(columns):
        _write(draw, (left + number * step + tile_px // 2, top - 4), text, SMALL_PX, FAINT, "ms")
    for number, row in enumerate(rows):
        y = top + number * step
        _write(draw, (names, y + tile_px // 2), row.title, TEXT_PX, INK, "rm")
        for place, tile in enumerate(row.tiles):
            picture.paste(Pillow.fromarray(resized(tile, tile_px)), (left + place * step, y))
        if row.scale is not None:
            x = left + len(row.tiles) * step
            bar = row.scale.bar(_BAR_PX, tile_px - 2 * SMALL_PX)
            picture.paste(Pillow.fromarray(bar), (x, y + SMALL_PX))
            draw.rectangle((x - 1, y + SMALL_PX - 1, x + _BAR_PX, y + tile_px - SMALL_PX), outline=FAINT)
            _write(draw, (x + _BAR_PX + 6, y + SMALL_PX), row.scale.high_label, SMALL_PX, FAINT, "lm")
            _write(draw, (x + _BAR_PX + 6, y + tile_px - SMALL_PX), row.scale.low_label, SMALL_PX, FAINT, "lm")
    return np.asarray(picture)


def stacked(sheets: Sequence[Image], margin_px: int = 3 * GAP_PX) -> Image:
    """Sheets `h w 3` of any size below each other, with a margin around and between them.

    Raises:
        ValueError: no sheets.
    """
    if not sheets:
        raise ValueError("there is nothing to put on a sheet")
    width = max(part.shape[1] for part in sheets)
    parts = [
        np.pad(part, ((margin_px, 0), (margin_px, margin_px + width - part.shape[1]), (0, 0)), constant_values=PAPER)
        for part in sheets
    ]
    return np.pad(np.concatenate(parts), ((0, margin_px), (0, 0), (0, 0)), constant_values=PAPER)


def _legend_width(rows: Sequence[SheetRow]) -> int:
    scales = [row.scale for row in rows if row.scale is not None]
    labels = [_width(label, SMALL_PX) for scale in scales for label in (scale.low_label, scale.high_label)]
    return _BAR_PX + 6 + max(labels) if labels else -GAP_PX


def _width(text: str, size_px: int) -> int:
    from PIL import ImageFont

    font = ImageFont.load_default(size_px)
    return max((round(font.getlength(line)) for line in text.split("\n") if line), default=0)


def _write(
    draw: ImageDraw, place: tuple[int, int], text: str, size_px: int, color: tuple[int, int, int], anchor: str
) -> None:
    """Lines of text at a place; `anchor` as in Pillow, and "m" in the vertical is the middle of all lines."""
    from PIL import ImageFont

    font, lines = ImageFont.load_default(size_px), text.split("\n")
    step = round(size_px * _LINE)
    x, y = place
    first = y - (len(lines) - 1) * step // 2 if anchor[1] == "m" else y
    for number, line in enumerate(lines):
        draw.text((x, first + number * step), line, font=font, fill=color, anchor=anchor)
