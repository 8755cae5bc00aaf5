from __future__ import annotations

import multiprocessing
import threading
from itertools import count
from types import SimpleNamespace

import pytest
import torch

from shapelift.errors import InputError
from shapelift.training import batches as batches_module
from shapelift.training.batches import DirectBatches, PrefetchedBatches


@pytest.fixture
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look at the clock takes a second."""
    monkeypatch.setattr(batches_module, "time", SimpleNamespace(perf_counter=count().__next__))


@pytest.mark.usefixtures("_clock")
@pytest.mark.parametrize("workers", [1, 2])
def test_batches_come_in_order_whoever_makes_them_and_waiting_is_counted(workers: int) -> None:
    with PrefetchedBatches(lambda step: {"step": torch.tensor(step)}, 5, workers=workers) as feed:
        assert [int(feed.next()["step"]) for _ in range(20)] == list(range(5, 25))
        assert feed.waited_s == 20.0


@pytest.mark.usefixtures("_clock")
def test_what_a_device_makes_by_itself_is_made_when_it_is_asked_for() -> None:
    made: list[int] = []

    def make(step: int) -> dict[str, torch.Tensor]:
        made.append(step)
        return {"step": torch.tensor(step)}

    with DirectBatches(make, 5) as feed:
        assert made == []
        assert [int(feed.next()["step"]) for _ in range(3)] == made == [5, 6, 7]
        assert feed.waited_s == 3.0


@pytest.mark.parametrize("workers", [1, 2])
def test_what_goes_wrong_is_raised_where_the_batch_is_asked_for(workers: int) -> None:
    def make(step: int) -> dict[str, torch.Tensor]:
        if step == 2:
            raise InputError("record 2 is damaged")
        return {"step": torch.tensor(step)}

    with PrefetchedBatches(make, 0, workers=workers) as feed:
        feed.next()
        feed.next()
        with pytest.raises(InputError, match=r"^record 2 is damaged$"):
            feed.next()


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_end_with_the_feed(workers: int) -> None:
    with PrefetchedBatches(lambda step: {"step": torch.tensor(step)}, 0, workers=workers) as feed:
        feed.next()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("feed")]
    assert not multiprocessing.active_children()
