"""Which part of a surface a camera sees."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Camera, Mesh
from shapelift.rendering.pixel_rays import pixel_crossings

_SIDE_PX = 256
"""Side of the depth map in which occlusion is looked up."""
_BEHIND = 0.008
"""A vertex this far behind what the camera sees, in longest sides, is hidden by it; nearer ones are the seen surface
itself. Twice as far nothing of it is seen."""
_GRAZING, _FACING = 0.1, 0.4
"""Cosine between normal and ray below which a surface shows nothing, and above which it is seen well."""


def visible_share(mesh: Mesh, camera: Camera) -> npt.NDArray[np.float32]:
    """How well a camera sees every vertex: 1 in full view, 0 turned away, hidden, or outside of the image.

    Args:
        mesh: In the world of the camera.
        camera: Of a square image.

    Returns:
        `v` in [0, 1].
    """
    side = camera.image_size_px[0]
    fine = camera.window(0.0, 0.0, side, _SIDE_PX)
    # What is turned away hides nothing that what is turned towards the camera does not hide too.
    towards = np.einsum("fi,fi->f", mesh.face_normals, _rays(mesh.corners[:, 0], camera)) < 0.0
    depth = pixel_crossings(Mesh(mesh.vertices, mesh.faces[towards]), fine).first().depth
    pixels, own = fine.project(mesh.vertices)
    inside = ((pixels >= 0.0) & (pixels < _SIDE_PX)).all(axis=1) & (own > 0.0)
    # The nearest of the four pixels around it hides a vertex: at the edge of what lies before it nothing is read.
    corner = np.clip(np.floor(np.where(inside[:, None], pixels, 0.0) - 0.5).astype(np.int64), 0, _SIDE_PX - 2)
    column, row = corner.T
    around = [depth[row, column], depth[row, column + 1], depth[row + 1, column], depth[row + 1, column + 1]]
    nearest = np.minimum.reduce(around)
    rays = _rays(mesh.vertices, camera)
    cosine = -np.einsum("vi,vi->v", mesh.vertex_normals, rays) / np.maximum(np.linalg.norm(rays, axis=1), 1e-12)
    longest = float(np.ptp(mesh.vertices, axis=0).max())
    pixel = own / fine.intrinsics[0, 0] if camera.projection == "perspective" else 1.0 / fine.intrinsics[0, 0]
    steep = np.sqrt(np.maximum(1.0 - cosine**2, 0.0)) / np.maximum(cosine, _GRAZING)
    slack = _BEHIND * longest + 1.5 * pixel * steep
    hidden = _rise(np.where(np.isfinite(nearest), own - nearest, 0.0), slack, 2.0 * slack)
    return np.asarray(inside * (1.0 - hidden) * _rise(cosine, _GRAZING, _FACING), np.float32)


def _rays(points: npt.NDArray[np.float32], camera: Camera) -> npt.NDArray[np.float64]:
    """Directions `n 3` from the camera to points."""
    if camera.projection == "orthographic":
        return np.broadcast_to(camera.camera_from_world[2, :3], points.shape)
    return np.asarray(points - camera.position)


def _rise(
    values: npt.NDArray[np.float64], low: float | npt.NDArray[np.float64], high: float | npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """0 below `low`, 1 above `high`, smooth between."""
    share = np.clip((values - low) / (high - low), 0.0, 1.0)
    return np.asarray(share * share * (3.0 - 2.0 * share))
