"""Batches drawn from a pack, on the device that holds it, with no host in between."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from shapelift.datasets.augmentation import Augmentation
from shapelift.datasets.packed_items import PackedItems
from shapelift.datasets.packing import Pack
from shapelift.datasets.targets import Target
from shapelift.datasets.variation import Variation
from shapelift.imaging.preprocess import Preprocess


class PackedDataset:
    """Batches of a pack: as those of `ShapeDataset` the same for the same (seed, step), though not the same draws.

    Args:
        pack: The shapes.
        targets: Batch field -> target; each can be drawn from a pack.
        preprocess: How images become inputs.
        augmentation: Random changes of the images.
        seed: Of all random draws.
    """

    def __init__(
        self,
        pack: Pack,
        *,
        targets: Mapping[str, Target],
        preprocess: Preprocess,
        augmentation: Augmentation,
        seed: int,
    ) -> None:
        self.pack, self.targets, self.seed = pack, dict(targets), seed
        self._variation = Variation(augmentation, preprocess, pack.device)
        self._generator = torch.Generator(pack.device)
        self._order: tuple[int, Tensor] | None = None

    def __len__(self) -> int:
        """Number of (shape, view) pairs."""
        return self.pack.shapes * self.pack.views

    @torch.no_grad()
    def batch(self, step: int, size: int, *, rank: int = 0, world: int = 1) -> dict[str, Tensor]:
        """The training batch of `step`: `size` pairs drawn without replacement within an epoch.

        With `world` processes each takes every `world`-th pair.

        Args:
            step: Number of the step, from 0; the batch depends on it and the seed alone.
            size: Pairs of this process.
            rank: Number of this process.
            world: Number of processes.
        """
        pairs = self._pairs(step * size * world + rank, size, world)
        state = np.random.SeedSequence([self.seed, 1, step, rank]).generate_state(1, np.uint64)[0]
        self._generator.manual_seed(int(state >> np.uint64(1)))
        shapes, views = pairs // self.pack.views, pairs % self.pack.views
        images = self.pack.columns["rgba"].flatten(0, 1)[pairs]
        image, mirrored, packed_from_input = self._variation(images, self._generator)
        items = PackedItems(self.pack, shapes, views, mirrored, packed_from_input, self._generator)
        found = {"image": image}
        for name, target in self.targets.items():
            found.update(target.draw(name, items))
        return found

    def _pairs(self, first: int, size: int, world: int) -> Tensor:
        """Pairs at every `world`-th place from `first` on; an epoch ends within a batch now and then."""
        found, total = [], len(self)
        while size:
            epoch, offset = divmod(first, total)
            part = self._ordered(epoch)[offset::world][:size]
            found.append(part)
            first += len(part) * world
            size -= len(part)
        return found[0] if len(found) == 1 else torch.cat(found)

    def _ordered(self, epoch: int) -> Tensor:
        if self._order is None or self._order[0] != epoch:
            order = np.random.default_rng((self.seed, 0, epoch)).permutation(len(self))
            self._order = (epoch, torch.from_numpy(order).to(self.pack.device))
        return self._order[1]


def packed_columns(targets: Mapping[str, Target]) -> frozenset[str] | None:
    """The columns that targets draw from, or None where one of them cannot be drawn from a pack."""
    columns = [target.columns() for target in targets.values()]
    known = [names for names in columns if names is not None]
    return frozenset().union(*known) if len(known) == len(columns) else None
