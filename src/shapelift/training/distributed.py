"""One process or many: the same training command, started alone or by `torchrun`.

`torchrun` tells every process its rank through environment variables; without them the world has one member. Batches
are counted over the whole world, so the number of processes changes how fast a run is and not what it computes (up to
the order of floating-point sums).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.nn.parallel import DistributedDataParallel

from shapelift.errors import InputError


@dataclass(frozen=True)
class World:
    """The processes of a run, seen from one of them.

    Attributes:
        rank: number of this process, 0 is the one that writes.
        size: number of processes.
        device: where this process computes.
    """

    rank: int
    size: int
    device: torch.device

    @property
    def is_main(self) -> bool:
        """Whether this process writes files and talks to the user."""
        return self.rank == 0

    def share(self, total: int) -> slice:
        """The contiguous part of `total` items that is this process's; parts differ by at most one item."""
        return slice(total * self.rank // self.size, total * (self.rank + 1) // self.size)

    def wrap(self, module: nn.Module) -> nn.Module:
        """The module whose gradients are averaged over the world; the module itself in a world of one."""
        if self.size == 1:
            return module
        devices = [self.device.index] if self.device.type == "cuda" else None
        return DistributedDataParallel(module, device_ids=devices, gradient_as_bucket_view=True)

    def highest(self, values: Sequence[float]) -> list[float]:
        """Per value the highest over the world, on every process alike."""
        if self.size == 1:
            return list(values)
        stacked = torch.tensor(list(values), dtype=torch.float64)
        dist.all_reduce(stacked, op=dist.ReduceOp.MAX)
        return [float(value) for value in stacked]

    def total(self, values: Tensor) -> Tensor:
        """The sum over the world of a tensor (any shape), on every process alike."""
        if self.size == 1:
            return values
        summed = values.detach().to("cpu", torch.float64, copy=True)
        dist.all_reduce(summed)
        return summed.to(values.device, values.dtype)

    def copy_from_main(self, values: Iterable[Tensor]) -> None:
        """Overwrite tensors, in place, by those of the first process."""
        if self.size > 1:
            for value in values:
                dist.broadcast(value, 0)

    def wait(self) -> None:
        """Wait until every process has come this far."""
        self.highest([0.0])


def open_device(name: str) -> torch.device:
    """The device of a name: `auto` is a CUDA GPU where there is one, else the CPU.

    Raises:
        InputError: the device is unknown or not on this machine.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InputError(f"device '{name}' is unknown; use auto, cpu or cuda") from None
    if device.type not in ("cpu", "cuda"):
        raise InputError(f"device '{name}' is not supported for training; use auto, cpu or cuda")
    if device.type == "cuda" and not torch.cuda.is_available():
        raise InputError(f"device '{name}' is not on this machine; use `device` cpu")
    return device


@contextlib.contextmanager
def join_world(device_name: str = "auto") -> Iterator[World]:
    """Join the world that `torchrun` started, or a world of one, and leave it at the end.

    Args:
        device_name: `auto`, `cpu` or `cuda`; of several processes on a node each takes the GPU of its local rank.
    """
    device = open_device(device_name)
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield World(rank=0, size=1, device=device)
        return
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]) % torch.cuda.device_count())
        torch.cuda.set_device(device)
    # Small agreements (clock, Ctrl-C) travel as CPU tensors over gloo; gradients on GPUs over nccl.
    # The others may wait for hours while the first one makes the data; `torchrun` ends them if it fails.
    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
    dist.init_process_group(backend, timeout=timedelta(days=2))
    try:
        yield World(rank=dist.get_rank(), size=dist.get_world_size(), device=device)
    finally:
        dist.destroy_process_group()
