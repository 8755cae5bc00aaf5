"""Named conventions: the factors and reductions that tell papers apart."""

from __future__ import annotations

import math

import numpy as np
import pytest

from shapelift.geometry import PointCloud
from shapelift.metrics import PROTOCOLS, chamfer_l1, chamfer_l2, fscore, fscores, normal_consistency


def _pair():
    rng = np.random.default_rng(0)
    normals = rng.normal(size=(2, 80, 3))
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    points = rng.uniform(-0.5, 0.5, (2, 80, 3))
    return PointCloud(points[0], normals[0]), PointCloud(points[1][:60], normals[1][:60])


def test_every_protocol_is_named_sourced_and_finite_for_nothing():
    _, reference = _pair()
    for name, protocol in PROTOCOLS.items():
        assert protocol.name == name
        assert protocol.source
        assert protocol.definition
        scores = protocol.score(PointCloud(np.zeros((0, 3))), reference)
        assert scores
        assert np.isfinite(list(scores.values())).all()
        # An empty prediction is never better than a random one.
        prediction, truth = _pair()
        if protocol.one_to_one:
            prediction = PointCloud(prediction.points[: len(truth)], prediction.normals[: len(truth)])
        other = protocol.score(prediction, truth)
        for key, value in scores.items():
            better_when_large = key.startswith(("fscore", "normal"))
            assert value <= other[key] if better_when_large else value >= other[key]


def test_shapelift_is_the_metrics_of_this_package():
    prediction, reference = _pair()
    scores = PROTOCOLS["shapelift"].score(prediction, reference)
    assert scores["chamfer_l1"] == pytest.approx(chamfer_l1(prediction.points, reference.points))
    assert scores["chamfer_l2"] == pytest.approx(chamfer_l2(prediction.points, reference.points))
    expected = fscores(prediction.points, reference.points)
    assert {k: v for k, v in scores.items() if k.startswith("fscore")} == {
        "fscore_0.5": expected[0.005],
        "fscore_1": expected[0.01],
        "fscore_2": expected[0.02],
        "fscore_5": expected[0.05],
    }
    assert scores["normal_consistency"] == pytest.approx(normal_consistency(prediction, reference))


def test_a_shifted_plane_tells_the_conventions_apart():
    axis = (np.arange(12) + 0.5) / 12 - 0.5
    x, z = np.meshgrid(axis, axis)
    plane = np.stack([x.ravel(), np.zeros(144), z.ravel()], axis=1)
    up = np.tile([0.0, 1.0, 0.0], (144, 1))
    h = 0.02
    prediction, reference = PointCloud(plane + np.array([0, h, 0]), up), PointCloud(plane, up)
    occupancy_networks = PROTOCOLS["occupancy-networks"].score(prediction, reference)
    assert occupancy_networks["chamfer_l1_x10"] == pytest.approx(10 * h, rel=1e-5)
    assert occupancy_networks["chamfer_l2_mean"] == pytest.approx(h**2, rel=1e-5)
    lin = PROTOCOLS["lin-2018"].score(prediction, reference)
    assert lin["prediction_to_reference_x100"] == pytest.approx(100 * h, rel=1e-5)
    assert lin["reference_to_prediction_x100"] == pytest.approx(100 * h, rel=1e-5)
    pixel2mesh = PROTOCOLS["pixel2mesh"].score(prediction, reference)
    # 0.57 * 0.02 = 0.0114 lies between 0.01 and 0.01414.
    assert pixel2mesh["chamfer_l2_x1000"] == pytest.approx(2000 * (0.57 * h) ** 2, rel=1e-5)
    assert (pixel2mesh["fscore_tau"], pixel2mesh["fscore_2tau"]) == (0.0, 1.0)
    fan = PROTOCOLS["fan-2017"].score(prediction, reference)
    # A shift is the optimal assignment of a cloud and its shifted copy.
    assert fan == {
        "chamfer_l2_x1000": pytest.approx(2000 * h**2, rel=1e-5),
        "emd_x100": pytest.approx(100 * h, rel=1e-5),
    }
    tatarchenko = PROTOCOLS["tatarchenko-2019"].score(prediction, reference)
    assert tatarchenko["fscore_1"] == 0.0
    assert tatarchenko["fscore_5"] == fscore(prediction.points, reference.points, 0.05) == 1.0


def test_worst_values_are_those_of_the_sources():
    reference = PointCloud([[0.0, 0.0, 0.0], [1.0, 0.5, 0.5]], [[0.0, 1.0, 0.0]] * 2)
    nothing = PointCloud(np.zeros((0, 3)))
    assert PROTOCOLS["occupancy-networks"].score(nothing, reference) == {
        "chamfer_l1_x10": pytest.approx(10 * math.sqrt(3)),
        "chamfer_l2_mean": pytest.approx(3.0),
        "normal_consistency": -1.0,
    }


def test_missing_normals_are_refused():
    prediction, reference = _pair()
    with pytest.raises(ValueError, match="normals"):
        PROTOCOLS["shapelift"].score(PointCloud(prediction.points), reference)


def test_pairs_need_equal_counts():
    prediction, reference = _pair()
    with pytest.raises(ValueError, match="equal counts, got 80 and 60"):
        PROTOCOLS["fan-2017"].score(prediction, reference)
