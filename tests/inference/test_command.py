from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import trimesh
from PIL import Image

from shapelift.cli.main import run
from shapelift.inference import limits, model_folder
from shapelift.io.images import read_image, save_image
from shapelift.io.shapes import load_mesh

Disc = Callable[..., np.ndarray]


@pytest.fixture
def place(tmp_path: Path, disc: Disc, ellipsoid_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with one good image and a shipped model `general`."""
    shipped = tmp_path / "package" / "shipped"
    shutil.copytree(ellipsoid_folder, shipped / "general")
    monkeypatch.setattr(model_folder, "SHIPPED", shipped)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    save_image("cup.png", disc())
    return work


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def call(*arguments: object) -> int:
    return run(["reconstruct", *map(str, arguments), "--threads", "1", "--resolution", "24"])


def test_default_output(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("cup.png") == 0
    assert names(place) == {"cup.png", "cup.glb"}
    out, err = capsys.readouterr()
    assert out.startswith("cup.glb: ")
    assert out.count("\n") == 1
    assert err == ""


def test_formats_crop_and_json(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("cup.png", "-o", "out", "-f", "stl,3mf,GLB", "--size-mm", 80, "--save-crop", "seen.png", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["status"] == "ok"
    assert document["failed"] == 0
    about = {"name": "ellipsoid", "version": "1", "frame": "view", "licence": "Apache-2.0", "stochastic": False}
    assert document["model"] == about
    assert (document["samples"], document["seed"]) == (1, 0)
    (result,) = document["results"]
    assert result["files"] == ["seen.png", "out/cup.stl", "out/cup.stl.json", "out/cup.3mf", "out/cup.glb"]
    assert all((place / file).is_file() for file in result["files"])
    assert max(result["size"]) == pytest.approx(80.0)
    assert result["unit"] == "mm"
    assert result["vertices"] - result["faces"] / 2 == 2  # Euler: one closed surface without handles
    assert result["volume"] == pytest.approx(4 / 3 * np.pi * 40**3 * 0.48, rel=0.05)
    assert set(result["seconds"]) == {"predict", "mesh", "write"}
    assert read_image("seen.png").rgba.shape == (32, 32, 4)


@pytest.mark.slow
@pytest.mark.parametrize("size_mm", [None, 80.0])
def test_sizes_are_those_of_the_files(place: Path, size_mm: float | None, capsys: pytest.CaptureFixture[str]) -> None:
    option = () if size_mm is None else ("--size-mm", size_mm)
    for kind, unit, length_mm in (("stl", "mm", 1.0), ("3mf", "mm", 1.0), ("glb", "m", 1000.0), ("obj", "1", 1.0)):
        assert call("cup.png", "-o", f"out.{kind}", "--json", *option) == 0
        (result,) = json.loads(capsys.readouterr().out)["results"]
        low, high = trimesh.load(place / f"out.{kind}", force="mesh").bounds
        factor = 1.0 if size_mm is None else length_mm
        np.testing.assert_allclose(result["size"], (high - low) * factor, rtol=1e-5)
        assert result["unit"] == (unit if size_mm is None else "mm")
        assert result["written"] == [
            {"file": f"out.{kind}", **{key: result[key] for key in ("unit", "size", "volume")}}
        ]
    assert call("cup.png", "-f", "stl,glb", "-o", "both", "--json", *option) == 0
    both = json.loads(capsys.readouterr().out)["results"][0]["written"]
    lengths = [max(one["size"]) for one in both]
    metres = float(np.ptp(trimesh.load(place / "both" / "cup.glb", force="mesh").bounds, axis=0).max())
    assert lengths == pytest.approx([100.0, metres] if size_mm is None else [80.0, 80.0], rel=1e-5)
    assert call("cup.png", "-f", "stl,glb", "-o", "both", *option) == 0
    said = capsys.readouterr().out
    assert said.count(" mm") == 1
    assert said.count(" m,") == said.count("; glb ") == (1 if size_mm is None else 0)


def test_colours_or_none(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The disc is painted in one colour, so the result is; without colours, and as STL, it has none."""
    painted = read_image("cup.png").rgba
    painted[..., :3] = (40, 160, 90)
    save_image("cup.png", painted)
    assert call("cup.png", "-f", "glb,ply,stl") == 0
    for kind in ("glb", "ply"):
        colors = load_mesh(f"cup.{kind}").colors
        assert colors is not None
        assert np.abs(colors.astype(int) - (40, 160, 90)).max() <= 2
    assert load_mesh("cup.stl").colors is None
    assert "% of the surface guessed" in capsys.readouterr().out
    assert call("cup.png", "--no-color") == 0
    assert load_mesh("cup.glb").colors is None
    assert "guessed" not in capsys.readouterr().out
    assert call("cup.png", "--json") == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert 0.4 < result["guessed_share"] < 0.8  # of a ball a camera sees less than half


def test_a_face_budget_is_kept_and_its_error_told(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("cup.png", "-o", "whole.ply", "--json") == 0
    (whole,) = json.loads(capsys.readouterr().out)["results"]
    assert "simplification_error" not in whole
    budget = whole["faces"] // 4
    assert call("cup.png", "-o", "few.ply", "--faces", budget, "--json") == 0
    (few,) = json.loads(capsys.readouterr().out)["results"]
    written = load_mesh("few.ply")
    assert budget // 2 < few["faces"] == len(written.faces) <= budget
    assert trimesh.Trimesh(written.vertices, written.faces, process=False).is_watertight
    assert written.colors is not None
    assert 0.0 < few["simplification_error"] < 0.02
    assert call("cup.png", "-o", "few.ply", "--faces", budget) == 0
    assert "the surface moved by" in capsys.readouterr().out
    assert call("cup.png", "-o", "none.ply", "--faces", 3) == 2
    assert "--faces 3: out of range" in capsys.readouterr().err
    assert not (place / "none.ply").exists()


@pytest.mark.slow
def test_a_preview_lies_beside_the_file(place: Path) -> None:
    before = (place / "cup.png").read_bytes()
    assert call("cup.png", "--preview") == 0
    assert names(place) == {"cup.png", "cup.glb", "cup-preview.png"}
    assert (place / "cup.png").read_bytes() == before
    picture = read_image("cup-preview.png").rgba
    assert picture.shape == (256, 1024, 4)
    for tile in np.split(picture[..., :3], 4, axis=1):
        assert (tile[0] == 255).all()
        assert (tile < 250).any()


@pytest.mark.slow
def test_a_turntable_is_a_full_turn_without_end(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("cup.png", "--turntable", "--json") == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert result["files"] == ["cup-turntable.webp", "cup.glb"]
    with Image.open("cup-turntable.webp") as turn:
        assert (turn.n_frames, turn.size, turn.info["loop"]) == (24, (256, 256), 0)
        widths = []
        for index in range(turn.n_frames):
            turn.seek(index)
            widths.append(int((np.asarray(turn.convert("RGBA"))[..., 3] > 127).any(axis=0).sum()))
    # The ellipsoid is wider than it is deep: its outline swells and shrinks twice a turn.
    assert max(widths) > 1.1 * min(widths)
    assert abs(widths[0] - widths[12]) <= 2
    assert abs(widths[6] - widths[18]) <= 2


def test_what_stands_beside_a_shape_takes_the_name_of_no_image(
    place: Path, disc: Disc, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, option in (("cup-preview.png", "--preview"), ("cup-turntable.webp", "--turntable")):
        Image.fromarray(disc()).save(name)
        before = (place / name).read_bytes()
        assert call(".", option) == 2
        assert f"{name}: would overwrite an input" in capsys.readouterr().err
        assert (place / name).read_bytes() == before
        (place / name).unlink()
    assert names(place) == {"cup.png"}


@pytest.mark.slow
def test_a_missing_preview_is_made_again(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("cup.png", "--preview", "--skip-existing")
    assert call(*arguments) == 0
    (place / "cup-preview.png").unlink()
    assert call(*arguments) == 0
    assert (place / "cup-preview.png").is_file()
    capsys.readouterr()
    assert call(*arguments) == 0
    assert capsys.readouterr().out == "cup.glb, cup-preview.png: left alone\n"


def test_the_object_stands_as_asked(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("cup.png", "--no-color") == 0
    as_it_comes = load_mesh("cup.glb")
    flags = ("--rest", "--origin", "bottom", "--up", "z", "--size-mm", 80, "--json")
    assert call("cup.png", "--no-color", "-f", "glb,stl", *flags) == 0
    (result,) = json.loads(capsys.readouterr().out.partition("\n")[2])["results"]
    mesh = load_mesh("cup.glb", z_up=False)
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    np.testing.assert_allclose((high - low) * 1000.0, result["size"], rtol=1e-5)
    assert max(result["size"]) == pytest.approx(80.0)
    np.testing.assert_allclose([*(low + high)[:2], low[2]], 0.0, atol=1e-7)
    # The ellipsoid lies on its flattest side.
    sides = np.sort(as_it_comes.bounds.size)
    assert result["size"][2] / 80.0 == pytest.approx(sides[0] / sides[2], rel=0.02)
    assert mesh.volume * 1e9 == pytest.approx(result["volume"], rel=1e-5)
    assert load_mesh("cup.stl").volume == pytest.approx(result["volume"], rel=1e-4)


def test_a_file_says_which_answer_it_is(place: Path, dice_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("cup.png", "--model", dice_folder, "--samples", 2, "--seed", 5, "-o", "cup.stl") == 0
    capsys.readouterr()
    assert run(["inspect", "cup-2.stl", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert {"seed": "5", "sample": "2", "frame": "view", "up": "+Z"}.items() <= said["metadata"].items()
    assert (said["unit"], said["printable"]) == ("mm", True)


@pytest.mark.slow
def test_several_hypotheses(place: Path, dice_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("cup.png", "-m", dice_folder, "--samples", 3, "--seed", 5, "-f", "ply,stl", "-o", "out")
    assert call(*arguments, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["samples"], document["seed"], document["model"]["stochastic"]) == (3, 5, True)
    (result,) = document["results"]
    wanted = {f"cup-{k}.{ending}" for k in (1, 2, 3) for ending in ("ply", "stl", "stl.json")}
    assert names(place / "out") == wanted
    assert {Path(file).name for file in result["files"]} == wanted
    assert "vertices" not in result
    sides = [max(one["size"]) for one in result["hypotheses"]]
    assert len(set(sides)) == 3
    for index, one in enumerate(result["hypotheses"]):
        assert {Path(file).stem.removesuffix(".stl") for file in one["files"]} == {f"cup-{index + 1}"}
        # Concentric balls: every vertex is as far from another ball as the radii differ.
        others = np.mean([abs(side - sides[index]) / 2 for other, side in enumerate(sides) if other != index])
        assert one["spread"]["mean"] == pytest.approx(others, abs=0.003)
        assert one["spread"]["max"] < others + 0.01
    assert result["spread"]["max"] == max(one["spread"]["max"] for one in result["hypotheses"])
    assert set(result["seconds"]) == {"predict", "mesh", "spread", "write"}
    colors = load_mesh(place / "out" / "cup-1.ply").colors
    assert colors is not None
    assert len(np.unique(colors, axis=0)) > 1
    assert "sample: 2" in (place / "out" / "cup-2.ply").read_bytes()[:2000].decode("latin-1")
    assert call(*arguments) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert "3 hypotheses, spread" in out


def test_cubes(place: Path, dice_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("cup.png", "--blocky", "-o", "cubes.ply", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["blocky"] is True
    mesh = load_mesh("cubes.ply")
    walls = np.abs(mesh.face_normals)
    assert (walls.max(axis=1) > 0.999).all()
    cubes = document["results"][0]["volume"] * 24**3
    assert cubes == pytest.approx(round(cubes), abs=0.02)
    assert call("cup.png", "-m", dice_folder, "--samples", 2, "--blocky", "-o", "two.stl", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["results"][0]["hypotheses"]) == 2
    assert {"two-1.stl", "two-2.stl"} <= names(place)


def test_a_seed_is_an_answer(place: Path, dice_folder: Path) -> None:
    for seed in (0, 1):
        assert call("cup.png", "-m", dice_folder, "--seed", seed, "-o", f"{seed}.off") == 0
    assert call("cup.png", "-m", dice_folder, "-o", "again.off") == 0
    assert (place / "0.off").read_bytes() == (place / "again.off").read_bytes() != (place / "1.off").read_bytes()


def test_output_names_the_format(place: Path) -> None:
    assert call("cup.png", "-o", "model.PLY") == 0
    assert names(place) == {"cup.png", "model.PLY"}


@pytest.mark.slow
def test_folder_carries_on_past_a_bad_file(place: Path, disc: Disc, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "set").mkdir()
    for name in ("a.png", "b.PNG", "b.bmp"):
        Image.fromarray(disc()).save(place / "set" / name)
    (place / "set" / "bad.jpg").write_bytes(b"\xff\xd8 no picture")
    (place / "set" / "notes.txt").write_text("not looked at")
    assert call("set", "-o", "out") == 1
    assert names(place / "out") == {"a.glb", "b.PNG.glb", "b.bmp.glb"}
    out, err = capsys.readouterr()
    assert "3 of 4 images reconstructed" in out
    assert "set/bad.jpg" in err
    assert call("set", "-o", "out", "--json") == 1
    document = json.loads(capsys.readouterr().out)
    assert document["status"] == "partly failed"
    assert [result["status"] for result in document["results"]] == ["ok", "ok", "ok", "failed"]
    assert "bad.jpg" in document["results"][3]["error"]


def test_mask_option(place: Path, disc: Disc) -> None:
    save_image("photo.png", np.random.default_rng(0).integers(0, 256, (48, 48, 3), dtype=np.uint8))
    Image.fromarray(disc()[..., 3]).save("mask.png")
    assert call("photo.png", "--mask", "mask.png") == 0


def codes(result: dict[str, list[dict[str, str]]]) -> list[str]:
    return [warning["code"] for warning in result["warnings"]]


def several(*places: tuple[int, int, int]) -> np.ndarray:
    """Discs on a transparent background, `48 96 4`."""
    y, x = np.mgrid[0:48, 0:96]
    inside = np.any([np.hypot(x - left, y - top) < radius for left, top, radius in places], axis=0)
    return np.dstack([np.full((48, 96, 3), 90), inside * 255]).astype(np.uint8)


def test_warnings_have_codes_in_json_and_words_on_the_screen(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_image("cut.png", several((90, 24, 15)))
    assert call("cut.png", "--json") == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert codes(result) == ["object-meets-border"]
    assert result["warnings"][0]["message"].startswith("cut.png: the object meets the border of the picture (right)")
    assert call("cut.png") == 0
    assert capsys.readouterr().err == f"shapelift: warning: {result['warnings'][0]['message']}\n"


def test_an_object_of_several_is_chosen(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_image("two.png", several((24, 24, 15), (72, 24, 18)))
    assert call("two.png") == 0
    assert "choose one of them with --object 1 to 2" in capsys.readouterr().err
    for number in (1, 2):
        assert call("two.png", "--object", number, "--save-crop", f"{number}.png", "--json") == 0
        assert codes(json.loads(capsys.readouterr().out)["results"][0]) == []
        assert 0.6 < (read_image(f"{number}.png").rgba[..., 3] >= 128).mean() < 0.7  # one disc, which fills the crop
    assert call("two.png", "--object", 3) == 2
    assert "--object 3: two.png shows 2 parts" in capsys.readouterr().err


def test_a_mask_of_the_wrong_way_round_is_said(place: Path, disc: Disc, capsys: pytest.CaptureFixture[str]) -> None:
    Image.fromarray(255 - disc()[..., 3]).save("mask.png")
    Image.fromarray(disc()[..., :3]).save("photo.png")
    assert call("photo.png", "--mask", "mask.png", "--json") == 0
    assert codes(json.loads(capsys.readouterr().out)["results"][0]) == ["mask-inverted"]


@pytest.mark.slow
def test_a_folder_of_masks_is_paired_by_name(place: Path, disc: Disc, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("photos", "masks"):
        (place / folder).mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (48, 48, 3), dtype=np.uint8)
    for name in ("a.png", "b.jpg", "c.webp"):
        Image.fromarray(noise).save(place / "photos" / name)
    save_image("photos/d.png", disc())
    for name in ("a.png", "b.tiff", "c.gif", "e.png"):
        Image.fromarray(disc()[..., 3]).save(place / "masks" / name)
    (place / "masks" / "notes.txt").write_text("made by hand")
    assert call("photos", "--mask", "masks", "-o", "out", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert [codes(result) for result in document["results"]] == [[], [], [], ["no-mask"]]
    assert "photos/d.png: has no mask" in document["results"][3]["warnings"][0]["message"]
    assert {one["file"] for one in document["passed_over"]} == {"masks/e.png", "masks/notes.txt"}
    assert call("photos/a.png", "--mask", "masks") == 0
    for arguments, reason in (
        (["photos", "--mask", "photos"], "--mask photos: is the folder of the images"),
        (["cup.png", "--mask", "masks"], "--mask masks: holds no mask with the name of an image"),
        (["photos", "--mask", "cup.png"], "--mask cup.png: is one mask for several images"),
    ):
        assert call(*arguments) == 2
        assert reason in capsys.readouterr().err
    Image.fromarray(disc()[..., 3]).save(place / "masks" / "a.bmp")
    assert call("photos", "--mask", "masks") == 2
    assert "second mask of the name a" in capsys.readouterr().err


@pytest.mark.slow
def test_a_folder_says_what_it_passed_over(place: Path, disc: Disc, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "set" / "deeper").mkdir(parents=True)
    for name in ("a.png", "b.AVIF", "c.gif", "d.bmp"):
        Image.fromarray(disc()).convert("RGB").save(place / "set" / name)
    (place / "set" / "e.HEIC").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    for name in (".hidden.png", "notes.txt", "raw.cr2", "clip.mp4"):
        (place / "set" / name).write_text("no picture")
    assert call("set", "-o", "out", "--json") == 1
    document = json.loads(capsys.readouterr().out)
    assert [result["status"] for result in document["results"]] == ["ok"] * 4 + ["failed"]
    assert {(one["file"], one["reason"]) for one in document["passed_over"]} == {
        ("set/.hidden.png", "a hidden file"),
        ("set/clip.mp4", "no image by its ending"),
        ("set/deeper", "a folder in a folder"),
        ("set/notes.txt", "no image by its ending"),
        ("set/raw.cr2", "no image by its ending"),
    }
    (place / "set" / "deeper" / "raw.cr2").write_text("no picture")
    assert call("set/deeper") == 2
    assert "set/deeper: holds no images, only raw.cr2; give" in capsys.readouterr().err
    assert call("set", "-o", "out") == 1
    out, err = capsys.readouterr()
    assert "4 of 5 images reconstructed" in out
    assert "failed: set/e.HEIC: " in err
    assert "passed over, no image by its ending: set/clip.mp4, set/notes.txt, set/raw.cr2\n" in err


@pytest.mark.slow
def test_finished_images_are_left_alone(place: Path, disc: Disc, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "set").mkdir()
    for name in ("a.png", "b.png"):
        save_image(place / "set" / name, disc())
    arguments = ("set", "-o", "out", "-f", "glb,stl", "--skip-existing")
    assert call(*arguments) == 0
    (place / "out" / "b.stl").unlink()
    (place / "out" / "a.glb").write_bytes(b"mine")
    capsys.readouterr()
    assert call(*arguments) == 0
    assert "1 of 2 images reconstructed, 1 left alone" in capsys.readouterr().out
    assert (place / "out" / "a.glb").read_bytes() == b"mine"
    assert (place / "out" / "b.stl").is_file()
    assert call(*arguments, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["status"], document["failed"]) == ("ok", 0)
    assert [result["status"] for result in document["results"]] == ["skipped", "skipped"]
    assert document["results"][0]["files"] == ["out/a.glb", "out/a.stl"]
    assert call("set/a.png", "-o", "out/a.glb", "--skip-existing") == 0
    assert capsys.readouterr().out == "out/a.glb: left alone\n"


def test_standard_input(
    place: Path, disc: Disc, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def pipe(data: bytes) -> None:
        file = io.BytesIO(data)
        file.name = "<stdin>"  # type: ignore[attr-defined]
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=file))

    data = Path("cup.png").read_bytes()
    pipe(data)
    assert call("-") == 0
    assert names(place) == {"cup.png", "image.glb"}
    assert capsys.readouterr().out.startswith("image.glb: ")
    pipe(data)
    assert call("-", "-o", "piped.stl", "--json") == 0
    assert json.loads(capsys.readouterr().out)["results"][0]["image"] == "-"
    for broken in (b"", b"no picture", data[:200]):
        pipe(broken)
        assert call("-") == 2
        assert capsys.readouterr().err.startswith("shapelift: standard input: is ")


@pytest.mark.parametrize("address", ["http://a.org/cup.jpg", "https://a.org/cup.jpg?size=2"])
def test_addresses_are_not_followed(place: Path, capsys: pytest.CaptureFixture[str], address: str) -> None:
    for arguments in ([address], ["cup.png", "--mask", address]):
        assert call(*arguments) == 2
        assert f"{address}: is a web address" in capsys.readouterr().err


def damage_model(place: Path) -> Path:
    folder = place / "model"
    shutil.copytree(model_folder.SHIPPED / "general", folder)
    return folder


def bad_jpeg(place: Path) -> Path:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(place / "whole.jpg")
    (place / "cut.jpg").write_bytes((place / "whole.jpg").read_bytes()[:2000])
    return Path("cut.jpg")


def image_of(name: str, picture: Image.Image) -> str:
    picture.save(name)
    return name


def missing_graph(place: Path) -> Path:
    folder = damage_model(place)
    (folder / "decode.onnx").unlink()
    return folder


def altered_graph(place: Path) -> Path:
    folder = damage_model(place)
    (folder / "encode.onnx").write_bytes((folder / "encode.onnx").read_bytes() + b" ")
    return folder


def empty_folder(place: Path) -> str:
    (place / "nothing").mkdir()
    return "nothing"


def text_file(place: Path) -> str:
    (place / "text.png").write_text("hello")
    return "text.png"


def folder_in_the_way(place: Path) -> str:
    (place / "out" / "cup.glb").mkdir(parents=True)
    return "out"


BAD = {
    "missing file": lambda place: (["none.png"], "none.png"),
    "folder without images": lambda place: ([empty_folder(place)], "nothing"),
    "truncated jpeg": lambda place: ([bad_jpeg(place)], "cut.jpg"),
    "bomb": lambda place: ([image_of("bomb.png", Image.new("1", (9000, 9000)))], "64 megapixels"),
    "one pixel": lambda place: ([image_of("dot.png", Image.new("RGB", (1, 1)))], "dot.png"),
    "transparent": lambda place: ([image_of("air.png", Image.new("RGBA", (32, 32)))], "fully transparent"),
    "blank": lambda place: ([image_of("blank.png", Image.new("RGB", (32, 32)))], "plain background"),
    "empty mask": lambda place: (["cup.png", "--mask", image_of("m.png", Image.new("L", (48, 48)))], "m.png"),
    "other mask": lambda place: (["cup.png", "--mask", image_of("m.png", Image.new("L", (9, 9), 255))], "same size"),
    "missing mask": lambda place: (["cup.png", "--mask", "m.png"], "m.png"),
    "text": lambda place: ([text_file(place)], "text.png"),
    "unknown model": lambda place: (["cup.png", "--model", "genral"], "did you mean general"),
    "missing graph": lambda place: (["cup.png", "--model", missing_graph(place)], "decode.onnx"),
    "altered graph": lambda place: (["cup.png", "--model", altered_graph(place)], "encode.onnx"),
    "no such folder": lambda place: (["cup.png", "-o", "no/such/cup.glb"], "no/such"),
    "output is a folder": lambda place: (["cup.png", "-o", folder_in_the_way(place)], "cup.glb: is a folder"),
    "unwritable": lambda place: (["cup.png", "-o", "/proc/cup.glb"], "/proc/cup.glb"),
    "unwritable folder": lambda place: (["cup.png", "-o", "/proc/none/cups"], "/proc/none"),
    "unknown format": lambda place: (["cup.png", "--format", "glb,fbx"], "fbx"),
    "empty format": lambda place: (["cup.png", "--format", ""], "--format"),
    "unknown ending": lambda place: (["cup.png", "-o", "cup.fbx"], ".fbx"),
    "two formats, one file": lambda place: (["cup.png", "-o", "cup.glb", "-f", "glb,stl"], "--format"),
    "low resolution": lambda place: (["cup.png", "--resolution", "15"], "16 to 512"),
    "high resolution": lambda place: (["cup.png", "--resolution", "513"], "16 to 512"),
    "no number": lambda place: (["cup.png", "--resolution", "many"], "--resolution"),
    "size": lambda place: (["cup.png", "--size-mm", "-4"], "--size-mm"),
    "size nan": lambda place: (["cup.png", "--size-mm", "nan"], "--size-mm"),
    "threads": lambda place: (["cup.png", "--threads", "0"], "--threads"),
    "two answers of one": lambda place: (["cup.png", "--samples", "2"], "--samples 2: the model ellipsoid is determ"),
    "no sample": lambda place: (["cup.png", "--samples", "0"], "--samples 0: out of range; give 1 to 64"),
    "no seed": lambda place: (["cup.png", "--seed", "-1"], "--seed -1"),
    "mask for many": lambda place: ([".", "--mask", "cup.png"], "--mask"),
    "crop is no png": lambda place: (["cup.png", "--save-crop", "crop.jpg"], "crop.jpg"),
    "crop over input": lambda place: (["cup.png", "--save-crop", "../work/cup.png"], "overwrite"),
    "file for many": lambda place: (["cup.png", bad_jpeg(place), "-o", "all.glb"], "all.glb"),
    "unknown option": lambda place: (["cup.png", "--colour", "red"], "--colour"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", list(BAD))
def test_bad_input_is_one_line_and_code_2(place: Path, capsys: pytest.CaptureFixture[str], case: str) -> None:
    arguments, word = BAD[case](place)
    before = names(place)
    assert run(["reconstruct", *map(str, arguments)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert word in err
    assert names(place) == before


def test_out_of_memory_is_known_before_work(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "available_bytes", lambda: 300 * 10**6)
    assert run(["reconstruct", "cup.png", "--resolution", "512"]) == 2
    assert "give a lower resolution" in capsys.readouterr().err
    assert names(place) == {"cup.png"}


def test_errors_are_data_too(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["reconstruct", "none.png", "--json"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out)["status"] == "failed"
    assert json.loads(out)["error"] in err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_write_protected_folder(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "locked").mkdir(mode=0o500)
    assert call("cup.png", "-o", "locked/cup.glb") == 2
    assert "locked" in capsys.readouterr().err


def test_a_failed_write_leaves_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert call("cup.png") == 2
    assert names(place) == {"cup.png"}


@pytest.mark.slow
def test_start_up_is_light(place: Path) -> None:
    code = (
        "import sys; from shapelift.cli.main import run; code = run(sys.argv[1:]);"
        "heavy = {'torch', 'trimesh', 'scipy', 'matplotlib', 'onnx', 'networkx', 'rich.progress', 'sympy'};"
        "heavy &= set(sys.modules);"
        "print(sorted(heavy)); sys.exit(code)"
    )
    model = model_folder.SHIPPED / "general"
    arguments = ["reconstruct", "cup.png", "--model", str(model), "--resolution", "24", "--threads", "1"]
    for more, heavy in (["--no-color"], "[]"), ([], "['scipy']"):
        command = [sys.executable, "-c", code, *arguments, *more]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == heavy
