"""A training run as one frozen value: everything that decides what comes out, and no path of any machine."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from shapelift.datasets import Augmentation, PackDetail
from shapelift.errors import InputError
from shapelift.models import FAMILIES
from shapelift.models.base import ModelConfig, config_from_json
from shapelift.training.schedule import WarmupCosine

Precision = Literal["auto", "bf16", "fp32"]

# What a session may choose anew without making it another run.
_FREE_FIELDS = ("threads", "workers", "checkpoint_every_s", "checkpoint_every_steps", "log_every_steps", "tensorboard")


FeedKind = Literal["auto", "packed", "records"]
"""Where batches come from; see `TrainConfig.feed`."""

Criterion = Literal["iou", "loss"]
"""What says which weights are best; see `Validation`."""


@dataclass(frozen=True, kw_only=True)
class AdamW:
    """Settings of the optimiser.

    Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019.

    Attributes:
        learning_rate: highest rate of the schedule.
        beta1, beta2: decay of the two moment estimates.
        eps: added to the root of the second moment.
        weight_decay: decoupled decay of weights; one-dimensional parameters (norms, biases) are never decayed.
        clip_norm: highest norm of the whole gradient, or None for no limit.
    """

    learning_rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.99
    eps: float = 1e-8
    weight_decay: float = 0.01
    clip_norm: float | None = 1.0


@dataclass(frozen=True, kw_only=True)
class SGD:
    """Settings of stochastic gradient descent.

    Attributes:
        learning_rate: highest rate of the schedule.
        momentum: decay of the running sum of gradients, 0 for none.
        nesterov: whether the gradient is that at the place the momentum leads to.
        weight_decay: share of a weight that is added to its gradient; one-dimensional parameters are never decayed.
        clip_norm: highest norm of the whole gradient, or None for no limit.
    """

    learning_rate: float = 0.1
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 0.0
    clip_norm: float | None = 1.0


@dataclass(frozen=True, kw_only=True)
class Muon(AdamW):
    """Settings of `training.muon`: convolutions take orthogonal steps, all other parameters those of AdamW.

    Attributes:
        momentum: decay of the running mean of a kernel's gradients.
    """

    momentum: float = 0.95


Optimizer = AdamW | SGD
_OPTIMIZERS: dict[str, type[AdamW] | type[SGD]] = {"adamw": AdamW, "muon": Muon, "sgd": SGD}


@dataclass(frozen=True, kw_only=True)
class Validation:
    """How often and on how much a run is validated.

    Attributes:
        count: validations, spread evenly over the run; the last one comes at its end.
        items: held-out views that are scored, spread over the shapes of the validation split.
        pictures: how many of them are drawn.
        criterion: what says which weights are best and become the model: the highest `iou`, or the lowest `loss`, for
            networks whose solid is only a stand-in (see `Reconstructor.logits_at`).
        patience: so many validations in a row that are not better than the best before them end the run, or None for
            no such end.
    """

    count: int = 10
    items: int = 256
    pictures: int = 6
    criterion: Criterion = "iou"
    patience: int | None = None


@dataclass(frozen=True, kw_only=True)
class Start:
    """Trained weights that a run begins with, instead of fresh ones.

    Attributes:
        name: name of their model, from its card.
        sha256: digest of their file: another file is another run.
        images_seen: images they had been trained on.
        seconds: how long they had been trained.
        processor_seconds: the same as processor time, 0 where that was not measured.
    """

    name: str
    sha256: str
    images_seen: int
    seconds: float = 0.0
    processor_seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """A complete training run.

    Attributes:
        recipe: name of the recipe it came from.
        model: what builds the network.
        augmentation: what happens to images between the data set and the network.
        optimizer: settings of the optimiser, which say which one it is.
        schedule: learning rate over the run.
        validation: held-out scores along the way.
        batch_size: items per step, over all processes together.
        steps: length of the run in steps, or None when `budget_s` says it.
        budget_s: length of the run in seconds, validation and export included, or None when `steps` says it.
        precision: `bf16` computes the network under bfloat16 autocast, `fp32` in single precision; `auto` chooses what
            is quicker on the device when the run begins (see `training.precision`).
        channels_last: keep images and convolution weights in channels-last memory, faster on most machines.
        ema_decay: decay of a moving average of the weights, which is then what is validated and exported; or None.
        feed: `packed` draws batches from the training split held as arrays where the network computes, `records` reads
            every one from the files; `auto` packs what a family allows and memory holds (see `training.packing`).
        detail: how finely the split is packed, or None to choose by the memory there is when the run begins.
        start: the weights it begins with, or None for fresh ones.
        slow: parts of the network that learn more slowly: a run of parts of their parameters' dotted names, such as
            `encoder` or `network.encoder`, and the factor of their learning rate; 0 leaves them as they are, the
            statistics of their normalisations included. Where several fit, the longest counts.
        seed: seed of weights, order of the data, points, augmentation and dropout.
        threads: CPU threads per process, or None for PyTorch's own choice.
        workers: 1 for a thread that puts batches together, more for so many processes; None to choose by the device.
        checkpoint_every_s: seconds between checkpoints.
        checkpoint_every_steps: steps between checkpoints, in addition, or None.
        log_every_steps: steps between log lines.
        tensorboard: whether the log goes to TensorBoard's files too.
    """

    recipe: str
    model: ModelConfig
    augmentation: Augmentation = field(default_factory=Augmentation)
    optimizer: Optimizer = field(default_factory=AdamW)
    schedule: WarmupCosine = field(default_factory=WarmupCosine)
    validation: Validation = field(default_factory=Validation)
    batch_size: int = 32
    steps: int | None = None
    budget_s: float | None = None
    precision: Precision = "auto"
    channels_last: bool = True
    ema_decay: float | None = 0.999
    feed: FeedKind = "auto"
    detail: PackDetail | None = None
    start: Start | None = None
    slow: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    threads: int | None = None
    workers: int | None = None
    checkpoint_every_s: float = 60.0
    checkpoint_every_steps: int | None = None
    log_every_steps: int = 20
    tensorboard: bool = True

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.budget_s is None):
            raise ValueError("give the length of a run in steps or as budget_s, exactly one of them")
        positive = {
            "steps": self.steps,
            "budget_s": self.budget_s,
            "batch_size": self.batch_size,
            "threads": self.threads,
            "workers": self.workers,
            "checkpoint_every_s": self.checkpoint_every_s,
            "checkpoint_every_steps": self.checkpoint_every_steps,
            "log_every_steps": self.log_every_steps,
            "validation.count": self.validation.count,
            "validation.items": self.validation.items,
            "validation.patience": self.validation.patience,
        }
        for name, value in positive.items():
            if value is not None and value <= 0:
                raise ValueError(f"{name} must be positive, not {value}")
        if self.precision not in ("auto", "bf16", "fp32"):
            raise ValueError(f"precision must be 'auto', 'bf16' or 'fp32', not {self.precision!r}")
        if self.feed not in ("auto", "packed", "records"):
            raise ValueError(f"feed must be 'auto', 'packed' or 'records', not {self.feed!r}")
        if self.ema_decay is not None and not 0.0 < self.ema_decay < 1.0:
            raise ValueError(f"ema_decay must be between 0 and 1, not {self.ema_decay}")
        if any(not 0.0 <= factor <= 1.0 for factor in self.slow.values()):
            raise ValueError(f"slow: factors of the learning rate are between 0 and 1, not {dict(self.slow)}")

    def to_json(self) -> str:
        """The configuration as JSON text, keys in order, one line."""
        return json.dumps(self._as_dict(), sort_keys=True)

    def identity(self) -> dict[str, Any]:
        """What makes this run the run it is: two sessions with the same identity may continue each other."""
        return {name: value for name, value in self._as_dict().items() if name not in _FREE_FIELDS}

    def _as_dict(self) -> dict[str, Any]:
        values = dataclasses.asdict(self) | {"model": json.loads(self.model.to_json())}
        if type(self.optimizer) is not AdamW:  # what has no kind is AdamW
            values["optimizer"]["kind"] = type(self.optimizer).__name__.lower()
        return values

    @classmethod
    def from_json(cls, text: str) -> TrainConfig:
        """The configuration that `to_json` wrote.

        Raises:
            InputError: the text is not such a configuration.
        """
        try:
            values = json.loads(text)
            start, detail = values.pop("start", None), values.pop("detail", None)
            return cls(
                model=config_from_json(json.dumps(values.pop("model")), FAMILIES),
                augmentation=Augmentation(**_tuples(values.pop("augmentation"))),
                optimizer=_optimizer(values.pop("optimizer")),
                schedule=WarmupCosine(**values.pop("schedule")),
                validation=Validation(**values.pop("validation")),
                detail=None if detail is None else PackDetail(**detail),
                start=None if start is None else Start(**start),
                **values,
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InputError(f"not a training configuration this version understands ({error!r})") from error


def _optimizer(values: dict[str, Any]) -> Optimizer:
    return _OPTIMIZERS[values.pop("kind", "adamw")](**values)


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    """JSON knows lists only; frozen configurations hold tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
