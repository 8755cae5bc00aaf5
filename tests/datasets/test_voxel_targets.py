from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from shapelift.datasets import ShapeView, VoxelOccupancy
from shapelift.geometry import VoxelGrid
from shapelift.geometry.rotations import transform_points
from shapelift.io.records import open_record, read_record
from shapelift.testing import write_example_data


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_example_data(folder, shapes=1, views=2, cells=40)
    return sorted((folder / "shapes").iterdir())[0]


def read(path: Path, resolution: int, frame: str, *, mirrored: bool = False) -> np.ndarray:
    with open_record(path) as record:
        sample = ShapeView(record, 1, mirrored)
        return VoxelOccupancy(resolution, frame).read("cells", sample, np.random.default_rng(0))["cells"]


def truth(path: Path, resolution: int, frame: str, *, mirrored: bool) -> np.ndarray:
    """Share of 6 x 6 x 6 places per cell inside of the ellipsoid, by its formula."""
    record = read_record(path)
    centers = VoxelGrid(np.zeros((6 * resolution,) * 3, np.float32)).centers.reshape(-1, 3).astype(float)
    if mirrored:
        centers *= (-1.0, 1.0, 1.0)
    if frame == "view":
        centers = transform_points(np.linalg.inv(record.view_from_object[1]), centers)
    inside = ((centers / record.bounds[1]) ** 2).sum(axis=1) < 1.0
    return inside.reshape((resolution, 6) * 3).mean(axis=(1, 3, 5))


@pytest.mark.slow
@pytest.mark.parametrize("frame", ["object", "view"])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("resolution", [8, 20])
def test_cells_hold_the_share_that_is_full(path: Path, frame: str, resolution: int, *, mirrored: bool) -> None:
    found = read(path, resolution, frame, mirrored=mirrored)
    assert found.shape == (resolution,) * 3
    assert found.dtype == np.float32
    wanted = truth(path, resolution, frame, mirrored=mirrored)
    # Labels are exact at jittered points, and cells of the record a fifth to a half of one here.
    assert np.abs(found - wanted).mean() < 0.012
    assert np.abs(found.mean() - wanted.mean()) < 0.003
    assert ((found > 0.5) != (wanted > 0.5)).mean() < 0.01


def test_what_is_empty_or_full_throughout_is_exact(path: Path) -> None:
    found, wanted = read(path, 8, "view"), truth(path, 8, "view", mirrored=False)
    assert found[wanted == 0.0].max() < 0.05
    assert found[wanted == 1.0].min() > 0.95


def test_a_mirror_flips_x_and_nothing_is_drawn(path: Path) -> None:
    once = read(path, 8, "view")
    np.testing.assert_array_equal(read(path, 8, "view", mirrored=True), once[::-1])
    np.testing.assert_array_equal(read(path, 8, "view"), once)


def test_cells_as_fine_as_labels_are_the_labels(path: Path) -> None:
    """In the object frame, where a cell of the record lies on a cell of the cube along the longest axis."""
    record = read_record(path)
    axis = int(np.argmax(record.bounds[1]))
    found = read(path, 40, "object")
    labels = record.uniform_occupancy.reshape(40, 40, 40)
    middle = [20] * 3
    middle[axis] = slice(None)
    np.testing.assert_array_equal(found[tuple(middle)] > 0.5, labels[tuple(middle)])


def test_finer_cells_than_labels_have_no_holes(path: Path) -> None:
    fine = read(path, 80, "object")
    assert set(np.unique(fine)) <= {0.0, 1.0}
    assert fine.mean() == pytest.approx(truth(path, 8, "object", mirrored=False).mean(), abs=0.005)
