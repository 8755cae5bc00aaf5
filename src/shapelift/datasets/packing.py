"""A split of a data set as a few large arrays, from which batches are drawn without opening a record.

Records hold more than a run reads: larger images, more points, more exact labels. Packing takes what the targets of a
run ask for, once: images at the size of the model's input, as bytes; points as half precision; labels and colours as
bytes; depth and normals of the visible surface over the same window. What is packed is kept in a safetensors file
beside the data set, mapped into memory, where that folder can be written; else in memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import struct
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from shapelift.errors import InputError
from shapelift.imaging.preprocess import Preprocess, object_window, resample_window
from shapelift.io.atomic import atomic_path
from shapelift.io.manifest import StoredShape
from shapelift.io.records import FRAMED_MARGIN, RecordReader, open_record

_SCHEMA = "shapelift-packed-1"

IMAGES = frozenset({"rgba", "intrinsics", "camera_from_world", "view_from_object"})
"""What every pack holds, per view."""
MAPS = frozenset({"depth", "normals"})
"""Depth and normals of the visible surface, per view, with a border of one empty pixel."""
DEPTH_OFFSET = 1 << 15
"""Steps of depth that are held as -32768: they have sixteen bits without a sign, and tensors a sign."""
POINTS = {
    "uniform_points": "uniform",
    "uniform_occupancy": "uniform",
    "near_points": "near",
    "near_occupancy": "near",
    "surface_points": "surface",
    "surface_normals": "surface",
    "surface_albedo": "surface",
}
"""Columns of points, and which number of the detail says how many of them there are."""

_FLAT = 0.02  # as for `ImageDepth`: four depths closer than this share belong to one surface


@dataclass(frozen=True, kw_only=True)
class PackDetail:
    """How finely a split is packed.

    Attributes:
        map_px: Side of the depth and normal maps.
        uniform: Points per shape in its box.
        near: Points per shape near its surface.
        surface: Points per shape on its surface.
    """

    map_px: int
    uniform: int
    near: int
    surface: int


@dataclass(frozen=True, eq=False)
class Pack:
    """Packed shapes on one device.

    Attributes:
        columns: Name -> tensor whose first axis runs over the shapes; those of images have the views as second one.
        image_px: Side of the images.
        detail: How finely it was packed.
    """

    columns: dict[str, Tensor]
    image_px: int
    detail: PackDetail

    @property
    def shapes(self) -> int:
        """Number of shapes."""
        return len(self.columns["rgba"])

    @property
    def views(self) -> int:
        """Images per shape."""
        return int(self.columns["rgba"].shape[1])

    @property
    def device(self) -> torch.device:
        """Where it is."""
        return self.columns["rgba"].device


def choose_detail(
    entries: Sequence[StoredShape], wanted: Collection[str], image_px: int, memory: int
) -> PackDetail | None:
    """The finest detail whose pack fits into `memory` bytes; None where none does.

    Fewer stored points cost nothing that a run notices as long as there are several times as many as an image asks for;
    coarser maps cost some of the exactness of edges. So points give way first.

    Args:
        entries: Shapes to be packed.
        wanted: Columns that the targets ask for.
        image_px: Side of the model's input.
        memory: Bytes.
    """
    with open_record(entries[0].path) as record:
        views, stored_px = record.shape("rgba")[:2]
        most = {name: record.shape(f"{name}_points")[0] for name in ("uniform", "near", "surface")}
    finest = min(stored_px, image_px)
    for map_px in (finest, finest * 3 // 4, finest // 2):
        for count in (65536, 32768, 16384, 8192):
            caps = {"uniform": count, "near": count, "surface": count // 2}
            detail = PackDetail(map_px=map_px, **{name: min(cap, most[name]) for name, cap in caps.items()})
            if packed_bytes(len(entries), views, wanted, image_px, detail) <= memory:
                return detail
    return None


def packed_bytes(shapes: int, views: int, wanted: Collection[str], image_px: int, detail: PackDetail) -> int:
    """Size of a pack in bytes.

    Args:
        shapes: Number of shapes.
        views: Images per shape.
        wanted: Columns of the pack.
        image_px: Side of the stored images [px].
        detail: How finely images and points are held.
    """
    layout = _layout(shapes, views, wanted, image_px, detail)
    return sum(int(np.prod(shape)) * dtype.itemsize for dtype, shape in layout.values())


def pack(
    entries: Sequence[StoredShape],
    wanted: Collection[str],
    preprocess: Preprocess,
    detail: PackDetail,
    *,
    folder: Path | None,
    device: torch.device,
    workers: int = 1,
) -> Pack:
    """Pack shapes, or map what an earlier run packed.

    Args:
        entries: The shapes, all of one data set.
        wanted: Columns that the targets ask for.
        preprocess: How images become inputs.
        detail: How finely.
        folder: Where the file is kept; None keeps it in memory only.
        device: Where the arrays are wanted.
        workers: Threads that read.

    Raises:
        InputError: a record cannot be read, or shows no object.
    """
    with open_record(entries[0].path) as record:
        views = record.shape("rgba")[0]
    layout = _layout(len(entries), views, wanted, preprocess.image_size_px, detail)
    path = None if folder is None else folder / f"packed-{_digest(entries, layout, preprocess, detail)}.safetensors"
    if path is not None and not path.exists():
        # Where the folder cannot be written or the disk is full, the pack stands in memory.
        with contextlib.suppress(InputError), atomic_path(path) as temporary:
            _fill(_create(temporary, layout), entries, preprocess, detail, workers)
    if path is not None and path.exists():
        arrays = _mapped(path)
    else:
        arrays = {name: np.zeros(shape, dtype) for name, (dtype, shape) in layout.items()}
        _fill(arrays, entries, preprocess, detail, workers)
    columns = {name: _tensor(array).to(device) for name, array in arrays.items()}
    return Pack(columns, preprocess.image_size_px, detail)


Layout = dict[str, tuple[np.dtype[Any], tuple[int, ...]]]
Arrays = dict[str, npt.NDArray[Any]]


def _layout(shapes: int, views: int, wanted: Collection[str], image_px: int, detail: PackDetail) -> Layout:
    d = detail
    known: dict[str, tuple[str, tuple[int, ...]]] = {
        "rgba": ("u1", (views, 4, image_px, image_px)),
        "intrinsics": ("f4", (views, 3, 3)),
        "camera_from_world": ("f4", (views, 4, 4)),
        "view_from_object": ("f4", (views, 4, 4)),
        "bounds": ("f4", (2, 3)),
        "depth": ("i2", (views, d.map_px + 2, d.map_px + 2)),
        "depth_scale": ("f4", ()),
        "normals": ("i1", (views, d.map_px + 2, d.map_px + 2, 3)),
        "uniform_points": ("f2", (d.uniform, 3)),
        "uniform_occupancy": ("u1", (d.uniform,)),
        "near_points": ("f2", (d.near, 3)),
        "near_occupancy": ("u1", (d.near,)),
        "surface_points": ("f2", (d.surface, 3)),
        "surface_normals": ("i1", (d.surface, 3)),
        "surface_albedo": ("u1", (d.surface, 3)),
        "has_albedo": ("u1", ()),
    }
    unknown = set(wanted) - set(known)
    if unknown:
        raise ValueError(f"a pack has no column {sorted(unknown)[0]!r}")
    names = set(wanted) | IMAGES
    names |= {"has_albedo"} if "surface_albedo" in names else set()
    names |= {"depth_scale"} if "depth" in names else set()
    columns = {
        name: (np.dtype(dtype).newbyteorder("<"), (shapes, *shape))
        for name, (dtype, shape) in known.items()
        if name in names
    }
    # Wide numbers first: then each column begins at a multiple of its width.
    return dict(sorted(columns.items(), key=lambda item: -item[1][0].itemsize))


def _digest(entries: Sequence[StoredShape], layout: Layout, preprocess: Preprocess, detail: PackDetail) -> str:
    files = [(entry.shape_id, entry.path.stat().st_size, entry.path.stat().st_mtime_ns) for entry in entries]
    said = [
        _SCHEMA,
        files,
        [(name, shape) for name, (_, shape) in layout.items()],
        preprocess.to_mapping(),
        asdict(detail),
    ]
    return hashlib.blake2b(json.dumps(said, sort_keys=True).encode(), digest_size=8).hexdigest()


# -- the file ---------------------------------------------------------------------------------------------------------

_CODES = {"u1": "U8", "i1": "I8", "i2": "I16", "f2": "F16", "f4": "F32"}
_DTYPES = {code: np.dtype(dtype).newbyteorder("<") for dtype, code in _CODES.items()}


def _create(path: Path, layout: Layout) -> Arrays:
    """An empty safetensors file of a layout, mapped to be filled in place: it never stands in memory as a whole."""
    header: dict[str, Any] = {"__metadata__": {"schema": _SCHEMA}}
    offset = 0
    for name, (dtype, shape) in layout.items():
        size = int(np.prod(shape)) * dtype.itemsize
        header[name] = {
            "dtype": _CODES[dtype.str.lstrip("<|")],
            "shape": list(shape),
            "data_offsets": [offset, offset + size],
        }
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-(len(text) + 8) % 64)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.flush()
        if hasattr(os, "posix_fallocate"):  # a mapped file that finds no room would end the process
            os.posix_fallocate(file.fileno(), 0, 8 + len(text) + offset)
        file.truncate(8 + len(text) + offset)
    return _mapped(path, "r+")


def _mapped(path: Path, mode: str = "c") -> Arrays:
    """The arrays of such a file, mapped; by default changes stay in memory (torch wants arrays it may write to)."""
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    if header.pop("__metadata__", {}).get("schema") != _SCHEMA:
        raise InputError(f"{path}: not made by this version of shapelift; delete it")
    data = np.memmap(path, np.uint8, mode, offset=8 + length)  # type: ignore[call-overload]
    return {
        name: data[entry["data_offsets"][0] : entry["data_offsets"][1]]
        .view(_DTYPES[entry["dtype"]])
        .reshape(entry["shape"])
        for name, entry in header.items()
    }


def _tensor(array: npt.NDArray[Any]) -> Tensor:
    return torch.from_numpy(np.asarray(array))


# -- one record -------------------------------------------------------------------------------------------------------


def _fill(
    arrays: Arrays, entries: Sequence[StoredShape], preprocess: Preprocess, detail: PackDetail, workers: int
) -> None:
    def one(number: int) -> None:
        with open_record(entries[number].path) as record:
            for name, value in _packed(record, number, set(arrays), preprocess, detail).items():
                arrays[name][number] = value

    with ThreadPoolExecutor(max(1, workers), thread_name_prefix="pack") as pool:
        for _ in pool.map(one, range(len(entries))):
            pass


def _packed(record: RecordReader, number: int, names: set[str], preprocess: Preprocess, detail: PackDetail) -> Arrays:
    found = _images(record, names, preprocess, detail)
    rng = np.random.default_rng(number)
    for kind in ("uniform", "near", "surface"):
        columns = [name for name in POINTS if name in names and POINTS[name] == kind]
        if not columns:
            continue
        stored, wanted = record.shape(f"{kind}_points")[0], getattr(detail, kind)
        pick = rng.choice(stored, wanted, replace=stored < wanted)
        found |= {name: record.field(name)[pick] for name in columns if name in record}
    if "has_albedo" in names:
        found["has_albedo"] = np.asarray("surface_albedo" in record)
    if "bounds" in names:
        found["bounds"] = record.field("bounds")
    if "depth_scale" in names:
        found["depth_scale"] = np.asarray(record.depth_scale)
    return found


def _images(record: RecordReader, names: set[str], preprocess: Preprocess, detail: PackDetail) -> Arrays:
    """Images, cameras [px of the input] and maps of all views, over the window that the model sees."""
    size = preprocess.image_size_px
    images = record.field("rgba")
    stored_px = images.shape[1]
    maps = {name: record.field(name) for name in sorted(MAPS & names)}
    found: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in ("rgba", "intrinsics", *maps)}
    whole: tuple[npt.NDArray[Any], ...] | None = None
    for view, rgba in enumerate(images):
        x, y, side = 0.0, 0.0, float(stored_px)
        if preprocess.margin != FRAMED_MARGIN:
            x, y, side = object_window(rgba[..., 3], preprocess.margin)
        framed = preprocess.margin == FRAMED_MARGIN and stored_px == size
        image = rgba if framed else resample_window(rgba, x, y, side, size)
        found["rgba"].append(image.transpose(2, 0, 1))
        input_from_record = np.linalg.inv(np.array([[side / size, 0.0, x], [0.0, side / size, y], [0.0, 0.0, 1.0]]))
        found["intrinsics"].append(input_from_record @ record.item("intrinsics", view))
        if not maps:
            continue
        places = _places(detail.map_px, x, y, side, stored_px) if whole is None else whole
        whole = places if preprocess.margin == FRAMED_MARGIN else None
        if "depth" in maps:
            steps = np.pad(_resampled_depth(maps["depth"][view], *places), 1)
            found["depth"].append((steps ^ np.uint16(DEPTH_OFFSET)).view(np.int16))
        if "normals" in maps:
            nearest, inside = places[:2]
            normals = _taken(maps["normals"][view], nearest, inside)
            found["normals"].append(np.pad(normals, ((1, 1), (1, 1), (0, 0))))
    stacked: Arrays = {name: np.stack(values) for name, values in found.items()}
    return stacked | {name: record.field(name) for name in ("camera_from_world", "view_from_object")}


def _places(size: int, x: float, y: float, side: float, stored_px: int) -> tuple[npt.NDArray[Any], ...]:
    """For maps over a window: nearest stored pixels, whether inside, and the four around with bilinear weights."""
    centers = (np.arange(size) + 0.5) * (side / size)
    columns, rows = np.meshgrid(centers + x, centers + y)
    inside = (columns >= 0.0) & (columns < stored_px) & (rows >= 0.0) & (rows < stored_px)
    last = stored_px - 1
    nearest = np.clip(np.floor(rows), 0, last).astype(np.intp) * stored_px
    nearest += np.clip(np.floor(columns), 0, last).astype(np.intp)
    left, above = np.floor(columns - 0.5), np.floor(rows - 0.5)
    right, below = columns - 0.5 - left, rows - 0.5 - above
    within = (left >= 0) & (above >= 0) & (left < last) & (above < last)
    first = np.where(within, above * stored_px + left, 0).astype(np.intp)
    corners = np.stack([first, first + 1, first + stored_px, first + stored_px + 1])
    weights = np.stack([(1 - below) * (1 - right), (1 - below) * right, below * (1 - right), below * right])
    return nearest, inside, corners, weights.astype(np.float32), within


def _resampled_depth(
    stored: npt.NDArray[np.uint16],
    nearest: npt.NDArray[np.intp],
    inside: npt.NDArray[np.bool_],
    corners: npt.NDArray[np.intp],
    weights: npt.NDArray[np.float32],
    within: npt.NDArray[np.bool_],
) -> npt.NDArray[np.uint16]:
    """Depth steps over a window: interpolated in 1/z on smooth surfaces, else those of the nearest pixel."""
    found = _taken(stored, nearest, inside)
    around = np.take(stored.reshape(-1).astype(np.float32), corners)
    low, high = around.min(axis=0), around.max(axis=0)
    smooth = within & (low > 0.0) & (high - low < _FLAT * low)
    mean = 1.0 / (weights[:, smooth] / around[:, smooth]).sum(axis=0)
    found[smooth] = np.rint(mean).astype(np.uint16)
    return found


def _taken(values: npt.NDArray[Any], nearest: npt.NDArray[np.intp], inside: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    found: npt.NDArray[Any] = values.reshape(-1, *values.shape[2:])[nearest]
    if not inside.all():
        found[~inside] = 0
    return found


def spare_memory(device: torch.device) -> int:
    """Bytes that are free for data on a device."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    with contextlib.suppress(OSError, StopIteration, ValueError):
        with Path("/proc/meminfo").open(encoding="ascii") as file:
            line = next(line for line in file if line.startswith("MemAvailable"))
        return int(line.split()[1]) * 1024
    with contextlib.suppress(AttributeError, OSError, ValueError):
        return int(os.sysconf("SC_PHYS_PAGES")) * int(os.sysconf("SC_PAGE_SIZE")) // 2
    return 0
