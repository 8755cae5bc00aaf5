from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from shapelift.datasets import Noise, ShapeView, SurfacePoints
from shapelift.geometry.rotations import transform_points
from shapelift.io.records import open_record, read_record
from shapelift.testing import write_example_data


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_example_data(folder, shapes=1, views=2)
    return sorted((folder / "shapes").iterdir())[0]


@pytest.mark.parametrize("frame", ["object", "view"])
@pytest.mark.parametrize("mirrored", [False, True])
def test_surface_points_lie_on_the_surface(path: Path, frame: str, mirrored: bool) -> None:
    radii = read_record(path).bounds[1].astype(float)
    with open_record(path) as record:
        sample = ShapeView(record, 1, mirrored)
        found = SurfacePoints(200, frame).read("s", sample, np.random.default_rng(0))
        object_from_frame = np.linalg.inv(sample.frame_from_object(frame))
    assert found["s"].dtype == found["s_normals"].dtype == np.float32
    mirror = np.array([-1.0 if mirrored else 1.0, 1.0, 1.0])
    local = transform_points(object_from_frame, found["s"] * mirror)
    np.testing.assert_allclose(((local / radii) ** 2).sum(1), 1.0, atol=5e-3)
    np.testing.assert_allclose(np.linalg.norm(found["s_normals"], axis=1), 1.0, atol=1e-5)
    outward = local / radii**2
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    turned = (found["s_normals"] * mirror) @ object_from_frame[:3, :3].T
    turned /= np.linalg.norm(turned, axis=1, keepdims=True)
    assert (turned * outward).sum(1).min() > 0.98


def test_points_repeat_only_where_too_few_are_stored(path: Path) -> None:
    with open_record(path) as record:
        stored = record.shape("surface_points")[0]
        for count, most in ((stored, stored), (stored + 500, stored)):
            target = SurfacePoints(count, "object", normals=False)
            found = target.read("s", ShapeView(record, 0), np.random.default_rng(0))
            assert set(found) == {"s"}
            assert found["s"].shape == (count, 3)
            assert len(np.unique(found["s"], axis=0)) <= most
        every = np.unique(record.field("surface_points"), axis=0)
        all_of_them = SurfacePoints(stored, "object").read("s", ShapeView(record, 0), np.random.default_rng(0))["s"]
    np.testing.assert_array_equal(np.unique(all_of_them, axis=0), every.astype(np.float32))


def test_noise_is_a_normal_draw_of_the_generator(path: Path) -> None:
    with open_record(path) as record:
        first, again, other = (
            Noise(3, 500).read("noise", ShapeView(record, 0), np.random.default_rng(seed))["noise"]
            for seed in (0, 0, 1)
        )
    assert first.shape == (3, 500)
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.mean() == pytest.approx(0.0, abs=0.1)
    assert first.std() == pytest.approx(1.0, abs=0.1)
