from __future__ import annotations

import numpy as np
import pytest

from shapelift.datasets import NO_AUGMENTATION, Augmentation
from shapelift.datasets.photographs import (
    MOST_BITTEN,
    bitten,
    compressed,
    cut_off,
    defocused,
    haloed,
    laid_on,
    random_paper,
    uneven_light,
    white_balance,
    with_table,
)

QUIET = {"mirror": 0.0, "shift": 0.0, "zoom": 0.0, "gain": 0.0, "blur": 0.0, "noise": 0.0, "mask": 0.0, "grey": 0.0}
SIZE = 64


def streams(count: int = 30) -> list[np.random.Generator]:
    return [np.random.default_rng(seed) for seed in range(count)]


def square(low: int = 16, high: int = 48) -> np.ndarray:
    mask = np.zeros((SIZE, SIZE), np.float32)
    mask[low:high, low:high] = 255.0
    return mask


def red() -> np.ndarray:
    return np.broadcast_to(np.float32([200.0, 50.0, 20.0])[:, None, None], (3, SIZE, SIZE)).copy()


def picture() -> np.ndarray:
    return np.concatenate([np.moveaxis(red(), 0, 2), square()[..., None]], axis=2).astype(np.uint8)


def test_bites_take_from_the_outline_and_not_too_much() -> None:
    mask = square()
    taken = []
    for rng in streams():
        left = bitten(mask, rng)
        assert (left <= mask).all()
        assert left.sum() >= (1.0 - MOST_BITTEN) * mask.sum()
        assert left[28:36, 28:36].min() == 255.0  # the largest bite reaches 6 pixels deep
        taken.append(1.0 - left.sum() / mask.sum())
    assert 0.02 < np.mean(taken) < 0.2
    nothing = np.zeros((SIZE, SIZE), np.float32)
    np.testing.assert_array_equal(bitten(nothing, np.random.default_rng(0)), nothing)


def test_halos_hold_the_mask_grow_it_little_and_are_finite() -> None:
    for rng in streams():
        grown = haloed(square(), rng)
        assert set(np.unique(grown)) == {0.0, 255.0}
        # At most 3 % of the side to both sides, or 6 % to one of them.
        assert grown[16 - 4 : 48 + 4, 16 - 4 : 48 + 4].sum() == grown.sum() > square().sum()


def test_an_object_is_laid_on_a_background_by_its_mask() -> None:
    paper = np.full((3, SIZE, SIZE), 100.0, np.float32)
    mask = square()
    mask[0, 0] = 51.0
    laid = laid_on(red(), mask, paper)
    np.testing.assert_allclose(laid[:, 32, 32], [200.0, 50.0, 20.0], rtol=1e-6)
    np.testing.assert_allclose(laid[:, 0, 1], 100.0, rtol=1e-6)
    np.testing.assert_allclose(laid[:, 0, 0], [120.0, 90.0, 84.0], rtol=1e-6)


def test_backgrounds_are_constant_or_a_gradient() -> None:
    papers = [random_paper(SIZE, SIZE, rng) for rng in streams()]
    even = [np.ptp(paper, axis=(1, 2)).max() < 1e-3 for paper in papers]
    assert 8 < sum(even) < 22
    for paper in papers:
        assert paper.min() >= 0.0
        assert paper.max() <= 255.0
        steps = np.abs(np.diff(paper, axis=1)).max(), np.abs(np.diff(paper, axis=2)).max()
        assert max(steps) < 8.0


def test_the_table_stands_at_the_foot_and_behind_the_object() -> None:
    for rng in streams():
        color, mask = with_table(red(), square(), rng)
        assert (mask >= square()).all()
        added = np.flatnonzero((mask > square()).any(axis=1))
        assert not len(added) or added[0] > 38
        np.testing.assert_allclose(color[:, square() > 0], red()[:, square() > 0], atol=1e-3)
    assert sum((with_table(red(), square(), rng)[1] > square()).sum() > 20 for rng in streams()) > 25
    nothing = np.zeros((SIZE, SIZE), np.float32)
    assert not with_table(red(), nothing, np.random.default_rng(0))[1].any()


def test_strips_fall_away_where_the_object_touches_the_border() -> None:
    image = np.full((SIZE, SIZE, 4), 255.0, np.float32)
    image[..., 3] = 0.0
    image[20:40, 30:, 3] = 255.0
    for rng in streams():
        cut = cut_off(image, rng)
        columns = np.flatnonzero(cut[..., 3].any(axis=0))
        assert columns[0] == 30
        assert 63 - 8 <= columns[-1] <= 63
        np.testing.assert_array_equal(cut[:, : columns[-1] + 1], image[:, : columns[-1] + 1])
    inner = np.zeros((SIZE, SIZE, 4), np.float32)
    inner[16:48, 16:48] = 255.0
    np.testing.assert_array_equal(cut_off(inner, np.random.default_rng(0)), inner)


