"""Depth maps that are stored as grey images, 8 or 16 bits or floating point."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError
from shapelift.io.image_files import check_size, decoding, open_picture, read_bytes

__all__ = ["load_depth"]

_GREY = ("1", "L", "I", "F", "I;16", "I;16B", "I;16L", "I;16N")


def load_depth(path: str | Path) -> npt.NDArray[np.float32]:
    """Values `h w` of a grey image as they are stored, neither scaled nor turned; not all may be finite.

    Raises:
        InputError: missing, not an image, too large or too small, in colour, or damaged.
    """
    name = str(path)
    picture = open_picture(read_bytes(path), name)
    check_size(name, picture.width, picture.height)
    if picture.mode not in _GREY:
        raise InputError(f"{path}: has colours ({picture.mode}), which say no depth; give a grey image of depths")
    with decoding(name):
        return np.asarray(picture, np.float32)


def save_depth(path: str | Path, depth: npt.NDArray[np.uint16]) -> None:
    """Write `h w` as a grey PNG of 16 bits, whole or not at all.

    Raises:
        InputError: the place cannot be written.
    """
    from PIL import Image

    from shapelift.io.atomic import write_atomically

    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(depth, np.uint16)).save(buffer, "PNG")
    write_atomically(path, buffer.getvalue())
