from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import trimesh

from shapelift.errors import InputError
from shapelift.geometry import Camera, Mesh
from shapelift.synthesis.environment import Environment, EnvironmentLighting, random_environment_lighting
from shapelift.synthesis.environment_files import EnvironmentFiles, read_environment
from shapelift.synthesis.lighting import direction
from shapelift.synthesis.materials import Asset, Material
from shapelift.synthesis.renderer import Scene, View, render_view
from shapelift.synthesis.spheres import pixel_directions, solid_angles

WHITE = Material((1.0, 1.0, 1.0), specular=0.0)
SHAPE = (64, 128)
DIRECTIONS, ANGLES = pixel_directions(*SHAPE), solid_angles(*SHAPE)
ONES = np.ones(3, np.float32)


def one_texel(row: int, column: int, light: float = 0.0, reflected: float = 0.4) -> np.ndarray:
    """A grey map with one bright pixel, which a white face that looks at it reflects so much of."""
    rgb = np.full((*SHAPE, 3), light)
    rgb[row, column] += reflected * np.pi / ANGLES[row, column]
    return rgb


def ball() -> Mesh:
    solid = trimesh.creation.icosphere(3, radius=0.5)
    return Mesh(np.asarray(solid.vertices, np.float32), np.asarray(solid.faces, np.int32))


def picture(mesh: Mesh, camera: Camera, rgb: np.ndarray, turn_rad: float = 0.0) -> View:
    light = EnvironmentLighting(Environment.of_map(rgb), turn_rad, ONES)
    return render_view(Scene(Asset.of_mesh(mesh, WHITE)), camera, light)


