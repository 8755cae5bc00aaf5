"""PLY, in text or binary, read and written here: trimesh reads no binary file of faces with different corners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Mesh, PointCloud
from shapelift.io.mesh_formats.files import MeshFile, UnreadableMeshError
from shapelift.io.mesh_formats.format import Colors, MeshContent, MeshFormat, MeshPart, Metadata
from shapelift.io.mesh_formats.mtl import read_texture
from shapelift.io.mesh_formats.polygons import triangulated
from shapelift.io.mesh_formats.text import commented, comments, decoded_text, numbers, parsed_integers
from shapelift.io.mesh_formats.trimesh_parts import texture_places

Ints = npt.NDArray[np.int64]

_TYPES = {
    name: kind
    for kind, names in {
        "i1": "char int8", "u1": "uchar uint8", "i2": "short int16", "u2": "ushort uint16",
        "i4": "int int32", "u4": "uint uint32", "f4": "float float32", "f8": "double float64",
    }.items()
    for name in names.split()
}  # fmt: skip
_ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
_UV_NAMES = (("texture_u", "texture_v"), ("u", "v"), ("s", "t"))
_CUT_OFF = "it ends before all that its header promises"


@dataclass(frozen=True)
class _Lists:
    """A property of lists: all values, one after the other, and how many each row has."""

    values: npt.NDArray[Any]
    counts: Ints


Columns = Mapping[str, "npt.NDArray[Any] | _Lists"]


@dataclass
class _Element:
    """An element of the header: its properties as (name, type of the values, type of the count or "")."""

    name: str
    count: int
    properties: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass
class _Header:
    order: str = ""
    elements: list[_Element] = field(default_factory=list)
    texture: str | None = None


def read_ply(file: MeshFile, looks: bool) -> MeshContent:
    """Faces of any number of corners or triangle strips, colours of vertices or faces, one texture.

    Normals, edges, and everything that other programs put into a file of their own are left out.

    Raises:
        UnreadableMeshError: the file is damaged or of another kind.
    """
    header, body = _split(file.data)
    if not any(element.name in ("face", "tristrips") and element.count for element in header.elements):
        return MeshContent(())
    columns = _text_columns(header, body) if header.order == "" else _binary_columns(header, body)
    vertex = columns.get("vertex", {})
    if not all(isinstance(vertex.get(axis), np.ndarray) for axis in "xyz"):
        raise UnreadableMeshError("its vertices have no x, y and z")
    vertices = np.stack([np.asarray(vertex[axis], np.float64) for axis in "xyz"], axis=1)
    face = columns.get("face", {})
    polygons = face.get("vertex_indices", face.get("vertex_index"))
    if not isinstance(polygons, _Lists):
        strips = columns.get("tristrips", {}).get("vertex_indices")
        if not isinstance(strips, _Lists):
            raise UnreadableMeshError("its faces name no vertices")
        polygons, face = _of_strips(strips.values.astype(np.int64)), {}
    corners = polygons.values.astype(np.int64)
    if corners.size and (corners.min() < 0 or corners.max() >= len(vertices)):
        raise UnreadableMeshError(f"a face names the vertex {corners.max()}, and there are {len(vertices)} from 0 on")
    triangles, owner = triangulated(vertices, corners, polygons.counts)
    faces = corners[triangles]
    if not len(faces):
        return MeshContent(())
    places = _places(vertex, face, corners) if looks else None
    warnings: tuple[str, ...] = ()
    if places is not None and header.texture is not None:
        texture = read_texture(header.texture, file.beside)
        if texture is not None:
            return MeshContent((MeshPart(vertices, faces, texture_places(places[triangles]), texture),))
        warnings = (f"1 texture not found or not readable ({header.texture})",)
    of_vertex, of_face = _colors(vertex), _colors(face)
    colors = of_vertex[faces] if of_vertex is not None else None
    if colors is None and of_face is not None:
        colors = np.repeat(of_face[owner][:, None], 3, axis=1)
    return MeshContent((MeshPart(vertices, faces, corner_colors=colors),), warnings=warnings)


def _split(data: bytes) -> tuple[_Header, bytes]:
    """The header and what follows it."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    end = data.find(b"end_header")
    if not data[:4].split() == [b"ply"] or end < 0:
        raise UnreadableMeshError("it does not begin with the header of a PLY file")
    body = data[end + len(b"end_header") :].lstrip(b" \t")
    body = body[2:] if body.startswith(b"\r\n") else body[1:]
    header = _Header()
    try:
        for line in decoded_text(data[:end]).split("\n")[1:]:
            _add(header, line.split())
    except (KeyError, IndexError, ValueError) as error:
        raise UnreadableMeshError("its header is damaged") from error
    return header, body


def _add(header: _Header, words: list[str]) -> None:
    match words:
        case ["format", form, *_]:
            header.order = _ORDERS[form]
        case ["element", name, count, *_]:
            header.elements.append(_Element(name, int(count)))
        case ["property", "list", counts, values, name]:
            header.elements[-1].properties.append((name, _TYPES[values], _TYPES[counts]))
        case ["property", values, name]:
            header.elements[-1].properties.append((name, _TYPES[values], ""))
        case ["comment", key, *rest] if key.lower() == "texturefile" and rest:
            header.texture = " ".join(rest)


