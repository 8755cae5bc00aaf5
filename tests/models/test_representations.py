"""The contract over the smallest family of each representation that no small formula could fake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pytest
import torch
from torch import Tensor, nn

from shapelift.datasets.image_targets import ImageCamera, ImageDepth
from shapelift.datasets.targets import SurfacePoints, Target
from shapelift.losses.cameras import camera_disagreement
from shapelift.models.base import ExportGraph, ModelConfig, ReconstructionModel
from shapelift.nn.camera_head import CameraHead
from shapelift.testing import ContractError, FamilyCase, check_family
from shapelift.testing.contract import exported_model_makes_closed_meshes

pytestmark = pytest.mark.slow

CORNERS = ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1))
FACES = ((0, 2, 4), (2, 1, 4), (1, 3, 4), (3, 0, 4), (2, 0, 5), (1, 2, 5), (3, 1, 5), (0, 3, 5))


@dataclass(frozen=True, kw_only=True)
class OctahedronConfig(ModelConfig):
    family: ClassVar[str] = "octahedron"
    representation: ClassVar[str] = "mesh"

    image_size: int = 32
    count: int = len(FACES)

    def build(self) -> Octahedron:
        return Octahedron(self)

    def targets(self) -> Mapping[str, Target]:
        return {"surface": SurfacePoints(64, self.frame, normals=False)}


class Octahedron(ReconstructionModel):
    """Image -> half axes of an octahedron, learnt from the extent of the true points."""

    corners: Tensor
    faces: Tensor

    def __init__(self, config: OctahedronConfig) -> None:
        super().__init__()
        self.config = config
        self.axes = nn.Linear(4 * 16, 3)
        self.register_buffer("corners", torch.tensor(CORNERS, dtype=torch.float32), persistent=False)
        self.register_buffer("faces", torch.tensor(FACES[: config.count]), persistent=False)

    def forward(self, batch: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        features = nn.functional.avg_pool2d(batch["image"], 8).flatten(1)
        axes = 0.1 + nn.functional.softplus(self.axes(features))
        return {"vertices": self.corners * axes[:, None], "axes": axes, "features": features}

    def loss(self, prediction: Mapping[str, Tensor], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        extent = batch["surface"].abs().amax(dim=1)
        return {"extent": (prediction["axes"] - extent).square().mean()}

    def logits_at(self, prediction: Mapping[str, Tensor], points: Tensor) -> Tensor:
        return 1.0 - (points / prediction["axes"][:, None]).abs().sum(dim=2)

    def graphs(self) -> Mapping[str, ExportGraph]:
        size = self.config.image_size
        outputs = ("vertices", "faces", "features")
        return {"predict": ExportGraph(_Corners(self), {"image": ("b", 4, size, size)}, outputs)}


class _Corners(nn.Module):
    def __init__(self, model: Octahedron) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        prediction = self.model({"image": image})
        faces = self.model.faces.expand(image.shape[0], -1, -1)
        return prediction["vertices"], faces, prediction["features"]


def test_a_family_of_meshes_keeps_its_contract() -> None:
    check_family(OctahedronConfig())


def test_an_open_mesh_is_noticed() -> None:
    with (
        FamilyCase(OctahedronConfig(count=len(FACES) - 1)) as case,
        pytest.raises(ContractError, match="the mesh must be closed"),
    ):
        exported_model_makes_closed_meshes(case)


@dataclass(frozen=True, kw_only=True)
class CardboardConfig(ModelConfig):
    family: ClassVar[str] = "cardboard"
    representation: ClassVar[str] = "depth"

    image_size: int = 32

    def build(self) -> Cardboard:
        return Cardboard(self)

    def targets(self) -> Mapping[str, Target]:
        return {"depth": ImageDepth(16, self.frame), "camera": ImageCamera(self.frame)}


class Cardboard(ReconstructionModel):
    """Image -> one plane across the optical axis, cut out by the mask of the image, and the camera."""

    def __init__(self, config: CardboardConfig) -> None:
        super().__init__()
        self.config = config
        self.camera = CameraHead(code_size=4 * 16, image_size=16)
        self.distance = nn.Linear(4 * 16, 1)

    def forward(self, batch: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        features = nn.functional.avg_pool2d(batch["image"], 8).flatten(1)
        intrinsics, matrix = self.camera(features)
        alpha = nn.functional.avg_pool2d(batch["image"][:, 3:], 2)
        depth = 1.0 + nn.functional.softplus(self.distance(features))[..., None, None]
        return {
            "depth": depth.expand(-1, -1, 16, 16),
            "mask_logits": 20.0 * (alpha - 0.5),
            "intrinsics": intrinsics[:, None],
            "camera_from_world": matrix[:, None],
            "features": features,
        }

    def loss(self, prediction: Mapping[str, Tensor], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        seen = batch["depth"] > 0.0
        off = (prediction["depth"][:, 0] - batch["depth"]).abs()
        true = batch["camera_intrinsics"] * torch.tensor([[0.5], [0.5], [1.0]]), batch["camera_camera_from_world"]
        found = prediction["intrinsics"][:, 0], prediction["camera_from_world"][:, 0]
        camera = camera_disagreement(*found, *true, size_px=16)
        return {"depth": (off * seen).sum() / seen.sum(), "camera": camera}

    def logits_at(self, prediction: Mapping[str, Tensor], points: Tensor) -> Tensor:
        """A slab behind the plane, within the mask."""
        matrix, intrinsics = prediction["camera_from_world"][:, 0], prediction["intrinsics"][:, 0]
        local = points @ matrix[:, :3, :3].mT + matrix[:, None, :3, 3]
        pixels = local @ intrinsics.mT
        places = pixels[..., :2] / pixels[..., 2:] / 8.0 - 1.0
        mask = nn.functional.grid_sample(prediction["mask_logits"], places[:, None], align_corners=False)[:, 0, 0]
        behind = local[..., 2] - prediction["depth"][:, 0, :1, 0]
        return torch.minimum(torch.minimum(behind + 0.1, 0.6 - behind), mask)

    def graphs(self) -> Mapping[str, ExportGraph]:
        size = self.config.image_size
        outputs = ("depth", "mask_logits", "intrinsics", "camera_from_world", "features")
        return {"predict": ExportGraph(_Maps(self, outputs), {"image": ("b", 4, size, size)}, outputs)}


class _Maps(nn.Module):
    def __init__(self, model: Cardboard, outputs: tuple[str, ...]) -> None:
        super().__init__()
        self.model = model
        self.outputs = outputs

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        prediction = self.model({"image": image})
        return tuple(prediction[name] for name in self.outputs)


def test_a_family_of_depth_maps_keeps_its_contract() -> None:
    check_family(CardboardConfig())
