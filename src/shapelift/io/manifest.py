"""The table of contents of a data set: `manifest.json`.

Synthesis writes it; training and evaluation find their shapes through it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, get_args

import msgspec

from shapelift.errors import InputError
from shapelift.io.atomic import write_atomically
from shapelift.io.records import Split
from shapelift.io.splits import first_alike

__all__ = ["Manifest", "Rejection", "ShapeEntry", "StoredShape", "read_manifest", "stored_shapes"]

SCHEMA = "shapelift-dataset-1"
FILE_NAME = "manifest.json"
PROCEDURAL = "procedural:"
"""Begins a SOURCE that is made by a program, and the `source` of its shapes."""


@dataclass(frozen=True)
class _Header:
    schema: str


@dataclass(frozen=True)
class ShapeEntry:
    """One shape of a data set, as the manifest states it.

    Attributes:
        shape_id: Its name, unique in the data set.
        category: Its category.
        file: Its record, relative to the folder of the data set.
        sha256: Checksum of that file.
        split: "train", "validation" or "test".
        source: Where it came from: a file relative to the source folder, or the name of the procedural shape.
        flags: What is doubtful about its labels, in a few words each; none for data sets made before there were any.
        geometry: The same for shapes of the same geometry, and for no others; empty where it is not known.
    """

    shape_id: str
    category: str
    file: str
    sha256: str
    split: Split
    source: str
    flags: tuple[str, ...] = ()
    geometry: str = ""


@dataclass(frozen=True)
class Rejection:
    """A source that did not become a shape, and why."""

    source: str
    reason: str


@dataclass(frozen=True)
class Manifest:
    """What is in a data set and how it was made.

    Attributes:
        generator: Name and version of the program that made it.
        parameters: Everything that decides the content of a record, next to the source and the seed.
        seed: Seed of all randomness.
        sources: What was given as SOURCE, in alphabetical order.
        shapes: Ordered by `shape_id`.
        rejected: Ordered by source.
    """

    generator: str
    parameters: Mapping[str, Any]
    seed: int
    sources: tuple[str, ...] = ()
    shapes: tuple[ShapeEntry, ...] = ()
    rejected: tuple[Rejection, ...] = field(default=())

    @property
    def flagged(self) -> tuple[ShapeEntry, ...]:
        """The shapes whose labels are doubtful."""
        return tuple(entry for entry in self.shapes if entry.flags)

    @property
    def duplicates(self) -> dict[str, str]:
        """Shapes that have the geometry of another, and the first by name of those they have it from."""
        known = {entry.shape_id: entry.geometry for entry in self.shapes}
        return {name: first for name, first in first_alike(known, known).items() if name != first}

    def split(self, name: Split) -> tuple[ShapeEntry, ...]:
        """The shapes of one split."""
        return tuple(entry for entry in self.shapes if entry.split == name)

    def write(self, folder: str | Path) -> None:
        """Write `manifest.json` into `folder`, atomically; equal manifests give equal bytes."""
        data = {"schema": SCHEMA, **asdict(self)}
        data["shapes"] = [
            {name: value for name, value in shape.items() if value or name not in ("flags", "geometry")}
            for shape in data["shapes"]
        ]
        if self.duplicates:
            data["duplicates"] = self.duplicates
        write_atomically(Path(folder) / FILE_NAME, json.dumps(data, indent=1, sort_keys=True) + "\n")


@dataclass(frozen=True)
class StoredShape:
    """One shape of a data set and the file that holds its record: what a reader of records needs to know.

    Attributes:
        shape_id: Its name, unique in the data set.
        category: Its category.
        path: Its record.
        split: "train", "validation" or "test".
        sources: What was given as SOURCE when the data set was made.
    """

    shape_id: str
    category: str
    path: Path
    split: Split
    sources: tuple[str, ...] = ()


def read_manifest(folder: str | Path) -> Manifest:
    """The manifest of the data set in `folder`.

    Raises:
        InputError: there is none, it is of another version, or it cannot be read.
    """
    path = Path(folder) / FILE_NAME
    try:
        text = path.read_bytes()
        known = msgspec.json.decode(text, type=_Header).schema == SCHEMA
        manifest = msgspec.json.decode(text, type=Manifest) if known else None
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such data set; make one with `shapelift synthesize`") from error
    except (msgspec.MsgspecError, OSError, ValueError, RecursionError) as error:
        what = " ".join(str(error).split())
        raise InputError(
            f"{path}: not a readable manifest ({what}); delete it and run `shapelift synthesize` again"
        ) from error
    if manifest is None:
        raise InputError(f"{path}: made by another version of shapelift; synthesize into a new folder")
    return manifest


def stored_shapes(folder: str | Path, split: str | None = None) -> tuple[StoredShape, ...]:
    """The shapes of the data set in `folder` that belong to `split` (None: to any), in the order of the manifest.

    Raises:
        InputError: no data set there, a damaged manifest, or no shape in the split.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    found = tuple(
        StoredShape(entry.shape_id, entry.category, folder / entry.file, entry.split, manifest.sources)
        for entry in manifest.shapes
        if split in {None, entry.split}
    )
    if not found:
        counts = ", ".join(f"{name} {len(manifest.split(name))}" for name in get_args(Split))
        where = "no shape" if split is None else f"no shape in the split {split!r}"
        raise InputError(f"{folder}: {where} (it holds {counts}); choose another split or add shapes")
    return found
