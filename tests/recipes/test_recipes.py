from __future__ import annotations

import dataclasses
import json

import pytest

from shapelift.errors import InputError
from shapelift.models import FAMILIES
from shapelift.recipes import RECIPES, find_recipe, summary
from shapelift.training import SGD, TrainConfig


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_survives_json(name: str) -> None:
    config = RECIPES[name]()
    assert config.recipe == name
    assert TrainConfig.from_json(config.to_json()) == config
    assert TrainConfig.from_json(json.dumps(json.loads(config.to_json()), indent=2)) == config


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_says_what_it_is_in_one_line(name: str) -> None:
    assert 20 < len(summary(name)) < 120


def test_every_family_has_a_tiny_recipe() -> None:
    for family in FAMILIES:
        assert RECIPES[f"{family}-tiny"]().model.family == family


def test_recipes_are_found_by_name() -> None:
    assert find_recipe("implicit-small").recipe == "implicit-small"
    with pytest.raises(InputError, match="did you mean 'implicit-imnet'"):
        find_recipe("implicit-imnt")


@pytest.mark.parametrize(
    "changes",
    [{"steps": None}, {"budget_s": 5.0}, {"batch_size": 0}, {"ema_decay": 1.0}, {"threads": 0}],
)
def test_impossible_runs_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes)).split("_")[0]):
        dataclasses.replace(RECIPES["implicit-tiny"](), **changes)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"model": {"family": "zebra"}}', "null"])
def test_what_is_no_run_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="not a training configuration"):
        TrainConfig.from_json(text)


def test_threads_and_logging_do_not_make_another_run() -> None:
    config = RECIPES["implicit-tiny"]()
    assert dataclasses.replace(config, threads=3, workers=2, log_every_steps=7).identity() == config.identity()
    assert dataclasses.replace(config, seed=1).identity() != config.identity()


def test_another_optimiser_is_one_field_away_and_survives_json() -> None:
    tiny = RECIPES["implicit-tiny"]()
    config = dataclasses.replace(tiny, optimizer=SGD(learning_rate=0.05, nesterov=True, clip_norm=None))
    assert TrainConfig.from_json(config.to_json()) == config
    assert config.identity() != tiny.identity()
    assert "kind" not in json.loads(tiny.to_json())["optimizer"]
    values = json.loads(config.to_json())
    values["optimizer"]["kind"] = "adagrad"
    with pytest.raises(InputError, match="not a training configuration"):
        TrainConfig.from_json(json.dumps(values))
