"""The scripts in docs/scripts can be imported, as they import each other when they run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

sys.path.insert(0, str(Path(__file__).parents[2] / "docs" / "scripts"))


class PackageCopy:
    """A copy of the package in a folder, to which the file and the line of a page are added; `added` is the file.

    Args:
        folder: Where it is made, in `src`.
        page: Text of the page: one block of Python, whose first line names its file, and one of a diff of one line.
    """

    def __init__(self, folder: Path, page: str) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("shipped", "__pycache__"))
        first, _, rest = self._block(page, "python").partition("\n")
        self.added = folder / first.removeprefix("# ")
        assert not self.added.exists()
        self.added.write_text(rest, encoding="utf-8")
        head, context, added = self._block(page, "diff").splitlines()
        path = folder / head.removeprefix("--- ")
        text = path.read_text(encoding="utf-8")
        assert text.count(context[1:] + "\n") == 1
        path.write_text(text.replace(context[1:] + "\n", f"{context[1:]}\n{added[1:]}\n"), encoding="utf-8")

    def run(self, code: str) -> subprocess.CompletedProcess[str]:
        """Run Python code with the copy."""
        environment = {**os.environ, "PYTHONPATH": str(self.folder / "src")}
        call = [sys.executable, "-c", code]
        return subprocess.run(call, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)

    @staticmethod
    def _block(page: str, language: str) -> str:
        (block,) = re.findall(rf"^```{language}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
        return block


@pytest.fixture(scope="session")
def package_copy() -> type[PackageCopy]:
    return PackageCopy
