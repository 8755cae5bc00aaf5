"""Images to arrays: files of every common format and mode, bytes, arrays, tensors and Pillow images.

The limits are those of `shapelift.io.image_files`.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import numpy.typing as npt

from shapelift.errors import Doubt, InputError
from shapelift.io.image_files import check_size, decoding, fit_to_limits, open_picture, read_bytes

if TYPE_CHECKING:
    from PIL import Image

    ImageSource = str | Path | bytes | BinaryIO | npt.NDArray[Any] | Image.Image
    """An image file by path, its bytes, or a file open in binary mode; a Pillow image; an array or a tensor (NumPy,
    PyTorch) `h w`, `h w c` or `c h w` of 1, 3 or 4 channels: uint8, uint16, or floats in [0, 1]."""

__all__ = ["LoadedImage", "read_image", "save_image"]

_DEEP_PNG = (2, 4, 6)
"""Colour types of PNG with several channels."""
_SLACK = 1e-3
"""How far floats may leave [0, 1]: what an interpolation overshoots."""


@dataclass(frozen=True, eq=False)
class LoadedImage:
    """An image as it was read.

    Attributes:
        rgba: `h w 4` uint8, straight alpha, upright.
        doubts: What was chosen or changed while it was read.
    """

    rgba: npt.NDArray[np.uint8]
    doubts: tuple[Doubt, ...] = ()

    @property
    def shrunk(self) -> bool:
        """Whether it has fewer pixels than its file."""
        return any(doubt.code == "shrunk" for doubt in self.doubts)


def read_image(source: ImageSource, name: str | None = None) -> LoadedImage:
    """Read an image as `h w 4` uint8 RGBA with straight alpha, upright.

    EXIF orientation is applied. 16-bit and floating-point images are scaled to 8 bits, never clipped: 16-bit by 1/257,
    wider integers and floats by their largest value where that exceeds the 16-bit (or unit) range. Where a 16-bit image
    uses 14 bits or fewer, as cameras of 10, 12 and 14 bits write it, these are its range. Palettes, grey, one-bit, CMYK
    and colour-key transparency become plain RGBA. Of an animation or a multi-page file the first picture counts. A JPEG
    over the limit is shrunk while it is decoded. Images without alpha come back opaque.

    Args:
        source: Where the image is.
        name: How messages call it; by default its path.

    Raises:
        InputError: the file is missing, a folder, not an image, damaged, too large or too small; or an array of another
            shape, type or range.
        TypeError: something else is given.
    """
    name = name or name_of(source)
    array = as_array(source)
    if array is not None:
        return LoadedImage(*_from_array(array, name))
    picture, data, doubts = opened(source, name)
    with decoding(name):
        rgba, changed = _decode(picture, name, data)
    return LoadedImage(rgba, doubts + changed)


def save_image(path: str | Path, image: npt.NDArray[np.uint8]) -> None:
    """Write `h w 3` or `h w 4` uint8 as PNG, whole or not at all.

    Raises:
        InputError: the place cannot be written.
    """
    from shapelift.io.atomic import write_atomically

    write_atomically(path, png_bytes(image))


def save_animation(path: str | Path, frames: npt.NDArray[np.uint8], frame_s: float = 0.1) -> None:
    """Write `n h w 3` or `n h w 4` uint8 (straight alpha) as an animated WebP that begins anew without end.

    Args:
        path: The file, written whole or not at all.
        frames: At least one picture.
        frame_s: How long each stands, in seconds. Equal pictures in a row become one that stands longer.

    Raises:
        InputError: the place cannot be written.
    """
    from PIL import Image

    from shapelift.io.atomic import write_atomically

    buffer = io.BytesIO()
    first, *others = (Image.fromarray(np.ascontiguousarray(frame)) for frame in frames)
    duration_ms = round(1000.0 * frame_s)
    first.save(buffer, "WEBP", save_all=True, append_images=others, duration=duration_ms, loop=0, quality=80)
    write_atomically(path, buffer.getvalue())


def png_bytes(image: npt.NDArray[np.uint8]) -> bytes:
    """`h w 3` or `h w 4` uint8 as PNG."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(buffer, "PNG")
    return buffer.getvalue()


