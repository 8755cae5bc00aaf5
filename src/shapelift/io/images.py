"""Image files to arrays: every common format and mode, with stated limits and one-line errors.

Limits: at most `MAX_PIXELS` pixels and `MAX_FILE_BYTES` on disk, at least `MIN_SIDE_PX` pixels a side. They are checked
on the header, before a single pixel is decoded, so a decompression bomb costs nothing.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["image_from_array", "image_from_pil", "load_image", "load_mask", "save_image"]

MAX_PIXELS = 64_000_000
"""Largest image that is decoded (8000 x 8000)."""

MAX_FILE_BYTES = 512 * 1024 * 1024
"""Largest file that is opened."""

MIN_SIDE_PX = 8
"""Smallest width and height in which an object can be seen at all."""

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")
"""What a folder is searched for, in lower case. A single file may have any name."""

_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP")
_READABLE = "PNG, JPEG, WebP, TIFF or BMP"


def load_image(path: str | Path) -> npt.NDArray[np.uint8]:
    """Read an image file as `h w 4` uint8 RGBA with straight alpha, upright.

    EXIF orientation is applied. 16-bit and floating-point images are scaled to 8 bits, never clipped: 16-bit by 1/257,
    wider integers and floats by their largest value where that exceeds the 16-bit (or unit) range. Palettes, grey,
    one-bit, CMYK and colour-key transparency become plain RGBA. Of an animation or a multi-page file the first picture
    counts. Images without alpha come back opaque.

    Raises:
        InputError: the file is missing, a folder, not an image, damaged, too large or too small.
    """
    path = Path(path)
    data = read_bytes(path)
    with warnings.catch_warnings():
        # Pillow describes damaged metadata in warnings of its own; the pixels decide here.
        warnings.simplefilter("ignore")
        picture = open_picture(path, data)
        check_size(str(path), picture.width, picture.height)
        try:
            return _decode(picture)
        except InputError:
            raise
        except MemoryError as error:
            raise InputError(f"{path}: not enough memory to decode this image; give a smaller copy") from error
        except Exception as error:  # decoders fail on damaged data with a dozen unrelated exception types
            raise InputError(
                f"{path}: is damaged or cut short ({_reason(error)}); copy or export the image again"
            ) from error


def image_from_pil(picture: Image.Image, name: str = "image") -> npt.NDArray[np.uint8]:
    """Turn a Pillow image of any mode into `h w 4` uint8 RGBA, by the rules of `load_image`.

    Raises:
        InputError: too large, too small, or pixels that cannot be decoded.
    """
    check_size(name, picture.width, picture.height)
    try:
        return _decode(picture)
    except Exception as error:  # the same boundary as in load_image
        raise InputError(f"{name}: cannot be read as an image ({_reason(error)})") from error


def image_from_array(array: npt.ArrayLike, name: str = "image") -> npt.NDArray[np.uint8]:
    """Turn an array `h w`, `h w 3` or `h w 4` into `h w 4` uint8 RGBA.

    uint8 is taken as it is; floats must lie in [0, 1].

    Raises:
        InputError: too large or too small.
        ValueError: another shape, type or range.
    """
    image = np.asarray(array)
    if image.ndim == 2:
        image = np.repeat(image[..., None], 3, axis=2)
    if image.ndim != 3 or image.shape[2] not in {3, 4}:
        raise ValueError(f"{name}: expected an array of shape (h, w), (h, w, 3) or (h, w, 4), got {image.shape}")
    check_size(name, image.shape[1], image.shape[0])
    if np.issubdtype(image.dtype, np.floating):
        if not np.isfinite(image).all() or image.min() < 0.0 or image.max() > 1.0:
            raise ValueError(f"{name}: floating-point images must be finite and lie in [0, 1]")
        image = np.rint(image * 255.0).astype(np.uint8)
    if image.dtype != np.uint8:
        raise ValueError(f"{name}: expected uint8 or floating-point pixels, got {image.dtype}")
    rgba = np.full((*image.shape[:2], 4), 255, np.uint8)
    rgba[..., : image.shape[2]] = image
    return rgba


def load_mask(path: str | Path) -> npt.NDArray[np.uint8]:
    """Read a mask file as `h w` uint8 coverage, 255 where the object is.

    White on black, one-bit, 0/1 labels, or an image whose transparency is the mask.

    Raises:
        InputError: as `load_image`, or nothing in it is marked.
    """
    rgba = load_image(path)
    alpha = rgba[..., 3]
    mask = alpha if alpha.min() < 128 else rgba[..., :3].max(axis=2)
    top = int(mask.max())
    if top == 0:
        raise InputError(f"{path}: the mask is empty; paint the object white on black")
    if top < 128:  # label images count 0, 1, 2, ...: everything that is marked is the object
        return np.where(mask > 0, 255, 0).astype(np.uint8)
    return mask


def save_image(path: str | Path, image: npt.NDArray[np.uint8]) -> None:
    """Write `h w 3` or `h w 4` uint8 as PNG, whole or not at all.

    Raises:
        InputError: the place cannot be written.
    """
    from PIL import Image

    from shapelift.io.atomic import write_atomically

    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(buffer, "PNG")
    write_atomically(path, buffer.getvalue())


def check_size(name: str, width: int, height: int) -> None:
    """Hold a picture of `width` x `height` pixels against the limits of this module.

    Raises:
        InputError: too large or too small.
    """
    if width * height > MAX_PIXELS:
        raise InputError(
            f"{name}: {width}x{height} pixels is over the limit of {MAX_PIXELS // 1_000_000} megapixels; "
            "give a smaller copy"
        )
    if min(width, height) < MIN_SIDE_PX:
        raise InputError(
            f"{name}: {width}x{height} pixels is too small to show an object; give at least {MIN_SIDE_PX}x{MIN_SIDE_PX}"
        )


def read_bytes(path: Path) -> bytes:
    """The bytes of an image file.

    Raises:
        InputError: missing, a folder, empty, too large, or closed to reading.
    """
    try:
        if path.is_dir():
            raise InputError(f"{path}: is a folder, not an image; name an image file in it")
        if not path.exists():
            raise InputError(f"{path}: no such file; check the name and the folder")
        if not path.is_file():
            raise InputError(f"{path}: is not a regular file; give an image file")
        size = path.stat().st_size
        if size == 0:
            raise InputError(f"{path}: is empty; copy or export the image again")
        if size > MAX_FILE_BYTES:
            raise InputError(f"{path}: is over the limit of {MAX_FILE_BYTES // 1024**2} MiB; give a smaller copy")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: cannot be read ({_reason(error)}); check its permissions") from error


def open_picture(path: Path, data: bytes) -> Image.Image:
    """The picture in bytes, its pixels not yet decoded; messages call it `path`.

    Raises:
        InputError: not an image in a known format, damaged, or a decompression bomb.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(io.BytesIO(data), formats=_FORMATS)
    except Image.DecompressionBombError as error:
        raise InputError(
            f"{path}: is over the limit of {MAX_PIXELS // 1_000_000} megapixels; give a smaller copy"
        ) from error
    except UnidentifiedImageError as error:
        raise InputError(f"{path}: is not an image in a known format; save it as {_READABLE}") from error
    except Exception as error:  # header parsers fail on damaged data with a dozen unrelated exception types
        raise InputError(f"{path}: is damaged ({_reason(error)}); copy or export the image again") from error


