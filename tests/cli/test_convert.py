from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import trimesh

from shapelift.cli.main import run
from shapelift.geometry import Mesh, PointCloud
from shapelift.io.pointclouds import save_points
from shapelift.io.shapes import FORMATS, load_mesh, save_mesh
from shapelift.solids import check


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def ball(*, normals: bool = True, colors: bool = False) -> PointCloud:
    outward = np.random.default_rng(0).normal(size=(2000, 3))
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    paint = np.tile([[10, 200, 30]], (2000, 1)) if colors else None
    return PointCloud(0.5 * outward, outward if normals else None, paint)


def call(*arguments: object) -> int:
    return run(["convert", *map(str, arguments)])


@pytest.mark.parametrize("kind", FORMATS)
def test_points_become_a_closed_mesh_of_a_size(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    save_points("ball.ply", ball())
    assert call("ball.ply", f"out.{kind}", "--resolution", 24, "--size-mm", 40) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"out.{kind}")
    assert out.count("\n") == 1
    assert err == ""
    mesh = load_mesh(f"out.{kind}")
    assert check(mesh).is_printable
    assert mesh.bounds.size.max() == pytest.approx(0.04 if kind == "glb" else 40.0, rel=1e-4)


def test_json_says_what_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    save_points("ball.ply", ball(normals=False, colors=True))
    assert call("ball.ply", "out.stl", "--resolution", 32, "--size-mm", 100, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["status"] == "ok"
    assert (document["kind"], document["points"], document["normals"]) == ("points", 2000, "estimated")
    assert document["files"] == ["out.stl", "out.stl.json"]
    assert document["unit"] == "mm"
    assert max(document["size"]) == pytest.approx(100.0)
    assert document["volume"] == pytest.approx(np.pi / 6 * 100.0**3, rel=0.03)
    assert document["warnings"] == []
    assert set(document["seconds"]) == {"read", "mesh", "write"}
    beside = json.loads(Path("out.stl.json").read_text())
    assert beside["source"] == "ball.ply"
    assert beside["normals"] == "estimated"
    assert beside["generator"].startswith("shapelift ")


def test_colors_come_along() -> None:
    save_points("ball.ply", ball(colors=True))
    assert call("ball.ply", "out.ply", "--resolution", 16) == 0
    mesh = load_mesh("out.ply")
    assert mesh.colors is not None
    assert np.abs(mesh.colors.astype(int) - [10, 200, 30]).max() <= 1


def test_a_mesh_keeps_its_triangles(capsys: pytest.CaptureFixture[str]) -> None:
    shape = trimesh.creation.icosphere(2)
    save_mesh("ball.obj", Mesh(shape.vertices, shape.faces))
    assert call("ball.obj", "out.3mf", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["kind"], document["faces"]) == ("mesh", len(shape.faces))
    assert "points" not in document
    assert document["warnings"] == []
    save_mesh("open.off", Mesh(shape.vertices, shape.faces[1:]))
    assert call("open.off", "open.glb") == 0
    assert "3 open edges" in capsys.readouterr().err
    assert len(load_mesh("open.glb").faces) == len(shape.faces) - 1


def written(name: str, text: str) -> str:
    Path(name).write_text(text)
    return name


def good() -> str:
    save_points("ball.ply", ball())
    return "ball.ply"


def folder(name: str) -> str:
    Path(name).mkdir()
    return name


def rows(points: np.ndarray) -> str:
    return "\n".join(" ".join(f"{value:.4f}" for value in row) for row in points)


def test_what_is_left_out_of_a_cloud_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    text = rows(ball().points) + "\nnan 0 0\n0 inf 0\n100 100 100\n-50 0 0\n3 0 0\n"
    assert call(written("scan.xyz", text), "out.obj", "--resolution", 24) == 0
    err = capsys.readouterr().err.splitlines()
    assert err == [
        "shapelift: warning: scan.xyz: 2 of 2005 points are not finite and were left out",
        "shapelift: warning: scan.xyz: 3 of 2005 points stand alone, far from all others, and were left out",
    ]
    np.testing.assert_allclose(load_mesh("out.obj").bounds.size, 1.0, atol=0.05)
    assert call("scan.xyz", "out.obj", "--resolution", 24, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert [document[name] for name in ("points", "not_finite", "outliers")] == [2000, 2, 3]
    assert document["origin"] == [0.0, 0.0, 0.0]
    assert len(document["warnings"]) == 2


def test_a_cloud_far_off_keeps_its_shape_and_says_where_it_lay(capsys: pytest.CaptureFixture[str]) -> None:
    place = np.array([432_100.25, 5_411_900.5, 310.0])
    for name, points in (("near", ball().points), ("far", ball().points + place)):
        assert call(written(f"{name}.xyz", rows(points)), f"{name}.ply", "--resolution", 24, "--json") == 0
    document = json.loads(capsys.readouterr().out.split("}\n{")[-1].join(["{", ""]))
    near, far = load_mesh("near.ply"), load_mesh("far.ply")
    assert np.abs(np.array(document["origin"]) - place).max() < 1.0
    moved = far.vertices + (np.array(document["origin"]) - place)
    np.testing.assert_allclose(moved.min(axis=0), near.vertices.min(axis=0), atol=0.01)
    assert far.volume == pytest.approx(near.volume, rel=0.01)
    assert "relative to (432100.2, 5411900.5, 310)" in document["warnings"][0]
    assert b"origin: 432100.2, 5411900.5, 310" in Path("far.ply").read_bytes()


BAD: dict[str, Callable[[], tuple[list[str], str]]] = {
    "missing file": lambda: (["none.ply", "out.stl"], "none.ply: no such file"),
    "no points": lambda: ([written("a.xyz", ""), "out.stl"], "a.xyz: holds no point"),
    "three points": lambda: ([written("a.xyz", "0 0 0\n1 0 0\n0 1 0\n"), "out.stl"], "3 points"),
    "not finite": lambda: ([written("a.xyz", "0 0 nan\n" * 5), "out.stl"], "not finite"),
    "one place": lambda: ([written("a.xyz", "1 2 3\n" * 9), "out.stl"], "1 different points"),
    "one plane": lambda: ([written("a.xyz", "0 0 0\n1 0 0\n0 1 0\n1 1 0\n3 1 0\n"), "out.stl"], "in one plane"),
    "text": lambda: ([written("a.ply", "hello"), "out.stl"], "a.ply"),
    "unknown input": lambda: ([written("a.las", "x"), "out.stl"], "unknown format .las"),
    "unknown output": lambda: ([good(), "out.fbx"], "unknown format .fbx"),
    "output without ending": lambda: ([good(), "out"], "unknown format"),
    "over the input": lambda: ([good(), "ball.ply"], "would overwrite an input"),
    "no folder": lambda: ([good(), "no/out.stl"], "does not exist"),
    "a folder in the way": lambda: ([good(), folder("out.stl")], "is a folder"),
    "a folder for input": lambda: ([folder("in.ply"), "out.stl"], "is not a file"),
    "resolution": lambda: ([good(), "out.stl", "--resolution", "8"], "16 to 512"),
    "size": lambda: ([good(), "out.stl", "--size-mm", "-1"], "--size-mm"),
    "no output": lambda: ([good()], "OUT"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_code_2(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, words = BAD[case]()
    before = sorted(tmp_path.rglob("*"))
    assert call(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("shapelift: ")
    assert words in err
    assert sorted(tmp_path.rglob("*")) == before


def test_json_says_what_failed(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("none.ply", "out.stl", "--json") == 2
    document = json.loads(capsys.readouterr().out)
    assert document["status"] == "failed"
    assert "none.ply" in document["error"]
