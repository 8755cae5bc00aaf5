"""The mean-shape experiment in numbers: what theory predicts for every loss, and what gradient descent finds."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from experiments.mean_shapes import (
    HEXAGONS,
    AddOn,
    Ambiguity,
    HiddenRadius,
    SetDistance,
    mean_shape,
    splash,
)
from torch import Tensor

from shapelift.losses.chamfer import chamfer_squared
from shapelift.losses.emd import earth_mover
from shapelift.ops.assignment import assign

pytestmark = pytest.mark.slow

POINTS, STEPS = 96, 160
RADIUS = HiddenRadius()
OFTEN, SELDOM, SIDES = AddOn(0.75), AddOn(0.25), AddOn(otherwise="left")


def chamfer(prediction: Tensor, truth: Tensor) -> Tensor:
    return chamfer_squared(prediction, truth, reduction="mean")


def emd(prediction: Tensor, truth: Tensor) -> Tensor:
    return earth_mover(prediction, truth).cost


def emd_squared(prediction: Tensor, truth: Tensor) -> Tensor:
    return earth_mover(prediction, truth, squared=True).cost


@cache
def settled(ambiguity: Ambiguity, distance: SetDistance, hypotheses: int = 1, others: float = 0.05) -> Tensor:
    return mean_shape(
        ambiguity, distance, points=POINTS, hypotheses=hypotheses, others=others, steps=STEPS, learning_rate=0.03
    )


def radii(points: Tensor) -> Tensor:
    return points.norm(dim=-1)


# A continuous ambiguity


def test_earth_mover_settles_on_the_circle_of_the_expected_radius() -> None:
    for distance in (emd, emd_squared):
        radius = radii(settled(RADIUS, distance)[0])
        assert radius.mean().item() == pytest.approx(RADIUS.mean, abs=0.02)  # of radii from 0.2 to 0.6
        assert radius.std().item() < 0.005


def test_earth_mover_takes_the_median_radius_and_its_square_the_mean() -> None:
    hidden = HiddenRadius(skew=4.0)
    assert hidden.quantile(0.5) == pytest.approx(0.225)
    assert hidden.mean == pytest.approx(0.28)
    assert radii(settled(hidden, emd)).median().item() == pytest.approx(0.225, abs=0.015)
    assert radii(settled(hidden, emd_squared)).median().item() == pytest.approx(0.28, abs=0.015)


def test_chamfer_splashes_to_both_sides_of_it() -> None:
    radius = radii(settled(RADIUS, chamfer)[0])
    assert radius.median().item() == pytest.approx(RADIUS.mean, abs=0.02)
    assert radius.std() > 10.0 * radii(settled(RADIUS, emd)[0]).std()
    assert radius.min() < 0.33
    assert radius.max() > 0.45
    assert 0.25 < (radius - radius.median()).abs().gt(0.02).float().mean() < 0.75


def test_the_splash_is_as_wide_as_theory_says() -> None:
    places, shares = RADIUS.splash(POINTS)
    expected = np.sqrt((shares * (places - (shares * places).sum()) ** 2).sum())
    assert radii(settled(RADIUS, chamfer)[0]).std().item() == pytest.approx(expected, rel=0.35)


# A discrete ambiguity


def test_earth_mover_takes_the_add_on_whole_or_not_at_all() -> None:
    assert OFTEN.share_above(settled(OFTEN, emd)[0]).item() == pytest.approx(OFTEN.share, rel=0.1)
    assert SELDOM.share_above(settled(SELDOM, emd)[0]).item() == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize("ambiguity", [OFTEN, SELDOM], ids=["often", "seldom"])
def test_squared_earth_mover_goes_the_expected_part_of_every_way(ambiguity: AddOn) -> None:
    bare, whole = (AddOn(certain).draw(1, 400, torch.Generator().manual_seed(0)) for certain in (0.0, 1.0))
    index = assign(bare, whole, squared=True).index[0]
    between = bare[0] + ambiguity.probability * (whole[0, index] - bare[0])
    found = settled(ambiguity, emd_squared)[0]
    assert ambiguity.share_above(found).item() == pytest.approx(ambiguity.share_above(between).item(), abs=0.05)
    height = found[found[:, 0] > 0.2, 1].max().item()
    assert height == pytest.approx(0.3 * ambiguity.probability, abs=0.06)  # the square is squashed


@pytest.mark.parametrize("ambiguity", [OFTEN, SELDOM], ids=["often", "seldom"])
def test_chamfer_covers_the_add_on_thinly_where_it_is(ambiguity: AddOn) -> None:
    points = settled(ambiguity, chamfer)[0]
    share = ambiguity.share_above(points).item()
    assert 0.0 < share < 0.75 * ambiguity.share
    assert share == pytest.approx(ambiguity.splash(POINTS), rel=0.5)
    assert points[:, 1].max() > 0.1  # well into the square


def test_chamfer_hedges_on_both_sides() -> None:
    points = settled(SIDES, chamfer)[0]
    for side in ("right", "left"):
        assert SIDES.share_above(points, side).item() == pytest.approx(SIDES.splash(POINTS), rel=0.5)  # type: ignore[arg-type]


# Several hypotheses


@pytest.mark.parametrize("distance", [chamfer, emd])
def test_hypotheses_share_the_radii_among_them(distance: SetDistance) -> None:
    found = np.sort(radii(settled(RADIUS, distance, hypotheses=4)).median(dim=1).values.numpy())
    best = [RADIUS.quantile((number + 0.5) / 4) for number in range(4)]
    assert found == pytest.approx(best, abs=0.035)


@pytest.mark.parametrize("distance", [chamfer, emd])
def test_one_hypothesis_has_the_add_on_and_one_has_not(distance: SetDistance) -> None:
    ambiguity = AddOn()
    without, with_it = sorted(ambiguity.share_above(settled(ambiguity, distance, hypotheses=2)).tolist())
    assert without < 0.01
    if distance is emd:
        assert with_it == pytest.approx(ambiguity.share, rel=0.1)
    else:  # Chamfer says where there are points, and less how many
        assert with_it > 0.5 * ambiguity.share
        assert with_it > 2.0 * ambiguity.splash(POINTS)


def test_without_a_weight_on_the_others_a_hypothesis_is_left_behind() -> None:
    alone = radii(settled(RADIUS, emd, hypotheses=4, others=0.0)).std(dim=1)
    together = radii(settled(RADIUS, emd, hypotheses=4)).std(dim=1)
    assert alone.max() > 0.1  # as it started: it was never the nearest
    assert together.max() < 0.01


# The parts


def test_circles_and_bars_are_drawn_as_they_say() -> None:
    generator = torch.Generator().manual_seed(0)
    circles = HiddenRadius(0.2, 0.6, skew=3.0).draw(2000, 16, generator)
    assert circles.shape == (2000, 16, 3)
    assert radii(circles).std(dim=1).max() < 1e-6
    assert radii(circles).mean().item() == pytest.approx(0.3, abs=0.01)
    assert radii(circles)[:, 0].median().item() == pytest.approx(0.25, abs=0.01)
    for ambiguity in (AddOn(0.3), AddOn(0.3, otherwise="left")):
        shapes = ambiguity.draw(400, 50, generator)
        assert (shapes[..., 2] == 0).all()
        shares = ambiguity.share_above(shapes)
        there = shares > 0
        assert there.float().mean().item() == pytest.approx(0.3, abs=0.08)
        assert shares[there].unique().tolist() == pytest.approx([0.26])  # 13 of 50 points: its share of the area
        left = ambiguity.share_above(shapes, "left")
        assert torch.equal(left > 0, ~there if ambiguity.otherwise == "left" else torch.zeros_like(there))
    with pytest.raises(ValueError, match="probability"):
        AddOn(1.5)


def test_where_nothing_is_open_the_splash_is_the_truth() -> None:
    areas = np.array([0.5, 1.0, 1.5])
    assert splash(np.full(3, 1 / 3), np.zeros(3), areas, 100) == pytest.approx(areas / 3.0)


def test_a_price_thins_out_and_more_points_less() -> None:
    truth, price, areas = np.array([1.0, 1.0]), np.array([0.0, 0.1]), np.array([0.5, 0.5])
    few, many = (splash(truth, price, areas, count)[1] for count in (50, 5000))
    assert many < few < 0.5
    # rho = sqrt(c g / (n (V + s))) in both pieces: the quotient says s, which both must agree on
    s = HEXAGONS / (50 * ((1.0 - few) / 0.5) ** 2)
    assert few / 0.5 == pytest.approx(np.sqrt(HEXAGONS / (50 * (0.1 + s))), rel=1e-6)


def test_the_same_seed_gives_the_same_set() -> None:
    first, again, other = (mean_shape(RADIUS, chamfer, points=16, steps=5, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_outlines_enclose_what_is_drawn() -> None:
    for ambiguity in (RADIUS, AddOn(), SIDES):
        points = ambiguity.draw(50, 64, torch.Generator().manual_seed(0))[..., :2].reshape(-1, 2)
        corners = np.concatenate(ambiguity.outlines())
        assert (points.numpy() <= corners.max(axis=0) + 1e-6).all()
        assert (points.numpy() >= corners.min(axis=0) - 1e-6).all()
