from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from shapelift.geometry import Camera, rotation_y, similarity
from shapelift.losses.cameras import camera_disagreement
from shapelift.nn.camera_head import CameraHead


def tensors(*cameras: Camera) -> tuple[torch.Tensor, torch.Tensor]:
    return (
        torch.tensor(np.stack([camera.intrinsics for camera in cameras])),
        torch.tensor(np.stack([camera.camera_from_world for camera in cameras])),
    )


def random_cameras(seed: int, count: int = 3) -> tuple[Camera, ...]:
    rng = np.random.default_rng(seed)
    return tuple(
        Camera.orbit(rng.uniform(-9, 9), rng.uniform(0, 40), rng.uniform(2, 4), rng.uniform(20, 50), (64, 64))
        for _ in range(count)
    )


def naive(first: Camera, second: Camera, beta: float, depth_weight: float) -> float:
    def smooth(value: float) -> float:
        return value**2 / (2 * beta) if abs(value) < beta else abs(value) - beta / 2

    total = 0.0
    for corner in itertools.product((-0.5, 0.5), repeat=3):
        (pixel, depth), (other, true_depth) = first.project([corner]), second.project([corner])
        total += sum(smooth(value) for value in (pixel[0] - other[0]) / 64)
        total += depth_weight * smooth(float(np.log(depth[0] / true_depth[0])))
    return total / 8


@pytest.mark.parametrize(("beta", "depth_weight"), [(0.05, 1.0), (10.0, 0.0), (1e-6, 0.3)])
def test_it_is_the_sum_over_corners(beta: float, depth_weight: float) -> None:
    first, second = random_cameras(0), random_cameras(1)
    found = camera_disagreement(*tensors(*first), *tensors(*second), size_px=64, beta=beta, depth_weight=depth_weight)
    wanted = np.mean([naive(a, b, beta, depth_weight) for a, b in zip(first, second, strict=True)])
    assert float(found) == pytest.approx(wanted, rel=1e-9)


def test_equal_cameras_agree_and_a_shifted_window_is_off_by_the_shift() -> None:
    camera = random_cameras(2)[0]
    assert float(camera_disagreement(*tensors(camera), *tensors(camera), size_px=64)) == 0.0
    moved = camera.window(8.0, 0.0, 64.0, 64)
    found = camera_disagreement(*tensors(moved), *tensors(camera), size_px=64, beta=1e-9)
    assert float(found) == pytest.approx(8 / 64, rel=1e-6)


def test_a_quarter_turn_of_the_world_changes_nothing() -> None:
    first, second = random_cameras(3)[:2]
    turn = similarity(rotation_y(90.0))
    pairs = [tensors(Camera(c.intrinsics, c.camera_from_world @ turn, c.image_size_px)) for c in (first, second)]
    found = camera_disagreement(*pairs[0], *pairs[1], size_px=64)
    assert float(found) == pytest.approx(
        float(camera_disagreement(*tensors(first), *tensors(second), size_px=64)), rel=1e-9
    )


def test_gradients_are_right_and_finite_inside_of_the_cube() -> None:
    true = tensors(*random_cameras(5, 2))
    near = tensors(*random_cameras(4, 2))
    inputs = tuple(value.requires_grad_() for value in near)
    assert torch.autograd.gradcheck(lambda k, m: camera_disagreement(k, m, *true, size_px=64), inputs)
    inside = near[1].detach().clone()
    inside[:, 2, 3] = 0.0
    inside.requires_grad_()
    camera_disagreement(near[0].detach(), inside, *true, size_px=64).backward()
    assert bool(inside.grad.isfinite().all())


@pytest.mark.slow
def test_a_head_learns_its_cameras() -> None:
    torch.manual_seed(0)
    cameras = [Camera.orbit(0.0, e, d, f, (64, 64)) for e, d, f in ((5, 2.5, 30), (40, 4.0, 18), (20, 3.0, 25))]
    true = tuple(value.float() for value in tensors(*cameras))
    head, codes = CameraHead(code_size=4, image_size=64), torch.randn(3, 4)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.05)
    losses = []
    for _ in range(150):
        optimizer.zero_grad()
        loss = camera_disagreement(*head(codes), *true, size_px=64)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.02 * losses[0]


@pytest.mark.parametrize("wrong", [{"size_px": 0}, {"size_px": 1, "beta": 0.0}, {"size_px": 1, "depth_weight": -1.0}])
def test_numbers_out_of_range(wrong: dict[str, float]) -> None:
    camera = tensors(random_cameras(0)[0])
    with pytest.raises(ValueError, match="size_px and beta are positive"):
        camera_disagreement(*camera, *camera, **wrong)
