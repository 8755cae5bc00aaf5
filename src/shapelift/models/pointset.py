"""The point set family: a two-branch network that says where points of the surface are, in no order of the surface's.

Source: Fan, Su and Guibas, "A Point Set Generation Network for 3D Object Reconstruction from a Single Image", CVPR
2017. It is trained on a distance between sets: Chamfer's, or the earth mover's. Where an image leaves a shape open,
such a network predicts the mean shape of that distance; with `hypotheses` it takes random numbers as well, and only the
best of several answers counts (min of N), so that each may be one of the shapes instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from shapelift.datasets.targets import Noise, SurfacePoints, Target
from shapelift.losses.chamfer import chamfer_l1, chamfer_squared
from shapelift.losses.emd import earth_mover
from shapelift.losses.hypotheses import min_of_n
from shapelift.models.base import Batch, ExportGraph, Frame, ModelConfig, Prediction, ReconstructionModel
from shapelift.nn.pointset import CompactPointNet, PublishedPointNet
from shapelift.ops.axis_hull import axis_hull_logits


@dataclass(frozen=True, kw_only=True)
class PointSetConfig(ModelConfig):
    """Two-branch network, loss, and how many answers count as one.

    Attributes:
        generator: `compact` (ours), or the `published` network, which takes images of 192 px and widens them to 256.
        dense_points: Points of the fully connected branch.
        grid: Rows and columns of the up-convolution branch; every cell is a point.
        truth_points: Points of the true surface per image, other ones every time; for `emd` as many as are predicted.
        loss: `chamfer`, means of squared nearest distances both ways, `chamfer_l1`, unsquared ones, or `emd`, the mean
            distance of the best one-to-one assignment.
        truth_weight: Weight of the way from the truth to the prediction, in `chamfer`.
        prediction_weight: Weight of the way from the prediction to the truth, in `chamfer`.
        weight: Of the loss as a whole.
        hypotheses: Answers to an image in training, of which the best counts; above 1 the family is stochastic.
        noise_size: Random numbers per answer, where there are several.
        widths: Channels of the stages of the compact encoder.
        depths: Residual blocks of its stages.
        code_size: Length of the compact code.
        hidden: Units of the hidden layer of the compact dense branch.
        tower: Channels of the compact up-convolution branch, coarse to fine.
    """

    family: ClassVar[str] = "pointset"
    representation: ClassVar[str] = "points"

    frame: Frame = "object"
    generator: Literal["compact", "published"] = "compact"
    dense_points: int = 256
    grid: tuple[int, int] = (24, 32)
    truth_points: int = 2048
    loss: Literal["chamfer", "chamfer_l1", "emd"] = "chamfer"
    truth_weight: float = 1.0
    prediction_weight: float = 1.0
    weight: float = 10.0
    hypotheses: int = 1
    noise_size: int = 8
    widths: tuple[int, ...] = (32, 64, 160, 320)
    depths: tuple[int, ...] = (1, 1, 1, 1)
    code_size: int = 256
    hidden: int = 768
    tower: tuple[int, ...] = (256, 160, 96, 64)

    def __post_init__(self) -> None:
        if self.generator == "published":
            fixed = {
                "image_size": PublishedPointNet.image_shape[0],
                "dense_points": PublishedPointNet.dense_points,
                "grid": PublishedPointNet.grid,
            }
            for name, value in fixed.items():
                if getattr(self, name) != value:
                    raise ValueError(f"generator 'published' needs {name}={value}, got {getattr(self, name)}")
        if self.loss == "emd" and self.truth_points != self.points:
            raise ValueError(
                f"loss 'emd' matches point to point: truth_points must be {self.points}, got {self.truth_points}"
            )
        if self.hypotheses < 1 or self.noise_size < 1 or self.truth_points < 1:
            raise ValueError("hypotheses, noise_size and truth_points are at least 1")
        if min(self.truth_weight, self.prediction_weight, self.weight) <= 0.0:
            raise ValueError("weights are positive: with one of Chamfer's two ways alone, points collapse or stray")

    @property
    def points(self) -> int:
        """How many points are predicted: first those of the dense branch, then the grid, row by row."""
        return self.dense_points + self.grid[0] * self.grid[1]

    @property
    def stochastic(self) -> bool:
        """Whether it is trained to give several answers."""
        return self.hypotheses > 1

    def build(self) -> PointSetModel:
        """The network with fresh weights."""
        return PointSetModel(self)

    def targets(self) -> Mapping[str, Target]:
        """`surface`, points of the true surface in the frame of the prediction, and `noise` for the hypotheses."""
        targets: dict[str, Target] = {"surface": SurfacePoints(self.truth_points, self.world_frame, normals=False)}
        if self.stochastic:
            targets["noise"] = Noise(self.hypotheses, self.noise_size)
        return targets


class PointSetModel(ReconstructionModel):
    """Image, and noise where there are hypotheses -> points of two branches."""

    places: Tensor
    surround: Tensor

    def __init__(self, config: PointSetConfig) -> None:
        super().__init__()
        self.config = config
        noise_size = config.noise_size if config.stochastic else 0
        self.network: CompactPointNet | PublishedPointNet
        if config.generator == "published":
            self.network = PublishedPointNet(channels=config.image_channels, noise_size=noise_size)
        else:
            self.network = CompactPointNet(
                channels=config.image_channels,
                image_size=config.image_size,
                dense_points=config.dense_points,
                grid=config.grid,
                noise_size=noise_size,
                widths=config.widths,
                depths=config.depths,
                code_size=config.code_size,
                hidden=config.hidden,
                tower=config.tower,
            )
        # What the config says is no weight.
        self.register_buffer("places", _places(config), persistent=False)
        background = torch.tensor([config.background] * 3 + [0.0] * (config.image_channels - 3))
        self.register_buffer("surround", background[:, None, None], persistent=False)

    def forward(self, batch: Batch) -> Prediction:
        """`points` `b k n 3`, k answers each, and `features` `b d`.

        `noise` `b k z` says which answers; where a batch has none it is answered once, with noise 0.
        """
        image = batch["image"]
        state = self.network.encode(self._framed(image))
        noise, answers = None, 1
        if self.config.stochastic:
            noise = batch["noise"] if "noise" in batch else image.new_zeros(len(image), 1, self.config.noise_size)
            answers, noise = noise.shape[1], noise.flatten(0, 1)
        repeated = state if answers == 1 else tuple(part.repeat_interleave(answers, dim=0) for part in state)
        dense, grid = self.network.decode(repeated, noise)
        points = torch.cat([dense, grid.flatten(1, 2)], dim=1)
        return {"points": points.reshape(-1, answers, *points.shape[1:]), "features": state[0]}

    def loss(self, prediction: Prediction, batch: Batch) -> dict[str, Tensor]:
        """The distance to the true surface, that of the nearest answer where there are several; mean over the batch."""
        points, truth = prediction["points"], batch["surface"]
        answers = points.shape[1]
        distance = self._distance(points.flatten(0, 1), truth.repeat_interleave(answers, dim=0))
        nearest = min_of_n(distance.reshape(-1, answers))
        return {self.config.loss: self.config.weight * nearest.mean()}

    def _distance(self, points: Float[Tensor, "b n 3"], truth: Float[Tensor, "b m 3"]) -> Float[Tensor, " b"]:
        config = self.config
        if config.loss == "emd":
            return earth_mover(points, truth).cost
        if config.loss == "chamfer_l1":
            return chamfer_l1(points, truth)
        return chamfer_squared(points, truth, reduction="mean", weights=(config.prediction_weight, config.truth_weight))

    def logits_at(self, prediction: Prediction, points: Tensor) -> Tensor:
        """Occupancy logits `b n` of the hull that the points of the first answer leave; see `axis_hull_logits`.

        It is a stand-in for validation: points alone say where a surface is, not what is inside of it. Of 2,048 true
        surface points it makes an IoU of 0.70 on procedural shapes of all categories, and of 0.61 on chairs.
        """
        return axis_hull_logits(prediction["points"][:, 0].to(points.dtype), points)

    def graphs(self) -> Mapping[str, ExportGraph]:
        """`predict`: image (and noise) -> points, weights, places, features.

        All weights are 1. `places` says which branch made a point: the row and column of the up-convolution branch in
        the unit square, and -1 for points of the dense branch.
        """
        config = self.config
        inputs: dict[str, tuple[int | str, ...]] = {
            "image": ("b", config.image_channels, config.image_size, config.image_size)
        }
        if config.stochastic:
            inputs["noise"] = ("b", config.noise_size)
        return {"predict": ExportGraph(_Predict(self), inputs, ("points", "weights", "places", "features"))}

    def _framed(self, image: Float[Tensor, "b c s s"]) -> Tensor:
        """The image, in the middle of a wider one if the network takes that."""
        if isinstance(self.network, CompactPointNet):
            return image
        side = (PublishedPointNet.image_shape[1] - image.shape[3]) // 2
        return nn.functional.pad(image - self.surround, (side, side)) + self.surround


def _places(config: PointSetConfig) -> Float[Tensor, "n 2"]:
    rows, columns = config.grid
    row, column = torch.meshgrid(
        (torch.arange(rows) + 0.5) / rows, (torch.arange(columns) + 0.5) / columns, indexing="ij"
    )
    grid = torch.stack([row, column], dim=2).flatten(0, 1)
    return torch.cat([torch.full((config.dense_points, 2), -1.0), grid])


class _Predict(nn.Module):
    def __init__(self, model: PointSetModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor, noise: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        batch = {"image": image} if noise is None else {"image": image, "noise": noise[:, None]}
        prediction = self.model(batch)
        points = prediction["points"][:, 0]
        places = self.model.places.expand(image.shape[0], -1, -1)
        return points, torch.ones_like(points[..., 0]), places, prediction["features"]
