from __future__ import annotations

import numpy as np
import pytest
import trimesh

from shapelift.geometry import Mesh
from shapelift.solids import check


def mesh_from(other: trimesh.Trimesh) -> Mesh:
    return Mesh(other.vertices, other.faces)


def together(*meshes: Mesh) -> Mesh:
    offsets = np.cumsum([0, *[len(mesh.vertices) for mesh in meshes]])
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.faces + offset for mesh, offset in zip(meshes, offsets, strict=False)]),
    )


CUBE = mesh_from(trimesh.creation.box((1, 2, 3)))
TORUS = mesh_from(trimesh.creation.torus(0.5, 0.2))


def test_exact_numbers_of_a_box() -> None:
    report = check(CUBE)
    assert (report.vertices, report.faces, report.euler, report.parts, report.bubbles) == (8, 12, 2, 1, 0)
    assert report.volume == pytest.approx(6.0)
    assert report.area == pytest.approx(22.0)
    assert report.size == pytest.approx((1.0, 2.0, 3.0))
    assert report.is_watertight
    assert report.is_oriented
    assert report.is_printable
    assert report.problems == ()
    assert report.as_dict()["is_printable"] is True


def test_a_ring_has_euler_number_zero() -> None:
    assert check(TORUS).euler == 0
    assert check(together(TORUS, CUBE)).euler == 2


def test_faces_without_shared_vertices_are_the_same_solid() -> None:
    soup = Mesh(CUBE.corners.reshape(-1, 3), np.arange(36).reshape(-1, 3))
    assert check(soup) == check(CUBE)
    mirrored = Mesh(np.where(soup.vertices == 0, -0.0, soup.vertices), soup.faces)
    assert check(mirrored).is_printable


def test_open_flipped_degenerate_and_unused() -> None:
    opened = check(Mesh(CUBE.vertices, CUBE.faces[1:]))
    assert opened.open_edges == 3
    assert not opened.is_watertight
    faces = CUBE.faces.copy()
    faces[0] = faces[0][::-1]
    flipped = check(Mesh(CUBE.vertices, faces))
    assert flipped.inconsistent_edges == 3
    assert flipped.is_watertight
    assert not flipped.is_oriented
    degenerate = check(
        Mesh(np.concatenate([CUBE.vertices, CUBE.vertices[:2]]), np.concatenate([CUBE.faces, [[0, 8, 1]]]))
    )
    assert degenerate.degenerate_faces == 1
    assert degenerate.unused_vertices == 1
    assert degenerate.is_watertight
    assert not degenerate.is_printable
    assert "1 degenerate faces" in degenerate.problems


def test_inside_out_and_bubbles() -> None:
    turned = check(Mesh(CUBE.vertices, CUBE.faces[:, ::-1]))
    assert (turned.parts, turned.bubbles) == (0, 1)
    assert turned.volume == pytest.approx(-6.0)
    assert not turned.is_printable
    small = CUBE.transformed(np.diag([0.5, 0.5, 0.5, 1.0]))
    hollow = check(together(CUBE, Mesh(small.vertices, small.faces[:, ::-1])))
    assert (hollow.parts, hollow.bubbles) == (1, 1)
    assert hollow.volume == pytest.approx(6.0 * 7 / 8)


def test_two_boxes_that_share_an_edge_are_crowded() -> None:
    shift = np.eye(4)
    shift[:3, 3] = 1, 2, 0
    report = check(together(CUBE, CUBE.transformed(shift)))
    assert report.crowded_edges == 1
    assert not report.is_watertight


def test_an_empty_mesh() -> None:
    report = check(Mesh(np.zeros((0, 3)), np.zeros((0, 3), np.int32)))
    assert not report.is_watertight
    assert not report.is_printable
    assert report.problems == ("no enclosed volume",)
    assert report.size == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("seed", range(5))
def test_counts_against_a_dictionary(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mesh = Mesh(rng.integers(0, 2, (12, 3)), rng.integers(0, 12, (20, 3)))
    place = [tuple(vertex) for vertex in mesh.vertices.tolist()]
    runs: dict[frozenset[tuple[float, ...]], list[tuple[object, object]]] = {}
    degenerate = 0
    for face in mesh.faces:
        corners = [place[index] for index in face]
        if len(set(corners)) < 3:
            degenerate += 1
            continue
        for side in range(3):
            edge = (corners[side], corners[(side + 1) % 3])
            runs.setdefault(frozenset(edge), []).append(edge)
    report = check(mesh)
    assert report.degenerate_faces == degenerate
    assert report.open_edges == sum(len(run) == 1 for run in runs.values())
    assert report.crowded_edges == sum(len(run) > 2 for run in runs.values())
    assert report.inconsistent_edges == sum(len(run) == 2 and run[0] == run[1] for run in runs.values())
