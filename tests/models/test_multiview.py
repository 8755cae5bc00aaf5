from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from torch import Tensor

from shapelift.datasets import ShapeDataset
from shapelift.imaging.preprocess import Preprocess
from shapelift.io.records import read_record
from shapelift.models.base import config_from_json
from shapelift.models.multiview import MultiviewConfig, MultiviewModel
from shapelift.recipes.multiview import multiview_compact, multiview_compact_novel, multiview_original, multiview_tiny
from shapelift.testing import write_example_data

TINY = multiview_tiny().model
NOVEL = dataclasses.replace(TINY, stage="novel")
SIZE = 32


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data")
    write_example_data(path, shapes=2, options={**TINY.record_options(), "depth_views": 4})
    return path


def batch_of(folder: Path, config: MultiviewConfig, count: int = 2) -> dict[str, Tensor]:
    preprocess = Preprocess.from_mapping(config.preprocess)
    return ShapeDataset(folder, "train", targets=config.targets(), preprocess=preprocess).fixed_batch(range(count))


def perfect(views: Tensor, column_shift: float = 0.0) -> dict[str, Tensor]:
    """The prediction that depth views `b k s s` call for."""
    centers = torch.arange(views.shape[-1]) + 0.5
    row, column = torch.meshgrid(centers, centers, indexing="ij")
    depth = torch.where(views > 0, views, 1.0)
    xyz = torch.stack([(column + column_shift).expand_as(views), row.expand_as(views), depth], dim=-1)
    return {"xyz": xyz, "mask_logits": torch.where(views > 0, 2.0, -2.0), "features": torch.zeros(len(views), 4)}


def total(terms: dict[str, Tensor]) -> float:
    return float(torch.stack(list(terms.values())).sum())


def ball(radius: float, views: int = 8) -> tuple[MultiviewModel, dict[str, Tensor]]:
    config = dataclasses.replace(TINY, views=views, output_size=SIZE, tower=(16, 12, 8))
    centers = (torch.arange(SIZE) + 0.5 - SIZE / 2) * config.extent / SIZE
    inside = radius**2 - centers[:, None] ** 2 - centers**2
    depth = torch.where(inside > 0, 1.0 - inside.clamp_min(0.0).sqrt(), 0.0)
    return config.build().eval(), perfect(depth.expand(1, views, SIZE, SIZE))


def test_a_config_survives_json_and_refuses_what_cannot_be() -> None:
    for config in (TINY, NOVEL, multiview_original().model):
        assert config_from_json(config.to_json(), {"multiview": MultiviewConfig}) == config
    with pytest.raises(ValueError, match="frame must be 'object'"):
        dataclasses.replace(TINY, frame="view")
    with pytest.raises(ValueError, match="extent"):
        dataclasses.replace(TINY, extent=0.0)
    with pytest.raises(ValueError, match="at least 1"):
        dataclasses.replace(TINY, novel_views=0)


@pytest.mark.slow
def test_the_recipes_have_the_promised_sizes() -> None:
    for make, low, high in ((multiview_compact, 1e6, 12e6), (multiview_original, 24.185e6, 24.195e6)):
        with torch.device("meta"):
            network = make().model.build()
        assert low < sum(parameter.numel() for parameter in network.parameters()) < high


def test_both_stages_train_the_same_network() -> None:
    first, second = multiview_compact(), multiview_compact_novel()
    assert dataclasses.replace(second.model, stage="fixed") == first.model
    again = NOVEL.build()
    again.load_state_dict(TINY.build().state_dict())
    assert "camera_from_world" not in again.state_dict()
    assert "generator.grid.bias" in again.state_dict()


def test_perfect_views_fuse_to_the_surface_and_leave_the_solid(folder: Path) -> None:
    batch = batch_of(folder, TINY)
    model = TINY.build().eval()
    points, weights = model.cloud(perfect(batch["fixed_views"]))
    shapes = [torch.from_numpy(read_record(path).bounds[1].copy()) for path in (folder / "shapes").iterdir()]
    for item in range(2):
        seen = points[item, weights[item] > 0]
        assert len(seen) > 100
        # On the surface of one of the ellipsoids.
        assert min(float(((seen / radii).norm(dim=1) - 1.0).abs().max()) for radii in shapes) < 5e-3


@pytest.mark.parametrize("views", [4, 8])
def test_the_solid_of_a_ball_is_found_behind_its_views(views: int) -> None:
    model, prediction = ball(0.4, views)
    points = torch.rand(1, 4000, 3, generator=torch.Generator().manual_seed(0)) - 0.5
    inside = points.norm(dim=2) < 0.4
    found = model.logits_at(prediction, points) > 0
    assert (found & inside).sum() / (found | inside).sum() > (0.9 if views == 8 else 0.8)
    # Under autocast nothing is rounded: the answers hardly change.
    with torch.autocast("cpu", torch.bfloat16):
        again = model.logits_at(prediction, points) > 0
    assert (again == found).float().mean() > 0.999


def test_points_out_of_every_view_are_outside() -> None:
    model, prediction = ball(0.4)
    assert (model.logits_at(prediction, torch.full((1, 2, 3), 5.0)) < 0).all()
    assert (model.logits_at(prediction, torch.zeros(1, 1, 3)) > 0).all()


@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("stage", ["fixed", "novel"])
def test_the_loss_prefers_the_truth(folder: Path, stage: str, reduction: str) -> None:
    config = dataclasses.replace(TINY, stage=stage, reduction=reduction)
    fixed = batch_of(folder, TINY)["fixed_views"]
    batch = batch_of(folder, config)
    model = config.build()
    best = model.loss(perfect(fixed), batch)
    moved = model.loss(perfect(fixed, column_shift=4.0), batch)
    deeper = perfect(fixed)
    deeper["xyz"] = deeper["xyz"] + torch.tensor([0.0, 0.0, 0.4])
    inverted = perfect(fixed)
    inverted["mask_logits"] = -inverted["mask_logits"]
    worse = (moved, model.loss(deeper, batch), model.loss(inverted, batch))
    assert total(best) < min(total(terms) for terms in worse)
    assert all(value.dim() == 0 for value in best.values())


@pytest.mark.parametrize("stage", ["fixed", "novel"])
def test_every_parameter_learns_in_both_stages(folder: Path, stage: str) -> None:
    torch.manual_seed(0)
    config = dataclasses.replace(TINY, stage=stage)
    model, batch = config.build(), batch_of(folder, config)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    losses = []
    for _ in range(25):
        optimizer.zero_grad()
        loss = torch.stack(list(model.loss(model(batch), batch).values())).sum()
        loss.backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.9 * losses[0]
