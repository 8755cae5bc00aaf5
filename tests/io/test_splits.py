from __future__ import annotations

import pytest

from shapelift.io.records import split_of
from shapelift.io.splits import FEW_SHAPES, is_variant, original_of, splits_of, variant_name


def _names(count: int) -> list[str]:
    return [f"mug_{number}" for number in range(count)]


@pytest.mark.parametrize(("count", "least"), [(1, 0), (4, 0), (5, 1), (20, 4), (39, 7), (40, 8), (80, 8), (150, 15)])
def test_few_shapes_leave_enough_to_judge_by(count: int, least: int) -> None:
    splits = list(splits_of(_names(count)).values())
    assert splits.count("test") >= least
    assert splits.count("validation") >= least
    assert splits.count("train") >= count // 2


def test_many_shapes_are_split_by_their_names_alone() -> None:
    names = _names(FEW_SHAPES)
    assert splits_of(names) == {name: split_of(name) for name in names}


def test_what_the_hash_held_out_stays_so_and_added_shapes_move_few_others() -> None:
    names = _names(FEW_SHAPES)
    before: dict[str, str] = {}
    moves = 0
    for count in range(20, len(names) + 1):
        splits = splits_of(reversed(names[:count]))
        assert all(splits[name] == split_of(name) for name in splits if split_of(name) != "train")
        moves += sum(splits[name] != split for name, split in before.items())
        before = dict(splits)
    assert moves < 0.3 * len(names)


def test_variants_go_where_their_shape_goes_and_count_for_nothing() -> None:
    names = _names(30)
    variants = [variant_name(name, number) for name in names for number in (1, 2)]
    assert not any(map(is_variant, names))
    assert all(map(is_variant, variants))
    splits = splits_of(names + variants)
    assert {name: splits[name] for name in names} == splits_of(names)
    assert all(splits[name] == splits[original_of(name)] for name in variants)
