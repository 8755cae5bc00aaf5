"""What trimesh reads, as the parts of a mesh."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from shapelift.io.colors import srgb_colors, srgb_light
from shapelift.io.mesh_formats.format import Colors, MeshMaterial, MeshPart
from shapelift.io.mesh_formats.placing import placed_triangles

MAX_TEXTURE_SIDE_PX = 1024
"""Larger textures are shrunk."""

Ints = npt.NDArray[np.int64]
UV = npt.NDArray[np.float32]


def trimesh_scene(data: bytes, kind: str, *, looks: bool = True) -> Any:
    """The scene of trimesh in the bytes of a file.

    Args:
        data: The bytes.
        kind: Ending of the file, without the dot.
        looks: Whether materials and textures of glTF and PLY are read.
    """
    import trimesh

    logging.getLogger("trimesh").setLevel(logging.CRITICAL)  # what matters of its warnings is said by the readers
    options = {} if looks else {"skip_materials": True}
    return trimesh.load(io.BytesIO(data), file_type=kind, force="scene", process=False, **options)


def scene_parts(scene: Any, *, linear: bool = False) -> tuple[MeshPart, ...]:
    """The triangles of every node of a scene of trimesh; points and lines are left out.

    Args:
        scene: Of trimesh.
        linear: Whether colours of materials and vertices are linear light, as in glTF.

    Raises:
        UnreadableMeshError: a face points at a vertex that does not exist.
    """
    return tuple(part for node in scene.graph.nodes_geometry for part in _node_parts(scene, node, linear))


def _node_parts(scene: Any, node: str, linear: bool) -> Iterator[MeshPart]:
    import trimesh

    matrix, name = scene.graph[node]
    mesh = scene.geometry[name]
    if not isinstance(mesh, trimesh.Trimesh) or len(mesh.faces) == 0:
        return
    vertices, faces = placed_triangles(
        np.asarray(matrix), np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces, np.int64)
    )
    for chosen, material in _materials_of(mesh):
        corners = faces[chosen]
        uv, texture = _texture_of(mesh, material, corners)
        colors = None if texture is not None else _corner_colors_of(mesh, chosen, corners, linear)
        yield MeshPart(vertices, corners, uv, texture, colors, _material_of(material, linear))


def _materials_of(mesh: Any) -> Iterator[tuple[Ints, Any]]:
    """Face indices and trimesh material, for every material of a mesh."""
    every = np.arange(len(mesh.faces))
    material = getattr(mesh.visual, "material", None)
    several = getattr(material, "materials", None)
    of_face = getattr(mesh.visual, "face_materials", None)
    if several is None or of_face is None:
        yield every, None if several is not None else material
        return
    of_face = np.asarray(of_face)
    for index in np.unique(of_face):
        yield every[of_face == index], several[int(index)]


def texture_pixels(image: Any) -> Colors:
    """A picture of Pillow as `h w 4` bytes, at most `MAX_TEXTURE_SIDE_PX` wide and high."""
    image = image.convert("RGBA")
    if max(image.size) > MAX_TEXTURE_SIDE_PX:
        image.thumbnail((MAX_TEXTURE_SIDE_PX, MAX_TEXTURE_SIDE_PX))
    return np.array(image, np.uint8)


def texture_places(uv: npt.NDArray[np.float64]) -> UV:
    """Places `f 3 2` in a texture as they are kept: from its top left corner, in the first tile that they touch.

    Args:
        uv: Of the corners, from the bottom left corner.
    """
    placed = np.stack([uv[..., 0], 1.0 - uv[..., 1]], axis=-1)
    placed -= np.floor(placed.min(axis=1, keepdims=True))  # far tiles would cost float32 its digits
    return np.where(np.isfinite(placed), placed, 0.0).astype(np.float32)


def _texture_of(mesh: Any, material: Any, corners: Ints) -> tuple[UV | None, Colors | None]:
    uv = getattr(mesh.visual, "uv", None)
    image = getattr(material, "baseColorTexture", None)
    if image is None:
        image = getattr(material, "image", None)
    if image is None or uv is None or len(uv) != len(mesh.vertices):
        return None, None
    texture = texture_pixels(image)
    factor = _factor_of(material, linear=True)
    if factor is not None and hasattr(material, "baseColorFactor") and min(factor) < 0.999:
        texture[..., :3] = np.rint(texture[..., :3] * np.asarray(factor)).astype(np.uint8)
    return texture_places(np.asarray(uv, np.float64)[corners]), texture


def _corner_colors_of(mesh: Any, chosen: Ints, corners: Ints, linear: bool) -> Colors | None:
    """Colours `f 3 3` from vertex or face colours, whichever the file has."""
    visual = mesh.visual
    kind = getattr(visual, "kind", None)
    if kind == "vertex":
        colors = np.asarray(visual.vertex_colors)[corners]
    elif kind == "face":
        colors = np.repeat(np.asarray(visual.face_colors)[chosen][:, None], 3, axis=1)
    else:
        stored = getattr(visual, "vertex_attributes", {}).get("color")
        if stored is None or len(stored) != len(mesh.vertices):
            return None
        colors = np.asarray(stored)[corners]
    if colors.dtype.kind == "f":
        colors = np.clip(colors * 255.0, 0.0, 255.0)
    light = colors[..., :3].astype(np.float64) / 255.0
    return srgb_colors(light) if linear else np.asarray(np.rint(light * 255.0), np.uint8)


def _factor_of(material: Any, linear: bool) -> tuple[float, float, float] | None:
    """The colour of a material as sRGB in [0, 1], None where the file gives none."""
    factor = getattr(material, "baseColorFactor", None)
    if factor is None and not hasattr(material, "baseColorFactor"):
        factor = getattr(material, "diffuse", None)
        linear = False
    if factor is None:
        return None
    values = np.asarray(factor).ravel()[:3]
    light = values / 255.0 if values.dtype.kind in "iu" else values.astype(np.float64)
    color = srgb_light(light) if linear else np.clip(light, 0.0, 1.0)
    return (float(color[0]), float(color[1]), float(color[2]))


def _material_of(material: Any, linear: bool) -> MeshMaterial | None:
    """Colour, roughness and metal of a trimesh material; None where it has no colour."""
    color = None if material is None else _factor_of(material, linear)
    if color is None:
        return None
    roughness, metallic = getattr(material, "roughnessFactor", None), getattr(material, "metallicFactor", None)
    return MeshMaterial(
        color,
        None if roughness is None else float(np.clip(roughness, 0.0, 1.0)),
        None if metallic is None else float(np.clip(metallic, 0.0, 1.0)),
    )
