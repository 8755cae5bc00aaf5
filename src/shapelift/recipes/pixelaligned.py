"""Recipes of the pixel-aligned family."""

from __future__ import annotations

import dataclasses

from shapelift.datasets import Augmentation
from shapelift.models.pixelaligned import PixelAlignedConfig
from shapelift.recipes.runs import tiny_run
from shapelift.training.config import Muon, TrainConfig, Validation
from shapelift.training.schedule import WarmupCosine

PHOTOGRAPHS = Augmentation(
    shift=0.04,
    zoom=0.06,
    roll_deg=8.0,
    cut=0.05,
    bites=0.05,
    halo=0.08,
    table=0.05,
    jpeg=0.1,
    balance=0.1,
    defocus=0.08,
    uneven=0.25,
)
"""What happens to renders so that they prepare for photographs: masks cut wrongly now and then, a camera not held
level, a window wider than the object's own, a lens, and a file format."""


def pixelaligned_general() -> TrainConfig:
    """The shipped model: many categories, a field in the frame of the picture; on an ordinary processor, hours."""
    return TrainConfig(
        recipe="pixelaligned-general",
        model=PixelAlignedConfig(image_size=128),
        augmentation=PHOTOGRAPHS,
        optimizer=Muon(learning_rate=1.2e-3, weight_decay=0.03),
        schedule=WarmupCosine(warmup=0.02),
        validation=Validation(count=12, items=256, pictures=6),
        batch_size=64,
        budget_s=4 * 3600.0,
        precision="auto",
        ema_decay=0.999,
    )


def pixelaligned_wide() -> TrainConfig:
    """`pixelaligned-general` widened for a GPU, where twelve minutes are a start: not trained to its end so far.

    Wider where an image costs arithmetic and not where it costs parameters, so that the model stays below 20 MB.
    """
    general = pixelaligned_general()
    return dataclasses.replace(
        general,
        recipe="pixelaligned-wide",
        model=PixelAlignedConfig(
            image_size=128,
            widths=(48, 96, 192, 320),
            depths=(2, 2, 2, 1),
            code_size=448,
            front_channels=40,
            plane_channels=40,
            front_widths=(128, 128, 96, 64),
            fine_width=48,
            plane_widths=(128, 96, 64, 48),
            plane_hidden=96,
            uniform_points=1024,
            near_points=1024,
        ),
        optimizer=Muon(learning_rate=1.5e-3, weight_decay=0.03),
        validation=Validation(count=6, items=256, pictures=6),
        batch_size=128,
        budget_s=12 * 60.0,
    )


def pixelaligned_tiny() -> TrainConfig:
    """A network for tests: runs in seconds and learns next to nothing."""
    return tiny_run(
        "pixelaligned-tiny",
        PixelAlignedConfig(
            image_size=32,
            widths=(8, 16),
            depths=(1, 1),
            code_size=32,
            front_channels=12,
            plane_channels=8,
            front_widths=(16, 12),
            fine_width=8,
            plane_widths=(16, 8),
            plane_hidden=16,
            camera_hidden=16,
            uniform_points=128,
            near_points=128,
            ray_points=32,
            albedo_points=32,
        ),
    )
