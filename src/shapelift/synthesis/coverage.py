"""Whether the labels of a shape match what its images show.

Labels come from winding numbers, images from rays that meet any face: a surface that the one overlooks and the other
shows teaches a model something false. So every shape is checked after labelling: the surface seen in its depth maps
against the solid that the labels are taken from, and how much it encloses. What was found is kept with the record, and
doubtful shapes are flagged in the manifest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Camera
from shapelift.synthesis.labels import Labels, UnusableShapeError
from shapelift.synthesis.occupancy import Solid
from shapelift.synthesis.renderer import View

_NEAR = 0.02
"""How far from a visible point the labelled surface may be, in longest sides."""
_PIXELS = 2000
"""About how many visible points are looked at, over all views."""

_FLAGGED_SHARE = 0.1
"""A shape is flagged when more of its visible surface than this is unlabelled,"""
_REJECTED_SHARE = 0.3
"""and rejected when more than this is."""
_LEAST_ENCLOSED = 0.003
"""A shape is flagged when its volume is a smaller share of the unit cube than this."""

UNLABELLED, ENCLOSED, COARSE = "unlabelled_share", "enclosed_share", "coarse_sheets"
"""Names of the two shares in the metadata of a record, and of what says that its sheets were found coarsely."""

LACKS = "lacks "
"""How a flag begins that says what the file of a shape names and does not have."""

_STEPS = np.array([1.0, 0.6, 0.35, 0.15, 0.05, -0.05, -0.15, -0.35, -0.6, -1.0])  # from the front to the back
_FIRST = (4, 5)  # the steps that decide most points


def unlabelled_share(
    contains: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.bool_]],
    depth: npt.NDArray[np.float32],
    normals: npt.NDArray[np.floating],
    cameras: Sequence[Camera],
    near: float = _NEAR,
) -> float:
    """Share of the visible surface that the labelled solid does not have.

    About `PIXELS` covered pixels, spread evenly over all views, are put back into space; all count alike. A point is
    labelled where the line through it along its normal, from `near` in front to `near` behind, goes from empty space
    into the solid. So a sheet that is in no label counts, and so does the inner wall of a bowl that is labelled full.

    Args:
        contains: Whether points `n 3` in the object frame are inside, `n`.
        depth: `v h w`, z of the visible surface [object units], 0 where there is none.
        normals: `v h w 3`, unit, facing the camera, object frame.
        cameras: `v` cameras in the object frame.
        near: The distance.

    Returns:
        Between 0 and 1; 0 where nothing is visible.
    """
    view, row, column = np.nonzero(depth > 0)
    if not len(view):
        return 0.0
    chosen = np.linspace(0, len(view) - 1, min(_PIXELS, len(view))).round().astype(np.intp)
    view, row, column = view[chosen], row[chosen], column[chosen]
    points = np.zeros((len(view), 3))
    for number in np.unique(view):
        of_view = view == number
        pixels = np.column_stack([column[of_view], row[of_view]]) + 0.5
        points[of_view] = cameras[number].unproject(pixels, depth[number, row[of_view], column[of_view]])
    along = normals[view, row, column].astype(np.float64) * near
    front, back = (contains(points + _STEPS[step] * along) for step in _FIRST)
    rest = np.flatnonzero(front | ~back)
    if not len(rest):
        return 0.0
    inside = contains((points[rest] + _STEPS[:, None, None] * along[rest]).reshape(-1, 3)).reshape(len(_STEPS), -1)
    emerged = np.maximum.accumulate(~inside, axis=0)
    return float((~(emerged & inside).any(axis=0)).sum() / len(points))


def enclosed_share(labels: Labels) -> float:
    """Volume of a shape as a share of the unit cube: of its box that share of the uniform points which is inside."""
    return float(labels.uniform_occupancy.mean() * np.ptp(labels.bounds.astype(np.float64), axis=0).prod())


def checked(solid: Solid, labels: Labels, views: Sequence[View], cameras: Sequence[Camera]) -> dict[str, str]:
    """What a record says about its labels: both shares and whether its sheets are coarse, as text.

    Args:
        solid: The shape, in the object frame.
        labels: Taken from it.
        views: Its images.
        cameras: Theirs.

    Raises:
        UnusableShapeError: too much of what the images show is not in the labels.
    """
    depth, normals = np.stack([view.depth for view in views]), np.stack([view.normals for view in views])
    unlabelled = unlabelled_share(solid.contains, depth, normals, cameras)
    if unlabelled > _REJECTED_SHARE:
        raise UnusableShapeError(f"the labels lack {unlabelled:.0%} of the visible surface")
    found = {UNLABELLED: f"{unlabelled:.4f}", ENCLOSED: f"{enclosed_share(labels):.5f}"}
    return found | ({COARSE: "yes"} if solid.sheets is not None and solid.sheets.coarse else {})


def flags(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """What is doubtful about a record with this metadata, for its entry in the manifest."""
    unlabelled, enclosed = float(metadata.get(UNLABELLED, 0.0)), float(metadata.get(ENCLOSED, 1.0))
    found = []
    if unlabelled > _FLAGGED_SHARE:
        found.append(f"labels lack {unlabelled:.0%} of the visible surface")
    if enclosed < _LEAST_ENCLOSED:
        found.append(f"encloses {enclosed:.2%} of the unit cube")
    if metadata.get("lacks"):
        found.append(f"{LACKS}{metadata['lacks']}")
    if COARSE in metadata:
        found.append("too many parts to look at each: sheets are found coarsely")
    return tuple(found)
