"""Compressed glTF: decoded by optional packages, else refused by the name of the extension."""

from __future__ import annotations

from typing import Any

import numpy as np

from shapelift.io.mesh_formats.files import UnreadableMeshError
from shapelift.io.mesh_formats.gltf_document import COMPONENTS, Document

DRACO = "KHR_draco_mesh_compression"
MESHOPT = ("EXT_meshopt_compression", "KHR_meshopt_compression")
_NEEDS = "it is compressed with {name}; install what decodes it, pip install 'shapelift[{extra}]', or export it plain"
_TRIANGLES = 4


def decode_draco(document: Document, primitive: dict[str, Any]) -> None:
    """Put the decoded values of a primitive in place of its compressed ones; nothing where plain ones stand beside.

    Raises:
        UnreadableMeshError: DracoPy is not installed, or the data are damaged.
    """
    extension = primitive.get("extensions", {}).pop(DRACO, None)
    accessors, attributes = document.json["accessors"], primitive["attributes"]
    if extension is None or "bufferView" in accessors[attributes["POSITION"]]:
        return
    try:
        import DracoPy
    except ImportError as error:
        raise UnreadableMeshError(_NEEDS.format(name=DRACO, extra="compressed")) from error
    try:
        decoded = DracoPy.decode(document.views[extension["bufferView"]])
        names = {identity: name for name, identity in extension["attributes"].items()}
        values = {names.get(one["unique_id"]): np.asarray(one["data"]) for one in decoded.attributes}
        faces = np.asarray(decoded.faces, "<u4").reshape(-1, 1)
    except Exception as error:  # a decoder of strangers' bytes
        raise UnreadableMeshError(f"its {DRACO} data are damaged") from error
    primitive |= {"mode": _TRIANGLES, "indices": document.add(faces)}
    for name in list(attributes):
        accessor = accessors[attributes[name]]
        if name not in values:
            del attributes[name]
            continue
        kind = COMPONENTS[accessor["componentType"]]
        attributes[name] = document.add(values[name].reshape(len(values[name]), -1).astype(kind))
        accessors[attributes[name]]["normalized"] = accessor.get("normalized", False)
    if "POSITION" not in attributes:
        raise UnreadableMeshError(f"its {DRACO} data hold no positions")


def decode_meshopt(document: Document) -> None:
    """Put the decoded bytes of all buffer views in place of the compressed ones that have no plain copy.

    Raises:
        UnreadableMeshError: meshoptimizer is not installed, or the data are damaged.
    """
    for at, view in enumerate(document.json.get("bufferViews", [])):
        extensions = view.get("extensions", {})
        name = next((name for name in MESHOPT if name in extensions), None)
        if name is None:
            continue
        packed = extensions.pop(name)
        if document.views[at] is not None and name not in document.json.get("extensionsRequired", []):
            continue
        try:
            import meshoptimizer
        except ImportError as error:
            raise UnreadableMeshError(_NEEDS.format(name=name, extra="meshopt")) from error
        try:
            start = packed.get("byteOffset", 0)
            data = document.buffers[packed["buffer"]][start : start + packed["byteLength"]]
            document.views[at] = _decoded(meshoptimizer, packed, data)
        except Exception as error:  # a decoder of strangers' bytes
            raise UnreadableMeshError(f"its {name} data are damaged") from error


def _decoded(meshoptimizer: Any, packed: dict[str, Any], data: bytes) -> bytes | None:
    """The bytes of a view; None where they are normals, tangents or rotations, for which nobody asks."""
    count, stride, mode = packed["count"], packed["byteStride"], packed["mode"]
    if packed.get("filter", "NONE") not in ("NONE", "EXPONENTIAL"):
        return None
    if mode == "ATTRIBUTES":
        rows = meshoptimizer.decode_vertex_buffer(count, stride, data, np.dtype((np.void, stride)))
    else:
        decode = meshoptimizer.decode_index_buffer if mode == "TRIANGLES" else meshoptimizer.decode_index_sequence
        # As 4 bytes each, whatever is wanted: the package packs 2 bytes wrongly.
        rows = np.asarray(decode(count, 4, data)).astype({2: "<u2", 4: "<u4"}[stride])
    if packed.get("filter") == "EXPONENTIAL":
        words = np.frombuffer(rows.tobytes(), "<i4")
        rows = np.ldexp((words << 8 >> 8).astype("<f4"), words >> 24).astype("<f4")
    return bytes(rows.tobytes())
