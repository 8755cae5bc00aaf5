"""One verb for every representation: evaluation, export and demo know no others."""

from __future__ import annotations

from functools import singledispatch

import numpy as np

from shapelift.geometry import DepthMaps, ImplicitField, Mesh, PointCloud, ViewMaps, VoxelGrid
from shapelift.meshing.clouds import mesh_points
from shapelift.meshing.depthmaps import depth_points, mesh_depth
from shapelift.meshing.fields import mesh_field
from shapelift.meshing.points import choose_points, sample_surface
from shapelift.meshing.viewmaps import fused_points
from shapelift.meshing.voxels import mesh_voxels


@singledispatch
def to_mesh(shape: object, *, resolution: int = 128) -> Mesh:
    """The surface of a representation, closed and with outward faces for every kind of solid.

    Args:
        shape: `ImplicitField` (adaptive marching cubes), `VoxelGrid` (marching cubes between cell centres),
            `PointCloud` (the surface through its points, with or without normals), `ViewMaps` (the surface through the
            points of its pixels), `DepthMaps` (of one view the seen surface with walls and a parallel back, of several
            the surface through the points of their pixels), or `Mesh` (returned as it is).
        resolution: Cells on the longest side of the box of a field or of the points; what has its own grid ignores it.

    Returns:
        A mesh in the frame of the representation.

    Raises:
        TypeError: a representation without a surface.
        ValueError: an empty field or grid, points that are too few or in one plane, views that see nothing, or depths
            behind a camera.
    """
    raise TypeError(f"a {type(shape).__name__} cannot be turned into a mesh")


@to_mesh.register
def _(shape: ImplicitField, *, resolution: int = 128) -> Mesh:
    return mesh_field(shape, resolution=resolution)


@to_mesh.register
def _(shape: VoxelGrid, *, resolution: int = 128) -> Mesh:
    return mesh_voxels(shape)


@to_mesh.register
def _(shape: Mesh, *, resolution: int = 128) -> Mesh:
    return shape


@to_mesh.register
def _(shape: PointCloud, *, resolution: int = 128) -> Mesh:
    return mesh_points(shape, resolution=resolution)


@to_mesh.register
def _(shape: ViewMaps, *, resolution: int = 128) -> Mesh:
    return mesh_points(fused_points(shape), resolution=resolution)


@to_mesh.register
def _(shape: DepthMaps, *, resolution: int = 128) -> Mesh:
    return mesh_depth(shape, resolution=resolution)


@singledispatch
def to_point_cloud(shape: object, count: int, rng: np.random.Generator, *, resolution: int = 128) -> PointCloud:
    """Points on the surface of a representation, uniform over its area, with outward normals.

    Args:
        shape: Anything that `to_mesh` takes. Of a `PointCloud` points are chosen, of `ViewMaps` pixels with a positive
            mask logit, and of `DepthMaps` pixels of the masks: as dense as they are, not uniform over the area.
        count: How many points.
        rng: Source of randomness.
        resolution: See `to_mesh`.

    Returns:
        `count` points in the frame of the representation.

    Raises:
        TypeError: a representation without a surface.
        ValueError: nothing to sample, no pixel above the mask threshold, or a negative count.
    """
    return sample_surface(to_mesh(shape, resolution=resolution), count, rng)


@to_point_cloud.register
def _(shape: PointCloud, count: int, rng: np.random.Generator, *, resolution: int = 128) -> PointCloud:
    return choose_points(shape, count, rng)


@to_point_cloud.register
def _(shape: ViewMaps, count: int, rng: np.random.Generator, *, resolution: int = 128) -> PointCloud:
    return choose_points(fused_points(shape), count, rng)


@to_point_cloud.register
def _(shape: DepthMaps, count: int, rng: np.random.Generator, *, resolution: int = 128) -> PointCloud:
    return choose_points(depth_points(shape), count, rng)
