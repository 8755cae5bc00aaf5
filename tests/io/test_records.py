from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from shapelift.errors import InputError
from shapelift.geometry import Camera, rotation_y, similarity
from shapelift.io.records import ShapeRecord, open_record, read_record, record_fields, split_of, write_record


def ball_record(views: int = 2, cells: int = 12) -> ShapeRecord:
    rng = np.random.default_rng(0)
    camera = Camera.orbit(30, 10, 3, 30, (8, 8))
    index = np.stack(np.meshgrid(*[np.arange(cells)] * 3, indexing="ij"), -1).reshape(-1, 3)
    uniform = ((index + 0.5) / cells - 0.5).astype(np.float16)
    near = rng.uniform(-0.5, 0.5, (7, 3)).astype(np.float16)
    return ShapeRecord(
        rgba=rng.integers(0, 256, (views, 8, 8, 4), dtype=np.uint8),
        depth=rng.integers(0, 60000, (views, 8, 8), dtype=np.uint16),
        normals=np.zeros((views, 8, 8, 3), np.int8),
        intrinsics=np.tile(camera.intrinsics, (views, 1, 1)),
        camera_from_world=np.tile(camera.camera_from_world, (views, 1, 1)),
        view_parameters=np.tile([30.0, 10, 30, 3], (views, 1)),
        view_from_object=np.tile(similarity(rotation_y(-30)), (views, 1, 1)),
        bounds=np.array([[-0.5] * 3, [0.5] * 3], np.float32),
        grid_shape=np.array([cells] * 3, np.int32),
        uniform_points=uniform,
        uniform_occupancy=np.linalg.norm(uniform.astype(float), axis=1) < 0.5,
        near_points=near,
        near_occupancy=np.linalg.norm(near.astype(float), axis=1) < 0.5,
        surface_points=np.zeros((3, 3), np.float16),
        surface_normals=np.zeros((3, 3), np.int8),
        depth_scale=1e-4,
        metadata={"shape_id": "ball", "category": "toy", "note": "größe"},
    )


def test_round_trip_is_exact_and_repeatable(tmp_path: Path) -> None:
    record = ball_record()
    write_record(tmp_path / "a.safetensors", record)
    write_record(tmp_path / "b.safetensors", record)
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    back = read_record(tmp_path / "a.safetensors")
    for name in record_fields():
        assert np.array_equal(getattr(back, name), getattr(record, name)), name
    assert back.metadata == record.metadata
    assert back.depth_scale == record.depth_scale


def test_depth_views_are_optional(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    views = {
        "fixed_depth": rng.integers(0, 60000, (8, 16, 16), dtype=np.uint16),
        "novel_depth": rng.integers(0, 60000, (3, 16, 16), dtype=np.uint16),
        "novel_camera_from_world": np.tile(np.eye(4), (3, 1, 1)),
    }
    write_record(tmp_path / "with.safetensors", dataclasses.replace(ball_record(), **views, depth_extent=1.75))
    write_record(tmp_path / "without.safetensors", ball_record())
    back = read_record(tmp_path / "with.safetensors")
    assert all(np.array_equal(getattr(back, name), value) for name, value in views.items())
    assert back.stored_fields == (*record_fields(), *views)
    assert back.depth_extent == 1.75
    assert read_record(tmp_path / "without.safetensors").fixed_depth is None
    with open_record(tmp_path / "without.safetensors") as reader:
        assert "rgba" in reader
        assert "fixed_depth" not in reader


def test_single_items_are_read_without_the_rest(tmp_path: Path) -> None:
    record = ball_record()
    write_record(tmp_path / "a.safetensors", record)
    with open_record(tmp_path / "a.safetensors") as reader:
        assert np.array_equal(reader.item("rgba", 1), record.rgba[1])
        assert reader.shape("near_points") == (7, 3)
        assert reader.metadata["shape_id"] == "ball"


def test_occupancy_is_looked_up_in_the_grid_and_frame() -> None:
    record = ball_record()
    points = record.uniform_points.astype(np.float64)
    assert np.array_equal(record.occupancy_at(points), record.uniform_occupancy)
    matrix = similarity(rotation_y(40), [0.1, 0, 0], 0.7)
    moved = points @ matrix[:3, :3].T + matrix[:3, 3]
    assert np.array_equal(record.occupancy_at(moved, matrix), record.uniform_occupancy)
    assert not record.occupancy_at([[0.6, 0, 0], [0, -0.51, 0]]).any()


def test_camera_and_depth_come_back() -> None:
    record = ball_record()
    assert np.allclose(record.camera(1).position, Camera.orbit(30, 10, 3, 30, (8, 8)).position)
    assert np.allclose(record.depth_map(0), record.depth[0] * 1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rgba": np.zeros((2, 8, 8, 3), np.uint8)}, "rgba must have axes"),
        ({"depth": np.zeros((2, 8, 8), np.float32)}, "depth must be uint16"),
        ({"near_occupancy": np.zeros(6, bool)}, "near_occupancy must have axes"),
        ({"grid_shape": np.array([3, 3, 3], np.int32)}, "does not match"),
        ({"depth_scale": 0.0}, "depth_scale"),
        ({"novel_depth": np.zeros((3, 8, 8), np.uint16)}, "belong together"),
        ({"fixed_depth": np.zeros((8, 8, 7), np.uint16)}, "fixed_depth must have axes"),
    ],
)
def test_inconsistent_records_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(ball_record(), **change)


@pytest.mark.parametrize("damage", ["missing", "text", "cut", "foreign"])
def test_unreadable_files_are_one_clear_line(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "a.safetensors"
    if damage == "text":
        path.write_text("hello")
    elif damage == "cut":
        write_record(path, ball_record())
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "foreign":
        from safetensors.numpy import save_file

        save_file({"x": np.zeros(3)}, path)
    with pytest.raises(InputError, match=r"a\.safetensors") as caught:
        read_record(path)
    assert "\n" not in str(caught.value)


def test_splits_depend_on_the_name_alone_and_have_their_shares() -> None:
    names = [f"shape_{i}" for i in range(5000)]
    splits = [split_of(name) for name in names]
    assert splits == [split_of(name) for name in names]
    assert abs(splits.count("train") / 5000 - 0.8) < 0.03
    assert abs(splits.count("test") / 5000 - 0.1) < 0.02
