"""Mean shapes: which point set a loss settles on where the truth could be one shape or another.

A network that cannot know which of several shapes an image shows is asked, by its loss, for the set with the least
expected distance to all of them. Here the network is left out: the points themselves are the parameters, and gradient
descent over samples of an ambiguous shape shows what the loss alone makes of it. Shapes lie in the plane z = 0.

Source of the question and of both kinds of ambiguity: Fan, Su and Guibas, "A Point Set Generation Network", CVPR 2017.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Float
from torch import Tensor

from shapelift.losses.hypotheses import min_of_n

SetDistance = Callable[[Tensor, Tensor], Tensor]
"""Points `b n 3` and as many `b n 3` -> one distance per item."""

Box = tuple[float, float, float, float]
"""Least x and y, greatest x and y."""

Side = Literal["right", "left"]

HEXAGONS = 5.0 / (18.0 * math.sqrt(3.0))
"""Mean squared distance to the nearest point of a hexagonal lattice with one point per unit of area."""

_GOLDEN = 0.5 * (math.sqrt(5.0) - 1.0)


@runtime_checkable
class Ambiguity(Protocol):
    """A shape with something about it that nobody can see."""

    def draw(self, items: int, points: int, generator: torch.Generator) -> Float[Tensor, "items points 3"]:
        """Shapes, evenly sampled; what is hidden is drawn once from each of `items` equal parts of its distribution."""
        ...

    def outlines(self) -> tuple[npt.NDArray[np.float64], ...]:
        """Closed lines `k 2` between which all shapes lie, to be drawn."""
        ...


@dataclass(frozen=True)
class HiddenRadius:
    """A circle around the origin whose radius is anything between two ends: a continuous ambiguity.

    Attributes:
        low, high: Ends of the radius.
        skew: The radius is low + (high - low) u ** skew, u uniform in [0, 1]: above 1, small radii are more frequent.
    """

    low: float = 0.2
    high: float = 0.6
    skew: float = 1.0

    def quantile(self, share: float) -> float:
        """The radius that a share of all circles stays below."""
        return float(self.low + (self.high - self.low) * share**self.skew)

    @property
    def mean(self) -> float:
        """The expected radius."""
        return self.low + (self.high - self.low) / (1.0 + self.skew)

    def draw(self, items: int, points: int, generator: torch.Generator) -> Float[Tensor, "items points 3"]:
        """Circles of equidistant points, turned at random."""
        turn = torch.rand(items, 1, generator=generator)
        share = _shares(items, generator)[:, None]
        radius = self.low + (self.high - self.low) * share**self.skew
        angle = 2.0 * math.pi * (torch.arange(points) + turn) / points
        return torch.stack([radius * angle.cos(), radius * angle.sin(), torch.zeros_like(angle)], dim=2)

    def splash(self, points: int, pieces: int = 4000) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Which radii Chamfer's mean shape has, by `splash`: radii in the middle of rings, and the shares of points."""
        edges = np.linspace(self.low, self.high, pieces + 1)
        areas, radii = np.pi * np.diff(edges**2), 0.5 * (edges[1:] + edges[:-1])
        truth = np.diff(((edges - self.low) / (self.high - self.low)) ** (1.0 / self.skew)) / areas
        return radii, splash(truth, (radii - self.mean) ** 2, areas, points)

    def outlines(self) -> tuple[npt.NDArray[np.float64], ...]:
        """The smallest and the largest circle."""
        return circle(self.low), circle(self.high)


@dataclass(frozen=True)
class AddOn:
    """A bar with a square on it that is there or not, or on one side or the other: a discrete ambiguity.

    Attributes:
        probability: That the square is on the right.
        otherwise: Whether else there is none, or one on the left.
        bar, right, left: Where they are; they only touch.
    """

    probability: float = 0.5
    otherwise: Literal["none", "left"] = "none"
    bar: Box = (-0.5, -0.25, 0.5, 0.0)
    right: Box = (0.2, 0.0, 0.5, 0.3)
    left: Box = (-0.5, 0.0, -0.2, 0.3)

    def __post_init__(self) -> None:
        if self.otherwise not in {"none", "left"} or not 0.0 <= self.probability <= 1.0:
            raise ValueError("otherwise is 'none' or 'left', and the probability is in [0, 1]")

    @property
    def share(self) -> float:
        """Of the points of a shape that has the square, those on the square: its share of the area."""
        return _area(self.right) / (_area(self.right) + _area(self.bar))

    def draw(self, items: int, points: int, generator: torch.Generator) -> Float[Tensor, "items points 3"]:
        """Shapes evenly filled with points: on the square as many per area as on the bar."""
        there = _shares(items, generator) < self.probability
        count = round(points * self.share)
        shapes = []
        for on_the_right in there.tolist():
            box = self.right if on_the_right else self.left if self.otherwise == "left" else None
            square = [] if box is None else [_fill(box, count, generator)]
            bar = _fill(self.bar, points - count if square else points, generator)
            shapes.append(torch.cat([bar, *square]))
        return torch.nn.functional.pad(torch.stack(shapes), (0, 1))

    def splash(self, points: int, pieces: int = 400) -> float:
        """The share of points on the right in Chamfer's mean shape, by `splash`."""
        height = self.right[3] - self.right[1]
        above = (np.arange(pieces) + 0.5) / pieces * height
        chances = [self.probability] + [1.0 - self.probability] * (self.otherwise == "left")
        whole = _area(self.right) + _area(self.bar)
        bare = 1.0 - sum(chances)
        truth = [sum(chances) / whole + bare / _area(self.bar)]
        price, areas = [0.0], [_area(self.bar)]
        for chance in chances:
            truth += [chance / whole] * pieces
            price += ((1.0 - chance) * above**2).tolist()
            areas += [_area(self.right) / pieces] * pieces
        return float(splash(truth, price, areas, points)[1 : 1 + pieces].sum())

    def outlines(self) -> tuple[npt.NDArray[np.float64], ...]:
        """The bar and the places of the square."""
        boxes = (self.bar, self.right, self.left) if self.otherwise == "left" else (self.bar, self.right)
        return tuple(rectangle(*box) for box in boxes)

    def share_above(self, points: Float[Tensor, "*b n 3"], side: Side = "right") -> Float[Tensor, "*b"]:
        """The share of points above the bar, in one half of the plane."""
        on_the_right = points[..., 0] > 0.5 * (self.left[2] + self.right[0])
        above = points[..., 1] > self.bar[3]
        return (above & (on_the_right if side == "right" else ~on_the_right)).float().mean(dim=-1)


