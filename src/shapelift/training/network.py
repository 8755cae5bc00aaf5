"""The network of a run with what training hangs on it: optimiser, precision, moving average."""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn

from shapelift.models.base import Reconstructor
from shapelift.training.config import SGD, Optimizer, Precision
from shapelift.training.feed import Batch


def build_network(model: Reconstructor, device: torch.device, *, channels_last: bool) -> Reconstructor:
    """The network on its device, convolution weights in channels-last memory if asked."""
    model = model.to(device)
    if channels_last:
        # Not `Module.to`, which would ask the same of the five axes of a 3D convolution.
        for values in (*model.parameters(), *model.buffers()):
            if values.dim() == 4:
                values.data = values.data.contiguous(memory_format=torch.channels_last)
    return model


def build_optimizer(model: nn.Module, settings: Optimizer) -> torch.optim.Optimizer:
    """The optimiser of all parameters; vectors and scalars (biases, norms) are not decayed."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.dim() > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0},
    ]
    if isinstance(settings, SGD):
        return torch.optim.SGD(
            groups, lr=settings.learning_rate, momentum=settings.momentum, nesterov=settings.nesterov, fused=True
        )
    return torch.optim.AdamW(
        groups, lr=settings.learning_rate, betas=(settings.beta1, settings.beta2), eps=settings.eps, fused=True
    )


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[object]:
    """The precision the network computes in; losses are computed in float32 outside of it."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


def predict(network: nn.Module, batch: Batch, precision: Precision) -> dict[str, Tensor]:
    """Forward pass under the run's precision; floating-point outputs come back as float32."""
    device = next(iter(batch.values())).device
    with autocast(device, precision):
        prediction = network(batch)
    return {name: value.float() if value.is_floating_point() else value for name, value in prediction.items()}


def to_device(batch: Batch, device: torch.device, *, channels_last: bool) -> Batch:
    """The batch where the network computes; images in channels-last memory if asked."""
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
