"""The deformation family: stages, encoders, cameras in training, terms of the loss, what a user gets."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from shapelift.datasets import ShapeDataset
from shapelift.geometry import Mesh
from shapelift.geometry.topology import euler_characteristic
from shapelift.imaging.preprocess import Preprocess
from shapelift.losses.deformation import DeformationTerms, Deformed, Truth, deformation_loss
from shapelift.models.deform import DeformConfig, DeformModel
from shapelift.nn.deform import DeformationNetwork, PublishedEncoder
from shapelift.nn.graph_conv import GraphConvolution
from shapelift.ops.topology import stages_of
from shapelift.recipes.deform import deform_chamfer_only, deform_compact, deform_published, deform_tiny
from shapelift.solids import check
from shapelift.testing import write_example_data

TINY = deform_tiny().model
assert isinstance(TINY, DeformConfig)


def model(**changes: object) -> DeformModel:
    torch.manual_seed(0)
    return dataclasses.replace(TINY, **changes).build()


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> dict[str, torch.Tensor]:
    folder: Path = tmp_path_factory.mktemp("data")
    write_example_data(folder)
    preprocess = Preprocess.from_mapping(TINY.preprocess)
    return ShapeDataset(folder, "train", targets=TINY.targets(), preprocess=preprocess).batch(0, 3)


@pytest.mark.parametrize(("template", "counts"), [("ellipsoid", (156, 618, 2466)), ("icosphere", (162, 642, 2562))])
def test_every_stage_is_closed_oriented_and_of_the_published_size(
    batch: dict[str, torch.Tensor], template: str, counts: tuple[int, ...]
) -> None:
    network = model(template=template)
    with torch.no_grad():
        prediction = network(batch)
    for stage, count in enumerate(counts):
        before, after = prediction[f"before_{stage}"], prediction[f"after_{stage}"]
        assert before.shape == after.shape == (3, count, 3)
        assert not torch.equal(before, after)
        mesh = Mesh(after[1].numpy(), network.faces(stage).numpy())
        report = check(mesh)
        assert report.is_watertight
        assert report.is_oriented
        assert euler_characteristic(mesh) == 2
    assert torch.equal(prediction["vertices"], prediction["after_2"])
    coarser = network.network.stage(0)
    torch.testing.assert_close(prediction["before_1"], coarser.unpool(prediction["after_0"]))


def test_the_published_network_has_the_published_sizes() -> None:
    config = deform_published().model
    assert isinstance(config, DeformConfig)
    encoder = PublishedEncoder(channels=4)
    code, maps = encoder(torch.zeros(1, 4, 224, 224))
    assert [(part.shape[1], part.shape[2]) for part in maps] == [(64, 56), (128, 28), (256, 14), (512, 7)]
    assert code.shape == (1, 512)
    assert sum(isinstance(part, torch.nn.Conv2d) for part in encoder.modules()) == 18
    network = config.build().network
    inputs = [block.first.linear.in_features for block in network.blocks]
    assert inputs == [963, 1219, 1219]
    convolutions = [sum(isinstance(part, GraphConvolution) for part in block.modules()) for block in network.blocks]
    assert convolutions == [13, 13, 14]  # and a head each
    assert [network.stage(number).vertices for number in range(3)] == [156, 618, 2466]


def test_the_compact_recipe_is_small_and_the_ablation_keeps_the_distance_alone() -> None:
    compact, alone = deform_compact().model, deform_chamfer_only().model
    assert sum(parameter.numel() for parameter in compact.build().parameters()) < 5_000_000
    assert isinstance(alone, DeformConfig)
    kept = {name for name, value in dataclasses.asdict(alone.terms).items() if isinstance(value, float) and value}
    assert kept == {"distance_weight", "prediction_weight", "first_difference"}


def test_vertices_look_through_the_camera_that_the_config_says(batch: dict[str, torch.Tensor]) -> None:
    turned = {**batch, "camera_intrinsics": batch["camera_intrinsics"] * torch.tensor([0.5, 0.5, 1.0])[:, None]}
    for camera, differs in (("true", True), ("predicted", False)):
        network = model(training_camera=camera).train()
        with torch.no_grad():
            same = torch.equal(network(batch)["vertices"], network(turned)["vertices"])
        assert same is not differs
        network.eval()
        with torch.no_grad():
            prediction = network({"image": batch["image"]})  # needs no camera
        assert prediction["vertices"].isfinite().all()


def test_a_prediction_is_inside_of_itself(batch: dict[str, torch.Tensor]) -> None:
    network = model().eval()
    with torch.no_grad():
        prediction = network(batch)
        centre, outside = torch.zeros(3, 1, 3), torch.full((3, 1, 3), 0.49)
        logits = network.logits_at(prediction, torch.cat([centre, outside], dim=1))
    assert (logits[:, 0] > 0.0).all()
    assert (logits[:, 1] < 0.0).all()


@pytest.mark.parametrize("distance", ["chamfer", "chamfer_l1", "emd"])
@pytest.mark.parametrize("points", ["surface", "vertices"])
def test_every_term_is_finite_and_named_where_it_has_weight(distance: str, points: str) -> None:
    topologies = stages_of(dataclasses.replace(TINY).mesh, 2)
    generator = torch.Generator().manual_seed(0)
    first = torch.randn(2, 156, 3, generator=generator).requires_grad_()
    second = topologies[0].unpool(first)
    stages = [Deformed(first * 0.9, first, topologies[0]), Deformed(second, second * 1.1, topologies[1])]
    normals = torch.nn.functional.normalize(torch.randn(2, 700, 3, generator=generator), dim=2)
    truth = Truth(torch.randn(2, 700, 3, generator=generator), normals)
    numbers = torch.rand(2, 300, 3, generator=generator)
    names = [field.name for field in dataclasses.fields(DeformationTerms) if field.name.endswith("_weight")]
    everything = DeformationTerms(distance=distance, points=points, **dict.fromkeys(names, 1.0))
    found = deformation_loss(everything, stages, truth, numbers)
    wanted = {distance, "edge_length", "edge_spread", "laplacian_smoothness", "laplacian_difference"}
    assert set(found) == wanted | {"edge_normals", "surface_normals", "face_consistency", "move"}
    torch.stack(list(found.values())).sum().backward()
    assert first.grad is not None
    assert first.grad.isfinite().all()
    alone = deformation_loss(DeformationTerms(distance=distance, points=points), stages, truth, numbers)
    assert set(alone) == {distance}
    torch.testing.assert_close(alone[distance], found[distance])


def test_terms_are_sums_over_stages_and_the_first_stage_may_move() -> None:
    topology = stages_of(TINY.mesh, 1)[0]
    before = torch.from_numpy(np.array(TINY.mesh.vertices))[None]
    stage = Deformed(before, before + torch.tensor([0.3, 0.0, 0.4]), topology)
    truth = Truth(before, torch.nn.functional.normalize(before, dim=2))
    terms = DeformationTerms(move_weight=2.0, difference_weight=3.0, edge_weight=1.0)
    found = deformation_loss(terms, [stage, stage, stage], truth, torch.rand(1, 50, 3))
    assert float(found["move"]) == pytest.approx(2 * 2.0 * 0.25)
    one = deformation_loss(terms, [stage], truth, torch.rand(1, 50, 3))
    assert float(found["edge_length"]) == pytest.approx(3.0 * float(one["edge_length"]))
    assert "move" not in one


def test_bad_configurations_are_said_clearly() -> None:
    for changes, message in (
        ({"frame": "object"}, "frame must be 'view'"),
        ({"encoder": "published"}, "published"),
        ({"pooled": 0}, "broadcast"),
        ({"pairs": (1, 1)}, "each of 3 blocks"),
        ({"surface_points": 0}, "at least 1"),
        ({"distance_weight": 0.0}, "positive"),
        ({"edge_weight": -1.0}, "edge_weight is"),
    ):
        with pytest.raises(ValueError, match=message):
            dataclasses.replace(TINY, **({"image_size": 48} if "encoder" in changes else {}), **changes)
    with pytest.raises(ValueError, match="3 blocks"):
        DeformationNetwork(template=TINY.mesh, image_size=32, widths=(8,), hidden=(8,), pairs=(1,))
    stage = Deformed(torch.rand(1, 156, 3), torch.rand(1, 156, 3), stages_of(TINY.mesh, 1)[0])
    few = Truth(torch.rand(1, 9, 3), torch.rand(1, 9, 3))
    with pytest.raises(ValueError, match="there are 9"):
        deformation_loss(DeformationTerms(distance="emd"), [stage], few, torch.rand(1, 20, 3))
