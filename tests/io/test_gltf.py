"""glTF as the world writes it: quantised, sparse, compressed, with primitives that are none."""

from __future__ import annotations

import base64
import json
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shapelift.errors import InputError
from shapelift.io.shapes import read_content, read_mesh

CORNERS = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-1.0, 1.0) for z in (-1.5, 1.5)])
FACES = np.array(
    [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1], [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4],
     [1, 5, 7], [1, 7, 3]]
)  # fmt: skip
CODES = {"i1": 5120, "u1": 5121, "i2": 5122, "u2": 5123, "u4": 5125, "f4": 5126}
KINDS = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}


class Gltf:
    """A document in the making: a box of 1 x 2 x 3 by whatever accessors a test puts in."""

    def __init__(self) -> None:
        self.json: dict[str, Any] = {
            "asset": {"version": "2.0"},
            "scene": 0,
            "scenes": [{"nodes": [0]}],
            "nodes": [{"mesh": 0}],
            "meshes": [{"primitives": [{"attributes": {}}]}],
            "accessors": [],
            "bufferViews": [],
        }
        self.binary = bytearray()

    @property
    def primitive(self) -> dict[str, Any]:
        return self.json["meshes"][0]["primitives"][0]  # type: ignore[no-any-return]

    def view(self, data: bytes, **more: object) -> int:
        self.json["bufferViews"].append({"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data), **more})
        self.binary += data + b"\0" * (-len(data) % 4)
        return len(self.json["bufferViews"]) - 1

    def add(self, values: np.ndarray, kind: str, stride: int | None = None, **more: object) -> int:
        values = np.ascontiguousarray(np.atleast_2d(values.T).T, np.dtype("<" + kind))
        data = values.tobytes()
        if stride is not None:
            row = values.itemsize * values.shape[1]
            data = b"".join(data[at : at + row].ljust(stride, b"\7") for at in range(0, len(data), row))
            more["bufferView"] = self.view(data, byteStride=stride)
        else:
            more.setdefault("bufferView", self.view(data))
        accessor = {"componentType": CODES[kind], "count": len(values), "type": KINDS[values.shape[1]], **more}
        self.json["accessors"].append({key: value for key, value in accessor.items() if value is not None})
        return len(self.json["accessors"]) - 1

    def box(self) -> Gltf:
        self.primitive["attributes"]["POSITION"] = self.add(CORNERS, "f4")
        self.primitive["indices"] = self.add(FACES.ravel(), "u2")
        return self

    def glb(self, path: Path) -> Path:
        document = {**self.json, "buffers": [{"byteLength": len(self.binary)}]}
        text = json.dumps(document).encode()
        text += b" " * (-len(text) % 4)
        chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(self.binary), b"BIN\0")
        path.write_bytes(struct.pack("<4sII", b"glTF", 2, 12 + len(chunks) + len(self.binary)) + chunks + self.binary)
        return path


def check(path: Path, *warnings: str, volume: float = 6.0, size: tuple[float, float, float] = (1, 2, 3)) -> None:
    found = read_mesh(path)
    assert found.unit_mm == 1000.0
    assert found.warnings == warnings
    np.testing.assert_allclose(np.ptp(found.mesh.vertices, axis=0), size, rtol=1e-4)
    assert float(found.mesh.volume) == pytest.approx(volume, rel=1e-4)


@pytest.mark.parametrize("kind", ["i1", "u1", "i2", "u2"])
@pytest.mark.parametrize("normalized", [False, True])
@pytest.mark.parametrize("stride", [None, 8])
def test_quantised_positions(tmp_path: Path, kind: str, normalized: bool, stride: int | None) -> None:
    gltf = Gltf()
    largest = np.iinfo(kind).max
    low = -largest if kind.startswith("i") else 0
    stored = np.where(CORNERS > 0, largest, low)
    span = (2.0 if kind.startswith("i") else 1.0) if normalized else float(largest - low)
    gltf.primitive["attributes"]["POSITION"] = gltf.add(stored, kind, stride, normalized=normalized or None)
    gltf.primitive["indices"] = gltf.add(FACES.ravel(), "u1")
    gltf.json["nodes"][0]["scale"] = [1 / span, 2 / span, 3 / span]
    gltf.json |= {"extensionsUsed": ["KHR_mesh_quantization"], "extensionsRequired": ["KHR_mesh_quantization"]}
    check(gltf.glb(tmp_path / "x.glb"))


def test_quantised_places_in_a_texture(tmp_path: Path) -> None:
    gltf = textured()
    gltf.primitive["attributes"]["TEXCOORD_0"] = gltf.add(np.where(CORNERS[:, :2] > 0, 65535, 0), "u2", normalized=True)
    (part,) = read_content(gltf.glb(tmp_path / "x.glb")).parts
    assert part.texture is not None
    assert part.uv is not None
    assert np.unique(part.uv).tolist() == [0.0, 1.0]


def test_sparse_positions_and_indices(tmp_path: Path) -> None:
    gltf = Gltf().box()
    for accessor, kind, values, changed in (
        (0, "f4", CORNERS, np.arange(8)),
        (1, "u2", FACES.ravel()[:, None], np.arange(0, 36, 5)),
    ):
        wrong = np.array(values)
        wrong[changed] = 0
        view = gltf.view(wrong.astype("<" + kind).tobytes())
        sparse = {
            "count": len(changed),
            "indices": {"bufferView": gltf.view(changed.astype("<u2").tobytes()), "componentType": 5123},
            "values": {"bufferView": gltf.view(values[changed].astype("<" + kind).tobytes())},
        }
        gltf.json["accessors"][accessor] |= {"bufferView": view, "sparse": sparse}
    check(gltf.glb(tmp_path / "x.glb"))
    del gltf.json["accessors"][0]["bufferView"]  # all of it zero but for the sparse ones
    check(gltf.glb(tmp_path / "y.glb"))


@pytest.mark.parametrize(
    "more",
    [
        [{"attributes": {}}],
        [{"attributes": {"NORMAL": 0}}, {"attributes": {}, "indices": 1}],
        [{"attributes": {"COLOR_0": 0}, "mode": 0}],
        [{"attributes": {"TEXCOORD_0": 0}, "material": 0}],
        [{}, {"mode": 1}, {"attributes": {"_ID": 0}}],
    ],
)
def test_primitives_without_positions_are_skipped_and_counted(tmp_path: Path, more: list[dict[str, Any]]) -> None:
    gltf = Gltf().box()
    gltf.json["materials"] = [{}]
    gltf.json["meshes"][0]["primitives"] = [*more, gltf.primitive]
    plural = "" if len(more) == 1 else "s"
    check(gltf.glb(tmp_path / "x.glb"), f"{len(more)} primitive{plural} without positions skipped")


def test_children_of_a_node_that_lost_its_mesh_stay_in_place(tmp_path: Path) -> None:
    gltf = Gltf().box()
    gltf.json["meshes"].append({"primitives": [{"attributes": {}}]})
    gltf.json["nodes"] = [{"mesh": 1, "scale": [2, 2, 2], "children": [1]}, {"mesh": 0, "camera": 0}]
    gltf.json["cameras"] = [{"type": "perspective", "perspective": {"yfov": 1.0, "znear": 0.1}}]
    check(gltf.glb(tmp_path / "x.glb"), "1 primitive without positions skipped", volume=48.0, size=(2, 4, 6))


def test_what_no_triangle_uses_may_be_damaged(tmp_path: Path) -> None:
    gltf = Gltf().box()
    gltf.primitive["attributes"]["NORMAL"] = gltf.add(CORNERS, "f4", count=10**6)
    gltf.json["animations"] = [{"samplers": [{"input": 99}], "channels": []}]
    gltf.json["skins"] = [{"joints": [7]}]
    check(gltf.glb(tmp_path / "x.glb"))


def test_a_scene_of_points_holds_no_triangle(tmp_path: Path) -> None:
    gltf = Gltf().box()
    gltf.primitive["mode"] = 0
    del gltf.primitive["indices"]
    assert read_mesh(gltf.glb(tmp_path / "x.glb")).mesh.is_empty
    gltf.json["meshes"] = [{"primitives": [{"attributes": {}}]}]
    del gltf.json["accessors"]
    assert read_content(gltf.glb(tmp_path / "y.glb")).warnings == ("1 primitive without positions skipped",)


def test_fans_and_strips(tmp_path: Path) -> None:
    for mode in (5, 6):
        gltf = Gltf()
        square = np.array([[0, 0, 0], [2, 0, 0], [2, 1, 0], [0, 1, 0]])[[0, 1, 3, 2] if mode == 5 else [0, 1, 2, 3]]
        gltf.primitive["attributes"]["POSITION"] = gltf.add(square, "f4")
        gltf.primitive["mode"] = mode
        for indexed in (False, True):
            if indexed:
                gltf.primitive["indices"] = gltf.add(np.arange(4), "u1")
            mesh = read_mesh(gltf.glb(tmp_path / "x.glb")).mesh
            assert mesh.face_areas.sum() == pytest.approx(2.0)
            assert mesh.face_normals.tolist() == [[0, 0, 1], [0, 0, 1]]


def test_instances_of_a_node(tmp_path: Path) -> None:
    gltf = Gltf().box()
    places = gltf.add(np.array([[0, 0, 0], [5, 0, 0], [10, 0, 0]]), "f4")
    sizes = gltf.add(np.array([[1, 1, 1], [1, 1, 1], [2, 1, 1]]), "f4")
    extension = {"attributes": {"TRANSLATION": places, "SCALE": sizes}}
    gltf.json["nodes"][0]["extensions"] = {"EXT_mesh_gpu_instancing": extension}
    check(gltf.glb(tmp_path / "x.glb"), volume=24.0, size=(11.5, 2, 3))


def test_buffers_beside_and_within(tmp_path: Path) -> None:
    gltf = Gltf().box()
    del gltf.json["scenes"], gltf.json["scene"]  # all nodes then
    data = "data:application/octet-stream;base64," + base64.b64encode(gltf.binary).decode()
    for uri in (data, "my%20buffer.bin", ".\\my buffer.bin", "MY BUFFER.BIN", "C:/Users/me/my buffer.bin"):
        (tmp_path / "my buffer.bin").write_bytes(gltf.binary)
        document = {**gltf.json, "buffers": [{"uri": uri, "byteLength": len(gltf.binary)}]}
        (tmp_path / "x.gltf").write_text(json.dumps(document))
        check(tmp_path / "x.gltf")


def test_files_outside_of_the_folder_are_not_opened(tmp_path: Path) -> None:
    gltf = Gltf().box()
    (tmp_path / "secret.bin").write_bytes(gltf.binary)
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "link.bin").symlink_to(tmp_path / "secret.bin")
    for uri in ("../secret.bin", str(tmp_path / "secret.bin"), "a/../../secret.bin", "link.bin", "..\\secret.bin"):
        document = {**gltf.json, "buffers": [{"uri": uri, "byteLength": len(gltf.binary)}]}
        (inner / "x.gltf").write_text(json.dumps(document))
        with pytest.raises(InputError, match="is not beside it"):
            read_mesh(inner / "x.gltf")


