from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from shapelift.errors import InputError
from shapelift.training import TrainConfig
from shapelift.training.checkpoint import BEST_NAME, CHECKPOINT_NAME, read_tensors
from shapelift.training.distributed import World, open_device
from shapelift.training.log import METRICS_NAME

pytestmark = pytest.mark.slow

_MEMBER = """
import sys
from pathlib import Path
import torch
from safetensors.torch import save_file
from shapelift.training import TrainConfig, loop
from shapelift.training.distributed import join_world
data, output, config = sys.argv[1:]
loop.export_run = lambda *arguments: None
with join_world("cpu") as world:
    run = loop._Run(TrainConfig.from_json(config), Path(data), Path(output), world, lambda status: None, 0.0)
    run.work()
    run.close()
    parameters = {name: value.detach().contiguous() for name, value in run.model.named_parameters()}
    save_file(parameters, f"{output}/rank{world.rank}.safetensors")
"""


def test_two_processes_end_with_the_same_parameters(
    tiny: Callable[..., TrainConfig], data: Path, tmp_path: Path
) -> None:
    from safetensors.torch import load_file

    config = tiny(steps=8, log_every_steps=2)
    script = tmp_path / "member.py"
    script.write_text(_MEMBER)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    done = subprocess.run(
        [*command, str(data), str(tmp_path / "run"), config.to_json()],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first, second = (load_file(tmp_path / "run" / f"rank{rank}.safetensors") for rank in range(2))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    saved, _ = read_tensors(tmp_path / "run" / CHECKPOINT_NAME, device="cpu")
    assert all(torch.equal(first[name], saved[f"model.{name}"]) for name in first)
    assert (tmp_path / "run" / BEST_NAME).is_file()
    lines = [json.loads(line) for line in (tmp_path / "run" / METRICS_NAME).read_text().splitlines()]
    assert [line["step"] for line in lines if line["kind"] == "train"] == [2, 4, 6, 8]
    assert [line["items"] for line in lines if line["kind"] == "validation"] == [4, 4]


def test_shares_cover_everything_once() -> None:
    for size in (1, 2, 3, 7):
        parts = [range(10)[World(rank, size, torch.device("cpu")).share(10)] for rank in range(size)]
        assert [number for part in parts for number in part] == list(range(10))
        assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_a_world_of_one_agrees_with_itself() -> None:
    world = World(0, 1, torch.device("cpu"))
    module = torch.nn.Linear(1, 1)
    assert world.wrap(module) is module
    assert world.highest([1.0, 2.0]) == [1.0, 2.0]
    assert torch.equal(world.total(torch.ones(2)), torch.ones(2))


@pytest.mark.parametrize("name", ["potato", "mps", "meta"])
def test_other_devices_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="use auto, cpu or cuda"):
        open_device(name)
