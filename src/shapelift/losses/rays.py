"""What an image says about space for nothing: labels along its rays."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

FRONT = 0.5
"""How far before the visible surface points are drawn, in picture units."""
BEHIND = (0.004, 0.016)
"""How far behind the visible surface a solid is taken for granted, in picture units."""
_GAP = 0.004  # the surface itself belongs to neither side


def ray_labels(
    depth: Float[Tensor, "b s s"], seen: Bool[Tensor, "b s s"], draws: Float[Tensor, "b n 6"], deepest: float = 1.0
) -> tuple[Float[Tensor, "b m 3"], Float[Tensor, "b m"], Float[Tensor, "b m"]]:
    """Points on rays through pixel centres whose occupancy the image shows, `m = 3 n`.

    Of each kind `n`: on rays that meet nothing, anywhere: empty. On rays that meet a surface, before it, denser towards
    it: empty. On such rays just behind it: inside.

    Args:
        depth: The coordinate w of the visible surface (see `ops.picture_frame`); only read where `seen`.
        seen: Where a surface is seen.
        draws: Random numbers, uniform in [0, 1): first those that choose a pixel of each kind, then those that choose
            a place on its ray.
        deepest: Largest |w| of a point.

    Returns:
        Points in picture coordinates, occupancy, and weights: 0 where an image has no pixel of the kind, else 1.
    """
    side = depth.shape[-1]
    flat, mask = depth.flatten(1), seen.flatten(1)
    background, background_found = _pick(~mask, draws[..., 0])
    before, before_found = _pick(mask, draws[..., 1])
    behind, behind_found = _pick(mask, draws[..., 2])
    nearer = flat.gather(1, before) - _GAP - (FRONT - _GAP) * draws[..., 4] ** 3
    farther = flat.gather(1, behind) + BEHIND[0] + (BEHIND[1] - BEHIND[0]) * draws[..., 5]
    pixel = torch.cat([background, before, behind], dim=1)
    w = torch.cat([(2.0 * draws[..., 3] - 1.0) * deepest, nearer, farther], dim=1).clamp(-deepest, deepest)
    u = (pixel % side + 0.5) / side - 0.5
    v = 0.5 - (pixel // side + 0.5) / side
    occupancy = torch.cat([torch.zeros_like(nearer), torch.zeros_like(nearer), torch.ones_like(farther)], dim=1)
    found = torch.cat([background_found, before_found, behind_found], dim=1)
    return torch.stack([u, v, w], dim=-1), occupancy, found.to(depth.dtype)


def _pick(mask: Bool[Tensor, "b p"], draws: Float[Tensor, "b n"]) -> tuple[Tensor, Tensor]:
    """Indices `b n` of true entries, chosen by numbers in [0, 1), and whether there was one to choose."""
    running = mask.cumsum(dim=1)
    count = running[:, -1:]
    wanted = torch.minimum((draws * count).long(), count - 1) + 1
    index = torch.searchsorted(running, wanted.contiguous()).clamp_max(mask.shape[1] - 1)
    return index, (count > 0).expand_as(index)
