from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import trimesh

from shapelift.geometry import Mesh
from shapelift.meshing.plates import plate
from shapelift.solids import check

SIZES = {"size_mm": 60.0, "thickness_mm": 5.0, "base_mm": 1.0}


def heights(mesh: Mesh) -> np.ndarray:
    """Z of the front above the back."""
    return np.asarray(mesh.vertices[:, 2] - mesh.vertices[:, 2].min())


def test_a_ramp_is_a_wedge_of_exact_size() -> None:
    values = np.tile(np.arange(30.0, dtype=np.float32), (20, 1))
    mesh = plate(values, **SIZES)
    assert not check(mesh).problems
    np.testing.assert_allclose(np.ptp(mesh.vertices, axis=0), [60.0, 40.0, 5.0], rtol=1e-5)
    front = (heights(mesh) > 0.5) & (np.abs(mesh.vertices[:, 0]) < 29.0)
    assert heights(mesh)[front].min() > 1.0
    # Larger is farther: the left is nearest and thickest, and the outermost half pixels are flat.
    slope = np.polyfit(mesh.vertices[front, 0], heights(mesh)[front], 1)[0]
    assert slope == pytest.approx(-4.0 / (29 * 2.0), rel=1e-4)
    assert mesh.volume == pytest.approx(60.0 * 40.0 * 3.0, rel=0.01)
    turned = plate(values, larger_is_nearer=True, **SIZES)
    assert turned.volume == pytest.approx(mesh.volume, rel=1e-5)
    assert np.polyfit(turned.vertices[heights(turned) > 0.5, 0], heights(turned)[heights(turned) > 0.5], 1)[0] > 0.0


def test_up_in_the_picture_is_up_and_the_front_faces_plus_z() -> None:
    values = np.ones((10, 10), np.float32)
    values[1:3, 2:4] = 0.0  # upper left is near
    mesh = plate(values, **SIZES)
    near = mesh.vertices[heights(mesh) > 4.5]
    assert near[:, 0].max() < 0.0 < near[:, 1].min()
    assert mesh.vertices[:, 2].max() == pytest.approx(near[:, 2].max())
    flat = mesh.face_normals[heights(mesh)[mesh.faces].max(axis=1) == 0.0]
    np.testing.assert_allclose(flat, np.broadcast_to([0.0, 0.0, -1.0], flat.shape), atol=1e-6)


def test_outliers_are_clipped() -> None:
    rng = np.random.default_rng(0)
    values = rng.random((40, 40)).astype(np.float32)
    values[0, 0], values[5, 5] = 1e6, -1e6
    flattened, clipped = plate(values, **SIZES), plate(values, clip_percent=1.0, **SIZES)
    spread = [np.percentile(heights(mesh)[heights(mesh) > 0.5], [10, 90]) for mesh in (flattened, clipped)]
    assert np.ptp(spread[0]) < 0.1
    assert np.ptp(spread[1]) > 2.0
    two = np.zeros((40, 40), np.float32)
    two[3:6, 4:7] = 1.0  # a share smaller than is clipped is all there is
    assert np.ptp(heights(plate(two, clip_percent=2.0, larger_is_nearer=True, **SIZES))) == pytest.approx(5.0)


def test_any_mask_is_a_manifold() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        values = rng.random((9, 14)).astype(np.float32)
        mask = rng.random((9, 14)) < 0.6
        mesh = plate(np.where(mask, values, np.nan), mask, **SIZES)
        assert not check(mesh).problems
        assert trimesh.Trimesh(mesh.vertices, mesh.faces, process=True).is_volume


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"size_mm": 0.0}, "size_mm"),
        ({"thickness_mm": 1.0}, "exceed base_mm"),
        ({"base_mm": 0.0}, "exceed base_mm"),
        ({"clip_percent": 50.0}, "clip_percent"),
        ({"values": np.ones((4, 4), np.float32)}, "nothing rises"),
        ({"values": np.full((4, 4), np.nan, np.float32)}, "not finite"),
        ({"mask": np.zeros((4, 4), np.bool_)}, "no pixel is left"),
    ],
)
def test_what_makes_no_plate(wrong: dict[str, Any], message: str) -> None:
    good = {"values": np.arange(16.0, dtype=np.float32).reshape(4, 4), **SIZES}
    arguments: dict[str, Any] = good | wrong
    with pytest.raises(ValueError, match=message):
        plate(arguments.pop("values"), arguments.pop("mask", None), **arguments)
