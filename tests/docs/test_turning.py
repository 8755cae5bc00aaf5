"""The start of a pixel-aligned run from the shipped upright field."""

from __future__ import annotations

import importlib
from pathlib import Path

from shapelift.inference.model_folder import SHIPPED
from shapelift.recipes import pixelaligned_general
from shapelift.training.start import read_tensors_of, start_at


def test_the_shipped_model_becomes_a_start(tmp_path: Path) -> None:
    folder = tmp_path / "start"
    importlib.import_module("turn_general").main([str(folder)])
    start = start_at(pixelaligned_general(), folder).start
    assert start is not None
    assert start.name == "general"
    assert start.images_seen > 0
    old, new = read_tensors_of(SHIPPED / "general"), read_tensors_of(folder)
    assert all(new[name].equal(value) for name, value in old.items() if name.startswith("encoder."))
    assert all(value.isfinite().all() for value in new.values())
    # Both towers and the last layers are those of the shipped model, where they are as wide.
    for tower in ("front", "side"):
        assert new[f"planes.{tower}_steps.1.0.weight"].equal(old["generator.steps.1.0.weight"])
    assert new["planes.front_steps.2.0.weight"][:32].equal(old["generator.steps.2.0.weight"])
    assert new["decoder.second.weight"].equal(old["decoder.second.weight"])
