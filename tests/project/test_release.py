"""What a release is made of: one version everywhere, and files that are there."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def check_version(*arguments: str) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, str(ROOT / ".ci" / "check_version.py"), *arguments]
    return subprocess.run(call, capture_output=True, text=True, check=False)


def test_the_version_is_the_same_everywhere() -> None:
    result = check_version()
    assert result.returncode == 0, result.stdout


def test_another_version_is_refused() -> None:
    result = check_version("99.0.0")
    assert result.returncode == 1
    assert "CITATION.cff states" in result.stdout
    assert "CHANGELOG.md has no heading for 99.0.0" in result.stdout


def test_the_sdist_names_what_is_there() -> None:
    names = SETTINGS["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert all((ROOT / name.removeprefix("/")).exists() for name in names)
    checked = re.findall(r"for file in (.+?); do\n  grep", (ROOT / ".ci" / "check_dist").read_text(), re.DOTALL)
    files = checked[0].replace("\\\n", " ").split()
    assert all((ROOT / name).is_file() for name in files)
    assert all(
        any(name.startswith(top.removeprefix("/")) for top in names) for name in files if name != "pyproject.toml"
    )


def test_what_is_tested_pins_what_the_extras_ask_for() -> None:
    pins = re.findall(r"^([\w.-]+)==", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
    known = {pin.lower().replace("_", "-") for pin in pins}
    extras = SETTINGS["project"]["optional-dependencies"]
    asked = {re.split(r"[\[>=<]", line)[0].lower() for lines in extras.values() for line in lines} - {"shapelift"}
    assert asked | {re.split(r"[\[>=<]", line)[0] for line in SETTINGS["project"]["dependencies"]} <= known
