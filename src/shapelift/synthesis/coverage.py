"""Whether the labels of a shape match what its images show.

Labels come from winding numbers, images from rays that meet any face: a surface that the one overlooks and the other
shows teaches a model something false. So every shape is checked after labelling: the surface seen in its depth maps
against the points of its labelled surface, and how much it encloses. What was found is kept with the record, and
doubtful shapes are flagged in the manifest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Camera
from shapelift.synthesis.labels import Labels, UnusableShapeError

NEAR = 0.02
"""A visible point is labelled where a point of the labelled surface is this close, in longest sides."""
PIXELS = 2000
"""About how many visible points are looked at, over all views."""


FLAGGED_SHARE = 0.1
"""A shape is flagged when more of its visible surface than this is unlabelled,"""
REJECTED_SHARE = 0.3
"""and rejected when more than this is."""
LEAST_ENCLOSED = 0.003
"""A shape is flagged when its volume is a smaller share of the unit cube than this."""

UNLABELLED, ENCLOSED = "unlabelled_share", "enclosed_share"
"""Names of the two shares in the metadata of a record."""

_SPACINGS = 3.2  # of points spread at random one in a thousand places is further from all than this many medians


def unlabelled_share(
    depth: npt.NDArray[np.float32], cameras: Sequence[Camera], surface: npt.NDArray[np.generic], near: float = NEAR
) -> float:
    """Share of the visible surface that lies further than `near` from the labelled one.

    About `PIXELS` covered pixels, spread evenly over all views, are put back into space; all count alike. Where the
    labelled surface has too few points for it (several thousand will do), the distance is what they can tell.

    Args:
        depth: `v h w`, z of the visible surface [object units], 0 where there is none.
        cameras: `v` cameras in the frame of the surface.
        surface: `k 3` points of the labelled surface, at least two.
        near: The distance.

    Returns:
        Between 0 and 1; 0 where nothing is visible.
    """
    from scipy.spatial import cKDTree

    view, row, column = np.nonzero(depth > 0)
    if not len(view):
        return 0.0
    chosen = np.linspace(0, len(view) - 1, min(PIXELS, len(view))).round().astype(np.intp)
    view, row, column = view[chosen], row[chosen], column[chosen]
    points = np.zeros((len(view), 3))
    for number in np.unique(view):
        of_view = view == number
        pixels = np.column_stack([column[of_view], row[of_view]]) + 0.5
        points[of_view] = cameras[number].unproject(pixels, depth[number, row[of_view], column[of_view]])
    labelled = np.asarray(surface, np.float64)
    tree = cKDTree(labelled)
    some = labelled[:: max(len(labelled) // PIXELS, 1)]
    spacing = float(np.median(tree.query(some, k=2)[0][:, 1]))
    return float((tree.query(points)[0] > max(near, _SPACINGS * spacing)).mean())


def enclosed_share(labels: Labels) -> float:
    """Volume of a shape as a share of the unit cube: of its box that share of the uniform points which is inside."""
    return float(labels.uniform_occupancy.mean() * np.ptp(labels.bounds.astype(np.float64), axis=0).prod())


def checked(labels: Labels, depth: npt.NDArray[np.float32], cameras: Sequence[Camera]) -> dict[str, str]:
    """What a record says about its labels: both shares, as text.

    Args:
        labels: Of the shape, in the object frame.
        depth: `v h w`, the depth maps of its images.
        cameras: Their `v` cameras.

    Raises:
        UnusableShapeError: too much of what the images show is not in the labels.
    """
    unlabelled = unlabelled_share(depth, cameras, labels.surface_points)
    if unlabelled > REJECTED_SHARE:
        raise UnusableShapeError(f"the labels lack {unlabelled:.0%} of the visible surface")
    return {UNLABELLED: f"{unlabelled:.4f}", ENCLOSED: f"{enclosed_share(labels):.5f}"}


def flags(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """What is doubtful about the labels of a record with this metadata, for its entry in the manifest."""
    unlabelled, enclosed = float(metadata.get(UNLABELLED, 0.0)), float(metadata.get(ENCLOSED, 1.0))
    found = []
    if unlabelled > FLAGGED_SHARE:
        found.append(f"labels lack {unlabelled:.0%} of the visible surface")
    if enclosed < LEAST_ENCLOSED:
        found.append(f"encloses {enclosed:.2%} of the unit cube")
    return tuple(found)
