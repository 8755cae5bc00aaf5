"""Point cloud files, and files that may hold either points or triangles.

| format | points | normals | colours |
|---|---|---|---|
| xyz, pts, csv, txt, asc | rows of a text (`point_text`) | columns, by their names or values | likewise |
| pcd | fields `x y z` (`pcd`) | `normal_x normal_y normal_z` | `rgb`, `rgba`, or `r g b` |
| ply | element `vertex` of a file without faces | `nx ny nz` | `red green blue` |
| obj | `v` lines of a file without `f` lines | `vn` lines, one per `v` | behind the coordinates of `v` |
| off | vertices of a file with 0 faces | | |
| glb, gltf | primitives of points | | vertex colours |

Frames and units are those of meshes (`shapes`): +Y up, numbers as they stand in the file, with three exceptions that
`read_shape` reports. Points with a coordinate that is not finite are left out. Coordinates that float32 would round
visibly, such as those of a survey, are taken relative to a round place amid the points, in double precision. Normals of
which more than half are zero or not finite are none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError
from shapelift.geometry import Mesh, PointCloud
from shapelift.io.atomic import write_atomically
from shapelift.io.colors import srgb_colors
from shapelift.io.mesh_formats.files import MAX_FILE_BYTES
from shapelift.io.mesh_formats.ply import encode_points_ply
from shapelift.io.pcd import read_pcd
from shapelift.io.point_columns import Columns, Table
from shapelift.io.point_text import read_text
from shapelift.io.shapes import load_mesh

__all__ = ["load_shape", "save_points"]

_MESH_ONLY = ("stl", "3mf")
_PLY_NAMES = {
    "i1": ("char", "int8"),
    "u1": ("uchar", "uint8"),
    "i2": ("short", "int16"),
    "u2": ("ushort", "uint16"),
    "i4": ("int", "int32"),
    "u4": ("uint", "uint32"),
    "f4": ("float", "float32"),
    "f8": ("double", "float64"),
}
_PLY_TYPES = {name: kind for kind, names in _PLY_NAMES.items() for name in names}
_PLY_ORDERS = {"binary_little_endian": "<", "binary_big_endian": ">", "ascii": "="}

FAR = 200.0
"""A cloud farther from 0 than so many times the length of the middle half of its points is read relative to a place of
its own. Nearer ones float32 rounds by less than about 1e-5 of their length."""


@dataclass(frozen=True, eq=False)
class Scan:
    """A point cloud as it was read.

    Attributes:
        cloud: The points that are finite, relative to `origin`.
        origin: `3` float64, what was taken off the coordinates of the file; zeros unless they lie far off.
        not_finite: How many points were left out because a coordinate is not a finite number.
        notes: What is doubtful about the file, a line each.
    """

    cloud: PointCloud
    origin: Table
    not_finite: int = 0
    notes: tuple[str, ...] = ()


def load_shape(path: str | Path) -> Mesh | PointCloud:
    """`read_shape` without its report: a mesh, or the points that are finite, near 0 where they lie far off.

    Raises:
        InputError: a file that is missing, too large, of another kind, damaged, or without points.
    """
    shape = read_shape(path)
    return shape.cloud if isinstance(shape, Scan) else shape


def read_shape(path: str | Path) -> Mesh | Scan:
    """Read a mesh file, or a point cloud where the file holds points without faces; +Y up.

    Args:
        path: glb, gltf, obj, ply, stl, 3mf, off, pcd, xyz, pts, csv, txt or asc.

    Raises:
        InputError: a file that is missing, too large, of another kind, damaged, or without points.
    """
    path = Path(path)
    kind = path.suffix.lower().removeprefix(".")
    if kind in _MESH_ONLY:
        return load_mesh(path)
    if kind not in _READERS:
        known = ", ".join(f".{name}" for name in (*_READERS, *_MESH_ONLY))
        raise InputError(f"{path}: unknown format {path.suffix or '(no ending)'}; give a file that ends in {known}")
    if not path.exists():
        raise InputError(f"{path}: no such file; give an existing file of points or triangles")
    if not path.is_file():
        raise InputError(f"{path}: is not a file; give one file of points or triangles")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise InputError(f"{path}: larger than {MAX_FILE_BYTES >> 30} GiB; give a smaller one")
    try:
        columns = _READERS[kind](path)
        scan = None if columns is None else _scan(columns)
    except MemoryError as error:
        raise InputError(f"{path}: not enough memory to read it; give a smaller file") from error
    except Exception as error:
        reason = str(error)[:200] if isinstance(error, ValueError) else "damaged or cut short"
        raise InputError(f"{path}: cannot be read as {kind} ({reason}); export it again") from error
    if scan is None:
        return load_mesh(path)
    if not len(scan.cloud):
        nothing = "holds no point and no triangle"
        what = f"all of its {scan.not_finite} points are not finite" if scan.not_finite else nothing
        raise InputError(f"{path}: {what}; give a file with a shape in it")
    return scan


def save_points(path: str | Path, cloud: PointCloud, *, metadata: Mapping[str, str] | None = None) -> Path:
    """Write a point cloud as binary PLY, with its normals and colours, whole or not at all.

    Args:
        path: Ends in .ply.
        cloud: Coordinates are written as they are.
        metadata: Comments of the file.

    Raises:
        InputError: another ending, an empty cloud, or a place that cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() != ".ply":
        raise InputError(f"{path}: points are written as PLY; give a name that ends in .ply")
    if not len(cloud):
        raise InputError(f"{path}: the cloud is empty, there is nothing to write")
    write_atomically(path, encode_points_ply(cloud, metadata or {}))
    return path


