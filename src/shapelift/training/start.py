"""Beginning with the weights of a trained model instead of fresh ones."""

from __future__ import annotations

import hashlib
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from shapelift.errors import InputError
from shapelift.inference import read_card
from shapelift.models.base import Reconstructor
from shapelift.training.config import Start
from shapelift.training.export import WEIGHTS_NAME


def read_start(folder: Path) -> Start:
    """What a run's configuration says about the model folder it begins with.

    Raises:
        InputError: not a model folder, or one without its trained weights.
    """
    training = read_card(folder).training

    def so_far(name: str) -> float:
        found = (training.get(name, 0), training.get(f"{name}_before", 0))
        return sum((float(value) for value in found if isinstance(value, int | float)), 0.0)

    return Start(
        name=read_card(folder).name,
        sha256=hashlib.sha256(_weights(folder)).hexdigest(),
        images_seen=int(so_far("images_seen")),
        seconds=round(so_far("seconds"), 1),
        processor_seconds=round(so_far("processor_seconds"), 1),
    )


def load_start(folder: Path | None, start: Start, model: Reconstructor) -> None:
    """Put the weights of a model folder into a network of the same kind, in place.

    Raises:
        InputError: the folder is not given, has changed since `read_start`, or holds another kind of network.
    """
    if folder is None:
        raise InputError(f"this run begins with the weights of '{start.name}'; say where they are")
    data = _weights(folder)
    if hashlib.sha256(data).hexdigest() != start.sha256:
        raise InputError(f"{folder}: {WEIGHTS_NAME} is not the one this run began with")
    try:
        tensors: dict[str, Tensor] = load(data)
    except SafetensorError as error:
        raise InputError(f"{folder / WEIGHTS_NAME}: cannot be read ({error})") from None
    try:
        model.load_state_dict(tensors)
    except RuntimeError:
        raise InputError(
            f"{folder}: holds another network than this recipe trains; start from a model of the same recipe"
        ) from None


def _weights(folder: Path) -> bytes:
    try:
        return (folder / WEIGHTS_NAME).read_bytes()
    except OSError:
        raise InputError(
            f"{folder}: holds no {WEIGHTS_NAME} to start from; give the `model` folder of a training run"
        ) from None
