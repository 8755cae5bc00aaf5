"""What is said to the person at the keyboard: the one exception, and warnings."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Doubt", "InputError"]


class InputError(ValueError):
    """Something given from outside cannot be used.

    The message is one line that names the file or option, says what is wrong and what to do.
    The command line prints it without a traceback and exits with code 2.
    """

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


@dataclass(frozen=True)
class Doubt:
    """A warning: what was given can be used, but the result may not be what is wanted.

    Attributes:
        code: Its name, which stays the same; every code stands in `docs/reference/what_it_reads.md`.
        message: One line that names the file, says what is doubtful and what to do.
    """

    code: str
    message: str

    def __str__(self) -> str:
        return self.message

    def to_mapping(self) -> dict[str, str]:
        """Code and message, for JSON."""
        return {"code": self.code, "message": self.message}