def normals(count: int = 200) -> np.ndarray:
    vectors = np.random.default_rng(0).normal(size=(count, 3))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def summed(rgb: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """What white faces reflect, by the definition."""
    cosine = np.maximum(faces @ DIRECTIONS.reshape(-1, 3).T, 0.0)
    return cosine @ (rgb * ANGLES[..., None]).reshape(-1, 3) / np.pi


def test_even_light_has_no_lamps_and_lights_a_sphere_evenly() -> None:
    environment = Environment.of_map(np.full((*SHAPE, 3), 0.25))
    assert len(environment.directions) == 0
    np.testing.assert_allclose(environment.reflected, 0.25, atol=1e-6)
    np.testing.assert_allclose(environment.mirrored, 0.25, atol=1e-6)
    view = picture(ball(), Camera.orbit(20.0, 10.0, 2.5, 30.0, (40, 40)), np.full((*SHAPE, 3), 0.25))
    seen = view.rgba[..., 3] > 0
    assert seen.sum() > 500
    assert np.abs(view.rgba[seen][:, :3].astype(int) - 128).max() <= 1  # light of 0.25 is sRGB 0.5


def test_one_bright_pixel_becomes_a_lamp_with_its_light() -> None:
    environment = Environment.of_map(one_texel(20, 100, light=0.01))
    np.testing.assert_allclose(environment.directions, DIRECTIONS[20, 100][None], atol=1e-6)
    np.testing.assert_allclose(environment.colors, [[0.4, 0.4, 0.4]], rtol=1e-5)
    assert environment.spreads[0] < 1e-3
    np.testing.assert_allclose(environment.reflected, 0.01, rtol=1e-4)


@pytest.mark.slow
def test_the_lamp_lights_the_side_that_faces_it() -> None:
    camera = Camera.orbit(0.0, 0.0, 2.5, 30.0, (40, 40))
    for column, brighter in ((96, "right"), (32, "left")):  # +X is on the right of a camera on +Z
        rgba = picture(ball(), camera, one_texel(32, column, light=0.02)).rgba.astype(float)
        left, right = rgba[20, 8, 0], rgba[20, 31, 0]
        assert (right > left + 60.0) == (brighter == "right")
        assert (left > right + 60.0) == (brighter == "left")
    behind_the_camera = picture(ball(), camera, one_texel(32, 0, light=0.02)).rgba
    assert behind_the_camera[20, 20, 0] == pytest.approx(255.0 * np.sqrt(0.42), abs=3.0)
    behind_the_ball = picture(ball(), camera, one_texel(32, 64, light=0.02)).rgba
    assert behind_the_ball[20, 20, 0] == pytest.approx(255.0 * np.sqrt(0.02), abs=3.0)


def test_the_lamp_casts_a_shadow() -> None:
    wall = np.asarray([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], np.float32)
    plate = wall * 0.2 + np.float32([0, 0, 0.5])
    faces = np.asarray([[0, 1, 2], [0, 2, 3]], np.int32)
    both = Mesh(np.concatenate([plate, wall]), np.concatenate([faces, faces + 4]))
    matrix = np.diag([1.0, -1.0, -1.0, 1.0])
    matrix[2, 3] = 3.0
    camera = Camera(np.array([[32.0, 0, 32], [0, 32, 32], [0, 0, 1]]), matrix, (64, 64), "orthographic")
    row, column = 31, 117  # near the horizon, 30 degrees to the right of +Z
    towards = DIRECTIONS[row, column]
    view = picture(both, camera, one_texel(row, column))
    shadow = round(32 - 0.5 * towards[0] / towards[2] * 32)
    assert 8 < shadow < 25
    lit = round(255.0 * np.sqrt(0.4 * towards[2]))
    assert view.rgba[32, shadow, 0] == 0
    for place in (60, 32):  # the wall on the lamp's side, and the plate itself
        assert abs(int(view.rgba[32, place, 0]) - lit) <= 1


def test_a_wide_lamp_casts_a_soft_shadow_of_the_same_light() -> None:
    disc = np.where(DIRECTIONS @ DIRECTIONS[31, 117] > np.cos(np.deg2rad(8.0)), 4.0, 0.0)
    environment = Environment.of_map(np.repeat(disc[..., None], 3, axis=2))
    assert np.rad2deg(environment.spreads[0]) == pytest.approx(8.0, abs=0.5)
    wanted = summed(np.repeat(disc[..., None], 3, axis=2), DIRECTIONS[31, 117][None])[0]
    np.testing.assert_allclose(environment.colors[0], wanted, rtol=0.01)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_turning_the_map_turns_the_light(quarters: int) -> None:
    rgb = np.random.default_rng(3).random((*SHAPE, 3)) + one_texel(20, 90, reflected=3.0)
    # Columns to the right are a turn from +X towards +Z.
    rolled = Environment.of_map(np.roll(rgb, 32 * quarters, axis=1))
    turned = EnvironmentLighting(Environment.of_map(rgb), -quarters * np.pi / 2.0, ONES)
    there = EnvironmentLighting(rolled, 0.0, ONES)
    np.testing.assert_allclose(turned.directions, there.directions, atol=1e-6)
    np.testing.assert_allclose(turned.irradiance(normals()), there.irradiance(normals()), rtol=2e-3)
    shown = turned.mirrored(normals(), np.full(200, 0.5, np.float32))
    np.testing.assert_allclose(shown, there.mirrored(normals(), np.full(200, 0.5, np.float32)), rtol=2e-2)


def test_irradiance_equals_the_integral() -> None:
    smooth = 1.0 + 0.5 * DIRECTIONS @ np.array([[0.3, 0.9, 0.1], [0.6, -0.2, 0.5], [0.2, 0.4, -0.7]])
    rgb = smooth + one_texel(12, 70, reflected=2.0) + one_texel(30, 10, reflected=1.0)
    light = EnvironmentLighting(Environment.of_map(rgb), 0.0, ONES)
    assert len(light.directions) == 2
    np.testing.assert_allclose(light.irradiance(normals()), summed(rgb, normals()), rtol=5e-3)


def test_a_mirror_shows_the_map_and_a_rough_one_a_blur() -> None:
    rgb = np.full((*SHAPE, 3), 0.5)
    rgb[:32] = 1.0
    light = EnvironmentLighting(Environment.of_map(rgb), 0.0, ONES)
    up, low = np.asarray([[0.0, 0.2, 0.98]], np.float32), np.asarray([[0.0, -0.2, 0.98]], np.float32)
    up, low = up / np.linalg.norm(up), low / np.linalg.norm(low)
    sharp, rough = np.zeros(1, np.float32), np.ones(1, np.float32)
    np.testing.assert_allclose(light.mirrored(up, sharp), 1.0, atol=0.01)
    np.testing.assert_allclose(light.mirrored(low, sharp), 0.5, atol=0.01)
    assert 0.65 < light.mirrored(low, rough)[0, 0] < light.mirrored(up, rough)[0, 0] < 0.85


def test_random_light_is_deterministic_exposed_and_mostly_from_the_front() -> None:
    environment = Environment.of_map(one_texel(20, 100, light=0.003) * [1.0, 0.6, 0.3])
    lights = [random_environment_lighting(np.random.default_rng(seed), environment, 70.0) for seed in range(200)]
    again = random_environment_lighting(np.random.default_rng(7), environment, 70.0)
    assert again.turn_rad == lights[7].turn_rad
    np.testing.assert_array_equal(again.gain, lights[7].gain)
    probes = np.stack([direction(70.0 + turn, tilt) for turn, tilt in ((0, 0), (90, 0), (-90, 0), (0, 90))])
    levels = [np.log(light.irradiance(probes).mean(axis=1)).mean() for light in lights]
    assert np.mean(levels) == pytest.approx(-0.2, abs=0.06)
    assert np.std(levels) == pytest.approx(0.22, abs=0.05)
    aside = [light.directions[0] @ direction(70.0, 0.0) for light in lights]
    assert 0.86 < np.mean(np.asarray(aside) > np.cos(np.deg2rad(100.0))) < 0.98
    colors = np.asarray([light.colors[0] / light.colors[0].sum() for light in lights])
    assert (colors[:, 0] < 0.45).all()  # of 0.53 in the map
    assert np.std(colors[:, 0]) > 0.01
    dark = replace(environment, directions=np.zeros((0, 3), np.float32), colors=np.zeros((0, 3), np.float32))
    turns = [random_environment_lighting(np.random.default_rng(seed), dark, 0.0).turn_rad for seed in range(100)]
    assert np.ptp(turns) > 5.5


def test_wrong_maps_are_refused() -> None:
    with pytest.raises(ValueError, match="multiples of 64 and 128"):
        Environment.of_map(np.ones((60, 120, 3)))
    for bad in (np.zeros((*SHAPE, 3)), np.full((*SHAPE, 3), -1.0), np.full((*SHAPE, 3), np.nan)):
        with pytest.raises(ValueError, match="finite, not negative and not all black"):
            Environment.of_map(bad)


def test_maps_are_read_from_both_kinds_of_file(tmp_path: Path) -> None:
    rgb = one_texel(20, 100, light=0.5).repeat(2, axis=0).repeat(2, axis=1).astype(np.float32)
    rgb *= np.float32([1.0, 0.5, 0.25])
    np.savez(tmp_path / "a.npz", rgb=rgb.astype(np.float16))
    assert cv2.imwrite(str(tmp_path / "b.hdr"), np.ascontiguousarray(rgb[..., ::-1]))
    files = EnvironmentFiles.of_folder(tmp_path)
    assert len(files) == 2
    one, other = files.environment(0), files.environment(1)
    np.testing.assert_allclose(one.colors, other.colors, rtol=0.02)
    np.testing.assert_allclose(one.directions, other.directions, atol=1e-4)
    np.testing.assert_allclose(one.reflected, other.reflected, rtol=0.02)
    assert one.colors[0, 0] > 1.9 * one.colors[0, 1]


def test_the_digest_is_of_names_and_contents(tmp_path: Path) -> None:
    for folder, name, light in (("a", "x", 1.0), ("b", "x", 1.0), ("c", "y", 1.0), ("d", "x", 2.0)):
        (tmp_path / folder).mkdir()
        np.savez(tmp_path / folder / f"{name}.npz", rgb=np.full((64, 128, 3), light, np.float16))
    digests = [EnvironmentFiles.of_folder(tmp_path / folder).digest for folder in "abcd"]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


def test_bad_folders_and_files_are_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder of environments"):
        EnvironmentFiles.of_folder(tmp_path / "nothing")
    with pytest.raises(InputError, match="no environments in it"):
        EnvironmentFiles.of_folder(tmp_path)
    (tmp_path / "text.hdr").write_text("no picture")
    np.savez(tmp_path / "other.npz", image=np.ones((64, 128, 3)))
    np.savez(tmp_path / "square.npz", rgb=np.ones((64, 64, 3)))
    for name, why in (("text.hdr", "cannot be decoded"), ("other.npz", "no array"), ("square.npz", "h x 2h x 3")):
        with pytest.raises(InputError, match=why):
            read_environment(str(tmp_path / name))
