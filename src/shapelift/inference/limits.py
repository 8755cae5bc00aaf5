"""What a reconstruction may ask for, checked before any work is done."""

from __future__ import annotations

import math

from shapelift.errors import InputError
from shapelift.io.memory import available_bytes, megabytes

MIN_RESOLUTION, MAX_RESOLUTION = 16, 512
"""Cells per side of the grid on which a surface is looked for."""

MIN_SIZE_MM, MAX_SIZE_MM = 1.0, 10_000.0
"""Longest side of a printable model."""

_MAX_THREADS = 256

_MAX_SAMPLES = 64
"""Most hypotheses of one picture."""

_MAX_SEED = (1 << 63) - 1

_FEWEST_FACES, _MOST_FACES = 4, 10_000_000
_PREVIEW_PX = (16, 2048)
_FRAMES = (2, 360)

_BASE_BYTES = 150 * 1024**2
_BYTES_PER_NODE = 12
_BYTES_PER_SURFACE_CELL = 500


def check_resolution(resolution: int) -> None:
    """Check the resolution of a mesh.

    Raises:
        InputError: it is out of range, or needs more memory than there is.
    """
    if not MIN_RESOLUTION <= resolution <= MAX_RESOLUTION:
        raise InputError(f"`resolution` {resolution}: out of range; give {MIN_RESOLUTION} to {MAX_RESOLUTION}")
    needed, free = needed_bytes(resolution), available_bytes()
    if free is not None and needed > free:
        raise InputError(
            f"`resolution` {resolution}: needs about {megabytes(needed)} MB of memory and {megabytes(free)} MB "
            "are free; give a lower resolution"
        )


def check_size_mm(size_mm: float | None) -> None:
    """Check the longest side of a result; None is none asked for.

    Raises:
        InputError: it is no sensible length.
    """
    if size_mm is None:
        return
    if not math.isfinite(size_mm) or not MIN_SIZE_MM <= size_mm <= MAX_SIZE_MM:
        raise InputError(f"`size_mm` {size_mm:g}: out of range; give {MIN_SIZE_MM:g} to {MAX_SIZE_MM:g} millimetres")


def check_faces(faces: int | None) -> None:
    """Check a budget of triangles; None is none.

    Raises:
        InputError: it is out of range.
    """
    if faces is not None and not _FEWEST_FACES <= faces <= _MOST_FACES:
        raise InputError(f"`faces` {faces}: out of range; give {_FEWEST_FACES} to {_MOST_FACES}")


def check_preview_px(size_px: int) -> None:
    """Check the side of a preview.

    Raises:
        InputError: it is out of range.
    """
    if not _PREVIEW_PX[0] <= size_px <= _PREVIEW_PX[1]:
        raise InputError(f"`size_px` {size_px}: out of range; give {_PREVIEW_PX[0]} to {_PREVIEW_PX[1]}")


def check_frames(frames: int) -> None:
    """Check a number of pictures of a turn.

    Raises:
        InputError: it is out of range.
    """
    if not _FRAMES[0] <= frames <= _FRAMES[1]:
        raise InputError(f"`frames` {frames}: out of range; give {_FRAMES[0]} to {_FRAMES[1]}")


def check_threads(threads: int | None) -> None:
    """Check a number of threads; None is all cores.

    Raises:
        InputError: it is out of range.
    """
    if threads is not None and not 1 <= threads <= _MAX_THREADS:
        raise InputError(f"`threads` {threads}: out of range; give 1 to {_MAX_THREADS}")


def check_samples(samples: int) -> None:
    """Check a number of hypotheses.

    Raises:
        InputError: it is out of range.
    """
    if not 1 <= samples <= _MAX_SAMPLES:
        raise InputError(f"`samples` {samples}: out of range; give 1 to {_MAX_SAMPLES}")


def check_seed(seed: int) -> None:
    """Check a seed.

    Raises:
        InputError: it is negative, or too large.
    """
    if not 0 <= seed <= _MAX_SEED:
        raise InputError(f"`seed` {seed}: out of range; give a whole number from 0")


def needed_bytes(resolution: int) -> int:
    """Upper estimate of the memory that a mesh at `resolution` takes.

    Node values and the masks of the sampler grow with the cube, triangles and their clean-up with the square. Measured
    for an ellipsoid: 139 MB at 128, 298 MB at 256 and 1,550 MB at 512; a shape with four times its surface fits too.
    """
    nodes = (resolution + 1) ** 3
    return _BASE_BYTES + nodes * _BYTES_PER_NODE + 6 * resolution**2 * _BYTES_PER_SURFACE_CELL
