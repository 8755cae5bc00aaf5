"""The upright plane in which a shape mirrors itself, if there is one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Mesh
from shapelift.geometry.neighbours import nearest_tree
from shapelift.meshing.points import sample_surface

_STEPS = 36
"""Planes that are tried, evenly over half a turn; two finer rounds around the best follow."""
_ASKED, _AGAINST = 600, 3000
"""Points that are mirrored, and points that they are compared with."""
_ALIKE = 0.025
"""Mean distance of mirrored points from the surface below which a shape is symmetric, in longest sides."""


@dataclass(frozen=True)
class MirrorPlane:
    """An upright plane.

    Attributes:
        normal: `3`, unit, horizontal.
        offset: Of the plane along its normal.
        error: Mean distance of the mirrored surface from the surface, in longest sides.
    """

    normal: tuple[float, float, float]
    offset: float
    error: float

    def mirrored(self, points: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Points `n 3` on the other side."""
        points, normal = np.asarray(points, np.float64), np.array(self.normal)
        return np.asarray(points - 2.0 * (points @ normal - self.offset)[:, None] * normal)


def mirror_plane(mesh: Mesh) -> MirrorPlane | None:
    """The best upright plane through the middle of a shape, or None where no plane mirrors it well enough.

    Args:
        mesh: With +Y up.
    """
    rng = np.random.default_rng(0)
    surface = sample_surface(mesh, _AGAINST, rng).points.astype(np.float64)
    asked, tree = surface[rng.permutation(len(surface))[:_ASKED]], nearest_tree(surface)
    longest = float(np.ptp(mesh.vertices, axis=0).max())

    def plane(angle: float) -> MirrorPlane:
        normal = np.array([np.cos(angle), 0.0, np.sin(angle)])
        along = surface @ normal
        offset = float(along.min() + along.max()) / 2.0
        candidate = MirrorPlane((float(normal[0]), 0.0, float(normal[2])), offset, 0.0)
        distance, _ = tree.query(candidate.mirrored(asked))
        return MirrorPlane(candidate.normal, offset, float(np.mean(distance)) / longest)

    step = np.pi / _STEPS
    best = min((plane(step * number) for number in range(_STEPS)), key=lambda found: found.error)
    for _ in range(2):
        angle, step = float(np.arctan2(best.normal[2], best.normal[0])), step / 3.0
        best = min((best, plane(angle - step), plane(angle + step)), key=lambda found: found.error)
    return best if best.error < _ALIKE else None
