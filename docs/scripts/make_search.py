"""Networks and optimisers side by side: the same time on one core for each (docs/explanation/search.md).

Run: python docs/scripts/make_search.py DATA FOLDER [--rows recipe 'wider encoder' ...] [--minutes 10] [--items 256]

Every row is a run of `pixelaligned-general` from fresh weights with one thing changed, one thread and so many minutes;
give every core its own rows, and nothing else to do. What is done is kept in FOLDER and not done again, so a last call
prints the whole table. IoU on validation views of DATA, at the probability that suits the row, through the camera that
the network guesses and through the true one.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from page_tools import command, table

from shapelift.inference import read_card
from shapelift.io.atomic import write_atomically
from shapelift.recipes import pixelaligned_general
from shapelift.recipes.pixelaligned import PHOTOGRAPHS
from shapelift.training import AdamW, TrainConfig, train
from shapelift.training.data import ValidationSet
from shapelift.training.network import forward_pass
from shapelift.training.start import read_tensors_of
from shapelift.training.validation import weighted_iou

Scores = Mapping[str, float]


def changed(**changes: object) -> Callable[[TrainConfig], TrainConfig]:
    """A row that changes the network."""
    return lambda config: dataclasses.replace(config, model=dataclasses.replace(config.model, **changes))


ROWS: dict[str, Callable[[TrainConfig], TrainConfig]] = {
    "recipe": lambda config: config,
    "AdamW": lambda config: dataclasses.replace(config, optimizer=AdamW(learning_rate=1e-3, weight_decay=0.03)),
    "wider encoder": changed(widths=(48, 96, 192, 320)),
    "narrower encoder": changed(widths=(24, 48, 112, 224)),
    "192 px": changed(image_size=192),
    "no labels on rays": changed(ray_weight=1e-6),
    "no overlap": changed(overlap_weight=1e-6),
    "clean images": lambda config: dataclasses.replace(
        config, augmentation=dataclasses.replace(PHOTOGRAPHS, cut=0.0, bites=0.0, halo=0.0, table=0.0, jpeg=0.0)
    ),
}
"""Name -> what it changes."""


def run_of(name: str, minutes: float, items: int) -> TrainConfig:
    """The run of a row."""
    config = pixelaligned_general()
    validation = dataclasses.replace(config.validation, count=2, items=items, pictures=0)
    length = {"steps": None, "budget_s": 60.0 * minutes, "threads": 1, "feed": "packed"}
    return ROWS[name](dataclasses.replace(config, validation=validation, **length))


@torch.no_grad()
def overlaps(folder: Path, config: TrainConfig, data: Path) -> tuple[float, float]:
    """Mean IoU of the exported weights on the validation views, with the guessed and with the true camera."""
    model = dataclasses.replace(config.model, threshold=read_card(folder).threshold).build()
    model.load_state_dict(read_tensors_of(folder))
    held_out = ValidationSet(data, config)
    sums = [0.0, 0.0]
    for batch in held_out.batches(slice(None), config.batch_size):
        guessed = forward_pass(model.eval(), batch, config.precision)
        true = {"intrinsics": batch["camera_intrinsics"], "camera_from_world": batch["camera_camera_from_world"]}
        for index, prediction in enumerate((guessed, guessed | true)):
            inside = model.logits_at(prediction, batch["scored"]) > 0.0
            found = weighted_iou(inside, batch["scored_occupancy"] > 0.5, batch["scored_weight"])
            sums[index] += float(found.sum())
    return sums[0] / held_out.items, sums[1] / held_out.items


def scored(name: str, data: Path, folder: Path, minutes: float, items: int) -> Scores:
    """What a row reached, read where it was written before."""
    output = folder / name.replace(" ", "_")
    file = output / "row.json"
    if not file.exists():
        config = run_of(name, minutes, items)
        result = train(config, data, output)
        if result.model_folder is None:
            raise SystemExit(f"'{name}' was interrupted; the same command goes on with it")
        told = read_card(result.model_folder).training
        guessed, true = overlaps(result.model_folder, config, data)
        with torch.device("meta"):
            parameters = sum(one.numel() for one in config.model.build().parameters())
        values = {
            "parameters": parameters,
            "images": told["images_seen"],
            "processor_seconds": told["processor_seconds"],
            "guessed": guessed,
            "true": true,
        }
        write_atomically(file, json.dumps(values))
    return dict(json.loads(file.read_text(encoding="utf-8")))


def scores_table(rows: Mapping[str, Scores]) -> str:
    """The table in Markdown."""
    heads = ("row", "parameters", "processor-minutes", "images", "IoU, guessed camera", "IoU, true camera")
    lines = []
    for name, row in rows.items():
        size, minutes = f"{row['parameters'] / 1e6:.1f} M", f"{row['processor_seconds'] / 60.0:.1f}"
        lines.append((name, size, minutes, f"{row['images']:,.0f}", f"{row['guessed']:.3f}", f"{row['true']:.3f}"))
    return "\n".join(table(heads, lines))


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = command(__doc__)
    parser.add_argument("data", type=Path, help="data set to train on")
    parser.add_argument("folder", type=Path, help="where the runs are kept")
    parser.add_argument("--rows", nargs="+", choices=list(ROWS), default=list(ROWS))
    parser.add_argument("--minutes", type=float, default=10.0, help="length of every run")
    parser.add_argument("--items", type=int, default=256, help="validation views")
    options = parser.parse_args(arguments)
    rows = {}
    for name in options.rows:
        rows[name] = scored(name, options.data, options.folder, options.minutes, options.items)
        print(f"{name}: {json.dumps(rows[name])}", flush=True)
    print(scores_table(rows))


if __name__ == "__main__":
    main()
