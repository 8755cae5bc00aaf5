from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from shapelift.geometry import Camera, orthographic_camera
from shapelift.ops.depth_normals import depth_normals, unprojected

SIZE = 48
PERSPECTIVE = Camera.orbit(0.0, 0.0, 3.0, 22.0, (SIZE, SIZE))
ORTHOGRAPHIC = orthographic_camera(PERSPECTIVE.camera_from_world, SIZE, 1.2)
BOTH = pytest.mark.parametrize("camera", [PERSPECTIVE, ORTHOGRAPHIC], ids=["perspective", "orthographic"])


def rays_of(camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """Origins and directions `h w 3` in the axes of the camera."""
    origins, directions = camera.rays()
    turn = camera.camera_from_world[:3, :3].T
    return (origins - camera.position) @ turn, directions @ turn


def plane(camera: Camera, normal: np.ndarray, distance: float = 3.0) -> np.ndarray:
    """Depth of the plane with `normal` through (0, 0, distance), in the axes of the camera."""
    origins, directions = rays_of(camera)
    along = ((np.array([0.0, 0.0, distance]) - origins) @ normal) / (directions @ normal)
    return np.asarray(origins[..., 2] + along * directions[..., 2])


def solved(
    camera: Camera, depth: np.ndarray, mask: np.ndarray | None = None, **more: object
) -> tuple[np.ndarray, np.ndarray]:
    mask = np.ones(depth.shape, np.bool_) if mask is None else mask
    normals, valid = depth_normals(
        torch.tensor(depth)[None],
        torch.tensor(camera.intrinsics)[None],
        torch.tensor(mask)[None],
        orthographic=camera.projection == "orthographic",
        **more,  # type: ignore[arg-type]
    )
    return normals[0].numpy(), valid[0].numpy()


def loop(camera: Camera, depth: np.ndarray, mask: np.ndarray, jump: float) -> tuple[np.ndarray, np.ndarray]:
    """Pixel by pixel."""
    matrix, turn = camera.intrinsics, camera.camera_from_world[:3, :3].T
    normals, valid = np.zeros((*depth.shape, 3)), np.zeros(depth.shape, np.bool_)

    def point(row: int, column: int) -> np.ndarray:
        world = camera.unproject([[column + 0.5, row + 0.5]], depth[[row], [column]])[0]
        return np.asarray((world - camera.position) @ turn)

    def joined(row: int, column: int, other_row: int, other_column: int) -> bool:
        if (
            not (0 <= other_row < len(depth) and 0 <= other_column < depth.shape[1])
            or not mask[other_row, other_column]
        ):
            return False
        near = min(depth[row, column], depth[other_row, other_column])
        width = (near if camera.projection == "perspective" else 1.0) / matrix[0, 0]
        return bool(abs(depth[row, column] - depth[other_row, other_column]) <= jump * width)

    for row, column in zip(*np.nonzero(mask), strict=True):
        tangents = []
        for step in ((1, 0), (0, 1)):
            ends = [(row, column), (row, column)]
            for side in (0, 1):
                sign = 2 * side - 1
                other = (row + sign * step[0], column + sign * step[1])
                if joined(row, column, *other):
                    ends[side] = other
            if ends[0] != ends[1]:
                tangents.append(point(*ends[1]) - point(*ends[0]))
        if len(tangents) == 2:
            crossed = np.cross(*tangents)
            normals[row, column], valid[row, column] = crossed / np.linalg.norm(crossed), True
    return normals, valid


@BOTH
def test_planes_are_exact_up_to_the_border_of_any_mask(camera: Camera) -> None:
    rng = np.random.default_rng(0)
    for _ in range(10):
        normal = np.array([rng.uniform(-1, 1), rng.uniform(-1, 1), -1.0])
        normal /= np.linalg.norm(normal)
        mask = rng.random((SIZE, SIZE)) < rng.uniform(0.4, 1.0)
        found, valid = solved(camera, plane(camera, normal), mask)
        np.testing.assert_allclose(found[valid], np.broadcast_to(normal, (valid.sum(), 3)), atol=1e-10)
        beside = np.pad(mask, 1)
        wanted = mask & (beside[2:, 1:-1] | beside[:-2, 1:-1]) & (beside[1:-1, 2:] | beside[1:-1, :-2])
        np.testing.assert_array_equal(valid, wanted)
        assert not found[~valid].any()


@BOTH
def test_a_sphere_is_right_to_a_degree_away_from_the_rim(camera: Camera) -> None:
    origins, directions = rays_of(camera)
    centre = np.array([0.0, 0.0, 3.0])
    b = ((origins - centre) * directions).sum(-1)
    root = b**2 - ((origins - centre) ** 2).sum(-1) + 0.25
    points = origins + (-b - np.sqrt(np.maximum(root, 0.0)))[..., None] * directions
    mask = root > 0.0
    truth = (points - centre) / 0.5
    found, valid = solved(camera, np.where(mask, points[..., 2], np.inf), mask)
    facing = -(truth * directions).sum(-1)
    inner = mask & (facing > 0.5)  # up to 60 degrees from the line of sight
    assert inner.sum() > 700
    assert valid[inner].all()
    angle_deg = np.rad2deg(np.arccos(np.clip((found * truth).sum(-1), -1.0, 1.0)))
    assert angle_deg[inner].max() < 1.0
    assert (found * directions).sum(-1)[valid].max() < 0.0


@BOTH
def test_it_is_the_loop(camera: Camera) -> None:
    small = camera.window(0.0, 0.0, SIZE, 9)
    rng = np.random.default_rng(1)
    for jump in (0.5, 2.0, 100.0):
        depth = 3.0 + 0.3 * rng.random((9, 9))
        mask = rng.random((9, 9)) < 0.8
        found, valid = solved(small, depth, mask, jump=jump)
        wanted, wanted_valid = loop(small, depth, mask, jump)
        np.testing.assert_array_equal(valid, wanted_valid)
        np.testing.assert_allclose(found, wanted, atol=1e-10)


@BOTH
def test_an_edge_in_depth_is_not_a_slope(camera: Camera) -> None:
    depth = np.full((SIZE, SIZE), 3.0)
    depth[:, 20:] = 4.0
    found, valid = solved(camera, depth)
    assert valid.all()
    np.testing.assert_allclose(found, np.broadcast_to([0.0, 0.0, -1.0], found.shape), atol=1e-12)
    steep, _ = solved(camera, depth, jump=1e4)
    assert np.abs(steep[5, 19:21, 0]).min() > 0.5
    smooth = np.tile(3.0 + np.linspace(0.0, 1.0, SIZE) ** 2, (SIZE, 1))
    judged, _ = depth_normals(
        torch.tensor(smooth)[None],
        torch.tensor(camera.intrinsics)[None],
        torch.ones(1, SIZE, SIZE, dtype=torch.bool),
        orthographic=camera.projection == "orthographic",
        edges=torch.tensor(depth)[None],
    )
    free, _ = solved(camera, smooth)
    assert not np.allclose(judged[0, :, 19].numpy(), free[:, 19])
    np.testing.assert_allclose(judged[0, :, 5].numpy(), free[:, 5])


@BOTH
def test_scale_and_offset_do_not_matter_where_they_should_not(camera: Camera) -> None:
    rng = np.random.default_rng(2)
    depth = 3.0 + 0.02 * rng.random((SIZE, SIZE))
    other = depth * 2.5 if camera.projection == "perspective" else depth + 2.5
    np.testing.assert_allclose(solved(camera, other)[0], solved(camera, depth)[0], atol=1e-9)


@BOTH
def test_gradients_are_right(camera: Camera) -> None:
    small = camera.window(0.0, 0.0, SIZE, 5)
    rng = np.random.default_rng(3)
    depth = torch.tensor(3.0 + 0.2 * rng.random((2, 5, 5)), requires_grad=True)
    mask = torch.tensor(rng.random((2, 5, 5)) < 0.8)
    intrinsics = torch.tensor(small.intrinsics).expand(2, 3, 3)

    def normals(values: Tensor) -> Tensor:
        return depth_normals(values, intrinsics, mask, orthographic=camera.projection == "orthographic", jump=50.0)[0]

    assert torch.autograd.gradcheck(normals, (depth,))


@BOTH
@pytest.mark.parametrize("fill", [0.0, float("inf"), float("nan"), -1.0, 1e-30, 1e30])
def test_gradients_are_finite_whatever_the_depth(camera: Camera, fill: float) -> None:
    depth = torch.full((1, SIZE, SIZE), 3.0)
    mask = torch.ones(1, SIZE, SIZE, dtype=torch.bool)
    mask[0, :20] = False
    depth[0, :20] = fill
    if np.isfinite(fill):
        depth[0, 30:, 10:] = fill  # under the mask
    mask[0, 25, 25] = True
    depth.requires_grad_()
    intrinsics = torch.tensor(camera.intrinsics, dtype=torch.float32)[None]
    normals, valid = depth_normals(depth, intrinsics, mask, orthographic=camera.projection == "orthographic")
    assert bool(normals.isfinite().all())
    lengths = normals.norm(dim=-1)
    assert bool(torch.where(valid, (lengths - 1.0).abs() < 1e-5, lengths == 0.0).all())
    normals.square().sum(-1).sqrt()[valid].sum().backward()
    assert depth.grad is not None
    assert bool(depth.grad.isfinite().all())
    assert not depth.grad[~mask].any()


def test_leading_axes_and_points() -> None:
    rng = np.random.default_rng(4)
    depth = torch.tensor(3.0 + 0.2 * rng.random((2, 3, 6, 8)))
    skewed = np.array([[30.0, 2.0, 3.0], [0.0, 28.0, 2.5], [0.0, 0.0, 1.0]])
    camera = Camera(skewed, np.eye(4), (8, 6))
    intrinsics = torch.tensor(skewed).expand(2, 3, 3, 3)
    mask = torch.ones_like(depth, dtype=torch.bool)
    normals, valid = depth_normals(depth, intrinsics, mask)
    one, _ = depth_normals(depth[1, 2], intrinsics[1, 2], mask[1, 2])
    torch.testing.assert_close(normals[1, 2], one)
    assert bool(valid.all())
    rows, columns = np.indices((6, 8)) + 0.5
    wanted = camera.unproject(np.stack([columns, rows], axis=-1), depth[0, 0].numpy())
    np.testing.assert_allclose(unprojected(depth, intrinsics)[0, 0].numpy(), wanted, atol=1e-12)


def test_maps_of_one_pixel_have_no_normals() -> None:
    normals, valid = depth_normals(torch.ones(1, 1, 1), torch.eye(3)[None], torch.ones(1, 1, 1, dtype=torch.bool))
    assert not valid.any()
    assert not normals.any()
    with pytest.raises(ValueError, match="jump"):
        depth_normals(torch.ones(1, 1, 1), torch.eye(3)[None], torch.ones(1, 1, 1, dtype=torch.bool), jump=0.0)
