"""`shapelift reconstruct`: images to closed 3D models."""

from __future__ import annotations

import json as json_format
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import numpy.typing as npt
import typer

from shapelift.cli.jobs import Job, Plan, make_plan
from shapelift.errors import InputError
from shapelift.inference.limits import (
    check_resolution,
    check_samples,
    check_seed,
    check_size_mm,
    check_threads,
)
from shapelift.io.shapes import FORMATS

if TYPE_CHECKING:
    from shapelift.geometry import Mesh
    from shapelift.inference.hypotheses import Hypotheses


def reconstruct(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE|FOLDER...", help="Images, or folders of images.")],
    model: Annotated[
        str, typer.Option("--model", "-m", help="Name of a shipped model, or a model folder.")
    ] = "general",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File or folder.", show_default="<image>.glb in the current folder"),
    ] = None,
    formats: Annotated[
        str | None, typer.Option("--format", "-f", help=f"One or more of {','.join(FORMATS)}.", show_default="glb")
    ] = None,
    resolution: Annotated[int, typer.Option(help="Cells on the longest side, 16 to 512.")] = 128,
    blocky: Annotated[bool, typer.Option("--blocky", help="Build it of cubes, --resolution on a side.")] = False,
    size_mm: Annotated[float | None, typer.Option("--size-mm", help="Longest side in millimetres.")] = None,
    mask: Annotated[Path | None, typer.Option(help="Image that is white where the object is.")] = None,
    save_crop: Annotated[Path | None, typer.Option("--save-crop", help="PNG that shows what the model saw.")] = None,
    samples: Annotated[
        int, typer.Option(help="Shapes per image, 1 to 64; more than one needs a stochastic model.")
    ] = 1,
    seed: Annotated[int, typer.Option(help="Which shapes a stochastic model gives.")] = 0,
    fill: Annotated[
        bool,
        typer.Option(
            "--fill/--no-fill",
            help="Keep to the outline in the image, and add a solid where the model is not sure how deep a part lies; "
            "without it the shape is what the network says.",
        ),
    ] = True,
    threads: Annotated[int | None, typer.Option(help="CPU threads.", show_default="all cores")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")] = False,
) -> None:
    """Turn images into closed 3D models."""
    try:
        check_resolution(resolution)
        check_size_mm(size_mm)
        check_threads(threads)
        check_samples(samples)
        check_seed(seed)
        plan = make_plan(images, output, formats, mask, save_crop, samples)
        wanted = _Wanted(resolution, blocky, size_mm, mask, save_crop, samples, seed, fill)
        run = _Run(plan, wanted, model, threads)
        document = run.all_jobs(quiet=json)
    except InputError as error:
        if json:
            typer.echo(json_format.dumps({"status": "failed", "error": str(error)}))
        raise
    if json:
        typer.echo(json_format.dumps(document, indent=2))
    elif not plan.single:
        _report(document)
    if document["failed"]:
        raise typer.Exit(1)


@dataclass(frozen=True)
class _Wanted:
    """What is asked of every image."""

    resolution: int
    blocky: bool
    size_mm: float | None
    mask: Path | None
    save_crop: Path | None
    samples: int
    seed: int
    fill: bool


