from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from shapelift.datasets import ShapeDataset
from shapelift.geometry import Camera, DepthMaps
from shapelift.imaging.preprocess import Preprocess
from shapelift.meshing import relief
from shapelift.models.depthnormal import DepthNormalConfig, DepthNormalModel, depth_of
from shapelift.recipes.depthnormal import depthnormal_compact, depthnormal_tiny
from shapelift.testing import write_example_data

CONFIG = depthnormal_tiny().model
assert isinstance(CONFIG, DepthNormalConfig)


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tensor]:
    folder = tmp_path_factory.mktemp("data")
    write_example_data(folder, shapes=3)
    preprocess = Preprocess.from_mapping(CONFIG.preprocess)
    return ShapeDataset(folder, "train", targets=CONFIG.targets(), preprocess=preprocess).batch(0, 3)


def truth_told(model: DepthNormalModel, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """What a network without error would predict."""
    matrix, true = batch["camera_camera_from_world"], batch["depth"]
    seen = true > 0.0
    offset = torch.where(seen, true - matrix[:, 2, 3, None, None], torch.zeros_like(true))
    return {
        "offset": offset,
        "mask_logits": torch.where(seen, 20.0, -20.0),
        "normals": batch["depth_normals"] @ matrix[:, None, :3, :3].mT,
        "intrinsics": batch["camera_intrinsics"] * model.to_maps,
        "camera_from_world": matrix,
        "features": torch.zeros(len(true), CONFIG.code_size),
    }


@pytest.mark.parametrize("loss", ["l1", "l2", "log"])
def test_the_truth_costs_nothing_but_what_differences_of_pixels_cost(batch: dict[str, Tensor], loss: Any) -> None:
    model = dataclasses.replace(CONFIG, loss=loss).build()
    terms = model.loss(truth_told(model, batch), batch)
    assert set(terms) == {"depth", "mask", "camera", "normals", "consistency"}
    for name in ("depth", "mask", "camera", "normals"):
        assert float(terms[name]) < 1e-3, name
    assert float(terms["consistency"]) < 0.2
    worse = truth_told(model, batch)
    worse["offset"] = worse["offset"] + 0.1
    worse["mask_logits"], worse["normals"] = -worse["mask_logits"], -worse["normals"]
    worse["camera_from_world"] = worse["camera_from_world"].clone()
    worse["camera_from_world"][:, 2, 3] += 1.0
    for name, value in model.loss(worse, batch).items():
        assert float(value) > float(terms[name]), name


def test_weights_scale_their_terms_and_0_leaves_them_out(batch: dict[str, Tensor]) -> None:
    torch.manual_seed(0)
    model = CONFIG.build()
    prediction = model(batch)
    terms = model.loss(prediction, batch)
    for name in ("depth", "normal", "consistency", "mask", "camera"):
        field, key = f"{name}_weight", "normals" if name == "normal" else name
        twice = DepthNormalModel(dataclasses.replace(CONFIG, **{field: 2.0 * getattr(CONFIG, field)}))
        assert float(twice.loss(prediction, batch)[key].detach()) == pytest.approx(
            2.0 * float(terms[key].detach()), rel=1e-5
        )
    bare = dataclasses.replace(CONFIG, normal_weight=0.0, consistency_weight=0.0).build()
    assert set(bare.loss(prediction, batch)) == {"depth", "mask", "camera"}


def test_consistency_teaches_depth_and_normals(batch: dict[str, Tensor]) -> None:
    torch.manual_seed(0)
    model = CONFIG.build()
    prediction = {name: value.detach() for name, value in model(batch).items()}
    prediction["offset"].requires_grad_()
    prediction["normals"].requires_grad_()
    model.loss(prediction, batch)["consistency"].backward()
    for name in ("offset", "normals"):
        gradient = prediction[name].grad
        assert gradient is not None
        assert bool(gradient.isfinite().all())
        assert gradient.abs().sum() > 0.0
        assert not gradient[batch["depth"] == 0.0].any()


def test_maps_and_graph_agree(batch: dict[str, Tensor]) -> None:
    torch.manual_seed(0)
    model = CONFIG.build().eval()
    with torch.no_grad():
        found = model(batch)
        depth, logits, normals, intrinsics, matrix, features = model.graphs()["predict"].module(batch["image"])
    size = CONFIG.map_size
    assert depth.shape == logits.shape == (3, 1, size, size)
    assert normals.shape == (3, 1, size, size, 3)
    torch.testing.assert_close(depth[:, 0], depth_of(found["offset"], found["camera_from_world"]))
    torch.testing.assert_close(normals.norm(dim=-1), torch.ones_like(depth))
    torch.testing.assert_close(normals[:, 0] @ matrix[:, :, :3, :3].mT, found["normals"])
    # An untrained network looks from the front, a little from above: normals face the camera, which is above +Z.
    assert normals[..., 2].mean() > 0.5
    assert normals[..., 1].mean() > 0.0
    camera = Camera(intrinsics[0, 0].numpy(), _rigid(matrix[0, 0].double().numpy()), (size, size))
    assert camera.project([[0.0, 0.0, 0.0]])[0][0] == pytest.approx([size * 0.5, size * 0.47], abs=size * 0.1)
    assert features.shape == (3, CONFIG.code_size)


def _rigid(matrix: np.ndarray) -> np.ndarray:
    turned = np.linalg.svd(matrix[:3, :3])
    matrix[:3, :3] = turned.U @ turned.Vh
    return matrix


def test_logits_at_is_the_solid_behind_the_mask(batch: dict[str, Tensor]) -> None:
    model = CONFIG.build()
    prediction = truth_told(model, batch)
    depth = batch["depth"].numpy()
    for item in range(3):
        one = {name: value[item : item + 1] for name, value in prediction.items()}
        size = CONFIG.map_size
        camera = Camera(
            one["intrinsics"][0].numpy(), _rigid(one["camera_from_world"][0].double().numpy()), (size, size)
        )
        seen = depth[item] > 0
        rows, columns = np.nonzero(seen)
        pixels = np.stack([columns, rows], axis=1) + 0.5
        surface = depth[item][seen]

        def asked(places: np.ndarray, one: dict[str, Tensor] = one) -> np.ndarray:
            return model.logits_at(one, torch.tensor(places, dtype=torch.float32)[None])[0].numpy()

        assert (asked(camera.unproject(pixels, surface + 0.05)) > 0.0).all()
        assert (asked(camera.unproject(pixels, surface - 0.05)) < 0.0).all()
        assert (asked(camera.unproject(pixels, surface + CONFIG.thickness + 0.05)) < 0.0).all()
        empty = np.argwhere(~seen)[:, ::-1] + 0.5
        assert (asked(camera.unproject(empty, np.full(len(empty), surface.mean()))) < 0.0).all()
        assert (asked(camera.unproject(pixels, np.full(len(pixels), -1.0))) < 0.0).all()
        assert (asked(camera.unproject(pixels + 10 * size, surface)) < 0.0).all()
        solid = relief(DepthMaps(depth[item][None], seen[None], (camera,)), thickness=CONFIG.thickness)
        places = np.random.default_rng(0).uniform(-0.6, 0.6, (20_000, 3))
        assert (asked(places) > 0.0).mean() * 1.2**3 == pytest.approx(solid.volume, rel=0.15)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"frame": "object"}, "frame must be 'view'"),
        ({"depth_weight": 0.0}, "positive weights"),
        ({"consistency_weight": -1.0}, "positive weights"),
        ({"thickness": 0.0}, "thickness"),
    ],
)
def test_configurations_that_cannot_be(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DepthNormalConfig(image_size=32, **wrong)


def test_the_compact_network_is_small_and_its_maps_are_as_large_as_the_image() -> None:
    config = depthnormal_compact().model
    assert isinstance(config, DepthNormalConfig)
    assert config.map_size == config.image_size == 128
    assert sum(parameter.numel() for parameter in config.build().parameters()) < 5_000_000