# -- readers: points as they stand there, or None for a file with faces -----------------------------------------------


def _read_ply(path: Path) -> Columns | None:
    data = path.read_bytes()
    order, elements, start = _ply_header(data)
    counts = {name: count for name, count, _ in elements}
    if counts.get("face", 0) or counts.get("tristrips", 0):
        return None
    if not elements or elements[0][0] != "vertex":
        raise ValueError("its first element is not vertex")
    _, count, properties = elements[0]
    layout = np.dtype([(name, order + kind) for name, kind in properties])
    if order == "=":
        rows = data[start:].split(b"\n", count)[:count]
        table = np.loadtxt(rows, np.float64, ndmin=2) if count else np.zeros((0, len(properties)))
        if table.shape != (count, len(properties)):
            raise ValueError(f"{count} vertices promised, {len(table)} found")
        columns = {name: table[:, place] for place, (name, _) in enumerate(properties)}
    else:
        if len(data) - start < count * layout.itemsize:
            raise ValueError(f"{count} vertices promised, and the file ends before them")
        records = np.frombuffer(data, layout, count, start)
        columns = {name: records[name].astype(np.float64) for name, _ in properties}
    kinds = dict(properties)
    colors = _columns(columns, ("red", "green", "blue"))
    if colors is not None and kinds["red"].startswith("f"):
        colors = colors * 255.0
    points = _columns(columns, ("x", "y", "z"))
    if points is None:
        raise ValueError("its vertices have no x, y and z")
    return Columns(points, _columns(columns, ("nx", "ny", "nz")), colors)


def _ply_header(data: bytes) -> tuple[str, list[tuple[str, int, list[tuple[str, str]]]], int]:
    """Byte order, elements as (name, count, [(property, type)]), and where the data begin.

    Lists stand in the header of faces only; a list among the properties of the vertices is refused.
    """
    end = data.find(b"end_header")
    if not data.startswith(b"ply") or end < 0:
        raise ValueError("no header of a PLY file")
    start = data.index(b"\n", end) + 1
    order = ""
    elements: list[tuple[str, int, list[tuple[str, str]]]] = []
    for line in data[:end].decode("ascii", "replace").splitlines()[1:]:
        words = line.split()
        if words[:1] == ["format"]:
            order = _PLY_ORDERS[words[1]]
        elif words[:1] == ["element"]:
            elements.append((words[1], int(words[2]), []))
        elif words[:1] == ["property"] and len(elements) == 1:
            if words[1] == "list":
                raise ValueError("its vertices hold lists")
            elements[0][2].append((words[2], _PLY_TYPES[words[1]]))
    return order, elements, start


def _columns(columns: Mapping[str, Table], names: tuple[str, ...]) -> Table | None:
    return np.stack([columns[name] for name in names], axis=1) if all(name in columns for name in names) else None


