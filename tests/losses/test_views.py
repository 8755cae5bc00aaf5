from __future__ import annotations

import inspect
import itertools
import math

import numpy as np
import pytest
import torch

from shapelift.geometry.viewpoints import fixed_cameras, random_cameras
from shapelift.losses.views import fixed_view_loss, novel_view_loss
from shapelift.ops.cameras import Cameras
from shapelift.ops.fusion import fuse_views
from shapelift.ops.pseudo_render import RenderedViews, render_views

CHOICES = list(itertools.product(["mean", "sum"], ["truth", "prediction"]))


def _truth(batch: int, views: int, height: int, width: int) -> torch.Tensor:
    depth = torch.rand(batch, views, height, width, dtype=torch.float64) + 0.5
    return torch.where(torch.rand_like(depth) > 0.5, depth, 0.0)


def _cross_entropy(logit: float, label: bool) -> float:
    probability = 1.0 / (1.0 + math.exp(-logit))
    return -math.log(probability if label else 1.0 - probability)


def _fixed_loop(
    xyz: torch.Tensor, logits: torch.Tensor, truth: torch.Tensor, reduction: str, depth_mask: str
) -> dict[str, float]:
    batch, views, height, width = truth.shape
    mask = position = depth = 0.0
    pixels = counted = 0
    for item, view, row, column in itertools.product(range(batch), range(views), range(height), range(width)):
        x, y, z = xyz[item, view, row, column].tolist()
        logit, target = float(logits[item, view, row, column]), float(truth[item, view, row, column])
        mask += _cross_entropy(logit, target > 0)
        errors = abs(x - (column + 0.5)), abs(y - (row + 0.5))
        position += errors[0] / width + errors[1] / height if reduction == "mean" else sum(errors)
        pixels += 1
        if target > 0 if depth_mask == "truth" else logit > 0:
            depth += abs(z - (target if target > 0 else 1.0))
            counted += 1
    if reduction == "sum":
        return {"mask": mask / batch, "position": position / batch, "depth": depth / batch}
    return {"mask": mask / pixels, "position": position / pixels, "depth": depth / counted}


@pytest.mark.parametrize(("reduction", "depth_mask"), CHOICES)
def test_fixed_views_equal_their_loop(reduction: str, depth_mask: str) -> None:
    torch.manual_seed(0)
    truth = _truth(2, 3, 4, 5)
    xyz = torch.rand(2, 3, 4, 5, 3, dtype=torch.float64) * 5.0
    logits = torch.randn(2, 3, 4, 5, dtype=torch.float64) * 2.0
    found = fixed_view_loss(xyz, logits, truth, reduction=reduction, depth_mask=depth_mask)  # type: ignore[arg-type]
    expected = _fixed_loop(xyz, logits, truth, reduction, depth_mask)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert float(found[name]) == pytest.approx(value, rel=1e-12)


def _novel_loop(views: RenderedViews, truth: torch.Tensor, reduction: str, depth_mask: str) -> dict[str, float]:
    batch, count = truth.shape[:2]
    mask = depth = 0.0
    counted = 0
    for place in itertools.product(*map(range, truth.shape)):
        target, collision = float(truth[place]), int(views.collision[place])
        mask += _cross_entropy(float(views.mask_logits[place]), target > 0)
        if (target > 0 and collision > 0) if depth_mask == "truth" else collision == 1:
            depth += abs(float(views.depth[place]) - (target if target > 0 else 1.0))
            counted += 1
    if reduction == "sum":
        return {"mask": mask / (batch * count), "depth": depth / (batch * count)}
    return {"mask": mask / truth.numel(), "depth": depth / counted}


@pytest.mark.parametrize(("reduction", "depth_mask"), CHOICES)
def test_novel_views_equal_their_loop(reduction: str, depth_mask: str) -> None:
    torch.manual_seed(1)
    truth = _truth(2, 3, 6, 6)
    points, logits = torch.rand(2, 300, 3, dtype=torch.float64) - 0.5, torch.randn(2, 300, dtype=torch.float64)
    cameras = Cameras.from_values(random_cameras(3, 6, np.random.default_rng(0)), torch.float64)
    views = render_views(points, logits, cameras, image_size=6, upsampling=5)
    assert set(views.collision.unique().tolist()) >= {0, 1, 2}
    found = novel_view_loss(views, truth, reduction=reduction, depth_mask=depth_mask, outlines="count")  # type: ignore[arg-type]
    expected = _novel_loop(views, truth, reduction, depth_mask)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert float(found[name]) == pytest.approx(value, rel=1e-12)


