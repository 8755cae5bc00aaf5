"""The training loop: no family, no framework.

A run is a sequence of steps, each a function of the run's seed and its own number only. What is remembered between
steps (weights, optimiser, average, counters) goes into the checkpoint; so a run that is killed and started again ends
with the same weights, to the last bit on the same CPU, as one that was left alone.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from shapelift.errors import InputError
from shapelift.io.atomic import write_atomically
from shapelift.io.cores import available_cores
from shapelift.models.base import ReconstructionModel, Thresholded
from shapelift.training.batches import DirectBatches, PrefetchedBatches
from shapelift.training.best import out_of_patience, take_score
from shapelift.training.checkpoint import (
    BEST_NAME,
    RunState,
    load_checkpoint,
    read_state,
    read_tensors,
    remove_leftovers,
    save_checkpoint,
    write_tensors,
)
from shapelift.training.config import TrainConfig
from shapelift.training.data import TrainingData, ValidationSet
from shapelift.training.distributed import World, join_world
from shapelift.training.export import export_run, trial_export_s
from shapelift.training.log import LogEntry, Meter, MetricsLog
from shapelift.training.memory import keep_freed_memory
from shapelift.training.network import (
    MovingAverage,
    build_network,
    build_optimizer,
    forward_pass,
    to_device,
    train_mode,
)
from shapelift.training.packing import resolve_feed
from shapelift.training.pictures import grid, write_png
from shapelift.training.precision import resolve_precision
from shapelift.training.schedule import Clock
from shapelift.training.session import exclusive_session, interruptible
from shapelift.training.start import load_start, start_at
from shapelift.training.validation import best_threshold, draw_rows, validate

_CONFIG_NAME = "config.json"
_MODEL_NAME = "model"
_PICTURES_NAME = "pictures"
_MOST_WORKERS = 14


@dataclass(frozen=True)
class Status:
    """How a run is doing.

    Attributes:
        step: steps done.
        progress: share of the budget used.
        loss: mean loss of the last log line, NaN before the first.
        iou: IoU of the last validation of this session, or None.
        best_iou: best validation IoU so far, or None.
        images_per_s: speed of the last log line, 0 before the first.
        remaining_s: expected seconds to the end.
        activity: `training`, `validating`, `validated`, `stopping early`, `exporting`, `rehearsing the export`,
            `interrupted` or `done`.
    """

    step: int
    progress: float
    loss: float
    iou: float | None
    best_iou: float | None
    images_per_s: float
    remaining_s: float
    activity: str


@dataclass(frozen=True)
class TrainResult:
    """What a session left behind.

    Attributes:
        model_folder: the exported model, or None when the session was interrupted before the end.
        step: steps done.
        best_iou: validation IoU of the exported weights, before the threshold is chosen.
        best_step: step they are from.
        used_s: seconds used over all sessions.
        start_iou: validation IoU of the weights it began with, or None where they were fresh ones; they are the
            exported ones where `best_step` is 0.
        stopped_early: whether it ended before its time, since validation no longer got better.
    """

    model_folder: Path | None
    step: int
    best_iou: float
    best_step: int
    used_s: float
    start_iou: float | None = None
    stopped_early: bool = False


_Report = Callable[[Status], None]


def train(
    config: TrainConfig,
    data_folder: Path,
    output: Path,
    *,
    device: str = "auto",
    world: World | None = None,
    mixed: Sequence[Path] = (),
    start_from: Path | None = None,
    report: _Report | None = None,
) -> TrainResult:
    """Train, or continue the run that stands in `output`, and export the best weights to `output/model`.

    Started by `torchrun` every process calls this alike; the first one writes. Ctrl-C (or SIGTERM) ends the session
    after the current step with a checkpoint.

    Args:
        config: the run.
        data_folder: data set that `shapelift synthesize` wrote.
        output: folder of the run, made if need be: `config.json`, `checkpoint.safetensors`, `best.safetensors`,
            `metrics.jsonl`, `tensorboard/`, `pictures/` and at the end `model/`.
        device: `auto`, `cpu` or `cuda`.
        world: the processes of the run where they have been joined already; `device` is theirs then.
        mixed: data sets whose training shapes are trained on besides; nothing is validated on them.
        start_from: model folder whose weights are the first ones of this run, with its graphs alone or
            `model.safetensors`; it must hold the same network.
        report: called after every step on the first process.

    Raises:
        InputError: the data set or `start_from` is unusable, `output` holds another run, or the loss is no longer a
            number.
    """
    begun = time.perf_counter()
    if start_from is not None:
        config = start_at(config, start_from)
    keep_freed_memory()
    if config.threads is not None:
        torch.set_num_threads(config.threads)
    with contextlib.nullcontext(world) if world is not None else join_world(device) as here:
        if config.batch_size % here.size:
            raise InputError(f"batch size {config.batch_size} cannot be shared by {here.size} processes")
        with exclusive_session(output, here):
            run = _Run(config, data_folder, output, here, report or (lambda status: None), begun, start_from, mixed)
            try:
                return run.work()
            finally:
                run.close()


class _Run:
    def __init__(
        self,
        config: TrainConfig,
        data_folder: Path,
        output: Path,
        world: World,
        report: _Report,
        begun: float,
        start_from: Path | None = None,
        mixed: Sequence[Path] = (),
    ) -> None:
        config = resolve_feed(resolve_precision(config, output, world), data_folder, output, world, mixed)
        self.config, self.output, self.world, self.report, self.begun = config, output, world, report, begun
        self.clock = Clock(steps=config.steps, budget_s=config.budget_s)
        state = _open_folder(output, config, world)
        self.state = state or RunState()
        self.earlier_s = self.state.used_s
        self.earlier_processor_s, self.processor_begun = self.state.processor_s, time.process_time()
        self.data = TrainingData(data_folder, config, mixed)
        self.validation_set = ValidationSet(data_folder, config)
        torch.manual_seed(config.seed)
        self.model = build_network(config.model.build(), world.device, channels_last=config.channels_last)
        if state is None and config.start is not None:
            load_start(start_from, config.start, self.model)
        self.optimizer = build_optimizer(self.model, config.optimizer, config.slow)
        self.evaluated, self.average = self.model, None
        if config.ema_decay is not None:
            self.evaluated = build_network(config.model.build(), world.device, channels_last=config.channels_last)
            self.average = MovingAverage(self.model, self.evaluated, config.ema_decay)
        if state is not None:
            load_checkpoint(output, model=self.model, average=self._averages(), optimizer=self.optimizer)
        self.parallel = world.wrap(self.model)
        self.log = self._open_log() if world.is_main else None
        self.meter = Meter(self.state.sums, self.state.counted)
        self.entry = LogEntry()
        self.iou: float | None = None
        self.saved_at = time.perf_counter()
        self.step_s = self.progress = 0.0

    def work(self) -> TrainResult:
        if self.state.finished:
            self.progress = 1.0
            return self._finish()
        if self.config.budget_s is not None:
            self._rehearse(self.config.budget_s)
        train_mode(self.model, self.config.slow)
        with self._batches() as batches, interruptible() as stopped:
            self.meter.start()
            while True:
                self.progress, interrupted, due = self._agree(stopped)
                validated = self._validate_if_due(self.progress)
                if self.progress < 1.0 and out_of_patience(self.state, self.config.validation):
                    self.state.stopped_early, self.progress = True, 1.0
                    self._tell("stopping early", self.progress)
                self.state.finished = self.progress >= 1.0
                if validated or interrupted or due:
                    self._save()
                if self.state.finished or interrupted:
                    break
                self._step(batches, self.progress)
        return self._finish()

    def close(self) -> None:
        self.parallel = self.model  # what holds the processes together must not outlive their group
        if self.log is not None:
            self.log.close()

    # -- the clock ------------------------------------------------------------------------------------------------

    def used_s(self) -> float:
        return self.earlier_s + time.perf_counter() - self.begun

    def _agree(self, stopped: threading.Event) -> tuple[float, bool, bool]:
        """Progress, whether to stop, whether to save: the same on every process, by the first one's clock."""
        state, every = self.state, self.config.checkpoint_every_steps
        waited = time.perf_counter() - self.saved_at >= self.config.checkpoint_every_s
        counted = every is not None and state.step % every == 0 and state.step > 0
        mine = self.world.is_main
        used, stop, due = self.world.highest(
            [self.used_s() if mine else 0.0, float(stopped.is_set()), float(mine and (waited or counted))]
        )
        state.used_s = used
        (step_s,) = self.world.highest([self.step_s]) if self.config.budget_s is not None else (0.0,)
        return self.clock.progress(state.step, used, step_s), stop > 0.0, due > 0.0

    def _rehearse(self, budget_s: float) -> None:
        """Export once before the first step: measures what the end will cost, and finds out now if it would fail.

        Raises:
            InputError: the budget leaves no time to train.
        """
        if self.state.export_s == 0.0:
            seconds = 0.0
            if self.world.is_main:
                self._tell("rehearsing the export", 0.0)
                seconds = trial_export_s(self.evaluated, self.output)
            self.state.export_s, used_s = self.world.highest([seconds, self.used_s()])
            if used_s + 1.25 * self.state.export_s >= budget_s:
                raise InputError(
                    f"a budget of {budget_s:.0f} s leaves no time to train: starting took {used_s:.0f} s and the "
                    f"export takes {self.state.export_s:.0f} s here; give more time"
                )
        self._hold_back()

    def _hold_back(self) -> None:
        self.clock.hold_back(validation_s=self.state.validation_s, export_s=self.state.export_s)

    # -- one step -------------------------------------------------------------------------------------------------

    def _step(self, batches: PrefetchedBatches | DirectBatches, progress: float) -> None:
        batch = to_device(batches.next(), self.world.device, channels_last=self.config.channels_last)
        begin = time.perf_counter()
        for group in self.optimizer.param_groups:
            factor = group["factor"] * self.config.schedule.factor(progress, self.state.step)
            group["lr"] = self.config.optimizer.learning_rate * factor
        torch.manual_seed(_step_seed(self.config.seed, self.state.step, self.world.rank))
        prediction = forward_pass(self.parallel, batch, self.config.precision)
        terms = self.model.loss(prediction, batch)
        torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
        if self.config.optimizer.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.optimizer.clip_norm)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.state.step += 1
        if self.average is not None:
            self.average.update(self.state.step)
        self.meter.count(terms)
        entry_due = self.state.step % self.config.log_every_steps == 0
        if entry_due:
            self.meter.wait_for_device()
        taken = time.perf_counter() - begin
        self.meter.compute_s += taken
        self.step_s = taken if self.step_s == 0.0 else 0.8 * self.step_s + 0.2 * taken
        if entry_due:
            self._write_entry(batches, progress)
        self._tell("training", progress)

    def _write_entry(self, batches: PrefetchedBatches | DirectBatches, progress: float) -> None:
        self.entry = entry = self.meter.read(self.world, self.config.batch_size, batches.waited_s)
        batches.waited_s = 0.0
        if not math.isfinite(entry.loss):
            raise InputError(
                f"{self.output}: the loss is no longer a number at step {self.state.step}; "
                "start again in a new `output` with another `seed`, or in Python with a lower learning rate or fp32"
            )
        if self.log is not None:
            rate = self.config.optimizer.learning_rate * self.config.schedule.factor(progress, self.state.step)
            self.log.write("train", {**self._place(progress), **entry.as_dict(), "learning_rate": rate})

    # -- now and then ---------------------------------------------------------------------------------------------

    def _validate_if_due(self, progress: float) -> bool:
        number = math.floor(progress * self.config.validation.count + 1e-9)
        begins = self.config.start is not None and self.state.step == 0 and self.state.start_iou < 0.0
        if number <= self.state.validations and not begins:
            return False
        self.state.validations = number
        begin = time.perf_counter()
        self._tell("validating", progress)
        self.world.copy_from_main(self.evaluated.state_dict().values())
        score = validate(self.evaluated.eval(), self.validation_set, self.world, self.config)
        best = take_score(self.state, score, self.config.validation)
        if self.log is not None and best:
            header = {"step": str(self.state.step), "iou": repr(score.iou)}
            write_tensors(self.output / BEST_NAME, self.evaluated.state_dict(), header)
        if self.log is not None and self.config.validation.pictures:
            self._draw(self.log)
        if self.evaluated is self.model:
            train_mode(self.model, self.config.slow)
        (seconds,) = self.world.highest([time.perf_counter() - begin])
        self.state.validation_s = max(self.state.validation_s, seconds)
        self._hold_back()
        self.meter.aside_s += seconds
        if self.log is not None:
            self.iou = score.iou
            values = {"iou": score.iou, "loss": score.loss, "items": score.items, "best": best}
            self.log.write("validation", {**self._place(progress), **values, "validation_s": round(seconds, 3)})
        self._tell("validated", progress)
        return True

    def _draw(self, log: MetricsLog) -> None:
        picture = grid(draw_rows(self.evaluated, self.validation_set, self.config, self.world.device))
        folder = self.output / _PICTURES_NAME
        folder.mkdir(exist_ok=True)
        write_png(folder / f"step_{self.state.step:08d}.png", picture)
        log.picture("validation", picture, self.state.step)

    def _save(self) -> None:
        begin = time.perf_counter()
        self.state.sums, self.state.counted = self.meter.sums(), self.meter.counted
        mine = torch.tensor(time.process_time() - self.processor_begun, dtype=torch.float64)
        self.state.processor_s = self.earlier_processor_s + float(self.world.total(mine))
        if self.log is not None:
            self.state.log_bytes = self.log.position()
            save_checkpoint(
                self.output,
                config=self.config.to_json(),
                state=self.state,
                model=self.model,
                average=self._averages(),
                optimizer=self.optimizer,
            )
        self.saved_at = time.perf_counter()
        self.meter.aside_s += self.saved_at - begin

    def _finish(self) -> TrainResult:
        done = self.state.finished
        folder = self.output / _MODEL_NAME
        if done and self.world.is_main and not folder.exists():
            self._tell("exporting", 1.0)
            tensors, _ = read_tensors(self.output / BEST_NAME, device="cpu")
            self.evaluated.load_state_dict(tensors)
            config, model, state = self._calibrated()
            export_run(config, model.eval(), self.data, state, folder)
        self.world.wait()
        self._tell("done" if done else "interrupted", self.progress)
        return TrainResult(
            model_folder=folder if done else None,
            step=self.state.step,
            best_iou=self.state.best_iou,
            best_step=self.state.best_step,
            used_s=self.used_s(),
            start_iou=None if self.state.start_iou < 0.0 else self.state.start_iou,
            stopped_early=self.state.stopped_early,
        )

    def _calibrated(self) -> tuple[TrainConfig, ReconstructionModel, RunState]:
        """The run and its best network with the threshold that suits the validation split; once, by one process."""
        family = self.config.model
        if not isinstance(family, Thresholded):
            return self.config, self.evaluated, self.state
        model = self.evaluated.eval()
        threshold, iou = best_threshold(model, family, self.validation_set, self.config, self.world.device)
        chosen = family.at_threshold(threshold)
        calibrated = build_network(chosen.build(), self.world.device, channels_last=self.config.channels_last)
        calibrated.load_state_dict(model.state_dict())
        state = dataclasses.replace(self.state, best_iou=iou)
        return dataclasses.replace(self.config, model=chosen), calibrated, state

    # -- small things ---------------------------------------------------------------------------------------------

    def _open_log(self) -> MetricsLog:
        return MetricsLog(
            self.output,
            position=self.state.log_bytes,
            step=self.state.step,
            tensorboard=self.config.tensorboard,
        )

    def _batches(self) -> PrefetchedBatches | DirectBatches:
        if self.config.feed == "packed":
            self._tell("packing the data", self.progress)
            data, size = self.data.packed(self.world.device), self.config.batch_size // self.world.size
            return DirectBatches(
                functools.partial(data.batch, size=size, rank=self.world.rank, world=self.world.size), self.state.step
            )
        make = functools.partial(self.data.batch, rank=self.world.rank, world=self.world.size)
        return PrefetchedBatches(make, self.state.step, workers=self._workers(), pin=self.world.device.type == "cuda")

    def _workers(self) -> int:
        """One thread beside a CPU that computes; beside a GPU a process per core, but for the core that drives it."""
        if self.config.workers is not None:
            return self.config.workers
        if self.world.device.type == "cpu":
            return 1
        return min(max(available_cores() // self.world.size - 1, 1), _MOST_WORKERS)

    def _averages(self) -> dict[str, Tensor] | None:
        return None if self.average is None else self.average.floats

    def _place(self, progress: float) -> dict[str, int | float]:
        return {"step": self.state.step, "progress": round(progress, 6), "used_s": round(self.used_s(), 2)}

    def _tell(self, activity: str, progress: float) -> None:
        if self.world.is_main:
            best = None if self.state.best_iou < 0.0 else self.state.best_iou
            self.report(
                Status(
                    step=self.state.step,
                    progress=progress,
                    loss=self.entry.loss,
                    iou=self.iou,
                    best_iou=best,
                    images_per_s=self.entry.images_per_s,
                    remaining_s=self.clock.remaining_s(progress, self.used_s()),
                    activity=activity,
                )
            )


def _step_seed(seed: int, step: int, rank: int) -> int:
    return int(np.random.SeedSequence([seed, step, rank]).generate_state(1, np.uint64)[0] >> np.uint64(1))


def _open_folder(output: Path, config: TrainConfig, world: World) -> RunState | None:
    """Make the folder of a run, or find in it the state to continue from.

    Raises:
        InputError: the folder cannot be made, or holds another run.
    """
    if world.is_main:
        try:
            output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{output}: cannot be made ({error.strerror}); choose another `output`") from None
        remove_leftovers(output)
    world.wait()
    state = find_run(output, config)
    if state is None and world.is_main:
        write_atomically(output / _CONFIG_NAME, config.to_json() + "\n")
    return state


def find_run(output: Path, config: TrainConfig) -> RunState | None:
    """Where the run in a folder stands, or None where there is none.

    Raises:
        InputError: the folder holds another run.
    """
    found = read_state(output)
    if found is None:
        return None
    text, state = found
    mine, other = config.identity(), TrainConfig.from_json(text).identity()
    if config.feed == "auto":  # it will be what the run began with
        mine |= {name: other[name] for name in ("feed", "detail")}
    elif config.detail is None:
        mine["detail"] = other["detail"]
    if config.precision == "auto":
        mine["precision"] = other["precision"]
    differs = sorted(name for name in mine.keys() | other.keys() if mine.get(name) != other.get(name))
    if "start" in differs:
        differs = ["start"]  # what else a run that goes on from trained weights has of its own follows from it
    if differs:
        raise InputError(f"{output}: holds a run with another {', '.join(differs)}; choose another `output`")
    return state
