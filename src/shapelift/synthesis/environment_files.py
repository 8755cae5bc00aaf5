"""Environment maps from files: which ones a data set is lit by, and how they are read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError
from shapelift.synthesis.environment import Environment

__all__ = ["EnvironmentFiles"]

SUFFIXES = (".npz", ".hdr")
_ROWS, _COLUMNS = 128, 256


@dataclass(frozen=True)
class EnvironmentFiles:
    """The maps of a folder.

    Attributes:
        paths: Files, sorted by name.
        digest: Of names and contents: the same maps have the same digest wherever they lie.
    """

    paths: tuple[str, ...]
    digest: str

    @classmethod
    def of_folder(cls, folder: str | Path) -> EnvironmentFiles:
        """The maps in a folder.

        Args:
            folder: Holds `.npz` files with one array `rgb` `h w 3`, and `.hdr` files.

        Raises:
            InputError: no such folder, or no map in it.
        """
        folder = Path(folder)
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder of environments; give one with .npz or .hdr files")
        paths = sorted((path for path in folder.iterdir() if path.suffix in SUFFIXES), key=lambda path: path.name)
        if not paths:
            raise InputError(f"{folder}: no environments in it; give a folder with .npz or .hdr files")
        digest = hashlib.sha256()
        for path in paths:
            digest.update(f"{path.name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
        return cls(tuple(map(str, paths)), digest.hexdigest()[:16])

    def __len__(self) -> int:
        """Number of maps."""
        return len(self.paths)

    def environment(self, index: int) -> Environment:
        """One of the maps, taken apart; kept for the next time.

        Raises:
            InputError: a file that is no environment map.
        """
        return read_environment(self.paths[index])

    def __str__(self) -> str:
        return f"{len(self)} maps, {self.digest}"


@lru_cache(maxsize=64)
def read_environment(path: str) -> Environment:
    """The environment in a file.

    Args:
        path: `.npz` with an array `rgb` `h w 3`, linear RGB, or `.hdr` (Radiance); twice as wide as high, frame as in
            `spheres`. Maps of other sizes than 128 x 256 are resampled to that.

    Raises:
        InputError: no readable map.
    """
    try:
        if path.endswith(".npz"):
            with np.load(path) as arrays:
                rgb = arrays["rgb"].astype(np.float32)
        else:
            rgb = _read_hdr(path)
        return Environment.of_map(_resampled(rgb))
    except (OSError, KeyError, ValueError) as error:
        what = f"no array {error}" if isinstance(error, KeyError) else error
        raise InputError(f"{path}: not an environment map ({what}); take it out of the folder") from error


def _read_hdr(path: str) -> npt.NDArray[np.float32]:
    bgr = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_ANYDEPTH | cv2.IMREAD_COLOR)
    if bgr is None:
        raise ValueError("it cannot be decoded")
    return np.ascontiguousarray(bgr[..., ::-1], np.float32)


def _resampled(rgb: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.shape[1] != 2 * rgb.shape[0]:
        raise ValueError(f"it must be h x 2h x 3, not {' x '.join(map(str, rgb.shape))}")
    if rgb.shape[:2] == (_ROWS, _COLUMNS):
        return rgb
    larger = rgb.shape[0] > _ROWS
    interpolation = cv2.INTER_AREA if larger else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(rgb, (_COLUMNS, _ROWS), interpolation=interpolation), np.float32)
