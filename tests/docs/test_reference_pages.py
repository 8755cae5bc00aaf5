"""The API reference has every public name, and the navigation of the site every page; no site is built for that."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path
from typing import Any

import pytest

import shapelift

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


@pytest.fixture
def maker() -> Any:
    return importlib.import_module("reference_pages")


def test_every_public_name_is_on_a_page(maker: Any) -> None:
    shown = {name for text in maker.pages().values() for name in re.findall(r"^::: (\S+)$", text, re.MULTILINE)}
    names = [info.name for info in pkgutil.walk_packages(shapelift.__path__, "shapelift.")]
    modules = [importlib.import_module(name) for name in ("shapelift", *names) if not name.endswith("__main__")]
    wanted = {f"{module.__name__}.{name}" for module in modules for name in getattr(module, "__all__", ())}
    assert len(wanted) > 50
    assert not wanted - shown
    rooms = {name for name in names if name.count(".") == 1} - {f"shapelift.{name}" for name in maker.LEFT_OUT}
    assert not rooms - shown


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
