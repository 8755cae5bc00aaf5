"""`shapelift synthesize` on meshes as they come: in an archive, lying on their side, with textures that are gone."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import trimesh

from shapelift.cli.main import run
from shapelift.io.manifest import read_manifest
from shapelift.io.records import open_record

pytestmark = pytest.mark.slow

SMALL = ["--views=1", "--size=24", "--points=2000", "--near=50", "--surface=50", "--workers=1"]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    shape = trimesh.creation.box((1, 2, 3))
    corners = "".join(f"v {x} {y} {z}\r" for x, y, z in shape.vertices)
    faces = "".join(f"f {a}/1 {b}/1 {c}/1\r" for a, b, c in shape.faces + 1)
    with zipfile.ZipFile(tmp_path / "mugs.zip", "w") as opened:
        opened.writestr("mug/bare.obj", f"mtllib gone.mtl\r{corners}vt 0 0\rusemtl leaf\r{faces}")
        opened.writestr("mug/look.mtl", "newmtl leaf\nmap_Kd a.png\nnewmtl stem\nmap_Kd b.png\n")
        opened.writestr("mug/leaf.obj", f"mtllib look.mtl\r{corners}vt 0 0\rusemtl leaf\r{faces}usemtl stem\r{faces}")
        opened.writestr("mug/whole.off", shape.export(file_type="off"))
        opened.writestr("mug/page.glb", "<!DOCTYPE html><html>")
        opened.writestr("mug/part.3mf", shape.export(file_type="3mf"))
    return tmp_path / "mugs.zip"


def test_an_archive_becomes_a_data_set(archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "set"
    arguments = ["synthesize", str(archive), "--output", str(output), *SMALL, "--up-axis=z"]
    assert run([*arguments, "--json"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    manifest = read_manifest(output)
    assert [entry.source for entry in manifest.shapes] == [
        "mug/bare.obj",
        "mug/leaf.obj",
        "mug/part.3mf",
        "mug/whole.off",
    ]
    assert {entry.category for entry in manifest.shapes} == {"mug"}
    assert [(one.source, one.reason) for one in manifest.rejected] == [
        (
            "mug/page.glb",
            "cannot be read: it is an HTML page and not a mesh; download the file itself, not the page that shows it",
        )
    ]
    flags = {entry.shape_id: entry.flags for entry in manifest.flagged}
    assert flags == {
        "mug_bare": ("lacks 1 material file not found (gone.mtl)",),
        "mug_leaf": ("lacks 2 textures not found or not readable (a.png)",),
    }
    (warning,) = document["warnings"]
    assert warning.startswith("parts of meshes or their looks are missing: mug/bare.obj: 1 material file not found")
    assert warning.endswith(", and 1 more shape; see the flags in manifest.json")
    assert err.count("warning: parts of meshes or their looks are missing") == 1
    for entry in manifest.shapes:
        with open_record(output / entry.file) as record:
            bounds = record.read().bounds
        np.testing.assert_allclose(np.ptp(bounds, axis=0), [1 / 3, 1, 2 / 3], atol=1e-3)
    before = {path.name: path.read_bytes() for path in (output / "shapes").iterdir()}
    assert run(arguments) == 0
    assert {path.name: path.read_bytes() for path in (output / "shapes").iterdir()} == before
    capsys.readouterr()
    assert run([*arguments[:-1], "--up-axis=y"]) == 2
    assert "up_axis z (now y)" in capsys.readouterr().err
