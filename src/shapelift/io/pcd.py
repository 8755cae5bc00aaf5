"""Point clouds of the Point Cloud Library (PCD, version 0.7): as text, binary and binary compressed.

Read here: the package that does it brings pydantic and a C extension into every installation for these lines. The
`VIEWPOINT` of the header is where the sensor stood; as in the library, points are not moved by it.
Source: the file format as documented at https://pointclouds.org/documentation/tutorials/pcd_file_format.html.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shapelift.io.point_columns import Columns, Table, columns_by_name

_KINDS = {"F": "f", "I": "i", "U": "u"}
_PACKED = ("rgb", "rgba")  # a colour in the bits of one number: 0xAARRGGBB


@dataclass(frozen=True)
class _Header:
    """The header: names, types and how many values of each, `f`; points; how the data are stored and where."""

    names: tuple[str, ...]
    types: tuple[np.dtype[np.generic], ...]
    counts: tuple[int, ...]
    points: int
    stored: str
    start: int


def read_pcd(path: Path) -> Columns:
    """The points of a PCD file.

    Raises:
        ValueError: no such file, or fewer data than its header promises.
    """
    data = path.read_bytes()
    header = _header(data)
    if header.stored == "ascii":
        fields = _text(data[header.start :], header)
    elif header.stored == "binary":
        fields = _rows(data[header.start :], header)
    elif header.stored == "binary_compressed":
        packed, size = np.frombuffer(data, "<u4", 2, header.start).tolist()
        fields = _planes(decompressed(data[header.start + 8 : header.start + 8 + packed], size), header)
    else:
        raise ValueError(f"data stored as {header.stored!r}")
    single = {name: values for name, values in fields.items() if values.ndim == 1}
    table: Table = np.stack([values.astype(np.float64) for values in single.values()], axis=1)
    found = columns_by_name(tuple(single), table)
    if found is None:
        raise ValueError("no fields x, y and z")
    packed_colors = next((single[name] for name in _PACKED if name in single), None)
    return found if packed_colors is None else dataclasses.replace(found, colors=_unpacked(packed_colors))


def _header(data: bytes) -> _Header:
    words: dict[str, list[str]] = {}
    start = 0
    while "DATA" not in words:
        end = data.find(b"\n", start)
        line = data[start:end].decode("ascii", "replace").partition("#")[0].split()
        if end < 0 or end - start > 1 << 16:
            raise ValueError("no header of a PCD file")
        if line:
            words[line[0].upper()] = line[1:]
        start = end + 1
    try:
        names = words.get("FIELDS") or words["COLUMNS"]
        types = [np.dtype(f"<{_KINDS[kind]}{size}") for kind, size in zip(words["TYPE"], words["SIZE"], strict=True)]
        counts = [int(count) for count in words.get("COUNT", ["1"] * len(names))]
        points = int(words["POINTS"][0]) if "POINTS" in words else int(words["WIDTH"][0]) * int(words["HEIGHT"][0])
        if not len(names) == len(types) == len(counts) or min(*counts, points) < 0:
            raise ValueError(f"{len(names)} fields, {len(types)} types")
        return _Header(tuple(names), tuple(types), tuple(counts), points, words["DATA"][0].lower(), start)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ValueError(f"its header cannot be read: {error}") from error


def _text(data: bytes, header: _Header) -> dict[str, npt.NDArray[np.generic]]:
    width = sum(header.counts)
    values = np.array(data.split(), np.bytes_).astype(np.float64)
    _check(len(values), header.points * width, width, header.points)
    table = values[: header.points * width].reshape(header.points, width)
    ends = np.cumsum(header.counts)
    with np.errstate(invalid="ignore"):  # what is no number has no whole number either
        return {
            name: table[:, end - 1].astype(kind if name in _PACKED else np.float64)
            for name, kind, count, end in zip(header.names, header.types, header.counts, ends, strict=True)
            if count == 1
        }


def _rows(data: bytes, header: _Header) -> dict[str, npt.NDArray[np.generic]]:
    numbered = [(str(place), *one) for place, one in enumerate(zip(header.types, header.counts, strict=True))]
    layout = np.dtype([(place, kind, (count,)) for place, kind, count in numbered])
    _check(len(data), header.points * layout.itemsize, layout.itemsize, header.points)
    records = np.frombuffer(data, layout, header.points)
    return {
        name: records[place][:, 0] for name, (place, _, count) in zip(header.names, numbered, strict=True) if count == 1
    }


def _planes(data: bytes, header: _Header) -> dict[str, npt.NDArray[np.generic]]:
    """Of compressed data, in which each field stands for all points before the next."""
    fields = {}
    sizes = [kind.itemsize * count for kind, count in zip(header.types, header.counts, strict=True)]
    _check(len(data), header.points * sum(sizes), sum(sizes), header.points)
    start = 0
    for name, kind, count, size in zip(header.names, header.types, header.counts, sizes, strict=True):
        if count == 1:
            fields[name] = np.frombuffer(data, kind, header.points, start)
        start += header.points * size
    return fields


def _check(found: int, wanted: int, each: int, points: int) -> None:
    if found < wanted:
        raise ValueError(f"{points} points promised, {found // max(each, 1)} found")


def _unpacked(packed: npt.NDArray[np.generic]) -> Table:
    bits = packed.astype(np.float32).view(np.uint32) if packed.dtype.kind == "f" else packed.astype(np.uint32)
    return np.stack([(bits >> shift) & 255 for shift in (16, 8, 0)], axis=1).astype(np.float64)


def decompressed(data: bytes, size: int) -> bytes:
    """What LZF made of `size` bytes.

    A control byte below 32 is followed by one more literal bytes than it says; any other says how far back in the
    result, and for how long, it repeats itself. Source: the format of M. Lehmann's liblzf.

    Raises:
        ValueError: damaged or cut short.
    """
    result = bytearray()
    place = 0
    try:
        while place < len(data):
            control = data[place]
            place += 1
            if control < 32:
                result += data[place : place + control + 1]
                place += control + 1
                continue
            length = control >> 5
            if length == 7:
                length += data[place]
                place += 1
            start = len(result) - ((control & 31) << 8) - data[place] - 1
            place += 1
            if start < 0:
                raise ValueError("its compressed data are damaged")
            copy = result[start : start + length + 2]
            result += (copy * ((length + 2) // len(copy) + 1))[: length + 2]  # it may run into what it writes
    except IndexError as error:
        raise ValueError("its compressed data end early") from error
    if len(result) != size:
        raise ValueError(f"its compressed data hold {len(result)} bytes instead of {size}")
    return bytes(result)