def test_exact_values() -> None:
    # One view of 1 x 2 pixels: the left one shows the object at depth 0.8, the right one shows nothing.
    truth = torch.tensor([[[[0.8, 0.0]]]])
    xyz = torch.tensor([[[[[0.75, 0.5, 1.3], [1.5, 1.0, 1.5]]]]])
    logits = torch.tensor([[[[0.0, 0.0]]]])
    sums = fixed_view_loss(xyz, logits, truth, reduction="sum")
    assert float(sums["mask"]) == pytest.approx(2 * math.log(2))
    assert float(sums["position"]) == pytest.approx(0.25 + 0.5)
    assert float(sums["depth"]) == pytest.approx(0.5)
    means = fixed_view_loss(xyz, logits, truth)
    assert float(means["mask"]) == pytest.approx(math.log(2))
    assert float(means["position"]) == pytest.approx((0.25 / 2 + 0.5 / 1) / 2)
    assert float(means["depth"]) == pytest.approx(0.5)
    published = fixed_view_loss(xyz, logits + 3.0, truth, reduction="sum", depth_mask="prediction")
    assert float(published["depth"]) == pytest.approx(0.5 + 0.5)
    # The published choice: a mask that is nowhere costs no depth.
    shrunk = fixed_view_loss(xyz, logits - 3.0, truth, reduction="sum", depth_mask="prediction")
    assert float(shrunk["depth"]) == 0.0

    views = RenderedViews(
        torch.tensor([[[[0.9, 1.25]]]]), torch.tensor([[[[0.0, 0.0]]]]), torch.tensor([[[[2, 1]]]], dtype=torch.int32)
    )
    assert float(novel_view_loss(views, truth)["depth"]) == pytest.approx(0.1)
    assert float(novel_view_loss(views, truth)["mask"]) == pytest.approx(math.log(2))
    published = novel_view_loss(views, truth, reduction="sum", depth_mask="prediction", outlines="count")
    assert float(published["depth"]) == pytest.approx(0.25)
    assert float(published["mask"]) == pytest.approx(2 * math.log(2))


def test_outlines_are_what_touches_something_nearer() -> None:
    # A bar at depth 0.8 crosses a plate at depth 1.2; both stand before nothing.
    truth = torch.zeros(1, 1, 12, 12)
    truth[..., 2:10, 2:10] = 1.2
    truth[..., 5:7, :11] = 0.8
    logits, depth = torch.zeros_like(truth), torch.where(truth > 0, truth + 0.1, 0.0)
    counted = {"mask": torch.ones_like(truth, dtype=torch.bool), "depth": truth > 0}
    for row, column in itertools.product(range(12), range(12)):
        here = float(truth[0, 0, row, column]) or math.inf
        near = [float(truth[0, 0, r, c]) or math.inf for r, c in _around(row, column, 12)]
        if min(near) < here - 0.05:
            counted["depth"][0, 0, row, column] = False
            counted["mask"][0, 0, row, column] = here < math.inf
    assert 0 < int(counted["depth"].sum()) < int((truth > 0).sum())

    def terms(logits: torch.Tensor, depth: torch.Tensor) -> dict[str, torch.Tensor]:
        views = RenderedViews(depth, logits, (truth > 0).int())
        return novel_view_loss(views, truth)

    assert float(terms(logits, depth)["mask"]) == pytest.approx(math.log(2))
    assert float(terms(logits, depth)["depth"]) == pytest.approx(0.1)
    # What does not count may be anything and gets no gradient; what counts does.
    wild_logits = torch.where(counted["mask"], logits, 7.0).requires_grad_()
    wild_depth = torch.where(counted["depth"], depth, 5.0).requires_grad_()
    found = terms(wild_logits, wild_depth)
    assert float(found["mask"].detach()) == pytest.approx(math.log(2))
    assert float(found["depth"].detach()) == pytest.approx(0.1)
    (found["mask"] + found["depth"]).backward()
    assert torch.equal(wild_logits.grad != 0, counted["mask"])
    assert torch.equal(wild_depth.grad != 0, counted["depth"])


def _around(row: int, column: int, size: int) -> list[tuple[int, int]]:
    places = itertools.product((row - 1, row, row + 1), (column - 1, column, column + 1))
    return [(r, c) for r, c in places if 0 <= r < size and 0 <= c < size]


