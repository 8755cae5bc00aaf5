from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import trimesh

from shapelift.geometry import Camera, Mesh
from shapelift.synthesis.cameras import framed_camera, random_viewpoints
from shapelift.synthesis.lighting import Lighting, random_lighting
from shapelift.synthesis.materials import Asset, Material, random_material
from shapelift.synthesis.renderer import Scene, View, render_view, smooth_corner_normals

WHITE = Material((1.0, 1.0, 1.0), specular=0.0)
GREY_SKY = Lighting(np.zeros((0, 3)), np.zeros((0, 3)), np.full(3, 0.25), np.full(3, 0.25), shadows=False)


def of_trimesh(solid: trimesh.Trimesh) -> Mesh:
    return Mesh(np.asarray(solid.vertices, np.float32), np.asarray(solid.faces, np.int32))


def cube() -> Mesh:
    return of_trimesh(trimesh.creation.box())


def sphere(subdivisions: int = 4) -> Mesh:
    return of_trimesh(trimesh.creation.icosphere(subdivisions, radius=0.5))


def render(mesh: Mesh, camera: Camera, lighting: Lighting = GREY_SKY, material: Material = WHITE) -> View:
    return render_view(Scene(Asset.of_mesh(mesh, material)), camera, lighting)


def quad(low: tuple[float, float], high: tuple[float, float]) -> Mesh:
    """A rectangle in the plane z = 0 that faces +Z."""
    corners = [(low[0], low[1], 0), (high[0], low[1], 0), (high[0], high[1], 0), (low[0], high[1], 0)]
    return Mesh(np.asarray(corners, np.float32), np.asarray([[0, 1, 2], [0, 2, 3]], np.int32))


def flat_camera(pixels_per_unit: float, size_px: int) -> Camera:
    """Orthographic, on +Z, looking at the origin in the image centre; image +y is down."""
    matrix = np.diag([1.0, -1.0, -1.0, 1.0])
    matrix[2, 3] = 3.0
    half = size_px / 2.0
    intrinsics = np.array([[pixels_per_unit, 0, half], [0, pixels_per_unit, half], [0, 0, 1.0]])
    return Camera(intrinsics, matrix, (size_px, size_px), "orthographic")


def test_front_of_a_cube_has_constant_depth_and_normal() -> None:
    view = render(cube(), Camera.orbit(0.0, 0.0, 3.0, 30.0, (65, 65)))
    assert view.depth[32, 32] == pytest.approx(2.5, abs=1e-5)
    seen = view.depth > 0
    np.testing.assert_allclose(view.depth[seen], 2.5, atol=1e-5)
    np.testing.assert_allclose(view.normals[seen], np.broadcast_to([0.0, 0.0, 1.0], (seen.sum(), 3)), atol=1e-6)
    side = 65 / (2.0 * np.tan(np.deg2rad(15.0))) / 2.5
    assert view.rgba[..., 3].sum() / 255.0 == pytest.approx(side**2, rel=0.03)
    assert not view.normals[~seen].any()


def test_depth_of_a_sphere_is_the_closed_form() -> None:
    camera = Camera.orbit(40.0, 25.0, 2.5, 30.0, (48, 48))
    view = render(sphere(5), camera)
    origins, directions = camera.rays()
    along = -np.einsum("hwi,hwi->hw", origins, directions)
    root = along**2 - (np.einsum("hwi,hwi->hw", origins, origins) - 0.25)
    inner = root > 0.02  # away from the rim, where a polyhedron and its sphere part
    distance = along - np.sqrt(np.maximum(root, 0.0))
    points = origins + distance[..., None] * directions
    _, depth = camera.project(points.reshape(-1, 3))
    np.testing.assert_allclose(view.depth[inner], depth.reshape(48, 48)[inner], atol=2e-3)
    assert np.einsum("ni,ni->n", view.normals[inner], 2.0 * points[inner]).min() > 0.998


@pytest.mark.parametrize("projection", ["perspective", "orthographic"])
def test_unprojected_depth_lies_on_the_surface(projection: str) -> None:
    camera = framed_camera(cube().vertices, 33.0, 21.0, 35.0, 3.0, 64)
    if projection == "orthographic":
        intrinsics = np.array([[36.0, 0, 32.0], [0, 36.0, 32.0], [0, 0, 1.0]])
        camera = Camera(intrinsics, camera.camera_from_world, (64, 64), "orthographic")
    view = render(cube(), camera)
    rows, columns = np.nonzero(view.depth)
    points = camera.unproject(np.stack([columns, rows], axis=1) + 0.5, view.depth[rows, columns])
    assert len(points) > 1000
    np.testing.assert_allclose(np.abs(points).max(axis=1), 0.5, atol=2e-6)
    normals = view.normals[rows, columns]
    np.testing.assert_allclose(np.einsum("ni,ni->n", points, normals), 0.5, atol=2e-6)


