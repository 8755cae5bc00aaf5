"""Axis-aligned boxes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Box:
    """An axis-aligned box.

    Attributes:
        minimum: Lower corner `3`, in the frame and unit of whatever the box encloses.
        maximum: Upper corner `3`, above `minimum` on every axis.
    """

    minimum: tuple[float, float, float]
    maximum: tuple[float, float, float]

    def __post_init__(self) -> None:
        low = tuple(float(x) for x in self.minimum)
        high = tuple(float(x) for x in self.maximum)
        if len(low) != 3 or len(high) != 3:
            raise ValueError("a box has three coordinates per corner")
        if not all(np.isfinite(low)) or not all(np.isfinite(high)):
            raise ValueError("a box has finite corners")
        if not all(a < b for a, b in zip(low, high, strict=True)):
            raise ValueError(f"box corners are not in order: {low} to {high}")
        object.__setattr__(self, "minimum", low)
        object.__setattr__(self, "maximum", high)

    @property
    def size(self) -> npt.NDArray[np.float64]:
        """Side lengths `3`."""
        return np.subtract(self.maximum, self.minimum)

    @property
    def center(self) -> npt.NDArray[np.float64]:
        """Midpoint `3`."""
        return np.add(self.maximum, self.minimum) / 2.0

    @property
    def volume(self) -> float:
        """Product of the sides."""
        return float(np.prod(self.size))

    def contains(self, points: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether points `... 3` lie inside or on the border, `...`."""
        points = np.asarray(points)
        return np.asarray(((points >= self.minimum) & (points <= self.maximum)).all(axis=-1))


UNIT_BOX = Box((-0.5, -0.5, -0.5), (0.5, 0.5, 0.5))
"""The cube in which every object lives: centred, side 1."""
