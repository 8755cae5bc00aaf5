"""Laplacian terms: how far vertices lie from the middle of their neighbours, and how much that changes.

The Laplacian coordinate of a vertex is what it lies off the mean of its neighbours, uniform weights (Sorkine et al.,
"Laplacian surface editing", SGP 2004). A vertex without neighbours is its own: it has none to lie off, and is let be.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from shapelift.ops.graph_convolution import Neighbourhood, neighbour_sum


def laplacian(vertices: Float[Tensor, "b v 3"], mean: Neighbourhood) -> Float[Tensor, "b v 3"]:
    """Laplacian coordinates: p - mean_q q over the neighbours q of every vertex p; 0 where there are none.

    Args:
        vertices: Any frame.
        mean: `Neighbourhood.mean` of the edges.
    """
    alone = mean.after == 0.0
    return (vertices - neighbour_sum(vertices, mean)).masked_fill(alone[:, None], 0.0)


def laplacian_smoothness(vertices: Float[Tensor, "b v 3"], mean: Neighbourhood) -> Float[Tensor, " b"]:
    """Mean squared Laplacian coordinate: mean_p |p - mean_q q|^2; 0 for a regular grid in a plane.

    Args:
        vertices: Any frame.
        mean: `Neighbourhood.mean` of the edges.

    Returns:
        One value per item, unit of the vertices squared.
    """
    return laplacian(vertices, mean).square().sum(dim=2).mean(dim=1)


def laplacian_difference(
    before: Float[Tensor, "b v 3"], after: Float[Tensor, "b v 3"], mean: Neighbourhood
) -> Float[Tensor, " b"]:
    """Mean squared change of the Laplacian coordinates between two states of a mesh.

    It lets a part move as a whole, and keeps neighbours from crossing; details that are there stay.

    Args:
        before: The mesh that a block starts from.
        after: The mesh it makes of it.
        mean: `Neighbourhood.mean` of the edges.

    Returns:
        One value per item, unit of the vertices squared.

    Source: the Laplacian regularisation of Wang et al., "Pixel2Mesh", ECCV 2018.
    """
    return laplacian_smoothness(after - before, mean)
