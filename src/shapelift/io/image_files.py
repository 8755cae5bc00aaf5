"""Image files before their pixels are decoded: bytes, format, limits, and what a file is that is no image.

Limits: at most `MAX_PIXELS` pixels and `MAX_FILE_BYTES` in the file, at least `MIN_SIDE_PX` pixels a side. They are
checked on the header, before a single pixel is decoded, so a decompression bomb costs nothing. A JPEG of up to
`MAX_JPEG_PIXELS` is shrunk while it is decoded.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from shapelift.errors import Doubt, InputError

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS = 64_000_000
"""Largest image that is decoded (8000 x 8000)."""

MAX_JPEG_PIXELS = 256_000_000
"""Largest JPEG that is shrunk while it is decoded, by 2, 4 or 8."""

MAX_FILE_BYTES = 512 * 1024 * 1024
"""Largest file that is opened."""

MIN_SIDE_PX = 8
"""Smallest width and height in which an object can be seen at all."""

IMAGE_SUFFIXES = (
    ".png",
    ".jpg",
    ".jpeg",
    ".jpe",
    ".jfif",
    ".webp",
    ".avif",
    ".heic",
    ".heif",
    ".tif",
    ".tiff",
    ".bmp",
    ".gif",
)
"""What a folder is searched for, in lower case. A single file may have any name."""

_FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "TIFF", "BMP", "GIF")
_READABLE = "PNG, JPEG, WebP, AVIF, TIFF, BMP or GIF"
_DAMAGED = "is damaged or cut short; copy or export the image again"

_IMAGE_BRANDS = frozenset(
    b"ftyp" + brand
    for brand in (
        b"avif",
        b"avis",
        b"heic",
        b"heix",
        b"heim",
        b"heis",
        b"hevc",
        b"hevx",
        b"hevm",
        b"hevs",
        b"mif1",
        b"msf1",
    )
)
_ADDRESS = re.compile(r"^(https?|ftp|s3|gs|data):/*", re.IGNORECASE)

_IMAGE_MAGIC = (b"\x89PNG", b"\xff\xd8", b"RIFF", b"II*\0", b"MM\0*", b"BM", b"GIF8")
_OTHER_MAGIC = {
    b"%PDF": "is a PDF; export the page as PNG",
    b"8BPS": "is a Photoshop document; export it as PNG",
    b"\xff\x0a": "is a JPEG XL image; export it as PNG",
    b"\0\0\0\x0cJXL ": "is a JPEG XL image; export it as PNG",
    b"\0\0\0\x0cjP  ": "is a JPEG 2000 image; export it as PNG",
    b"\xff\x4f\xff\x51": "is a JPEG 2000 image; export it as PNG",
    b"PK\x03\x04": "is an archive, not an image; unpack it first",
    b"glTF": "is a 3D model, not an image; give a picture",
    b"ply": "is a 3D model, not an image; give a picture",
    b"solid ": "is a 3D model, not an image; give a picture",
}


def refuse_address(name: str | Path) -> None:
    """Check that a name is no address in the web.

    Raises:
        InputError: it is one.
    """
    found = _ADDRESS.match(str(name))
    if found:
        # A path has lost one of the two strokes of the address.
        address = f"{found[1]}://{str(name)[found.end() :]}"[:200]
        raise InputError(f"{address}: is a web address; files are read from this machine only: download it first")


def read_bytes(source: str | Path | bytes | BinaryIO, name: str | None = None) -> bytes:
    """The bytes of an image file.

    Args:
        source: A path, the bytes themselves, or a file that is open in binary mode.
        name: How messages call it; by default its path.

    Raises:
        InputError: missing, a folder, an address, empty, too large, or closed to reading.
    """
    name = name or str(source)
    data: Any
    try:
        if isinstance(source, bytes):
            data = source
        elif isinstance(source, str | Path):
            data = _file_bytes(Path(source), name)
        else:
            data = source.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None)
        raise InputError(
            f"{name}: cannot be read{f' ({reason})' if reason else ''}; check its name and permissions"
        ) from error
    if isinstance(data, str):
        raise InputError(f"{name}: is open as text; open it in binary mode")
    if not data:
        raise InputError(f"{name}: is empty; copy or export the image again")
    if len(data) > MAX_FILE_BYTES:
        raise InputError(f"{name}: is over the limit of {MAX_FILE_BYTES // 1024**2} MiB; give a smaller copy")
    return bytes(data)


def _file_bytes(path: Path, name: str) -> bytes:
    refuse_address(name)
    if path.is_dir():
        raise InputError(f"{name}: is a folder, not an image; name an image file in it")
    if not path.exists():
        raise InputError(f"{name}: no such file; check the name and the folder")
    if not path.is_file():
        raise InputError(f"{name}: is not a regular file; give an image file")
    with path.open("rb") as file:
        return file.read(MAX_FILE_BYTES + 1)


def open_picture(data: bytes, name: str) -> Image.Image:
    """The picture in bytes, its pixels not yet decoded.

    Raises:
        InputError: not an image in a known format, damaged, or a decompression bomb.
    """
    from PIL import Image, JpegImagePlugin, UnidentifiedImageError

    formats = [*_FORMATS, *_heic(data, name)]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about metadata; the pixels decide
            if data[:3] == b"\xff\xd8\xff":  # not by `Image.open`, which refuses what can still be shrunk
                return JpegImagePlugin.JpegImageFile(io.BytesIO(data))
            picture = Image.open(io.BytesIO(data), formats=formats)
    except Image.DecompressionBombError as error:
        raise InputError(
            f"{name}: is over the limit of {MAX_PIXELS // 1_000_000} megapixels; give a smaller copy"
        ) from error
    except UnidentifiedImageError as error:
        raise InputError(f"{name}: {_what_it_is(data)}") from error
    except Exception as error:  # header parsers fail on damaged data with a dozen unrelated exception types
        raise InputError(f"{name}: {_DAMAGED}") from error
    if picture.format == "TIFF" and _DNG_VERSION in getattr(picture, "tag_v2", ()):
        raise InputError(f"{name}: is the raw file of a camera; export it as PNG or JPEG")
    return picture


_DNG_VERSION = 50706


def _heic(data: bytes, name: str) -> tuple[str, ...]:
    """The decoder that a HEIC photograph needs, made known to Pillow. Raises InputError where it is not installed."""
    if data[4:12] not in _IMAGE_BRANDS or b"avi" in data[8:64]:
        return ()
    try:
        from pillow_heif import register_heif_opener
    except ImportError as error:
        raise InputError(
            f"{name}: is a HEIC photograph, which needs the package pillow-heif; "
            "pip install 'shapelift[heic]', or export it as JPEG"
        ) from error
    register_heif_opener()
    return ("HEIF",)


def _what_it_is(data: bytes) -> str:
    """What is wrong with bytes that are no image, and what to do."""
    start = data[:1024].lower()
    known = next((verdict for magic, verdict in _OTHER_MAGIC.items() if data.startswith(magic)), None)
    if known is not None:
        return known
    if b"<html" in start or b"<!doctype html" in start:
        return "is a web page, not an image; download the image itself"
    if b"<svg" in start:
        return "is an SVG drawing; export it as PNG"
    if data.startswith(_IMAGE_MAGIC) or data[4:12] in _IMAGE_BRANDS:
        return _DAMAGED
    if data[4:8] == b"ftyp":
        return "is a video, or an image in an unknown format; save a picture of it as PNG"
    return f"is not an image in a known format; save it as {_READABLE}"


def fit_to_limits(picture: Image.Image, name: str) -> tuple[Doubt, ...]:
    """Hold a picture that is not yet decoded against the limits; a large JPEG is told to decode to fewer pixels.

    Raises:
        InputError: too large or too small.
    """
    width, height = picture.size
    if picture.format != "JPEG" or not MAX_PIXELS < width * height <= MAX_JPEG_PIXELS or min(width, height) < 64:
        check_size(name, width, height)
        return ()
    factor = next(k for k in (2, 4, 8) if -(-width // k) * -(-height // k) <= MAX_PIXELS)
    picture.draft(None, (width // factor, height // factor))
    check_size(name, picture.width, picture.height)
    return (
        Doubt(
            "shrunk",
            f"{name}: {width}x{height} pixels is over the limit of {MAX_PIXELS // 1_000_000} megapixels, "
            f"so it was read at {picture.width}x{picture.height}",
        ),
    )


def check_size(name: str, width: int, height: int) -> None:
    """Hold the size of a picture against the limits of this module.

    Args:
        name: How messages call it.
        width: In pixels.
        height: In pixels.

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


@contextlib.contextmanager
def decoding(name: str) -> Iterator[None]:
    """A block in which pixels are decoded: whatever decoders raise, warn of or print becomes one line about `name`.

    Raises:
        InputError: damaged, or not enough memory.
    """
    with _quiet, warnings.catch_warnings():
        # Pillow describes damaged metadata in warnings of its own; the pixels decide here.
        warnings.simplefilter("ignore")
        try:
            yield
        except InputError:
            raise
        except MemoryError as error:
            raise InputError(f"{name}: not enough memory to decode this image; give a smaller copy") from error
        except Exception as error:  # decoders fail on damaged data with a dozen unrelated exception types
            raise InputError(f"{name}: {_DAMAGED}") from error


class _Quiet:
    """No words of C libraries on standard error: libtiff writes there, past Python. For several threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._kept: int | None = None

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._begin()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and self._kept is not None:
                os.dup2(self._kept, 2)
                os.close(self._kept)
                self._kept = None

    def _begin(self) -> None:
        try:
            if sys.stderr is not None:
                sys.stderr.flush()
            self._kept = os.dup(2)
        except (OSError, ValueError):  # there is no standard error, or it is closed
            return
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 2)
        os.close(nothing)


_quiet = _Quiet()
