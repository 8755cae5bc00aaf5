"""Cameras: OpenCV axes (+X right, +Y down, +Z forward), pixel centres at +0.5, depth along +Z."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from shapelift.geometry.rotations import rotation_x, rotation_y, similarity

Projection = Literal["perspective", "orthographic"]


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole or orthographic camera.

    Attributes:
        intrinsics: `3 3` in pixels, upper triangular, last row (0, 0, 1). Perspective: pixel = K (x/z, y/z, 1);
            orthographic: pixel = K (x, y, 1), so focal lengths are pixels per world unit.
        camera_from_world: `4 4` rigid transform.
        image_size_px: (width, height).
        projection: perspective or orthographic.
    """

    intrinsics: npt.NDArray[np.float64]
    camera_from_world: npt.NDArray[np.float64]
    image_size_px: tuple[int, int]
    projection: Projection = "perspective"

    def __post_init__(self) -> None:
        intrinsics = np.array(self.intrinsics, np.float64)
        matrix = np.array(self.camera_from_world, np.float64)
        if intrinsics.shape != (3, 3) or matrix.shape != (4, 4):
            raise ValueError(f"a camera needs 3 3 and 4 4 matrices, got {intrinsics.shape} and {matrix.shape}")
        if not np.isfinite(intrinsics).all() or not np.isfinite(matrix).all():
            raise ValueError("camera matrices must be finite")
        if intrinsics[0, 0] <= 0 or intrinsics[1, 1] <= 0 or np.any(intrinsics[[1, 2, 2], [0, 0, 1]] != 0.0):
            raise ValueError("intrinsics must be upper triangular with positive focal lengths")
        rotation = matrix[:3, :3]
        if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-6) or np.linalg.det(rotation) < 0:
            raise ValueError("camera_from_world must hold a proper rotation")
        if self.projection not in ("perspective", "orthographic"):
            raise ValueError(f"unknown projection {self.projection!r}")
        width, height = (int(x) for x in self.image_size_px)
        if width < 1 or height < 1:
            raise ValueError(f"image size must be positive, got {self.image_size_px}")
        intrinsics.setflags(write=False)
        matrix.setflags(write=False)
        object.__setattr__(self, "intrinsics", intrinsics)
        object.__setattr__(self, "camera_from_world", matrix)
        object.__setattr__(self, "image_size_px", (width, height))

    @classmethod
    def look_at(
        cls,
        position: npt.ArrayLike,
        target: npt.ArrayLike,
        fov_deg: float,
        image_size_px: tuple[int, int],
        up: npt.ArrayLike = (0.0, 1.0, 0.0),
    ) -> Camera:
        """A perspective camera at `position` with `target` in the image centre.

        Args:
            position: Camera centre `3`, world.
            target: Point `3` on the optical axis, world.
            fov_deg: Vertical field of view.
            image_size_px: (width, height).
            up: World direction `3` that points up in the image; not parallel to the view direction.

        Raises:
            ValueError: the camera looks along `up`, or stands on its target.
        """
        position = np.asarray(position, np.float64)
        forward = np.asarray(target, np.float64) - position
        norm = np.linalg.norm(forward)
        right = np.cross(forward, np.asarray(up, np.float64))
        if norm == 0 or np.linalg.norm(right) < 1e-9 * norm:
            raise ValueError("camera looks along its up direction, or stands on its target")
        forward, right = forward / norm, right / np.linalg.norm(right)
        rotation = np.stack([right, np.cross(forward, right), forward])
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3] = rotation, -rotation @ position
        return cls(_intrinsics(fov_deg, image_size_px), matrix, image_size_px)

    @classmethod
    def orbit(
        cls,
        azimuth_deg: float,
        elevation_deg: float,
        distance: float,
        fov_deg: float,
        image_size_px: tuple[int, int],
    ) -> Camera:
        """A perspective camera on a sphere around the origin, gravity up.

        Args:
            azimuth_deg: 0 stands on the +Z side and sees the front; positive values move towards +X.
            elevation_deg: 90 looks straight down.
            distance: From the origin.
            fov_deg: Vertical field of view.
            image_size_px: (width, height).
        """
        rotation = np.diag([1.0, -1.0, -1.0]) @ rotation_x(elevation_deg) @ rotation_y(-azimuth_deg)
        matrix = np.eye(4)
        matrix[:3, :3], matrix[2, 3] = rotation, distance
        return cls(_intrinsics(fov_deg, image_size_px), matrix, image_size_px)

    @property
    def world_from_camera(self) -> npt.NDArray[np.float64]:
        """The inverse of `camera_from_world`, `4 4`."""
        inverse = np.eye(4)
        inverse[:3, :3] = self.camera_from_world[:3, :3].T
        inverse[:3, 3] = -inverse[:3, :3] @ self.camera_from_world[:3, 3]
        return inverse

    @property
    def position(self) -> npt.NDArray[np.float64]:
        """Camera centre `3` in the world (for an orthographic camera: the origin of its axes)."""
        return self.world_from_camera[:3, 3]

    def project(self, points: npt.ArrayLike) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """World points `n 3` to pixels `n 2` and depth `n`. Pixels of points at depth 0 are not finite."""
        local = np.asarray(points, np.float64) @ self.camera_from_world[:3, :3].T + self.camera_from_world[:3, 3]
        depth = local[..., 2]
        plane = local[..., :2]
        if self.projection == "perspective":
            with np.errstate(divide="ignore", invalid="ignore"):
                plane = plane / depth[..., None]
        return plane @ self.intrinsics[:2, :2].T + self.intrinsics[:2, 2], depth

    def unproject(self, pixels: npt.ArrayLike, depth: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Pixels `n 2` at depth `n` to world points `n 3`; the inverse of `project`."""
        depth = np.asarray(depth, np.float64)
        inverse = np.linalg.inv(self.intrinsics[:2, :2])
        plane = (np.asarray(pixels, np.float64) - self.intrinsics[:2, 2]) @ inverse.T
        if self.projection == "perspective":
            plane = plane * depth[..., None]
        local = np.concatenate([plane, depth[..., None]], axis=-1)
        return (local - self.camera_from_world[:3, 3]) @ self.camera_from_world[:3, :3]

    def rays(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """One ray per pixel centre: origins `h w 3` and unit directions `h w 3`, world."""
        width, height = self.image_size_px
        columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
        pixels = np.stack([columns, rows], axis=-1)
        far = self.unproject(pixels, np.ones((height, width)))
        if self.projection == "perspective":
            origins = np.broadcast_to(self.position, far.shape)
            directions = far - self.position
        else:
            origins = self.unproject(pixels, np.zeros((height, width)))
            directions = np.broadcast_to(self.camera_from_world[2, :3], far.shape)
        return origins, directions / np.linalg.norm(directions, axis=-1, keepdims=True)

    def moved(self, matrix: npt.ArrayLike) -> Camera:
        """The camera that sees the same image of a world that was moved; depths grow with the world.

        Args:
            matrix: `4 4` similarity from the old world to the new one.

        Raises:
            ValueError: a matrix that mirrors or is no similarity, or an orthographic camera of a world that was scaled.
        """
        matrix = np.asarray(matrix, np.float64)
        scale = float(np.cbrt(np.linalg.det(matrix[:3, :3])))
        if not scale > 0.0:
            raise ValueError("a camera cannot follow a world that is mirrored or flat")
        if self.projection == "orthographic" and abs(scale - 1.0) > 1e-9:
            raise ValueError("an orthographic camera sees the size of its world: it cannot follow one that is scaled")
        rotation = self.camera_from_world[:3, :3] @ (matrix[:3, :3] / scale).T
        rigid = similarity(rotation, scale * self.camera_from_world[:3, 3] - rotation @ matrix[:3, 3])
        return Camera(self.intrinsics, rigid, self.image_size_px, self.projection)

    def window(self, x_px: float, y_px: float, side_px: float, size_px: int) -> Camera:
        """The camera of a square crop of the image, resampled.

        Args:
            x_px: Left edge of the crop.
            y_px: Its upper edge.
            side_px: Its side.
            size_px: Side of the resampled image.

        Raises:
            ValueError: a side or size that is not positive.
        """
        if side_px <= 0 or size_px < 1:
            raise ValueError("a window needs a positive side and size")
        zoom = size_px / side_px
        to_window = np.array([[zoom, 0.0, -zoom * x_px], [0.0, zoom, -zoom * y_px], [0.0, 0.0, 1.0]])
        return Camera(to_window @ self.intrinsics, self.camera_from_world, (size_px, size_px), self.projection)


def _intrinsics(fov_deg: float, image_size_px: tuple[int, int]) -> npt.NDArray[np.float64]:
    if not 0.0 < fov_deg < 180.0:
        raise ValueError(f"fov_deg must lie between 0 and 180, got {fov_deg}")
    width, height = image_size_px
    focal = height / (2.0 * np.tan(np.deg2rad(fov_deg) / 2.0))
    return np.array([[focal, 0.0, width / 2.0], [0.0, focal, height / 2.0], [0.0, 0.0, 1.0]])
