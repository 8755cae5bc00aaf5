"""Inside or outside, for meshes as they are found.

The definition is one for all meshes: a point is inside where the generalized winding number of the oriented surface
(`orientation.orient`) is above one half, and within half a thickness of the faces that bound no volume by it
(`sheets`). So nested and intersecting parts form their union, a closed part authored inside-out within a solid is a
cavity, and holes are bridged by the surface on which the winding number is one half: a shell that lacks a few faces
keeps its volume, a half sphere is filled to about its opening. A flat single-sided sheet, whose winding number never
exceeds one half, becomes a board.

Two roads compute the winding number:

- closed surface: the winding number is a whole number, so signed ray crossings give it exactly. Two rays per point, in
  different directions; where they disagree (a ray that grazes an edge) three more decide by majority.
- anything else: up to six rays in spread directions. Where all agree, the surface around the point is as good as closed
  and the answer stands; for the rest the fast winding number decides (Barill, Dickson, Schmidt, Levin, Jacobson, "Fast
  winding numbers for soups and clouds", 2018; libigl, the part under the MPL).
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError
from shapelift.geometry import Mesh
from shapelift.synthesis.orientation import OrientedMesh, orient
from shapelift.synthesis.rays import CHUNK_POINTS, DIRECTIONS, TRAIN_EXTRA, RayScene
from shapelift.synthesis.sheets import Sheets, find_sheets

__all__ = ["Solid", "occupancy"]

_PROBE, _WORTH_RAYS = 1000, 0.5  # an open surface most rays disagree about goes to the winding number at once


class Solid:
    """The volume that a mesh encloses, and its sheets.

    Args:
        mesh: Any triangle mesh; the volume is in its frame and unit.

    Raises:
        InputError: embreex or libigl is needed and not installed.
    """

    def __init__(self, mesh: Mesh) -> None:
        self.surface: OrientedMesh = orient(mesh)

    @property
    def closed(self) -> bool:
        """Whether winding numbers are whole, so that rays alone decide."""
        return self.surface.closed

    @cached_property
    def rays(self) -> RayScene:
        """The oriented surface as a ray-casting structure."""
        return RayScene(self.surface.vertices, self.surface.faces)

    @cached_property
    def sheets(self) -> Sheets | None:
        """What bounds no volume and is given a thickness; None where there is no such part."""
        return find_sheets(self.surface, self.encloses)

    def contains(self, points: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether points `n 3` are inside, `n`. Nothing is inside an empty mesh."""
        inside = self.encloses(points)
        if self.sheets is not None:
            rest = np.flatnonzero(~inside)
            inside[rest] = self.sheets.contains(np.asarray(points)[rest])
        return inside

    def encloses(self, points: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether the winding number at points `n 3` is above one half, `n`: `contains` without the sheets."""
        points = np.asarray(points)
        if self.surface.is_empty or not len(points):
            return np.zeros(len(points), bool)
        if self.closed:
            return self.rays.inside_closed(points)
        probe = points[:: max(len(points) // _PROBE, 1)]
        if len(points) > 8 * _PROBE and _unanimous(self.rays, probe)[1].mean() < _WORTH_RAYS:
            return np.asarray(self.winding_number(points) > 0.5)
        inside, sure = _unanimous(self.rays, points)
        rest = np.flatnonzero(~sure)
        if len(rest):
            inside[rest] = self.winding_number(points[rest]) > 0.5
        return inside

    def winding_number(self, points: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Generalized winding number at points `n 3`, `n`, by libigl's hierarchical approximation.

        Raises:
            InputError: libigl is not installed.
        """
        return np.asarray(self._hierarchy.winding_number(np.ascontiguousarray(points, np.float64)))

    @cached_property
    def _hierarchy(self) -> Any:
        try:
            import igl
        except ImportError as error:
            raise InputError(TRAIN_EXTRA.format(name="libigl")) from error
        hierarchy = igl.FastWindingNumberBVH()
        hierarchy.init(self.surface.vertices, self.surface.faces)
        return hierarchy

    def estimated_winding_number(self, points: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Winding number at points `n 3`, `n`, as the mean over six rays: exact for closed surfaces, else cheap."""
        local = self.rays.local(points)
        total = np.zeros(len(local))
        for way in range(len(DIRECTIONS)):
            total += self.rays.crossings(local, np.full(len(local), way, np.int8))
        return total / len(DIRECTIONS)


def occupancy(mesh: Mesh, points: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Whether `points` are inside `mesh`; see the module text for what that means on imperfect meshes.

    Args:
        mesh: Any triangle mesh.
        points: `n 3`, in the frame and unit of the mesh.

    Returns:
        `n` bool. Deterministic.

    Raises:
        InputError: embreex or libigl is needed and not installed.
    """
    return Solid(mesh).contains(points)


def _unanimous(scene: RayScene, points: npt.NDArray[np.generic]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Answers for points `n 3` on which six rays agree, `n`, and whether they do, `n`."""
    inside, sure = np.zeros(len(points), bool), np.ones(len(points), bool)
    for start in range(0, len(points), CHUNK_POINTS):
        local = scene.local(points[start : start + CHUNK_POINTS])
        rows = np.flatnonzero(scene.inside_box(local))
        local = local[rows]
        ways = scene.exits(local)
        first = scene.crossings(local, ways[:, 0])
        agreed = np.arange(len(rows))
        for way in range(1, 6):
            same = scene.crossings(local[agreed], ways[agreed, way]) == first[agreed]
            agreed = agreed[same]
        inside[start + rows] = first > 0
        sure[start + rows] = False
        sure[start + rows[agreed]] = True
    return inside, sure
