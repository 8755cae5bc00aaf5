"""The contract suite over every family, and proof that it notices what it is there for."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pytest
import torch
from torch import Tensor

from shapelift.models import FAMILIES
from shapelift.models.implicit import ImplicitConfig, ImplicitReconstructor
from shapelift.models.pointset import PointSetReconstructor
from shapelift.recipes import RECIPES
from shapelift.recipes.pointset import pointset_tiny
from shapelift.testing import ContractError, _check_randomness, check_family


@pytest.mark.parametrize("family", FAMILIES)
def test_family_keeps_its_contract(family: str) -> None:
    check_family(RECIPES[f"{family}-tiny"]().model)


@pytest.mark.parametrize("loss", ["chamfer", "emd"])
def test_a_stochastic_family_keeps_its_contract(loss: Literal["chamfer", "emd"]) -> None:
    check_family(dataclasses.replace(pointset_tiny().model, hypotheses=3, noise_size=4, loss=loss))


class _Deaf(PointSetReconstructor):
    """Takes noise, and makes nothing of it."""

    def forward(self, batch: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        noise = batch["noise"] if "noise" in batch else torch.zeros(len(batch["image"]), 1, self.config.noise_size)
        return super().forward({**batch, "noise": 0.0 * noise})


class _Leaky(PointSetReconstructor):
    """Its features tell which answer was drawn."""

    def forward(self, batch: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        prediction = super().forward(batch)
        return {**prediction, "features": prediction["features"] + prediction["points"].mean()}


class _Dependent(PointSetReconstructor):
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
def test_a_broken_promise_on_noise_is_named(broken: type[PointSetReconstructor], message: str) -> None:
    config = dataclasses.replace(pointset_tiny().model, hypotheses=2, noise_size=4)
    with pytest.raises(ContractError, match=message):
        _check_randomness(config, broken(config).eval())


def test_noise_that_the_config_does_not_speak_of_is_named() -> None:
    config = dataclasses.replace(pointset_tiny().model, hypotheses=2, noise_size=4)
    with pytest.raises(ContractError, match="noise is an input of the first graph if stochastic"):
        _check_randomness(pointset_tiny().model, config.build().eval())
    with pytest.raises(ContractError, match="noise is an input of the first graph if stochastic"):
        _check_randomness(config, pointset_tiny().model.build().eval())


class _Neighbours(ImplicitReconstructor):
    def forward(self, batch: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        prediction = super().forward(batch)
        return {**prediction, "features": prediction["features"] - prediction["features"].mean(0)}


class _Unused(ImplicitReconstructor):
    def __init__(self, config: ImplicitConfig) -> None:
        super().__init__(config)
        self.unused = torch.nn.Linear(2, 2)


class _Random(ImplicitReconstructor):
    def forward(self, batch: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        prediction = super().forward(batch)
        return {**prediction, "features": prediction["features"] + torch.randn(())}


class _Lazy(ImplicitReconstructor):
    def loss(self, prediction: Mapping[str, Tensor], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {name: 1e-6 * value + 1.0 for name, value in super().loss(prediction, batch).items()}


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (_Neighbours, "must not depend on its neighbours"),
        (_Unused, "unused.weight must get a gradient"),
        (_Random, "must be the same twice"),
        (_Lazy, "must halve"),
    ],
)
def test_a_broken_promise_is_named(broken: type[ImplicitReconstructor], message: str) -> None:
    @dataclass(frozen=True, kw_only=True)
    class Config(ImplicitConfig):
        def build(self) -> ImplicitReconstructor:
            return broken(self)

    with pytest.raises(ContractError, match=message):
        check_family(Config(**dataclasses.asdict(RECIPES["implicit-tiny"]().model)))