def test_out_of_focus_a_point_is_an_even_disc_of_the_same_light() -> None:
    image = np.zeros((SIZE, SIZE, 4), np.float32)
    image[32, 32] = 100.0
    for rng in streams(8):
        blurred = defocused(image, rng)
        np.testing.assert_allclose(blurred.sum(axis=(0, 1)), 100.0, rtol=1e-5)
        assert (blurred[32, 32] == blurred.max()).all()
        assert 0.5 <= np.sqrt(100.0 / blurred.max() / np.pi) < 0.018 * SIZE + 0.6


def test_uneven_light_and_white_balance_keep_their_bounds() -> None:
    for rng in streams():
        field = uneven_light(SIZE, SIZE + 6, 0.3, rng)
        assert field.shape == (SIZE, SIZE + 6)
        assert np.abs(np.log(field)).max() < 0.45  # a cubic overshoots a little
        assert np.abs(np.diff(field, axis=0)).max() < 0.06
        red_gain, green_gain, blue_gain = np.log(white_balance(0.3, rng))
        assert red_gain == pytest.approx(-blue_gain, abs=1e-6)
        assert abs(red_gain) <= 0.3
        assert abs(green_gain) <= 0.1 + 1e-6
    assert np.ptp(uneven_light(SIZE, SIZE, 0.3, np.random.default_rng(0))) > 0.1


def test_compression_changes_colours_a_little() -> None:
    ramp = red() + np.linspace(-20.0, 30.0, SIZE, dtype=np.float32)
    for rng in streams(8):
        found = compressed(ramp, np.full((SIZE, SIZE), 255.0, np.float32), rng)
        assert found.shape == (3, SIZE, SIZE)
        difference = np.abs(found - ramp.clip(0.0, 255.0))
        assert 0.0 < difference.mean() < 6.0


@pytest.mark.parametrize("part", ["cut", "bites", "halo", "table", "jpeg", "balance", "defocus", "uneven", "roll_deg"])
def test_every_part_changes_the_picture_and_none_draws_when_it_is_off(part: str) -> None:
    rgba = picture()
    on = Augmentation(**QUIET, **{part: {"roll_deg": 8.0, "balance": 0.3, "uneven": 0.3}.get(part, 1.0)})
    varied = [on.vary(rgba, rng) for rng in streams(10)]
    assert sum(not np.array_equal(image, rgba) for image in varied) >= 8
    assert all(image.dtype == np.uint8 and image.shape == rgba.shape for image in varied)
    if part in {"balance", "jpeg", "uneven"}:
        assert all(np.array_equal(image[..., 3], rgba[..., 3]) for image in varied)
    one, other = np.random.default_rng(5), np.random.default_rng(5)
    Augmentation(**{**QUIET, part: 0.0}).vary(rgba, one)
    NO_AUGMENTATION.vary(rgba, other)
    assert one.random() == other.random()


def test_a_cut_moves_the_object_over_one_border() -> None:
    rgba = np.zeros((SIZE, SIZE, 4), np.uint8)
    rgba[4:60, 4:60] = 255
    for rng in streams():
        window = Augmentation(**QUIET, cut=1.0).window(SIZE, SIZE, rng)
        low, high = window[:2, 2], window[:2, :2] @ [SIZE, SIZE] + window[:2, 2]
        lost = np.concatenate([low, SIZE - high]) / SIZE
        assert 0.1 <= lost.max() <= 0.3
        assert (lost[lost < lost.max()] <= 0.15 + 1e-9).all()
        np.testing.assert_allclose(window[[0, 1, 2], [1, 0, 0]], 0.0)


def test_roll_turns_around_the_centre() -> None:
    on = Augmentation(**QUIET, roll_deg=8.0)
    angles = []
    for rng in streams():
        window = on.window(SIZE, SIZE, rng)
        np.testing.assert_allclose(window @ [SIZE / 2, SIZE / 2, 1.0], [SIZE / 2, SIZE / 2, 1.0], atol=1e-12)
        np.testing.assert_allclose(window[:2, :2] @ window[:2, :2].T, np.eye(2), atol=1e-12)
        angles.append(np.rad2deg(np.arctan2(window[1, 0], window[0, 0])))
    assert np.abs(angles).max() <= 8.0
    assert np.ptp(angles) > 10.0


def test_the_picture_is_read_where_the_window_says() -> None:
    rgba = np.zeros((SIZE, SIZE, 4), np.uint8)
    rgba[..., 3] = 255
    rgba[..., 0] = np.arange(SIZE) * 3
    rgba[..., 1] = np.arange(SIZE)[:, None] * 3
    on = Augmentation(**{**QUIET, "shift": 0.05, "zoom": 0.05}, roll_deg=8.0, cut=1.0)
    window = on.window(SIZE, SIZE, np.random.default_rng(3))
    varied = Augmentation(**QUIET).vary_within(rgba, window, np.random.default_rng(0)).astype(float)
    for column, row in ((32, 32), (26, 40), (40, 30)):
        x, y, _ = window @ [column + 0.5, row + 0.5, 1.0]
        np.testing.assert_allclose(varied[row, column, :2], [3.0 * (x - 0.5), 3.0 * (y - 0.5)], atol=1.2)
