from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from shapelift.errors import InputError
from shapelift.synthesis import procedural
from shapelift.synthesis.sources import ProceduralSource, RejectedShape, SourceItem, open_source


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("chair/a.glb", "chair/deep/b.obj", "03001627/c1/models/m.ply", "loose.stl", ".hidden.stl", ".x/d.stl"):
        path = tmp_path / "meshes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        trimesh.creation.box((1, 2, 3)).export(path)
    (tmp_path / "meshes" / "notes.txt").write_text("no mesh")
    return tmp_path / "meshes"


def test_folders_are_listed_with_categories_and_stable_names(folder: Path) -> None:
    items = open_source(str(folder)).items()
    assert [(item.shape_id, item.category) for item in items] == [
        ("03001627_c1_models_m", "chair"),
        ("chair_a", "chair"),
        ("chair_deep_b", "chair"),
        ("loose", "meshes"),
    ]
    assert items == open_source(str(folder)).items()
    assert len({item.seed for item in items}) == 4
    assert {item.seed for item in items}.isdisjoint(item.seed for item in open_source(str(folder), seed=1).items())


def test_new_files_leave_names_and_seeds_of_the_others_alone(folder: Path) -> None:
    before = {item.shape_id: item.seed for item in open_source(str(folder)).items()}
    trimesh.creation.box().export(folder / "aaa.stl")
    after = {item.shape_id: item.seed for item in open_source(str(folder)).items()}
    assert before.items() < after.items()


def test_names_that_coincide_are_told_apart(folder: Path) -> None:
    for name in ("chair/a.stl", "chair/A.ply", f"chair/{'long' * 50}.stl", "chair/ä?.stl"):
        trimesh.creation.box().export(folder / name)
    items = open_source(str(folder)).items()
    names = [item.shape_id for item in items]
    assert len(set(names)) == len(names) == 8
    assert sum(name.startswith("chair_a-") for name in names) == 3
    assert max(map(len, names)) <= 120
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-") for name in names)


def test_count_chooses_by_seed(folder: Path) -> None:
    every = open_source(str(folder)).items()
    chosen = [open_source(str(folder), 2, seed).items() for seed in range(8)]
    assert all(len(items) == 2 for items in chosen)
    assert len({tuple(item.shape_id for item in items) for items in chosen}) > 2
    assert chosen[0][0] in every
    assert len(open_source(str(folder), 99).items()) == 4


def test_items_load_and_travel_to_other_processes(folder: Path) -> None:
    source = pickle.loads(pickle.dumps(open_source(str(folder))))
    for item in source.items():
        asset = source.load(pickle.loads(pickle.dumps(item)))
        assert np.ptp(asset.mesh.vertices, axis=0).max() == pytest.approx(1.0)


def test_an_index_describes_the_files(folder: Path) -> None:
    (folder / "index.csv").write_text(
        "id,file,category,licence,author,source_repo,up_axis,front_axis,color\n"
        "1,chair/a.glb,stool,CC0-1.0,Somebody,some/where,Z,,plain\n"
        "2,loose.stl,,CC-BY-4.0,,,,,\n"
        "3,gone.stl,cup,,,,,,\n",
        encoding="utf-8",
    )
    items = {item.shape_id: item for item in open_source(str(folder)).items()}
    assert len(items) == 4
    described = items["chair_a"]
    assert described.category == "stool"
    assert described.metadata["licence"] == "CC0-1.0"
    assert described.metadata["author"] == "Somebody"
    assert described.metadata["source"] == "some/where"
    assert items["loose"].category == "meshes"
    assert items["loose"].metadata == {"licence": "CC-BY-4.0", "source": "loose.stl"}
    assert items["chair_deep_b"].metadata == {"source": "chair/deep/b.obj"}
    upright = open_source(str(folder)).load(described).mesh.vertices
    np.testing.assert_allclose(np.ptp(upright, axis=0), [1 / 3, 1.0, 2 / 3], atol=1e-6)


