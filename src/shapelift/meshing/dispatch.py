"""One verb for every representation: evaluation, export and demo know no others."""

from __future__ import annotations

from functools import singledispatch

import numpy as np

from shapelift.geometry import ImplicitField, Mesh, PointCloud, VoxelGrid
from shapelift.meshing.fields import mesh_field
from shapelift.meshing.points import choose_points, sample_surface
from shapelift.meshing.voxels import mesh_voxels


@singledispatch
def to_mesh(shape: object, *, resolution: int = 128) -> Mesh:
    """The surface of a representation, closed and with outward faces for every kind of solid.

    Args:
        shape: `ImplicitField` (adaptive marching cubes), `VoxelGrid` (marching cubes between cell centres), or `Mesh`
            (returned as it is).
        resolution: Cells on the longest side of the box of a field; what has its own grid ignores it.

    Returns:
        A mesh in the frame of the representation.

    Raises:
        TypeError: a representation without a surface.
        ValueError: an empty field or grid.
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


@singledispatch
def to_point_cloud(shape: object, count: int, rng: np.random.Generator, *, resolution: int = 128) -> PointCloud:
    """Points on the surface of a representation, uniform over its area, with outward normals.

    Args:
        shape: Anything that `to_mesh` takes, or a `PointCloud`, of which points are chosen.
        count: How many points.
        rng: Source of randomness.
        resolution: See `to_mesh`.

    Returns:
        `count` points in the frame of the representation.

    Raises:
        TypeError: a representation without a surface.
        ValueError: nothing to sample, or a negative count.
    """
    return sample_surface(to_mesh(shape, resolution=resolution), count, rng)


@to_point_cloud.register
def _(shape: PointCloud, count: int, rng: np.random.Generator, *, resolution: int = 128) -> PointCloud:
    return choose_points(shape, count, rng)
