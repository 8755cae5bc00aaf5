"""Implicit fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shapelift.geometry.arrays import frozen
from shapelift.geometry.boxes import UNIT_BOX, Box


@dataclass(frozen=True, eq=False)
class ImplicitField:
    """A solid as a function of space.

    Attributes:
        function: Maps points `n 3` float32 to logits `n` float32: positive inside, zero on the surface.
            A signed distance (negative inside) enters negated.
        box: Where the field is defined; outside it space is empty.
    """

    function: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]
    box: Box = UNIT_BOX

    def __call__(self, points: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Logits `n` at points `n 3`.

        Raises:
            ValueError: points of another shape, or a function that returns something else than `n` finite logits.
        """
        points = np.ascontiguousarray(points, np.float32)
        if points.ndim != 2 or points.shape[1] != 3:
            raise ValueError(f"points must have shape (n, 3), got {points.shape}")
        return frozen("logits", self.function(points), np.float32, (len(points),))
