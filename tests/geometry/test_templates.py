"""Templates and unpooling: published counts, Euler characteristic, closed, outward, even; loop twins."""

from __future__ import annotations

import numpy as np
import pytest

from shapelift.geometry import Mesh
from shapelift.geometry.templates import PUBLISHED_RADII, ellipsoid_mesh, icosphere
from shapelift.geometry.topology import euler_characteristic, face_pairs, split_faces, unique_edges, unpool
from shapelift.solids import check

TETRAHEDRON = Mesh([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], [[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])


def lengths(mesh: Mesh) -> np.ndarray:
    ends = mesh.vertices[unique_edges(mesh.faces)]
    return np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1)


def test_the_ellipsoid_has_the_published_counts_at_every_stage() -> None:
    mesh = ellipsoid_mesh(PUBLISHED_RADII)
    for vertices, edges, faces in ((156, 462, 308), (618, 1848, 1232), (2466, 7392, 4928)):
        assert (len(mesh.vertices), len(unique_edges(mesh.faces)), len(mesh.faces)) == (vertices, edges, faces)
        assert euler_characteristic(mesh) == 2
        mesh = unpool(mesh)


@pytest.mark.parametrize(
    "mesh", [ellipsoid_mesh((0.3, 0.4, 0.2)), ellipsoid_mesh((0.3, 0.3, 0.3), 40), icosphere(0), icosphere(2)], ids=str
)
def test_templates_are_closed_outward_and_stay_so(mesh: Mesh) -> None:
    for _ in range(3):
        report = check(mesh)
        assert report.is_printable
        assert (report.euler, report.parts, report.unused_vertices) == (2, 1, 0)
        mesh = unpool(mesh)


def test_the_icosphere_is_a_sphere_of_even_edges() -> None:
    mesh = icosphere(3, radius=0.4)
    assert (len(mesh.vertices), len(mesh.faces)) == (642, 1280)
    np.testing.assert_allclose(np.linalg.norm(mesh.vertices, axis=1), 0.4, rtol=1e-6)
    np.testing.assert_allclose(mesh.volume, 4.0 / 3.0 * np.pi * 0.4**3, rtol=0.02)
    assert lengths(icosphere(0)).std() < 1e-6
    assert lengths(mesh).std() / lengths(mesh).mean() < 0.08


def test_the_spread_of_the_ellipsoid_is_even_and_always_the_same() -> None:
    mesh = ellipsoid_mesh((0.5, 0.5, 0.5))
    assert lengths(mesh).std() / lengths(mesh).mean() < 0.13
    degrees = np.bincount(unique_edges(mesh.faces).ravel())
    assert set(degrees) <= {5, 6, 7}
    np.testing.assert_array_equal(mesh.faces, ellipsoid_mesh((0.5, 0.5, 0.5)).faces)
    squeezed = ellipsoid_mesh((0.5, 0.25, 0.1))
    np.testing.assert_allclose(squeezed.vertices, mesh.vertices * (1.0, 0.5, 0.2), rtol=1e-6)


def test_edges_and_pairs_of_faces_equal_their_loops() -> None:
    faces = icosphere(1).faces.tolist()
    sides = [tuple(sorted((face[i], face[(i + 1) % 3]))) for face in faces for i in range(3)]
    expected = sorted(set(sides))
    assert [tuple(edge) for edge in unique_edges(faces).tolist()] == expected
    pairs = [tuple(number for number, face in enumerate(faces) if set(edge) <= set(face)) for edge in expected]
    assert [tuple(pair) for pair in face_pairs(faces).tolist()] == pairs


def test_unpooling_keeps_the_surface() -> None:
    finer = unpool(TETRAHEDRON)
    assert len(finer.vertices) == 10
    np.testing.assert_array_equal(finer.vertices[:4], TETRAHEDRON.vertices)
    np.testing.assert_allclose([finer.volume, finer.area], [TETRAHEDRON.volume, TETRAHEDRON.area], rtol=1e-6)
    normals = np.repeat(TETRAHEDRON.face_normals, 4, axis=0)
    np.testing.assert_allclose(finer.face_normals, normals, atol=1e-6)
    edges, faces = split_faces(TETRAHEDRON.faces, 4)
    for number, edge in enumerate(edges):
        np.testing.assert_allclose(finer.vertices[4 + number], TETRAHEDRON.vertices[edge].mean(axis=0))
    for face, four in zip(TETRAHEDRON.faces, faces.reshape(-1, 4, 3), strict=True):
        assert [part[0] for part in four[:3]] == face.tolist()


def test_bad_input_is_said_clearly() -> None:
    with pytest.raises(ValueError, match="not closed"):
        face_pairs([[0, 1, 2]])
    with pytest.raises(ValueError, match="not closed"):
        face_pairs([[0, 1, 2], [2, 1, 3], [1, 2, 4], [0, 1, 2]])
    with pytest.raises(ValueError, match="positive radii"):
        ellipsoid_mesh((0.1, 0.0, 0.1))
    with pytest.raises(ValueError, match="at least 0"):
        icosphere(-1)
