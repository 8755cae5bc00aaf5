"""The albedo of points on the labelled surface: what a model learns colours from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shapelift.synthesis.renderer import Scene

_DENSITY = 128.0
"""How densely textures are read, in samples per unit of length: a model of the field resolves no more."""
_LIFT = 4e-3  # of the longest side: above the rounding of stored points, below the thickness of most walls
_REACH = 0.03  # beyond, what a ray meets is another part of the asset


def surface_albedo(
    scene: Scene, points: npt.NDArray[np.float32], normals: npt.NDArray[np.float32]
) -> npt.NDArray[np.uint8]:
    """Colour without light `n 3` uint8, sRGB, of points on the outer surface of the solid that an asset encloses.

    The labelled surface is not always one of the asset's faces (a sheet has been given a thickness, say), so the colour
    is that of the first face that a ray meets which starts just above the point and goes down its normal; where it
    meets none nearby, one from below; where that meets none either, the mean colour of the others.

    Args:
        scene: The asset, in the frame of the points.
        points: `n 3`.
        normals: `n 3` unit outward normals there.
    """
    points, normals = np.ascontiguousarray(points, np.float32), np.ascontiguousarray(normals, np.float32)
    albedo = np.zeros((len(points), 3), np.float32)
    missing = np.arange(len(points))
    for side in (1.0, -1.0):
        along = np.ascontiguousarray(normals[missing] * np.float32(-side), np.float32)
        origins = np.ascontiguousarray(points[missing] - along * np.float32(_LIFT), np.float32)
        hits = scene.intersect(origins, along)
        met = np.flatnonzero((hits.faces >= 0) & (hits.distance <= _REACH))
        weights = np.stack([1.0 - hits.u[met] - hits.v[met], hits.u[met], hits.v[met]], axis=1)
        places = origins[met] + along[met] * hits.distance[met, None]
        albedo[missing[met]] = scene.appearance.colors_at(
            hits.faces[met], weights.astype(np.float32), places.astype(np.float32), _DENSITY
        )
        missing = np.delete(missing, met)
    if 0 < len(missing) < len(points):
        known = np.delete(np.arange(len(points)), missing)
        albedo[missing] = albedo[known].mean(axis=0)
    return np.asarray(np.rint(albedo.clip(0.0, 1.0) * 255.0), np.uint8)
