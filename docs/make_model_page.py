"""docs/model_general.md, written from the card of the shipped model so that page and card cannot differ.

Run: python docs/make_model_page.py
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shapelift.inference import ModelCard, open_model

METHODS = {
    "model": "**this model**",
    "mean_shape": "mean shape",
    "retrieval": "retrieval",
    "oracle_retrieval": "oracle retrieval (knows the answer)",
    "sampling_floor": "sampling floor",
}
COLUMNS = {
    "iou": "IoU",
    "chamfer_l1": "CD-L1 x100",
    "fscore_0.5": "F@0.5 %",
    "fscore_1": "F@1 %",
    "fscore_2": "F@2 %",
    "fscore_5": "F@5 %",
    "normal_consistency": "NC",
}


def cell(values: dict[str, Any], metric: str, *, interval: bool) -> str:
    """One number, with its 95 % interval where asked for."""
    if metric not in values:
        return ""
    # The card has four decimals.
    scale, digits = (100.0, 2) if metric == "chamfer_l1" else (1.0, 3)
    found = {end: f"{value * scale:.{digits}f}" for end, value in values[metric].items()}
    return f"{found['mean']} ({found['low']} to {found['high']})" if interval else found["mean"]


def method_table(group: dict[str, Any]) -> list[str]:
    """Rows of methods, columns of metrics."""
    lines = ["| | " + " | ".join(COLUMNS.values()) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for method, values in group["methods"].items():
        cells = [cell(values, metric, interval=metric in {"iou", "fscore_2"}) for metric in COLUMNS]
        lines.append(f"| {METHODS.get(method, method)} | " + " | ".join(cells) + " |")
    return lines


def category_table(group: dict[str, Any]) -> list[str]:
    """One row per category."""
    lines = ["| category | IoU | F@2 % |", "|---|---|---|"]
    for name, values in group["categories"].items():
        cells = [cell(values, metric, interval=True) for metric in ("iou", "fscore_2")]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def started(training: Mapping[str, Any]) -> list[str]:
    """Where the run began, if not with fresh weights."""
    if "started_from" not in training:
        return []
    return [f"It began with the weights of an earlier run, which had seen {training['images_seen_before']:,} images."]


def page(card: ModelCard) -> str:
    """The whole page."""
    training, test = card.training, card.scores["test"]
    lines = [
        "# The model `general`",
        "",
        f"Version {card.version}. Family `{card.family}`, frame `{card.frame}`, licence {card.licence}.",
        "Written from the model's card by `docs/make_model_page.py`; all figures are those of the card.",
        "",
        "## What it cannot do",
        "",
        *[f"- {limit}" for limit in card.limits],
        "",
        "## Training",
        "",
        f"{training['parameters'] / 1e6:.1f} M parameters, recipe `{training['recipe']}`:",
        f"{training['images_seen']:,} images of {training['shapes']:,} shapes,",
        f"{training['views_per_shape']} views each,",
        f"in {training['seconds'] / 60:.0f} minutes on an ordinary two-core processor, shared with other work.",
        *started(training),
        f"The surface lies at probability {card.threshold:g}, chosen on the validation split.",
        "",
        "## Scores on the test split",
        "",
        "No shape of the test split was trained on. One image per shape, mean over shapes, 95 % bootstrap intervals in",
        "brackets. IoU on uniform points of the unit cube, surfaces on 100,000 samples; definitions in",
        "[conventions](conventions.md). Mean shape and retrieval are computed from the training split: a model that",
        "only recognised a training shape would score like retrieval.",
    ]
    titles = {"procedural": "Unseen procedural shapes", "real": "Real meshes of the test split"}
    for name, group in test["groups"].items():
        lines += ["", f"### {titles.get(name, name)} ({group['shapes']})", "", *method_table(group)]
        lines += ["", "<details><summary>By category</summary>", "", *category_table(group), "", "</details>"]
    lines += [
        "",
        "## Random results",
        "",
        "24 test shapes drawn at random (`docs/make_results.py`), good and bad alike. Each block: input, result from",
        "the front and from behind (blue), truth from the same sides (grey, drawn as points).",
        "",
        "![24 random test results](images/results_general.png)",
        "",
        "## Data",
        "",
        "| source | licence | shapes | attribution |",
        "|---|---|---|---|",
        *[f"| {source.name} | {source.licence} | {source.shapes} | {source.note} |" for source in card.data],
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Write the page."""
    path = Path(__file__).with_name("model_general.md")
    path.write_text(page(open_model("general").card), encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
