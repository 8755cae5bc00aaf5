from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import trimesh

from shapelift.errors import InputError
from shapelift.geometry import Mesh, PointCloud
from shapelift.io.pointclouds import Scan, load_shape, read_shape, save_points
from shapelift.io.shapes import save_mesh

POINTS = np.array([[0.5, -1.25, 2.0], [3.0, 4.5, -0.125], [1e-3, 0.0, 7.0], [-2.0, 8.0, 1.0]], np.float32)
NORMALS = np.array([[0.0, 0.0, 1.0], [0.6, 0.8, 0.0], [-1.0, 0.0, 0.0], [0.0, -0.6, 0.8]], np.float32)
COLORS = np.array([[0, 10, 255], [1, 2, 3], [200, 100, 0], [9, 9, 9]], np.uint8)


def cloud(*, normals: bool = True, colors: bool = True) -> PointCloud:
    return PointCloud(POINTS, NORMALS if normals else None, COLORS if colors else None)


def assert_same(found: object, wanted: PointCloud) -> None:
    assert isinstance(found, PointCloud)
    np.testing.assert_allclose(found.points, wanted.points, rtol=1e-6)
    for name in ("normals", "colors"):
        mine, other = getattr(found, name), getattr(wanted, name)
        assert (mine is None) == (other is None), name
        if mine is not None:
            np.testing.assert_allclose(mine, other, rtol=1e-6)


@pytest.mark.parametrize("normals", [True, False])
@pytest.mark.parametrize("colors", [True, False])
def test_ply_round_trip(tmp_path: Path, normals: bool, colors: bool) -> None:
    wanted = cloud(normals=normals, colors=colors)
    path = save_points(tmp_path / "cloud.PLY", wanted, metadata={"model": "two\nlines"})
    assert_same(load_shape(path), wanted)
    judge = trimesh.load(path)
    np.testing.assert_array_equal(judge.vertices, POINTS)
    assert b"comment model: two lines" in path.read_bytes()


def ply(kind: str, body: bytes, properties: str = "float x\nproperty float y\nproperty float z") -> bytes:
    head = f"ply\nformat {kind} 1.0\nelement vertex 4\nproperty {properties}\nelement face 0\n"
    return (head + "property list uchar int vertex_indices\nend_header\n").encode() + body


def numbers(*tables: np.ndarray) -> str:
    return "\n".join(" ".join(f"{value:.9g}" for value in row) for row in np.concatenate(tables, axis=1)) + "\n"


def obj(table: np.ndarray, normals: np.ndarray) -> bytes:
    rows = [("v", row) for row in numbers(table).splitlines()] + [("vn", row) for row in numbers(normals).splitlines()]
    lines = [f"{kind} {row}" for kind, row in rows if row]
    return ("# points\n" + "\n".join(lines) + "\n").encode()


FILES = {
    "ascii.ply": (ply("ascii", numbers(POINTS).encode()), False, False),
    "big.ply": (ply("binary_big_endian", POINTS.astype(">f4").tobytes()), False, False),
    "double.ply": (
        ply("binary_little_endian", POINTS.astype("<f8").tobytes(), "double x\nproperty double y\nproperty double z"),
        False,
        False,
    ),
    "plain.xyz": (b"# a scan\n" + numbers(POINTS).encode(), False, False),
    "commas.xyz": (numbers(POINTS).replace(" ", ", ").encode(), False, False),
    "normals.xyz": (numbers(POINTS, NORMALS).encode(), True, False),
    "colors.xyz": (numbers(POINTS, COLORS).encode(), False, True),
    "both.xyz": (numbers(POINTS, COLORS, NORMALS).encode(), True, True),
    "plain.obj": (obj(POINTS, NORMALS[:0]), False, False),
    "normals.obj": (obj(POINTS, NORMALS), True, False),
    "colors.obj": (obj(np.concatenate([POINTS, COLORS / 255.0], axis=1), NORMALS[:0]), False, True),
    "plain.off": (f"OFF\n# points\n4 0 0\n{numbers(POINTS)}".encode(), False, False),
}


@pytest.mark.parametrize("name", FILES)
def test_points_are_read(tmp_path: Path, name: str) -> None:
    data, normals, colors = FILES[name]
    (tmp_path / name).write_bytes(data)
    assert_same(load_shape(tmp_path / name), cloud(normals=normals, colors=colors))


