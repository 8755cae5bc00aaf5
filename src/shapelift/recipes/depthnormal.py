"""Recipes of the depth and normal family."""

from __future__ import annotations

from shapelift.models.depthnormal import DepthNormalConfig
from shapelift.training.config import AdamW, TrainConfig, Validation
from shapelift.training.schedule import WarmupCosine


def depthnormal_compact() -> TrainConfig:
    """Depth, normals and mask of the seen surface at 128 px, and the camera: for a laptop's processor."""
    return TrainConfig(
        recipe="depthnormal-compact",
        model=DepthNormalConfig(image_size=128),
        optimizer=AdamW(learning_rate=1.5e-3, weight_decay=0.02),
        schedule=WarmupCosine(warmup=0.02),
        validation=Validation(count=12, items=256, pictures=6, criterion="loss"),
        batch_size=32,
        budget_s=40 * 60.0,
        precision="bf16",
        ema_decay=0.999,
    )


def depthnormal_tiny() -> TrainConfig:
    """A network for tests: runs in seconds and learns next to nothing."""
    return TrainConfig(
        recipe="depthnormal-tiny",
        model=DepthNormalConfig(
            image_size=32, widths=(8, 16), depths=(1, 1), code_size=16, decoder_widths=(12, 8), thickness=0.3
        ),
        optimizer=AdamW(learning_rate=5e-3),
        schedule=WarmupCosine(warmup=0.1),
        validation=Validation(count=2, items=4, pictures=2, criterion="loss"),
        batch_size=4,
        steps=12,
        precision="fp32",
        ema_decay=0.9,
        threads=1,
        log_every_steps=3,
    )
