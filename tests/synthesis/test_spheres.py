from __future__ import annotations

import numpy as np
import pytest

from shapelift.synthesis.spheres import blurred, looked_up, pixel_directions, shrunk, solid_angles


def test_pixels_cover_the_sphere_and_look_where_the_frame_says() -> None:
    directions, angles = pixel_directions(64, 128), solid_angles(64, 128)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=2), 1.0, atol=1e-12)
    assert angles.sum() == pytest.approx(4.0 * np.pi, abs=1e-12)
    np.testing.assert_allclose((directions * angles[..., None]).sum(axis=(0, 1)), 0.0, atol=1e-12)
    for column, axis in ((64, (0, 0, -1)), (96, (1, 0, 0)), (0, (0, 0, 1)), (32, (-1, 0, 0))):
        between = directions[31:33, [column - 1, column]].mean(axis=(0, 1))
        np.testing.assert_allclose(between / np.linalg.norm(between), axis, atol=1e-12)
    assert directions[0, :, 1].min() > 0.99


def test_blur_equals_the_sum_over_all_pixels() -> None:
    rng = np.random.default_rng(0)
    values, directions, angles = rng.random((8, 16, 3)), pixel_directions(8, 16), solid_angles(8, 16)
    found = blurred(values, lambda cosine: np.maximum(cosine, 0.0) ** 3)
    for row in range(8):
        for column in range(16):
            weight = np.maximum(directions @ directions[row, column], 0.0) ** 3 * angles
            wanted = (values * weight[..., None]).sum(axis=(0, 1)) / weight.sum()
            np.testing.assert_allclose(found[row, column], wanted, atol=1e-12)


def test_blur_of_one_value_is_that_value() -> None:
    np.testing.assert_allclose(blurred(np.full((8, 16, 1), 0.3), np.exp), 0.3, atol=1e-12)


def test_look_up_meets_pixel_centres_levels_turns_and_the_seam() -> None:
    rng = np.random.default_rng(1)
    levels = rng.random((2, 8, 16, 3)).astype(np.float32)
    directions = pixel_directions(8, 16).reshape(-1, 3).astype(np.float32)
    level = np.arange(128) % 2
    wanted = levels.reshape(2, 128, 3)[level, np.arange(128)]
    np.testing.assert_allclose(looked_up(levels, directions, level), wanted, atol=1e-4)
    # A quarter turn from +Z towards +X brings what was at -X, column 4, to +Z, column 0.
    turned = looked_up(levels, directions, 0, np.pi / 2).reshape(8, 16, 3)
    np.testing.assert_allclose(turned[:, 0], levels[0, :, 4], atol=1e-4)
    seam = looked_up(levels, np.asarray([[0.0, 0.0, 1.0]], np.float32))
    np.testing.assert_allclose(seam[0], levels[0, 3:5, [0, 15]].mean(axis=(0, 1)), atol=2e-2)


def test_shrinking_keeps_the_light() -> None:
    values = np.random.default_rng(2).random((8, 16, 3))
    small = shrunk(values, 4, 8)
    whole = (values * solid_angles(8, 16)[..., None]).sum(axis=(0, 1))
    np.testing.assert_allclose((small * solid_angles(4, 8)[..., None]).sum(axis=(0, 1)), whole, atol=1e-12)
    with pytest.raises(ValueError, match="cannot be shrunk to 3 x 8"):
        shrunk(values, 3, 8)
