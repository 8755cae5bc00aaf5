"""What a run reads: the training split for its steps, the validation split for its scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch

from shapelift.datasets import PackedDataset, ShapeDataset, SurfacePoints, Target, pack
from shapelift.datasets.packed import packed_columns
from shapelift.errors import InputError
from shapelift.imaging.preprocess import Preprocess
from shapelift.io.cores import available_cores
from shapelift.io.splits import is_variant
from shapelift.models.base import Batch
from shapelift.training.config import TrainConfig
from shapelift.training.targets import WeightedPoints

SCORED_POINTS = 8192
"""Points per item of the validation IoU: half of them in the tight bounding box of the shape."""
SURFACE_POINTS = 12_000
"""Points per true surface in the pictures."""


class TrainingData:
    """The batches of the training split, and what a card says of it.

    Args:
        folder: data set of the run.
        config: the run.
        mixed: data sets whose training shapes are drawn too, as often as those of the first.
    """

    def __init__(self, folder: Path, config: TrainConfig, mixed: Sequence[Path] = ()) -> None:
        self._config = config
        self._dataset = ShapeDataset(
            folder,
            "train",
            targets=config.model.targets(),
            preprocess=Preprocess.from_mapping(config.model.preprocess),
            augmentation=config.augmentation,
            seed=config.seed,
            mixed=mixed,
        )
        originals = [entry for entry in self._dataset.entries if not is_variant(entry.shape_id)]
        self.categories = self._dataset.categories
        self.shapes = len(originals)
        self.variants = len(self._dataset.entries) - len(originals)
        self.paths = tuple(entry.path for entry in originals)
        self.views = self._dataset.views

    def batch(self, step: int, rank: int, world: int) -> Batch:
        """The part of the batch of a step that belongs to one process.

        Args:
            step: Number of the step.
            rank: Number of this process.
            world: Number of processes.
        """
        return self._dataset.batch(step, self._config.batch_size // world, rank=rank, world=world)

    def packed(self, device: torch.device) -> PackedDataset:
        """The same shapes packed on a device, as finely as the configuration says.

        Raises:
            InputError: the family needs what packed data do not hold.
        """
        config = self._config
        wanted, detail = packed_columns(config.model.targets()), config.detail
        if wanted is None or detail is None:
            raise InputError(f"recipe '{config.recipe}' cannot be packed; use `feed` records")
        preprocess = Preprocess.from_mapping(config.model.preprocess)
        held = pack(
            self._dataset.entries,
            wanted,
            preprocess,
            detail,
            folder=self._dataset.directory,
            device=device,
            workers=available_cores(),
        )
        return PackedDataset(
            held,
            targets=config.model.targets(),
            preprocess=preprocess,
            augmentation=config.augmentation,
            seed=config.seed,
        )


@dataclass
class ValidationSet:
    """Items of the validation split, the same at every validation.

    Each has what the family trains on, and besides `scored` points (see `WeightedPoints`).

    Attributes:
        folder: the data set.
        config: the run.
    """

    folder: Path
    config: TrainConfig

    def __post_init__(self) -> None:
        frame = self.config.model.world_frame
        wanted: dict[str, Target] = {**self.config.model.targets(), "scored": WeightedPoints(SCORED_POINTS, frame)}
        self._dataset = self._open(wanted)
        self._pairs = self._dataset.fixed_pairs(self.config.validation.items)

    def _open(self, wanted: dict[str, Target]) -> ShapeDataset:
        return ShapeDataset(
            self.folder,
            "validation",
            targets=wanted,
            preprocess=Preprocess.from_mapping(self.config.model.preprocess),
            seed=0,
        )

    @property
    def items(self) -> int:
        """Number of items, at most as many as the configuration asks for."""
        return len(self._pairs)

    def batches(self, part: slice, size: int) -> Iterator[Batch]:
        """The items of a part of the list, in batches of at most `size`."""
        pairs = self._pairs[part]
        for first in range(0, len(pairs), size):
            yield self._dataset.fixed_batch(pairs[first : first + size])

    @cached_property
    def shown(self) -> Batch:
        """The items of the pictures: image, and the true `surface` with `surface_normals`."""
        dataset = self._open({"surface": SurfacePoints(SURFACE_POINTS, self.config.model.world_frame)})
        return dataset.fixed_batch(self._pairs[: self.config.validation.pictures])