@pytest.mark.parametrize("text", ["a,b\n1,2\n", b"\xff\xfe\x00bad"])
def test_a_bad_index_is_named(folder: Path, text: str | bytes) -> None:
    (folder / "index.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError, match=r"index\.csv: .*remove it"):
        open_source(str(folder))


def test_bad_sources_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        open_source(str(tmp_path / "none"))
    with pytest.raises(InputError, match="no mesh in this folder"):
        open_source(str(tmp_path))
    for spec in ("procedural:", "procedural:teapot", "procedural:chair,teapot"):
        with pytest.raises(InputError, match="use procedural:all or any of chair, table"):
            open_source(spec)
    with pytest.raises(InputError, match="at least 1"):
        open_source("procedural:chair", 0)
    with pytest.raises(InputError, match="negative"):
        open_source("procedural:chair", 1, -1)


def test_procedural_items_are_dealt_in_turn() -> None:
    items = open_source("procedural:chair,table,chair", 5, seed=3).items()
    assert [item.shape_id for item in items] == [
        "procedural_chair_000000",
        "procedural_table_000000",
        "procedural_chair_000001",
        "procedural_table_000001",
        "procedural_chair_000002",
    ]
    assert items == open_source("procedural:chair,table", 9, seed=3).items()[:5]
    assert len({item.seed for item in items}) == 5
    assert items[0].seed == open_source("procedural:all", seed=3).items()[0].seed
    assert items[0].seed != open_source("procedural:chair", seed=4).items()[0].seed
    everything = open_source("procedural:all").items()
    assert len(everything) == 1300
    assert {item.category for item in everything} == set(procedural.CATEGORIES)


def test_procedural_shapes_load_deterministically() -> None:
    source = open_source("procedural:chair", 2)
    first, second = source.items()
    one, again, other = source.load(first), source.load(first), source.load(second)
    np.testing.assert_array_equal(one.mesh.vertices, again.mesh.vertices)
    assert one.materials == again.materials
    assert one.mesh.vertices.shape != other.mesh.vertices.shape or (one.mesh.vertices != other.mesh.vertices).any()
    assert np.ptp(one.mesh.vertices, axis=0).max() == pytest.approx(1.0, abs=1e-6)


def test_a_family_that_fails_rejects_the_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(category: str, seed: int) -> None:
        raise ValueError(f"{category} has no seat")

    monkeypatch.setattr(procedural, "build", fail)
    with pytest.raises(RejectedShape, match="cannot be built: chair has no seat"):
        ProceduralSource(("chair",), 1, 0).load(SourceItem("x", "chair", None, 1))


def box_files(folder: Path) -> None:
    """Boxes of 1 x 2 x 3 in two categories, one of them with a material and a texture beside it."""
    (folder / "cup").mkdir(parents=True)
    (folder / "mug" / "textures").mkdir(parents=True)
    shape = trimesh.creation.box((1, 2, 3))
    for path in ("cup/a.stl", "cup/b.3mf", "mug/c.glb", ".hidden.stl"):
        shape.export(folder / path)
    Image.fromarray(np.full((2, 2, 3), (10, 200, 30), np.uint8)).save(folder / "mug" / "textures" / "leaf.png")
    (folder / "mug" / "d.mtl").write_text("newmtl leaf\nmap_Kd textures\\LEAF.png\n")
    corners = "".join(f"v {x} {y} {z}\n" for x, y, z in shape.vertices)
    faces = "".join(f"f {a}/1 {b}/1 {c}/1\n" for a, b, c in shape.faces + 1)
    (folder / "mug" / "d.obj").write_text(f"mtllib d.mtl\n{corners}vt 0 0\nusemtl leaf\n{faces}")


def zipped(folder: Path, archive: Path, prefix: str = "") -> Path:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("__MACOSX/cup/._a.stl", b"junk")
        for path in sorted(folder.rglob("*")):
            opened.write(path, prefix + path.relative_to(folder).as_posix())
    return archive


@pytest.mark.parametrize("prefix", ["", "meshes/", "./"])
def test_a_zip_archive_is_its_folder(tmp_path: Path, prefix: str) -> None:
    box_files(tmp_path / "meshes")
    (tmp_path / "meshes" / "index.csv").write_text("file,licence\ncup/a.stl,CC0-1.0\n", encoding="utf-8-sig")
    source = open_source(str(zipped(tmp_path / "meshes", tmp_path / "meshes.zip", prefix)))
    plain = open_source(str(tmp_path / "meshes"))
    for packed, loose in zip(source.items(), plain.items(), strict=True):
        assert (packed.shape_id, packed.category, packed.seed) == (loose.shape_id, loose.category, loose.seed)
        assert (packed.metadata, packed.file) == (loose.metadata, loose.file)
        one, other = pickle.loads(pickle.dumps(source)).load(packed), plain.load(loose)
        np.testing.assert_array_equal(one.mesh.vertices, other.mesh.vertices)
        assert len(one.textures) == len(other.textures) == (packed.shape_id == "mug_d")
        assert one.lacks == other.lacks == ()


@pytest.mark.parametrize("name", ["cup/a.stl", "cup/b.3mf", "mug/c.glb", "mug/d.obj"])
def test_a_single_file_is_a_source(tmp_path: Path, name: str) -> None:
    box_files(tmp_path)
    (item,) = open_source(str(tmp_path / name)).items()
    stem = Path(name).stem
    assert (item.shape_id, item.category, item.file) == (stem, stem, Path(name).name)
    for axis, sides in (None, [1, 2, 3]), ("z", [1, 3, 2]), ("-Z", [1, 3, 2]), ("x", [2, 1, 3]):
        source = open_source(str(tmp_path / name), up_axis=axis)
        found = np.ptp(source.load(source.items()[0]).mesh.vertices, axis=0)
        np.testing.assert_allclose(found, np.divide(sides, 3), rtol=1e-6)


def test_the_axis_of_an_index_comes_first(tmp_path: Path) -> None:
    box_files(tmp_path)
    (tmp_path / "index.csv").write_text("file,up_axis\ncup/a.stl,+Y\n")
    items = {item.shape_id: item for item in open_source(str(tmp_path), up_axis="z").items()}
    assert (items["cup_a"].metadata["up_axis"], items["cup_b"].metadata["up_axis"]) == ("+Y", "z")


def test_sources_that_cannot_be_are_named(tmp_path: Path) -> None:
    box_files(tmp_path / "meshes")
    archive = zipped(tmp_path / "meshes", tmp_path / "meshes.zip")
    (tmp_path / "cut.zip").write_bytes(archive.read_bytes()[:-40])
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as opened:
        opened.writestr("readme.txt", "nothing")
    for name, axis, words in (
        ("cut.zip", None, "is no readable zip archive of meshes"),
        ("empty.zip", None, "no mesh in this archive"),
        ("meshes", "up", "`up_axis` up: no axis of that name"),
        ("procedural:chair", "z", "stand upright; leave it out"),
    ):
        spec = name if ":" in name else str(tmp_path / name)
        with pytest.raises(InputError, match=words):
            open_source(spec, up_axis=axis)


def test_names_in_an_archive_stay_in_their_folder(tmp_path: Path) -> None:
    box_files(tmp_path / "meshes")
    (tmp_path / "meshes" / "mug" / "textures" / "leaf.png").rename(tmp_path / "meshes" / "leaf.png")
    (tmp_path / "meshes" / "mug" / "d.mtl").write_text("newmtl leaf\nmap_Kd ../leaf.png\n")
    source = open_source(str(zipped(tmp_path / "meshes", tmp_path / "meshes.zip")))
    asset = source.load(next(item for item in source.items() if item.shape_id == "mug_d"))
    assert asset.lacks == ("1 texture not found or not readable (../leaf.png)",)
    assert asset.textures == ()
