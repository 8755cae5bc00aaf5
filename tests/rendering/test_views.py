"""Views of coloured balls and boxes: what is where, and in which colour."""

from __future__ import annotations

import numpy as np

from shapelift.geometry import Mesh
from shapelift.geometry.templates import icosphere
from shapelift.rendering.views import PLAIN_COLOR, turntable, view


def ball() -> Mesh:
    sphere = icosphere(4)
    return Mesh(sphere.vertices, sphere.faces)


def test_a_ball_is_a_disc_with_a_border() -> None:
    picture = view(ball(), size_px=64)
    alpha = picture[..., 3] / 255.0
    rows, columns = np.nonzero(alpha > 0.5)
    assert picture.shape == (64, 64, 4)
    assert abs(alpha.sum() - np.pi * ((rows.max() - rows.min() + 1) / 2.0) ** 2) < 0.03 * alpha.sum()
    assert 2 <= rows.min() <= 8
    assert rows.min() + rows.max() == 63 == columns.min() + columns.max()


def test_colours_stand_on_their_side() -> None:
    """+X is red: to the right from the front, to the left from behind, in the middle from +X."""
    mesh = ball()
    red = mesh.colored(np.where(mesh.vertices[:, :1] > 0.0, (220, 30, 30), (30, 30, 220)).astype(np.uint8))
    for azimuth, left, right in ((0.0, 2, 0), (180.0, 0, 2)):
        picture = view(red, azimuth, 0.0, size_px=64)
        assert picture[32, 14, :3].argmax() == left
        assert picture[32, 50, :3].argmax() == right
    assert view(red, 90.0, 0.0, size_px=64)[32, 32, :3].argmax() == 0


def test_a_turn_goes_all_around() -> None:
    """The ball is red at +X: seen in the middle from there, a quarter of a turn after the front, and not from -X."""
    mesh = ball()
    red = mesh.colored(np.where(mesh.vertices[:, :1] > 0.0, (220, 30, 30), (30, 30, 220)).astype(np.uint8))
    turn = turntable(red, frames=4, elevation_deg=0.0, size_px=32)
    assert turn.shape == (4, 32, 32, 4)
    np.testing.assert_array_equal(turn[0], view(red, 0.0, 0.0, size_px=32))
    assert [int(frame[16, 16, :3].argmax()) for frame in turn[1::2]] == [0, 2]


def test_light_comes_from_above_and_clay_is_clay() -> None:
    picture = view(ball(), 0.0, 0.0, size_px=64).astype(float)
    assert picture[14, 32, :3].sum() > picture[50, 32, :3].sum() * 1.2
    lit = picture[24, 26, :3] / picture[24, 26, :3].max()
    np.testing.assert_allclose(lit, np.array(PLAIN_COLOR) / max(PLAIN_COLOR), atol=0.06)
