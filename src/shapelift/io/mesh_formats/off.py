"""Geomview OFF, read and written here: with polygons, colours, normals, and counts glued to the header."""

from __future__ import annotations

import itertools
import re

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Mesh
from shapelift.io.mesh_formats.files import MeshFile, UnreadableMeshError
from shapelift.io.mesh_formats.format import MeshContent, MeshFormat, MeshPart, Metadata
from shapelift.io.mesh_formats.polygons import triangulated
from shapelift.io.mesh_formats.text import commented, comments, decoded_text, joined, numbers, parsed_integers, table

_HEADER = re.compile(r"(ST)?(C)?(N)?(4)?(n)?[Oo][Ff][Ff]")


def read_off(file: MeshFile, looks: bool) -> MeshContent:
    """Faces of any number of corners, colours of vertices (COFF); normals and texture coordinates are left out.

    The header may be missing, and the counts may follow it without a blank, as in ModelNet.

    Raises:
        UnreadableMeshError: the file is damaged or of another kind.
    """
    lines = [line.partition("#")[0].split() for line in decoded_text(file.data).split("\n")]
    lines = [line for line in lines if line]
    first = " ".join(lines[0]) if lines else ""
    header = _HEADER.match(first)
    if header is None and not re.fullmatch(r"\d+ \d+( \d+)?", first):
        raise UnreadableMeshError("it does not begin with OFF")
    if header is not None:
        if header[4] or header[5]:
            raise UnreadableMeshError(f"it holds points of more than three dimensions ({header[0]})")
        if first[header.end() :].strip().upper() == "BINARY":
            raise UnreadableMeshError("it is a binary OFF file; export it as text")
        lines[0] = first[header.end() :].split()
        lines = lines if lines[0] else lines[1:]
    if not lines or len(lines[0]) < 2:
        raise UnreadableMeshError("it lacks the numbers of its vertices and faces")
    vertex_count, face_count = parsed_integers(lines[0][:2], "the header").tolist()
    rows, faces = lines[1 : 1 + vertex_count], lines[1 + vertex_count : 1 + vertex_count + face_count]
    if min(vertex_count, face_count) < 0 or len(rows) < vertex_count or len(faces) < face_count:
        raise UnreadableMeshError(f"it promises {vertex_count} vertices and {face_count} faces and ends before them")
    if not faces:
        return MeshContent(())
    if any(len(row) < 3 for row in rows):
        raise UnreadableMeshError("a vertex has fewer than three coordinates")
    vertices = numbers([row[:3] for row in rows], "a vertex").reshape(-1, 3)
    counts = parsed_integers([face[0] for face in faces], "a face")
    if (counts < 0).any() or any(len(face) <= count for face, count in zip(faces, counts.tolist(), strict=True)):
        raise UnreadableMeshError("a face names fewer vertices than it promises")
    corners = parsed_integers(
        [word for face, count in zip(faces, counts.tolist(), strict=True) for word in face[1 : 1 + count]], "a face"
    )
    if corners.size and (corners.min() < 0 or corners.max() >= vertex_count):
        raise UnreadableMeshError(f"a face names the vertex {corners.max()}, and there are {vertex_count} from 0 on")
    triangles, _ = triangulated(vertices, corners, counts)
    made = corners[triangles]
    colors = _colors(rows, 6 if header[3] else 3) if header is not None and header[2] else None
    return MeshContent((MeshPart(vertices, made, corner_colors=None if colors is None else colors[made]),))


def _colors(rows: list[list[str]], first: int) -> npt.NDArray[np.uint8] | None:
    """Colours `v 3` from the column `first` on; None where a vertex has none. Fractions are shares of 255."""
    if any(len(row) < first + 3 for row in rows):
        return None
    words = [row[first : first + 3] for row in rows]
    values = numbers(words, "a colour")
    shares = values.max(initial=0.0) <= 1.0 and any("." in word for row in words for word in row)
    return np.clip(np.rint(np.nan_to_num(values) * (255.0 if shares else 1.0)), 0, 255).astype(np.uint8)


def encode_off(mesh: Mesh, metadata: Metadata) -> bytes:
    """Metadata as comments, colours (COFF) as bytes behind the coordinates."""
    head = ["OFF" if mesh.colors is None else "COFF", *comments("#", metadata)]
    head.append(f"{len(mesh.vertices)} {len(mesh.faces)} 0")
    faces = table("3 %d %d %d\n", mesh.faces)
    if mesh.colors is None:
        return joined(head, table("%.9g %.9g %.9g\n", mesh.vertices), faces)
    rows = np.concatenate([mesh.vertices.astype(np.float64), mesh.colors, np.full((len(mesh.colors), 1), 255)], axis=1)
    return joined(head, table("%.9g %.9g %.9g %d %d %d %d\n", rows), faces)


def read_off_metadata(file: MeshFile) -> dict[str, str]:
    """The comments of `encode_off`, before the first number."""
    lines = decoded_text(file.data).split("\n")
    return commented("#", itertools.takewhile(lambda line: not re.match(r"\s*[\d.+-]", line), lines))


FORMATS = (MeshFormat(name="off", read=read_off, write=encode_off, colors=True, metadata=read_off_metadata),)
