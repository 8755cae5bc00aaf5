"""One picture in; a mesh, points, voxels and files out. Needs no PyTorch.

Run: python examples/01_reconstruct.py --image examples/chair.png --output out

The same from the shell: shapelift reconstruct examples/chair.png --output out --format glb,stl
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from shapelift import Reconstructor


def main() -> None:
    """Reconstruct a picture and look at the result in every form."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image", type=Path, default=Path(__file__).with_name("chair.png"))
    parser.add_argument("--model", default="general", help="name of a shipped model, or a model folder")
    parser.add_argument("--resolution", type=int, default=128, help="cells on the longest side")
    parser.add_argument("--output", type=Path, default=Path("out"))
    options = parser.parse_args()

    # Load once, reconstruct as often as you like. A path, a NumPy array or a Pillow image will do.
    model = Reconstructor.load(options.model)
    result = model.reconstruct(options.image)
    for warning in result.warnings:
        print(f"warning: {warning}")

    # The prediction itself is a function of space: logits, positive inside.
    center, corner = result.field([[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]])
    frame = model.card.result_frame
    print(f"logit in the centre {center:+.2f}, in a corner of the cube {corner:+.2f}; frame '{frame}'")

    mesh = result.mesh(options.resolution)  # closed, faces outward
    print(f"mesh: {len(mesh.vertices)} vertices, {len(mesh.faces)} faces, volume {mesh.volume:.4f}")

    cloud = result.point_cloud(2048)  # evenly over the surface, with normals
    width, height, depth = np.ptp(cloud.points, axis=0)
    print(f"points: {len(cloud.points)} on a shape of {width:.2f} x {height:.2f} x {depth:.2f}")

    grid = result.voxels(32)  # probabilities of 32 x 32 x 32 cells
    print(f"voxels: {int((grid.occupancy > 0.5).sum())} of {grid.occupancy.size} are full")

    options.output.mkdir(parents=True, exist_ok=True)
    for name, size_mm in (("model.glb", None), ("model.stl", 80.0)):  # 80 mm on the longest side, resting on z = 0
        written = result.save(options.output / name, options.resolution, size_mm)
        print("wrote", *written)
    np.save(options.output / "points.npy", cloud.points)


if __name__ == "__main__":
    main()