def test_the_edge_of_a_half_plane_is_antialiased() -> None:
    # The edge x = 0.125 / 8 cuts pixel column 8 in the middle; the plane fills everything left of it.
    camera = flat_camera(8.0, 16)
    alpha = render(quad((-9.0, -9.0), (0.0625, 9.0)), camera).rgba[..., 3]
    assert (alpha[:, :8] == 255).all()
    assert (alpha[:, 8] == 128).all()
    assert (alpha[:, 9:] == 0).all()


@pytest.mark.parametrize("supersampling", [1, 2, 3, 8])
def test_alpha_of_a_slanted_edge_sums_to_its_area(supersampling: int) -> None:
    triangle = Mesh(np.asarray([[-0.9, -0.8, 0], [0.7, -0.3, 0], [-0.2, 0.9, 0]], np.float32), np.asarray([[0, 1, 2]]))
    scene = Scene(Asset.of_mesh(triangle, WHITE))
    view = render_view(scene, flat_camera(16.0, 32), GREY_SKY, supersampling)
    assert view.rgba[..., 3].sum() / 255.0 == pytest.approx(triangle.area * 256.0, rel=0.02)
    levels = np.unique(np.rint(view.rgba[..., 3] / 255.0 * supersampling**2))
    assert len(levels) <= supersampling**2 + 1
    assert (supersampling > 1) == (len(levels) > 2)


def test_colour_is_straight_and_has_no_dark_fringe() -> None:
    view = render(sphere(), Camera.orbit(0.0, 0.0, 2.5, 30.0, (40, 40)))
    touched = view.rgba[..., 3] > 0
    assert ((view.rgba[..., 3] > 0) & (view.rgba[..., 3] < 255)).any()
    assert np.abs(view.rgba[touched][:, :3].astype(int) - 128).max() <= 1  # white under a sky of 0.25 is sRGB 0.5
    assert not view.rgba[~touched].any()


def test_textures_stand_upright() -> None:
    red, green, blue, white = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
    image = np.full((2, 2, 4), 255, np.uint8)
    image[..., :3] = [[red, green], [blue, white]]
    uv = np.asarray([[[0, 1], [1, 1], [1, 0]], [[0, 1], [1, 0], [0, 0]]], np.float32)  # (0, 0) is the top left corner
    asset = replace(
        Asset.of_mesh(quad((-0.5, -0.5), (0.5, 0.5)), WHITE),
        uv=uv,
        face_texture=np.zeros(2, np.int32),
        textures=(np.kron(image, np.ones((8, 8, 1), np.uint8)),),
    )
    view = render_view(Scene(asset), flat_camera(16.0, 16), GREY_SKY)
    for row, column, color in ((3, 3, red), (3, 12, green), (12, 3, blue), (12, 12, white)):
        assert np.abs(view.rgba[row, column, :3] / 255.0 - np.asarray(color) / 510.0).max() < 0.01


def test_vertex_colours_are_interpolated() -> None:
    mesh = quad((-0.5, -0.5), (0.5, 0.5))
    mesh = Mesh(mesh.vertices, mesh.faces, np.asarray([[0, 0, 0], [200, 0, 0], [200, 0, 0], [0, 0, 0]], np.uint8))
    view = render(mesh, flat_camera(16.0, 16), replace(GREY_SKY, sky=np.ones(3) / 4, ground=np.ones(3) / 4))
    expected = (np.arange(16) + 0.5) / 16 * 200 / 2
    assert np.abs(view.rgba[8, :, 0] - expected).max() <= 3


def test_materials_belong_to_their_faces() -> None:
    asset = Asset(
        mesh=quad((-0.5, -0.5), (0.5, 0.5)),
        face_material=np.asarray([0, 1], np.int32),
        materials=(Material((1.0, 0.0, 0.0), specular=0.0), Material((0.0, 1.0, 0.0), (0.0, 1.0, 0.0), "checker")),
        face_texture=np.full(2, -1, np.int32),
    )
    view = render_view(Scene(asset), flat_camera(16.0, 16), GREY_SKY)
    assert view.rgba[12, 12, :3].argmax() == 0
    assert view.rgba[3, 3, :3].argmax() == 1


def test_the_winding_of_faces_does_not_matter() -> None:
    mesh = sphere(3)
    flipped = Mesh(mesh.vertices, np.where(np.arange(len(mesh.faces))[:, None] % 2, mesh.faces, mesh.faces[:, ::-1]))
    camera = framed_camera(mesh.vertices, 10.0, 20.0, 30.0, 3.0, 48)
    lighting = random_lighting(np.random.default_rng(0), 10.0)
    one, other = render(mesh, camera, lighting), render(flipped, camera, lighting)
    assert np.abs(one.rgba.astype(int) - other.rgba).max() <= 1
    np.testing.assert_allclose(one.normals, other.normals, atol=1e-5)


