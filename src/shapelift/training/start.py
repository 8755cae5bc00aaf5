"""Beginning with the weights of a trained model instead of fresh ones."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from shapelift.errors import InputError
from shapelift.inference import find_model, read_card, shipped_models
from shapelift.models.base import ReconstructionModel, Thresholded
from shapelift.models.export import read_weights
from shapelift.training.config import Start, TrainConfig
from shapelift.training.export import WEIGHTS_NAME


def find_start(name_or_folder: str | Path) -> Path:
    """The folder of a model to start from: the name of a shipped one, or the `model` folder of a run.

    Raises:
        InputError: there is no such model, or its weights cannot be had.
    """
    folder = find_model(name_or_folder)
    _read(folder)
    return folder


def shipped_start(config: TrainConfig) -> tuple[Path | None, str]:
    """The shipped model that a run begins with unless it is told otherwise: that of its recipe, with the same network.

    Returns:
        Its folder, or None, and why there is none: empty where no shipped model is of this recipe.
    """
    reason = ""
    for name in shipped_models():
        folder = find_model(name)
        if read_card(folder).training.get("recipe") != config.recipe:
            continue
        try:
            start_at(config, folder)
        except InputError as error:
            reason = str(error)
        else:
            return folder, ""
    return None, reason


def start_at(config: TrainConfig, folder: Path) -> TrainConfig:
    """The run that begins with the weights of a model, its surface at first where the model draws it.

    So the validation of the start is that of the model as it is, and whatever is better is better than the model.

    Raises:
        InputError: not a model folder, without trained weights, or of another kind of network.
    """
    card, family = read_card(folder), config.model
    with torch.device("meta"):  # shapes are enough
        wanted = {name: value.shape for name, value in family.build().state_dict().items()}
    found = {name: value.shape for name, value in read_tensors_of(folder).items()}
    same = (card.family, card.frame, card.stochastic) == (family.family, family.frame, family.stochastic)
    if not same or found != wanted:
        raise _other_network(folder)
    model = family.at_threshold(card.threshold) if isinstance(family, Thresholded) else family
    return dataclasses.replace(config, model=model, start=read_start(folder))


def read_start(folder: Path) -> Start:
    """What a run's configuration says about the model folder it begins with.

    Raises:
        InputError: not a model folder, or one without its trained weights.
    """
    card = read_card(folder)

    def so_far(name: str) -> float:
        found = (card.training.get(name, 0), card.training.get(f"{name}_before", 0))
        return sum((float(value) for value in found if isinstance(value, int | float)), 0.0)

    return Start(
        name=card.name,
        sha256=_digest(_read(folder)),
        images_seen=int(so_far("images_seen")),
        seconds=round(so_far("seconds"), 1),
        processor_seconds=round(so_far("processor_seconds"), 1),
    )


def load_start(folder: Path | None, start: Start, model: ReconstructionModel) -> None:
    """Put the weights of a model folder into a network of the same kind, in place.

    Args:
        folder: The model folder.
        start: What the run remembers of it.
        model: The network; changed in place.

    Raises:
        InputError: the folder is not given, has changed since `read_start`, or holds another kind of network.
    """
    if folder is None:
        raise InputError(f"this run begins with the weights of '{start.name}'; say where they are")
    files = _read(folder)
    if _digest(files) != start.sha256:
        raise InputError(f"{folder}: {', '.join(files)} is not what this run began with")
    try:
        model.load_state_dict(_tensors(folder, files))
    except RuntimeError:
        raise _other_network(folder) from None


def read_tensors_of(folder: Path) -> dict[str, Tensor]:
    """The state of the network in a model folder, by torch's names.

    It is that of `model.safetensors`, as training left it; where there is none, as in the shipped models, that of the
    graphs, the large tensors of which are rounded to half precision.

    Raises:
        InputError: not a model folder, or one that holds no weights to train on.
    """
    return _tensors(folder, _read(folder))


def _read(folder: Path) -> dict[str, bytes]:
    """The files with the weights, in order: the one training wrote, or else the graphs, checked for weights."""
    try:
        if (folder / WEIGHTS_NAME).is_file():
            return {WEIGHTS_NAME: (folder / WEIGHTS_NAME).read_bytes()}
        names = sorted(name for name in read_card(folder).files if name.endswith(".onnx"))
        files = {name: (folder / name).read_bytes() for name in names}
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be read ({error.strerror}); give a whole model folder") from None
    if not _tensors(folder, files):
        raise InputError(
            f"{folder}: was exported without the weights to train on; give another `start_from`, or none for fresh "
            "weights"
        )
    return files


def _tensors(folder: Path, files: Mapping[str, bytes]) -> dict[str, Tensor]:
    if WEIGHTS_NAME in files:
        try:
            tensors: dict[str, Tensor] = load(files[WEIGHTS_NAME])
        except SafetensorError as error:
            raise InputError(f"{folder / WEIGHTS_NAME}: cannot be read ({error})") from None
        return tensors
    try:
        return read_weights(files.values())
    except ValueError as error:
        raise InputError(f"{folder}: its graphs cannot be read ({error}); give a whole model folder") from None


def _digest(files: Mapping[str, bytes]) -> str:
    """That of the file, or of the files one after the other."""
    return hashlib.sha256(b"".join(files.values())).hexdigest()


def _other_network(folder: Path) -> InputError:
    return InputError(f"{folder}: holds another network than this recipe trains; start from a model of the same recipe")
