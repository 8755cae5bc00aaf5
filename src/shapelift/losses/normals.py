"""Normals of a mesh: against those of the true surface, and against each other.

A face or an edge without extent has no direction; its term is what it would be at worst, and its gradient is 0.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from shapelift.ops.surface_samples import face_crosses


def edge_normals(
    vertices: Float[Tensor, "b v 3"], edges: Int64[Tensor, "e 2"], normals: Float[Tensor, "b v 3"]
) -> Float[Tensor, " b"]:
    """How far edges leave the tangent planes of the true surface: mean |cos| between both.

        mean over edges (p, q) and both ends of |<n_p, (q - p) / |q - p|>|

    0 where every edge lies in the tangent plane at both of its ends.

    Args:
        vertices: Any frame.
        edges: Every edge once.
        normals: For every vertex the unit normal of the true surface at the point nearest to it, in the same frame.

    Returns:
        One number per item, in [0, 1].

    Source: the normal loss of Wang et al., "Pixel2Mesh", ECCV 2018; their code takes one end of an edge.
    """
    first, second = edges.unbind(dim=1)
    ways = unit(vertices.index_select(1, second) - vertices.index_select(1, first))
    ends = [(ways * normals.index_select(1, end)).sum(dim=2).abs().mean(dim=1) for end in (first, second)]
    return (ends[0] + ends[1]) / 2.0


def surface_normals(found: Float[Tensor, "b n 3"], true: Float[Tensor, "b n 3"]) -> Float[Tensor, " b"]:
    """Disagreement of normals at matched points: mean (1 - <n, n'>) / 2, from 0, the same, to 1, opposite.

    The sign counts: a surface that is turned inside out, or folded over itself, is wrong.

    Args:
        found: Normals of the prediction, of any length; 0 counts as 1/2.
        true: Unit normals of the true surface at the points nearest to them, in the same frame.

    Returns:
        One number per item, in [0, 1].
    """
    return (0.5 - 0.5 * (unit(found) * true).sum(dim=2)).mean(dim=1)


def face_consistency(
    vertices: Float[Tensor, "b v 3"], faces: Int64[Tensor, "f 3"], pairs: Int64[Tensor, "e 2"]
) -> Float[Tensor, " b"]:
    """How much a surface bends from face to face: mean of 1 - cos of the angle between the normals of neighbours.

    0 for a plane; 2 for a sheet folded back onto itself, and 1 for a pair of which one has no area.

    Args:
        vertices: Any frame.
        faces: Outward.
        pairs: Faces that share an edge (`geometry.topology.face_pairs`).

    Returns:
        One number per item, in [0, 2].
    """
    normals = unit(face_crosses(vertices, faces))
    cosine = (normals.index_select(1, pairs[:, 0]) * normals.index_select(1, pairs[:, 1])).sum(dim=2)
    return (1.0 - cosine).mean(dim=1)


def unit(vectors: Float[Tensor, "*s 3"]) -> Float[Tensor, "*s 3"]:
    """Vectors of length 1, or 0 without a gradient where the length is 0."""
    squared = vectors.square().sum(dim=-1, keepdim=True)
    # Below the smallest normal number squares lose their digits, and their roots divide by next to nothing.
    none = squared <= torch.finfo(vectors.dtype).tiny
    return vectors.masked_fill(none, 0.0) / squared.masked_fill(none, 1.0).sqrt()
