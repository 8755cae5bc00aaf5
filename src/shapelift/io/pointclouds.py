"""Point cloud files, and files that may hold either points or triangles.

| format | points | normals | colours |
|---|---|---|---|
| xyz | lines of numbers, `#` begins a comment | columns 4 to 6, or 7 to 9 behind colours | columns 4 to 6 |
| ply | element `vertex` of a file without faces | `nx ny nz` | `red green blue` |
| obj | `v` lines of a file without `f` lines | `vn` lines, one per `v` | behind the coordinates of `v` |
| off | vertices of a file with 0 faces | | |
| glb, gltf | primitives of points | | vertex colours |

Columns 4 to 6 of an xyz file are colours where they are whole numbers from 0 to 255 and any is above 1, else normals.
Frames and units are those of meshes (`shapes`): +Y up, numbers as they stand in the file.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError
from shapelift.geometry import Mesh, PointCloud
from shapelift.io.atomic import write_atomically
from shapelift.io.shape_formats import encode_points_ply, srgb_colors
from shapelift.io.shapes import MAX_FILE_BYTES, load_mesh

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

Table = npt.NDArray[np.float64]


def load_shape(path: str | Path) -> Mesh | PointCloud:
    """Read a mesh file, or a point cloud where the file holds points without faces; +Y up.

    Args:
        path: glb, gltf, obj, ply, stl, 3mf, off or xyz.

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
        cloud = _READERS[kind](path)
    except MemoryError as error:
        raise InputError(f"{path}: not enough memory to read it; give a smaller file") from error
    except Exception as error:
        reason = (str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}")[:200]
        raise InputError(f"{path}: cannot be read as {kind} ({reason}); export it again") from error
    if cloud is None:
        return load_mesh(path)
    if not len(cloud):
        raise InputError(f"{path}: holds no point and no triangle; give a file with a shape in it")
    return cloud


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


# -- readers: a cloud, or None for a file with faces ------------------------------------------------------------------


def _read_xyz(path: Path) -> PointCloud:
    text = path.read_text(encoding="utf-8", errors="replace").replace(",", " ").replace(";", " ")
    table = np.loadtxt(io.StringIO(text), dtype=np.float64, comments="#", ndmin=2) if text.strip() else np.zeros((0, 3))
    columns = table.shape[1]
    if not len(table):
        return _cloud(np.zeros((0, 3)), None, None)
    if columns < 3:
        raise ValueError(f"{columns} numbers in a line, and a point has three")
    fourth = table[:, 3:6] if columns >= 6 else None
    if fourth is not None and _are_bytes(fourth):
        return _cloud(table[:, :3], table[:, 6:9] if columns >= 9 else None, fourth)
    return _cloud(table[:, :3], fourth, None)


def _are_bytes(values: Table) -> bool:
    with np.errstate(invalid="ignore"):
        return bool((values == np.round(values)).all() and values.min() >= 0 and 1 < values.max() <= 255)


def _read_ply(path: Path) -> PointCloud | None:
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
    return _cloud(points, _columns(columns, ("nx", "ny", "nz")), colors)


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


def _read_obj(path: Path) -> PointCloud | None:
    points: list[list[float]] = []
    normals: list[list[float]] = []
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith("f "):
                return None
            if line.startswith("v "):
                points.append([float(word) for word in line.split()[1:]])
            elif line.startswith("vn "):
                normals.append([float(word) for word in line.split()[1:4]])
    if not points:
        return _cloud(np.zeros((0, 3)), None, None)
    table = np.array(points, np.float64)
    colors = table[:, 3:6] * 255.0 if table.shape[1] >= 6 else None
    return _cloud(table[:, :3], np.array(normals) if len(normals) == len(points) else None, colors)


def _read_off(path: Path) -> PointCloud | None:
    text = path.read_text(encoding="utf-8", errors="replace")
    words = [word for line in text.splitlines() for word in line.partition("#")[0].split()]
    if not words or not words[0].upper().endswith("OFF"):
        raise ValueError("no header of an OFF file")
    count, faces = int(words[1]), int(words[2])
    if faces:
        return None
    if words[0].upper() != "OFF":
        raise ValueError(f"vertices of kind {words[0]} without faces")
    return _cloud(np.array(words[4 : 4 + 3 * count], np.float64).reshape(count, 3), None, None)


def _read_scene(path: Path) -> PointCloud | None:
    import trimesh

    scene = trimesh.load(path, file_type=path.suffix.lower()[1:], force="scene", process=False, skip_materials=True)
    parts = scene.dump()
    if any(isinstance(part, trimesh.Trimesh) and len(part.faces) for part in parts):
        return None
    clouds = [part for part in parts if isinstance(part, trimesh.PointCloud)]
    if not clouds:
        return _cloud(np.zeros((0, 3)), None, None)
    points = np.concatenate([np.asarray(part.vertices) for part in clouds])
    colors: list[npt.NDArray[Any]] = [np.asarray(part.colors) for part in clouds]
    if any(len(color) != len(part.vertices) for color, part in zip(colors, clouds, strict=True)):
        return _cloud(points, None, None)
    return _cloud(points, None, srgb_colors(np.concatenate(colors)[:, :3] / 255.0).astype(np.float64))


def _cloud(points: Table, normals: Table | None, colors: Table | None) -> PointCloud:
    """A cloud of checked values; colours in 0 to 255."""
    if colors is not None:
        colors = np.clip(np.round(np.nan_to_num(colors)), 0, 255)
    return PointCloud(
        points.astype(np.float32),
        None if normals is None else normals.astype(np.float32),
        None if colors is None else colors.astype(np.uint8),
    )


_READERS: Mapping[str, Callable[[Path], PointCloud | None]] = MappingProxyType(
    {
        "ply": _read_ply,
        "xyz": _read_xyz,
        "obj": _read_obj,
        "off": _read_off,
        "glb": _read_scene,
        "gltf": _read_scene,
    }
)
