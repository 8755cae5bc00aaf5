"""What recipes of all families share: a run for a laptop, one as published, one for tests."""

from __future__ import annotations

from shapelift.datasets import NO_AUGMENTATION
from shapelift.models.base import ModelConfig
from shapelift.training.config import AdamW, Criterion, TrainConfig, Validation
from shapelift.training.schedule import WarmupCosine


def compact_run(
    recipe: str,
    model: ModelConfig,
    *,
    criterion: Criterion = "iou",
    batch_size: int = 32,
    minutes: float = 40.0,
    checks: int = 12,
    checked_items: int = 256,
) -> TrainConfig:
    """A run for a laptop's processor.

    Args:
        recipe: Its name.
        model: What is trained.
        criterion: What the best weights are chosen by; `loss` where an IoU would be that of a stand-in.
        batch_size: Images per step.
        minutes: How long it takes.
        checks: Validations.
        checked_items: Images of each.
    """
    return TrainConfig(
        recipe=recipe,
        model=model,
        optimizer=AdamW(learning_rate=1.5e-3, weight_decay=0.02),
        schedule=WarmupCosine(warmup=0.02),
        validation=Validation(count=checks, items=checked_items, pictures=6, criterion=criterion),
        batch_size=batch_size,
        budget_s=minutes * 60.0,
        precision="auto",
        ema_decay=0.999,
    )


def published_run(
    recipe: str,
    model: ModelConfig,
    optimizer: AdamW,
    *,
    batch_size: int,
    steps: int,
    criterion: Criterion = "loss",
    checked_items: int = 128,
) -> TrainConfig:
    """A run as papers of the field describe theirs: a constant rate, images as they are, no average of the weights.

    Args:
        recipe: Name of the recipe.
        model: What is trained.
        optimizer: With what.
        batch_size: Images per step.
        steps: Number of steps.
        criterion: What the best weights are chosen by.
        checked_items: Views that a validation scores.
    """
    return TrainConfig(
        recipe=recipe,
        model=model,
        augmentation=NO_AUGMENTATION,
        optimizer=optimizer,
        schedule=WarmupCosine(warmup=0.0, start=1.0, final=1.0),
        validation=Validation(count=20, items=checked_items, pictures=4, criterion=criterion),
        batch_size=batch_size,
        steps=steps,
        precision="fp32",
        ema_decay=None,
    )


def tiny_run(recipe: str, model: ModelConfig, *, criterion: Criterion = "iou") -> TrainConfig:
    """A run for tests: seconds long, and learns next to nothing.

    Args:
        recipe: Name of the recipe.
        model: What is trained.
        criterion: What the best weights are chosen by.
    """
    return TrainConfig(
        recipe=recipe,
        model=model,
        optimizer=AdamW(learning_rate=5e-3),
        schedule=WarmupCosine(warmup=0.1),
        validation=Validation(count=2, items=4, pictures=2, criterion=criterion),
        batch_size=4,
        steps=12,
        precision="fp32",
        ema_decay=0.9,
        threads=1,
        log_every_steps=3,
    )
