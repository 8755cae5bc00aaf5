from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from shapelift.training import log as log_module
from shapelift.training.distributed import World
from shapelift.training.log import METRICS_NAME, Meter, MetricsLog


def _steps(folder: Path) -> list[int]:
    return [json.loads(line)["step"] for line in (folder / METRICS_NAME).read_text().splitlines()]


def test_a_continued_log_is_cut_back_to_its_checkpoint(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path, tensorboard=False)
    log.write("train", {"step": 1})
    position = log.position()
    log.write("train", {"step": 2})
    log.close()
    with (tmp_path / METRICS_NAME).open("a") as file:
        file.write('{"kind": "tra')  # a line that was being written when the process was killed
    log = MetricsLog(tmp_path, position=position, step=1, tensorboard=False)
    log.write("train", {"step": 2})
    log.close()
    assert _steps(tmp_path) == [1, 2]


def test_tensorboard_holds_numbers_and_pictures(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path)
    log.write("train", {"step": 3, "loss": 0.5, "terms": {"a": 0.25}})
    log.picture("validation", np.zeros((4, 6, 3), np.uint8), 3)
    log.close()
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert set(events.Tags()["scalars"]) == {"train/loss", "train/terms/a"}
    assert events.Scalars("train/loss")[0].step == 3
    assert events.Tags()["images"] == ["validation"]


def test_sums_go_on_where_they_were() -> None:
    whole, first = Meter({}, 0), Meter({}, 0)
    values = [{"a": torch.tensor(0.1), "b": torch.tensor(2.0)}, {"a": torch.tensor(0.7), "b": torch.tensor(1.0)}]
    for terms in values:
        whole.count(terms)
    first.count(values[0])
    second = Meter(json.loads(json.dumps(first.sums())), first.counted)
    second.count(values[1])
    world = World(0, 1, torch.device("cpu"))
    assert second.read(world, 4, 0.0).terms == whole.read(world, 4, 0.0).terms


def test_a_line_is_a_mean_and_the_next_starts_afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([100.0, 110.0, 110.0])
    monkeypatch.setattr(log_module, "time", SimpleNamespace(perf_counter=now.__next__))
    meter = Meter({}, 0)
    meter.count({"a": torch.tensor(1.0)})
    meter.count({"a": torch.tensor(3.0)})
    meter.compute_s, meter.aside_s = 6.0, 2.0  # of ten seconds
    line = meter.read(World(0, 1, torch.device("cpu")), 4, 1.5)
    assert line.loss == pytest.approx(2.0)
    assert (line.images_per_s, line.compute_share, line.waited_s) == (1.0, 0.75, 1.5)
    assert (meter.counted, meter.sums(), meter.compute_s, meter.aside_s) == (0, {}, 0.0, 0.0)
