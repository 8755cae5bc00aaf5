from __future__ import annotations

import numpy as np
import torch

from shapelift.geometry import Camera
from shapelift.ops.picture_frame import in_picture, picture_depth, picture_from_world, world_from_picture

SIZE = 64


def camera() -> Camera:
    return Camera.orbit(30.0, 20.0, 3.0, 40.0, (SIZE, SIZE))


def as_tensors(one: Camera) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor(one.intrinsics)[None], torch.tensor(one.camera_from_world)[None]


def test_coordinates_are_those_of_the_pixels() -> None:
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (50, 3))
    one = camera()
    pixels, depth = one.project(points)
    found = picture_from_world(torch.from_numpy(points)[None], *as_tensors(one), SIZE)[0].numpy()
    np.testing.assert_allclose(found[:, 0], pixels[:, 0] / SIZE - 0.5, atol=1e-12)
    np.testing.assert_allclose(found[:, 1], 0.5 - pixels[:, 1] / SIZE, atol=1e-12)
    unit = one.intrinsics[0, 0] / (3.0 * SIZE)  # sides of the window that a unit of length fills at the origin
    np.testing.assert_allclose(found[:, 2], (depth - 3.0) * unit, atol=1e-12)
    w = picture_depth(torch.from_numpy(depth)[None], *as_tensors(one), SIZE)
    np.testing.assert_allclose(w[0].numpy(), found[:, 2], atol=1e-12)


def test_the_way_back_is_the_inverse() -> None:
    points = torch.from_numpy(np.random.default_rng(0).uniform(-0.6, 0.6, (2, 50, 3)))
    cameras = [camera(), Camera.orbit(-70.0, 55.0, 1.6, 50.0, (SIZE, SIZE))]
    intrinsics, matrices = (torch.cat(parts) for parts in zip(*map(as_tensors, cameras), strict=True))
    picture = picture_from_world(points, intrinsics, matrices, SIZE)
    assert torch.allclose(world_from_picture(picture, intrinsics, matrices, SIZE), points, atol=1e-12)
    assert torch.autograd.gradcheck(
        lambda x: world_from_picture(x, intrinsics, matrices, SIZE), (picture.requires_grad_(),)
    )


def test_near_the_origin_the_three_axes_have_one_scale_and_the_frame_is_left_handed() -> None:
    one = camera()
    axes = one.world_from_camera[:3, :3].T @ np.diag([1, 1, 1])  # rows: right, down, away
    steps = 1e-4 * np.stack([axes[0], -axes[1], axes[2]])
    found = picture_from_world(torch.from_numpy(steps)[None], *as_tensors(one), SIZE)[0].numpy()
    origin = picture_from_world(torch.zeros(1, 1, 3, dtype=torch.float64), *as_tensors(one), SIZE)[0].numpy()
    unit = one.intrinsics[0, 0] / (3.0 * SIZE)
    np.testing.assert_allclose((found - origin) / (1e-4 * unit), np.eye(3), atol=1e-3)
    assert np.linalg.det(np.stack([axes[0], -axes[1], axes[2]])) < 0.0


def test_points_beside_or_behind_the_camera_are_outside_and_finite() -> None:
    one = camera()
    points = np.stack([one.position, one.position * 1.5, one.position * 3.0, np.zeros(3)])
    found = picture_from_world(torch.from_numpy(points)[None].float(), *(x.float() for x in as_tensors(one)), SIZE)
    assert found.isfinite().all()
    assert in_picture(found)[0].tolist() == [False, False, False, True]


def test_autocast_does_not_move_points() -> None:
    points = torch.rand(1, 40, 3, generator=torch.Generator().manual_seed(0)) - 0.5
    arguments = [x.float() for x in as_tensors(camera())]
    exact = picture_from_world(points, *arguments, SIZE)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(picture_from_world(points, *arguments, SIZE), exact)
    points = points.double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: picture_from_world(x, *as_tensors(camera()), SIZE), (points,))
