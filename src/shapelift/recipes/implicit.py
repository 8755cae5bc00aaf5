"""Recipes of the implicit family."""

from __future__ import annotations

import dataclasses

from shapelift.models.implicit import ImplicitConfig
from shapelift.recipes.runs import compact_run, tiny_run
from shapelift.training.config import AdamW, TrainConfig, Validation
from shapelift.training.schedule import WarmupCosine


def implicit_small() -> TrainConfig:
    """A compact encoder and feature planes: trains on a laptop's processor, half an hour is a start."""
    return compact_run("implicit-small", ImplicitConfig(image_size=128), minutes=30.0)


def implicit_general() -> TrainConfig:
    """Many categories, upright feature planes: the first version of the shipped model, in about an hour.

    The network is the winner of the search in docs/explanation/search.md: images seen per minute decide, so it is a
    little narrower than `implicit-small` and reads fewer points per image.
    """
    return TrainConfig(
        recipe="implicit-general",
        model=ImplicitConfig(
            image_size=128,
            widths=(32, 64, 160, 320),
            plane_widths=(128, 96, 64, 32),
            uniform_points=768,
            near_points=768,
            overlap_weight=2.0,
        ),
        optimizer=AdamW(learning_rate=2e-3, weight_decay=0.03),
        schedule=WarmupCosine(warmup=0.02),
        validation=Validation(count=12, items=256, pictures=6),
        batch_size=64,
        budget_s=66 * 60.0,
        precision="auto",
        ema_decay=0.999,
    )


def implicit_object() -> TrainConfig:
    """`implicit-general` in the upright pose of a category, for data of one category whose shapes face one way."""
    general = implicit_general()
    return dataclasses.replace(
        general,
        recipe="implicit-object",
        model=dataclasses.replace(general.model, frame="object"),
        budget_s=40 * 60.0,
    )


def implicit_imnet() -> TrainConfig:
    """The published IM-NET encoder and decoder, trained end to end: a reference, slow without a GPU.

    Source: Chen and Zhang, "Learning Implicit Fields for Generative Shape Modeling", CVPR 2019, in the improved version
    of the authors' code: squared error on a leaky-clipped output, Adam at 5e-5 with beta1 0.5. Differences: image
    encoder and decoder learn together instead of one after the other, the frame is that of the view, and the input has
    colour and a mask.
    """
    return TrainConfig(
        recipe="implicit-imnet",
        model=ImplicitConfig(
            image_size=128,
            encoder="imnet",
            decoder="imnet",
            code_size=256,
            uniform_points=2048,
            near_points=2048,
            loss="mse",
        ),
        optimizer=AdamW(learning_rate=5e-5, beta1=0.5, beta2=0.999, weight_decay=0.0, clip_norm=None),
        schedule=WarmupCosine(warmup=0.02),
        validation=Validation(count=12, items=128, pictures=4),
        batch_size=16,
        budget_s=8 * 3600.0,
        precision="auto",
        ema_decay=None,
    )


def implicit_tiny() -> TrainConfig:
    """A network for tests: runs in seconds and learns next to nothing."""
    return tiny_run(
        "implicit-tiny",
        ImplicitConfig(
            image_size=32,
            widths=(8, 16),
            depths=(1, 1),
            code_size=32,
            plane_channels=8,
            plane_widths=(16, 8),
            plane_hidden=16,
            uniform_points=128,
            near_points=128,
        ),
    )
