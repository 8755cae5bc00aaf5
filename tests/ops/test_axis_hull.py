from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from shapelift.ops.axis_hull import OUTSIDE, axis_hull_logits


def shell(count: int, radius: float = 0.4, seed: int = 0) -> Tensor:
    directions = torch.randn(count, 3, generator=torch.Generator().manual_seed(seed))
    return radius * directions / directions.norm(dim=1, keepdim=True)


def box(low: tuple[float, ...], high: tuple[float, ...], count: int) -> Tensor:
    points = torch.rand(count, 3, generator=torch.Generator().manual_seed(1))
    side = torch.arange(count) % 6
    points[torch.arange(count), side // 2] = (side % 2).float()
    return torch.tensor(low) + points * (torch.tensor(high) - torch.tensor(low))


def naive(cloud: Tensor, points: Tensor) -> list[float]:
    side = max(8, int((len(cloud) / 2) ** 0.5))

    def pixel(value: float) -> int:
        return min(max(int(np.floor((value + 0.5) * side)), 0), side - 1)

    said = []
    for place in points.tolist():
        lowest = np.inf
        for axis in range(3):
            across, down = (other for other in range(3) if other != axis)
            seen = [
                point[axis]
                for point in cloud.tolist()
                if pixel(place[across]) in {pixel(point[across] + shift / side) for shift in (-0.5, 0.5)}
                and pixel(place[down]) in {pixel(point[down] + shift / side) for shift in (-0.5, 0.5)}
            ]
            value = min(place[axis] - min(seen), max(seen) - place[axis]) * side if seen else OUTSIDE
            lowest = min(lowest, value)
        said.append(max(lowest, OUTSIDE))
    return said


def test_it_is_what_a_loop_over_the_points_finds() -> None:
    cloud, points = shell(150).double(), torch.rand(40, 3, dtype=torch.float64) - 0.5
    found = axis_hull_logits(cloud[None], points[None])[0]
    assert found.tolist() == pytest.approx(naive(cloud, points), abs=1e-9)


def test_a_ball_is_full() -> None:
    cloud, points = shell(2000), torch.rand(5000, 3) - 0.5
    inside = axis_hull_logits(cloud[None], points[None])[0] > 0.0
    radius = points.norm(dim=1)
    assert inside[radius < 0.37].float().mean() > 0.95  # a pixel here and there has one side of the ball only
    assert not inside[radius > 0.45].any()


def test_a_gap_between_legs_stays_open() -> None:
    legs = torch.cat([box((x, -0.5, -0.1), (x + 0.1, 0.2, 0.1), 600) for x in (-0.4, 0.3)])
    seat = box((-0.4, 0.2, -0.1), (0.4, 0.3, 0.1), 900)
    cloud = torch.cat([legs, seat])[None]
    asked = torch.tensor([[[0.0, -0.2, 0.0], [-0.35, -0.2, 0.0], [0.35, -0.2, 0.0], [0.0, 0.25, 0.0]]])
    assert (axis_hull_logits(cloud, asked)[0] > 0.0).tolist() == [False, True, True, True]


def test_items_and_orders_do_not_matter() -> None:
    clouds = torch.stack([shell(300, 0.3), shell(300, 0.45, seed=3)])
    points = torch.rand(2, 50, 3) - 0.5
    together = axis_hull_logits(clouds, points)
    assert torch.equal(together[1:], axis_hull_logits(clouds[1:], points[1:]))
    assert torch.equal(together, axis_hull_logits(clouds[:, torch.randperm(300)], points))


def test_points_beyond_the_cube_do_no_harm() -> None:
    cloud = torch.tensor([[[5.0, -7.0, 0.0], [-2.0, 0.3, 9.0]]])
    found = axis_hull_logits(cloud, torch.tensor([[[0.0, 0.0, 0.0], [3.0, -3.0, 0.1]]]))
    assert found.isfinite().all()
    assert (found >= OUTSIDE).all()
