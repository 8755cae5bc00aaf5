from __future__ import annotations

import numpy as np
import pytest

from shapelift.geometry import Mesh
from shapelift.geometry.placement import from_print_frame, moved_to, sized, to_z_up
from shapelift.geometry.welding import coincident, welded


def wedge() -> Mesh:
    """A tetrahedron, 1 wide (x), 4 high (y), 2 deep (z), with its tip at the front."""
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 4, 0], [0, 0, 2]], np.float32) - 7
    return Mesh(vertices, np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]))


def test_sized() -> None:
    mesh = sized(wedge(), 80.0)
    np.testing.assert_allclose(mesh.bounds.size, [20, 80, 40], rtol=1e-6)
    np.testing.assert_allclose(mesh.vertices, wedge().vertices * 20, rtol=1e-6)


def test_print_frame_is_z_up_on_the_bed_with_the_front_towards_the_person() -> None:
    mesh = moved_to(to_z_up(sized(wedge(), 80.0)), "bottom", z_up=True)
    np.testing.assert_allclose(mesh.bounds.minimum, [-10, -20, 0], atol=1e-4)
    np.testing.assert_allclose(mesh.bounds.maximum, [10, 20, 80], atol=1e-4)
    np.testing.assert_allclose(mesh.vertices[3], [-10, -20, 0], atol=1e-4)
    assert mesh.volume == pytest.approx(wedge().volume * 20**3, rel=1e-5)


def test_print_frame_and_back() -> None:
    back = from_print_frame(to_z_up(wedge()))
    np.testing.assert_allclose(back.vertices - back.vertices[0], wedge().vertices - wedge().vertices[0], atol=1e-5)


def test_impossible_sizes() -> None:
    for size in (0.0, -1.0, np.inf, np.nan):
        with pytest.raises(ValueError, match="size_mm"):
            sized(wedge(), size)
    with pytest.raises(ValueError, match="empty"):
        sized(Mesh(np.zeros((0, 3)), np.zeros((0, 3), np.int32)), 1.0)
    with pytest.raises(ValueError, match="one place"):
        sized(Mesh(np.ones((3, 3)), np.array([[0, 1, 2]])), 1.0)


def test_coincident_against_a_dictionary() -> None:
    rng = np.random.default_rng(0)
    points = rng.integers(-1, 2, (200, 3)).astype(np.float32)
    points[points == 0] *= rng.choice([-1.0, 1.0], (points == 0).sum())
    first: dict[tuple[float, ...], int] = {}
    expected = [first.setdefault(tuple(point), index) for index, point in enumerate((points + 0.0).tolist())]
    np.testing.assert_array_equal(coincident(points), expected)
    assert len(coincident(np.zeros((0, 3), np.float32))) == 0


def test_welded_drops_what_collapses() -> None:
    vertices = [[9, 9, 9], [0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0], [1, 0, 0]]
    mesh = welded(Mesh(vertices, np.array([[1, 2, 3], [4, 3, 5], [1, 4, 2]]), np.arange(18).reshape(6, 3)))
    np.testing.assert_array_equal(mesh.vertices, [[0, 0, 0], [1, 0, 0], [0, 1, 0]])
    np.testing.assert_array_equal(mesh.faces, [[0, 1, 2], [0, 2, 1]])
    assert mesh.colors is not None
    np.testing.assert_array_equal(mesh.colors[0], [3, 4, 5])
