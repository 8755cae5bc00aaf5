"""Functions on the sphere as equirectangular maps: directions of their pixels, look-up, and blur by a round kernel.

Row 0 of a map `h w c` looks straight up (+Y), the last one straight down. Column c looks along t = 2 pi (c + 0.5) / w -
pi, direction (sin t cos e, sin e, -cos t cos e) at elevation e: seen from inside, not mirrored, -Z in the middle, +X to
its right. In the convention of `Camera.orbit` the azimuth of a column is pi - t.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
_Kernel = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]

_ROW = 1024  # OpenCV reads places from images, whose sides are limited


def pixel_directions(height: int, width: int) -> npt.NDArray[np.float64]:
    """The unit vectors `h w 3` that the pixel centres of a map look along."""
    turn = 2.0 * np.pi * (np.arange(width) + 0.5) / width - np.pi
    elevation = _elevations(height)[:, None]
    flat = np.cos(elevation)
    return np.stack([np.sin(turn) * flat, np.broadcast_to(np.sin(elevation), (height, width)), -np.cos(turn) * flat], 2)


def solid_angles(height: int, width: int) -> npt.NDArray[np.float64]:
    """The solid angles `h w` of the pixels of a map, in steradian; they sum to 4 pi."""
    edges = np.sin(np.pi * (0.5 - np.arange(height + 1) / height))
    return np.repeat(((edges[:-1] - edges[1:]) * (2.0 * np.pi / width))[:, None], width, axis=1)


def blurred(values: npt.NDArray[np.floating], kernel: _Kernel) -> npt.NDArray[np.float64]:
    """The mean `h w c` of a map `h w c` around every direction, weighted by a function of the cosine of the angle.

    A round kernel depends on two rows and the difference of two columns, so the sum over columns is a circular
    convolution, done by Fourier transform: exact for what the map's pixels stand for.

    Args:
        values: The map.
        kernel: Weight as a function of the cosine, not negative; need not be normalised.
    """
    height, width = values.shape[:2]
    sine, cosine = np.sin(_elevations(height)), np.cos(_elevations(height))
    between = np.cos(2.0 * np.pi * np.arange(width) / width)
    weight = kernel((sine[:, None] * sine)[..., None] + (cosine[:, None] * cosine)[..., None] * between)
    weight = weight * solid_angles(height, width)[:, :1]
    weight /= weight.sum(axis=(1, 2), keepdims=True)
    spectrum = np.einsum("ijk,jkc->ikc", np.fft.rfft(weight, axis=2), np.fft.rfft(values, axis=1))
    return np.fft.irfft(spectrum, width, axis=1)


def shrunk(values: npt.NDArray[np.floating], height: int, width: int) -> npt.NDArray[np.float64]:
    """A map with fewer rows and columns, averaged by solid angle.

    Args:
        values: `h w c`.
        height: A divisor of its own.
        width: A divisor of its own.

    Raises:
        ValueError: one of them does not divide.
    """
    rows, columns, channels = values.shape
    if rows % height or columns % width:
        raise ValueError(f"a map of {rows} x {columns} pixels cannot be shrunk to {height} x {width}")
    blocks = (height, rows // height, width, columns // width)
    weight = solid_angles(rows, columns).reshape(blocks)
    total = (values.reshape(*blocks, channels) * weight[..., None]).sum(axis=(1, 3))
    mean: npt.NDArray[np.float64] = total / weight.sum(axis=(1, 3))[..., None]
    return mean


def looked_up(levels: Array, directions: Array, level: npt.NDArray[np.intp] | int = 0, turn_rad: float = 0.0) -> Array:
    """Values `n c` of maps at directions, bilinear.

    Args:
        levels: `l h w c` float32, maps of one size; c is 1, 3 or 4.
        directions: `n 3`, unit vectors.
        level: Which map, for all or each `n`.
        turn_rad: The maps are turned about +Y by this angle, from +Z towards +X.
    """
    count, height, width, channels = levels.shape
    column = np.arctan2(directions[:, 0], -directions[:, 2]) + np.float32(turn_rad + np.pi)
    column = column * np.float32(width / (2.0 * np.pi)) - np.float32(0.5)
    column -= np.floor(column * np.float32(1.0 / width)) * np.float32(width)
    row = np.arccos(np.clip(directions[:, 1], -1.0, 1.0)) * np.float32(height / np.pi) - np.float32(0.5)
    row = np.clip(row, 0.0, height - 1.0) + np.asarray(level, np.float32) * np.float32(height)
    atlas = cv2.copyMakeBorder(levels.reshape(count * height, width, channels), 0, 0, 0, 1, cv2.BORDER_WRAP)
    lines = -(-len(directions) // _ROW)
    places = np.zeros((2, lines, _ROW), np.float32)
    places[0].ravel()[: len(directions)], places[1].ravel()[: len(directions)] = column, row
    found = cv2.remap(atlas, places[0], places[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found.reshape(-1, channels)[: len(directions)], np.float32)


def _elevations(height: int) -> npt.NDArray[np.float64]:
    return np.pi * (0.5 - (np.arange(height) + 0.5) / height)
