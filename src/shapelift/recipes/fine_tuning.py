"""From a recipe, the run that goes on from trained weights with few shapes.

A network that has seen thousands of shapes knows more of images and forms than a hundred shapes teach. So it learns
slowly, its encoder more slowly still, in smaller batches; it is looked at more often, and left alone when it no longer
gets better on shapes it does not train on.
"""

from __future__ import annotations

import dataclasses

import torch

from shapelift.training.config import TrainConfig
from shapelift.training.network import parts_named

SMALL_DATA_SET = 500
"""A run that begins with trained weights is tuned below so many training shapes, variants not counted."""
RATE = 0.25
"""Factor of the recipe's learning rate."""
SLOW = {"encoder": 0.3}
"""Factors of the rate of parts of the network, where it has parts of that name."""
WARMUP_STEPS = 100
"""Least number of steps in which the rate rises: a run of minutes would else begin with steps that tear apart what is
known."""
BATCH_SIZE = 32
"""Largest batch: more steps in the same time."""
CHECKS, PATIENCE = 16, 6
"""Validations of the run, and how many of them in a row may pass without a better one."""
BUDGET_S = 20 * 60.0
"""Longest run, where nobody said how long."""
VARIANTS = 3
"""Stretched and mirrored variants of every training shape, where the data are made and nobody said how many."""
MIXED = 3
"""Procedural shapes of their kind mixed in for every training shape, where nobody said what."""


def is_tuned(config: TrainConfig, shapes: int) -> bool:
    """Whether a run goes on from trained weights with few shapes.

    Args:
        config: The run.
        shapes: Training shapes, without variants.
    """
    return config.start is not None and shapes < SMALL_DATA_SET


def fine_tuned(config: TrainConfig, shapes: int, *, length_given: bool = True) -> TrainConfig:
    """The run of a recipe that begins with trained weights, made for so many training shapes.

    Args:
        config: The run; one that begins with fresh weights comes back as it is.
        shapes: Training shapes, without variants; of `SMALL_DATA_SET` or more nothing is changed.
        length_given: Whether the length of the run was asked for and is not to be changed.
    """
    if not is_tuned(config, shapes):
        return config
    with torch.device("meta"):
        network = config.model.build()
    optimizer = dataclasses.replace(config.optimizer, learning_rate=RATE * config.optimizer.learning_rate)
    validation = dataclasses.replace(
        config.validation, count=max(config.validation.count, CHECKS), patience=config.validation.patience or PATIENCE
    )
    shortened = config.budget_s is not None and not length_given
    return dataclasses.replace(
        config,
        optimizer=optimizer,
        schedule=dataclasses.replace(config.schedule, warmup_steps=max(config.schedule.warmup_steps, WARMUP_STEPS)),
        validation=validation,
        batch_size=min(config.batch_size, BATCH_SIZE),
        slow={**{part: factor for part, factor in SLOW.items() if parts_named(network, part)}, **config.slow},
        budget_s=min(config.budget_s, BUDGET_S) if shortened and config.budget_s is not None else config.budget_s,
    )
