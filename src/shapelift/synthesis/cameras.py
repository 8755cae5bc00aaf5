"""Where the cameras stand, how a view is framed, and the frame of a view. World here is the object frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Camera, normalizing_transform, rotation_y, similarity
from shapelift.io.records import FRAMED_MARGIN

__all__ = ["framed_camera", "random_viewpoints"]

_HIGH_PROBABILITY = 0.15
_LOW_ELEVATION_DEG = (-5.0, 40.0)
_HIGH_ELEVATION_DEG = (40.0, 60.0)
FOV_DEG = (15.0, 55.0)
_SLACK = (1.0, 1.3)
MARGIN = FRAMED_MARGIN


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """A place of the camera on a sphere around the origin; conventions of `Camera.orbit`."""

    azimuth_deg: float
    elevation_deg: float
    fov_deg: float
    distance: float


def random_viewpoints(rng: np.random.Generator, count: int, radius: float = 0.75**0.5) -> tuple[Viewpoint, ...]:
    """Viewpoints around an object inside a sphere.

    - azimuth: U[0, 360) for every view; stratified, so that the views of a shape stand all around it, shuffled.
    - elevation: U[-5, 40] with probability 0.85, else U[40, 60].
    - field of view: U[15, 55] degrees, a telephoto lens to a wide one.
    - distance: the nearest from which the sphere fits into the field of view, times U[1, 1.3].
    - no roll: gravity points down in the image, as the frame `view` promises.

    Args:
        rng: Draws all of these.
        count: Number of viewpoints.
        radius: Of the sphere, by default that around the unit cube.
    """
    strata = rng.permutation(count)
    views = []
    for stratum in strata:
        high = rng.random() < _HIGH_PROBABILITY
        fov_deg = float(rng.uniform(*FOV_DEG))
        nearest = radius / np.sin(np.deg2rad(fov_deg) / 2.0)
        views.append(
            Viewpoint(
                azimuth_deg=float((stratum + rng.random()) * 360.0 / count),
                elevation_deg=float(rng.uniform(*(_HIGH_ELEVATION_DEG if high else _LOW_ELEVATION_DEG))),
                fov_deg=fov_deg,
                distance=float(nearest * rng.uniform(*_SLACK)),
            )
        )
    return tuple(views)


def framed_camera(
    vertices: npt.ArrayLike,
    azimuth_deg: float,
    elevation_deg: float,
    fov_deg: float,
    distance: float,
    size_px: int,
    margin: float = MARGIN,
) -> Camera:
    """The camera of an orbit whose square image is fitted to the object.

    The image is the square window around the bounding box of the projected vertices, centred on it; the intrinsics hold
    the window.

    Args:
        vertices: Of the object, `n 3`.
        azimuth_deg: Where the camera stands.
        elevation_deg: Likewise.
        fov_deg: Field of view, before framing.
        distance: From the origin.
        size_px: Side of the image.
        margin: On each side, as a share of the window.

    Raises:
        ValueError: no vertices, a margin outside [0, 0.5), or a vertex behind the camera.
    """
    if not 0.0 <= margin < 0.5:
        raise ValueError(f"margin must lie in [0, 0.5), not {margin}")
    camera = Camera.orbit(azimuth_deg, elevation_deg, distance, fov_deg, (size_px, size_px))
    pixels, depth = camera.project(vertices)
    if len(depth) == 0 or depth.min() <= 0.0:
        raise ValueError("the camera must stand outside an object with at least one vertex")
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    side = float((high - low).max()) / (1.0 - 2.0 * margin)
    if side <= 0.0:
        raise ValueError("the vertices project to one point")
    corner = (low + high - side) / 2.0
    return camera.window(float(corner[0]), float(corner[1]), side, size_px)


def view_from_object(vertices: npt.ArrayLike, azimuth_deg: float) -> npt.NDArray[np.float64]:
    """The 4x4 similarity from the object frame to the frame `view` of a camera at `azimuth_deg`.

    The object, vertices `n 3`, is turned about +Y by ``-azimuth_deg``, which puts the camera above the +Z axis; then
    the bounding box of the turned vertices is centred at 0 and its longest side scaled to 1.
    """
    turn = similarity(rotation=rotation_y(-azimuth_deg))
    turned = np.asarray(vertices, np.float64) @ turn[:3, :3].T
    return normalizing_transform(turned) @ turn
