"""What a user gets from so many meshes in so many minutes: a table, from fresh weights and from a trained model.

Run: python docs/scripts/make_fine_tuning_table.py MESHES FOLDER [--shapes 30 80 300] [--minutes 10 60]

MESHES is a folder of meshes of one kind that no model of --start was trained on. It is rendered once, into FOLDER/all.
`--test` shapes of it, chosen by their names, are kept apart from all that follows; of the others every row takes the
first so many, smaller sets lying within larger ones. Each is trained by `shapelift train`, from `none` (fresh weights)
and from every model of --start, and every result is scored on the same test shapes, `--views` images each: IoU with its
95 % bootstrap interval over shapes, and the difference to the first model of --start as it is, paired. What is done is
kept in FOLDER and not done again. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from page_tools import command, table

from shapelift import Reconstructor
from shapelift.evaluation import evaluate
from shapelift.evaluation.dataset import stable_number
from shapelift.io.atomic import write_atomically
from shapelift.io.manifest import Manifest, read_manifest
from shapelift.io.splits import is_variant, original_of, splits_of
from shapelift.metrics.bootstrap import bootstrap_difference, bootstrap_mean
from shapelift.recipes import find_recipe
from shapelift.synthesis.options import SynthesisOptions
from shapelift.synthesis.writer import synthesize

FRESH = "none"
Scores = Mapping[str, float]
"""`shape/view` -> IoU."""


def divided(manifest: Manifest, test: int) -> tuple[list[str], list[str]]:
    """Names of the test shapes and of all others, each in an order that only their names decide."""
    names = [entry.shape_id for entry in manifest.shapes if not is_variant(entry.shape_id)]
    names.sort(key=stable_number)
    return names[:test], names[test:]


def part(folder: Path, target: Path, names: Sequence[str], *, all_for_test: bool = False) -> Path:
    """A data set in `target` of some of the shapes of that in `folder`, and of the variants of its training shapes.

    The records stay where they are. The splits are those of these shapes alone, or all of them are to be tested on.
    """
    manifest = read_manifest(folder)
    splits = dict.fromkeys(names, "test") if all_for_test else splits_of(names)
    entries = [
        dataclasses.replace(entry, file=f"../{folder.name}/{entry.file}", split=splits[original_of(entry.shape_id)])
        for entry in manifest.shapes
        if original_of(entry.shape_id) in splits
        and (not is_variant(entry.shape_id) or splits[original_of(entry.shape_id)] == "train")
    ]
    target.mkdir(parents=True, exist_ok=True)
    dataclasses.replace(manifest, shapes=tuple(entries)).write(target)
    return target


def trained(data: Path, output: Path, recipe: str, minutes: float, start: str, more: Sequence[str]) -> Path:
    """The model folder of a run, begun, continued or found."""
    call = [sys.executable, "-m", "shapelift", "train", str(data), "--output", str(output), "--recipe", recipe]
    length = ["--budget", f"{minutes:g}m", "--start-from", start, "--no-evaluate"]
    subprocess.run([*call, *length, *more], check=True)
    return output / "model"


def scored(model: str | Path, data: Path, views: int, file: Path) -> Scores:
    """IoU of every test image, read where it was written before."""
    if not file.exists():
        found = evaluate(Reconstructor.load(model), data, views_per_shape=views, baselines=False)
        values = {f"{one.shape_id}/{one.view}": one.values["iou"] for one in found.scores if one.method == "model"}
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, json.dumps(values))
    return dict(json.loads(file.read_text(encoding="utf-8")))


def scores_table(rows: Mapping[tuple[str, str, str], Scores], reference: Scores) -> str:
    """The table: a row for every (shapes, time, start) and its scores, next to those of the reference."""
    heads = ("meshes", "time", "begins with", "IoU (95 % interval)", "difference (95 % interval)")
    lines = []
    groups = [name.rpartition("/")[0] for name in reference]
    for labels, scores in rows.items():
        values = [scores[name] for name in reference]
        mean = bootstrap_mean(values, groups)
        difference = "–"  # noqa: RUF001
        if scores != reference:
            off = bootstrap_difference(values, list(reference.values()), groups)
            difference = f"{off.mean:+.3f} ({off.low:+.3f} to {off.high:+.3f})"
        lines.append((*labels, f"{mean.mean:.3f} ({mean.low:.3f} to {mean.high:.3f})", difference))
    return "\n".join(table(heads, lines))


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = command(__doc__)
    parser.add_argument("meshes", help="folder of meshes, or a procedural source")
    parser.add_argument("folder", type=Path, help="where everything is kept")
    parser.add_argument("--shapes", type=int, nargs="+", default=[30, 80, 300])
    parser.add_argument("--minutes", type=float, nargs="+", default=[10.0, 60.0])
    parser.add_argument("--start", nargs="+", default=["general"], help="models that training begins with")
    parser.add_argument("--recipe", default=None, help="default: that of the first model")
    parser.add_argument("--test", type=int, default=40, help="test shapes")
    parser.add_argument("--views", type=int, default=12, help="images per shape")
    parser.add_argument("--variants", type=int, default=0, help="variants of every training shape")
    parser.add_argument("--more", nargs=argparse.REMAINDER, default=[], help="further options of `shapelift train`")
    options = parser.parse_args(arguments)
    first = Reconstructor.load(options.start[0])
    recipe = options.recipe or str(first.card.training["recipe"])
    config = find_recipe(recipe)
    making = SynthesisOptions(
        views=options.views,
        size_px=config.model.image_size,
        variants=options.variants,
        count=None if Path(options.meshes).is_dir() else options.test + max(options.shapes),
        **config.model.record_options(),
    )
    manifest = synthesize(options.meshes, options.folder / "all", making)
    test, others = divided(manifest, options.test)
    print(f"{len(test)} test shapes, {options.views} images each\n")
    print(_table_of(options, recipe, test, others))


def _table_of(options: argparse.Namespace, recipe: str, test: Sequence[str], others: Sequence[str]) -> str:
    folder: Path = options.folder
    data = part(folder / "all", folder / "test", test, all_for_test=True)

    def scores(model: str | Path, name: str) -> Scores:
        return scored(model, data, options.views, folder / "scores" / f"{name}.json")

    rows = {("", "", f"{name}, as it is"): scores(name, Path(name).name) for name in options.start}
    reference = next(iter(rows.values()))
    for count in options.shapes:
        if count > len(others):
            print(f"{len(others)} meshes are left beside {len(test)} to test on: no row of {count}", file=sys.stderr)
            continue
        mine = part(folder / "all", folder / f"shapes_{count}", others[:count])
        for minutes in options.minutes:
            for start in (FRESH, *options.start):
                name = f"{count}_{minutes:g}_{Path(start).name}"
                model = trained(mine, folder / "runs" / name, recipe, minutes, start, options.more)
                begins = "fresh weights" if start == FRESH else start
                rows[str(count), f"{minutes:g} min", begins] = scores(model, name)
    return scores_table(rows, reference)


if __name__ == "__main__":
    main()
