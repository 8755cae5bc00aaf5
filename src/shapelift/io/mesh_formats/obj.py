"""Wavefront OBJ, read and written here: trimesh takes it less loosely than exporters write it."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Mesh
from shapelift.io.mesh_formats.files import MeshFile, UnreadableMeshError
from shapelift.io.mesh_formats.format import MeshContent, MeshFormat, MeshPart, Metadata
from shapelift.io.mesh_formats.mtl import Looks, NamedFiles, read_materials
from shapelift.io.mesh_formats.polygons import triangulated
from shapelift.io.mesh_formats.text import commented, comments, decoded_text, joined, numbers, parsed_integers, table
from shapelift.io.mesh_formats.trimesh_parts import texture_places

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_COMMENT_LINES = re.compile(r"^[ \t]*#.*$", re.MULTILINE)
_CONTINUED = re.compile(r"\\[ \t]*\n")


@dataclass
class _Statements:
    """The lines of a file, sorted: words of vertices, and of faces with what stood before them."""

    vertices: list[list[str]] = field(default_factory=list)
    places: list[list[str]] = field(default_factory=list)
    corners: list[str] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    vertices_before: list[int] = field(default_factory=list)
    places_before: list[int] = field(default_factory=list)
    materials: list[int] = field(default_factory=list)
    names: list[str | None] = field(default_factory=lambda: [None])
    libraries: list[str] = field(default_factory=list)


def read_obj(file: MeshFile, looks: bool) -> MeshContent:
    """Faces of any number of corners, vertex colours, and materials with their textures.

    Vertex normals, lines, points and free-form surfaces are left out; groups and objects make no difference.
    """
    found = _statements(decoded_text(file.data))
    if not found.counts:
        return MeshContent(())
    vertices, colors = _vertices(found.vertices)
    counts = np.array(found.counts, np.int64)
    words = [corner.split("/", 2) for corner in found.corners]
    before = np.repeat(np.array(found.vertices_before, np.int64), counts)
    corners = _indices(parsed_integers([word[0] for word in words], "a face"), before, len(vertices))
    triangles, owner = triangulated(vertices, corners, counts)
    material = np.array(found.materials, np.int64)[owner]
    named = NamedFiles(file)
    materials = read_materials(named, found.libraries) if looks else {}
    uv = _corner_places(found, words, counts) if looks and found.places else None
    parts = []
    for index, name in enumerate(found.names):
        chosen = triangles[material == index]
        if len(chosen):
            parts.append(_part(vertices, colors, corners, uv, chosen, materials.get(name or "")))
    unknown = {name for name in found.names if name is not None} - materials.keys()
    return MeshContent(tuple(parts), warnings=named.warnings(len(unknown) if looks and found.libraries else 0))


def _part(
    vertices: Floats,
    colors: npt.NDArray[np.uint8] | None,
    corners: Ints,
    uv: Floats | None,
    chosen: Ints,
    looks: Looks | None,
) -> MeshPart:
    faces = corners[chosen]
    of_corner = None if colors is None else colors[faces]
    if looks is None:
        return MeshPart(vertices, faces, corner_colors=of_corner)
    if looks.texture is None or uv is None or np.isnan(uv[chosen]).any():
        return MeshPart(vertices, faces, corner_colors=of_corner, material=looks.material)
    placed = texture_places(uv[chosen] * looks.texture_scale + looks.texture_offset)
    return MeshPart(vertices, faces, placed, looks.texture, None, looks.material)


def _statements(text: str) -> _Statements:
    found = _Statements()
    material = 0
    numbers_of: dict[str, int] = {}
    text = _COMMENT_LINES.sub("", text)  # first, as a comment may end in a backslash
    for line in _CONTINUED.sub(" ", text).split("\n"):
        key, *words = line.split(" #", 1)[0].split() or [""]
        if key == "v":
            found.vertices.append(words)
        elif key in ("f", "fo"):
            found.corners += words
            found.counts.append(len(words))
            found.vertices_before.append(len(found.vertices))
            found.places_before.append(len(found.places))
            found.materials.append(material)
        elif key == "vt":
            found.places.append(words[:2] if len(words) > 1 else [*words, "0"])
        elif key == "usemtl":
            name = line.split(None, 1)[1].strip() if words else ""
            material = numbers_of.setdefault(name, len(found.names))
            if material == len(found.names):
                found.names.append(name)
        elif key == "mtllib" and words:
            found.libraries.append(line.split(None, 1)[1].strip())
    return found


def _vertices(rows: list[list[str]]) -> tuple[Floats, npt.NDArray[np.uint8] | None]:
    """Places `v 3`, and the colours behind them where every vertex has some."""
    widths = {len(row) for row in rows}
    if widths and min(widths) < 3:
        raise UnreadableMeshError("a vertex has fewer than three coordinates")
    if not widths or min(widths) < 6:
        return numbers([row[:3] for row in rows], "a vertex").reshape(-1, 3), None
    values = numbers([row[:6] for row in rows], "a vertex")
    light = values[:, 3:]
    scale = 255.0 if light.max(initial=0.0) <= 1.0 else 1.0  # some write bytes
    return values[:, :3], np.clip(np.rint(np.nan_to_num(light) * scale), 0, 255).astype(np.uint8)


def _indices(written: Ints, before: Ints, count: int) -> Ints:
    """Indices from 0 of numbers that count from 1, or back from the last one before the line."""
    index = np.where(written > 0, written - 1, before + written)
    if (written == 0).any():
        raise UnreadableMeshError("a face names the vertex 0, and the first one is 1")
    wrong = (index < 0) | (index >= count)
    if wrong.any():
        raise UnreadableMeshError(f"a face names the vertex {written[wrong][0]}, and there are {count}")
    return index


def _corner_places(found: _Statements, words: list[list[str]], counts: Ints) -> Floats:
    """Places in the texture `c 2` of all corners, NaN where a corner has none."""
    places = numbers(found.places, "a texture coordinate")
    written = parsed_integers([word[1] if len(word) > 1 and word[1] else "0" for word in words], "a face")
    before = np.repeat(np.array(found.places_before, np.int64), counts)
    index = np.where(written > 0, written - 1, before + written)
    known = (written != 0) & (index >= 0) & (index < len(places))
    return np.where(known[:, None], places[np.where(known, index, 0)], np.nan)


def encode_obj(mesh: Mesh, metadata: Metadata) -> bytes:
    """Metadata as comments, colours behind the coordinates as most programs read them."""
    rows, form = mesh.vertices.astype(np.float64), "v %.9g %.9g %.9g\n"
    if mesh.colors is not None:
        rows, form = np.concatenate([rows, mesh.colors / 255.0], axis=1), "v %.9g %.9g %.9g %.4g %.4g %.4g\n"
    return joined([*comments("#", metadata), "o shape"], table(form, rows), table("f %d %d %d\n", mesh.faces + 1))


def read_obj_metadata(file: MeshFile) -> dict[str, str]:
    """The comments of `encode_obj`, before the first statement."""
    lines = decoded_text(file.data).split("\n")
    return commented("#", itertools.takewhile(lambda line: not line.strip() or line.lstrip().startswith("#"), lines))


FORMATS = (MeshFormat(name="obj", read=read_obj, write=encode_obj, colors=True, metadata=read_obj_metadata),)
