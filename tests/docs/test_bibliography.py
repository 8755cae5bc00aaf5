"""Every paper that the code or a page names stands in the bibliography, once; and nothing stands there for nothing."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
BIBLIOGRAPHY = ROOT / "docs" / "reference" / "bibliography.md"
TEXTS = [
    path.read_text(encoding="utf-8")
    for path in (*(ROOT / "src").rglob("*.py"), *(ROOT / "docs").rglob("*.md"))
    if path != BIBLIOGRAPHY
]
ENTRIES = re.findall(r"^### (.+) (\d{4})\n\n(.+)$", BIBLIOGRAPHY.read_text(encoding="utf-8"), re.MULTILINE)
NAMES = {name for name, _, _ in ENTRIES}


def test_entries_are_in_order_and_each_is_there_once() -> None:
    keys = [(name.replace("ö", "o"), year) for name, year, _ in ENTRIES]
    assert keys == sorted(set(keys))
    titles = [re.findall(r"\*(.+)\*", entry) for _, _, entry in ENTRIES]
    assert all(len(title) == 1 for title in titles)
    assert len({title for (title,) in titles}) == len(titles)
    for name, year, entry in ENTRIES:
        assert name in entry.partition("*")[0], name
        assert f", {year}." in entry, name


def test_what_is_named_is_there() -> None:
    found = set()
    for text in TEXTS:
        line = " ".join(text.split())
        found |= set(re.findall(r"([A-Z][\w-]+) et al\.", line))
        found |= set(re.findall(r"([A-Z][\w-]+)(?:, [A-Z][\w-]+)*,? and [A-Z][\w-]+,? \(?(?:19|20)\d\d", line))
        found |= set(re.findall(r"Source: ([A-Z][\w-]+)(?:, [A-Z]\w+)*,? (?:and [A-Z]\w+, )?\"", line))
    assert len(found) > 25
    assert not found - NAMES


def test_what_is_there_is_named() -> None:
    everything = "\n".join(TEXTS)
    assert not [name for name, _, _ in ENTRIES if name not in everything]