def name_of(source: object, otherwise: str = "image") -> str:
    """How messages call an image or a mask: its path, `standard input`, or what is said `otherwise`."""
    if isinstance(source, str | Path):
        return str(source)
    name = getattr(source, "name", None)
    if not isinstance(name, str):
        return otherwise
    return "standard input" if name == "<stdin>" else name


def opened(source: ImageSource, name: str) -> tuple[Image.Image, bytes, tuple[Doubt, ...]]:
    """The picture in a file or bytes, or a Pillow image, not yet decoded, and the bytes, where there are any.

    Raises:
        InputError: as `read_image`.
        TypeError: something else is given.
    """
    from PIL import Image

    if isinstance(source, Image.Image):
        check_size(name, source.width, source.height)
        return source, b"", ()
    if isinstance(source, np.ndarray) or not (isinstance(source, str | Path | bytes) or hasattr(source, "read")):
        raise TypeError(
            f"{name}: expected a path, bytes, an open file, an array, a tensor or a Pillow image, "
            f"not {type(source).__name__}"
        )
    data = read_bytes(source, name)
    picture = open_picture(data, name)
    with decoding(name):
        several = getattr(picture, "is_animated", False)
    first = (Doubt("first-picture", f"{name}: holds several pictures; the first one is used"),) if several else ()
    return picture, data, first + fit_to_limits(picture, name)


def as_array(source: object) -> npt.NDArray[Any] | None:
    """The array behind an array or a tensor, wherever that lies; None for anything else."""
    if hasattr(source, "getbands"):  # a Pillow image, which says more than its array
        return None
    if hasattr(source, "is_floating_point"):  # a tensor of PyTorch, which is not imported for it
        tensor: Any = source
        tensor = tensor.detach().cpu()
        return np.asarray((tensor.float() if tensor.is_floating_point() else tensor).numpy())
    return np.asarray(source) if hasattr(source, "__array__") else None


