"""A data set of shape records, read batch by batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from shapelift.datasets.augmentation import NO_AUGMENTATION, Augmentation
from shapelift.datasets.targets import Arrays, ShapeView, Target
from shapelift.errors import InputError
from shapelift.imaging.preprocess import Preprocess, object_window, resample_window
from shapelift.io.manifest import StoredShape, stored_shapes
from shapelift.io.records import FRAMED_MARGIN, RecordReader, Split, open_record


class ShapeDataset:
    """The shapes of one split, drawn as batches of (shape, view) pairs.

    Batches are a pure function of (seed, step): the same call gives the same batch, in any process and after any
    interruption.

    Args:
        directory: Folder that `shapelift synthesize` wrote.
        split: train, validation or test.
        targets: Batch field -> target, from the config of a family.
        preprocess: How images become inputs.
        augmentation: Random changes of the images.
        seed: Of all random draws.
        mixed: Data sets whose training shapes are drawn too, whatever the split.

    Raises:
        InputError: no manifest, no shape in this split, or data sets with different numbers of views.
    """

    def __init__(
        self,
        directory: str | Path,
        split: Split,
        *,
        targets: Mapping[str, Target],
        preprocess: Preprocess,
        augmentation: Augmentation = NO_AUGMENTATION,
        seed: int = 0,
        mixed: Sequence[str | Path] = (),
    ) -> None:
        self.directory = Path(directory)
        self.split = split
        self.targets = dict(targets)
        self.preprocess = preprocess
        self.augmentation = augmentation
        self.seed = seed
        sets = [stored_shapes(self.directory, split), *(stored_shapes(folder, "train") for folder in mixed)]
        self.entries = tuple(entry for shapes in sets for entry in shapes)
        self._cached_order: tuple[int, npt.NDArray[np.int64]] | None = None
        views = [_views(shapes[0]) for shapes in sets]
        for folder, count in zip(mixed, views[1:], strict=True):
            if count != views[0]:
                raise InputError(f"{folder}: has {count} images per shape, {directory} has {views[0]}; make it alike")
        self.views = views[0]

    def __len__(self) -> int:
        """Number of (shape, view) pairs."""
        return len(self.entries) * self.views

    @property
    def categories(self) -> tuple[str, ...]:
        """Category names of the split, sorted."""
        return tuple(sorted({entry.category for entry in self.entries}))

    def batch(self, step: int, size: int, *, rank: int = 0, world: int = 1) -> dict[str, Tensor]:
        """The training batch of `step`: `size` pairs drawn without replacement within an epoch.

        With `world` processes each takes every `world`-th pair, so that together they draw what one process would.

        Args:
            step: Number of the step, from 0; the batch depends on it and the seed alone.
            size: Pairs of this process.
            rank: Number of this process.
            world: Number of processes.
        """
        first = step * size * world + rank
        positions = first + world * np.arange(size)
        samples = []
        for position in positions:
            epoch, offset = divmod(int(position), len(self))
            pair = int(self._order(epoch)[offset])
            rng = np.random.default_rng((self.seed, 1, int(position)))
            mirrored = bool(rng.random() < self.augmentation.mirror)
            samples.append(self._sample(pair, rng, rng.spawn(1)[0], mirrored))
        return _stack(samples)

    def fixed_batch(self, pairs: Sequence[int]) -> dict[str, Tensor]:
        """The pairs as they are: no augmentation, always the same draws. For validation."""
        rngs = [np.random.default_rng((self.seed, 2, pair)) for pair in pairs]
        return _stack([self._sample(pair, rng, None, False) for pair, rng in zip(pairs, rngs, strict=True)])

    def fixed_pairs(self, count: int) -> list[int]:
        """`count` pairs spread evenly over the shapes, one view each until all shapes are used; always the same."""
        order = np.random.default_rng((self.seed, 3)).permutation(len(self.entries))
        count = min(count, len(self))
        return [
            int(order[i % len(order)]) * self.views + (i // len(order) + int(order[i % len(order)])) % self.views
            for i in range(count)
        ]

    def entry(self, pair: int) -> tuple[StoredShape, int]:
        """The shape and the view of a pair."""
        return self.entries[pair // self.views], pair % self.views

    def _order(self, epoch: int) -> npt.NDArray[np.int64]:
        # One tuple, replaced at once: several threads may ask for different epochs.
        cached = self._cached_order
        if cached is None or cached[0] != epoch:
            cached = (epoch, np.random.default_rng((self.seed, 0, epoch)).permutation(len(self)))
            self._cached_order = cached
        return cached[1]

    def _sample(
        self, pair: int, rng: np.random.Generator, image_rng: np.random.Generator | None, mirrored: bool
    ) -> Arrays:
        # Images draw from a generator of their own, so that points do not depend on the augmentation.
        entry, view = self.entry(pair)
        with open_record(entry.path) as record:
            image, input_from_record = self._image(record, view, mirrored, image_rng)
            sample = ShapeView(record, view, mirrored, input_from_record, self.preprocess.image_size_px)
            arrays = {"image": image}
            for name, target in self.targets.items():
                arrays.update(target.read(name, sample, rng))
        return arrays

    def _image(
        self, record: RecordReader, view: int, mirrored: bool, rng: np.random.Generator | None
    ) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
        """The input of the model, and `3 3` from pixels of the stored image to its pixels."""
        rgba = record.item("rgba", view)
        if mirrored:
            rgba = np.ascontiguousarray(rgba[:, ::-1])
        size = self.preprocess.image_size_px
        x, y, side = 0.0, 0.0, float(rgba.shape[0])
        if self.preprocess.margin != FRAMED_MARGIN:
            x, y, side = object_window(rgba[..., 3], self.preprocess.margin)
            rgba = resample_window(rgba, x, y, side, size)
        elif rgba.shape[0] != size:
            rgba = resample_window(rgba, x, y, side, size)
        record_from_input = np.array([[side / size, 0.0, x], [0.0, side / size, y], [0.0, 0.0, 1.0]])
        if rng is not None and self.augmentation != NO_AUGMENTATION:
            window = self.augmentation.window(size, size, rng)
            rgba = self.augmentation.vary_within(rgba, window, rng)
            record_from_input = record_from_input @ window
        return self.preprocess.tensor(rgba), np.linalg.inv(record_from_input)


def _views(shape: StoredShape) -> int:
    """Images per shape: records of a data set share it, so one header tells."""
    with open_record(shape.path) as record:
        return record.shape("rgba")[0]


def _stack(samples: Sequence[Arrays]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(np.stack([sample[name] for sample in samples])) for name in samples[0]}
