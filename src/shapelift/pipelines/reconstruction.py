"""Images to files of closed 3D models, one after the other, with a report of each."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError
from shapelift.geometry import Mesh
from shapelift.geometry.placement import AS_THE_FORMAT, Placement
from shapelift.inference.hypotheses import Hypotheses
from shapelift.inference.limits import (
    check_faces,
    check_resolution,
    check_samples,
    check_seed,
    check_size_mm,
    check_threads,
)
from shapelift.inference.reconstruction import Reconstruction
from shapelift.inference.reconstructor import Reconstructor
from shapelift.io.images import save_animation, save_image
from shapelift.io.shapes import SavedMesh
from shapelift.pipelines.jobs import EXTRAS, STANDARD_INPUT, Job, Plan, make_plan
from shapelift.pipelines.pages import write_gallery, write_page

__all__ = ["BatchOptions", "reconstruct_images"]

_COMPARED = 10_000
"""Points on each of two surfaces that are compared."""

Report = Callable[[dict[str, Any], int, int], None]
"""Called after every image with its result, how many are done, and how many there are."""


@dataclass(frozen=True, kw_only=True)
class BatchOptions:
    """What is asked of every image.

    Attributes:
        resolution: Cells on the longest side.
        blocky: Whether it is built of cubes, `resolution` on a side.
        size_mm: Longest side in millimetres, None for the unit of the model.
        mask: Image that is white where the object is, for a single image; or a folder of such masks, which have the
            names of the images.
        object_number: Which of several objects in an image is meant, 1 for the largest; None for all of them as one.
        save_crop: PNG that shows what the model saw; for a single image.
        samples: Shapes per image; more than one needs a stochastic model.
        seed: Which shapes a stochastic model gives.
        fill: Whether the shape keeps to the outline in the image, where the model knows how.
        skip_existing: Whether an image is left alone whose files are all there.
        color: Whether shapes are coloured, in formats that have colours.
        faces: At most so many triangles per shape, None for all.
        preview: Whether `<name>-preview.png`, the image and the result from three sides, is written too.
        turntable: Whether `<name>-turntable.webp`, the result in a full turn, is written too.
        html: Whether `<name>.html`, a page with the result to turn, is written too.
        placement: How shapes stand in their files, where not as the format has it.

    Of several images with `preview` or `html`, `index.html` shows all previews.
    """

    resolution: int = 128
    blocky: bool = False
    size_mm: float | None = None
    mask: Path | None = None
    object_number: int | None = None
    save_crop: Path | None = None
    samples: int = 1
    seed: int = 0
    fill: bool = True
    skip_existing: bool = False
    color: bool = True
    faces: int | None = None
    preview: bool = False
    turntable: bool = False
    html: bool = False
    placement: Placement = AS_THE_FORMAT

    @property
    def extras(self) -> tuple[str, ...]:
        """What is written beside the shapes, names in `jobs.EXTRAS`."""
        return tuple(name for name in EXTRAS if getattr(self, name))


def reconstruct_images(
    images: Sequence[Path],
    output: Path | None = None,
    *,
    model: str = "general",
    formats: str | None = None,
    options: BatchOptions | None = None,
    threads: int | None = None,
    report: Report | None = None,
) -> dict[str, Any]:
    """Reconstruct images, and write a model of each.

    Args:
        images: Images, folders of images, or `-` for an image on standard input.
        output: File or folder; None for the current folder.
        model: Name of a shipped model, or a model folder.
        formats: One or more formats, separated by commas; None for that of `output`, or GLB.
        options: What is asked of every image.
        threads: CPU threads, None for all cores.
        report: Called after every image.

    Returns:
        A document: the model, the options, the result of every image, how many failed, the gallery, and what was
        passed over.

    Raises:
        InputError: one of the arguments cannot be used, or the single image cannot.
    """
    wanted = options or BatchOptions()
    check_resolution(wanted.resolution)
    check_size_mm(wanted.size_mm)
    check_faces(wanted.faces)
    check_threads(threads)
    check_samples(wanted.samples)
    check_seed(wanted.seed)
    plan = make_plan(images, output, formats, wanted.mask, wanted.save_crop, wanted.samples, wanted.extras)
    return _Batch(plan, wanted, model, threads).all_jobs(report or (lambda result, done, total: None))


class _Batch:
    """The model is opened once, the jobs follow one another."""

    def __init__(self, plan: Plan, wanted: BatchOptions, model: str, threads: int | None) -> None:
        self.plan = plan
        self.wanted = wanted
        start = time.perf_counter()
        self.reconstructor = Reconstructor.load(model, threads=threads)
        self.reconstructor.check_samples(wanted.samples)
        self.load_s = time.perf_counter() - start

    def all_jobs(self, report: Report) -> dict[str, Any]:
        """Do every job; a single image raises what goes wrong with it."""
        results = []
        for job in self.plan.jobs:
            try:
                result = self.job(job)
            except InputError as error:
                if self.plan.single:
                    raise
                result = {"image": str(job.image), "status": "failed", "error": str(error)}
            results.append(result)
            report(result, len(results), len(self.plan.jobs))
        gallery = self.plan.gallery
        if gallery is not None:
            _make_folder(gallery.parent)
            write_gallery(gallery, self.plan.jobs, results)
        card = self.reconstructor.card
        failed = sum(result["status"] == "failed" for result in results)
        return {
            "status": "ok" if failed == 0 else "failed" if failed == len(results) else "partly failed",
            "model": {
                "name": card.name,
                "version": card.version,
                "frame": card.result_frame,
                "licence": card.licence,
                "stochastic": card.stochastic,
            },
            "resolution": self.wanted.resolution,
            "blocky": self.wanted.blocky,
            "samples": self.wanted.samples,
            "seed": self.wanted.seed,
            "load_s": round(self.load_s, 3),
            "results": results,
            "failed": failed,
            "gallery": None if gallery is None else str(gallery),
            "passed_over": [{"file": str(path), "reason": reason} for path, reason in self.plan.passed_over],
        }

    def job(self, job: Job) -> dict[str, Any]:
        """Reconstruct one image and write its files."""
        wanted, times = self.wanted, [time.perf_counter()]
        if wanted.skip_existing and all(path.is_file() for path in job.files):
            return {"image": str(job.image), "status": "skipped", "files": [str(path) for path in job.files]}
        found = self.reconstructor.hypotheses(
            sys.stdin.buffer if job.image == STANDARD_INPUT else job.image,
            wanted.samples,
            wanted.seed,
            job.mask,
            fill=wanted.fill,
            object_number=wanted.object_number,
        )
        times.append(time.perf_counter())
        if wanted.blocky:
            found = found.blocks(wanted.resolution)
        for one in found:
            one.mesh(wanted.resolution, wanted.faces)
        times.append(time.perf_counter())
        spreads = found.spread(wanted.resolution, wanted.faces)
        times.append(time.perf_counter())
        shared: list[Path] = []
        if wanted.save_crop is not None:
            save_image(wanted.save_crop, found[0].crop)
            shared.append(wanted.save_crop)
        files: list[list[SavedMesh]] = [[] for _ in found]
        for path in job.outputs:
            _make_folder(path.parent)
            saved = found.write(
                path,
                wanted.resolution,
                wanted.size_mm,
                color=wanted.color,
                faces=wanted.faces,
                placement=wanted.placement,
            )
            for own, written in zip(files, saved, strict=True):
                own.append(written if wanted.size_mm is None else written.in_mm())
        times.append(time.perf_counter())
        shapes = [self._shape(one, own) for one, own in zip(found, files, strict=True)]
        several: dict[str, Any] = {}
        if len(found) > 1:
            every = [
                {"files": _names(own), **shape, "spread": _summary(spread)}
                for own, shape, spread in zip(files, shapes, spreads, strict=True)
            ]
            several = {"hypotheses": every, "spread": _summary(*spreads)}
        doubts = (*job.doubts, *(doubt for one in found for doubt in one.warnings))
        seconds = {
            name: round(end - start, 3)
            for name, start, end in zip(("predict", "mesh", "spread", "write"), times[:-1], times[1:], strict=True)
            if name != "spread" or several
        }
        result = {
            "image": str(job.image),
            "status": "ok",
            "files": [*map(str, (*shared, *job.extras.values())), *(name for own in files for name in _names(own))],
            **(several or shapes[0]),
            "unit": files[0][0].unit,
            "filled_share": _filled_share(found),
            "warnings": [doubt.to_mapping() for doubt in dict.fromkeys(doubts)],
            "seconds": seconds,
        }
        self._extras(job, found[0], result)
        return result

    def _extras(self, job: Job, one: Reconstruction, result: Mapping[str, Any]) -> None:
        """Write what stands beside the shapes."""
        detail = (self.wanted.resolution, self.wanted.faces)
        for name, path in job.extras.items():
            if name == "preview":
                save_image(path, one.preview(*detail))
            elif name == "turntable":
                save_animation(path, one.turntable(*detail))
            elif self.wanted.color and not one.blocky:
                mesh = one.colored_mesh(*detail)
                seen_share = one.seen_share(*detail)
                write_page(path, job, one, result, mesh, seen_share)
            else:
                write_page(path, job, one, result, one.mesh(*detail), None)

    def _shape(self, one: Reconstruction, files: Sequence[SavedMesh]) -> dict[str, Any]:
        """A shape as its files have it; size and volume are those of the first one."""
        wanted = self.wanted
        mesh = one.mesh(wanted.resolution, wanted.faces)
        found: dict[str, Any] = {
            "vertices": len(mesh.vertices),
            "faces": len(mesh.faces),
            **files[0].report(),
            "written": [{"file": str(saved.files[0]), **saved.report()} for saved in files],
        }
        if wanted.color and not one.blocky:
            found["guessed_share"] = round(1.0 - one.seen_share(wanted.resolution, wanted.faces), 4)
        if wanted.faces is not None:
            found["simplification_error"] = round(_apart(one.mesh(wanted.resolution), mesh), 6)
        return found


def _apart(first: Mesh, second: Mesh) -> float:
    """Mean distance of two surfaces from each other, both ways, as a share of the longest side."""
    from shapelift.meshing.points import sample_surface
    from shapelift.metrics import SurfaceDistance

    ways = ((first, second), (second, first))
    rng = np.random.default_rng(0)
    means = [float(SurfaceDistance(to)(sample_surface(of, _COMPARED, rng).points).mean()) for of, to in ways]
    return sum(means) / 2.0 / float(np.ptp(first.vertices, axis=0).max())


def _filled_share(found: Hypotheses) -> float | None:
    """The mean share of the silhouette that was filled; None where nothing can be."""
    shares = [one.filled_share for one in found if one.filled_share is not None]
    return round(float(np.mean(shares)), 4) if shares else None


def _names(files: Sequence[SavedMesh]) -> list[str]:
    return [str(path) for one in files for path in one.files]


def _summary(*spreads: npt.NDArray[np.float32]) -> dict[str, float]:
    """Spread at the vertices in numbers, as shares of the longest side."""
    values = np.concatenate(spreads)
    return {
        "mean": round(float(values.mean()), 5),
        "median": round(float(np.median(values)), 5),
        "p95": round(float(np.quantile(values, 0.95)), 5),
        "max": round(float(values.max()), 5),
    }


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be created ({error.strerror or error}); choose another folder") from error
