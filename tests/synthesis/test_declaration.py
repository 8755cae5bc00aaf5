"""Parameters that are declared with their distributions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pytest

from shapelift.synthesis.procedural.declaration import (
    Parameters,
    chance,
    choice,
    drawn,
    integers,
    integers_within,
    maybe,
    seed,
    times,
    uniform,
    when,
    within,
)


@dataclass(frozen=True, kw_only=True)
class Legs(Parameters):
    legs: int = drawn(integers(3, 4))
    width: float = drawn(uniform(0.02, 0.04))


@dataclass(frozen=True, kw_only=True)
class Stool(Legs):
    kind: Literal["bar", "foot"] = drawn(choice({"bar": 3.0, "foot": 1.0}))
    _soft: ClassVar = chance(lambda p: 0.9 if p.kind == "foot" else 0.2)
    height: float = drawn(when(lambda p: p.kind == "bar", uniform(0.6, 0.8), 0.3))
    width: float = drawn(times(lambda p: p.height, uniform(0.05, 0.1)))
    cushion: float = drawn(maybe(lambda p: float(p._soft), uniform(0.03, 0.06), 0.0))
    material_seed: int = drawn(seed)


def test_parameters_are_drawn_from_top_to_bottom() -> None:
    for number in range(50):
        found, rng = Stool.sample(np.random.default_rng(number)), np.random.default_rng(number)
        legs = int(rng.integers(3, 5))
        kind = ("bar", "foot")[int(rng.choice(2, p=[0.75, 0.25]))]
        soft = bool(rng.random() < (0.9 if kind == "foot" else 0.2))
        height = float(rng.uniform(0.6, 0.8)) if kind == "bar" else 0.3
        width = height * float(rng.uniform(0.05, 0.1))
        cushion = float(rng.uniform(0.03, 0.06)) if rng.random() < float(soft) else 0.0
        assert found == Stool(
            legs=legs,
            kind=kind,
            height=height,
            width=width,
            cushion=cushion,
            material_seed=int(rng.integers(2**31)),
        )


def test_a_parameter_without_a_distribution_is_named() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Table(Parameters):
        top: float

    with pytest.raises(TypeError, match=r"Table\.top is declared without a distribution"):
        Table.sample(np.random.default_rng(0))


def test_bounds_come_from_a_table() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Shelf(Parameters):
        kind: Literal["low", "high"] = drawn(choice({"low": 1.0, "high": 1.0}))
        height: float = drawn(within(lambda p: {"low": (0.3, 0.5), "high": (1.5, 2.0)}[p.kind]))
        boards: int = drawn(integers_within(lambda p: {"low": (1, 2), "high": (4, 6)}[p.kind]))

    shelves = [Shelf.sample(np.random.default_rng(number)) for number in range(80)]
    assert all(0.3 <= one.height < 0.5 if one.kind == "low" else 1.5 <= one.height < 2.0 for one in shelves)
    assert {(one.kind, one.boards) for one in shelves} == {
        ("low", 1),
        ("low", 2),
        ("high", 4),
        ("high", 5),
        ("high", 6),
    }
