"""Parameters of a shape, each declared once with its distribution beside it.

    @dataclass(frozen=True, kw_only=True)
    class StoolParameters(Parameters):
        legs: int = drawn(integers(3, 4))
        height: float = drawn(uniform(0.4, 0.8))
        _upholstered: ClassVar = chance(0.3)
        cushion: float = drawn(when(lambda p: p._upholstered, uniform(0.03, 0.06), 0.0))
        material_seed: int = drawn(seed)

`StoolParameters.sample(rng)` draws them from top to bottom. A distribution may depend on what was drawn before it: a
function of the parameters drawn so far may stand in the place of a number. A `ClassVar` is drawn in its place like the
others and is known to those below it, but is no parameter. A class that inherits parameters draws the inherited ones
first, in their order, unless it declares them again in a place of its own.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any, Self, TypeAlias, TypeVar, overload

import numpy as np

_Value = TypeVar("_Value")

Range = tuple[float, float]
"""Lower and upper bound."""
Drawn = SimpleNamespace
"""The parameters drawn so far, by name."""
Distribution: TypeAlias = Callable[[np.random.Generator, Drawn], _Value]
"""One value, from a generator and the parameters drawn so far."""
_Given: TypeAlias = _Value | Callable[[Drawn], _Value]
"""A value, or a function that says it from the parameters drawn so far."""
Draw: TypeAlias = Distribution[_Value] | _Value
"""A distribution, or the only value."""

_DRAW = "draw"


class Parameters:
    """Base of the parameter classes: `sample`, derived from their declarations."""

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """Random, mutually plausible parameters."""
        so_far = Drawn()
        for name, draw in _declared(cls):
            setattr(so_far, name, draw(rng, so_far))
        names = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]
        return cls(**{name: getattr(so_far, name) for name in names})


def drawn(distribution: Distribution[_Value]) -> _Value:
    """A parameter of this distribution: the right side of its declaration."""
    found: _Value = dataclasses.field(metadata={_DRAW: distribution})
    return found


def uniform(low: _Given[float], high: _Given[float]) -> Distribution[float]:
    """Uniform in [low, high)."""
    return lambda rng, so_far: float(rng.uniform(_value(low, so_far), _value(high, so_far)))


def within(bounds: Callable[[Drawn], Range]) -> Distribution[float]:
    """Uniform between two bounds that the parameters drawn so far say, mostly by a table."""
    return lambda rng, so_far: float(rng.uniform(*bounds(so_far)))


def integers(low: _Given[int], high: _Given[int]) -> Distribution[int]:
    """Uniform whole number, both ends included."""
    return lambda rng, so_far: int(rng.integers(_value(low, so_far), _value(high, so_far) + 1))


def integers_within(bounds: Callable[[Drawn], tuple[int, int]]) -> Distribution[int]:
    """Uniform whole number between two bounds, both included, that the parameters drawn so far say."""
    return lambda rng, so_far: int(rng.integers(*bounds(so_far), endpoint=True))


def chance(probability: _Given[float]) -> Distribution[bool]:
    """True with this probability."""
    return lambda rng, so_far: bool(rng.random() < _value(probability, so_far))


def choice(weights: _Given[Mapping[_Value, float]]) -> Distribution[_Value]:
    """One of the keys, with probability proportional to its weight."""

    def draw(rng: np.random.Generator, so_far: Drawn) -> _Value:
        table: Mapping[_Value, float] = _value(weights, so_far)
        keys = list(table)
        shares = np.array([table[key] for key in keys], dtype=np.float64)
        return keys[int(rng.choice(len(keys), p=shares / shares.sum()))]

    return draw


@overload
def maybe(
    probability: _Given[float], value: Distribution[_Value], otherwise: Distribution[_Value]
) -> Distribution[_Value]: ...
@overload
def maybe(probability: _Given[float], value: Draw[_Value], otherwise: Draw[_Value]) -> Distribution[_Value]: ...
def maybe(probability: _Given[float], value: Draw[_Value], otherwise: Draw[_Value]) -> Distribution[_Value]:
    """One of two, drawn by chance.

    Args:
        probability: Of `value`.
        value: A distribution or the only value.
        otherwise: Likewise. Only the one chosen is drawn.
    """
    happens = chance(probability)
    return lambda rng, so_far: _draw(value if happens(rng, so_far) else otherwise, rng, so_far)


@overload
def when(
    condition: Callable[[Drawn], bool], value: Distribution[_Value], otherwise: Distribution[_Value]
) -> Distribution[_Value]: ...
@overload
def when(condition: Callable[[Drawn], bool], value: Draw[_Value], otherwise: Draw[_Value]) -> Distribution[_Value]: ...
def when(condition: Callable[[Drawn], bool], value: Draw[_Value], otherwise: Draw[_Value]) -> Distribution[_Value]:
    """One of two, told by a condition.

    Args:
        condition: On the parameters drawn so far.
        value: A distribution or the only value, where the condition holds.
        otherwise: Likewise, where it does not. Only the one chosen is drawn.
    """
    return lambda rng, so_far: _draw(value if condition(so_far) else otherwise, rng, so_far)


def times(factor: _Given[float], distribution: Distribution[float]) -> Distribution[float]:
    """A share of something: a factor, mostly a function of the parameters drawn so far, times what is drawn."""
    return lambda rng, so_far: _value(factor, so_far) * distribution(rng, so_far)


def seed(rng: np.random.Generator, so_far: Drawn) -> int:
    """Seed of a generator of its own, for the materials."""
    del so_far
    return int(rng.integers(2**31))


def _value(given: _Given[_Value], so_far: Drawn) -> _Value:
    return given(so_far) if callable(given) else given


def _draw(draw: Draw[_Value], rng: np.random.Generator, so_far: Drawn) -> _Value:
    return draw(rng, so_far) if callable(draw) else draw


def _declared(cls: type) -> Iterator[tuple[str, Distribution[Any]]]:
    """Names and distributions in the order of drawing."""
    fields = {field.name: field.metadata.get(_DRAW) for field in dataclasses.fields(cls)}
    last = {name: base for base in reversed(cls.__mro__) for name in inspect.get_annotations(base)}
    for base in reversed(cls.__mro__):
        for name in inspect.get_annotations(base):
            if last[name] is not base:
                continue  # declared again, and drawn there
            distribution = fields[name] if name in fields else base.__dict__.get(name)
            if distribution is None:
                raise TypeError(f"{cls.__name__}.{name} is declared without a distribution")
            yield name, distribution
