"""How a pipeline tells what it is doing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

Update = Callable[[float, float | None, str], None]
"""Called with how much is done, of how much (None where that is not known yet), and a note."""


class Progress(Protocol):
    """Someone who is told."""

    def say(self, line: str) -> None:
        """A line that stays."""
        ...

    def stage(self, title: str) -> AbstractContextManager[Update]:
        """A stage of the pipeline, from entering the context to leaving it."""
        ...


class Silent:
    """Nobody is told."""

    def say(self, line: str) -> None:
        """Nothing."""

    def stage(self, title: str) -> AbstractContextManager[Update]:
        """Nothing is said."""
        del title
        return contextlib.nullcontext(lambda done, total, note: None)
