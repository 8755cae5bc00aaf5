"""Which images are reconstructed into which files, decided and checked before anything is done."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from shapelift.errors import Doubt, InputError
from shapelift.inference.hypotheses import numbered
from shapelift.io.image_files import IMAGE_SUFFIXES, refuse_address
from shapelift.io.shapes import FORMATS

STANDARD_INPUT = Path("-")
"""The image that is read from standard input."""
EXTRAS = {"preview": "-preview.png", "turntable": "-turntable.webp", "html": ".html"}
"""What can be written beside a shape, and how its name ends."""
PAGE_MARK = '<meta name="generator" content="shapelift'
"""Stands at the beginning of every page that is written, and of no other."""


@dataclass(frozen=True)
class Job:
    """One picture and the files that come out of it.

    Attributes:
        image: The picture.
        outputs: One per format; where there are several hypotheses, without their numbers.
        samples: How many hypotheses.
        extras: Further files, by their names in `EXTRAS`.
        mask: Its mask, if there is one.
        doubts: What is known of it beforehand.
    """

    image: Path
    outputs: tuple[Path, ...]
    samples: int = 1
    extras: Mapping[str, Path] = field(default_factory=dict)
    mask: Path | None = None
    doubts: tuple[Doubt, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """Everything that is written: the shapes, and what stands beside them."""
        return (*self.shapes, *self.extras.values())

    @property
    def shapes(self) -> tuple[Path, ...]:
        """The files of the shapes, format by format."""
        return tuple(file for output in self.outputs for file in numbered(output, self.samples))

    def with_extras(self, names: Iterable[str]) -> Job:
        """The same with further files beside the first shape."""
        first = self.outputs[0]
        extras = {name: first.with_name(first.stem + EXTRAS[name]) for name in names}
        return dataclasses.replace(self, extras=extras)


@dataclass(frozen=True)
class Plan:
    """All jobs.

    Attributes:
        jobs: In the order in which images were named, folders sorted by name.
        single: Whether exactly one image was named, so that a failure is the failure of all.
        gallery: The page of all results; None where there is none.
        passed_over: Files and folders in the folders that were named that are not used, and why.
    """

    jobs: tuple[Job, ...]
    single: bool
    gallery: Path | None = None
    passed_over: tuple[tuple[Path, str], ...] = ()


def make_plan(
    inputs: Sequence[Path],
    output: Path | None,
    formats: str | None,
    mask: Path | None = None,
    save_crop: Path | None = None,
    samples: int = 1,
    extras: Collection[str] = (),
) -> Plan:
    """Find the images, choose the names of the outputs, and check that they can be written.

    Args:
        inputs: Images, or folders of images.
        output: File or folder; None for beside the inputs.
        formats: Endings of the outputs, separated by commas; None for the default.
        mask: Mask of a single image, or a folder of masks.
        save_crop: PNG of what the model sees, of a single image.
        samples: Shapes per image.
        extras: What else is written of every image, names in `EXTRAS`. Where several images have pages or previews,
            a gallery shows the previews.

    Raises:
        InputError: anything that would make the command fail later and can be known now.
    """
    images, single, passed_over = _images(inputs)
    wanted = _formats(formats)
    if save_crop is not None and not single:
        raise InputError(f"`save_crop` {save_crop}: fits one image only; name a single image")
    has_gallery = not single and not {"preview", "html"}.isdisjoint(extras)
    if has_gallery:
        extras = dict.fromkeys(("preview", *extras))
    named = _single_job(images[0], output, wanted) if single else _many_jobs(images, output, wanted)
    jobs = [dataclasses.replace(job, samples=samples).with_extras(extras) for job in named]
    if mask is not None:
        jobs, unused = _with_masks(jobs, mask, single=single)
        passed_over += unused
    if save_crop is not None and save_crop.suffix.lower() != ".png":
        raise InputError(f"`save_crop` {save_crop}: is written as PNG; give a name that ends in .png")
    crops = () if save_crop is None else (save_crop,)
    gallery = (output or Path()) / "index.html" if has_gallery else None
    pages = () if gallery is None else (gallery,)
    sources = [*images, *(job.mask for job in jobs if job.mask is not None)]
    folder_is_new = output is not None and not output.exists()
    targets = [*(path for job in jobs for path in job.files), *crops, *pages]
    check_targets(targets, sources, output if folder_is_new else None)
    _check_pages(targets)
    return Plan(tuple(jobs), single, gallery, tuple(passed_over))


def _check_pages(targets: Sequence[Path]) -> None:
    """Raises InputError where two files have one name, or a page that somebody else made would be overwritten."""
    for path, count in Counter(targets).items():
        if count > 1:
            raise InputError(f"{path}: two files of this name would be written; rename the image, or `save_crop`")
        if path.suffix == EXTRAS["html"] and path.exists() and not _is_own_page(path):
            raise InputError(f"{path}: is there, and no page of this command; choose another `output`")


def _is_own_page(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return PAGE_MARK in file.read(1000)
    except OSError:
        return False


_PassedOver = list[tuple[Path, str]]


def _images(inputs: Sequence[Path]) -> tuple[list[Path], bool, _PassedOver]:
    images: list[Path] = []
    passed_over: _PassedOver = []
    for path in inputs:
        refuse_address(path)
        try:
            if path.is_dir():
                found, others = _images_in(path)
                images += found
                passed_over += others
            elif path == STANDARD_INPUT or path.exists():
                images.append(path)
            else:
                raise InputError(f"{path}: no such file; check the name and the folder")
        except (OSError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"{str(path)[:200]!a}: cannot be opened; check the name and its permissions") from error
    unique = list(dict.fromkeys(images))
    return unique, len(inputs) == 1 and not inputs[0].is_dir(), passed_over


def _images_in(folder: Path) -> tuple[list[Path], _PassedOver]:
    """The images in a folder, sorted by name, and everything else in it, with the reason."""
    found: list[Path] = []
    others: _PassedOver = []
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            others.append((path, "a folder in a folder"))
        elif path.name.startswith("."):
            others.append((path, "a hidden file"))
        elif path.suffix.lower() not in IMAGE_SUFFIXES:
            others.append((path, "no image by its ending"))
        elif not path.is_file():
            others.append((path, "no regular file"))
        else:
            found.append(path)
    if not found:
        only = f", only {', '.join(path.name for path, _ in others[:5])}{', ...' * (len(others) > 5)}" if others else ""
        raise InputError(f"{folder}: holds no images{only}; give a folder with {', '.join(IMAGE_SUFFIXES)} files")
    return found, others


def _with_masks(jobs: Sequence[Job], mask: Path, *, single: bool) -> tuple[list[Job], _PassedOver]:
    """The jobs with their masks, which have the names of the images; and the masks that have no image."""
    if not mask.is_dir():
        if not single:
            raise InputError(
                f"`mask` {mask}: is one mask for several images; name a single image, or a folder of masks"
            )
        return [dataclasses.replace(job, mask=mask) for job in jobs], []
    if any(job.image.parent.resolve() == mask.resolve() for job in jobs):
        raise InputError(f"`mask` {mask}: is the folder of the images; keep the masks in another one")
    masks, unused = _images_in(mask)
    named: dict[str, Path] = {}
    for path in masks:
        if path.stem in named:
            raise InputError(f"{path}: is a second mask of the name {path.stem}; keep one of them")
        named[path.stem] = path
    without = f"has no mask of its name in {mask}, so the object was found without one"
    paired = [
        dataclasses.replace(job, mask=named[job.image.stem])
        if job.image.stem in named
        else dataclasses.replace(job, doubts=(Doubt("no-mask", f"{job.image}: {without}"),))
        for job in jobs
    ]
    used = {job.mask for job in paired}
    if used == {None}:
        raise InputError(f"`mask` {mask}: holds no mask with the name of an image; name masks as the images are named")
    return paired, [*unused, *((path, "no image has its name") for path in masks if path not in used)]


def _formats(formats: str | None) -> tuple[str, ...]:
    if formats is None:
        return ()
    names = tuple(dict.fromkeys(name.strip().lower().removeprefix(".") for name in formats.split(",")))
    for name in names:
        if name not in FORMATS:
            raise InputError(f"`formats` {name or formats!r}: unknown format; give one or more of {','.join(FORMATS)}")
    return names


def _single_job(image: Path, output: Path | None, wanted: tuple[str, ...]) -> list[Job]:
    if output is None or _is_folder(output):
        return _many_jobs([image], output, wanted)
    suffix = output.suffix.lower().removeprefix(".")
    if suffix not in FORMATS:
        raise InputError(f"`output` {output}: unknown format {output.suffix}; end it in one of .{', .'.join(FORMATS)}")
    if wanted and wanted != (suffix,):
        raise InputError(f"`output` {output}: does not fit `formats` {','.join(wanted)}; give a folder as `output`")
    return [Job(image, (output,))]


def _many_jobs(images: Sequence[Path], output: Path | None, wanted: tuple[str, ...]) -> list[Job]:
    if output is not None and not _is_folder(output):
        raise InputError(f"`output` {output}: is no folder, but there are several images; give a folder")
    folder = output or Path()
    names = {image: "image" if image == STANDARD_INPUT else image.name for image in images}
    stems = Counter(Path(name).stem for name in names.values())
    jobs = []
    for image, name in names.items():
        stem = Path(name).stem if stems[Path(name).stem] == 1 else name  # a.png and a.jpg side by side
        jobs.append(Job(image, tuple(folder / f"{stem}.{kind}" for kind in wanted or ("glb",))))
    counts = Counter(path for job in jobs for path in job.outputs)
    for job in jobs:
        for path in job.outputs:
            if counts[path] > 1:
                raise InputError(f"{job.image}: two images of this name would both become {path}; rename one")
    return jobs


def _is_folder(path: Path) -> bool:
    return path.is_dir() or (not path.exists() and not path.suffix)


def check_targets(targets: Iterable[Path], sources: Iterable[Path], new_folder: Path | None = None) -> None:
    """Check that files can be written where none of the inputs is.

    Args:
        targets: Files to write.
        sources: Files to read.
        new_folder: A folder that may still have to be made.

    Raises:
        InputError: a target that is an input or a folder, or whose folder is missing or closed to writing.
    """
    inputs = {source.resolve() for source in sources}
    seen: set[Path] = set()
    for target in targets:
        if target.resolve() in inputs:
            raise InputError(f"{target}: would overwrite an input; choose another name")
        if target.is_dir():
            raise InputError(f"{target}: is a folder; give the name of a file")
        folder = target.parent
        if folder in seen:
            continue
        seen.add(folder)
        if folder == new_folder:
            folder = _nearest_existing(folder)
        if not folder.is_dir():
            raise InputError(f"{target}: its folder does not exist; create {target.parent} first")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise InputError(f"{target}: cannot write into {folder}; choose a folder you may write to")


def _nearest_existing(folder: Path) -> Path:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder
