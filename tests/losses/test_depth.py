from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pytest
import torch
from torch import Tensor

from shapelift.losses.depth import NEAREST, depth_error, scale_invariant_log
from shapelift.losses.normal_maps import depth_normal_consistency, normal_cosine
from shapelift.ops.depth_normals import depth_normals

INTRINSICS = torch.tensor([[9.0, 0.0, 2.5], [0.0, 9.0, 2.5], [0.0, 0.0, 1.0]], dtype=torch.float64)


def maps(seed: int, batch: int = 3, size: int = 5) -> tuple[Tensor, Tensor, Tensor]:
    rng = np.random.default_rng(seed)
    depth, true = (torch.tensor(2.0 + rng.random((batch, size, size))) for _ in range(2))
    return depth, true, torch.tensor(rng.random((batch, size, size)) < 0.7)


@pytest.mark.parametrize("power", [1, 2])
def test_depth_error_is_its_loop(power: Literal[1, 2]) -> None:
    depth, true, mask = maps(0)
    pairs = [
        abs(float(depth[index]) - float(true[index])) ** power
        for index in np.ndindex(*depth.shape)
        if bool(mask[index])
    ]
    assert float(depth_error(depth, true, mask, power=power)) == pytest.approx(sum(pairs) / len(pairs), rel=1e-12)
    assert float(depth_error(true + 0.25, true, mask, power=power)) == pytest.approx(0.25**power)


@pytest.mark.parametrize("ratio", [0.0, 0.5, 1.0])
def test_scale_invariant_log_is_its_loop(ratio: float) -> None:
    depth, true, mask = maps(1)
    mask[1] = False
    each = []
    for item in (0, 2):
        logs = [
            math.log(float(depth[item, row, column])) - math.log(float(true[item, row, column]))
            for row, column in np.ndindex(5, 5)
            if bool(mask[item, row, column])
        ]
        each.append(sum(d * d for d in logs) / len(logs) - ratio * (sum(logs) / len(logs)) ** 2)
    found = scale_invariant_log(depth, true, mask, ratio=ratio)
    assert float(found) == pytest.approx(sum(each) / 2, rel=1e-12)


def test_a_scaled_truth_costs_what_the_formula_says() -> None:
    _, true, mask = maps(2)
    for ratio in (0.0, 0.5, 1.0):
        found = scale_invariant_log(1.7 * true, true, mask, ratio=ratio)
        assert float(found) == pytest.approx((1.0 - ratio) * math.log(1.7) ** 2, abs=1e-12)
    depth, true, mask = maps(3)
    assert float(scale_invariant_log(3.0 * depth, true, mask, ratio=1.0)) == pytest.approx(
        float(scale_invariant_log(depth, true, mask, ratio=1.0)), rel=1e-9
    )
    with pytest.raises(ValueError, match="ratio"):
        scale_invariant_log(depth, true, mask, ratio=1.1)


def random_normals(seed: int, batch: int = 3, size: int = 5) -> Tensor:
    return torch.tensor(np.random.default_rng(seed).standard_normal((batch, size, size, 3)))


