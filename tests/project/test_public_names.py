"""Over the whole package: a name has one meaning, and a function says what it takes and what it raises."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "shapelift"

TWINS = {
    "chamfer_l1": "one definition, as a metric on arrays and as a loss on tensors",
    "view_normals": "one definition, on arrays of a finished prediction and on tensors of one that is trained",
}
"""Names that stand in two packages on purpose, and why. A command has the name of the function that it calls, too."""

Definition = ast.FunctionDef | ast.ClassDef


def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        yield ".".join(path.relative_to(SOURCE).with_suffix("").parts), parsed(path)


def is_array_type(value: ast.expr | None) -> bool:
    """Whether a value is shorthand for the type of an array or tensor, as it stands in annotations."""
    return isinstance(value, ast.Subscript) and ast.unparse(value.value).rpartition(".")[2] in {"NDArray", "Float"}


def defined(body: list[ast.stmt]) -> Iterator[str]:
    """Functions, classes and constants of a module, those with an underscore left out."""
    for node in body:
        names: list[str] = []
        if isinstance(node, Definition):
            names = [node.name]
        elif isinstance(node, ast.Assign | ast.AnnAssign) and not is_array_type(node.value):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
        yield from (name for name in names if not name.startswith("_"))


def test_every_package_says_what_is_public() -> None:
    silent = [path.parent.name for path in SOURCE.rglob("__init__.py") if "\n__all__" not in path.read_text()]
    assert silent == []


def test_a_name_has_one_meaning() -> None:
    packages: dict[str, set[str]] = defaultdict(set)
    for module, tree in modules():
        package = module.partition(".")[0]
        if package == "cli":
            continue
        for name in defined(tree.body):
            packages[name].add(package)
    assert len(packages) > 700
    alike = {name: sorted(found) for name, found in packages.items() if len(found) > 1}
    assert alike.keys() == TWINS.keys(), alike
