from __future__ import annotations

import numpy as np
import pytest
import trimesh

from shapelift.geometry import Mesh, icosphere, rotation_x, rotation_y, rotation_z, similarity
from shapelift.geometry.resting import resting_rotation


def mesh_of(body: trimesh.Trimesh) -> Mesh:
    return Mesh(body.vertices, body.faces)


def turned(mesh: Mesh, rotation: np.ndarray) -> Mesh:
    return mesh.transformed(similarity(rotation))


def rested(mesh: Mesh) -> Mesh:
    return turned(mesh, resting_rotation(mesh))


TILTED = rotation_x(33.0) @ rotation_z(75.0) @ rotation_y(10.0)


@pytest.mark.parametrize("tilt", [np.eye(3), rotation_z(90.0), rotation_x(-90.0), TILTED])
def test_a_box_lies_on_its_largest_face(tilt: np.ndarray) -> None:
    mesh = rested(turned(mesh_of(trimesh.creation.box((1, 3, 2))), tilt))
    assert mesh.bounds.size[1] == pytest.approx(1.0, abs=1e-5)
    assert mesh.volume == pytest.approx(6.0, rel=1e-5)


def test_what_lies_well_is_left_as_it_is() -> None:
    for extents in ((3, 1, 2), (1, 1, 1)):
        np.testing.assert_allclose(resting_rotation(mesh_of(trimesh.creation.box(extents))), np.eye(3), atol=1e-7)


def test_half_a_turn_keeps_the_front() -> None:
    # A pyramid on its tip: its base is the lowest face.
    vertices = np.array([[-1, 1, -1], [1, 1, -1], [1, 1, 1], [-1, 1, 1], [0, 0, 0]], np.float32)
    faces = np.array([[0, 2, 1], [0, 3, 2], [0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]])[:, ::-1]
    np.testing.assert_allclose(resting_rotation(Mesh(vertices, faces)), rotation_z(180.0), atol=1e-7)


def test_a_thick_l_lies_on_its_side_and_a_wide_one_on_a_leg() -> None:
    """An L of two legs 3 long and 1 thick: its centre is 1.1 above a leg, and half its depth above its side."""

    def shape(depth: float) -> Mesh:
        outline = [[0, 0], [3, 0], [3, 1], [1, 1], [1, 3], [0, 3]]
        top, bottom = ([[x, y, z] for x, y in outline] for z in (depth, 0.0))
        caps = np.array([[0, 1, 2], [0, 2, 3], [0, 3, 4], [0, 4, 5]])
        walls = [[i, i + 6, (i + 1) % 6] for i in range(6)] + [[(i + 1) % 6, i + 6, (i + 1) % 6 + 6] for i in range(6)]
        return Mesh(np.array([*top, *bottom], np.float32), np.concatenate([caps, caps[:, ::-1] + 6, walls]))

    assert shape(2.0).volume == pytest.approx(10.0)
    flat = turned(shape(2.0), TILTED)
    assert rested(flat).bounds.size[1] == pytest.approx(2.0, abs=1e-5)
    deep = turned(shape(4.0), TILTED)
    low = rested(deep)
    # On a leg or, the other way round, on the other one: 3 high. The chamfer of its hull is farther from the centre.
    assert low.bounds.size[1] == pytest.approx(3.0, abs=1e-5)
    assert _center_height(low) == pytest.approx(1.1, abs=1e-5)


def _center_height(mesh: Mesh) -> float:
    judge = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    return float(judge.center_mass[1] - mesh.vertices[:, 1].min())


@pytest.mark.parametrize(("height", "standing"), [(1.0, True), (2.5, True), (3.5, False), (8.0, False)])
def test_a_cone_stands_while_that_is_lower(height: float, standing: bool) -> None:
    """Of radius 1: its centre is h / 4 above the base, and 3 h / (4 sqrt(1 + h^2)) from the side; equal at h^2 = 8."""
    cone = turned(mesh_of(trimesh.creation.cone(1.0, height, sections=64)), TILTED)
    side = 0.75 * height / np.hypot(1.0, height)
    assert _center_height(rested(cone)) == pytest.approx(height / 4.0 if standing else side, rel=2e-3)
    assert bool(height / 4.0 < side) is standing


def test_a_ball_rests_on_a_face() -> None:
    rotation = resting_rotation(icosphere(3))
    ball = rested(icosphere(3))
    low = np.sort(ball.vertices[:, 1])
    assert low[2] - low[0] < 1e-6 < low[3] - low[0]
    assert 0.49 < _center_height(ball) < 0.5
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert resting_rotation(icosphere(3)).tobytes() == rotation.tobytes()


def test_no_pose_is_lower() -> None:
    """Against all faces of the hull of bodies without symmetry."""
    rng = np.random.default_rng(0)
    for _ in range(5):
        hull = trimesh.convex.convex_hull(rng.normal(size=(12, 3)))
        found = _center_height(rested(mesh_of(hull)))
        heights = -np.einsum("fi,fi->f", hull.face_normals, hull.center_mass - hull.triangles[:, 0])
        assert found == pytest.approx(heights.min(), rel=1e-4)


def test_a_tumbler_rests_on_its_weight() -> None:
    """The mass counts, not the box: a plate with a thin mast stands, mast up."""
    plate, mast = trimesh.creation.box((4, 1, 4)), trimesh.creation.box((0.2, 3, 0.2))
    mast.apply_translation([0, 2, 0])
    body = mesh_of(trimesh.boolean.union([plate, mast], engine="manifold"))
    assert rested(turned(body, rotation_x(180.0))).bounds.size[1] == pytest.approx(4.0, abs=1e-4)


def test_an_open_mesh_rests_as_its_hull() -> None:
    box = mesh_of(trimesh.creation.box((1, 3, 2)))
    assert rested(Mesh(box.vertices, box.faces[:-1])).bounds.size[1] == pytest.approx(1.0)


def test_what_is_flat_or_empty_is_refused() -> None:
    square = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], np.float32)
    for mesh in (Mesh(square, np.array([[0, 1, 2], [0, 2, 3]])), Mesh(square, np.zeros((0, 3), np.int32))):
        with pytest.raises(ValueError, match="no pose"):
            resting_rotation(mesh)
