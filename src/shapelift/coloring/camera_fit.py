"""The camera of a picture, for shapes of models that guess none: the one through which the outlines agree best."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Camera, Mesh
from shapelift.imaging.preprocess import object_window

_ELEVATIONS_DEG = tuple(range(-10, 71, 10))
_AZIMUTHS = 24
"""Sides that are tried where the shape may be turned any way."""
_DISTANCE, _FOV_DEG = 2.5, 35.0
"""Of the camera, in longest sides; the outline says next to nothing about them."""
_SIDE_PX = 32
"""Outlines are compared in so many pixels."""
_POINTS = 3_000
"""Vertices whose projections stand for the outline, at most."""


def fitted_camera(mesh: Mesh, alpha: npt.NDArray[np.uint8], *, any_azimuth: bool) -> Camera:
    """The camera, of the elevations and sides tried, whose outline of the mesh agrees best with a mask.

    Args:
        mesh: Not empty, +Y up; seen from its front unless `any_azimuth`.
        alpha: `s s` uint8, the mask, with something in it.
        any_azimuth: Whether the shape may be turned any way, as in the frame `object`.

    Returns:
        A perspective camera of the mask's size. It frames the mesh as the mask frames the object.
    """
    step = -(-len(mesh.vertices) // _POINTS)
    points = mesh.vertices[::step]
    wanted = _grid_of_mask(alpha)
    sides = range(0, 360, 360 // _AZIMUTHS) if any_azimuth else (0,)
    cameras = [_framed(points, alpha, side, up) for side in sides for up in _ELEVATIONS_DEG]

    def agreement(camera: Camera) -> float:
        pixels, _ = camera.project(points)
        found = np.zeros((_SIDE_PX, _SIDE_PX), np.bool_)
        column, row = np.clip((pixels / len(alpha) * _SIDE_PX).astype(np.int64), 0, _SIDE_PX - 1).T
        found[row, column] = True
        return int(np.count_nonzero(found & wanted)) / max(int(np.count_nonzero(found | wanted)), 1)

    return max(cameras, key=agreement)


def _grid_of_mask(alpha: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Which of `_SIDE_PX` times as many cells of the window hold some of the object."""
    grid = np.zeros((_SIDE_PX, _SIDE_PX), np.bool_)
    row, column = np.nonzero(alpha >= 128)
    grid[row * _SIDE_PX // len(alpha), column * _SIDE_PX // len(alpha)] = True
    return grid


def _framed(points: npt.NDArray[np.float32], alpha: npt.NDArray[np.uint8], azimuth: int, elevation: int) -> Camera:
    """A camera on that side, its window moved and scaled so that the mesh fills the box of the mask."""
    side = len(alpha)
    low, high = points.min(axis=0), points.max(axis=0)
    middle, longest = (low + high) / 2.0, float((high - low).max())
    around = Camera.orbit(float(azimuth), float(elevation), _DISTANCE * longest, _FOV_DEG, (side, side))
    matrix = around.camera_from_world.copy()
    matrix[:3, 3] -= matrix[:3, :3] @ middle
    camera = Camera(around.intrinsics, matrix, (side, side))
    pixels, _ = camera.project(points)
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    x, y, window = object_window(alpha, 0.0)
    zoom = window / float((high - low).max())
    corner = (low + high) / 2.0 - (np.array([x, y]) + window / 2.0) / zoom
    return camera.window(float(corner[0]), float(corner[1]), side / zoom, side)
