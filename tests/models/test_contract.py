"""Proof that the contract suite notices what it is there for; the families themselves: test_contract_of_*.py."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest
import torch
from torch import Tensor

from shapelift.models.base import ExportGraph, ModelConfig, ReconstructionModel
from shapelift.models.implicit import ImplicitConfig, ImplicitModel
from shapelift.models.pointset import PointSetModel
from shapelift.recipes import RECIPES
from shapelift.recipes.pointset import pointset_tiny
from shapelift.testing import FAMILY_CHECKS, ContractError, FamilyCase, check_family
from shapelift.testing.contract import noise_is_what_the_configuration_says

pytestmark = pytest.mark.slow

IMPLICIT = RECIPES["implicit-tiny"]().model
CHECKS = {check.__name__: check for check in FAMILY_CHECKS}


def with_network(broken: type, config: ModelConfig) -> ModelConfig:
    """The configuration, of another network."""

    @dataclass(frozen=True, kw_only=True)
    class Config(type(config)):  # type: ignore[misc]
        def build(self) -> Any:
            return broken(self)

    return Config(**{field.name: getattr(config, field.name) for field in dataclasses.fields(config)})


class _Untaught(FamilyCase):
    """For promises that a network keeps or breaks whatever it has learned."""

    @cached_property
    def _overfitted(self) -> tuple[ReconstructionModel, list[float]]:
        return self.fresh, []


class _Deaf(PointSetModel):
    """Takes noise, and makes nothing of it."""

    def forward(self, batch: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        noise = batch["noise"] if "noise" in batch else torch.zeros(len(batch["image"]), 1, self.config.noise_size)
        return super().forward({**batch, "noise": 0.0 * noise})


class _Leaky(PointSetModel):
    """Its features tell which answer was drawn."""

    def forward(self, batch: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        prediction = super().forward(batch)
        return {**prediction, "features": prediction["features"] + prediction["points"].mean()}


class _Dependent(PointSetModel):
    """Cannot do without noise."""

    def forward(self, batch: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        return super().forward(
            {**batch, "noise": batch.get("noise", torch.full((len(batch["image"]), 1, 4), torch.nan))}
        )


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (_Deaf, "the answer must depend on the noise"),
        (_Leaky, "features must not depend on the noise"),
        (_Dependent, "without noise must be answered"),
    ],
)
def test_a_broken_promise_on_noise_is_named(broken: type[PointSetModel], message: str) -> None:
    config = dataclasses.replace(pointset_tiny().model, hypotheses=2, noise_size=4)
    with _Untaught(with_network(broken, config)) as case, pytest.raises(ContractError, match=message):
        noise_is_what_the_configuration_says(case)


class _Noisy(PointSetModel):
    """Draws its answers whatever the configuration says."""

    def graphs(self) -> Mapping[str, ExportGraph]:
        graph = super().graphs()["predict"]
        return {"predict": dataclasses.replace(graph, inputs={**graph.inputs, "noise": ("b", 4)})}


def test_noise_that_the_config_does_not_speak_of_is_named() -> None:
    with (
        _Untaught(with_network(_Noisy, pointset_tiny().model)) as case,
        pytest.raises(ContractError, match="noise is an input of the first graph if stochastic"),
    ):
        noise_is_what_the_configuration_says(case)


class _Neighbours(ImplicitModel):
    def forward(self, batch: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        prediction = super().forward(batch)
        return {**prediction, "features": prediction["features"] - prediction["features"].mean(0)}


class _Unused(ImplicitModel):
    def __init__(self, config: ImplicitConfig) -> None:
        super().__init__(config)
        self.unused = torch.nn.Linear(2, 2)


class _ZeroGradient(_Unused):
    """There is a gradient of what is unused, and it is zero."""

    def loss(self, prediction: Mapping[str, Tensor], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        nothing = 0.0 * torch.stack([parameter.sum() for parameter in self.unused.parameters()]).sum()
        return {**super().loss(prediction, batch), "nothing": nothing}


class _Random(ImplicitModel):
    def forward(self, batch: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        prediction = super().forward(batch)
        return {**prediction, "features": prediction["features"] + torch.randn(())}


class _Lazy(ImplicitModel):
    def loss(self, prediction: Mapping[str, Tensor], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {name: 1e-6 * value + 1.0 for name, value in super().loss(prediction, batch).items()}


class _FlippedSign(ImplicitModel):
    """`logits_at` is positive outside."""

    def logits_at(self, prediction: Mapping[str, Tensor], points: Tensor) -> Tensor:
        return -super().logits_at(prediction, points)


@pytest.mark.parametrize(
    ("broken", "check", "message"),
    [
        (_Neighbours, "items_are_independent", "must not depend on its neighbours"),
        (_Unused, "gradients_reach_every_parameter", "unused.weight must get a gradient"),
        (_ZeroGradient, "gradients_reach_every_parameter", r"unused\.bias must not be zero"),
        (_Random, "answers_are_the_same_twice", "must be the same twice"),
        (_Lazy, "loss_learns_a_batch_by_heart", "must halve"),
        (_FlippedSign, "solid_is_the_true_one", "must be the one that was learned"),
    ],
)
def test_a_broken_promise_is_named(broken: type[ImplicitModel], check: str, message: str) -> None:
    with FamilyCase(with_network(broken, IMPLICIT)) as case, pytest.raises(ContractError, match=message):
        CHECKS[check](case)


def test_a_gradient_may_be_exempt_by_name_and_with_a_reason() -> None:
    """Only what is named, only what exists, only with a reason."""
    check = CHECKS["gradients_reach_every_parameter"]

    @dataclass(frozen=True, kw_only=True)
    class Exempt(ImplicitConfig):
        exempt: tuple[tuple[str, str], ...] = ()

        @property
        def without_gradient(self) -> Mapping[str, str]:
            return dict(self.exempt)

        def build(self) -> ImplicitModel:
            return _Unused(self)  # type: ignore[arg-type]

    def case(*exempt: tuple[str, str]) -> FamilyCase:
        return FamilyCase(Exempt(**{**dataclasses.asdict(IMPLICIT), "exempt": exempt}))

    weight, bias = ("unused.weight", "kept for old checkpoints"), ("unused.bias", "kept for old checkpoints")
    with case(weight, bias) as whole:
        check(whole)
    with case(weight) as half, pytest.raises(ContractError, match=r"unused\.bias must get a gradient"):
        check(half)
    with case(weight, bias, ("gone", "x")) as gone, pytest.raises(ContractError, match="gone is exempt"):
        check(gone)
    with case(weight, ("unused.bias", "")) as silent, pytest.raises(ContractError, match=r"unused\.bias is exempt"):
        check(silent)


class _Both(_FlippedSign, _Random):
    """Two promises are broken."""


def test_one_failure_hides_no_other() -> None:
    with FamilyCase(with_network(_Both, IMPLICIT)) as case:
        for check in ("solid_is_the_true_one", "answers_are_the_same_twice"):
            with pytest.raises(ContractError):
                CHECKS[check](case)
        CHECKS["loss_learns_a_batch_by_heart"](case)


def test_check_family_runs_all_of_it() -> None:
    with pytest.raises(ContractError, match="must not be zero"):
        check_family(with_network(_ZeroGradient, IMPLICIT))
