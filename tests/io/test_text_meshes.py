"""Meshes in text: however a file is spelt, the solid is the same."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
import spelt_meshes as spelt
from spelt_meshes import Spelling

from shapelift.errors import InputError
from shapelift.io.mesh_formats.polygons import triangulated
from shapelift.io.shapes import load_mesh, read_mesh


def check(path: Path, data: bytes, *, z_up: bool = False) -> None:
    path.write_bytes(data)
    mesh = load_mesh(path, z_up=z_up)
    np.testing.assert_allclose(np.ptp(mesh.vertices, axis=0), spelt.SIZE, rtol=1e-5)
    assert float(mesh.volume) == pytest.approx(spelt.VOLUME, rel=1e-5)
    assert float(mesh.face_areas.sum()) == pytest.approx(spelt.AREA, rel=1e-5)


spellings = st.builds(
    Spelling,
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]),
    blank=st.sampled_from([" ", "\t", "  ", " \t "]),
    indent=st.sampled_from(["", " ", "\t", "    "]),
    number=st.sampled_from(["{:.6f}", "{:g}", "{:.7e}", "{:+.4f}", "{:.3E}"]),
    exponent=st.sampled_from(["e", "d", "D"]),
    comment=st.sampled_from(["# a comment", "# C:\\models\\", "#"]),
    continued=st.booleans(),
    negative=st.booleans(),
    corner=st.sampled_from(["{0}", "{0}/{1}", "{0}//{1}", "{0}/{1}/{1}"]),
)
often = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.slow
@often
@given(spelling=spellings)
def test_obj_however_it_is_spelt(tmp_path: Path, spelling: Spelling) -> None:
    check(tmp_path / "x.obj", spelt.obj(spelling))


@pytest.mark.slow
@often
@given(
    spelling=spellings,
    header=st.sampled_from(["OFF", "COFF", "NOFF", "CNOFF"]),
    glued=st.booleans(),
    tail=st.sampled_from(["", " 3 255 0 0", "  # a face"]),
)
def test_off_however_it_is_spelt(tmp_path: Path, spelling: Spelling, header: str, glued: bool, tail: str) -> None:
    plain = Spelling(**{**spelling.__dict__, "continued": False})
    check(tmp_path / "x.off", spelt.off(plain, header, glued=glued, tail=tail))


@often
@given(
    spelling=spellings,
    form=st.sampled_from(["ascii", "binary_little_endian", "binary_big_endian"]),
    index=st.sampled_from(["vertex_indices", "vertex_index"]),
    coordinate=st.sampled_from(["float", "double"]),
)
def test_ply_however_it_is_spelt(tmp_path: Path, spelling: Spelling, form: str, index: str, coordinate: str) -> None:
    encoding = spelling.encoding if form == "ascii" and spelling.encoding != "utf-16" else "utf-8"
    plain = Spelling(**{**spelling.__dict__, "continued": False, "encoding": encoding, "indent": ""})
    check(tmp_path / "x.ply", spelt.ply(plain, form, index, coordinate))


@pytest.mark.slow
@often
@given(spelling=spellings)
def test_stl_however_it_is_spelt(tmp_path: Path, spelling: Spelling) -> None:
    encoding = "utf-8" if spelling.encoding == "utf-16" else spelling.encoding
    check(tmp_path / "x.stl", spelt.stl(Spelling(**{**spelling.__dict__, "continued": False, "encoding": encoding})))


def test_negative_indices_count_from_their_line(tmp_path: Path) -> None:
    blocks = []
    for shift in (0.0, 10.0):
        vertices = spelt.VERTICES + np.array([shift, 0.0, 0.0])
        blocks += [f"v {x} {y} {z}" for x, y, z in vertices]
        blocks += ["f " + " ".join(str(at - len(vertices)) for at in face) for face in spelt.FACES]
    (tmp_path / "two.obj").write_text("\n".join(blocks))
    mesh = load_mesh(tmp_path / "two.obj")
    assert float(mesh.volume) == pytest.approx(2 * spelt.VOLUME, rel=1e-6)
    np.testing.assert_allclose(np.ptp(mesh.vertices, axis=0), [13.0, 4.0, 2.0])


@pytest.mark.parametrize(
    "outline",
    [
        [[0, 0], [4, 0], [4, 4], [3, 4], [3, 1], [1, 1], [1, 4], [0, 4]],  # a U
        [[0, 0], [2, 1], [4, 0], [3, 2], [4, 4], [2, 3], [0, 4], [1, 2]],  # a star of four
        [[0, 0], [4, 4], [0, 2], [-4, 4]],  # a dart, whose fan is right from two corners only
        [[0, 0], [6, 0], [6, 1], [5, 1], [5, 3], [4, 3], [4, 1], [2, 1], [2, 3], [1, 3], [1, 1], [0, 1]],  # a comb
        [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0], [1, 1], [1, 3], [3, 3], [3, 1], [1, 1]],  # a hole, by a bridge
        [[0, 0], [1, 0], [2, 0], [2, 2], [0, 2], [0, 1]],  # corners on straight sides
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_polygons_are_covered_once(outline: list[list[float]], turned: bool) -> None:
    flat = np.array(outline, np.float64)[:: -1 if turned else 1]
    area = 0.5 * float(np.sum(flat[:, 0] * np.roll(flat[:, 1], -1) - flat[:, 1] * np.roll(flat[:, 0], -1)))
    slope = np.array([[0.6, 0.0, 0.8], [0.0, 1.0, 0.0]])
    for start in range(len(flat)):
        points = np.roll(flat, start, axis=0) @ slope + [7.0, -3.0, 2.0]
        triangles, owner = triangulated(points, np.arange(len(points)), np.array([len(points)]))
        assert (owner == 0).all()
        made = points[triangles]
        normals = 0.5 * np.cross(made[:, 1] - made[:, 0], made[:, 2] - made[:, 0])
        along = normals @ [-0.8, 0.0, 0.6]
        assert np.abs(along).sum() == pytest.approx(abs(area), rel=1e-9)
        assert along.sum() == pytest.approx(area, rel=1e-9)


def test_polygons_keep_their_order_and_short_ones_are_left_out() -> None:
    points = np.random.default_rng(0).normal(size=(9, 3))
    triangles, owner = triangulated(points, np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 0]), np.array([2, 3, 1, 4]))
    assert owner.tolist() == [1, 3, 3]
    assert triangles.tolist() == [[2, 3, 4], [6, 7, 8], [6, 8, 9]]


def test_obj_colours_and_further_numbers(tmp_path: Path) -> None:
    lines = [f"v {x} {y} {z} 1.0 0.5 0" for x, y, z in spelt.VERTICES]
    lines += ["f " + " ".join(str(at + 1) for at in face) for face in spelt.FACES]
    (tmp_path / "x.obj").write_text("\n".join(lines))
    colors = load_mesh(tmp_path / "x.obj").colors
    assert colors is not None
    assert (colors == [255, 128, 0]).all()
    for weight in (" 1.0", " 1,0"):
        text = "\n".join(lines).replace(" 1.0 0.5 0", weight).replace("2.0 1", "2,0 1")
        check(tmp_path / "w.obj", text.encode())


def test_ply_colours_strips_and_other_elements(tmp_path: Path) -> None:
    head = "ply\nformat ascii 1.0\nelement camera 1\nproperty float view\nelement vertex 4\nproperty float x\n"
    head += "property float y\nproperty float z\nproperty uchar red\nproperty uchar green\nproperty uchar blue\n"
    rows = "9\n0 0 0 9 8 7\n1 0 0 9 8 7\n0 1 0 9 8 7\n1 1 0 9 8 7\n"
    strips = head + "element tristrips 1\nproperty list int int vertex_indices\nend_header\n" + rows + "5 0 1 2 3 -1\n"
    (tmp_path / "s.ply").write_text(strips)
    mesh = load_mesh(tmp_path / "s.ply")
    assert mesh.face_normals.tolist() == [[0, 0, 1], [0, 0, 1]]
    assert mesh.colors is not None
    assert mesh.colors.tolist() == [[9, 8, 7]] * 4


BROKEN = {
    "face of a vertex too many": (
        "x.obj",
        b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 4\n",
        "names the vertex 4, and there are 3",
    ),
    "face before the first vertex": ("x.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf -1 -2 -4\n", "names the vertex -4"),
    "vertex zero": ("x.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 0 1 2\n", "names the vertex 0, and the first one is 1"),
    "two coordinates": ("x.obj", b"v 0 0\nv 1 0\nv 0 1\nf 1 2 3\n", "fewer than three coordinates"),
    "no number": ("x.obj", b"v 0 0 0\nv 1.#QNAN 0 0\nv 0 1 0\nf 1 2 3\n", "'1.#QNAN' where a number must stand"),
    "no whole number": ("x.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 c\n", "'c' where a whole number must stand"),
    "binary in text": ("x.obj", b"v 0 0 0\n\0\0\0\1f 1 2 3", "no text file"),
    "off cut off": ("x.off", b"OFF\n3 2 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n", "3 vertices and 2 faces and ends before"),
    "off in four dimensions": ("x.off", b"4OFF\n1 0 0\n0 0 0 1\n", "more than three dimensions"),
    "off without header": ("x.off", b"hello\n", "does not begin with OFF"),
    "off index": (
        "x.off",
        b"OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 3\n",
        "names the vertex 3, and there are 3 from 0 on",
    ),
    "off face too short": ("x.off", b"OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n4 0 1 2\n", "fewer vertices than it promises"),
    "ply cut off": ("x.ply", spelt.ply(Spelling(), "binary_little_endian")[:-3], "ends before all"),
    "ply text cut off": ("x.ply", spelt.ply(Spelling())[:-9], "ends before all"),
    "ply header": ("x.ply", b"ply\nformat odd 1.0\nend_header\n", "header is damaged"),
    "stl cut off": ("x.stl", spelt.stl(Spelling())[:-30], "cut off|three corners"),
    "empty": ("x.glb", b"", "it is empty"),
    "git lfs": (
        "x.glb",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n",
        "Git LFS pointer.*git lfs pull",
    ),
    "git lfs text": ("x.obj", b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n", "Git LFS pointer"),
    "git-annex": ("x.stl", b"../.git/annex/objects/aa/bb/SHA256E-s9--1.stl/1.stl", "git-annex pointer"),
    "page": ("x.stl", b"<!DOCTYPE html>\n<html><head><title>vertex facet</title>", "an HTML page"),
    "page in capitals": ("x.obj", b"\r\n  <HTML><BODY>v 0 0 0</BODY></HTML>", "an HTML page"),
    "page with a remark": ("x.off", b"<!-- saved --><html lang='en'>", "an HTML page"),
    "page for ply": ("x.ply", b"<html>\n<body>", "an HTML page"),
    "page for 3mf": ("x.3mf", b"<!doctype html><html>", "an HTML page"),
    "error of a server": (
        "x.glb",
        b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>',
        "the answer of a server",
    ),
    "page in xml": ("x.stl", b"\xef\xbb\xbf<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC>", "an HTML page"),
    "no such file": ("x.obj", b"404: Not Found", "the answer of a server"),
    "no archive": ("x.3mf", b"hello", "no 3MF file"),
}
INTERNAL = (
    "list index",
    "KeyError",
    "POSITION'",
    "numpy",
    "dtype",
    "NoneType",
    "Traceback",
    "object has no",
    "trimesh",
    "codec",
)


@pytest.mark.parametrize("case", BROKEN)
def test_broken_files_are_refused_in_plain_words(case: str, tmp_path: Path) -> None:
    name, data, words = BROKEN[case]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=words) as caught:
        load_mesh(tmp_path / name)
    assert f"{name}: cannot be read: " in str(caught.value)
    assert not any(word in str(caught.value) for word in INTERNAL)


def test_far_from_the_origin_the_shape_stays(tmp_path: Path) -> None:
    lines = [f"v {x + 650_000} {y + 5_300_000} {z}" for x, y, z in spelt.VERTICES * 0.01]
    lines += ["f " + " ".join(str(at + 1) for at in face) for face in spelt.FACES]
    (tmp_path / "map.obj").write_text("\n".join(lines))
    found = read_mesh(tmp_path / "map.obj")
    np.testing.assert_allclose(np.ptp(found.mesh.vertices, axis=0), np.multiply(spelt.SIZE, 0.01), rtol=1e-5)
    assert float(found.mesh.volume) == pytest.approx(spelt.VOLUME * 1e-6, rel=1e-4)
    assert any("from the origin" in warning for warning in found.warnings)


@pytest.mark.parametrize("axis", ["x", "y", "z", "-x", "-y", "-z", "+Z"])
def test_the_axis_that_points_up(tmp_path: Path, axis: str) -> None:
    direction = np.eye(3)["xyz".index(axis[-1].lower())] * (-1.0 if axis.startswith("-") else 1.0)
    others = np.eye(3)[[place for place in range(3) if direction[place] == 0]]
    corners = [0.1 * others[0], 0.1 * others[1], -0.1 * others[0] - 0.1 * others[1], 5.0 * direction]
    lines = [f"v {x} {y} {z}" for x, y, z in corners]
    (tmp_path / "pin.obj").write_text("\n".join([*lines, "f 1 2 3", "f 1 2 4", "f 2 3 4", "f 3 1 4"]))
    vertices = read_mesh(tmp_path / "pin.obj", up_axis=axis).mesh.vertices
    np.testing.assert_allclose(vertices[vertices[:, 1].argmax()], [0.0, 5.0, 0.0], atol=1e-6)
    with pytest.raises(InputError, match="`up_axis` w: no axis"):
        read_mesh(tmp_path / "pin.obj", up_axis="w")
