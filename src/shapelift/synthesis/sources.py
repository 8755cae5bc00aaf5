"""Where shapes come from: folders of meshes, files of packed ones, and the procedural families."""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from shapelift.errors import InputError
from shapelift.geometry import Mesh
from shapelift.io.manifest import PROCEDURAL
from shapelift.synthesis import procedural
from shapelift.synthesis.materials import Asset
from shapelift.synthesis.mesh_archive import read_contents, read_packed_shape
from shapelift.synthesis.mesh_files import SUFFIXES, RejectedShape, randomly_dressed, read_mesh_file

__all__ = ["RejectedShape", "Source", "SourceItem", "open_source"]

PROCEDURAL_COUNT_PER_CATEGORY = 100

# The synset folders of ShapeNetCore that the single-image literature uses (Choy et al. 2016).
SHAPENET_CATEGORIES = {
    "02691156": "airplane",
    "02828884": "bench",
    "02933112": "cabinet",
    "02958343": "car",
    "03001627": "chair",
    "03211117": "display",
    "03636649": "lamp",
    "03691459": "loudspeaker",
    "04090263": "rifle",
    "04256520": "sofa",
    "04379243": "table",
    "04401088": "telephone",
    "04530566": "vessel",
}


@dataclass(frozen=True, slots=True)
class SourceItem:
    """One shape that a source can load.

    shape_id: unique in the source, stable from run to run; letters, digits, "_" and "-".
    path: the file, None for procedural shapes.
    seed: of everything random about the shape; depends on the source's seed and the shape only.
    metadata: text to keep with the shape: source, licence, author where known.
    variant: number of the variant of the shape that is meant (see `variants`); 0 is the shape itself.
    """

    shape_id: str
    category: str
    path: Path | None
    seed: int
    metadata: dict[str, str] = field(default_factory=dict)
    variant: int = 0


class Source(Protocol):
    """A list of shapes, loaded one at a time."""

    def items(self) -> tuple[SourceItem, ...]:
        """All shapes, in a stable order; nothing is loaded."""
        ...

    def load(self, item: SourceItem) -> Asset:
        """The shape, normalised, +Y up, front +Z. Raises RejectedShape with the reason where it cannot be used."""
        ...


def open_source(spec: str, count: int | None = None, seed: int = 0) -> Source:
    """The source that a text stands for.

    Args:
        spec: A folder of meshes; a file that `mesh_pack.pack_meshes` wrote; or ``procedural:chair``,
            ``procedural:chair,table``, ``procedural:all``.
        count: How many shapes. Of a folder or file: a random choice by `seed`, None for all of them. Of procedural
            categories: the total over the categories, dealt in turn; None for 100 of each.
        seed: Of everything random.

    Raises:
        InputError: no such folder or category, a folder without meshes, a count below 1, or a bad index.csv.
    """
    if count is not None and count < 1:
        raise InputError(f"{spec}: cannot make {count} shapes; ask for at least 1")
    if seed < 0:
        raise InputError(f"the seed {seed} is negative; use 0 or more")
    if spec.startswith(PROCEDURAL):
        return ProceduralSource(_categories(spec), count, seed)
    if Path(spec).is_file():
        return PackedMeshes(Path(spec), count, seed)
    return FolderSource(Path(spec), count, seed)


def _categories(spec: str) -> tuple[str, ...]:
    names = [name.strip() for name in spec.removeprefix(PROCEDURAL).split(",") if name.strip()]
    if names == ["all"]:
        return tuple(procedural.CATEGORIES)
    unknown = [name for name in names if name not in procedural.CATEGORIES]
    if unknown or not names:
        wrong = f"no category {unknown[0]!r}" if unknown else "no category named"
        raise InputError(f"{spec}: {wrong}; use {PROCEDURAL}all or any of {', '.join(procedural.CATEGORIES)}")
    return tuple(dict.fromkeys(names))


def _seed_of(*parts: object) -> int:
    """A seed below 2^63 that depends on all parts and nothing else."""
    text = "/".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


class ProceduralSource:
    """Shapes of procedural families, dealt category by category in turn; described at once, built when loaded."""

    def __init__(self, categories: tuple[str, ...], count: int | None, seed: int) -> None:
        self.categories = categories
        self.count = PROCEDURAL_COUNT_PER_CATEGORY * len(categories) if count is None else count
        self.seed = seed

    def items(self) -> tuple[SourceItem, ...]:
        """All shapes: ``procedural_chair_000000``, ...; more of them leave the first ones as they are."""
        made = []
        for number in range(self.count):
            index, turn = divmod(number, len(self.categories))
            category = self.categories[turn]
            made.append(
                SourceItem(
                    shape_id=f"procedural_{category}_{index:06d}",
                    category=category,
                    path=None,
                    seed=_seed_of(self.seed, category, index),
                    metadata={"source": f"{PROCEDURAL}{category}", "licence": "CC0-1.0", "author": "shapelift"},
                )
            )
        return tuple(made)

    def load(self, item: SourceItem) -> Asset:
        """Build the shape. Raises RejectedShape where the family's geometry fails for this seed."""
        try:
            return procedural.build(item.category, item.seed)
        except ValueError as error:
            raise RejectedShape(f"cannot be built: {error}") from error


