"""Recipes of the point set family: one network under two distances between sets, the published one, and hypotheses."""

from __future__ import annotations

import dataclasses

from shapelift.models.pointset import PointSetConfig
from shapelift.recipes.runs import compact_run, published_run, tiny_run
from shapelift.training.config import AdamW, TrainConfig

# The norm of the gradient is then about 1, where clipping meets outliers only; the earth mover's wants a weight of 1.
_COMPACT = PointSetConfig(image_size=128, weight=10.0)


def pointset_compact() -> TrainConfig:
    """A compact two-branch network, 1,024 points, Chamfer distance: for a laptop's processor."""
    return compact_run("pointset-compact", _COMPACT, criterion="loss")


def pointset_compact_emd() -> TrainConfig:
    """`pointset-compact` under the earth mover's distance, which spreads the points evenly."""
    first = pointset_compact()
    model = dataclasses.replace(_COMPACT, truth_points=_COMPACT.points, loss="emd", weight=1.0)
    return dataclasses.replace(first, recipe="pointset-compact-emd", model=model, batch_size=16)


def pointset_hypotheses() -> TrainConfig:
    """`pointset-compact` with several answers to an image: random input, and the best of four counts."""
    first = pointset_compact()
    model = dataclasses.replace(_COMPACT, hypotheses=4)
    return dataclasses.replace(first, recipe="pointset-hypotheses", model=model, batch_size=16)


def pointset_published() -> TrainConfig:
    """The published network of Fan, Su and Guibas (2017), 70 M parameters, Chamfer distance; needs a GPU.

    Loss (squared, the way from the prediction at half weight), optimiser, rate, batch, steps and number of true points
    are those of the released code. Differences: images are square and widened with background, the mask is that of the
    object and not of what is around it, weight decay is 1e-4 decoupled from the gradient for all layers instead of a
    penalty per kind of layer, and the frame is the object's.
    """
    return published_run(
        "pointset-published",
        PointSetConfig(
            image_size=192,
            generator="published",
            dense_points=256,
            grid=(24, 32),
            truth_points=16_384,
            prediction_weight=0.5,
            weight=1e4,
        ),
        AdamW(learning_rate=3e-5, beta2=0.999, weight_decay=1e-4, clip_norm=None),
        batch_size=32,
        steps=300_000,
    )


def pointset_tiny() -> TrainConfig:
    """A network for tests: runs in seconds and learns next to nothing."""
    return tiny_run(
        "pointset-tiny",
        PointSetConfig(
            image_size=32,
            dense_points=32,
            grid=(8, 12),
            truth_points=128,
            widths=(8, 16),
            depths=(1, 1),
            code_size=32,
            hidden=32,
            tower=(16, 12),
        ),
        criterion="loss",
    )
