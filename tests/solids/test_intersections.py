"""Self-intersections: a loop twin over all pairs, surfaces whose crossings are known, invariance, bad meshes."""

from __future__ import annotations

import numpy as np
import pytest

from shapelift.geometry import Mesh, rotation_x, rotation_y, similarity
from shapelift.geometry.templates import ellipsoid_mesh, icosphere
from shapelift.geometry.topology import unique_edges
from shapelift.solids import intersections
from shapelift.solids.intersections import self_intersections


def joined(*meshes: Mesh) -> Mesh:
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    faces = [mesh.faces + start for mesh, start in zip(meshes, starts, strict=False)]
    return Mesh(np.concatenate([mesh.vertices for mesh in meshes]), np.concatenate(faces))


def twin(mesh: Mesh) -> set[tuple[int, int, int]]:
    """Every edge against every face: solve for the place where the line meets the plane."""
    found = set()
    vertices = mesh.vertices.astype(np.float64)
    for a, b in unique_edges(mesh.faces).tolist():
        for number, face in enumerate(mesh.faces.tolist()):
            if a in face or b in face:
                continue
            p, q, r = vertices[face]
            system = np.stack([q - p, r - p, vertices[a] - vertices[b]], axis=1)
            if abs(np.linalg.det(system)) < 1e-15:
                continue
            u, v, t = np.linalg.solve(system, vertices[a] - p)
            if u > 0 and v > 0 and u + v < 1 and 0 < t < 1:
                found.add((a, b, number))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_equals_its_loop(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(seed)
    template = ellipsoid_mesh((0.5, 0.3, 0.2), 40)
    mesh = Mesh(template.vertices + rng.normal(scale=0.1, size=(40, 3)), template.faces)
    found = self_intersections(mesh)
    expected = twin(mesh)
    assert {(*edge, face) for edge, face in zip(found.edges.tolist(), found.faces.tolist(), strict=True)} == expected
    assert len(found) == len(expected) > 10
    assert found.pierced == len({face for _, _, face in expected})
    monkeypatch.setattr(intersections, "_PAIRS", 100)
    assert len(self_intersections(mesh)) == len(expected)


def test_exact_answers() -> None:
    sheet = Mesh([[-1, -1, 0], [1, -1, 0], [0, 2, 0]], [[0, 1, 2]])
    needle = Mesh([[0, 0, -1], [0, 0, 1], [0, 3, 1]], [[0, 1, 2]])
    found = self_intersections(joined(sheet, needle))
    # One edge of the needle goes through the sheet, and one of its sides does at a distance of 1.5 from the first.
    assert found.faces.tolist() == [0, 0]
    assert found.pierced == 1
    beside = Mesh(needle.vertices + np.array([2.0, 0.0, 0.0]), needle.faces)
    assert not self_intersections(joined(sheet, beside))


@pytest.mark.parametrize("mesh", [icosphere(3), ellipsoid_mesh((0.5, 0.2, 0.05))], ids=["sphere", "ellipsoid"])
def test_convex_surfaces_have_none(mesh: Mesh) -> None:
    assert not self_intersections(mesh)


def test_two_spheres_cross_in_a_ring_and_one_inside_the_other_nowhere() -> None:
    ball = icosphere(3)
    shifted = Mesh(ball.vertices + np.array([0.31, 0.07, 0.03]), ball.faces)
    found = self_intersections(joined(ball, shifted))
    centres = joined(ball, shifted).corners[found.faces].mean(axis=1)
    # The ring lies in the plane halfway between the centres.
    axis = np.array([0.31, 0.07, 0.03])
    assert np.abs((centres - axis / 2) @ axis / np.linalg.norm(axis)).max() < 0.08
    assert len(found) > 50
    assert not self_intersections(joined(ball, Mesh(ball.vertices * 0.5, ball.faces)))


def test_a_vertex_pushed_through_the_far_side_is_found() -> None:
    ball = icosphere(2)
    vertices = ball.vertices.copy()
    centers = ball.corners.mean(axis=1)
    far = int((centers @ vertices[0]).argmin())
    vertices[0] = 1.3 * centers[far]
    found = self_intersections(Mesh(vertices, ball.faces))
    edges_of_it = int((unique_edges(ball.faces) == 0).sum())
    assert len(found) == edges_of_it  # each of its edges leaves once
    assert (found.edges == 0).any(axis=1).all()
    assert set(found.faces) == {far}


def test_turning_and_scaling_change_nothing() -> None:
    rng = np.random.default_rng(1)
    template = ellipsoid_mesh((0.5, 0.3, 0.2))
    mesh = Mesh(template.vertices + rng.normal(scale=0.03, size=(156, 3)), template.faces)
    count = len(self_intersections(mesh))
    assert count > 5
    turn = rotation_x(20.0) @ rotation_y(50.0)
    moved = mesh.transformed(similarity(rotation=turn, translation=(3.0, -2.0, 1.0), scale=40.0))
    assert len(self_intersections(moved)) == count


def test_degenerate_and_empty_meshes_are_counted_too() -> None:
    empty = Mesh(np.zeros((0, 3)), np.zeros((0, 3), np.int32))
    assert not self_intersections(empty)
    point = Mesh(np.zeros((4, 3)), [[0, 1, 2], [0, 2, 3]])
    assert not self_intersections(point)
    flat = Mesh([[0, 0, 0], [1, 0, 0], [2, 0, 0], [0, 1, 0], [0, 1, 0], [9, 9, 9]], [[0, 1, 2], [3, 4, 1]])
    assert len(self_intersections(flat)) == 0


def test_what_would_be_too_much_work_is_refused() -> None:
    with pytest.raises(ValueError, match="differ so much in size"):
        self_intersections(icosphere(2), limit=100)
    assert not self_intersections(icosphere(2), limit=1 << 20)
