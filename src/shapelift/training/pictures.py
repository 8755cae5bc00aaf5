"""A glance at a run: input, prediction and truth side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shapelift.geometry.pointclouds import PointCloud
from shapelift.io.atomic import atomic_path
from shapelift.pictures.shading import PAPER, render_points

_SIDES_DEG: tuple[tuple[float, float], ...] = ((30.0, 20.0), (210.0, 20.0))
"""Azimuth and elevation of the two sides every shape is shown from."""


@dataclass(frozen=True, eq=False)
class PreviewRow:
    """One line of the picture.

    Attributes:
        image: the network's input, `c h w` float32 in [0, 1], c >= 3, of which the first three are RGB.
        prediction: surface with normals in the frame of the prediction, or None where it came out empty.
        truth: surface with normals in the same frame.
    """

    image: npt.NDArray[np.float32]
    prediction: PointCloud | None
    truth: PointCloud


def grid(rows: Sequence[PreviewRow], *, size_px: int = 96) -> npt.NDArray[np.uint8]:
    """Rows of five tiles: input, prediction from two sides (blue), truth from the same two sides (grey).

    Returns:
        RGB picture `len(rows) * size_px, 5 * size_px, 3`.
    """
    lines = []
    for row in rows:
        tiles = [_input_tile(row.image, size_px)]
        for cloud, color in ((row.prediction, (120, 170, 235)), (row.truth, (205, 205, 205))):
            for azimuth_deg, elevation_deg in _SIDES_DEG:
                if cloud is None:
                    tiles.append(np.full((size_px, size_px, 3), PAPER, np.uint8))
                else:
                    tiles.append(render_points(cloud, azimuth_deg, elevation_deg, size_px, color=color))
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
