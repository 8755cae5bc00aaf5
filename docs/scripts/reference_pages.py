"""The API reference of the site: a page per room of the package, from the source as it is, and no list kept by hand.

mkdocs.yml names this file as a hook; nothing here imports the package or MkDocs, except while a site is built.

A room is a module or package directly in `shapelift`, and public is what `__all__` names: that of a room and, where it
names a module or package of the room, that of those in turn. All of that is on the page of the room, and nothing else.
The command line is no interface to call, and has a page of its own.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "shapelift"
LEFT_OUT = ("cli", "__main__", "_version")
INDEX, FOLDER = "reference/api.md", "reference/api"
"""The page that leads to them, which is in docs/ and gets their table, and where they are on the site."""


def rooms() -> dict[str, Path]:
    """Every room of the package by its dotted name, the package itself first; the file that says what it is."""
    found = {"shapelift": SOURCE / "__init__.py"}
    for path in sorted(SOURCE.iterdir()):
        file = path / "__init__.py" if path.is_dir() else path
        name = path.stem
        if file.suffix == ".py" and file.is_file() and name not in ("__init__", *LEFT_OUT):
            found[f"shapelift.{name}"] = file
    return found


def public(module: str, file: Path) -> dict[str, list[str]]:
    """Module -> its public names, for a room and every module that is public in it, those without names left out.

    Raises:
        ValueError: one of them has no `__all__`.
    """
    bound, names = set(), None
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            bound |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.FunctionDef):
            bound.add(node.name)
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            names = sorted(ast.literal_eval(node.value))  # type: ignore[attr-defined]
    if names is None:
        raise ValueError(f"{module} has no __all__")
    inner = {}
    for name in set(names) - bound if file.name == "__init__.py" else ():
        paths = (file.parent / f"{name}.py", file.parent / name / "__init__.py")
        inner.update((name, path) for path in paths if path.is_file())
    shown = {module: [name for name in names if name not in inner]}
    for name, path in sorted(inner.items()):
        shown |= public(f"{module}.{name}", path)
    return {where: own for where, own in shown.items() if own}


def pages() -> dict[str, str]:
    """Address of a page in the site -> its text, one per room that has public names."""
    made = {f"{FOLDER}/{room}.md": _page(room, public(room, file)) for room, file in rooms().items()}
    return {path: text for path, text in made.items() if text}


def index() -> str:
    """The table of the pages, with links from `INDEX`."""
    known, folder = pages(), FOLDER.rpartition("/")[2]
    lines = [
        f"| [`{room}`]({folder}/{room}.md) | {_summary(file)} |"
        for room, file in rooms().items()
        if f"{FOLDER}/{room}.md" in known
    ]
    return "\n".join(["| room | what it is |", "|---|---|", *lines, ""])


def _page(room: str, shown: dict[str, list[str]]) -> str:
    lines = [f"# `{room}`", "", *_block(room, "show_root_toc_entry: false", "members: false"), ""]
    for module, names in shown.items():
        level = 2
        if module != room:
            lines += [f"## `{module}`", "", *_block(module, "show_root_toc_entry: false", "members: false"), ""]
            level = 3
        for name in names:
            lines += [*_block(f"{module}.{name}", "show_root_heading: true", f"heading_level: {level}"), ""]
    return "\n".join(lines) if shown else ""


def _block(name: str, *options: str) -> Iterator[str]:
    yield f"::: {name}"
    yield "    options:"
    for option in options:
        yield f"      {option}"


def _summary(file: Path) -> str:
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return " ".join(text.partition("\n\n")[0].split()).replace("|", "\\|")


# What MkDocs calls.


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the pages into the navigation, below the one that leads to them."""
    entries: list[Any] = [{path.removeprefix(f"{FOLDER}/").removesuffix(".md"): path} for path in pages()]
    _fill(config.nav, [INDEX, *entries])
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages to what the site is made of."""
    from mkdocs.structure.files import File  # noqa: PLC0415 - tests make the pages without MkDocs

    for path, text in pages().items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, **_: Any) -> str:
    """Links to files outside of docs/ lead into the repository; the index gets its table."""
    folder = (Path(config.docs_dir) / page.file.src_uri).parent
    if page.file.src_uri.startswith(f"{FOLDER}/"):
        return markdown
    if page.file.src_uri == INDEX:
        markdown = f"{markdown}\n{index()}"

    def link(match: re.Match[str]) -> str:
        target = (folder / match["path"]).resolve()
        if not match["path"].startswith("..") or target.is_relative_to(config.docs_dir):
            return match[0]
        if not target.exists():
            raise FileNotFoundError(f"{page.file.src_uri} links to {match['path']}, which is not there")
        kind = "tree" if target.is_dir() else "blob"
        return f"]({config.repo_url}/{kind}/main/{target.relative_to(ROOT).as_posix()}{match['anchor'] or ''})"

    return re.sub(r"\]\((?P<path>[^)#\s:]+)(?P<anchor>#[^)\s]*)?\)", link, markdown)


def _fill(nav: Any, entries: list[Any]) -> None:
    """Replace the index, where the navigation has it under a title, by a section of it and the pages."""
    for item in nav if isinstance(nav, list) else ():
        for key, value in item.items() if isinstance(item, dict) else ():
            if value == INDEX:
                item[key] = entries
            _fill(value, entries)
