"""Where a run stands, in one file that is always whole.

A checkpoint is a safetensors file: the tensors of the model, of its moving average and of the optimiser, and beside
them, in the header, a JSON object with everything else. It is written beside its name, flushed and renamed, so that a
process killed at any moment leaves either the previous checkpoint or the new one. There is no pickle in it.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from shapelift.errors import InputError
from shapelift.io.atomic import atomic_path

CHECKPOINT_NAME = "checkpoint.safetensors"
BEST_NAME = "best.safetensors"
_SCHEMA = 1


@dataclass
class RunState:
    """Everything about a run that is not a tensor.

    All randomness of a step (which items, which points, dropout) is drawn from generators seeded by the run's seed, the
    step and the rank, so the step number is the state of every generator and the position in the data at once.

    Attributes:
        step: steps done.
        used_s: seconds used over all sessions.
        processor_s: processor time of all processes and their threads over all sessions, in seconds; processes that
            only load data, beside a GPU, are not in it.
        validations: validations done.
        best_iou: validation IoU of the best weights so far, -1 before the first.
        best_loss: their validation loss, infinite before the first.
        best_step: step of that validation.
        start_iou: validation IoU of the weights the run began with, -1 where they were fresh ones.
        unimproved: validations since the last that was better than all before it.
        stopped_early: whether the run ended because of too many of those.
        log_bytes: length of `metrics.jsonl` that belongs to this state.
        sums: running sums of the losses since the last log line, by name.
        counted: number of steps in those sums.
        validation_s: seconds of the longest validation so far.
        export_s: seconds that the trial export took, 0 where there was none.
        finished: whether the run has come to its end; only the export may be missing.
    """

    step: int = 0
    used_s: float = 0.0
    processor_s: float = 0.0
    validations: int = 0
    best_iou: float = -1.0
    best_loss: float = math.inf
    best_step: int = 0
    start_iou: float = -1.0
    unimproved: int = 0
    stopped_early: bool = False
    log_bytes: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    counted: int = 0
    validation_s: float = 0.0
    export_s: float = 0.0
    finished: bool = False


def save_checkpoint(
    folder: Path,
    *,
    config: str,
    state: RunState,
    model: nn.Module,
    average: Mapping[str, Tensor] | None,
    optimizer: torch.optim.Optimizer,
) -> None:
    """Write the checkpoint of a run into its folder, replacing the previous one at once.

    Args:
        folder: folder of the run.
        config: the run's configuration as JSON text; a run is continued only with the same.
        state: counters of the run.
        model: the network, unwrapped.
        average: moving average of the network's floating-point state, where there is one.
        optimizer: optimiser over all the network's parameters.
    """
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    if average is not None:
        tensors |= {f"average.{name}": value for name, value in average.items()}
    for index, slots in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{slot}": torch.as_tensor(value) for slot, value in slots.items()}
    write_tensors(folder / CHECKPOINT_NAME, tensors, {"config": config, "state": json.dumps(asdict(state))})


def read_state(folder: Path) -> tuple[str, RunState] | None:
    """Configuration text and counters of the checkpoint in a folder, or None where there is none.

    Raises:
        InputError: there is a file of that name that is no checkpoint.
    """
    path = folder / CHECKPOINT_NAME
    if not path.exists():
        return None
    _, header = read_tensors(path, device="cpu", only_header=True)
    try:
        return header["config"], RunState(**json.loads(header["state"]))
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{path}: not a checkpoint this version can continue; choose another `output`") from None


def load_checkpoint(
    folder: Path, *, model: nn.Module, average: dict[str, Tensor] | None, optimizer: torch.optim.Optimizer
) -> None:
    """Put the tensors of the checkpoint in a folder back where `save_checkpoint` took them from, in place.

    Args:
        folder: Of the run.
        model: The network.
        average: The moving average by name, None where the run has none.
        optimizer: The optimiser.

    Raises:
        InputError: the file belongs to another network.
    """
    path = folder / CHECKPOINT_NAME
    tensors, _ = read_tensors(path, device="cpu")
    groups: dict[str, dict[str, Tensor]] = {"model": {}, "average": {}, "optimizer": {}}
    for name, value in tensors.items():
        owner, _, rest = name.partition(".")
        groups[owner][rest] = value
    try:
        model.load_state_dict(groups["model"])
        if average is not None:
            for name, value in average.items():
                value.copy_(groups["average"][name])
    except (KeyError, RuntimeError):
        raise InputError(f"{path}: belongs to another network; choose another `output`") from None
    slots: dict[int, dict[str, Tensor]] = {}
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for name, value in groups["optimizer"].items():
        index, slot = name.split(".")
        like = parameters[int(index)]
        # The same memory layout as the parameter: the fused optimiser walks both side by side.
        slots.setdefault(int(index), {})[slot] = torch.empty_like(like).copy_(value) if value.dim() else value
    optimizer.load_state_dict({"state": slots, "param_groups": optimizer.state_dict()["param_groups"]})


def write_tensors(path: Path, tensors: Mapping[str, Tensor], header: Mapping[str, str]) -> None:
    """Write tensors and text into one safetensors file, atomically.

    Args:
        path: The file.
        tensors: By name.
        header: Text by name.
    """
    plain = {name: value.detach().to("cpu").contiguous().clone() for name, value in tensors.items()}
    with atomic_path(path) as temporary:
        save_file(plain, temporary, metadata={"schema": str(_SCHEMA), **header})


def read_tensors(path: Path, *, device: str, only_header: bool = False) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and text of a file of `write_tensors`.

    Args:
        path: The file.
        device: Where the tensors are put.
        only_header: Whether the tensors are left out.

    Raises:
        InputError: the file is missing, damaged, or of another version of the layout.
    """
    try:
        with safe_open(path, framework="pt", device=device) as file:
            header = dict(file.metadata() or {})
            tensors = {} if only_header else {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, struct.error) as error:
        raise InputError(f"{path}: cannot be read as a checkpoint ({error}); choose another `output`") from None
    if header.get("schema") != str(_SCHEMA):
        raise InputError(f"{path}: checkpoint layout {header.get('schema')} is not {_SCHEMA}; choose another `output`")
    return tensors, header


def remove_leftovers(folder: Path) -> None:
    """Remove what writes that were killed half-way left beside the checkpoints."""
    for name in (CHECKPOINT_NAME, BEST_NAME):
        for leftover in folder.glob(f".{name}.*"):
            leftover.unlink(missing_ok=True)
