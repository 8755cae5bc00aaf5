"""Recipes of the voxel family: cells of the unit cube, coarse and fine, and the published network."""

from __future__ import annotations

import dataclasses

from shapelift.models.voxel import VoxelConfig
from shapelift.recipes.runs import compact_run, published_run, tiny_run
from shapelift.training.config import AdamW, TrainConfig

# Against `target="cells"`: after 90 CPU-seconds each on 1,629 chairs, validation IoU 0.298 and not 0.257.
_COMPACT = VoxelConfig(image_size=128, target="points", uniform_points=4096, near_points=2048, overlap_weight=1.0)


def voxel_compact() -> TrainConfig:
    """Occupancy of 32 x 32 x 32 cells, a compact network: for a laptop's processor."""
    return compact_run("voxel-compact", _COMPACT)


def voxel_compact_64() -> TrainConfig:
    """`voxel-compact` with 64 x 64 x 64 cells: finer, and several times slower per image."""
    first = voxel_compact()
    model = dataclasses.replace(_COMPACT, resolution=64, cell_widths=(96, 64, 32, 16))
    return dataclasses.replace(first, recipe="voxel-compact-64", model=model, batch_size=16)


def voxel_published() -> TrainConfig:
    """The published single-view network of the 3D-R2N2 lineage, ResNet-18 and 32 cells, 17 M parameters; needs a GPU.

    Network, loss (cross-entropy alone) and threshold are those to which Mescheder et al. (2019) compared occupancy
    networks, Adam at 1e-4 too. Differences: the encoder starts from fresh weights and not from those of ImageNet, the
    image has a mask, and the cells are shares and not a surface's binary ones. The threshold of 0.4, that of Choy et
    al. (2016), is where it starts; the end of training chooses on the validation split.
    """
    return published_run(
        "voxel-published",
        VoxelConfig(image_size=224, generator="published", threshold=0.4),
        AdamW(learning_rate=1e-4, beta2=0.999, weight_decay=0.0, clip_norm=None),
        batch_size=64,
        steps=200_000,
        criterion="iou",
        checked_items=256,
    )


def voxel_tiny() -> TrainConfig:
    """A network for tests: runs in seconds and learns next to nothing."""
    return tiny_run(
        "voxel-tiny",
        VoxelConfig(
            image_size=32,
            resolution=16,
            widths=(8, 16),
            depths=(1, 1),
            code_size=32,
            cell_widths=(16, 8),
            overlap_weight=0.5,
        ),
    )
