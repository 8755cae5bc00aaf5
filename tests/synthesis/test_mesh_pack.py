"""Meshes through the packed file and back."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from shapelift.cli.main import run
from shapelift.errors import InputError
from shapelift.geometry import Mesh
from shapelift.synthesis.materials import Asset, Material
from shapelift.synthesis.mesh_codec import decode_asset, encode_asset
from shapelift.synthesis.mesh_pack import pack_meshes
from shapelift.synthesis.sources import FolderSource, PackedMeshes, RejectedShape, open_source

pytestmark = pytest.mark.slow

STEP = 1.0 / 65535


def textured(generator: np.random.Generator, *, colors: bool = False) -> Asset:
    sphere = trimesh.creation.icosphere(2, radius=0.5)
    count = len(sphere.faces)
    return Asset(
        mesh=Mesh(
            sphere.vertices.astype(np.float32),
            generator.permutation(sphere.faces).astype(np.int32),
            generator.integers(0, 256, sphere.vertices.shape).astype(np.uint8) if colors else None,
        ),
        face_material=generator.integers(0, 2, count).astype(np.int32),
        materials=(Material((0.1, 0.2, 1.0)), Material((0.5, 0.0, 0.25), roughness=0.3, specular=0.7)),
        face_texture=generator.integers(-1, 2, count).astype(np.int32),
        uv=(3.0 * generator.random((count, 3, 2))).astype(np.float32),
        textures=tuple(np.full((16, 24, 4), (200 * index, 90, 40, 255), np.uint8) for index in range(2)),
    )


@pytest.mark.parametrize("colors", [False, True])
def test_an_asset_comes_back_but_for_the_rounding(colors: bool) -> None:
    asset = textured(np.random.default_rng(0), colors=colors)
    found = decode_asset(encode_asset(asset, 128))
    assert isinstance(found, Asset)
    assert len(found.mesh.vertices) == len(asset.mesh.vertices)
    np.testing.assert_allclose(found.mesh.corners, asset.mesh.corners, atol=0.51 * STEP)
    assert found.materials == asset.materials
    np.testing.assert_array_equal(found.face_material, asset.face_material)
    np.testing.assert_array_equal(found.face_texture, asset.face_texture)
    worn = asset.face_texture >= 0
    assert found.uv is not None
    assert asset.uv is not None
    np.testing.assert_allclose(found.uv[worn], asset.uv[worn], atol=0.51 / 256)
    assert [texture.shape for texture in found.textures] == [(16, 24, 4)] * 2
    for mine, twin in zip(found.textures, asset.textures, strict=True):
        assert np.abs(mine.astype(int) - twin).max() <= 12
    if colors:
        assert asset.mesh.colors is not None
        assert found.mesh.colors is not None
        np.testing.assert_array_equal(found.mesh.colors[found.mesh.faces], asset.mesh.colors[asset.mesh.faces])
    assert trimesh.Trimesh(found.mesh.vertices, found.mesh.faces, process=False).is_watertight


def test_large_textures_shrink_and_a_bare_mesh_stays_bare() -> None:
    asset = textured(np.random.default_rng(0))
    found = decode_asset(encode_asset(asset, 12))
    assert isinstance(found, Asset)
    assert [texture.shape for texture in found.textures] == [(8, 12, 4)] * 2
    bare = decode_asset(encode_asset(asset.mesh, 12))
    assert isinstance(bare, Mesh)
    np.testing.assert_allclose(bare.corners, asset.mesh.corners, atol=0.51 * STEP)


def test_a_packed_sphere_needs_six_bytes_a_face() -> None:
    sphere = trimesh.creation.icosphere(4, radius=0.5)
    data = encode_asset(Mesh(sphere.vertices.astype(np.float32), sphere.faces.astype(np.int32)), 128)
    assert len(data) < 6 * len(sphere.faces)


def test_one_triangle_and_unused_vertices_are_no_special_case() -> None:
    vertices = np.array([[9, 9, 9], [-0.5, -0.5, 0], [0.5, 0.5, 0], [0, 0.5, 0.5]], np.float32)
    found = decode_asset(encode_asset(Mesh(vertices, np.array([[3, 1, 2]], np.int32)), 128))
    assert isinstance(found, Mesh)
    np.testing.assert_allclose(found.corners[0], vertices[[3, 1, 2]], atol=STEP)


def test_damaged_bytes_are_said_to_be_damaged() -> None:
    data = encode_asset(textured(np.random.default_rng(0)), 128)
    for broken in (b"", data[:40], data[:12] + bytes(len(data) - 12), b"\xff" * 12 + data[12:]):
        with pytest.raises(ValueError, match="damaged"):
            decode_asset(broken)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "meshes"
    (path / "box").mkdir(parents=True)
    trimesh.creation.box((1, 2, 3)).export(path / "box" / "plain.stl")
    painted = trimesh.creation.box((2, 2, 1))
    uv = np.random.default_rng(0).random((8, 2))
    image = Image.fromarray(np.full((8, 8, 3), (250, 10, 10), np.uint8))
    painted.visual = trimesh.visual.TextureVisuals(
        uv, material=trimesh.visual.material.PBRMaterial(baseColorTexture=image)
    )
    painted.export(path / "box" / "painted.glb")
    (path / "broken.ply").write_text("no mesh")
    (path / "index.csv").write_text(
        "file,category,licence,author,up_axis\nbox/plain.stl,crate,CC0-1.0,somebody,+Z\nbox/painted.glb,box,MIT,me,\n"
    )
    return path


def test_a_file_stands_for_its_folder(folder: Path, tmp_path: Path) -> None:
    calls = []
    packed = pack_meshes(folder, tmp_path / "small.meshes", workers=1, progress=lambda *now: calls.append(now))
    assert (packed.shapes, list(packed.rejected)) == (2, ["broken"])
    assert calls[-1] == (3, 3)
    assert packed.bytes == (tmp_path / "small.meshes").stat().st_size
    source, expected = open_source(str(tmp_path / "small.meshes"), seed=3), FolderSource(folder, seed=3)
    assert isinstance(source, PackedMeshes)
    twins = {item.shape_id: item for item in expected.items()}
    for item in source.items():
        twin = twins[item.shape_id]
        assert (item.category, item.seed, item.metadata) == (twin.category, twin.seed, twin.metadata)
        mine, other = source.load(item), expected.load(twin)
        assert mine.materials == other.materials  # invented ones come from the seed of the shape
        np.testing.assert_allclose(mine.mesh.corners, other.mesh.corners, atol=STEP)
        np.testing.assert_array_equal(mine.face_material, other.face_material)
    assert {item.shape_id for item in source.items()} == {"box_painted", "box_plain"}
    assert len(open_source(str(tmp_path / "small.meshes"), count=1).items()) == 1


def test_what_is_no_such_file_is_refused(folder: Path, tmp_path: Path) -> None:
    pack_meshes(folder, tmp_path / "small.meshes", workers=1)
    (tmp_path / "text").write_text("nothing")
    with pytest.raises(InputError, match="not a file of packed meshes"):
        open_source(str(tmp_path / "text"))
    with zipfile.ZipFile(tmp_path / "small.meshes") as archive:
        contents = json.loads(archive.read("contents.json"))
    with zipfile.ZipFile(tmp_path / "other.meshes", "w") as archive:
        archive.writestr("contents.json", json.dumps({**contents, "schema": "shapelift-meshes-0"}))
    with pytest.raises(InputError, match="another version"):
        open_source(str(tmp_path / "other.meshes"))
    with zipfile.ZipFile(tmp_path / "lacking.meshes", "w") as archive:
        archive.writestr("contents.json", json.dumps(contents))
    lacking = open_source(str(tmp_path / "lacking.meshes"))
    with pytest.raises(RejectedShape, match="damaged"):
        lacking.load(lacking.items()[0])


def test_the_commands_pack_and_synthesize(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "small.meshes"
    assert run(["pack-meshes", str(folder), str(file), "--workers", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["shapes"] == 2
    options = ["--views", "1", "--size", "32", "--points", "1000", "--near", "50", "--surface", "50", "--workers", "1"]
    assert run(["synthesize", str(file), "--output", str(tmp_path / "data"), *options]) == 0
    manifest = json.loads((tmp_path / "data" / "manifest.json").read_text())
    assert sorted(shape["shape_id"] for shape in manifest["shapes"]) == ["box_painted", "box_plain"]
    assert run(["pack-meshes", str(tmp_path / "nowhere"), str(file)]) == 2


def test_an_archive_is_packed_upright_with_what_it_lacks(tmp_path: Path) -> None:
    shape = trimesh.creation.box((1, 2, 3))
    corners = "".join(f"v {x} {y} {z}\n" for x, y, z in shape.vertices)
    faces = "".join(f"f {a}/1 {b}/1 {c}/1\n" for a, b, c in shape.faces + 1)
    with zipfile.ZipFile(tmp_path / "mugs.zip", "w") as archive:
        archive.writestr("mug/a.obj", f"mtllib gone.mtl\n{corners}vt 0 0\nusemtl leaf\n{faces}")
    packed = pack_meshes(tmp_path / "mugs.zip", tmp_path / "small.meshes", up_axis="z", workers=1)
    assert (packed.shapes, packed.rejected) == (1, {})
    source = open_source(str(tmp_path / "small.meshes"))
    (item,) = source.items()
    asset = source.load(item)
    assert (item.shape_id, item.category, item.metadata["up_axis"]) == ("mug_a", "mug", "z")
    assert asset.lacks == ("1 material file not found (gone.mtl)",)
    np.testing.assert_allclose(np.ptp(asset.mesh.vertices, axis=0), [1 / 3, 1, 2 / 3], atol=1e-4)