def test_points_in_gltf(tmp_path: Path) -> None:
    trimesh.Scene([trimesh.PointCloud(POINTS)]).export(tmp_path / "cloud.glb")
    found = load_shape(tmp_path / "cloud.glb")
    assert isinstance(found, PointCloud)
    np.testing.assert_allclose(found.points, POINTS)


@pytest.mark.parametrize("kind", ["glb", "obj", "ply", "stl", "3mf", "off"])
def test_a_file_with_faces_is_a_mesh(tmp_path: Path, kind: str) -> None:
    ball = trimesh.creation.icosphere(1)
    path = save_mesh(tmp_path / f"ball.{kind}", Mesh(ball.vertices, ball.faces))[0]
    found = load_shape(path)
    assert isinstance(found, Mesh)
    assert len(found.faces) == len(ball.faces)


BAD = {
    "missing.ply": (None, "no such file"),
    "cloud.las": (b"LASF", "unknown format .las"),
    "empty.xyz": (b"", "holds no point"),
    "empty.obj": (b"# nothing\n", "holds no point"),
    "empty.off": (b"OFF\n0 0 0\n", "holds no point"),
    "words.xyz": (b"hello world again\n", "cannot be read as xyz"),
    "ragged.xyz": (b"1 2 3\n4 5\n", "cannot be read as xyz"),
    "two.xyz": (b"1 2\n3 4\n", "a point has three"),
    "nan.xyz": (b"1 nan 3\n4 nan 6\n", "all of its 2 points are not finite"),
    "inf.obj": (b"v 1 inf 3\nv 4 inf 6\n", "not finite"),
    "header.ply": (b"play\n", "no header of a PLY file"),
    "short.ply": (ply("binary_little_endian", b"\0" * 47), "4 vertices promised"),
    "short_ascii.ply": (ply("ascii", b"1 2 3\n"), "4 vertices promised"),
    "nan.ply": (ply("binary_little_endian", struct.pack("<12f", *[np.nan] * 12)), "not finite"),
    "flat.ply": (ply("ascii", b"1 2\n" * 4, "float x\nproperty float y"), "no x, y and z"),
    "lists.ply": (ply("ascii", b"1 2\n" * 4, "list uchar float x"), "lists"),
    "number.off": (b"4 0 0\n", "no header of an OFF file"),
    "text.glb": (b"hello", "cannot be read as glb"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_get_one_line(tmp_path: Path, name: str) -> None:
    data, words = BAD[name]
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=words) as caught:
        load_shape(tmp_path / name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def far(kind: str) -> bytes:
    """The points 5,000 km away, with one more that is not finite."""
    rows = [" ".join(f"{value:.9g}" for value in row) for row in POINTS + np.array([4e5, 5e6, 0.0])]
    rows.append("1 nan 2")
    if kind == "obj":
        return "\n".join(f"v {row}" for row in rows).encode()
    body = "\n".join(rows)
    if kind == "off":
        return f"OFF\n5 0 0\n{body}\n".encode()
    table = np.array([[float(word) for word in row.split()] for row in rows])
    head = "double x\nproperty double y\nproperty double z"
    return ply("binary_little_endian", table.astype("<f8").tobytes(), head).replace(b"vertex 4", b"vertex 5")


@pytest.mark.parametrize("kind", ["obj", "off", "ply"])
def test_far_off_points_are_read_in_double_precision(tmp_path: Path, kind: str) -> None:
    (tmp_path / f"a.{kind}").write_bytes(far(kind))
    scan = read_shape(tmp_path / f"a.{kind}")
    assert isinstance(scan, Scan)
    assert scan.not_finite == 1
    np.testing.assert_allclose(scan.cloud.points + (scan.origin - [4e5, 5e6, 0.0]), POINTS, atol=1e-5)
    assert_same(load_shape(tmp_path / f"a.{kind}"), scan.cloud)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "x.ply").mkdir()
    with pytest.raises(InputError, match="is not a file"):
        load_shape(tmp_path / "x.ply")


def test_what_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.ply"):
        save_points(tmp_path / "x.xyz", cloud())
    with pytest.raises(InputError, match="empty"):
        save_points(tmp_path / "x.ply", PointCloud(np.zeros((0, 3))))
    assert list(tmp_path.iterdir()) == []
