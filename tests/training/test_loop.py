from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import onnxruntime
import pytest
import torch

from shapelift.errors import InputError
from shapelift.inference import Reconstructor
from shapelift.training import AdamW, Status, TrainConfig, Validation, loop, train
from shapelift.training.checkpoint import BEST_NAME, read_tensors
from shapelift.training.export import WEIGHTS_NAME
from shapelift.training.log import METRICS_NAME
from shapelift.training.network import MovingAverage
from shapelift.training.session import LOCK_NAME
from shapelift.training.validation import THRESHOLDS, ValidationResult

pytestmark = pytest.mark.slow


def _lines(output: Path, kind: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in (output / METRICS_NAME).read_text().splitlines()]
    return [line for line in lines if line["kind"] == kind]


def test_a_run_learns_and_leaves_a_model_that_opens(
    tiny: Callable[..., TrainConfig], data: Path, tmp_path: Path
) -> None:
    config = tiny(steps=150, batch_size=8, log_every_steps=10, optimizer=AdamW(learning_rate=1e-2), precision="bf16")
    result = train(config, data, tmp_path / "mugs", device="cpu")
    losses = [line["loss"] for line in _lines(tmp_path / "mugs", "train")]
    assert losses[-1] < 0.7 * losses[0]
    validations = _lines(tmp_path / "mugs", "validation")
    assert [line["step"] for line in validations] == [75, 150]
    assert result.best_iou == max(line["iou"] for line in validations) > 0.4
    assert all(0.0 < line["compute_share"] <= 1.0 for line in _lines(tmp_path / "mugs", "train"))
    assert sorted(path.name for path in (tmp_path / "mugs" / "pictures").iterdir()) == [
        "step_00000075.png",
        "step_00000150.png",
    ]
    written = TrainConfig.from_json((tmp_path / "mugs" / "config.json").read_text())
    assert written.feed == "packed"  # what `auto` has become here
    assert dataclasses.replace(written, feed="auto", detail=None) == config
    assert result.model_folder is not None
    assert (result.model_folder / WEIGHTS_NAME).is_file()
    card = Reconstructor.load(result.model_folder, threads=1).card
    assert (card.name, card.categories, card.training["steps"]) == ("mugs", ("ellipsoid",), 150)
    assert card.scores["validation"]["iou"] >= result.best_iou - 1e-3  # the threshold was chosen since
    assert card.threshold in THRESHOLDS
    assert (card.data[0].licence, card.data[0].shapes) == ("CC0-1.0", 8)
    hidden = {path.name for path in (tmp_path / "mugs").iterdir() if path.name.startswith(".")}
    assert hidden <= {LOCK_NAME}
    session = onnxruntime.InferenceSession(result.model_folder / "encode.onnx")
    assert np.isfinite(session.run(["features"], {"image": np.zeros((1, 4, 32, 32), np.float32)})[0]).all()


