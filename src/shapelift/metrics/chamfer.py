"""Chamfer distances. Power and reduction are part of the name, because the field uses one word for eight quantities."""

from __future__ import annotations

import numpy.typing as npt

from shapelift.metrics.metric import Metric, Surfaces
from shapelift.metrics.nearest import EMPTY_DISTANCE, Matches, match


def chamfer_l1(prediction: npt.ArrayLike, reference: npt.ArrayLike) -> float:
    """(mean distance prediction -> reference + mean distance reference -> prediction) / 2, unsquared.

    Points `n 3` and `m 3` in one frame; the result has their unit. An empty prediction gets the worst value,
    `sqrt(3)` times the longest side of the reference.

    Raises:
        ValueError: an empty reference, other shapes, values that are not finite.

    Source: Chamfer-L1 of Mescheder et al., "Occupancy Networks", CVPR 2019 (their tables print it times 10).
    """
    return chamfer_l1_of(match(prediction, reference))


def chamfer_l1_of(matches: Matches) -> float:
    """`chamfer_l1` of point sets that are matched already."""
    if matches.is_empty:
        return EMPTY_DISTANCE * matches.side
    return float(matches.to_reference.mean() + matches.to_prediction.mean()) / 2.0


def chamfer_l2(prediction: npt.ArrayLike, reference: npt.ArrayLike) -> float:
    """Mean squared distance prediction -> reference + mean squared distance reference -> prediction (a sum).

    Points `n 3` and `m 3` in one frame; the result has their unit squared. An empty prediction gets the worst value,
    6 times the squared longest side of the reference.

    Raises:
        ValueError: an empty reference, other shapes, values that are not finite.

    Source: Fan, Su, Guibas, "A Point Set Generation Network", CVPR 2017, with means in place of sums.
    """
    return chamfer_l2_of(match(prediction, reference))


def chamfer_l2_of(matches: Matches) -> float:
    """`chamfer_l2` of point sets that are matched already."""
    if matches.is_empty:
        return 2.0 * (EMPTY_DISTANCE * matches.side) ** 2
    return float((matches.to_reference**2).mean() + (matches.to_prediction**2).mean())


METRICS = (
    Metric(
        "chamfer_l1",
        "CD-L1",
        Surfaces,
        lambda given: chamfer_l1_of(given.matches),
        higher_is_better=False,
        unit="sides",
        digits=4,
    ),
    Metric(
        "chamfer_l2",
        "CD-L2",
        Surfaces,
        lambda given: chamfer_l2_of(given.matches),
        higher_is_better=False,
        unit="squared sides",
        table=None,
        digits=4,
    ),
)
