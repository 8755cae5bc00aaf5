"""Over the whole package: a name has one meaning, and a function says what it takes and what it raises."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "shapelift"

TWINS = {
    "chamfer_l1": "one definition, as a metric on arrays and as a loss on tensors",
    "view_normals": "one definition, on arrays of a finished prediction and on tensors of one that is trained",
}
"""Names that stand in two packages on purpose, and why. A command has the name of the function that it calls, too."""

FEW_PARAMETERS = 2

Definition = ast.FunctionDef | ast.ClassDef


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Name and text of every module."""
    for path in sorted(SOURCE.rglob("*.py")):
        name = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        yield name, ast.parse(path.read_text(encoding="utf-8"))


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


def alike(found: Iterator[tuple[str, ast.Module]]) -> dict[str, set[str]]:
    """Names that are defined in several packages, with the packages; commands are left out."""
    packages: dict[str, set[str]] = defaultdict(set)
    for module, tree in found:
        package = module.partition(".")[0]
        for name in defined(tree.body) if package != "cli" else ():
            packages[name].add(package)
    return {name: where for name, where in packages.items() if len(where) > 1}


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef, str]]:
    """Public functions and methods: name, definition, and the docstring that speaks for it.

    A method that overrides one of a base class may leave the text to it, and `__init__` leaves it to the class.
    """
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name, node, ast.get_docstring(node) or ""
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for part in node.body:
                if isinstance(part, ast.FunctionDef) and (part.name == "__init__" or not part.name.startswith("_")):
                    texts = [ast.get_docstring(part), ast.get_docstring(node) if part.name == "__init__" else None]
                    yield f"{node.name}.{part.name}", part, "\n".join(text for text in texts if text)


def inherited(tree: ast.Module, methods: dict[str, set[str]]) -> set[str]:
    """Methods of a module, as `Class.method`, that a base class in the package has as well."""
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return {
        f"{node.name}.{name}"
        for node in classes
        for base in node.bases
        for name in methods.get(ast.unparse(base).rpartition(".")[2], ())
    }


def parameters(node: ast.FunctionDef) -> list[str]:
    every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
    return [one.arg for one in every if one is not None and one.arg not in {"self", "cls"}]


def raised(node: ast.AST) -> Iterator[str]:
    """Exceptions that a function raises itself; what stands in a function inside of it is not its own."""
    for part in ast.iter_child_nodes(node):
        if isinstance(part, ast.FunctionDef | ast.Lambda):
            continue
        if isinstance(part, ast.Raise) and part.exc is not None:
            name = ast.unparse(part.exc.func if isinstance(part.exc, ast.Call) else part.exc)
            if name.rpartition(".")[2][0].isupper():
                yield name
        yield from raised(part)


def undocumented(tree: ast.Module, methods: dict[str, set[str]]) -> Iterator[str]:
    """What public functions of a module do not say: parameters where there are three or more, and that they raise."""
    skipped = inherited(tree, methods)
    for name, node, text in functions(tree):
        if name in skipped or any(ast.unparse(one).endswith("overload") for one in node.decorator_list):
            continue
        takes = text.partition("Args:")[2] if not name.endswith("__init__") else text
        wanted = parameters(node) if len(parameters(node)) > FEW_PARAMETERS else []
        missing = [
            one for one in wanted if not re.search(rf"^\s*(?:\w+, )*\*{{0,2}}{one}\b[^:\n]*:", takes, re.MULTILINE)
        ]
        if missing:
            yield f"{name} does not say what it takes: {', '.join(missing)}"
        if not name.endswith("__init__") and set(raised(node)) and "Raises:" not in text:
            yield f"{name} does not say that it raises {', '.join(sorted(set(raised(node))))}"


def methods_of_classes() -> dict[str, set[str]]:
    return {
        node.name: {part.name for part in node.body if isinstance(part, ast.FunctionDef)}
        for _, tree in modules()
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }


def test_every_package_says_what_is_public() -> None:
    silent = [path.parent.name for path in SOURCE.rglob("__init__.py") if "\n__all__" not in path.read_text()]
    assert silent == []


@pytest.mark.slow
def test_a_name_has_one_meaning() -> None:
    assert sum(1 for _, tree in modules() for _ in defined(tree.body)) > 500
    assert {name: where for name, where in alike(modules()).items() if name not in TWINS} == {}
    assert alike(modules()).keys() == TWINS.keys()


def test_names_with_two_meanings_are_found() -> None:
    found = [
        ("a.b", "def f(): ...\nX = Y = 1"),
        ("c", "class f: ...\n_Y = 2"),
        ("a.d", "X: int = 1"),
        ("e", "X, Z = 1, 2"),
    ]
    assert alike((name, ast.parse(text)) for name, text in found) == {"f": {"a", "c"}, "X": {"a", "e"}}


@pytest.mark.slow
def test_functions_say_what_they_take_and_raise() -> None:
    methods = methods_of_classes()
    # Options of commands say it in their help.
    library = [(module, tree) for module, tree in modules() if not module.startswith("cli.")]
    assert sum(1 for _, tree in library for _ in functions(tree)) > 500
    assert [f"{module}.{line}" for module, tree in library for line in undocumented(tree, methods)] == []


def test_what_functions_do_not_say_is_found() -> None:
    text = '''
def f(a, b, c):
    """Args:
        a: First.
        c: Third.
    """
def g():
    """Nothing is said."""
    if True:
        raise ValueError("no")
class Base:
    def h(self, a, b, c):
        """No."""
class Derived(Base):
    def h(self, a, b, c):
        """The base says it."""
def few(a, b):
    """Two are plain."""
    def inner():
        raise TypeError
'''
    found = list(undocumented(ast.parse(text), {"Base": {"h"}}))
    assert found == [
        "f does not say what it takes: b",
        "g does not say that it raises ValueError",
        "Base.h does not say what it takes: a, b, c",
    ]


@pytest.mark.slow
def test_shapes_have_one_notation() -> None:
    """Letters and numbers in backticks, as in annotations: `b n 3`."""
    other = re.compile(r"\([nbkvfm], ?\d\)|\b[nbkvfm]x\d\b|\[[nbkvfm], ?\d\]")
    found = [
        f"{module}: {match[0]}"
        for module, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | Definition)
        for match in other.finditer(ast.get_docstring(node) or "")
    ]
    assert found == []
