"""The house rules that a machine can hold: style, types, floors, file sizes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        pytest.param(["mypy"], marks=pytest.mark.slow),
        ["importlinter.cli"],
    ],
    ids=["ruff", "format", "mypy", "floors"],
)
def test_checkers_have_nothing_to_say(command: list[str]) -> None:
    if command == ["importlinter.cli"]:
        call = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"]
    else:
        call = [sys.executable, "-m", *command]
    result = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_nothing_is_left_unfinished() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    found = [path.name for path in (ROOT / "src").rglob("*.py") if marks.search(path.read_text(encoding="utf-8"))]
    assert not found


def test_importing_the_package_pulls_in_nothing_heavy() -> None:
    heavy = ("torch", "numpy", "cv2", "onnxruntime", "trimesh")
    code = f"import sys, shapelift; print([m for m in {heavy} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_reconstructing_never_imports_torch() -> None:
    code = (
        "import sys, shapelift.cli.main, shapelift.cli.reconstruct, shapelift.inference, shapelift.meshing, "
        "shapelift.solids, shapelift.io.shapes, shapelift.evaluation, shapelift.synthesis\n"
        "print([m for m in ('torch', 'jaxtyping', 'tensorboard') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
