"""Going on from trained weights, on a new run."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from shapelift.cli.main import run
from shapelift.errors import InputError
from shapelift.inference import read_card
from shapelift.training import TrainConfig, read_start, train
from shapelift.training.checkpoint import CHECKPOINT_NAME, read_tensors


@pytest.fixture(scope="module")
def first(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Model folder of a short run."""
    from shapelift.recipes import implicit_tiny

    config = dataclasses.replace(implicit_tiny(), steps=3, tensorboard=False)
    folder = train(config, data, tmp_path_factory.mktemp("first") / "run", device="cpu").model_folder
    assert folder is not None
    return folder


def _still(tiny: Callable[..., TrainConfig]) -> TrainConfig:
    """One step that moves no weight."""
    config = tiny(steps=1, ema_decay=None, augmentation=dataclasses.replace(tiny().augmentation, mirror=0.0))
    return dataclasses.replace(config, optimizer=dataclasses.replace(config.optimizer, learning_rate=0.0))


@pytest.mark.usefixtures("quick_export")
def test_the_run_begins_with_the_weights_of_the_model(
    first: Path, data: Path, tiny: Callable[..., TrainConfig], tmp_path: Path
) -> None:
    trained = load_file(first / "model.safetensors")
    for start_from, same in ((first, True), (None, False)):
        output = tmp_path / str(same)
        train(_still(tiny), data, output, device="cpu", start_from=start_from)
        found, _ = read_tensors(output / CHECKPOINT_NAME, device="cpu")
        assert torch.equal(found["model.generator.seed.weight"], trained["generator.seed.weight"]) is same


def test_the_card_says_where_it_began_and_the_same_command_continues(
    first: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "run"
    common = ["train", str(data), "--recipe", "implicit-tiny", "--steps", "2", "--device", "cpu", "--no-evaluate"]
    for _ in range(2):
        assert run([*common, "--start-from", str(first), "--output", str(output), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["step"] == 2
    training = read_card(output / "model").training
    assert (training["started_from"], training["images_seen_before"]) == (read_card(first).name, 12)
    assert training["seconds_before"] == read_card(first).training["seconds"]
    assert training["processor_seconds_before"] == read_card(first).training["processor_seconds"] > 0.0
    again = read_start(output / "model")
    assert again.images_seen == 12 + 8
    assert again.seconds == pytest.approx(training["seconds_before"] + training["seconds"], abs=0.06)
    assert run([*common, "--output", str(output)]) == 2
    assert "holds a run with another start" in capsys.readouterr().err


def test_what_cannot_be_started_from_is_refused(
    first: Path, data: Path, tiny: Callable[..., TrainConfig], tmp_path: Path
) -> None:
    other = tiny(model=dataclasses.replace(tiny().model, code_size=16))
    with pytest.raises(InputError, match="holds another network"):
        train(other, data, tmp_path / "a", device="cpu", start_from=first)
    config = dataclasses.replace(tiny(), start=read_start(first))
    with pytest.raises(InputError, match="say where they are"):
        train(config, data, tmp_path / "b", device="cpu")
    assert run(["train", str(data), "--start-from", "general", "--output", str(tmp_path / "c")]) == 2
    assert not (tmp_path / "c").exists()
