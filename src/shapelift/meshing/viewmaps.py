"""Coordinate maps of several views to one point cloud with normals."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Camera, PointCloud, ViewMaps

STEEPEST = 8.0
"""A difference in depth between neighbouring pixels above so many times the width of a pixel is an edge between two
surfaces, not a slope: a surface seen at more than 83 degrees from its normal covers next to no pixels."""
_SMOOTH = 0.5
"""Two one-sided differences that agree to this, in widths of a pixel, belong to one smooth surface and are averaged."""

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def fused_points(views: ViewMaps) -> PointCloud:
    """The points of all pixels with a positive mask logit, in the world, with normals.

    Fusion is geometry alone (Lin, Kong, Lucey, "Learning Efficient Point Cloud Generation for Dense 3D Object
    Reconstruction", AAAI 2018): column, row and depth go back through the camera of their view. Normals are cross
    products of finite differences in the view of the point. A difference never reaches over the border of the mask or
    over an edge in depth; where the differences to the two sides disagree the flatter side counts. A pixel without a
    neighbour along an image axis is taken to be parallel to that axis.

    Args:
        views: k views.

    Returns:
        Points in the order (view, row, column), with unit normals that face the camera of their view.

    Raises:
        ValueError: no mask logit is positive.
    """
    if not (views.mask_logits > 0).any():
        raise ValueError("no pixel is above the mask threshold in any view, so there is no point")
    points, normals = [], []
    for camera, xyz, logits in zip(views.cameras, views.xyz.astype(np.float64), views.mask_logits, strict=True):
        seen = logits > 0
        placed = camera.unproject(xyz[..., :2].reshape(-1, 2), xyz[..., 2].reshape(-1)).reshape(xyz.shape)
        points.append(placed[seen])
        normals.append(view_normals(camera, placed, xyz[..., 2], seen)[seen])
    return PointCloud(np.concatenate(points).astype(np.float32), np.concatenate(normals).astype(np.float32))


def view_normals(camera: Camera, points: Array, depth: Array, seen: Mask) -> Array:
    """Unit normals `h w 3` of the points `h w 3` of one view, towards the camera; see `fused_points`.

    Args:
        camera: The camera of the view.
        points: Of every pixel, in the world.
        depth: `h w`, along the optical axis.
        seen: `h w`, which pixels have a point at all.
    """
    along_rows = _tangents(camera, points, depth, seen, axis=0)
    along_columns = _tangents(camera, points, depth, seen, axis=1)
    normals = np.cross(along_columns, along_rows)
    forward = camera.camera_from_world[2, :3]
    sight = points - camera.position if camera.projection == "perspective" else np.broadcast_to(forward, points.shape)
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    normals = np.where(length > 0, normals / np.where(length > 0, length, 1.0), -forward)
    away = np.einsum("hwi,hwi->hw", normals, sight) > 0
    return np.where(away[..., None], -normals, normals)


def _tangents(camera: Camera, points: Array, depth: Array, seen: Mask, *, axis: int) -> Array:
    """Directions `h w 3` of the surface along the rows (axis 0 of the image) or the columns (axis 1)."""
    before, after = ((slice(None),) * axis + (part,) for part in (slice(None, -1), slice(1, None)))
    width = _pixel_width(camera, depth, axis)
    step = points[after] - points[before]
    rise = (depth[after] - depth[before]) / width[before]
    joined = seen[after] & seen[before] & (np.abs(rise) < STEEPEST)
    forward, backward = np.zeros_like(points), np.zeros_like(points)
    forward[before], backward[after] = step, step
    steep_forward, steep_backward = np.full(depth.shape, np.inf), np.full(depth.shape, np.inf)
    steep_forward[before] = np.where(joined, rise, np.inf)
    steep_backward[after] = np.where(joined, rise, np.inf)
    flatter = np.where((np.abs(steep_forward) <= np.abs(steep_backward))[..., None], forward, backward)
    both = np.isfinite(steep_forward) & np.isfinite(steep_backward)
    bend = np.where(both, steep_forward, np.inf) - np.where(both, steep_backward, 0.0)
    tangents = np.where((np.abs(bend) < _SMOOTH)[..., None], forward + backward, flatter)
    alone = np.isinf(steep_forward) & np.isinf(steep_backward)
    image_axis = camera.camera_from_world[1 - axis, :3]
    return np.where(alone[..., None], width[..., None] * image_axis, tangents)


def _pixel_width(camera: Camera, depth: Array, axis: int) -> Array:
    """How far neighbouring pixels lie apart in the world along an axis of the image, `h w`."""
    focal = float(camera.intrinsics[1 - axis, 1 - axis])
    if camera.projection == "orthographic":
        return np.full(depth.shape, 1.0 / focal)
    return np.maximum(np.abs(depth), 1e-12) / focal
