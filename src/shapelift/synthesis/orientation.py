"""Faces of real-world meshes turned outward, part by part.

Winding numbers need faces that agree on which side is out; downloaded models often do not. `orient` welds equal
vertices, drops what carries no surface, and turns whole patches (faces joined through edges shared by two faces):

- A closed patch faces outward, by its signed volume. A closed patch authored the other way round *inside* a solid is a
  cavity and stays one; when the signed volumes sum to less than zero the whole mesh is inside-out and is turned first.
- An open patch faces the side that sees more of the open sky (rays from both of its sides; the idea of Takayama,
  Jacobson, Kavan, Sorkine-Hornung, "A simple method for correcting facet orientations in polygon meshes based on ray
  casting", 2014). When both sides see the same, the patch stays as authored.
- Exact duplicates count once. Two copies with opposite winding cancel (a wall shared by two touching boxes) unless
  nearly all of their part is doubled, which is how double-sided surfaces are exported: then one copy stays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError
from shapelift.geometry import Mesh
from shapelift.synthesis.rays import TRAIN_EXTRA, RayScene

_WELD = 2.0**-20  # vertices closer than about this share of the longest side are one
_RAYS, _RAYS_PER_PATCH = 4000, 24
_VOTE_MARGIN = 0.02
_DOUBLED = 0.9
_NESTED = 0.9

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]
_Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class OrientedMesh:
    """A triangle mesh whose faces look outward, in the frame and unit of the mesh it was made from.

    Attributes:
        vertices: `v 3` float64, welded.
        faces: `f 3` int64.
        source_face: `f` int64, the face of the original mesh each one comes from.
        closed: Whether every edge is crossed as often one way as the other, so that winding numbers are whole.
        cancelled: `c 3` int64, one copy of each face that was left out because copies of it look both ways.
    """

    vertices: _Floats
    faces: _Ints
    source_face: _Ints
    closed: bool
    cancelled: _Ints

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left."""
        return not len(self.faces)

    def as_mesh(self) -> Mesh:
        """The same surface as a Mesh (float32)."""
        return Mesh(self.vertices.astype(np.float32), self.faces.astype(np.int32))


def orient(mesh: Mesh) -> OrientedMesh:
    """Clean and orient `mesh`; the result depends on the mesh alone.

    Args:
        mesh: Any triangles: closed, open, flipped, nested, intersecting, duplicated, with zero-area faces.

    Returns:
        The oriented mesh, empty when nothing with an area is left.

    Raises:
        InputError: embreex or libigl is needed and not installed.
    """
    vertices, faces = _weld(mesh)
    distinct = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    source = np.flatnonzero(distinct)
    faces = faces[source]
    kept, lost = _without_duplicates(faces, len(vertices))
    cancelled = faces[lost]
    faces, source = faces[kept], source[kept]
    if not len(faces):
        return OrientedMesh(vertices, faces, source, False, cancelled)
    flips, patch = _consistent(faces, len(vertices))
    faces = _turned(faces, flips)
    areas = np.linalg.norm(_crosses(vertices, faces), axis=1) / 2.0
    authored = np.bincount(patch, np.where(flips, -areas, areas)) >= 0
    faces = _turned(faces, ~authored[patch])
    faces = _turned(faces, _outward(vertices, faces, patch, areas)[patch])
    closed = bool((edge_sums(faces, len(vertices))[0] == 0).all())
    return OrientedMesh(vertices, faces, source, closed, cancelled)


def _weld(mesh: Mesh) -> tuple[_Floats, _Ints]:
    vertices = mesh.vertices.astype(np.float64)
    faces = mesh.faces.astype(np.int64)
    if not len(vertices) or not len(faces):
        return vertices, faces
    low = vertices.min(axis=0)
    step = max(float(np.ptp(vertices, axis=0).max()), 1e-30) * _WELD
    cell = np.rint((vertices - low) / step).astype(np.int64)
    _, first, which = np.unique(
        (cell[:, 0] << 42) | (cell[:, 1] << 21) | cell[:, 2], return_index=True, return_inverse=True
    )
    return vertices[first], which[faces]


