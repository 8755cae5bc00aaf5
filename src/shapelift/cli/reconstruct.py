"""`shapelift reconstruct`: images to closed 3D models."""

from __future__ import annotations

import json as json_format
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from shapelift.cli.jobs import Job, Plan, make_plan
from shapelift.errors import InputError
from shapelift.inference.limits import check_resolution, check_size_mm, check_threads
from shapelift.io.shapes import FORMATS


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
    size_mm: Annotated[float | None, typer.Option("--size-mm", help="Longest side in millimetres.")] = None,
    mask: Annotated[Path | None, typer.Option(help="Image that is white where the object is.")] = None,
    save_crop: Annotated[Path | None, typer.Option("--save-crop", help="PNG that shows what the model saw.")] = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads.", show_default="all cores")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")] = False,
) -> None:
    """Turn images into closed 3D models."""
    try:
        check_resolution(resolution)
        check_size_mm(size_mm)
        check_threads(threads)
        plan = make_plan(images, output, formats, mask, save_crop)
        run = _Run(plan, model, threads, resolution=resolution, size_mm=size_mm, mask=mask, save_crop=save_crop)
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


class _Run:
    """One command at work: the model is opened once, the jobs follow one another."""

    def __init__(
        self,
        plan: Plan,
        model: str,
        threads: int | None,
        *,
        resolution: int,
        size_mm: float | None,
        mask: Path | None,
        save_crop: Path | None,
    ) -> None:
        from shapelift.inference.reconstructor import Reconstructor

        self.plan = plan
        self.resolution = resolution
        self.size_mm = size_mm
        self.mask = mask
        self.save_crop = save_crop
        start = time.perf_counter()
        self.reconstructor = Reconstructor.load(model, threads=threads)
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
            "model": {"name": card.name, "version": card.version, "frame": card.frame, "licence": card.licence},
            "resolution": self.resolution,
            "load_s": round(self.load_s, 3),
            "results": results,
            "failed": failed,
        }

    def job(self, job: Job) -> dict[str, Any]:
        """Reconstruct one image and write its files."""
        start = time.perf_counter()
        reconstruction = self.reconstructor.reconstruct(job.image, self.mask)
        seen = time.perf_counter()
        mesh = reconstruction.mesh(self.resolution)
        meshed = time.perf_counter()
        files: list[Path] = []
        if self.save_crop is not None:
            from shapelift.io.images import save_image

            save_image(self.save_crop, reconstruction.crop)
            files.append(self.save_crop)
        for path in job.outputs:
            _make_folder(path.parent)
            files += reconstruction.save(path, self.resolution, self.size_mm)
        extent = mesh.bounds.size
        scale = 1.0 if self.size_mm is None else self.size_mm / float(extent.max())
        return {
            "image": str(job.image),
            "status": "ok",
            "files": [str(path) for path in files],
            "vertices": len(mesh.vertices),
            "faces": len(mesh.faces),
            "unit": "1" if self.size_mm is None else "mm",
            "size": [round(float(side) * scale, 6) for side in extent],
            "volume": round(float(mesh.volume) * scale**3, 6),
            "warnings": list(reconstruction.warnings),
            "seconds": {
                "predict": round(seen - start, 3),
                "mesh": round(meshed - seen, 3),
                "write": round(time.perf_counter() - meshed, 3),
            },
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
    size = " x ".join(f"{side:.3g}" for side in result["size"])
    unit = " mm" if result["unit"] == "mm" else ""
    typer.echo(f"{', '.join(result['files'])}: {result['faces']} faces, {size}{unit}, {seconds:.1f} s")


def _report(document: dict[str, Any]) -> None:
    done = len(document["results"]) - document["failed"]
    typer.echo(f"{done} of {len(document['results'])} images reconstructed")
    for result in document["results"]:
        if result["status"] != "ok":
            typer.echo(f"shapelift: failed: {result['error']}", err=True)
