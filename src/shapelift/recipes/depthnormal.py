"""Recipes of the depth and normal family."""

from __future__ import annotations

from shapelift.models.depthnormal import DepthNormalConfig
from shapelift.recipes.runs import compact_run, tiny_run
from shapelift.training.config import TrainConfig


def depthnormal_compact() -> TrainConfig:
    """Depth, normals and mask of the seen surface at 128 px, and the camera: for a laptop's processor."""
    return compact_run("depthnormal-compact", DepthNormalConfig(image_size=128), criterion="loss")


def depthnormal_tiny() -> TrainConfig:
    """A network for tests: runs in seconds and learns next to nothing."""
    return tiny_run(
        "depthnormal-tiny",
        DepthNormalConfig(
            image_size=32, widths=(8, 16), depths=(1, 1), code_size=16, decoder_widths=(12, 8), thickness=0.3
        ),
        criterion="loss",
    )