def _without_duplicates(faces: _Ints, vertex_count: int) -> tuple[_Ints, _Ints]:
    """Indices of the faces to keep, and of one copy of each face all copies of which are left out; both ascending."""
    ordered = np.sort(faces, axis=1)
    key = (ordered[:, 0] * vertex_count + ordered[:, 1]) * vertex_count + ordered[:, 2]
    if vertex_count > 2_000_000:  # the key above would not fit
        key = np.unique(ordered, axis=0, return_inverse=True)[1].ravel()
    _, first, group, copies = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
    if len(first) == len(faces):
        return np.arange(len(faces)), np.zeros(0, np.int64)
    even = (faces == ordered).all(axis=1) | (np.roll(faces, 1, axis=1) == ordered).all(axis=1)
    even |= (np.roll(faces, 2, axis=1) == ordered).all(axis=1)
    balance = np.bincount(group, np.where(even, 1.0, -1.0))
    opposed = (copies > 1) & (balance == 0)
    part = components(faces, vertex_count)
    doubled = np.bincount(part, opposed[group]) >= _DOUBLED * np.bincount(part)
    # the copy that stays has the winding of the majority
    wanted = np.where(balance[group] == 0, even[first][group], balance[group] > 0)
    keep = (even == wanted) & (~opposed[group] | doubled[part])
    chosen = np.full(len(first), len(faces))
    index = np.flatnonzero(keep)
    np.minimum.at(chosen, group[index], index)
    return np.sort(chosen[chosen < len(faces)]), np.sort(first[chosen == len(faces)])


def components(faces: _Ints, vertex_count: int) -> _Ints:
    """Part of each of `faces` `f 3`, `f`, counted from 0: faces that share a vertex are in one part."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    pairs = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]]])
    graph = coo_matrix((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), (vertex_count, vertex_count))
    label = connected_components(graph, directed=False)[1]
    return np.unique(label[faces[:, 0]], return_inverse=True)[1].astype(np.int64)


def edge_sums(faces: _Ints, vertex_count: int, patch: _Ints | None = None) -> tuple[_Ints, _Ints]:
    """How often each edge of a mesh runs up minus down, `e`, and the edge of each face corner, `3f`.

    Args:
        faces: `f 3`.
        vertex_count: Number of vertices.
        patch: A number for each face, `f`; an edge that several patches share is counted in each by itself.
    """
    start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    key = np.minimum(start, end) * vertex_count + np.maximum(start, end)
    edge = np.unique(key, return_inverse=True)[1]
    if patch is not None:
        edge = np.unique(np.repeat(patch, 3) * (edge.max() + 1) + edge, return_inverse=True)[1]
    sums = np.bincount(edge, np.where(start < end, 1.0, -1.0))
    return sums.astype(np.int64), edge.astype(np.int64)


def _consistent(faces: _Ints, vertex_count: int) -> tuple[_Bools, _Ints]:
    """Which faces to turn so that neighbours agree, `f`, and the patch of each face, `f`.

    Parts whose edges already balance are one patch each and stay; the others are split at edges of three or more faces.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    sums, edge = edge_sums(faces, vertex_count)
    count = len(faces)
    graph = coo_matrix(
        (np.ones(3 * count, np.int8), (np.repeat(np.arange(count), 3), edge + count)),
        (count + len(sums), count + len(sums)),
    )
    patch = np.unique(connected_components(graph, directed=False)[1][:count], return_inverse=True)[1].astype(np.int64)
    flips = np.zeros(count, bool)
    loose = np.flatnonzero(np.bincount(patch, (sums[edge] != 0).reshape(-1, 3).any(axis=1))[patch] > 0)
    if len(loose):
        try:
            import igl
        except ImportError as error:
            raise InputError(TRAIN_EXTRA.format(name="libigl")) from error
        turned, piece = igl.bfs_orient(faces[loose])
        flips[loose] = np.asarray(turned)[:, 0] != faces[loose, 0]
        patch[loose] = patch.max() + 1 + np.asarray(piece)
        patch = np.unique(patch, return_inverse=True)[1].astype(np.int64)
    return flips, patch