class _Run:
    """One command at work: the model is opened once, the jobs follow one another."""

    def __init__(self, plan: Plan, wanted: _Wanted, model: str, threads: int | None) -> None:
        from shapelift.inference.reconstructor import Reconstructor

        self.plan = plan
        self.wanted = wanted
        start = time.perf_counter()
        self.reconstructor = Reconstructor.load(model, threads=threads)
        self.reconstructor.check_samples(wanted.samples)
        self.load_s = time.perf_counter() - start

    def all_jobs(self, *, quiet: bool) -> dict[str, Any]:
        """Do every job and return the document that `--json` prints. A single image raises what goes wrong with it."""
        results = []
        with _progress(self.plan, quiet=quiet) as advance:
            for job in self.plan.jobs:
                try:
                    result = self.job(job)
                except InputError as error:
                    if self.plan.single:
                        raise
                    result = {"image": str(job.image), "status": "failed", "error": str(error)}
                results.append(result)
                if not quiet:
                    _say(result, brief=not self.plan.single)
                advance()
        card = self.reconstructor.card
        failed = sum(result["status"] != "ok" for result in results)
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
        }

    def job(self, job: Job) -> dict[str, Any]:
        """Reconstruct one image and write its files."""
        wanted, times = self.wanted, [time.perf_counter()]
        found = self.reconstructor.hypotheses(job.image, wanted.samples, wanted.seed, wanted.mask, fill=wanted.fill)
        times.append(time.perf_counter())
        if wanted.blocky:
            found = found.blocks(wanted.resolution)
        for one in found:
            one.mesh(wanted.resolution)
        times.append(time.perf_counter())
        spreads = found.spread(wanted.resolution)
        times.append(time.perf_counter())
        shared: list[Path] = []
        if wanted.save_crop is not None:
            from shapelift.io.images import save_image

            save_image(wanted.save_crop, found[0].crop)
            shared.append(wanted.save_crop)
        files: list[list[Path]] = [[] for _ in found]
        for path in job.outputs:
            _make_folder(path.parent)
            for own, written in zip(files, found.save(path, wanted.resolution, wanted.size_mm), strict=True):
                own.extend(written)
        times.append(time.perf_counter())
        shapes = [_shape(one.mesh(wanted.resolution), wanted.size_mm) for one in found]
        several: dict[str, Any] = {}
        if len(found) > 1:
            every = [
                {"files": [str(path) for path in own], **shape, "spread": _summary(spread)}
                for own, shape, spread in zip(files, shapes, spreads, strict=True)
            ]
            several = {"hypotheses": every, "spread": _summary(*spreads)}
        seconds = {
            name: round(end - start, 3)
            for name, start, end in zip(("predict", "mesh", "spread", "write"), times[:-1], times[1:], strict=True)
            if name != "spread" or several
        }
        return {
            "image": str(job.image),
            "status": "ok",
            "files": [str(path) for path in (*shared, *(path for own in files for path in own))],
            **(several or shapes[0]),
            "unit": "1" if wanted.size_mm is None else "mm",
            "filled_share": _filled_share(found),
            "warnings": list(dict.fromkeys(warning for one in found for warning in one.warnings)),
            "seconds": seconds,
        }


def _filled_share(found: Hypotheses) -> float | None:
    """The mean share of the silhouette that was filled; None where nothing can be."""
    shares = [one.filled_share for one in found if one.filled_share is not None]
    return round(float(np.mean(shares)), 4) if shares else None


def _shape(mesh: Mesh, size_mm: float | None) -> dict[str, Any]:
    extent = mesh.bounds.size
    scale = 1.0 if size_mm is None else size_mm / float(extent.max())
    return {
        "vertices": len(mesh.vertices),
        "faces": len(mesh.faces),
        "size": [round(float(side) * scale, 6) for side in extent],
        "volume": round(float(mesh.volume) * scale**3, 6),
    }


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


@contextmanager
def _progress(plan: Plan, *, quiet: bool) -> Iterator[Any]:
    if quiet or plan.single:
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("images"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("images", total=len(plan.jobs))
        yield lambda: bar.advance(task)


def _say(result: dict[str, Any], *, brief: bool) -> None:
    for warning in result.get("warnings", ()):
        typer.echo(f"shapelift: warning: {warning}", err=True)
    if brief:
        return
    seconds = sum(result["seconds"].values())
    share = result["filled_share"]
    filled = "" if share is None else f", {share:.0%} of the outline filled"
    if "hypotheses" in result:
        spread = result["spread"]
        agree = f"spread {spread['mean']:.1%} of the longest side, {spread['max']:.1%} at most"
        typer.echo(
            f"{', '.join(result['files'])}: {len(result['hypotheses'])} hypotheses, {agree}{filled}, {seconds:.1f} s"
        )
        return
    size = " x ".join(f"{side:.3g}" for side in result["size"])
    unit = " mm" if result["unit"] == "mm" else ""
    typer.echo(f"{', '.join(result['files'])}: {result['faces']} faces, {size}{unit}{filled}, {seconds:.1f} s")


def _report(document: dict[str, Any]) -> None:
    done = len(document["results"]) - document["failed"]
    typer.echo(f"{done} of {len(document['results'])} images reconstructed")
    for result in document["results"]:
        if result["status"] != "ok":
            typer.echo(f"shapelift: failed: {result['error']}", err=True)
