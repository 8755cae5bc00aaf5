from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from shapelift import __version__
from shapelift.cli.main import _COMMANDS, run


def test_version_and_help_name_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.strip() == f"shapelift {__version__}"
    assert run(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(command in text for command in _COMMANDS)


@pytest.mark.parametrize("command", _COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--help"]) == 0
    text = capsys.readouterr().out
    assert "Usage: shapelift" in text
    assert "--help" in text


def test_nothing_asked_is_help_and_exit_code_two(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    assert "reconstruct" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["dance"], "dance"),
        (["reconstruct"], "IMAGE"),
        (["reconstruct", "a.png", "--nonsense"], "--nonsense"),
        (["reconstruct", "a.png", "--resolution", "many"], "--resolution"),
        (["reconstruct", "missing.png"], "missing.png"),
        (["convert", "missing.ply", "out.stl"], "missing.ply"),
        (["synthesize", "procedural:dragon", "--output", "x"], "dragon"),
        (["train", "nowhere", "--output", "x"], "nowhere"),
        (["train", "nowhere", "--recipe", "implicit-smal", "--output", "x"], "implicit-small"),
        (["evaluate", "nomodel", "nodata"], "nomodel"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_two(
    arguments: list[str],
    word: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("shapelift: ")
    assert word.lower() in captured.err.lower()
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    command = f"{sys.executable} -m shapelift --help | head -c 1"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert "Traceback" not in result.stderr
