"""Muon: steps of orthogonal matrices for convolutions, AdamW for everything else."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, cast

import torch
from torch import Tensor
from torch.optim.adamw import adamw

_ITERATIONS = 5
"""Steps of the Newton-Schulz iteration: singular values come out between about 0.7 and 1.2."""
_POLYNOMIAL = (3.4445, -4.7750, 2.0315)
"""Coefficients of x, x^3 and x^5, from the source: as steep at 0 as may be, and not quite 1 at the end."""
_MATCHED = 0.2
"""Root mean square of a step of AdamW as a share of its learning rate, from Liu et al., "Muon is Scalable for LLM
Training", 2025: with it one learning rate and one decay fit both kinds of parameters."""


class MuonOptimizer(torch.optim.Optimizer):
    """Groups with `orthogonal` set take steps whose matrix has equal singular values; the others are those of AdamW.

    A kernel of a convolution counts as a matrix with a row for each entry of its first axis. The momentum of its
    gradient is made orthogonal by a polynomial iteration in bfloat16, so no direction in which the gradient is weak is
    left behind. Source: Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024.

    Args:
        groups: Parameters, with `weight_decay`, and `orthogonal` where they are matrices.
        lr: Learning rate.
        momentum: Decay of the running mean of gradients, in orthogonal groups.
        betas: Decays of AdamW's two moments, in the others.
        eps: Added to the root of its second moment.
    """

    def __init__(
        self, groups: Iterable[dict[str, Any]], *, lr: float, momentum: float, betas: tuple[float, float], eps: float
    ) -> None:
        super().__init__(groups, {"lr": lr, "momentum": momentum, "betas": betas, "eps": eps, "orthogonal": False})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Take one step with the gradients there are."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            moved = [parameter for parameter in group["params"] if parameter.grad is not None]
            if group["orthogonal"]:
                for parameter in moved:
                    self._orthogonal_step(parameter, group)
            else:
                self._adamw_step(moved, group)
        return loss

    def _orthogonal_step(self, parameter: Tensor, group: dict[str, Any]) -> None:
        state, gradient = self.state[parameter], cast("Tensor", parameter.grad)
        if not state:
            state["momentum"] = torch.zeros_like(parameter)
        mean = state["momentum"].lerp_(gradient, 1.0 - group["momentum"])
        ahead = gradient.lerp(mean, group["momentum"])
        update = orthogonalized(ahead.flatten(1)).reshape(parameter.shape)
        size = _MATCHED * math.sqrt(max(len(parameter), parameter[0].numel()))
        parameter.mul_(1.0 - group["lr"] * group["weight_decay"])
        parameter.add_(update.to(parameter.dtype), alpha=-group["lr"] * size)

    def _adamw_step(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        for parameter in parameters:
            if not self.state[parameter]:
                mean, square = torch.zeros_like(parameter), torch.zeros_like(parameter)
                step = torch.zeros((), device=parameter.device)
                self.state[parameter] = {"step": step, "exp_avg": mean, "exp_avg_sq": square}
        slots = [self.state[parameter] for parameter in parameters]
        if not slots:
            return
        adamw(
            parameters,
            [cast("Tensor", parameter.grad) for parameter in parameters],
            [slot["exp_avg"] for slot in slots],
            [slot["exp_avg_sq"] for slot in slots],
            [],
            [slot["step"] for slot in slots],
            fused=True,
            amsgrad=False,
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            lr=group["lr"],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            maximize=False,
        )


def orthogonalized(matrix: Tensor) -> Tensor:
    """A matrix with the singular vectors of `m n` and singular values near 1, in bfloat16; of zeros, zeros."""
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.mT if tall else matrix).bfloat16()
    x = x / x.norm().clamp_min(1e-7)
    first, third, fifth = _POLYNOMIAL
    for _ in range(_ITERATIONS):
        square = x @ x.mT
        x = torch.addmm(x, torch.addmm(square, square, square, beta=third, alpha=fifth), x, beta=first)
    return x.mT if tall else x
