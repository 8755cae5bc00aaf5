"""`shapelift evaluate`: scores of a model on a data set, next to two baselines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from shapelift.cli.output import Screen, print_json

_Split = Literal["train", "validation", "test", "all"]


def evaluate(
    model: Annotated[str, typer.Argument(help="Name of a shipped model, or a model folder.")],
    data: Annotated[Path, typer.Argument(help="Data set made by `shapelift synthesize`.")],
    split: Annotated[_Split, typer.Option(help="Which shapes are scored.")] = "test",
    group: Annotated[
        str,
        typer.Option(help="Column of the index to report scores apart by: domain, category, ..."),
    ] = "domain",
    baselines: Annotated[
        bool, typer.Option("--baselines/--no-baselines", help="Mean shape and retrieval from the training split.")
    ] = True,
    oracle: Annotated[
        bool, typer.Option("--oracle", help="Also the best training shape, chosen by looking at the truth.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Score only so many shapes.", show_default="all")] = None,
    views: Annotated[int, typer.Option(min=1, max=1000, help="Images per shape.")] = 1,
    resolution: Annotated[int, typer.Option(help="Cells per side of the predicted meshes.")] = 96,
    points: Annotated[int, typer.Option(min=100, max=1_000_000, help="Samples of every surface.")] = 100_000,
    pairs: Annotated[int, typer.Option(min=1, max=20_000, help="Training images that the baselines use.")] = 4000,
    protocol: Annotated[
        list[str] | None,
        typer.Option(
            help="Also the numbers of a paper: fan-2017, lin-2018, occupancy-networks, pixel2mesh, tatarchenko-2019; "
            "repeatable.",
            show_default=False,
        ),
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads.", show_default="all cores")] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for scores.json and objects.csv.")] = Path(
        "evaluation"
    ),
    json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON instead of tables.")] = False,
) -> None:
    """Score a model on a data set: IoU, chamfer distance, F-score and normal consistency, next to two baselines.

    Means come with 95 % bootstrap intervals over shapes; the sampling floor is what a perfect surface would score.
    Procedural, realistic and other real shapes are reported apart, or the groups of another column.
    """
    from shapelift import evaluation
    from shapelift.inference import Reconstructor
    from shapelift.io.cores import available_cores

    evaluation.check_folder(output)
    evaluation.find_protocols(protocol or ())  # a name that is none is told before the model is loaded
    reconstructor = Reconstructor.load(model, threads=threads)
    with Screen(shown=not json).stage("evaluating") as update:
        found = evaluation.evaluate(
            reconstructor,
            data,
            split=split,
            group=group,
            views_per_shape=views,
            resolution=resolution,
            points=points,
            baselines=baselines,
            oracle=oracle,
            limit=limit,
            training_pairs=pairs,
            protocols=protocol or (),
            workers=threads or available_cores(),
            progress=lambda stage, done, total: update(done, total, f"{stage}, {done} of {total}"),
        )
    summary = evaluation.summarize(found)
    written = evaluation.write_report(found, output)
    if json:
        print_json(summary)
        return
    from rich.console import Console

    console = Console()
    for table in evaluation.tables(summary):
        console.print(table)
    console.print(f"written: {', '.join(map(str, written))}", soft_wrap=True)
