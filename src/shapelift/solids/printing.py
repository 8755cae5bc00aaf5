"""From a closed mesh to one that a slicer takes without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Mesh
from shapelift.geometry.welding import coincident, welded
from shapelift.solids.check import check
from shapelift.solids.volumes import keep_volumes

if TYPE_CHECKING:
    from manifold3d import Manifold

_TOLERANCE = 1e-4
"""How far the surface may move when short edges and flat regions are simplified, as a share of the longest side:
0.01 mm on a model of 100 mm, well below what a printer resolves."""
_RETREAT = 0.1
"""How far vertices at one place are drawn apart, as a share of the way to the mean of their neighbours."""


def printable(mesh: Mesh, *, minimum_share: float = 0.01, tolerance: float = _TOLERANCE) -> Mesh:
    """A clean solid: manifold, outward, without slivers, artefacts and cavities.

    Short edges and the vertices of flat regions are removed by manifold3d, which proves the result manifold; small
    components and cavities go as `keep_volumes` says; parts that touch in an edge or a corner are drawn apart a little.
    A mesh that is inside out as a whole is turned.

    Args:
        mesh: Closed, consistently oriented; vertices at equal places may or may not be shared.
        minimum_share: See `keep_volumes`.
        tolerance: How far the surface may move, as a share of the longest side of the mesh; 0 keeps every vertex
            that is not degenerate.

    Returns:
        A mesh for which `check` reports nothing, colours kept.

    Raises:
        ValueError: a mesh that is open or inconsistent, or one that encloses no volume; the message says why.
    """
    solid = manifold_of(mesh)
    longest = float(np.ptp(mesh.vertices, axis=0).max())
    solid = solid.simplify(tolerance * longest)
    cleaned = mesh_of(solid)
    if cleaned.volume < 0:
        cleaned = Mesh(cleaned.vertices, cleaned.faces[:, ::-1], cleaned.colors)
    return drawn_apart(keep_volumes(cleaned, minimum_share=minimum_share))


def manifold_of(mesh: Mesh) -> Manifold:
    """The mesh as a solid of manifold3d; colours travel as three properties in [0, 1].

    Raises:
        ValueError: the mesh is not a closed, consistently oriented surface.
    """
    from manifold3d import Error, Manifold
    from manifold3d import Mesh as ManifoldMesh

    if mesh.is_empty:
        raise ValueError("the mesh is empty, so it is no solid")
    for candidate in (mesh, None):
        source = welded(mesh) if candidate is None else candidate
        properties = source.vertices
        if source.colors is not None:
            properties = np.concatenate([properties, source.colors.astype(np.float32) / 255.0], axis=1)
        solid = Manifold(ManifoldMesh(np.array(properties, np.float32), np.array(source.faces, np.uint32)))
        if solid.status() == Error.NoError and not solid.is_empty():
            return solid
    problems = ", ".join(check(mesh).problems) or str(solid.status())
    raise ValueError(f"the mesh is not a closed, consistently oriented surface ({problems}); repair it first")


def mesh_of(solid: Manifold) -> Mesh:
    """A solid of manifold3d as a mesh, with its first three properties beyond the position as colours."""
    result = solid.to_mesh()
    properties = np.asarray(result.vert_properties)
    place = np.arange(len(properties))
    # Vertices that differ in properties only are listed twice, and merged by these two vectors.
    place[np.asarray(result.merge_from_vert, np.intp)] = np.asarray(result.merge_to_vert, np.intp)
    faces = place[np.asarray(result.tri_verts, np.intp)]
    colors = None
    if properties.shape[1] >= 6:
        colors = np.clip(np.round(properties[:, 3:6] * 255.0), 0, 255).astype(np.uint8)
    return Mesh(properties[:, :3], faces.astype(np.int32), colors)


def drawn_apart(mesh: Mesh) -> Mesh:
    """Move vertices that share a place, but no face, towards their own neighbours, so that nothing touches.

    Where two parts meet in an edge or a corner a manifold has two vertices at one place. A file without shared
    vertices would join them again, into an edge of four triangles.

    Raises:
        ValueError: the vertices cannot be separated.
    """
    vertices = mesh.vertices.astype(np.float64)
    for _ in range(8):
        stacked = _stacked(vertices.astype(np.float32))
        if not stacked.any():
            return Mesh(vertices.astype(np.float32), mesh.faces, mesh.colors)
        total, count = np.zeros_like(vertices), np.zeros(len(vertices))
        for side in range(3):
            for other in ((side + 1) % 3, (side + 2) % 3):
                np.add.at(total, mesh.faces[:, side], vertices[mesh.faces[:, other]])
                np.add.at(count, mesh.faces[:, side], 1.0)
        moving = stacked & (count > 0)
        vertices[moving] += _RETREAT * (total[moving] / count[moving, None] - vertices[moving])
    raise ValueError("parts of the mesh touch in so many places that they cannot be drawn apart")


def _stacked(vertices: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Vertices that have company at their place."""
    first = coincident(vertices)
    return np.asarray(np.bincount(first, minlength=len(vertices))[first] > 1)
