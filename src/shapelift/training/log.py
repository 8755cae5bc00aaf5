"""What a run tells about itself: `metrics.jsonl` for programs, TensorBoard for people.

`metrics.jsonl` has one JSON object per line; `kind` is `train` or `validation`. It is only appended to, and a
continued run first cuts it back to where its checkpoint was, so every step is told once. Fields of a `train` line:
`step`, `progress` (share of the budget), `loss` and `terms` (means since the last line), `learning_rate`,
`images_per_s`, `compute_share` (part of the time spent in forward, backward and optimiser), `used_s`. Fields of a
`validation` line: `step`, `progress`, `iou`, `loss`, `items`, `best`, `used_s`, `validation_s`.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from shapelift.training.distributed import World

METRICS_NAME = "metrics.jsonl"


@dataclass(frozen=True)
class LogEntry:
    """What the log says of the steps since its last entry.

    Attributes:
        loss: mean loss, NaN before the first entry.
        terms: mean of every term of the loss.
        images_per_s: images of the whole world per second, validations and checkpoints not counted.
        compute_share: part of that time spent in forward, backward and optimiser, in [0, 1].
        waited_s: part of that time spent waiting for a batch, in seconds.
    """

    loss: float = math.nan
    terms: Mapping[str, float] = field(default_factory=dict)
    images_per_s: float = 0.0
    compute_share: float = 0.0
    waited_s: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """The entry as it is written to the log."""
        rounded = {"images_per_s": 2, "compute_share": 4, "waited_s": 4}
        return asdict(self) | {name: round(getattr(self, name), digits) for name, digits in rounded.items()}


class Meter:
    """Sums of the losses and a stopwatch, between two entries of the log.

    Sums stay on the device in double precision, so that counting does not wait for a GPU.

    Args:
        sums: sums to go on from, by name of the term.
        counted: steps in those sums.
    """

    def __init__(self, sums: Mapping[str, float], counted: int) -> None:
        self._sums = {name: torch.tensor(value, dtype=torch.float64) for name, value in sums.items()}
        self.counted = counted
        self._steps = 0
        self.compute_s = 0.0
        self.aside_s = 0.0
        self._since = time.perf_counter()

    def start(self) -> None:
        """Start the stopwatch."""
        self._since = time.perf_counter()
        self._steps, self.compute_s, self.aside_s = 0, 0.0, 0.0

    def count(self, terms: Mapping[str, Tensor]) -> None:
        """Take in the losses of a step."""
        for name, value in terms.items():
            now = value.detach().double()
            self._sums[name] = now + self._sums[name].to(now.device) if name in self._sums else now
        self.counted += 1
        self._steps += 1

    def wait_for_device(self) -> None:
        """Wait until the device has done everything it was given."""
        for value in self._sums.values():
            if value.device.type == "cuda":
                torch.cuda.synchronize(value.device)
                return

    def sums(self) -> dict[str, float]:
        """The sums so far, by name of the term."""
        return {name: float(value) for name, value in self._sums.items()}

    def read(self, world: World, batch_size: int, waited_s: float) -> LogEntry:
        """The entry that is due, averaged over the world; sums and stopwatch start afresh.

        Args:
            world: The processes of the run.
            batch_size: Images per step, of all processes.
            waited_s: Seconds spent waiting for batches.
        """
        names = sorted(self._sums)
        totals = world.total(torch.stack([self._sums[name] for name in names])) / (world.size * self.counted)
        means = dict(zip(names, totals.tolist(), strict=True))
        spent = max(time.perf_counter() - self._since - self.aside_s, 1e-9)
        entry = LogEntry(
            loss=sum(means.values()),
            terms=means,
            images_per_s=batch_size * self._steps / spent,
            compute_share=min(self.compute_s / spent, 1.0),
            waited_s=waited_s,
        )
        self._sums, self.counted = {}, 0
        self.start()
        return entry


class MetricsLog:
    """The log of a run, open for appending.

    Args:
        folder: folder of the run.
        position: bytes of `metrics.jsonl` to keep, 0 for a fresh run.
        step: step the run continues from; TensorBoard hides what a lost session wrote after it.
        tensorboard: whether to write TensorBoard's files too; its library is imported here.
    """

    def __init__(self, folder: Path, *, position: int = 0, step: int = 0, tensorboard: bool = True) -> None:
        # TensorBoard takes seconds to import: not before it is wanted, and not in the middle of the first steps.
        self._writer: Any = None
        if tensorboard:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(folder / "tensorboard", purge_step=step + 1)
        self._file = (folder / METRICS_NAME).open("ab")
        if self._file.tell() > position:
            self._file.truncate(position)
            self._file.seek(position)

    def write(self, kind: str, values: Mapping[str, Any]) -> None:
        """Append one line, and its numbers to TensorBoard as `kind/name` (terms as `kind/terms/name`)."""
        line = json.dumps({"kind": kind, **values}, allow_nan=True) + "\n"
        self._file.write(line.encode())
        self._file.flush()
        if self._writer is None:
            return
        for name, value in values.items():
            if isinstance(value, Mapping):
                for part, number in value.items():
                    self._writer.add_scalar(f"{kind}/{name}/{part}", number, values["step"])
            elif isinstance(value, int | float) and name != "step":
                self._writer.add_scalar(f"{kind}/{name}", float(value), values["step"])

    def picture(self, name: str, pixels: npt.NDArray[np.uint8], step: int) -> None:
        """Show a picture in TensorBoard.

        Args:
            name: Of the picture.
            pixels: RGB `h w 3`.
            step: When it was made.
        """
        if self._writer is not None:
            self._writer.add_image(name, pixels, step, dataformats="HWC")

    def position(self) -> int:
        """Length of `metrics.jsonl` in bytes, everything before it safely on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def close(self) -> None:
        """Close the files."""
        self._file.close()
        if self._writer is not None:
            self._writer.close()