def test_normal_cosine_is_its_loop_and_sees_no_length() -> None:
    found, true = random_normals(0), random_normals(1)
    mask = maps(4)[2]
    costs = []
    for index in np.ndindex(3, 5, 5):
        if bool(mask[index]):
            a, b = found[index].numpy(), true[index].numpy()
            costs.append(1.0 - a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    assert float(normal_cosine(found, true, mask)) == pytest.approx(float(np.mean(costs)), rel=1e-12)
    assert float(normal_cosine(7.0 * found, 0.1 * true, mask)) == pytest.approx(float(np.mean(costs)), rel=1e-9)
    assert float(normal_cosine(true, true, mask)) == pytest.approx(0.0, abs=1e-12)
    assert float(normal_cosine(-true, true, mask)) == pytest.approx(2.0)
    assert float(normal_cosine(torch.zeros_like(true), true, mask)) == pytest.approx(1.0)
    turned = torch.linalg.qr(random_normals(2, 1, 1)[0, 0].new_tensor(np.random.default_rng(5).random((3, 3))))[0]
    rotated = normal_cosine(found @ turned, true @ turned, mask)
    assert float(rotated) == pytest.approx(float(np.mean(costs)), rel=1e-9)


def test_consistency_is_the_angle_between_a_plane_and_what_is_said_of_it() -> None:
    size = 8
    intrinsics = INTRINSICS.expand(1, 3, 3)
    mask = torch.ones(1, size, size, dtype=torch.bool)
    flat = torch.full((1, size, size), 2.0, dtype=torch.float64)
    for angle_deg in (0.0, 20.0, 60.0):
        angle = math.radians(angle_deg)
        said = torch.tensor([math.sin(angle), 0.0, -math.cos(angle)], dtype=torch.float64).expand(1, size, size, 3)
        for orthographic in (False, True):
            found = depth_normal_consistency(flat, said, intrinsics, mask, orthographic=orthographic)
            assert float(found) == pytest.approx(1.0 - math.cos(angle), abs=1e-12)


def test_consistency_is_its_parts_and_ignores_the_scale() -> None:
    depth, true, mask = maps(6)
    intrinsics, said = INTRINSICS.expand(3, 3, 3), random_normals(7)
    normals, valid = depth_normals(depth, intrinsics, mask, edges=true)
    found = depth_normal_consistency(depth, said, intrinsics, mask, edges=true)
    assert float(found) == pytest.approx(float(normal_cosine(said, normals, valid)), rel=1e-12)
    scaled = depth_normal_consistency(4.0 * depth, said, intrinsics, mask, edges=true)
    assert float(scaled) == pytest.approx(float(found), rel=1e-9)


def test_a_camera_that_rolls_by_a_quarter_turn_sees_the_same_consistency() -> None:
    depth, true, mask = maps(8)
    intrinsics, said = INTRINSICS.expand(3, 3, 3), random_normals(9)
    found = depth_normal_consistency(depth, said, intrinsics, mask, edges=true)
    depth, true, mask, rolled = (torch.rot90(part, 1, (1, 2)) for part in (depth, true, mask, said))
    x, y, z = rolled.unbind(-1)
    after = depth_normal_consistency(depth, torch.stack([y, -x, z], dim=-1), intrinsics, mask, edges=true)
    assert float(found) > 0.1
    assert float(after) == pytest.approx(float(found), rel=1e-9)


def test_it_makes_a_rough_depth_smooth_that_an_error_cannot_tell_apart() -> None:
    """A surface with noise and one with an offset have the same error, and are worlds apart in normals."""
    true = torch.full((1, 8, 8), 2.0, dtype=torch.float64)
    mask = torch.ones(1, 8, 8, dtype=torch.bool)
    noise = 0.02 * torch.tensor(np.random.default_rng(0).choice([-1.0, 1.0], (1, 8, 8)))
    straight = torch.tensor([0.0, 0.0, -1.0], dtype=torch.float64).expand(1, 8, 8, 3)
    rough, offset = true + noise, true + 0.02
    assert float(depth_error(rough, true, mask)) == pytest.approx(float(depth_error(offset, true, mask)))
    intrinsics = INTRINSICS.expand(1, 3, 3)
    assert float(depth_normal_consistency(offset, straight, intrinsics, mask)) == pytest.approx(0.0, abs=1e-12)
    assert float(depth_normal_consistency(rough, straight, intrinsics, mask)) > 1e-3


@pytest.mark.slow
def test_gradients_are_right() -> None:
    depth, true, mask = maps(8, batch=2, size=4)
    said, depth = random_normals(9, 2, 4).requires_grad_(), depth.requires_grad_()
    assert torch.autograd.gradcheck(lambda z: depth_error(z, true, mask), (depth,))
    assert torch.autograd.gradcheck(lambda z: depth_error(z, true, mask, power=2), (depth,))
    assert torch.autograd.gradcheck(lambda z: scale_invariant_log(z, true, mask), (depth,))
    assert torch.autograd.gradcheck(lambda n: normal_cosine(n, random_normals(10, 2, 4), mask), (said,))
    intrinsics = INTRINSICS.expand(2, 3, 3)
    assert torch.autograd.gradcheck(
        lambda z, n: depth_normal_consistency(z, n, intrinsics, mask, edges=true), (depth, said)
    )


@pytest.mark.slow
@pytest.mark.parametrize("fill", [0.0, -1.0, float("inf"), float("nan")])
def test_what_is_not_seen_does_not_matter(fill: float) -> None:
    depth, true, mask = maps(11)
    mask[2] = False
    said, known, intrinsics = random_normals(12), random_normals(13), INTRINSICS.expand(3, 3, 3)
    results = []
    for value in (1.0, fill):
        z = torch.where(mask, depth, torch.full_like(depth, value)).requires_grad_()
        n = torch.where(mask[..., None], said, torch.full_like(said, value)).requires_grad_()
        hidden = torch.where(mask, true, torch.full_like(true, value))
        total = (
            depth_error(z, hidden, mask)
            + depth_error(z, hidden, mask, power=2)
            + scale_invariant_log(z, hidden, mask)
            + normal_cosine(n, torch.where(mask[..., None], known, torch.full_like(known, value)), mask)
            + depth_normal_consistency(z, n, intrinsics, mask, edges=hidden)
        )
        total.backward()
        assert z.grad is not None
        assert n.grad is not None
        assert not z.grad[~mask].any()
        assert not n.grad[~mask].any()
        results.append((float(total.detach()), z.grad[mask], n.grad[mask]))
    assert results[0][0] == results[1][0]
    torch.testing.assert_close(results[0][1:], results[1][1:])


def test_empty_masks_and_depths_behind_the_camera() -> None:
    depth, true, _ = maps(14)
    none = torch.zeros_like(depth, dtype=torch.bool)
    said = torch.zeros(3, 5, 5, 3, dtype=torch.float64, requires_grad=True)
    bad = (depth - 10.0).requires_grad_()
    intrinsics = INTRINSICS.expand(3, 3, 3)
    nothing = depth_error(bad, true, none) + scale_invariant_log(bad, true, none) + normal_cosine(said, said, none)
    nothing = nothing + depth_normal_consistency(bad, said, intrinsics, none)
    assert float(nothing.detach()) == 0.0
    everything = scale_invariant_log(bad, true, ~none, ratio=0.0) + normal_cosine(said, said.detach(), ~none)
    everything = everything + depth_normal_consistency(bad, said, intrinsics, ~none)
    (nothing + everything).backward()
    assert bad.grad is not None
    assert said.grad is not None
    assert bool(bad.grad.isfinite().all())
    assert bool(said.grad.isfinite().all())
    wanted = (math.log(NEAREST) - true.log()).square().mean()
    assert float(scale_invariant_log(bad, true, ~none, ratio=0.0).detach()) == pytest.approx(float(wanted))
