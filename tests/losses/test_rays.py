from __future__ import annotations

import torch

from shapelift.losses.rays import BEHIND, FRONT, ray_labels

SIDE = 8


def scene() -> tuple[torch.Tensor, torch.Tensor]:
    """A step: the left half of rows 2 to 5 at w = -0.2, the right half at 0.3."""
    depth, seen = torch.full((1, SIDE, SIDE), 9.0), torch.zeros(1, SIDE, SIDE, dtype=torch.bool)
    depth[:, 2:6, 1:4], depth[:, 2:6, 4:7] = -0.2, 0.3
    seen[:, 2:6, 1:7] = True
    return depth, seen


def test_labels_are_what_the_image_shows() -> None:
    depth, seen = scene()
    draws = torch.rand(1, 400, 6, generator=torch.Generator().manual_seed(0))
    points, occupancy, weights = ray_labels(depth, seen, draws)
    assert points.shape == (1, 1200, 3)
    assert (weights == 1.0).all()
    column = ((points[0, :, 0] + 0.5) * SIDE - 0.5).round().long()
    row = ((0.5 - points[0, :, 1]) * SIDE - 0.5).round().long()
    w, surface, on = points[0, :, 2], depth[0, row, column], seen[0, row, column]
    kind = torch.arange(1200) // 400
    assert (on == (kind > 0)).all()
    before, behind = kind == 1, kind == 2
    assert ((w < surface) & (w > surface - FRONT - 1e-6))[before].all()
    assert ((w >= surface + BEHIND[0] - 1e-6) & (w <= surface + BEHIND[1] + 1e-6))[behind].all()
    assert (occupancy[0] == behind.float()).all()
    assert w[kind == 0].abs().max() <= 1.0
    # Every pixel of either kind is drawn now and then.
    assert len(set(zip(row[kind == 0].tolist(), column[kind == 0].tolist(), strict=True))) == SIDE**2 - 24
    assert len(set(zip(row[before].tolist(), column[before].tolist(), strict=True))) == 24


def test_an_empty_or_full_image_has_no_weight_where_it_says_nothing() -> None:
    depth = torch.zeros(2, SIDE, SIDE)
    seen = torch.stack([torch.zeros(SIDE, SIDE), torch.ones(SIDE, SIDE)]).bool()
    _, _, weights = ray_labels(depth, seen, torch.rand(2, 5, 6))
    assert weights[0].tolist() == [1.0] * 5 + [0.0] * 10
    assert weights[1].tolist() == [0.0] * 5 + [1.0] * 10


def test_points_stay_in_the_box() -> None:
    depth, seen = torch.full((1, 4, 4), -0.9), torch.ones(1, 4, 4, dtype=torch.bool)
    points, _, _ = ray_labels(depth, seen, torch.rand(1, 50, 6), deepest=1.0)
    assert points[..., 2].min() >= -1.0