def test_the_key_light_casts_a_shadow() -> None:
    plate = quad((-0.2, -0.2), (0.2, 0.2))
    wall = quad((-1.0, -1.0), (1.0, 1.0))
    both = Mesh(
        np.concatenate([plate.vertices + np.float32([0, 0, 0.5]), wall.vertices]),
        np.concatenate([plate.faces, wall.faces + 4]),
    )
    slanted = np.asarray([[0.6, 0.0, 0.8]])
    lamp = Lighting(slanted, np.full((1, 3), 0.4), np.full(3, 0.05), np.full(3, 0.05), shadows=True)
    camera = flat_camera(32.0, 64)
    shadowed, lit = render(both, camera, lamp), render(both, camera, replace(lamp, shadows=False))
    # The plate at height 0.5 throws its shadow 0.375 to the left: x from -0.575 to -0.175.
    column = round(32 - 0.375 * 32)
    dark, light = (np.sqrt(np.asarray([0.05, 0.05 + 0.4 * 0.8])) * 255.0).round()
    assert abs(int(shadowed.rgba[32, column, 0]) - dark) <= 1
    assert abs(int(lit.rgba[32, column, 0]) - light) <= 1
    assert abs(int(shadowed.rgba[32, 60, 0]) - light) <= 1
    assert abs(int(shadowed.rgba[32, 33, 0]) - light) <= 1  # the plate does not shadow itself


def test_rendering_is_deterministic_and_independent_of_earlier_views() -> None:
    rng = np.random.default_rng(3)
    scene = Scene(Asset.of_mesh(sphere(3), random_material(rng, "wood")))
    viewpoints = random_viewpoints(rng, 3)
    cameras = [
        framed_camera(sphere(3).vertices, v.azimuth_deg, v.elevation_deg, v.fov_deg, v.distance, 40) for v in viewpoints
    ]
    lights = [random_lighting(rng, view.azimuth_deg) for view in viewpoints]
    first = [render_view(scene, camera, light) for camera, light in zip(cameras, lights, strict=True)]
    again = render_view(Scene(scene.asset), cameras[2], lights[2])
    for name in ("rgba", "depth", "normals"):
        np.testing.assert_array_equal(getattr(first[2], name), getattr(again, name))


def test_no_view_is_black() -> None:
    rng = np.random.default_rng(5)
    mesh = cube()
    scene = Scene(Asset.of_mesh(mesh, Material((0.6, 0.6, 0.6))))
    means = []
    for viewpoint in random_viewpoints(rng, 60):
        camera = framed_camera(mesh.vertices, viewpoint.azimuth_deg, viewpoint.elevation_deg, 30.0, 4.0, 24)
        rgba = render_view(scene, camera, random_lighting(rng, viewpoint.azimuth_deg)).rgba
        means.append(rgba[rgba[..., 3] == 255][:, :3].mean())
    assert 45.0 < min(means) < 120.0
    assert 140.0 < max(means) < 225.0


def test_what_the_camera_cannot_see_is_empty() -> None:
    camera = Camera.look_at((0.0, 0.0, 3.0), (0.0, 0.0, 6.0), 40.0, (16, 12))
    view = render(cube(), camera)
    assert view.rgba.shape == (12, 16, 4)
    assert not view.rgba.any()
    assert not view.depth.any()
    aside = Camera.look_at((0.0, 0.0, 3.0), (3.0, 0.0, 3.0), 40.0, (16, 12))
    assert not render(cube(), aside).rgba.any()
    outside = framed_camera(cube().vertices, 0.0, 0.0, 30.0, 3.0, 16).window(100.0, 100.0, 5.0, 16)
    assert not render(cube(), outside).rgba.any()


def test_a_camera_among_the_object_sees_what_is_in_front() -> None:
    view = render(cube(), Camera.look_at((0.0, 0.0, 0.0), (0.0, 0.0, 1.0), 60.0, (8, 8)))
    np.testing.assert_allclose(view.depth, 0.5, atol=1e-6)
    np.testing.assert_allclose(view.normals, np.broadcast_to([0.0, 0.0, -1.0], (8, 8, 3)), atol=1e-6)


def test_smooth_normals_follow_a_sphere_and_leave_a_cube_alone() -> None:
    ball = sphere(3)
    smooth = smooth_corner_normals(ball.corners, ball.faces)
    assert smooth is not None
    assert np.einsum("fci,fci->fc", smooth, 2.0 * ball.corners).min() > 0.999
    box = cube()
    assert smooth_corner_normals(box.corners, box.faces) is None


def test_bad_calls_are_refused() -> None:
    empty = Asset.of_mesh(Mesh(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32)), WHITE)
    with pytest.raises(ValueError, match="at least one face"):
        Scene(empty)
    with pytest.raises(ValueError, match="supersampling"):
        render_view(Scene(Asset.of_mesh(cube(), WHITE)), flat_camera(8.0, 8), GREY_SKY, 0)
