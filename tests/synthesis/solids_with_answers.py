"""Meshes drawn together with the exact answer to "is this point inside?"."""

from __future__ import annotations

import numpy as np
import trimesh

from shapelift.geometry import Mesh


def mesh_of(vertices, faces) -> Mesh:
    return Mesh(np.asarray(vertices, np.float32), np.asarray(faces, np.int32))


def joined(*meshes: Mesh) -> Mesh:
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    faces = [mesh.faces + start for mesh, start in zip(meshes, starts, strict=False)]
    return mesh_of(np.concatenate([mesh.vertices for mesh in meshes]), np.concatenate(faces))


def flipped(mesh: Mesh, which=slice(None)) -> Mesh:
    faces = mesh.faces.copy()
    faces[which] = faces[which][:, ::-1]
    return mesh_of(mesh.vertices, faces)


def without(mesh: Mesh, drop) -> Mesh:
    return mesh_of(mesh.vertices, np.delete(mesh.faces, drop, axis=0))


def box(low=(-0.5, -0.3, -0.2), high=(0.5, 0.3, 0.2)) -> Mesh:
    solid = trimesh.creation.box(bounds=[low, high])
    return mesh_of(solid.vertices, solid.faces)


def in_box(points, low=(-0.5, -0.3, -0.2), high=(0.5, 0.3, 0.2)):
    return ((points > low) & (points < high)).all(axis=1)


def ball(radius=0.5, center=(0.0, 0.0, 0.0), subdivisions=3) -> Mesh:
    solid = trimesh.creation.icosphere(subdivisions, radius)
    return mesh_of(solid.vertices + np.asarray(center), solid.faces)


def in_convex(points, mesh: Mesh):
    """Exact for a convex polyhedron: behind every face."""
    corners = mesh.vertices.astype(np.float64)[mesh.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return (points @ normals.T < np.einsum("fi,fi->f", normals, corners[:, 0])).all(axis=1)


def torus(major=0.35, minor=0.15, around=400, across=200) -> Mesh:
    solid = trimesh.creation.torus(major, minor, major_sections=around, minor_sections=across)
    return mesh_of(solid.vertices, solid.faces)


def in_torus(points, major=0.35, minor=0.15):
    return (np.hypot(points[:, 0], points[:, 1]) - major) ** 2 + points[:, 2] ** 2 < minor**2


def cloud(count: int, seed: int = 0):
    return np.random.default_rng(seed).uniform(-0.55, 0.55, (count, 3))