def _text_columns(header: _Header, body: bytes) -> dict[str, Columns]:
    words = decoded_text(body).split()
    found: dict[str, Columns] = {}
    place = 0
    for element in header.elements:
        if not any(counts for _, _, counts in element.properties):
            width = len(element.properties)
            end = place + element.count * width
            if len(words) < end:
                raise UnreadableMeshError(_CUT_OFF)
            values = numbers([words[place:end]], f"element {element.name}").reshape(element.count, width)
            place = end
            found[element.name] = {
                name: values[:, at] if kind[0] == "f" else values[:, at].astype(kind)
                for at, (name, kind, _) in enumerate(element.properties)
            }
        else:
            found[element.name], place = _text_lists(element, words, place)
    return found


def _text_lists(element: _Element, words: list[str], place: int) -> tuple[Columns, int]:
    taken: list[list[str]] = [[] for _ in element.properties]
    lengths: list[list[int]] = [[] for _ in element.properties]
    try:
        for _ in range(element.count):
            for at, (_, _, counts) in enumerate(element.properties):
                length = int(words[place]) if counts else 1
                place += bool(counts)
                taken[at] += words[place : place + length]
                lengths[at].append(length)
                place += length
    except (IndexError, ValueError) as error:
        raise UnreadableMeshError(_CUT_OFF if place >= len(words) else "a list has no length") from error
    if place > len(words):
        raise UnreadableMeshError(_CUT_OFF)
    columns: dict[str, npt.NDArray[Any] | _Lists] = {}
    for (name, kind, counts), column, row_lengths in zip(element.properties, taken, lengths, strict=True):
        what = f"element {element.name}"
        values = numbers([column], what).ravel() if kind[0] == "f" else parsed_integers(column, what)
        columns[name] = _Lists(values, np.array(row_lengths, np.int64)) if counts else values
    return columns, place


def _binary_columns(header: _Header, body: bytes) -> dict[str, Columns]:
    found: dict[str, Columns] = {}
    place = 0
    for element in header.elements:
        found[element.name], place = _binary_element(element, header.order, body, place)
        if place > len(body):
            raise UnreadableMeshError(_CUT_OFF)
    return found


def _binary_element(element: _Element, order: str, body: bytes, place: int) -> tuple[Columns, int]:
    """The columns of an element and where the next one begins; quickly where all lists are as long as the first."""
    lengths = _first_lengths(element, order, body, place)
    layout = np.dtype(
        [
            item
            for name, kind, counts in element.properties
            for item in ([(f"{name} count", order + counts)] if counts else [])
            + [(name, order + kind, (lengths[name],) if counts else ())]
        ]
    )
    end = place + element.count * layout.itemsize
    if end <= len(body):
        rows = np.frombuffer(body, layout, element.count, place) if layout.itemsize else np.zeros(0, layout)
        if all((rows[f"{name} count"] == length).all() for name, length in lengths.items()):
            return {
                name: _Lists(rows[name].ravel(), np.full(element.count, lengths[name])) if counts else rows[name]
                for name, _, counts in element.properties
            }, end
    if not lengths:
        raise UnreadableMeshError(_CUT_OFF)
    return _binary_lists(element, order, body, place)


def _first_lengths(element: _Element, order: str, body: bytes, place: int) -> dict[str, int]:
    lengths: dict[str, int] = {}
    for name, kind, counts in element.properties:
        if counts:
            lengths[name] = 0
            if element.count:
                lengths[name], place = _length(body, place, order, counts)
        place += lengths.get(name, 1) * np.dtype(kind).itemsize
    return lengths


def _length(body: bytes, place: int, order: str, counts: str) -> tuple[int, int]:
    size = np.dtype(counts).itemsize
    if place + size > len(body):
        raise UnreadableMeshError(_CUT_OFF)
    length = int.from_bytes(
        body[place : place + size], "big" if order == ">" else "little", signed=counts.startswith("i")
    )
    if not 0 <= length <= len(body):
        raise UnreadableMeshError("a list has a length that cannot be")
    return length, place + size


def _binary_lists(element: _Element, order: str, body: bytes, place: int) -> tuple[Columns, int]:
    """Row by row, as every list may have a length of its own."""
    pieces: list[list[bytes]] = [[] for _ in element.properties]
    lengths: list[list[int]] = [[] for _ in element.properties]
    sizes = [np.dtype(kind).itemsize for _, kind, _ in element.properties]
    for _ in range(element.count):
        for at, (_, _, counts) in enumerate(element.properties):
            length = 1
            if counts:
                length, place = _length(body, place, order, counts)
            pieces[at].append(body[place : place + length * sizes[at]])
            lengths[at].append(length)
            place += length * sizes[at]
        if place > len(body):
            raise UnreadableMeshError(_CUT_OFF)
    columns: dict[str, npt.NDArray[Any] | _Lists] = {}
    for (name, kind, counts), piece, row_lengths in zip(element.properties, pieces, lengths, strict=True):
        values = np.frombuffer(b"".join(piece), order + kind)
        columns[name] = _Lists(values, np.array(row_lengths, np.int64)) if counts else values
    return columns, place


