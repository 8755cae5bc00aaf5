"""Photographs and what a model makes of them: docs/images/photographs.png.

Run: python docs/scripts/make_photograph_pictures.py PHOTO[=MASK] ... [--model general]

A row per photograph: what the model saw, and the result from the camera's side, from the left, from behind, from above.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from page_tools import IMAGES, command, save_picture
from PIL import Image

from shapelift import Reconstructor
from shapelift.pictures.rendering import on_paper
from shapelift.rendering import view

SIZE_PX = 200
SIDES_DEG = ((0.0, 15.0), (-75.0, 15.0), (165.0, 15.0), (30.0, 60.0))


def row(model: Reconstructor, photograph: str, mask: str | None, resolution: int) -> npt.NDArray[np.uint8]:
    """Input and result side by side, `s 5s 3`; prints what the command would say."""
    result = model.reconstruct(photograph, mask)
    mesh = result.colored_mesh(resolution)
    filled = "" if result.filled_share is None else f", {result.filled_share:.0%} of the outline filled"
    print(f"{Path(photograph).name}: {len(mesh.faces)} faces{filled}", *result.warnings, sep="\n  ")
    picture = result.crop if result.picture is None else result.picture
    seen = Image.fromarray(on_paper(picture)).resize((SIZE_PX, SIZE_PX), Image.Resampling.LANCZOS)
    sides = [on_paper(view(mesh, *side, size_px=SIZE_PX)) for side in SIDES_DEG]
    return np.concatenate([np.asarray(seen), *sides], axis=1)


def main(arguments: list[str] | None = None) -> None:
    """Draw the rows below each other."""
    parser = command(__doc__)
    parser.add_argument("photographs", nargs="+", metavar="PHOTO[=MASK]")
    parser.add_argument("--model", default="general", help="name of a shipped model, or a model folder")
    parser.add_argument("--resolution", type=int, default=128)
    parser.add_argument("--output", type=Path, default=IMAGES / "photographs.png")
    options = parser.parse_args(arguments)
    model = Reconstructor.load(options.model)
    rows = []
    for text in options.photographs:
        photograph, _, mask = text.partition("=")
        rows.append(row(model, photograph, mask or None, options.resolution))
    save_picture(options.output, np.concatenate(rows), colors=192)


if __name__ == "__main__":
    main()
