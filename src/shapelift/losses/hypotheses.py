"""Min of N: of several answers to one question only the best counts, so that they can be different answers.

A loss that compares one answer with a truth that could have been another is least for a compromise between all of them.
With N answers, of which only the nearest to the truth is asked to come nearer, each can be one of them instead.

Source: Fan, Su and Guibas, "A Point Set Generation Network", CVPR 2017 (there MoN); the weight of the others is from
Rupprecht et al., "Learning in an Uncertain World", ICCV 2017.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor


def min_of_n(costs: Float[Tensor, "b k"], *, others: float = 0.0) -> Float[Tensor, " b"]:
    """The least of k costs, and a little of the rest.

        (1 - others) min_j c_j + others * mean of the k - 1 that are not the least

    With `others` = 0 only the best answer has a gradient. Where one is best for everything the rest then never learns:
    the answers collapse to one. A small weight pulls the rest along until each is best for something; it should go to 0
    in the end, because it also pulls all answers towards each other.

    Args:
        costs: Of k answers to each of b questions: any distance.
        others: In [0, 1); without effect where k = 1.

    Returns:
        One cost per question. Of answers that are equally good one counts as the best.

    Raises:
        ValueError: no answers, or a weight out of range.
    """
    answers = costs.shape[1]
    if answers < 1:
        raise ValueError("min_of_n needs at least one answer to each question")
    if not 0.0 <= others < 1.0:
        raise ValueError(f"the weight of the others must be in [0, 1), got {others}")
    least = costs.min(dim=1).values
    if answers == 1 or others == 0.0:
        return least
    return (1.0 - others) * least + others * (costs.sum(dim=1) - least) / (answers - 1)
