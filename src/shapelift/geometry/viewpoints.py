"""Orthographic viewpoints around the unit cube: the published fixed sets, and random ones.

Every camera here stands at distance 1 from the origin and looks at it; one world unit is as long as the side of its
image, unless another `extent` is asked for. So the origin has depth 1 and lies in the image centre, and all of the unit
cube has a depth of 1 +- sqrt(3)/2. As published, shapes have a bounding box with a diagonal of 1 and fit into every
image; shapes with a longest side of 1 need an extent of sqrt(3) for that, if they fill the cube.

Source of the sets: Lin, Kong and Lucey, "Learning Efficient Point Cloud Generation for Dense 3D Object
Reconstruction", AAAI 2018, and the data released with it. There the world is Blender's (+Z up); a point (x, y, z) of
it is (x, z, -y) here.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from shapelift.geometry.cameras import Camera

FixedCount = Literal[4, 6, 8, 12, 20]

_Position = tuple[float, float, float]
_H = 0.5**0.5
_TETRAHEDRON: list[_Position] = [(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)]
_CUBE: list[_Position] = [*_TETRAHEDRON, (1, 1, -1), (1, -1, 1), (-1, 1, 1), (-1, -1, -1)]
# Where the cameras stand, as published: Blender's axes, in the order of the views, not normalised.
_PUBLISHED: dict[int, list[_Position]] = {
    4: _TETRAHEDRON,
    6: [(1, 0, 0), (0, -_H, _H), (0, _H, -_H), (-1, 0, 0), (0, _H, _H), (0, -_H, -_H)],
    8: _CUBE,
    12: [
        (-0.6000, 0.0, -0.8000),
        (0.4472, 0.0, -0.8944),
        (-0.0472, 0.8507, -0.5236),
        (-0.8472, 0.5257, 0.0764),
        (-0.8472, -0.5257, 0.0764),
        (-0.0472, -0.8507, -0.5236),
        (0.8472, 0.5257, -0.0764),
        (0.0472, 0.8507, 0.5236),
        (-0.4472, 0.0, 0.8944),
        (0.0472, -0.8507, 0.5236),
        (0.8472, -0.5257, -0.0764),
        (0.6000, 0.0, 0.8000),
    ],
    20: [
        (-0.9614, 0.2750, 0.0),
        (-0.5332, 0.8460, 0.0),
        (-0.8083, -0.1155, -0.5774),
        (-0.8083, -0.1155, 0.5774),
        (-0.1155, 0.8083, -0.5774),
        (-0.1155, 0.8083, 0.5774),
        (-0.2855, 0.2141, -0.9342),
        (-0.2855, 0.2141, 0.9342),
        (-0.5605, -0.7473, -0.3568),
        (-0.5605, -0.7473, 0.3568),
        (0.5605, 0.7473, -0.3568),
        (0.5605, 0.7473, 0.3568),
        (0.2855, -0.2141, -0.9342),
        (0.2855, -0.2141, 0.9342),
        (0.1155, -0.8083, -0.5774),
        (0.1155, -0.8083, 0.5774),
        (0.8083, 0.1155, -0.5774),
        (0.8083, 0.1155, 0.5774),
        (0.5332, -0.8460, 0.0),
        (0.9614, -0.2750, 0.0),
    ],
}


def fixed_cameras(count: FixedCount, size_px: int, extent: float = 1.0) -> tuple[Camera, ...]:
    """The published set of `count` viewpoints, in the published order, +Y up in every image.

    4: a tetrahedron; 6: the faces of a cube that stands on an edge; 8: the corners of a cube; 12: an icosahedron;
    20: a dodecahedron.

    Args:
        count: Number of views.
        size_px: Side of the square images.
        extent: World units along that side.

    Raises:
        ValueError: there is no set of that many views.
    """
    if count not in _PUBLISHED:
        raise ValueError(f"there are fixed sets of {', '.join(map(str, _PUBLISHED))} views, not of {count}")
    x, y, z = np.array(_PUBLISHED[count], np.float64).T
    return tuple(orthographic_camera(_upright(position), size_px, extent) for position in np.stack([x, z, -y], axis=-1))


def random_cameras(count: int, size_px: int, rng: np.random.Generator, extent: float = 1.0) -> tuple[Camera, ...]:
    """Cameras uniform on the sphere, with uniform roll: their rotations are uniform.

    Args:
        count: Number of views.
        size_px: Side of the square images.
        rng: Source of randomness.
        extent: World units along the side of the images.
    """
    quaternions = rng.standard_normal((count, 4))  # a direction uniform in four dimensions is a uniform rotation
    quaternions /= np.linalg.norm(quaternions, axis=1, keepdims=True)
    return tuple(orthographic_camera(_placed(_rotation(quaternion)), size_px, extent) for quaternion in quaternions)


def orthographic_camera(camera_from_world: npt.ArrayLike, size_px: int, extent: float = 1.0) -> Camera:
    """A camera of this module's kind from its rigid transform, with a square image.

    Args:
        camera_from_world: `4 4`.
        size_px: Side of the image.
        extent: World units along that side.
    """
    half, focal = size_px / 2.0, size_px / extent
    intrinsics = np.array([[focal, 0.0, half], [0.0, focal, half], [0.0, 0.0, 1.0]])
    return Camera(intrinsics, np.asarray(camera_from_world, np.float64), (size_px, size_px), "orthographic")


def _placed(rotation: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[2, 3] = rotation, 1.0
    return matrix


def _upright(position: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    backward = position / np.linalg.norm(position)
    right = np.cross((0.0, 1.0, 0.0), backward)
    right /= np.linalg.norm(right)
    return _placed(np.stack([right, np.cross(right, backward), -backward]))


def _rotation(quaternion: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    a, b, c, d = quaternion
    return np.array(
        [
            [1 - 2 * (c * c + d * d), 2 * (b * c - a * d), 2 * (a * c + b * d)],
            [2 * (b * c + a * d), 1 - 2 * (b * b + d * d), 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (a * b + c * d), 1 - 2 * (b * b + c * c)],
        ]
    )
