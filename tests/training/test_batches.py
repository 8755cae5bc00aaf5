from __future__ import annotations

import multiprocessing
import threading

import pytest
import torch

from shapelift.errors import InputError
from shapelift.training.batches import PrefetchedBatches


@pytest.mark.parametrize("workers", [1, 2])
def test_batches_come_in_order_whoever_makes_them(workers: int) -> None:
    with PrefetchedBatches(lambda step: {"step": torch.tensor(step)}, 5, workers=workers) as feed:
        assert [int(feed.next()["step"]) for _ in range(20)] == list(range(5, 25))
        assert feed.waited_s >= 0.0


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
