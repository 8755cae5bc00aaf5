"""The viewer of a mesh is a document that holds the mesh as it is, and everything that shows it."""

from __future__ import annotations

import base64
import json
import re
import struct
from html.parser import HTMLParser

import numpy as np
import pytest

from shapelift.geometry import Mesh
from shapelift.geometry.templates import icosphere
from shapelift.rendering.viewer import viewer_html
from shapelift.rendering.views import PLAIN_COLOR


class Tags(HTMLParser):
    """All tags with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def glb_in(document: str) -> tuple[dict, bytes]:
    """JSON and binary chunk of the GLB in a viewer."""
    (encoded,) = re.findall(r'base64_data="([A-Za-z0-9+/=]+)"', document)
    data = base64.b64decode(encoded, validate=True)
    assert data[:4] == b"glTF"
    (length,) = struct.unpack_from("<I", data, 12)
    return json.loads(data[20 : 20 + length]), data[20 + length + 8 :]


def values(glb: tuple[dict, bytes], accessor: int, kind: str) -> np.ndarray:
    document, binary = glb
    found = document["accessors"][accessor]
    columns = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[found["type"]]
    start = document["bufferViews"][found["bufferView"]].get("byteOffset", 0) + found.get("byteOffset", 0)
    return np.frombuffer(binary, kind, found["count"] * columns, start).reshape(-1, columns)


@pytest.mark.parametrize("colored", [True, False])
def test_the_mesh_is_in_it(colored: bool) -> None:
    sphere = icosphere(2)
    colors = np.random.default_rng(0).integers(0, 256, sphere.vertices.shape, np.uint8)
    mesh = Mesh(sphere.vertices, sphere.faces, colors if colored else None)
    glb = glb_in(viewer_html(mesh))
    (primitive,) = glb[0]["meshes"][0]["primitives"]
    attributes = primitive["attributes"]
    np.testing.assert_array_equal(values(glb, attributes["POSITION"], "<f4"), mesh.vertices)
    np.testing.assert_array_equal(values(glb, primitive["indices"], "<u4").reshape(-1, 3), mesh.faces)
    np.testing.assert_allclose(values(glb, attributes["NORMAL"], "<f4"), mesh.vertex_normals, atol=1e-5)
    shown = values(glb, attributes["COLOR_0"], "u1")
    np.testing.assert_array_equal(shown[:, :3], colors if colored else np.full_like(colors, PLAIN_COLOR))
    surface = glb[0]["materials"][primitive["material"]]["pbrMetallicRoughness"]
    assert surface["metallicFactor"] == 0.0
    assert len(glb[0]["cameras"]) == 1


def test_it_asks_for_nothing() -> None:
    sphere = icosphere(1)
    document = viewer_html(Mesh(sphere.vertices, sphere.faces))
    tags = Tags(document).found
    loading = {"script", "link", "iframe", "img", "object", "embed", "base"}
    assert [tag for tag, _ in tags if tag in loading] == ["script"]
    assert not {name for _, attributes in tags for name in attributes} & {"src", "href", "srcset", "data", "action"}
    assert not re.search(r"@import|\bimport\s*\(|importScripts|url\s*\(\s*['\"]?https?:", document)
    assert not re.search(r"(?:fetch|load|open|setURL)\(\s*['\"]https?:", document)
