"""The items of a batch as packed targets see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from shapelift.datasets.packing import Pack

# Primes above any number of stored points: with each, all places of a ring of points are visited once.
_STRIDES = (1000003, 1000033, 1000037, 1000039, 1000081, 1000099, 1000117, 1000121)


@dataclass(frozen=True, eq=False)
class PackedItems:
    """The (shape, view) pairs of a batch, from which packed targets draw.

    Attributes:
        pack: What they are taken from.
        shapes: `b`, index of the shape.
        views: `b`, index of the image.
        mirrored: `b` bool, whether image and shape are mirrored left to right (x -> -x).
        packed_from_input: `b 3 3`, pixels of the model's input to those of the packed image, mirrored if the item is.
        generator: Of all random draws, on the device of the pack.
    """

    pack: Pack
    shapes: Tensor
    views: Tensor
    mirrored: Tensor
    packed_from_input: Tensor
    generator: torch.Generator

    def __len__(self) -> int:
        """Number of items."""
        return len(self.shapes)

    @property
    def signs(self) -> Tensor:
        """`b 3`: what coordinates are multiplied by, (-1, 1, 1) where mirrored."""
        x = 1.0 - 2.0 * self.mirrored.float()
        return torch.stack([x, torch.ones_like(x), torch.ones_like(x)], dim=1)

    def of_shape(self, name: str) -> Tensor:
        """A column, the entry of each item's shape."""
        return self.pack.columns[name][self.shapes]

    def of_view(self, name: str) -> Tensor:
        """A column, the entry of each item's view."""
        return self.pack.columns[name].flatten(0, 1)[self.rows]

    @property
    def rows(self) -> Tensor:
        """`b`: place of each item among all images."""
        return self.shapes * self.pack.views + self.views

    def count(self, name: str) -> int:
        """Entries per shape of a column of points."""
        return int(self.pack.columns[name].shape[1])

    def picked(self, name: str, pick: Tensor) -> Tensor:
        """Entries `b n ...` of a column of points, at `pick` `b n`."""
        column = self.pack.columns[name]
        index = (self.shapes[:, None] * column.shape[1] + pick).flatten()
        return column.flatten(0, 1).index_select(0, index).reshape(*pick.shape, *column.shape[2:])

    def uniform(self, *shape: int) -> Tensor:
        """Random numbers in [0, 1), float32."""
        return torch.rand(shape, generator=self.generator, device=self.pack.device)

    def normal(self, *shape: int) -> Tensor:
        """Standard normal random numbers, float32."""
        return torch.randn(shape, generator=self.generator, device=self.pack.device)

    def integers(self, high: int, *shape: int) -> Tensor:
        """Random integers in [0, high)."""
        return torch.randint(high, shape, generator=self.generator, device=self.pack.device)

    def distinct(self, high: int, count: int) -> Tensor:
        """Random integers `b count` in [0, high), none twice in a row while there are enough.

        Stored points are in random order, so steps of one length around the ring of them are as good as any choice.
        """
        strides = torch.tensor(_STRIDES, device=self.pack.device)[self.integers(len(_STRIDES), len(self), 1)]
        if count > high:
            return self.integers(high, len(self), count)
        steps = torch.arange(count, device=self.pack.device)
        return (self.integers(high, len(self), 1) + steps * strides) % high

    def frame_from_object(self, frame: Literal["object", "view"]) -> Tensor:
        """`b 4 4` similarities from the object frame, without the mirror."""
        if frame == "view":
            return self.of_view("view_from_object")
        return torch.eye(4, device=self.pack.device).expand(len(self), 4, 4)
