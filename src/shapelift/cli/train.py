"""`shapelift train` and `shapelift recipes`: from shapes to a model of one's own category."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shapelift.cli.output import Screen, print_json
from shapelift.errors import InputError
from shapelift.io.shapes import AXES

if TYPE_CHECKING:
    from shapelift.pipelines.training import TrainedModel

_NEEDS_TORCH = "training needs PyTorch; install it with: pip install 'shapelift[train]'"


def train(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE|DATA",
            help="Folder or zip of meshes, a mesh file, procedural:chair and the like, or a data set.",
        ),
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
    up_axis: Annotated[
        str | None,
        typer.Option(
            help=f"Axis of the mesh files that points up: {', '.join(AXES)}.", show_default="y, or what index.csv says"
        ),
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
    _require_torch()
    from shapelift.pipelines.training import DataOptions, configured, train_from

    trained = train_from(
        source,
        output,
        configured(recipe, budget=budget, steps=steps, seed=seed, threads=threads, workers=workers, feed=feed),
        start_from=start_from,
        data=DataOptions(
            views=views, count=count, variants=variants, mix=mix, mix_count=mix_count, workers=workers, up_axis=up_axis
        ),
        length_given=budget is not None or steps is not None,
        score=evaluate,
        device=device,
        progress=Screen(shown=not json),
    )
    if trained.is_main:
        _print(trained, output, json=json)
    if trained.result.model_folder is None:
        raise typer.Exit(130)


def recipes(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")] = False,
) -> None:
    """List the training recipes."""
    _require_torch()
    import torch

    from shapelift.recipes import RECIPES, summary

    rows: list[dict[str, Any]] = []
    for name, make in RECIPES.items():
        with torch.device("meta"):  # the largest takes seconds to fill with numbers, and none to describe
            parameters = sum(parameter.numel() for parameter in make().model.build().parameters())
        rows.append({"name": name, "summary": summary(name), "parameters": parameters})
    if json:
        print_json(rows)
        return
    width = max(len(name) for name in RECIPES)
    for row in rows:
        typer.echo(f"{row['name']:<{width}}  {row['parameters'] / 1e6:6.2f} M parameters  {row['summary']}")


def _require_torch() -> None:
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise InputError(_NEEDS_TORCH) from error


def _print(trained: TrainedModel, output: Path, *, json: bool) -> None:
    from shapelift.pipelines.training import duration

    result, config, scores = trained.result, trained.config, trained.scores
    start = None if config.start is None else config.start.name
    if json:
        print_json(
            {
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
        )
    elif result.model_folder is None:
        typer.echo(f"{output}: stopped at step {result.step}; run the same command again to continue")
    else:
        before = "" if result.start_iou is None else f" ({result.start_iou:.4f} before training)"
        typer.echo(
            f"{result.model_folder}: validation IoU {result.best_iou:.4f}{before} after {result.step} steps "
            f"in {duration(result.used_s)}; try: shapelift reconstruct IMAGE --model {result.model_folder}"
        )
        if start is not None and result.best_step == 0:
            typer.echo(f"training found nothing better on your validation shapes: the weights are those of '{start}'")
        views = 1 if scores is None else scores["settings"]["views_per_shape"]
        for name, group in (scores or {}).get("groups", {}).items():
            found = {method: means["iou"] for method, means in group["methods"].items() if "iou" in means}
            means = ", ".join(
                f"{method} {value['mean']:.3f} ({value['low']:.3f} to {value['high']:.3f})"
                for method, value in found.items()
            )
            typer.echo(f"test IoU on {group['shapes']} {name} shapes, {views} views each, 95 % interval: {means}")
