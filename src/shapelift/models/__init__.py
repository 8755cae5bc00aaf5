"""The families: one file each, one line in `FAMILIES` each."""

from __future__ import annotations

from shapelift.models.base import (
    Batch,
    ExportGraph,
    Frame,
    ModelConfig,
    Prediction,
    ReconstructionModel,
    Thresholded,
    config_from_json,
)
from shapelift.models.deform import DeformConfig
from shapelift.models.depthnormal import DepthNormalConfig
from shapelift.models.export import export_graphs
from shapelift.models.implicit import ImplicitConfig
from shapelift.models.multiview import MultiviewConfig
from shapelift.models.pixelaligned import PixelAlignedConfig
from shapelift.models.pointset import PointSetConfig
from shapelift.models.voxel import VoxelConfig

FAMILIES: dict[str, type[ModelConfig]] = {
    "deform": DeformConfig,
    "depthnormal": DepthNormalConfig,
    "implicit": ImplicitConfig,
    "multiview": MultiviewConfig,
    "pixelaligned": PixelAlignedConfig,
    "pointset": PointSetConfig,
    "voxel": VoxelConfig,
}

__all__ = [
    "FAMILIES",
    "Batch",
    "DeformConfig",
    "DepthNormalConfig",
    "ExportGraph",
    "Frame",
    "ImplicitConfig",
    "ModelConfig",
    "MultiviewConfig",
    "PixelAlignedConfig",
    "PointSetConfig",
    "Prediction",
    "ReconstructionModel",
    "Thresholded",
    "VoxelConfig",
    "config_from_json",
    "export_graphs",
]
