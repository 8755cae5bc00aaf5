"""Colours of surfaces whose look is known: a ball, half red and half blue, and boxes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from shapelift.coloring import surface, surface_colors
from shapelift.coloring.camera_fit import fitted_camera
from shapelift.coloring.symmetry import mirror_plane
from shapelift.coloring.visibility import visible_share
from shapelift.geometry import Box, Camera, ImplicitField, Mesh
from shapelift.geometry.templates import icosphere
from shapelift.meshing import mesh_field
from shapelift.rendering.pixel_rays import pixel_crossings

SIDE = 128


def ball(radius: float = 0.5) -> Mesh:
    sphere = icosphere(4)
    return Mesh(sphere.vertices * np.float32(radius / np.linalg.norm(sphere.vertices, axis=1).max()), sphere.faces)


def box_mesh(size: tuple[float, float, float], middle: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Mesh:
    half, center = np.array(size) / 2.0, np.array(middle)

    def inside(points: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return np.asarray((half - np.abs(points - center)).min(axis=1), np.float32)

    return mesh_field(ImplicitField(inside, Box((-0.7,) * 3, (0.7,) * 3)), resolution=48)


def wedge() -> Mesh:
    """Three bars that no plane mirrors."""
    parts = [
        box_mesh((1.0, 0.2, 0.2)),
        box_mesh((0.2, 0.2, 0.6), (0.4, 0.0, 0.3)),
        box_mesh((0.2, 0.6, 0.2), (-0.2, 0.3, 0.0)),
    ]
    offsets = np.cumsum([0, *[len(part.vertices) for part in parts[:-1]]])
    return Mesh(
        np.concatenate([part.vertices for part in parts]),
        np.concatenate([part.faces + offset for part, offset in zip(parts, offsets, strict=True)]),
    )


def picture_of(mesh: Mesh, camera: Camera) -> npt.NDArray[np.uint8]:
    """The unlit picture of a coloured mesh, and green where there is nothing."""
    assert mesh.colors is not None
    hits = pixel_crossings(mesh, camera).first()
    found = hits.faces >= 0
    picture = np.zeros((*hits.faces.shape, 4), np.uint8)
    picture[..., 1] = 255
    blended = np.einsum("nc,ncd->nd", hits.weights[found], mesh.colors[mesh.faces[hits.faces[found]]].astype(float))
    picture[found, :3] = np.rint(blended).astype(np.uint8)
    picture[found, 3] = 255
    return picture


def two_coloured(mesh: Mesh) -> Mesh:
    red = mesh.vertices[:, 0] < 0.0
    return mesh.colored(np.where(red[:, None], (200, 40, 40), (40, 40, 200)).astype(np.uint8))


def test_one_side_is_seen_and_hidden_parts_are_not() -> None:
    """Of a ball the near cap is seen; of a ball behind a larger one nothing."""
    camera = Camera.orbit(0.0, 0.0, 3.0, 30.0, (SIDE, SIDE))
    mesh = ball()
    share = visible_share(mesh, camera)
    towards = mesh.vertices[:, 2] / 0.5
    assert (share[towards > 0.6] > 0.95).all()
    assert (share[towards < 0.1] == 0.0).all()
    hidden = Mesh(
        np.concatenate([mesh.vertices, mesh.vertices * 0.4 - (0, 0, 0.8)]).astype(np.float32),
        np.concatenate([mesh.faces, mesh.faces + len(mesh.vertices)]),
    )
    assert not visible_share(hidden, camera)[len(mesh.vertices) :].any()


def test_what_is_seen_has_the_colours_of_the_picture() -> None:
    camera = Camera.orbit(0.0, 0.0, 3.0, 30.0, (SIDE, SIDE))
    mesh = two_coloured(ball())
    found = surface_colors(mesh, picture_of(mesh, camera), camera)
    sure = (found.seen > 0.9) & (np.abs(mesh.vertices[:, 0]) > 0.05)
    assert sure.sum() > 200
    assert np.abs(found.colors[sure].astype(int) - mesh.colors[sure]).max() <= 6


def test_the_background_does_not_bleed() -> None:
    """Not one vertex, however near the outline, gets any of the bright green around the object."""
    camera = Camera.orbit(20.0, 20.0, 3.0, 30.0, (SIDE, SIDE))
    mesh = two_coloured(ball())
    found = surface_colors(mesh, picture_of(mesh, camera), camera)
    assert found.colors[:, 1].max() <= 50


def test_a_symmetric_shape_shows_its_hidden_side_on_the_seen_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tall box seen obliquely, its upper half red: the hidden flanks are coloured by the seen ones, and are not, or
    much less, where mirrored colours are not trusted."""
    mesh = box_mesh((0.4, 1.0, 0.6))
    striped = mesh.colored(np.where(mesh.vertices[:, 1:2] > 0.0, (170, 90, 90), (90, 90, 170)).astype(np.uint8))
    camera = Camera.orbit(40.0, 10.0, 3.0, 30.0, (SIDE, SIDE))
    picture = picture_of(striped, camera)

    def error() -> float:
        found = surface_colors(striped, picture, camera)
        hidden = (found.seen == 0.0) & (np.abs(mesh.vertices[:, 1]) > 0.15)
        return float(np.linalg.norm(found.colors[hidden].astype(float) - striped.colors[hidden], axis=1).mean())

    mirrored = error()
    monkeypatch.setattr(surface, "_MIRROR_TRUST", 0.0)
    assert mirrored < 0.75 * error()


