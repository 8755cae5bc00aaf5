"""Depth maps that are stored as grey images, 8 or 16 bits or floating point."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError
from shapelift.io.images import check_size, open_picture, read_bytes

__all__ = ["load_depth"]

_GREY = ("1", "L", "I", "F", "I;16", "I;16B", "I;16L", "I;16N")


def load_depth(path: str | Path) -> npt.NDArray[np.float32]:
    """Values `h w` of a grey image as they are stored, neither scaled nor turned; not all may be finite.

    Raises:
        InputError: missing, not an image, too large or too small, in colour, or damaged.
    """
    path = Path(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about metadata; the pixels decide
        picture = open_picture(path, read_bytes(path))
        check_size(str(path), picture.width, picture.height)
        if picture.mode not in _GREY:
            raise InputError(f"{path}: has colours ({picture.mode}), which say no depth; give a grey image of depths")
        try:
            return np.asarray(picture, np.float32)
        except MemoryError as error:
            raise InputError(f"{path}: not enough memory to decode this image; give a smaller copy") from error
        except Exception as error:  # decoders fail on damaged data with a dozen unrelated exception types
            raise InputError(f"{path}: is damaged or cut short; copy or export the image again") from error


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
