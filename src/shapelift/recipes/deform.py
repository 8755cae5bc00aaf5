"""Recipes of the deformation family: a compact network, one without what holds a mesh together, the published one."""

from __future__ import annotations

import dataclasses

from shapelift.models.deform import DeformConfig
from shapelift.recipes.runs import compact_run, published_run, tiny_run
from shapelift.training.config import AdamW, TrainConfig

_COMPACT = DeformConfig(image_size=128)


def deform_compact() -> TrainConfig:
    """A mesh pulled from an ellipsoid: a compact network and all terms; for a laptop's processor."""
    return compact_run("deform-compact", _COMPACT, criterion="loss", batch_size=16, checks=8, checked_items=128)


def deform_chamfer_only() -> TrainConfig:
    """`deform-compact` without what holds a mesh together: the distance between sets of points and nothing else."""
    first = deform_compact()
    model = dataclasses.replace(
        _COMPACT,
        edge_weight=0.0,
        spread_weight=0.0,
        smoothness_weight=0.0,
        difference_weight=0.0,
        edge_normal_weight=0.0,
        normal_weight=0.0,
        consistency_weight=0.0,
        move_weight=0.0,
    )
    return dataclasses.replace(first, recipe="deform-chamfer-only", model=model)


def deform_published() -> TrainConfig:
    """The published network of Wang et al. (Pixel2Mesh, 2018), 156, 618 and 2,466 vertices; needs a GPU.

    Encoder, graph network, loss terms, their weights (divided by 3,000), optimiser, batch and rate are those of the
    released code; decay is 5e-6, decoupled from the gradient, for all layers. Differences: images have a mask; the mesh
    stands in the frame `view`, whose unit is 0.57 published ones, and not in that of the camera, which is predicted; a
    block says how far vertices go, not where; both ends of an edge are held to the normals.
    """
    return published_run(
        "deform-published",
        DeformConfig(
            image_size=224,
            encoder="published",
            radii=(0.48, 0.34, 0.35),
            hidden=(256, 256, 256),
            pairs=(6, 6, 6),
            narrow=128,
            pooled=0,
            broadcast=False,
            surface_points=1,
            truth_points=9000,
            points="vertices",
            distance_weight=1.0,
            prediction_weight=0.55,
            edge_weight=0.1,
            spread_weight=0.0,
            smoothness_weight=0.0,
            difference_weight=0.5,
            first_difference=0.1,
            edge_normal_weight=0.5 / 3000.0 * 1.75**2,
            normal_weight=0.0,
            consistency_weight=0.0,
            move_weight=0.033,
            camera_weight=0.01,
        ),
        AdamW(learning_rate=3e-5, beta2=0.999, weight_decay=5e-6, clip_norm=None),
        batch_size=1,
        steps=5_000_000,
    )


def deform_tiny() -> TrainConfig:
    """A network for tests: runs in seconds and learns next to nothing."""
    return tiny_run(
        "deform-tiny",
        dataclasses.replace(
            _COMPACT,
            image_size=32,
            hidden=(16, 16, 12),
            pairs=(1, 1, 0),
            pooled=4,
            surface_points=128,
            truth_points=128,
            widths=(8, 16),
            depths=(1, 1),
            code_size=32,
        ),
        criterion="loss",
    )