@pytest.mark.usefixtures("quick_export")
@pytest.mark.parametrize(("criterion", "best"), [("iou", [1, 3]), ("loss", [1, 2, 5])])
def test_the_criterion_says_which_weights_become_the_model(
    criterion: Literal["iou", "loss"],
    best: list[int],
    tiny: Callable[..., TrainConfig],
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [(0.3, 5.0), (0.2, 4.0), (0.5, 4.5), (0.4, 4.2), (0.1, 3.0)]
    scores = iter([ValidationResult(iou=iou, loss=loss, items=4) for iou, loss in found])
    monkeypatch.setattr(loop, "validate", lambda *_: next(scores))
    validation = Validation(count=5, items=4, pictures=0, criterion=criterion)
    result = train(tiny(steps=5, validation=validation), data, tmp_path / "run", device="cpu")
    assert [line["step"] for line in _lines(tmp_path / "run", "validation") if line["best"]] == best
    assert (result.best_step, result.best_iou) == (best[-1], found[best[-1] - 1][0])
    _, header = read_tensors(tmp_path / "run" / BEST_NAME, device="cpu", only_header=True)
    assert header["step"] == str(best[-1])


class _Clock:
    """A clock on which every look takes a hundredth of a second."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        self.now += 0.01
        return self.now

    def process_time(self) -> float:
        return self.now


def test_a_budget_covers_validation_and_export(
    tiny: Callable[..., TrainConfig], data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = _Clock()

    def export(*arguments: object) -> None:
        clock.now += 0.5

    def rehearse(*arguments: object) -> float:
        clock.now += 0.5
        return 0.5

    def validate(*arguments: object) -> ValidationResult:
        clock.now += 0.3
        return ValidationResult(iou=0.5, loss=0.1, items=1)

    monkeypatch.setattr(loop, "time", clock)
    monkeypatch.setattr(loop, "export_run", export)
    monkeypatch.setattr(loop, "trial_export_s", rehearse)
    monkeypatch.setattr(loop, "validate", validate)
    config = tiny(steps=None, budget_s=6.0, validation=Validation(count=3, pictures=0), log_every_steps=1)
    told: list[Status] = []
    result = train(config, data, tmp_path, device="cpu", report=told.append)
    assert 4.5 < clock.now <= 6.0
    assert result.step > 10
    lines = _lines(tmp_path, "train")
    assert lines[-1]["progress"] > 0.9
    assert lines[-1]["learning_rate"] < 0.1 * config.optimizer.learning_rate
    assert len(_lines(tmp_path, "validation")) == 3
    assert told[-1].activity == "done"


def test_a_budget_that_the_export_eats_is_refused(
    tiny: Callable[..., TrainConfig], data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "trial_export_s", lambda *arguments: 50.0)
    with pytest.raises(InputError, match=r"60 s leaves no time to train.*export takes 50 s.*give more time"):
        train(tiny(steps=None, budget_s=60.0), data, tmp_path, device="cpu")


@pytest.mark.usefixtures("quick_export")
def test_time_used_before_counts(tiny: Callable[..., TrainConfig], data: Path, tmp_path: Path) -> None:
    def stop(status: Status) -> None:
        if status.step == 2:
            raise KeyboardInterrupt

    config = tiny(checkpoint_every_steps=1)
    with pytest.raises(KeyboardInterrupt):
        train(config, data, tmp_path, device="cpu", report=stop)
    found = loop.find_run(tmp_path, config)
    assert found is not None
    result = train(config, data, tmp_path, device="cpu")
    assert result.used_s > found.used_s > 0.0
    finished = loop.find_run(tmp_path, config)
    assert finished is not None
    assert finished.processor_s > found.processor_s > 0.0


@pytest.mark.usefixtures("quick_export")
def test_a_loss_that_is_no_number_ends_the_run_with_advice(
    tiny: Callable[..., TrainConfig], data: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"no longer a number at step 3.*lower learning rate"):
        train(tiny(optimizer=AdamW(learning_rate=1e30)), data, tmp_path, device="cpu")


@pytest.mark.usefixtures("quick_export")
def test_layout_workers_and_average_do_not_change_what_is_learned(
    tiny: Callable[..., TrainConfig], data: Path, tmp_path: Path
) -> None:
    plain = train(tiny(steps=6), data, tmp_path / "plain", device="cpu")
    other = train(tiny(steps=6, channels_last=False, workers=2), data, tmp_path / "other", device="cpu")
    assert other.best_iou == pytest.approx(plain.best_iou, abs=1e-3)
    first, second = (_lines(tmp_path / name, "train")[-1]["loss"] for name in ("plain", "other"))
    assert first == pytest.approx(second, abs=1e-4)


def test_bad_input_is_one_line(tiny: Callable[..., TrainConfig], data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="manifest"):
        train(tiny(), tmp_path, tmp_path / "run", device="cpu")
    with pytest.raises(InputError, match="device 'tpu' is"):
        train(tiny(), data, tmp_path / "run", device="tpu")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="cannot be made"):
        train(tiny(), data, tmp_path / "file" / "run", device="cpu")


def test_the_average_forgets_the_start_and_follows() -> None:
    torch.manual_seed(0)
    network, holder = torch.nn.BatchNorm1d(2), torch.nn.BatchNorm1d(2)
    average = MovingAverage(network, holder, decay=0.9)
    with torch.no_grad():
        network.weight.fill_(3.0)
    network(torch.randn(4, 2))
    average.update(1)
    decay = 2.0 / 11.0  # the first decays are low
    assert torch.allclose(holder.weight, torch.full((2,), decay * 1.0 + (1.0 - decay) * 3.0))
    assert int(holder.num_batches_tracked) == 1
    for step in range(200, 300):
        average.update(step)
    assert torch.allclose(holder.weight, network.weight, atol=1e-3)