def test_the_guess_is_scaled_to_what_is_seen() -> None:
    """A guess that is right but half as bright everywhere ends near the true colours on the unseen side too."""
    camera = Camera.orbit(0.0, 0.0, 3.0, 30.0, (SIDE, SIDE))
    mesh = ball().colored(np.full((len(ball().vertices), 3), (180, 140, 100), np.uint8))
    dark = np.full((len(mesh.vertices), 3), np.array([180, 140, 100]) / 255.0 * 0.7, np.float32)
    found = surface_colors(mesh, picture_of(mesh, camera), camera, dark)
    assert np.abs(found.colors.astype(int) - (180, 140, 100)).max() <= 8


def test_a_picture_that_shows_nothing_gives_the_guess() -> None:
    mesh = ball()
    camera = Camera.orbit(0.0, 0.0, 3.0, 30.0, (SIDE, SIDE))
    nothing = np.zeros((SIDE, SIDE, 4), np.uint8)
    guess = np.full((len(mesh.vertices), 3), 0.25, np.float32)
    found = surface_colors(mesh, nothing, camera, guess)
    assert (found.colors == 64).all()
    assert not found.seen.any()


def test_no_plane_mirrors_a_shape_without_symmetry() -> None:
    mesh = wedge()
    assert mirror_plane(mesh) is None


@pytest.mark.parametrize("angle_deg", [0.0, 25.0, 70.0])
def test_the_plane_of_a_turned_box(angle_deg: float) -> None:
    mesh = box_mesh((0.9, 0.5, 0.3))
    turn = np.deg2rad(angle_deg)
    rotation = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    plane = mirror_plane(Mesh((mesh.vertices @ rotation.T).astype(np.float32), mesh.faces))
    assert plane is not None
    # It mirrors itself in two planes, along and across.
    along = np.abs(np.array(plane.normal) @ rotation)
    assert max(along[0], along[2]) > 0.995
    assert abs(plane.offset) < 0.01
    np.testing.assert_allclose(plane.mirrored(plane.mirrored([[0.1, 0.2, 0.3]])), [[0.1, 0.2, 0.3]])


@pytest.mark.slow
@pytest.mark.parametrize(("azimuth_deg", "elevation_deg"), [(0.0, 10.0), (75.0, 30.0), (200.0, 50.0)])
def test_the_camera_that_fits_an_outline(azimuth_deg: float, elevation_deg: float) -> None:
    """A wedge without symmetry is found from where it was seen, to the steps that are tried."""
    mesh = wedge()
    camera = Camera.orbit(azimuth_deg, elevation_deg, 3.0, 30.0, (SIDE, SIDE))
    alpha = np.where(pixel_crossings(mesh, camera).silhouette(), 255, 0).astype(np.uint8)
    found = fitted_camera(mesh, alpha, any_azimuth=True)
    seen = pixel_crossings(mesh, found).silhouette()
    overlap = np.count_nonzero(seen & (alpha > 0)) / np.count_nonzero(seen | (alpha > 0))
    assert overlap > 0.75
    direction = found.position / np.linalg.norm(found.position)
    assert direction @ camera.position / np.linalg.norm(camera.position) > 0.9


def test_a_front_view_stays_in_front() -> None:
    mesh = box_mesh((0.9, 0.5, 0.3))
    camera = Camera.orbit(0.0, 30.0, 3.0, 30.0, (SIDE, SIDE))
    alpha = np.where(pixel_crossings(mesh, camera).silhouette(), 255, 0).astype(np.uint8)
    found = fitted_camera(mesh, alpha, any_azimuth=False)
    assert abs(found.position[0]) < 1e-6 < found.position[2]
