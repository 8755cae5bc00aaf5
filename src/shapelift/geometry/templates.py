"""Closed meshes to begin a deformation with: spheres and ellipsoids around the origin."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shapelift.geometry.meshes import Mesh
from shapelift.geometry.topology import unpool

_PUBLISHED_VERTICES = 156
"""Vertices of the template of Pixel2Mesh; it has 462 edges and 308 faces, as any triangulated sphere of as many."""
PUBLISHED_RADII = (0.276, 0.194, 0.199)
"""Half axes of that template, in its own units; here they stand for proportions."""

_GOLDEN_ANGLE = np.pi * (3.0 - np.sqrt(5.0))
_ROUNDS = 60


def icosphere(subdivisions: int, radius: float = 0.5) -> Mesh:
    """A sphere of 10 * 4^n + 2 vertices: an icosahedron, unpooled n times, vertices drawn out to the sphere.

    Args:
        subdivisions: n, 0 for the icosahedron itself.
        radius: In the unit of the result.

    Raises:
        ValueError: fewer than 0 subdivisions.
    """
    if subdivisions < 0:
        raise ValueError(f"subdivisions are at least 0, got {subdivisions}")
    golden = (1.0 + np.sqrt(5.0)) / 2.0
    rectangle = np.array([[0.0, a, b * golden] for a in (-1.0, 1.0) for b in (-1.0, 1.0)])
    mesh = _hull(np.concatenate([np.roll(rectangle, turn, axis=1) for turn in range(3)]))
    for _ in range(subdivisions):
        mesh = unpool(mesh)
        mesh = Mesh(_unit(mesh.vertices.astype(np.float64)).astype(np.float32), mesh.faces)
    return Mesh((_unit(mesh.vertices.astype(np.float64)) * radius).astype(np.float32), mesh.faces)


def ellipsoid_mesh(radii: tuple[float, float, float], vertices: int = _PUBLISHED_VERTICES) -> Mesh:
    """An ellipsoid with any number of vertices, nearly evenly spread before it is stretched.

    Points on a spiral drive each other apart on the unit sphere; their convex hull is the mesh. A triangulated sphere
    of v vertices has 3v - 6 edges and 2v - 4 faces: 156, 462 and 308 by default, the published counts.

    Args:
        radii: Half axes along x, y and z, in the unit of the result.
        vertices: At least 4.

    Raises:
        ValueError: fewer than 4 vertices, or a half axis that is not positive.

    Source: the counts are those of Wang et al., "Pixel2Mesh", ECCV 2018; the mesh is our own.
    """
    if vertices < 4 or min(radii) <= 0.0:
        raise ValueError(f"an ellipsoid needs 4 vertices and positive radii, got {vertices} and {radii}")
    sphere = _hull(_spread(vertices))
    return Mesh((sphere.vertices * np.array(radii)).astype(np.float32), sphere.faces)


def _spread(count: int) -> npt.NDArray[np.float64]:
    """Points `count 3` on the unit sphere that repel each other as 1 / distance^3 for some rounds."""
    height = 1.0 - (2.0 * np.arange(count) + 1.0) / count
    angle = _GOLDEN_ANGLE * np.arange(count)
    points = np.stack([np.cos(angle), np.sin(angle), np.zeros(count)], axis=1) * np.sqrt(1.0 - height**2)[:, None]
    points[:, 2] = height
    spacing = np.sqrt(4.0 * np.pi / count)
    for _ in range(_ROUNDS):
        apart = points[:, None] - points
        distance = np.linalg.norm(apart, axis=2) + np.eye(count) * 1e9
        push = (apart * (spacing / distance[..., None]) ** 4).sum(axis=1)
        points = _unit(points + 0.05 * push * (spacing / np.maximum(np.linalg.norm(push, axis=1).max(), 1e-12)))
    return points


def _unit(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True))


def _hull(points: npt.NDArray[np.float64]) -> Mesh:
    """The convex hull of points in convex position around the origin, faces outward, first vertex lowest, in order."""
    from scipy.spatial import ConvexHull

    faces = ConvexHull(points).simplices.astype(np.int64)
    corners = points[faces]
    inward = np.einsum("fi,fi->f", np.cross(corners[:, 1], corners[:, 2]), corners[:, 0]) < 0.0
    faces[inward] = faces[inward][:, ::-1]
    first = faces.argmin(axis=1)
    faces = np.take_along_axis(faces, (first[:, None] + np.arange(3)) % 3, axis=1)
    return Mesh(points.astype(np.float32), faces[np.lexsort(faces.T[::-1])].astype(np.int32))
