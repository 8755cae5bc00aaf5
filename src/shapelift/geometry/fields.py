"""Implicit fields."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shapelift.geometry.arrays import frozen
from shapelift.geometry.boxes import UNIT_BOX, Box
from shapelift.geometry.meshes import Mesh
from shapelift.geometry.picture import PictureFrame

EMPTY = -20.0
"""Logit of a point outside of the box of a field that has a placement."""


@dataclass(frozen=True, eq=False)
class ImplicitField:
    """A solid as a function of space.

    A field may be defined in the coordinates of a picture. Called with points of the world it maps them there itself;
    what samples it on a grid does so in its own coordinates (`unplaced`), and takes the surface out (`placed`).

    Attributes:
        function: Maps points `n 3` float32 of its own coordinates to logits `n` float32: positive inside, zero on the
            surface. A signed distance (negative inside) enters negated.
        box: Where the field is defined, in its own coordinates; outside it space is empty.
        placement: Where its own coordinates lie in the world; None where they are those of the world.
        colors: Maps points `n 3` float32 of its own coordinates to sRGB colours `n 3` in [0, 1], or None.
    """

    function: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]
    box: Box = UNIT_BOX
    placement: PictureFrame | None = None
    colors: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]] | None = None

    def __call__(self, points: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Logits `n` at points `n 3` of the world; with a placement `EMPTY` outside of the box.

        Raises:
            ValueError: points of another shape, or a function that returns something else than `n` finite logits.
        """
        points = np.ascontiguousarray(points, np.float32)
        if points.ndim != 2 or points.shape[1] != 3:
            raise ValueError(f"points must have shape (n, 3), got {points.shape}")
        if self.placement is None:
            return frozen("logits", self.function(points), np.float32, (len(points),))
        own = self.placement.from_world(points)
        inside = self.box.contains(own)
        logits = np.full(len(points), EMPTY, np.float32)
        if inside.any():
            logits[inside] = self.unplaced(own[inside])
        return frozen("logits", logits, np.float32, (len(points),))

    @property
    def unplaced(self) -> ImplicitField:
        """The field in its own coordinates."""
        return self if self.placement is None else dataclasses.replace(self, placement=None)

    def placed(self, mesh: Mesh) -> Mesh:
        """A mesh in the field's own coordinates, in the world; a left-handed frame turns its faces."""
        if self.placement is None:
            return mesh
        vertices = self.placement.to_world(mesh.vertices).astype(np.float32)
        return Mesh(vertices, mesh.faces[:, ::-1], mesh.colors)

    def covers(self, points: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether world points `n 3` lie in the box, `n`."""
        return self.box.contains(points if self.placement is None else self.placement.from_world(points))
