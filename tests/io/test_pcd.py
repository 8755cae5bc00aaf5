"""PCD files as the Point Cloud Library and its users write them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapelift.errors import InputError
from shapelift.io.pcd import decompressed
from shapelift.io.pointclouds import Scan, read_shape

COUNT = 40
RNG = np.random.default_rng(0)
POINTS = RNG.uniform(-2.0, 2.0, (COUNT, 3)).astype(np.float32)
NORMALS = (POINTS / np.linalg.norm(POINTS, axis=1, keepdims=True)).astype(np.float32)
COLORS = RNG.integers(0, 256, (COUNT, 3)).astype(np.uint32)
PACKED = COLORS[:, 0] << 16 | COLORS[:, 1] << 8 | COLORS[:, 2]

FIELDS = {
    "plain": [("x", "F", POINTS[:, 0]), ("y", "F", POINTS[:, 1]), ("z", "F", POINTS[:, 2])],
    "double": [(axis, "F", POINTS[:, place].astype(np.float64)) for place, axis in enumerate("xyz")],
}
FIELDS["normals"] = [*FIELDS["plain"], *((f"normal_{a}", "F", NORMALS[:, i]) for i, a in enumerate("xyz"))]
FIELDS["float colours"] = [*FIELDS["plain"], ("rgb", "F", PACKED.view(np.float32))]
FIELDS["whole colours"] = [("intensity", "F", POINTS[:, 0] * 9), *FIELDS["plain"], ("rgba", "U", PACKED | 255 << 24)]
FIELDS["padded"] = [
    *FIELDS["plain"],
    ("_", "U", np.zeros((COUNT, 4), np.uint8)),
    *FIELDS["normals"][3:],
    ("_", "U", np.zeros((COUNT, 12), np.uint8)),
    ("ring", "U", np.arange(COUNT, dtype=np.uint16)),
]


def compressed(data: bytes) -> bytes:
    """LZF: literals, and repeats of the three bytes before."""
    result, place = bytearray(), 0
    while place < len(data):
        length = 0
        while (
            place >= 3
            and length < 264
            and data[place + length : place + length + 1] == data[place + length - 3 : place + length - 2] != b""
        ):
            length += 1
        if length >= 3:
            result += bytes([(length - 2) << 5, 2]) if length < 9 else bytes([7 << 5, length - 9, 2])
            place += length
        else:
            literal = data[place : place + 1]
            result += bytes([0]) + literal
            place += 1
    return bytes(result)


def pcd(fields: list[tuple[str, str, np.ndarray]], stored: str, *, organised: bool = False) -> bytes:
    names, kinds, columns = zip(*fields, strict=True)
    columns = [column.reshape(COUNT, -1) for column in columns]
    width, height = (8, COUNT // 8) if organised else (COUNT, 1)
    head = "\n".join(
        [
            "# .PCD v0.7 - Point Cloud Data file format",
            "VERSION 0.7",
            f"FIELDS {' '.join(names)}",
            f"SIZE {' '.join(str(column.itemsize) for column in columns)}",
            f"TYPE {' '.join(kinds)}",
            f"COUNT {' '.join(str(column.shape[1]) for column in columns)}",
            f"WIDTH {width}",
            f"HEIGHT {height}",
            "VIEWPOINT 1 2 3 1 0 0 0",
            *([] if organised else [f"POINTS {COUNT}"]),
            f"DATA {stored}\n",
        ]
    ).encode()
    if stored == "ascii":
        rows = [[repr(value) for column in columns for value in column[row].tolist()] for row in range(COUNT)]
        return head + "\n".join(map(" ".join, rows)).encode() + b"\n"
    if stored == "binary":
        return head + b"".join(column[row].tobytes() for row in range(COUNT) for column in columns)
    plain = b"".join(column.tobytes() for column in columns)
    packed = compressed(plain)
    return head + struct.pack("<II", len(packed), len(plain)) + packed


@pytest.mark.parametrize("stored", ["ascii", "binary", "binary_compressed"])
@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("organised", [False, True], ids=["list", "image"])
def test_points_normals_and_colours(tmp_path: Path, name: str, stored: str, organised: bool) -> None:
    path = tmp_path / "a.pcd"
    path.write_bytes(pcd(FIELDS[name], stored, organised=organised))
    scan = read_shape(path)
    assert isinstance(scan, Scan)
    np.testing.assert_array_equal(scan.cloud.points, POINTS)
    assert (scan.cloud.normals is not None) == (name in ("normals", "padded"))
    assert (scan.cloud.colors is not None) == ("colours" in name)
    if scan.cloud.normals is not None:
        np.testing.assert_array_equal(scan.cloud.normals, NORMALS)
    if scan.cloud.colors is not None:
        np.testing.assert_array_equal(scan.cloud.colors, COLORS)


@pytest.mark.parametrize("stored", ["ascii", "binary", "binary_compressed"])
def test_places_that_the_sensor_did_not_see(tmp_path: Path, stored: str) -> None:
    holes = np.where(np.arange(COUNT) % 4 == 0, np.float32(np.nan), POINTS.T)
    path = tmp_path / "a.pcd"
    path.write_bytes(pcd([(axis, "F", holes[place]) for place, axis in enumerate("xyz")], stored, organised=True))
    scan = read_shape(path)
    assert isinstance(scan, Scan)
    assert scan.not_finite == COUNT // 4
    np.testing.assert_array_equal(scan.cloud.points, POINTS[np.arange(COUNT) % 4 != 0])


@given(st.binary(max_size=300).map(lambda data: data * 3))
def test_compression_is_undone(data: bytes) -> None:
    assert decompressed(compressed(data), len(data)) == data


GOOD = pcd(FIELDS["plain"], "binary")
PRESSED = pcd(FIELDS["plain"], "binary_compressed")
BAD = {
    "nothing": (b"", "no header"),
    "text": (b"hello\n" * 9, "no header"),
    "short": (GOOD[:-1], "40 points promised, 39 found"),
    "short text": (pcd(FIELDS["plain"], "ascii")[:-30], "40 points promised, 39 found"),
    "short pressed": (PRESSED[:-9], "its compressed data"),
    "damaged": (PRESSED.replace(b"compressed\n", b"compressed\n\x03\0\0\0\0\0\0\0\xe0\xff\xff", 1), "damaged"),
    "no x": (pcd([("a", "F", POINTS[:, 0]), *FIELDS["plain"][1:]], "binary"), "no fields x, y and z"),
    "types": (GOOD.replace(b"TYPE F F F", b"TYPE F F Q"), "its header cannot be read"),
    "sizes": (GOOD.replace(b"SIZE 4 4 4", b"SIZE 4 4"), "its header cannot be read"),
    "storage": (GOOD.replace(b"DATA binary", b"DATA packed"), "data stored as 'packed'"),
    "count": (GOOD.replace(b"POINTS 40", b"POINTS -4"), "its header cannot be read"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_get_one_line(tmp_path: Path, name: str) -> None:
    data, words = BAD[name]
    (tmp_path / "a.pcd").write_bytes(data)
    with pytest.raises(InputError, match=words) as caught:
        read_shape(tmp_path / "a.pcd")
    assert "a.pcd" in str(caught.value)
    assert "\n" not in str(caught.value)
