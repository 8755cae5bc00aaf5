"""Rotations and similarities as matrices. Angles are in degrees, matrices act on column vectors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]


def rotation_x(angle_deg: float) -> Matrix:
    """Rotation about +X by the right-hand rule, `3 3`."""
    c, s = _cos_sin(angle_deg)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def rotation_y(angle_deg: float) -> Matrix:
    """Rotation about +Y (up) by the right-hand rule, `3 3`: turns +Z towards +X."""
    c, s = _cos_sin(angle_deg)
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


def rotation_z(angle_deg: float) -> Matrix:
    """Rotation about +Z by the right-hand rule, `3 3`."""
    c, s = _cos_sin(angle_deg)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def similarity(
    rotation: npt.ArrayLike | None = None, translation: npt.ArrayLike | None = None, scale: float = 1.0
) -> Matrix:
    """The `4 4` matrix of ``x -> scale * rotation @ x + translation``.

    Args:
        rotation: `3 3`; None for none.
        translation: `3`; None for none.
        scale: Of lengths.
    """
    matrix = np.eye(4)
    matrix[:3, :3] = scale * (np.eye(3) if rotation is None else np.asarray(rotation, np.float64))
    if translation is not None:
        matrix[:3, 3] = np.asarray(translation, np.float64)
    return matrix


def transform_points(matrix: npt.ArrayLike, points: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Apply an affine `4 4` matrix to points `... 3`."""
    matrix = np.asarray(matrix, np.float64)
    return np.asarray(np.asarray(points, np.float64) @ matrix[:3, :3].T + matrix[:3, 3])


def normalizing_transform(points: npt.ArrayLike) -> Matrix:
    """The `4 4` similarity that centres the bounding box of points `n 3` at 0 and makes its longest side 1.

    Raises:
        ValueError: no points, or all of them in one place.
    """
    points = np.asarray(points, np.float64).reshape(-1, 3)
    if len(points) == 0:
        raise ValueError("no points to normalise")
    low, high = points.min(axis=0), points.max(axis=0)
    side = float((high - low).max())
    if not np.isfinite(side) or side <= 0.0:
        raise ValueError(f"points span a longest side of {side}: nothing to normalise")
    return similarity(translation=-(low + high) / (2.0 * side), scale=1.0 / side)


def _cos_sin(angle_deg: float) -> tuple[float, float]:
    # Whole quarter turns are exact, so that a cube turned by 90 degrees stays a cube.
    quarters, rest = divmod(float(angle_deg), 90.0)
    angle = np.deg2rad(rest)
    c, s = float(np.cos(angle)), float(np.sin(angle))
    for _ in range(int(quarters) % 4):
        c, s = -s, c
    return c + 0.0, s + 0.0