class FolderSource:
    """The mesh files of a folder and its sub-folders; hidden ones are skipped.

    The category is that of index.csv, else the name of the top sub-folder (ShapeNet's numbers become names), else the
    name of the folder. An ``index.csv`` in the folder may describe files: column ``file`` (relative path), and any of
    ``category``, ``licence``, ``author``, ``source``, ``up_axis``, ``front_axis`` (default +Y and +Z), ``color``
    ("plain": the file's colours mean nothing, random materials are better). Files it does not name are used all the
    same.
    """

    def __init__(self, folder: Path, count: int | None = None, seed: int = 0) -> None:
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder; name a folder of meshes or {PROCEDURAL}<category>")
        self.folder = folder
        self.count = count
        self.seed = seed
        files = sorted(path.relative_to(folder) for path in folder.rglob("*") if _is_mesh(path, folder))
        if not files:
            raise InputError(f"{folder}: no mesh in this folder; it should hold {', '.join(SUFFIXES)} files")
        if count is not None and count < len(files):
            chosen = np.random.default_rng(seed).choice(len(files), size=count, replace=False)
            names = _shape_ids(files)
            kept = np.sort(chosen)
            files, self._shape_ids = [files[index] for index in kept], [names[index] for index in kept]
        else:
            self._shape_ids = _shape_ids(files)
        self._files = files
        self._index = _read_index(folder / "index.csv")

    def items(self) -> tuple[SourceItem, ...]:
        """All files, by path."""
        made = []
        for path, shape_id in zip(self._files, self._shape_ids, strict=True):
            row = self._index.get(path.as_posix(), {})
            top = path.parts[0] if len(path.parts) > 1 else self.folder.resolve().name
            metadata = {key: row[key] for key in _METADATA if row.get(key)}
            metadata["source"] = row.get("source") or row.get("source_repo") or path.as_posix()
            made.append(
                SourceItem(
                    shape_id=shape_id,
                    category=row.get("category") or SHAPENET_CATEGORIES.get(top, top),
                    path=self.folder / path,
                    seed=_seed_of(self.seed, shape_id),
                    metadata=metadata,
                )
            )
        return tuple(made)

    def load(self, item: SourceItem) -> Asset:
        """Read the file. Raises RejectedShape with the reason where it cannot be used."""
        return _dressed(self.read(item), item.seed)

    def read(self, item: SourceItem) -> Asset | Mesh:
        """Read the file; the mesh alone where its looks are to be invented. Raises RejectedShape like `load`."""
        if item.path is None:
            raise ValueError(f"{item.shape_id} does not come from a folder")
        return read_mesh_file(
            item.path,
            up_axis=item.metadata.get("up_axis", "+Y"),
            front_axis=item.metadata.get("front_axis", "+Z"),
            keep_colors=item.metadata.get("color") != "plain",
        )


class PackedMeshes:
    """The shapes of a file that `shapelift pack-meshes` wrote: those of its folder, under the same names and seeds."""

    def __init__(self, path: Path, count: int | None = None, seed: int = 0) -> None:
        """Read the table of contents; raises InputError where it is not such a file."""
        self.path = path
        self.seed = seed
        shapes = read_contents(path)
        if count is not None and count < len(shapes):
            chosen = np.random.default_rng(seed).choice(len(shapes), size=count, replace=False)
            shapes = tuple(shapes[index] for index in np.sort(chosen))
        self._shapes = shapes

    def items(self) -> tuple[SourceItem, ...]:
        """All shapes, by name."""
        return tuple(
            SourceItem(
                shape_id=shape.shape_id,
                category=shape.category,
                path=None,
                seed=_seed_of(self.seed, shape.shape_id),
                metadata=dict(shape.metadata),
            )
            for shape in self._shapes
        )

    def load(self, item: SourceItem) -> Asset:
        """Unpack the shape. Raises RejectedShape where it is damaged."""
        try:
            return _dressed(read_packed_shape(self.path, item.shape_id), item.seed)
        except ValueError as error:
            raise RejectedShape(str(error)) from error


def _dressed(shape: Asset | Mesh, seed: int) -> Asset:
    return shape if isinstance(shape, Asset) else randomly_dressed(shape, np.random.default_rng(seed))


_METADATA = ("licence", "author", "up_axis", "front_axis", "color", "domain")


def _is_mesh(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return not hidden and path.suffix.lower() in SUFFIXES and path.is_file()


def _shape_ids(files: list[Path]) -> list[str]:
    """A name for every relative path; paths whose plain names coincide all get a piece of their hash."""
    plain = [re.sub(r"[^a-z0-9_-]+", "_", path.with_suffix("").as_posix().lower()).strip("_") for path in files]
    shared = Counter(plain)
    names = []
    for path, name in zip(files, plain, strict=True):
        if shared[name] > 1 or not name or len(name) > 120:
            digest = hashlib.blake2b(path.as_posix().encode(), digest_size=4).hexdigest()
            names.append(f"{name[:111]}-{digest}")
        else:
            names.append(name)
    return names


def _read_index(path: Path) -> dict[str, dict[str, str]]:
    """Rows of an index.csv by file; empty where there is none."""
    if not path.is_file():
        return {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read as a table ({error}); correct or remove it") from error
    if rows and "file" not in rows[0]:
        raise InputError(f"{path}: has no column 'file'; add one with the relative paths of the meshes, or remove it")
    return {
        row["file"]: {key: value for key, value in row.items() if isinstance(key, str) and isinstance(value, str)}
        for row in rows
        if row["file"]
    }
