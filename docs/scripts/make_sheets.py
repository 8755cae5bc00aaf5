"""The contact sheets of the procedural categories in docs/reference/data.md: docs/images/sheet_<category>.png.

Run: python docs/scripts/make_sheets.py [category ...]
"""

from __future__ import annotations

import sys

from page_tools import IMAGES
from PIL import Image

from shapelift.pictures.rendering import contact_sheet, on_paper, render_object
from shapelift.synthesis import procedural

COLUMNS, ROWS, SIZE_PX = 6, 3, 144
# Alternating sides show more of a family than one; all of them are views that the training data have, too.
VIEWS_DEG = ((38.0, 20.0), (-42.0, 24.0), (25.0, 32.0), (-60.0, 14.0), (140.0, 22.0))


def sheet(category: str) -> Image.Image:
    """The first shapes of a category, by seed, as they come: none is chosen."""
    tiles = []
    for seed in range(COLUMNS * ROWS):
        azimuth_deg, elevation_deg = VIEWS_DEG[seed % len(VIEWS_DEG)]
        asset = procedural.build(category, seed)
        tiles.append(on_paper(render_object(asset, azimuth_deg, elevation_deg, size_px=SIZE_PX)))
    picture = Image.fromarray(contact_sheet(tiles, COLUMNS))
    return picture.quantize(255, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)


def main() -> None:
    """Draw the sheets that were asked for, or all of them."""
    for category in sys.argv[1:] or procedural.CATEGORIES:
        path = IMAGES / f"sheet_{category}.png"
        sheet(category).save(path, optimize=True)
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
