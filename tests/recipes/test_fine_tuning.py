from __future__ import annotations

import dataclasses

import pytest
import torch

from shapelift.recipes import RECIPES
from shapelift.recipes.fine_tuning import BATCH_SIZE, BUDGET_S, RATE, SLOW, SMALL_DATA_SET, WARMUP_STEPS, fine_tuned
from shapelift.training import Muon, Start, TrainConfig
from shapelift.training.network import build_optimizer

START = Start(name="general", sha256="0" * 64, images_seen=1000)


@pytest.mark.slow
@pytest.mark.parametrize("recipe", [name for name in RECIPES if name.endswith(("-general", "-compact", "-tiny"))])
def test_a_run_with_few_shapes_learns_slowly_whatever_its_family(recipe: str) -> None:
    config = dataclasses.replace(RECIPES[recipe](), start=START)
    tuned = fine_tuned(config, 80)
    assert tuned.optimizer.learning_rate == RATE * config.optimizer.learning_rate
    assert tuned.batch_size == min(config.batch_size, BATCH_SIZE)
    assert tuned.validation.patience is not None
    assert tuned.slow == SLOW
    assert tuned.schedule == dataclasses.replace(config.schedule, warmup_steps=WARMUP_STEPS)
    assert (tuned.steps, tuned.budget_s, tuned.model) == (config.steps, config.budget_s, config.model)
    with torch.device("meta"):
        groups = build_optimizer(config.model.build(), tuned.optimizer, tuned.slow).param_groups
    assert len(groups) == (6 if isinstance(config.optimizer, Muon) else 4)
    assert TrainConfig.from_json(tuned.to_json()) == tuned


def test_many_shapes_and_fresh_weights_change_nothing() -> None:
    fresh = RECIPES["implicit-general"]()
    assert fine_tuned(fresh, 10) == fresh
    started = dataclasses.replace(fresh, start=START)
    assert fine_tuned(started, SMALL_DATA_SET, length_given=False) == started


def test_a_length_is_shortened_only_where_nobody_asked_for_it() -> None:
    config = dataclasses.replace(RECIPES["implicit-general"](), start=START)
    assert fine_tuned(config, 80, length_given=False).budget_s == BUDGET_S < config.budget_s
    brief = dataclasses.replace(config, budget_s=60.0)
    assert fine_tuned(brief, 80, length_given=False).budget_s == 60.0
    counted = dataclasses.replace(config, budget_s=None, steps=10)
    assert (fine_tuned(counted, 80, length_given=False).steps, counted.budget_s) == (10, None)


def test_what_was_set_by_hand_stays() -> None:
    config = dataclasses.replace(RECIPES["implicit-tiny"](), start=START, slow={"encoder": 0.0, "decoder": 0.5})
    config = dataclasses.replace(config, validation=dataclasses.replace(config.validation, patience=2))
    tuned = fine_tuned(config, 80)
    assert tuned.slow == {"encoder": 0.0, "decoder": 0.5}
    assert tuned.validation.patience == 2
