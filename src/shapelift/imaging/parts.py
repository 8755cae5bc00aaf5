"""Connected parts of a mask: specks are dropped, one of several objects is chosen."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError

OPAQUE = 128
"""Coverage from here on counts as the object (one half)."""

WORKING_SIDE_PX = 1024
"""Longest side of the copy in which parts are looked for."""

_SIMILAR = 0.4
"""Parts of at least this share of the largest one's area are about as large."""

_FAINT = 8
_SMALLEST = 0.02


def shrunk_to(image: npt.NDArray[np.uint8], side_px: int) -> npt.NDArray[np.uint8]:
    """A copy with a longest side of `side_px`, or the image itself where that is no longer."""
    height, width = image.shape[:2]
    scale = side_px / max(height, width)
    if scale >= 1.0:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def without_specks(coverage: npt.NDArray[np.uint8], share: float) -> npt.NDArray[np.uint8]:
    """Drop connected parts smaller than `share` of the largest. Returns `coverage` itself where nothing is dropped."""
    small = shrunk_to(coverage, WORKING_SIDE_PX)
    count, labels = cv2.connectedComponents((small >= _FAINT).astype(np.uint8), connectivity=8)
    if count <= 2:
        return coverage
    # What a part covers, not how many pixels it touches: a wide but faint glow is no object.
    areas = np.bincount(labels.ravel(), weights=small.ravel(), minlength=count)
    areas[0] = 0.0
    keep = areas >= share * areas.max()
    if keep[1:].all():
        return coverage
    kept = (keep & (np.arange(count) > 0))[labels].astype(np.uint8)
    # A kept part may reach a little further at full size than in the small copy.
    reach = 0 if small.shape == coverage.shape else 1
    return _within(coverage, kept, reach)


def similar_parts(coverage: npt.NDArray[np.uint8]) -> int:
    """How many parts are about as large as the largest one, itself included; 0 without any."""
    _, areas = _parts(coverage)
    return sum(area >= _SIMILAR * areas[0] for area in areas)


def chosen_part(coverage: npt.NDArray[np.uint8], number: int, name: str) -> npt.NDArray[np.uint8]:
    """The part with a number; parts of one size count from left to right.

    Args:
        coverage: `h w` uint8, 255 where the objects are.
        number: 1 for the largest.
        name: How messages call the image.

    Raises:
        InputError: there are not so many parts.
    """
    labels, areas = _parts(coverage)
    if not 1 <= number <= len(areas):
        shown = "1 part" if len(areas) == 1 else f"{len(areas)} parts"
        raise InputError(f"`object_number` {number}: {name} shows {shown}; give 1 to {len(areas)}, 1 for the largest")
    # Its soft edge belongs to it, and nothing of another part.
    near = cv2.dilate((labels == number).astype(np.uint8), np.ones((5, 5), np.uint8))
    return _within(coverage, np.where((labels > 0) & (labels != number), 0, near).astype(np.uint8), 0)


def _parts(coverage: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.int32], list[float]]:
    """The number of the part at every pixel of a small copy, 0 for none, and the areas, largest first."""
    solid = (shrunk_to(coverage, WORKING_SIDE_PX) >= OPAQUE).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    found = [
        (-float(stats[part, cv2.CC_STAT_AREA]), int(stats[part, cv2.CC_STAT_LEFT]), part) for part in range(1, count)
    ]
    ordered = [one for one in sorted(found) if one[0] <= _SMALLEST * min(found)[0]] if found else []
    numbers = np.zeros(count, np.int32)
    for number, (_, _, part) in enumerate(ordered, start=1):
        numbers[part] = number
    return numbers[labels], [-area for area, _, _ in ordered]


def _within(coverage: npt.NDArray[np.uint8], kept: npt.NDArray[np.uint8], reach: int) -> npt.NDArray[np.uint8]:
    """Coverage where `kept`, which may be smaller and is then widened by `reach` of its pixels, is 1; 0 elsewhere."""
    if reach:
        kept = np.asarray(cv2.dilate(kept, np.ones((2 * reach + 1,) * 2, np.uint8)), np.uint8)
    if kept.shape != coverage.shape:
        kept = np.asarray(cv2.resize(kept, coverage.shape[::-1], interpolation=cv2.INTER_NEAREST), np.uint8)
    return np.asarray(coverage * kept, np.uint8)
