from __future__ import annotations

import numpy as np
import torch

from shapelift.geometry import Camera
from shapelift.nn.camera_head import CENTER, DISTANCE, ELEVATION_DEG, MEANS, SCALE, CameraHead


def test_an_untrained_head_says_the_mean_camera() -> None:
    head = CameraHead(code_size=6, image_size=64)
    intrinsics, matrix = head(torch.zeros(2, 6))
    elevation_deg, distance, scale, column, row = MEANS
    wanted = Camera.orbit(0.0, elevation_deg, distance, 40.0, (64, 64))
    for item in range(2):
        found = Camera(intrinsics[item].detach().numpy(), matrix[item].detach().numpy(), (64, 64))
        np.testing.assert_allclose(found.camera_from_world, wanted.camera_from_world, atol=1e-5)
        pixels, depth = found.project([[0.0, 0.0, 0.0], *(0.01 * wanted.world_from_camera[:3, :2].T)])
        np.testing.assert_allclose(pixels[0], [64 * column, 64 * row], atol=1e-3)
        np.testing.assert_allclose(depth, distance, rtol=1e-5)
        np.testing.assert_allclose(pixels[1:] - pixels[0], 0.64 * scale * np.eye(2), atol=1e-3)


def test_any_code_gives_a_camera_within_the_ranges() -> None:
    torch.manual_seed(0)
    head = CameraHead(code_size=6, image_size=64)
    codes = torch.randn(40, 6) * torch.logspace(-2, 4, 40)[:, None]
    intrinsics, matrix = (value.detach().double().numpy() for value in head(codes))
    for one, other in zip(intrinsics, matrix, strict=True):
        camera = Camera(one, other, (64, 64))
        elevation_deg = np.rad2deg(np.arcsin(-camera.camera_from_world[2, 1]))
        assert ELEVATION_DEG[0] - 1e-3 <= elevation_deg <= ELEVATION_DEG[1] + 1e-3
        assert DISTANCE[0] * 0.999 <= camera.camera_from_world[2, 3] <= DISTANCE[1] * 1.001
        scale = one[0, 0] / camera.camera_from_world[2, 3] / 64
        assert SCALE[0] * 0.999 <= scale <= SCALE[1] * 1.001
        assert np.all((one[:2, 2] >= 64 * CENTER[0] - 1e-3) & (one[:2, 2] <= 64 * CENTER[1] + 1e-3))


def test_gradients_are_right_and_half_precision_is_not_used_for_angles() -> None:
    head = CameraHead(code_size=3, image_size=16).double()
    code = torch.randn(2, 3, dtype=torch.float64, requires_grad=True, generator=torch.Generator().manual_seed(0))
    assert torch.autograd.gradcheck(head, (code,))
    low = CameraHead(code_size=3, image_size=16)
    low.linear.to(torch.bfloat16)
    assert {value.dtype for value in low(torch.randn(2, 3, dtype=torch.bfloat16))} == {torch.float32}


def test_a_rolled_camera_turns_the_picture_about_its_axis() -> None:
    head = CameraHead(code_size=3, image_size=64, hidden=5, roll=True, scale=(0.5, 4.0))
    torch.nn.init.zeros_(head.linear.weight)
    _, level = head(torch.zeros(1, 3))
    with torch.no_grad():
        head.linear.bias[5] = torch.logit(torch.tensor(0.5 + 6.0 / 30.0))
    _, rolled = head(torch.zeros(1, 3))
    turn = np.deg2rad(6.0)
    wanted = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    found, before = (value.detach().double().numpy()[0, :3] for value in (rolled, level))
    np.testing.assert_allclose(found, wanted @ before, atol=1e-6)
    Camera(np.diag([64.0, 64.0, 1.0]), np.vstack([found, [0, 0, 0, 1]]), (64, 64))  # rigid


def test_the_mirrored_numbers_are_those_of_the_mirror_image() -> None:
    head = CameraHead(code_size=3, image_size=64, roll=True).double()
    numbers = head.numbers(torch.randn(4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 3.0)
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (20, 3))
    for one, other in zip(_cameras(head, numbers), _cameras(head, head.mirrored(numbers)), strict=True):
        pixels, depth = one.project(points)
        turned, again = other.project(points * (-1.0, 1.0, 1.0))
        np.testing.assert_allclose(turned, np.stack([64.0 - pixels[:, 0], pixels[:, 1]], axis=1), atol=1e-9)
        np.testing.assert_allclose(again, depth, atol=1e-12)


def _cameras(head: CameraHead, numbers: torch.Tensor) -> list[Camera]:
    intrinsics, matrices = (value.detach().numpy() for value in head.camera(numbers))
    return [Camera(one, other, (64, 64)) for one, other in zip(intrinsics, matrices, strict=True)]
