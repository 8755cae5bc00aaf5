"""The pixel-aligned family: a field in the frame of the picture, with the camera that leads out of it.

Where an image shows something is where the network looks for it: the pixel grid of the encoder's maps is the front
plane of the field. Beside it stand three upright planes, in which things are as they are in the world: floors level,
walls plumb. The camera (how far it looks down, how near it stands), guessed from the image, says where a point of the
picture lies among them, and sets the result upright at the end (`nn.picture_planes`). After the idea of Saito et al.,
"PIFu", ICCV 2019, with the feature planes of Chan et al. 2022.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from shapelift.datasets.image_targets import ImageCamera, ImageDepth
from shapelift.datasets.targets import OccupancyPoints, SurfaceAlbedo, Target, UniformDraws
from shapelift.geometry.fields import EMPTY
from shapelift.losses.cameras import camera_disagreement
from shapelift.losses.depth import depth_error
from shapelift.losses.normal_maps import normal_cosine
from shapelift.losses.normals import unit
from shapelift.losses.occupancy import occupancy_cross_entropy
from shapelift.losses.overlap import soft_jaccard
from shapelift.losses.rays import ray_labels
from shapelift.models.base import Batch, ExportGraph, Frame, ModelConfig, Prediction, ReconstructionModel
from shapelift.nn.camera_head import CameraHead
from shapelift.nn.encoders import CompactEncoder, resized_maps
from shapelift.nn.picture_planes import FrontPlane, PictureDecoder
from shapelift.nn.planes import PLANES, PlaneGenerator
from shapelift.ops.leading_channels import leading_channels
from shapelift.ops.picture_frame import DEEPEST, in_picture, picture_depth, picture_from_world, world_from_picture

BEYOND, FALL = 0.52, 40.0
"""Shapes lie in the unit cube: upright coordinates beyond this, in either direction, lower the logit by this much per
unit, so that nothing that training never asked for stands behind a shape."""

GUESSED = (0.25, 0.25)
"""Shares of the training images whose points are looked up through the guessed camera: in the upright planes, while the
front plane is read where the image shows them; and in the front plane, while the upright ones are read where they truly
lie. What reads both learns how far the camera can be trusted; with all others the planes learn what is true."""

_CORNERS = 0.25
"""Share of the corners of the unit cube beside the object's own surface in the loss of the camera: they hold what the
surface leaves open."""
_BETA = 0.02
"""Where the loss of the camera on the surface becomes a straight line, in windows."""

_SCALE = (0.5, 4.0)
"""Least and largest number of windows that a unit at the origin fills: one training view in two hundred, of a shape
seen end-on, lies above 2.2, and hardly any above 4."""

_COARSEST = 4
"""Resolution of the upright planes at first, and of what the code is read from. The maps of finer images are shrunk for
both: what an image is of is seen in a small one, and where its parts are the front plane says."""

_MAPS = 4  # visible depth, three of the normal


@dataclass(frozen=True, kw_only=True)
class PixelAlignedConfig(ModelConfig):
    """Encoder, planes, decoder, points, and the weight of every term of the loss.

    Attributes:
        widths: Channels of the stages of the compact encoder.
        depths: Residual blocks of its stages.
        code_size: Length of its code.
        front_channels: Channels of the front plane, the front maps included.
        plane_channels: Channels of an upright plane.
        front_widths: Channels of the tower of the front plane, from the resolution of the encoder's last stage on.
        fine_width: Channels at twice the resolution of its end, which is half that of the image.
        plane_widths: Channels of the tower of the upright planes.
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
        distance_weight: Of its distance from the corners of the unit cube, within that: the least that an image shows,
            and the least that a shape depends on.
        threshold: Probability at which the surface is drawn; the exporter moves it to logit 0.
    """

    family: ClassVar[str] = "pixelaligned"
    representation: ClassVar[str] = "field"

    frame: Frame = "picture"
    widths: tuple[int, ...] = (32, 64, 160, 320)
    depths: tuple[int, ...] = (1, 1, 1, 1)
    code_size: int = 512
    front_channels: int = 28
    plane_channels: int = 32
    front_widths: tuple[int, ...] = (128, 96, 64, 48)
    fine_width: int = 32
    plane_widths: tuple[int, ...] = (128, 96, 64, 32)
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
    camera_weight: float = 4.0
    distance_weight: float = 0.1
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

    def build(self) -> PixelAlignedModel:
        """The network with fresh weights."""
        return PixelAlignedModel(self)

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
        return (self.image_size >> (len(self.widths) + 1)) << len(self.front_widths)

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


class PixelAlignedModel(ReconstructionModel):
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
            code_map=_COARSEST,
        )
        stages = dict(zip(self.encoder.resolutions, self.encoder.widths, strict=True))
        self.front = FrontPlane(
            code_size=config.code_size,
            channels=config.front_channels,
            widths=config.front_widths,
            fine_width=config.fine_width,
            map_widths=stages | {config.image_size // 2: self.encoder.stem_width},
        )
        self.generator = PlaneGenerator(
            code_size=config.code_size,
            channels=config.plane_channels,
            widths=config.plane_widths,
            skip_widths={_COARSEST << index: width for index, width in enumerate(reversed(self.encoder.widths))},
        )
        self.camera = CameraHead(
            code_size=config.code_size,
            image_size=config.image_size,
            hidden=config.camera_hidden,
            roll=True,
            scale=_SCALE,
        )
        self.decoder = PictureDecoder(
            front_channels=config.front_channels, plane_channels=config.plane_channels, hidden=config.plane_hidden
        )

    def forward(self, batch: Batch) -> Prediction:
        """Planes, front maps and camera; logits and colours of the batch's points where it has them.

        `front` `b c r r` and `planes` `b 3 d q q` are the planes. Depth and normals of the visible surface are the
        first channels of the front plane, so the decoder sees whether a point lies behind it: `depth` `b r r`, as
        w / (1 + |w|) of the frame's third coordinate, and `normals` `b r r 3`, unit, in the axes of the camera.
        """
        image = batch["image"] * 2.0 - 1.0
        code, pyramid = self.encoder.with_stem(image)
        read = _normalized(code)
        front = self.front(read, pyramid)
        camera = self.camera.camera(self._camera_numbers(image, read))
        # An untrained network is sure that everything is seen straight from the front.
        maps = leading_channels(front, _MAPS)
        towards = maps.new_tensor([0.0, 0.0, -1.0])
        prediction = {
            "front": front,
            "planes": self.generator(code, self._shrunk(pyramid)),
            "depth": maps[:, 0],
            "normals": unit(maps[:, 1:].permute(0, 2, 3, 1) + towards),
            "intrinsics": camera[0],
            "camera_from_world": camera[1],
            "features": code,
        }
        if "points" in batch:
            picture, labels, weights = self._labelled(batch)
            count = labels.shape[1]
            picture, upright = self._places(picture, batch, camera)
            logits, albedo = self.answer(prediction, picture, upright)
            prediction |= {"logits": logits[:, :count], "albedo": albedo[:, count:]}
            prediction |= {"labels": labels, "weights": weights}
        return prediction

    @staticmethod
    def _shrunk(pyramid: Sequence[Tensor]) -> list[Tensor]:
        """The maps of the stages at the resolutions of the tower of the upright planes."""
        return [resized_maps(maps, _COARSEST << index) for index, maps in enumerate(reversed(pyramid[1:]))]

    def answer(self, prediction: Prediction, picture: Tensor, upright: Tensor) -> tuple[Tensor, Tensor]:
        """Logits `b n` and colours `b n 3` of points.

        Args:
            prediction: Of `forward`.
            picture: Points `b n 3` in the frame of the picture.
            upright: The same points in the upright frame.
        """
        logits, albedo = self.decoder(prediction["front"], prediction["planes"], picture, upright)
        return logits - beyond(upright), albedo

    def _places(self, picture: Tensor, batch: Batch, camera: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Where points of the true picture are looked up, in the picture and upright; see `GUESSED`."""
        size = self.config.image_size
        guess = camera[0].detach(), camera[1].detach()
        if not self.training:
            return picture, world_from_picture(picture, *guess, size)
        true = batch["camera_intrinsics"], batch["camera_camera_from_world"]
        draw = torch.rand(len(picture), 1, 1, device=picture.device)
        upright_guessed, front_guessed = draw < GUESSED[0], draw > 1.0 - GUESSED[1]
        mixed = torch.where(upright_guessed, guess[0], true[0]), torch.where(upright_guessed, guess[1], true[1])
        upright = world_from_picture(picture, *mixed, size)
        return torch.where(front_guessed, picture_from_world(upright, *guess, size), picture), upright

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

        Visible depth and normals are compared in the true picture, so that what is wrong with the guessed camera is not
        held against them. The camera is measured by where it puts the surface of the object.
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
        normals = batch["depth_normals"].permute(0, 3, 1, 2)
        rotation = batch["camera_camera_from_world"][:, :3, :3]
        turned = (rotation @ normals.flatten(2)).reshape(normals.shape).permute(0, 2, 3, 1)
        return {
            "occupancy": (1.0 + config.ray_weight) * occupancy_cross_entropy(logits, labels, weights),
            "overlap": config.overlap_weight * soft_jaccard(placed, labels[:, uniform]),
            "albedo": config.albedo_weight * off.sum() / known.sum().clamp_min(1),
            "depth": config.depth_weight * depth_error(prediction["depth"], depth / (1.0 + depth.abs()), seen),
            "normals": config.normal_weight * normal_cosine(prediction["normals"], turned, seen),
            "camera": config.camera_weight * self._camera_error(prediction, batch),
        }

    def _camera_error(self, prediction: Prediction, batch: Batch) -> Tensor:
        """How far off the guessed camera puts the surface of the object and, with less weight, the unit cube."""
        guess = prediction["intrinsics"], prediction["camera_from_world"]
        true = batch["camera_intrinsics"], batch["camera_camera_from_world"]
        size, surface = self.config.image_size, batch["albedo"]
        corners = camera_disagreement(*guess, *true, size_px=size, depth_weight=self.config.distance_weight)
        placed, truly = (picture_from_world(surface, *camera, size) for camera in (guess, true))
        apart = nn.functional.smooth_l1_loss(placed, truly, beta=_BETA, reduction="none").sum(dim=2).mean()
        return apart + _CORNERS * corners

    def logits_at(self, prediction: Prediction, points: Tensor) -> Tensor:
        """Logits `b n`, zero on the surface, at points of the frame `view`, seen through the predicted camera."""
        camera = prediction["intrinsics"], prediction["camera_from_world"]
        picture = picture_from_world(points, *camera, self.config.image_size)
        logits, _ = self.answer(prediction, picture, points)
        empty = torch.full_like(logits, EMPTY)
        return torch.where(in_picture(picture), logits, empty) - self.config.level

    def graphs(self) -> Mapping[str, ExportGraph]:
        """`encode`: image -> planes (`PictureDecoder.projected`), features, camera, visible depth and normals.

        `decode`: planes, camera, points of the picture -> logits, colors.
        """
        config = self.config
        image = ("b", config.image_channels, config.image_size, config.image_size)
        pixels = (self.front.resolution + 2) ** 2 + PLANES * (self.generator.resolution + 2) ** 2
        outputs = ("planes", "features", "intrinsics", "camera_from_world", "depth", "normals")
        table = ("b", pixels, config.plane_hidden)
        return {
            "encode": ExportGraph(_Encode(self), {"image": image}, outputs),
            "decode": ExportGraph(
                _Decode(self),
                {
                    "planes": table,
                    "intrinsics": ("b", 3, 3),
                    "camera_from_world": ("b", 4, 4),
                    "points": ("b", "n", 3),
                },
                ("logits", "colors"),
            ),
        }


