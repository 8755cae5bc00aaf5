"""A run that goes on from trained weights: judged before it begins, ended when it gets nowhere, never worse."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from shapelift.recipes import implicit_tiny
from shapelift.training import Status, TrainConfig, TrainResult, Validation, loop, train
from shapelift.training.best import out_of_patience, take_score
from shapelift.training.checkpoint import BEST_NAME, RunState, read_tensors
from shapelift.training.export import _started
from shapelift.training.log import METRICS_NAME
from shapelift.training.start import start_at
from shapelift.training.validation import ValidationResult

pytestmark = pytest.mark.slow


def test_equals_are_the_best_and_no_better() -> None:
    state, settings = RunState(), Validation(patience=2)
    found = []
    for step, iou in enumerate((0.4, 0.4, 0.5, 0.1, 0.5), start=1):
        state.step = step
        best = take_score(state, ValidationResult(iou=iou, loss=1.0, items=1), settings)
        found.append((best, state.best_step, state.unimproved, out_of_patience(state, settings)))
    assert found == [
        (True, 1, 0, False),
        (True, 2, 1, False),
        (True, 3, 0, False),
        (False, 3, 1, False),
        (True, 5, 2, True),
    ]
    assert not out_of_patience(state, Validation())
    assert (state.start_iou, state.best_iou) == (-1.0, 0.5)


def test_the_loss_judges_where_it_is_the_criterion() -> None:
    state, settings = RunState(), Validation(criterion="loss", patience=1)
    assert take_score(state, ValidationResult(iou=0.4, loss=1.0, items=1), settings)
    assert state.start_iou == 0.4
    state.step = 1
    assert not take_score(state, ValidationResult(iou=0.9, loss=1.1, items=1), settings)
    assert out_of_patience(state, settings)
    assert (state.best_iou, state.best_loss, state.best_step) == (0.4, 1.0, 0)
    assert math.isinf(RunState().best_loss)


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch, data: Path, tmp_path: Path, first: Path) -> Callable[..., TrainResult]:
    """A run from trained weights whose validations find what they are told to find."""

    def run(*ious: float, told: list[Status] | None = None, patience: int | None = None) -> TrainResult:
        scores = iter(ious)
        monkeypatch.setattr(loop, "validate", lambda *_: ValidationResult(iou=next(scores), loss=1.0, items=4))
        validation = Validation(count=6, items=4, pictures=0, patience=patience)
        config = dataclasses.replace(implicit_tiny(), steps=6, tensorboard=False, validation=validation)
        report = (lambda status: None) if told is None else told.append
        return train(config, data, tmp_path / "run", device="cpu", start_from=first, report=report)

    return run


@pytest.mark.usefixtures("quick_export")
def test_the_start_is_a_candidate_and_what_is_worse_is_not_exported(
    scored: Callable[..., TrainResult], first: Path, tmp_path: Path
) -> None:
    told: list[Status] = []
    result = scored(0.5, 0.4, 0.3, 0.45, 0.2, told=told, patience=3)
    assert (result.start_iou, result.best_iou, result.best_step) == (0.5, 0.5, 0)
    assert (result.step, result.stopped_early) == (3, True)
    activities = [status.activity for status in told if status.activity != "packing the data"]
    assert activities[:2] == ["validating", "validated"]
    assert activities[-3:] == ["stopping early", "exporting", "done"]
    assert told[-1].progress == 1.0
    begun, _ = read_tensors(tmp_path / "run" / BEST_NAME, device="cpu")
    from safetensors.torch import load_file

    trained = load_file(first / "model.safetensors")
    assert all(begun[name].equal(value) for name, value in trained.items())
    lines = [json.loads(line) for line in (tmp_path / "run" / METRICS_NAME).read_text().splitlines()]
    steps = [(line["step"], line["best"]) for line in lines if line["kind"] == "validation"]
    assert steps == [(0, True), (1, False), (2, False), (3, False)]
    # The same command finds the end that it came to.
    again = scored(patience=3)
    assert again == dataclasses.replace(result, used_s=again.used_s)


@pytest.mark.usefixtures("quick_export")
def test_a_run_that_gets_better_goes_on(scored: Callable[..., TrainResult]) -> None:
    result = scored(0.5, 0.4, 0.6, 0.5, 0.55, 0.7, 0.65, patience=3)
    assert (result.step, result.stopped_early, result.best_step) == (6, False, 5)
    assert (result.start_iou, result.best_iou) == (0.5, 0.7)


def test_the_card_says_what_it_was_before(first: Path, tiny: Callable[..., TrainConfig]) -> None:
    config = start_at(tiny(), first)
    entries = _started(config, RunState(start_iou=0.25))
    assert (entries["started_from"], entries["validation_iou_before"]) == ("run", 0.25)
    assert _started(tiny(), RunState()) == {}
