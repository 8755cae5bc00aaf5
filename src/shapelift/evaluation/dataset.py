"""Records of a data set as test samples: an image, and the truth in the frame of the prediction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError
from shapelift.geometry import Camera, PointCloud
from shapelift.io.labelled_cube import LabelledCube
from shapelift.io.manifest import PROCEDURAL, StoredShape, stored_shapes
from shapelift.io.records import RecordReader, open_record

NO_VALUE = "(none)"
"""The group of shapes whose index has nothing in the column."""

FREE_CELLS = 40
"""Cells per side of the jittered grid that supplies points outside the tight box of an object: 64,000 candidates."""

_HOW_IT_WAS_MADE = ("shape_id", "generator", "parameters", "seed", "unlabelled_share", "enclosed_share")


@dataclass(frozen=True, eq=False)
class Sample:
    """One image with everything needed to judge a reconstruction from it, in the frame of the prediction.

    Attributes:
        shape_id: Name of the shape.
        category: Its category.
        path: Its record.
        group: Its value in the column of the index by which scores are grouped.
        view: Index of the image in the record.
        rgba: `h w 4` uint8, straight alpha.
        camera: The true camera of the image, in the frame of the prediction.
        frame_from_object: `4 4` similarity from the object frame to the frame of the prediction.
        surface: The stored surface points with outward normals; the object's longest side is 1.
        points: `n 3` float32 in the unit cube.
        inside: `n` bool, exact labels of `points`.
        weights: `n` float32, the volume each point stands for; they sum to about 1, the volume of the cube.
    """

    shape_id: str
    category: str
    path: Path
    group: str
    view: int
    rgba: npt.NDArray[np.uint8]
    camera: Camera
    frame_from_object: npt.NDArray[np.float64]
    surface: PointCloud
    points: npt.NDArray[np.float32]
    inside: npt.NDArray[np.bool_]
    weights: npt.NDArray[np.float32]


def read_entries(folder: str | Path, split: str | None = None, limit: int | None = None) -> tuple[StoredShape, ...]:
    """The shapes of a data set, in an order that only their names decide.

    The order is by hash, so that the first `limit` shapes are a fair draw and stay the same ones when shapes are added.

    Args:
        folder: The data set.
        split: `train`, `validation` or `test`; None for all.
        limit: At most so many; None for all.

    Raises:
        InputError: no data set there, a damaged manifest, or no shape in the split.
    """
    return tuple(sorted(stored_shapes(folder, split), key=lambda shape: stable_number(shape.shape_id))[:limit])


def read_samples(
    entries: Sequence[StoredShape], frame: str, views_per_shape: int = 1, group: str = "domain"
) -> Iterator[Sample]:
    """Samples of `entries`, `views_per_shape` images each (fewer where a record has fewer), read one at a time.

    Args:
        entries: What to read.
        frame: `object` or `view`, the frame that the model predicts in.
        views_per_shape: How many images of each shape; which ones follows from the name of the shape.
        group: Column of the index that becomes the `group` of a sample, see `index_columns`.

    Raises:
        InputError: a record that is missing or damaged.
    """
    for entry in entries:
        with open_record(entry.path) as record:
            for view in views_of(entry.shape_id, record.shape("rgba")[0])[:views_per_shape]:
                yield read_sample(entry, record, view, frame, group)


def read_sample(entry: StoredShape, record: RecordReader, view: int, frame: str, group: str = "domain") -> Sample:
    """An image of a record with its truth.

    Args:
        entry: The shape.
        record: Its open record.
        view: Index of the image.
        frame: `object` or `view`.
        group: As for `read_samples`.
    """
    frame_from_object = frame_matrix(record, view, frame)
    points, inside, weights = _volume_points(entry.shape_id, record, frame_from_object)
    rgba = record.item("rgba", view)
    size_px = (rgba.shape[1], rgba.shape[0])
    camera = Camera(record.item("intrinsics", view), record.item("camera_from_world", view), size_px)
    return Sample(
        shape_id=entry.shape_id,
        category=entry.category,
        path=entry.path,
        group=index_columns(entry, record.metadata).get(group) or NO_VALUE,
        view=view,
        rgba=rgba,
        camera=camera.moved(frame_from_object),
        frame_from_object=frame_from_object,
        surface=surface_of(record, frame_from_object),
        points=points,
        inside=inside,
        weights=weights,
    )


def views_of(shape_id: str, count: int) -> list[int]:
    """All `count` views of a shape in the order in which they are used: a permutation that only the name decides."""
    return [int(view) for view in np.random.default_rng(stable_number(shape_id)).permutation(count)]


def frame_matrix(record: RecordReader, view: int, frame: str) -> npt.NDArray[np.float64]:
    """The `4 4` similarity from the object frame into a frame.

    Args:
        record: The shape.
        view: Index of the image.
        frame: `object` or `view`.

    Raises:
        ValueError: another frame.
    """
    if frame == "object":
        return np.eye(4)
    if frame != "view":
        raise ValueError(f"a frame is 'object' or 'view', got {frame!r}")
    return np.asarray(record.item("view_from_object", view), np.float64)


def surface_of(record: RecordReader, frame_from_object: npt.NDArray[np.float64]) -> PointCloud:
    """The stored surface points with unit normals, in the frame of the prediction."""
    normals = record.field("surface_normals").astype(np.float32) / np.float32(127.0)
    points = record.field("surface_points").astype(np.float32)
    return PointCloud(points, normals).transformed(frame_from_object)


def index_columns(entry: StoredShape, metadata: Mapping[str, str]) -> dict[str, str]:
    """What a data set's index says of a shape, by which scores can be grouped: column name to value.

    The columns are `category`, `split`, `domain` (see `domain_of`), and whatever the record keeps of its source, as
    `licence`, `author` and `source`.
    """
    kept = {name: value for name, value in metadata.items() if name not in _HOW_IT_WAS_MADE}
    return kept | {"category": entry.category, "split": entry.split, "domain": domain_of(metadata, entry.sources)}


def check_group(entries: Sequence[StoredShape], group: str) -> None:
    """Check that a data set has a column to group by.

    Raises:
        InputError: no shape has it; the message lists those that there are.
    """
    columns: set[str] = set()
    for entry in entries:
        with open_record(entry.path) as record:
            columns |= index_columns(entry, record.metadata).keys()
        if group in columns:
            return
    raise InputError(f"`group` {group}: the data set has no such column; choose from {', '.join(sorted(columns))}")


def domain_of(metadata: Mapping[str, str], sources: Iterable[str]) -> str:
    """`procedural` for shapes made by a program, `photoreal` for realistic furniture, and `real` for all others.

    Procedural is what the manifest lists a procedural source for and the record names as its own, or what a `domain`
    says; a file or folder of such a name is not. Records of old data sets without a domain are told by their source.

    Args:
        metadata: Of the record.
        sources: What the data set was made of, by its manifest.
    """
    domain, source = metadata.get("domain", ""), metadata.get("source", "")
    made = source.startswith(PROCEDURAL) and any(spec.startswith(PROCEDURAL) for spec in sources)
    if made or domain == "procedural":
        return "procedural"
    told = domain or ("photoreal" if "sh3d_" in source or "sweethome" in source else "")
    return "photoreal" if told == "photoreal" else "real"


def truth_frame(frame: str) -> str:
    """The frame that a model of `frame` is evaluated in: a prediction in the frame `picture` comes out in `view`."""
    return "view" if frame == "picture" else frame


def stable_number(name: str) -> int:
    """A 64-bit number that only `name` decides: what every choice in an evaluation is seeded with."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")


