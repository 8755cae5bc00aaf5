"""glTF as trimesh reads it: floating-point places, triangles, nothing compressed, nothing that points at nothing.

What an extension or a corner of glTF says about the shape is either put in plain words here or refused by its name.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np

from shapelift.io.mesh_formats.files import MeshFile, UnreadableMeshError
from shapelift.io.mesh_formats.gltf_compression import DRACO, MESHOPT, decode_draco, decode_meshopt
from shapelift.io.mesh_formats.gltf_document import Document, uri_bytes

_TRIANGLES, _FAN = 4, 6
_UNSIGNED_BYTE, _FLOAT = 5121, 5126
_QUANTIZATION, _INSTANCING = "KHR_mesh_quantization", "EXT_mesh_gpu_instancing"
_OF_LOOKS = (
    "KHR_materials_",
    "KHR_texture_",
    "EXT_texture_",
    "KHR_lights_",
    "EXT_lights_",
    "KHR_animation_",
    "KHR_xmp",
)
"""Extensions that begin so say nothing about the shape."""


def made_plain(document: Document, file: MeshFile, *, looks: bool) -> tuple[str, ...]:
    """Change the document in place.

    Args:
        document: Of `file`.
        file: Its textures may stand beside it.
        looks: Whether textures are wanted.

    Returns:
        What was left out, a few words each.

    Raises:
        UnreadableMeshError: it needs an extension that is not read, or is damaged.
    """
    _check_extensions(document.json)
    decode_meshopt(document)
    skipped = 0
    for mesh in document.json.get("meshes", []):
        kept = [primitive for primitive in mesh.get("primitives", []) if _has_positions(primitive)]
        skipped += len(mesh.get("primitives", [])) - len(kept)
        mesh["primitives"] = kept
        for primitive in kept:
            _make_plain(document, primitive)
    _tidy_nodes(document)
    _forget_the_rest(document.json)
    warnings = []
    if skipped:
        warnings.append(f"{skipped} primitive{'' if skipped == 1 else 's'} without positions skipped")
    missing = _drop_missing_images(document, file) if looks else ()
    if missing:
        plural = "" if len(missing) == 1 else "s"
        warnings.append(f"{len(missing)} texture{plural} not found or not readable ({min(missing)})")
    return tuple(warnings)


def _check_extensions(document: dict[str, Any]) -> None:
    known = {_QUANTIZATION, DRACO, _INSTANCING, *MESHOPT}
    for name in document.get("extensionsRequired", []):
        if name not in known and not name.startswith(_OF_LOOKS):
            raise UnreadableMeshError(f"it needs the glTF extension {name[:80]}, which is not read; export it without")


def _has_positions(primitive: dict[str, Any]) -> bool:
    return "POSITION" in primitive.get("attributes", {})


def _make_plain(document: Document, primitive: dict[str, Any]) -> None:
    """Attributes of one primitive that the shape needs, as floats; its faces as triangles."""
    decode_draco(document, primitive)
    attributes = primitive["attributes"]
    position = document.json["accessors"][attributes["POSITION"]]
    if "bufferView" not in position and "sparse" not in position and position["count"]:
        names = ", ".join(primitive.get("extensions", {}))[:80]
        packed = f", they may be packed by {names}" if names else ""
        raise UnreadableMeshError(f"the positions of its vertices are not plainly in it{packed}")
    for name in list(attributes):
        if name in ("POSITION", "TEXCOORD_0"):
            attributes[name] = _floats(document, attributes[name])
        elif name != "COLOR_0":
            del attributes[name]
        elif document.json["accessors"][attributes[name]]["componentType"] != _UNSIGNED_BYTE:
            attributes[name] = _floats(document, attributes[name])
    count = document.json["accessors"][attributes["POSITION"]]["count"]
    if "indices" in primitive:
        indices = document.array(primitive["indices"])
        if not _is_plain(document.json["accessors"][primitive["indices"]]):
            primitive["indices"] = document.add(indices)
        if indices.size and indices.max() >= count:
            raise UnreadableMeshError(f"a face names the vertex {indices.max()}, and there are {count} from 0 on")
        order = indices[:, 0]
    else:
        order = np.arange(count, dtype="<u4")
    mode = primitive.get("mode", _TRIANGLES)
    if mode == _TRIANGLES and len(order) % 3:
        raise UnreadableMeshError("a primitive of triangles has not three corners for each")
    if mode == _FAN:
        places = np.arange(1, max(len(order) - 1, 1))
        fan = np.stack([np.zeros_like(places), places, places + 1], axis=1).ravel()
        primitive |= {"mode": _TRIANGLES, "indices": document.add(order[fan].astype("<u4")[:, None])}


def _floats(document: Document, index: int) -> int:
    """The accessor with these values as floats, the same one where it is that already."""
    accessor = document.json["accessors"][index]
    values = document.array(index)
    if accessor["componentType"] == _FLOAT and _is_plain(accessor):
        return index
    if accessor.get("normalized") and values.dtype.kind in "iu":
        # glTF 2.0, section 3.6.2.2; the smallest signed number stands for -1 too
        values = np.maximum(values / np.float64(np.iinfo(values.dtype).max), -1.0)
    return document.add(values.astype("<f4"))


def _is_plain(accessor: dict[str, Any]) -> bool:
    return "bufferView" in accessor and "sparse" not in accessor


def _tidy_nodes(document: Document) -> None:
    """Nodes without what trimesh stumbles over: cameras, meshes that lost all primitives, instances by extension."""
    nodes = document.json.setdefault("nodes", [])
    meshes = document.json.get("meshes", [])
    for node in list(nodes):
        node.pop("camera", None)
        if "mesh" in node and not meshes[node["mesh"]]["primitives"]:
            del node["mesh"]
        instancing = node.get("extensions", {}).get(_INSTANCING)
        if instancing is not None and "mesh" in node:
            mesh = node.pop("mesh")
            for placed in _instances(document, instancing["attributes"]):
                node.setdefault("children", []).append(len(nodes))
                nodes.append({"mesh": mesh, **placed})
    document.json.pop("cameras", None)
    if not document.json.get("scenes"):
        below = {child for node in nodes for child in node.get("children", [])}
        document.json |= {"scene": 0, "scenes": [{"nodes": [at for at in range(len(nodes)) if at not in below]}]}


def _forget_the_rest(document: dict[str, Any]) -> None:
    """Empty accessors that no primitive uses, such as those of animations: trimesh would read them, damaged or not."""
    primitives = [primitive for mesh in document.get("meshes", []) for primitive in mesh["primitives"]]
    used = {at for primitive in primitives for at in primitive["attributes"].values()}
    used |= {primitive["indices"] for primitive in primitives if "indices" in primitive}
    nothing = {"componentType": _FLOAT, "count": 0, "type": "VEC3"}
    accessors = document.get("accessors", [])
    document["accessors"] = [accessor if at in used else nothing for at, accessor in enumerate(accessors)]
    for name in ("animations", "skins"):
        document.pop(name, None)


def _instances(document: Document, attributes: dict[str, int]) -> Iterator[dict[str, list[float]]]:
    """Where the copies of a node stand."""
    parts = {
        name.lower(): document.array(_floats(document, index)).tolist()
        for name, index in attributes.items()
        if name in ("TRANSLATION", "ROTATION", "SCALE")
    }
    for rows in zip(*parts.values(), strict=True):
        yield dict(zip(parts, rows, strict=True))


def _drop_missing_images(document: Document, file: MeshFile) -> set[str]:
    """Put the pictures of base colours into the document; the names of those that are not there or no pictures."""
    from PIL import Image

    missing = set()
    images = document.json.get("images", [])
    for at in sorted(_used_images(document.json)):
        image = images[at]
        if "bufferView" in image:
            data = document.views[image["bufferView"]]
        else:
            data = uri_bytes(image["uri"], file) if "uri" in image else None
        name = image.get("name") or (f"image {at}" if image.get("uri", "data:").startswith("data:") else image["uri"])
        try:
            if data is None:
                raise OSError
            with Image.open(io.BytesIO(data)) as picture:
                picture.load()
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            missing.add(str(name)[:80])
            continue
        if "bufferView" not in image:
            document.json.setdefault("bufferViews", []).append({"buffer": 0, "byteLength": len(data)})
            document.views.append(data)
            images[at] = {"bufferView": len(document.views) - 1, "mimeType": image.get("mimeType", "image/png")}
    return missing


def _used_images(document: dict[str, Any]) -> set[int]:
    """Indices of the images that are base colours."""
    used = set()
    for material in document.get("materials", []):
        glossy = material.get("extensions", {}).get("KHR_materials_pbrSpecularGlossiness", {})
        for place in (material.get("pbrMetallicRoughness", {}).get("baseColorTexture"), glossy.get("diffuseTexture")):
            if place is None:
                continue
            texture = document["textures"][place["index"]]
            sources = [texture.get("source")]
            sources += [one.get("source") for one in texture.get("extensions", {}).values()]
            used |= {source for source in sources if source is not None}
    return used