def test_perfect_maps_cost_nothing_and_draw_what_they_show() -> None:
    # A plane through the origin, seen face on: fused and drawn again by its own camera, it is the same picture.
    camera = Cameras.from_values(fixed_cameras(4, 16)[:1], torch.float64)
    rows, columns = torch.meshgrid(*[torch.arange(16, dtype=torch.float64) + 0.5] * 2, indexing="ij")
    inside = ((rows - 8).abs() < 5) & ((columns - 8).abs() < 3)
    truth = inside.double()[None, None]
    xyz = torch.stack([columns, rows, torch.ones_like(rows)], dim=-1)[None, None]
    logits = torch.where(truth > 0, 40.0, -1000.0)
    for value in fixed_view_loss(xyz, logits, truth).values():
        assert float(value) == pytest.approx(0.0, abs=1e-12)
    views = render_views(fuse_views(xyz, camera), logits.flatten(1), camera, image_size=16)
    for value in novel_view_loss(views, truth).values():
        assert float(value) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("reduction", "depth_mask"), CHOICES)
def test_gradcheck(reduction: str, depth_mask: str) -> None:
    torch.manual_seed(0)
    truth = _truth(1, 2, 3, 3)
    xyz = (torch.rand(1, 2, 3, 3, 3, dtype=torch.float64) * 3.0 + 0.01).requires_grad_()
    logits = torch.randn(1, 2, 3, 3, dtype=torch.float64).requires_grad_()
    collision = torch.randint(0, 3, (1, 2, 3, 3), dtype=torch.int32)

    def fixed(maps: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        terms = fixed_view_loss(maps, weights, truth, reduction=reduction, depth_mask=depth_mask)  # type: ignore[arg-type]
        return torch.stack(list(terms.values()))

    def novel(maps: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        views = RenderedViews(maps[..., 2], weights, collision)
        terms = novel_view_loss(views, truth, reduction=reduction, depth_mask=depth_mask)  # type: ignore[arg-type]
        return torch.stack(list(terms.values()))

    assert torch.autograd.gradcheck(fixed, (xyz, logits))
    assert torch.autograd.gradcheck(novel, (xyz, logits))


def test_means_do_not_depend_on_size_or_number_of_copies() -> None:
    torch.manual_seed(0)
    truth = _truth(1, 2, 4, 4)
    xyz = torch.rand(1, 2, 4, 4, 3, dtype=torch.float64) * 4.0
    logits = torch.randn(1, 2, 4, 4, dtype=torch.float64)
    once = fixed_view_loss(xyz, logits, truth)
    thrice = fixed_view_loss(xyz.repeat(3, 2, 1, 1, 1), logits.repeat(3, 2, 1, 1), truth.repeat(3, 2, 1, 1))
    for name, value in once.items():
        assert float(thrice[name]) == pytest.approx(float(value), rel=1e-12)


def test_pictures_without_an_object_are_fine() -> None:
    logits = torch.full((2, 1, 4, 4), -2.0, requires_grad=True)
    views = RenderedViews(torch.zeros(2, 1, 4, 4), logits, torch.zeros(2, 1, 4, 4, dtype=torch.int32))
    terms = novel_view_loss(views, torch.zeros(2, 1, 4, 4))
    assert float(terms["depth"]) == 0.0
    assert float(terms["mask"].detach()) == pytest.approx(math.log1p(math.exp(-2.0)))
    (terms["mask"] + terms["depth"]).backward()
    assert torch.isfinite(logits.grad).all()


def test_half_precision_is_summed_in_single() -> None:
    xyz, logits = torch.full((1, 1, 64, 64, 3), 8.0), torch.full((1, 1, 64, 64), 0.5)
    truth = torch.full((1, 1, 64, 64), 0.75)
    exact = fixed_view_loss(xyz, logits, truth, reduction="sum")
    half = fixed_view_loss(xyz.bfloat16(), logits.bfloat16(), truth, reduction="sum")
    for name, value in exact.items():
        assert half[name].dtype == torch.float32
        assert float(half[name]) == pytest.approx(float(value), rel=1e-5)


def test_other_numbers_of_views_are_refused() -> None:
    # Without the shape checks of the tests, which would speak first.
    with pytest.raises(ValueError, match=r"\(1, 4, 8, 8\), the true ones \(1, 8, 8, 8\)"):
        inspect.unwrap(fixed_view_loss)(torch.zeros(1, 4, 8, 8, 3), torch.zeros(1, 4, 8, 8), torch.zeros(1, 8, 8, 8))
