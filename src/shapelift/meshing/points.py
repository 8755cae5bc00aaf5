"""Points on surfaces."""

from __future__ import annotations

import numpy as np

from shapelift.geometry import Mesh, PointCloud


def sample_surface(mesh: Mesh, count: int, rng: np.random.Generator) -> PointCloud:
    """Independent points, uniform over the area of the faces.

    Args:
        mesh: The surface.
        count: How many points.
        rng: Source of randomness.

    Returns:
        `count` points with the normals of their faces, and interpolated colours where the mesh has colours.

    Raises:
        ValueError: a negative count, or a mesh without area.
    """
    if count < 0:
        raise ValueError(f"a count of points cannot be negative, got {count}")
    cumulative = np.cumsum(mesh.face_areas)
    if not len(cumulative) or cumulative[-1] <= 0:
        raise ValueError("the mesh has no area, so there is no point to sample")
    chosen = np.searchsorted(cumulative, rng.random(count) * cumulative[-1], side="right")
    chosen = np.minimum(chosen, len(cumulative) - 1)
    # The square root spreads the points evenly over a triangle (Osada et al., "Shape distributions", 2002).
    root, other = np.sqrt(rng.random(count)), rng.random(count)
    weights = np.stack([1.0 - root, root * (1.0 - other), root * other], axis=1)
    points = np.einsum("nk,nkd->nd", weights, mesh.corners[chosen]).astype(np.float32)
    colors = None
    if mesh.colors is not None:
        mixed = np.einsum("nk,nkd->nd", weights, mesh.colors[mesh.faces[chosen]].astype(np.float64))
        colors = np.clip(np.round(mixed), 0, 255).astype(np.uint8)
    return PointCloud(points, mesh.face_normals[chosen], colors)


def choose_points(cloud: PointCloud, count: int, rng: np.random.Generator) -> PointCloud:
    """Some points of a cloud: each at most once while there are enough, else with repetition.

    Args:
        cloud: The cloud.
        count: Number of points.
        rng: Source of randomness.

    Raises:
        ValueError: a negative count, or points asked of an empty cloud.
    """
    if count < 0:
        raise ValueError(f"a count of points cannot be negative, got {count}")
    if len(cloud) == 0 and count:
        raise ValueError("the point cloud is empty")
    chosen = rng.choice(len(cloud), count, replace=count > len(cloud)) if count else np.zeros(0, np.int64)
    return PointCloud(
        cloud.points[chosen],
        None if cloud.normals is None else cloud.normals[chosen],
        None if cloud.colors is None else cloud.colors[chosen],
    )
