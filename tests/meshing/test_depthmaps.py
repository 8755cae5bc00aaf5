from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest
import trimesh

from shapelift.geometry import Camera, DepthMaps, Mesh, orthographic_camera, similarity
from shapelift.geometry.cameras import Projection
from shapelift.meshing import depth_points, relief, seen_surface, to_mesh, to_point_cloud
from shapelift.solids import check, printable

PROJECTIONS: tuple[Projection, ...] = ("perspective", "orthographic")


def camera_of(projection: Projection, size_px: int = 40) -> Camera:
    turned = Camera.orbit(30.0, 25.0, 3.0, 30.0, (size_px, size_px))
    if projection == "perspective":
        return turned
    return orthographic_camera(turned.camera_from_world, size_px, 1.6)


def plane_depth(camera: Camera, normal: np.ndarray, offset: float) -> np.ndarray:
    """Depth `h w` of the plane `normal . x = offset` of the world."""
    origins, directions = camera.rays()
    distance = (offset - origins @ normal) / (directions @ normal)
    points = origins + distance[..., None] * directions
    return camera.project(points.reshape(-1, 3))[1].reshape(points.shape[:2])


def sphere(camera: Camera, radius: float = 0.5) -> DepthMaps:
    origins, directions = camera.rays()
    b = (origins * directions).sum(-1)
    root = b**2 - (origins**2).sum(-1) + radius**2
    distance = -b - np.sqrt(np.maximum(root, 0.0))
    depth = camera.project((origins + distance[..., None] * directions).reshape(-1, 3))[1].reshape(root.shape)
    return maps_of(camera, np.where(root > 0.0, depth, 0.0), root > 0.0)


def maps_of(camera: Camera, depth: np.ndarray, mask: np.ndarray | None = None, **more: Any) -> DepthMaps:
    mask = np.ones(depth.shape, np.bool_) if mask is None else mask
    return DepthMaps(depth[None].astype(np.float32), mask[None], (camera,), **more)


def assert_manifold(mesh: Mesh) -> None:
    judged = trimesh.Trimesh(mesh.vertices, mesh.faces, process=True)  # vertices at one place are one
    assert judged.is_watertight
    assert judged.is_winding_consistent
    assert judged.is_volume
    assert judged.volume > 0.0
    assert not check(mesh).problems
    from manifold3d import Error, Manifold
    from manifold3d import Mesh as ManifoldMesh

    solid = Manifold(ManifoldMesh(np.array(mesh.vertices), np.array(mesh.faces, np.uint32)))
    assert solid.status() == Error.NoError
    assert solid.volume() == pytest.approx(mesh.volume, rel=1e-3)


@pytest.mark.parametrize("projection", PROJECTIONS)
def test_every_vertex_of_a_plane_lies_in_it_even_at_the_border(projection: Projection) -> None:
    camera, rng = camera_of(projection), np.random.default_rng(0)
    normal = np.array([0.3, 0.5, 0.8]) / np.linalg.norm([0.3, 0.5, 0.8])
    disc = np.hypot(*(np.indices((40, 40)) - 19.5)) < 18
    for mask in (np.ones((40, 40), np.bool_), disc, disc & (rng.random((40, 40)) < 0.8)):
        maps = maps_of(camera, np.where(mask, plane_depth(camera, normal, 0.1), 9.0), mask)
        mesh = seen_surface(maps)
        off = np.abs(mesh.vertices @ normal - 0.1)
        joined = mask & (np.roll(mask, 1, 0) | np.roll(mask, -1, 0)) & (np.roll(mask, 1, 1) | np.roll(mask, -1, 1))
        # Pixels with a neighbour along both axes know the slope; the others are flat.
        assert off.max() < (1e-5 if joined[mask].all() else 0.05)
        assert (mesh.face_normals @ normal).min() > (0.999 if joined[mask].all() else 0.5)
        cloud = depth_points(maps)
        assert np.abs(cloud.points @ normal - 0.1).max() < 1e-5
        assert len(cloud) == mask.sum()


