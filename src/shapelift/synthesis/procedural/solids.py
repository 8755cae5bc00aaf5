"""Closed solids that procedural shapes are built of, and their assembly into one.

Categories build in any unit (metres read best) with +Y up and the front towards +Z; `assemble` unites the parts,
remembers which part every face came from, and normalises. Parts that should be connected must overlap (0.002 of the
longest side is enough); parts that merely touch are not guaranteed to fuse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from manifold3d import CrossSection, Error, FillRule, Manifold, Mesh64, OpType
from scipy.spatial import cKDTree

from shapelift.geometry import Mesh
from shapelift.synthesis.materials import Asset, Material

Axis = Literal["x", "y", "z"]
Array = npt.NDArray[np.float64]
Vector = Sequence[float] | Array
Part = tuple[Manifold, str]
"""A solid with the name of its material group."""
Groups = dict[str, list[Manifold]]
"""Solids by the name of their material group."""

SIDES = (-1.0, 1.0)
"""Signs of the two halves of something symmetric."""

# Rotations that carry the Z axis to another one.
_FROM_Z: dict[Axis, Array] = {
    "x": np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
    "y": np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]),
    "z": np.eye(3),
}
# Vertices closer than this share of the longest side are one vertex: single precision could not keep them apart.
_MERGE_TOLERANCE = 2e-5
# Parts are grown by about this share of their longest side before they are united.
_HAIR = 4e-4
# Components of less volume (the cube has 1) come of rounding where two surfaces cross at a grazing angle.
_LEAST_VOLUME = 1e-7
# Distinct vertices that still coincide are parted by steps of this size, as often as it takes up to a limit.
_NUDGE = 2e-6
_ATTEMPTS = 6


# ---------------------------------------------------------------------------------------------- outlines (2D)


def rectangle(width: float, height: float) -> Array:
    """Outline `4 2` of a centred rectangle, counter-clockwise."""
    x, y = width / 2, height / 2
    return np.array([[-x, -y], [x, -y], [x, y], [-x, y]])


def ellipse(width: float, height: float, segments: int = 24) -> Array:
    """Outline `segments 2` of a centred ellipse, counter-clockwise.

    Args:
        width: Full axis along the first coordinate.
        height: Full axis along the second one.
        segments: Number of points.
    """
    return superellipse(width, height, 2.0, segments)


def superellipse(width: float, height: float, power: float, segments: int = 32) -> Array:
    """Outline `segments 2` of |x/a|^power + |y/b|^power = 1, counter-clockwise.

    Args:
        width: 2a.
        height: 2b.
        power: 2 is an ellipse, 4 a squircle, large a rectangle.
        segments: Number of points.
    """
    angles = 2 * np.pi * np.arange(segments) / segments
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    radius = (np.abs(directions) ** power).sum(axis=1) ** (-1 / power)
    return np.asarray(directions * radius[:, None] * np.array([width / 2, height / 2]))


def rounded_rectangle(width: float, height: float, radius: float, segments: int = 4) -> Array:
    """Outline `n 2` of a centred rectangle whose corners are arcs, counter-clockwise.

    Args:
        width: Full length along the first coordinate.
        height: Full length along the second one.
        radius: Of the arcs, clipped to fit.
        segments: Edges of each arc.
    """
    radius = min(radius, 0.499 * width, 0.499 * height)
    if radius <= 1e-9:
        return rectangle(width, height)
    corners = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * [width / 2 - radius, height / 2 - radius]
    arcs = []
    for index, corner in enumerate(corners):
        angles = np.pi / 2 * (index + np.linspace(0, 1, segments + 1))
        arcs.append(corner + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1))
    return np.concatenate(arcs)


def regular_polygon(sides: int, radius: float, phase_deg: float = 0.0) -> Array:
    """Outline `sides 2` of a centred regular polygon, counter-clockwise.

    Args:
        sides: Number of corners.
        radius: From the middle to the corners.
        phase_deg: Where the first corner stands, from the first axis towards the second.
    """
    angles = 2 * np.pi * np.arange(sides) / sides + np.radians(phase_deg)
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def smooth_curve(points: Vector | Sequence[Vector], samples: int) -> Array:
    """Catmull-Rom curve through control points `k d`, as `samples` points `samples d`, both ends included."""
    control = np.asarray(points, dtype=np.float64)
    padded = np.concatenate([2 * control[:1] - control[1:2], control, 2 * control[-1:] - control[-2:-1]])
    where = np.linspace(0, len(control) - 1, samples)
    index = np.minimum(where.astype(int), len(control) - 2)
    t = (where - index)[:, None]
    p0, p1, p2, p3 = (padded[index + offset] for offset in range(4))
    cubic = -p0 + 3 * p1 - 3 * p2 + p3
    return np.asarray(0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + cubic * t**3))


def outline_at(outline: Array, at: float, axis: Axis = "y") -> Array:
    """Points `n 3` of an outline that lies in a plane square to an axis.

    Args:
        outline: `n 2`, with coordinates as for `prism`.
        at: Where the plane cuts the axis.
        axis: The axis.
    """
    u, v, w = outline[:, 0], outline[:, 1], np.full(len(outline), at)
    return np.stack({"x": (w, v, u), "y": (u, w, v), "z": (u, v, w)}[axis], axis=1)


# ---------------------------------------------------------------------------------------------- solids


def solid_from_mesh(vertices: Array, faces: npt.NDArray[np.integer]) -> Manifold:
    """Solid from a closed triangle mesh `v 3`, `f 3`, in either orientation.

    Raises:
        ValueError: the mesh is not closed.
    """
    tri = np.ascontiguousarray(faces, dtype=np.uint64)
    result = Manifold(Mesh64(np.ascontiguousarray(vertices, dtype=np.float64), tri))
    if result.status() != Error.NoError:
        raise ValueError(f"these triangles do not close a solid: {result.status().name}")
    if result.volume() < 0:
        result = Manifold(Mesh64(np.ascontiguousarray(vertices, dtype=np.float64), np.ascontiguousarray(tri[:, ::-1])))
    return result


def box(size: Vector, center: Vector = (0.0, 0.0, 0.0), rounding: float = 0.0, segments: int = 3) -> Manifold:
    """Box about a middle.

    Args:
        size: Full extents `3`.
        center: The middle `3`.
        rounding: Radius of all edges, clipped to fit.
        segments: Points along a quarter of a rounded edge.
    """
    extent = np.asarray(size, dtype=np.float64)
    middle = np.asarray(center, dtype=np.float64)
    radius = min(rounding, 0.499 * float(extent.min()))
    if radius <= 1e-9:
        return Manifold.cube(extent, True).translate(middle)
    angles = np.linspace(0, np.pi / 2, segments)
    longitude, latitude = (grid.ravel() for grid in np.meshgrid(angles, angles))
    octant = np.stack(
        [np.cos(latitude) * np.cos(longitude), np.sin(latitude), np.cos(latitude) * np.sin(longitude)], axis=1
    )
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    points = signs[:, None, :] * (extent / 2 - radius + radius * octant)
    return Manifold.hull_points(points.reshape(-1, 3) + middle)


def box_between(low: Vector, high: Vector, rounding: float = 0.0, segments: int = 3) -> Manifold:
    """Box between two corners.

    Args:
        low: One corner `3`.
        high: The opposite one; either may be the greater.
        rounding: See `box`.
        segments: See `box`.
    """
    a, b = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    return box(np.abs(b - a), (a + b) / 2, rounding, segments)


def prism(
    outline: Sequence[Vector] | Array,
    low: float,
    high: float,
    axis: Axis = "y",
    holes: Sequence[Sequence[Vector] | Array] = (),
) -> Manifold:
    """Straight extrusion of an outline along an axis.

    Args:
        outline: `n 2`, coordinates (x, z) for the axis "y", (x, y) for "z" and (z, y) for "x".
        low: One end along the axis.
        high: The other end; either may be the greater.
        axis: The direction.
        holes: Outlines of what is cut out.
    """
    bottom, top = min(low, high), max(low, high)
    section = CrossSection([np.asarray(one, dtype=np.float64) for one in (outline, *holes)], FillRule.EvenOdd)
    return _along_axis(Manifold.extrude(section, top - bottom).translate((0.0, 0.0, bottom)), axis)


def _along_axis(upright: Manifold, axis: Axis) -> Manifold:
    """Turn a solid whose outline lies in (x, y) and whose height is z so that its height runs along `axis`."""
    if axis == "z":
        return upright
    order = {"y": (0, 2, 1), "x": (2, 1, 0)}[axis]
    matrix = np.zeros((3, 4))
    matrix[np.arange(3), order] = 1.0
    return upright.transform(matrix)


def loft(sections: Array | Sequence[Array]) -> Manifold:
    """Skin through closed sections `k n 3` in order, flat caps at both ends (star-shaped about their mean).

    A section may shrink to a point (all n vertices equal): the end is then pointed.
    """
    rings = np.asarray(sections, dtype=np.float64)
    count, n = rings.shape[:2]
    vertices = np.concatenate([rings.reshape(-1, 3), rings[[0, -1]].mean(axis=1)])
    near = np.arange(n)
    far = (near + 1) % n
    faces = []
    for ring in range(count - 1):
        a, b = ring * n + near, ring * n + far
        faces += [np.stack([a, b, b + n], axis=1), np.stack([a, b + n, a + n], axis=1)]
    last = (count - 1) * n
    faces.append(np.stack([far, near, np.full(n, count * n)], axis=1))
    faces.append(np.stack([last + near, last + far, np.full(n, count * n + 1)], axis=1))
    return solid_from_mesh(*_without_collapsed(vertices, np.concatenate(faces)))


def _without_collapsed(vertices: Array, faces: npt.NDArray[np.int_]) -> tuple[Array, npt.NDArray[np.int_]]:
    """Merge equal vertices and drop the triangles that lose a side by it."""
    unique, index = np.unique(vertices, axis=0, return_inverse=True)
    merged = index.reshape(-1)[faces]
    keep = (merged[:, 0] != merged[:, 1]) & (merged[:, 1] != merged[:, 2]) & (merged[:, 2] != merged[:, 0])
    return unique, merged[keep]


def stack(outline: Array, levels: Sequence[tuple[float, float]]) -> Manifold:
    """Loft of one lying outline `n 2` of (x, z) through levels of (height, scale)."""
    return loft([outline_at(outline * scale, height) for height, scale in levels])


def slab(outline: Array, low: float, high: float, bevel: float = 0.0) -> Manifold:
    """Lying plate with rounded rims.

    Args:
        outline: `n 2`, coordinates (x, z), convex.
        low: Height of the lower face.
        high: Height of the upper face.
        bevel: Radius of the rims, clipped to fit.
    """
    bevel = min(bevel, 0.49 * (high - low))
    if bevel <= 1e-9:
        return prism(outline, low, high)
    half = np.abs(outline).max(axis=0)
    angles = np.linspace(0, np.pi / 2, 3)
    inset, rise = bevel * (1 - np.sin(angles)), bevel * (1 - np.cos(angles))
    levels = [(low + y, d) for d, y in zip(inset, rise, strict=True)]
    levels += [(high - y, d) for d, y in reversed(list(zip(inset, rise, strict=True)))]
    return loft([outline_at(outline * ((half - d) / half), height) for height, d in levels])


def post(
    bottom: Vector, top: Vector, outline: Array, profile: Sequence[tuple[float, float]] = ((0.0, 1.0), (1.0, 1.0))
) -> Manifold:
    """Upright, possibly slanting bar with level ends.

    Args:
        bottom: Middle `3` of the lower end.
        top: Middle `3` of the upper end.
        outline: `n 2`, coordinates (x, z).
        profile: Height fraction from 0 at `bottom` to 1 at `top`, and scale of the outline: a taper, or a turned leg.
    """
    start, end = np.asarray(bottom, dtype=np.float64), np.asarray(top, dtype=np.float64)
    return loft([start + (end - start) * fraction + outline_at(outline, 0.0) * scale for fraction, scale in profile])


def revolve(
    profile: Sequence[Vector] | Array, axis: Axis = "y", segments: int = 24, center: Vector = (0.0, 0.0, 0.0)
) -> Manifold:
    """Solid of revolution about a line along an axis.

    Args:
        profile: Closed outline `n 2` of (radius, position along the axis).
        axis: The direction of the line.
        segments: Corners of every circle.
        center: A point `3` on the line, where the position is 0.
    """
    turned = CrossSection([np.asarray(profile, dtype=np.float64)], FillRule.EvenOdd).revolve(segments)
    return turned.transform(np.column_stack([_FROM_Z[axis], center]))


def cylinder(low: float, high: float, radius: float, top_radius: float | None = None, segments: int = 24) -> Manifold:
    """Upright cylinder or cone about the Y axis (see `rod` for any direction).

    Args:
        low: Height of the lower end.
        high: Height of the upper end.
        radius: At the lower end.
        top_radius: At the upper end, the same by default.
        segments: Corners of the circle.
    """
    return rod((0.0, low, 0.0), (0.0, high, 0.0), radius, top_radius, segments)


def rod(start: Vector, end: Vector, radius: float, end_radius: float | None = None, segments: int = 16) -> Manifold:
    """Round bar or frustum between two points, ends square to its axis.

    Args:
        start: Middle `3` of one end.
        end: Middle `3` of the other.
        radius: At the start.
        end_radius: At the end, the same by default.
        segments: Corners of the circle.
    """
    radii = (radius, radius if end_radius is None else max(end_radius, 1e-3 * radius))
    return sweep([start, end], ellipse(2.0, 2.0, segments), radii)


def beam(start: Vector, end: Vector, width: float, height: float, up: Vector = (0.0, 1.0, 0.0)) -> Manifold:
    """Rectangular bar between two points.

    Args:
        start: Middle `3` of one end.
        end: Middle `3` of the other.
        width: Across.
        height: Along `up`.
        up: Direction `3`.
    """
    return sweep([start, end], rectangle(width, height), up=up)


def tube(path: Sequence[Vector] | Array, radius: float | Vector, segments: int = 10, closed: bool = False) -> Manifold:
    """Round bar along a polyline; see `sweep`.

    Args:
        path: Points `k 3`.
        radius: One for all, or one for each point.
        segments: Corners of the circle.
        closed: Whether the last point is followed by the first.
    """
    return sweep(path, ellipse(2.0, 2.0, segments), radius, closed=closed)


def sweep(
    path: Sequence[Vector] | Array,
    section: Array,
    scale: float | Vector = 1.0,
    up: Vector = (0.0, 1.0, 0.0),
    closed: bool = False,
) -> Manifold:
    """Section carried along a polyline with mitred joints; bends sharper than about 120 degrees make long mitres.

    Args:
        path: Points `k 3`, in a plane if closed.
        section: Outline `n 2`; its second coordinate starts along `up`, made square to the path, and does not twist.
        scale: Of the section, one for all or one for each point.
        up: Direction `3`.
        closed: Whether the last point is followed by the first.
    """
    points = np.asarray(path, dtype=np.float64)
    scales = np.broadcast_to(np.asarray(scale, dtype=np.float64), (len(points),))
    following = np.roll(points, -1, axis=0) - points
    directions = following / np.maximum(np.linalg.norm(following, axis=1, keepdims=True), 1e-12)
    if not closed:
        directions[-1] = directions[-2]
    previous = np.roll(directions, 1, axis=0)
    if not closed:
        previous[0] = directions[0]
    planes = previous + directions
    offsets = _section_axes(previous[0], up, section)
    offsets = _onto_plane(offsets, previous[0], planes[0])
    rings = [points[0] + offsets * scales[0]]
    for index in range(1, len(points)):
        offsets = _onto_plane(offsets, directions[index - 1], planes[index])
        rings.append(points[index] + offsets * scales[index])
    return _ring(np.asarray(rings)) if closed else loft(rings)


def _section_axes(direction: Array, up: Vector, section: Array) -> Array:
    """Section coordinates as offsets `n 3` in the plane square to `direction`, second axis near `up`."""
    hint = np.asarray(up, dtype=np.float64)
    hint = hint / np.linalg.norm(hint)
    if abs(hint @ direction) > 0.99:
        hint = np.array([0.0, 0.0, 1.0]) if abs(direction[2]) < 0.9 else np.array([0.0, 1.0, 0.0])
    v = hint - (hint @ direction) * direction
    v /= np.linalg.norm(v)
    u = np.cross(v, direction)
    return np.asarray(section[:, :1] * u + section[:, 1:] * v)


def _onto_plane(offsets: Array, direction: Array, normal: Array) -> Array:
    """Slide offsets along `direction` until they lie in the plane through 0 with this normal."""
    return offsets - np.outer(offsets @ normal / (direction @ normal), direction)


def _ring(rings: Array) -> Manifold:
    """Skin through sections `k n 3` whose last joins the first."""
    count, n = rings.shape[:2]
    a = (np.arange(count)[:, None] * n + np.arange(n)).ravel()
    b = (np.arange(count)[:, None] * n + (np.arange(n) + 1) % n).ravel()
    a_next, b_next = (a + n) % (count * n), (b + n) % (count * n)
    faces = np.concatenate([np.stack([a, b, b_next], axis=1), np.stack([a, b_next, a_next], axis=1)])
    return solid_from_mesh(rings.reshape(-1, 3), faces)


def ellipsoid(size: Vector, center: Vector = (0.0, 0.0, 0.0), segments: int = 16) -> Manifold:
    """Ellipsoid about a middle.

    Args:
        size: Full axes `3`.
        center: The middle `3`.
        segments: Corners of its circles.
    """
    extent = np.asarray(size, dtype=np.float64) / 2
    return Manifold.sphere(1.0, segments).scale(extent).translate(center)


def superellipsoid(size: Vector, center: Vector = (0.0, 0.0, 0.0), power: float = 4.0, segments: int = 6) -> Manifold:
    """Superellipsoid about a middle.

    Args:
        size: Full axes `3`.
        center: The middle `3`.
        power: 2 is an ellipsoid, 4 a cushion, 8 a soft box.
        segments: Cells along each side of the six patches.
    """
    ticks = np.tan(np.linspace(-np.pi / 4, np.pi / 4, segments + 1))
    grid = np.arange((segments + 1) ** 2).reshape(segments + 1, segments + 1)
    a, b, c, d = (g.ravel() for g in (grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]))
    quads = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])
    u, v = (g.ravel() for g in np.meshgrid(ticks, ticks, indexing="ij"))
    vertices: list[Array] = []
    faces: list[npt.NDArray[np.int_]] = []
    for axis in range(3):
        for sign in (-1.0, 1.0):
            patch = np.empty((len(u), 3))
            patch[:, axis], patch[:, (axis + 1) % 3], patch[:, (axis + 2) % 3] = sign, u, v
            faces.append((quads if sign > 0 else quads[:, ::-1]) + len(vertices) * len(u))
            vertices.append(patch)
    cube = np.round(np.concatenate(vertices), 12)
    radius = (np.abs(cube) ** power).sum(axis=1) ** (-1 / power)
    merged, triangles = _without_collapsed(cube * radius[:, None], np.concatenate(faces))
    return solid_from_mesh(
        merged * (np.asarray(size, dtype=np.float64) / 2) + np.asarray(center, dtype=np.float64), triangles
    )


# ---------------------------------------------------------------------------------------------- operations


def union(solids: Sequence[Manifold]) -> Manifold:
    """All of the solids as one."""
    return Manifold.batch_boolean(list(solids), OpType.Add)


def difference(solid: Manifold, cutters: Sequence[Manifold]) -> Manifold:
    """The solid without the cutters."""
    return Manifold.batch_boolean([solid, *cutters], OpType.Subtract) if cutters else solid


def rotated(solid: Manifold, axis: Axis, angle_deg: float, pivot: Vector = (0.0, 0.0, 0.0)) -> Manifold:
    """The solid turned about a line, right-handed.

    Args:
        solid: Any.
        axis: Direction of the line.
        angle_deg: The angle.
        pivot: A point `3` on the line.
    """
    angles = [angle_deg if name == axis else 0.0 for name in "xyz"]
    return solid.translate(-np.asarray(pivot, dtype=np.float64)).rotate(angles).translate(pivot)


def reflected(solid: Manifold) -> Manifold:
    """The mirror image: x -> -x."""
    return solid.mirror((1.0, 0.0, 0.0))


def symmetric(solid: Manifold) -> Manifold:
    """The solid together with its mirror image."""
    return union([solid, reflected(solid)])


def circular_pattern(solid: Manifold, count: int, phase_deg: float = 0.0) -> list[Manifold]:
    """Copies turned evenly about the Y axis.

    Args:
        solid: The first copy, before it is turned by `phase_deg`.
        count: Number of copies.
        phase_deg: Where they begin.
    """
    return [rotated(solid, "y", phase_deg + 360.0 * index / count) for index in range(count)]


def warped(solid: Manifold, function: Callable[[Array], Array], edge_length: float | None = None) -> Manifold:
    """The solid with every vertex moved by a function.

    Args:
        solid: Any.
        function: Points `n 3` -> `n 3`. It must keep inside and outside apart (no folding, no crossing).
        edge_length: Longer edges are split before; None leaves all as they are.
    """
    refined = solid if edge_length is None else solid.refine_to_length(edge_length)
    return refined.warp_batch(function)


def bowed(solid: Manifold, forward: float, length: float, edge_length: float) -> Manifold:
    """The ends of a solid brought forward, on a parabola.

    Args:
        solid: Centred at x = 0.
        forward: How far the ends move, along Z.
        length: Of the solid, along X.
        edge_length: See `warped`.
    """

    def parabola(points: Array) -> Array:
        moved = points.copy()
        moved[:, 2] += forward * (2 * points[:, 0] / length) ** 2
        return moved

    return warped(solid, parabola, edge_length)


# ---------------------------------------------------------------------------------------------- assembly


def parts_of(groups: Groups) -> list[Part]:
    """The parts of all groups, in their order."""
    return [(solid, group) for group, solids in groups.items() for solid in solids]


def assemble(parts: Sequence[Part], materials: Mapping[str, Material]) -> Asset:
    """Unite parts into one closed solid, centred with longest side 1, every face with the material of its part's group.

    Every part is first grown by a hair, each by another: touching parts fuse, and no two surfaces coincide, which
    would leave edges that four faces share. Sealed hollows are filled: no ray from outside reaches them. Where
    parts overlap, the surface belongs to whichever part is outermost.

    Raises:
        ValueError: the parts are not all connected.
    """
    present = [(solid, group) for solid, group in parts if not solid.is_empty()]
    marked = [(_grown(solid, index).as_original(), materials[group]) for index, (solid, group) in enumerate(present)]
    mesh = _connected_union([solid for solid, _ in marked]).to_mesh()
    palette: dict[Material, int] = {}
    slots = {solid.original_id(): palette.setdefault(material, len(palette)) for solid, material in marked}
    ends = np.asarray(mesh.run_index) // 3
    runs = np.array([slots[identity] for identity in mesh.run_original_id], dtype=np.int32)
    faces = np.asarray(mesh.tri_verts, dtype=np.int32)
    return Asset(
        mesh=Mesh(vertices=_parted(mesh.vert_properties[:, :3], faces), faces=faces),
        face_material=np.repeat(runs, np.diff(ends)),
        materials=tuple(palette),
        face_texture=np.full(len(faces), -1, dtype=np.int32),
        uv=None,
        textures=(),
    )


def _parted(positions: npt.NDArray[np.float32], faces: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
    """Vertices moved inwards by millionths where several share a place, then centred, longest side exactly 1.

    Two wedges that meet in a line stay two surfaces even for a reader that merges vertices by position.
    """
    vertices = np.array(positions, dtype=np.float64)
    for _ in range(_ATTEMPTS):
        moved = np.unique(cKDTree(vertices).query_pairs(_NUDGE / 4, output_type="ndarray")[:, 1])
        if len(moved) == 0:
            break
        corner = vertices[faces]
        across = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
        across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-12)
        normals = np.zeros_like(vertices)
        np.add.at(normals, faces.ravel(), np.repeat(across, 3, axis=0))
        step = _NUDGE * (1 + np.arange(len(moved)) % 7)[:, None]
        vertices[moved] -= step * (normals[moved] + [0.1, 0.2, 0.3])
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    return np.asarray((vertices - (low + high) / 2) / (high - low).max(), dtype=np.float32)


def _grown(solid: Manifold, index: int) -> Manifold:
    """The solid, larger by an amount of its own (golden-ratio sequence) in every direction."""
    middle, extent = _middle_and_extent(solid)
    hair = _HAIR * float(extent.max()) * (0.4 + 0.618034 * (index + 1) % 1.0)
    return solid.translate(-middle).scale(1 + hair / np.maximum(extent, 1e-9)).translate(middle)


def _connected_union(solids: Sequence[Manifold]) -> Manifold:
    """Union of the solids, normalised, without its sealed hollows."""
    whole = union(solids)
    middle, extent = _middle_and_extent(whole)
    whole = whole.translate(-middle).scale((1 / float(extent.max()),) * 3)
    components = [component for component in whole.decompose() if component.volume() > _LEAST_VOLUME]
    if len(components) != 1:
        volumes = ", ".join(f"{component.volume():.2g}" for component in components)
        raise ValueError(f"the parts are {len(components)} connected components of volume {volumes}: let them overlap")
    return components[0].simplify(_MERGE_TOLERANCE)


def _middle_and_extent(solid: Manifold) -> tuple[Array, Array]:
    corners = np.array(solid.bounding_box())
    return (corners[:3] + corners[3:]) / 2, corners[3:] - corners[:3]
