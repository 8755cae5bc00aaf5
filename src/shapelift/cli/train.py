"""`shapelift train` and `shapelift recipes`: from shapes to a model of one's own category."""

from __future__ import annotations

import contextlib
import dataclasses
import json as json_format
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shapelift.errors import InputError

if TYPE_CHECKING:
    from shapelift.io.manifest import Manifest
    from shapelift.synthesis.options import SynthesisOptions
    from shapelift.training import Status, TrainConfig, TrainResult
    from shapelift.training.distributed import World

_NEEDS_TORCH = "training needs PyTorch; install it with: pip install 'shapelift[train]'"
NO_START = "none"
"""What `--start-from` calls fresh weights."""
NOTHING = "none"
"""What `--mix` calls the shapes of the run alone."""
_TEST_LIMIT = 200
"""At most so many test shapes are scored for the card; `shapelift evaluate` scores all of them."""


def train(
    source: Annotated[
        str,
        typer.Argument(metavar="SOURCE|DATA", help="Folder of meshes, procedural:chair and the like, or a data set."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the run; continued when it holds one.")],
    recipe: Annotated[str, typer.Option(help="What is trained; see `shapelift recipes`.")] = "pixelaligned-general",
    budget: Annotated[
        str | None, typer.Option(help="Time to train, 30m or 1h30m, export included.", show_default="the recipe's")
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Steps to train, instead of a time.")] = None,
    start_from: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FOLDER|none",
            help="Model of the same recipe to go on from: a shipped one or a model folder; none for fresh weights.",
            show_default="the shipped model of the recipe",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all randomness.")] = 0,
    threads: Annotated[
        int | None, typer.Option(min=1, help="CPU threads per process.", show_default="all cores")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that make data and load them.", show_default="auto")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    feed: Annotated[
        str,
        typer.Option(help="Batches from data packed in memory, or from the records: auto, packed or records."),
    ] = "auto",
    views: Annotated[int, typer.Option(min=1, max=1000, help="Images per shape, when data are made.")] = 12,
    count: Annotated[
        int | None, typer.Option(min=1, help="Number of shapes, when data are made.", show_default="all")
    ] = None,
    variants: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=100,
            help="Stretched and mirrored variants of every training shape, when data are made.",
            show_default="3 where a model goes on with few meshes, else 0",
        ),
    ] = None,
    mix: Annotated[
        str | None,
        typer.Option(
            metavar="SOURCE|DATA|none",
            help="Shapes to train on besides and never to judge by, such as procedural:chair.",
            show_default="procedural shapes of the kind, where there are any and a model goes on with few meshes",
        ),
    ] = None,
    mix_count: Annotated[
        int | None,
        typer.Option(
            min=1, help="Number of shapes of --mix, when made.", show_default="three times that of the training shapes"
        ),
    ] = None,
    evaluate: Annotated[bool, typer.Option(help="Score the model on the test split for its card.")] = True,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")] = False,
) -> None:
    """Train a model of your own category: data, training, scores and model card in one command.

    Several processes or machines: torchrun --nproc-per-node 2 -m shapelift train ... with the same options.
    """
    # Threads that spin while they wait steal the cores from the threads that load data.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        config = _config(recipe, budget, steps, seed, threads, workers, feed)
        from shapelift.training.distributed import join_world

        with join_world(device) as world:
            screen = _Screen(shown=world.is_main and not json)
            making = _Making(views=views, count=count, variants=variants, workers=workers)
            config, start, beginning = _started(config, start_from)

            def tuned(shapes: int) -> TrainConfig:
                from shapelift.recipes.fine_tuning import fine_tuned

                return fine_tuned(config, shapes, length_given=budget is not None or steps is not None)

            data = _data(source, output, tuned, world, making, screen)
            screen.line(_place(world, asked=device))
            screen.line(beginning)
            shapes = _training_shapes(data)
            config = tuned(shapes)
            if mix is None and data != Path(source) and _few_meshes(source, config, shapes):
                mix = _of_their_kind(data)
            mixed = []
            if mix is not None and mix != NOTHING:
                mixed.append(_mixed(mix, mix_count, shapes, data, output, config, world, making, screen))
            result = _train(config, data, mixed, output, start, world, screen)
            scores = None
            if result.model_folder is not None and evaluate and world.is_main:
                scores = _evaluate(result.model_folder, data, output, threads, screen)
    except InputError as error:
        if json:
            typer.echo(json_format.dumps({"status": "failed", "error": str(error)}))
        raise
    if world.is_main:
        _say(result, config, output, scores, json=json)
    if result.model_folder is None:
        raise typer.Exit(130)


def recipes(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")] = False,
) -> None:
    """List the training recipes."""
    _require_torch()
    from shapelift.recipes import RECIPES, summary

    rows: list[dict[str, Any]] = [
        {"name": name, "summary": summary(name), "parameters": _parameters(make())} for name, make in RECIPES.items()
    ]
    if json:
        typer.echo(json_format.dumps(rows, indent=2))
        return
    width = max(len(name) for name in RECIPES)
    for row in rows:
        typer.echo(f"{row['name']:<{width}}  {row['parameters'] / 1e6:6.2f} M parameters  {row['summary']}")


# -- what is trained --------------------------------------------------------------------------------------------------


def _config(
    recipe: str,
    budget: str | None,
    steps: int | None,
    seed: int,
    threads: int | None,
    workers: int | None,
    feed: str,
) -> TrainConfig:
    _require_torch()
    from shapelift.recipes import find_recipe
    from shapelift.training import parse_duration_s

    if budget is not None and steps is not None:
        raise InputError("--budget and --steps both say how long to train; give one of them")
    config = find_recipe(recipe)
    if feed not in ("auto", "packed", "records"):
        raise InputError(f"--feed '{feed}' is unknown; use auto, packed or records")
    if feed != "auto":
        config = dataclasses.replace(config, feed=feed)  # type: ignore[arg-type]
    if budget is not None:
        config = dataclasses.replace(config, steps=None, budget_s=parse_duration_s(budget))
    if steps is not None:
        config = dataclasses.replace(config, steps=steps, budget_s=None)
    if threads is not None:
        config = dataclasses.replace(config, threads=threads)
    if workers is not None:
        config = dataclasses.replace(config, workers=workers)
    return dataclasses.replace(config, seed=seed)


def _started(config: TrainConfig, start_from: str | None) -> tuple[TrainConfig, Path | None, str]:
    """The run with the weights it begins with, their folder, and what to say: one without is refused at once."""
    from shapelift.training import find_start, shipped_start, start_at

    if start_from == NO_START:
        return config, None, "starting with fresh weights"
    if start_from is not None:
        folder = find_start(start_from)
        return start_at(config, folder), folder, f"starting with the weights of {start_from}"
    shipped, reason = shipped_start(config)
    if shipped is None:
        reason = reason or f"no shipped model is of the recipe {config.recipe}"
        return config, None, f"starting with fresh weights: {reason}"
    said = f"starting with the weights of the shipped model '{shipped.name}'; --start-from none for fresh ones"
    return start_at(config, shipped), shipped, said


def _require_torch() -> None:
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise InputError(_NEEDS_TORCH) from error


def _parameters(config: TrainConfig) -> int:
    import torch

    with torch.device("meta"):  # the largest takes seconds to fill with numbers, and none to describe
        return sum(parameter.numel() for parameter in config.model.build().parameters())


# -- the stages -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Making:
    """How a data set is made, where SOURCE is none yet."""

    views: int
    count: int | None
    variants: int | None
    workers: int | None

    def options(self, config: TrainConfig) -> SynthesisOptions:
        """Those of a config; without variants where nobody said how many."""
        from shapelift.synthesis.options import SynthesisOptions

        return SynthesisOptions(
            views=self.views,
            size_px=config.model.image_size,
            seed=config.seed,
            count=self.count,
            variants=self.variants or 0,
            workers=self.workers,
            **config.model.record_options(),
        )


class _Screen:
    """What a person sees while the command works, on standard error; nothing when not shown."""

    def __init__(self, *, shown: bool) -> None:
        from rich.console import Console

        self._shown = shown
        self._console = Console(stderr=True, highlight=False)

    @contextlib.contextmanager
    def bar(self, title: str) -> Iterator[Callable[[float, float, str], None]]:
        """A progress bar: call what is yielded with (done, total, note)."""
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        columns = (TextColumn(title), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[note]}"))
        with Progress(*columns, console=self._console, disable=not self._shown) as progress:
            task = progress.add_task(title, total=None, note="")
            yield lambda done, total, note: progress.update(task, completed=done, total=total, note=note)

    def line(self, text: str) -> None:
        """A line that stays."""
        if self._shown:
            self._console.print(text, markup=False)


def _data(
    source: str,
    output: Path,
    tuned: Callable[[int], TrainConfig],
    world: World,
    making: _Making,
    screen: _Screen,
) -> Path:
    """The data set: SOURCE itself if it is one, else made from it in `<output>/data` by the first process.

    Args:
        source: SOURCE.
        output: Folder of the run.
        tuned: The run, once the number of its training shapes is known.
        world: All processes.
        making: How it is made.
        screen: Where progress is shown.
    """
    from shapelift.io.manifest import FILE_NAME
    from shapelift.training import find_run

    if (Path(source) / FILE_NAME).is_file():
        return Path(source)
    data = output / "data"
    if world.is_main:
        from shapelift.io.splits import splits_of
        from shapelift.synthesis.sources import open_source

        options = making.options(tuned(0))
        items = open_source(source, options.count, options.seed).items()  # a bad source leaves no folder behind
        splits = splits_of(item.shape_id for item in items)
        shapes = _training_shapes(data) if (data / FILE_NAME).is_file() else list(splits.values()).count("train")
        find_run(output, tuned(shapes))  # a folder that holds another run is refused before hours of rendering
        if making.variants is None and _few_meshes(source, tuned(shapes), shapes):
            from shapelift.recipes.fine_tuning import VARIANTS

            options = dataclasses.replace(options, variants=VARIANTS)
            screen.line(f"few meshes: {VARIANTS} variants of each are made to train on besides; --variants 0 for none")
        _make(source, data, options, "making data", screen)
    world.wait()
    return data


def _few_meshes(source: str, config: TrainConfig, shapes: int) -> bool:
    """Whether a run goes on from trained weights with so few meshes that more shapes are made of and beside them."""
    from shapelift.recipes.fine_tuning import is_tuned
    from shapelift.synthesis.sources import PROCEDURAL

    return is_tuned(config, shapes) and not source.startswith(PROCEDURAL)


def _of_their_kind(data: Path) -> str | None:
    """Procedural shapes of the kinds of the training shapes of a data set, None where there are none of these kinds."""
    from shapelift.io.manifest import read_manifest
    from shapelift.synthesis.procedural import CATEGORIES
    from shapelift.synthesis.sources import PROCEDURAL

    kinds = {entry.category.lower() for entry in read_manifest(data).split("train")}
    known = [name for name in CATEGORIES if kinds & {name, f"{name}s", f"{name}es"}]
    return PROCEDURAL + ",".join(known) if known else None


def _mixed(
    source: str,
    count: int | None,
    shapes: int,
    data: Path,
    output: Path,
    config: TrainConfig,
    world: World,
    making: _Making,
    screen: _Screen,
) -> Path:
    """The shapes to be mixed in: a data set of their own, made in `<output>/mixed` if they are none yet."""
    from shapelift.io.manifest import FILE_NAME, read_manifest
    from shapelift.recipes.fine_tuning import MIXED

    if (Path(source) / FILE_NAME).is_file():
        return Path(source)
    if world.is_main:
        views = int(read_manifest(data).parameters.get("views", making.views))
        count = count or MIXED * shapes
        screen.line(f"{count} shapes of {source} are trained on besides; --mix {NOTHING} for none")
        options = dataclasses.replace(making, views=views, count=count, variants=0).options(config)
        _make(source, output / "mixed", options, "making shapes to mix in", screen)
    world.wait()
    return output / "mixed"


def _make(source: str, folder: Path, options: SynthesisOptions, title: str, screen: _Screen) -> None:
    from shapelift.synthesis.writer import synthesize

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder.parent}: cannot be made ({error.strerror}); choose another --output") from error
    with screen.bar(title) as update:
        manifest = synthesize(
            source, folder, options, lambda now: update(now.done, now.total, f"{now.rejected} rejected")
        )
    if not manifest.shapes:
        raise InputError(f"{source}: gives no usable shape (see {folder / 'manifest.json'}); check the meshes")


