"""The picture that the README starts from: a procedural chair that no training set contains.

Run: python examples/00_make_example_image.py

`shapelift synthesize procedural:chair` numbers its shapes and derives the seed of each from that number; the seed below
is none of those, and `tests/examples` holds us to it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image

from shapelift.pictures.rendering import render_object
from shapelift.synthesis import procedural

SEED = 20267923
AZIMUTH_DEG, ELEVATION_DEG = 30.0, 20.0


def main() -> None:
    """Render the chair and write it as a PNG whose alpha channel is the object mask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("chair.png"))
    parser.add_argument("--size", type=int, default=512, help="side in pixels")
    options = parser.parse_args()

    chair = procedural.build("chair", SEED)
    picture = render_object(chair, AZIMUTH_DEG, ELEVATION_DEG, size_px=options.size, margin=0.08, supersampling=4)
    Image.fromarray(picture).save(options.output, optimize=True)
    print(f"{options.output}: {options.size} x {options.size} px, chair {SEED}")


if __name__ == "__main__":
    main()
