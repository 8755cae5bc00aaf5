from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from shapelift.models import FAMILIES, ImplicitConfig, config_from_json
from shapelift.models.export import example_inputs, export_graphs

TINY = ImplicitConfig(
    image_size=32, widths=(8, 8, 8), depths=(1, 1, 1), code_size=8, plane_channels=4, plane_widths=(8, 8, 8),
    plane_hidden=8, uniform_points=12, near_points=4,
)  # fmt: skip
TINY_IMNET = ImplicitConfig(image_size=32, widths=(8, 8, 8), depths=(1, 1, 1), code_size=8, decoder="imnet")


def batch(config: ImplicitConfig) -> dict[str, torch.Tensor]:
    count = config.uniform_points + config.near_points
    return {
        "image": torch.rand(2, config.image_channels, config.image_size, config.image_size),
        "points": torch.rand(2, count, 3) - 0.5,
        "points_occupancy": torch.rand(2, count).round(),
    }


@pytest.mark.parametrize("threshold", [0.5, 0.3])
def test_the_surface_lies_at_the_threshold(threshold: float) -> None:
    config = ImplicitConfig(**{**TINY.__dict__, "threshold": threshold})
    model = config.build().eval()
    data = batch(config)
    prediction = model(data)
    logits = model.logits_at(prediction, data["points"])
    probability = torch.sigmoid(prediction["values"])
    assert torch.equal(logits > 0, probability > threshold)
    assert torch.allclose(logits, prediction["values"] - math.log(threshold / (1 - threshold)))


def test_published_loss_is_the_squared_error_of_the_clipped_output() -> None:
    config = ImplicitConfig(**{**TINY_IMNET.__dict__, "loss": "mse"})
    model = config.build().eval()
    data = batch(config)
    prediction = model(data)
    values = prediction["values"]
    clipped = torch.maximum(torch.minimum(values, 0.01 * values + 0.99), 0.01 * values)
    expected = ((clipped - data["points_occupancy"]) ** 2).mean()
    assert torch.allclose(model.loss(prediction, data)["occupancy"], expected)
    assert torch.allclose(model.logits_at(prediction, data["points"]), values - 0.5)


def test_near_points_are_weighted() -> None:
    plain, weighted = TINY, ImplicitConfig(**{**TINY.__dict__, "near_weight": 0.0})
    torch.manual_seed(0)
    model = plain.build().eval()
    data = batch(plain)
    prediction = model(data)
    uniform_only = {key: value[:, :12] if key.startswith("points") else value for key, value in data.items()}
    expected = model.loss({"values": prediction["values"][:, :12]}, uniform_only)["occupancy"]
    other = weighted.build()
    assert torch.allclose(other.loss(prediction, data)["occupancy"], expected)


@pytest.mark.parametrize(
    "change", [{"loss": "mse"}, {"encoder": "imnet"}, {"threshold": 1.0}, {"image_size": 40}, {"image_size": 48}]
)
def test_configs_that_do_not_fit_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"loss .mse.|128 px|probability|multiple|skips need"):
        ImplicitConfig(**{**TINY.__dict__, **change}).build()


def test_config_json_names_its_family_and_refuses_strangers() -> None:
    assert config_from_json(TINY.to_json(), FAMILIES) == TINY
    with pytest.raises(ValueError, match="unknown family"):
        config_from_json('{"family": "magic", "image_size": 32}', FAMILIES)
    with pytest.raises(ValueError, match="no field"):
        config_from_json('{"family": "implicit", "image_size": 32, "colour": 1}', FAMILIES)


@pytest.mark.slow
@pytest.mark.parametrize("config", [TINY, TINY_IMNET], ids=["planes", "imnet"])
def test_half_precision_files_are_smaller_and_nearly_equal(tmp_path: Path, config: ImplicitConfig) -> None:
    torch.manual_seed(0)
    model = config.build().eval()
    sizes = {}
    for weights in ("fp32", "fp16"):
        folder = tmp_path / weights
        folder.mkdir()
        files = export_graphs(model, folder, weights=weights)
        sizes[weights] = sum(path.stat().st_size for path in files.values())
        for name, graph in model.graphs().items():
            inputs = example_inputs(graph, seed=3)
            session = onnxruntime.InferenceSession(str(files[name]))
            feeds = {key: value.numpy() for key, value in zip(graph.inputs, inputs, strict=True)}
            expected = graph.module(*inputs)
            expected = expected if isinstance(expected, tuple) else (expected,)
            assert [output.name for output in session.get_outputs()] == list(graph.outputs)
            for ours, theirs in zip(expected, session.run(None, feeds), strict=True):
                assert np.abs(ours.detach().numpy() - theirs).max() < (1e-5 if weights == "fp32" else 2e-3)
    assert sizes["fp16"] < 0.8 * sizes["fp32"]
