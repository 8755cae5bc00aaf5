"""Mesh files as the real world has them -> assets.

Scene graphs are flattened, textures and colours kept, vertices welded. What cannot become a solid object is rejected
with its reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError
from shapelift.geometry import Mesh, normalizing_transform, rotation_y, similarity, transform_points
from shapelift.io.mesh_formats import MeshMaterial, MeshPart
from shapelift.io.shapes import AXES, READ_SUFFIXES, read_content, upright
from shapelift.synthesis.materials import Asset, Material, random_material

SUFFIXES = READ_SUFFIXES
MAX_FACES = 2_000_000
MIN_THICKNESS = 1e-4
WELD_DISTANCE = 1e-6
_UNSTYLED = Material((0.5, 0.5, 0.5))

Colors = npt.NDArray[np.uint8]


class RejectedShape(Exception):  # noqa: N818 - it is a verdict on the shape, not an error of the program
    """A shape that cannot be used; the message is the reason, one line."""

    def __init__(self, reason: str) -> None:
        super().__init__(" ".join(reason.split()))


def load_mesh_file(
    path: Path, rng: np.random.Generator, up_axis: str = "+Y", front_axis: str = "+Z", keep_colors: bool = True
) -> Asset:
    """`read_mesh_file`, in random materials where the file has no colours.

    Args:
        path: See `read_mesh_file`, as for all but `rng`.
        rng: Draws the materials.
        up_axis: Likewise.
        front_axis: Likewise.
        keep_colors: Likewise.

    Raises:
        RejectedShape: as `read_mesh_file` does.
    """
    found, _ = read_mesh_file(path, up_axis=up_axis, front_axis=front_axis, keep_colors=keep_colors)
    return found if isinstance(found, Asset) else randomly_dressed(found, rng)


def read_mesh_file(
    path: Path,
    *,
    member: str | None = None,
    up_axis: str = "+Y",
    front_axis: str = "+Z",
    keep_colors: bool = True,
) -> tuple[Asset | Mesh, tuple[str, ...]]:
    """The asset in a mesh file, normalised, +Y up, front +Z; the mesh alone where the file has no colours.

    - Every triangle of every node of the scene counts; points and lines are ignored.
    - Alpha of textures and materials is ignored: the object is opaque.
    - Vertices closer than about 1e-6 of the longest side are welded, faces that collapse by that are dropped. Slivers
      without area are kept, because a closed mesh would open without them.
    - With `keep_colors` off every file counts as one without colours.

    Args:
        path: A file of any format of `io.mesh_formats`, or a zip archive.
        member: The file in that archive.
        up_axis: The axis of the file that points up, such as "+Y" or "-z", whatever the format.
        front_axis: The axis, once +Y is up, that the front looks along: "+Z", "-Z", "+X" or "-X".
        keep_colors: Whether colours and textures of the file are used.

    Returns:
        The shape, and what of the file was not there or left out, a few words each.

    Raises:
        RejectedShape: the file cannot be read, holds no triangle, a coordinate that is not finite, more than 2,000,000
            faces, or a flat shape (the shortest side of its bounding box is below 1e-4 of the longest).
    """
    turn = _upright(up_axis, front_axis)
    try:
        content = read_content(path, member=member, looks=keep_colors)
    except InputError as error:
        raise RejectedShape(str(error).removeprefix(f"{path if member is None else member}: ")) from error
    parts = content.parts
    count = sum(len(part.faces) for part in parts)
    if count == 0:
        raise RejectedShape("; ".join(["empty: the file holds no triangle", *content.warnings]))
    if count > MAX_FACES:
        raise RejectedShape(f"too large: {count:,} faces, at most {MAX_FACES:,} are read")
    used = np.concatenate([part.vertices[np.unique(part.faces)] for part in parts])
    if not np.isfinite(used).all():
        raise RejectedShape("not finite: a vertex has a coordinate that is infinite or not a number")
    sides = np.ptp(used, axis=0)
    if sides.min() < MIN_THICKNESS * sides.max() or sides.max() <= 0.0:
        raise RejectedShape("flat: the bounding box measures " + " x ".join(f"{side:.4g}" for side in sides))
    normalize = normalizing_transform(transform_points(turn, used)) @ turn
    return _joined(parts, normalize, keep_colors), content.warnings


def _upright(up_axis: str, front_axis: str) -> npt.NDArray[np.float64]:
    front = {"+Z": 0.0, "Z": 0.0, "-Z": 180.0, "+X": -90.0, "X": -90.0, "-X": 90.0}
    try:
        return np.asarray(similarity(rotation_y(front[front_axis])) @ upright(up_axis))
    except (KeyError, InputError) as error:
        known = f"up one of {', '.join(AXES)}, front one of +Z, -Z, +X, -X"
        raise RejectedShape(f"unknown axes: up {up_axis!r}, front {front_axis!r}; use {known}") from error


def _joined(parts: Sequence[MeshPart], normalize: npt.NDArray[np.float64], keep: bool) -> Asset | Mesh:
    """One asset of all parts, moved by `normalize`, welded."""
    vertices = np.concatenate([transform_points(normalize, part.vertices) for part in parts])
    starts = np.cumsum([0] + [len(part.vertices) for part in parts[:-1]])
    faces = np.concatenate([part.faces + start for part, start in zip(parts, starts, strict=True)])
    used, faces = np.unique(faces, return_inverse=True)
    vertices, faces = vertices[used], faces.reshape(-1, 3)
    counts = [len(part.faces) for part in parts]
    colors = _blended_colors(parts) if keep else None
    mesh, kept = _welded(vertices, faces, colors)
    if not keep or _is_unstyled(parts):
        return Mesh(mesh.vertices, mesh.faces)
    table: dict[Material, int] = {}
    of_part = [table.setdefault(_material(part.material), len(table)) for part in parts]
    textures: list[Colors] = []
    which: dict[bytes, int] = {}
    texture_of_part = []
    for part in parts:
        if part.texture is None:
            texture_of_part.append(-1)
            continue
        index = which.setdefault(part.texture.tobytes(), len(textures))
        if index == len(textures):
            textures.append(part.texture)
        texture_of_part.append(index)
    uv = None
    if textures:
        none = [np.zeros((count, 3, 2), np.float32) for count in counts]
        uv = np.concatenate([empty if part.uv is None else part.uv for part, empty in zip(parts, none, strict=True)])[
            kept
        ]
    return Asset(
        mesh=mesh,
        face_material=np.repeat(np.asarray(of_part, np.int32), counts)[kept],
        materials=tuple(table),
        face_texture=np.repeat(np.asarray(texture_of_part, np.int32), counts)[kept],
        uv=uv,
        textures=tuple(textures),
    )


def _material(said: MeshMaterial | None) -> Material:
    """What the renderer takes a material of a file for."""
    if said is None:
        return _UNSTYLED
    roughness = 0.6 if said.roughness is None else max(said.roughness, 0.05)
    # glTF means "metal" where it says nothing; exporters that say nothing mean nothing by it.
    metallic = 0.0 if said.metallic is None else said.metallic
    return Material(said.color, roughness=roughness, specular=0.2 + 0.6 * metallic * (1.0 - roughness))


def _blended_colors(parts: Sequence[MeshPart]) -> Colors | None:
    """Colours `f 3 3` of all corners where any part has its own: material colour times vertex colour, as in glTF."""
    if all(part.corner_colors is None for part in parts):
        return None
    colors = []
    for part in parts:
        of_part = np.full((len(part.faces), 3, 3), 255, np.uint8) if part.corner_colors is None else part.corner_colors
        base = part.material.color if part.material else ((1.0,) * 3 if part.corner_colors is not None else (0.5,) * 3)
        colors.append(np.rint(of_part * np.asarray(base)).astype(np.uint8))
    return np.concatenate(colors)


def _welded(
    vertices: npt.NDArray[np.float64], faces: npt.NDArray[np.int64], colors: Colors | None
) -> tuple[Mesh, npt.NDArray[np.int64]]:
    """The mesh with near-equal vertices (of equal colour, if any) made one; and the indices of the faces kept."""
    low = vertices.min(axis=0)
    cells = np.rint((vertices - low) / WELD_DISTANCE).astype(np.int64)
    spot = np.unique(cells[:, 0] << 42 | cells[:, 1] << 21 | cells[:, 2], return_inverse=True)[1][faces]
    sound = np.flatnonzero((spot != np.roll(spot, 1, axis=1)).all(axis=1))
    if not len(sound):
        raise RejectedShape("empty: every face collapses to a line or a point")
    corners = spot[sound].ravel()
    packed = corners.astype(np.int64)
    if colors is not None:
        of_corner = colors[sound].reshape(-1, 3).astype(np.int64)
        packed = packed << 24 | of_corner[:, 0] << 16 | of_corner[:, 1] << 8 | of_corner[:, 2]
    _, first, index = np.unique(packed, return_index=True, return_inverse=True)
    # All vertices of a spot move to the place of one of them, so that colour seams stay closed.
    place = np.empty(int(spot.max()) + 1, np.int64)
    place[spot.ravel()[::-1]] = faces.ravel()[::-1]
    mesh = Mesh(
        vertices=vertices[place[corners[first]]].astype(np.float32),
        faces=index.reshape(-1, 3).astype(np.int32),
        colors=None if colors is None else colors[sound].reshape(-1, 3)[first],
    )
    return mesh, sound


def _is_unstyled(parts: Sequence[MeshPart]) -> bool:
    """Whether a file says nothing about colours: no texture, no vertex colours, at most one grey material in all."""
    if any(part.texture is not None or part.corner_colors is not None for part in parts):
        return False
    colors = {part.material.color for part in parts if part.material is not None}
    return len(colors) <= 1 and all(max(color) - min(color) < 0.02 for color in colors)


def randomly_dressed(mesh: Mesh, rng: np.random.Generator) -> Asset:
    """The mesh in one random material, or (every second one) its connected parts in two to four."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    faces = mesh.faces
    count = int(rng.integers(2, 5)) if rng.random() < 0.5 else 1
    materials = tuple(random_material(rng) for _ in range(count))
    links = (np.ones(2 * len(faces), bool), (faces[:, :2].ravel(), faces[:, 1:].ravel()))
    graph = coo_matrix(links, shape=(len(mesh.vertices), len(mesh.vertices)))
    total, of_vertex = connected_components(graph, directed=False)
    of_component = rng.integers(count, size=total).astype(np.int32)
    return Asset(
        mesh=Mesh(mesh.vertices, faces),
        face_material=of_component[of_vertex[faces[:, 0]]],
        materials=materials,
        face_texture=np.full(len(faces), -1, np.int32),
    )