def channels_last(array: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    """An array `h w`, `h w c` or `c h w` of 1, 3 or 4 channels as `h w c`.

    Raises:
        InputError: another shape.
    """
    if array.size == 0:
        raise InputError(f"{name}: is empty; give an array with pixels")
    if array.ndim == 2:
        return array[..., None]
    if array.ndim == 3 and array.shape[2] in {1, 3, 4}:
        return array
    if array.ndim == 3 and array.shape[0] in {1, 3, 4}:
        return np.moveaxis(array, 0, 2)
    raise InputError(
        f"{name}: is an array of shape {array.shape}; give (h, w), (h, w, c) or (c, h, w) with c of 1, 3 or 4"
    )


def deep_colors(picture: Image.Image, data: bytes) -> npt.NDArray[np.uint16] | None:
    """Colours `h w 3` of a decoded image that has several channels of 16 bits, of which Pillow keeps 8; else None."""
    import cv2

    png = picture.format == "PNG" and data[24] == 16 and data[25] in _DEEP_PNG
    tiff = picture.format == "TIFF" and len(picture.getbands()) >= 3 and 16 in _bits(picture)
    if not png and not tiff:
        return None
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    size = (picture.height, picture.width)
    if found is None or found.dtype != np.uint16 or found.ndim != 3 or found.shape[:2] != size or found.shape[2] < 3:
        return None  # a layout that OpenCV does not know: the upper 8 bits have to do
    return np.ascontiguousarray(found[..., 2::-1], np.uint16)


def _bits(picture: Image.Image) -> tuple[int, ...]:
    return tuple(getattr(picture, "tag_v2", {}).get(258, ()))


def _from_array(array: npt.NDArray[Any], name: str) -> tuple[npt.NDArray[np.uint8], tuple[Doubt, ...]]:
    image = channels_last(array, name)
    check_size(name, image.shape[1], image.shape[0])
    if np.issubdtype(image.dtype, np.floating):
        if not np.isfinite(image).all() or image.min() < -_SLACK or image.max() > 1.0 + _SLACK:
            raise InputError(f"{name}: floating-point images must be finite and lie in [0, 1]; divide by their range")
        image = np.rint(np.clip(image, 0.0, 1.0) * 255.0).astype(np.uint8)
    rgba = np.full((*image.shape[:2], 4), 255, np.uint8)
    if image.dtype == np.uint16:
        colors, doubts = _eight_bits(image[..., :3], name)
        rgba[..., :3] = colors
        if image.shape[2] == 4:
            rgba[..., 3] = np.rint(image[..., 3] / 257.0)
        return rgba, doubts
    if image.dtype != np.uint8:
        raise InputError(f"{name}: expected pixels of uint8, uint16 or floating point, got {image.dtype}; convert them")
    rgba[..., :3] = image[..., :3]
    if image.shape[2] == 4:
        rgba[..., 3] = image[..., 3]
    return rgba, ()


def _decode(picture: Image.Image, name: str, data: bytes = b"") -> tuple[npt.NDArray[np.uint8], tuple[Doubt, ...]]:
    from PIL import Image, ImageOps

    picture.load()
    deep = deep_colors(picture, data) if data else None
    doubts: tuple[Doubt, ...] = ()
    if deep is not None:
        colors, doubts = _eight_bits(deep, name)
        if doubts:  # else the upper 8 bits are the picture
            alpha = np.asarray(picture.convert("RGBA"))[..., 3:]
            stretched = Image.fromarray(np.concatenate([colors, alpha], axis=2))
            stretched.getexif()[_ORIENTATION] = picture.getexif().get(_ORIENTATION, 1)
            picture = stretched
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith(("I", "F")):
        grey, doubts = _eight_bits(np.asarray(picture), name)
        rgba = np.full((*grey.shape, 4), 255, np.uint8)
        rgba[..., :3] = grey[..., None]
        return rgba, doubts
    if picture.mode == "LAB":
        picture = _lab_to_rgb(picture)
    if picture.mode == "La":
        picture = picture.convert("LA")
    if picture.mode in {"HSV", "CMYK", "YCbCr"}:
        picture = picture.convert("RGB")
    return np.array(picture.convert("RGBA"), np.uint8), doubts


_ORIENTATION = 0x0112


def _eight_bits(values: npt.NDArray[Any], name: str) -> tuple[npt.NDArray[np.uint8], tuple[Doubt, ...]]:
    """Scale integers (nominally 16-bit) or floats (nominally in [0, 1]) to 8 bits without clipping the top.

    Integers that use fewer than 15 bits have the range of 8, 10, 12 or 14 bits, and a line says so.
    """
    numbers = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    top = float(numbers.max())
    doubts: tuple[Doubt, ...] = ()
    if np.issubdtype(values.dtype, np.floating):
        top = max(top, 1.0)
    elif 0.0 < top < 2**14:
        bits = next(bits for bits in (8, 10, 12, 14) if top < 2**bits)
        top = 2.0**bits - 1.0
        doubts = (Doubt("stretched", f"{name}: its values fill {bits} bits of a wider type, so they were stretched"),)
    else:
        top = max(top, 65535.0)
    return np.rint(np.clip(numbers / top, 0.0, 1.0) * 255.0).astype(np.uint8), doubts


def _lab_to_rgb(picture: Image.Image) -> Image.Image:
    from PIL import ImageCms

    lab = ImageCms.createProfile("LAB")
    srgb = ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(picture, lab, srgb, outputMode="RGB")
    if converted is None:
        raise ValueError("colours in Lab cannot be converted")
    return converted
