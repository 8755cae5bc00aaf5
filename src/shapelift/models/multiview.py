"""The multi-view family: coordinates and masks at fixed viewpoints, fused into a cloud of points.

Source: Lin, Kong and Lucey, "Learning Efficient Point Cloud Generation for Dense 3D Object Reconstruction", AAAI 2018.
A 2D convolutional network says for every pixel of several fixed views which column, row and depth its point has and
whether there is one. Fusion is geometry without parameters. It is trained in two stages: on the views themselves, then
on random views of the fused cloud, drawn by the pseudo-renderer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from shapelift.datasets.depth_targets import FixedViews, NovelViews
from shapelift.datasets.targets import Target
from shapelift.geometry.viewpoints import FixedCount, fixed_cameras
from shapelift.losses.views import DepthMask, Outlines, Reduction, fixed_view_loss, novel_view_loss
from shapelift.models.base import Batch, ExportGraph, Frame, ModelConfig, Prediction, ReconstructionModel
from shapelift.nn.structure import ORIGINAL, RESNET, CompactGenerator, PublishedGenerator
from shapelift.ops.cameras import Cameras
from shapelift.ops.fusion import fuse_views
from shapelift.ops.pseudo_render import RenderedViews, render_views
from shapelift.ops.view_normals import view_normals

_NO_VIEW = 30.0
"""What a view that does not contain a point says about it: as good as certainly inside, the others decide."""


@dataclass(frozen=True, kw_only=True)
class MultiviewConfig(ModelConfig):
    """Structure generator, viewpoints, and the loss of a stage.

    Attributes:
        generator: `compact` (ours), or the published `original` or `resnet`.
        views: Fixed viewpoints, a set of `geometry.fixed_cameras`.
        output_size: Side of the predicted maps [px].
        extent: Object units along that side; anything in the unit cube fits into 1.75.
        stage: `fixed` learns the views themselves, `novel` random views of the fused cloud. Not part of the network.
        novel_views: Random views per step and sample.
        upsampling: Cells per side of a pixel in the pseudo-renderer.
        reduction: `sum` over pixels and divided by the batch, as published, or `mean`; see `losses.views`.
        depth_mask: Which mask says where depth is learnt: the `truth`, or the `prediction` as published.
        outlines: Whether pixels at the outline of a novel view `count`, as published, or not; see `losses.views`.
        mask_weight: Weight of the masks.
        position_weight: Weight of columns and rows, in stage `fixed`.
        depth_weight: Weight of the depth.
        widths: Channels of the stages of the compact encoder.
        depths: Residual blocks of its stages.
        code_size: Length of the compact code.
        tower: Channels of the compact tower at 4, 8, 16, ... px.
        head: Channels per view of its heads.
    """

    family: ClassVar[str] = "multiview"
    representation: ClassVar[str] = "points"

    frame: Frame = "object"
    generator: Literal["compact", "original", "resnet"] = "compact"
    views: FixedCount = 8
    output_size: int = 128
    extent: float = 1.75
    stage: Literal["fixed", "novel"] = "fixed"
    novel_views: int = 5
    upsampling: int = 5
    reduction: Reduction = "mean"
    depth_mask: DepthMask = "truth"
    outlines: Outlines = "ignore"
    mask_weight: float = 1.0
    position_weight: float = 1.0
    depth_weight: float = 1.0
    widths: tuple[int, ...] = (32, 64, 160, 320)
    depths: tuple[int, ...] = (1, 1, 1, 1)
    code_size: int = 512
    tower: tuple[int, ...] = (256, 160, 96, 64, 48)
    head: int = 8

    def __post_init__(self) -> None:
        if self.frame != "object":
            raise ValueError("frame must be 'object': depth views are stored in the frame of the object")
        if self.novel_views < 1 or self.upsampling < 1:
            raise ValueError("novel_views and upsampling are at least 1")
        if self.extent <= 0.0:
            raise ValueError(f"extent must be positive, got {self.extent}")

    def build(self) -> MultiviewModel:
        """The network with fresh weights."""
        return MultiviewModel(self)

    def targets(self) -> Mapping[str, Target]:
        """`fixed_views` in stage `fixed`; `novel_views` and where they are seen from in stage `novel`."""
        if self.stage == "fixed":
            return {"fixed_views": FixedViews(count=self.views, size=self.output_size, extent=self.extent)}
        return {"novel_views": NovelViews(count=self.novel_views, size=self.output_size, extent=self.extent)}


class MultiviewModel(ReconstructionModel):
    """Image -> maps of several views -> points."""

    camera_from_world: Tensor

    def __init__(self, config: MultiviewConfig) -> None:
        super().__init__()
        self.config = config
        self.generator: CompactGenerator | PublishedGenerator
        channels, image_size = config.image_channels, config.image_size
        if config.generator == "compact":
            self.generator = CompactGenerator(
                channels=channels,
                image_size=image_size,
                views=config.views,
                output_size=config.output_size,
                widths=config.widths,
                depths=config.depths,
                code_size=config.code_size,
                tower=config.tower,
                head=config.head,
            )
        else:
            self.generator = PublishedGenerator(
                ORIGINAL if config.generator == "original" else RESNET,
                channels=channels,
                image_size=image_size,
                views=config.views,
                output_size=config.output_size,
            )
        matrices = [camera.camera_from_world for camera in fixed_cameras(config.views, config.output_size)]
        # What the config says is no weight.
        self.register_buffer("camera_from_world", torch.from_numpy(np.stack(matrices)).float(), persistent=False)

    @property
    def cameras(self) -> Cameras:
        """Those of the fixed views, of shape `views`."""
        return self._cameras(self.camera_from_world)

    def _cameras(self, camera_from_world: Float[Tensor, "*s 4 4"]) -> Cameras:
        return Cameras.unit_orthographic(camera_from_world, self.config.output_size, self.config.extent)

    def forward(self, batch: Batch) -> Prediction:
        """`xyz` `b k s s 3` (column px, row px, depth), `mask_logits` `b k s s` and `features` `b d`."""
        maps, code = self.generator(batch["image"])
        xyz, mask_logits = maps.split([3, 1], dim=1)
        return {"xyz": xyz.permute(0, 2, 3, 4, 1), "mask_logits": mask_logits[:, 0], "features": code}

    def loss(self, prediction: Prediction, batch: Batch) -> dict[str, Tensor]:
        """The terms of the stage, weighted: `mask` and `depth`, and in stage `fixed` also `position`."""
        config = self.config
        if config.stage == "fixed":
            terms = fixed_view_loss(
                prediction["xyz"],
                prediction["mask_logits"],
                batch["fixed_views"],
                reduction=config.reduction,
                depth_mask=config.depth_mask,
            )
        else:
            terms = novel_view_loss(
                self._drawn(prediction, batch),
                batch["novel_views"],
                reduction=config.reduction,
                depth_mask=config.depth_mask,
                outlines=config.outlines,
            )
        weights = {"mask": config.mask_weight, "position": config.position_weight, "depth": config.depth_weight}
        return {name: weights[name] * value for name, value in terms.items()}

    def _drawn(self, prediction: Prediction, batch: Batch) -> RenderedViews:
        cameras = self._cameras(batch["novel_views_camera_from_world"])
        size, upsampling = self.config.output_size, self.config.upsampling
        return render_views(*self.cloud(prediction), cameras, image_size=size, upsampling=upsampling)

    def cloud(self, prediction: Prediction) -> tuple[Float[Tensor, "b n 3"], Float[Tensor, "b n"]]:
        """All points `b n 3` in the object frame and their mask logits, in the order (view, row, column)."""
        return fuse_views(prediction["xyz"], self.cameras), prediction["mask_logits"].flatten(1)

    def logits_at(self, prediction: Prediction, points: Tensor) -> Tensor:
        """Occupancy logits `b n` of the solid that the views leave: behind what every view sees, within every mask.

        A view says of a point the lower of two numbers: the mask logit of the pixel it falls into, and how many pixels
        it lies behind the depth there. The lowest over the views counts. Columns and rows of the prediction are taken
        to be those of the pixels, which training keeps them close to. It is a stand-in for validation: a cavity that no
        view looks into is filled, and one view in error cuts a hole.
        """
        size, focal = self.config.output_size, self.config.output_size / self.config.extent
        # Sums of products stay in single precision under autocast, where a matrix product would round a pixel.
        matrix = self.camera_from_world[:, None]
        x, y, z = (points[:, None, :, axis] for axis in range(3))
        column, row, depth = (
            x * matrix[..., axis, 0] + y * matrix[..., axis, 1] + z * matrix[..., axis, 2] + matrix[..., axis, 3]
            for axis in range(3)
        )
        column, row = (column * focal + size / 2.0).floor(), (row * focal + size / 2.0).floor()
        contained = (column >= 0) & (column < size) & (row >= 0) & (row < size)
        index = (row.clamp(0, size - 1) * size + column.clamp(0, size - 1)).long()
        mask = prediction["mask_logits"].flatten(2).gather(2, index)
        behind = (depth - prediction["xyz"][..., 2].flatten(2).gather(2, index)) * focal
        said = torch.where(contained, torch.minimum(mask, behind), _NO_VIEW)
        return torch.where(contained.any(dim=1), said.amin(dim=1), -_NO_VIEW)

    def graphs(self) -> Mapping[str, ExportGraph]:
        """`predict`: image -> points, weights (mask logits), normals, features. Fusion is inside."""
        config = self.config
        image = ("b", config.image_channels, config.image_size, config.image_size)
        return {"predict": ExportGraph(_Predict(self), {"image": image}, ("points", "weights", "normals", "features"))}


class _Predict(nn.Module):
    def __init__(self, model: MultiviewModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        prediction = self.model({"image": image})
        points, weights = self.model.cloud(prediction)
        normals = view_normals(prediction["xyz"], prediction["mask_logits"], self.model.cameras)
        return points, weights, normals.flatten(1, 3), prediction["features"]
