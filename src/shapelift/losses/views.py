"""Losses on views: maps predicted at fixed viewpoints, and pictures of the cloud at novel ones.

Source: Lin, Kong and Lucey, "Learning Efficient Point Cloud Generation for Dense 3D Object Reconstruction", AAAI 2018.

The truth of a view is its depth map, 0 where it shows no object. Two choices are arguments of both losses:

- `reduction`. "sum", as published: sums over pixels, divided by the batch (fixed views: the sums run over the views
  too) or by batch times views (novel views). "mean", ours: means over the pixels that count, all in units of the image
  side, so that weights do not depend on image size, number of views or size of the object.
- `depth_mask`, which pixels supervise depth. "truth", ours: where the object really is. "prediction", as published:
  where the prediction says it is, against a true depth of `background_depth` where it is not. Published, a mask that
  shrinks to nothing costs no depth error, and what sticks out is pulled to the middle of the picture.

A third one is an argument of the loss at novel views:

- `outlines`. A renderer of points draws a pixel as soon as any part of it is covered, the true map looks through its
  centre. So a perfect cloud of chairs draws 9 % more pixels than the truth, all of them touching the outline, and its
  depth is off where a part hides another. "ignore", ours: such pixels do not count. "count", as published: they do, and
  every shape pays for its edges.

Every loss returns its terms by name, without weights; published, they are added with weight 1.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from shapelift.ops.pseudo_render import RenderedViews

Reduction = Literal["mean", "sum"]
DepthMask = Literal["truth", "prediction"]
Outlines = Literal["count", "ignore"]
_BACKGROUND_DEPTH = 1.0  # as published: the depth of the origin
_OUTLINE_JUMP = 0.05
"""How much nearer than a pixel one of its neighbours has to be for the pixel to lie at an outline, in world units."""
_FAR = 1e4


def fixed_view_loss(
    xyz: Float[Tensor, "b k h w 3"],
    mask_logits: Float[Tensor, "b k h w"],
    depth: Float[Tensor, "b k h w"],
    *,
    reduction: Reduction = "mean",
    depth_mask: DepthMask = "truth",
    background_depth: float = _BACKGROUND_DEPTH,
) -> dict[str, Float[Tensor, ""]]:
    """Loss of predicted maps, the first stage of training.

        mask      cross-entropy of the mask logits with (depth > 0), over all pixels
        position  |X - column| + |Y - row| over all pixels, with pixel centres at +0.5 (in "mean": / w and / h)
        depth     |Z - depth| over the pixels of `depth_mask`; of the prediction: mask logit > 0

    Args:
        xyz: Column [px], row [px] and depth [world units] of the point of every pixel.
        mask_logits: Positive where a pixel sees the object.
        depth: True depth, world units, 0 in the background.
        reduction: See the module.
        depth_mask: See the module.
        background_depth: What takes the place of 0.

    Raises:
        ValueError: shapes differ.
    """
    _check_same_views(mask_logits, depth)
    batch, views, height, width = mask_logits.shape
    object_ = depth > 0
    counts = object_ if depth_mask == "truth" else mask_logits > 0
    if reduction == "sum":
        over = across = down = per_depth = 1.0 / batch
    else:
        over = 1.0 / max(batch * views * height * width, 1)
        across, down = over / width, over / height
        per_depth = 1.0 / max(int(counts.sum()), 1)
    target = depth.masked_fill(~object_, background_depth)
    factors = (across, down, per_depth)
    position, error = _MapErrors.apply(xyz, target, counts, factors)  # type: ignore[no-untyped-call]
    return {"mask": _cross_entropy(mask_logits, object_) * over, "position": position, "depth": error}


def novel_view_loss(
    views: RenderedViews,
    depth: Float[Tensor, "b v h w"],
    *,
    reduction: Reduction = "mean",
    depth_mask: DepthMask = "truth",
    outlines: Outlines = "ignore",
    background_depth: float = _BACKGROUND_DEPTH,
) -> dict[str, Float[Tensor, ""]]:
    """Loss of pictures of the fused cloud, the second stage of training.

        mask   cross-entropy of the mask logits with (depth > 0), over all pixels that `outlines` counts
        depth  |rendered depth - depth| likewise, over the pixels of `depth_mask`, as far as the cloud was drawn there

    The depth mask of the prediction is (collision = 1), as published: where points share a cell the published renderer
    has no usable depth. Ours has, so the depth mask of the truth takes every drawn pixel (collision > 0).

    Args:
        views: What `render_views` drew.
        depth: True depth, world units, 0 in the background.
        reduction: See the module.
        depth_mask: See the module.
        outlines: See the module.
        background_depth: What takes the place of 0.

    Raises:
        ValueError: shapes differ.
    """
    _check_same_views(views.mask_logits, depth)
    object_ = depth > 0
    counts = object_ & (views.collision > 0) if depth_mask == "truth" else views.collision == 1
    outline = torch.zeros_like(object_) if outlines == "count" else _outlines(depth)
    error = (_single(views.depth) - depth.masked_fill(~object_, background_depth)).abs()
    items = _items(reduction, depth.shape[0] * depth.shape[1])
    beside = outline & ~object_
    # A logit this far on the right side costs nothing and has no gradient.
    mask = _cross_entropy(views.mask_logits.masked_fill(beside, -_FAR), object_)
    return {
        "mask": mask / ((~beside).sum() if items is None else items),
        "depth": _reduced(error, counts & ~outline, items),
    }


def _outlines(depth: Float[Tensor, "b v h w"]) -> Bool[Tensor, "b v h w"]:
    """Pixels beside the object, and those of it that touch one nearer by `_OUTLINE_JUMP` (8 neighbours)."""
    far = depth.masked_fill(depth <= 0, _FAR)
    nearest = -torch.nn.functional.max_pool2d(-far, 3, stride=1, padding=1)
    return (nearest < _FAR) & (far - nearest > _OUTLINE_JUMP)


def _check_same_views(predicted: Tensor, depth: Tensor) -> None:
    if predicted.shape != depth.shape:
        raise ValueError(f"predicted views have shape {tuple(predicted.shape)}, the true ones {tuple(depth.shape)}")


def _single(values: Tensor) -> Tensor:
    return values.to(torch.promote_types(values.dtype, torch.float32))


class _MapErrors(torch.autograd.Function):
    """Sums of |X - column|, |Y - row| (together) and |Z - target| where it counts, each with a factor.

    Value and gradient are made together, sample by sample, because the maps are large and the arithmetic is next to
    nothing: as separate operators they took four times as long as the network that makes the maps.
    """

    @staticmethod
    def forward(
        ctx: Any, xyz: Tensor, target: Tensor, counts: Tensor, factors: tuple[float, float, float]
    ) -> tuple[Tensor, Tensor]:
        batch, views, height, width = target.shape
        kind = torch.promote_types(xyz.dtype, torch.float32)
        places = (
            torch.arange(width, device=xyz.device, dtype=kind) + 0.5,
            torch.arange(height, device=xyz.device, dtype=kind)[:, None] + 0.5,
        )
        gradient = torch.empty(batch, 3, views, height, width, dtype=kind, device=xyz.device)
        sums = torch.zeros(3, dtype=kind, device=xyz.device)
        for item in range(batch):
            for axis in range(3):
                error = xyz[item, ..., axis].to(kind) - (target[item] if axis == 2 else places[axis])
                if axis == 2:
                    error.mul_(counts[item])
                torch.sign(error, out=gradient[item, axis])
                sums[axis] += error.abs_().sum()
        scale = torch.tensor(factors, dtype=kind, device=xyz.device)
        ctx.save_for_backward(gradient, scale)
        ctx.kind = xyz.dtype
        sums *= scale
        return sums[0] + sums[1], sums[2].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, position: Tensor, depth: Tensor) -> tuple[Tensor, None, None, None]:
        gradient, scale = ctx.saved_tensors
        scale = scale * torch.stack([position, position, depth])
        whole = (gradient * scale[:, None, None, None]).to(ctx.kind)
        return whole.permute(0, 2, 3, 4, 1), None, None, None


class _CrossEntropy(torch.autograd.Function):
    """Sum of the binary cross-entropies of logits `b k h w`; value and gradient sample by sample, as above."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, truth: Tensor) -> Tensor:
        kind = torch.promote_types(logits.dtype, torch.float32)
        gradient = torch.empty(logits.shape, dtype=kind, device=logits.device)
        total = torch.zeros((), dtype=kind, device=logits.device)
        for item in range(len(logits)):
            values, labels = logits[item].to(kind), truth[item].to(kind)
            torch.sigmoid(values, out=gradient[item])
            gradient[item] -= labels
            total += torch.nn.functional.softplus(values).sum() - (values * labels).sum()
        ctx.save_for_backward(gradient)
        ctx.kind = logits.dtype
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, factor: Tensor) -> tuple[Tensor, None]:
        (gradient,) = ctx.saved_tensors
        return (gradient * factor).to(ctx.kind), None


def _cross_entropy(logits: Tensor, truth: Tensor) -> Tensor:
    total: Tensor = _CrossEntropy.apply(logits, truth)  # type: ignore[no-untyped-call]
    return total


def _items(reduction: Reduction, items: int) -> int | None:
    return items if reduction == "sum" else None


def _reduced(errors: Float[Tensor, "b k h w"], counts: Bool[Tensor, "b k h w"], items: int | None) -> Float[Tensor, ""]:
    # The sum of what counts over the number of items or, for None, over the number of pixels that count.
    total = torch.where(counts, errors, 0.0).sum()
    return total / (counts.sum().clamp_min(1) if items is None else items)
