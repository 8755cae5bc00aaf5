"""What a multi-view model says of one shape, step by step and beside the truth, as figures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from experiments.maps_figures import clouds_figure, depth_figure, fusion_figure, maps_figure
from shapelift.geometry import Camera, DepthMaps, Mesh, ViewMaps
from shapelift.meshing import fused_points
from shapelift.pictures.rendering import object_sheet
from shapelift.pictures.shading import Image
from shapelift.pictures.sheets import stacked
from shapelift.synthesis.materials import Asset
from shapelift.synthesis.renderer import Scene, render_depth

SIDES_DEG = ((30.0, 20.0), (120.0, 20.0), (210.0, 20.0), (300.0, 20.0))
"""Azimuth and elevation of four sides that show a shape all round; the first is that of the input."""

_MARGIN_PX = 12
_INPUT = ("what the network sees", "", "from the other sides", "")


def view_figures(truth: Asset, maps: ViewMaps, novel: DepthMaps, mesh: Mesh) -> dict[str, Image]:
    """Figures of all steps by name, in order: `input`, `maps`, `fusion`, `cloud`, `novel_views`, `mesh`.

    Args:
        truth: The true shape. The model has seen `portrait(truth, *SIDES_DEG[0])`.
        maps: What it says of the fixed views.
        novel: Depth of the fused points, drawn by the pseudo-renderer for other views.
        mesh: The surface in the end.

    Raises:
        ValueError: no pixel of the maps sees anything, or the mesh is empty.
    """
    scene, cloud = Scene(truth), fused_points(maps)
    drawn = np.where(novel.mask, novel.depth, np.float32(0.0))
    figures = {
        "input": object_sheet({"": truth}, SIDES_DEG, title="1. The input", columns=_INPUT),
        "maps": maps_figure(maps, _depths(scene, maps.cameras), title="2. Maps of the fixed views"),
        "fusion": fusion_figure(cloud, maps, SIDES_DEG[0], title="3. Fusion"),
        "cloud": clouds_figure({"": cloud}, SIDES_DEG, title=f"4. The cloud: {len(cloud):,} points"),
        "novel_views": depth_figure(drawn, _depths(scene, novel.cameras), title="5. Novel views"),
        "mesh": object_sheet({"mesh": mesh, "truth": truth.mesh}, SIDES_DEG, title="6. The mesh"),
    }
    return {name: stacked([figure], _MARGIN_PX) for name, figure in figures.items()}


def _depths(scene: Scene, cameras: Sequence[Camera]) -> npt.NDArray[np.float32]:
    return np.stack([render_depth(scene, camera) for camera in cameras])
