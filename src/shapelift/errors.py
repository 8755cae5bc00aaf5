"""The one exception that is meant for the person at the keyboard."""

from __future__ import annotations

__all__ = ["InputError"]


class InputError(ValueError):
    """Something given from outside cannot be used.

    The message is one line that names the file or option, says what is wrong and what to do.
    The command line prints it without a traceback and exits with code 2.
    """

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))
