"""Views of a mesh in plain light, made with NumPy alone: for previews where no renderer is installed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Camera, Mesh
from shapelift.rendering.pixel_rays import pixel_crossings

PLAIN_COLOR = (143, 168, 204)
"""Colour of a mesh without colours, sRGB."""
_MARGIN = 0.06
"""Free border on every side, as a share of the side."""
_KEY, _FILL, _AMBIENT = 0.62, 0.16, 0.42


def view_camera(mesh: Mesh, azimuth_deg: float, elevation_deg: float, size_px: int, fov_deg: float = 30.0) -> Camera:
    """A camera that shows all of a mesh from a side, the same distance away for every side.

    Args:
        mesh: Not empty, +Y up.
        azimuth_deg: As for `Camera.orbit`, 0 looks at the front.
        elevation_deg: Above the horizon.
        size_px: Side of the image.
        fov_deg: Field of view of the ball around the mesh, with a border.
    """
    middle = np.asarray(mesh.bounds.center, np.float64)
    radius = float(np.linalg.norm(mesh.vertices - middle, axis=1).max())
    distance = radius / np.sin(np.deg2rad(fov_deg) / 2.0) / (1.0 - 2.0 * _MARGIN)
    camera = Camera.orbit(azimuth_deg, elevation_deg, distance, fov_deg, (size_px, size_px))
    matrix = camera.camera_from_world.copy()
    matrix[:3, 3] -= matrix[:3, :3] @ middle
    return Camera(camera.intrinsics, matrix, camera.image_size_px)


def view(
    mesh: Mesh,
    azimuth_deg: float = 35.0,
    elevation_deg: float = 20.0,
    *,
    size_px: int = 256,
    supersampling: int = 2,
) -> npt.NDArray[np.uint8]:
    """A mesh in its own colours, or in `PLAIN_COLOR`, from one side.

    Two lamps turn with the camera, and light comes from everywhere; no shadows.

    Args:
        mesh: Closed, not empty, +Y up; faces that turn their back are not drawn.
        azimuth_deg: As for `Camera.orbit`, 0 looks at the front.
        elevation_deg: Above the horizon.
        size_px: Side of the picture.
        supersampling: Rays per pixel and axis.

    Returns:
        `s s 4` uint8 with straight alpha.
    """
    fine = size_px * supersampling
    camera = view_camera(mesh, azimuth_deg, elevation_deg, fine)
    # Of a closed mesh no ray meets the back of a face first.
    towards_camera = camera.world_from_camera[:3, 3] - mesh.corners[:, 0]
    front = mesh.faces[np.einsum("fd,fd->f", towards_camera, mesh.face_normals) > 0.0]
    hits = pixel_crossings(Mesh(mesh.vertices, front), camera).first()
    found = hits.faces >= 0
    corners, weights = front[hits.faces[found]], hits.weights[found].astype(np.float32)
    colors = np.asarray(PLAIN_COLOR if mesh.colors is None else mesh.colors, np.float32) / np.float32(255.0)
    albedo = colors**2.2 if mesh.colors is None else np.einsum("nc,ncd->nd", weights, colors[corners] ** 2.2)
    normal = np.einsum("nc,ncd->nd", weights, mesh.vertex_normals[corners]) @ camera.camera_from_world[:3, :3].T
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    key, fill = (np.array(towards) / np.linalg.norm(towards) for towards in ((-0.5, -0.8, -0.9), (0.9, -0.1, -0.5)))
    sky = 0.75 + 0.25 * (normal @ camera.camera_from_world[:3, 1])
    light = _KEY * np.maximum(normal @ key, 0.0) + _FILL * np.maximum(normal @ fill, 0.0) + _AMBIENT * sky
    picture = np.zeros((fine, fine, 4), np.float32)
    picture[found, :3] = albedo * light[:, None]
    picture[found, 3] = 1.0
    mean = picture.reshape(size_px, supersampling, size_px, supersampling, 4).mean(axis=(1, 3))
    color = np.clip(mean[..., :3] / np.maximum(mean[..., 3:], 1e-6), 0.0, 1.0) ** (1.0 / 2.2)
    return np.asarray(np.rint(np.concatenate([color, mean[..., 3:]], axis=2) * 255.0), np.uint8)


def turntable(
    mesh: Mesh, frames: int = 24, elevation_deg: float = 20.0, *, size_px: int = 256
) -> npt.NDArray[np.uint8]:
    """A mesh from all around: `view` at even steps of a full turn, which begins at the front.

    Args:
        mesh: As for `view`.
        frames: Number of pictures.
        elevation_deg: As for `view`.
        size_px: Side of a picture.

    Returns:
        `frames s s 4` uint8 with straight alpha; the first follows on the last.
    """
    azimuths = np.arange(frames) * (360.0 / frames)
    return np.stack([view(mesh, float(azimuth), elevation_deg, size_px=size_px) for azimuth in azimuths])


def beside(pictures: Sequence[npt.NDArray[np.uint8]], size_px: int) -> npt.NDArray[np.uint8]:
    """Square pictures `s s 4`, straight alpha, of any size next to each other on white: `size_px n*size_px 3`."""
    import cv2

    tiles = []
    for picture in pictures:
        alpha = picture[..., 3:].astype(np.float32) / np.float32(255.0)
        laid = picture[..., :3] * alpha + np.float32(255.0) * (1.0 - alpha)
        how = cv2.INTER_AREA if len(picture) > size_px else cv2.INTER_LINEAR
        tiles.append(np.rint(cv2.resize(laid, (size_px, size_px), interpolation=how)).astype(np.uint8))
    return np.concatenate(tiles, axis=1)
