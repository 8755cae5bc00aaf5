"""Mesh files as the real world has them -> assets.

Scene graphs are flattened, textures and colours kept, vertices welded. What cannot become a solid object is rejected
with its reason.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Mesh, normalizing_transform, rotation_x, rotation_y, similarity, transform_points
from shapelift.synthesis.materials import Asset, Material, random_material

SUFFIXES = (".glb", ".gltf", ".obj", ".off", ".ply", ".stl")
MAX_FACES = 2_000_000
MIN_THICKNESS = 1e-4
WELD_DISTANCE = 1e-6
_MAX_TEXTURE_SIDE_PX = 1024
_UNSTYLED = Material((0.5, 0.5, 0.5))

Array = npt.NDArray[np.float32]
Colors = npt.NDArray[np.uint8]


class RejectedShape(Exception):  # noqa: N818 - it is a verdict on the shape, not an error of the program
    """A shape that cannot be used; the message is the reason, one line."""

    def __init__(self, reason: str) -> None:
        super().__init__(" ".join(reason.split()))


@dataclass(frozen=True, eq=False, slots=True)
class _Part:
    """One material of one node of the scene, in the frame of the file."""

    vertices: npt.NDArray[np.float64]
    faces: npt.NDArray[np.int64]
    uv: Array | None = None  # (f, 3, 2), (0, 0) top left
    texture: Colors | None = None  # (h, w, 4)
    corner_colors: Colors | None = None  # (f, 3, 3) sRGB
    material: Material | None = None  # None where the file says nothing about the looks


def load_mesh_file(
    path: Path, rng: np.random.Generator, up_axis: str = "+Y", front_axis: str = "+Z", keep_colors: bool = True
) -> Asset:
    """`read_mesh_file`, in random materials drawn from `rng` where the file has no colours."""
    found = read_mesh_file(path, up_axis, front_axis, keep_colors)
    return found if isinstance(found, Asset) else randomly_dressed(found, rng)


def read_mesh_file(path: Path, up_axis: str = "+Y", front_axis: str = "+Z", keep_colors: bool = True) -> Asset | Mesh:
    """The asset in a mesh file, normalised, +Y up, front +Z; the mesh alone where the file has no colours.

    - Every triangle of every node of the scene counts; points and lines are ignored.
    - Alpha of textures and materials is ignored: the object is opaque.
    - Vertices closer than about 1e-6 of the longest side are welded, faces that collapse by that are dropped. Slivers
      without area are kept, because a closed mesh would open without them.
    - With `keep_colors` off every file counts as one without colours.

    Args:
        path: GLB, GLTF, OBJ, OFF, PLY or STL.
        up_axis: The axis of the file that points up: "+Y" or "+Z".
        front_axis: The axis, once +Y is up, that the front looks along: "+Z", "-Z", "+X" or "-X".
        keep_colors: Whether colours and textures of the file are used.

    Raises:
        RejectedShape: the file cannot be read, holds no triangle, a coordinate that is not finite, more than 2,000,000
            faces, or a flat shape (the shortest side of its bounding box is below 1e-4 of the longest).
    """
    parts = _read_parts(path)
    count = sum(len(part.faces) for part in parts)
    if count == 0:
        raise RejectedShape("empty: the file holds no triangle")
    if count > MAX_FACES:
        raise RejectedShape(f"too large: {count:,} faces, at most {MAX_FACES:,} are read")
    used = np.concatenate([part.vertices[np.unique(part.faces)] for part in parts])
    if not np.isfinite(used).all():
        raise RejectedShape("not finite: a vertex has a coordinate that is infinite or not a number")
    sides = np.ptp(used, axis=0)
    if sides.min() < MIN_THICKNESS * sides.max() or sides.max() <= 0.0:
        raise RejectedShape("flat: the bounding box measures " + " x ".join(f"{side:.4g}" for side in sides))
    turn = _upright(up_axis, front_axis)
    normalize = normalizing_transform(transform_points(turn, used)) @ turn
    return _joined(parts, normalize, keep_colors)


def _upright(up_axis: str, front_axis: str) -> npt.NDArray[np.float64]:
    up = {"+Y": 0.0, "Y": 0.0, "+Z": -90.0, "Z": -90.0}
    front = {"+Z": 0.0, "Z": 0.0, "-Z": 180.0, "+X": -90.0, "X": -90.0, "-X": 90.0}
    if up_axis not in up or front_axis not in front:
        raise RejectedShape(f"unknown axes: up {up_axis!r}, front {front_axis!r}; use +Y or +Z, and +Z, -Z, +X or -X")
    return similarity(rotation_y(front[front_axis]) @ rotation_x(up[up_axis]))


def _read_parts(path: Path) -> list[_Part]:
    """The triangles of a file. Raises RejectedShape where trimesh cannot read it, whatever it stumbles over."""
    import trimesh

    logging.getLogger("trimesh").setLevel(logging.CRITICAL)  # its warnings say nothing that the verdict does not
    linear = path.suffix.lower() in (".glb", ".gltf")
    try:
        scene = trimesh.load(path, force="scene", process=False)
        parts = [part for node in scene.graph.nodes_geometry for part in _node_parts(scene, node, linear)]
    except RejectedShape:
        raise
    except MemoryError as error:
        raise RejectedShape("cannot be read: out of memory") from error
    except Exception as error:  # a parser of six formats written by strangers fails in every way there is
        text = str(error) or type(error).__name__
        raise RejectedShape(f"cannot be read: {text[:200]}") from error
    return parts


def _node_parts(scene: Any, node: str, linear: bool) -> Iterator[_Part]:
    """The parts of a node; `linear` says that material and vertex colours of the format are linear light."""
    import trimesh

    matrix, name = scene.graph[node]
    mesh = scene.geometry[name]
    if not isinstance(mesh, trimesh.Trimesh) or len(mesh.faces) == 0:
        return
    vertices = transform_points(matrix, np.asarray(mesh.vertices, np.float64))
    faces = np.asarray(mesh.faces, np.int64)
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise RejectedShape("cannot be read: a face points at a vertex that does not exist")
    mirrored = np.linalg.det(np.asarray(matrix)[:3, :3]) < 0
    order = np.asarray([0, 2, 1] if mirrored else [0, 1, 2])  # a mirroring node turns its faces over
    for chosen, material in _materials_of(mesh):
        corners = faces[chosen][:, order]
        uv, texture = _texture_of(mesh, material, corners)
        colors = None if texture is not None else _corner_colors_of(mesh, chosen, corners, linear)
        yield _Part(vertices, corners, uv, texture, colors, _material_of(material, linear))


def _materials_of(mesh: Any) -> Iterator[tuple[npt.NDArray[np.int64], Any]]:
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


def _texture_of(mesh: Any, material: Any, corners: npt.NDArray[np.int64]) -> tuple[Array | None, Colors | None]:
    uv = getattr(mesh.visual, "uv", None)
    image = getattr(material, "baseColorTexture", None)
    if image is None:
        image = getattr(material, "image", None)
    if image is None or uv is None or len(uv) != len(mesh.vertices):
        return None, None
    image = image.convert("RGBA")
    if max(image.size) > _MAX_TEXTURE_SIDE_PX:
        image.thumbnail((_MAX_TEXTURE_SIDE_PX, _MAX_TEXTURE_SIDE_PX))
    texture = np.array(image, np.uint8)
    factor = _factor_of(material, linear=True)
    if factor is not None and hasattr(material, "baseColorFactor") and min(factor) < 0.999:
        texture[..., :3] = np.rint(texture[..., :3] * np.asarray(factor)).astype(np.uint8)
    placed = np.asarray(uv, np.float64)[corners]
    placed = np.stack([placed[..., 0], 1.0 - placed[..., 1]], axis=-1)  # trimesh counts rows from below
    placed -= np.floor(placed.min(axis=1, keepdims=True))  # far tiles would cost float32 its digits
    return np.where(np.isfinite(placed), placed, 0.0).astype(np.float32), texture


def _corner_colors_of(
    mesh: Any, chosen: npt.NDArray[np.int64], corners: npt.NDArray[np.int64], linear: bool
) -> Colors | None:
    """Colours (f, 3, 3) from vertex or face colours, whichever the file has."""
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
    return np.asarray(np.rint((_encoded(light) if linear else light) * 255.0), np.uint8)


def _encoded(light: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Linear light as sRGB (IEC 61966-2-1)."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055)


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
    color = np.clip(_encoded(light) if linear else light, 0.0, 1.0)
    return (float(color[0]), float(color[1]), float(color[2]))


def _material_of(material: Any, linear: bool) -> Material | None:
    """Colour, roughness and highlight of a trimesh material; None where it has no colour."""
    color = None if material is None else _factor_of(material, linear)
    if color is None:
        return None
    roughness, metallic = getattr(material, "roughnessFactor", None), getattr(material, "metallicFactor", None)
    roughness = 0.6 if roughness is None else float(np.clip(roughness, 0.05, 1.0))
    # glTF means "metal" where it says nothing; exporters that say nothing mean nothing by it.
    metallic = 0.0 if metallic is None else float(np.clip(metallic, 0.0, 1.0))
    return Material(color, roughness=roughness, specular=0.2 + 0.6 * metallic * (1.0 - roughness))


def _joined(parts: list[_Part], normalize: npt.NDArray[np.float64], keep: bool) -> Asset | Mesh:
    """One asset of all parts, moved by `normalize`, welded."""
    vertices = np.concatenate([transform_points(normalize, part.vertices) for part in parts])
    starts = np.cumsum([0] + [len(part.vertices) for part in parts[:-1]])
    faces = np.concatenate([part.faces + start for part, start in zip(parts, starts, strict=True)])
    used, faces = np.unique(faces, return_inverse=True)
    vertices, faces = vertices[used], faces.reshape(-1, 3)
    counts = [len(part.faces) for part in parts]
    colors = _blended_colors(parts) if keep else None
    mesh, kept = _welded(vertices, faces, colors)
    if not keep or _is_unstyled(parts):
        return Mesh(mesh.vertices, mesh.faces)
    table: dict[Material, int] = {}
    of_part = [table.setdefault(part.material or _UNSTYLED, len(table)) for part in parts]
    textures: list[Colors] = []
    which: dict[bytes, int] = {}
    texture_of_part = []
    for part in parts:
        if part.texture is None:
            texture_of_part.append(-1)
            continue
        index = which.setdefault(part.texture.tobytes(), len(textures))
        if index == len(textures):
            textures.append(part.texture)
        texture_of_part.append(index)
    uv = None
    if textures:
        none = [np.zeros((count, 3, 2), np.float32) for count in counts]
        uv = np.concatenate([empty if part.uv is None else part.uv for part, empty in zip(parts, none, strict=True)])[
            kept
        ]
    return Asset(
        mesh=mesh,
        face_material=np.repeat(np.asarray(of_part, np.int32), counts)[kept],
        materials=tuple(table),
        face_texture=np.repeat(np.asarray(texture_of_part, np.int32), counts)[kept],
        uv=uv,
        textures=tuple(textures),
    )


def _blended_colors(parts: list[_Part]) -> Colors | None:
    """Colours (f, 3, 3) of all corners where any part has its own: material colour times vertex colour, as in glTF."""
    if all(part.corner_colors is None for part in parts):
        return None
    colors = []
    for part in parts:
        of_part = np.full((len(part.faces), 3, 3), 255, np.uint8) if part.corner_colors is None else part.corner_colors
        base = (
            part.material.base_color
            if part.material
            else ((1.0,) * 3 if part.corner_colors is not None else (0.5,) * 3)
        )
        colors.append(np.rint(of_part * np.asarray(base)).astype(np.uint8))
    return np.concatenate(colors)


def _welded(
    vertices: npt.NDArray[np.float64], faces: npt.NDArray[np.int64], colors: Colors | None
) -> tuple[Mesh, npt.NDArray[np.int64]]:
    """The mesh with near-equal vertices (of equal colour, if any) made one; and the indices of the faces kept."""
    low = vertices.min(axis=0)
    cells = np.rint((vertices - low) / WELD_DISTANCE).astype(np.int64)
    spot = np.unique(cells[:, 0] << 42 | cells[:, 1] << 21 | cells[:, 2], return_inverse=True)[1][faces]
    sound = np.flatnonzero((spot != np.roll(spot, 1, axis=1)).all(axis=1))
    if not len(sound):
        raise RejectedShape("empty: every face collapses to a line or a point")
    corners = spot[sound].ravel()
    packed = corners.astype(np.int64)
    if colors is not None:
        of_corner = colors[sound].reshape(-1, 3).astype(np.int64)
        packed = packed << 24 | of_corner[:, 0] << 16 | of_corner[:, 1] << 8 | of_corner[:, 2]
    _, first, index = np.unique(packed, return_index=True, return_inverse=True)
    # All vertices of a spot move to the place of one of them, so that colour seams stay closed.
    place = np.empty(int(spot.max()) + 1, np.int64)
    place[spot.ravel()[::-1]] = faces.ravel()[::-1]
    mesh = Mesh(
        vertices=vertices[place[corners[first]]].astype(np.float32),
        faces=index.reshape(-1, 3).astype(np.int32),
        colors=None if colors is None else colors[sound].reshape(-1, 3)[first],
    )
    return mesh, sound


def _is_unstyled(parts: list[_Part]) -> bool:
    """Whether a file says nothing about colours: no texture, no vertex colours, at most one grey material in all."""
    if any(part.texture is not None or part.corner_colors is not None for part in parts):
        return False
    colors = {part.material.base_color for part in parts if part.material is not None}
    return len(colors) <= 1 and all(max(color) - min(color) < 0.02 for color in colors)


def randomly_dressed(mesh: Mesh, rng: np.random.Generator) -> Asset:
    """The mesh in one random material, or (every second one) its connected parts in two to four."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    faces = mesh.faces
    count = int(rng.integers(2, 5)) if rng.random() < 0.5 else 1
    materials = tuple(random_material(rng) for _ in range(count))
    links = (np.ones(2 * len(faces), bool), (faces[:, :2].ravel(), faces[:, 1:].ravel()))
    graph = coo_matrix(links, shape=(len(mesh.vertices), len(mesh.vertices)))
    total, of_vertex = connected_components(graph, directed=False)
    of_component = rng.integers(count, size=total).astype(np.int32)
    return Asset(
        mesh=Mesh(mesh.vertices, faces),
        face_material=of_component[of_vertex[faces[:, 0]]],
        materials=materials,
        face_texture=np.full(len(faces), -1, np.int32),
    )
