"""The pages agree with the repository: links lead somewhere, commands and options exist, examples of code run."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shapelift.cli.main import _COMMANDS, _application
from shapelift.recipes import RECIPES
from shapelift.synthesis import procedural
from shapelift.testing import write_example_data

ROOT = Path(__file__).parents[2]
PAGES = (
    *(ROOT / f"{name}.md" for name in ("README", "CHANGELOG", "CONTRIBUTING")),
    *sorted((ROOT / "docs").rglob("*.md")),
)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def prose(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", prose(page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page.read_text(encoding="utf-8"))):
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{page.name} links to {link}"
        assert target.is_relative_to(ROOT), f"{page.name} links out of the repository: {link}"
        assert not anchor or anchor in anchors(target), f"{page.name} links to a heading that is not there: {link}"


def test_the_readme_marks_two_commands() -> None:
    call = [sys.executable, str(ROOT / ".ci" / "readme_commands.py"), str(ROOT / "README.md")]
    marked = subprocess.run(call, capture_output=True, text=True, check=True).stdout.splitlines()
    assert marked == [
        "pip install . && shapelift reconstruct examples/chair.png",
        'pip install -c constraints.txt -e ".[dev]" && pytest',
    ]


def test_there_is_a_readable_sheet_of_every_category() -> None:
    script = importlib.import_module("make_sheets")
    paths = [ROOT / "docs" / "images" / f"sheet_{category}.png" for category in procedural.CATEGORIES]
    assert sum(path.stat().st_size for path in paths) < 3_000_000
    for path in paths:
        pixels = np.asarray(Image.open(path).convert("L"))
        tiles = pixels.reshape(script.ROWS, script.SIZE_PX, script.COLUMNS, script.SIZE_PX).swapaxes(1, 2)
        assert ((tiles < 200).mean(axis=(2, 3)) > 0.01).all(), path.name  # every tile shows something
        assert f"images/{path.name}" in read("docs/reference/data.md")


@pytest.mark.parametrize("page", ["multiview", "ambiguity", "voxels", "deformation"])
def test_the_pictures_of_a_page_are_all_there_and_small(page: str) -> None:
    paths = sorted((ROOT / "docs" / "images").glob(f"{page}_*.png"))
    assert {path.name for path in paths} == set(
        re.findall(rf"images/({page}_\w+\.png)", read(f"docs/explanation/{page}.md"))
    )
    assert all(path.stat().st_size < 300_000 for path in paths)


def test_the_page_of_commands_has_what_the_program_lists() -> None:
    listed = subprocess.run([sys.executable, "-m", "shapelift", "--help"], capture_output=True, text=True, check=True)
    commands = re.findall(r"^  ([a-z-]+)  ", listed.stdout.partition("Commands:")[2], re.MULTILINE)
    assert commands == re.findall(r"^## `shapelift ([a-z-]+)", read("docs/reference/cli.md"), re.MULTILINE)
    assert commands == list(_COMMANDS)


@pytest.mark.parametrize("command", _COMMANDS)
def test_the_page_of_commands_has_every_option(command: str) -> None:
    application: Any = _application(command)
    options: set[str] = set()
    for parameter in application.commands[command].params:
        options.update(name for name in (*parameter.opts, *parameter.secondary_opts) if name.startswith("-"))
    section = read("docs/reference/cli.md").partition(f"## `shapelift {command}")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`-.*?) \|", section, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(-[^`]+)`", row)} == options - {"--help"}


def test_the_page_of_warnings_has_every_code() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    table = read("docs/reference/what_it_reads.md").partition("## What each warning means")[2]
    codes = re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)
    assert len(codes) > 20
    assert sorted(codes) == sorted(set(re.findall(r'\bDoubt\(\s*"([a-z-]+)"', sources)))


@pytest.mark.slow
def test_options_in_examples_exist() -> None:
    text = "\n".join(block for page in PAGES for block in blocks(page.read_text(encoding="utf-8"), "bash"))
    examples = re.findall(r"shapelift ([a-z-]+) (.*)", text)
    assert len(examples) > 30
    for command, rest in examples:
        application: Any = _application(command)
        known = {name for item in application.commands[command].params for name in (*item.opts, *item.secondary_opts)}
        used = set(re.findall(r"(?<!\S)--?[a-z][a-z-]*", rest.partition("#")[0]))
        assert used <= known, f"shapelift {command} {rest}"


def test_every_recipe_has_its_line() -> None:
    assert set(re.findall(r"^\| `([a-z0-9-]+)` \|", read("docs/reference/recipes.md"), re.MULTILINE)) >= set(RECIPES)


def test_the_configuration_of_the_training_page_can_be_built(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def train(*arguments: Any) -> SimpleNamespace:
        seen.extend(arguments)
        return SimpleNamespace(model_folder=arguments[2] / "model", best_iou=0.5)

    monkeypatch.setattr("shapelift.training.train", train)
    (block,) = blocks(read("docs/how-to/train.md"), "python")
    exec(block, {})  # noqa: S102 - the page is our own
    assert (seen[0].recipe, seen[0].model.frame, seen[0].batch_size) == ("mugs", "object", 16)
    assert sum(parameter.numel() for parameter in seen[0].model.build().parameters()) > 1_000_000


@pytest.mark.slow
def test_the_lines_of_the_readme_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from shapelift.cli.main import run

    write_example_data(tmp_path / "data", shapes=12)
    options = ["--recipe", "implicit-tiny", "--steps", "60", "--no-evaluate", "--device", "cpu"]
    assert run(["train", str(tmp_path / "data"), *options, "--output", str(tmp_path / "run")]) == 0
    capsys.readouterr()
    picture = Image.open(ROOT / "examples" / "chair.png")
    picture.paste((90, 90, 90, 255), (100, 100, 412, 412))  # a model that knows balls does not know chairs
    (tmp_path / "examples").mkdir()
    picture.save(tmp_path / "examples" / "chair.png")
    monkeypatch.chdir(tmp_path)
    (block,) = blocks(read("README.md"), "python")
    lines = block.replace('"general"', '"run/model"')
    assert len([line for line in lines.splitlines() if line.strip()]) <= 10
    names: dict[str, Any] = {}
    exec(lines, names)  # noqa: S102 - the page is our own
    assert names["mesh"].volume > 0.0
    assert len(names["points"]) == 2048
    assert names["grid"].occupancy.shape == (64, 64, 64)
    assert (tmp_path / "chair.3mf").stat().st_size > 1000
