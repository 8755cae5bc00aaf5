"""A glTF document and its buffers: opened, changed, and packed as GLB again."""

from __future__ import annotations

import base64
import binascii
import json
import struct
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

import numpy as np
import numpy.typing as npt

from shapelift.io.mesh_formats.files import MeshFile, UnreadableMeshError

MAGIC, JSON_CHUNK, BINARY_CHUNK = 0x46546C67, 0x4E4F534A, 0x004E4942
COMPONENTS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_CODES = {np.dtype(name): code for code, name in COMPONENTS.items()}


@dataclass
class Document:
    """What a file says, and the bytes that it speaks of.

    Attributes:
        json: The document.
        views: The bytes of every buffer view; None where nobody has them, as of a compressed one.
        buffers: What was read, which compressed views are a part of.
    """

    json: dict[str, Any]
    views: list[bytes | None]
    buffers: list[bytes | None]

    def array(self, index: int) -> npt.NDArray[Any]:
        """The values `n k` of an accessor as they are stored, with its sparse ones put in.

        Raises:
            UnreadableMeshError: it points beyond its bytes, or at bytes that are not there.
        """
        accessor = self.json["accessors"][index]
        count, width = int(accessor["count"]), WIDTHS[accessor["type"]]
        kind = np.dtype(COMPONENTS[accessor["componentType"]])
        if "bufferView" in accessor:
            values = self._rows(accessor["bufferView"], accessor.get("byteOffset", 0), kind, count, width)
        else:
            values = np.zeros((count, width), kind)
        if "sparse" in accessor:
            sparse = accessor["sparse"]
            places, stored = sparse["indices"], sparse["values"]
            number = int(sparse["count"])
            place_kind = np.dtype(COMPONENTS[places["componentType"]])
            where = self._rows(places["bufferView"], places.get("byteOffset", 0), place_kind, number, 1)[:, 0]
            values = values.copy()
            values[where] = self._rows(stored["bufferView"], stored.get("byteOffset", 0), kind, number, width)
        return values

    def _rows(self, view: int, offset: int, kind: np.dtype[Any], count: int, width: int) -> npt.NDArray[Any]:
        data, row = self.views[view], kind.itemsize * width
        if data is None:
            raise UnreadableMeshError("it names bytes that are not in it")
        stride = self.json["bufferViews"][view].get("byteStride", row) or row
        if count and (offset < 0 or stride < row or offset + (count - 1) * stride + row > len(data)):
            raise UnreadableMeshError("it is cut off or damaged: an accessor reaches beyond its buffer")
        values = np.ndarray((count, width), kind, data, offset, (stride, kind.itemsize))
        return np.array(values)

    def add(self, values: npt.NDArray[Any]) -> int:
        """A new accessor of values `n k`; its index."""
        kind = {width: name for name, width in WIDTHS.items()}[values.shape[1]]
        self.json.setdefault("bufferViews", []).append({"buffer": 0, "byteLength": values.nbytes})
        self.views.append(values.tobytes())
        self.json["accessors"].append(
            {
                "bufferView": len(self.views) - 1,
                "componentType": _CODES[values.dtype],
                "count": len(values),
                "type": kind,
            }
        )
        return len(self.json["accessors"]) - 1

    def packed(self) -> bytes:
        """The document as GLB, with all views in one buffer."""
        binary = bytearray()
        views = []
        for view, data in zip(self.json.get("bufferViews", []), self.views, strict=True):
            data = b"" if data is None else data  # noqa: PLW2901 - nobody asks for them any more
            views.append({**view, "buffer": 0, "byteOffset": len(binary), "byteLength": len(data)})
            binary += data + b"\0" * (-len(data) % 4)
        document = {**self.json, "bufferViews": views, "buffers": [{"byteLength": len(binary)}]}
        text = json.dumps(document).encode()
        text += b" " * (-len(text) % 4)
        chunks = struct.pack("<II", len(text), JSON_CHUNK) + text
        chunks += struct.pack("<II", len(binary), BINARY_CHUNK) + bytes(binary)
        return struct.pack("<III", MAGIC, 2, 12 + len(chunks)) + chunks