def _training_shapes(data: Path) -> int:
    """How many shapes of a data set are trained on, their variants not counted."""
    from shapelift.io.manifest import read_manifest
    from shapelift.io.splits import is_variant

    return sum(not is_variant(entry.shape_id) for entry in read_manifest(data).split("train"))


def _place(world: World, asked: str) -> str:
    """Where this run computes, in one line."""
    if world.device.type == "cuda":
        import torch

        return f"training on {torch.cuda.get_device_name(world.device)}"
    return "training on the processor" + (": no CUDA GPU is to be had here" if asked == "auto" else "")


def _train(
    config: TrainConfig,
    data: Path,
    mixed: list[Path],
    output: Path,
    start: Path | None,
    world: World,
    screen: _Screen,
) -> TrainResult:
    from shapelift.training import train as run

    with screen.bar("training") as update:

        def show(status: Status) -> None:
            loss = "" if math.isnan(status.loss) else f"loss {status.loss:.4f}  "
            iou = "" if status.best_iou is None else f"IoU {status.best_iou:.3f}  "
            note = f"{loss}{iou}{status.images_per_s:.0f} images/s  {_span(status.remaining_s)} left"
            update(status.progress, 1.0, note if status.activity == "training" else status.activity)
            if status.activity == "validated":
                screen.line(f"step {status.step}: {loss}validation IoU {status.iou:.4f} (best {status.best_iou:.4f})")
            if status.activity == "stopping early":
                checks = config.validation.patience
                screen.line(f"step {status.step}: validation has not risen {checks} times in a row; stopping early")

        return run(config, data, output, world=world, mixed=mixed, start_from=start, report=show)


