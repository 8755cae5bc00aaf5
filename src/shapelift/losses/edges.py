"""Edges of a mesh: how long they are, and how uneven."""

from __future__ import annotations

from jaxtyping import Float, Int64
from torch import Tensor

from shapelift.losses.chamfer import unsquared


def edge_length(vertices: Float[Tensor, "b v 3"], edges: Int64[Tensor, "e 2"]) -> Float[Tensor, " b"]:
    """Mean squared length of the edges: mean_e |p - q|^2.

    It pulls a mesh together and punishes long edges most, which is what vertices that fly off leave behind. Of all
    positions of the vertices on a given line the even ones have the least.

    Args:
        vertices: Any frame.
        edges: Every edge once (`geometry.topology.unique_edges`).

    Returns:
        One value per item, unit of the vertices squared.

    Source: the edge length regularisation of Wang et al., "Pixel2Mesh", ECCV 2018.
    """
    return _squared_lengths(vertices, edges).mean(dim=1)


def edge_spread(vertices: Float[Tensor, "b v 3"], edges: Int64[Tensor, "e 2"]) -> Float[Tensor, " b"]:
    """How uneven the edges are: the variance of their lengths over the square of the mean length.

        mean_e (|e| / mean_e |e| - 1)^2

    The square of standard deviation over mean, 0 where all edges are equal. It does not shrink the mesh. 0 for a mesh
    whose vertices all lie at one place.

    Args:
        vertices: Any frame and unit.
        edges: Every edge once.

    Returns:
        One number per item.
    """
    lengths = unsquared(_squared_lengths(vertices, edges))
    mean = lengths.mean(dim=1, keepdim=True)
    # With nothing to divide by there is nothing to spread, and no gradient either.
    return ((lengths - mean) / mean.masked_fill(mean <= 0.0, 1.0)).square().mean(dim=1)


def _squared_lengths(vertices: Tensor, edges: Tensor) -> Float[Tensor, "b e"]:
    return (vertices.index_select(1, edges[:, 0]) - vertices.index_select(1, edges[:, 1])).square().sum(dim=2)
