"""From a source to a data set on disk: one record per shape, a manifest, interruptible at any moment.

A folder that already holds shapes made with the same parameters and seed is continued: whole records are kept, missing
and damaged ones are made, shapes of other sources stay. So an interrupted run is finished by starting it again, and a
data set can be put together from several sources. The result does not depend on the number of workers or on
interruptions.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapelift._version import __version__
from shapelift.errors import InputError
from shapelift.io.cores import available_cores
from shapelift.io.manifest import FILE_NAME, Manifest, Rejection, ShapeEntry, read_manifest
from shapelift.io.records import SUFFIX, open_record, read_record, split_of, write_record
from shapelift.io.splits import is_variant, splits_of, variant_name
from shapelift.synthesis.labels import UnusableShapeError
from shapelift.synthesis.options import SynthesisOptions
from shapelift.synthesis.pool import Crash, run_isolated
from shapelift.synthesis.rays import TRAIN_EXTRA

if TYPE_CHECKING:
    from shapelift.synthesis.sources import Source, SourceItem

__all__ = ["SynthesisProgress", "lacks", "synthesize"]

GENERATOR = f"shapelift {__version__}, synthesis 3"
"""Written into every record; a data set is only continued by the same generator."""

SHAPES = "shapes"
_SAVE_EVERY_S = 15.0


@dataclass(frozen=True)
class SynthesisProgress:
    """How far a run is: `done` of `total` shapes, of which `kept` were there before and `rejected` were unusable."""

    done: int
    total: int
    kept: int
    rejected: int


def synthesize(
    source: str,
    output: str | Path,
    options: SynthesisOptions | None = None,
    progress: Callable[[SynthesisProgress], None] | None = None,
) -> Manifest:
    """Make the data set of `source` in the folder `output`, or finish it.

    Worker processes import the main module, as multiprocessing's `spawn` does: call this from under
    `if __name__ == "__main__"` in a script.

    Args:
        source: A folder or zip archive of meshes, a mesh file, a file of packed meshes, or `procedural:chair`,
            `procedural:chair,table`, `procedural:all`.
        output: Folder of the data set; made when missing.
        options: How.
        progress: Called after every shape.

    Returns:
        The manifest, which is also in `output/manifest.json`.

    Raises:
        InputError: a bad source, an unwritable folder, a data set made with other parameters, or missing packages.
    """
    options = options or SynthesisOptions()
    require_packages()
    from shapelift.synthesis.sources import open_source

    opened = open_source(source, options.count, options.seed, options.up_axis)
    items = opened.items()
    writer = _Writer(source, Path(output), options)
    task = _Task(opened, Path(output), options)
    writer.save()
    expected = _variants(items, splits_of(item.shape_id for item in items), options.variants)
    report = progress or (lambda now: None)
    now = _work(task, writer, items, SynthesisProgress(0, len(items) + len(expected), 0, 0), report)
    manifest = writer.save()
    if options.variants:
        # Only now it is known which shapes can be used, and so which of them are to be trained on.
        wanted = _variants(items, {entry.shape_id: entry.split for entry in manifest.shapes}, options.variants)
        _work(task, writer, wanted, replace(now, total=len(items) + len(wanted)), report)
        manifest = writer.save()
    return manifest


def lacks(manifest: Manifest) -> str | None:
    """One warning for all shapes of a data set whose files name what they do not have; None where none does."""
    from shapelift.synthesis.coverage import LACKS

    found = [
        f"{entry.source}: {flag.removeprefix(LACKS)}"
        for entry in manifest.shapes
        if not is_variant(entry.shape_id)
        for flag in entry.flags
        if flag.startswith(LACKS)
    ]
    if not found:
        return None
    more = len(found) - 1
    rest = f", and {more} more shape{'' if more == 1 else 's'}; see the flags in {FILE_NAME}" if more else ""
    return f"parts of meshes or their looks are missing: {found[0]}{rest}"


def _variants(items: Iterable[SourceItem], splits: Mapping[str, str], count: int) -> list[SourceItem]:
    from shapelift.synthesis.variants import variants_of

    training = (item for item in items if splits.get(item.shape_id) == "train")
    return [variant for item in training for variant in variants_of(item, count)]


def _work(
    task: _Task,
    writer: _Writer,
    items: Sequence[SourceItem],
    now: SynthesisProgress,
    report: Callable[[SynthesisProgress], None],
) -> SynthesisProgress:
    """Make the records of the items that have none yet; `now` is how far the whole run is, and what is returned."""
    todo = []
    for item in items:
        if writer.keep(item, task):
            now = replace(now, done=now.done + 1, kept=now.kept + 1)
            if now.kept % 100 == 0:
                report(now)
        else:
            todo.append(item)
    report(now)
    for index, answer in run_isolated(task, todo, task.options.workers or available_cores()):
        item = todo[index]
        writer.add(item, Rejection(task.source_name(item), answer.reason) if isinstance(answer, Crash) else answer)
        now = replace(now, done=now.done + 1, rejected=now.rejected + isinstance(answer, Crash | Rejection))
        report(now)
    return now


def require_packages() -> None:
    """Check that the packages for making data are there.

    Raises:
        InputError: one is not installed.
    """
    for name, package in (("embreex", "embreex"), ("igl", "libigl")):
        try:
            __import__(name)
        except ImportError as error:
            raise InputError(TRAIN_EXTRA.format(name=package)) from error


@dataclass(frozen=True)
class _Task:
    """What a worker does with one item of the source."""

    source: Source
    output: Path
    options: SynthesisOptions

    def source_name(self, item: SourceItem) -> str:
        """How the manifest calls an item: its file relative to the source folder, or the procedural shape."""
        if not item.file:
            return item.shape_id
        return variant_name(item.file, item.variant) if item.variant else item.file

    def __call__(self, item: SourceItem) -> ShapeEntry | Rejection:
        from shapelift.synthesis.fingerprints import fingerprint
        from shapelift.synthesis.recording import make_record, stream
        from shapelift.synthesis.sources import RejectedShape
        from shapelift.synthesis.variants import varied

        _single_threaded_opencv()
        name = self.source_name(item)
        try:
            asset = self.source.load(item)
            if item.variant:
                asset = varied(asset, stream(self.options.seed, item.shape_id, "variant"))
            metadata = {
                **item.metadata,
                "shape_id": item.shape_id,
                "category": item.category,
                **({"lacks": "; ".join(asset.lacks)} if asset.lacks else {}),
                **_stamp(self.options),
            }
            record = make_record(asset, item.shape_id, self.options.seed, self.options, metadata)
        except (RejectedShape, UnusableShapeError) as error:
            return Rejection(name, str(error))
        except InputError:
            raise
        except Exception as error:  # one bad mesh among thousands must not end the run
            return Rejection(name, " ".join(f"unexpected {type(error).__name__}: {error}".split()))
        file = f"{SHAPES}/{item.shape_id}{SUFFIX}"
        write_record(self.output / file, record)
        geometry = "" if item.variant else fingerprint(asset.mesh)
        return _entry(self.output, item.shape_id, name, record.metadata, geometry)

    def geometry(self, item: SourceItem) -> str:
        """What shapes of the same geometry as the item have in common; variants go where their shapes go."""
        from shapelift.synthesis.fingerprints import fingerprint

        return "" if item.variant else fingerprint(self.source.load(item).mesh)


class _Writer:
    """The manifest in the making."""

    def __init__(self, source: str, output: Path, options: SynthesisOptions) -> None:
        self._output = output
        self._options = options
        self._entries: dict[str, ShapeEntry] = {}
        self._rejected: dict[str, Rejection] = {}
        self._sources = {source}
        self._known: dict[str, ShapeEntry] = {}
        self._saved = time.monotonic()
        try:
            (output / SHAPES).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"{output}: cannot make this folder ({error.strerror}); choose another `output`"
            ) from error
        for folder in (output, output / SHAPES):  # what a killed run was writing
            for leftover in folder.glob(".*"):
                if leftover.suffix in {SUFFIX, ".json"}:
                    leftover.unlink(missing_ok=True)
        if (output / FILE_NAME).exists():
            self._continue(read_manifest(output))

    def _continue(self, before: Manifest) -> None:
        now: dict[str, Any] = {"generator": GENERATOR, "seed": self._options.seed, **self._options.parameters}
        then: dict[str, Any] = {"generator": before.generator, "seed": before.seed, **before.parameters}
        changed = [name for name in {**now, **then} if now.get(name) != then.get(name)]
        if changed:
            what = ", ".join(f"{name} {then.get(name, 'none')} (now {now.get(name, 'none')})" for name in changed)
            raise InputError(
                f"{self._output}: holds a data set made with {what}; use the same values or another `output`"
            )
        self._sources |= set(before.sources)
        self._known = {entry.shape_id: entry for entry in before.shapes}
        self._entries = dict(self._known)
        self._rejected = {rejection.source: rejection for rejection in before.rejected}

    def keep(self, item: SourceItem, task: _Task) -> bool:
        """Whether the record of a shape is there and whole; a damaged one is forgotten."""
        shape_id, source = item.shape_id, task.source_name(item)
        path = self._output / SHAPES / f"{shape_id}{SUFFIX}"
        self._rejected.pop(source, None)
        known = self._entries.pop(shape_id, None)
        if not path.is_file():
            return False
        if known is not None:
            if known.source == source and _sha256(path) == known.sha256:
                self._entries[shape_id] = known
                return True
            return False
        # written after the manifest was last saved: whole by the way records are written, if it can be read
        try:
            with open_record(path) as reader:
                metadata = reader.metadata
            if {name: metadata.get(name) for name in _stamp(self._options)} != _stamp(self._options):
                return False
            read_record(path)
            geometry = task.geometry(item)
        except ValueError:
            return False
        self._entries[shape_id] = _entry(self._output, shape_id, source, metadata, geometry)
        return True

    def add(self, item: SourceItem, answer: ShapeEntry | Rejection) -> None:
        """Take in what a worker made of an item."""
        if isinstance(answer, Rejection):
            self._rejected[answer.source] = answer
            (self._output / SHAPES / f"{item.shape_id}{SUFFIX}").unlink(missing_ok=True)
        else:
            self._entries[answer.shape_id] = answer
        if time.monotonic() - self._saved > _SAVE_EVERY_S:
            self.save()

    def save(self) -> Manifest:
        """Write the manifest as far as it is; splits are those of all shapes that it holds."""
        splits = splits_of(self._entries, {name: entry.geometry for name, entry in self._entries.items()})
        entries = [replace(entry, split=splits[entry.shape_id]) for entry in self._entries.values()]
        kept = [entry for entry in entries if entry.split == "train" or not is_variant(entry.shape_id)]
        manifest = Manifest(
            generator=GENERATOR,
            parameters=self._options.parameters,
            seed=self._options.seed,
            sources=tuple(sorted(self._sources)),
            shapes=_sorted(kept, "shape_id"),
            rejected=_sorted(self._rejected.values(), "source"),
        )
        manifest.write(self._output)
        self._saved = time.monotonic()
        return manifest


def _sorted(entries: Iterable[Any], key: str) -> tuple[Any, ...]:
    return tuple(sorted(entries, key=lambda entry: getattr(entry, key)))


def _stamp(options: SynthesisOptions) -> dict[str, str]:
    """What a record says about how it was made."""
    parameters = ", ".join(f"{name} {value}" for name, value in sorted(options.parameters.items()))
    return {"generator": GENERATOR, "parameters": parameters, "seed": str(options.seed)}


def _entry(output: Path, shape_id: str, source: str, metadata: Mapping[str, str], geometry: str) -> ShapeEntry:
    from shapelift.synthesis.coverage import flags

    file = f"{SHAPES}/{shape_id}{SUFFIX}"
    checksum = _sha256(output / file)
    doubts = flags(metadata)
    return ShapeEntry(shape_id, metadata["category"], file, checksum, split_of(shape_id), source, doubts, geometry)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _single_threaded_opencv() -> None:
    import cv2

    if cv2.getNumThreads() != 1 and os.environ.get("OMP_NUM_THREADS") == "1":
        cv2.setNumThreads(1)
