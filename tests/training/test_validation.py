from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from shapelift.datasets import ShapeView, SurfacePoints
from shapelift.geometry import PointCloud
from shapelift.io.records import open_record, read_record
from shapelift.metrics import iou
from shapelift.recipes import find_recipe
from shapelift.training.config import TrainConfig
from shapelift.training.data import ValidationSet
from shapelift.training.distributed import join_world
from shapelift.training.pictures import PreviewRow, grid, write_png
from shapelift.training.targets import WeightedPoints
from shapelift.training.validation import THRESHOLDS, best_threshold, validate, weighted_iou


def _record(data: Path) -> Path:
    return sorted((data / "shapes").iterdir())[0]


@pytest.mark.parametrize("frame", ["object", "view"])
@pytest.mark.parametrize("mirrored", [False, True])
def test_weights_are_volumes(data: Path, frame: str, mirrored: bool) -> None:
    path = _record(data)
    radii = read_record(path).bounds[1].astype(float)
    with open_record(path) as record:
        sample = ShapeView(record, 1, mirrored)
        found = WeightedPoints(8192, frame).read("p", sample, np.random.default_rng(0))
        scale = np.linalg.det(sample.frame_from_object(frame)[:3, :3])
    assert found["p"].shape == (8192, 3)
    assert np.abs(found["p"]).max() <= 0.5
    assert found["p_weight"].sum() == pytest.approx(1.0, abs=1e-4)
    volume = 4.0 / 3.0 * np.pi * np.prod(radii) * scale
    assert (found["p_weight"] * found["p_occupancy"]).sum() == pytest.approx(volume, rel=0.03)


def test_mirrored_points_are_the_points_mirrored(data: Path) -> None:
    target = WeightedPoints(64, "view")
    with open_record(_record(data)) as record:
        plain = target.read("p", ShapeView(record, 0), np.random.default_rng(0))
        mirrored = target.read("p", ShapeView(record, 0, mirrored=True), np.random.default_rng(0))
    np.testing.assert_array_equal(mirrored["p"], plain["p"] * np.float32([-1, 1, 1]))


def test_surface_points_lie_on_the_surface(data: Path) -> None:
    path = _record(data)
    radii = read_record(path).bounds[1].astype(float)
    with open_record(path) as record:
        found = SurfacePoints(100, "object").read("s", ShapeView(record, 0), np.random.default_rng(0))
    np.testing.assert_allclose(((found["s"] / radii) ** 2).sum(1), 1.0, atol=5e-3)
    np.testing.assert_allclose(np.linalg.norm(found["s_normals"], axis=1), 1.0, atol=1e-5)


def test_iou_agrees_with_the_metric() -> None:
    rng = np.random.default_rng(0)
    prediction, truth, weight = rng.random((3, 50)) < 0.5, rng.random((3, 50)) < 0.5, rng.random((3, 50))
    found = weighted_iou(torch.from_numpy(prediction), torch.from_numpy(truth), torch.from_numpy(weight))
    for row in range(3):
        assert float(found[row]) == pytest.approx(iou(prediction[row], truth[row], weight[row]))


def test_nothing_against_nothing_is_agreement() -> None:
    nothing = torch.zeros(1, 4, dtype=torch.bool)
    assert float(weighted_iou(nothing, nothing, torch.ones(1, 4))) == 1.0
    assert float(weighted_iou(nothing, ~nothing, torch.ones(1, 4))) == 0.0


def _sphere(radius: float, count: int = 20_000) -> PointCloud:
    normals = np.random.default_rng(0).standard_normal((count, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return PointCloud((radius * normals).astype(np.float32), normals.astype(np.float32))


def test_the_grid_has_five_tiles_a_row_and_is_a_png(tmp_path: Path) -> None:
    image = np.full((4, 16, 16), 0.5, np.float32)
    picture = grid(
        [PreviewRow(image, None, _sphere(0.3, 500)), PreviewRow(image, _sphere(0.2, 500), _sphere(0.3, 500))],
        size_px=32,
    )
    assert picture.shape == (64, 160, 3)
    assert (picture[:32, 32:96] == 255).all()
    write_png(tmp_path / "p.png", picture)
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_best_threshold_is_found_and_validates_to_its_iou(data: Path) -> None:
    config: TrainConfig = find_recipe("implicit-tiny")
    validation_set = ValidationSet(data, config)
    torch.manual_seed(0)
    model = config.model.build().eval()
    # Shift all values so that the middle of the occupied space lies well off one half.
    with torch.no_grad():
        model.decoder.last.bias.fill_(-0.7)
    threshold, iou = best_threshold(model, config.model, validation_set, config, torch.device("cpu"))
    scores = {}
    for value in THRESHOLDS:
        other = config.model.at_threshold(value).build().eval()
        other.load_state_dict(model.state_dict())
        with join_world("cpu") as world:
            scores[value] = validate(other, validation_set, world, config).iou
    assert scores[threshold] == pytest.approx(iou, abs=1e-6)
    assert scores[threshold] == max(scores.values())
    assert len(set(scores.values())) > 1