def _of_strips(strips: Ints) -> _Lists:
    """Triangles of strips, which -1 ends; every second one is turned over."""
    made = []
    for strip in np.split(strips, np.flatnonzero(strips < 0)):
        strip = strip[strip >= 0]  # noqa: PLW2901 - without its end
        triangles = np.stack([strip[:-2], strip[1:-1], strip[2:]], axis=1) if len(strip) > 2 else np.zeros((0, 3), int)
        triangles[1::2] = triangles[1::2, ::-1]
        made.append(triangles)
    found = np.concatenate(made)
    return _Lists(found.ravel(), np.full(len(found), 3))


def _colors(columns: Columns) -> Colors | None:
    channels = [columns.get(name) for name in ("red", "green", "blue")]
    values = [channel for channel in channels if isinstance(channel, np.ndarray)]
    if len(values) < 3:
        return None
    table = np.stack(values, axis=1)
    scale = {"f": 255.0, "u2": 255.0 / 65535.0}.get("f" if table.dtype.kind == "f" else table.dtype.str[1:], 1.0)
    return np.clip(np.rint(np.nan_to_num(table.astype(np.float64)) * scale), 0, 255).astype(np.uint8)


def _places(vertex: Columns, face: Columns, corners: Ints) -> npt.NDArray[np.float64] | None:
    """Places in the texture of all corners `c 2`, from the faces or the vertices."""
    listed = face.get("texcoord")
    if isinstance(listed, _Lists) and len(listed.values) == 2 * len(corners):
        return listed.values.astype(np.float64).reshape(-1, 2)
    for names in _UV_NAMES:
        pair = [vertex.get(name) for name in names]
        if all(isinstance(column, np.ndarray) for column in pair):
            return np.stack(pair, axis=1).astype(np.float64)[corners]  # type: ignore[arg-type]
    return None


def encode_ply(mesh: Mesh, metadata: Metadata) -> bytes:
    """Binary little-endian PLY; metadata as comments."""
    columns: list[tuple[str, str]] = [("x", "<f4"), ("y", "<f4"), ("z", "<f4")]
    lines = ["ply", "format binary_little_endian 1.0", *comments("comment", metadata)]
    lines += [f"element vertex {len(mesh.vertices)}", *[f"property float {axis}" for axis in "xyz"]]
    if mesh.colors is not None:
        columns += [(name, "u1") for name in ("red", "green", "blue")]
        lines += [f"property uchar {name}" for name in ("red", "green", "blue")]
    lines += [f"element face {len(mesh.faces)}", "property list uchar int vertex_indices", "end_header", ""]
    vertices = np.empty(len(mesh.vertices), columns)
    for axis, name in enumerate("xyz"):
        vertices[name] = mesh.vertices[:, axis]
    if mesh.colors is not None:
        for channel, name in enumerate(("red", "green", "blue")):
            vertices[name] = mesh.colors[:, channel]
    faces = np.empty(len(mesh.faces), [("count", "u1"), ("corners", "<i4", 3)])
    faces["count"] = 3
    faces["corners"] = mesh.faces
    return "\n".join(lines).encode() + vertices.tobytes() + faces.tobytes()


def read_ply_metadata(file: MeshFile) -> dict[str, str]:
    """The comments of `encode_ply` and `encode_points_ply`."""
    return commented("comment", decoded_text(file.data[: max(file.data.find(b"end_header"), 0)]).split("\n"))


def encode_points_ply(cloud: PointCloud, metadata: Metadata) -> bytes:
    """Binary little-endian PLY without faces: points, and normals and colours where there are any."""
    blocks: list[tuple[tuple[str, ...], str, npt.NDArray[Any]]] = [(("x", "y", "z"), "float", cloud.points)]
    if cloud.normals is not None:
        blocks.append((("nx", "ny", "nz"), "float", cloud.normals))
    if cloud.colors is not None:
        blocks.append((("red", "green", "blue"), "uchar", cloud.colors))
    lines = ["ply", "format binary_little_endian 1.0", *comments("comment", metadata)]
    lines.append(f"element vertex {len(cloud)}")
    lines += [f"property {kind} {name}" for names, kind, _ in blocks for name in names]
    types = {"float": "<f4", "uchar": "u1"}
    records = np.empty(len(cloud), [(name, types[kind]) for names, kind, _ in blocks for name in names])
    for names, _, values in blocks:
        for column, name in enumerate(names):
            records[name] = values[:, column]
    return "\n".join([*lines, "end_header", ""]).encode() + records.tobytes()


FORMATS = (MeshFormat(name="ply", read=read_ply, write=encode_ply, colors=True, metadata=read_ply_metadata),)
