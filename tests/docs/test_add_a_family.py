"""docs/how-to/add_a_family.md, followed to the letter on a copy of the package."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shapelift.inference import read_card

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "add_a_family.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def write_file(root: Path, block: str) -> None:
    """A block of Python says in its first line which file it is."""
    first, _, rest = block.partition("\n")
    path = root / first.removeprefix("# ")
    assert not path.exists(), f"{path.name} is there already: the page must use a name of its own"
    path.write_text(rest, encoding="utf-8")


def apply(root: Path, block: str) -> None:
    """Put every `+` line of a diff below the line of context before it."""
    head, *lines = block.splitlines()
    path = root / head.removeprefix("--- ")
    text = path.read_text(encoding="utf-8").splitlines()
    for line in lines:
        if line.startswith(" "):
            assert text.count(line[1:]) == 1, f"{path.name} must have this line once: {line[1:]}"
            place = text.index(line[1:])
        else:
            place += 1
            text.insert(place, line.removeprefix("+"))
    path.write_text("\n".join(text) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("checkout")
    unneeded = shutil.ignore_patterns("shipped", "__pycache__")
    shutil.copytree(ROOT / "src", root / "src", ignore=unneeded)
    for block in blocks("python"):
        write_file(root, block)
    for block in blocks("diff"):
        apply(root, block)
    return root


DRIVER = """
import runpy, sys
from pathlib import Path
import shapelift
from shapelift.cli.main import run
from shapelift.testing import write_example_data

assert Path(shapelift.__file__).is_relative_to(Path.cwd()), "the copy must be the one that runs"
runpy.run_path("check.py")
write_example_data(Path("data"))
options = ["--recipe", "coarse-tiny", "--steps", "2", "--no-evaluate", "--device", "cpu", "--output", "run"]
sys.exit(run(["recipes"]) or run(["train", "data", *options]))
"""


def run(copy: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(copy / "src"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, *arguments]
    result = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def said(copy: Path) -> str:
    """What one process says that checks, lists and trains the new family: importing PyTorch once is enough."""
    return run(copy, "-c", DRIVER)


def test_the_new_family_keeps_its_contract(said: str) -> None:
    assert said.startswith("coarse keeps its contract")


def test_the_new_recipe_is_listed(said: str) -> None:
    assert re.search(r"^coarse-small .* blocky, and quick to train", said, re.MULTILINE)


def test_the_new_family_trains(said: str, copy: Path) -> None:
    assert "validation IoU" in said
    assert read_card(copy / "run" / "model").representation == "grid"


def test_the_new_files_are_in_good_style(copy: Path) -> None:
    files = [str(copy / "src/shapelift" / name) for name in ("models/coarse.py", "recipes/coarse.py")]
    settings = ["--config", str(ROOT / "pyproject.toml"), "--no-cache"]
    run(copy, "-m", "ruff", "format", "--check", *settings, *files)
    run(copy, "-m", "ruff", "check", *settings, "--extend-ignore", "INP001", *files)
