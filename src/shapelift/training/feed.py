"""Batches on time: the next ones are put together by threads while the current one is computed.

Reading records and preparing images is NumPy, OpenCV and file work, which lets go of Python's lock. No torch operation
runs in these threads: each of them would start a team of OpenMP threads of its own.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from torch import Tensor

Batch = dict[str, Tensor]


class Feed:
    """The batches of consecutive steps, in order, made a few steps ahead.

    Args:
        make: makes the batch of a step; called from several threads at once.
        first_step: step of the first batch.
        workers: threads.
    """

    def __init__(self, make: Callable[[int], Batch], first_step: int, *, workers: int = 1) -> None:
        self._make = make
        self._step = first_step
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="feed")
        self._pending: deque[Future[Batch]] = deque()
        self.waited_s = 0.0
        for _ in range(workers + 2):
            self._submit()

    def next(self) -> Batch:
        """The next batch; the time spent waiting for it is added to `waited_s`.

        Raises:
            Exception: whatever making the batch raised.
        """
        begin = time.perf_counter()
        batch = self._pending.popleft().result()
        self.waited_s += time.perf_counter() - begin
        self._submit()
        return batch

    def close(self) -> None:
        """Stop the threads and wait for them."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> Feed:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _submit(self) -> None:
        self._pending.append(self._pool.submit(self._make, self._step))
        self._step += 1