def _decode(picture: Image.Image) -> npt.NDArray[np.uint8]:
    from PIL import ImageOps

    picture.load()
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith(("I", "F")):
        grey = _eight_bits(np.asarray(picture))
        rgba = np.full((*grey.shape, 4), 255, np.uint8)
        rgba[..., :3] = grey[..., None]
        return rgba
    if picture.mode == "LAB":
        picture = _lab_to_rgb(picture)
    if picture.mode == "La":
        picture = picture.convert("LA")
    if picture.mode in {"HSV", "CMYK", "YCbCr"}:
        picture = picture.convert("RGB")
    return np.array(picture.convert("RGBA"), np.uint8)


def _eight_bits(values: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    """Scale integers (nominally 16-bit) or floats (nominally in [0, 1]) `h w` to 8 bits without clipping the top."""
    floating = np.issubdtype(values.dtype, np.floating)
    numbers = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    nominal = 1.0 if floating else 65535.0
    top = max(float(numbers.max()), nominal)
    return np.rint(np.clip(numbers / top, 0.0, 1.0) * 255.0).astype(np.uint8)


def _lab_to_rgb(picture: Image.Image) -> Image.Image:
    from PIL import ImageCms

    lab = ImageCms.createProfile("LAB")
    srgb = ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(picture, lab, srgb, outputMode="RGB")
    if converted is None:
        raise ValueError("colours in Lab cannot be converted")
    return converted


def _reason(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text[:120] if text else type(error).__name__
