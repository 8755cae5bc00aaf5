"""All terms of a mesh that is pulled into shape, over the stages it goes through.

Source: Wang et al., "Pixel2Mesh: Generating 3D mesh models from single RGB images", ECCV 2018. A distance between sets
alone leaves open how vertices are joined: the nearest point of the truth may be on the other side of a thin part, and
nothing is said of what lies between two vertices. The other terms say it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from jaxtyping import Float
from torch import Tensor

from shapelift.losses.chamfer import unsquared
from shapelift.losses.displacement import vertex_displacement
from shapelift.losses.edges import edge_length, edge_spread
from shapelift.losses.emd import earth_mover
from shapelift.losses.laplacian import laplacian_difference, laplacian_smoothness
from shapelift.losses.normals import edge_normals, face_consistency, surface_normals
from shapelift.ops.nearest import Neighbours, chosen, mutual_neighbours
from shapelift.ops.surface_samples import face_crosses, sample_faces
from shapelift.ops.topology import Topology

SetDistance = Literal["chamfer", "chamfer_l1", "emd"]


@dataclass(frozen=True, kw_only=True)
class DeformationTerms:
    """What counts, and how much; a weight of 0 leaves a term out.

    Attributes:
        distance: Between sets of points: `chamfer`, means of squared distances both ways; `chamfer_l1`, unsquared; or
            `emd`.
        points: What the set of the prediction is: points spread over its `surface`, or its `vertices`, as published.
        distance_weight: Of the distance.
        prediction_weight: Of the way from the prediction to the truth in `chamfer`; the way back has 1.
        edge_weight: Of `edge_length`.
        spread_weight: Of `edge_spread`.
        smoothness_weight: Of `laplacian_smoothness`.
        difference_weight: Of `laplacian_difference` between the two ends of a stage.
        first_difference: Share of it in the first stage, which has farthest to go.
        edge_normal_weight: Of `edge_normals`, against the true normal nearest to a vertex.
        normal_weight: Of `surface_normals`, at points spread over the surface.
        consistency_weight: Of `face_consistency`.
        move_weight: Of `vertex_displacement`, in all stages but the first.
    """

    distance: SetDistance = "chamfer"
    points: Literal["surface", "vertices"] = "surface"
    distance_weight: float = 1.0
    prediction_weight: float = 1.0
    edge_weight: float = 0.0
    spread_weight: float = 0.0
    smoothness_weight: float = 0.0
    difference_weight: float = 0.0
    first_difference: float = 0.1
    edge_normal_weight: float = 0.0
    normal_weight: float = 0.0
    consistency_weight: float = 0.0
    move_weight: float = 0.0

    def __post_init__(self) -> None:
        negative = [name for name, value in asdict(self).items() if isinstance(value, float) and value < 0.0]
        if negative:
            raise ValueError(f"weights are not negative, {negative[0]} is")


@dataclass(frozen=True, eq=False)
class Truth:
    """Points on the true surface, uniform over it.

    Attributes:
        points: `b m 3`, in the frame of the prediction.
        normals: `b m 3`, unit, outward.
    """

    points: Float[Tensor, "b m 3"]
    normals: Float[Tensor, "b m 3"]


@dataclass(frozen=True, eq=False)
class Deformed:
    """A mesh before and after a stage.

    Attributes:
        before: `b v 3`.
        after: `b v 3`.
        topology: Of both.
    """

    before: Float[Tensor, "b v 3"]
    after: Float[Tensor, "b v 3"]
    topology: Topology


def deformation_loss(
    terms: DeformationTerms,
    stages: Sequence[Deformed],
    truth: Truth,
    numbers: Float[Tensor, "b n 3"],
    *,
    first: bool = True,
) -> dict[str, Tensor]:
    """Weighted terms, summed over the stages, mean over the batch; the names are those of the losses.

    Args:
        terms: Which, and how much.
        stages: From coarse to fine.
        truth: What the mesh should become.
        numbers: Uniform in [0, 1), where on a surface its points are drawn; other ones every time.
        first: Whether the first of the stages is the first of all.
    """
    total: dict[str, Tensor] = {}
    for number, stage in enumerate(stages):
        found = _against_truth(terms, stage, truth, numbers) | _by_itself(terms, stage, first=first and number == 0)
        for name, value in found.items():
            total[name] = total[name] + value.mean() if name in total else value.mean()
    return total


def _against_truth(
    terms: DeformationTerms, stage: Deformed, truth: Truth, numbers: Tensor
) -> dict[str, Float[Tensor, " b"]]:
    vertices, topology = stage.after, stage.topology
    found: dict[str, Tensor] = {}
    samples = sample_faces(vertices, topology.faces, numbers)
    points = vertices if terms.points == "vertices" else samples.points
    near = mutual_neighbours(points, truth.points)
    if terms.distance_weight:
        found[terms.distance] = terms.distance_weight * _distance(terms, points, truth.points, near)
    if terms.edge_normal_weight:
        index = (near if terms.points == "vertices" else mutual_neighbours(vertices.detach(), truth.points))[0].index
        normals = chosen(truth.normals, index)
        found["edge_normals"] = terms.edge_normal_weight * edge_normals(vertices, topology.edges, normals)
    if terms.normal_weight:
        if terms.points == "vertices":
            near = mutual_neighbours(samples.points.detach(), truth.points)
        crosses = chosen(face_crosses(vertices, topology.faces), samples.faces)
        agreement = surface_normals(crosses, chosen(truth.normals, near[0].index))
        found["surface_normals"] = terms.normal_weight * agreement
    return found


def _distance(
    terms: DeformationTerms, points: Tensor, truth: Tensor, near: tuple[Neighbours, Neighbours]
) -> Float[Tensor, " b"]:
    if terms.distance == "emd":
        count = points.shape[1]
        if truth.shape[1] < count:
            raise ValueError(f"distance 'emd' matches {count} points to as many true ones, there are {truth.shape[1]}")
        return earth_mover(points, truth[:, :count]).cost
    there, back = (part.squared for part in near)
    if terms.distance == "chamfer_l1":
        return (unsquared(there).mean(dim=1) + unsquared(back).mean(dim=1)) / 2.0
    return terms.prediction_weight * there.mean(dim=1) + back.mean(dim=1)


def _by_itself(terms: DeformationTerms, stage: Deformed, *, first: bool) -> dict[str, Float[Tensor, " b"]]:
    before, after, topology = stage.before, stage.after, stage.topology
    edges, mean = topology.edges, topology.mean
    difference = terms.difference_weight * (terms.first_difference if first else 1.0)
    found: dict[str, Tensor] = {}
    if terms.edge_weight:
        found["edge_length"] = terms.edge_weight * edge_length(after, edges)
    if terms.spread_weight:
        found["edge_spread"] = terms.spread_weight * edge_spread(after, edges)
    if terms.smoothness_weight:
        found["laplacian_smoothness"] = terms.smoothness_weight * laplacian_smoothness(after, mean)
    if difference:
        found["laplacian_difference"] = difference * laplacian_difference(before, after, mean)
    if terms.consistency_weight:
        consistency = face_consistency(after, topology.faces, topology.pairs)
        found["face_consistency"] = terms.consistency_weight * consistency
    if terms.move_weight and not first:
        found["move"] = terms.move_weight * vertex_displacement(before, after)
    return found
