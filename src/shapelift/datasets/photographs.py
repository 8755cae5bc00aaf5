"""What distinguishes a photograph with a mask from a render: masks cut wrongly, lenses, light, compression.

All functions work on one image: colours `3 h w` float32 in [0, 255], straight, and masks `h w` float32 in [0, 255].
Lengths are shares of the image's side, so that they mean the same at every resolution.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

MOST_BITTEN = 0.25
"""Bites that would take more of the mask than this are not taken."""


def random_paper(height: int, width: int, rng: np.random.Generator) -> Array:
    """A background `3 h w` of one random colour, or with a gradient from one to another.

    Args:
        height: Of the image [px].
        width: Likewise.
        rng: Source of randomness.
    """
    first = _color(rng)
    if rng.random() < 0.5:
        return np.broadcast_to(first, (3, height, width))
    angle = rng.uniform(0.0, 2.0 * np.pi)
    across = np.linspace(-0.5, 0.5, width, dtype=np.float32) * np.float32(np.cos(angle))
    down = np.linspace(-0.5, 0.5, height, dtype=np.float32) * np.float32(np.sin(angle))
    ramp = down[:, None] + across + np.float32(0.5)
    return np.clip(first + ramp * (_color(rng) - first), 0.0, 255.0)


def laid_on(color: Array, mask: Array, paper: Array) -> Array:
    """An object on a background `3 h w`: what a camera would see.

    Args:
        color: `3 h w` in [0, 1].
        mask: `h w` in [0, 1].
        paper: Background `3 h w` in [0, 1].
    """
    return np.asarray(paper + mask * np.float32(1.0 / 255.0) * (color - paper), np.float32)


def haloed(mask: Array, rng: np.random.Generator) -> Array:
    """A mask grown by U[0.5 %, 3 %], by as much to one side as to the other or to one side only."""
    side = min(mask.shape)
    grown = max(1, round(side * rng.uniform(0.005, 0.03)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * grown + 1, 2 * grown + 1))
    anchor = (grown, grown) if rng.random() < 0.5 else tuple(int(at) for at in rng.integers(0, 2 * grown + 1, 2))
    return np.asarray(
        cv2.dilate(mask, kernel, anchor=anchor, borderType=cv2.BORDER_CONSTANT, borderValue=0.0), np.float32
    )


def bitten(mask: Array, rng: np.random.Generator) -> Array:
    """A mask without one to three round pieces at its outline, radii U[2 %, 9 %] along two axes.

    It stays whole where the pieces would be more than MOST_BITTEN of it.
    """
    solid = (mask > 127.0).astype(np.uint8)
    rows, columns = np.nonzero(solid - cv2.erode(solid, np.ones((3, 3), np.uint8)))
    if not len(rows):
        return mask
    kept = np.full(mask.shape, 255, np.uint8)
    side = min(mask.shape)
    for at in rng.integers(0, len(rows), 1 + int(rng.integers(3))):
        axes = tuple(max(1, round(side * share)) for share in rng.uniform(0.02, 0.09, 2))
        center = (int(columns[at]), int(rows[at]))
        cv2.ellipse(kept, center, axes, rng.uniform(0.0, 180.0), 0.0, 360.0, 0, -1, cv2.LINE_AA)
    left = mask * (kept * np.float32(1.0 / 255.0))
    return left if left.sum() >= (1.0 - MOST_BITTEN) * mask.sum() else mask


def with_table(color: Array, mask: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """An object with a piece of what it stands on left in the mask: colours and mask.

    The piece is a flat ellipse or a box under the lowest 6 % of the mask, about as wide as what stands there.

    Args:
        color: `3 h w` in [0, 1].
        mask: `h w` in [0, 1].
        rng: Source of randomness.
    """
    height, width = mask.shape
    rows = np.flatnonzero((mask > 127.0).any(axis=1))
    if not len(rows):
        return color, mask
    foot = int(rows[-1])
    columns = np.flatnonzero((mask[max(0, foot - round(0.06 * height)) : foot + 1] > 127.0).any(axis=0))
    center = (
        (columns[0] + columns[-1]) / 2.0 + width * rng.uniform(-0.05, 0.05),
        foot + height * rng.uniform(-0.03, 0.03),
    )
    across = (columns[-1] - columns[0]) / 2.0 * rng.uniform(0.5, 1.3) + width * rng.uniform(0.02, 0.08)
    down = height * rng.uniform(0.015, 0.07)
    piece = np.zeros(mask.shape, np.uint8)
    x, y, half_x, half_y = (round(float(value)) for value in (*center, across, down))
    if rng.random() < 0.6:
        cv2.ellipse(piece, (x, y), (max(1, half_x), max(1, half_y)), rng.uniform(-8, 8), 0, 360, 255, -1, cv2.LINE_AA)
    else:
        cv2.rectangle(piece, (x - half_x, y - half_y), (x + half_x, y + half_y), 255, -1)
    there = piece.astype(np.float32)
    laid = laid_on(color, mask, random_paper(height, width, rng))
    return laid_on(laid, there, color), np.maximum(mask, there)


def cut_off(premultiplied: Array, rng: np.random.Generator) -> Array:
    """A premultiplied image `h w 4`, as if the border of the photograph lay a little inside that of the window.

    At every side that the object touches, a strip of U[0, 12 %] becomes empty.
    """
    mask = premultiplied[..., 3]
    height, width = mask.shape
    found = premultiplied.copy()
    for touched, strip in (
        (mask[0], np.s_[: round(height * rng.uniform(0.0, 0.12))]),
        (mask[-1], np.s_[height - round(height * rng.uniform(0.0, 0.12)) :]),
        (mask[:, 0], np.s_[:, : round(width * rng.uniform(0.0, 0.12))]),
        (mask[:, -1], np.s_[:, width - round(width * rng.uniform(0.0, 0.12)) :]),
    ):
        if touched.max() > 127.0:
            found[strip] = 0.0
    return found


def defocused(image: Array, rng: np.random.Generator) -> Array:
    """An image `h w c` behind a lens out of focus: every point a disc of radius U[0.4 %, 1.8 %], edges antialiased."""
    radius = max(0.5, min(image.shape[:2]) * rng.uniform(0.004, 0.018))
    reach = int(np.ceil(radius))
    at = np.arange(-reach, reach + 1)
    disc = np.clip(radius + 0.5 - np.hypot(at[:, None], at), 0.0, 1.0).astype(np.float32)
    return np.asarray(cv2.filter2D(image, -1, disc / disc.sum(), borderType=cv2.BORDER_REPLICATE), np.float32)


def uneven_light(height: int, width: int, strength: float, rng: np.random.Generator) -> Array:
    """A smooth factor `h w` around 1, at most about exp(strength) times brighter or darker anywhere.

    Args:
        height: Of the image [px].
        width: Likewise.
        strength: Largest logarithm of the factor, about.
        rng: Source of randomness.
    """
    coarse = rng.uniform(-strength, strength, (3, 3)).astype(np.float32)
    return np.exp(np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32))


def white_balance(strength: float, rng: np.random.Generator) -> Array:
    """Factors (3,) of red, green, blue: warm or cold by exp(U[-strength, strength]), green by a third of that."""
    warm, green = rng.uniform(-strength, strength), rng.uniform(-strength, strength) / 3.0
    return np.asarray(np.exp([warm, green, -warm]), np.float32)


def compressed(color: Array, mask: Array, rng: np.random.Generator) -> Array:
    """Colours after JPEG at quality U[30, 90], the object having stood on a background of one colour.

    Args:
        color: `3 h w` in [0, 1].
        mask: `h w` in [0, 1].
        rng: Source of randomness.
    """
    scene = laid_on(color, mask, np.broadcast_to(_color(rng), color.shape))
    quality = int(rng.integers(30, 91))
    data = cv2.imencode(
        ".jpg", cv2.merge(list(scene[::-1].clip(0.0, 255.0).astype(np.uint8))), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )[1]
    pixels = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(np.moveaxis(pixels, 2, 0)[::-1], np.float32)


def _color(rng: np.random.Generator) -> Array:
    color = rng.uniform(15.0, 245.0) + rng.normal(0.0, 25.0, (3, 1, 1))
    return np.asarray(np.clip(color, 0.0, 255.0), np.float32)