@pytest.mark.parametrize("projection", PROJECTIONS)
@pytest.mark.parametrize("back", ["parallel", "flat"])
def test_a_rectangle_becomes_a_box(projection: Projection, back: Literal["parallel", "flat"]) -> None:
    size_px = 40
    base = camera_of(projection, size_px)
    mask = np.zeros((size_px, size_px), np.bool_)
    mask[10:30, 5:25] = True
    maps = maps_of(base, np.full((size_px, size_px), 2.0), mask)
    mesh = relief(maps, thickness=0.25, back=back)
    assert_manifold(mesh)
    pixel = (1.0 if projection == "orthographic" else 2.0) / base.intrinsics[0, 0]
    side = 20 * pixel
    far = side if projection == "orthographic" else side * 2.25 / 2.0
    assert mesh.volume == pytest.approx(0.25 * (side**2 + side * far + far**2) / 3.0, rel=1e-4)  # a frustum
    assert base.project(mesh.vertices)[1].min() == pytest.approx(2.0, rel=1e-5)
    assert base.project(mesh.vertices)[1].max() == pytest.approx(2.25, rel=1e-5)


@pytest.mark.parametrize("projection", PROJECTIONS)
def test_a_sphere_is_a_shell_and_its_points_lie_on_it(projection: Projection) -> None:
    camera = camera_of(projection, 96)
    maps = sphere(camera)
    cloud = depth_points(maps)
    np.testing.assert_allclose(np.linalg.norm(cloud.points, axis=1), 0.5, atol=1e-5)
    inner = (cloud.normals * (camera.position - cloud.points)).sum(1) > 0.5 * np.linalg.norm(
        camera.position - cloud.points, axis=1
    )
    assert ((2.0 * cloud.points * cloud.normals).sum(1))[inner].min() > 0.99
    mesh = seen_surface(maps)
    radius = np.linalg.norm(mesh.vertices, axis=1)
    assert np.abs(radius - 0.5).max() < 0.05
    assert np.median(np.abs(radius - 0.5)) < 1e-3
    assert_manifold(to_mesh(maps))
    sampled = to_point_cloud(maps, 100, np.random.default_rng(0))
    np.testing.assert_allclose(np.linalg.norm(sampled.points, axis=1), 0.5, atol=1e-5)


def speckled(rng: np.random.Generator) -> DepthMaps:
    """Any mask, with depths that jump everywhere or nowhere."""
    height, width = (int(side) for side in rng.integers(1, 13, 2))
    projection = PROJECTIONS[int(rng.integers(2))]
    intrinsics = np.array([[20.0, 0.0, width / 2], [0.0, 20.0, height / 2], [0.0, 0.0, 1.0]])
    camera = Camera(intrinsics, np.eye(4), (width, height), projection)
    mask = rng.random((height, width)) < rng.uniform(0.1, 1.0)
    mask[rng.integers(height), rng.integers(width)] = True
    depth = 2.0 + rng.choice([0.0, 0.02, 0.4]) * rng.random((height, width)) + (rng.random((height, width)) < 0.3)
    return maps_of(camera, np.where(mask, depth, -1.0), mask)


@pytest.mark.slow
def test_any_mask_with_any_depth_is_a_manifold() -> None:
    rng = np.random.default_rng(0)
    for _ in range(150):
        maps = speckled(rng)
        for back in ("parallel", "flat"):
            mesh = relief(maps, thickness=float(rng.uniform(0.05, 1.0)), back=back, jump=float(rng.uniform(1.0, 9.0)))
            assert_manifold(mesh)
            cleaned = printable(mesh, minimum_share=0.0, tolerance=0.0)
            assert cleaned.volume == pytest.approx(mesh.volume, rel=1e-3)


def test_two_pixels_that_touch_in_a_corner_are_two_solids() -> None:
    camera = Camera(np.diag([8.0, 8.0, 1.0]), np.eye(4), (2, 2), "orthographic")
    mesh = relief(maps_of(camera, np.ones((2, 2)), np.eye(2, dtype=np.bool_)), thickness=0.1)
    assert_manifold(mesh)
    assert len(mesh.vertices) == 16
    assert len(trimesh.Trimesh(mesh.vertices, mesh.faces, process=True).split()) == 2


