from __future__ import annotations

import numpy as np
import pytest

from shapelift.synthesis.lighting import Lighting, direction, random_lighting
from shapelift.synthesis.shading import BRIGHTEST, MOST_BOUNCED, SHOULDER, linear_of_srgb, shade, srgb_of_linear


def units(rng: np.random.Generator, count: int) -> np.ndarray:
    vectors = rng.normal(size=(count, 3))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def shade_one(n, v, albedo, specular, roughness, light: Lighting, key_visible: bool, opened: float) -> np.ndarray:
    """The formulas of `shade`, one point, one lamp, one thing at a time."""
    thrown = opened / (1.0 - (1.0 - opened) * np.minimum(albedo, MOST_BOUNCED))
    total = albedo * thrown * (light.ground + (0.5 + 0.5 * n[1]) * (light.sky - light.ground))
    exponent = float(np.clip(2.0 / max(roughness**4, 1e-6) - 2.0, 0.5, 2000.0))
    for index, (towards, color) in enumerate(zip(light.directions, light.colors, strict=True)):
        lambert = max(float(n @ towards), 0.0)
        if lambert == 0.0 or (index == 0 and not key_visible):
            continue
        half = (towards + v) / np.linalg.norm(towards + v)
        cosine = min(max((float(n @ towards) + max(float(n @ v), 0.0)) / np.linalg.norm(towards + v), 0.0), 1.0)
        if n @ v > 0:
            assert cosine == pytest.approx(max(float(n @ half), 0.0), abs=1e-5)
        lobe = cosine / (exponent * (1.0 - cosine) + cosine + 1e-6)
        total = total + albedo * lambert * color + min(specular * (exponent + 8.0) / 64.0, 2.0) * lobe * color
    facing = max(float(n @ v), 0.0)
    mirrored = 2.0 * facing * n[1] - v[1]
    fresnel = specular * (0.12 + 0.88 * (1.0 - facing) ** 3) * (1.0 - roughness) * opened
    total = total + fresnel * (light.ground + (0.5 + 0.5 * mirrored) * (light.sky - light.ground))
    return np.clip(total, 0.0, BRIGHTEST)


@pytest.mark.parametrize("closed", [False, True])
def test_shading_equals_its_loop_twin(closed: bool) -> None:
    rng = np.random.default_rng(0)
    normals, to_camera = units(rng, 60), units(rng, 60)
    albedo = rng.random((60, 3), dtype=np.float32)
    specular, roughness = rng.random(60, dtype=np.float32), rng.random(60, dtype=np.float32)
    visible = rng.random(60) < 0.5
    opened = rng.random(60, dtype=np.float32) if closed else np.ones(60, np.float32)
    light = random_lighting(rng, 30.0)
    found = shade(normals, to_camera, albedo, specular, roughness, light, visible[:, None], opened if closed else None)
    for index in range(60):
        one = shade_one(
            normals[index].astype(np.float64),
            to_camera[index].astype(np.float64),
            albedo[index],
            float(specular[index]),
            float(roughness[index]),
            light,
            bool(visible[index]),
            float(opened[index]),
        )
        np.testing.assert_allclose(found[index], one, rtol=2e-3, atol=2e-4)


def test_matt_white_facing_one_lamp_reflects_its_colour() -> None:
    lamp = Lighting(np.asarray([[0, 0, 1]]), np.asarray([[0.5, 0.4, 0.3]]), np.zeros(3), np.zeros(3), shadows=False)
    front = np.asarray([[0, 0, 1]], np.float32)
    white, none, rough = np.ones((1, 3), np.float32), np.zeros(1, np.float32), np.ones(1, np.float32)
    np.testing.assert_allclose(shade(front, front, white, none, rough, lamp)[0], [0.5, 0.4, 0.3], atol=1e-6)
    back = shade(-front, front, white, none, rough, lamp)
    np.testing.assert_allclose(back, 0.0, atol=1e-6)


def test_srgb_round_trip_and_shoulder() -> None:
    below = np.linspace(0.0, SHOULDER, 100, dtype=np.float32)
    np.testing.assert_allclose(linear_of_srgb(srgb_of_linear(below)), below, atol=1e-6)
    light = np.linspace(0.0, BRIGHTEST, 1000, dtype=np.float32)
    srgb = srgb_of_linear(light)
    assert (np.diff(srgb) > 0).all()
    assert srgb[-1] <= 1.0


def test_random_light_is_deterministic_bright_and_varied() -> None:
    lights = [random_lighting(np.random.default_rng(seed), 70.0) for seed in range(300)]
    again = random_lighting(np.random.default_rng(7), 70.0)
    np.testing.assert_array_equal(lights[7].colors, again.colors)
    front = direction(70.0, 0.0)[None]
    levels = np.asarray([light.irradiance(front).mean() for light in lights])
    assert levels.min() > 0.12
    assert {len(light.directions) for light in lights} == {1, 2, 3}
    assert 0.5 < np.mean([light.shadows for light in lights]) < 0.7
    assert np.std(levels) > 0.15
    assert all(light.directions[0, 1] > 0.17 for light in lights)


def test_direction_follows_the_camera_convention() -> None:
    np.testing.assert_allclose(direction(0.0, 0.0), [0, 0, 1], atol=1e-7)
    np.testing.assert_allclose(direction(90.0, 0.0), [1, 0, 0], atol=1e-7)
    np.testing.assert_allclose(direction(0.0, 90.0), [0, 1, 0], atol=1e-7)


def test_bad_lights_are_refused() -> None:
    with pytest.raises(ValueError, match="unit vectors"):
        Lighting(np.ones((1, 3)), np.ones((1, 3)), np.ones(3), np.ones(3), shadows=False)
    with pytest.raises(ValueError, match="colors"):
        Lighting(np.asarray([[0, 0, 1]]), np.ones((2, 3)), np.ones(3), np.ones(3), shadows=False)
