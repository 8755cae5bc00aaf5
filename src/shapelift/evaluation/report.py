"""Sum an evaluation up: means with intervals, differences to the baselines, tables and files."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapelift._version import __version__
from shapelift.errors import InputError
from shapelift.evaluation.scores import FLOOR, MODEL, Evaluation, Score
from shapelift.io.atomic import write_atomically
from shapelift.metrics import METRICS, Interval, bootstrap_difference, bootstrap_mean

if TYPE_CHECKING:
    from rich.table import Table

_SCHEMA = "shapelift-evaluation-1"
JSON_NAME, CSV_NAME = "scores.json", "objects.csv"

THIN_CATEGORIES = ("bench", "chair", "lamp", "table")
"""Categories whose shapes are held up by thin parts; their means are also stated together."""
_CARD_METRICS = ("iou", "fscore_2")
"""What a card states of every category."""


def summarize(evaluation: Evaluation) -> dict[str, Any]:
    """The evaluation as data that JSON can hold.

    Per group (groups, such as `procedural`, `photoreal` and `real` shapes, are never pooled): for every method the mean
    of every metric over shapes with its 95 % bootstrap interval, overall, as the plain mean of the category means, per
    category, and over the categories of thin things (`THIN_CATEGORIES`) together; and for every baseline the paired
    difference model - baseline with its interval. An interval of a difference that excludes 0 says that the two differ.
    A metric counts the images that have it.
    """
    groups = {name: _group([s for s in evaluation.scores if s.group == name]) for name in evaluation.groups}
    return {
        "schema": _SCHEMA,
        "shapelift": __version__,
        "model": evaluation.model,
        "data": evaluation.data,
        "settings": evaluation.settings,
        "groups": groups,
    }


def write_report(evaluation: Evaluation, folder: str | Path) -> tuple[Path, Path]:
    """Write `scores.json` (the summary) and `objects.csv` (a row per image and method) into `folder`, each atomically.

    The folder is made where it does not exist. Returns the two paths.

    Raises:
        InputError: the folder cannot be made or written.
    """
    folder = Path(folder)
    check_folder(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot make this folder ({error.strerror}); choose another `output`") from error
    write_atomically(folder / CSV_NAME, _csv(evaluation))
    write_atomically(folder / JSON_NAME, json.dumps(summarize(evaluation), indent=2, allow_nan=False) + "\n")
    return folder / JSON_NAME, folder / CSV_NAME


def check_folder(folder: str | Path) -> None:
    """Check that a folder can hold a report; makes nothing. For a look before hours of work.

    Raises:
        InputError: it cannot.
    """
    folder = Path(folder)
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise InputError(f"{nearest}: is a file, not a folder; choose another `output`")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise InputError(f"{folder}: cannot write here; choose another `output`")


def tables(summary: dict[str, Any]) -> list[Table]:
    """Tables for the terminal, from what `summarize` returned.

    For every group: methods, differences, outlines and thin parts, depth where the model predicts it, one table per
    protocol, and categories.
    """
    made: list[Table] = []
    for name, group in summary["groups"].items():
        failed = f", {group['failures']} of {group['images']} images without an answer" if group["failures"] else ""
        title = f"{name}: {group['shapes']} shapes{failed}; mean, ± half of the 95 % interval"
        made.append(_method_table(title, group, "shape"))
        if group["differences"]:
            made.append(_difference_table(f"{name}: model - baseline, 95 % interval", group))
        made.append(_outline_table(f"{name}: outline, recall and thin parts", group))
        if any(metric in group["methods"][MODEL]["overall"] for metric in _columns("depth")):
            made.append(_method_table(f"{name}: depth of the seen surface", group, "depth"))
        made += [_protocol_table(f"{name}: {protocol}", group, protocol) for protocol in protocols_of(group)]
        if len(group["methods"][MODEL]["categories"]) > 1:
            made.append(_category_table(f"{name}: IoU and F@2% by category", group))
    return made


def protocols_of(group: dict[str, Any]) -> list[str]:
    """Names of the protocols whose numbers a group of a summary, or of a card, holds besides those of the house."""
    means = group["methods"][MODEL].get("overall", group["methods"][MODEL])
    return list(dict.fromkeys(name.partition(":")[0] for name in means if ":" in name))


def for_card(summary: dict[str, Any]) -> dict[str, Any]:
    """The part of a summary that a card states: all means of all methods, and the model's main ones by category.

    Everything else is in the report. Four decimals are finer than any interval.
    """
    groups = {}
    for name, group in summary["groups"].items():
        by_category = group["methods"][MODEL]["categories"]
        groups[name] = {
            "shapes": group["shapes"],
            "methods": {method: _rounded(found["overall"]) for method, found in group["methods"].items()},
            **({"thin": _rounded(thin)} if (thin := group["methods"][MODEL].get("thin")) else {}),
            "categories": {
                category: {
                    "shapes": means["iou"]["count"],
                    **_rounded({metric: means[metric] for metric in _CARD_METRICS}),
                }
                for category, means in by_category.items()
            },
        }
    return {"settings": summary["settings"], "groups": groups}


def _rounded(means: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """Means with their intervals, to four decimals."""
    return {
        metric: {end: round(interval[end], 4) for end in ("mean", "low", "high")} for metric, interval in means.items()
    }


def _group(scores: Sequence[Score]) -> dict[str, Any]:
    by_method: dict[str, list[Score]] = {}
    for score in scores:
        by_method.setdefault(score.method, []).append(score)
    model = by_method[MODEL]
    return {
        "shapes": len({score.shape_id for score in model}),
        "images": len(model),
        "failures": sum(bool(score.note) for score in model),
        "methods": {method: _method(found) for method, found in by_method.items()},
        "differences": {
            method: _differences(model, found) for method, found in by_method.items() if method not in {MODEL, FLOOR}
        },
    }


def _method(scores: Sequence[Score]) -> dict[str, Any]:
    by_category: dict[str, list[Score]] = {}
    for score in scores:
        by_category.setdefault(score.category, []).append(score)
    categories = {name: _means(by_category[name]) for name in sorted(by_category)}
    overall = _means(scores)
    means = {metric: [found[metric]["mean"] for found in categories.values() if metric in found] for metric in overall}
    return {
        "overall": overall,
        "mean_of_categories": {metric: sum(found) / len(found) for metric, found in means.items()},
        "categories": categories,
        "thin": _means([score for score in scores if score.category in THIN_CATEGORIES]),
    }


def _means(scores: Sequence[Score]) -> dict[str, dict[str, float]]:
    """Of every metric that occurs, over the images that have it."""
    found = {}
    for metric in dict.fromkeys(metric for score in scores for metric in score.values):
        having = [score for score in scores if metric in score.values]
        shapes = [score.shape_id for score in having]
        found[metric] = _plain(bootstrap_mean([score.values[metric] for score in having], shapes))
    return found


def _differences(model: Sequence[Score], other: Sequence[Score]) -> dict[str, dict[str, float]]:
    """Of every metric that occurs on both sides, over the images that have it there."""
    found = {}
    for metric in dict.fromkeys(metric for score in model for metric in score.values):
        pairs = [(a, b) for a, b in zip(model, other, strict=True) if metric in a.values and metric in b.values]
        if pairs:
            ours, theirs = ([score.values[metric] for score in side] for side in zip(*pairs, strict=True))
            found[metric] = _plain(bootstrap_difference(ours, theirs, [score.shape_id for score, _ in pairs]))
    return found


def _plain(interval: Interval) -> dict[str, float]:
    return {"mean": interval.mean, "low": interval.low, "high": interval.high, "count": interval.count}


def _csv(evaluation: Evaluation) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = evaluation.columns
    writer.writerow(["shape_id", "category", "group", "view", "method", *columns, "note"])
    for score in evaluation.scores:
        values = [repr(float(score.values[metric])) if metric in score.values else "" for metric in columns]
        writer.writerow([score.shape_id, score.category, score.group, score.view, score.method, *values, score.note])
    return text.getvalue()


def _columns(table: str) -> dict[str, str]:
    """Names and titles of the metrics of a table."""
    return {metric.name: metric.title for metric in METRICS.values() if metric.table == table}


def _method_table(title: str, group: dict[str, Any], table_name: str) -> Table:
    columns = _columns(table_name)
    table = _table(title, ["method", *columns.values()])
    for method, found in group["methods"].items():
        cells = [_with_interval(metric, found["overall"].get(metric)) for metric in columns]
        if any(metric in found["overall"] for metric in columns):
            table.add_row(method.replace("_", " "), *cells)
    return table


def _difference_table(title: str, group: dict[str, Any]) -> Table:
    columns = _columns("shape")
    lower = ", ".join(columns[name] for name in columns if not METRICS[name].higher_is_better)
    table = _table(f"{title} ({lower}: below 0 is better)", ["model minus", *columns.values()])
    for method, found in group["differences"].items():
        cells = [_ends(metric, found.get(metric)) for metric in columns]
        table.add_row(method.replace("_", " "), *cells)
    return table


def _outline_table(title: str, group: dict[str, Any]) -> Table:
    table, columns = _method_table(title, group, "outline"), _columns("outline")
    for method, found in group["methods"].items():
        if found["thin"] and method != FLOOR:
            cells = [_with_interval(metric, found["thin"].get(metric)) for metric in columns]
            table.add_row(f"{method.replace('_', ' ')}, {found['thin']['iou']['count']} of thin kinds", *cells)
    return table


def _protocol_table(title: str, group: dict[str, Any], protocol: str) -> Table:
    columns = [name for name in group["methods"][MODEL]["overall"] if name.startswith(f"{protocol}:")]
    # Spaces, so that long names can break.
    heads = [name.rpartition(":")[2].replace("_", " ") for name in columns]
    table = _table(title, ["method", *heads])
    for method, found in group["methods"].items():
        table.add_row(method.replace("_", " "), *(_with_interval(name, found["overall"].get(name)) for name in columns))
    if group["differences"]:
        table.add_section()
    for method, found in group["differences"].items():
        table.add_row(f"model - {method.replace('_', ' ')}", *(_ends(name, found[name]) for name in columns))
    return table


def _category_table(title: str, group: dict[str, Any]) -> Table:
    methods = [method for method in group["methods"] if method != FLOOR]
    table = _table(title, ["category", "shapes", *(method.replace("_", " ") for method in methods)])
    for category in group["methods"][MODEL]["categories"]:
        rows = [group["methods"][method]["categories"][category] for method in methods]
        cells = [f"{row['iou']['mean']:.3f} {row['fscore_2']['mean']:.3f}" for row in rows]
        table.add_row(category, str(rows[0]["iou"]["count"]), *cells)
    means = [group["methods"][method]["mean_of_categories"] for method in methods]
    table.add_section()
    table.add_row("mean of categories", "", *(f"{mean['iou']:.3f} {mean['fscore_2']:.3f}" for mean in means))
    return table


def _table(title: str, columns: Iterable[str]) -> Table:
    from rich.box import SIMPLE
    from rich.table import Table

    # Two-line cells and no vertical rules: the tables fit a terminal of 80 columns.
    table = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left", no_wrap=index == 0)
    return table


def _with_interval(metric: str, interval: dict[str, float] | None) -> str:
    if interval is None:
        return "–"  # noqa: RUF001
    half = (interval["high"] - interval["low"]) / 2.0
    return f"{_number(metric, interval['mean'])}\n±{_number(metric, half)}"


def _ends(metric: str, interval: dict[str, float] | None) -> str:
    if interval is None:
        return "–"  # noqa: RUF001
    digits = _digits(metric)
    return f"{interval['low']:+.{digits}f}\n{interval['high']:+.{digits}f}"


def _number(metric: str, value: float) -> str:
    return f"{value:.{_digits(metric)}f}"


def _digits(metric: str) -> int:
    name = metric.rpartition(":")[2]
    if name in METRICS:
        return METRICS[name].digits
    return 4 if name == "chamfer_l2_mean" else 3
