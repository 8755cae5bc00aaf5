"""Which shapes are trained on and which are kept to judge by, from their names alone.

A variant of a shape (stretched, mirrored) has the name of the shape, a plus sign and a number; it is trained on where
the shape is, and else is not there at all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from shapelift.io.records import Split, name_number, split_of

FEW_SHAPES = 200
"""A data set of fewer shapes gets its splits filled up."""
LEAST_SHARE, LEAST_SHAPES, LARGEST_SHARE = 0.1, 8, 0.2
"""Of few shapes validation and test get at least a tenth and at least eight each, but no more than a fifth for it."""

_MARK = "+"


def variant_name(shape_id: str, number: int) -> str:
    """Name of variant `number`, from 1, of a shape. Names of shapes themselves hold no plus sign."""
    return f"{shape_id}{_MARK}{number}"


def original_of(shape_id: str) -> str:
    """The shape a variant was made from; a shape that is none is its own."""
    return shape_id.partition(_MARK)[0]


def is_variant(shape_id: str) -> bool:
    """Whether the name is that of a variant."""
    return _MARK in shape_id


def splits_of(shape_ids: Iterable[str]) -> dict[str, Split]:
    """The split of every shape of a data set; variants have that of their original.

    Many shapes are split by a hash of their names (`split_of`). That leaves four test shapes to one set of forty and
    none to another, so where there are few, the hash fills test and validation up from the training shapes, from its
    two ends, until they hold enough to judge by. Shapes that are added to the set then move few of the others.
    """
    names = list(shape_ids)
    originals = sorted({original_of(name) for name in names}, key=lambda name: (name_number(name), name))
    splits = {name: split_of(name) for name in originals}
    if len(originals) < FEW_SHAPES:
        least = max(math.ceil(LEAST_SHARE * len(originals)), LEAST_SHAPES)
        least = min(least, int(LARGEST_SHARE * len(originals)))
        spare = [name for name in originals if splits[name] == "train"]
        lacking = {split: max(least - list(splits.values()).count(split), 0) for split in ("test", "validation")}
        splits |= dict.fromkeys(spare[len(spare) - lacking["test"] :], "test")
        splits |= dict.fromkeys(spare[: lacking["validation"]], "validation")
    return {name: splits[original_of(name)] for name in names}
