from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from shapelift.datasets import NO_AUGMENTATION, ShapeDataset
from shapelift.geometry.fields import EMPTY
from shapelift.imaging.preprocess import Preprocess
from shapelift.models.pixelaligned import (
    BEYOND,
    FALL,
    GUESSED,
    PixelAlignedConfig,
    PixelAlignedModel,
    beyond,
)
from shapelift.ops.picture_frame import in_picture, picture_depth, picture_from_world, world_from_picture
from shapelift.recipes import pixelaligned_tiny
from shapelift.testing import check_family, write_example_data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data")
    write_example_data(path, size_px=64, cells=24)
    return path


def config() -> PixelAlignedConfig:
    model = pixelaligned_tiny().model
    assert isinstance(model, PixelAlignedConfig)
    return model


def batch_of(folder: Path, *, varied: bool) -> dict[str, torch.Tensor]:
    still = dataclasses.replace(NO_AUGMENTATION, mirror=0.0)
    augmentation = dataclasses.replace(still, mirror=0.5, shift=0.05, zoom=0.1) if varied else still
    family = config()
    dataset = ShapeDataset(
        folder,
        "train",
        targets=family.targets(),
        preprocess=Preprocess.from_mapping(family.preprocess),
        augmentation=augmentation,
    )
    return dataset.batch(3, 8)


@pytest.mark.parametrize("varied", [False, True])
def test_inside_lies_behind_what_is_seen_whatever_happens_to_the_image(folder: Path, varied: bool) -> None:
    batch = batch_of(folder, varied=varied)
    camera = batch["camera_intrinsics"], batch["camera_camera_from_world"]
    size = config().image_size
    points = picture_from_world(batch["points"], *camera, size)
    inside = (batch["points_occupancy"] > 0.5) & in_picture(points)
    assert inside.sum() > 300
    grid = points[..., None, :2] * torch.tensor([2.0, -2.0])
    alpha = torch.nn.functional.grid_sample(batch["image"][:, 3:], grid, align_corners=False)[:, 0, :, 0]
    assert (alpha[inside] > 0.2).float().mean() > 0.99
    depth, seen = picture_depth(batch["depth"], *camera, size), batch["depth"] > 0.0
    surface = torch.nn.functional.grid_sample(depth[:, None], grid, mode="nearest", align_corners=False)[:, 0, :, 0]
    covered = torch.nn.functional.grid_sample(seen[:, None].float(), grid, mode="nearest", align_corners=False)
    behind = points[..., 2] > surface - 0.06  # a pixel is 1/16 of the window, and ellipsoids fall off at their outline
    assert behind[inside & (covered[:, 0, :, 0] > 0.5)].float().mean() > 0.98


def test_points_are_answered_alike_in_both_frames(folder: Path) -> None:
    batch = batch_of(folder, varied=False)
    torch.manual_seed(0)
    model = config().build().eval()
    with torch.no_grad():
        prediction = model(batch)
        camera = prediction["intrinsics"], prediction["camera_from_world"]
        picture = picture_from_world(batch["points"], *camera, config().image_size)
        logits = model.logits_at(prediction, batch["points"])
        upright = world_from_picture(picture, *camera, config().image_size)
        again, _ = model.answer(prediction, picture, upright)
    inside = in_picture(picture)
    assert torch.allclose(upright, batch["points"], atol=1e-5)
    assert torch.allclose(logits[inside], again[inside], atol=1e-4)
    assert (logits[~inside] == EMPTY).all()


def test_what_lies_beyond_the_unit_cube_is_empty() -> None:
    upright = torch.tensor([[[0.5, -0.5, 0.2], [0.0, -BEYOND - 0.5, 0.0]]])
    assert torch.allclose(beyond(upright), torch.tensor([[0.0, 0.5 * FALL]]))


def test_in_training_some_images_are_looked_up_through_the_guessed_camera(folder: Path) -> None:
    batch = batch_of(folder, varied=False)
    torch.manual_seed(0)
    model = config().build()
    found: list[tuple[torch.Tensor, ...]] = []
    model.decoder.register_forward_pre_hook(lambda module, inputs: found.append(inputs[2:]))
    camera = batch["camera_intrinsics"], batch["camera_camera_from_world"]
    count = batch["points"].shape[1]
    true = picture_from_world(batch["points"], *camera, config().image_size), batch["points"]
    for _ in range(24):
        model(batch)
    places = [
        torch.cat([(points[index][:, :count] - true[index]).abs().amax(dim=(1, 2)) for points in found])
        for index in range(2)
    ]
    in_picture_moved, upright_moved = (apart > 1e-3 for apart in places)
    assert not (in_picture_moved & upright_moved).any()
    for moved, share in zip((upright_moved, in_picture_moved), GUESSED, strict=True):
        assert abs(float(moved.float().mean()) - share) < 0.1