def test_an_edge_in_depth_is_cut_or_not() -> None:
    camera = Camera(np.diag([8.0, 8.0, 1.0]), np.eye(4), (8, 8), "orthographic")
    depth = np.ones((8, 8))
    depth[:, 4:] = 2.5  # 12 widths of a pixel
    maps = maps_of(camera, depth)
    parts = trimesh.Trimesh(*_of(seen_surface(maps)), process=False).split(only_watertight=False)
    assert sorted(np.ptp(part.vertices[:, 2]) for part in parts) == [0.0, 0.0]
    assert len(trimesh.Trimesh(*_of(seen_surface(maps, jump=13.0))).split(only_watertight=False)) == 1
    assert len(trimesh.Trimesh(*_of(relief(maps, thickness=0.1))).split()) == 2
    whole = relief(maps, thickness=0.5, back="flat")
    assert len(trimesh.Trimesh(*_of(whole)).split()) == 1
    assert whole.volume == pytest.approx(0.5 + 0.5 * 1.5, rel=1e-6)
    assert set(np.round(whole.vertices[:, 2], 6)) == {1.0, 1.75, 2.5, 3.0}


def _of(mesh: Mesh) -> tuple[np.ndarray, np.ndarray]:
    return mesh.vertices, mesh.faces


def test_rigid_motions_of_the_camera_move_the_mesh() -> None:
    maps = sphere(camera_of("perspective", 24))
    motion = similarity(np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), (0.3, -1.0, 2.0))
    (camera,) = maps.cameras
    moved = Camera(camera.intrinsics, camera.camera_from_world @ np.linalg.inv(motion), camera.image_size_px)
    other = DepthMaps(maps.depth, maps.mask, (moved,))
    np.testing.assert_allclose(
        relief(other, thickness=0.2).vertices, relief(maps, thickness=0.2).transformed(motion).vertices, atol=1e-5
    )


def test_several_views_make_one_closed_surface() -> None:
    cameras = [Camera.orbit(azimuth, 20.0, 3.0, 25.0, (64, 64)) for azimuth in (0.0, 90.0, 180.0, 270.0)]
    views = [sphere(camera) for camera in cameras]
    both = DepthMaps(
        np.concatenate([view.depth for view in views]), np.concatenate([view.mask for view in views]), tuple(cameras)
    )
    mesh = to_mesh(both, resolution=32)
    assert mesh.volume == pytest.approx(np.pi / 6.0, rel=0.1)
    assert len(depth_points(both)) == both.mask.sum()
    with pytest.raises(ValueError, match="one view, the maps have 4"):
        relief(both)
    blind = DepthMaps(both.depth, both.mask & np.array([True, False, True, False])[:, None, None], tuple(cameras))
    assert len(seen_surface(blind).faces) == 2 * blind.mask.sum()


def test_given_normals_are_kept() -> None:
    maps = sphere(camera_of("perspective", 16))
    normals = np.random.default_rng(0).standard_normal((1, 16, 16, 3)).astype(np.float32)
    given = DepthMaps(maps.depth, maps.mask, maps.cameras, normals)
    np.testing.assert_array_equal(depth_points(given).normals, normals[maps.mask])


@pytest.mark.parametrize("verb", [to_mesh, seen_surface, relief, depth_points])
def test_maps_that_hold_nothing(verb: Any) -> None:
    camera = camera_of("perspective", 4)
    good = np.full((4, 4), 2.0)
    with pytest.raises(ValueError, match="mask is empty"):
        verb(maps_of(camera, good, np.zeros((4, 4), np.bool_)))
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="depth holds values that are not finite"):
            verb(maps_of(camera, good * bad))
    with pytest.raises(ValueError, match="not in front"):
        verb(maps_of(camera, good * [-1, 1, 1, 1]))


def test_numbers_out_of_range() -> None:
    maps = maps_of(camera_of("perspective", 4), np.full((4, 4), 2.0))
    for thickness in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="thickness"):
            relief(maps, thickness=thickness)
    for verb in (relief, seen_surface):
        with pytest.raises(ValueError, match="jump"):
            verb(maps, jump=0.0)
