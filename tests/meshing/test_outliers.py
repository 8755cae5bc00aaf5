"""Which points of a cloud are strays."""

from __future__ import annotations

import numpy as np
import pytest

from shapelift.geometry import PointCloud
from shapelift.meshing.outliers import lone_points, without_lone_points


def sphere(count: int, seed: int = 0) -> np.ndarray:
    points = np.random.default_rng(seed).normal(size=(count, 3))
    return 0.5 * points / np.linalg.norm(points, axis=1, keepdims=True)


def strays(name: str) -> np.ndarray:
    rng = np.random.default_rng(1)
    return {
        "one far": np.array([[100.0, 100.0, 100.0]]),
        "one near": np.array([[0.9, 0.5, 0.0]]),
        "one beyond measure": np.array([[0.0, 1e30, 0.0]]),
        "the same twice": np.array([[0.0, 9.0, 0.0]] * 2),
        "a few together": np.array([5.0, 0.0, 0.0]) + rng.normal(scale=0.01, size=(5, 3)),
        "here and there": 30.0 * sphere(10, 2),
        "very many": rng.uniform(-5.0, 5.0, (60, 3)) + np.sign(rng.uniform(-1, 1, (60, 3))),
    }[name]


@pytest.mark.parametrize("count", [60, 800, 6000])
@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e4])
@pytest.mark.parametrize(
    "name",
    ["one far", "one near", "one beyond measure", "the same twice", "a few together", "here and there", "very many"],
)
def test_strays_are_found_and_nothing_else(name: str, unit: float, count: int) -> None:
    if name in ("very many", "here and there", "one near"):
        count = max(count, 2000)  # else they are no exception, or not far for so few points
    wrong = strays(name)
    points = np.concatenate([wrong, sphere(count)]) * unit
    out = lone_points(points.astype(np.float32))
    np.testing.assert_array_equal(out, np.arange(len(points)) < len(wrong))


def boxes(*sizes: tuple[float, float, float, int]) -> np.ndarray:
    rng = np.random.default_rng(3)
    found = []
    for place, (x, y, z, count) in enumerate(sizes):
        points = rng.uniform(-0.5, 0.5, (count, 3))
        axis = rng.integers(0, 3, count)
        points[np.arange(count), axis] = rng.choice([-0.5, 0.5], count)
        found.append(points * [x, y, z] + [0.6 * place, 0.0, 0.0])
    return np.concatenate(found)


@pytest.mark.parametrize(
    "points",
    [
        sphere(40),
        sphere(2000),
        np.stack(np.meshgrid(*[np.linspace(0.0, 1.0, 9)] * 2, [0.0, 1.0]), axis=-1).reshape(-1, 3),
        boxes((0.5, 0.5, 0.5, 5000), (0.5, 0.5, 0.5, 600)),
        boxes((0.5, 0.5, 0.5, 5000), (1.0, 0.02, 0.02, 60)),
        sphere(3000) * np.geomspace(0.2, 4.0, 3000)[:, None] ** 0.5,
        np.repeat(sphere(500), 20, axis=0),
        np.stack([np.linspace(0.0, 1.0, 50), np.zeros(50), np.zeros(50)], axis=1),
        sphere(7),
        np.zeros((30, 3)),
    ],
    ids=["few", "even", "grid", "sparse half", "sparse rod", "uneven", "repeated", "line", "seven", "one place"],
)
def test_nothing_is_taken_from_clouds_without_strays(points: np.ndarray) -> None:
    cloud = PointCloud(points)
    assert without_lone_points(cloud) == (cloud, 0)


def test_normals_and_colours_go_with_their_points() -> None:
    points = np.concatenate([sphere(400), strays("one far")])
    normals, colors = np.tile([[0.0, 1.0, 0.0]], (401, 1)), np.zeros((401, 3), np.uint8)
    normals[-1], colors[-1] = [1.0, 0.0, 0.0], 9
    kept, count = without_lone_points(PointCloud(points, normals, colors))
    assert count == 1
    assert len(kept) == 400
    assert kept.normals is not None
    assert (kept.normals == [0.0, 1.0, 0.0]).all()
    assert kept.colors is not None
    assert (kept.colors == 0).all()
