"""What the columns of a table of points are: by their names, or by what stands in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Table = npt.NDArray[np.float64]
Names = tuple[frozenset[str], ...]

_POINTS: Names = tuple(
    frozenset({axis, f"p{axis}", f"pos{axis}", f"position{axis}", f"point{axis}", f"points{place}", f"coord{axis}"})
    | {f"{axis}coord", f"{axis}coordinate", survey}
    for place, (axis, survey) in enumerate(zip("xyz", ("easting", "northing", "elevation"), strict=True))
)
_NORMALS: Names = tuple(
    frozenset({f"n{axis}", f"normal{axis}", f"normals{place}", f"{axis}normal"}) for place, axis in enumerate("xyz")
)
_COLORS: Names = tuple(
    frozenset({color, color[0], f"{color[0]}f", f"color{color[0]}", f"diffuse{color}", f"rgb{place}", f"colors{place}"})
    for place, color in enumerate(("red", "green", "blue"))
)

_UNIT = 0.05  # how far the length of a normal may be from 1
_MOST = 0.95  # of the rows: what few wrong ones cannot change


@dataclass(frozen=True, eq=False)
class Columns:
    """Points as a file has them.

    Attributes:
        points: `n 3` float64, some of which may not be finite.
        normals: `n 3` float64 of any length, or None.
        colors: `n 3` float64, 0 to 255, or None.
        notes: What is doubtful about them, a line each.
    """

    points: Table
    normals: Table | None = None
    colors: Table | None = None
    notes: tuple[str, ...] = ()


def columns_by_name(names: Sequence[str], table: Table) -> Columns | None:
    """The columns of a table `n c` with `c` names, None where no three of them are called x, y and z.

    Case, punctuation and units in brackets do not count: `X`, `x [m]`, `Points:0`, `position_x`, `easting`.
    """
    plain = [re.sub(r"[(\[].*|[^a-z0-9]", "", name.lower()) for name in names]
    points, normals, colors = (_named(plain, table, wanted) for wanted in (_POINTS, _NORMALS, _COLORS))
    return None if points is None else Columns(points, normals, None if colors is None else _scaled(colors))


def columns_by_content(table: Table) -> Columns:
    """The columns of a table `n c` without names: x, y and z first, then what the values show.

    Normals are three columns of vectors of length 1. Colours are three of whole numbers from 0 to 255 with one above 1;
    of more such columns in a row the last three, because an intensity stands before the colours, but for an alpha of
    255. Where there are just three columns behind the points, fractions from 0 to 1 are colours too, and vectors with
    negative components normals of any length. Anything else, such as an intensity, is passed over.
    """
    points, rest = table[:, :3], table[:, 3:]
    known = rest[np.isfinite(rest).all(axis=1)]
    starts = range(rest.shape[1] - 2) if len(known) else range(0)
    normals = next((i for i in starts if _are_unit(known[:, i : i + 3])), None)
    bytes_at = [i for i in starts if (normals is None or abs(i - normals) >= 3) and _are_bytes(known[:, i : i + 3])]
    run = [i for place, i in enumerate(bytes_at) if i == bytes_at[0] + place]
    if len(run) > 1 and (known[:, run[-1] + 2] == 255).all():
        run.pop()
    if normals is None and not run and rest.shape[1] == 3 and len(known):
        if ((known >= 0) & (known <= 1)).all():
            return Columns(points, None, _scaled(rest) if (known > 0).any() else None)
        if (known < 0).any():
            return Columns(points, rest, None)
    notes: tuple[str, ...] = ()
    if normals is None and not run and rest.shape[1] >= 3 and (known != 0).any():
        notes = (f"columns 4 to {table.shape[1]} are neither normals nor colours; they were passed over",)
    return Columns(
        points,
        None if normals is None else rest[:, normals : normals + 3],
        rest[:, run[-1] : run[-1] + 3] if run else None,
        notes,
    )


def _named(plain: list[str], table: Table, wanted: Names) -> Table | None:
    places = [next((place for place, name in enumerate(plain) if name in names), None) for names in wanted]
    found = [place for place in places if place is not None]
    return table[:, found] if len(found) == len(wanted) else None


def _scaled(colors: Table) -> Table | None:
    """Colours in 0 to 255, from those or from 0 to 1 or 16 bits; None where they are of another range."""
    largest = float(np.nanmax(colors, initial=0.0))
    if largest <= 1.0:
        return colors * 255.0
    if largest <= 255.0:
        return colors
    return colors / 257.0 if largest <= 65535.0 else None


def _are_bytes(values: Table) -> bool:
    return bool((values == np.round(values)).all() and values.min() >= 0 and 1 < values.max() <= 255)


def _are_unit(vectors: Table) -> bool:
    lengths = np.linalg.norm(vectors, axis=1)
    lengths = lengths[lengths > 0]
    return bool(len(lengths) and (np.abs(lengths - 1.0) < _UNIT).mean() >= _MOST)
