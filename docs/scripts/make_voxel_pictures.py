"""The picture of docs/explanation/voxels.md: docs/images/voxels_smooth_and_blocky.png.

Run: python docs/scripts/make_voxel_pictures.py [--seed 26]

One procedural chair as cells: for 32, 64 and 128 cells per side what a network without error could say, meshed blocky
and smooth, and the smooth mesh of the share of each cell that is full.
"""

from __future__ import annotations

import numpy as np
from page_tools import IMAGES, command, save_picture

from shapelift.geometry import Mesh, VoxelGrid
from shapelift.meshing import mesh_blocks, to_mesh, voxels
from shapelift.pictures.rendering import on_paper, render_object
from shapelift.pictures.sheets import SheetRow, sheet
from shapelift.synthesis import procedural

IMAGE = IMAGES / "voxels_smooth_and_blocky.png"
RESOLUTIONS, PARTS = (32, 64, 128), 3
SIDE_DEG, SIZE_PX = (35.0, 20.0), 210


def shares(mesh: Mesh, resolution: int) -> VoxelGrid:
    """How full every cell is, from `PARTS`^3 places in each."""
    fine = voxels(mesh, resolution * PARTS).occupancy
    return VoxelGrid(fine.reshape((resolution, PARTS) * 3).mean(axis=(1, 3, 5), dtype=np.float32))


def tile(mesh: Mesh) -> np.ndarray:
    """A mesh in clay, from the same side each time."""
    return on_paper(render_object(mesh, *SIDE_DEG, size_px=SIZE_PX))


def main() -> None:
    """Draw and save."""
    parser = command(__doc__)
    parser.add_argument("--seed", type=int, default=26, help="which chair")
    chair = procedural.build("chair", parser.parse_args().seed).normalized().mesh
    grids = [voxels(chair, resolution) for resolution in RESOLUTIONS]
    rows = [
        SheetRow("blocky", [tile(mesh_blocks(grid)) for grid in grids]),
        SheetRow("smooth", [tile(to_mesh(grid)) for grid in grids]),
        SheetRow("shares", [tile(to_mesh(shares(chair, resolution))) for resolution in RESOLUTIONS]),
    ]
    rows[0] = SheetRow(rows[0].title, [*rows[0].tiles, tile(chair)])
    picture = sheet(rows, SIZE_PX, columns=(*(f"{resolution} cells" for resolution in RESOLUTIONS), "the chair"))
    save_picture(IMAGE, picture, colors=None)


if __name__ == "__main__":
    main()
