import numpy as np
import pytest

from shapelift.geometry import Mesh
from shapelift.io.records import open_record
from shapelift.synthesis.albedo import surface_albedo
from shapelift.synthesis.materials import Asset, Material
from shapelift.synthesis.renderer import Scene
from shapelift.synthesis.writer import SynthesisOptions, synthesize

RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)


@pytest.fixture
def two_sheets() -> Scene:
    """A red square at z = 0 and a blue one at z = 0.2."""
    square = np.array([[-0.5, -0.5, 0], [0.5, -0.5, 0], [0.5, 0.5, 0], [-0.5, 0.5, 0]], np.float32)
    faces = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    mesh = Mesh(np.concatenate([square, square + np.float32([0, 0, 0.2])]), np.concatenate([faces, faces + 4]))
    materials = (Material(RED), Material(BLUE))
    return Scene(Asset(mesh, np.array([0, 0, 1, 1], np.int32), materials, np.full(4, -1, np.int32)))


def test_points_take_the_colour_of_the_face_they_lie_on(two_sheets: Scene) -> None:
    points = np.float32([[0.1, 0.2, 0.0], [0.1, 0.2, 0.2], [-0.3, 0.1, 0.2]])
    up = np.tile(np.float32([0, 0, 1]), (3, 1))
    found = surface_albedo(two_sheets, points, up)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, [[255, 0, 0], [0, 0, 255], [0, 0, 255]])
    np.testing.assert_array_equal(surface_albedo(two_sheets, points, -up), found)


def test_a_thickened_sheet_keeps_its_colour_on_both_sides(two_sheets: Scene) -> None:
    points = np.float32([[0.1, 0.2, 0.01], [0.1, 0.2, -0.01]])
    found = surface_albedo(two_sheets, points, np.float32([[0, 0, 1], [0, 0, -1]]))
    np.testing.assert_array_equal(found, [[255, 0, 0], [255, 0, 0]])


def test_a_point_far_from_any_face_takes_the_mean_of_the_others(two_sheets: Scene) -> None:
    points = np.float32([[0.1, 0.2, 0.0], [0.1, 0.1, 0.2], [0.0, 0.0, 0.1]])
    found = surface_albedo(two_sheets, points, np.tile(np.float32([0, 0, 1]), (3, 1)))
    np.testing.assert_array_equal(found[2], [128, 0, 128])


@pytest.mark.slow
def test_records_hold_the_albedo(tmp_path) -> None:
    options = SynthesisOptions(views=1, size_px=32, uniform_count=2000, near_count=500, surface_count=700, count=1)
    synthesize("procedural:table", tmp_path, options)
    (path,) = (tmp_path / "shapes").iterdir()
    with open_record(path) as record:
        assert record.shape("surface_albedo") == (700, 3)
        assert record.read().surface_albedo is not None
