"""How good the depth maps of a model are on held-out images, next to the mean maps of the training images.

A depth map of an object that fills its image says little by being right to a tenth of the object: the mean of all
training maps is that already. So the mean is measured beside it, pixel by pixel, like every other baseline.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError
from shapelift.evaluation.dataset import read_entries, views_of
from shapelift.geometry import Camera, DepthMaps
from shapelift.imaging.preprocess import resample_window
from shapelift.inference.assemble import predict
from shapelift.inference.model_folder import ModelFolder
from shapelift.io.manifest import StoredShape
from shapelift.io.records import RecordReader, open_record
from shapelift.meshing.viewmaps import view_normals
from shapelift.metrics import METRICS, measure
from shapelift.metrics.depth import Array, SeenSurface, SeenSurfaces

MEASURES = tuple(name for name, metric in METRICS.items() if metric.needs is SeenSurfaces)
"""What is measured, see `shapelift.metrics.depth`."""


def predicts_depth(card: Any) -> bool:
    """Whether the model of a card says depth in the frame `view`, which is what can be compared pixel by pixel."""
    return (getattr(card, "representation", None), card.frame) == ("depth", "view")


def seen_surfaces(
    model: ModelFolder, others: Mapping[str, SeenSurface], path: str | Path, view: int
) -> dict[str, SeenSurfaces]:
    """What a model of depth says of a stored image, as `model`, and other maps under their names, beside the truth.

    The model sees the image as it is framed.

    Args:
        model: An opened model for which `predicts_depth`.
        others: Such as `mean_maps`.
        path: The record.
        view: Index of the image.
    """
    with open_record(path) as record:
        truth, camera = true_maps(record, view)
        rgba = record.item("rgba", view)
    found: SeenSurface | None = None
    with contextlib.suppress(InputError):  # what it sees nothing in gets the worst values
        found = _predicted(model, rgba, len(truth.depth))
    said: dict[str, SeenSurface | None] = {"model": found, **others}
    return {name: SeenSurfaces(maps, truth, _depth_normals(maps, truth, camera)) for name, maps in said.items()}


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
    if not predicts_depth(model.card):
        raise InputError(f"{model.path}: predicts no depth in the frame view; give a model of a depth family")
    others = {"mean": mean_maps(data, training_images)}
    rows: dict[str, list[dict[str, float]]] = {"model": [], "mean": []}
    for path, view in _pairs(read_entries(data, split, limit), views_per_shape):
        for name, given in seen_surfaces(model, others, path, view).items():
            rows[name].append(measure(given))
    return {
        name: {metric: float(np.mean([row[metric] for row in found if row])) for metric in MEASURES}
        | {"images": float(len(found))}
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


def mean_maps(data: str | Path, count: int) -> SeenSurface:
    """Means over at most `count` training images that see something in a pixel; where none does, over all pixels.

    Raises:
        InputError: no training images there, or they show nothing.
    """
    sums: list[Array] = []
    seen: Array | None = None
    images = 0
    for path, view in islice(_pairs(read_entries(data, "train"), count), count):
        with open_record(path) as record:
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


def _pairs(entries: Sequence[StoredShape], views: int) -> Iterator[tuple[Path, int]]:
    """Records and views; the first view of every shape, then the second, ... where there are many."""
    for turn in range(views):
        found = False
        for entry in entries:
            with open_record(entry.path) as record:
                order = views_of(entry.shape_id, record.shape("rgba")[0])
            if turn < len(order):
                found = True
                yield entry.path, order[turn]
        if not found:
            return


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


def _depth_normals(found: SeenSurface | None, truth: SeenSurface, camera: Camera) -> Array:
    """The normals that a predicted depth has, in the axes of the true camera, through which it is seen.

    So they are about the shape that is meant, not about its distance.
    """
    if found is None:
        return np.zeros_like(truth.normals)
    rows, columns = np.indices(truth.mask.shape) + 0.5
    depth = np.where(truth.mask, np.maximum(found.shape + float(camera.camera_from_world[2, 3]), 0.05), 1.0)
    points = camera.unproject(np.stack([columns, rows], axis=-1), depth)
    return np.asarray(view_normals(camera, points, depth, truth.mask) @ camera.camera_from_world[:3, :3].T)
