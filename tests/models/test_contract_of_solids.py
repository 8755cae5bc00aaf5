"""The contract of families that predict a field or a grid: every promise a case of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shapelift.recipes import RECIPES
from shapelift.testing import FAMILY_CHECKS, FamilyCase


@pytest.fixture(scope="module", params=["implicit", "pixelaligned", "voxel"])
def case(request: pytest.FixtureRequest) -> Iterator[FamilyCase]:
    with FamilyCase(RECIPES[f"{request.param}-tiny"]().model) as case:
        yield case


@pytest.mark.parametrize("check", FAMILY_CHECKS, ids=lambda check: check.__name__)
def test_contract(case: FamilyCase, check) -> None:
    check(case)
