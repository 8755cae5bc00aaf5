"""Mesh files: read and written in one place, which knows which frame and unit each format has.

| format | frame | unit | without a size |
|---|---|---|---|
| glb, gltf | Y up (glTF) | metre | 1 unit of the mesh is 1 m (a normalised object is 1 m long) |
| obj, ply, off | Y up | none; written as millimetres | coordinates as they are |
| stl | Z up, resting on z = 0, centred on x = y = 0 | millimetre | longest side 100 mm |
| 3mf | as stl | what the file says; written as millimetres | longest side 100 mm |

"Without a size" is what `save_mesh` does where nobody says how long a unit of the mesh is. Metadata go into the file
(glTF `asset.extras`, 3MF metadata, comments in OBJ, PLY and OFF); STL has no place for them, so they stand beside it in
`<file>.json`. All but STL carry vertex colours when written; those of 3MF are not read. GLTF is read only.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError
from shapelift.geometry import Mesh, rotation_x, rotation_z, similarity
from shapelift.geometry.placement import (
    AS_THE_FORMAT,
    DEFAULT_PRINT_SIZE_MM,
    Placement,
    moved_to,
    rested,
    sized,
    to_z_up,
)
from shapelift.geometry.welding import welded
from shapelift.io.atomic import write_atomically
from shapelift.io.mesh_formats import MESH_FORMATS, MeshContent, MeshFile, MeshFormat, MeshPart, UnreadableMeshError

__all__ = ["FORMATS", "load_mesh", "save_mesh"]

FORMATS = tuple(form.name for form in MESH_FORMATS.values() if form.write is not None)
"""Endings, without the dot, that `save_mesh` knows."""
READ_SUFFIXES = tuple(form.suffix for form in MESH_FORMATS.values())
"""Endings, with the dot, that `load_mesh` knows."""
UNITS_MM: Mapping[str, float] = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "in": 25.4}
"""Units that a file without one can be said to have, in millimetres."""
DEFAULT_UNIT = "mm"
"""What is taken for the unit of a file that has none."""
AXES = ("x", "y", "z", "-x", "-y", "-z")
"""Directions of a file that can be said to point up."""

_UNIT_NAMES = {1.0: "millimetre", 1000.0: "metre"}
Found = TypeVar("Found")

_SIDECAR = ".json"
"""Behind the name of a file: the name of the file beside it that holds its metadata."""
_FAR = 1e3
"""Meshes farther from the origin than so many of their longest sides lose their shape to single precision."""
_PROLOGUE = rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*|<!--.*?-->\s*)*"
_OTHER_THINGS = (
    (rb"version https://git-lfs", "a Git LFS pointer and not the mesh itself; fetch it with: git lfs pull"),
    (rb"\S*annex/objects/", "a git-annex pointer and not the mesh itself; fetch it with: git annex get"),
    (
        _PROLOGUE + rb"<(!doctype\s+html|html|head|body)\b",
        "an HTML page and not a mesh; download the file itself, not the page that shows it",
    ),
    (_PROLOGUE + rb"<Error\b|\s*404: Not Found", "the answer of a server that has no such file; download it again"),
)
"""What stands in the place of a mesh where something went wrong on its way: how it begins, and what it is."""


@dataclass(frozen=True, eq=False)
class LoadedMesh:
    """A mesh file as one mesh.

    Attributes:
        mesh: +Y up, in the unit of the file.
        unit_mm: Length of that unit in millimetres, None where neither file nor format has one.
        warnings: What was left out.
    """

    mesh: Mesh
    unit_mm: float | None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class SavedMesh:
    """A mesh file as it was written.

    Attributes:
        files: The file, and its sidecar where the format cannot carry metadata.
        size: Sides of the bounding box of the coordinates in the file, along its x, y and z, in `unit`.
        volume: Of these coordinates, in `unit` cubed.
        unit: "mm", "m", or "1" where the coordinates have no unit.
    """

    files: tuple[Path, ...]
    size: tuple[float, float, float]
    volume: float
    unit: str

    def in_mm(self) -> SavedMesh:
        """The same in millimetres; a file without a unit as it is."""
        factor = UNITS_MM.get(self.unit)
        if factor is None:
            return self
        x, y, z = (side * factor for side in self.size)
        return SavedMesh(self.files, (x, y, z), self.volume * factor**3, "mm")

    def report(self) -> dict[str, Any]:
        """Unit, size and volume for a person."""
        *size, volume = (float(f"{value:.8g}") for value in (*self.size, self.volume))
        return {"unit": self.unit, "size": size, "volume": volume}


def save_mesh(
    path: str | Path,
    mesh: Mesh,
    *,
    metadata: Mapping[str, str] | None = None,
    size_mm: float | None = None,
    unit_mm: float | None = None,
    placement: Placement = AS_THE_FORMAT,
) -> tuple[Path, ...]:
    """Write a mesh, whole or not at all, in the frame and unit that the table of this module gives for its format.

    Args:
        path: Its ending, in any case, chooses the format: glb, obj, ply, stl, 3mf or off.
        mesh: In the world frame: +Y up, front +Z.
        metadata: Goes into the file or beside it, with `up`, `unit`, `longest_side` and, where it rests, `pose` added.
        size_mm: Longest side of the object in millimetres; None for what `unit_mm` says.
        unit_mm: Length of a unit of the mesh in millimetres; None for what the table says.
        placement: How it stands there, where not as the table says. Turned first, then sized, then moved.

    Returns:
        What was written: the file, and for STL its sidecar.

    Raises:
        InputError: an unknown format, an empty mesh, one without extent (or flat, and it is to rest), a size that is
            not positive, or a place that cannot be written.
    """
    return write_mesh(path, mesh, metadata=metadata, size_mm=size_mm, unit_mm=unit_mm, placement=placement).files


def write_mesh(
    path: str | Path,
    mesh: Mesh,
    *,
    metadata: Mapping[str, str] | None = None,
    size_mm: float | None = None,
    unit_mm: float | None = None,
    placement: Placement = AS_THE_FORMAT,
) -> SavedMesh:
    """`save_mesh`, with the size that the object has in the file.

    Args:
        path: As for `save_mesh`.
        mesh: As for `save_mesh`.
        metadata: As for `save_mesh`.
        size_mm: As for `save_mesh`.
        unit_mm: As for `save_mesh`.
        placement: As for `save_mesh`.

    Raises:
        InputError: as `save_mesh`.
        ValueError: the format is only read.
    """
    path = Path(path)
    form = format_of(path, FORMATS)
    if mesh.is_empty:
        raise InputError(f"{path}: the mesh is empty, there is nothing to write")
    if size_mm is not None and not (np.isfinite(size_mm) and size_mm > 0):
        raise InputError(f"{path}: a size of {size_mm} mm is impossible; give a positive number of millimetres")
    if not form.colors and mesh.colors is not None:
        mesh = Mesh(mesh.vertices, mesh.faces)
    try:
        placed, z_up, written_mm = _placed(mesh, form, size_mm, unit_mm, placement)
    except ValueError as error:
        raise InputError(f"{path}: cannot be placed: {error}") from error
    sides = np.ptp(placed.vertices.astype(np.float64), axis=0)
    described = {str(key): str(value) for key, value in (metadata or {}).items()}
    unit = "unspecified" if written_mm is None else _UNIT_NAMES.get(written_mm, f"{written_mm:g} mm")
    if placement.rest:
        described["pose"] = "resting"
    described |= {"up": "+Z" if z_up else "+Y", "unit": unit, "longest_side": f"{float(sides.max()):.6g}"}
    if form.write is None:
        raise ValueError(f"{form.name} is only read")
    write_atomically(path, form.write(placed, described))
    files = [path]
    if form.metadata is None:
        files.append(path.with_name(path.name + _SIDECAR))
        write_atomically(files[-1], json.dumps(described, indent=2, ensure_ascii=False) + "\n")
    x, y, z = sides.tolist()
    name = next((name for name, length in UNITS_MM.items() if length == written_mm), "1")
    return SavedMesh(tuple(files), (x, y, z), float(placed.volume), name)


def carries_colors(path: str | Path) -> bool:
    """Whether a mesh file of this name would carry vertex colours.

    Raises:
        InputError: an unknown format.
    """
    return format_of(Path(path), FORMATS).colors


def _placed(
    mesh: Mesh, form: MeshFormat, size_mm: float | None, unit_mm: float | None, placement: Placement
) -> tuple[Mesh, bool, float | None]:
    """The mesh as it stands in a file, whether +Z is up there, and the length of its unit in mm, None for none."""
    if placement.rest:
        mesh = rested(mesh)
    if size_mm is None and unit_mm is not None:
        size_mm = unit_mm * float(np.ptp(mesh.vertices.astype(np.float64), axis=0).max())
    if size_mm is None and form.z_up:
        size_mm = DEFAULT_PRINT_SIZE_MM
    written_mm = form.unit_mm
    if size_mm is not None:
        written_mm = form.unit_mm or UNITS_MM[DEFAULT_UNIT]
        mesh = sized(mesh, size_mm / written_mm)
    z_up = form.z_up if placement.up is None else placement.up == "z"
    if z_up:
        mesh = to_z_up(mesh)
    origin = placement.origin or ("bottom" if form.z_up else None)
    return mesh if origin is None else moved_to(mesh, origin, z_up=z_up), z_up, written_mm


def load_mesh(path: str | Path, *, z_up: bool | None = None) -> Mesh:
    """Read the triangles of a mesh file as one mesh, +Y up; lengths stay in the unit of the file.

    Scenes are flattened, vertices at exactly the same place are welded (so that a closed STL is a closed mesh), and
    triangles that collapse by that are dropped. Textures are ignored, vertex colours are kept.

    Args:
        path: glb, gltf, obj, ply, stl, 3mf or off.
        z_up: Whether the file has Z up. Default: what its format is used for, Z up for STL and 3MF.

    Raises:
        InputError: a file that is missing, too large, of another kind, damaged, or without triangles.
    """
    found = read_mesh(path, up_axis=None if z_up is None else "z" if z_up else "y")
    if found.mesh.is_empty:
        raise InputError(f"{path}: holds no triangle; give a file with a surface")
    return found.mesh


def read_mesh(path: str | Path, *, up_axis: str | None = None) -> LoadedMesh:
    """`load_mesh`, with the unit of the file and what was left out; empty where there is no triangle.

    Args:
        path: As for `load_mesh`.
        up_axis: Which direction of the file points up, one of `AXES`; None for that of the format.

    Raises:
        InputError: as `load_mesh`, but for a file without triangles.
    """
    path = Path(path)
    form = format_of(path, MESH_FORMATS)
    if not path.exists():
        raise InputError(f"{path}: no such file; give an existing mesh file")
    if not path.is_file():
        raise InputError(f"{path}: is not a file; give one mesh file")
    content = read_content(path, looks=False)
    parts, moved = _near_the_origin(content.parts)
    try:
        mesh = welded(_joined(parts))
    except ValueError as error:  # a coordinate that is not finite
        raise InputError(f"{path}: cannot be read: {error}") from error
    turned = mesh.transformed(upright(up_axis or ("z" if form.z_up else "y")))
    return LoadedMesh(turned, content.unit_mm or form.unit_mm, (*content.warnings, *moved))


def read_metadata(path: str | Path) -> dict[str, str]:
    """What `write_mesh` has put into a mesh file or beside it; of files of others what they say in the same way.

    Args:
        path: As for `load_mesh`.

    Raises:
        InputError: the file or its sidecar cannot be read.
    """
    path = Path(path)
    form = format_of(path, MESH_FORMATS)
    with _readable(path):
        file = MeshFile.on_disk(path)
        if form.metadata is not None:
            return dict(_understood(form, partial(form.metadata, file)))
    sidecar = path.with_name(path.name + _SIDECAR)
    if not sidecar.is_file():
        return {}
    with _readable(sidecar):
        try:
            stated = json.loads(sidecar.read_bytes())
        except (ValueError, RecursionError) as error:
            raise UnreadableMeshError("it is no JSON document") from error
        if not isinstance(stated, dict):
            raise UnreadableMeshError("it is no JSON object of names and values")
        return {key: value for key, value in stated.items() if isinstance(value, str)}


def _near_the_origin(parts: tuple[MeshPart, ...]) -> tuple[tuple[MeshPart, ...], tuple[str, ...]]:
    """The parts, moved to the origin where they lie so far from it that single precision would deform them."""
    used = np.concatenate([np.zeros((0, 3)), *[part.vertices[np.unique(part.faces)] for part in parts]])
    if not len(used):
        return parts, ()
    middle = (used.min(axis=0) + used.max(axis=0)) / 2.0
    if not np.abs(middle).max() > _FAR * np.ptp(used, axis=0).max() > 0.0:
        return parts, ()
    moved = tuple(replace(part, vertices=part.vertices - middle) for part in parts)
    return moved, (f"lies {np.linalg.norm(middle):.3g} units from the origin; it is moved there",)


def upright(axis: str) -> npt.NDArray[np.float64]:
    """The rotation `4 4` that turns an axis of `AXES` to +Y; +Z stays the front where it can.

    Raises:
        InputError: no such axis.
    """
    turns = {
        "y": np.eye(3),
        "-y": rotation_z(180.0),
        "z": rotation_x(-90.0),
        "-z": rotation_x(90.0),
        "x": rotation_z(90.0),
        "-x": rotation_z(-90.0),
    }
    name = axis.strip().lower().removeprefix("+")
    if name not in turns:
        raise InputError(f"`up_axis` {axis}: no axis of that name; give one of {', '.join(AXES)}")
    return similarity(turns[name])


def read_content(path: Path, *, member: str | None = None, looks: bool = True) -> MeshContent:
    """Everything in a mesh file, as it stands there.

    Args:
        path: The file, or a zip archive.
        member: The file in that archive.
        looks: Whether materials and textures are read.

    Raises:
        InputError: it is too large or cannot be read; the message begins with `<path>: cannot be read: `.
    """
    form = format_of(Path(member or path), MESH_FORMATS)
    with _readable(member or path):
        file = MeshFile.on_disk(path) if member is None else MeshFile.in_zip(path, member)
        return _content(file, form, looks=looks)


@contextlib.contextmanager
def _readable(name: str | Path) -> Iterator[None]:
    """What goes wrong while a file is read, as an InputError that names it."""
    try:
        yield
    except UnreadableMeshError as error:
        reason = str(error)
        cause: Exception = error
    except MemoryError as error:
        reason, cause = "there is not enough memory", error
    except OSError as error:
        reason, cause = error.strerror or "it cannot be opened", error
    else:
        return
    raise InputError(f"{name}: cannot be read: {reason}") from cause


def _content(file: MeshFile, form: MeshFormat, *, looks: bool) -> MeshContent:
    """What the reader of a format finds; whatever it stumbles over becomes one plain reason."""
    if not file.data:
        raise UnreadableMeshError("it is empty, 0 bytes long")
    for beginning, what in _OTHER_THINGS:
        if re.match(beginning, file.data[:4096], re.IGNORECASE | re.DOTALL):
            raise UnreadableMeshError(f"it is {what}")
    return _understood(form, partial(form.read, file, looks))


def _understood(form: MeshFormat, read: Callable[[], Found]) -> Found:
    try:
        return read()
    except (UnreadableMeshError, MemoryError):
        raise
    except Exception as error:  # parsers of files written by strangers fail in every way there is
        raise UnreadableMeshError(f"it is no {form.name.upper()} file, or a damaged one; export it again") from error


def _joined(parts: tuple[MeshPart, ...]) -> Mesh:
    """All parts as one mesh; colours stay only where every part has them, the last one of each vertex."""
    if not parts:
        return Mesh(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32))
    offsets = np.cumsum([0, *[len(part.vertices) for part in parts[:-1]]])
    faces = np.concatenate([part.faces + offset for part, offset in zip(parts, offsets, strict=True)])
    vertices = np.concatenate([part.vertices for part in parts])
    painted = [part.corner_colors for part in parts if part.corner_colors is not None]
    colors = None
    if len(painted) == len(parts):
        colors = np.zeros((len(vertices), 3), np.uint8)
        colors[faces] = np.concatenate(painted)
    return Mesh(vertices.astype(np.float32), faces.astype(np.int32), colors)


def format_of(path: Path, known: Mapping[str, MeshFormat] | tuple[str, ...]) -> MeshFormat:
    """The format of a file by its ending.

    Raises:
        InputError: it is not one of those that are known.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in known:
        names = ", ".join(f".{name}" for name in known)
        raise InputError(f"{path}: unknown mesh format {path.suffix or '(no ending)'}; end the name in one of {names}")
    return MESH_FORMATS[kind]
