"""Recipes of the multi-view family: first the fixed views, then random views of the fused cloud."""

from __future__ import annotations

import dataclasses
from typing import Literal

from shapelift.models.multiview import MultiviewConfig
from shapelift.recipes.runs import compact_run, published_run, tiny_run
from shapelift.training.config import AdamW, TrainConfig


def multiview_compact() -> TrainConfig:
    """Eight depth views fused into points: a compact network, the first of two stages; for a laptop's processor."""
    return compact_run("multiview-compact", _compact("fixed"), criterion="loss", minutes=60.0)


def multiview_compact_novel() -> TrainConfig:
    """The second stage of `multiview-compact`, on random views of its points, from the weights of the first."""
    first = multiview_compact()
    return dataclasses.replace(
        first,
        recipe="multiview-compact-novel",
        model=_compact("novel"),
        optimizer=AdamW(learning_rate=5e-4, weight_decay=0.02),
        batch_size=16,
        budget_s=30 * 60.0,
    )


def multiview_original() -> TrainConfig:
    """The published network of Lin, Kong and Lucey (2018), 24 M parameters, first stage; slow without a GPU.

    Loss, optimiser, rate, batch and number of steps are those of the released code: sums over pixels, Adam at a
    constant 1e-2. The second stage is `dataclasses.replace(config.model, stage="novel")` at a rate of 1e-5 for 100,000
    steps. SGD, as in the pseudo-code of the paper, is `optimizer=SGD(...)`. Differences: pixel centres lie at +0.5,
    depth is learnt where the true mask says so (`depth_mask="prediction"` is the released code), and shapes have a
    longest side of 1, not a diagonal, so that the maps are wider.
    """
    return _published("original")


def multiview_resnet() -> TrainConfig:
    """The published network with residual blocks, 108 M parameters, first stage; needs a GPU.

    Like `multiview_original` in everything else.
    """
    return _published("resnet")


def multiview_tiny() -> TrainConfig:
    """A network for tests: runs in seconds and learns next to nothing."""
    return tiny_run(
        "multiview-tiny",
        MultiviewConfig(
            image_size=32,
            views=6,
            output_size=16,
            novel_views=2,
            widths=(8, 16),
            depths=(1, 1),
            code_size=32,
            tower=(16, 12),
            head=8,
        ),
        criterion="loss",
    )


def _compact(stage: Literal["fixed", "novel"]) -> MultiviewConfig:
    # Errors of the mask are large in nats, those of the depth small in object units.
    return MultiviewConfig(image_size=128, stage=stage, position_weight=5.0, depth_weight=5.0)


def _published(generator: Literal["original", "resnet"]) -> TrainConfig:
    return published_run(
        f"multiview-{generator}",
        MultiviewConfig(
            image_size=64,
            channels="rgb",
            generator=generator,
            reduction="sum",
            outlines="count",
        ),
        AdamW(learning_rate=1e-2, beta2=0.999, weight_decay=0.0, clip_norm=None),
        batch_size=20,
        steps=500_000,
    )
