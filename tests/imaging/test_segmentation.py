from __future__ import annotations

import cv2
import numpy as np
import pytest

from shapelift.errors import InputError
from shapelift.imaging.backdrops import key_out
from shapelift.imaging.segmentation import ObjectMask, fitted_mask, object_mask, with_mask

SIZE = 200


def scene() -> tuple[np.ndarray, np.ndarray]:
    """A ring with a spike: premultiplied colour `s s 3` and coverage `s s`, antialiased."""
    fine = 4
    axis = (np.arange(SIZE * fine) + 0.5) / (SIZE * fine) - 0.5
    y, x = np.meshgrid(axis, axis, indexing="ij")
    distance = np.hypot(x, y)
    solid = ((distance < 0.3) & (distance > 0.15)) | ((np.abs(x) < 0.02) & (y > 0.2) & (y < 0.4))
    shade = 0.35 + 0.4 * (x + 0.5)
    color = np.stack([0.9 * shade, 0.35 * shade, 0.2 * shade], axis=-1) * solid[..., None]
    reduce = (SIZE, fine, SIZE, fine)
    return color.reshape(*reduce, 3).mean((1, 3)), solid.reshape(reduce).mean((1, 3))


COLOR, COVERAGE = scene()


def placed_on(background: np.ndarray) -> np.ndarray:
    mixed = np.clip(COLOR + (1.0 - COVERAGE[..., None]) * background, 0.0, 1.0)
    return np.dstack([np.rint(mixed * 255), np.full((SIZE, SIZE), 255)]).astype(np.uint8)


def agreement(found: ObjectMask) -> float:
    a, b = COVERAGE >= 0.5, found.coverage >= 128
    return float((a & b).sum() / (a | b).sum())


def backgrounds() -> dict[str, np.ndarray]:
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    noise = np.random.default_rng(0).normal(0, 0.015, (SIZE, SIZE, 3))
    return {
        "white": np.ones((SIZE, SIZE, 3)),
        "black": np.zeros((SIZE, SIZE, 3)),
        "grain": 0.7 + noise,
        "gradient": np.stack([0.5 + 0.4 * y, 0.6 + 0.3 * y, 0.8 + 0.15 * x], axis=-1),
        "vignette": np.repeat((0.9 - 0.5 * ((x - 0.5) ** 2 + (y - 0.5) ** 2))[..., None], 3, axis=2),
    }


