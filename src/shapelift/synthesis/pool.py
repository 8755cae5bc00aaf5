"""Work spread over processes, one item at a time each; a process that dies takes down its item and nothing else."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

_THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "IGL_NUM_THREADS")


@dataclass(frozen=True)
class Crash:
    """An item whose process died before it answered; `reason` says how."""

    reason: str


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    item: int | None = None


def run_isolated(
    function: Callable[[Any], Any], items: Sequence[Any], workers: int
) -> Iterator[tuple[int, Any | Crash]]:
    """`function(item)` for every item, in `workers` fresh processes of one thread each.

    Args:
        function: Picklable; sent to every process once.
        items: Picklable, taken in order.
        workers: Number of processes, at least 1.

    Yields:
        Index of the item and its result, or `Crash`, as they finish.

    Raises:
        BaseException: whatever `function` raises; it ends the run.
    """
    todo = iter(range(len(items)))
    pool: list[_Worker] = []
    try:
        for _ in range(min(workers, len(items))):
            pool.append(_started(function))
            _hand_out(pool[-1], items, todo)
        while busy := [worker for worker in pool if worker.item is not None]:
            ready = wait([worker.pipe for worker in busy])
            for worker in busy:
                if worker.pipe not in ready:
                    continue
                index, answer = worker.item, _answer(worker)
                if isinstance(answer, Crash):
                    pool[pool.index(worker)] = worker = _started(function)  # noqa: PLW2901 - the successor takes its place
                if isinstance(answer, BaseException):
                    raise answer
                if index is not None:
                    yield index, answer
                _hand_out(worker, items, todo)
    finally:
        for worker in pool:
            worker.pipe.close()
            worker.process.terminate()
        for worker in pool:
            worker.process.join()


def _started(function: Callable[[Any], Any]) -> _Worker:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, function), daemon=True)
    with _single_threaded():
        process.start()
    there.close()
    return _Worker(process, here)


def _hand_out(worker: _Worker, items: Sequence[Any], todo: Iterator[int]) -> None:
    worker.item = next(todo, None)
    if worker.item is not None:
        with contextlib.suppress(BrokenPipeError):  # a process that died while idle is found when its answer is read
            worker.pipe.send(items[worker.item])


def _answer(worker: _Worker) -> Any:
    try:
        return worker.pipe.recv()
    except (EOFError, ConnectionResetError):
        worker.process.join()
        code = worker.process.exitcode or 0
        return Crash(f"the worker process died (signal {-code})" if code < 0 else f"the worker process ended ({code})")


@contextlib.contextmanager
def _single_threaded() -> Iterator[None]:
    """Libraries in processes started here use one thread each: the processes are the parallelism."""
    before = {name: os.environ.get(name) for name in _THREAD_LIMITS}
    os.environ.update(dict.fromkeys(_THREAD_LIMITS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _serve(pipe: Connection, function: Callable[[Any], Any]) -> None:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interruption means
    while True:
        try:
            item = pipe.recv()
        except (EOFError, ConnectionResetError):  # the parent is gone or done
            return
        try:
            answer = function(item)
        except Exception as error:
            answer = error
        try:
            pipe.send(answer)
        except BrokenPipeError:
            return
