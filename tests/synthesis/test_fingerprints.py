"""The same mesh is the same whatever file it comes from; another one is another."""

from __future__ import annotations

import numpy as np
import trimesh

from shapelift.geometry import Mesh
from shapelift.synthesis.fingerprints import STEP, fingerprint


def test_order_winding_and_noise_make_no_difference() -> None:
    ball = trimesh.creation.icosphere(2, 0.5)
    mesh = Mesh(ball.vertices, ball.faces)
    rng = np.random.default_rng(0)
    for _ in range(5):
        order = rng.permutation(len(mesh.vertices))
        faces = np.argsort(order)[mesh.faces]
        faces = np.roll(rng.permutation(faces), int(rng.integers(3)), axis=1)
        noisy = mesh.vertices[order] + rng.uniform(-1e-8, 1e-8, mesh.vertices.shape).astype(np.float32)
        assert fingerprint(Mesh(noisy, faces.astype(np.int32))) == fingerprint(mesh)
        assert fingerprint(Mesh(mesh.vertices, mesh.faces[:, ::-1].copy())) == fingerprint(mesh)


def test_round_coordinates_do_not_depend_on_their_last_bit() -> None:
    edges = np.unique(np.outer([1, 2, 4, 5, 8, 10, 16, 20, 25, 32, 50, 64, 100, 128], np.arange(1.0, 50.0)).ravel())
    for value in (1.0 / edges)[::7]:
        corners = np.array([[0.5, value, 0.0], [-0.5, 0.0, value], [0.0, 0.5, -0.5]], np.float32)
        face = np.array([[0, 1, 2]], np.int32)
        codes = {fingerprint(Mesh(np.nextafter(corners, np.float32(way)), face)) for way in (-1.0, 1.0)}
        assert len(codes) == 1


def test_another_mesh_is_another() -> None:
    ball = trimesh.creation.icosphere(2, 0.5)
    mesh = Mesh(ball.vertices, ball.faces)
    moved = mesh.vertices.copy()
    moved[7] += np.float32(4 * STEP)
    codes = [fingerprint(mesh), fingerprint(Mesh(moved, mesh.faces)), fingerprint(Mesh(mesh.vertices, mesh.faces[1:]))]
    codes.append(fingerprint(Mesh(np.zeros((0, 3)), np.zeros((0, 3), np.int32))))
    assert len(set(codes)) == 4
