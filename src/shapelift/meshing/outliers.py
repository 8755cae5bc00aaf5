"""Points that stand alone, far from the surface that the others lie on: what sensors see and nobody scanned."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shapelift.geometry import PointCloud

NEIGHBORS = 16
"""The nearest others that a point is judged by; a quarter of the points where there are fewer than 64."""
DEVIATIONS, LEAST_DEVIATION = 6.0, 0.2
"""A point may stand so many standard deviations of the logarithm of that distance above the median; and the least that
one of them is taken to be (chance alone gives about that to points spread evenly over a surface)."""
ALONE, MOST = 3.0, 0.75
"""An outlier stands so many times farther from its neighbours than most of them, by this share, do from theirs,"""
APART = 1.0
"""or so far from them, in lengths of the cloud (twice the middle half of its points)."""

_FEWEST = 2  # neighbours: with fewer nothing is known


def lone_points(points: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Which points are outliers, by statistical outlier removal for clouds of uneven density.

    As there, a point is judged by its mean distance to its `NEIGHBORS` nearest others, and is out where that exceeds
    what is usual in the cloud by a number of standard deviations. Here these are taken of the logarithm and from the
    median absolute deviation, so that neither density nor the outliers themselves move them; and a point that exceeds
    them stays where some of its neighbours stand as far off (`ALONE`), unless no surface is seen from so far (`APART`).
    Points at the same place count once.

    Args:
        points: `n 3`, in any unit.

    Returns:
        `n`; none of fewer than eight different points.

    Source: Rusu et al., "Towards 3D Point Cloud Based Object Maps for Household Environments", 2008.
    """
    from scipy.spatial import cKDTree

    places, which = np.unique(points.astype(np.float64), axis=0, return_inverse=True)
    count = min(NEIGHBORS, len(places) // 4)
    if count < _FEWEST:
        return np.zeros(len(points), np.bool_)
    distances, neighbors = cKDTree(places).query(places, count + 1)
    away = distances[:, 1:].mean(axis=1)
    logarithm = np.log(away)
    middle = np.median(logarithm)
    deviation = max(1.4826 * float(np.median(np.abs(logarithm - middle))), LEAST_DEVIATION)
    unusual = logarithm > middle + DEVIATIONS * deviation
    alone = away > ALONE * np.quantile(away[neighbors[:, 1:]], MOST, axis=1)
    length = 2.0 * float(np.ptp(np.quantile(places, (0.25, 0.75), axis=0), axis=0).max())
    return np.asarray((unusual & (alone | (away > APART * length)))[which.ravel()])


def without_lone_points(cloud: PointCloud) -> tuple[PointCloud, int]:
    """A cloud without its `lone_points`, and how many they were."""
    out = lone_points(cloud.points)
    if not out.any():
        return cloud, 0
    normals, colors = cloud.normals, cloud.colors
    kept = PointCloud(
        cloud.points[~out],
        None if normals is None else normals[~out],
        None if colors is None else colors[~out],
    )
    return kept, int(out.sum())
