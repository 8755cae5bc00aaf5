"""The start of a pixel-aligned run from an upright field."""

from __future__ import annotations

import dataclasses
import importlib
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from shapelift.inference import read_card, write_card
from shapelift.inference.model_folder import SHIPPED
from shapelift.recipes import implicit_general, pixelaligned_general
from shapelift.training.export import CONFIG_NAME, WEIGHTS_NAME
from shapelift.training.start import start_at

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def upright(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("upright")
    config = implicit_general()
    torch.manual_seed(0)
    save_file(
        {name: value.contiguous() for name, value in config.model.build().state_dict().items()}, folder / WEIGHTS_NAME
    )
    (folder / CONFIG_NAME).write_text(config.to_json(), encoding="utf-8")
    card = dataclasses.replace(read_card(SHIPPED / "general"), family="implicit", frame="view", name="upright")
    write_card(folder, card, [WEIGHTS_NAME, CONFIG_NAME])
    return folder


def test_an_upright_model_becomes_a_start(upright: Path, tmp_path: Path) -> None:
    script = importlib.import_module("begin_with_general")
    folder = tmp_path / "start"
    script.main([str(upright), str(folder)])
    start = start_at(pixelaligned_general(), folder).start
    assert start is not None
    assert start.name == "upright"
    old, new = implicit_general().model.build().eval(), pixelaligned_general().model.build().eval()
    old.load_state_dict(load_file(upright / WEIGHTS_NAME))
    new.load_state_dict(load_file(folder / WEIGHTS_NAME))
    with torch.no_grad():
        # What is new is hardly heard; without it the answer is that of the old network wherever the picture reaches.
        front, upright_part, axes, _ = new.decoder.counts
        new.decoder.first.weight[:, :front] = 0.0
        new.decoder.first.weight[:, front + upright_part + axes :] = 0.0
        image = torch.rand(1, 4, 128, 128)
        points = 0.3 * torch.rand(1, 50, 3) - 0.15
        found = new.logits_at(new({"image": image}), points)
        expected = old.logits_at(old({"image": image}), points)
    assert torch.allclose(found, expected, atol=1e-4)