@pytest.mark.parametrize("name", list(backgrounds()))
def test_plain_backgrounds_are_keyed_out_with_their_holes(name: str) -> None:
    found = object_mask(placed_on(backgrounds()[name]))
    assert found.source == "plain background"
    assert found.warnings == ()
    assert agreement(found) > 0.97
    assert found.coverage[SIZE // 2, SIZE // 2] == 0  # the hole of the ring
    assert ((found.coverage > 0) & (found.coverage < 255)).any()  # soft edges


def test_checkered_background_is_cut_with_a_warning() -> None:
    y, x = np.mgrid[0:SIZE, 0:SIZE] // 25
    background = np.where(((x + y) % 2)[..., None] > 0, [0.8, 0.8, 0.7], [0.2, 0.35, 0.5])
    found = object_mask(placed_on(background), name="photo.jpg")
    assert found.source == "grabcut"
    assert len(found.warnings) == 1
    assert found.warnings[0].code == "cut-out-by-guess"
    assert "photo.jpg" in found.warnings[0].message
    assert "`mask`" in found.warnings[0].message
    assert agreement(found) > 0.85
    again = object_mask(placed_on(background), name="photo.jpg")
    np.testing.assert_array_equal(found.coverage, again.coverage)


@pytest.mark.slow
@pytest.mark.parametrize("side", ["bottom", "left"])
def test_an_object_that_runs_out_of_the_picture_is_not_cut_short(side: str) -> None:
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    rng = np.random.default_rng(3)
    blotches = cv2.GaussianBlur(rng.normal(size=(SIZE, SIZE, 3)), (0, 0), 6.0)
    picture = np.array([0.3, 0.5, 0.35]) + 0.1 * blotches / blotches.std()
    solid = np.hypot(x - 0.5, y - 0.75) < 0.4
    picture[solid] = np.array([0.8, 0.25, 0.2]) * (0.7 + 0.5 * x[solid, None])
    rgba = np.dstack([np.rint(np.clip(picture, 0, 1) * 255), np.full((SIZE, SIZE), 255)]).astype(np.uint8)
    if side == "left":
        rgba, solid = np.ascontiguousarray(np.rot90(rgba, 3)), np.rot90(solid, 3)
    found = object_mask(rgba)
    assert found.source == "grabcut"
    inside = found.coverage >= 128
    assert (solid & inside).sum() / (solid | inside).sum() > 0.93
    edge = (slice(-4, None), slice(None)) if side == "bottom" else (slice(None), slice(4))
    assert inside[edge][solid[edge]].mean() > 0.8  # up to the rim of the picture


def test_joints_between_bricks_are_not_an_object_before_a_plain_wall() -> None:
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    row, high = np.divmod(y + 10, 24)
    joint = (high < 2) | ((x + 10 + 20 * (row % 2)) % 40 < 2)
    wall = np.where(joint[..., None], [0.75, 0.7, 0.65], [0.45, 0.2, 0.25])
    wall += np.random.default_rng(0).normal(0, 0.01, wall.shape)
    rgba = placed_on(wall)
    rgba[COVERAGE >= 0.5, :3] = (60, 110, 190)
    found = object_mask(rgba)
    assert found.source == "grabcut"
    assert agreement(found) > 0.8


@pytest.mark.slow
def test_large_pictures_are_worked_on_small_and_come_back_large() -> None:
    large = np.repeat(np.repeat(placed_on(np.ones((SIZE, SIZE, 3))), 7, axis=0), 7, axis=1)
    found = object_mask(large)
    assert found.coverage.shape == large.shape[:2]
    truth = np.repeat(np.repeat(COVERAGE >= 0.5, 7, axis=0), 7, axis=1)
    inside = found.coverage >= 128
    assert (truth & inside).sum() / (truth | inside).sum() > 0.95


def test_alpha_comes_first_and_keeps_its_values() -> None:
    rgba = placed_on(np.ones((SIZE, SIZE, 3)))
    rgba[..., 3] = np.rint(COVERAGE * 255)
    found = object_mask(rgba)
    assert found.source == "alpha"
    np.testing.assert_array_equal(found.coverage, rgba[..., 3])


def test_specks_are_dropped_and_parts_kept() -> None:
    alpha = np.zeros((SIZE, SIZE), np.uint8)
    alpha[60:120, 60:120] = 255
    alpha[150:160, 60:120] = 255  # a part
    with_speck = alpha.copy()
    with_speck[5, 5] = 255
    rgba = np.dstack([np.zeros((SIZE, SIZE, 3), np.uint8), with_speck])
    np.testing.assert_array_equal(object_mask(rgba).coverage, alpha)


def test_mask_of_the_user() -> None:
    rgba = placed_on(np.random.default_rng(0).random((SIZE, SIZE, 3)))
    mask = np.rint(COVERAGE * 255).astype(np.uint8)
    found = object_mask(rgba, mask)
    assert found.source == "mask"
    np.testing.assert_array_equal(found.coverage, mask)
    np.testing.assert_array_equal(with_mask(rgba, found)[..., 3], mask)
    assert (rgba[..., 3] == 255).all()  # the argument is left alone
    assert object_mask(rgba, np.full((SIZE, SIZE), 255, np.uint8)).warnings


def test_the_mask_of_a_picture_that_was_shrunk_follows_it() -> None:
    mask = np.zeros((301, 400), np.uint8)
    mask[100:200, 100:300] = 255
    fitted = fitted_mask(mask, (75, 100, 4))
    assert fitted.shape == (75, 100)
    assert (fitted[26:49, 26:74] == 255).all()
    assert fitted.mean() == pytest.approx(mask.mean(), rel=0.02)
    assert fitted_mask(mask, (100, 100, 4)) is mask  # other proportions: not a mask of it


def test_what_cannot_be_used_is_named() -> None:
    rgba = placed_on(np.ones((SIZE, SIZE, 3)))
    clear = rgba.copy()
    clear[..., 3] = 0
    empty = np.zeros((SIZE, SIZE), np.uint8)
    cases = [
        (clear, None, "a.png", "fully transparent"),
        (rgba, empty, "m.png", "mask is empty"),
        (rgba, np.full((SIZE, SIZE + 1), 255, np.uint8), "m.png", "same size"),
        (np.full((64, 64, 4), 255, np.uint8), None, "a.png", "nothing but a plain background"),
    ]
    for image, mask, name, reason in cases:
        with pytest.raises(InputError, match=reason) as error:
            object_mask(image, mask, name="a.png", mask_name="m.png")
        assert name in str(error.value)


def test_smallest_pictures() -> None:
    rgb = np.full((8, 8, 3), 255, np.uint8)
    rgb[2:6, 2:6] = (200, 0, 0)
    keyed = key_out(rgb)
    assert keyed is not None
    assert (keyed.coverage[3:5, 3:5] == 255).all()
    assert keyed.coverage[0, 0] == 0
    assert not keyed.faint


def test_a_busy_border_is_not_plain() -> None:
    assert key_out(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)) is None
