"""A mesh that is turned with the mouse in a browser: the viewer that trimesh brings, with the mesh in it."""

from __future__ import annotations

import numpy as np

from shapelift.geometry import Mesh
from shapelift.rendering.views import PLAIN_COLOR

_ANGLES_DEG = (-20.0, 35.0)
"""Turns of the camera at first: down by its elevation, and its azimuth; those of `views.view`."""
_FOV_DEG = 40.0
_GREY = 182
"""Of the material: the one lamp of the viewer is 1.75 strong, which makes colours of faces turned to it 1.25 as bright
and those of slanted ones about as they are."""


def viewer_html(mesh: Mesh) -> str:
    """An HTML document that shows a mesh in its own colours, or in `PLAIN_COLOR`, and loads nothing.

    Its script is three.js, out of the files of trimesh; the mesh stands in it as GLB.

    Args:
        mesh: Not empty, +Y up.
    """
    import trimesh
    from trimesh.viewer.notebook import scene_to_html
    from trimesh.visual.material import PBRMaterial
    from trimesh.visual.texture import TextureVisuals

    # The viewer lights and shows the numbers as they are, so they stay sRGB. Only a material keeps it from metal.
    base = [_GREY, _GREY, _GREY, 255]
    look = TextureVisuals(material=PBRMaterial(baseColorFactor=base, metallicFactor=0, roughnessFactor=1))
    colors = np.full_like(mesh.vertices, PLAIN_COLOR, np.uint8) if mesh.colors is None else mesh.colors
    look.vertex_attributes["color"] = np.pad(colors, ((0, 0), (0, 1)), constant_values=255)
    shown = trimesh.Trimesh(
        mesh.vertices, mesh.faces, vertex_normals=mesh.vertex_normals, visual=look, process=False, validate=False
    )
    scene = trimesh.Scene(shown)
    half_fov, radius = np.deg2rad(_FOV_DEG) / 2.0, float(np.linalg.norm(scene.extents)) / 2.0
    angles = (*np.deg2rad(_ANGLES_DEG), 0.0)
    scene.set_camera(angles, radius / np.sin(half_fov), scene.bounds.mean(axis=0), fov=(_FOV_DEG, _FOV_DEG))
    return str(scene_to_html(scene))
