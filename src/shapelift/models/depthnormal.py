"""The depth and normal family: a fully convolutional network that says what it sees of an object, pixel by pixel.

Depth, normals and mask of the visible surface, and the camera, which a photograph does not bring along. The back of an
object is not part of the answer: where a solid is asked for, the seen surface gets an assumed thickness.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from shapelift.datasets.image_targets import ImageCamera, ImageDepth
from shapelift.datasets.targets import Target
from shapelift.losses.cameras import camera_disagreement
from shapelift.losses.depth import depth_error, scale_invariant_log
from shapelift.losses.normal_maps import depth_normal_consistency, normal_cosine
from shapelift.losses.normals import unit
from shapelift.models.base import Batch, ExportGraph, Frame, ModelConfig, Prediction, ReconstructionModel
from shapelift.nn.camera_head import CameraHead
from shapelift.nn.depth import PixelDecoder
from shapelift.nn.encoders import CompactEncoder

_NEAREST = 0.05
"""Least depth that is ever said, in units of the object."""
_STEEPNESS = 40.0
"""Logits per unit of distance from the surface, in `logits_at`."""

_VALUES = 5  # depth, mask, three of the normal


@dataclass(frozen=True, kw_only=True)
class DepthNormalConfig(ModelConfig):
    """Encoder, decoder, and the weight of every term of the loss.

    Attributes:
        widths: Channels of the stages of the compact encoder.
        depths: Residual blocks of its stages.
        code_size: Length of the code, from which the camera is read.
        decoder_widths: Channels of the decoder's steps, coarse to fine; each doubles the resolution, and the last one
            is that of the maps.
        loss: Of the depth: `l1`, `l2`, or `log`, the scale-invariant one.
        log_ratio: Lambda of the scale-invariant loss: 0 is blind to no scale, 1 to every scale.
        depth_weight: Of the depth.
        normal_weight: Of the cosine between predicted and true normals.
        consistency_weight: Of the cosine between predicted normals and those that the predicted depth has.
        mask_weight: Of the cross-entropy of the mask.
        camera_weight: Of the camera.
        thickness: Of the solid behind the seen surface that `logits_at` assumes, in units of the object.
    """

    family: ClassVar[str] = "depthnormal"
    representation: ClassVar[str] = "depth"

    frame: Frame = "view"
    widths: tuple[int, ...] = (32, 64, 128, 256)
    depths: tuple[int, ...] = (1, 1, 1, 1)
    code_size: int = 256
    decoder_widths: tuple[int, ...] = (128, 96, 64, 32, 16)
    loss: Literal["l1", "l2", "log"] = "l1"
    log_ratio: float = 0.5
    depth_weight: float = 10.0
    normal_weight: float = 1.0
    consistency_weight: float = 1.0
    mask_weight: float = 1.0
    camera_weight: float = 1.0
    thickness: float = 0.1

    def __post_init__(self) -> None:
        if self.frame != "view":
            raise ValueError("a camera is guessed in the frame 'view', where its azimuth is 0: frame must be 'view'")
        weights = (self.normal_weight, self.consistency_weight)
        if min(self.depth_weight, self.mask_weight, self.camera_weight) <= 0.0 or min(weights) < 0.0:
            raise ValueError("depth, mask and camera need positive weights, normals and consistency no negative ones")
        if not self.thickness > 0.0:
            raise ValueError(f"thickness must be positive, got {self.thickness}")

    @property
    def map_size(self) -> int:
        """Side of the maps [px]."""
        coarsest = self.image_size >> (len(self.widths) + 1)
        return coarsest << len(self.decoder_widths)

    def build(self) -> DepthNormalModel:
        """The network with fresh weights."""
        return DepthNormalModel(self)

    def targets(self) -> Mapping[str, Target]:
        """`depth` and `depth_normals` of the seen surface, and `camera_intrinsics` and `camera_camera_from_world`."""
        return {"depth": ImageDepth(self.map_size, self.world_frame), "camera": ImageCamera(self.world_frame)}


class DepthNormalModel(ReconstructionModel):
    """Image -> depth, normals, mask and camera."""

    to_maps: Tensor

    def __init__(self, config: DepthNormalConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = CompactEncoder(
            channels=config.image_channels,
            image_size=config.image_size,
            widths=config.widths,
            depths=config.depths,
            code_size=config.code_size,
        )
        self.decoder = PixelDecoder(
            image_channels=config.image_channels,
            resolutions=self.encoder.resolutions,
            inputs=self.encoder.widths,
            widths=config.decoder_widths,
            outputs=_VALUES,
        )
        self.camera = CameraHead(code_size=config.code_size, image_size=config.image_size)
        zoom = config.map_size / config.image_size
        self.register_buffer("to_maps", torch.tensor([[zoom], [zoom], [1.0]]), persistent=False)

    def forward(self, batch: Batch) -> Prediction:
        """Maps `b s s`, normals `b s s 3` in the axes of the camera, the camera, features.

        `offset` is how much farther than the origin of the frame a pixel lies along the optical axis: between about
        -0.9 and 0.9 for every camera, where depths differ several times. `intrinsics` are in pixels of the maps.
        """
        image = batch["image"] * 2.0 - 1.0
        code, pyramid = self.encoder(image)
        values = self.decoder(image, pyramid)
        intrinsics, camera_from_world = self.camera(code)
        # An untrained network is sure that everything is seen straight from the front.
        front = values.new_tensor([0.0, 0.0, -1.0])
        return {
            "offset": values[:, 0],
            "mask_logits": values[:, 1],
            "normals": unit(values[:, 2:].permute(0, 2, 3, 1) + front),
            "intrinsics": intrinsics * self.to_maps,
            "camera_from_world": camera_from_world,
            "features": code,
        }

    def loss(self, prediction: Prediction, batch: Batch) -> dict[str, Tensor]:
        """Depth, normals, their consistency, mask and camera, each with its weight.

        Offsets become depths with the true camera, so that what is wrong with the guessed one is not held against them.
        Consistency looks at pixels that the truth joins: a true edge has no normal.
        """
        config, true = self.config, batch["depth"]
        seen = true > 0.0
        intrinsics, camera_from_world = batch["camera_intrinsics"] * self.to_maps, batch["camera_camera_from_world"]
        depth = depth_of(prediction["offset"], camera_from_world)
        if config.loss == "log":
            error = scale_invariant_log(depth, true, seen, ratio=config.log_ratio)
        else:
            error = depth_error(depth, true, seen, power=1 if config.loss == "l1" else 2)
        logits = prediction["mask_logits"]
        terms = {
            "depth": config.depth_weight * error,
            "mask": config.mask_weight * nn.functional.binary_cross_entropy_with_logits(logits, seen.to(logits.dtype)),
            "camera": config.camera_weight
            * camera_disagreement(
                prediction["intrinsics"],
                prediction["camera_from_world"],
                intrinsics,
                camera_from_world,
                size_px=config.map_size,
            ),
        }
        normals = prediction["normals"]
        if config.normal_weight:
            turned = batch["depth_normals"] @ camera_from_world[:, None, :3, :3].mT
            terms["normals"] = config.normal_weight * normal_cosine(normals, turned, seen)
        if config.consistency_weight:
            apart = depth_normal_consistency(depth, normals, intrinsics, seen, edges=true)
            terms["consistency"] = config.consistency_weight * apart
        return terms

    def logits_at(self, prediction: Prediction, points: Tensor) -> Tensor:
        """Occupancy logits `b n` of the solid that lies behind the mask, `thickness` deep.

        A stand-in for validation, as no depth map says where an object ends: a point is inside if it is seen within the
        mask by the guessed camera, not nearer than the predicted depth there, and less than the thickness behind it.
        """
        matrix, intrinsics = prediction["camera_from_world"].to(points), prediction["intrinsics"].to(points)
        local = points @ matrix[:, :3, :3].mT + matrix[:, None, :3, 3]
        depth = local[..., 2]
        pixels = local @ intrinsics.mT
        places = pixels[..., :2] / depth.clamp_min(_NEAREST)[..., None] * (2.0 / self.config.map_size) - 1.0
        maps = torch.stack([depth_of(prediction["offset"], matrix), prediction["mask_logits"]], dim=1).to(points)
        surface, mask = _looked_up(maps, places)
        behind = depth - surface
        outside = (places.abs().amax(dim=-1) > 1.0) | (depth < _NEAREST)
        logits = torch.minimum(torch.minimum(behind, self.config.thickness - behind) * _STEEPNESS, mask)
        return torch.where(outside, torch.full_like(logits, -_STEEPNESS), logits)

    def graphs(self) -> Mapping[str, ExportGraph]:
        """`predict`: image -> depth, mask, normals and camera in the frame `view`, features."""
        config = self.config
        inputs = {"image": ("b", config.image_channels, config.image_size, config.image_size)}
        outputs = ("depth", "mask_logits", "normals", "intrinsics", "camera_from_world", "features")
        return {"predict": ExportGraph(_Predict(self), inputs, outputs)}


def depth_of(offset: Float[Tensor, "b h w"], camera_from_world: Float[Tensor, "b 4 4"]) -> Float[Tensor, "b h w"]:
    """Depth from how much farther than the world's origin a pixel lies, at least `_NEAREST`."""
    return (offset + camera_from_world[:, 2, 3, None, None]).clamp_min(_NEAREST)


def _looked_up(maps: Float[Tensor, "b c h w"], places: Float[Tensor, "b n 2"]) -> tuple[Tensor, ...]:
    """Values of the nearest pixels at places in [-1, 1]."""
    grid = places.clamp(-2.0, 2.0)[:, None]
    found = nn.functional.grid_sample(maps, grid, mode="nearest", padding_mode="border", align_corners=False)
    return found[:, :, 0].unbind(dim=1)


class _Predict(nn.Module):
    def __init__(self, model: DepthNormalModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        prediction = self.model({"image": image})
        matrix = prediction["camera_from_world"]
        depth = depth_of(prediction["offset"], matrix)
        normals = prediction["normals"] @ matrix[:, None, :3, :3]
        one_view = (depth, prediction["mask_logits"], normals, prediction["intrinsics"], matrix)
        return (*(value[:, None] for value in one_view), prediction["features"])
