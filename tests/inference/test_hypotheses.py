from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from shapelift.errors import InputError
from shapelift.inference import Reconstructor
from shapelift.inference.hypotheses import FULL_SPREAD, Hypotheses, numbered, spread_colors

Disc = Callable[..., np.ndarray]


@pytest.fixture(scope="module")
def dice(dice_folder: Path) -> Reconstructor:
    return Reconstructor.load(dice_folder, threads=1)


def radii(found: Hypotheses) -> list[float]:
    return [float(one.mesh(24).bounds.size.max()) / 2 for one in found]


def test_hypotheses_are_those_of_the_seed_however_many_are_asked(dice: Reconstructor, disc: Disc) -> None:
    three, five = dice.hypotheses(disc(), 3, seed=7), dice.hypotheses(disc(), 5, seed=7)
    assert (len(three), len(five)) == (3, 5)
    assert radii(three) == radii(five)[:3]
    assert len(set(radii(five))) == 5
    one = dice.reconstruct(disc(), seed=7)
    assert float(one.mesh(24).bounds.size.max()) / 2 == radii(three)[0]
    assert radii(dice.hypotheses(disc(), 3, seed=8)) != radii(three)
    assert [(item.seed, item.sample) for item in three] == [(7, 0), (7, 1), (7, 2)]
    assert three[1].metadata()["sample"] == "2"


def test_spread_is_the_distance_to_the_others(dice: Reconstructor, disc: Disc) -> None:
    found = dice.hypotheses(disc(), 2, seed=3)
    gap = abs(radii(found)[0] - radii(found)[1])
    assert gap > 0.005
    for one, spread in zip(found, found.spread(24), strict=True):
        assert spread.shape == (len(one.mesh(24).vertices),)
        np.testing.assert_allclose(spread, gap, atol=0.006)
    assert found.spread(24) is found.spread(24)
    colors = found.mesh(0, 24).colors
    assert colors is not None
    np.testing.assert_array_equal(colors, spread_colors(found.spread(24)[0]))


def test_equal_hypotheses_have_no_spread(dice: Reconstructor, disc: Disc) -> None:
    one = dice.reconstruct(disc())
    for spread in Hypotheses((one, one, one)).spread(24):
        assert not spread.any()
    alone = Hypotheses((one,))
    assert not alone.spread(24)[0].any()
    np.testing.assert_array_equal(alone.mesh(0, 24).colors, one.colors(24).colors)
    assert alone.mesh(0, 24, color=False).colors is None


def test_colours_are_of_a_fixed_scale() -> None:
    steps = spread_colors(np.array([0.0, FULL_SPREAD / 2, FULL_SPREAD, 1.0], np.float32)).tolist()
    assert steps[2] == steps[3]
    assert len({tuple(step) for step in steps}) == 3


def test_names() -> None:
    assert numbered(Path("a/b.tar.glb"), 1) == (Path("a/b.tar.glb"),)
    assert numbered(Path("a/b.tar.glb"), 2) == (Path("a/b.tar-1.glb"), Path("a/b.tar-2.glb"))


def test_a_deterministic_model_says_so(ellipsoid: Reconstructor, disc: Disc) -> None:
    assert len(ellipsoid.hypotheses(disc(), 1, seed=4)) == 1
    with pytest.raises(InputError, match=r"`samples` 2: the model ellipsoid is deterministic, .*; leave `samples` out"):
        ellipsoid.hypotheses(disc(), 2)
    with pytest.raises(InputError, match="`samples` 65"):
        ellipsoid.hypotheses(disc(), 65)
    with pytest.raises(InputError, match="`seed` -1"):
        ellipsoid.reconstruct(disc(), seed=-1)
    assert "seed" not in ellipsoid.reconstruct(disc()).metadata()


def test_features_are_those_of_the_picture(dice: Reconstructor, disc: Disc) -> None:
    found = dice.hypotheses(disc(), 2)
    np.testing.assert_allclose(found[0].features, dice.encode(disc()), atol=1e-6)
    np.testing.assert_array_equal(found[0].features, found[1].features)