def _outward(vertices: _Floats, faces: _Ints, patch: _Ints, areas: _Floats) -> _Bools:
    """Which patches to turn, `p`."""
    count = int(patch.max()) + 1
    sums, edge = edge_sums(faces, len(vertices), patch)
    closed = np.bincount(patch, (sums[edge] != 0).reshape(-1, 3).any(axis=1), minlength=count) == 0
    volume = _volumes(vertices, faces, patch, count)
    turn = np.zeros(count, bool)
    if closed.any():
        inside_out = volume[closed].sum() < 0
        negative = closed & ((volume < 0) != inside_out)
        turn[closed] = inside_out
        righted = _turned(faces, turn[patch])
        turn[negative & ~_cavities(vertices, righted, patch, closed & ~negative, negative)] ^= True
    if not closed.all():
        turn[~closed] = _votes(vertices, faces, patch, areas, ~closed)[~closed]
    return turn


def _volumes(vertices: _Floats, faces: _Ints, patch: _Ints, count: int) -> _Floats:
    """Signed volume of every patch, each measured from its own first corner, `p`."""
    corners = vertices[faces]
    first = np.zeros((count, 3))
    first[patch[::-1]] = corners[::-1, 0]
    corners = corners - first[patch][:, None]
    parts = np.einsum("fi,fi->f", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6.0
    volumes: _Floats = np.bincount(patch, parts, minlength=count).astype(np.float64)
    return volumes


def _cavities(vertices: _Floats, faces: _Ints, patch: _Ints, solid: _Bools, negative: _Bools) -> _Bools:
    """Which of the `negative` patches lie inside the union of the `solid` ones, which face outward, `p`."""
    result = np.zeros(len(solid), bool)
    if not negative.any() or not solid.any():
        return result
    members = np.flatnonzero(negative[patch])
    order = np.argsort(patch[members], kind="stable")
    members = members[order]
    rank = np.arange(len(members)) - np.searchsorted(patch[members], patch[members])
    chosen = members[rank < 32]
    centers = vertices[faces[chosen]].mean(axis=1)
    scene = RayScene(vertices, faces[solid[patch]])
    inside = scene.inside_closed(centers)
    total = np.bincount(patch[chosen], minlength=len(solid))
    share = np.bincount(patch[chosen], inside, minlength=len(solid)) / np.maximum(total, 1)
    result[negative] = share[negative] >= _NESTED
    return result


def _votes(vertices: _Floats, faces: _Ints, patch: _Ints, areas: _Floats, voting: _Bools) -> _Bools:
    """Which of the `voting` patches see more open sky from behind than from the front, `p`."""
    rng = np.random.default_rng(0)
    members = np.flatnonzero(voting[patch])
    members = members[np.argsort(patch[members], kind="stable")]
    ends = np.cumsum(areas[members] + 1e-30)
    low = np.searchsorted(patch[members], np.flatnonzero(voting), side="left")
    high = np.searchsorted(patch[members], np.flatnonzero(voting), side="right")
    start = np.concatenate([[0.0], ends])[low]
    span = ends[high - 1] - start
    rays = np.maximum(np.rint(_RAYS * span / ends[-1]), _RAYS_PER_PATCH).astype(np.int64)
    owner = np.repeat(np.arange(len(low)), rays)
    step = np.arange(len(owner)) - np.repeat(np.cumsum(rays) - rays, rays)
    position = start[owner] + (step + rng.random(len(owner))) / rays[owner] * span[owner]
    face = members[np.clip(np.searchsorted(ends, position), low[owner], high[owner] - 1)]
    corners = vertices[faces[face]]
    normal = _crosses(vertices, faces[face])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-30)
    weights = rng.dirichlet(np.ones(3), len(face))
    points = np.einsum("nk,nkd->nd", weights, corners)
    directions = rng.normal(size=points.shape)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    directions *= np.where(np.einsum("nd,nd->n", directions, normal) < 0, -1.0, 1.0)[:, None]
    scene = RayScene(vertices, faces)
    offset = normal * (float(np.ptp(vertices[faces], axis=(0, 1)).max()) * 1e-5)
    front = scene.escapes(points + offset, directions)
    back = scene.escapes(points - offset, -directions)
    gain = np.bincount(owner, back.astype(float) - front.astype(float)) / rays
    result = np.zeros(len(voting), bool)
    result[voting] = gain > _VOTE_MARGIN
    return result


def _crosses(vertices: _Floats, faces: _Ints) -> _Floats:
    corners = vertices[faces]
    return np.asarray(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))


def _turned(faces: _Ints, flips: _Bools) -> _Ints:
    return np.where(flips[:, None], faces[:, ::-1], faces)
