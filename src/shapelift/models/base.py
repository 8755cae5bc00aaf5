"""The contract of a family: a frozen config that builds a module with forward, loss and graphs.

Training code knows no family, a family knows no training code: they meet here.
"""

from __future__ import annotations

import abc
import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

from torch import Tensor, nn

from shapelift.datasets.targets import Target

Batch = Mapping[str, Tensor]
"""Named tensors, batch axis first, as the targets of a config supply them."""

Prediction = Mapping[str, Tensor]
"""Named tensors, batch axis first; the names are the family's own."""

Frame = Literal["object", "view", "picture"]
WorldFrame = Literal["object", "view"]


@dataclass(frozen=True)
class ExportGraph:
    """One exported computation.

    Attributes:
        module: Called with the inputs in order; returns the outputs in order (a tensor or a tuple).
        inputs: Name -> shape; an int is fixed, a str names an axis that may vary. The first graph takes `image`, and in
            a stochastic family also `noise` `b z`.
        outputs: Standard names (see `inference`): `planes`, `code`, `logits`, `features`, ...
    """

    module: nn.Module
    inputs: Mapping[str, tuple[int | str, ...]]
    outputs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ModelConfig(abc.ABC):
    """What builds the network, and nothing else: no paths, devices or optimisers.

    Attributes:
        image_size: Side of the square input image [px].
        channels: `rgba` feeds colour and mask (4 channels), `rgb` the composite alone (3).
        margin: Free border around the object, as a share of the image side.
        background: Grey level in [0, 1] under the composite.
        frame: Frame of the prediction, `object` (canonical pose), `view` (gravity up, camera azimuth 0) or `picture`
            (that of the image, see `ops.picture_frame`; the answer leaves it for `view` through a predicted camera).
    """

    family: ClassVar[str]
    representation: ClassVar[str]

    image_size: int
    channels: Literal["rgba", "rgb"] = "rgba"
    margin: float = 0.05
    background: float = 0.5
    frame: Frame = "view"

    @abc.abstractmethod
    def build(self) -> ReconstructionModel:
        """The network with fresh weights from torch's global generator."""

    @abc.abstractmethod
    def targets(self) -> Mapping[str, Target]:
        """Batch field -> how the data set supplies it."""

    def record_options(self) -> dict[str, Any]:
        """What synthesis must be told for records that hold all targets: fields of its `RecordOptions`."""
        return {name: value for target in self.targets().values() for name, value in target.record_options().items()}

    @property
    def world_frame(self) -> WorldFrame:
        """The frame of the answer, which is compared with the truth there: `view` if the prediction is a picture's."""
        return "view" if self.frame == "picture" else self.frame

    @property
    def stochastic(self) -> bool:
        """Whether one image has many answers, chosen by random numbers; by default it has one.

        The first graph of a stochastic family takes `noise` `b z`, standard normal, beside the image; its features do
        not depend on it. In a batch the noise is a target (`datasets.Noise`); a batch without it is answered once.
        """
        return False

    @property
    def without_gradient(self) -> Mapping[str, str]:
        """Parameters that no loss reaches, by name, each with the reason; by default there are none.

        All others must get a gradient that is not zero (`shapelift.testing`).
        """
        return {}

    @property
    def image_channels(self) -> int:
        """Number of input channels."""
        return len(self.channels)

    @property
    def preprocess(self) -> dict[str, Any]:
        """The `preprocess` entry of the model card: how an image becomes the input."""
        return {
            "image_size_px": self.image_size,
            "margin": self.margin,
            "background": self.background,
            "channels": self.channels,
        }

    def to_json(self) -> str:
        """The config as JSON, with its family."""
        return json.dumps({"family": self.family, **dataclasses.asdict(self)}, sort_keys=True)


@runtime_checkable
class Thresholded(Protocol):
    """A config whose surface lies where an occupancy passes a threshold; training then chooses the best one."""

    @property
    def level(self) -> float:
        """What `logits_at` subtracts from the network's values, so that the surface lies at 0."""

    def at_threshold(self, threshold: float) -> ModelConfig:
        """The same config with the surface at another probability."""


class ReconstructionModel(nn.Module, abc.ABC):
    """A network that turns images into one representation. Abstract; every family is final."""

    @abc.abstractmethod
    def forward(self, batch: Batch) -> Prediction:
        """Everything learnable. `batch` holds at least `image`, `b c h w` float32 in [0, 1]."""

    @abc.abstractmethod
    def loss(self, prediction: Prediction, batch: Batch) -> dict[str, Tensor]:
        """Named, already weighted scalar terms; their sum is minimised."""

    @abc.abstractmethod
    def graphs(self) -> Mapping[str, ExportGraph]:
        """What is exported to ONNX: `predict`, or `encode` and `decode` for a field."""

    @abc.abstractmethod
    def logits_at(self, prediction: Prediction, points: Tensor) -> Tensor:
        """Occupancy logits `b n` at points `b n 3` in the `world_frame` of the configuration, for validation.

        Families that do not predict a field approximate it from what they predict.
        """


def config_from_json(text: str, families: Mapping[str, type[ModelConfig]]) -> ModelConfig:
    """Rebuild a config that `ModelConfig.to_json` wrote.

    Raises:
        ValueError: unknown family, or fields the family does not have.
    """
    values = json.loads(text)
    family = values.pop("family", None)
    if family not in families:
        raise ValueError(f"unknown family {family!r}; known: {', '.join(sorted(families))}")
    kind = families[family]
    unknown = set(values) - {item.name for item in dataclasses.fields(kind)}
    if unknown:
        raise ValueError(f"family {family} has no field {sorted(unknown)[0]!r}")
    arguments: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }
    return kind(**arguments)