def opened(file: MeshFile) -> Document:
    """The document of a GLB or glTF file.

    Raises:
        UnreadableMeshError: it is neither, of another version, cut off, or lacks a buffer.
    """
    document, own = _parsed(file)
    buffers = [
        _buffer(buffer, own if index == 0 else None, file) for index, buffer in enumerate(document.get("buffers", []))
    ]
    return Document(document, [_view(view, buffers) for view in document.get("bufferViews", [])], buffers)


def asset(file: MeshFile) -> dict[str, Any]:
    """What a GLB or glTF file says about itself; its buffers are not looked at.

    Raises:
        UnreadableMeshError: as `opened`.
    """
    stated: dict[str, Any] = _parsed(file)[0]["asset"]
    return stated


def _parsed(file: MeshFile) -> tuple[dict[str, Any], bytes | None]:
    """The document, and the binary chunk where it has one."""
    text, own = _chunks(file.data) if file.data[:4] == b"glTF" else (file.data, None)
    try:
        document = json.loads(text)
        version = str(document["asset"]["version"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UnreadableMeshError("it is no glTF file, or a damaged one") from error
    if not version.startswith("2"):
        raise UnreadableMeshError(f"it is glTF {version[:20]}; export it as glTF 2.0")
    return document, own


def _chunks(data: bytes) -> tuple[bytes, bytes | None]:
    """The document and the binary chunk of a GLB file."""
    if len(data) < 20:
        raise UnreadableMeshError("it is cut off")
    version, length, text_length, kind = struct.unpack_from("<IIII", data, 4)
    if version != 2:
        raise UnreadableMeshError(f"it is glTF {version}; export it as glTF 2.0")
    if length > len(data) or 20 + text_length > len(data):
        raise UnreadableMeshError(f"it is cut off: {len(data)} of {length} bytes are there")
    if kind != JSON_CHUNK:
        raise UnreadableMeshError("it is a damaged GLB file")
    place = 20 + text_length
    while place + 8 <= length:
        chunk, kind = struct.unpack_from("<II", data, place)
        if place + 8 + chunk > len(data):
            raise UnreadableMeshError("it is cut off")
        if kind == BINARY_CHUNK:
            return data[20 : 20 + text_length], data[place + 8 : place + 8 + chunk]
        place += 8 + chunk
    return data[20 : 20 + text_length], None


def _buffer(buffer: dict[str, Any], own: bytes | None, file: MeshFile) -> bytes | None:
    """The bytes of a buffer, None where it has none."""
    if "uri" not in buffer:
        return own
    data = uri_bytes(buffer["uri"], file)
    if data is None:
        raise UnreadableMeshError(f"its buffer {buffer['uri'][:80]} is not beside it")
    return data


def uri_bytes(uri: str, file: MeshFile) -> bytes | None:
    """What a URI of a document holds: data of its own, or a file beside it; None where there is none.

    Raises:
        UnreadableMeshError: data of its own are damaged.
    """
    if not uri.startswith("data:"):
        return file.beside(unquote(uri))
    head, _, data = uri.partition(",")
    try:
        return base64.b64decode(data) if head.endswith(";base64") else unquote_to_bytes(data)
    except binascii.Error as error:
        raise UnreadableMeshError("data within it are damaged") from error


def _view(view: dict[str, Any], buffers: list[bytes | None]) -> bytes | None:
    data = buffers[view["buffer"]]
    if data is None:
        return None
    start: int
    length: int
    start, length = view.get("byteOffset", 0), view["byteLength"]
    if start < 0 or length < 0 or start + length > len(data):
        raise UnreadableMeshError("it is cut off: a view reaches beyond its buffer")
    return bytes(data[start : start + length])
