"""Going on from trained weights, on a new run."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from shapelift.cli.main import run
from shapelift.errors import InputError
from shapelift.inference import model_folder, read_card, write_card
from shapelift.models.export import WEIGHTS
from shapelift.recipes import implicit_tiny
from shapelift.recipes.fine_tuning import SLOW
from shapelift.training import TrainConfig, train
from shapelift.training.checkpoint import CHECKPOINT_NAME, read_tensors
from shapelift.training.start import find_start, load_start, read_start, shipped_start, start_at

pytestmark = pytest.mark.slow


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
    for start_from in (str(tmp_path / "a"), "generl"):
        assert run(["train", str(data), "--start-from", start_from, "--output", str(tmp_path / "c")]) == 2
    assert not (tmp_path / "c").exists()


@pytest.fixture
def bare(first: Path, tmp_path: Path) -> Path:
    """The model folder as it ships: graphs, configuration and card, no weights beside them."""
    folder = tmp_path / "bare"
    shutil.copytree(first, folder)
    (folder / "model.safetensors").unlink()
    card = read_card(folder)
    write_card(folder, card, [name for name in card.files if name != "model.safetensors"])
    return folder


def test_graphs_alone_are_a_start(first: Path, bare: Path) -> None:
    trained, begun = load_file(first / "model.safetensors"), implicit_tiny().model.build()
    load_start(bare, read_start(bare), begun)
    assert begun.state_dict().keys() == trained.keys()
    for name, value in begun.state_dict().items():
        torch.testing.assert_close(value, trained[name], rtol=1e-3, atol=1e-7, msg=name)
    assert read_start(bare).sha256 != read_start(first).sha256
    # Its surface is drawn at first where the model drew it, not where the recipe would.
    config = dataclasses.replace(implicit_tiny(), model=dataclasses.replace(implicit_tiny().model, threshold=0.7))
    assert start_at(config, bare).model.threshold == read_card(first).threshold != 0.7  # type: ignore[attr-defined]


def test_graphs_without_weights_are_no_start(bare: Path) -> None:
    for name in ("encode.onnx", "decode.onnx"):
        path = bare / name
        path.write_bytes(path.read_bytes().replace(WEIGHTS.encode(), b"artwork/"))
    with pytest.raises(
        InputError, match="exported without the weights to train on; give another `start_from`, or none"
    ):
        find_start(bare)
    (bare / "encode.onnx").write_bytes(b"nonsense")
    with pytest.raises(InputError, match="cannot be read"):
        find_start(bare)
    (bare / "encode.onnx").unlink()
    with pytest.raises(InputError, match="cannot be read"):
        find_start(bare)


def test_the_shipped_model_of_a_recipe_is_where_training_begins(
    bare: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(model_folder, "SHIPPED", tmp_path / "shipped")
    bare.rename(tmp_path / "shipped-model")
    (tmp_path / "shipped").mkdir()
    (tmp_path / "shipped-model").rename(tmp_path / "shipped" / "eggs")
    config = implicit_tiny()
    assert shipped_start(config) == (tmp_path / "shipped" / "eggs", "")
    assert shipped_start(dataclasses.replace(config, recipe="implicit-small")) == (None, "")
    other = dataclasses.replace(config, model=dataclasses.replace(config.model, code_size=16))
    folder, reason = shipped_start(other)
    assert folder is None
    assert "holds another network" in reason
    common = ["train", str(data), "--recipe", "implicit-tiny", "--steps", "1", "--device", "cpu", "--no-evaluate"]
    monkeypatch.setattr("shapelift.training.loop.export_run", lambda *arguments: None)
    assert run([*common, "--output", str(tmp_path / "a")]) == 0
    said = capsys.readouterr()
    assert "starting with the weights of the shipped model 'eggs'; --start-from none for fresh ones" in " ".join(
        said.err.split()
    )
    assert "before training)" in said.out
    for start_from, name in (("eggs", read_card(tmp_path / "shipped" / "eggs").name), ("none", None)):
        arguments = [*common, "--start-from", start_from, "--output", str(tmp_path / start_from), "--json"]
        assert run(arguments) == 0
        assert json.loads(capsys.readouterr().out)["started_from"] == name
    tuned = TrainConfig.from_json((tmp_path / "a" / "config.json").read_text())
    assert (tuned.slow, tuned.steps) == (SLOW, 1)
