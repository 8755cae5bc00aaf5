"""docs/how-to/add_a_category.md, followed to the letter on a copy of the package: one folder and one line."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "add_a_category.md").read_text(encoding="utf-8")
DRIVER = """
import trimesh
from shapelift.synthesis import procedural

for seed in range(8):
    asset = procedural.build("stool", seed)
    mesh = trimesh.Trimesh(asset.mesh.vertices, asset.mesh.faces)
    assert mesh.is_volume and mesh.body_count == 1, seed
print(len(procedural.CATEGORIES))
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_the_category_of_the_page_is_one_folder_and_one_line(tmp_path: Path) -> None:
    source = tmp_path / "src"
    shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("shipped", "__pycache__"))
    folders = set()
    for block in blocks("python"):
        first, _, rest = block.partition("\n")
        path = tmp_path / first.removeprefix("# ")
        path.parent.mkdir(exist_ok=True)
        assert not path.exists()
        path.write_text(rest, encoding="utf-8")
        folders.add(path.parent)
    assert len(folders) == 1
    (block,) = blocks("diff")
    head, context, added = block.splitlines()
    path = tmp_path / head.removeprefix("--- ")
    text = path.read_text(encoding="utf-8")
    assert text.count(context[1:] + "\n") == 1
    path.write_text(text.replace(context[1:] + "\n", f"{context[1:]}\n{added[1:]}\n"), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(source)}
    done = subprocess.run([sys.executable, "-c", DRIVER], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == 14
