"""Whatever ends a session, the run ends with the same bits."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from shapelift.errors import InputError
from shapelift.training import AdamW, Muon, Status, TrainConfig, train
from shapelift.training.checkpoint import BEST_NAME, CHECKPOINT_NAME, read_tensors
from shapelift.training.log import METRICS_NAME

pytestmark = pytest.mark.slow

_CHILD = """
import sys
from pathlib import Path
from shapelift.training import TrainConfig, train
data, output, config = sys.argv[1:]
train(TrainConfig.from_json(config), Path(data), Path(output), device="cpu",
      report=lambda status: print(status.step, status.activity, flush=True))
"""
_CLOCKWORK = ("used_s", "images_per_s", "compute_share", "waited_s", "validation_s")


def _lines(output: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (output / METRICS_NAME).read_text().splitlines()]
    return [{name: value for name, value in line.items() if name not in _CLOCKWORK} for line in lines]


def _assert_same(output: Path, other: Path) -> None:
    for name in (CHECKPOINT_NAME, BEST_NAME):
        found, _ = read_tensors(output / name, device="cpu")
        expected, _ = read_tensors(other / name, device="cpu")
        assert found.keys() == expected.keys()
        assert [key for key in found if not torch.equal(found[key], expected[key])] == []
    assert _lines(output) == _lines(other)


@pytest.fixture(scope="module", params=[AdamW(), Muon()], ids=["adamw", "muon"])
def config(request: pytest.FixtureRequest) -> TrainConfig:
    import dataclasses

    from shapelift.recipes import implicit_tiny

    return dataclasses.replace(implicit_tiny(), optimizer=request.param, tensorboard=False, checkpoint_every_steps=4)


@pytest.fixture(scope="module")
def uninterrupted(config: TrainConfig, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("uninterrupted") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shapelift.training.loop.export_run", lambda *arguments: None)
        train(config, data, output, device="cpu")
    return output


@pytest.mark.usefixtures("quick_export")
def test_a_killed_run_ends_with_the_same_bits(
    config: TrainConfig, data: Path, uninterrupted: Path, tmp_path: Path
) -> None:
    output = tmp_path / "run"
    arguments = [sys.executable, "-c", _CHILD, str(data), str(output), config.to_json()]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if line.strip() == "7 training":  # after the first validation, three steps past a checkpoint
                child.send_signal(signal.SIGKILL)
                break
    assert child.returncode == -signal.SIGKILL
    with (output / METRICS_NAME).open("a") as file:
        file.write('{"kind": "train", "step": 99')
    assert not (output / "model").exists()
    result = train(config, data, output, device="cpu")
    assert result.step == 12
    _assert_same(output, uninterrupted)


@pytest.mark.usefixtures("quick_export")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_saves_and_the_same_command_continues(
    config: TrainConfig, data: Path, uninterrupted: Path, tmp_path: Path, number: signal.Signals
) -> None:
    def interrupt(status: Status) -> None:
        if status.step == 5 and status.activity == "training":
            os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    result = train(config, data, tmp_path, device="cpu", report=interrupt)
    assert (result.model_folder, result.step) == (None, 5)
    assert signal.getsignal(number) == before
    result = train(config, data, tmp_path, device="cpu")
    assert result.model_folder == tmp_path / "model"
    _assert_same(tmp_path, uninterrupted)


@pytest.mark.usefixtures("quick_export")
def test_a_finished_run_is_left_alone(config: TrainConfig, data: Path, tmp_path: Path) -> None:
    first = train(config, data, tmp_path, device="cpu")
    bits = (tmp_path / CHECKPOINT_NAME).read_bytes()
    activities: list[str] = []
    again = train(config, data, tmp_path, device="cpu", report=lambda status: activities.append(status.activity))
    assert (again.step, again.best_iou, again.model_folder) == (first.step, first.best_iou, first.model_folder)
    assert activities == ["done"]
    assert (tmp_path / CHECKPOINT_NAME).read_bytes() == bits


@pytest.mark.usefixtures("quick_export")
def test_another_run_is_not_continued(tiny: Callable[..., TrainConfig], data: Path, tmp_path: Path) -> None:
    train(tiny(steps=2), data, tmp_path, device="cpu")
    with pytest.raises(InputError, match=r"another seed, steps; choose another `output`"):
        train(tiny(steps=3, seed=1), data, tmp_path, device="cpu")
    train(tiny(steps=2, log_every_steps=5, workers=2), data, tmp_path, device="cpu")


@pytest.mark.usefixtures("quick_export")
def test_two_processes_do_not_train_in_one_folder(config: TrainConfig, data: Path, tmp_path: Path) -> None:
    output = tmp_path / "run"
    arguments = [sys.executable, "-c", _CHILD, str(data), str(output), config.to_json()]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        child.stdout.readline()  # it has begun
        child.send_signal(signal.SIGSTOP)
        before = (output / METRICS_NAME).stat().st_size
        with pytest.raises(InputError, match="another process trains in it"):
            train(config, data, output, device="cpu")
        assert (output / METRICS_NAME).stat().st_size == before
        child.send_signal(signal.SIGKILL)
    assert train(config, data, output, device="cpu").step == 12
