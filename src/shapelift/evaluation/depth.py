"""How good the depth maps of a model are on held-out images, next to the mean maps of the training images.

A depth map of an object that fills its image says little by being right to a tenth of the object: the mean of all
training maps is that already. So the mean is measured beside it, pixel by pixel, like every other baseline.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError
from shapelift.evaluation.dataset import read_entries, views_of
from shapelift.geometry import Camera, DepthMaps
from shapelift.imaging.preprocess import resample_window
from shapelift.inference.assemble import predict
from shapelift.inference.model_folder import ModelFolder
from shapelift.io.records import RecordReader, open_record
from shapelift.meshing.viewmaps import view_normals

MEASURES = ("depth", "shape", "normals_deg", "depth_normals_deg", "mask_iou")
"""What is measured, under the true mask, in units of the object's longest side and in degrees: mean |z - z*|; the same
of depths from the origin of the frame, which leaves out how far away the camera is thought to be; the mean angle of the
given normals, and of those that the depth has; and the intersection over union of the masks."""

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class SeenSurface:
    """Maps of one image.

    Attributes:
        depth: `h w`, along the optical axis, in units of the frame.
        shape: `h w`, `depth` less that of the frame's origin.
        normals: `h w 3`, in the axes of the camera.
        mask: `h w`.
    """

    depth: Array
    shape: Array
    normals: Array
    mask: Mask


def score_depth(
    model: ModelFolder,
    data: str | Path,
    *,
    split: str = "test",
    limit: int | None = None,
    views_per_shape: int = 1,
    training_images: int = 2000,
) -> dict[str, dict[str, float]]:
    """`MEASURES` of a model and of the mean maps of the training split, means over the images.

    The model sees the stored images as they are framed. An image in which it sees nothing counts with a distance of 1,
    angles of 90 degrees and an IoU of 0.

    Args:
        model: An opened model that predicts depth in the frame `view`.
        data: Data set.
        split: What is scored.
        limit: Score only so many shapes.
        views_per_shape: Images of each.
        training_images: How many the mean maps are made of, at most.

    Raises:
        InputError: another kind of model, or no such data.
    """
    if model.card.representation != "depth" or model.card.frame != "view":
        raise InputError(f"{model.path}: predicts no depth in the frame view; give a model of a depth family")
    mean = _mean_maps(_pairs(data, "train", None, 1_000_000), training_images)
    rows: dict[str, list[tuple[float, ...]]] = {"model": [], "mean": []}
    for record, view in _pairs(data, split, limit, views_per_shape):
        truth, camera = true_maps(record, view)
        rows["mean"].append(_measured(mean, truth, camera))
        try:
            found = _predicted(model, record.item("rgba", view), len(truth.depth))
        except InputError:
            rows["model"].append((1.0, 1.0, 90.0, 90.0, 0.0))
            continue
        rows["model"].append(_measured(found, truth, camera))
    return {
        name: dict(zip(MEASURES, np.mean(found, axis=0).tolist(), strict=True)) | {"images": float(len(found))}
        for name, found in rows.items()
    }


def true_maps(record: RecordReader, view: int) -> tuple[SeenSurface, Camera]:
    """The truth of a stored image in the frame `view`, and its camera there, at the resolution of the record."""
    frame_from_object = record.item("view_from_object", view)
    scale = float(np.cbrt(np.linalg.det(frame_from_object[:3, :3])))
    matrix = record.item("camera_from_world", view) @ np.linalg.inv(frame_from_object)
    matrix[:3] *= scale
    depth = record.item("depth", view) * (record.depth_scale * scale)
    normals = record.item("normals", view).astype(np.float64) @ record.item("camera_from_world", view)[:3, :3].T
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
    height, width = depth.shape
    camera = Camera(record.item("intrinsics", view), matrix, (width, height))
    return SeenSurface(depth, depth - matrix[2, 3], normals, depth > 0.0), camera


def _pairs(data: str | Path, split: str, limit: int | None, views: int) -> Iterator[tuple[RecordReader, int]]:
    """Open records and views; the first view of every shape, then the second, ... where there are many."""
    entries = read_entries(data, split, limit)
    for turn in range(views):
        found = False
        for entry in entries:
            with open_record(entry.path) as record:
                order = views_of(entry.shape_id, record.shape("rgba")[0])
                if turn < len(order):
                    found = True
                    yield record, order[turn]
        if not found:
            return


def _mean_maps(pairs: Iterator[tuple[RecordReader, int]], count: int) -> SeenSurface:
    """Means over the images that see something in a pixel; where none does, over all pixels."""
    sums: list[Array] = []
    seen: Array | None = None
    images = 0
    for record, view in islice(pairs, count):
        maps, _ = true_maps(record, view)
        parts = [maps.depth, maps.shape, *np.moveaxis(maps.normals, -1, 0)]
        masked = [np.where(maps.mask, part, 0.0) for part in parts]
        sums = masked if seen is None else [total + part for total, part in zip(sums, masked, strict=True)]
        seen = maps.mask.astype(np.float64) if seen is None else seen + maps.mask
        images += 1
    if seen is None or not seen.any():
        raise InputError("the training split shows nothing, so there is no mean; give a data set with images")
    means = [np.where(seen > 0, total / np.maximum(seen, 1.0), total.sum() / seen.sum()) for total in sums]
    normals = np.stack(means[2:], axis=-1)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
    return SeenSurface(means[0], means[1], normals, seen > 0.5 * images)


def _predicted(model: ModelFolder, rgba: npt.NDArray[np.uint8], size_px: int) -> SeenSurface:
    """What the model says of a framed image, at the resolution of the truth."""
    preprocess = model.card.preprocess
    crop = rgba
    if rgba.shape[0] != preprocess.image_size_px:
        crop = resample_window(rgba, 0.0, 0.0, float(rgba.shape[0]), preprocess.image_size_px)
    maps = predict(model, preprocess.tensor(crop)).representation
    if not isinstance(maps, DepthMaps):
        raise TypeError(f"a model of depth gave a {type(maps).__name__}")
    (camera,) = maps.cameras[:1]
    nearest = ((np.arange(size_px) + 0.5) * (maps.depth.shape[1] / size_px)).astype(int)
    at = np.ix_(nearest, nearest)
    depth, mask = maps.depth[0].astype(np.float64), maps.mask[0]
    if maps.normals is None:
        rows, columns = np.indices(depth.shape) + 0.5
        points = camera.unproject(np.stack([columns, rows], axis=-1), depth)
        normals = view_normals(camera, points, depth, mask)
    else:
        normals = maps.normals[0].astype(np.float64)
    turned = normals @ camera.camera_from_world[:3, :3].T
    return SeenSurface(depth[at], depth[at] - camera.camera_from_world[2, 3], turned[at], mask[at])


def _measured(found: SeenSurface, truth: SeenSurface, camera: Camera) -> tuple[float, ...]:
    """`MEASURES` of one image; `camera` is the true one."""
    seen = truth.mask
    distance = float(camera.camera_from_world[2, 3])
    rows, columns = np.indices(seen.shape) + 0.5
    # The surface that is meant, as the true camera sees it: normals are about its shape, not about its distance.
    depth = np.where(seen, np.maximum(found.shape + distance, 0.05), 1.0)
    points = camera.unproject(np.stack([columns, rows], axis=-1), depth)
    derived = view_normals(camera, points, depth, seen) @ camera.camera_from_world[:3, :3].T
    union = (found.mask | seen).sum()
    return (
        float(np.abs(found.depth - truth.depth)[seen].mean()),
        float(np.abs(found.shape - truth.shape)[seen].mean()),
        _angle_deg(found.normals, truth.normals, seen),
        _angle_deg(derived, truth.normals, seen),
        float((found.mask & seen).sum() / union) if union else 1.0,
    )


def _angle_deg(first: Array, second: Array, mask: Mask) -> float:
    cosine = np.clip(np.einsum("hwi,hwi->hw", first, second), -1.0, 1.0)
    return float(np.rad2deg(np.arccos(cosine[mask])).mean())
