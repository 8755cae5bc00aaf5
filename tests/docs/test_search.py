"""The search of the shipped model, with a tiny network and seconds instead of minutes."""

from __future__ import annotations

import dataclasses
import importlib
import json
from pathlib import Path

import pytest

from shapelift.recipes import pixelaligned_tiny
from shapelift.testing import write_example_data

pytestmark = pytest.mark.slow


def test_rows_get_the_same_time_and_are_not_run_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = importlib.import_module("make_search")
    write_example_data(tmp_path / "data", size_px=48, cells=16)
    monkeypatch.setattr(script, "ROWS", {"48 px": script.changed(image_size=48)})
    monkeypatch.setattr(script, "pixelaligned_general", pixelaligned_tiny)
    run_of = script.run_of
    monkeypatch.setattr(script, "run_of", lambda *row: dataclasses.replace(run_of(*row), steps=2, budget_s=None))
    arguments = [str(tmp_path / "data"), str(tmp_path / "runs"), "--items", "4"]
    script.main([*arguments, "--rows", "48 px"])
    state = (tmp_path / "runs" / "48_px" / "checkpoint.safetensors").stat().st_mtime_ns
    script.main(arguments)
    assert (tmp_path / "runs" / "48_px" / "checkpoint.safetensors").stat().st_mtime_ns == state
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert [line.split("|")[1].strip() for line in lines] == ["row", "---", "48 px"] * 2
    assert lines[:3] == lines[3:]
    config = json.loads((tmp_path / "runs" / "48_px" / "config.json").read_text())
    assert (config["model"]["image_size"], config["steps"], config["threads"]) == (48, 2, 1)
    scores = script.scored("48 px", tmp_path / "data", tmp_path / "runs", 10.0, 4)
    printed = [cell.strip() for cell in lines[2].split("|")[5:7]]
    assert printed == [f"{scores[name]:.3f}" for name in ("guessed", "true")]
    assert scores["images"] == 2 * config["batch_size"]


def test_every_row_is_a_network_of_its_own() -> None:
    script = importlib.import_module("make_search")
    configs = [script.run_of(name, 10.0, 256) for name in script.ROWS]
    assert len({config.to_json() for config in configs}) == len(script.ROWS)
    assert {(config.budget_s, config.threads, config.validation.items) for config in configs} == {(600.0, 1, 256)}
