"""A picture of heights to a plate with a relief on it: bas-reliefs and lithophanes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Camera, DepthMaps, Mesh
from shapelift.meshing.depthmaps import relief


def plate(
    values: npt.NDArray[np.float32],
    mask: npt.NDArray[np.bool_] | None = None,
    *,
    size_mm: float,
    thickness_mm: float,
    base_mm: float,
    larger_is_nearer: bool = False,
    clip_percent: float = 0.0,
) -> Mesh:
    """The plate whose front rises with nearness, from `base_mm` at the farthest pixel to `thickness_mm` at the nearest.

    Heights are linear in the values, whether those are distances or inverse distances: a bas-relief squeezes depth in
    any case, and the inverse of a small inverse distance is as far away as it is uncertain.

    Args:
        values: `h w`, at least one pixel each way.
        mask: `h w`, which pixels belong to the plate; all by default.
        size_mm: Longest side of the picture.
        thickness_mm: Of the plate where it is thickest; above `base_mm`.
        base_mm: Where it is thinnest; positive.
        larger_is_nearer: Whether values are inverse distances, or brightness that is to rise.
        clip_percent: So many percent of the pixels at either end share the least and the largest height, so that a few
            wrong ones do not flatten all others; below 50.

    Returns:
        A closed manifold mesh in millimetres, upright: +Y is up in the picture, and it faces +Z.

    Raises:
        ValueError: lengths or a share out of range, no pixel under the mask, values under it that are not finite or
            all the same.
    """
    if not (np.isfinite(size_mm) and size_mm > 0.0):
        raise ValueError(f"size_mm must be a positive number of millimetres, got {size_mm}")
    if not (np.isfinite(thickness_mm) and 0.0 < base_mm < thickness_mm):
        raise ValueError(f"thickness_mm must exceed base_mm, and that must be positive; got {thickness_mm}, {base_mm}")
    if not 0.0 <= clip_percent < 50.0:
        raise ValueError(f"clip_percent must lie in [0, 50), got {clip_percent}")
    values = np.asarray(values, np.float64)
    seen = np.ones(values.shape, np.bool_) if mask is None else np.asarray(mask, np.bool_)
    if not seen.any():
        raise ValueError("no pixel is left to make a relief of")
    if not np.isfinite(values[seen]).all():
        raise ValueError("values are not finite")
    low, high = np.percentile(values[seen], [clip_percent, 100.0 - clip_percent])
    if not high > low:
        low, high = values[seen].min(), values[seen].max()
    if not high > low:
        raise ValueError("all values are the same, so nothing rises")
    farness = np.clip((np.where(seen, values, low) - low) / (high - low), 0.0, 1.0)
    if larger_is_nearer:
        farness = 1.0 - farness
    height, width = values.shape
    scale = max(height, width) / size_mm
    intrinsics = np.array([[scale, 0.0, width / 2.0], [0.0, scale, height / 2.0], [0.0, 0.0, 1.0]])
    camera = Camera(intrinsics, np.diag([1.0, -1.0, -1.0, 1.0]), (width, height), "orthographic")
    rise = thickness_mm - base_mm
    maps = DepthMaps((farness * rise).astype(np.float32)[None], seen[None], (camera,))
    solid = relief(maps, back="flat", thickness=base_mm)
    # Surfaces go on to the corners of their pixels, half a pixel beyond the heights that were asked for.
    vertices, front = solid.vertices.copy(), len(solid.vertices) // 2
    vertices[:front, 2] = np.clip(vertices[:front, 2], -rise, 0.0)
    vertices[front:, 2] = -thickness_mm
    return Mesh(vertices, solid.faces)