def textured() -> Gltf:
    gltf = Gltf().box()
    gltf.primitive["attributes"]["TEXCOORD_0"] = gltf.add(CORNERS[:, :2], "f4")
    gltf.primitive["material"] = 0
    gltf.json["materials"] = [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}]
    gltf.json["textures"] = [{"source": 0}]
    pixel = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
    )
    gltf.json["images"] = [{"bufferView": gltf.view(pixel), "mimeType": "image/png"}]
    return gltf


@pytest.mark.parametrize(
    "image",
    [
        {"uri": "gone.png"},
        {"uri": "text.png"},
        {"uri": "data:image/png;base64,AAAA"},
        {"name": "odd"},
        {"bufferView": 1},
    ],
)
def test_textures_that_are_not_there_are_counted(tmp_path: Path, image: dict[str, Any]) -> None:
    (tmp_path / "text.png").write_text("no picture")
    gltf = textured()
    assert read_content(gltf.glb(tmp_path / "x.glb")).warnings == ()
    gltf.json["images"] = [image]
    content = read_content(gltf.glb(tmp_path / "x.glb"))
    assert len(content.warnings) == 1
    assert content.warnings[0].startswith("1 texture not found or not readable")
    assert content.parts[0].texture is None


def damaged() -> dict[str, tuple[Gltf, str]]:
    cases: dict[str, tuple[Gltf, str]] = {}
    for name, words, change in (
        ("index", "a face names the vertex 9, and there are 8", lambda g: g.json["accessors"][1].update(
            bufferView=g.view(np.full(36, 9, "<u2").tobytes()))),
        ("count", "reaches beyond its buffer", lambda g: g.json["accessors"][0].update(count=99)),
        ("view", "reaches beyond its buffer", lambda g: g.json["bufferViews"][0].update(byteLength=10**6)),
        ("accessor", "no GLB file, or a damaged one", lambda g: g.primitive["attributes"].update(POSITION=7)),
        ("type", "no GLB file, or a damaged one", lambda g: g.json["accessors"][0].update(componentType=1)),
        ("node", "no GLB file, or a damaged one", lambda g: g.json["scenes"][0].update(nodes=[5])),
        ("corners", "not three corners", lambda g: g.json["accessors"][1].update(count=35)),
        ("version", "glTF 1.0; export it as glTF 2.0", lambda g: g.json["asset"].update(version="1.0")),
        ("extension", "needs the glTF extension ACME_curves", lambda g: g.json.update(
            extensionsRequired=["ACME_curves"])),
        ("packed", "not plainly in it, they may be packed by ACME_pack", lambda g: (
            g.json["accessors"][0].pop("bufferView"), g.primitive.update(extensions={"ACME_pack": {}}))),
        ("meshopt", "compressed with EXT_meshopt_compression|EXT_meshopt_compression data are damaged", lambda g: (
            g.json.update(extensionsRequired=["EXT_meshopt_compression"]),
            g.json["bufferViews"][0].update(extensions={"EXT_meshopt_compression": {
                "buffer": 0, "byteLength": 9, "byteStride": 12, "count": 8, "mode": "ATTRIBUTES"}}))),
        ("draco", "KHR_draco_mesh_compression", lambda g: (
            g.json["accessors"][0].pop("bufferView"),
            g.primitive.update(extensions={
                "KHR_draco_mesh_compression": {"bufferView": 0, "attributes": {"POSITION": 0}}}))),
    ):  # fmt: skip
        gltf = Gltf().box()
        change(gltf)
        cases[name] = gltf, words
    return cases


