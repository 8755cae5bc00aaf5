"""The pixel-aligned family: a field in the frame of the picture, with the camera that leads out of it.

Where an image shows something is where the network looks for it: the pixel grid of the encoder's maps is the front
plane of the field (`nn.picture_planes`). Only the camera (how far it looks down, how near it stands) is needed to set
the shape upright afterwards, and an error in it tilts the whole shape instead of blurring it. After the idea of Saito
et al., "PIFu", ICCV 2019, with the feature planes of Chan et al. 2022.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from shapelift.datasets.image_targets import ImageCamera, ImageDepth
from shapelift.datasets.targets import OccupancyPoints, SurfaceAlbedo, Target, UniformDraws
from shapelift.losses.cameras import camera_disagreement
from shapelift.losses.depth import depth_error
from shapelift.losses.normal_maps import normal_cosine
from shapelift.losses.normals import unit
from shapelift.losses.occupancy import occupancy_cross_entropy
from shapelift.losses.overlap import soft_jaccard
from shapelift.losses.rays import ray_labels
from shapelift.models.base import Batch, Frame, Graph, Prediction, Reconstructor, ReconstructorConfig
from shapelift.nn.camera_head import CameraHead
from shapelift.nn.encoders import CompactEncoder
from shapelift.nn.picture_planes import SIDES, PictureDecoder, PicturePlanes
from shapelift.ops.leading_channels import leading_channels
from shapelift.ops.picture_frame import DEEPEST, in_picture, picture_depth, picture_from_world

EMPTY = -20.0
"""Logit outside of the box of the frame."""

SCALE = (0.5, 4.0)
"""Least and largest number of windows that a unit at the origin fills: one training view in two hundred, of a shape
seen end-on, lies above 2.2, and hardly any above 4."""

_MAPS = 4  # visible depth, three of the normal


@dataclass(frozen=True, kw_only=True)
class PixelAlignedConfig(ReconstructorConfig):
    """Encoder, planes, decoder, points, and the weight of every term of the loss.

    Attributes:
        widths: Channels of the stages of the compact encoder.
        depths: Residual blocks of its stages.
        code_size: Length of its code.
        front_channels: Channels of the front plane, the front maps included.
        side_channels: Channels of a side plane.
        front_widths: Channels of the tower of the front plane at 4, 8, 16, ... px.
        fine_width: Channels at twice the resolution of its end, which is half that of the image.
        side_widths: Channels of the tower of the side planes.
        plane_hidden: Hidden units of the network that reads the planes.
        camera_hidden: Hidden units of the camera head.
        uniform_points: Training points per image, uniform in the unit cube of the frame `view`.
        near_points: Training points per image, near the surface.
        ray_points: Training points per image of each of the three kinds along rays.
        albedo_points: Surface points per image whose colour is learned.
        overlap_weight: Of the overlap of the uniform points, beside the cross-entropy.
        ray_weight: Of the cross-entropy along rays.
        albedo_weight: Of the mean absolute error of the colours.
        depth_weight: Of the visible depth.
        normal_weight: Of the normals of the visible surface.
        camera_weight: Of the camera.
        threshold: Probability at which the surface is drawn; the exporter moves it to logit 0.
    """

    family: ClassVar[str] = "pixelaligned"
    representation: ClassVar[str] = "field"

    frame: Frame = "picture"
    widths: tuple[int, ...] = (32, 64, 160, 320)
    depths: tuple[int, ...] = (1, 1, 1, 1)
    code_size: int = 512
    front_channels: int = 28
    side_channels: int = 32
    front_widths: tuple[int, ...] = (128, 96, 64, 48)
    fine_width: int = 32
    side_widths: tuple[int, ...] = (128, 96, 64, 32)
    plane_hidden: int = 64
    camera_hidden: int = 128
    uniform_points: int = 768
    near_points: int = 768
    ray_points: int = 192
    albedo_points: int = 128
    overlap_weight: float = 2.0
    ray_weight: float = 0.4
    albedo_weight: float = 0.5
    depth_weight: float = 1.0
    normal_weight: float = 0.1
    camera_weight: float = 1.0
    threshold: float = 0.5

    def __post_init__(self) -> None:
        if self.frame != "picture":
            raise ValueError("this family predicts in the frame of the picture: frame must be 'picture'")
        weights = [getattr(self, item.name) for item in dataclasses.fields(self) if item.name.endswith("_weight")]
        counts = (self.uniform_points, self.near_points, self.ray_points, self.albedo_points)
        if min(weights) <= 0.0 or min(counts) < 1:
            raise ValueError("every part of the network is taught by one term: weights and points must be positive")
        if self.front_channels <= _MAPS:
            raise ValueError(f"the front plane holds {_MAPS} maps and more, got {self.front_channels} channels")
        if not 0.0 < self.threshold < 1.0:
            raise ValueError(f"threshold is a probability between 0 and 1, got {self.threshold}")

    def build(self) -> PixelAlignedReconstructor:
        """The network with fresh weights."""
        return PixelAlignedReconstructor(self)

    @property
    def level(self) -> float:
        """The decoder's value on the surface: the threshold's logit."""
        return math.log(self.threshold / (1.0 - self.threshold))

    def at_threshold(self, threshold: float) -> PixelAlignedConfig:
        """The same config with the surface at another probability."""
        return dataclasses.replace(self, threshold=threshold)

    @property
    def map_size(self) -> int:
        """Side of the front maps [px]."""
        return 4 << len(self.front_widths)

    def targets(self) -> Mapping[str, Target]:
        """Labelled points, colours of the surface, camera, and visible depth with normals, all in the frame `view`."""
        frame = self.world_frame
        return {
            "points": OccupancyPoints(self.uniform_points, self.near_points, frame),
            "albedo": SurfaceAlbedo(self.albedo_points, frame),
            "rays": UniformDraws(self.ray_points, 6),
            "camera": ImageCamera(frame),
            "depth": ImageDepth(self.map_size, frame),
        }


class PixelAlignedReconstructor(Reconstructor):
    """Image -> planes and camera -> logit and albedo of any point of the picture."""

    def __init__(self, config: PixelAlignedConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = CompactEncoder(
            channels=config.image_channels,
            image_size=config.image_size,
            widths=config.widths,
            depths=config.depths,
            code_size=config.code_size,
        )
        resolutions = (config.image_size // 2, *self.encoder.resolutions)
        self.planes = PicturePlanes(
            code_size=config.code_size,
            front_channels=config.front_channels,
            side_channels=config.side_channels,
            front_widths=config.front_widths,
            fine_width=config.fine_width,
            side_widths=config.side_widths,
            map_widths=dict(zip(resolutions, (self.encoder.stem_width, *self.encoder.widths), strict=True)),
        )
        self.camera = CameraHead(
            code_size=config.code_size,
            image_size=config.image_size,
            hidden=config.camera_hidden,
            roll=True,
            scale=SCALE,
        )
        self.decoder = PictureDecoder(
            front_channels=config.front_channels, side_channels=config.side_channels, hidden=config.plane_hidden
        )

    def forward(self, batch: Batch) -> Prediction:
        """Planes, front maps and camera; logits and colours of the batch's points where it has them.

        `front` `b c r r` and `sides` `b 2 d q q` are the planes. Depth and normals of the visible surface are the first
        channels of the front plane, so the decoder sees whether a point lies behind it: `depth` `b r r`, as w / (1 +
        |w|) of the frame's third coordinate, and `normals` `b r r 3`, unit, in the axes of the camera.
        """
        image = batch["image"] * 2.0 - 1.0
        code, pyramid = self.encoder.with_stem(image)
        code = _normalized(code)
        front, sides = self.planes(code, pyramid)
        intrinsics, camera_from_world = self.camera.camera(self._camera_numbers(image, code))
        # An untrained network is sure that everything is seen straight from the front.
        maps = leading_channels(front, _MAPS)
        towards = maps.new_tensor([0.0, 0.0, -1.0])
        prediction = {
            "front": front,
            "sides": sides,
            "depth": maps[:, 0],
            "normals": unit(maps[:, 1:].permute(0, 2, 3, 1) + towards),
            "intrinsics": intrinsics,
            "camera_from_world": camera_from_world,
            "features": code,
        }
        if "points" in batch:
            picture, labels, weights = self._labelled(batch)
            count = labels.shape[1]
            logits, albedo = self.decoder(prediction["front"], prediction["sides"], picture)
            prediction |= {"logits": logits[:, :count], "albedo": albedo[:, count:]}
            prediction |= {"labels": labels, "weights": weights}
        return prediction

    def _camera_numbers(self, image: Tensor, code: Tensor) -> Tensor:
        """What the head says of the camera; in use, the mean of what it says of the image and of its mirror image."""
        numbers = self.camera.numbers(code)
        if self.training:
            return numbers
        turned, _ = self.encoder(image.flip(3))
        return 0.5 * (numbers + self.camera.mirrored(self.camera.numbers(_normalized(turned))))

    def _labelled(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """All points to be decoded in picture coordinates, labelled ones first, and labels and weights of those."""
        size = self.config.image_size
        camera = batch["camera_intrinsics"], batch["camera_camera_from_world"]
        points = picture_from_world(torch.cat([batch["points"], batch["albedo"]], dim=1), *camera, size)
        rays, occupancy, found = ray_labels(*self._visible(batch), batch["rays"], DEEPEST)
        count = batch["points"].shape[1]
        # Beyond the box nothing is asked: there the field is empty by definition.
        inside = in_picture(points[:, :count]).to(found.dtype)
        labels = torch.cat([batch["points_occupancy"], occupancy], dim=1)
        weights = torch.cat([inside, found * self._ray_share(count)], dim=1)
        return torch.cat([points[:, :count], rays, points[:, count:]], dim=1), labels, weights

    def _ray_share(self, count: int) -> float:
        """Weight of a point on a ray beside the others, so that both means count as the configuration says."""
        return self.config.ray_weight * count / (3 * self.config.ray_points)

    def _visible(self, batch: Batch) -> tuple[Float[Tensor, "b r r"], Tensor]:
        """True coordinate w of the visible surface, and where one is seen, `b r r` bool."""
        true = batch["depth"]
        camera = batch["camera_intrinsics"], batch["camera_camera_from_world"]
        return picture_depth(true, *camera, self.config.image_size).clamp(-DEEPEST, DEEPEST), true > 0.0

    def loss(self, prediction: Prediction, batch: Batch) -> dict[str, Tensor]:
        """Occupancy, overlap, colours, visible depth and normals, camera, each with its weight.

        All but the camera are compared in the true picture, so that what is wrong with the guessed camera is not held
        against them.
        """
        config = self.config
        logits, labels, weights = prediction["logits"], prediction["labels"], prediction["weights"]
        uniform = slice(config.uniform_points)
        asked = weights[:, uniform]
        empty = torch.full_like(logits[:, uniform], EMPTY)
        placed = torch.where(asked > 0.0, logits[:, uniform], empty)
        true_rgb = batch["albedo_rgb"]
        known = true_rgb.isfinite()
        off = torch.where(known, prediction["albedo"] - true_rgb, torch.zeros_like(true_rgb)).abs()
        depth, seen = self._visible(batch)
        camera_from_world = batch["camera_camera_from_world"]
        normals = batch["depth_normals"].permute(0, 3, 1, 2)
        turned = (camera_from_world[:, :3, :3] @ normals.flatten(2)).reshape(normals.shape).permute(0, 2, 3, 1)
        camera = camera_disagreement(
            prediction["intrinsics"],
            prediction["camera_from_world"],
            batch["camera_intrinsics"],
            camera_from_world,
            size_px=config.image_size,
        )
        return {
            "occupancy": (1.0 + config.ray_weight) * occupancy_cross_entropy(logits, labels, weights),
            "overlap": config.overlap_weight * soft_jaccard(placed, labels[:, uniform]),
            "albedo": config.albedo_weight * off.sum() / known.sum().clamp_min(1),
            "depth": config.depth_weight * depth_error(prediction["depth"], depth / (1.0 + depth.abs()), seen),
            "normals": config.normal_weight * normal_cosine(prediction["normals"], turned, seen),
            "camera": config.camera_weight * camera,
        }

    def logits_at(self, prediction: Prediction, points: Tensor) -> Tensor:
        """Logits `b n`, zero on the surface, at points of the frame `view`, seen through the predicted camera."""
        camera = prediction["intrinsics"], prediction["camera_from_world"]
        picture = picture_from_world(points, *camera, self.config.image_size)
        logits, _ = self.decoder(prediction["front"], prediction["sides"], picture)
        empty = torch.full_like(logits, EMPTY)
        return torch.where(in_picture(picture), logits, empty) - self.config.level

    def graphs(self) -> Mapping[str, Graph]:
        """`encode`: image -> planes (`PictureDecoder.projected`), features, camera, visible depth and normals.

        `decode`: planes, points of the picture -> logits, colors.
        """
        config, planes = self.config, self.planes
        image = ("b", config.image_channels, config.image_size, config.image_size)
        pixels = (planes.front_resolution + 2) ** 2 + SIDES * (planes.side_resolution + 2) ** 2
        outputs = ("planes", "features", "intrinsics", "camera_from_world", "depth", "normals")
        table = ("b", pixels, config.plane_hidden)
        return {
            "encode": Graph(_Encode(self), {"image": image}, outputs),
            "decode": Graph(_Decode(self), {"planes": table, "points": ("b", "n", 3)}, ("logits", "colors")),
        }


def _normalized(code: Tensor) -> Tensor:
    """A code of mean 0 and variance 1: what reads it then learns at one speed, however long the encoder has trained."""
    return nn.functional.layer_norm(code, code.shape[1:])


class _Encode(nn.Module):
    def __init__(self, model: PixelAlignedReconstructor) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        prediction = self.model({"image": image})
        table = self.model.decoder.projected(prediction["front"], prediction["sides"])
        camera_from_world = prediction["camera_from_world"]
        squashed = prediction["depth"].clamp(-0.5, 0.5)
        depth = squashed / (1.0 - squashed.abs())
        normals = prediction["normals"] @ camera_from_world[:, None, :3, :3]
        camera = prediction["intrinsics"], camera_from_world
        return table, prediction["features"], *camera, depth[:, None], normals[:, None]


class _Decode(nn.Module):
    def __init__(self, model: PixelAlignedReconstructor) -> None:
        super().__init__()
        self.model = model

    def forward(self, planes: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
        model = self.model
        sizes = (model.planes.front_resolution, model.planes.side_resolution)
        logits, albedo = model.decoder.forward_projected(planes, points, sizes)
        return logits - model.config.level, albedo
