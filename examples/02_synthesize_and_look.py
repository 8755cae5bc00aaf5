"""Procedural shapes, and a sheet of pictures to look at.

Run: python examples/02_synthesize_and_look.py --category lamp --output lamps.png

A seed stands for one shape. Every shape is one closed solid: +Y up, front +Z, centred, longest side 1.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from shapelift.pictures.rendering import contact_sheet, on_paper, render_object
from shapelift.solids import check
from shapelift.synthesis import procedural


def main() -> None:
    """Build shapes, say what they are like, and draw them all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--category", default="chair", choices=procedural.CATEGORIES)
    parser.add_argument("--count", type=int, default=18)
    parser.add_argument("--columns", type=int, default=6)
    parser.add_argument("--size", type=int, default=160, help="side of one picture in pixels")
    parser.add_argument("--seed", type=int, default=0, help="of the first shape; the others follow")
    parser.add_argument("--output", type=Path, default=Path("shapes.png"))
    options = parser.parse_args()

    tiles = []
    for seed in range(options.seed, options.seed + options.count):
        asset = procedural.build(options.category, seed)
        problems = ", ".join(check(asset.mesh).problems) or "closed"
        share = asset.mesh.volume / float(np.prod(asset.mesh.bounds.size))
        print(f"seed {seed}: {len(asset.mesh.faces)} faces, fills {share:.0%} of its box, {problems}")
        tiles.append(on_paper(render_object(asset, azimuth_deg=38.0, elevation_deg=22.0, size_px=options.size)))

    Image.fromarray(contact_sheet(tiles, options.columns)).save(options.output, optimize=True)
    print(f"{options.output}: {options.count} shapes")


if __name__ == "__main__":
    main()