@pytest.mark.parametrize("case", damaged())
def test_damaged_files_are_refused_in_plain_words(case: str, tmp_path: Path) -> None:
    gltf, words = damaged()[case]
    with pytest.raises(InputError, match=words) as caught:
        read_mesh(gltf.glb(tmp_path / "x.glb"))
    assert not any(text in str(caught.value) for text in ("KeyError", "list index", "'POSITION'", "assert", "numpy"))


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_off_is_said_to_be(tmp_path: Path, share: float) -> None:
    path = Gltf().box().glb(tmp_path / "x.glb")
    data = path.read_bytes()
    path.write_bytes(data[: max(4, int(share * len(data)))])
    with pytest.raises(InputError, match="cannot be read: it is cut off"):
        read_mesh(path)


@pytest.mark.parametrize("name", ["EXT_meshopt_compression", "KHR_meshopt_compression", "KHR_draco_mesh_compression"])
@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize("ending", ["glb", "gltf"])
def test_compressed_files_are_refused_by_name_or_read_plainly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, required: bool, ending: str
) -> None:
    """Without the packages that decode them; `required` files have no plain copy of what is compressed."""
    for package in ("DracoPy", "meshoptimizer"):
        monkeypatch.setitem(sys.modules, package, None)
    gltf = Gltf().box()
    gltf.json["extensionsUsed"] = [name]
    if required:
        gltf.json["extensionsRequired"] = [name]
    if name.startswith("KHR_draco"):
        gltf.primitive["extensions"] = {name: {"bufferView": 0, "attributes": {"POSITION": 0}}}
        if required:
            del gltf.json["accessors"][0]["bufferView"]
    else:
        packed = {"buffer": 0, "byteLength": 9, "byteStride": 12, "count": 8, "mode": "ATTRIBUTES"}
        gltf.json["bufferViews"][0]["extensions"] = {name: packed}
    path = gltf.glb(tmp_path / "x.glb")
    if ending == "gltf":
        uri = "data:application/octet-stream;base64," + base64.b64encode(gltf.binary).decode()
        path = tmp_path / "x.gltf"
        path.write_text(json.dumps({**gltf.json, "buffers": [{"uri": uri, "byteLength": len(gltf.binary)}]}))
    if not required:
        check(path)
        return
    extra = "compressed" if name.startswith("KHR_draco") else "meshopt"
    with pytest.raises(InputError, match=rf"compressed with {name}; install .*'shapelift\[{extra}\]'"):
        read_mesh(path)


