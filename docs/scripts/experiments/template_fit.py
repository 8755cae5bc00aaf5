"""What the terms of a deformation make of a mesh when no image and no network stands between.

The positions of the vertices themselves are the parameters, gradient descent pulls a template onto known shapes, stage
by stage as a network would. So the terms can be compared in seconds, and what is wrong is the loss's own doing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from shapelift.geometry.meshes import Mesh
from shapelift.geometry.pointclouds import PointCloud
from shapelift.geometry.topology import unique_edges
from shapelift.losses.deformation import DeformationTerms, Deformed, Truth, deformation_loss
from shapelift.meshing import to_point_cloud
from shapelift.metrics import chamfer_l1, normal_consistency
from shapelift.ops.topology import stages_of
from shapelift.solids.intersections import self_intersections

LONG = 4.0
"""An edge so many times longer than the median of its mesh makes both its vertices flying ones."""
_DECAY = 0.05


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How a template is pulled.

    Attributes:
        steps: Gradient steps of every stage; later stages have their own, and keep those before as they are.
        learning_rate: Of Adam in the first stage, in units of the shapes; halved from stage to stage, since edges are.
        truth_points: Points of the true surface, other ones at every step.
        points: Points drawn on the mesh, where the set distance is one between surfaces.
    """

    steps: tuple[int, ...] = (200, 200, 200)
    learning_rate: float = 0.01
    truth_points: int = 2000
    points: int = 2000


def fit(
    template: Mesh,
    shapes: Sequence[PointCloud],
    terms: DeformationTerms,
    schedule: Schedule,
    seed: int = 0,
) -> list[list[Mesh]]:
    """Pull a template onto shapes.

    Args:
        template: Closed, in the frame of the shapes.
        shapes: Many points on each true surface, uniform over it, with normals.
        terms: The loss.
        schedule: How long.
        seed: Of all random draws.

    Returns:
        For every shape its mesh at the end of every stage, coarse to fine.
    """
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    position = torch.from_numpy(np.array(template.vertices)).expand(len(shapes), -1, -1)
    found: list[list[Mesh]] = [[] for _ in shapes]
    topologies = stages_of(template, len(schedule.steps))
    for number, (topology, steps) in enumerate(zip(topologies, schedule.steps, strict=True)):
        if number:
            position = topologies[number - 1].unpool(position)
        before = position.detach()
        way = torch.zeros_like(before, requires_grad=True)
        optimizer = torch.optim.Adam([way], lr=schedule.learning_rate * 0.5**number)
        rates = torch.optim.lr_scheduler.CosineAnnealingLR(
            optimizer, steps, eta_min=_DECAY * schedule.learning_rate * 0.5**number
        )
        for _ in range(steps):
            truth = _drawn(shapes, schedule.truth_points, rng)
            numbers = torch.rand(len(shapes), schedule.points, 3, generator=generator)
            # Stages before are done: a stage is judged as the network's would be, the first by the rule of the first.
            stage = Deformed(before, before + way, topology)
            loss = _stage_loss(terms, stage, truth, numbers, first=number == 0)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            rates.step()
        position = (before + way).detach()
        for meshes, vertices in zip(found, position, strict=True):
            meshes.append(Mesh(vertices.numpy(), topology.faces.numpy().astype(np.int32)))
    return found


@dataclass(frozen=True)
class Figures:
    """How good a mesh is, as an approximation and as a mesh.

    Attributes:
        chamfer_l1: Between points of its surface and of the true one, in units of the shape.
        normal_consistency: Likewise.
        edge_spread: Standard deviation of the lengths of its edges over their mean.
        self_intersections: Edges that pass through a face.
        flying_vertices: Vertices at the ends of edges longer than `LONG` medians.
    """

    chamfer_l1: float
    normal_consistency: float
    edge_spread: float
    self_intersections: float
    flying_vertices: float


def figures(mesh: Mesh, truth: PointCloud, points: int = 20_000, seed: int = 0) -> Figures:
    """Compare a mesh with points and normals of the true surface."""
    cloud = to_point_cloud(mesh, points, np.random.default_rng(seed))
    edges = unique_edges(mesh.faces)
    lengths = np.linalg.norm(mesh.vertices[edges[:, 0]] - mesh.vertices[edges[:, 1]], axis=1)
    flying = np.unique(edges[lengths > LONG * np.median(lengths)])
    return Figures(
        chamfer_l1=chamfer_l1(cloud.points, truth.points),
        normal_consistency=normal_consistency(cloud, truth),
        edge_spread=float(lengths.std() / lengths.mean()),
        self_intersections=float(len(self_intersections(mesh))),
        flying_vertices=float(len(flying)),
    )


def mean_figures(rows: Sequence[Figures]) -> Figures:
    """Means over meshes."""
    columns = [asdict(row) for row in rows]
    return Figures(**{name: float(np.mean([column[name] for column in columns])) for name in columns[0]})


def _stage_loss(terms: DeformationTerms, stage: Deformed, truth: Truth, numbers: Tensor, *, first: bool) -> Tensor:
    found = deformation_loss(terms, [stage], truth, numbers, first=first)
    return torch.stack(list(found.values())).sum()


def _drawn(shapes: Sequence[PointCloud], count: int, rng: np.random.Generator) -> Truth:
    picks = [rng.choice(len(shape), count, replace=count > len(shape)) for shape in shapes]
    points = [shape.points[pick] for shape, pick in zip(shapes, picks, strict=True)]
    normals = [_normals(shape)[pick] for shape, pick in zip(shapes, picks, strict=True)]
    return Truth(torch.from_numpy(np.stack(points)), torch.from_numpy(np.stack(normals)))


def _normals(shape: PointCloud) -> npt.NDArray[np.float32]:
    if shape.normals is None:
        raise ValueError("shapes need normals")
    return shape.normals
