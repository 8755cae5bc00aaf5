"""Mesh files: one place that knows which frame and unit each format has.

| format | frame | unit with `size_mm` | without |
|---|---|---|---|
| glb | Y up (glTF) | metres | 1 unit of the mesh is 1 m (a normalised object is 1 m long) |
| obj, ply, off | Y up | millimetres | coordinates as they are |
| stl, 3mf | Z up, resting on z = 0, centred on x = y = 0 | millimetres | longest side 100 mm |

Metadata go into the file (glTF `asset.extras`, 3MF metadata, comments in OBJ, PLY and OFF); STL has no place for them,
so they stand beside it in `<file>.json`. OBJ, PLY, OFF and GLB carry vertex colours, STL and 3MF do not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError
from shapelift.geometry import Mesh
from shapelift.geometry.placement import (
    DEFAULT_PRINT_SIZE_MM,
    from_print_frame,
    sized,
    to_gltf_frame,
    to_print_frame,
)
from shapelift.geometry.welding import welded
from shapelift.io.atomic import write_atomically
from shapelift.io.shape_formats import ENCODERS, srgb_colors

if TYPE_CHECKING:
    from trimesh import Trimesh

__all__ = ["FORMATS", "load_mesh", "save_mesh"]

FORMATS = tuple(ENCODERS)
"""Endings, without the dot, that `save_mesh` and `load_mesh` know."""
MAX_FILE_BYTES = 2 << 30
"""Largest mesh file that is opened."""

_Z_UP = ("stl", "3mf")
_LINEAR_COLORS = ("glb", "gltf")


def save_mesh(
    path: str | Path, mesh: Mesh, *, metadata: Mapping[str, str] | None = None, size_mm: float | None = None
) -> tuple[Path, ...]:
    """Write a mesh, whole or not at all, in the frame and unit that the table of this module gives for its format.

    Args:
        path: Its ending, in any case, chooses the format: glb, obj, ply, stl, 3mf or off.
        mesh: In the world frame: +Y up, front +Z.
        metadata: Goes into the file or beside it, with `up`, `unit` and `longest_side` added.
        size_mm: Longest side of the object in millimetres; None for what the table says.

    Returns:
        What was written: the file, and for STL its sidecar.

    Raises:
        InputError: an unknown format, an empty mesh, a size that is not positive, or a place that cannot be written.
    """
    path = Path(path)
    kind = _format_of(path)
    if mesh.is_empty:
        raise InputError(f"{path}: the mesh is empty, there is nothing to write")
    if size_mm is not None and not (np.isfinite(size_mm) and size_mm > 0):
        raise InputError(f"{path}: a size of {size_mm} mm is impossible; give a positive number of millimetres")
    placed, unit = _placed(mesh, kind, size_mm)
    longest = float(np.ptp(placed.vertices, axis=0).max())
    described = {str(key): str(value) for key, value in (metadata or {}).items()}
    described |= {"up": "+Z" if kind in _Z_UP else "+Y", "unit": unit, "longest_side": f"{longest:.6g}"}
    data = ENCODERS[kind](placed, described)
    written = [path]
    if kind == "stl":
        sidecar = path.with_name(path.name + ".json")
        write_atomically(path, data)
        write_atomically(sidecar, json.dumps(described, indent=2, ensure_ascii=False) + "\n")
        written.append(sidecar)
    else:
        write_atomically(path, data)
    return tuple(written)


def _placed(mesh: Mesh, kind: str, size_mm: float | None) -> tuple[Mesh, str]:
    """The mesh in the frame and unit of a format, and the name of the unit."""
    if kind in _Z_UP:
        return to_print_frame(mesh, DEFAULT_PRINT_SIZE_MM if size_mm is None else size_mm), "millimetre"
    if kind == "glb":
        return to_gltf_frame(mesh, size_mm), "metre"
    return (mesh, "unspecified") if size_mm is None else (sized(mesh, size_mm), "millimetre")


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
    path = Path(path)
    kind = "gltf" if path.suffix.lower() == ".gltf" else _format_of(path)
    if not path.exists():
        raise InputError(f"{path}: no such file; give an existing mesh file")
    if not path.is_file():
        raise InputError(f"{path}: is not a file; give one mesh file")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise InputError(f"{path}: larger than {MAX_FILE_BYTES >> 30} GiB; give a smaller mesh")
    mesh = welded(_read(path, kind))
    if mesh.is_empty:
        raise InputError(f"{path}: holds no triangle; give a file with a surface")
    return from_print_frame(mesh) if (kind in _Z_UP if z_up is None else z_up) else mesh


def _read(path: Path, kind: str) -> Mesh:
    """What trimesh makes of a file, with one-line errors whatever it stumbles over."""
    import trimesh

    try:
        # With its material trimesh would hide the vertex colours of glTF.
        options = {"skip_materials": True} if kind in _LINEAR_COLORS else {}
        scene = trimesh.load(path, file_type=kind, force="scene", process=False, **options)
        parts = [part for part in scene.dump() if isinstance(part, trimesh.Trimesh) and len(part.faces)]
        meshes = [
            Mesh(part.vertices, part.faces, _vertex_colors(part, linear=kind in _LINEAR_COLORS)) for part in parts
        ]
    except MemoryError as error:
        raise InputError(f"{path}: not enough memory to read it; give a smaller mesh") from error
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"[:200]
        raise InputError(f"{path}: cannot be read as {kind} ({reason}); export it again") from error
    return _joined(meshes)


def _vertex_colors(part: Trimesh, *, linear: bool) -> npt.NDArray[np.uint8] | None:
    """Vertex colours `v 3` sRGB of a mesh of trimesh, None where its file has none."""
    if part.visual.kind != "vertex":
        return None
    colors = np.asarray(part.visual.vertex_colors)[:, :3]
    return srgb_colors(colors / 255.0) if linear else colors.astype(np.uint8)


def _joined(meshes: list[Mesh]) -> Mesh:
    """All meshes as one; colours stay only where every mesh has them."""
    if not meshes:
        return Mesh(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32))
    offsets = np.cumsum([0, *[len(mesh.vertices) for mesh in meshes[:-1]]])
    faces = np.concatenate([mesh.faces + offset for mesh, offset in zip(meshes, offsets, strict=True)])
    colors = [mesh.colors for mesh in meshes if mesh.colors is not None]
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        faces.astype(np.int32),
        np.concatenate(colors) if len(colors) == len(meshes) else None,
    )


def _format_of(path: Path) -> str:
    kind = path.suffix.lower().removeprefix(".")
    if kind not in ENCODERS:
        known = ", ".join(f".{name}" for name in FORMATS)
        raise InputError(f"{path}: unknown mesh format {path.suffix or '(no ending)'}; end the name in one of {known}")
    return kind
