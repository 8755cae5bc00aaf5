"""The picture at the top of README.md: docs/images/hero.png, the example image and what the shipped model makes of it.

Run: python docs/scripts/make_pictures.py [--model general]
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from page_tools import EXAMPLES, IMAGES, command, save_picture
from PIL import Image, ImageDraw

from shapelift import Reconstructor
from shapelift.pictures.rendering import on_paper
from shapelift.rendering import view

SIZE_PX = 320
ELEVATION_DEG, AZIMUTH_DEG = 20.0, 30.0  # of the camera in examples/00_make_example_image.py
TURNS_DEG = (0.0, -75.0, 165.0)  # the result from where the camera stood, and from two sides it did not see


def arrow(width: int = 72) -> npt.NDArray[np.uint8]:
    """A grey arrow to the right, `s w 3`."""
    image = Image.new("RGB", (width, SIZE_PX), "white")
    middle = SIZE_PX // 2
    draw = ImageDraw.Draw(image)
    draw.line((8, middle, width - 22, middle), fill=(150, 150, 150), width=6)
    draw.polygon([(width - 8, middle), (width - 28, middle - 14), (width - 28, middle + 14)], fill=(150, 150, 150))
    return np.asarray(image)


def main() -> None:
    """Reconstruct the example and draw input and result side by side."""
    parser = command(__doc__)
    parser.add_argument("--model", default="general", help="name of a shipped model, or a model folder")
    parser.add_argument("--resolution", type=int, default=128, help="cells on the longest side, as in the command")
    parser.add_argument("--output", type=Path, default=IMAGES / "hero.png")
    options = parser.parse_args()

    source = EXAMPLES / "chair.png"
    model = Reconstructor.load(options.model)
    mesh = model.reconstruct(source).colored_mesh(options.resolution)

    picture = Image.open(source).resize((SIZE_PX, SIZE_PX), Image.Resampling.LANCZOS)
    # In the frame `view` the camera's azimuth is 0; in the frame `object` it is what it was.
    front_deg = 0.0 if model.card.result_frame == "view" else AZIMUTH_DEG
    results = [on_paper(view(mesh, front_deg + turn, ELEVATION_DEG, size_px=SIZE_PX)) for turn in TURNS_DEG]
    save_picture(options.output, np.concatenate([on_paper(np.asarray(picture)), arrow(), *results], axis=1))
    print(f"{len(mesh.faces)} faces, model {model.card.name} {model.card.version}")


if __name__ == "__main__":
    main()
