"""In which precision a run computes, and that it stays with it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from shapelift.recipes import implicit_tiny
from shapelift.training import precision, train
from shapelift.training.config import TrainConfig
from shapelift.training.distributed import World

CPU = torch.device("cpu")


def on_a_processor(monkeypatch: pytest.MonkeyPatch, *features: str) -> None:
    """A processor with these features; the others PyTorch does not even ask for."""
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.setattr(torch.cpu, name, lambda found=name in features: found, raising=False)


@pytest.mark.parametrize("feature", ["_is_avx512_bf16_supported", "_is_amx_tile_supported"])
def test_bfloat16_only_where_the_processor_multiplies_in_it(monkeypatch: pytest.MonkeyPatch, feature: str) -> None:
    on_a_processor(monkeypatch)
    assert not precision.computes_bfloat16(CPU)
    on_a_processor(monkeypatch, feature)
    assert precision.computes_bfloat16(CPU)
    monkeypatch.delattr(torch.cpu, feature)
    assert not precision.computes_bfloat16(CPU)


@pytest.mark.slow
def test_a_run_says_what_it_was_computed_in_and_goes_on_in_it(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = dataclasses.replace(implicit_tiny(), precision="auto", steps=2)
    monkeypatch.setattr("shapelift.training.loop.export_run", lambda *arguments: None)
    on_a_processor(monkeypatch, "_is_amx_tile_supported")
    train(config, data, tmp_path / "run", device="cpu")
    text = (tmp_path / "run" / "config.json").read_text()
    assert TrainConfig.from_json(text).precision == "bf16"
    on_a_processor(monkeypatch)  # the next session is on another machine
    train(config, data, tmp_path / "run", device="cpu")
    assert (tmp_path / "run" / "config.json").read_text() == text
    world = World(0, 1, CPU)
    assert precision.resolve_precision(config, tmp_path / "run", world).precision == "bf16"
    assert precision.resolve_precision(config, tmp_path / "other", world).precision == "fp32"
    asked = dataclasses.replace(config, precision="bf16")
    assert precision.resolve_precision(asked, tmp_path / "other", world) == asked
