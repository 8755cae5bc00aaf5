"""How far a block moves the vertices of a mesh."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor


def vertex_displacement(before: Float[Tensor, "b v 3"], after: Float[Tensor, "b v 3"]) -> Float[Tensor, " b"]:
    """Mean squared way of the vertices: mean_p |p' - p|^2.

    A block that refines what the one before it found has no reason to send vertices far.

    Args:
        before: The mesh that a block starts from.
        after: The same vertices after it.

    Returns:
        One value per item, unit of the vertices squared.

    Source: the move loss in the code of Wang et al., "Pixel2Mesh", ECCV 2018.
    """
    return (after - before).square().sum(dim=2).mean(dim=1)
