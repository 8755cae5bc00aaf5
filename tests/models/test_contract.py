"""The contract suite over every family, and proof that it notices what it is there for."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from shapelift.models import FAMILIES
from shapelift.models.implicit import ImplicitConfig, ImplicitReconstructor
from shapelift.recipes import RECIPES
from shapelift.testing import ContractError, check_family


@pytest.mark.parametrize("family", FAMILIES)
def test_family_keeps_its_contract(family: str) -> None:
    check_family(RECIPES[f"{family}-tiny"]().model)


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
