"""Random draws that the parameter distributions of the families are written with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import numpy as np

from shapelift.synthesis.materials import Kind, Material, random_material

Choice = TypeVar("Choice")


def pick(rng: np.random.Generator, weights: Mapping[Choice, float]) -> Choice:
    """One of the keys, with probability proportional to its weight."""
    keys = list(weights)
    shares = np.array([weights[key] for key in keys], dtype=np.float64)
    return keys[int(rng.choice(len(keys), p=shares / shares.sum()))]


def chance(rng: np.random.Generator, probability: float) -> bool:
    """True with this probability."""
    return bool(rng.random() < probability)


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """Uniform in [low, high)."""
    return float(rng.uniform(low, high))


def count(rng: np.random.Generator, low: int, high: int) -> int:
    """Uniform whole number, both ends included."""
    return int(rng.integers(low, high + 1))


def finish(
    rng: np.random.Generator, kinds: Mapping[str, Mapping[Kind, float]], unity: float = 0.2
) -> dict[str, Material]:
    """One material for every named group of parts, each of a kind drawn from the group's weights.

    With probability `unity` the whole object wears the material of its first group.
    """
    single = chance(rng, unity)
    drawn: dict[str, Material] = {}
    for group, weights in kinds.items():
        kind: Kind = pick(rng, weights)
        drawn[group] = random_material(rng, kind)
    first = next(iter(drawn.values()))
    return dict.fromkeys(drawn, first) if single else drawn
