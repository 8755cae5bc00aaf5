"""The record of one shape: everything synthesis knows about it, in one safetensors file.

A record is read in full (`read_record`) or field by field without touching the rest of the file (`open_record`),
which is what training does thousands of times a second.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError
from shapelift.geometry import Camera
from shapelift.geometry.rotations import transform_points
from shapelift.io.atomic import atomic_path

__all__ = ["RecordReader", "ShapeRecord", "open_record", "read_record", "write_record"]

_SCHEMA = "shapelift-record-1"
SUFFIX = ".safetensors"
FRAMED_MARGIN = 0.05
"""Free border around the object in the images of a record, as a share of their side."""

Split = Literal["train", "validation", "test"]

_SHAPES: dict[str, tuple[str, tuple[str | int, ...]]] = {
    "rgba": ("uint8", ("v", "h", "w", 4)),
    "depth": ("uint16", ("v", "h", "w")),
    "normals": ("int8", ("v", "h", "w", 3)),
    "intrinsics": ("float64", ("v", 3, 3)),
    "camera_from_world": ("float64", ("v", 4, 4)),
    "view_parameters": ("float64", ("v", 4)),
    "view_from_object": ("float64", ("v", 4, 4)),
    "bounds": ("float32", (2, 3)),
    "grid_shape": ("int32", (3,)),
    "uniform_points": ("float16", ("n", 3)),
    "uniform_occupancy": ("bool", ("n",)),
    "near_points": ("float16", ("m", 3)),
    "near_occupancy": ("bool", ("m",)),
    "surface_points": ("float16", ("k", 3)),
    "surface_normals": ("int8", ("k", 3)),
}
# What a record may lack. Of the novel views there are both fields or neither.
_OPTIONAL: dict[str, tuple[str, tuple[str | int, ...]]] = {
    "surface_albedo": ("uint8", ("k", 3)),
    "fixed_depth": ("uint16", ("f", "s", "s")),
    "novel_depth": ("uint16", ("q", "s", "s")),
    "novel_camera_from_world": ("float64", ("q", 4, 4)),
}
_ALL = _SHAPES | _OPTIONAL


@dataclass(frozen=True, eq=False)
class ShapeRecord:
    """One shape with its images and labels. The object frame is centred, +Y up, front +Z, longest side 1.

    Attributes:
        rgba: `v h w 4` uint8, straight alpha.
        depth: `v h w` uint16; z in object units = value * `depth_scale`, 0 is background.
        normals: `v h w 3` int8, unit normal of the visible surface * 127, object frame, facing the camera.
        intrinsics: `v 3 3` [px].
        camera_from_world: `v 4 4`; the world is the object frame.
        view_parameters: `v 4`: azimuth_deg, elevation_deg, fov_deg, distance.
        view_from_object: `v 4 4` similarity into the frame `view` of each image.
        bounds: `2 3` float32, tight bounding box; everything outside is empty.
        grid_shape: `3` cells per side of the stratified grid over `bounds`.
        uniform_points: `n 3` float16, one jittered point per cell, C order; n = product of `grid_shape`.
        uniform_occupancy: `n` bool, True inside the solid.
        near_points: `m 3` float16, near the surface.
        near_occupancy: `m` bool.
        surface_points: `k 3` float16, on the outer surface.
        surface_normals: `k 3` int8, outward unit normals * 127.
        depth_scale: Object units per step of `depth`, `fixed_depth` and `novel_depth`.
        metadata: Text about the shape: shape_id, category, source, licence, ...
        surface_albedo: `k 3` uint8, sRGB colour without light of the surface points, or None.
        fixed_depth: `f s s` uint16, orthographic depth from `geometry.fixed_cameras(f, s, depth_extent)`, or None.
        novel_depth: `q s s` uint16, orthographic depth from random viewpoints, or None.
        novel_camera_from_world: `q 4 4`, where those stand; their intrinsics are those of the fixed ones. Or None.
        depth_extent: Object units along the side of the orthographic views.
    """

    rgba: npt.NDArray[np.uint8]
    depth: npt.NDArray[np.uint16]
    normals: npt.NDArray[np.int8]
    intrinsics: npt.NDArray[np.float64]
    camera_from_world: npt.NDArray[np.float64]
    view_parameters: npt.NDArray[np.float64]
    view_from_object: npt.NDArray[np.float64]
    bounds: npt.NDArray[np.float32]
    grid_shape: npt.NDArray[np.int32]
    uniform_points: npt.NDArray[np.float16]
    uniform_occupancy: npt.NDArray[np.bool_]
    near_points: npt.NDArray[np.float16]
    near_occupancy: npt.NDArray[np.bool_]
    surface_points: npt.NDArray[np.float16]
    surface_normals: npt.NDArray[np.int8]
    depth_scale: float
    metadata: Mapping[str, str] = field(default_factory=dict)
    surface_albedo: npt.NDArray[np.uint8] | None = None
    fixed_depth: npt.NDArray[np.uint16] | None = None
    novel_depth: npt.NDArray[np.uint16] | None = None
    novel_camera_from_world: npt.NDArray[np.float64] | None = None
    depth_extent: float = 1.0

    def __post_init__(self) -> None:
        sizes: dict[str, int] = {}
        if (self.novel_depth is None) != (self.novel_camera_from_world is None):
            raise ValueError("novel_depth and novel_camera_from_world belong together")
        for name in self.stored_fields:
            dtype, shape = _ALL[name]
            array = np.ascontiguousarray(getattr(self, name))
            if str(array.dtype) != dtype:
                raise ValueError(f"{name} must be {dtype}, got {array.dtype}")
            if array.ndim != len(shape):
                raise ValueError(f"{name} must have axes {shape}, got {array.shape}")
            for axis, have in zip(shape, array.shape, strict=True):
                want = sizes.setdefault(axis, have) if isinstance(axis, str) else axis
                if want != have:
                    raise ValueError(f"{name} must have axes {shape} with {axis} = {want}, got {array.shape}")
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        if int(np.prod(self.grid_shape)) != len(self.uniform_points):
            raise ValueError(
                f"grid of {self.grid_shape.tolist()} cells does not match {len(self.uniform_points)} points"
            )
        if not (np.isfinite(self.depth_scale) and self.depth_scale > 0):
            raise ValueError("depth_scale must be positive")
        if not (np.isfinite(self.depth_extent) and self.depth_extent > 0):
            raise ValueError("depth_extent must be positive")

    @property
    def stored_fields(self) -> tuple[str, ...]:
        """Names of the array fields that are not None, in order."""
        return (*_SHAPES, *(name for name in _OPTIONAL if getattr(self, name) is not None))

    @property
    def shape_id(self) -> str:
        """Name of the shape, unique in its data set."""
        return self.metadata["shape_id"]

    @property
    def category(self) -> str:
        """Category name."""
        return self.metadata["category"]

    @property
    def views(self) -> int:
        """Number of images."""
        return len(self.rgba)

    def camera(self, view: int) -> Camera:
        """The camera of image `view`; its world is the object frame."""
        height, width = self.rgba.shape[1:3]
        return Camera(self.intrinsics[view], self.camera_from_world[view], (width, height))

    def depth_map(self, view: int) -> npt.NDArray[np.float32]:
        """Depth `h w` in object units, 0 where nothing is seen."""
        return np.asarray(self.depth[view].astype(np.float32) * np.float32(self.depth_scale))

    def occupancy_at(
        self, points: npt.ArrayLike, frame_from_object: npt.ArrayLike | None = None
    ) -> npt.NDArray[np.bool_]:
        """Occupancy `n` at points `n 3`, looked up in the stratified grid (right to about half a cell).

        Args:
            points: `n 3` in the object frame, or in the frame that `frame_from_object` (`4 4`) leads to.
            frame_from_object: Similarity into the frame of the points; None for the object frame.
        """
        points = np.asarray(points, np.float64)
        if frame_from_object is not None:
            points = transform_points(np.linalg.inv(np.asarray(frame_from_object, np.float64)), points)
        low, high = self.bounds.astype(np.float64)
        with np.errstate(invalid="ignore"):
            cells = np.floor((points - low) / (high - low) * self.grid_shape).astype(np.int64)
        cells = np.where(points == high, self.grid_shape - 1, cells)
        inside = ((cells >= 0) & (cells < self.grid_shape)).all(axis=1)
        found = np.zeros(len(points), np.bool_)
        index = np.ravel_multi_index(tuple(cells[inside].T), tuple(self.grid_shape.tolist()))
        found[inside] = self.uniform_occupancy[index]
        return found


def write_record(path: str | Path, record: ShapeRecord) -> None:
    """Write `record` to `path`, atomically; the same record gives the same bytes."""
    from safetensors.numpy import save_file

    arrays = {name: np.ascontiguousarray(getattr(record, name)) for name in record.stored_fields}
    text = {
        "schema": _SCHEMA,
        "depth_scale": repr(float(record.depth_scale)),
        "metadata": json.dumps(dict(record.metadata), sort_keys=True),
    }
    if record.novel_depth is not None or record.fixed_depth is not None:
        text["depth_extent"] = repr(float(record.depth_extent))
    with atomic_path(path) as temporary:
        save_file(arrays, temporary, metadata={"record": json.dumps(text, sort_keys=True)})


def read_record(path: str | Path) -> ShapeRecord:
    """Read a whole record.

    Raises:
        InputError: missing, damaged, or not a record of this schema.
    """
    with open_record(path) as reader:
        return reader.read()


class RecordReader:
    """A record on disk, read field by field. Use as a context manager, or keep it open for lazy access."""

    def __init__(self, path: str | Path) -> None:
        """Open `path` and check its schema; raises InputError like `read_record`."""
        from safetensors import SafetensorError

        self.path = Path(path)
        try:
            self._file: Any = _open(self.path)
            text = json.loads((self._file.metadata() or {})["record"])
            self.depth_scale = float(text["depth_scale"])
            self.depth_extent = float(text.get("depth_extent", 1.0))
            self.metadata: dict[str, str] = json.loads(text["metadata"])
            schema = text["schema"]
            self._names = frozenset(self._file.keys())
            missing = set(_SHAPES) - self._names
        except FileNotFoundError as error:
            raise InputError(f"{path}: no such record; run `shapelift synthesize` again to make it") from error
        except (SafetensorError, OSError, KeyError, ValueError, TypeError) as error:
            raise InputError(
                f"{path}: not a readable shape record ({error}); delete it and run `shapelift synthesize` again"
            ) from error
        if schema != _SCHEMA or missing:
            raise InputError(f"{path}: made by another version of shapelift ({schema}); synthesize the data set again")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the file."""
        self._file = None

    def __contains__(self, name: str) -> bool:
        """Whether the record holds a field: it may lack the depth views and the albedo."""
        return name in self._names

    def field(self, name: str) -> npt.NDArray[Any]:
        """One whole array of the record."""
        return np.asarray(self._file.get_tensor(name))

    def item(self, name: str, index: int) -> npt.NDArray[Any]:
        """Entry `index` along the first axis of one array, without reading the others."""
        entry: npt.NDArray[Any] = np.asarray(self._file.get_slice(name)[index : index + 1])[0]
        return entry

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of one array, from the header alone."""
        return tuple(self._file.get_slice(name).get_shape())

    def read(self) -> ShapeRecord:
        """The whole record.

        Raises:
            InputError: the record is damaged.
        """
        try:
            arrays = {name: self.field(name) for name in _ALL if name in self}
            return ShapeRecord(
                **arrays, depth_scale=self.depth_scale, depth_extent=self.depth_extent, metadata=self.metadata
            )
        except ValueError as error:
            raise InputError(f"{self.path}: damaged shape record ({error}); synthesize it again") from error


def _open(path: Path) -> Any:
    # The library is written in Rust and carries no types.
    from safetensors import safe_open

    return safe_open(path, framework="numpy")


def open_record(path: str | Path) -> RecordReader:
    """Open a record for lazy access; see `RecordReader`."""
    return RecordReader(path)


def split_of(shape_id: str) -> Split:
    """The split a shape belongs to, by hash of its name alone: 80 % train, 10 % validation, 10 % test.

    That is the split of shapes of large data sets; `io.splits` has that of small ones.
    """
    value = name_number(shape_id)
    if value < 800:
        return "train"
    return "validation" if value < 900 else "test"


def name_number(shape_id: str) -> int:
    """A number from 0 to 999 that only the name decides."""
    return int.from_bytes(hashlib.blake2b(shape_id.encode(), digest_size=8).digest(), "big") % 1000


def record_fields() -> tuple[str, ...]:
    """Names of the array fields that every record has, in order."""
    return tuple(item.name for item in fields(ShapeRecord) if item.name in _SHAPES)
