"""One-to-one assignment of two point sets of equal size by an auction with epsilon scaling, batched, on any device.

Points of the first set (persons) bid for points of the second (objects). An object costs a person the distance plus a
price. All persons without an object bid at once: each for the cheapest, by as much as makes it epsilon dearer than the
second cheapest; the highest bid wins, and who held the object before bids again (Bertsekas 1988, the Jacobi version).
Prices found with a large epsilon are the start for a smaller one.

The last persons of an auction take most of its rounds: they push each other through the whole set. So bidding ends when
few are left, and those are placed along shortest augmenting paths (Kuhn's Hungarian method as by Edmonds and Karp 1972)
grown from all of them at once, one path per tree: every round of it is one batched minimum. Paths only swap, so the
result is a permutation whenever the last person is placed, which is sure: every growth places at least one.

The bound. With prices p, sum_i min_j (c_ij + p_j) - sum_j p_j is never above the optimum (weak duality), so cost minus
this is a bound on the gap, whatever the road that led to the prices. Here it is also small by construction: bidding
leaves every person within epsilon of its cheapest object, and paths run along cheapest objects only, so the gap is at
most n epsilon. Epsilon goes down to the tolerance times the larger of the two mean nearest distances, which is never
above the mean cost of the optimum. Both hold up to rounding.

Every step is a minimum or maximum with ties decided by the index: two runs give the same assignment.
"""

from __future__ import annotations

import torch
from torch import Tensor

_SCALING = 5.0
_SHARE_LEFT = 0.01  # of the persons, placed along paths: with five times as many paths cost more than bids save
_SHARE_BETWEEN = 0.05  # of the persons, left to the next epsilon
_MOST_ROUNDS = 400  # of bidding for one epsilon
_MOST_RESTARTS = 4  # with a smaller epsilon, where rounding or a nearest distance of 0 asks for it


def auction(cost: Tensor, tolerance: float) -> tuple[Tensor, Tensor]:
    """Assignments of small total cost.

    Args:
        cost: `b n n`, single or double precision, finite and not negative; of persons (rows) for objects (columns).
        tolerance: The relative gap that is good enough, above 0.

    Returns:
        `b n` int64, the object of every person, a permutation; and `b` float64, prices' lower bound of the total cost.
    """
    batch, count = cost.shape[:2]
    if count < 2 or batch == 0:
        return torch.zeros(batch, count, dtype=torch.int64, device=cost.device), cost.sum(dim=(1, 2)).double()
    market = _Market(cost)
    nearest = torch.maximum(cost.amin(dim=2).mean(dim=1), cost.amin(dim=1).mean(dim=1))
    resolution = 16.0 * torch.finfo(cost.dtype).eps * cost.amax(dim=(1, 2))
    smallest = torch.maximum(tolerance * nearest, resolution).clamp_min(torch.finfo(cost.dtype).tiny)
    epsilon = torch.maximum(nearest, smallest)
    while not bool((epsilon <= smallest).all()):
        market.bid(epsilon, _SHARE_BETWEEN)
        epsilon = torch.maximum(epsilon / _SCALING, smallest)
    market.bid(epsilon, _SHARE_LEFT)
    market.complete()
    for _ in range(_MOST_RESTARTS):
        total, bound = market.total(), market.bound()
        poor = (total - bound > tolerance * total) & (epsilon > resolution)
        if not bool(poor.any()):
            break
        epsilon = torch.where(poor, torch.maximum(epsilon / _SCALING, resolution), epsilon)
        market.bid(epsilon, _SHARE_LEFT)
        market.complete()
    return market.index(), market.bound()


