"""Which shapes are trained on and which are kept to judge by, from their names alone.

A variant of a shape (stretched, mirrored) has the name of the shape, a plus sign and a number; it is trained on where
the shape is, and else is not there at all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import get_args

from shapelift.io.records import Split, name_number, split_of

FEWEST_SHAPES = 6
"""Shapes that differ, without which there is nothing to train on and to judge by. Of so many every split has one."""
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


def splits_of(shape_ids: Iterable[str], geometry: Mapping[str, str] = MappingProxyType({})) -> dict[str, Split]:
    """The split of every shape of a data set; variants have that of their original, copies that of the first of them.

    Many shapes are split by a hash of their names (`split_of`). That leaves four test shapes to one set of forty and
    none to another, so where there are few, the hash fills test and validation up from the training shapes, from its
    two ends, until they hold enough to judge by. Shapes that are added to the set then move few of the others. Where
    that leaves a split of five shapes or more empty, the order of the hashes alone decides: the least validate, the
    largest test, the others train.

    Args:
        shape_ids: Names of the shapes and of their variants.
        geometry: What shapes of the same geometry have in common, by name. Of those the first by name counts.
    """
    names = list(shape_ids)
    everyone = sorted({original_of(name) for name in names})
    first = first_alike(everyone, geometry)
    originals = sorted(set(first.values()), key=lambda name: (name_number(name), name))
    splits = {name: split_of(name) for name in originals}
    if len(originals) < FEW_SHAPES:
        least = max(math.ceil(LEAST_SHARE * len(originals)), LEAST_SHAPES)
        least = min(least, int(LARGEST_SHARE * len(originals)))
        spare = [name for name in originals if splits[name] == "train"]
        lacking = {split: max(least - list(splits.values()).count(split), 0) for split in ("test", "validation")}
        splits.update(dict.fromkeys(spare[len(spare) - lacking["test"] :], "test"))
        splits.update(dict.fromkeys(spare[: lacking["validation"]], "validation"))
        if least and len(set(splits.values())) < len(get_args(Split)):
            splits = dict.fromkeys(originals, "train")
            splits.update(dict.fromkeys(originals[:least], "validation"))
            splits.update(dict.fromkeys(originals[-least:], "test"))
    return {name: splits[first[original_of(name)]] for name in names}


def first_alike(names: Iterable[str], geometry: Mapping[str, str]) -> dict[str, str]:
    """The first by name of the shapes that have the same geometry, for every shape; itself where none is known."""
    first: dict[tuple[str, str], str] = {}
    return {
        name: first.setdefault(("alike", geometry[name]) if geometry.get(name) else ("alone", name), name)
        for name in sorted(names)
    }
