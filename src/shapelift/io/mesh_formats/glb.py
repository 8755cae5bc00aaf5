"""glTF 2.0, binary (GLB) and in JSON. Buffers, scene and materials are read by trimesh, from a document made plain."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Mesh
from shapelift.io.colors import linear_colors
from shapelift.io.mesh_formats.files import MeshFile
from shapelift.io.mesh_formats.format import MeshContent, MeshFormat, Metadata
from shapelift.io.mesh_formats.gltf_document import BINARY_CHUNK, JSON_CHUNK, MAGIC, asset, opened
from shapelift.io.mesh_formats.gltf_plain import made_plain
from shapelift.io.mesh_formats.trimesh_parts import scene_parts, trimesh_scene

_FLOAT, _UNSIGNED_INT = 5126, 5125
_VERTEX_BUFFER, _INDEX_BUFFER = 34962, 34963
_GREY = 0.6
_METRE_MM = 1000.0


def read_gltf(file: MeshFile, looks: bool) -> MeshContent:
    """The triangles of the default scene: quantised, sparse and compressed ones too, strips and fans.

    Skins, morph targets and animations are left out: shapes stand as they were modelled.
    """
    document = opened(file)
    warnings = made_plain(document, file, looks=looks)
    if not any(mesh["primitives"] for mesh in document.json.get("meshes", [])):
        return MeshContent((), _METRE_MM, warnings)
    scene = trimesh_scene(document.packed(), "glb", looks=looks)
    return MeshContent(scene_parts(scene, linear=True), _METRE_MM, warnings)


def encode_glb(mesh: Mesh, metadata: Metadata) -> bytes:
    """Binary glTF 2.0: one node, smooth normals, linear vertex colours where there are any.

    Metadata stand in `asset.extras`, the generator in `asset.generator` too.
    """
    binary = bytearray()
    views: list[dict[str, Any]] = []
    accessors: list[dict[str, Any]] = []

    def add(array: npt.NDArray[Any], kind: str, component: int, target: int, **more: object) -> int:
        views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": array.nbytes, "target": target})
        accessors.append(
            {"bufferView": len(views) - 1, "componentType": component, "count": len(array), "type": kind} | more
        )
        binary.extend(array.tobytes())
        binary.extend(b"\0" * (-len(binary) % 4))
        return len(accessors) - 1

    positions = mesh.vertices.astype("<f4")
    low, high = positions.min(axis=0).tolist(), positions.max(axis=0).tolist()
    attributes = {
        "POSITION": add(positions, "VEC3", _FLOAT, _VERTEX_BUFFER, min=low, max=high),
        "NORMAL": add(mesh.vertex_normals.astype("<f4"), "VEC3", _FLOAT, _VERTEX_BUFFER),
    }
    if mesh.colors is not None:
        opaque = np.pad(linear_colors(mesh.colors), ((0, 0), (0, 1)), constant_values=1.0)
        attributes["COLOR_0"] = add(opaque.astype("<f4"), "VEC4", _FLOAT, _VERTEX_BUFFER)
    indices = add(mesh.faces.astype("<u4").reshape(-1), "SCALAR", _UNSIGNED_INT, _INDEX_BUFFER)
    base = 1.0 if mesh.colors is not None else _GREY
    surface = {"baseColorFactor": [base, base, base, 1.0], "metallicFactor": 0.0, "roughnessFactor": 0.8}
    document = {
        "asset": {"version": "2.0", "generator": metadata.get("generator", "shapelift"), "extras": dict(metadata)},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": metadata.get("name", "shape")}],
        "meshes": [{"primitives": [{"attributes": attributes, "indices": indices, "material": 0}]}],
        "materials": [{"pbrMetallicRoughness": surface}],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": len(binary)}],
    }
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), JSON_CHUNK) + text
    chunks += struct.pack("<II", len(binary), BINARY_CHUNK) + bytes(binary)
    return struct.pack("<III", MAGIC, 2, 12 + len(chunks)) + chunks


def read_gltf_metadata(file: MeshFile) -> dict[str, str]:
    """`asset.generator`, and the plain values of `asset.extras`."""
    stated = asset(file)
    extras = stated.get("extras")
    plain = dict(extras) if isinstance(extras, dict) else {}
    if "generator" in stated:
        plain = {"generator": stated["generator"]} | plain
    return {key: str(value) for key, value in plain.items() if isinstance(value, str | int | float)}


FORMATS = (
    MeshFormat(
        name="glb", read=read_gltf, write=encode_glb, unit_mm=_METRE_MM, colors=True, metadata=read_gltf_metadata
    ),
    MeshFormat(name="gltf", read=read_gltf, unit_mm=_METRE_MM, metadata=read_gltf_metadata),
)
