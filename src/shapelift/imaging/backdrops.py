"""Plain and softly shaded backgrounds: recognise them by the border of the picture and key them out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

PLAIN_SHARE = 0.8
"""At least this share of the border must agree with one smooth backdrop; the object may cover the rest."""

PLAIN_SPREAD = 5.0
"""Largest spread (robust sigma, CIE Lab units) of the border around the backdrop that still counts as plain."""

_MINIMUM_TOLERANCE = 7.0
_MAXIMUM_TOLERANCE = 16.0
_FINEST_TOLERANCE = 2.0
_CONTRAST = 7.0
"""By how much more than the tolerance most of an object's rim differs from the backdrop, if it stands out."""
_RIM_SHARE = 0.2
_MORE_SHARE = 0.05
_ABRUPT = 4.5


@dataclass(frozen=True, eq=False)
class Keyed:
    """What is not backdrop.

    Attributes:
        coverage: `h w` uint8, 0 everywhere if there is nothing but backdrop.
        faint: Whether a fifth of its rim or a part of it hardly differs from the backdrop, so that more may be missing.
    """

    coverage: npt.NDArray[np.uint8]
    faint: bool


def key_out(rgb: npt.NDArray[np.uint8]) -> Keyed | None:
    """The object in front of a plain backdrop.

    The backdrop is a quadratic in x and y per Lab channel (flat paper, a lit wall, a studio sweep), fitted to the
    border by trimmed least squares. What differs from it is object; so is everything that cannot be reached from the
    border, except pockets that show the backdrop itself (between the slats of a chair). Edges are soft. Where the
    object or a part of it hardly stands out and the backdrop is clean, smaller differences count.

    Args:
        rgb: `h w 3` uint8.

    Returns:
        What was found, or None where the background is not plain.
    """
    import cv2

    lab = np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB), np.float32)
    border = border_band(lab.shape[0], lab.shape[1])
    fit = _fit(lab, border)
    if fit is None:
        return None
    coefficients, spread = fit
    tolerance = float(np.clip(4.0 * spread, _MINIMUM_TOLERANCE, _MAXIMUM_TOLERANCE))
    difference = np.linalg.norm(lab - _terms(lab.shape[0], lab.shape[1]) @ coefficients, axis=2).astype(np.float32)
    coverage = _cut(difference, border, tolerance)
    faint = _is_faint(coverage, difference, tolerance)
    finer = max(_FINEST_TOLERANCE, 6.0 * spread)
    if finer < tolerance:
        more = _cut(difference, border, finer)
        if _has_more(more, coverage, difference, 1.5 * finer if faint else max(_ABRUPT, 1.5 * finer)):
            return Keyed(more, faint=True)
    return Keyed(coverage, faint)


def _cut(difference: npt.NDArray[np.float32], border: npt.NDArray[np.bool_], tolerance: float) -> npt.NDArray[np.uint8]:
    background = _reached(difference < tolerance, border) | _pockets(difference, tolerance)
    return _softened(background, difference, tolerance)


def _is_faint(coverage: npt.NDArray[np.uint8], difference: npt.NDArray[np.float32], tolerance: float) -> bool:
    import cv2

    solid = (coverage >= 128).astype(np.uint8)
    rim = solid > cv2.erode(solid, np.ones((3, 3), np.uint8))
    if not rim.any():
        return True
    nearby = cv2.dilate(difference * solid, np.ones((7, 7), np.uint8))
    return float(np.quantile(nearby[rim], _RIM_SHARE)) < tolerance + _CONTRAST


def border_band(height: int, width: int) -> npt.NDArray[np.bool_]:
    """Pixels `h w` of the border of a picture, 2 % of its shorter side wide."""
    band = max(2, round(0.02 * min(height, width)))
    border = np.ones((height, width), np.bool_)
    border[band : height - band, band : width - band] = False
    return border


