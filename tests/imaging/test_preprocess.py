from __future__ import annotations

import numpy as np
import pytest

from shapelift.errors import InputError
from shapelift.imaging.preprocess import Preprocess, object_window, resample_window

RNG = np.random.default_rng(0)


def solid(size: int, color: tuple[int, int, int] = (250, 20, 60)) -> np.ndarray:
    return np.broadcast_to(np.array([*color, 255], np.uint8), (size, size, 4)).copy()


def test_a_framed_picture_is_left_as_it_is() -> None:
    rgba = np.zeros((100, 100, 4), np.uint8)
    rgba[5:95, 20:70] = np.append(RNG.integers(0, 256, 3), 255)
    rgba[5:95, 20:70, :3] = RNG.integers(0, 256, (90, 50, 3))
    rgba[:, :] = np.roll(rgba, 5, axis=1)  # columns 25..75: centred
    crop = Preprocess(image_size_px=100, margin=0.05).crop(rgba)
    np.testing.assert_array_equal(crop, rgba)


def test_the_window_centres_the_object_with_its_margin() -> None:
    alpha = np.zeros((50, 80), np.uint8)
    alpha[10:20, 30:70] = 128
    alpha[2, 2] = 127  # less than one half is not the object
    x, y, side = object_window(alpha, 0.1)
    assert side == pytest.approx(50.0)
    assert (x + side / 2, y + side / 2) == pytest.approx((50.0, 15.0))


def test_empty_pictures_are_refused() -> None:
    with pytest.raises(InputError, match="no object"):
        Preprocess(image_size_px=32).crop(np.zeros((10, 10, 4), np.uint8))


def test_shrinking_by_whole_blocks_is_their_mean() -> None:
    rgba = RNG.integers(0, 256, (96, 96, 4), dtype=np.uint8)
    found = resample_window(rgba, 0.0, 0.0, 96.0, 32).astype(float)
    values = rgba.astype(float)
    values[..., :3] *= values[..., 3:] / 255.0
    mean = values.reshape(32, 3, 32, 3, 4).mean((1, 3))
    mean[..., :3] *= 255.0 / np.maximum(mean[..., 3:], 1e-9)
    assert np.abs(found - mean).max() <= 0.51


def test_growing_interpolates_linearly() -> None:
    ramp = solid(16)
    ramp[..., 0] = np.arange(16) * 10
    found = resample_window(ramp, 4.0, 4.0, 8.0, 32)[16, :, 0].astype(float)
    want = (4.0 + (np.arange(32) + 0.5) / 4.0 - 0.5) * 10.0
    assert np.abs(found - want).max() <= 1.0


@pytest.mark.parametrize("scale", [0.7, 1.0, 1.3, 2.6, 9.0])
def test_transparent_colours_never_bleed(scale: float) -> None:
    rgba = np.zeros((60, 60, 4), np.uint8)
    rgba[..., 1] = 255  # green, but nowhere visible
    rgba[20:40, 20:40] = (200, 0, 100, 255)
    crop = resample_window(rgba, -3.3, 1.7, 57.1, max(8, round(57.1 / scale)))
    visible = crop[..., 3] > 8
    assert crop[visible][:, 1].max() <= 1
    assert crop[crop[..., 3] > 128][:, 0].min() >= 199


def test_over_the_edge_is_transparent() -> None:
    crop = resample_window(solid(20), -10.0, -10.0, 40.0, 40)
    assert (crop[:9, :, 3] == 0).all()
    np.testing.assert_array_equal(crop[10:30, 10:30], solid(20))


def test_objects_at_another_place_and_size_look_the_same() -> None:
    base = np.zeros((64, 64, 4), np.uint8)
    axis = np.arange(64) - 31.5
    base[axis[:, None] ** 2 + axis[None] ** 2 < 24**2] = (90, 160, 30, 255)
    moved = np.zeros((300, 260, 4), np.uint8)
    moved[37 : 37 + 192, 11 : 11 + 192] = np.repeat(np.repeat(base, 3, axis=0), 3, axis=1)
    preprocess = Preprocess(image_size_px=48)
    difference = np.abs(preprocess(base) - preprocess(moved))
    assert difference.mean() < 0.01


def test_the_composite_and_its_channels() -> None:
    crop = np.zeros((16, 16, 4), np.uint8)
    crop[4:8, 4:8] = (255, 0, 51, 255)
    image = Preprocess(image_size_px=16, background=0.25).tensor(crop)
    assert image.shape == (4, 16, 16)
    assert image.dtype == np.float32
    np.testing.assert_allclose(image[:, 0, 0], [0.25, 0.25, 0.25, 0.0])
    np.testing.assert_allclose(image[:, 5, 5], [1.0, 0.0, 0.2, 1.0])
    rgb = Preprocess(image_size_px=16, background=0.25, channels="rgb")
    np.testing.assert_array_equal(rgb.tensor(crop), image[:3])
    np.testing.assert_array_equal(rgb.tensor(crop[None])[0], image[:3])


def test_large_pictures_are_reduced_in_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    rgba = RNG.integers(0, 256, (400, 300, 4), dtype=np.uint8)
    whole = resample_window(rgba, -20.0, 5.5, 380.0, 40)
    monkeypatch.setattr("shapelift.imaging.preprocess._STRIP_PIXELS", 1)
    np.testing.assert_array_equal(resample_window(rgba, -20.0, 5.5, 380.0, 40), whole)
