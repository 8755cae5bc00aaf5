"""Points on the faces of a mesh, with gradients to its vertices."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from shapelift.ops.nearest import chosen


@dataclass(frozen=True, eq=False)
class SurfaceSamples:
    """Points spread over surfaces.

    Attributes:
        points: `b n 3`; gradients reach the corners of the faces they lie on.
        faces: `b n`, the face of each.
    """

    points: Float[Tensor, "b n 3"]
    faces: Int64[Tensor, "b n"]


def sample_faces(
    vertices: Float[Tensor, "b v 3"], faces: Int64[Tensor, "f 3"], numbers: Float[Tensor, "b n 3"]
) -> SurfaceSamples:
    """Points uniform over the area of meshes of one topology.

    Every n-th part of the area gets one point. Which face a point lies on, and where on it, is kept fixed for the
    gradient: a point moves with its corners. A mesh without area has its points on all faces alike.

    Args:
        vertices: Of each item, any frame.
        faces: Shared.
        numbers: Uniform in [0, 1): which point of its part of the area, and where on the face.
    """
    count = numbers.shape[1]
    areas = _doubled_areas(vertices.detach(), faces).double()
    areas = torch.where(areas.sum(dim=1, keepdim=True) > 0.0, areas, torch.ones_like(areas))
    reached = areas.cumsum(dim=1)
    part = (torch.arange(count, device=numbers.device) + numbers[..., 0].double()) / count
    face = torch.searchsorted(reached, part * reached[:, -1:], right=True).clamp_max(len(faces) - 1)
    root, other = numbers[..., 1].sqrt(), numbers[..., 2]
    shares = torch.stack([1.0 - root, root * (1.0 - other), root * other], dim=2)
    points = sum(chosen(vertices, faces[face, corner]) * shares[..., corner, None] for corner in range(3))
    return SurfaceSamples(torch.as_tensor(points), face)


def uniform_numbers(normal: Float[Tensor, "*s"]) -> Float[Tensor, "*s"]:
    """Standard normal numbers as uniform ones in [0, 1), by their distribution function."""
    uniform: Tensor = 0.5 * (1.0 + torch.erf(normal * 0.5**0.5))
    return uniform.clamp(0.0, 1.0 - 2.0**-24)


def face_crosses(vertices: Float[Tensor, "b v 3"], faces: Int64[Tensor, "f 3"]) -> Float[Tensor, "b f 3"]:
    """Outward vectors along the normals of faces, as long as twice their areas."""
    a, b, c = (vertices.index_select(1, faces[:, corner]) for corner in range(3))
    crosses: Tensor = torch.linalg.cross(b - a, c - a)
    return crosses


def _doubled_areas(vertices: Float[Tensor, "b v 3"], faces: Int64[Tensor, "f 3"]) -> Float[Tensor, "b f"]:
    """Twice the areas of faces. No gradient where it is 0."""
    areas: Tensor = torch.linalg.vector_norm(face_crosses(vertices, faces), dim=2)
    return areas
