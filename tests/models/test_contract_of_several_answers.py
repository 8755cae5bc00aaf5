"""The contract of a family that gives several answers: every promise a case of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from shapelift.recipes import RECIPES
from shapelift.testing import FAMILY_CHECKS, FamilyCase

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["chamfer", "emd"])
def case(request: pytest.FixtureRequest) -> Iterator[FamilyCase]:
    with FamilyCase(
        dataclasses.replace(RECIPES["pointset-tiny"]().model, hypotheses=3, noise_size=4, loss=request.param)
    ) as case:
        yield case


@pytest.mark.parametrize("check", FAMILY_CHECKS, ids=lambda check: check.__name__)
def test_contract(case: FamilyCase, check) -> None:
    check(case)
