from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shapelift.cli.main import run
from shapelift.geometry import Mesh, PointCloud, icosphere
from shapelift.io.pointclouds import save_points
from shapelift.io.shapes import FORMATS, save_mesh
from shapelift.pipelines import inspection

METADATA = {"generator": "shapelift 9", "model": "general", "model_version": "2", "frame": "view", "seed": "7"}
TETRAHEDRON = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], np.int32)
CORNERS = np.array([[0, 0, 0], [1, 0, 0], [0, 2, 0], [0, 0, 3]], np.float32)


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def document(name: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert run(["inspect", name, "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    found: dict[str, Any] = json.loads(out)
    return found


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_of_ours(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    colors = np.full((4, 3), 90, np.uint8)
    save_mesh(f"x.{kind}", Mesh(CORNERS, TETRAHEDRON, colors), metadata=METADATA, size_mm=30.0)
    found = document(f"x.{kind}", capsys)
    assert METADATA.items() <= found["metadata"].items()
    assert (found["format"], found["kind"]) == (kind, "mesh")
    assert (found["vertices"], found["faces"], found["parts"]) == (4, 4, 1)
    assert (found["closed"], found["oriented"], found["printable"]) == (True, True, True)
    assert (found["pierced_faces"], found["problems"]) == (0, [])
    metres = kind == "glb"
    assert found["unit"] == ("m" if metres else "mm")
    scale = 1e-3 if metres else 1.0
    sides = [10, 30, 20] if kind in ("stl", "3mf") else [10, 20, 30]
    np.testing.assert_allclose(found["size"], np.array(sides) * scale, rtol=1e-5)
    assert found["volume"] == pytest.approx(1000.0 * scale**3, rel=1e-5)
    assert found["area"] == pytest.approx(Mesh(CORNERS, TETRAHEDRON).area * 100.0 * scale**2, rel=1e-5)
    assert found["colors"] == (kind not in ("stl", "3mf"))
    assert [one["message"] for one in found["warnings"]] == (["x.3mf: colours not read"] * (kind == "3mf"))


def test_what_is_wrong_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    save_mesh("open.obj", Mesh(CORNERS, TETRAHEDRON[1:]))
    assert run(["inspect", "open.obj"]) == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    said = {line[0]: line[1] for line in lines}
    assert said["open.obj:"] == "obj, mesh"
    assert said["printable"].startswith("no: 3 open edges")
    assert (said["volume"], said["closed"], said["oriented"]) == ("none", "no", "yes")
    assert said["size"] == "1 x 2 x 3"
    found = document("open.obj", capsys)
    assert (found["volume"], found["unit"], found["metadata"]["unit"]) == (None, "1", "unspecified")


def test_parts_and_faces_that_pass_through_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    ball = icosphere(1)
    both = Mesh(np.concatenate([ball.vertices, ball.vertices + 0.3]), np.concatenate([ball.faces, ball.faces + 42]))
    save_mesh("two.ply", both)
    found = document("two.ply", capsys)
    assert (found["parts"], found["printable"]) == (2, True)
    assert found["pierced_faces"] > 10
    assert run(["inspect", "two.ply"]) == 0
    assert f"passes through itself  at {found['pierced_faces']} faces" in capsys.readouterr().out


def test_points(capsys: pytest.CaptureFixture[str]) -> None:
    save_points("p.ply", PointCloud(CORNERS, CORNERS + 1, np.full((4, 3), 3, np.uint8)), metadata=METADATA)
    found = document("p.ply", capsys)
    assert (found["kind"], found["points"], found["normals"], found["colors"]) == ("points", 4, True, True)
    assert (found["minimum"], found["maximum"], found["size"]) == ([0, 0, 0], [1, 2, 3], [1, 2, 3])
    assert found["metadata"] == METADATA
    Path("far.xyz").write_text("5000000 0 0\n5000001 1 2\n5000000.5 nan 1\n")
    found = document("far.xyz", capsys)
    assert (found["points"], found["not_finite"], found["unit"], found["metadata"]) == (2, 1, "1", {})
    assert (found["minimum"], found["maximum"]) == ([5000000, 0, 0], [5000001, 1, 2])
    assert run(["inspect", "far.xyz"]) == 0
    assert "not finite  1" in capsys.readouterr().out


def test_a_unit_that_another_program_states_is_not_believed(capsys: pytest.CaptureFixture[str]) -> None:
    save_mesh("x.off", Mesh(CORNERS, TETRAHEDRON), metadata={"generator": "another"}, unit_mm=1.0)
    assert document("x.off", capsys)["unit"] == "1"


def test_a_damaged_sidecar_is_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    save_mesh("x.stl", Mesh(CORNERS, TETRAHEDRON), metadata=METADATA)
    Path("x.stl.json").write_text("{")
    assert run(["inspect", "x.stl"]) == 0
    out, err = capsys.readouterr()
    assert "model" not in out
    assert "x.stl.json: cannot be read: it is no JSON document" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", ["none.glb", "a.jpg", "broken.glb", "empty.stl", "empty.ply", "folder.obj"])
def test_bad_input_is_one_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.jpg").write_bytes(b"x")
    Path("broken.glb").write_bytes(b"glTF1234")
    Path("empty.stl").write_bytes(b"")
    Path("empty.ply").write_bytes(
        b"ply\nformat ascii 1.0\nelement vertex 0\nproperty float x\nproperty float y\nproperty float z\nend_header\n"
    )
    Path("folder.obj").mkdir()
    assert run(["inspect", name]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"shapelift: {name}: ")
    assert err.count("\n") == 1


def test_what_would_be_too_much_work_is_not_examined(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspection, "_MOST_PLACES", 3)
    save_mesh("x.obj", Mesh(CORNERS, TETRAHEDRON))
    assert document("x.obj", capsys)["pierced_faces"] is None
    assert run(["inspect", "x.obj"]) == 0
    assert "passes through itself  not examined" in capsys.readouterr().out
