"""The end of a run: a model folder that inference can open, with an honest card."""

from __future__ import annotations

import dataclasses
import re
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from shapelift._version import __version__
from shapelift.imaging.preprocess import Preprocess
from shapelift.inference import DataSource, ModelCard, read_card, write_card
from shapelift.io.records import open_record
from shapelift.models.base import ReconstructionModel
from shapelift.models.export import export_graphs
from shapelift.training.checkpoint import RunState
from shapelift.training.config import TrainConfig
from shapelift.training.data import TrainingData

WEIGHTS_NAME = "model.safetensors"
CONFIG_NAME = "config.json"


def trial_export_s(model: ReconstructionModel, output: Path) -> float:
    """Seconds that exporting takes, measured by doing it into a folder that is removed again."""
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=output, prefix=".rehearsal.") as folder:
        export_graphs(model, folder)
    return time.perf_counter() - begin


def export_run(
    config: TrainConfig, model: ReconstructionModel, data: TrainingData, state: RunState, folder: Path
) -> None:
    """Write the model folder of a run, whole or not at all: graphs, weights, configuration, card.

    Args:
        config: the run.
        model: the network with the weights to export.
        data: what it was trained on, for the card.
        state: where the run ended.
        folder: the model folder; one of an earlier export is replaced.
    """
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as temporary:
        fresh = Path(temporary) / "fresh"
        fresh.mkdir()
        export_graphs(model, fresh)
        weights = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
        # Bytes, not save_file: that makes files only their owner can read.
        (fresh / WEIGHTS_NAME).write_bytes(save(weights))
        (fresh / CONFIG_NAME).write_text(config.to_json() + "\n", encoding="utf-8")
        files = [path.name for path in fresh.iterdir()]
        write_card(fresh, _card(config, model, data, state, folder), files)
        if folder.exists():
            folder.rename(Path(temporary) / "former")
        fresh.rename(folder)


def add_scores(folder: Path, name: str, scores: dict[str, Any]) -> None:
    """Enter the result of an evaluation into the card of a model folder.

    Args:
        folder: The model folder.
        name: Under which they stand on the card, such as `test`.
        scores: As `evaluation.for_card` gives them.

    Raises:
        InputError: as `read_card` and `write_card`.
    """
    card = read_card(folder)
    write_card(folder, dataclasses.replace(card, scores={**card.scores, name: scores}), card.files)


def _card(
    config: TrainConfig, model: ReconstructionModel, data: TrainingData, state: RunState, folder: Path
) -> ModelCard:
    family = config.model
    return ModelCard(
        name=_name(folder),
        version="1",
        family=family.family,
        representation=family.representation,
        frame=family.frame,
        preprocess=Preprocess(**family.preprocess),
        threshold=getattr(family, "threshold", 0.5),
        stochastic=family.stochastic,
        categories=data.categories,
        training={
            "recipe": config.recipe,
            "steps": state.step,
            "images_seen": state.step * config.batch_size,
            "seconds": round(state.used_s, 1),
            "processor_seconds": round(state.processor_s, 1),
            "exported_step": state.best_step,
            "parameters": sum(parameter.numel() for parameter in model.parameters()),
            "shapes": data.shapes,
            "views_per_shape": data.views,
            "precision": config.precision,
            "seed": config.seed,
            **({"variants": data.variants} if data.variants else {}),
            **_started(config, state),
            **({"stopped_early": True} if state.stopped_early else {}),
            "shapelift": __version__,
            "torch": torch.__version__,
        },
        data=_sources(data),
        scores={"validation": {"iou": state.best_iou}},
        limits=_limits(data, stochastic=family.stochastic),
    )


def _started(config: TrainConfig, state: RunState) -> dict[str, str | int | float]:
    """What the run began with, and its validation IoU; an `exported_step` of 0 says that nothing better was found."""
    if config.start is None:
        return {}
    return {
        "started_from": config.start.name,
        "images_seen_before": config.start.images_seen,
        "seconds_before": config.start.seconds,
        "processor_seconds_before": config.start.processor_seconds,
        "validation_iou_before": state.start_iou,
    }


def _sources(data: TrainingData) -> tuple[DataSource, ...]:
    """Sources and licences of the training shapes, as their records state them."""
    counts: Counter[tuple[str, str]] = Counter()
    for path in data.paths:
        with open_record(path) as record:
            facts = record.metadata
        counts[facts.get("source", "not stated"), facts.get("licence", "not stated")] += 1
    return tuple(DataSource(source, licence, shapes=count) for (source, licence), count in sorted(counts.items()))


def _limits(data: TrainingData, *, stochastic: bool) -> tuple[str, ...]:
    kinds = ", ".join(data.categories)
    several = (
        "It gives several answers to one image, all equally likely to it; where they agree they may still be wrong."
    )
    single = "It is deterministic: one image, one answer, also where the image leaves several open."
    return (
        f"It has seen {data.shapes} shapes of these kinds: {kinds}. Anything else comes out as the nearest it knows.",
        "It has seen rendered images only; photographs work as far as they look like them, cut out and well lit.",
        "What the image does not show is guessed from other shapes, and fine detail is lost.",
        several if stochastic else single,
    )


def _name(folder: Path) -> str:
    """A name for the card: that of the run's folder, without characters that a card does not allow."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", folder.absolute().parent.name).strip("-._")
    return plain[:64] or "model"
