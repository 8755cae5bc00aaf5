"""The contract of families that predict points, a mesh or depth: every promise a case of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shapelift.recipes import RECIPES
from shapelift.testing import FAMILY_CHECKS, FamilyCase

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["deform", "depthnormal", "multiview", "pointset"])
def case(request: pytest.FixtureRequest) -> Iterator[FamilyCase]:
    with FamilyCase(RECIPES[f"{request.param}-tiny"]().model) as case:
        yield case


@pytest.mark.parametrize("check", FAMILY_CHECKS, ids=lambda check: check.__name__)
def test_contract(case: FamilyCase, check) -> None:
    check(case)
