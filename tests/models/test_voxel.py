from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from shapelift.datasets import ShapeDataset
from shapelift.imaging.preprocess import Preprocess
from shapelift.losses.overlap import soft_jaccard
from shapelift.models import Thresholded
from shapelift.models.base import config_from_json
from shapelift.models.voxel import VoxelConfig
from shapelift.recipes.voxel import voxel_compact, voxel_compact_64, voxel_published, voxel_tiny
from shapelift.testing import check_family, write_example_data

TINY = VoxelConfig(image_size=32, resolution=16, widths=(8, 16), depths=(1, 1), code_size=32, cell_widths=(16, 8))
POINTS = dataclasses.replace(TINY, target="points", uniform_points=64, near_points=64)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data")
    write_example_data(path, shapes=2)
    return path


def batch_of(folder: Path, config: VoxelConfig) -> dict[str, Tensor]:
    preprocess = Preprocess.from_mapping(config.preprocess)
    return ShapeDataset(folder, "train", targets=config.targets(), preprocess=preprocess).fixed_batch(range(2))


def test_configs_survive_json() -> None:
    for make in (voxel_compact, voxel_compact_64, voxel_published, voxel_tiny):
        model = make().model
        assert config_from_json(model.to_json(), {"voxel": VoxelConfig}) == model


@pytest.mark.slow
def test_the_other_target_keeps_the_contract_too() -> None:
    check_family(POINTS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"resolution": 32}, "2 cell_widths make 16 cells per side, got resolution 32"),
        ({"generator": "published"}, "'published' has 32 cells"),
        ({"threshold": 1.0}, "between 0 and 1"),
        ({"overlap_weight": -1.0}, "not negative"),
        ({"target": "points", "uniform_points": 0}, "needs uniform points"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(TINY, **change)


def test_the_recipes_have_the_promised_sizes() -> None:
    sizes = {voxel_compact: (4.95, 32), voxel_compact_64: (4.95, 64), voxel_published: (16.7, 32)}
    for make, (millions, resolution) in sizes.items():
        model = make().model
        with torch.device("meta"):
            network = model.build()
            cells = network({"image": torch.rand(2, 4, model.image_size, model.image_size)})["cells"]
        assert cells.shape == (2, resolution, resolution, resolution)
        assert sum(parameter.numel() for parameter in network.parameters()) / 1e6 == pytest.approx(millions, abs=0.1)


@pytest.mark.parametrize("resolution", [32, 64, 128])
def test_every_resolution_can_be_built_and_answers(resolution: int) -> None:
    widths = (8, 8, 4, 4, 4)[: int(math.log2(resolution)) - 2]
    model = dataclasses.replace(TINY, resolution=resolution, cell_widths=widths).build().eval()
    with torch.no_grad():
        assert model({"image": torch.rand(1, 4, 32, 32)})["cells"].shape == (1, resolution, resolution, resolution)


@pytest.mark.parametrize("config", [TINY, POINTS], ids=["cells", "points"])
def test_certain_and_right_costs_nothing_and_certain_and_wrong_much(folder: Path, config: VoxelConfig) -> None:
    model, batch = dataclasses.replace(config, overlap_weight=2.0).build(), batch_of(folder, config)
    cells = torch.full((2, 16, 16, 16), -30.0)
    if config.target == "cells":
        batch["cells"] = (batch["cells"] > 0.5).float()
        cells = 60.0 * batch["cells"] - 30.0
    else:
        batch["points_occupancy"] = torch.zeros_like(batch["points_occupancy"])
    right = model.loss({"cells": cells}, batch)
    wrong = model.loss({"cells": -cells}, batch)
    assert set(right) == {"occupancy", "overlap"}
    assert all(float(value) < 1e-3 for value in right.values())
    assert float(wrong["occupancy"]) > 10.0
    assert float(wrong["overlap"]) > 1.9


def test_the_overlap_sees_all_cells_and_of_the_points_the_uniform_ones(folder: Path) -> None:
    model, batch = dataclasses.replace(TINY, overlap_weight=0.5).build(), batch_of(folder, TINY)
    cells = torch.randn(2, 16, 16, 16)
    terms = model.loss({"cells": cells}, batch)
    probability = cells.sigmoid()
    both = (probability * batch["cells"]).sum((1, 2, 3))
    either = (probability + batch["cells"]).sum((1, 2, 3)) - both
    expected = 0.5 * (1.0 - (both + 0.5) / (either + 0.5)).mean()
    torch.testing.assert_close(terms["overlap"], expected)
    model, batch = dataclasses.replace(POINTS, overlap_weight=1.0).build(), batch_of(folder, POINTS)
    values = model.logits_at({"cells": cells}, batch["points"])
    expected = soft_jaccard(values[:, :64], batch["points_occupancy"][:, :64])
    torch.testing.assert_close(model.loss({"cells": cells}, batch)["overlap"], expected)


def test_the_threshold_moves_the_surface_and_nothing_else(folder: Path) -> None:
    assert isinstance(TINY, Thresholded)
    assert TINY.level == 0.0
    lower = TINY.at_threshold(0.3)
    assert (lower.threshold, lower.level) == (0.3, pytest.approx(math.log(0.3 / 0.7)))
    torch.manual_seed(0)
    model, batch = TINY.build().eval(), batch_of(folder, TINY)
    moved = lower.build().eval()
    moved.load_state_dict(model.state_dict())
    points = torch.rand(2, 50, 3) - 0.5
    with torch.no_grad():
        prediction = model(batch)
        torch.testing.assert_close(
            moved.logits_at(prediction, points), model.logits_at(prediction, points) - lower.level
        )
        first, second = (one.graphs()["predict"].module(batch["image"])[0] for one in (model, moved))
    torch.testing.assert_close(second, first - lower.level)


def test_the_target_is_in_the_frame_of_the_prediction() -> None:
    assert TINY.frame == "object"
    for frame in ("object", "view"):
        assert dataclasses.replace(TINY, frame=frame).targets()["cells"].frame == frame
        assert dataclasses.replace(POINTS, frame=frame).targets()["points"].frame == frame
