"""What an operator may ask for, checked before it allocates."""

from __future__ import annotations

import torch
from torch import Tensor

from shapelift.errors import InputError
from shapelift.io.memory import available_bytes, megabytes

_NOT_WORTH_ASKING = 64 * 1024**2


def check_point_sets(**sets: Tensor) -> None:
    """Check point sets `b n 3`, given by name.

    Raises:
        ValueError: a set has no points, or values that are not finite; the message names it.
    """
    for name, points in sets.items():
        if points.shape[-2] == 0:
            raise ValueError(f"{name} has no points: distances to an empty set are not defined")
        if not bool(points.isfinite().all()):
            raise ValueError(f"{name} holds values that are not finite")


def check_memory(needed: int, device: torch.device, what: str, remedy: str) -> None:
    """Check that a device has enough memory; nothing is allocated before that.

    Args:
        needed: Bytes.
        device: Where they are needed.
        what: What needs them, for the message.
        remedy: What to do, for the message.

    Raises:
        InputError: more is needed than the device has left.
    """
    if needed < _NOT_WORTH_ASKING:
        return
    free = _free_bytes(device)
    if free is not None and needed > free:
        raise InputError(f"{what} needs {megabytes(needed)} MB of memory, {megabytes(free)} MB are free: {remedy}")


def _free_bytes(device: torch.device) -> int | None:
    if device.type == "cpu":
        return available_bytes()
    if device.type == "cuda":
        cached = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + cached
    return None
