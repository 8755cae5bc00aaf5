"""A metric of the house: a number of every answer, what it is computed from, and how reports show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from shapelift.geometry import PointCloud
from shapelift.metrics.nearest import Matches

Table = Literal["shape", "outline", "depth"]
Given = TypeVar("Given")


@dataclass(frozen=True, eq=False)
class Solids:
    """Two solids at labelled points of the unit cube.

    Attributes:
        prediction: `n` bool, inside the predicted solid.
        truth: `n` bool, inside the true one.
        weights: `n`, the volume that each point stands for.
    """

    prediction: npt.NDArray[np.bool_]
    truth: npt.NDArray[np.bool_]
    weights: npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Surfaces:
    """Two surfaces, as points on them.

    Attributes:
        matches: Nearest neighbours both ways; `matches.is_empty` where nothing was predicted.
        prediction: Points on the predicted surface, with normals unless a method gives none.
        truth: Points on the true surface, with normals.
    """

    matches: Matches
    prediction: PointCloud
    truth: PointCloud


@dataclass(frozen=True, eq=False)
class Metric(Generic[Given]):
    """One column of every evaluation.

    Attributes:
        name: In files, `chamfer_l1`.
        title: At the head of its column in a table.
        needs: What it is computed from: `Solids`, `Surfaces`, `outlines.Picture` or `depth.SeenSurfaces`. An answer
            that does not have it has no such number.
        function: The number, finite whatever the answer; the worst value for an empty one. None: there is nothing to
            measure in this image.
        higher_is_better: Its direction.
        unit: Of the number; empty for shares and ratios.
        table: Of the report that it stands in; None: in the files alone.
        digits: Decimals in tables.
    """

    name: str
    title: str
    needs: type[Given]
    function: Callable[[Given], float | None]
    higher_is_better: bool = True
    unit: str = ""
    table: Table | None = "shape"
    digits: int = 3
