"""Text formats: whatever an exporter made of line ends and encodings, and tables of numbers written fast."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from shapelift.io.mesh_formats.files import UnreadableMeshError
from shapelift.io.mesh_formats.format import Metadata

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?|[+-]?(nan|inf|infinity)", re.IGNORECASE)


def decoded_text(data: bytes) -> str:
    r"""The text of a file with `\n` at the line ends: UTF-8 or UTF-16 with a byte order mark, UTF-8, else Latin-1.

    Raises:
        UnreadableMeshError: it holds zero bytes, so it is no text.
    """
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    if "\0" in text:
        raise UnreadableMeshError("it is no text file, but a format of this name is one")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def numbers(rows: Sequence[Sequence[str]], what: str) -> npt.NDArray[np.float64]:
    """Rows of the same length of words as numbers; also `1.5d3` as Fortran writes them, and `1,5`.

    Raises:
        UnreadableMeshError: a word is no number.
    """
    try:
        return np.array(rows, np.float64).reshape(len(rows), -1)
    except ValueError:
        plain = [[_plain(word, what) for word in row] for row in rows]
        return np.array(plain, np.float64).reshape(len(rows), -1)


def _plain(word: str, what: str) -> str:
    spelt = word.replace(",", ".") if word.count(",") == 1 and "." not in word else word
    if not _NUMBER.fullmatch(spelt):
        raise UnreadableMeshError(f"{what} has {word[:40]!r} where a number must stand")
    return spelt.lower().replace("d", "e")


def parsed_integers(words: Sequence[str], what: str) -> npt.NDArray[np.int64]:
    """Words as whole numbers.

    Raises:
        UnreadableMeshError: a word is no whole number.
    """
    try:
        return np.array(words, np.int64)
    except (ValueError, OverflowError) as error:
        wrong = next((word for word in words if not re.fullmatch(r"[+-]?\d{1,18}", word)), "")
        raise UnreadableMeshError(f"{what} has {wrong[:40]!r} where a whole number must stand") from error


def comments(mark: str, metadata: Metadata) -> list[str]:
    """One line per entry."""
    return [f"{mark} {key}: {one_line(value)}" for key, value in metadata.items()]


def commented(mark: str, head: Iterable[str]) -> dict[str, str]:
    """The entries of `comments` among the first lines of a file; comments of other kinds are passed over."""
    entry = re.compile(rf"\s*{re.escape(mark)}\s+([^:\s][^:]*):(?:\s+(.*))?")
    found = [entry.fullmatch(line.rstrip()) for line in head]
    return {line[1]: line[2] or "" for line in found if line is not None}


def one_line(value: str) -> str:
    """One line without control characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in value).split())


def table(form: str, rows: npt.NDArray[Any]) -> str:
    """All rows through one format, in one operation: ten times faster than row by row."""
    return (form * len(rows)) % tuple(rows.reshape(-1).tolist())


def joined(head: list[str], *tables: str) -> bytes:
    """Lines and tables as bytes."""
    return ("\n".join(head) + "\n" + "".join(tables)).encode()
