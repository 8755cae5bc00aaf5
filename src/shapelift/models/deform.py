"""The deformation family: an ellipsoid that is pulled into shape in three stages, closed from beginning to end.

Source: Wang et al., "Pixel2Mesh: Generating 3D mesh models from single RGB images", ECCV 2018. Two things are ours. The
mesh stands in the frame `view` and not in that of the camera, and the camera through which its vertices look at the
image is itself predicted from the image, since a photograph brings none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from shapelift.datasets.image_targets import ImageCamera
from shapelift.datasets.targets import Noise, SurfacePoints, Target
from shapelift.geometry.meshes import Mesh
from shapelift.geometry.templates import ellipsoid_mesh, icosphere
from shapelift.losses.cameras import camera_disagreement
from shapelift.losses.deformation import DeformationTerms, Deformed, SetDistance, Truth, deformation_loss
from shapelift.models.base import Batch, ExportGraph, Frame, ModelConfig, Prediction, ReconstructionModel
from shapelift.nn.camera_head import CameraHead
from shapelift.nn.deform import STAGES, DeformationNetwork, PublishedEncoder
from shapelift.nn.encoders import CompactEncoder
from shapelift.ops.closed_surface import winding_numbers
from shapelift.ops.surface_samples import uniform_numbers

_STEEPNESS = 40.0
_SPREAD_SPHERE = 2


@dataclass(frozen=True, kw_only=True)
class DeformConfig(ModelConfig):
    """Template, image network, graph network, and what counts in the loss.

    Attributes:
        encoder: `compact` (ours), or the `published` image network.
        template: An `ellipsoid` of 156 vertices (618 and 2,466 after unpooling), as published, or an `icosphere` of
            162 (642 and 2,562).
        radii: Half axes of the template along x, y and z, in units of the frame.
        hidden: Channels of the graph convolutions of each block.
        pairs: Residual pairs of each block.
        narrow: Channels of one more convolution before the last way, or 0 for none.
        pooled: Channels that every feature map is brought to before vertices look at it, or 0 for those it has.
        broadcast: Whether every vertex sees the image code as well; needs `pooled`.
        training_camera: Through which camera vertices look at the image in training, the `predicted` one, which they
            have afterwards, or the `true` one.
        surface_points: Points drawn on every mesh, other ones every time.
        truth_points: Points of the true surface per image.
        distance: See `losses.deformation.DeformationTerms`, as all that follows but the last.
        points: Whether `distance` is one to points of the `surface`, or to `vertices`.
        distance_weight, prediction_weight, edge_weight, spread_weight, smoothness_weight, difference_weight: Weights.
        first_difference: Share of `difference_weight` in the first stage.
        edge_normal_weight, normal_weight, consistency_weight, move_weight: Weights.
        camera_weight: Of the disagreement of the predicted with the true camera.
        widths: Channels of the stages of the compact encoder.
        depths: Residual blocks of its stages.
        code_size: Length of the compact code.
    """

    family: ClassVar[str] = "deform"
    representation: ClassVar[str] = "mesh"

    frame: Frame = "view"
    encoder: Literal["compact", "published"] = "compact"
    template: Literal["ellipsoid", "icosphere"] = "ellipsoid"
    radii: tuple[float, float, float] = (0.35, 0.35, 0.35)
    hidden: tuple[int, ...] = (128, 128, 96)
    pairs: tuple[int, ...] = (3, 3, 2)
    narrow: int = 0
    pooled: int = 32
    broadcast: bool = True
    training_camera: Literal["predicted", "true"] = "predicted"
    surface_points: int = 1024
    truth_points: int = 1024
    distance: SetDistance = "chamfer"
    points: Literal["surface", "vertices"] = "surface"
    distance_weight: float = 10.0
    prediction_weight: float = 1.0
    edge_weight: float = 0.5
    spread_weight: float = 0.02
    smoothness_weight: float = 2.0
    difference_weight: float = 0.0
    first_difference: float = 0.1
    edge_normal_weight: float = 0.0
    normal_weight: float = 0.02
    consistency_weight: float = 0.02
    move_weight: float = 0.1
    camera_weight: float = 0.1
    widths: tuple[int, ...] = (32, 64, 160, 320)
    depths: tuple[int, ...] = (1, 1, 1, 1)
    code_size: int = 256

    def __post_init__(self) -> None:
        if self.frame != "view":
            raise ValueError("frame must be 'view': the camera that is predicted has azimuth 0")
        if self.encoder == "published" and self.image_size % PublishedEncoder.step:
            raise ValueError(f"encoder 'published' needs an image_size that {PublishedEncoder.step} divides")
        if self.broadcast and not self.pooled:
            raise ValueError("broadcast brings the code to `pooled` channels: give some, or broadcast=False")
        if len(self.hidden) != STAGES or len(self.pairs) != STAGES or min(self.pairs) < 0:
            raise ValueError(f"hidden and pairs say something of each of {STAGES} blocks")
        if min(self.surface_points, self.truth_points) < 1:
            raise ValueError("surface_points and truth_points are at least 1")
        if self.distance_weight <= 0.0 or self.camera_weight <= 0.0:
            raise ValueError("distance_weight and camera_weight are positive: nothing else leads to the shape")
        _ = self.terms  # says if a weight is negative

    @property
    def terms(self) -> DeformationTerms:
        """What counts in the loss of the mesh."""
        return DeformationTerms(
            distance=self.distance,
            points=self.points,
            distance_weight=self.distance_weight,
            prediction_weight=self.prediction_weight,
            edge_weight=self.edge_weight,
            spread_weight=self.spread_weight,
            smoothness_weight=self.smoothness_weight,
            difference_weight=self.difference_weight,
            first_difference=self.first_difference,
            edge_normal_weight=self.edge_normal_weight,
            normal_weight=self.normal_weight,
            consistency_weight=self.consistency_weight,
            move_weight=self.move_weight,
        )

    @property
    def mesh(self) -> Mesh:
        """The template, in the frame of the prediction."""
        if self.template == "ellipsoid":
            return ellipsoid_mesh(self.radii)
        sphere = icosphere(_SPREAD_SPHERE, radius=1.0)
        return Mesh(sphere.vertices * torch.tensor(self.radii).numpy(), sphere.faces)

    def build(self) -> DeformModel:
        """The network with fresh weights."""
        return DeformModel(self)

    def targets(self) -> Mapping[str, Target]:
        """`surface` points with normals, the `camera` of the image, and `draws` for the points on the mesh."""
        return {
            "surface": SurfacePoints(self.truth_points, self.world_frame),
            "camera": ImageCamera(self.world_frame),
            "draws": Noise(self.surface_points, 3),
        }


class DeformModel(ReconstructionModel):
    """Image -> camera, and a closed mesh at three resolutions."""

    def __init__(self, config: DeformConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder: CompactEncoder | PublishedEncoder
        if config.encoder == "published":
            self.encoder = PublishedEncoder(channels=config.image_channels)
        else:
            self.encoder = CompactEncoder(
                channels=config.image_channels,
                image_size=config.image_size,
                widths=config.widths,
                depths=config.depths,
                code_size=config.code_size,
            )
        self.camera = CameraHead(code_size=self.encoder.code_size, image_size=config.image_size)
        self.network = DeformationNetwork(
            template=config.mesh,
            image_size=config.image_size,
            widths=self.encoder.widths,
            hidden=config.hidden,
            pairs=config.pairs,
            narrow=config.narrow,
            pooled=config.pooled,
            code_size=self.encoder.code_size if config.broadcast else 0,
        )

    def forward(self, batch: Batch) -> Prediction:
        """`vertices` `b v 3` of the last stage, and of every stage; camera and `features` `b d`.

        `before_0`, `after_0`, `before_1`, ... are the meshes that the blocks start from and make; `faces(stage)` join
        them. `intrinsics` and `camera_from_world` are the predicted camera.
        """
        code, pyramid = self.encoder(batch["image"] * 2.0 - 1.0)
        intrinsics, camera_from_world = self.camera(code)
        seen_through = (intrinsics, camera_from_world)
        if self.training and self.config.training_camera == "true":
            seen_through = (batch["camera_intrinsics"], batch["camera_camera_from_world"])
        stages = self.network(code, pyramid, *seen_through)
        prediction = {"vertices": stages[-1].after, "features": code}
        for number, stage in enumerate(stages):
            prediction |= {f"before_{number}": stage.before, f"after_{number}": stage.after}
        return prediction | {"intrinsics": intrinsics, "camera_from_world": camera_from_world}

    def faces(self, stage: int = STAGES - 1) -> Int64[Tensor, "f 3"]:
        """Faces of the mesh of a stage, outward."""
        return self.network.stage(stage).faces

    def loss(self, prediction: Prediction, batch: Batch) -> dict[str, Tensor]:
        """The terms of the mesh, summed over the stages, and `camera`."""
        stages = [
            Deformed(prediction[f"before_{number}"], prediction[f"after_{number}"], self.network.stage(number))
            for number in range(STAGES)
        ]
        truth = Truth(batch["surface"], batch["surface_normals"])
        found = deformation_loss(self.config.terms, stages, truth, uniform_numbers(batch["draws"]))
        disagreement = camera_disagreement(
            prediction["intrinsics"],
            prediction["camera_from_world"],
            batch["camera_intrinsics"],
            batch["camera_camera_from_world"],
            size_px=float(self.config.image_size),
        )
        return found | {"camera": self.config.camera_weight * disagreement}

    def logits_at(self, prediction: Prediction, points: Tensor) -> Float[Tensor, "b n"]:
        """Occupancy logits `b n` of the mesh of the last stage: its sign, inside and outside, is exact.

        Inside is where the mesh goes around a point at least once. How far from 0 a logit is grows with the distance to
        the nearest vertex, so that pictures of it are smooth to within an edge.
        """
        vertices = prediction["vertices"].float()
        inside = winding_numbers(vertices, self.faces(), points.float()) > 0.5
        distance = _to_nearest_vertex(vertices, points.float())
        return (_STEEPNESS * torch.where(inside, distance, -distance)).to(points.dtype)

    def graphs(self) -> Mapping[str, ExportGraph]:
        """`predict`: image -> vertices, faces, features. The camera is inside."""
        config = self.config
        image = ("b", config.image_channels, config.image_size, config.image_size)
        return {"predict": ExportGraph(_Predict(self), {"image": image}, ("vertices", "faces", "features"))}


@torch.no_grad()
def _to_nearest_vertex(vertices: Float[Tensor, "b v 3"], points: Float[Tensor, "b n 3"]) -> Float[Tensor, "b n"]:
    parts = [torch.cdist(part, vertices).amin(dim=2) for part in torch.split(points, 2048, dim=1)]
    return torch.cat(parts, dim=1)


class _Predict(nn.Module):
    def __init__(self, model: DeformModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        prediction = self.model({"image": image})
        faces = self.model.faces().expand(image.shape[0], -1, -1)
        return prediction["vertices"], faces, prediction["features"]