def mean_shape(
    ambiguity: Ambiguity,
    distance: SetDistance,
    *,
    points: int = 256,
    hypotheses: int = 1,
    others: float = 0.05,
    steps: int = 300,
    items: int = 8,
    learning_rate: float = 0.02,
    seed: int = 0,
) -> Float[Tensor, "hypotheses points 3"]:
    """The point set, or the few of them, with the least expected distance to an ambiguous shape.

    Adam on the points, from a cloud at random in the square of side 1, with a rate that falls to 0 like a cosine. Where
    there are several sets, the nearest to each sample counts (`min_of_n`).

    Args:
        ambiguity: What is sampled.
        distance: Between batches of sets.
        points: Of every set.
        hypotheses: How many sets.
        others: Weight of those that are not the nearest, at first; it falls to 0 within the first half of the steps.
        steps: Of gradient descent.
        items: Samples per step.
        learning_rate: At first, in units of the points.
        seed: Of the start and of the samples.
    """
    generator = torch.Generator().manual_seed(seed)
    places = torch.rand(hypotheses, points, 2, generator=generator) - 0.5
    sets = torch.nn.functional.pad(places, (0, 1)).requires_grad_()
    optimizer = torch.optim.Adam([sets], lr=learning_rate, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.5 + 0.5 * math.cos(math.pi * step / steps))
    for step in range(steps):
        truth = ambiguity.draw(items, points, generator)
        costs = distance(sets.repeat(items, 1, 1), truth.repeat_interleave(hypotheses, dim=0))
        weight = others * max(0.0, 1.0 - 2.0 * step / steps)
        optimizer.zero_grad()
        min_of_n(costs.reshape(items, hypotheses), others=weight).mean().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    return sets.detach()


def splash(truth: npt.ArrayLike, price: npt.ArrayLike, areas: npt.ArrayLike, points: int) -> npt.NDArray[np.float64]:
    """How Chamfer's distance (means of squares, both ways) spreads many points over pieces of the plane.

    With n points at a density rho, points at x pay price(x), the expected squared distance from x to the truth, and the
    truth at x pays c / (n rho(x)), the mean squared distance to the nearest point of a lattice. Their sum is least at

        rho(x) = sqrt(c truth(x) / (n (price(x) + s)))

    with the s that makes rho a density. The rule is that of optimal quantisation (Gersho 1979) with a price on places.
    It is exact for many points; few are spread less, because the plane between two places is no lattice.

    Args:
        truth: `k`, the expected density of the truth in every piece [1 / area].
        price: `k`, as above [area].
        areas: `k`, of the pieces.
        points: n.

    Returns:
        The share of the points in every piece, `k`; they add up to 1.
    """
    density, paid, area = (np.asarray(values, np.float64) for values in (truth, price, areas))
    paid = paid - paid.min()
    low, high = 0.0, HEXAGONS * (density * area).sum() * area.sum() / points
    for _ in range(200):
        middle = 0.5 * (low + high)
        share = area * np.sqrt(HEXAGONS * density / (points * (paid + middle)))
        low, high = (middle, high) if share.sum() > 1.0 else (low, middle)
    return np.asarray(share / share.sum())


def _shares(items: int, generator: torch.Generator) -> Float[Tensor, " items"]:
    """One number in [0, 1) from each of as many equal parts: uniform, and with less chance in their mean."""
    return (torch.arange(items) + torch.rand(items, generator=generator)) / items


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _fill(box: Box, count: int, generator: torch.Generator) -> Float[Tensor, "count 2"]:
    """A lattice of the golden ratio, shifted at random: evenly spaced in boxes of any proportions."""
    number, shift = torch.arange(count), torch.rand(2, generator=generator)
    place = torch.stack([(number + shift[0]) / max(count, 1), (number * _GOLDEN + shift[1]) % 1.0], dim=1)
    low, high = torch.tensor(box[:2]), torch.tensor(box[2:])
    return low + (high - low) * place


def circle(radius: float, corners: int = 180) -> npt.NDArray[np.float64]:
    """A closed line `corners + 1 2` around the origin."""
    angle = np.linspace(0.0, 2.0 * np.pi, corners + 1)
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def rectangle(left: float, bottom: float, right: float, top: float) -> npt.NDArray[np.float64]:
    """A closed line `5 2`."""
    return np.array([(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)])
