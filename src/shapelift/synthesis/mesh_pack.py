"""A folder of meshes as one small file, to be carried to a machine that makes the data set from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from shapelift.errors import InputError
from shapelift.io.cores import available_cores
from shapelift.synthesis.mesh_archive import ArchivedShape, write_archive
from shapelift.synthesis.mesh_codec import encode_asset
from shapelift.synthesis.pool import Crash, run_isolated
from shapelift.synthesis.sources import FolderSource, RejectedShape, SourceItem

__all__ = ["pack_meshes"]

TEXTURE_PX = 128


@dataclass(frozen=True)
class PackedFile:
    """What became of a folder.

    Attributes:
        shapes: How many are in the file.
        bytes: Its size.
        rejected: Shape -> why it is not.
    """

    shapes: int
    bytes: int
    rejected: dict[str, str]


def pack_meshes(
    folder: Path,
    path: Path,
    *,
    texture_px: int = TEXTURE_PX,
    up_axis: str | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> PackedFile:
    """Pack the meshes of a folder into a file that `synthesize` takes in its place.

    Vertices are rounded to a grid of 2^16 steps along the longest side, textures shrunk and compressed as WebP; faces,
    materials, and what `index.csv` says about a mesh stay as they are.

    Args:
        folder: Of meshes, or a zip archive of them; see `FolderSource`.
        path: Of the file.
        texture_px: Longest side of textures.
        up_axis: As for `sources.open_source`.
        workers: Processes; None for one per core.
        progress: Called with shapes done and their number.

    Raises:
        InputError: the folder holds no mesh, none can be used, or the file cannot be written.
    """
    source = FolderSource(folder, up_axis=up_axis)
    items = source.items()
    rejected: dict[str, str] = {}

    def shapes() -> Iterator[tuple[ArchivedShape, bytes]]:
        found = run_isolated(_Packing(source, texture_px), items, workers or available_cores())
        for done, (index, answer) in enumerate(found):
            item = items[index]
            if isinstance(answer, _Packed):
                lacks = {"lacks": "; ".join(answer.lacks)} if answer.lacks else {}
                yield ArchivedShape(item.shape_id, item.category, {**item.metadata, **lacks}), answer.data
            else:
                rejected[item.shape_id] = answer.reason if isinstance(answer, Crash) else str(answer)
            if progress is not None:
                progress(done + 1, len(items))
        if len(rejected) == len(items):
            raise InputError(f"{folder}: no mesh of it can be used ({next(iter(rejected.values()))})")

    write_archive(path, shapes())
    return PackedFile(len(items) - len(rejected), path.stat().st_size, dict(sorted(rejected.items())))


@dataclass(frozen=True)
class _Packed:
    """The bytes of a mesh, and what its file names and does not have."""

    data: bytes
    lacks: tuple[str, ...]


@dataclass(frozen=True)
class _Packing:
    """What a process does with one mesh: its bytes, or why there are none."""

    source: FolderSource
    texture_px: int

    def __call__(self, item: SourceItem) -> _Packed | str:
        try:
            shape, lacks = self.source.read(item)
            return _Packed(encode_asset(shape, self.texture_px), lacks)
        except RejectedShape as error:
            return str(error)
