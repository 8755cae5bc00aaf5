"""Chamfer, F-score and normal consistency: naive twins, exact answers, invariances, degenerate input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapelift.geometry import PointCloud, rotation_x, rotation_y, similarity
from shapelift.metrics import (
    FRACTIONS,
    chamfer_l1,
    chamfer_l2,
    fscore,
    fscores,
    match,
    normal_consistency,
)


def _naive_nearest(source, target):
    """Distance and index of the nearest target per source point, one pair at a time."""
    distances, indices = [], []
    for point in source:
        best, which = math.inf, -1
        for index, other in enumerate(target):
            distance = math.dist(point, other)
            if distance < best:
                best, which = distance, index
        distances.append(best)
        indices.append(which)
    return distances, indices


def _clouds(seed, n=40, m=55):
    rng = np.random.default_rng(seed)
    return rng.uniform(-0.5, 0.5, (n, 3)), rng.uniform(-0.5, 0.5, (m, 3))


def _unit(rng, n):
    normals = rng.normal(size=(n, 3))
    return normals / np.linalg.norm(normals, axis=1, keepdims=True)


def _grid_plane(height, n=20):
    axis = (np.arange(n) + 0.5) / n - 0.5
    x, z = np.meshgrid(axis, axis, indexing="ij")
    return np.stack([x.ravel(), np.full(n * n, height), z.ravel()], axis=1)


@pytest.mark.parametrize("seed", range(4))
def test_metrics_agree_with_their_naive_twins(seed):
    prediction, reference = _clouds(seed)
    rng = np.random.default_rng(seed + 100)
    prediction_normals, reference_normals = _unit(rng, len(prediction)), _unit(rng, len(reference))
    forward, forward_index = _naive_nearest(prediction, reference)
    backward, backward_index = _naive_nearest(reference, prediction)
    assert chamfer_l1(prediction, reference) == pytest.approx(
        (sum(forward) / len(forward) + sum(backward) / len(backward)) / 2, rel=1e-12
    )
    assert chamfer_l2(prediction, reference) == pytest.approx(
        sum(d * d for d in forward) / len(forward) + sum(d * d for d in backward) / len(backward), rel=1e-12
    )
    for threshold in (0.05, 0.1, 0.2):
        precision = sum(d < threshold for d in forward) / len(forward)
        recall = sum(d < threshold for d in backward) / len(backward)
        twin = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        assert fscore(prediction, reference, threshold) == pytest.approx(twin, rel=1e-12)
    one = [abs(float(prediction_normals[i] @ reference_normals[j])) for i, j in enumerate(forward_index)]
    two = [abs(float(reference_normals[i] @ prediction_normals[j])) for i, j in enumerate(backward_index)]
    # Clouds are float32 by type: the twin agrees to their precision.
    assert normal_consistency(
        PointCloud(prediction, prediction_normals), PointCloud(reference, reference_normals)
    ) == pytest.approx((sum(one) / len(one) + sum(two) / len(two)) / 2, rel=1e-5)


def test_parallel_planes_have_exact_answers():
    height = 0.015
    low, high = _grid_plane(0.0), _grid_plane(height)
    assert chamfer_l1(high, low) == pytest.approx(height, rel=1e-9)
    assert chamfer_l2(high, low) == pytest.approx(2 * height**2, rel=1e-9)
    # The longest side is 0.95 (cell centres), so a gap of 0.015 lies between 1 % and 2 % of it.
    assert fscores(high, low) == {0.005: 0.0, 0.01: 0.0, 0.02: 1.0, 0.05: 1.0}
    up = np.tile([0.0, 1.0, 0.0], (len(low), 1))
    assert normal_consistency(PointCloud(high, up), PointCloud(low, -up)) == pytest.approx(1.0)
    assert normal_consistency(PointCloud(high, up), PointCloud(low, up[:, [1, 0, 2]])) == pytest.approx(0.0)


def test_half_of_a_surface_has_full_precision_and_half_recall():
    whole = _grid_plane(0.0)
    half = whole[whole[:, 0] < 0]
    assert fscore(half, whole, 0.01) == pytest.approx(2 * 0.5 / 1.5)
    # A cap that covers little must not be paid for being precise (a bug of a well-known library).
    cap = whole[:8]
    assert fscore(cap, whole, 0.01) == pytest.approx(2 * 0.02 / 1.02)


def test_a_distance_equal_to_the_threshold_is_out():
    assert fscore([[0.25, 0.0, 0.0]], [[0.0, 0.0, 0.0]], 0.25) == 0.0
    assert fscore([[0.25, 0.0, 0.0]], [[0.0, 0.0, 0.0]], 0.2500001) == 1.0


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 1000),
    angle_deg=st.floats(-180, 180),
    scale=st.floats(0.2, 5.0),
    shift=st.floats(-2.0, 2.0),
)
def test_invariances(seed, angle_deg, scale, shift):
    prediction, reference = _clouds(seed, 30, 30)
    rotation = rotation_y(angle_deg) @ rotation_x(angle_deg / 2)
    matrix = similarity(rotation, [shift, -shift, 0.3], scale)
    moved_prediction = prediction @ matrix[:3, :3].T + matrix[:3, 3]
    moved_reference = reference @ matrix[:3, :3].T + matrix[:3, 3]
    order = np.random.default_rng(seed).permutation(30)
    base, moved = chamfer_l1(prediction, reference), chamfer_l1(moved_prediction[order], moved_reference)
    assert moved == pytest.approx(scale * base, rel=1e-9)
    assert chamfer_l2(moved_prediction, moved_reference[order]) == pytest.approx(
        scale**2 * chamfer_l2(prediction, reference), rel=1e-9
    )
    assert chamfer_l1(reference, prediction) == pytest.approx(base, rel=1e-12)
    stretched = fscores(scale * prediction + shift, scale * reference + shift)
    for fraction, value in fscores(prediction, reference).items():
        assert stretched[fraction] == pytest.approx(value, abs=1e-9)


def test_the_same_points_are_perfect():
    rng = np.random.default_rng(3)
    cloud = PointCloud(rng.uniform(size=(200, 3)), _unit(rng, 200))
    assert chamfer_l1(cloud.points, cloud.points) == 0.0
    assert set(fscores(cloud.points, cloud.points).values()) == {1.0}
    assert normal_consistency(cloud, cloud) == pytest.approx(1.0, abs=1e-6)


def test_an_empty_prediction_gets_the_worst_value():
    reference = _grid_plane(0.0) * 2.0
    side = 1.9
    normals = np.tile([0.0, 1.0, 0.0], (len(reference), 1))
    empty = np.zeros((0, 3))
    assert chamfer_l1(empty, reference) == pytest.approx(math.sqrt(3) * side)
    assert chamfer_l2(empty, reference) == pytest.approx(6 * side**2)
    assert fscores(empty, reference) == dict.fromkeys(FRACTIONS, 0.0)
    assert normal_consistency(PointCloud(empty), PointCloud(reference, normals)) == 0.0
    # Nothing inside the cube can do worse: opposite corners are sqrt(3) apart.
    assert chamfer_l1([[0.5, 0.5, 0.5]], [[-0.5, -0.5, -0.5]]) <= math.sqrt(3) + 1e-12


def test_degenerate_clouds():
    point = np.zeros((1, 3))
    assert chamfer_l1(point, point) == 0.0
    many = np.zeros((5000, 3))
    assert chamfer_l1(many, point + 1.0) == pytest.approx(math.sqrt(3))
    assert match(point, point).side == 0.0
    with pytest.raises(ValueError, match="positive distance"):
        fscores(point, point)


@pytest.mark.parametrize("collapsed", [0.5, 1.0])
def test_a_crowd_of_points_in_one_place_is_measured_point_by_point(collapsed):
    rng = np.random.default_rng(0)
    prediction = rng.uniform(-0.5, 0.5, (3000, 3))
    prediction[rng.permutation(3000)[: int(3000 * collapsed)]] = [0.1, 0.2, 0.3]
    reference = rng.uniform(-0.5, 0.5, (400, 3))
    between = np.linalg.norm(prediction[:, None] - reference[None], axis=2)
    found = match(prediction, reference)
    np.testing.assert_allclose(found.to_reference, between.min(axis=1), rtol=1e-12)
    np.testing.assert_allclose(found.to_prediction, between.min(axis=0), rtol=1e-12)
    np.testing.assert_allclose(between[np.arange(3000), found.reference_index], found.to_reference, rtol=1e-12)
    np.testing.assert_allclose(between[found.prediction_index, np.arange(400)], found.to_prediction, rtol=1e-12)


def test_unusable_input_is_refused():
    good = np.zeros((3, 3))
    with pytest.raises(ValueError, match="no points"):
        chamfer_l1(good, np.zeros((0, 3)))
    with pytest.raises(ValueError, match="shape"):
        chamfer_l1(np.zeros((3, 2)), good)
    with pytest.raises(ValueError, match="finite"):
        chamfer_l1([[0.0, np.nan, 0.0]], good)
    with pytest.raises(ValueError, match="positive distance"):
        fscore(good, good, 0.0)
    with pytest.raises(ValueError, match="normals"):
        normal_consistency(PointCloud(good), PointCloud(good))


def test_two_samplings_of_one_surface_reach_the_known_floor():
    # DESIGN section 6: at 10,000 points two samplings of the same box reach only F@1 % = 0.71.
    rng = np.random.default_rng(0)
    size = np.array([1.0, 0.6, 0.4])
    areas = np.repeat([size[1] * size[2], size[0] * size[2], size[0] * size[1]], 2)

    def sample(count):
        face = rng.choice(6, count, p=areas / areas.sum())
        points = rng.uniform(-0.5, 0.5, (count, 3))
        points[np.arange(count), face // 2] = face % 2 - 0.5
        return points * size

    assert fscore(sample(10_000), sample(10_000), 0.01) == pytest.approx(0.714, abs=0.02)
    assert chamfer_l1(sample(10_000), sample(10_000)) == pytest.approx(0.0079, abs=3e-4)
