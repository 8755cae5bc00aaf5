"""The implicit family: an image encoder and a field decoder (IM-NET, occupancy networks, feature planes)."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from shapelift.datasets.targets import OccupancyPoints, Target
from shapelift.losses.occupancy import occupancy_cross_entropy, occupancy_squared_error
from shapelift.losses.overlap import soft_jaccard
from shapelift.models.base import Batch, ExportGraph, ModelConfig, Prediction, ReconstructionModel
from shapelift.nn.encoders import CompactEncoder, ImNetEncoder
from shapelift.nn.imnet import ImNetDecoder, leaky_clip
from shapelift.nn.planes import PlaneDecoder, PlaneGenerator


@dataclass(frozen=True, kw_only=True)
class ImplicitConfig(ModelConfig):
    """Image encoder x field decoder.

    Attributes:
        encoder: `compact` (ours, see `CompactEncoder`) or `imnet` (the published image encoder, 128 px).
        decoder: `planes` (ours: three feature planes and a small network) or `imnet` (the published decoder).
        widths: Channels of the stages of the compact encoder.
        depths: Residual blocks of its stages.
        code_size: Length of the dense code between encoder and decoder.
        plane_channels: Channels of a feature plane.
        plane_widths: Channels of the up-convolution tower at 4, 8, 16, ... px.
        plane_hidden: Hidden units of the network that reads the planes.
        skips: Whether the planes also see the feature maps of the compact encoder.
        uniform_points: Training points per image, uniform in the unit cube.
        near_points: Training points per image, near the surface.
        near_weight: Weight of a near point in the cross-entropy; a uniform one has weight 1.
        overlap_weight: Weight of the overlap of the uniform points (`soft_jaccard`) beside the cross-entropy.
        loss: `bce`, or `mse` on the leaky-clipped output as IM-NET was published (decoder `imnet` only).
        threshold: Probability at which the surface is drawn; the exporter moves it to logit 0.
    """

    family: ClassVar[str] = "implicit"
    representation: ClassVar[str] = "field"

    encoder: Literal["compact", "imnet"] = "compact"
    decoder: Literal["planes", "imnet"] = "planes"
    widths: tuple[int, ...] = (48, 96, 192, 384)
    depths: tuple[int, ...] = (1, 1, 1, 1)
    code_size: int = 512
    plane_channels: int = 32
    plane_widths: tuple[int, ...] = (128, 96, 64, 48)
    plane_hidden: int = 64
    skips: bool = True
    uniform_points: int = 1024
    near_points: int = 1024
    near_weight: float = 1.0
    overlap_weight: float = 0.0
    loss: Literal["bce", "mse"] = "bce"
    threshold: float = 0.5

    def __post_init__(self) -> None:
        if self.loss == "mse" and self.decoder != "imnet":
            raise ValueError("loss 'mse' belongs to the published decoder: use decoder='imnet'")
        if self.overlap_weight < 0.0 or (self.overlap_weight and (self.loss == "mse" or self.uniform_points < 1)):
            raise ValueError("overlap_weight is not negative, and needs loss='bce' and uniform points")
        if self.encoder == "imnet" and self.image_size != ImNetEncoder.image_size:
            raise ValueError(f"encoder 'imnet' takes images of {ImNetEncoder.image_size} px, got {self.image_size}")
        stages = {self.image_size // 4 // 2**index for index in range(len(self.widths))}
        planes = {4 * 2**index for index in range(len(self.plane_widths))}
        if self.skips and self.encoder == "compact" and self.decoder == "planes" and not stages & planes:
            raise ValueError(
                f"skips need a stage of the encoder at a resolution of the planes {sorted(planes)}; image_size "
                f"{self.image_size} gives {sorted(stages)}: take 64, 128 or 256, or skips=False"
            )
        if not 0.0 < self.threshold < 1.0:
            raise ValueError(f"threshold is a probability between 0 and 1, got {self.threshold}")

    def build(self) -> ImplicitModel:
        """The network with fresh weights."""
        return ImplicitModel(self)

    @property
    def level(self) -> float:
        """The decoder's value on the surface: the threshold's logit, or with `mse` the threshold itself."""
        return self.threshold if self.loss == "mse" else math.log(self.threshold / (1.0 - self.threshold))

    def at_threshold(self, threshold: float) -> ImplicitConfig:
        """The same config with the surface at another probability."""
        return dataclasses.replace(self, threshold=threshold)

    def targets(self) -> Mapping[str, Target]:
        """Labelled points in the frame of the prediction."""
        return {"points": OccupancyPoints(self.uniform_points, self.near_points, self.world_frame)}


class ImplicitModel(ReconstructionModel):
    """Image -> code or planes -> logit of any point."""

    def __init__(self, config: ImplicitConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder: CompactEncoder | ImNetEncoder
        if config.encoder == "imnet":
            self.encoder = ImNetEncoder(channels=config.image_channels, code_size=config.code_size)
        else:
            self.encoder = CompactEncoder(
                channels=config.image_channels,
                image_size=config.image_size,
                widths=config.widths,
                depths=config.depths,
                code_size=config.code_size,
            )
        self.generator: PlaneGenerator | None = None
        self.decoder: PlaneDecoder | ImNetDecoder
        if config.decoder == "planes":
            skips = dict(zip(self.encoder.resolutions, self.encoder.widths, strict=True)) if config.skips else None
            self.generator = PlaneGenerator(
                code_size=config.code_size,
                channels=config.plane_channels,
                widths=config.plane_widths,
                skip_widths=skips,
            )
            self.decoder = PlaneDecoder(channels=config.plane_channels, hidden=config.plane_hidden)
        else:
            self.decoder = ImNetDecoder(code_size=config.code_size)

    def encode(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Image `b c h w` in [0, 1] -> what the decoder reads (`b 3 c r r` planes or `b d` code), features `b d`."""
        code, pyramid = self.encoder(image * 2.0 - 1.0)
        shape = code if self.generator is None else self.generator(code, pyramid)
        return shape, code

    def forward(self, batch: Batch) -> Prediction:
        """Encode the image; decode `points` where the batch has them."""
        shape, features = self.encode(batch["image"])
        prediction = {"shape": shape, "features": features}
        if "points" in batch:
            prediction["values"] = self.decoder(shape, batch["points"])
        return prediction

    def loss(self, prediction: Prediction, batch: Batch) -> dict[str, Tensor]:
        """Cross-entropy (or the published squared error) on the labelled points, and the overlap if it has weight."""
        values, occupancy = prediction["values"], batch["points_occupancy"]
        if self.config.loss == "mse":
            return {"occupancy": occupancy_squared_error(leaky_clip(values), occupancy)}
        weights = None
        if self.config.near_weight != 1.0:
            weights = torch.ones_like(occupancy)
            weights[:, self.config.uniform_points :] = self.config.near_weight
        terms = {"occupancy": occupancy_cross_entropy(values, occupancy, weights)}
        if self.config.overlap_weight:
            uniform = slice(self.config.uniform_points)
            terms["overlap"] = self.config.overlap_weight * soft_jaccard(values[:, uniform], occupancy[:, uniform])
        return terms

    def logits_at(self, prediction: Prediction, points: Tensor) -> Tensor:
        """Logits `b n`, zero on the surface."""
        return self.centered(self.decoder(prediction["shape"], points))

    def centered(self, values: Tensor) -> Tensor:
        """Decoder values, any shape, as logits that are 0 at the threshold."""
        return values - self.config.level

    def graphs(self) -> Mapping[str, ExportGraph]:
        """`encode`: image -> planes (`PlaneDecoder.projected`) or code, features. `decode`: those, points -> logits."""
        config = self.config
        image = ("b", config.image_channels, config.image_size, config.image_size)
        name: str = "code"
        shape: tuple[int | str, ...] = ("b", config.code_size)
        if self.generator is not None:
            name = "planes"
            side = self.generator.resolution + 2
            shape = ("b", 3, side, side, config.plane_hidden)
        return {
            "encode": ExportGraph(_Encode(self), {"image": image}, (name, "features")),
            "decode": ExportGraph(_Decode(self), {name: shape, "points": ("b", "n", 3)}, ("logits",)),
        }


class _Encode(nn.Module):
    def __init__(self, model: ImplicitModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        shape, features = self.model.encode(image)
        decoder = self.model.decoder
        return (decoder.projected(shape) if isinstance(decoder, PlaneDecoder) else shape), features


class _Decode(nn.Module):
    def __init__(self, model: ImplicitModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, shape: Tensor, points: Tensor) -> Tensor:
        decoder = self.model.decoder
        read = decoder.forward_projected if isinstance(decoder, PlaneDecoder) else decoder
        return self.model.centered(read(shape, points))
