"""No circle of imports between files: deferred and type-only imports are counted too."""

from __future__ import annotations

import ast
from pathlib import Path

import networkx as nx
import pytest

SOURCE = Path(__file__).parents[2] / "src"


def module_name(path: Path, source: Path) -> str:
    parts = path.relative_to(source).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(source: Path) -> nx.DiGraph:
    """An edge from every module to every one that it imports anywhere in its text."""
    files = {module_name(path, source): path for path in source.rglob("*.py")}
    graph = nx.DiGraph()
    graph.add_nodes_from(files)
    for name, path in files.items():
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found: list[str] = []
            if isinstance(node, ast.Import):
                found = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                above = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
                base = ".".join(part for part in (above, node.module) if part)
                # What is imported from a package may be a module of it; else it is the package's own text that is read.
                inner = [f"{base}.{alias.name}" for alias in node.names]
                found = [one if one in files else base for one in inner]
            graph.add_edges_from((name, one) for one in found if one in files and one != name)
    return graph


def circles(graph: nx.DiGraph) -> list[list[str]]:
    return sorted(sorted(one) for one in nx.strongly_connected_components(graph) if len(one) > 1)


@pytest.mark.slow
def test_no_file_imports_itself_by_way_of_others() -> None:
    graph = imports(SOURCE)
    assert len(graph) > 200
    assert graph.number_of_edges() > 900
    assert circles(graph) == []


def test_circles_that_hide_are_found(tmp_path: Path) -> None:
    package = tmp_path / "p"
    package.mkdir()
    (package / "__init__.py").write_text("from p.a import x\n")
    (package / "a.py").write_text("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p import b\nx = 1\n")
    (package / "b.py").write_text("def f():\n    from .c import y\n    return y\n")
    (package / "c.py").write_text("import p.a\ny = 2\n")
    (package / "d.py").write_text("from p import x\n")
    assert circles(imports(tmp_path)) == [["p.a", "p.b", "p.c"]]