def test_draco(tmp_path: Path) -> None:
    draco = pytest.importorskip("DracoPy")
    colors = np.tile(np.array([[10, 200, 30]], np.uint8), (8, 1))
    for points, faces, paint in ((CORNERS, FACES, None), (CORNERS, FACES, colors)):
        packed = draco.encode(points.astype(np.float64), faces.astype(np.uint32), quantization_bits=16, colors=paint)
        names = {0: "POSITION", 2: "COLOR_0"}
        identity = {names[one["attribute_type"]]: one["unique_id"] for one in draco.decode(packed).attributes}
        gltf = Gltf()
        gltf.primitive["attributes"] = {
            name: gltf.add(np.zeros((8, 3)), "f4" if name == "POSITION" else "u1", bufferView=None) for name in identity
        }
        gltf.primitive["indices"] = gltf.add(FACES.ravel(), "u2", bufferView=None)
        extension = {"bufferView": gltf.view(packed), "attributes": identity}
        gltf.primitive["extensions"] = {"KHR_draco_mesh_compression": extension}
        gltf.json["extensionsRequired"] = ["KHR_draco_mesh_compression"]
        check(gltf.glb(tmp_path / "x.glb"))


@pytest.mark.parametrize("name", ["EXT_meshopt_compression", "KHR_meshopt_compression"])
@pytest.mark.parametrize("kind", ["u2", "u4"])
@pytest.mark.parametrize("mode", ["TRIANGLES", "INDICES"])
@pytest.mark.parametrize("filtered", [False, True])
def test_meshopt(tmp_path: Path, name: str, kind: str, mode: str, filtered: bool) -> None:
    codec = pytest.importorskip("meshoptimizer")
    stored = np.ascontiguousarray(CORNERS, np.float32)
    if filtered:  # mantissas of 24 bits below exponents of 8
        stored = ((2.0 * CORNERS).astype(np.int32) & 0xFFFFFF | np.int32(-1) << 24).view(np.float32)
    encode = codec.encode_index_buffer if mode == "TRIANGLES" else codec.encode_index_sequence
    packed = {
        0: (codec.encode_vertex_buffer(stored, 8, 12), 8, 12, "ATTRIBUTES"),
        1: (encode(FACES.ravel().astype(np.uint32), 36, 8), 36, np.dtype(kind).itemsize, mode),
    }
    gltf = Gltf()
    gltf.primitive["attributes"]["POSITION"] = gltf.add(np.zeros((8, 3)), "f4")
    gltf.primitive["indices"] = gltf.add(np.zeros(36), kind)
    gltf.json["extensionsRequired"] = [name]
    for at, (data, count, stride, what) in packed.items():
        place = gltf.json["bufferViews"][gltf.view(bytes(data))]["byteOffset"]
        extension = {"buffer": 0, "byteOffset": place, "byteLength": len(bytes(data)), "byteStride": stride}
        extension |= {"count": count, "mode": what} | ({"filter": "EXPONENTIAL"} if filtered and at == 0 else {})
        gltf.json["bufferViews"][at]["extensions"] = {name: extension}
    check(gltf.glb(tmp_path / "x.glb"))
