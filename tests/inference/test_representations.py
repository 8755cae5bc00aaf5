"""Models of the kinds that need more than numbers on a grid: what comes out, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from shapelift.errors import InputError
from shapelift.geometry import DepthMaps, Mesh
from shapelift.inference import Reconstructor

Disc = Callable[..., np.ndarray]
Model = Callable[..., Path]
AXES = (0.5, 0.4, 0.3)


def test_mesh_models(octahedron_model: Model, disc: Disc) -> None:
    result = Reconstructor.load(octahedron_model(), threads=1).reconstruct(disc())
    mesh = result.representation
    assert isinstance(mesh, Mesh)
    scale = 1.0 + result.crop[..., 3].mean() / 255.0
    np.testing.assert_allclose(np.ptp(mesh.vertices, axis=0), scale * np.array(AXES), rtol=1e-5)
    volume = scale**3 * np.prod(AXES) / 6.0
    assert result.mesh().volume == pytest.approx(volume, rel=1e-4)
    assert result.voxels(32).occupancy.mean() == pytest.approx(volume, rel=0.05)
    assert result.features is not None
    with pytest.raises(TypeError, match="mesh"):
        _ = result.field


@pytest.mark.parametrize(
    ("faces", "message"),
    [
        (np.array([[[0, 2, 6]]]), "no indices"),
        (np.array([[[0, -1, 2]]]), "no indices"),
        (np.array([[[0.0, 1.0, 2.0]]], np.float32), "no indices"),
        (np.array([[0, 1, 2]]), r"faces of shape \(1, 3\) instead of"),
        (np.zeros((1, 0, 3), np.int64), "instead of"),
    ],
)
def test_faces_that_are_none(octahedron_model: Model, disc: Disc, faces: np.ndarray, message: str) -> None:
    folder = octahedron_model(faces)
    with pytest.raises(InputError, match=message) as caught:
        Reconstructor.load(folder, threads=1).reconstruct(disc())
    assert str(caught.value).isprintable()
    assert str(folder) in str(caught.value)


def test_depth_models(wall_model: Model, disc: Disc) -> None:
    result = Reconstructor.load(wall_model(), threads=1).reconstruct(disc())
    maps = result.representation
    assert isinstance(maps, DepthMaps)
    assert maps.mask.shape == (1, 8, 8)
    np.testing.assert_array_equal(maps.mask[0], maps.mask[0, ::-1])
    np.testing.assert_allclose(maps.cameras[0].position, [0.0, 0.0, 2.0])
    assert maps.normals is not None
    mesh = result.mesh()
    assert mesh.vertices[:, 2].max() == pytest.approx(0.0, abs=1e-6)
    assert mesh.volume > maps.mask.sum() * 0.1 / 64
    assert result.voxels(64).occupancy.mean() == pytest.approx(mesh.volume, rel=0.1)
    with pytest.raises(TypeError, match="depth"):
        _ = result.field


@pytest.mark.parametrize(
    ("replaced", "message"),
    [
        ({"depth": np.full((1, 1, 8, 8), -1.0)}, "not in front of the camera"),
        ({"depth": np.ones((1, 1, 4, 8))}, r"depth of shape \(1, 1, 4, 8\)"),
        ({"depth": np.ones((1, 8, 8))}, "depth of shape"),
        ({"depth": np.full((1, 1, 8, 8), np.nan)}, "not finite"),
        ({"normals": np.ones((1, 1, 8, 8, 2))}, "normals of shape"),
        ({"intrinsics": np.eye(3)[None, None] * -1.0}, "no usable cameras"),
        ({"intrinsics": np.eye(3)[None]}, "intrinsics of shape"),
        ({"camera_from_world": 2.0 * np.eye(4)[None, None]}, "not rigid"),
        ({"camera_from_world": np.diag([1.0, 1.0, -1.0, 1.0])[None, None]}, "proper rotation"),
        ({"intrinsics": None}, "gives no intrinsics"),
    ],
)
def test_maps_that_are_none(wall_model: Model, disc: Disc, replaced: dict, message: str) -> None:
    folder = wall_model(**replaced)
    with pytest.raises(InputError, match=message) as caught:
        Reconstructor.load(folder, threads=1).reconstruct(disc())
    assert str(caught.value).isprintable()
    assert str(folder) in str(caught.value)


def test_a_mask_without_a_pixel_is_one_clear_line(wall_model: Model) -> None:
    model = Reconstructor.load(wall_model(), threads=1)
    sliver = np.zeros((48, 48, 4), np.uint8)
    sliver[20, 2:46] = 255
    with pytest.raises(InputError, match="image: the model wall sees no shape in it"):
        model.reconstruct(sliver)


def test_maps_without_normals(wall_model: Model, disc: Disc) -> None:
    maps = Reconstructor.load(wall_model(normals=None), threads=1).reconstruct(disc()).representation
    assert isinstance(maps, DepthMaps)
    assert maps.normals is None
