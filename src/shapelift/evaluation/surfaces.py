"""Surfaces against surfaces: by the protocol of the house, and by those of papers that are asked for."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from shapelift.errors import InputError
from shapelift.evaluation.answers import PredictedShape
from shapelift.evaluation.dataset import Sample, stable_number
from shapelift.geometry import PointCloud
from shapelift.geometry.neighbours import nearest_tree
from shapelift.metrics import PROTOCOLS, Matches, Protocol, match

HOUSE = "shapelift"
"""The protocol that every evaluation reports, in columns without a prefix."""

Indices = npt.NDArray[np.int64]

# Both frames scale the object to longest side 1, so the side is known exactly.
_SIDE = 1.0


def find_protocols(names: Iterable[str]) -> tuple[Protocol, ...]:
    """The protocols of these names, each once, in the order given.

    Raises:
        InputError: a name that is none, or that of the house, which is reported anyway.
    """
    known = [name for name in PROTOCOLS if name != HOUSE]
    names = tuple(dict.fromkeys(names))
    for name in names:
        if name == HOUSE:
            raise InputError(f"`protocol` {name}: is always reported; choose from {', '.join(known)}, or leave it out")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            advice = f"did you mean {near[0]}?" if near else f"choose from {', '.join(known)}"
            raise InputError(f"`protocol` {name}: no such protocol; {advice}")
    return tuple(PROTOCOLS[name] for name in names)


def column(protocol: Protocol, name: str) -> str:
    """How the number `name` of a protocol is called in a report: `lin-2018:prediction_to_reference_x100`."""
    return f"{protocol.name}:{name}"


def score_surface(
    sample: Sample, answer: PredictedShape, points: int, rng: np.random.Generator, protocols: Sequence[Protocol] = ()
) -> dict[str, float]:
    """The house's numbers for the surface of an answer, then those of each protocol, named by `column`.

    The house draws `points` samples of the surface. Another protocol takes all points of a method that predicts points,
    as they are; of any other method it takes as many of the samples as its source does (at most `points`). One that
    matches points in pairs takes as many as of the truth, and some twice where there are fewer.

    Args:
        sample: An image with its truth.
        answer: What a method makes of it.
        points: Samples of its surface.
        rng: Source of randomness.
        protocols: Whose numbers are given, too.

    Raises:
        InputError: a protocol compares normals, and the predicted points have none.
    """
    reference = at_most(sample.surface, points, rng)
    surface = answer.surface(points, rng)
    matches = match(surface.points, reference.points, _SIDE)
    values = PROTOCOLS[HOUSE].function(matches, surface, reference)
    for protocol in protocols:
        check_normals(protocol, answer.cloud)
        # Seeded by name: the numbers of a protocol do not depend on which others are asked for.
        own = np.random.default_rng(stable_number(f"{sample.shape_id}/{sample.view}/{protocol.name}"))
        truth = at_most(reference, protocol.reference_count, own)
        said = at_most(surface, protocol.sample_count, own) if answer.cloud is None else answer.cloud
        if protocol.one_to_one:
            said = _exactly(said, len(truth), own)
        same = said is surface and truth is reference
        found = protocol.function(matches if same else match(said.points, truth.points, _SIDE), said, truth)
        values |= _named(protocol, found)
    return values


def check_normals(protocol: Protocol, cloud: PointCloud | None) -> None:
    """Check that predicted points have normals where a protocol compares them.

    Raises:
        InputError: they have none.
    """
    if protocol.needs_normals and cloud is not None and cloud.normals is None:
        raise InputError(
            f"`protocol` {protocol.name}: compares normals, and this model predicts points without any; leave it out"
        )


def floor_scores(
    surface: PointCloud, points: int, rng: np.random.Generator, protocols: Sequence[Protocol] = ()
) -> dict[str, float]:
    """What a perfect surface would score: `sampling_floor` of every protocol, with as many samples as it draws.

    Args:
        surface: The truth.
        points: Samples of it.
        rng: Source of randomness.
        protocols: Whose numbers are given, too.
    """
    reference = at_most(surface, points, rng)
    values = sampling_floor(reference)
    for protocol in protocols:
        if protocol.one_to_one:
            # The nearest other point says nothing about pairs: two halves of one sampling stand for two samplings.
            both = at_most(reference, 2 * protocol.sample_count, rng)
            half = len(both) // 2
            one, other = (_chosen(both, np.arange(start, start + half)) for start in (0, half))
            values |= _named(protocol, protocol.score(one, other, _SIDE))
            continue
        truth = at_most(reference, protocol.reference_count, rng)
        drawn = None
        if protocol.sample_count < len(truth):
            drawn = rng.choice(len(truth), protocol.sample_count, replace=False)
        values |= _named(protocol, sampling_floor(truth, protocol, drawn))
    return values


def sampling_floor(
    surface: PointCloud, protocol: Protocol = PROTOCOLS[HOUSE], drawn: Indices | None = None
) -> dict[str, float]:
    """What another random sampling of the same surface, of the same size, would score against `surface`.

    Every point is matched with its nearest other point: for independent samples that is exactly how far a fresh
    sample lies from the stored ones. No model whose surface is sampled can be seen to be better than this.

    Args:
        surface: The stored samples, with normals.
        protocol: Whose numbers.
        drawn: Indices of those points of `surface` that stand for the other sampling, where it has fewer points.

    Raises:
        ValueError: fewer than two points.
    """
    if min(len(surface), len(surface) if drawn is None else len(drawn)) < 2:
        raise ValueError("a sampling floor needs two points or more")
    everything = np.arange(len(surface))
    other = everything if drawn is None else drawn
    points = surface.points.astype(np.float64)
    to_reference, reference_index = _nearest_other(points, other, everything)
    to_prediction, prediction_index = (
        (to_reference, reference_index) if drawn is None else _nearest_other(points, everything, other)
    )
    prediction = surface if drawn is None else _chosen(surface, drawn)
    matches = Matches(to_reference, reference_index, to_prediction, prediction_index, side=_SIDE)
    return protocol.function(matches, prediction, surface)


def at_most(cloud: PointCloud, count: int | None, rng: np.random.Generator) -> PointCloud:
    """The cloud itself, or points of it drawn at random where it has more than are asked for.

    Args:
        cloud: The cloud.
        count: Number of points; None for all.
        rng: Source of randomness.
    """
    if count is None or len(cloud) <= count:
        return cloud
    return _chosen(cloud, rng.choice(len(cloud), count, replace=False))


def _exactly(cloud: PointCloud, count: int, rng: np.random.Generator) -> PointCloud:
    """`count` points of a cloud: drawn at random where it has more, and evenly repeated where it has fewer, but any."""
    if len(cloud) in {0, count}:
        return cloud
    again, rest = divmod(count, len(cloud))
    drawn = rng.choice(len(cloud), rest, replace=False)
    return _chosen(cloud, np.concatenate([np.tile(np.arange(len(cloud)), again), drawn]))


def _nearest_other(
    points: npt.NDArray[np.float64], asking: Indices, asked: Indices
) -> tuple[npt.NDArray[np.float64], Indices]:
    """Distance and place in `asked` of the nearest point there that is not the asking one itself."""
    distances, places = nearest_tree(points[asked]).query(points[asking], k=2)
    is_asked = np.zeros(len(points), np.bool_)
    is_asked[asked] = True
    # Among points that coincide the tree may list the asking one second, or not at all.
    second = is_asked[asking] & (asked[places[:, 1]] != asking)
    rows: Any = np.arange(len(asking))
    nearest = np.asarray(places[rows, second.astype(np.int64)], np.int64)
    return np.where(is_asked[asking], distances[:, 1], distances[:, 0]), nearest


def _chosen(cloud: PointCloud, indices: Indices) -> PointCloud:
    return PointCloud(cloud.points[indices], None if cloud.normals is None else cloud.normals[indices])


def _named(protocol: Protocol, values: dict[str, float]) -> dict[str, float]:
    return {column(protocol, name): value for name, value in values.items()}
