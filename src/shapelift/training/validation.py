"""How good a network is on shapes it has not seen, along the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from shapelift.geometry.fields import ImplicitField
from shapelift.geometry.pointclouds import PointCloud
from shapelift.meshing import to_point_cloud
from shapelift.models.base import Batch, ModelConfig, ReconstructionModel, Thresholded
from shapelift.training.config import TrainConfig
from shapelift.training.data import ValidationSet
from shapelift.training.distributed import World
from shapelift.training.network import autocast, forward_pass, to_device
from shapelift.training.pictures import PreviewRow

_PICTURE_RESOLUTION = 48
"""Cells per side of the surfaces in the pictures."""
THRESHOLDS = tuple(round(0.2 + 0.025 * step, 3) for step in range(19))
"""Candidates for the threshold of an exported model, 0.2 to 0.65."""
_PICTURE_POINTS = 12_000
"""Points drawn per surface in the pictures."""


@dataclass(frozen=True)
class ValidationResult:
    """Result of a validation.

    Attributes:
        iou: mean over the items of the intersection over union in the unit cube, in [0, 1].
        loss: mean training loss on the items.
        items: number of items.
    """

    iou: float
    loss: float
    items: int


@torch.no_grad()
def validate(
    model: ReconstructionModel, validation_set: ValidationSet, world: World, config: TrainConfig
) -> ValidationResult:
    """Score a network on the items of the validation split, shared over the processes.

    Items are the same every time, with the same points: two validations differ by the network alone.

    Args:
        model: The network, in eval mode.
        validation_set: The items.
        world: The processes of the run.
        config: The run.
    """
    sums = torch.zeros(3, dtype=torch.float64)
    for batch in validation_set.batches(world.share(validation_set.items), config.batch_size // world.size):
        moved = to_device(batch, world.device, channels_last=config.channels_last)
        prediction = forward_pass(model, moved, config.precision)
        terms = model.loss(prediction, moved)
        with autocast(world.device, config.precision):
            logits = model.logits_at(prediction, moved["scored"])
        ious = weighted_iou(logits.float() > 0.0, moved["scored_occupancy"] > 0.5, moved["scored_weight"])
        count = len(ious)
        loss = torch.stack([value.detach() for value in terms.values()]).sum()
        sums += torch.tensor([float(ious.double().sum()), float(loss) * count, float(count)], dtype=torch.float64)
    total, loss_total, items = world.total(sums).tolist()
    return ValidationResult(iou=total / items, loss=loss_total / items, items=int(items))


@torch.no_grad()
def best_threshold(
    model: ReconstructionModel,
    family: Thresholded,
    validation_set: ValidationSet,
    config: TrainConfig,
    device: torch.device,
) -> tuple[float, float]:
    """The threshold of `THRESHOLDS` with the highest mean IoU on the validation split, and that IoU.

    A half is best for a single point, not for a solid: where a network is unsure of a thin part, the union is small and
    a lower threshold wins more intersection than it costs.

    Args:
        model: The network, in eval mode, built from `family`.
        family: Its configuration.
        validation_set: Items of the validation split.
        config: The run.
        device: Where the network is.
    """
    levels = [_level(family.at_threshold(value)) for value in THRESHOLDS]
    sums = torch.zeros(len(levels), dtype=torch.float64)
    for batch in validation_set.batches(slice(None), config.batch_size):
        moved = to_device(batch, device, channels_last=config.channels_last)
        prediction = forward_pass(model, moved, config.precision)
        with autocast(device, config.precision):
            values = model.logits_at(prediction, moved["scored"]).float() + family.level
        truth = moved["scored_occupancy"] > 0.5
        for index, level in enumerate(levels):
            sums[index] += float(weighted_iou(values > level, truth, moved["scored_weight"]).sum())
    best = int(sums.argmax())
    return THRESHOLDS[best], float(sums[best]) / validation_set.items


def _level(config: ModelConfig) -> float:
    if not isinstance(config, Thresholded):
        raise TypeError(f"at_threshold of {type(config).__name__} must return a config with a level")
    return config.level


def weighted_iou(
    prediction: Bool[Tensor, "b n"], truth: Bool[Tensor, "b n"], weight: Float[Tensor, "b n"]
) -> Float[Tensor, " b"]:
    """Intersection over union `b` of solids given at points, each standing for a volume.

    The torch twin of `shapelift.metrics.iou.iou`, except that two empty solids agree perfectly.

    Args:
        prediction: `b n` bool, inside the predicted solid.
        truth: `b n` bool, inside the true solid.
        weight: `b n` volume of each point.
    """
    weight = weight.double()
    intersection = (weight * (prediction & truth)).sum(dim=1)
    union = (weight * (prediction | truth)).sum(dim=1)
    return torch.where(union > 0.0, intersection / union.clamp_min(1e-12), torch.ones_like(union))


@torch.no_grad()
def draw_rows(
    model: ReconstructionModel, validation_set: ValidationSet, config: TrainConfig, device: torch.device
) -> Sequence[PreviewRow]:
    """The rows of the picture: input, predicted surface and true surface.

    Args:
        model: The network, in eval mode.
        validation_set: Its `shown` items are drawn.
        config: The run.
        device: Where the network is.
    """
    moved = to_device(validation_set.shown, device, channels_last=config.channels_last)
    rows = []
    for item in range(len(moved["image"])):
        one = {name: value[item : item + 1] for name, value in moved.items()}
        prediction = forward_pass(model, one, config.precision)
        truth = PointCloud(one["surface"][0].cpu().numpy(), one["surface_normals"][0].cpu().numpy())
        rows.append(
            PreviewRow(one["image"][0].float().cpu().numpy(), _surface(model, prediction, config, device), truth)
        )
    return rows


def _surface(
    model: ReconstructionModel, prediction: Batch, config: TrainConfig, device: torch.device
) -> PointCloud | None:
    """Points on the surface where the network's logit is 0, from a coarse mesh; None where there is none."""

    def logits(points: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        with torch.no_grad(), autocast(device, config.precision):
            values = model.logits_at(prediction, torch.from_numpy(points).to(device)[None])
        return values[0].float().cpu().numpy()

    field = ImplicitField(logits)
    try:
        return to_point_cloud(field, _PICTURE_POINTS, np.random.default_rng(0), resolution=_PICTURE_RESOLUTION)
    except ValueError:  # nowhere positive: an untrained network may well say so
        return None
