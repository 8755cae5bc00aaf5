"""What training reads: batches assembled from the records that synthesis wrote."""

from shapelift.datasets.augmentation import NO_AUGMENTATION, Augmentation
from shapelift.datasets.depth_targets import FixedViews, NovelViews
from shapelift.datasets.image_targets import ImageCamera, ImageDepth
from shapelift.datasets.packed import PackedDataset
from shapelift.datasets.packing import Pack, PackDetail, pack
from shapelift.datasets.shapes import ShapeDataset
from shapelift.datasets.targets import (
    Noise,
    OccupancyPoints,
    ShapeView,
    SurfaceAlbedo,
    SurfacePoints,
    Target,
    UniformDraws,
)
from shapelift.datasets.voxel_targets import VoxelOccupancy

__all__ = [
    "NO_AUGMENTATION",
    "Augmentation",
    "FixedViews",
    "ImageCamera",
    "ImageDepth",
    "Noise",
    "NovelViews",
    "OccupancyPoints",
    "Pack",
    "PackDetail",
    "PackedDataset",
    "ShapeDataset",
    "ShapeView",
    "SurfaceAlbedo",
    "SurfacePoints",
    "Target",
    "UniformDraws",
    "VoxelOccupancy",
    "pack",
]