def test_a_camera_is_judged_by_where_it_puts_the_surface(folder: Path) -> None:
    batch = batch_of(folder, varied=False)
    model = config().build()
    prediction = dict(model(batch))
    true = {"intrinsics": batch["camera_intrinsics"], "camera_from_world": batch["camera_camera_from_world"]}
    assert float(model.loss(prediction | true, batch)["camera"].detach()) == pytest.approx(0.0, abs=1e-6)
    shifted = batch["camera_intrinsics"].clone()
    shifted[:, 0, 2] += 0.1 * config().image_size  # a tenth of the window
    found = float(model.loss(prediction | true | {"intrinsics": shifted}, batch)["camera"].detach())
    corners = 0.1 - 0.05 / 2  # smooth L1 with its own beta
    assert found == pytest.approx(config().camera_weight * (0.1 - 0.02 / 2 + 0.25 * corners), rel=1e-3)


def test_colours_that_a_record_lacks_are_not_learned(folder: Path) -> None:
    batch = batch_of(folder, varied=False)
    assert batch["albedo_rgb"].isnan().all()
    model = config().build()
    terms = model.loss(model(batch), batch)
    assert float(terms["albedo"].detach()) == 0.0
    batch["albedo_rgb"] = torch.ones_like(batch["albedo_rgb"])
    prediction = model(batch)
    expected = config().albedo_weight * (1.0 - prediction["albedo"]).mean()
    assert torch.isclose(model.loss(prediction, batch)["albedo"], expected)


def test_points_outside_of_the_box_count_as_empty(folder: Path) -> None:
    batch = batch_of(folder, varied=False)
    model = config().build()
    prediction = dict(model(batch))
    weights = prediction["weights"]
    assert weights.shape[1] == batch["points"].shape[1] + 3 * config().ray_points
    assert set(weights[:, : config().uniform_points].unique().tolist()) <= {0.0, 1.0}
    # What the network says out there makes no difference.
    outside = torch.where(weights > 0.0, prediction["logits"], torch.full_like(weights, 50.0))
    terms, other = model.loss(prediction, batch), model.loss(prediction | {"logits": outside}, batch)
    assert torch.equal(terms["occupancy"], other["occupancy"])
    assert torch.equal(terms["overlap"], other["overlap"])


def test_exported_depth_is_in_picture_units_and_normals_in_the_frame_view(folder: Path) -> None:
    batch = batch_of(folder, varied=False)
    model = config().build().eval()
    assert isinstance(model, PixelAlignedModel)
    graph = model.graphs()["encode"]
    with torch.no_grad():
        found = dict(zip(graph.outputs, graph.module(batch["image"]), strict=True))
        prediction = model({"image": batch["image"]})
    depth = found["depth"][:, 0]
    assert depth.shape[1:] == (config().map_size, config().map_size)
    assert torch.allclose(depth / (1.0 + depth.abs()), prediction["depth"].clamp(-0.5, 0.5), atol=1e-6)
    assert torch.allclose(found["normals"].norm(dim=-1), torch.ones(()), atol=1e-5)
    turned = found["normals"][:, 0] @ prediction["camera_from_world"][:, None, :3, :3].mT
    assert torch.allclose(turned, prediction["normals"], atol=1e-5)


@pytest.mark.slow
def test_a_finer_image_makes_a_finer_front_plane_and_nothing_else() -> None:
    finer = dataclasses.replace(config(), image_size=48)
    check_family(finer)
    with torch.device("meta"):
        one, other = config().build(), finer.build()
    assert (other.front.resolution, one.front.resolution) == (24, 16)
    assert finer.map_size == 24
    assert {name: value.shape for name, value in one.state_dict().items()} == {
        name: value.shape for name, value in other.state_dict().items()
    }


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("frame", "view", "frame must be 'picture'"),
        ("ray_weight", 0.0, "must be positive"),
        ("albedo_points", 0, "must be positive"),
        ("threshold", 1.0, "between 0 and 1"),
        ("front_channels", 4, "holds 4 maps"),
    ],
)
def test_configurations_that_make_no_sense_are_refused(field: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(config(), **{field: value})


def test_a_picture_and_its_mirror_image_have_mirrored_cameras_in_use(folder: Path) -> None:
    image = batch_of(folder, varied=False)["image"]
    torch.manual_seed(1)
    model = config().build().eval()
    with torch.no_grad():
        one, other = model({"image": image}), model({"image": image.flip(3)})
    mirror = torch.diag(torch.tensor([-1.0, 1.0, 1.0, 1.0]))
    turned = mirror @ other["camera_from_world"] @ mirror
    assert torch.allclose(turned, one["camera_from_world"], atol=1e-5)
    assert not torch.allclose(model.train()({"image": image})["camera_from_world"], one["camera_from_world"], atol=1e-5)
