"""Where the loop takes its batches from: the next ones are put together while the current one is computed.

One thread is enough beside a CPU that computes: reading records and preparing images is NumPy, OpenCV and file work,
which lets go of Python's lock. A GPU eats batches faster than one thread makes them; processes make them then. Either
way the batch of a step depends on its number alone, and batches come in order.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from types import TracebackType
from typing import Any

from torch.utils.data import DataLoader, Dataset

from shapelift.errors import InputError
from shapelift.models.base import Batch

_AHEAD = 3


class PrefetchedBatches:
    """The batches of consecutive steps, in order, made a few steps ahead.

    Args:
        make: makes the batch of a step; must be picklable where processes are not forked.
        first_step: step of the first batch.
        workers: 1 for a thread, more for so many processes.
        pin: with processes, leave batches in page-locked memory, from which they reach a GPU while it computes.
    """

    def __init__(self, make: Callable[[int], Batch], first_step: int, *, workers: int = 1, pin: bool = False) -> None:
        self.waited_s = 0.0
        many = workers > 1
        self._source = _in_processes(make, first_step, workers, pin) if many else _threaded(make, first_step)

    def next(self) -> Batch:
        """The next batch; the time spent waiting for it is added to `waited_s`.

        Raises:
            Exception: whatever making the batch raised.
        """
        begin = time.perf_counter()
        batch = next(self._source)
        self.waited_s += time.perf_counter() - begin
        return batch

    def close(self) -> None:
        """Stop the thread or the processes."""
        self._source.close()

    def __enter__(self) -> PrefetchedBatches:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class DirectBatches:
    """The batches of consecutive steps, each made when it is asked for: for those that a device makes by itself.

    Args:
        make: makes the batch of a step.
        first_step: step of the first batch.
    """

    def __init__(self, make: Callable[[int], Batch], first_step: int) -> None:
        self.waited_s = 0.0
        self._make, self._steps = make, count(first_step)

    def next(self) -> Batch:
        """The next batch; the time it took the host is added to `waited_s`."""
        begin = time.perf_counter()
        batch = self._make(next(self._steps))
        self.waited_s += time.perf_counter() - begin
        return batch

    def __enter__(self) -> DirectBatches:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


def _threaded(make: Callable[[int], Batch], first_step: int) -> Generator[Batch, None, None]:
    with ThreadPoolExecutor(1, thread_name_prefix="batches") as pool:
        steps = count(first_step)
        pending: deque[Future[Batch]] = deque(pool.submit(make, next(steps)) for _ in range(_AHEAD))
        try:
            while True:
                batch = pending.popleft().result()
                pending.append(pool.submit(make, next(steps)))
                yield batch
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _in_processes(
    make: Callable[[int], Batch], first_step: int, workers: int, pin: bool
) -> Generator[Batch, None, None]:
    # torch's loader brings what processes need: shared memory, order, and an end when the parent is killed.
    steps: Any = count(first_step)
    loader = DataLoader(_Steps(make), batch_size=None, sampler=steps, num_workers=workers, pin_memory=pin)
    batches = iter(loader)
    try:
        for batch in batches:
            if isinstance(batch, InputError):
                raise batch
            yield batch
    finally:
        del batches


class _Steps(Dataset[Batch | InputError]):
    """The steps of a run as the items of a data set. An InputError travels as a value, to stay one line."""

    def __init__(self, make: Callable[[int], Batch]) -> None:
        self._make = make

    def __getitem__(self, step: int) -> Batch | InputError:
        try:
            return self._make(step)
        except InputError as error:
            return error
