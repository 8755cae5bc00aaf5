"""The network of a run with what training hangs on it: optimiser, precision, moving average."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn

from shapelift.models.base import Batch, ReconstructionModel
from shapelift.training.config import SGD, Muon, Optimizer, Precision
from shapelift.training.muon import MuonOptimizer


def build_network(model: ReconstructionModel, device: torch.device, *, channels_last: bool) -> ReconstructionModel:
    """The network on its device.

    Args:
        model: The network; moved in place.
        device: Where it computes.
        channels_last: Whether convolution weights lie in channels-last memory.
    """
    model = model.to(device)
    if channels_last:
        # Not `Module.to`, which would ask the same of the five axes of a 3D convolution.
        for values in (*model.parameters(), *model.buffers()):
            if values.dim() == 4:
                values.data = values.data.contiguous(memory_format=torch.channels_last)
    return model


def build_optimizer(
    model: nn.Module, settings: Optimizer, slow: Mapping[str, float] | None = None
) -> torch.optim.Optimizer:
    """The optimiser of all parameters; vectors and scalars (biases, norms) are not decayed.

    Its groups have an entry `factor`, that of their learning rate (`TrainConfig.slow`). Parts with a factor of 0 get no
    gradients from here on.

    Args:
        model: The network.
        settings: Which optimiser.
        slow: Part of the network -> factor of its learning rate (`TrainConfig.slow`).

    Raises:
        ValueError: `slow` names a part that the network does not have.
    """
    factors = rate_factors(model, slow or {})
    groups: list[dict[str, Any]] = []
    for factor in sorted(set(factors.values()), reverse=True):
        mine = [p for name, p in model.named_parameters() if factors[name] == factor and p.requires_grad]
        if factor == 0.0:
            for parameter in mine:
                parameter.requires_grad_(False)
            continue
        groups += [
            {"params": [p for p in mine if p.dim() > 1], "weight_decay": settings.weight_decay, "factor": factor},
            {"params": [p for p in mine if p.dim() <= 1], "weight_decay": 0.0, "factor": factor},
        ]
    if isinstance(settings, Muon):
        return MuonOptimizer(
            [part for group in groups for part in _kernels_apart(group)],
            lr=settings.learning_rate,
            momentum=settings.momentum,
            betas=(settings.beta1, settings.beta2),
            eps=settings.eps,
        )
    if isinstance(settings, SGD):
        return torch.optim.SGD(
            groups, lr=settings.learning_rate, momentum=settings.momentum, nesterov=settings.nesterov, fused=True
        )
    return torch.optim.AdamW(
        groups, lr=settings.learning_rate, betas=(settings.beta1, settings.beta2), eps=settings.eps, fused=True
    )


def _kernels_apart(group: dict[str, Any]) -> list[dict[str, Any]]:
    """A group as two, its convolutions apart; the first of a network and depthwise ones are too narrow."""
    kernels = [p for p in group["params"] if p.dim() > 2 and min(p.shape[:2]) > 4]
    others = [p for p in group["params"] if not any(p is kernel for kernel in kernels)]
    apart = [group | {"params": kernels, "orthogonal": True}, group | {"params": others}]
    return [part for part in apart if part["params"]]


def rate_factors(model: nn.Module, slow: Mapping[str, float]) -> dict[str, float]:
    """Parameter -> factor of its learning rate, 1 where `slow` (see `TrainConfig`) says nothing.

    Raises:
        ValueError: it names a part that the network does not have.
    """
    factors = {name: 1.0 for name, _ in model.named_parameters()}
    for part in sorted(slow, key=len):
        found = parts_named(model, part)
        if not found:
            raise ValueError(f"slow: no part of the network is called {part!r}")
        factors |= dict.fromkeys(found, slow[part])
    return factors


def parts_named(model: nn.Module, part: str) -> list[str]:
    """The parameters of a part of the network: those whose dotted names hold it, whole."""
    return [name for name, _ in model.named_parameters() if f".{part}." in f".{name}."]


def train_mode(model: nn.Module, slow: Mapping[str, float]) -> None:
    """Put a network into training mode, but for parts that stay as they are: their normalisations must not move."""
    model.train()
    still = {part for part, factor in slow.items() if factor == 0.0}
    for name, module in model.named_modules():
        if any(f".{name}.".endswith(f".{part}.") for part in still):
            module.eval()


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[object]:
    """The precision the network computes in; losses are computed in float32 outside of it."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


def forward_pass(network: nn.Module, batch: Batch, precision: Precision) -> dict[str, Tensor]:
    """Forward pass under the run's precision; floating-point outputs come back as float32.

    Args:
        network: The network, perhaps wrapped for several processes.
        batch: On its device.
        precision: Of the run.
    """
    device = next(iter(batch.values())).device
    with autocast(device, precision):
        prediction = network(batch)
    return {name: value.float() if value.is_floating_point() else value for name, value in prediction.items()}


def to_device(batch: Batch, device: torch.device, *, channels_last: bool) -> Batch:
    """The batch where the network computes.

    Args:
        batch: On the host, or there already.
        device: Where the network computes.
        channels_last: Whether images lie in channels-last memory.
    """
    moved = {}
    for name, value in batch.items():
        if device.type == "cuda":
            value = value.to(device, non_blocking=True)  # noqa: PLW2901
        relaid = channels_last and name == "image"
        moved[name] = value.contiguous(memory_format=torch.channels_last) if relaid else value
    return moved


class MovingAverage:
    """An exponential moving average of a network's floating-point state, held by a second network.

    The decay starts low and rises to its value, `min(decay, (1 + step) / (10 + step))`, so that the random start is
    forgotten at once. Source: Polyak and Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992; the
    rising decay is that of TensorFlow's `ExponentialMovingAverage`.

    Args:
        network: the network to follow.
        holder: a network of the same kind that holds the average.
        decay: highest decay per step, in (0, 1).
    """

    def __init__(self, network: nn.Module, holder: nn.Module, decay: float) -> None:
        holder.load_state_dict(network.state_dict())
        self._decay = decay
        self._source = network.state_dict()
        state = holder.state_dict()
        self.floats = {name: value for name, value in state.items() if value.is_floating_point()}
        self._counters = {name: value for name, value in state.items() if not value.is_floating_point()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the network after `step` steps."""
        decay = min(self._decay, (1.0 + step) / (10.0 + step))
        current = [self._source[name] for name in self.floats]
        torch._foreach_lerp_(list(self.floats.values()), current, 1.0 - decay)
        for name, value in self._counters.items():
            value.copy_(self._source[name])
