"""The page that compares the families, made of two small ones."""

from __future__ import annotations

import dataclasses
import importlib
import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from shapelift.recipes import deform_tiny, voxel_tiny
from shapelift.testing import write_example_data
from shapelift.training import train

pytestmark = pytest.mark.slow

PAGE = "before\n<!-- comparison -->\nold\n<!-- /comparison -->\nbehind\n"


def test_one_command_writes_table_and_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    write_example_data(tmp_path / "data", shapes=12)
    models = {}
    for recipe in (voxel_tiny(), deform_tiny()):
        config = dataclasses.replace(recipe, steps=6, tensorboard=False)
        result = train(config, tmp_path / "data", tmp_path / recipe.model.family)
        models[recipe.model.family] = f"{recipe.model.family}={result.model_folder}"
    page, scores = tmp_path / "comparison.md", tmp_path / "scores"
    page.write_text(PAGE, encoding="utf-8")
    script = importlib.import_module("make_comparison")
    monkeypatch.setattr(script, "PAGE", page)
    monkeypatch.setattr(script, "PICTURE", tmp_path / "comparison.png")
    monkeypatch.setattr(script, "TIMED", 1)
    monkeypatch.setattr(script, "PICTURED", 1)
    command = [str(tmp_path / "data"), *models.values(), "--scores", str(scores)]
    script.main(command)

    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- comparison -->\n")
    assert text.endswith("<!-- /comparison -->\nbehind\n")
    assert "old" not in text
    found = json.loads((scores / "voxel" / "scores.json").read_text())["groups"]["real"]
    voxel = found["methods"]["model"]["overall"]
    assert f"| voxel | {voxel['iou']['mean']:.3f} | {100 * voxel['chamfer_l1']['mean']:.2f} |" in text
    floor = found["methods"]["sampling_floor"]["overall"]["fan-2017:emd_x100"]["mean"]
    assert text.count(f" {floor:.2f} |\n") >= 1
    assert text.index("### In the pose of the object") < text.index("### In the pose of the view")
    assert text.count("| mean shape |") == 4  # two tables for each
    card = json.loads((tmp_path / "voxel" / "model" / "card.json").read_text())
    assert f"| voxel | {card['training']['parameters'] / 1e6:.1f} M | 0 min | 0 min | 24 |" in text
    with Image.open(tmp_path / "comparison.png") as picture:
        assert picture.width > 2 * script.TILE_PX
        assert picture.height > 4 * script.TILE_PX

    (scores / "deform" / "scores.json").write_bytes((scores / "voxel" / "scores.json").read_bytes())
    with pytest.raises(SystemExit, match="scores of another model"):
        script.main(command)
