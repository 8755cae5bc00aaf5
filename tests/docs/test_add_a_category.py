"""docs/how-to/add_a_category.md: the category of the page makes closed solids, and its line fits the registry."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import trimesh

from shapelift.synthesis.procedural.category import Category

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "add_a_category.md").read_text(encoding="utf-8")


def test_the_category_of_the_page_makes_closed_solids(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("stool")
    monkeypatch.setitem(sys.modules, "stool", module)  # dataclasses look their annotations up there
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    exec(code, module.__dict__)  # noqa: S102 - the page is our own
    stool = Category(module.StoolParameters, module.StoolParameters.build)
    for seed in range(8):
        asset = stool.draw(np.random.default_rng(seed))
        mesh = trimesh.Trimesh(asset.mesh.vertices, asset.mesh.faces)
        assert mesh.is_volume, seed
        assert mesh.body_count == 1, seed


def test_the_lines_of_context_are_in_the_registry() -> None:
    (block,) = re.findall(r"^```diff\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    head, *lines = block.splitlines()
    text = (ROOT / head.removeprefix("--- ")).read_text(encoding="utf-8").splitlines()
    assert all(text.count(line[1:]) == 1 for line in lines if line.startswith(" "))
