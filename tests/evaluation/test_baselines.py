"""Baselines and floor against their naive twins."""

from __future__ import annotations

import numpy as np
import pytest

from shapelift.evaluation import sampling_floor
from shapelift.evaluation.answers import sample_mesh
from shapelift.evaluation.baselines import collect_pairs, grid_in_frame, mean_shape
from shapelift.evaluation.dataset import frame_matrix, read_entries
from shapelift.geometry import UNIT_BOX, Mesh, PointCloud, VoxelGrid
from shapelift.io.records import open_record, read_record
from shapelift.metrics import chamfer_l1, fscore, iou


def _silent(done, total):
    pass


def test_a_grid_in_the_view_frame_agrees_with_single_look_ups(make_data, shapes):
    shape = shapes.Shape("thing", "box", (0.5, 0.15, 0.35))
    entry = read_entries(make_data([shape]))[0]
    full = read_record(entry.path)
    with open_record(entry.path) as record:
        for view in range(3):
            matrix = frame_matrix(record, view, "view")
            grid = grid_in_frame(record, matrix, 16)
            centers = VoxelGrid(np.zeros((16, 16, 16), np.float32), UNIT_BOX).centers.reshape(-1, 3)
            # Single precision may put a centre on a cell wall into the neighbour.
            assert np.mean(grid.ravel() == full.occupancy_at(centers, matrix)) > 0.999
            truth = shape.field(matrix)(centers) > 0
            assert iou(grid.ravel(), truth) > 0.85


def test_pairs_use_every_shape_before_any_twice(make_data, shapes):
    some = [shapes.Shape(f"s{i}", "box", (0.5, 0.4, 0.3), split="train") for i in range(3)]
    entries = read_entries(make_data(some, uniform=1000, surface=10))
    fake = shapes.Reconstructor(some)
    counts = {
        limit: [
            sum(entry == other for other in collect_pairs(entries, fake, "view", limit, _silent).entries)
            for entry in entries
        ]
        for limit in (2, 4, 100)
    }
    assert counts == {2: [1, 1, 0], 4: [2, 1, 1], 100: [3, 3, 3]}


@pytest.mark.slow
def test_the_level_of_the_mean_is_the_best_of_all(make_data, shapes):
    some = [shapes.Shape(f"s{i}", "ellipsoid", (0.5, 0.1 + 0.08 * i, 0.3), split="train") for i in range(5)]
    entries = read_entries(make_data(some))
    pairs = collect_pairs(entries, shapes.Reconstructor(some), "view", 100, _silent)
    grids = np.stack([np.unpackbits(packed) for packed in pairs.grids]).astype(bool)
    mean = grids.mean(axis=0)
    best = max(np.mean([iou(mean > level, grid) for grid in grids]) for level in np.arange(0.5 / 15, 1.0, 1 / 15))
    answer = mean_shape(pairs, _silent)
    centers = VoxelGrid(np.zeros((64, 64, 64), np.float32), UNIT_BOX).centers.reshape(-1, 3)
    inside = answer.inside(centers)
    assert np.mean([iou(inside, grid) for grid in grids]) == pytest.approx(best, abs=1e-6)
    # The surface is that of the field: inside just behind it, outside just before it.
    cloud = answer.surface(2000, np.random.default_rng(0))
    assert np.mean(answer.inside(cloud.points - 0.02 * cloud.normals)) > 0.95
    assert np.mean(answer.inside(cloud.points + 0.02 * cloud.normals)) < 0.05


def test_shapes_too_thin_for_the_grid_have_no_mean(make_data, shapes):
    thin = [shapes.Shape("thin", "box", (0.5, 0.001, 0.5), split="train")]
    pairs = collect_pairs(read_entries(make_data(thin)), shapes.Reconstructor(thin), "object", 10, _silent)
    answer = mean_shape(pairs, _silent)
    assert not answer.inside(np.zeros((3, 3), np.float32)).any()
    assert len(answer.surface(100, np.random.default_rng(0))) == 0


def test_the_floor_is_the_score_of_another_sampling(shapes):
    shape = shapes.Shape("thing", "box", (0.5, 0.3, 0.2))
    one, normals = shape.surface(6000, np.random.default_rng(0))
    other, _ = shape.surface(6000, np.random.default_rng(1))
    floor = sampling_floor(PointCloud(one, normals))
    assert floor["chamfer_l1"] == pytest.approx(chamfer_l1(other, one), rel=0.04)
    assert floor["fscore_1"] == pytest.approx(fscore(other, one, 0.01), abs=0.02)
    assert floor["normal_consistency"] > 0.97


def test_the_floor_agrees_with_its_naive_twin_and_survives_duplicates():
    rng = np.random.default_rng(0)
    points = rng.uniform(size=(60, 3)).astype(np.float32)
    points[10] = points[11] = 3.0  # far from the rest, so that nobody else has to choose between the two
    normals = np.tile(np.float32([0, 1, 0]), (60, 1))
    normals[10] = [1, 0, 0]
    nearest, agreement = [], []
    for i in range(60):
        distances = [np.inf if j == i else np.linalg.norm(points[i].astype(float) - points[j]) for j in range(60)]
        nearest.append(min(distances))
        agreement.append(abs(float(normals[i] @ normals[int(np.argmin(distances))])))
    floor = sampling_floor(PointCloud(points, normals))
    assert floor["chamfer_l1"] == pytest.approx(np.mean(nearest), rel=1e-6)
    assert floor["normal_consistency"] == pytest.approx(np.mean(agreement), rel=1e-6)
    with pytest.raises(ValueError, match="two points"):
        sampling_floor(PointCloud(points[:1], normals[:1]))


def test_a_mesh_without_area_has_no_samples():
    flat = Mesh(np.zeros((3, 3), np.float32), np.array([[0, 1, 2]], np.int32))
    assert len(sample_mesh(flat, 10, np.random.default_rng(0))) == 0
    assert len(sample_mesh(Mesh(np.zeros((0, 3)), np.zeros((0, 3), np.int32)), 10, np.random.default_rng(0))) == 0
