"""STL: triangles without shared vertices, in text or binary. It has no unit; slicers take it as millimetres."""

from __future__ import annotations

import struct

import numpy as np

from shapelift.geometry import Mesh
from shapelift.io.mesh_formats.files import MeshFile, UnreadableMeshError
from shapelift.io.mesh_formats.format import MeshContent, MeshFormat, MeshPart, Metadata
from shapelift.io.mesh_formats.text import decoded_text, numbers

_RECORD = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
_HEADER_BYTES = 84


def read_stl(file: MeshFile, looks: bool) -> MeshContent:
    """Binary where the number of triangles in the header fits the length of the file, else text.

    Raises:
        UnreadableMeshError: the file is damaged or of another kind.
    """
    data = file.data
    if len(data) >= _HEADER_BYTES:
        (count,) = struct.unpack_from("<I", data, 80)
        if len(data) - _HEADER_BYTES == count * _RECORD.itemsize:
            return _content(np.frombuffer(data, _RECORD, count, _HEADER_BYTES)["corners"].astype(np.float64))
    if b"facet" not in data:
        raise UnreadableMeshError("it is neither binary STL of the length that its header says nor STL as text")
    lines = [line.split() for line in decoded_text(data).lower().split("\n")]
    first = [line[0] for line in lines if line]
    if "endsolid" not in first:
        raise UnreadableMeshError("it is cut off: its last line is missing")
    rows = [line[1:4] for line in lines if line and line[0] == "vertex"]
    if len(rows) != 3 * first.count("endfacet") or any(len(row) < 3 for row in rows):
        raise UnreadableMeshError("a facet has not three corners of three coordinates")
    return _content(numbers(rows, "a vertex").reshape(-1, 3, 3))


def _content(corners: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> MeshContent:
    if not len(corners):
        return MeshContent(())
    return MeshContent((MeshPart(corners.reshape(-1, 3), np.arange(3 * len(corners)).reshape(-1, 3)),))


def encode_stl(mesh: Mesh, metadata: Metadata) -> bytes:
    """Binary STL: generator and unit in the 80 bytes of the header, normals from the corners as stored."""
    generator, unit, up = (
        metadata.get(*one) for one in (("generator", "shapelift"), ("unit", "unknown"), ("up", "+Z"))
    )
    header = f"{generator}; unit {unit}; up {up}"
    records = np.zeros(len(mesh.faces), [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    records["normal"] = mesh.face_normals
    records["corners"] = mesh.corners
    return header.encode("ascii", "replace")[:80].ljust(80) + struct.pack("<I", len(records)) + records.tobytes()


FORMATS = (MeshFormat(name="stl", read=read_stl, write=encode_stl, unit_mm=1.0, z_up=True),)