def beyond(upright: Float[Tensor, "b n 3"]) -> Float[Tensor, "b n"]:
    """How much the logit of points is lowered because they lie outside of the unit cube; see `BEYOND`."""
    return FALL * (upright.abs().amax(dim=-1) - BEYOND).clamp_min(0.0)


def _normalized(code: Tensor) -> Tensor:
    """A code of mean 0 and variance 1: what reads it then learns at one speed, however long the encoder has trained."""
    return nn.functional.layer_norm(code, code.shape[1:])


class _Encode(nn.Module):
    def __init__(self, model: PixelAlignedModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        prediction = self.model({"image": image})
        table = self.model.decoder.projected(prediction["front"], prediction["planes"])
        camera_from_world = prediction["camera_from_world"]
        squashed = prediction["depth"].clamp(-0.5, 0.5)
        depth = squashed / (1.0 - squashed.abs())
        normals = prediction["normals"] @ camera_from_world[:, None, :3, :3]
        camera = prediction["intrinsics"], camera_from_world
        return table, prediction["features"], *camera, depth[:, None], normals[:, None]


class _Decode(nn.Module):
    def __init__(self, model: PixelAlignedModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, planes: Tensor, intrinsics: Tensor, camera_from_world: Tensor, points: Tensor
    ) -> tuple[Tensor, Tensor]:
        model = self.model
        upright = world_from_picture(points, intrinsics, camera_from_world, model.config.image_size)
        sizes = (model.front.resolution, model.generator.resolution)
        logits, albedo = model.decoder.forward_projected(planes, points, upright, sizes)
        return logits - beyond(upright) - model.config.level, albedo