def _terms(height: int, width: int) -> npt.NDArray[np.float32]:
    """The six terms of a quadratic at every pixel, `h w 6`; x and y run over [-1, 1]."""
    y, x = np.meshgrid(
        np.linspace(-1.0, 1.0, height, dtype=np.float32), np.linspace(-1.0, 1.0, width, dtype=np.float32), indexing="ij"
    )
    return np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=-1)


def _fit(lab: npt.NDArray[np.float32], border: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.float32], float] | None:
    """Coefficients `6 3` and spread of the backdrop, or None where the border does not agree on one."""
    terms = _terms(*border.shape)[border].astype(np.float64)
    colours = lab[border].astype(np.float64)
    # Start from the commonest colour: the middle of the border may lie on an object that runs out of the picture.
    distance = np.linalg.norm(colours - np.median(colours, axis=0), axis=1)
    coefficients = np.zeros((6, 3))
    for _ in range(6):
        inliers = distance <= np.quantile(distance, PLAIN_SHARE)
        coefficients = np.linalg.lstsq(terms[inliers], colours[inliers], rcond=None)[0]
        distance = np.linalg.norm(colours - terms @ coefficients, axis=1)
    spread = float(np.quantile(distance, PLAIN_SHARE)) / 1.8  # the 80 % point of a 3D Gaussian's length is 2.15 sigma
    if spread > PLAIN_SPREAD:
        return None
    return coefficients.astype(np.float32), spread


def _reached(like: npt.NDArray[np.bool_], border: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The part of `like` that is connected to the border."""
    import cv2

    count, labels = cv2.connectedComponents(like.astype(np.uint8), connectivity=4)
    touches = np.zeros(count, np.bool_)
    touches[np.unique(labels[border])] = True
    touches[0] = False
    return np.asarray(touches[labels])


def _pockets(difference: npt.NDArray[np.float32], tolerance: float) -> npt.NDArray[np.bool_]:
    """Enclosed regions that show the backdrop: they match it more closely than a similar paint would."""
    import cv2

    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        (difference < tolerance).astype(np.uint8), connectivity=4
    )
    sums = np.bincount(labels.ravel(), weights=difference.ravel(), minlength=count)
    sizes = np.maximum(stats[:, cv2.CC_STAT_AREA], 1)
    pocket = (sums / sizes < 0.35 * tolerance) & (sizes >= max(12, difference.size // 10_000))
    pocket[0] = False
    return np.asarray(pocket[labels])


def _has_more(
    more: npt.NDArray[np.uint8],
    coverage: npt.NDArray[np.uint8],
    difference: npt.NDArray[np.float32],
    abrupt: float,
) -> bool:
    """Whether a finer cut finds `more` that ends abruptly, as an object does and a shadow does not.

    Most of its rim differs from the backdrop by more than `abrupt` within three pixels.
    """
    import cv2

    known = cv2.dilate((coverage >= 128).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    solid = (more >= 128).astype(np.uint8)
    added = (solid > 0) & ~known
    rim = added & (cv2.erode(solid, np.ones((3, 3), np.uint8)) == 0)
    if added.sum() < _MORE_SHARE * known.sum() or not rim.any():
        return False
    nearby = cv2.dilate(difference * added, np.ones((7, 7), np.uint8))
    return float(np.median(nearby[rim])) > abrupt


def _softened(
    background: npt.NDArray[np.bool_], difference: npt.NDArray[np.float32], tolerance: float
) -> npt.NDArray[np.uint8]:
    """Coverage with a one-pixel ramp: edge pixels mix object and backdrop, and their difference says how much."""
    import cv2

    solid = (~background).astype(np.uint8)
    solid = cv2.morphologyEx(solid, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)) if min(solid.shape) > 64 else solid
    kernel = np.ones((3, 3), np.uint8)
    edge = cv2.dilate(solid, kernel) != cv2.erode(solid, kernel)
    inner = cv2.dilate(np.where(edge, 0.0, difference * solid).astype(np.float32), np.ones((5, 5), np.uint8))
    mixed = np.clip(difference / np.maximum(inner, 2.0 * tolerance), 0.0, 1.0)
    return np.asarray(np.rint(np.where(edge, mixed, solid) * 255.0), np.uint8)
