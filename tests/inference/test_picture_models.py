"""Saved models of the frame `picture`, from their files to a result in the frame `view`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from shapelift.cli.main import run
from shapelift.errors import InputError
from shapelift.geometry import Mesh
from shapelift.inference import Reconstructor
from shapelift.inference.components import without_hidden_components
from shapelift.io.images import save_image
from shapelift.solids import check

Disc = Callable[..., np.ndarray]
Model = Callable[..., Path]


def test_the_ball_it_sees(picture_model: Model, disc: Disc) -> None:
    result = Reconstructor.load(picture_model(), threads=1).reconstruct(disc(256))
    assert result.filled_share == pytest.approx(0.0, abs=0.02)
    assert result.camera is not None
    assert result.warnings == ()
    assert result.metadata()["frame"] == "view"
    mesh = result.mesh(64)
    assert not check(mesh).problems
    assert abs(np.linalg.norm(mesh.vertices, axis=1) - 0.5).max() < 0.03
    assert mesh.volume == pytest.approx(np.pi / 6.0, rel=0.02)
    assert result.voxels(24).occupancy.mean() == pytest.approx(np.pi / 6.0, rel=0.05)
    np.testing.assert_allclose(np.linalg.norm(result.camera.position), 3.0, rtol=0.02)
    assert result.field(np.zeros((1, 3)))[0] > 0.0
    assert result.field(np.array([[0.0, 0.55, 0.0]]))[0] < 0.0
    assert result.features is not None
    assert result.blocks(16).mesh().volume == pytest.approx(np.pi / 6.0, rel=0.1)


def test_colours_come_with_the_field(picture_model: Model, disc: Disc) -> None:
    field = Reconstructor.load(picture_model(), threads=1).reconstruct(disc()).field
    assert field.colors is not None
    np.testing.assert_allclose(field.colors(np.zeros((5, 3), np.float32)), 0.5)
    assert field.colors(np.zeros((0, 3), np.float32)).shape == (0, 3)


@pytest.mark.slow
@pytest.mark.parametrize("fill", [True, False])
def test_an_unsure_ball(picture_model: Model, disc: Disc, fill: bool) -> None:
    result = Reconstructor.load(picture_model(sure=False), threads=1).reconstruct(disc(), fill=fill)
    assert result.filled_share == (1.0 if fill else None)
    assert len(result.warnings) == 1
    assert "nowhere sure" in result.warnings[0].message
    mesh = result.mesh(48)
    # Drawn at half of its highest probability the bare ball is a little larger than where its logits are zero.
    assert mesh.bounds.size.max() == pytest.approx(1.0, abs=0.05 if fill else 0.1)
    # A disc of this width is filled to the largest depth that is ever added, in the middle of the ball: it is flatter.
    assert (mesh.bounds.size.min() < 0.6) == fill


@pytest.mark.parametrize(
    ("replaced", "message"),
    [
        ({"intrinsics": None}, "gives no intrinsics"),
        ({"camera_from_world": None}, "gives no camera_from_world"),
        ({"intrinsics": np.eye(3)}, "intrinsics of shape"),
        ({"intrinsics": -np.eye(3)[None]}, "no usable cameras"),
        ({"camera_from_world": np.eye(4)[None]}, "no usable camera"),
        ({"camera_from_world": 2.0 * np.eye(4)[None]}, "not rigid"),
        ({"depth": np.zeros((1, 8, 8))}, "depth of shape"),
        ({"depth": np.full((1, 1, 8, 8), np.nan)}, "not finite"),
    ],
)
def test_cameras_and_maps_that_are_none(picture_model: Model, disc: Disc, replaced: dict, message: str) -> None:
    folder = picture_model(**replaced)
    with pytest.raises(InputError, match=message) as caught:
        Reconstructor.load(folder, threads=1).reconstruct(disc())
    assert str(caught.value).isprintable()
    assert str(folder) in str(caught.value)


def test_maps_are_optional(picture_model: Model, disc: Disc) -> None:
    folder = picture_model(depth=None, normals=None)
    assert Reconstructor.load(folder, threads=1).reconstruct(disc()).mesh(32).volume > 0.4


@pytest.mark.slow
def test_the_command_says_what_was_filled(
    picture_model: Model, disc: Disc, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_image(tmp_path / "ball.png", disc())
    arguments = ["reconstruct", str(tmp_path / "ball.png"), "--model", str(picture_model(sure=False))]
    arguments += ["--output", str(tmp_path / "ball.glb"), "--resolution", "24", "--threads", "1"]
    assert run(arguments) == 0
    assert ", 100% of the outline filled, " in capsys.readouterr().out
    assert run([*arguments, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["results"][0]["filled_share"] == 1.0
    assert document["model"]["frame"] == "view"
    assert run([*arguments, "--no-fill"]) == 0
    assert "filled" not in capsys.readouterr().out


def cube(center: tuple[float, float, float], side: float, cells: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """A closed cube with many vertices."""
    from shapelift.geometry import Box, ImplicitField
    from shapelift.meshing import mesh_field

    half = side / 2.0
    box = Box(tuple(x - side for x in center), tuple(x + side for x in center))
    field = ImplicitField(lambda p: (half - np.abs(p - np.array(center)).max(axis=1)).astype(np.float32), box)
    mesh = mesh_field(field, resolution=2 * cells)
    return mesh.vertices, mesh.faces


def test_small_parts_stay_where_one_sees_them() -> None:
    """Of three small cubes one stands beside the large one, one before it and one in it as a bubble."""
    from shapelift.geometry import Camera

    camera = Camera.orbit(0.0, 0.0, 3.0, 30.0, (64, 64))
    parts = [cube((0.0, 0.0, 0.0), 0.4), cube((0.4, 0.0, 0.0), 0.06), cube((0.0, 0.0, 0.5), 0.06)]
    hollow = cube((0.1, 0.0, 0.0), 0.06)
    parts.append((hollow[0], hollow[1][:, ::-1]))
    starts = np.cumsum([0, *(len(vertices) for vertices, _ in parts)])
    faces = np.concatenate([own + start for (_, own), start in zip(parts, starts[:-1], strict=True)])
    mesh = Mesh(np.concatenate([vertices for vertices, _ in parts]), faces)
    kept = without_hidden_components(mesh, camera, minimum_share=0.05, resolution=64)
    assert len(kept.vertices) == starts[2]
    np.testing.assert_array_equal(kept.vertices, mesh.vertices[: starts[2]])
    large = without_hidden_components(mesh, camera, minimum_share=0.0, resolution=64)
    assert len(large.vertices) == starts[3]
    alone = Mesh(parts[0][0], parts[0][1])
    assert without_hidden_components(alone, camera, minimum_share=0.05, resolution=64) is alone
