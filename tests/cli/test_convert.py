from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import trimesh

from shapelift.cli.main import run
from shapelift.geometry import Mesh, PointCloud
from shapelift.io.pointclouds import save_points
from shapelift.io.shapes import FORMATS, load_mesh, read_mesh, read_metadata, save_mesh
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


@pytest.mark.slow
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
    assert [warning["code"] for warning in document["warnings"]] == ["not-finite", "outliers"]


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
    assert "relative to (432100.2, 5411900.5, 310)" in document["warnings"][0]["message"]
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


UNIT_MM = {"glb": 1000.0, "stl": 1.0, "3mf": 1.0, "obj": 1.0, "ply": 1.0, "off": 1.0}
SIDES_MM = np.array([35.0, 21.5, 12.25])


def part(kind: str) -> Mesh:
    """A closed part of 35 x 21.5 x 12.25 mm, in the unit that a file of this kind has, its height along +Y."""
    shape = trimesh.creation.icosphere(1)
    vertices = shape.vertices / np.ptp(shape.vertices, axis=0) * SIDES_MM / UNIT_MM[kind]
    return Mesh(vertices + 0.25, shape.faces)


def sides(path: str) -> np.ndarray:
    """Sides of a written file in its own coordinates, by trimesh."""
    low, high = trimesh.load(path, force="mesh").bounds
    return np.asarray(high - low)


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("source", FORMATS)
def test_the_size_stays_on_the_way_through_any_two_formats(
    source: str, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("there").mkdir()
    save_mesh(f"in.{source}", part(source), unit_mm=UNIT_MM[source])
    for given, made in ((f"in.{source}", f"there/x.{target}"), (f"there/x.{target}", f"back.{source}")):
        assert call(given, made, "--json") == 0
        document = json.loads(capsys.readouterr().out)
        kind = Path(made).suffix[1:]
        expected = SIDES_MM[[0, 2, 1]] if kind in ("stl", "3mf") else SIDES_MM
        np.testing.assert_allclose(sides(made) * UNIT_MM[kind], expected, rtol=1e-6)
        np.testing.assert_allclose(document["size"], sides(made) * UNIT_MM[kind], rtol=1e-6)
        assert document["unit"] == "mm"
        volume = trimesh.load(made, force="mesh").volume * UNIT_MM[kind] ** 3
        assert document["volume"] == pytest.approx(volume, rel=1e-5)
        assert call(given, made) == 0
        assert " x ".join(f"{side:.4g}" for side in expected) + " mm" in capsys.readouterr().out


@pytest.mark.parametrize(("unit", "length_mm"), [(None, 1.0), ("mm", 1.0), ("cm", 10.0), ("m", 1000.0), ("in", 25.4)])
@pytest.mark.parametrize("source", ["obj", "off", "ply"])
def test_a_unit_is_said_where_the_format_has_none(
    source: str, unit: str | None, length_mm: float, capsys: pytest.CaptureFixture[str]
) -> None:
    save_mesh(f"in.{source}", part("glb"))
    option = () if unit is None else ("--unit", unit)
    assert call(f"in.{source}", "out.stl", "--json", *option) == 0
    document = json.loads(capsys.readouterr().out)
    expected = SIDES_MM[[0, 2, 1]] / 1000.0 * length_mm
    np.testing.assert_allclose(sides("out.stl"), expected, rtol=1e-5)
    np.testing.assert_allclose(document["size"], expected, rtol=1e-4)
    assert call(f"in.{source}", "out.glb", *option) == 0
    np.testing.assert_allclose(sides("out.glb"), SIDES_MM / 1e6 * length_mm, rtol=1e-5)


def test_a_length_of_one_without_a_unit_is_doubted(capsys: pytest.CaptureFixture[str]) -> None:
    save_mesh("one.obj", Mesh(part("glb").vertices / 0.035, part("glb").faces))
    doubt = "one.obj: has no unit and is taken to be 1 mm long; say its --unit or --size-mm"
    for options, doubted in (
        ((), True),
        (("--unit", "mm"), False),
        (("--size-mm", 30), False),
        (("--unit", "m"), False),
    ):
        assert call("one.obj", "out.stl", *options) == 0
        assert (doubt in capsys.readouterr().err) is doubted


@pytest.mark.parametrize(
    ("unit", "length_mm"),
    [("micron", 0.001), ("millimeter", 1.0), ("centimeter", 10.0), ("inch", 25.4), ("foot", 304.8), ("meter", 1000.0)],
)
def test_the_unit_of_a_3mf_is_its_own(unit: str, length_mm: float) -> None:
    save_mesh("in.3mf", part("stl"), unit_mm=1.0)
    with zipfile.ZipFile("in.3mf") as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile("in.3mf", "w") as archive:
        for name, data in contents.items():
            archive.writestr(name, data.replace(b'unit="millimeter"', f'unit="{unit}"'.encode()))
    for target, factor in (("stl", 1.0), ("glb", 1000.0), ("3mf", 1.0), ("obj", 1.0)):
        assert call("in.3mf", f"out.{target}") == 0
        np.testing.assert_allclose(sides(f"out.{target}").max() * factor, 35.0 * length_mm, rtol=1e-5)
    assert call("in.3mf", "other.stl", "--size-mm", 50) == 0
    assert sides("other.stl").max() == pytest.approx(50.0, rel=1e-6)


def test_points_have_a_unit_and_an_upward_axis(capsys: pytest.CaptureFixture[str]) -> None:
    cloud = ball()
    save_points("ball.ply", PointCloud(cloud.points * [1, 2, 1], cloud.normals))
    assert call("ball.ply", "out.stl", "--resolution", 32, "--unit", "cm", "--json") == 0
    np.testing.assert_allclose(sides("out.stl"), [10, 10, 20], rtol=0.1)
    np.testing.assert_allclose(json.loads(capsys.readouterr().out)["size"], sides("out.stl"), rtol=1e-5)
    assert call("ball.ply", "lying.stl", "--resolution", 32, "--unit", "cm", "--up-axis", "z") == 0
    np.testing.assert_allclose(sides("lying.stl"), [10, 20, 10], rtol=0.1)


def test_the_upward_axis_of_a_mesh() -> None:
    save_mesh("in.obj", part("obj"))
    for axis, expected in (("y", [35, 21.5, 12.25]), ("z", [35, 12.25, 21.5]), ("-x", [21.5, 35, 12.25])):
        assert call("in.obj", "out.obj", "--up-axis", axis) == 0
        np.testing.assert_allclose(sides("out.obj"), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--unit", "furlong"], "--unit furlong: unknown; give one of mm, cm, m, in"),
        (["--unit", "in"], "--unit in: the unit of in.stl is 1 mm by itself; leave it out, or give --size-mm"),
        (["--up-axis", "q"], "--up-axis q: no axis of that name; give one of x, y, z, -x, -y, -z"),
    ],
)
def test_units_and_axes_that_cannot_be(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    save_mesh("in.stl", part("stl"))
    assert call("in.stl", "out.glb", *arguments) == 2
    assert words in capsys.readouterr().err
    assert not Path("out.glb").exists()


def test_where_the_mesh_stands_in_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    box = trimesh.creation.box((1, 3, 2))
    save_mesh("box.obj", Mesh(box.vertices + 9, box.faces))
    assert call("box.obj", "out.glb", "--rest", "--origin", "bottom", "--up", "z", "--size-mm", 3000) == 0
    assert "12 faces, 3000 x 2000 x 1000 mm" in capsys.readouterr().out
    found = read_mesh("out.glb", up_axis="y").mesh.bounds
    np.testing.assert_allclose(found.minimum, [-1.5, -1, 0], atol=1e-5)
    np.testing.assert_allclose(found.maximum, [1.5, 1, 1], atol=1e-5)
    assert call("box.obj", "out.stl", "--origin", "center", "--json") == 0
    assert json.loads(capsys.readouterr().out)["size"] == [1, 2, 3]
    np.testing.assert_allclose(read_mesh("out.stl", up_axis="y").mesh.bounds.minimum, [-0.5, -1, -1.5], atol=1e-5)


@pytest.mark.parametrize(("flag", "value", "known"), [("--origin", "top", "bottom or center"), ("--up", "x", "y or z")])
def test_unknown_places_are_refused_by_their_flag(
    flag: str, value: str, known: str, capsys: pytest.CaptureFixture[str]
) -> None:
    save_points("ball.ply", ball())
    assert call("ball.ply", "out.glb", flag, value) == 2
    assert capsys.readouterr().err == f"shapelift: {flag} {value}: unknown; give {known}\n"


def test_a_cloud_far_off_that_is_moved_has_no_origin_to_add(capsys: pytest.CaptureFixture[str]) -> None:
    cloud = ball()
    assert cloud.normals is not None
    rows = np.concatenate([cloud.points + np.array([5e6, 0.0, 0.0]), cloud.normals], axis=1)
    np.savetxt("far.xyz", rows, fmt="%.6f")
    for flags, kept in (((), True), (("--origin", "center"), False)):
        assert call("far.xyz", "out.glb", "--resolution", 24, *flags) == 0
        assert ("relative to (5000000" in capsys.readouterr().err) is kept
        assert ("origin" in read_metadata("out.glb")) is kept
