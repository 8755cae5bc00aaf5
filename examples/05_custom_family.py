"""A family of one's own: image -> occupancy of 16 x 16 x 16 cells. docs/how-to/add_a_family.md explains each part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from shapelift.datasets import OccupancyPoints, Target
from shapelift.losses.occupancy import occupancy_cross_entropy
from shapelift.models import Batch, ExportGraph, ModelConfig, Prediction, ReconstructionModel
from shapelift.testing import check_family


@dataclass(frozen=True, kw_only=True)
class BlocksConfig(ModelConfig):
    """What builds the network, and what it learns from: labelled points."""

    family: ClassVar[str] = "blocks"
    representation: ClassVar[str] = "grid"

    def build(self) -> ReconstructionModel:
        return Blocks(self)

    def targets(self) -> Mapping[str, Target]:
        return {"points": OccupancyPoints(uniform=512, near=512, frame=self.frame)}


class Blocks(ReconstructionModel):
    """Convolutions down to a code, one linear layer up to all cells."""

    def __init__(self, config: BlocksConfig) -> None:
        super().__init__()
        self.image = ("b", config.image_channels, config.image_size, config.image_size)
        down = [nn.Conv2d(config.image_channels, 64, 5, 4, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(4), nn.Flatten()]
        up = [nn.Linear(1024, 64), nn.ReLU(), nn.Linear(64, 16**3), nn.Unflatten(1, (16, 16, 16))]
        self.network = nn.Sequential(*down, *up)

    def forward(self, batch: Batch) -> Prediction:
        return {"logits": self.network(batch["image"])}

    def loss(self, prediction: Prediction, batch: Batch) -> dict[str, Tensor]:
        logits = self.logits_at(prediction, batch["points"])
        return {"occupancy": occupancy_cross_entropy(logits, batch["points_occupancy"])}

    def logits_at(self, prediction: Prediction, points: Tensor) -> Tensor:
        where = points.flip(-1)[:, :, None, None] * 2.0  # z, y, x in [-1, 1]
        return nn.functional.grid_sample(prediction["logits"][:, None], where, align_corners=False)[:, 0, :, 0, 0]

    def graphs(self) -> Mapping[str, ExportGraph]:
        return {"predict": ExportGraph(self.network, {"image": self.image}, ("logits",))}


if __name__ == "__main__":
    check_family(BlocksConfig(image_size=32))
    print("family 'blocks' keeps its contract: it trains, exports and reconstructs like every other")