def _evaluate(model: Path, data: Path, output: Path, threads: int | None, screen: _Screen) -> dict[str, Any] | None:
    """Score the model on the test split, write the report beside it and the means into its card."""
    from shapelift.evaluation import evaluate, for_card, summarize, write_report
    from shapelift.inference import Reconstructor, read_card
    from shapelift.inference.model_folder import available_cores
    from shapelift.io.manifest import read_manifest
    from shapelift.training.export import add_scores

    known = read_card(model).scores.get("test")
    if known is not None:
        return dict(known)
    manifest = read_manifest(data)
    if not manifest.split("test"):
        screen.line("no shape falls into the test split: the card states the validation IoU only")
        return None
    with screen.bar("evaluating") as update:
        found = evaluate(
            Reconstructor.load(model, threads=threads),
            data,
            limit=_TEST_LIMIT,
            views_per_shape=_views_to_score(manifest),
            workers=threads or available_cores(),
            progress=lambda stage, done, total: update(done, total, stage),
        )
    write_report(found, output / "evaluation")
    scores = for_card(summarize(found))
    add_scores(model, "test", scores)
    return scores


def _views_to_score(manifest: Manifest) -> int:
    """All views of the test shapes where there are few of them, else one of each."""
    from shapelift.io.splits import FEW_SHAPES, is_variant

    shapes = sum(not is_variant(entry.shape_id) for entry in manifest.shapes)
    return max(int(manifest.parameters.get("views", 1)), 1) if shapes < FEW_SHAPES else 1


