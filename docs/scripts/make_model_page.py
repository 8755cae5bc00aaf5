"""The pages of the shipped models in docs/reference, from their cards, so that they cannot differ: all, and one each.

Run: python docs/scripts/make_model_page.py

Where a model was trained is not on its card: that comes from its notes in docs/shipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from page_tools import BASELINES, NOTES, REFERENCE, table
from ship_model import Notes, read_notes

from shapelift.evaluation.report import protocols_of
from shapelift.inference import ModelCard, model_folder, read_card, shipped_models
from shapelift.metrics import PROTOCOLS

METHODS = {"model": "**this model**", **BASELINES}
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
    rows = []
    for method, values in group["methods"].items():
        cells = [cell(values, metric, interval=metric in {"iou", "fscore_2"}) for metric in COLUMNS]
        rows.append((METHODS.get(method, method), *cells))
    return table(("", *COLUMNS.values()), rows)


def protocol_table(group: dict[str, Any], protocol: str, representation: str) -> list[str]:
    """What a paper measures, in a table of its own, after a line that says of what."""
    columns = [name for name in group["methods"]["model"] if name.startswith(f"{protocol}:")]
    measured = "all points that the model predicts" if representation == "points" else "samples of the surface"
    heads = [name.rpartition(":")[2].replace("_", " ") for name in columns]
    lines = [f"By the protocol [`{protocol}`](conventions.md#protocols) ({PROTOCOLS[protocol].source}), on {measured}:"]
    rows = [
        (METHODS.get(method, method), *(cell(values, name, interval=True) for name in columns))
        for method, values in group["methods"].items()
    ]
    return [*lines, "", *table(("", *heads), rows)]


def category_table(group: dict[str, Any]) -> list[str]:
    """One row per category."""
    rows = [
        (name, *(cell(values, metric, interval=True) for metric in ("iou", "fscore_2")))
        for name, values in group["categories"].items()
    ]
    return table(("category", "IoU", "F@2 %"), rows)


def started(training: Mapping[str, Any]) -> list[str]:
    """Where the run began, if not with fresh weights."""
    if "started_from" not in training:
        return []
    seen, seconds = training["images_seen_before"], training.get("seconds_before")
    lasted = "" if seconds is None else f" in {seconds / 60:.0f} minutes"
    return [f"It began with the weights of an earlier run, which had seen {seen:,} images{lasted}."]


def drawn_at(card: ModelCard) -> list[str]:
    """Where the surface lies, for models that are asked for probabilities in space."""
    if card.representation == "points":
        return []
    return [f"The surface lies at probability {card.threshold:g}, chosen on the validation split."]


def lasted(training: Mapping[str, Any], machine: str) -> str:
    """How long training took, and where."""
    return f"in {training['seconds'] / 60:.0f} minutes" + (f" {machine}." if machine else ".")


def page(card: ModelCard, notes: Notes) -> str:
    """The whole page of a model."""
    training, test = card.training, card.scores["test"]
    samples, views = test["settings"]["points"], test["settings"]["views_per_shape"]
    images = "One image" if views == 1 else f"{views} images"
    lines = [
        f"# The model `{card.name}`",
        "",
        f"Version {card.version}. Family `{card.family}`, frame `{card.frame}`, licence {card.licence}.",
        "Written from the model's card by `docs/scripts/make_model_page.py`; all figures are those of the card.",
        "It is stochastic: one image has several answers, see `--samples`."
        if card.stochastic
        else "It is deterministic: one image, one answer.",
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
        lasted(training, notes.machine),
        *started(training),
        *drawn_at(card),
        "",
        "## Scores on the test split",
        "",
        f"No shape of the test split was trained on. {images} per shape, mean over shapes, 95 % bootstrap intervals in",
        f"brackets. IoU on uniform points of the unit cube, surfaces on {samples:,} samples; definitions in",
        "[conventions](conventions.md). Mean shape and retrieval are computed from the training split: a model that",
        "only recognised a training shape would score like retrieval.",
    ]
    titles = {"procedural": "Unseen procedural shapes", "real": "Real meshes of the test split"}
    for name, group in test["groups"].items():
        lines += ["", f"### {titles.get(name, name)} ({group['shapes']})", "", *method_table(group)]
        for protocol in protocols_of(group):
            lines += ["", *protocol_table(group, protocol, card.representation)]
        lines += ["", "<details><summary>By category</summary>", "", *category_table(group), "", "</details>"]
    lines += [
        "",
        "## Random results",
        "",
        "24 test shapes drawn at random (`docs/scripts/make_results.py`), good and bad alike. Each block: input,",
        "result from the front and from behind (blue), truth from the same sides (grey, drawn as points).",
        "",
        f"![24 random test results](../images/results_{card.name}.png)",
        "",
        "## Data",
        "",
        *table(
            ("source", "licence", "shapes", "attribution"),
            [(source.name, source.licence, source.shapes, source.note) for source in card.data],
        ),
        "",
    ]
    return "\n".join(lines)


def against_retrieval(methods: Mapping[str, Any]) -> str:
    """The mean IoU of a model, beside that of the baseline to beat where it was computed."""
    iou = {method: f"{values['iou']['mean']:.3f}" for method, values in methods.items() if "iou" in values}
    return iou["model"] + (f" (retrieval {iou['retrieval']})" if "retrieval" in iou else "")


def overview(cards: Mapping[str, ModelCard]) -> str:
    """The page that lists all shipped models."""
    lines = [
        "# The shipped models",
        "",
        "They come with the package: `shapelift reconstruct photo.jpg --model NAME`. In the frame `view` a result is",
        "turned as the camera saw it, in the frame `object` it stands as its category does",
        "([conventions](conventions.md)). Written from the cards by `docs/scripts/make_model_page.py`; the pages have",
        "all scores, limits and data.",
        "",
    ]
    rows = []
    for name, card in cards.items():
        known = ", ".join(card.categories) if len(card.categories) <= 3 else f"{len(card.categories)} categories"
        size = sum((model_folder.SHIPPED / name / file).stat().st_size for file in card.files) / 1e6
        groups = card.scores["test"]["groups"]
        scores = ", ".join(f"{kind} {against_retrieval(group['methods'])}" for kind, group in groups.items())
        cells = [f"[`{name}`](model_{name}.md)", known, card.family, card.representation, card.frame]
        rows.append((*cells, f"{size:.1f} MB", scores))
    heads = ("name", "what for", "family", "predicts", "frame", "size", "mean IoU on unseen shapes")
    return "\n".join([*lines, *table(heads, rows), ""])


def pages() -> dict[str, str]:
    """All pages by the name of their file."""
    cards = {name: read_card(model_folder.SHIPPED / name) for name in shipped_models()}
    made = {f"model_{name}.md": page(card, read_notes(NOTES / f"{name}.toml")) for name, card in cards.items()}
    return {"models.md": overview(cards), **made}


def main() -> None:
    """Write the pages."""
    for name, text in pages().items():
        path = REFERENCE / name
        path.write_text(text, encoding="utf-8")
        print(path)


if __name__ == "__main__":
    main()
