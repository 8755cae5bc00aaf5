"""Voxel grids to meshes, and fields and meshes to voxel grids."""

from __future__ import annotations

from functools import singledispatch

import numpy as np
import numpy.typing as npt

from shapelift.geometry import UNIT_BOX, Box, ImplicitField, Mesh, VoxelGrid
from shapelift.meshing.isosurface import isosurface

_SLAB_POINTS = 1 << 20


def mesh_voxels(grid: VoxelGrid, *, threshold: float = 0.5) -> Mesh:
    """The surface where the occupancy, taken as a field between the centres of the cells, passes the threshold.

    Outside the box the occupancy is 0, so the surface is closed; a full cell at the border ends at the wall of the box.

    Args:
        grid: Occupancy, binary or soft.
        threshold: Probability at the surface, between 0 and 1.

    Returns:
        A closed mesh in the frame of the grid. Cells that touch in an edge or a corner only are joined or kept apart
        as marching cubes decides, never pinched.

    Raises:
        ValueError: no cell is above the threshold, or the threshold is not between 0 and 1.
    """
    if not 0.0 < threshold < 1.0:
        raise ValueError(f"threshold is a probability between 0 and 1, got {threshold}")
    values = np.pad(grid.occupancy, 1) - np.float32(threshold)
    origin = np.array(grid.box.minimum) - grid.cell_size / 2.0
    return isosurface(values, origin, grid.cell_size)


@singledispatch
def voxels(shape: object, resolution: int = 32, *, box: Box | None = None) -> VoxelGrid:
    """Occupancy of the cells of a box, 1 where the centre of the cell lies inside the shape and 0 elsewhere.

    Args:
        shape: An implicit field, or a closed mesh with outward faces.
        resolution: Cells on every side of the box.
        box: What the cells fill. Default: the box of the field; the unit cube for a mesh, and for a field in the
            coordinates of a picture.

    Returns:
        A binary grid of `resolution` cells per side.

    Raises:
        TypeError: a shape of another kind.
        ValueError: a resolution below 1, or an open mesh.
    """
    raise TypeError(f"voxels of a {type(shape).__name__}: give an ImplicitField or a Mesh")


@voxels.register
def _(shape: ImplicitField, resolution: int = 32, *, box: Box | None = None) -> VoxelGrid:
    own_box = shape.box if shape.placement is None else UNIT_BOX
    centers = _empty_grid(resolution, box or own_box).centers.reshape(-1, 3)
    inside = np.empty(len(centers), np.float32)
    for start in range(0, len(centers), _SLAB_POINTS):
        chosen = slice(start, start + _SLAB_POINTS)
        inside[chosen] = shape(centers[chosen]) > 0
    if box is not None:
        inside *= shape.covers(centers)
    return VoxelGrid(inside.reshape((resolution,) * 3), box or own_box)


@voxels.register
def _(shape: Mesh, resolution: int = 32, *, box: Box | None = None) -> VoxelGrid:
    grid = _empty_grid(resolution, box or UNIT_BOX)
    if not shape.is_empty:
        _require_closed(shape)
    # In units of cells, with centres of cells at whole numbers.
    corners = (shape.corners.astype(np.float64) - grid.box.minimum) / grid.cell_size - 0.5
    turns = _winding_along_z(corners, shape.faces, resolution)
    return VoxelGrid((turns > 0).astype(np.float32), grid.box)


def _empty_grid(resolution: int, box: Box) -> VoxelGrid:
    if resolution < 1:
        raise ValueError(f"resolution must be at least 1 cell, got {resolution}")
    return VoxelGrid(np.zeros((resolution,) * 3, np.float32), box)


