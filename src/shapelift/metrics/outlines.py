"""How a result looks in the picture it was made from: its outline, and how deep its thin parts are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from shapelift.geometry import Camera, Mesh, PointCloud
from shapelift.geometry.neighbours import nearest_tree
from shapelift.metrics.metric import Metric
from shapelift.rendering.pixel_rays import pixel_crossings

SIDE_PX = 256
"""Outlines are compared at the smallest whole multiple of the picture's own pixels that has at least this side."""
THIN_PX = 128
"""Thin parts are looked for in pictures of this side, so that they are the same whatever pixels a method sees."""
THIN = 0.04
"""Parts of the mask narrower than this share of the picture's side are thin."""
FEWEST = 20
"""With fewer thin pixels of known thickness there is nothing to say."""
FACTOR = 2.0
"""A thickness is right within this factor of the true one."""
_REACH_PX = 1.25
"""Points of the true surface this near to the centre of a pixel [px] say how thick the object is there."""
_FACING = 0.3
"""Least cosine between a ray and the normals of such points: walls along the ray begin and end nothing."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ImageView:
    """A picture, and the cameras through which the result and the truth are seen in it.

    Attributes:
        alpha: `s s` uint8, the mask.
        camera: Of the result, in the frame of the prediction: its own guess, or else the true one.
        true_camera: Of the truth in the same frame, for the same pixels.
    """

    alpha: npt.NDArray[np.uint8]
    camera: Camera
    true_camera: Camera


@dataclass(frozen=True, eq=False)
class Picture:
    """A result and the truth beside the picture that the result was made of.

    Attributes:
        image_view: The picture, and how both are seen in it.
        mesh: The result, in the frame of the prediction.
        truth: Points on the true surface with outward normals, in the same frame and scale.
    """

    image_view: ImageView
    mesh: Mesh
    truth: PointCloud

    @cached_property
    def thin(self) -> dict[str, float]:
        """What `thin_depth` says."""
        return thin_depth(self.image_view, self.mesh, self.truth)


def silhouette_iou(image_view: ImageView, mesh: Mesh) -> float:
    """Intersection over union of the outline of a mesh, seen through the camera, and the mask; 0 for an empty mesh.

    Both are binary at the centres of pixels of `SIDE_PX` or more to a side: the mask where its alpha, linear between
    pixels, is at least one half.
    """
    side = len(image_view.alpha)
    fine = side * -(-SIDE_PX // side)
    seen = pixel_crossings(mesh, image_view.camera.window(0.0, 0.0, side, fine)).silhouette()
    mask = cv2.resize(image_view.alpha.astype(np.float32), (fine, fine), interpolation=cv2.INTER_LINEAR) >= 127.5
    union = int(np.count_nonzero(seen | mask))
    return float(np.count_nonzero(seen & mask) / union) if union else 0.0


def thin_depth(image_view: ImageView, mesh: Mesh, truth: PointCloud) -> dict[str, float]:
    """How deep the result is along the rays through thin parts of the mask, in ratio to the true depth there.

    Args:
        image_view: The picture.
        mesh: The result, in the frame of the prediction.
        truth: Points on the true surface with outward normals, in the same frame and scale.

    Returns:
        `thin_depth`, the share of these rays on which the result is right within `FACTOR`, and `thin_ratio`, the median
        of the ratios; a ray without any result has ratio 0. Nothing where fewer than `FEWEST` thin pixels have a known
        thickness.
    """
    side = len(image_view.alpha)
    camera, true_camera = (one.window(0.0, 0.0, side, THIN_PX) for one in (image_view.camera, image_view.true_camera))
    shrinks = cv2.INTER_AREA if side > THIN_PX else cv2.INTER_LINEAR
    thin = thin_pixels(cv2.resize(image_view.alpha, (THIN_PX, THIN_PX), interpolation=shrinks).astype(np.uint8))
    true = _true_thickness(true_camera, truth, thin)
    known = true > 0.0
    if np.count_nonzero(known) < FEWEST:
        return {}
    ratios = pixel_crossings(mesh, camera).thickness()[known] / true[known]
    right = (ratios >= 1.0 / FACTOR) & (ratios <= FACTOR)
    return {"thin_depth": float(right.mean()), "thin_ratio": float(np.median(ratios))}


def thin_pixels(alpha: npt.NDArray[np.uint8]) -> Mask:
    """The pixels of a mask that no disc with a diameter of `THIN` of the side, inside the mask, covers.

    What a sharp corner of a thick part leaves of it, a speck of fewer than `FEWEST` / 2 pixels, is not counted.
    """
    mask = (alpha >= 128).astype(np.uint8)
    diameter = max(2, round(THIN * len(alpha)))
    axis = np.arange(diameter) - (diameter - 1) / 2.0
    disc = (axis[:, None] ** 2 + axis**2 <= (diameter / 2.0) ** 2).astype(np.uint8)
    # A border of nothing, so that what the picture cuts off does not count as thick beyond it.
    padded = np.pad(mask, diameter)
    thick = cv2.morphologyEx(padded, cv2.MORPH_OPEN, disc)[diameter:-diameter, diameter:-diameter]
    thin = (mask > thick).astype(np.uint8)
    _, labels, figures, _ = cv2.connectedComponentsWithStats(thin, connectivity=8)
    large = figures[:, cv2.CC_STAT_AREA] >= FEWEST // 2
    large[0] = False
    return np.asarray(large[labels])


def _true_thickness(camera: Camera, truth: PointCloud, wanted: Mask) -> npt.NDArray[np.float64]:
    """Depth `h w` from the nearest true point of a ray to the first surface behind it, 0 where that is not known.

    Points count for a ray that are seen within `_REACH_PX` of it: those that face the camera begin a part, those that
    face away end it.
    """
    result = np.zeros(wanted.shape)
    if truth.normals is None or not wanted.any():
        return result
    pixels, depths = camera.project(truth.points)
    rays = truth.points - camera.position
    cosine = np.einsum("ni,ni->n", truth.normals, rays) / np.maximum(np.linalg.norm(rays, axis=1), 1e-12)
    told = np.abs(cosine) > _FACING
    pixels, depths, facing = pixels[told], depths[told], cosine[told] < 0.0
    tree = nearest_tree(pixels)
    rows, columns = np.nonzero(wanted)
    near = tree.query_ball_point(np.stack([columns + 0.5, rows + 0.5], axis=1), _REACH_PX)
    for row, column, found in zip(rows, columns, near, strict=True):
        chosen = np.asarray(found, np.int64)
        front = depths[chosen[facing[chosen]]]
        if not len(front):
            continue
        start = float(front.min())
        back = np.sort(depths[chosen[~facing[chosen]]])
        back = back[back > start]
        if len(back):
            # Points of one wall, seen within the reach, are not equally deep: the middle one of the first of them.
            wall = back[back < back[0] + (back[0] - start)]
            result[row, column] = float(np.median(wall)) - start if len(wall) else float(back[0]) - start
    return result


METRICS = (
    Metric(
        "silhouette_iou",
        "outline IoU",
        Picture,
        lambda given: silhouette_iou(given.image_view, given.mesh),
        table="outline",
    ),
    Metric("thin_depth", "thin depth", Picture, lambda given: given.thin.get("thin_depth"), table="outline"),
    Metric("thin_ratio", "thin ratio", Picture, lambda given: given.thin.get("thin_ratio"), table="outline"),
)
