from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from torch import Tensor

from shapelift.datasets import ShapeDataset
from shapelift.imaging.preprocess import Preprocess
from shapelift.models.base import config_from_json
from shapelift.models.pointset import PointSetConfig, PointSetModel
from shapelift.recipes.pointset import (
    pointset_compact,
    pointset_compact_emd,
    pointset_hypotheses,
    pointset_published,
    pointset_tiny,
)
from shapelift.testing import write_example_data

TINY = pointset_tiny().model
SEVERAL = dataclasses.replace(TINY, hypotheses=3, noise_size=4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data")
    write_example_data(path, shapes=2)
    return path


def batch_of(folder: Path, config: PointSetConfig, count: int = 2) -> dict[str, Tensor]:
    preprocess = Preprocess.from_mapping(config.preprocess)
    return ShapeDataset(folder, "train", targets=config.targets(), preprocess=preprocess).fixed_batch(range(count))


def prediction(points: Tensor) -> dict[str, Tensor]:
    return {"points": points, "features": torch.zeros(len(points), 4)}


def cloud(count: int, seed: int = 0) -> Tensor:
    return torch.rand(count, 3, generator=torch.Generator().manual_seed(seed)) - 0.5


def test_configs_survive_json() -> None:
    for make in (pointset_compact, pointset_compact_emd, pointset_hypotheses, pointset_published, pointset_tiny):
        model = make().model
        assert config_from_json(model.to_json(), {"pointset": PointSetConfig}) == model


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"loss": "emd"}, "truth_points must be 128, got 100"),
        ({"generator": "published"}, "needs image_size=192, got 32"),
        ({"hypotheses": 0}, "at least 1"),
        ({"prediction_weight": 0.0}, "collapse or stray"),
        ({"grid": (9, 12)}, "multiples of 2"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(TINY, truth_points=100, **change).build()


@pytest.mark.slow
def test_the_recipes_have_the_promised_sizes() -> None:
    sizes = {pointset_compact: 5.3, pointset_compact_emd: 5.3, pointset_hypotheses: 5.3, pointset_published: 70.2}
    for make, millions in sizes.items():
        with torch.device("meta"):
            network = make().model.build()
        assert sum(parameter.numel() for parameter in network.parameters()) / 1e6 == pytest.approx(millions, abs=0.1)


@pytest.mark.parametrize("config", [TINY, SEVERAL], ids=["one", "several"])
def test_answers_are_points_of_both_branches_in_order(folder: Path, config: PointSetConfig) -> None:
    model, batch = config.build().eval(), batch_of(folder, config)
    found = model(batch)
    assert found["points"].shape == (2, config.hypotheses, config.points, 3)
    assert config.points == 32 + 8 * 12
    state = model.network.encode(batch["image"])
    noise = batch["noise"][:, -1] if config.stochastic else None
    dense, grid = model.network.decode(state, noise)
    torch.testing.assert_close(found["points"][:, -1, :32], dense)
    torch.testing.assert_close(found["points"][:, -1, 32:], grid.flatten(1, 2))
    places = model.graphs()["predict"].module(batch["image"], *([] if noise is None else [noise]))[2]
    assert (places[:, :32] == -1.0).all()
    rows, columns = (places[0, 32:, axis].reshape(8, 12) for axis in (0, 1))
    torch.testing.assert_close(rows, ((torch.arange(8) + 0.5) / 8)[:, None].expand(8, 12))
    torch.testing.assert_close(columns, ((torch.arange(12) + 0.5) / 12).expand(8, 12))


def test_the_loss_is_that_of_the_nearest_answer() -> None:
    truth = torch.stack([cloud(128, 5), cloud(128, 6)])
    answers = torch.stack([torch.stack([cloud(128, 1), truth[0], cloud(128, 2)]), truth[1:].repeat(3, 1, 1) + 0.1])
    answers.requires_grad_()
    model = SEVERAL.build()
    one = TINY.build()
    loss = model.loss(prediction(answers), {"surface": truth})["chamfer"]
    alone = [
        min(
            one.loss(prediction(answers[item, k][None, None]), {"surface": truth[item][None]})["chamfer"].item()
            for k in range(3)
        )
        for item in range(2)
    ]
    assert alone[0] == 0.0
    assert loss.item() == pytest.approx(sum(alone) / 2, rel=1e-5)
    loss.backward()
    learnt = answers.grad.abs().amax(dim=(2, 3)) > 0.0
    assert learnt[1].any()
    assert not learnt[0, [0, 2]].any()


def test_both_ways_of_the_chamfer_distance_have_weights() -> None:
    points, truth = cloud(128, 1)[None, None], cloud(128, 2)[None]
    squared = torch.cdist(points[0].double(), truth.double()) ** 2
    there, back = squared.amin(dim=2).mean(), squared.amin(dim=1).mean()
    model = dataclasses.replace(TINY, truth_weight=2.0, prediction_weight=0.5, weight=10.0).build()
    loss = model.loss(prediction(points), {"surface": truth})["chamfer"]
    assert float(loss) == pytest.approx(10.0 * float(0.5 * there + 2.0 * back), rel=1e-5)


def test_the_earth_mover_matches_point_to_point() -> None:
    truth = cloud(128, 3)[None]
    moved = truth[:, torch.randperm(128)] + torch.tensor([0.003, 0.0, 0.0])
    model = dataclasses.replace(TINY, loss="emd", weight=1.0).build()
    assert float(model.loss(prediction(moved[:, None]), {"surface": truth})["emd"]) == pytest.approx(0.003, rel=0.02)


def test_without_noise_there_is_one_answer(folder: Path) -> None:
    model, batch = SEVERAL.build().eval(), batch_of(folder, SEVERAL)
    middle = model({"image": batch["image"]})["points"]
    assert middle.shape[1] == 1
    torch.testing.assert_close(middle, model({**batch, "noise": torch.zeros(2, 1, 4)})["points"])
    assert SEVERAL.stochastic
    assert not TINY.stochastic


def test_validation_looks_at_the_hull_of_the_first_answer() -> None:
    directions = torch.randn(2000, 3, generator=torch.Generator().manual_seed(0))
    ball = 0.4 * directions / directions.norm(dim=1, keepdim=True)
    points = torch.tensor([[[0.0, 0.0, 0.0], [0.2, 0.1, 0.0], [0.45, 0.0, 0.0], [0.3, 0.3, 0.3]]])
    for answers in (ball[None, None], torch.stack([ball, 0.1 * ball])[None]):
        inside = TINY.build().logits_at(prediction(answers), points) > 0.0
        assert inside.tolist() == [[True, True, False, False]]


def test_the_published_network_sees_the_square_image_in_the_middle() -> None:
    config = pointset_published().model
    with torch.device("meta"):
        model = PointSetModel(config)
    model.surround = torch.tensor([0.5, 0.5, 0.5, 0.0])[:, None, None]
    image = torch.rand(1, 4, 192, 192)
    wide = model._framed(image)
    assert wide.shape == (1, 4, 192, 256)
    torch.testing.assert_close(wide[..., 32:-32], image)
    for side in (wide[..., :32], wide[..., -32:]):
        assert (side[:, :3] == 0.5).all()
        assert (side[:, 3] == 0.0).all()


def test_the_frame_is_that_of_the_target(folder: Path) -> None:
    own, seen = (batch_of(folder, dataclasses.replace(TINY, frame=frame))["surface"] for frame in ("object", "view"))
    assert not torch.equal(own, seen)
    turn = own[0].T @ torch.linalg.pinv(seen[0].T)
    torch.testing.assert_close(turn[1], torch.tensor([0.0, float(turn[1, 1]), 0.0]), atol=2e-3, rtol=0.0)  # about +Y
