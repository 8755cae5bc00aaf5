"""In which precision a run computes: decided once, when it begins."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import torch

from shapelift.training.checkpoint import read_state
from shapelift.training.config import TrainConfig
from shapelift.training.distributed import World


def resolve_precision(config: TrainConfig, output: Path, world: World) -> TrainConfig:
    """The run with `bf16` or `fp32` for `auto`; a run that stands in `output` goes on as it began.

    Where one of several processes is on a device without bfloat16, all compute in single precision.

    Args:
        config: The run.
        output: Its folder.
        world: Its processes.
    """
    if config.precision != "auto":
        return config
    begun = read_state(output)
    if begun is not None:
        return dataclasses.replace(config, precision=TrainConfig.from_json(begun[0]).precision)
    (lacking,) = world.highest([0.0 if computes_bfloat16(world.device) else 1.0])
    return dataclasses.replace(config, precision="fp32" if lacking else "bf16")


def computes_bfloat16(device: torch.device) -> bool:
    """Whether a device multiplies in bfloat16; a processor that does not emulates it, far slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return any(bool(_told(name)) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))


def _told(name: str) -> bool:
    """What PyTorch says of the processor; its names are not public, and what is not there is not supported."""
    supported = getattr(torch.cpu, name, None)
    return supported is not None and bool(supported())