def _require_closed(mesh: Mesh) -> None:
    """Every directed edge must have its opposite."""
    forward = mesh.faces.astype(np.int64)
    edges = np.stack([forward, np.roll(forward, -1, axis=1)], axis=-1).reshape(-1, 2)
    keys = np.sort(edges[:, 0] * len(mesh.vertices) + edges[:, 1])
    opposite = np.sort(edges[:, 1] * len(mesh.vertices) + edges[:, 0])
    if not np.array_equal(keys, opposite):
        raise ValueError("the mesh is open or its faces disagree, so it has no inside: repair it first")


def _winding_along_z(
    corners: npt.NDArray[np.float64], faces: npt.NDArray[np.int32], resolution: int
) -> npt.NDArray[np.int32]:
    """Winding number `x y z` at whole coordinates: faces crossed by the column from below, signed by direction.

    A column through an edge or a vertex is counted once: who owns it is decided by the sign of an edge function that
    both triangles evaluate with the same operands, in the order of vertex indices; and on an edge by the sign a little
    further along x, and much less along y, the same for all edges that meet in a vertex.
    """
    change = np.zeros((resolution, resolution, resolution + 1), np.int32)
    low = np.maximum(np.ceil(corners[:, :, :2].min(axis=1)), 0).astype(np.int64)
    high = np.minimum(np.floor(corners[:, :, :2].max(axis=1)), resolution - 1).astype(np.int64)
    extent = np.maximum(high - low + 1, 0)
    columns = extent[:, 0] * extent[:, 1]
    order = np.flatnonzero(columns)
    total = np.cumsum(columns[order])
    start = 0
    while start < len(order):
        before = total[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(total, before + _SLAB_POINTS, side="right")))
        chosen = order[start:stop]
        _add_crossings(change, corners[chosen], faces[chosen], low[chosen], extent[chosen])
        start = stop
    turns = np.cumsum(change[:, :, :-1], axis=2, dtype=np.int32)
    return np.asarray(turns)


def _add_crossings(
    change: npt.NDArray[np.int32],
    corners: npt.NDArray[np.float64],
    faces: npt.NDArray[np.int32],
    low: npt.NDArray[np.int64],
    extent: npt.NDArray[np.int64],
) -> None:
    """Add the crossings of the columns under each triangle to the change of winding number along z."""
    many = extent[:, 0] * extent[:, 1]
    owner = np.repeat(np.arange(len(many)), many)
    within = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    x = low[owner, 0] + within // extent[owner, 1]
    y = low[owner, 1] + within % extent[owner, 1]
    weights, signs = [], []
    for side in range(3):
        first, second = (side + 1) % 3, (side + 2) % 3
        turned = faces[:, first] > faces[:, second]
        a = np.where(turned[:, None], corners[:, second], corners[:, first])[owner]
        b = np.where(turned[:, None], corners[:, first], corners[:, second])[owner]
        across, along = b[:, 0] - a[:, 0], b[:, 1] - a[:, 1]
        value = across * (y - a[:, 1]) - along * (x - a[:, 0])
        beside = np.where(along != 0, -along, across)
        sign = np.where(np.where(value != 0, value, beside) > 0, 1, -1)
        flip = np.where(turned[owner], -1, 1)
        weights.append(value * flip)
        signs.append(sign * flip)
    hit = np.flatnonzero((signs[0] == signs[1]) & (signs[1] == signs[2]))
    if not len(hit):
        return
    weight = np.stack([w[hit] for w in weights], axis=1)
    area = weight.sum(axis=1)
    heights = corners[owner[hit], :, 2]
    flat = area == 0
    z = np.where(flat, heights.mean(axis=1), (weight * heights).sum(axis=1) / np.where(flat, 1.0, area))
    z = np.clip(z, heights.min(axis=1), heights.max(axis=1))
    level = np.clip(np.floor(z).astype(np.int64) + 1, 0, change.shape[2] - 1)
    # A triangle that turns counter-clockwise seen from above is left upwards: the column goes from inside to outside.
    np.add.at(change, (x[hit], y[hit], level), -signs[0][hit].astype(np.int32))
