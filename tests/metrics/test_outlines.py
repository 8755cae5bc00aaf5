"""Outlines and thin parts as a picture shows them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from shapelift.evaluation.answers import EmptyShape, ModelShape
from shapelift.evaluation.dataset import truth_frame
from shapelift.geometry import Box, Camera, ImplicitField, Mesh, similarity
from shapelift.imaging.preprocess import object_window, resample_window
from shapelift.meshing import mesh_field, to_point_cloud
from shapelift.metrics.outlines import ImageView, silhouette_iou, thin_depth, thin_pixels
from shapelift.rendering.pixel_rays import pixel_crossings

SIDE = 128


def rod_on_a_plate(depth: float = 0.03) -> Mesh:
    """A plate and a rod that stands on it, 0.03 wide and `depth` deep."""

    def box(points, center, half):
        return (np.array(half) - np.abs(points - np.array(center))).min(axis=1)

    def value(points):
        rod = box(points, (0.0, 0.1, 0.0), (0.015, 0.35, depth / 2.0))
        return np.maximum(box(points, (0.0, -0.35, 0.0), (0.4, 0.1, 0.3)), rod).astype(np.float32)

    return mesh_field(ImplicitField(value, Box((-0.5, -0.5, -0.5), (0.5, 0.5, 0.5))), resolution=128)


@pytest.fixture(scope="module")
def scene():
    mesh = rod_on_a_plate()
    camera = Camera.orbit(0.0, 10.0, 2.5, 28.0, (SIDE, SIDE))
    seen = pixel_crossings(mesh, camera.window(0.0, 0.0, SIDE, 4 * SIDE)).silhouette()
    alpha = np.round(255.0 * seen.reshape(SIDE, 4, SIDE, 4).mean(axis=(1, 3))).astype(np.uint8)
    truth = to_point_cloud(mesh, 60_000, np.random.default_rng(0))
    return SimpleNamespace(
        mesh=mesh, camera=camera, alpha=alpha, truth=truth, image_view=ImageView(alpha, camera, camera)
    )


def test_a_perfect_result_has_the_outline_of_the_mask(scene) -> None:
    assert silhouette_iou(scene.image_view, scene.mesh) > 0.985
    aside = scene.mesh.transformed(similarity(translation=[0.1, 0.0, 0.0]))
    assert 0.3 < silhouette_iou(scene.image_view, aside) < 0.8
    assert silhouette_iou(scene.image_view, EmptyShape().mesh) == 0.0
    assert silhouette_iou(ImageView(np.zeros_like(scene.alpha), scene.camera, scene.camera), EmptyShape().mesh) == 0.0


def test_only_the_rod_is_thin(scene) -> None:
    thin = thin_pixels(scene.alpha)
    rows, columns = np.nonzero(thin)
    assert 100 < len(rows) < 400
    assert np.abs(columns + 0.5 - SIDE / 2).max() < 3.0
    full = np.zeros((SIDE, SIDE), np.uint8)
    full[30:90, :] = 255
    assert not thin_pixels(full).any()
    full[:, 60:63] = 255
    assert thin_pixels(full).sum() == pytest.approx(3 * (SIDE - 60), rel=0.05)


@pytest.mark.parametrize(("depth", "right"), [(0.03, True), (0.045, True), (0.15, False)])
def test_depth_of_thin_parts(scene, depth: float, right: bool) -> None:
    found = thin_depth(scene.image_view, rod_on_a_plate(depth), scene.truth)
    assert (found["thin_depth"] > 0.9) if right else (found["thin_depth"] < 0.1)
    assert found["thin_ratio"] == pytest.approx(depth / 0.03, rel=0.35)


def test_thin_parts_are_the_same_in_a_finer_picture(scene) -> None:
    camera = scene.camera.window(0.0, 0.0, SIDE, 2 * SIDE)
    seen = pixel_crossings(scene.mesh, camera.window(0.0, 0.0, 2 * SIDE, 4 * SIDE)).silhouette()
    alpha = np.round(255.0 * seen.reshape(2 * SIDE, 2, 2 * SIDE, 2).mean(axis=(1, 3))).astype(np.uint8)
    mesh = rod_on_a_plate(0.045)
    coarse, fine = (
        thin_depth(image_view, mesh, scene.truth) for image_view in (scene.image_view, ImageView(alpha, camera, camera))
    )
    assert fine == pytest.approx(coarse, abs=0.03)


def test_a_result_without_the_rod_has_no_depth_there(scene) -> None:
    plate = mesh_field(
        ImplicitField(lambda p: (0.1 - np.abs(p - np.array([0, -0.35, 0])).max(axis=1)).astype(np.float32)),
        resolution=48,
    )
    assert thin_depth(scene.image_view, plate, scene.truth) == {"thin_depth": 0.0, "thin_ratio": 0.0}
    thick = np.zeros_like(scene.alpha)
    thick[20:100, 20:100] = 255
    assert thin_depth(ImageView(thick, scene.camera, scene.camera), scene.mesh, scene.truth) == {}


def test_a_result_with_its_own_camera_is_seen_through_it(scene) -> None:
    """The crop is another window of the picture; a result that is twice as large is seen from twice as far."""
    rgba = np.concatenate([np.zeros((SIDE, SIDE, 3), np.uint8), scene.alpha[..., None]], axis=2)
    margin = 0.1
    window = object_window(rgba[..., 3], margin)
    crop = resample_window(rgba, *window, 96)
    grown = similarity(scale=2.0, translation=[0.3, 0.0, 0.0])
    own = scene.camera.window(*window, 96).moved(grown)
    result = SimpleNamespace(camera=own, crop=crop, mesh=lambda resolution: scene.mesh.transformed(grown))
    sample = SimpleNamespace(rgba=rgba, camera=scene.camera)
    answer = ModelShape(result, 64, margin)
    image_view = answer.image_view(sample)
    assert silhouette_iou(image_view, answer.mesh) > 0.95
    np.testing.assert_allclose(
        image_view.true_camera.project(scene.mesh.vertices)[0], own.project(answer.mesh.vertices)[0], atol=1e-3
    )
    plain = ModelShape(SimpleNamespace(mesh=lambda resolution: scene.mesh), 64, margin).image_view(sample)
    assert plain.camera is scene.camera


def test_frames() -> None:
    assert [truth_frame(frame) for frame in ("object", "view", "picture")] == ["object", "view", "view"]
