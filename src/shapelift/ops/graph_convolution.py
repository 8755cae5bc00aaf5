"""Sums over the neighbours of a vertex, as index tensors: what graph convolutions and Laplacians are made of.

A mesh of one topology has a table of neighbours with as many columns as the busiest vertex has neighbours; shorter
rows are filled up with the vertex itself at weight 0. A sum over neighbours is then one gather per column: linear in
the edges, without a scatter, and made of operations that every ONNX runtime has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """Who is next to whom on a mesh, and how much each counts.

    Attributes:
        index: `v k`, neighbours of every vertex.
        weight: `v k`, 0 where a row is filled up.
    """

    index: Int64[Tensor, "v k"]
    weight: Float[Tensor, "v k"]

    @classmethod
    def normalised(cls, edges: Int64[Tensor, "e 2"], vertices: int) -> Neighbourhood:
        """The adjacency with self loops, D^-1/2 (A + I) D^-1/2, D being the row sums of A + I.

        Source: Kipf and Welling, "Semi-supervised classification with graph convolutional networks", ICLR 2017.
        """
        index, present = _table(edges, vertices, own=True)
        scale = present.sum(dim=1).rsqrt()
        return cls(index, present * scale[:, None] * scale[index])

    @classmethod
    def mean(cls, edges: Int64[Tensor, "e 2"], vertices: int) -> Neighbourhood:
        """The mean over the neighbours, without the vertex itself; nothing where there are none."""
        index, present = _table(edges, vertices, own=False)
        return cls(index, present / present.sum(dim=1, keepdim=True).clamp_min(1.0))


def neighbour_sum(values: Float[Tensor, "b v c"], neighbourhood: Neighbourhood) -> Float[Tensor, "b v c"]:
    """Weighted sums over the neighbours of every vertex: the product of a sparse `v v` matrix with `values`.

    Args:
        values: One row per vertex.
        neighbourhood: Of the same vertices, on the same device.
    """
    total = torch.zeros_like(values)
    for column in range(neighbourhood.index.shape[1]):
        weight = neighbourhood.weight[:, column, None].to(values.dtype)
        total = total + values.index_select(1, neighbourhood.index[:, column]) * weight
    return total


def _table(edges: Tensor, vertices: int, *, own: bool) -> tuple[Tensor, Tensor]:
    """Neighbours `v k` in ascending order (after the vertex itself, where `own`), and 1 where there is one."""
    pairs = edges.numpy()
    both = np.concatenate([pairs, pairs[:, ::-1]])
    both = both[np.lexsort((both[:, 1], both[:, 0]))]
    count = np.bincount(both[:, 0], minlength=vertices)
    first = int(own)
    width = max(first + int(count.max(initial=0)), 1)
    index = np.repeat(np.arange(vertices)[:, None], width, axis=1)
    present = np.zeros((vertices, width), np.float32)
    present[:, :first] = 1.0
    place = first + np.arange(len(both)) - np.repeat(np.cumsum(count) - count, count)
    index[both[:, 0], place] = both[:, 1]
    present[both[:, 0], place] = 1.0
    return torch.from_numpy(index), torch.from_numpy(present)
