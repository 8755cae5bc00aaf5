"""Point clouds as lines of text (XYZ, PTS, CSV and their like), told apart by what stands in them, not by their ending.

A row is a point. Its values stand apart by spaces, tabs, commas or semicolons; with the latter, tabs or spaces a comma
may be the decimal point. Lines before the first row are a header: names of the columns, with or without a comment sign,
or a count of the points (PTS). What follows `#`, `//` or `%` is a comment, as is a line that begins with `!` or `;`. A
value that is missing is not a number.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from shapelift.io.point_columns import Columns, Table, columns_by_content, columns_by_name

Row = list[float | None]

_COMMENT = re.compile(r"^\s*[!;].*|(?:(?<!1\.)#|//|%).*", re.DOTALL)  # some write 1.#INF for what is infinite
_MISSING = re.compile(r"[-+]?(?:nan.*|1\.#.*|n/?a|null|none|-?)", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+(?:[eEdD][-+]?\d+)?|[-+]?\d+")
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")


def read_text(path: Path) -> Columns:
    """The points of a text file.

    Raises:
        ValueError: no row of three numbers, or rows of different lengths.
    """
    with path.open("rb") as stream:
        encoding = "utf-16" if stream.read(2) in _BYTE_ORDER_MARKS else "utf-8-sig"
    with path.open(encoding=encoding, errors="replace") as lines:
        return _Rows.of(lines).columns()


@dataclass
class _Rows:
    """What has been read so far.

    Attributes:
        header: Lines before the first row.
        counts: Numbers that stood alone in a line: of the points that follow.
        separator: Of the values in a row; None for any white space.
        width: Values in a row, 0 before the first.
        values: Of all rows.
    """

    header: list[str] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    separator: str | None = None
    width: int = 0
    values: array[float] = field(default_factory=lambda: array("d"))

    @classmethod
    def of(cls, lines: Iterable[str]) -> _Rows:
        rows = cls()
        for number, line in enumerate(lines, 1):
            rows.add(line, number)
        return rows

    def add(self, line: str, number: int) -> None:
        if self.width:
            row = _row(line, self.separator)
        else:
            self.separator = _separator(_COMMENT.sub("", line))
            row = _row(line, self.separator)
        if len(row) == 1 and (self.counts or not self.width) and row[0] is not None and row[0].is_integer():
            self.counts.append(int(row[0]))
        elif not row or not (self.width or _is_point(row)):
            self.header += [] if self.width else [line]
        elif self.width not in (0, len(row)):
            raise ValueError(f"line {number} has {len(row)} values, those before it {self.width}")
        elif all(value is None for value in row):
            raise ValueError(f"line {number} holds no number")
        else:
            self.width = len(row)
            self.values.extend(np.nan if value is None else value for value in row)

    def columns(self) -> Columns:
        if not self.width:
            return self._without_rows()
        table = np.frombuffer(self.values, np.float64).reshape(-1, self.width)
        found = self._named(table)
        if found is None:
            found = columns_by_content(self._numeric(table))
        promised = sum(self.counts)
        if promised and promised != len(table):
            note = f"{promised} points are promised, {len(table)} are there"
            found = Columns(found.points, found.normals, found.colors, (*found.notes, note))
        return found

    def _without_rows(self) -> Columns:
        words = [line for line in self.header if _COMMENT.sub("", line).strip()]
        if words:
            row = _row(words[-1], _separator(words[-1]))
            if None not in row:
                raise ValueError(f"{len(row)} numbers in a line, and a point has three")
            raise ValueError("no line of numbers in it")
        return Columns(np.zeros((0, 3)))

    def _named(self, table: Table) -> Columns | None:
        """By the last line of the header that names as many columns as there are, x, y and z among them."""
        for line in reversed(self.header):
            text = line.strip(" \r\n").lstrip("#/%! ")
            for names in (text.split(self.separator), re.split(r"[\s,;]+", text)):
                if len(names) == self.width:
                    found = columns_by_name(names, table)
                    if found is not None:
                        return found
        return None

    def _numeric(self, table: Table) -> Table:
        """The columns that hold numbers, without those of words and empty ones."""
        table = table[:, ~np.isnan(table).all(axis=0)] if self.width > 3 else table
        if table.shape[1] < 3:
            raise ValueError(f"{table.shape[1]} columns of numbers, and a point has three")
        return table


def _is_point(row: Row) -> bool:
    """Whether it can be the first one: three numbers, or nothing but values, which may be missing."""
    numbers = sum(value is not None and not math.isnan(value) for value in row)
    return len(row) >= 3 and (None not in row or numbers >= 3)


def _separator(line: str) -> str | None:
    """What separates the values of a row, None for white space."""
    if ";" in line:
        return ";"
    if "\t" in line and not any(" " in cell.strip() for cell in line.split("\t")):
        return "\t"
    words = line.split()
    if "," in line and not (len(words) >= 3 and all(map(_DECIMAL_COMMA.fullmatch, words))):
        return ","
    return None


def _row(line: str, separator: str | None) -> Row:
    """The values of a line: None for a word, not a number for what is missing; empty for a comment."""
    try:
        return [float(cell) for cell in line.split(separator)]
    except ValueError:
        line = _COMMENT.sub("", line).strip() if separator != "\t" else _COMMENT.sub("", line).rstrip("\r\n")
        return [_value(cell, separator) for cell in line.split(separator)] if line.strip() else []


def _value(cell: str, separator: str | None) -> float | None:
    text = cell.strip().strip("\"'")
    if _MISSING.fullmatch(text):
        return float("nan")
    if separator != ",":
        text = text.replace(",", ".")
    try:
        return float(re.sub(r"(?<=[\d.])[dD](?=[-+\d])", "e", text))
    except ValueError:
        return None