class _Market:
    """Who holds what at which price. Persons and objects are numbered through the batch: item times n plus index."""

    def __init__(self, cost: Tensor) -> None:
        self.batch, self.count = cost.shape[:2]
        self.cost = cost
        self.rows = cost.reshape(self.batch * self.count, self.count)
        self.price = cost.new_zeros(self.batch, self.count)
        self.held = self._nobody()  # the object of a person
        self.owner = self._nobody()  # the person of an object

    def _nobody(self) -> Tensor:
        return torch.full((self.batch * self.count,), -1, dtype=torch.int64, device=self.cost.device)

    def index(self) -> Tensor:
        """The object of every person, numbered within its item."""
        return self.held.view(self.batch, self.count) % self.count

    def total(self) -> Tensor:
        """Total cost of every item, when all persons hold an object."""
        return self.rows.gather(1, self.index().view(-1, 1)).view(self.batch, -1).double().sum(dim=1)

    def bound(self) -> Tensor:
        """What no assignment can cost less than."""
        return self._cheapest().double().sum(dim=1) - self.price.double().sum(dim=1)

    def _cheapest(self) -> Tensor:
        return (self.cost + self.price[:, None]).amin(dim=2)

    def bid(self, epsilon: Tensor, share: float) -> None:
        """Let persons bid until `share` of them have no object; everybody begins without, at the prices as they are."""
        self.held, self.owner = self._nobody(), self._nobody()
        for _ in range(_MOST_ROUNDS):
            persons = (self.held < 0).nonzero()[:, 0]
            if len(persons) <= share * len(self.held):
                return
            self._sell(persons, epsilon)

    def _sell(self, persons: Tensor, epsilon: Tensor) -> None:
        """One round: bids of `persons`, and every object to the highest."""
        item = persons // self.count
        values = self.rows[persons] + self.price[item]
        best, object_ = values.min(dim=1)
        values.scatter_(1, object_[:, None], torch.inf)
        wanted = item * self.count + object_
        prices = self.price.view(-1)
        offer = prices[wanted] + (values.amin(dim=1) - best) + epsilon[item]
        highest = torch.full_like(prices, -torch.inf).scatter_reduce_(0, wanted, offer, "amax")
        wins = offer == highest[wanted]
        last = len(prices)
        buyer = torch.full_like(self.owner, last).scatter_reduce_(0, wanted[wins], persons[wins], "amin")
        sold = (buyer < last).nonzero()[:, 0]
        before = self.owner[sold]
        self.held[before[before >= 0]] = -1
        self.owner[sold] = buyer[sold]
        self.held[buyer[sold]] = sold
        prices[sold] = highest[sold]

    def complete(self) -> None:
        """Place everybody who is left along shortest paths."""
        while bool((self.held < 0).any()):
            reach, parent = self._grow()
            free = self.owner.view(self.batch, self.count) < 0
            limit = reach.masked_fill(~free, 0.0).amax(dim=1, keepdim=True)
            self.price = self.price - torch.minimum(reach, limit)
            self._swap(reach.view(-1), parent.view(-1))

    def _grow(self) -> tuple[Tensor, Tensor]:
        """Shortest paths from all persons without an object to all objects (Bellman and Ford, new distances only).

        A step from a person to an object is as long as the object is dearer than the person's cheapest; a step from an
        object to its owner takes nothing. Returns the lengths `b n` and the person before every object; neither is
        final for objects farther than the farthest free one.
        """
        cheapest = self._cheapest().view(-1)
        distance = torch.full_like(cheapest, torch.inf)
        reach = torch.full_like(self.price, torch.inf)
        parent = self._nobody().view(self.batch, self.count)
        free = self.owner.view(self.batch, self.count) < 0
        persons = (self.held < 0).nonzero()[:, 0]
        distance[persons] = 0.0
        while len(persons):
            table = self._by_item(persons)
            who = table.clamp_min(0).view(-1)
            steps = self.rows[who].view(*table.shape, self.count) + self.price[:, None]
            steps = (steps - cheapest[who].view(*table.shape, 1)).clamp_min_(0.0)
            steps += torch.where(table < 0, torch.inf, distance[who].view(table.shape))[..., None]
            found, place = steps.min(dim=1)
            shorter = found < reach
            reach = torch.where(shorter, found, reach)
            parent = torch.where(shorter, table.gather(1, place), parent)
            limit = reach.masked_fill(~free, 0.0).amax(dim=1, keepdim=True)
            onwards = (shorter & ~free & (reach < limit)).view(-1).nonzero()[:, 0]
            persons = self.owner[onwards]
            distance[persons] = reach.view(-1)[onwards]
        return reach, parent

    def _by_item(self, persons: Tensor) -> Tensor:
        """Persons that are grouped by item as a table `b k`, filled up with -1."""
        item = persons // self.count
        counts = torch.bincount(item, minlength=self.batch)
        place = torch.arange(len(persons), device=persons.device) - (counts.cumsum(0) - counts)[item]
        table = persons.new_full((self.batch, int(counts.max())), -1)
        table[item, place] = persons
        return table

    def _swap(self, reach: Tensor, parent: Tensor) -> None:
        """Along the shortest path of every tree that reaches a free object, persons move up by one object."""
        ends = (self.owner < 0).nonzero()[:, 0]
        root = self._roots(ends, parent)
        shortest = torch.full_like(reach, torch.inf).scatter_reduce_(0, root, reach[ends], "amin")
        best = reach[ends] == shortest[root]
        chosen = torch.full_like(self.owner, len(reach)).scatter_reduce_(0, root[best], ends[best], "amin")
        objects = chosen[chosen < len(reach)]
        while len(objects):
            persons = parent[objects]
            before = self.held[persons]
            self.held[persons] = objects
            self.owner[objects] = persons
            objects = before[before >= 0]

    def _roots(self, objects: Tensor, parent: Tensor) -> Tensor:
        """The person without an object from which the path to every one of `objects` starts."""
        while True:
            persons = parent[objects]
            before = self.held[persons]
            if bool((before < 0).all()):
                return persons
            objects = torch.where(before < 0, objects, before)
