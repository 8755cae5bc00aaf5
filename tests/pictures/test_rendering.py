from __future__ import annotations

import numpy as np
import pytest

from shapelift.geometry import Mesh
from shapelift.pictures.rendering import contact_sheet, on_paper, render_object
from shapelift.synthesis import procedural


@pytest.fixture(scope="module")
def plate() -> Mesh:
    """A wide, low box: 1 x 0.2 x 1."""
    corners = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.1, 0.1) for z in (-0.5, 0.5)], np.float32)
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return Mesh(corners, np.array([[q[i] for i in part] for q in quads for part in ((0, 1, 2), (0, 2, 3))], np.int32))


def test_objects_around_the_same_points_are_shown_at_one_scale(plate: Mesh) -> None:
    widths = []
    for scale in (1.0, 0.5):
        picture = render_object(Mesh(scale * plate.vertices, plate.faces), 0.0, 0.0, size_px=100, around=plate.vertices)
        widths.append((picture[..., 3] >= 128).any(axis=0).sum())
    # Its front is nearer to the camera when the plate is larger.
    assert 0.42 < widths[1] / widths[0] < 0.5


def test_the_object_fills_the_picture_up_to_the_margin(plate: Mesh) -> None:
    seen = render_object(plate, 0.0, 0.0, size_px=100, margin=0.1)[..., 3] >= 128
    columns, rows = np.flatnonzero(seen.any(axis=0)), np.flatnonzero(seen.any(axis=1))
    assert abs(columns[0] - 10) <= 1
    assert abs(columns[-1] - 89) <= 1
    assert abs(rows[0] + rows[-1] - 99) <= 2
    assert seen[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].mean() > 0.95


def test_light_comes_from_above(plate: Mesh) -> None:
    picture = render_object(plate, 0.0, 35.0, size_px=64).astype(float)
    solid = np.flatnonzero(picture[:, 32, 3] == 255)
    top, front = picture[solid[2], 32, :3], picture[solid[-3], 32, :3]
    assert (top > front).all()
    assert front.min() > 40


def test_the_same_shape_gives_the_same_picture() -> None:
    first, second = (render_object(procedural.build("table", 3), size_px=48) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.shape == (48, 48, 4)
    assert (first != render_object(procedural.build("table", 4), size_px=48)).any()


def test_a_mesh_without_faces_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one face"):
        render_object(Mesh(np.zeros((3, 3), np.float32), np.zeros((0, 3), np.int32)))


def test_paper_shows_where_the_object_is_not() -> None:
    rgba = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 0, 0, 51]]], np.uint8)
    assert on_paper(rgba, 200).tolist() == [[[10, 20, 30], [200, 200, 200], [160, 160, 160]]]


def test_a_sheet_is_filled_row_by_row_and_ends_in_white() -> None:
    tiles = [np.full((2, 2, 3), value, np.uint8) for value in (1, 2, 3)]
    sheet = contact_sheet(tiles, 2)
    assert sheet[::2, ::2, 0].tolist() == [[1, 2], [3, 255]]
    for wrong in ([], tiles):
        with pytest.raises(ValueError, match="at least one"):
            contact_sheet(wrong, 0)
