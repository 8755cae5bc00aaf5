"""A glance at a run: input, prediction and truth side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shapelift.geometry.pointclouds import PointCloud
from shapelift.geometry.rotations import rotation_x, rotation_y
from shapelift.io.atomic import atomic_path

SIDES_DEG: tuple[tuple[float, float], ...] = ((30.0, 20.0), (210.0, 20.0))
"""Azimuth and elevation of the two sides every shape is shown from."""

_LIGHT = np.array([0.35, 0.55, 0.76])
_PAPER = 255


@dataclass(frozen=True, eq=False)
class Row:
    """One line of the picture.

    Attributes:
        image: the network's input, `c h w` float32 in [0, 1], c >= 3, of which the first three are RGB.
        prediction: surface with normals in the frame of the prediction, or None where it came out empty.
        truth: surface with normals in the same frame.
    """

    image: npt.NDArray[np.float32]
    prediction: PointCloud | None
    truth: PointCloud


def shade(
    cloud: PointCloud, azimuth_deg: float, elevation_deg: float, size_px: int, *, color: tuple[int, int, int]
) -> npt.NDArray[np.uint8]:
    """A surface sampled by points with normals, drawn as small lit discs in a parallel projection of the unit cube.

    Points that look away from the viewer are left out, nearer points hide farther ones, and a disc is 3 pixels wide:
    about `2 * size_px ** 2` points cover a surface.

    Returns:
        RGB picture `size_px size_px 3` on white.
    """
    if cloud.normals is None:
        raise ValueError("only a cloud with normals can be shaded")
    view = rotation_x(elevation_deg) @ rotation_y(-azimuth_deg)
    points, normals = cloud.points @ view.T, cloud.normals @ view.T
    seen = normals[:, 2] > 0.0
    points, normals = points[seen], normals[seen]
    # The cube's diagonal is 1.73 long; 1.3 shows all but extreme corners of it and wastes little.
    column = (points[:, 0] / 1.3 + 0.5) * size_px
    line = (0.5 - points[:, 1] / 1.3) * size_px
    light = 0.25 + 0.75 * np.clip(normals @ (_LIGHT / np.linalg.norm(_LIGHT)), 0.0, 1.0)
    colors = (np.array(color) * light[:, None]).astype(np.uint8)
    order = np.argsort(points[:, 2], kind="stable")
    column, line, colors = column[order], line[order], colors[order]
    canvas = np.full((size_px, size_px, 3), _PAPER, np.uint8)
    nearest = np.full((size_px, size_px), -1, np.int64)
    for shift_y in (-1, 0, 1):
        for shift_x in (-1, 0, 1):
            x, y = (column + shift_x).astype(np.int64), (line + shift_y).astype(np.int64)
            inside = np.flatnonzero((x >= 0) & (x < size_px) & (y >= 0) & (y < size_px))
            # Points are sorted from far to near: the highest number is the nearest.
            np.maximum.at(nearest, (y[inside], x[inside]), inside)
    hit = nearest >= 0
    canvas[hit] = colors[nearest[hit]]
    return canvas


def grid(rows: Sequence[Row], *, size_px: int = 96) -> npt.NDArray[np.uint8]:
    """Rows of five tiles: input, prediction from two sides (blue), truth from the same two sides (grey).

    Returns:
        RGB picture `len(rows) * size_px, 5 * size_px, 3`.
    """
    lines = []
    for row in rows:
        tiles = [_input_tile(row.image, size_px)]
        for cloud, color in ((row.prediction, (120, 170, 235)), (row.truth, (205, 205, 205))):
            for azimuth_deg, elevation_deg in SIDES_DEG:
                if cloud is None:
                    tiles.append(np.full((size_px, size_px, 3), _PAPER, np.uint8))
                else:
                    tiles.append(shade(cloud, azimuth_deg, elevation_deg, size_px, color=color))
        lines.append(np.concatenate(tiles, axis=1))
    return np.concatenate(lines, axis=0)


def write_png(path: Path, pixels: npt.NDArray[np.uint8]) -> None:
    """Write an RGB picture `h w 3` as PNG, atomically."""
    from PIL import Image

    with atomic_path(path) as temporary:
        Image.fromarray(pixels).save(temporary, format="PNG")


def _input_tile(image: npt.NDArray[np.float32], size_px: int) -> npt.NDArray[np.uint8]:
    import cv2

    pixels = np.ascontiguousarray(np.clip(image[:3], 0.0, 1.0).transpose(1, 2, 0))
    smaller = image.shape[1] > size_px
    tile = cv2.resize(pixels, (size_px, size_px), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    return np.asarray(tile * 255.0 + 0.5, np.uint8)