def _read_obj(path: Path) -> Columns | None:
    points: list[list[float]] = []
    normals: list[list[float]] = []
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith("f "):
                return None
            if line.startswith("v "):
                points.append(_numbers(line))
            elif line.startswith("vn "):
                normals.append(_numbers(line)[:3])
    if not points:
        return Columns(np.zeros((0, 3)))
    if len({len(point) for point in points}) > 1 or any(len(normal) < 3 for normal in normals):
        raise ValueError("lines of different length")
    table = np.array(points, np.float64)
    colors = table[:, 3:6] * 255.0 if table.shape[1] >= 6 else None
    return Columns(table[:, :3], np.array(normals) if len(normals) == len(points) else None, colors)


def _numbers(line: str) -> list[float]:
    try:
        return [float(word) for word in line.split()[1:]]
    except ValueError as error:
        raise ValueError(f"no numbers in the line {' '.join(line.split())[:40]}") from error


def _read_off(path: Path) -> Columns | None:
    text = path.read_text(encoding="utf-8", errors="replace")
    words = [word for line in text.splitlines() for word in line.partition("#")[0].split()]
    if not words or not words[0].upper().endswith("OFF"):
        raise ValueError("no header of an OFF file")
    count, faces = int(words[1]), int(words[2])
    if faces:
        return None
    if words[0].upper() != "OFF":
        raise ValueError(f"vertices of kind {words[0]} without faces")
    if len(words) < 4 + 3 * count:
        raise ValueError(f"{count} vertices are promised, fewer are there")
    return Columns(np.array(words[4 : 4 + 3 * count], np.float64).reshape(count, 3))


def _read_scene(path: Path) -> Columns | None:
    import trimesh

    scene = trimesh.load(path, file_type=path.suffix.lower()[1:], force="scene", process=False, skip_materials=True)
    parts = scene.dump()
    if any(isinstance(part, trimesh.Trimesh) and len(part.faces) for part in parts):
        return None
    clouds = [part for part in parts if isinstance(part, trimesh.PointCloud)]
    if not clouds:
        return Columns(np.zeros((0, 3)))
    points = np.concatenate([np.asarray(part.vertices) for part in clouds])
    colors: list[npt.NDArray[Any]] = [np.asarray(part.colors) for part in clouds]
    if any(len(color) != len(part.vertices) for color, part in zip(colors, clouds, strict=True)):
        return Columns(points)
    return Columns(points, None, srgb_colors(np.concatenate(colors)[:, :3] / 255.0).astype(np.float64))


def _scan(columns: Columns) -> Scan:
    """What can be used of a file."""
    origin = _origin(columns.points[np.isfinite(columns.points).all(axis=1)])
    with np.errstate(over="ignore"):  # what is too large for float32 is not finite either
        points = (columns.points - origin).astype(np.float32)
    finite = np.isfinite(points).all(axis=1)
    colors = columns.colors
    if colors is not None:
        colors = np.clip(np.round(np.nan_to_num(colors[finite])), 0, 255)
    cloud = PointCloud(
        points[finite],
        None if columns.normals is None else _normals(columns.normals[finite]),
        None if colors is None else colors.astype(np.uint8),
    )
    return Scan(cloud, origin, int((~finite).sum()), columns.notes)


def _origin(points: Table) -> Table:
    """The round place `3` amid points `n 3` that lie far from 0, else 0; a few strays make no difference."""
    if not len(points):
        return np.zeros(3)
    low, middle, high = np.quantile(points, (0.25, 0.5, 0.75), axis=0)
    length = float((high - low).max())
    if not 0.0 < length * FAR < np.abs(middle).max():
        return np.zeros(3)
    return np.asarray(np.round(middle, -int(np.floor(np.log10(length)))))


def _normals(normals: Table) -> npt.NDArray[np.float32] | None:
    """Normals `n 3`, zero where there is none; None where more than half are."""
    normals = np.where(np.isfinite(normals).all(axis=1, keepdims=True), normals, 0.0)
    there = (normals != 0.0).any(axis=1)
    return normals.astype(np.float32) if 2 * int(there.sum()) >= max(len(there), 1) else None


_READERS: Mapping[str, Callable[[Path], Columns | None]] = MappingProxyType(
    {
        "ply": _read_ply,
        "pcd": read_pcd,
        **dict.fromkeys(("xyz", "pts", "csv", "txt", "asc"), read_text),
        "obj": _read_obj,
        "off": _read_off,
        "glb": _read_scene,
        "gltf": _read_scene,
    }
)
