"""The API reference has every public name, and the navigation of the site every page; no site is built for that."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
MOST_PUBLIC_NAMES = 300
"""More than this nobody reads through."""


@pytest.fixture
def maker() -> Any:
    return importlib.import_module("reference_pages")


def public_names(module: ModuleType) -> Iterator[str]:
    """What `__all__` names, and where that is a module what this one names."""
    for name in module.__all__:
        value = getattr(module, name, None)
        if value is None or isinstance(value, ModuleType):
            yield from public_names(importlib.import_module(f"{module.__name__}.{name}"))
        else:
            yield f"{module.__name__}.{name}"


def test_every_public_name_is_on_a_page_and_nothing_else(maker: Any) -> None:
    shown = [name for text in maker.pages().values() for name in re.findall(r"^::: (\S+)$", text, re.MULTILINE)]
    wanted = [name for room in maker.rooms() for name in public_names(importlib.import_module(room))]
    assert len(wanted) > 250
    modules = {name.rpartition(".")[0] for name in wanted} | set(maker.rooms())
    assert sorted(shown) == sorted([*wanted, *modules])


@pytest.mark.slow
def test_there_are_few_public_names(maker: Any) -> None:
    counts = {room: sum(map(len, maker.public(room, file).values())) for room, file in maker.rooms().items()}
    assert all(counts.values())
    assert 250 < sum(counts.values()) <= MOST_PUBLIC_NAMES, counts


def test_what_is_shown_exists(maker: Any) -> None:
    for room, file in maker.rooms().items():
        for module, names in maker.public(room, file).items():
            found = importlib.import_module(module)
            assert not [name for name in names if not hasattr(found, name)], module


def test_the_index_leads_to_every_page(maker: Any) -> None:
    links = re.findall(r"\]\(([^)]+)\)", maker.index())
    assert sorted(f"reference/{link}" for link in links) == sorted(maker.pages())


def test_the_navigation_has_every_page_once(maker: Any) -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    named = re.findall(r"^ *- (?:[^:\n]+: )?(\S+\.md)$", navigation, re.MULTILINE)
    assert sorted(named) == sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
    assert f": {maker.INDEX}\n" in navigation  # under a title, which becomes a section


def test_links_out_of_the_pages_lead_into_the_repository(maker: Any) -> None:
    class Config:
        docs_dir = str(DOCS)
        repo_url = "https://github.com/shapelift/shapelift"

    class File:
        src_uri = "how-to/add_a_family.md"

    class Page:
        file = File

    text = "[one](../../examples/01_reconstruct.py#L1) [two](../reference/cli.md#x) [three](../../examples)"
    found = maker.on_page_markdown(text, page=Page, config=Config, files=None)
    start = f"{Config.repo_url}/blob/main/examples/01_reconstruct.py#L1"
    assert found == f"[one]({start}) [two](../reference/cli.md#x) [three]({Config.repo_url}/tree/main/examples)"
    with pytest.raises(FileNotFoundError, match="not there"):
        maker.on_page_markdown("[no](../../nowhere.md)", page=Page, config=Config, files=None)