def _say(result: TrainResult, config: TrainConfig, output: Path, scores: dict[str, Any] | None, *, json: bool) -> None:
    start = None if config.start is None else config.start.name
    if json:
        document = {
            "status": "interrupted" if result.model_folder is None else "done",
            "output": str(output),
            "model": None if result.model_folder is None else str(result.model_folder),
            "step": result.step,
            "validation_iou": result.best_iou,
            "validation_iou_before": result.start_iou,
            "started_from": start,
            "exported_step": result.best_step,
            "stopped_early": result.stopped_early,
            "used_s": round(result.used_s, 1),
            "scores": scores,
        }
        typer.echo(json_format.dumps(document, indent=2))
    elif result.model_folder is None:
        typer.echo(f"{output}: stopped at step {result.step}; run the same command again to continue")
    else:
        before = "" if result.start_iou is None else f" ({result.start_iou:.4f} before training)"
        typer.echo(
            f"{result.model_folder}: validation IoU {result.best_iou:.4f}{before} after {result.step} steps "
            f"in {_span(result.used_s)}; try: shapelift reconstruct IMAGE --model {result.model_folder}"
        )
        if start is not None and result.best_step == 0:
            typer.echo(f"training found nothing better on your validation shapes: the weights are those of '{start}'")
        views = 1 if scores is None else scores["settings"]["views_per_shape"]
        for name, group in (scores or {}).get("groups", {}).items():
            found = {method: means["iou"] for method, means in group["methods"].items() if "iou" in means}
            means = ", ".join(f"{method} {_interval(value)}" for method, value in found.items())
            typer.echo(f"test IoU on {group['shapes']} {name} shapes, {views} views each, 95 % interval: {means}")


def _interval(value: dict[str, float]) -> str:
    return f"{value['mean']:.3f} ({value['low']:.3f} to {value['high']:.3f})"


def _span(seconds: float) -> str:
    if math.isinf(seconds):
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
