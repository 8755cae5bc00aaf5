"""The page of the house names what is there, and its pictures are drawn from the rules that hold."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
WALKS = PAGE.partition("## The walk of an image")[2].partition("## To add something")[0]
NAMES = re.findall(r"`([a-z_]+(?:\.[A-Za-z_]+)+)`", WALKS)


def find(name: str) -> Any:
    """What a dotted name below the package stands for."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(("shapelift", *parts[:count])))
        except ModuleNotFoundError:
            continue
        for part in parts[count:]:
            found = getattr(found, part)
        return found
    raise AssertionError(f"no module of {name}")


@pytest.mark.parametrize("name", [name for name in NAMES if not name.endswith((".json", ".jpg"))])
def test_what_the_walks_name_is_there(name: str) -> None:
    assert find(name) is not None


def test_the_pictures_are_current() -> None:
    for name, text in importlib.import_module("make_architecture_picture").pictures().items():
        assert (ROOT / "docs" / "images" / name).read_text(encoding="utf-8") == text, "run make_architecture_picture.py"


def test_every_room_has_its_line() -> None:
    rooms = {path.stem for path in (ROOT / "src" / "shapelift").iterdir() if not path.name.startswith(("_", "py."))}
    table = PAGE.partition("| room |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([a-z]+)`", "".join(line.split("|")[1] for line in table.splitlines()[2:]))) == rooms
