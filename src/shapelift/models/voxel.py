"""The voxel family: an image encoder, and a decoder that says of every cell of the unit cube whether it is full."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor, nn

from shapelift.datasets.targets import OccupancyPoints, Target
from shapelift.datasets.voxel_targets import VoxelOccupancy
from shapelift.losses.occupancy import occupancy_cross_entropy
from shapelift.losses.overlap import soft_jaccard
from shapelift.models.base import Batch, ExportGraph, Frame, ModelConfig, Prediction, ReconstructionModel
from shapelift.nn.encoders import CompactEncoder, ResNet18Encoder
from shapelift.nn.voxels import SEED_CELLS, PublishedVoxelDecoder, VoxelDecoder, read_cells


@dataclass(frozen=True, kw_only=True)
class VoxelConfig(ModelConfig):
    """Image encoder x cell decoder.

    Attributes:
        generator: `compact` (ours), or the `published` single-view network of the 3D-R2N2 lineage: ResNet-18, 32 cells.
        resolution: Cells per side: 8, 16, 32, 64, 128, ...
        widths: Channels of the stages of the compact encoder.
        depths: Residual blocks of its stages.
        code_size: Length of the code between encoder and decoder.
        cell_widths: Channels of the compact decoder at 4, 8, 16, ... cells per side, up to half the resolution.
        target: What the cells learn from: `cells`, the full share of each, or labelled `points`, at which the logits
            are read by linear interpolation.
        uniform_points: For `points`: points per image, uniform in the unit cube.
        near_points: For `points`: points per image, near the surface.
        overlap_weight: Weight of the overlap (`soft_jaccard`) beside the cross-entropy.
        threshold: Probability at which the surface is drawn; the exporter moves it to logit 0.
    """

    family: ClassVar[str] = "voxel"
    representation: ClassVar[str] = "grid"

    frame: Frame = "object"
    generator: Literal["compact", "published"] = "compact"
    resolution: int = 32
    widths: tuple[int, ...] = (32, 64, 160, 320)
    depths: tuple[int, ...] = (1, 1, 1, 1)
    code_size: int = 256
    cell_widths: tuple[int, ...] = (96, 64, 32)
    target: Literal["cells", "points"] = "cells"
    uniform_points: int = 1024
    near_points: int = 1024
    overlap_weight: float = 0.0
    threshold: float = 0.5

    def __post_init__(self) -> None:
        if self.generator == "published" and self.resolution != PublishedVoxelDecoder.resolution:
            raise ValueError(f"generator 'published' has 32 cells per side, got resolution {self.resolution}")
        cells = SEED_CELLS * 2 ** len(self.cell_widths)
        if self.generator == "compact" and self.resolution != cells:
            raise ValueError(
                f"{len(self.cell_widths)} cell_widths make {cells} cells per side, got resolution {self.resolution}"
            )
        if self.target == "points" and (self.uniform_points < 1 or self.near_points < 0):
            raise ValueError("target 'points' needs uniform points")
        if self.overlap_weight < 0.0:
            raise ValueError(f"overlap_weight is not negative, got {self.overlap_weight}")
        if not 0.0 < self.threshold < 1.0:
            raise ValueError(f"threshold is a probability between 0 and 1, got {self.threshold}")

    def build(self) -> VoxelModel:
        """The network with fresh weights."""
        return VoxelModel(self)

    @property
    def level(self) -> float:
        """The decoder's value on the surface: the logit of the threshold."""
        return math.log(self.threshold / (1.0 - self.threshold))

    def at_threshold(self, threshold: float) -> VoxelConfig:
        """The same config with the surface at another probability."""
        return dataclasses.replace(self, threshold=threshold)

    def targets(self) -> Mapping[str, Target]:
        """`cells`, or `points` and `points_occupancy`, in the frame of the prediction."""
        if self.target == "cells":
            return {"cells": VoxelOccupancy(self.resolution, self.world_frame)}
        return {"points": OccupancyPoints(self.uniform_points, self.near_points, self.world_frame)}


class VoxelModel(ReconstructionModel):
    """Image -> code -> logits of all cells."""

    def __init__(self, config: VoxelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder: CompactEncoder | ResNet18Encoder
        self.decoder: VoxelDecoder | PublishedVoxelDecoder
        if config.generator == "published":
            self.encoder = ResNet18Encoder(channels=config.image_channels, code_size=config.code_size)
            self.decoder = PublishedVoxelDecoder(code_size=config.code_size)
        else:
            self.encoder = CompactEncoder(
                channels=config.image_channels,
                image_size=config.image_size,
                widths=config.widths,
                depths=config.depths,
                code_size=config.code_size,
            )
            self.decoder = VoxelDecoder(code_size=config.code_size, widths=config.cell_widths)

    def forward(self, batch: Batch) -> Prediction:
        """`cells` `b r r r`, the decoder's logits in the order x, y, z, and `features` `b d`."""
        code, _ = self.encoder(batch["image"] * 2.0 - 1.0)
        return {"cells": self.decoder(code), "features": code}

    def loss(self, prediction: Prediction, batch: Batch) -> dict[str, Tensor]:
        """Cross-entropy of cells or points, and the overlap if it has weight."""
        cells, uniform = prediction["cells"], slice(None)
        if self.config.target == "cells":
            values, occupancy = cells.flatten(1), batch["cells"].flatten(1)
        else:
            values, occupancy = read_cells(cells, batch["points"]), batch["points_occupancy"]
            uniform = slice(self.config.uniform_points)  # near points would make the surface count twice
        terms = {"occupancy": occupancy_cross_entropy(values, occupancy)}
        if self.config.overlap_weight:
            terms["overlap"] = self.config.overlap_weight * soft_jaccard(values[:, uniform], occupancy[:, uniform])
        return terms

    def logits_at(self, prediction: Prediction, points: Tensor) -> Tensor:
        """Logits `b n`, zero on the surface: linear between the centres of the cells."""
        return read_cells(prediction["cells"], points) - self.config.level

    def graphs(self) -> Mapping[str, ExportGraph]:
        """`predict`: image -> logits `b x y z`, zero on the surface, and features."""
        config = self.config
        image = ("b", config.image_channels, config.image_size, config.image_size)
        return {"predict": ExportGraph(_Predict(self), {"image": image}, ("logits", "features"))}


class _Predict(nn.Module):
    def __init__(self, model: VoxelModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        prediction = self.model({"image": image})
        return prediction["cells"] - self.model.config.level, prediction["features"]
