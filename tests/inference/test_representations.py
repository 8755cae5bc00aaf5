"""Models of the kinds that need more than numbers on a grid: what comes out, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from shapelift.errors import InputError
from shapelift.geometry import Mesh
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
