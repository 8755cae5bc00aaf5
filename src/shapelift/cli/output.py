"""What the commands print: lines, warnings, progress bars, JSON; and the names that options have there."""

from __future__ import annotations

import contextlib
import json as json_format
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from shapelift.pipelines import Update

_NAMED = re.compile(r"`([a-z][a-z0-9_]*)`")
_flags: dict[str, str] = {}


def use_flags(parameters: Mapping[str, str]) -> None:
    """Set what the arguments of the running command are called on the command line: argument -> flag."""
    _flags.clear()
    _flags.update(parameters)


def with_flags(text: str) -> str:
    """A message of the library, which names its arguments in backticks, with the flags of the running command."""
    return _NAMED.sub(lambda found: _flags.get(found[1], found[0]), text)


def size_text(result: Mapping[str, Any]) -> str:
    """The `size` and `unit` of a result."""
    sides = " x ".join(f"{side:.4g}" if side < 1000.0 else f"{side:.0f}" for side in result["size"])
    return sides if result["unit"] == "1" else f"{sides} {result['unit']}"


def warn(text: str) -> None:
    """A warning, on standard error."""
    typer.echo(f"shapelift: warning: {with_flags(text)}", err=True)


def fail(message: str, *, json: bool) -> int:
    """The one line of a failure on standard error, with JSON also a document on standard output; the exit code."""
    text = with_flags(message)
    if json:
        print_json({"status": "failed", "error": text})
    typer.echo(f"shapelift: {text}", err=True)
    return 2


def print_json(document: Any) -> None:
    """The one JSON document of a command."""
    typer.echo(with_flags(json_format.dumps(document, indent=2)))


class Screen:
    """A `shapelift.pipelines.Progress` on standard error; nothing when not shown."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown

    @cached_property
    def _console(self) -> Console:
        from rich.console import Console

        return Console(stderr=True, highlight=False)

    def say(self, line: str) -> None:
        """A line that stays."""
        if self._shown:
            self._console.print(with_flags(line), markup=False)

    @contextlib.contextmanager
    def stage(self, title: str) -> Iterator[Update]:
        """A progress bar, on the screen from the first update on: what is refused at once stands alone."""
        bar: list[Progress] = []

        def update(done: float, total: float | None, note: str = "") -> None:
            if not self._shown:
                return
            if not bar:
                bar.append(_bar(title, self._console))
                bar[0].start()
            bar[0].update(bar[0].task_ids[0], completed=done, total=total, note=note)

        try:
            yield update
        finally:
            for one in bar:
                one.stop()


def _bar(title: str, console: Console) -> Progress:
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(title),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    bar = Progress(*columns, console=console)
    bar.add_task(title, total=None, note="")
    return bar
