"""What every procedural category promises, over the whole registry."""

from __future__ import annotations

import dataclasses
import typing
import zlib
from collections.abc import Iterator
from functools import cache
from itertools import chain, islice
from typing import Any

import numpy as np
import pytest
import trimesh

from shapelift.geometry.topology import euler_characteristic
from shapelift.synthesis import procedural
from shapelift.synthesis.materials import Asset
from shapelift.synthesis.procedural import CATEGORIES

pytestmark = pytest.mark.slow

SHAPENET = (
    *("chair", "table", "sofa", "lamp", "cabinet", "bench", "display"),
    *("car", "airplane", "vessel", "rifle", "loudspeaker", "telephone"),
)
# Parameters that colour the parts instead of shaping them.
ONLY_LOOKS = {"material_seed", "two_tone"}


@cache
def sample(category: str, seed: int) -> Any:
    return CATEGORIES[category].parameters.sample(np.random.default_rng([zlib.crc32(category.encode()), seed]))


@cache
def shape(category: str, seed: int) -> Asset:
    return CATEGORIES[category].build(sample(category, seed))


def styles_of(category: str) -> tuple[str, ...]:
    """The kinds of shapes that a category is drawn from, where it has such."""
    return typing.get_args(typing.get_type_hints(CATEGORIES[category].parameters).get("style"))


def of_style(category: str, style: str) -> Iterator[int]:
    """The seeds of a style."""
    return (seed for seed in range(600) if sample(category, seed).style == style)


def parameters(category: str) -> list[str]:
    return [field.name for field in dataclasses.fields(CATEGORIES[category].parameters) if field.name not in ONLY_LOOKS]


def same_mesh(first: Asset, second: Asset) -> bool:
    a, b = first.mesh, second.mesh
    return np.array_equal(a.vertices, b.vertices) and np.array_equal(a.faces, b.faces)


def test_the_registry_holds_the_thirteen_categories() -> None:
    assert set(CATEGORIES) == set(SHAPENET)


def test_an_unknown_category_is_named() -> None:
    with pytest.raises(ValueError, match=r"'spoon'.*chair"):
        procedural.build("spoon", 0)


@pytest.mark.parametrize("category", CATEGORIES)
def test_shapes_are_closed_single_solids_in_the_unit_cube(category: str) -> None:
    of_styles = (islice(of_style(category, style), 2) for style in styles_of(category))
    for seed in sorted({*range(8), *chain.from_iterable(of_styles)}):
        asset = shape(category, seed)
        mesh = trimesh.Trimesh(asset.mesh.vertices, asset.mesh.faces)  # merges equal vertices, as readers of files do
        assert mesh.is_watertight, seed
        assert mesh.is_winding_consistent, seed
        assert mesh.volume > 1e-4, seed
        assert mesh.body_count == 1, seed
        assert 40 <= len(mesh.faces) <= 20000, seed
        np.testing.assert_allclose(mesh.bounds.mean(axis=0), 0.0, atol=1e-6)
        assert mesh.extents.max() == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("category", [name for name in CATEGORIES if styles_of(name)])
def test_every_style_is_drawn_and_has_more_than_one_material(category: str) -> None:
    for style in styles_of(category):
        assert len(shape(category, next(of_style(category, style))).materials) >= 2, style


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_seed_stands_for_one_shape(category: str) -> None:
    first, again = procedural.build(category, 3), procedural.build(category, 3)
    assert same_mesh(first, again)
    assert first.materials == again.materials
    np.testing.assert_array_equal(first.face_material, again.face_material)
    assert not same_mesh(first, procedural.build(category, 4))


@pytest.mark.parametrize("category", CATEGORIES)
def test_the_material_seed_changes_materials_only(category: str) -> None:
    for seed in {1, *(next(of_style(category, style)) for style in styles_of(category))}:
        original = sample(category, seed)
        changed = CATEGORIES[category].build(dataclasses.replace(original, material_seed=original.material_seed + 1))
        assert same_mesh(shape(category, seed), changed), seed
        assert shape(category, seed).materials != changed.materials, seed


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_parameter_changes_the_mesh(category: str) -> None:
    names = parameters(category)
    assert len(names) >= 12
    for name in names:
        assert any(_matters(category, name, seed) for seed in range(120)), name


def _matters(category: str, name: str, seed: int) -> bool:
    """Whether taking this one parameter from the next sample changes the shape; a mix may fall into pieces."""
    original, other = sample(category, seed), sample(category, seed + 1)
    if getattr(original, name) == getattr(other, name):
        return False
    try:
        mixed = CATEGORIES[category].build(dataclasses.replace(original, **{name: getattr(other, name)}))
    except ValueError:
        return False
    return not same_mesh(shape(category, seed), mixed)


@pytest.mark.parametrize("category", CATEGORIES)
def test_topology_varies(category: str) -> None:
    first = euler_characteristic(shape(category, 0).mesh)
    assert any(euler_characteristic(shape(category, seed).mesh) != first for seed in range(1, 24))
