"""From point clouds, with or without normals, to closed meshes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Box, ImplicitField, Mesh, PointCloud
from shapelift.meshing.closing import closed_field
from shapelift.meshing.fields import mesh_field
from shapelift.meshing.isosurface import isosurface
from shapelift.meshing.orientation import consistent_normals
from shapelift.meshing.points import sample_surface
from shapelift.meshing.poisson import SMOOTHING_CELLS, Values, solve

Array = npt.NDArray[np.float64]

MOST_CELLS = 256
"""Cells on the longest side of the grid on which the surface is solved for. Finer meshes interpolate it, and so do
those that are finer than the distance between points."""
FEWEST_CELLS = 8
"""Cells on the longest side, even where the points are farther apart."""
FEWEST_POINTS = 4
FLAT = 1e-6
"""Thickness of a cloud, relative to its length, below which it is flat."""
CLEARLY = 0.9
"""How much closer to the points the surface from normals must lie, to be taken: it can pass through them all and still
have its inside wrong."""
_NEIGHBORS = 8
_FIT_SAMPLES = 20_000
_COLOR_NEIGHBORS = 4


def mesh_points(cloud: PointCloud, *, resolution: int = 128) -> Mesh:
    """The closed surface through the points of a cloud.

    There are two ways. From normals (`poisson`), where a cloud has none from guessed ones (`orientation`): smooth, and
    right where points are accurate and dense for what they show. And by `closing`, which asks for no normals: it keeps
    thin parts of sparse or uneven clouds, where the first makes blobs. The first is taken where it lies clearly
    closer to the points.

    For the first way points in one cell that face the same way become one, every point gets the area it stands for from
    the distance to its neighbours, and what no point stands by is dropped. Where the surface was not seen it is closed
    smoothly, and flat where nothing says otherwise.

    Args:
        cloud: At least four different points that are not in one plane, in any frame and unit. Normals, where there
            are any, point outwards; points whose normal is zero are left out.
        resolution: Cells on the longest side of the bounding box of the points.

    Returns:
        A mesh in the frame of the cloud in which every edge belongs to two faces, faces outward; with colours where
        the cloud has colours.

    Raises:
        ValueError: too few points, points in one plane, a resolution below 1, or points that enclose nothing.
    """
    if resolution < 1:
        raise ValueError(f"resolution must be at least 1 cell, got {resolution}")
    points, normals = _usable(cloud)
    found = [_by_closing(points, resolution), _by_normals(points, normals, resolution)]
    meshes = [mesh for mesh in found if mesh is not None]
    if not meshes:
        raise ValueError("the points enclose no volume; are their normals turned inwards?")
    mesh = meshes[0]
    if len(meshes) == 2 and _misfit(meshes[1], points) < CLEARLY * _misfit(mesh, points):
        mesh = meshes[1]
    if cloud.colors is None:
        return mesh
    return Mesh(mesh.vertices, mesh.faces, _colors_at(mesh.vertices, cloud.points, cloud.colors))


def _by_closing(points: Array, resolution: int) -> Mesh | None:
    longest = float(np.ptp(points, axis=0).max())
    spacing = longest / min(resolution, MOST_CELLS)
    places = _one_per_cell(points, np.zeros_like(points), spacing)[0]
    try:
        return _surface(*closed_field(places, spacing=spacing), longest / resolution)
    except ValueError:  # nothing is left
        return None


def _by_normals(points: Array, normals: Array | None, resolution: int) -> Mesh | None:
    longest = float(np.ptp(points, axis=0).max())
    spacing = longest / min(resolution, MOST_CELLS)
    if normals is None:
        points = _one_per_cell(points, np.zeros_like(points), spacing)[0]
        normals = consistent_normals(points)
    else:
        points, normals = _one_per_cell(points, normals, spacing)
    areas = _areas(points, normals)
    sparse = min(float(np.quantile(np.sqrt(areas), 0.9)) / SMOOTHING_CELLS, longest / FEWEST_CELLS)
    field, grid = solve(points, normals, areas, spacing=max(spacing, sparse))
    try:
        return _surface(field, grid.origin, grid.spacing, longest / resolution)
    except ValueError:  # nowhere inside
        return None


def _misfit(mesh: Mesh, points: Array) -> float:
    """Mean distance of the points to the surface, plus mean distance of the surface to the points."""
    from scipy.spatial import cKDTree

    samples = sample_surface(mesh, _FIT_SAMPLES, np.random.default_rng(0))
    asked = points[:: max(1, len(points) // _FIT_SAMPLES)]
    _, nearest = cKDTree(samples.points).query(asked)
    # Along the normal: between samples the surface goes on.
    off = np.abs(np.einsum("ni,ni->n", asked - samples.points[nearest], np.asarray(samples.normals)[nearest]))
    back, _ = cKDTree(points).query(samples.points)
    return float(off.mean() + back.mean())


def _usable(cloud: PointCloud) -> tuple[Array, Array | None]:
    """Points and unit normals that a surface can be made of.

    Raises:
        ValueError: there are too few, or all lie in one plane.
    """
    points = cloud.points.astype(np.float64)
    normals = None
    if cloud.normals is not None:
        length = np.linalg.norm(cloud.normals.astype(np.float64), axis=1)
        if (length > 0).any():
            points = points[length > 0]
            normals = cloud.normals[length > 0] / length[length > 0, None]
    different = len(np.unique(points, axis=0))
    if different < FEWEST_POINTS:
        what = f"{len(points)} points" if different == len(points) else f"{different} different points"
        raise ValueError(f"the cloud has {what}, and a solid needs at least {FEWEST_POINTS}")
    extent = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    if extent[2] <= FLAT * extent[0]:
        raise ValueError(f"all points lie {'on one line' if extent[1] <= FLAT * extent[0] else 'in one plane'}")
    return points, normals


def _one_per_cell(points: Array, normals: Array, spacing: float) -> tuple[Array, Array]:
    """Mean points and mean unit normals of those that share a cell and the axis, with its sign, nearest the normal.

    The two sides of a panel that is thinner than a cell stay apart.
    """
    cell = np.floor((points - points.min(axis=0)) / spacing).astype(np.int64)
    counts = cell.max(axis=0) + 1
    axis = np.abs(normals).argmax(axis=1)
    side = 2 * axis + (normals[np.arange(len(normals)), axis] < 0)
    key = ((cell[:, 0] * counts[1] + cell[:, 1]) * counts[2] + cell[:, 2]) * 6 + side
    _, group, size = np.unique(key, return_inverse=True, return_counts=True)
    places = np.stack([np.bincount(group, points[:, i]) for i in range(3)], axis=1) / size[:, None]
    total = np.stack([np.bincount(group, normals[:, i]) for i in range(3)], axis=1)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return places, total / np.where(length > 0, length, 1.0)


def _areas(points: Array, normals: Array) -> Array:
    """The area `n` that every point stands for: the disc of its neighbours, shared among them.

    Neighbours on the other side of a thin part are not counted.
    """
    from scipy.spatial import cKDTree

    count = min(_NEIGHBORS, len(points) - 1)
    distance, index = cKDTree(points).query(points, count + 1)
    same_side = np.einsum("nj,nkj->nk", normals, normals[index]) > -0.5
    areas = np.pi * distance[:, -1] ** 2 / (same_side.sum(axis=1) - 0.5)
    # A point far from all others must not outweigh the rest.
    return np.asarray(np.minimum(areas, 16.0 * np.median(areas)))


def _surface(field: Values, origin: Array, side: float, spacing: float) -> Mesh:
    """The surface at level 0 of a field on a grid with cells of `side`, in cells of side `spacing`.

    Interpolated where the grid is coarser than that.
    """
    if side <= spacing:
        return isosurface(field, origin, [side] * 3)
    from scipy.ndimage import map_coordinates, spline_filter

    coefficients = spline_filter(field, output=np.float32)

    def interpolated(points: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        place = (points - origin) / side
        return np.asarray(map_coordinates(coefficients, place.T, prefilter=False, mode="nearest", output=np.float32))

    inside = np.stack(np.nonzero(field > 0))
    if not inside.size:
        raise ValueError("the field is nowhere positive")
    # Without the margin, which may be far larger than the solid where the grid is coarse.
    low, high = inside.min(axis=1) - 1, inside.max(axis=1) + 1
    box = Box(tuple(origin + low * side), tuple(origin + high * side))
    return mesh_field(ImplicitField(interpolated, box), resolution=round(float(box.size.max()) / spacing))


def _colors_at(
    vertices: npt.NDArray[np.float32], points: npt.NDArray[np.float32], colors: npt.NDArray[np.uint8]
) -> npt.NDArray[np.uint8]:
    """Colours `v 3` of vertices: of the nearest points, weighted by the inverse of their distance."""
    from scipy.spatial import cKDTree

    distance, index = cKDTree(points).query(vertices, min(_COLOR_NEIGHBORS, len(points)))
    weights = 1.0 / (distance + 1e-12 + 1e-3 * distance.max())
    weights /= weights.sum(axis=1, keepdims=True)
    mixed = np.einsum("vk,vkc->vc", weights, colors[index].astype(np.float64))
    return np.asarray(np.clip(np.round(mixed), 0, 255), np.uint8)
