"""One session of a run: it has the folder to itself, and ends in good order when it is told to."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from filelock import FileLock, Timeout

from shapelift.errors import InputError
from shapelift.training.distributed import World

LOCK_NAME = ".lock"


@contextlib.contextmanager
def exclusive_session(output: Path, world: World) -> Iterator[None]:
    """Hold the folder of the run: two sessions at once would overwrite each other's checkpoints.

    Raises:
        InputError: the folder cannot be made, or another process trains in it.
    """
    if not world.is_main:
        yield
        return
    # The system lets go of the lock when the process dies, however it dies.
    lock = FileLock(output / LOCK_NAME)
    try:
        output.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(f"{output}: another process trains in it; wait for it or choose another `output`") from None
    except OSError as error:
        raise InputError(f"{output}: cannot be made ({error.strerror}); choose another `output`") from None
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def interruptible() -> Iterator[threading.Event]:
    """Within, the first Ctrl-C or SIGTERM sets the event instead of ending the process; the second one ends it."""
    stopped = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.set()
        signal.signal(number, before[signal.Signals(number)])

    for number in numbers:
        signal.signal(number, stop)
    try:
        yield stopped
    finally:
        for number in numbers:
            signal.signal(number, before[number])
