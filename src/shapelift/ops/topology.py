"""What a mesh of fixed topology is to operators and losses: its faces, edges and neighbours as index tensors."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from shapelift.geometry.meshes import Mesh
from shapelift.geometry.topology import face_pairs, split_faces, unique_edges
from shapelift.ops.graph_convolution import Neighbourhood

_FIELDS = tuple(field.name for field in fields(Neighbourhood))


class Topology(nn.Module):
    """Index tensors of a closed mesh. Nothing in it is learnt or saved; it moves between devices with its owner.

    Attributes:
        faces: `f 3`, outward.
        edges: `e 2`, every edge once.
        pairs: `e 2`, the two faces of every edge.

    Args:
        faces: `f 3` of a closed mesh.
        vertices: How many it has.
    """

    faces: Tensor
    edges: Tensor
    pairs: Tensor

    def __init__(self, faces: Int64[Tensor, "f 3"], vertices: int) -> None:
        super().__init__()
        self.vertices = vertices
        edges = torch.from_numpy(unique_edges(faces.numpy()))
        tables = {
            "normalised": Neighbourhood.normalised(edges, vertices),
            "mean": Neighbourhood.mean(edges, vertices),
        }
        tensors = {"faces": faces, "edges": edges, "pairs": torch.from_numpy(face_pairs(faces.numpy()))}
        for name, table in tables.items():
            tensors |= {f"_{name}_{field}": getattr(table, field) for field in _FIELDS}
        for name, tensor in tensors.items():
            self.register_buffer(name, tensor, persistent=False)

    @property
    def normalised(self) -> Neighbourhood:
        """For graph convolutions; see `Neighbourhood.normalised`."""
        return self._table("normalised")

    @property
    def mean(self) -> Neighbourhood:
        """For Laplacians; see `Neighbourhood.mean`."""
        return self._table("mean")

    def _table(self, name: str) -> Neighbourhood:
        return Neighbourhood(*(self.get_buffer(f"_{name}_{field}") for field in _FIELDS))

    def unpooled(self) -> Topology:
        """That of the mesh with a vertex on every edge; see `geometry.topology.split_faces`."""
        faces = split_faces(self.faces.cpu().numpy(), self.vertices)[1]
        return Topology(torch.from_numpy(faces), self.vertices + len(self.edges))

    def unpool(self, values: Float[Tensor, "b v c"]) -> Float[Tensor, "b w c"]:
        """Values at the vertices of the unpooled mesh: on the new ones the mean of both ends of the edge."""
        ends = [values.index_select(1, self.edges[:, end]) for end in (0, 1)]
        return torch.cat([values, (ends[0] + ends[1]) * 0.5], dim=1)


def stages_of(template: Mesh, count: int) -> list[Topology]:
    """Topologies of a closed template and of the meshes it becomes by unpooling, `count` in all."""
    stages = [Topology(torch.from_numpy(template.faces.astype(np.int64)), len(template.vertices))]
    while len(stages) < count:
        stages.append(stages[-1].unpooled())
    return stages
