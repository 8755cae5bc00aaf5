"""Points of the cube: training, validation and evaluation measure the same solid."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from shapelift.datasets import OccupancyPoints, ShapeView
from shapelift.evaluation.dataset import read_samples
from shapelift.io.labelled_cube import LabelledCube
from shapelift.io.manifest import stored_shapes
from shapelift.io.records import open_record
from shapelift.testing import write_example_data
from shapelift.training.targets import WeightedPoints


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data")
    write_example_data(path, shapes=3, size_px=32)
    return path


def test_the_box_is_turned_and_the_cube_is_not(folder: Path) -> None:
    matrix = np.array([[0.0, 0.0, 2.0, 0.1], [0.0, 2.0, 0.0, 0.0], [-2.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
    with open_record(stored_shapes(folder)[0].path) as record:
        low, high = record.field("bounds").astype(np.float64)
        cube = LabelledCube(record, matrix)
        points, inside, in_cube = cube.stored()
        first, _, _ = cube.stored(np.array([5, 2]))
        assert len(cube) == len(points) == record.shape("uniform_points")[0]
    assert cube.box_volume == pytest.approx(8.0 * np.prod(high - low))
    local = (points - [0.1, 0.0, 0.0])[:, [2, 1, 0]] / [-2.0, 2.0, 2.0]
    assert (local >= low - 1e-3).all()
    assert (local <= high + 1e-3).all()
    np.testing.assert_array_equal(first, points[[5, 2]])
    np.testing.assert_array_equal(in_cube, np.abs(points).max(axis=1) <= 0.5)
    assert not in_cube.all()
    assert inside.any()
    corner = np.array([2.0 * high[2] + 0.1, 2.0 * high[1], -2.0 * low[0]])
    assert cube.in_box(np.stack([corner * 0.999, corner * 1.01])).tolist() == [True, False]


@pytest.mark.slow
@pytest.mark.parametrize("frame", ["object", "view"])
def test_three_ways_to_draw_measure_one_volume(folder: Path, frame: Literal["object", "view"]) -> None:
    entries = stored_shapes(folder)
    for entry, judged in zip(entries, read_samples(entries, frame), strict=True):
        with open_record(entry.path) as record:
            sample = ShapeView(record, judged.view)
            rng = np.random.default_rng(0)
            trained = OccupancyPoints(40_000, 0, frame).read("p", sample, rng)
            checked = WeightedPoints(8192, frame).read("p", sample, rng)
        for part in (lambda points: points[:, 0] < 2.0, lambda points: points @ [0.3, 1.0, 0.5] < 0.05):
            volumes = [
                (trained["p_occupancy"] * part(trained["p"])).mean(),
                (checked["p_occupancy"] * checked["p_weight"] * part(checked["p"])).sum(),
                (judged.inside * judged.weights * part(judged.points)).sum(),
            ]
            assert volumes[2] > 0.01
            np.testing.assert_allclose(volumes, volumes[2], rtol=0.04, atol=0.002)
