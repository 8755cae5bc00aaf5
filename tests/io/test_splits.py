from __future__ import annotations

import pytest

from shapelift.io.records import split_of
from shapelift.io.splits import FEW_SHAPES, FEWEST_SHAPES, is_variant, original_of, splits_of, variant_name


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


@pytest.mark.parametrize("count", [*range(FEWEST_SHAPES, 16), 40, 199])
def test_no_split_is_empty_whatever_the_names(count: int) -> None:
    for kind in range(200):
        splits = list(splits_of(f"{kind}_{number}" for number in range(count)).values())
        assert min(splits.count(split) for split in ("train", "validation", "test")) >= 1


def test_names_that_the_hash_keeps_for_one_split_are_shared_out() -> None:
    held_out = [name for name in _names(200) if split_of(name) == "test"][:6]
    splits = list(splits_of(held_out).values())
    assert (splits.count("train"), splits.count("validation"), splits.count("test")) == (4, 1, 1)


@pytest.mark.parametrize("count", [12, 40, 300])
def test_copies_stand_in_the_split_of_the_first_of_them(count: int) -> None:
    names = _names(count)
    geometry = {name: f"shape {number % (count // 2)}" for number, name in enumerate(names)}
    splits = splits_of(names, geometry)
    assert all(splits[names[number]] == splits[names[number + count // 2]] for number in range(count // 2))
    assert set(splits.values()) == {"train", "validation", "test"}
    # Copies are no further shapes to judge by, and what no other is like is where it was.
    firsts = [min(names[number], names[number + count // 2]) for number in range(count // 2)]
    assert {name: splits[name] for name in firsts} == splits_of(firsts)
    assert splits_of(names, dict.fromkeys(names, "")) == splits_of(names)


def test_variants_of_a_copy_go_with_it() -> None:
    names = _names(12)
    variants = [variant_name(name, 1) for name in names]
    splits = splits_of(names + variants, {names[3]: "a", names[7]: "a"})
    assert splits[variants[3]] == splits[variants[7]] == splits[names[3]] == splits[names[7]]
