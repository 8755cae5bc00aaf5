"""The first channels of a map, as maps of their own."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor


def leading_channels(maps: Float[Tensor, "b c h w"], count: int) -> Float[Tensor, "b k h w"]:
    """`maps[:, :count]` in single precision at least, every channel contiguous.

    What is done pixel by pixel to a few of many interleaved channels is then done on neighbours in memory; and their
    gradient comes back in the memory layout of the maps, where a slice would bring one that fits no other's.

    Args:
        maps: In any layout.
        count: Number of channels, at most `c`.
    """
    found: Tensor = _LeadingChannels.apply(maps, count)  # type: ignore[no-untyped-call]
    return found


class _LeadingChannels(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, maps: Tensor, count: int) -> Tensor:
        ctx.example = torch.empty_like(maps, device="meta"), maps.device
        wide = torch.promote_types(maps.dtype, torch.float32)
        return maps[:, :count].to(wide, memory_format=torch.contiguous_format, copy=True)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (gradient,) = gradients
        example, device = ctx.example
        whole = torch.zeros_like(example, device=device)
        whole[:, : gradient.shape[1]] = gradient
        return whole, None
