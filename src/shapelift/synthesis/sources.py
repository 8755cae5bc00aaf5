"""Where shapes come from: folders of meshes, files of packed ones, and the procedural categories."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import zipfile
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath, PurePosixPath
from typing import Protocol

import numpy as np

from shapelift.errors import InputError
from shapelift.geometry import Mesh
from shapelift.io.manifest import PROCEDURAL
from shapelift.io.shapes import upright
from shapelift.synthesis import procedural
from shapelift.synthesis.materials import Asset
from shapelift.synthesis.mesh_archive import is_archive, read_contents, read_packed_shape
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
    path: the file, or the zip archive that it is in; None for procedural and packed shapes.
    member: the file in that archive.
    file: what the manifest calls the shape: the file within its source; "" for its shape_id.
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
    member: str | None = None
    file: str = ""


class Source(Protocol):
    """A list of shapes, loaded one at a time."""

    def items(self) -> tuple[SourceItem, ...]:
        """All shapes, in a stable order; nothing is loaded."""
        ...

    def load(self, item: SourceItem) -> Asset:
        """The shape, normalised, +Y up, front +Z.

        Raises:
            RejectedShape: it cannot be used; the message says why.
        """
        ...


def open_source(spec: str, count: int | None = None, seed: int = 0, up_axis: str | None = None) -> Source:
    """The source that a text stands for.

    Args:
        spec: A folder or zip archive of meshes; one mesh file; a file that `mesh_pack.pack_meshes` wrote; or
            ``procedural:chair``, ``procedural:chair,table``, ``procedural:all``.
        count: How many shapes. Of a folder or file: a random choice by `seed`, None for all of them. Of procedural
            categories: the total over the categories, dealt in turn; None for 100 of each.
        seed: Of everything random.
        up_axis: Which axis of the mesh files points up, such as "z", where index.csv does not say; None for +Y.

    Raises:
        InputError: no such folder or category, a folder without meshes, a count below 1, no such axis, an axis for
            shapes that stand upright, or a bad index.csv.
    """
    if count is not None and count < 1:
        raise InputError(f"{spec}: cannot make {count} shapes; ask for at least 1")
    if seed < 0:
        raise InputError(f"the seed {seed} is negative; use 0 or more")
    path = Path(spec)
    upright_already = spec.startswith(PROCEDURAL) or (path.is_file() and not _is_of_meshes(path))
    if up_axis is not None and upright_already:
        raise InputError(f"`up_axis` {up_axis}: the shapes of {spec} stand upright; leave it out")
    if spec.startswith(PROCEDURAL):
        return ProceduralSource(_categories(spec), count, seed)
    return PackedMeshes(path, count, seed) if upright_already else FolderSource(path, count, seed, up_axis)


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
    """Shapes of procedural families, dealt category by category in turn; described at once, built when loaded.

    Args:
        categories: Names of procedural categories.
        count: Number of shapes; None for 100 of each category.
        seed: Of the source.
    """

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
        """Build the shape.

        Raises:
            RejectedShape: the geometry of the category fails for this seed.
        """
        try:
            return procedural.build(item.category, item.seed)
        except ValueError as error:
            raise RejectedShape(f"cannot be built: {error}") from error


class FolderSource:
    """The mesh files of a folder and its sub-folders, or of a zip archive, or a single one; hidden ones are skipped.

    The category is that of index.csv, else the name of the top sub-folder (ShapeNet's numbers become names), else the
    name of the folder, archive or file. An ``index.csv`` in the folder may describe files: column ``file`` (relative
    path), and any of ``category``, ``licence``, ``author``, ``source``, ``up_axis``, ``front_axis`` (default +Y and
    +Z), ``color`` ("plain": the file's colours mean nothing, random materials are better). Files it does not name are
    used all the same. A folder of the name of its archive, or with an index.csv, counts as the archive itself.

    Args:
        folder: Folder, archive or file.
        count: At most so many shapes, drawn at random; None for all.
        seed: Of the draw, and of what is random about the shapes.
        up_axis: Which axis of the files points up, such as "z", where index.csv does not say; None for +Y.
    """

    def __init__(self, folder: Path, count: int | None = None, seed: int = 0, up_axis: str | None = None) -> None:
        if up_axis is not None:
            upright(up_axis)
        self.folder = folder
        self.count = count
        self.seed = seed
        self.up_axis = up_axis
        self._within, files, index = _listed(folder)
        if not files:
            what = "archive" if folder.is_file() else "folder"
            raise InputError(f"{folder}: no mesh in this {what}; it should hold {', '.join(SUFFIXES)} files")
        names = _shape_ids(files)
        if count is not None and count < len(files):
            chosen = np.random.default_rng(seed).choice(len(files), size=count, replace=False)
            kept = np.sort(chosen)
            files, names = [files[index] for index in kept], [names[index] for index in kept]
        self._files, self._shape_ids = files, names
        self._index = _read_index(folder / "index.csv", index)

    def items(self) -> tuple[SourceItem, ...]:
        """All files, by path."""
        made = []
        single = self.folder.is_file()
        zipped = self._within is not None
        home = self.folder.stem if single else self.folder.resolve().name
        for path, shape_id in zip(self._files, self._shape_ids, strict=True):
            row = self._index.get(path.as_posix(), {})
            top = path.parts[0] if len(path.parts) > 1 else home
            metadata = {key: row[key] for key in _METADATA if row.get(key)}
            if self.up_axis is not None:
                metadata.setdefault("up_axis", self.up_axis)
            metadata["source"] = row.get("source") or row.get("source_repo") or path.as_posix()
            made.append(
                SourceItem(
                    shape_id=shape_id,
                    category=row.get("category") or SHAPENET_CATEGORIES.get(top, top),
                    path=self.folder if single else self.folder / path,
                    seed=_seed_of(self.seed, shape_id),
                    metadata=metadata,
                    member=f"{self._within}{path.as_posix()}" if zipped else None,
                    file=path.as_posix(),
                )
            )
        return tuple(made)

    def load(self, item: SourceItem) -> Asset:
        """Read the file.

        Raises:
            RejectedShape: it cannot be used; the message says why.
        """
        shape, lacks = self.read(item)
        return replace(_dressed(shape, item.seed), lacks=lacks)

    def read(self, item: SourceItem) -> tuple[Asset | Mesh, tuple[str, ...]]:
        """Read the file, see `mesh_files.read_mesh_file`.

        Raises:
            RejectedShape: as `load`.
            ValueError: the item is of another source.
        """
        if item.path is None:
            raise ValueError(f"{item.shape_id} does not come from a folder")
        return read_mesh_file(
            item.path,
            member=item.member,
            up_axis=item.metadata.get("up_axis", "+Y"),
            front_axis=item.metadata.get("front_axis", "+Z"),
            keep_colors=item.metadata.get("color") != "plain",
        )


def _is_of_meshes(path: Path) -> bool:
    """Whether a file is a mesh or an archive of meshes, not a file of packed ones."""
    suffix = path.suffix.lower()
    return suffix in SUFFIXES or ((suffix == ".zip" or zipfile.is_zipfile(path)) and not is_archive(path))


def _listed(place: Path) -> tuple[str | None, list[PurePosixPath], bytes | None]:
    """The mesh files of a folder, zip archive or file, by name; where they lie in an archive; and its index.csv."""
    if place.is_dir():
        found = sorted(path.relative_to(place) for path in place.rglob("*") if _is_mesh(path.relative_to(place)))
        files = [PurePosixPath(path.as_posix()) for path in found if (place / path).is_file()]
        index = place / "index.csv"
        return None, files, index.read_bytes() if index.is_file() else None
    if not place.is_file():
        raise InputError(f"{place}: no such folder or file; name a folder of meshes or {PROCEDURAL}<category>")
    if place.suffix.lower() in SUFFIXES:
        return None, [PurePosixPath(place.name)], None
    try:
        with zipfile.ZipFile(place) as archive:
            members = [PurePosixPath(name) for name in archive.namelist() if not name.endswith("/")]
            tops = {path.parts[0] for path in members if len(path.parts) > 1 and path.parts[0] != "__MACOSX"}
            top = next(iter(tops)) + "/" if len(tops) == 1 else ""
            named = {path.as_posix() for path in members}
            within = top if top == f"{place.stem}/" or f"{top}index.csv" in named else ""
            index_bytes = archive.read(f"{within}index.csv") if f"{within}index.csv" in named else None
    except (OSError, zipfile.BadZipFile, RuntimeError) as error:
        raise InputError(f"{place}: is no readable zip archive of meshes; pack it again") from error
    inside = [PurePosixPath(name[len(within) :]) for name in named if name.startswith(within)]
    return within, sorted(path for path in inside if _is_mesh(path) and path.parts[0] != "__MACOSX"), index_bytes


class PackedMeshes:
    """The shapes of a file that `shapelift pack-meshes` wrote: those of its folder, under the same names and seeds.

    Args:
        path: The file.
        count: At most so many shapes, drawn at random; None for all.
        seed: Of the draw, and of what is random about the shapes.

    Raises:
        InputError: it is not such a file.
    """

    def __init__(self, path: Path, count: int | None = None, seed: int = 0) -> None:
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
        """Unpack the shape.

        Raises:
            RejectedShape: it is damaged.
        """
        try:
            shape = _dressed(read_packed_shape(self.path, item.shape_id), item.seed)
        except ValueError as error:
            raise RejectedShape(str(error)) from error
        lacks = item.metadata.get("lacks")
        return replace(shape, lacks=(lacks,)) if lacks else shape


def _dressed(shape: Asset | Mesh, seed: int) -> Asset:
    return shape if isinstance(shape, Asset) else randomly_dressed(shape, np.random.default_rng(seed))


_METADATA = ("licence", "author", "up_axis", "front_axis", "color", "domain")


def _is_mesh(path: PurePath) -> bool:
    return not any(part.startswith(".") for part in path.parts) and path.suffix.lower() in SUFFIXES


def _shape_ids(files: list[PurePosixPath]) -> list[str]:
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


def _read_index(path: Path, data: bytes | None) -> dict[str, dict[str, str]]:
    """Rows of an index.csv by file; empty where there is none."""
    if data is None:
        return {}
    try:
        rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read as a table ({error}); correct or remove it") from error
    if rows and "file" not in rows[0]:
        raise InputError(f"{path}: has no column 'file'; add one with the relative paths of the meshes, or remove it")
    return {
        row["file"]: {key: value for key, value in row.items() if isinstance(key, str) and isinstance(value, str)}
        for row in rows
        if row["file"]
    }
