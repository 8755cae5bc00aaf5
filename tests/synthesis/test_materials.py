from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shapelift.geometry import Mesh
from shapelift.synthesis.appearance import Texture
from shapelift.synthesis.materials import KINDS, PATTERNS, Asset, Material, random_material

TRIANGLE = Mesh(np.asarray([[0, 0, 0], [2, 0, 0], [0, 4, 1]], np.float32), np.asarray([[0, 1, 2]], np.int32))
RED = Material((1.0, 0.0, 0.0))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_mix_two_colours(pattern: str) -> None:
    first, second = np.asarray([0.9, 0.5, 0.1]), np.asarray([0.1, 0.6, 0.7])
    material = Material(tuple(first), tuple(second), pattern, 0.1)
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (5000, 3)).astype(np.float32)
    colors = material.color_at(points)
    assert colors.shape == (5000, 3)
    assert colors.dtype == np.float32
    mix = (colors - first) @ (second - first) / ((second - first) @ (second - first))
    np.testing.assert_allclose(colors, first + mix[:, None] * (second - first), atol=1e-5)
    assert mix.min() >= -1e-5
    assert mix.max() <= 1.0 + 1e-5
    if pattern == "plain":
        assert np.abs(mix).max() < 1e-6
    else:
        assert 0.1 < mix.mean() < 0.7
        assert mix.std() > 0.1
    np.testing.assert_array_equal(material.color_at(points[100:200]), colors[100:200])


def test_the_scale_stretches_a_pattern() -> None:
    points = np.random.default_rng(1).uniform(-0.5, 0.5, (100, 3)).astype(np.float32)
    for pattern in ("noise", "stripes", "wood"):
        fine = Material((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), pattern, 0.125)
        coarse = replace(fine, pattern_scale=0.25)
        np.testing.assert_allclose(coarse.color_at(points * 2), fine.color_at(points), atol=1e-4)


def test_random_materials_are_valid_varied_and_deterministic() -> None:
    for kind in (*KINDS, None):
        made = [random_material(np.random.default_rng(seed), kind) for seed in range(60)]
        assert len({material.base_color for material in made}) > 50
        assert made[3] == random_material(np.random.default_rng(3), kind)
        assert min(max(material.base_color) for material in made) >= 0.1
    assert (
        random_material(np.random.default_rng(0), "metal").specular
        > random_material(np.random.default_rng(0), "fabric").specular
    )
    with pytest.raises(ValueError, match="kinds of material"):
        random_material(np.random.default_rng(0), "cheese")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"base_color": (1.2, 0.0, 0.0)},
        {"base_color": (1.0, 0.0)},
        {"second_color": (float("nan"), 0.0, 0.0)},
        {"pattern": "dots"},
        {"pattern_scale": 0.0},
        {"roughness": 2.0},
        {"specular": -0.1},
    ],
)
def test_bad_materials_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"Material\."):
        replace(RED, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"face_material": np.zeros(2, np.int32)}, "face_material"),
        ({"face_material": np.zeros(1, np.int64)}, "face_material"),
        ({"face_material": np.ones(1, np.int32)}, "face_material"),
        ({"face_texture": np.zeros(1, np.int32)}, "face_texture"),
        ({"uv": np.zeros((1, 3, 3), np.float32)}, "uv"),
        ({"uv": np.full((1, 3, 2), np.nan, np.float32)}, "uv"),
        ({"face_texture": np.zeros(1, np.int32), "textures": (np.zeros((2, 2, 4), np.uint8),)}, "uv"),
        ({"textures": (np.zeros((2, 2, 3), np.uint8),)}, "textures"),
    ],
)
def test_assets_whose_parts_do_not_fit_are_refused(changes: dict[str, object], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        replace(Asset.of_mesh(TRIANGLE, RED), **changes)  # type: ignore[arg-type]


def test_normalized_centres_and_scales() -> None:
    asset = Asset.of_mesh(TRIANGLE, RED).normalized()
    np.testing.assert_allclose(asset.mesh.vertices.min(axis=0), [-0.25, -0.5, -0.125], atol=1e-7)
    np.testing.assert_allclose(asset.mesh.vertices.max(axis=0), [0.25, 0.5, 0.125], atol=1e-7)


def test_texture_lookup_is_bilinear_and_repeats() -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (5, 7, 4), np.uint8)
    texture = Texture(image, 1.0)
    uv = rng.uniform(-2.0, 3.0, (200, 2)).astype(np.float32)
    found = texture.colors_at(uv, 1.0)
    for (u, v), color in zip(uv.astype(np.float64), found, strict=True):
        x, y = u * 7 - 0.5, v * 5 - 0.5
        column, row = int(np.floor(x)), int(np.floor(y))
        expected = np.zeros(3)
        for down in (0, 1):
            for right in (0, 1):
                weight = (1 - abs(x - column - right)) * (1 - abs(y - row - down))
                expected += weight * image[(row + down) % 5, (column + right) % 7, :3] / 255.0
        np.testing.assert_allclose(color, expected, atol=2e-4)


def test_fine_textures_are_read_from_a_coarser_level() -> None:
    image = np.zeros((64, 64, 4), np.uint8)
    image[::2] = 255
    texture = Texture(image, 64.0)
    assert texture.level(64.0).shape[:2] == (64, 64)
    assert texture.level(16.0).shape[:2] == (16, 16)
    assert texture.level(1e-3).shape[:2] == (1, 1)
    uv = np.random.default_rng(0).random((50, 2)).astype(np.float32)
    np.testing.assert_allclose(texture.colors_at(uv, 16.0), 0.5, atol=0.01)