def _volume_points(
    shape_id: str, record: RecordReader, frame_from_object: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_], npt.NDArray[np.float32]]:
    """Points of the unit cube with labels and volumes.

    The record labels one point per cell of a grid over the tight box of the object; each stands for the volume of its
    cell in the frame of the prediction. Everything outside that box is empty by definition, so free points are drawn
    there at will; each stands for its share of the cube. Corners of a turned box may stick out of the cube: they are
    empty, and no part of it.
    """
    cube = LabelledCube(record, frame_from_object)
    points, inside, in_cube = cube.stored()
    # A point that is labelled inside is kept even where rounding moved it over the wall of the cube.
    kept = in_cube | inside
    free = _jittered_cube(np.random.default_rng(stable_number(shape_id)))
    free = free[~cube.in_box(free)]
    cell = cube.box_volume / len(cube)
    weights = np.concatenate([np.full(int(kept.sum()), cell), np.full(len(free), FREE_CELLS**-3)])
    everything = np.concatenate([points[kept], free]).astype(np.float32)
    labels = np.concatenate([inside[kept], np.zeros(len(free), np.bool_)])
    return everything, labels, weights.astype(np.float32)


def _jittered_cube(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    axis = np.arange(FREE_CELLS)
    corners = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    return (corners + rng.random(corners.shape)) / FREE_CELLS - 0.5
