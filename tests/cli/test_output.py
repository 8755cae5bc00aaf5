"""What the commands print, whichever it is: one JSON document where asked, and options by their flags."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from shapelift.cli.main import run
from shapelift.inference.limits import check_resolution, check_size_mm

SOURCE = Path(__file__).parents[2] / "src" / "shapelift"


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["reconstruct", "nowhere.png"],
        ["reconstruct"],
        ["reconstruct", "a.png", "--resolution", "many"],
        ["convert", "nowhere.ply", "out.glb"],
        ["relief", "nowhere.png", "--lithophane"],
        ["synthesize", "nowhere", "--output", "out"],
        ["synthesize", "procedural:chair", "--output", "out", "--fixed-views", "5"],
        ["pack-meshes", "nowhere", "out.meshes"],
        ["train", "nowhere", "--output", "out"],
        ["train", "nowhere", "--output", "out", "--recipe", "zebra"],
        ["recipes", "--nonsense"],
        ["evaluate", "general", "nowhere"],
        ["evaluate", "nowhere", "nowhere"],
    ],
    ids=" ".join,
)
def test_every_failure_is_one_document(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run([*arguments, "--json"]) == 2
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert document["status"] == "failed"
    assert captured.err.splitlines()[-1] == f"shapelift: {document['error']}"
    assert not list(tmp_path.iterdir())


def test_the_library_names_its_arguments_and_the_command_line_its_flags(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match=r"^`resolution` 1000: out of range"):
        check_resolution(1000)
    with pytest.raises(ValueError, match=r"^`size_mm` -1: out of range"):
        check_size_mm(-1.0)
    assert run(["convert", "a.ply", "b.glb", "--resolution", "1000"]) == 2
    assert capsys.readouterr().err.startswith("shapelift: --resolution 1000: out of range")
    assert run(["convert", "a.ply", "b.glb", "--size-mm", "-1"]) == 2
    assert capsys.readouterr().err.startswith("shapelift: --size-mm -1: out of range")


def test_no_option_is_named_below_the_command_line() -> None:
    named = [
        f"{path.relative_to(SOURCE)}: {line.strip()}"
        for path in SOURCE.rglob("*.py")
        if "cli" not in path.relative_to(SOURCE).parts
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"(?<![-\w])--[a-z]", line)
    ]
    assert named == []


def test_the_files_of_the_command_line_parse_call_and_print() -> None:
    long = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in (SOURCE / "cli").glob("*.py")}
    assert {name: lines for name, lines in long.items() if lines > 200} == {}
