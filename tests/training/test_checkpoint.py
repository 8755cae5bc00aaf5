from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from shapelift.errors import InputError
from shapelift.training import checkpoint
from shapelift.training.checkpoint import (
    CHECKPOINT_NAME,
    RunState,
    load_checkpoint,
    read_state,
    read_tensors,
    remove_leftovers,
    save_checkpoint,
)

_WRITER = """
import sys, torch
from pathlib import Path
from shapelift.training.checkpoint import RunState, save_checkpoint
model = torch.nn.Linear(600, 600)
optimizer = torch.optim.AdamW(model.parameters())
for step in range(1, 10_000):
    torch.nn.init.constant_(model.weight, step)
    print("writing", step, flush=True)
    save_checkpoint(Path(sys.argv[1]), config="{}", state=RunState(step=step), model=model, average=None,
                    optimizer=optimizer)
"""


def _trained() -> tuple[nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(4, 8, 3), nn.BatchNorm2d(8)).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    for _ in range(2):
        model(torch.randn(2, 4, 5, 5)).square().sum().backward()
        optimizer.step()
    return model, optimizer


def test_everything_comes_back_to_the_bit(tmp_path: Path) -> None:
    model, optimizer = _trained()
    average = {"a": torch.randn(3)}
    state = RunState(step=7, used_s=0.1, best_iou=0.3, sums={"loss": 1 / 3}, counted=2)
    save_checkpoint(tmp_path, config='{"x": 1}', state=state, model=model, average=average, optimizer=optimizer)
    other, fresh = _trained()
    nn.init.zeros_(other[0].weight)
    fresh = torch.optim.AdamW(other.parameters(), fused=True)
    restored = {"a": torch.zeros(3)}
    load_checkpoint(tmp_path, model=other, average=restored, optimizer=fresh)
    assert read_state(tmp_path) == ('{"x": 1}', state)
    assert torch.equal(restored["a"], average["a"])
    for name, value in model.state_dict().items():
        assert torch.equal(other.state_dict()[name], value)
    assert other[0].weight.is_contiguous(memory_format=torch.channels_last)
    before, after = optimizer.state_dict()["state"], fresh.state_dict()["state"]
    for index, slots in before.items():
        for slot, value in slots.items():
            assert torch.equal(after[index][slot], value)
            assert after[index][slot].stride() == value.stride()


def test_a_write_that_fails_half_way_leaves_the_previous_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, optimizer = _trained()
    arguments = {"config": "{}", "model": model, "average": None, "optimizer": optimizer}
    save_checkpoint(tmp_path, state=RunState(step=1), **arguments)
    whole = (tmp_path / CHECKPOINT_NAME).read_bytes()

    def half(tensors: object, path: Path, metadata: object) -> None:
        path.write_bytes(whole[: len(whole) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save_file", half)
    with pytest.raises(InputError, match="No space"):
        save_checkpoint(tmp_path, state=RunState(step=2), **arguments)
    assert (tmp_path / CHECKPOINT_NAME).read_bytes() == whole
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT_NAME]


@pytest.mark.slow
def test_a_writer_that_is_killed_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if line.strip() == "writing 4":
                child.send_signal(signal.SIGKILL)
                break
        child.stdout.read()
    assert child.returncode == -signal.SIGKILL
    found = read_state(tmp_path)
    assert found is not None
    assert found[1].step >= 3
    tensors, _ = read_tensors(tmp_path / CHECKPOINT_NAME, device="cpu")
    assert torch.equal(tensors["model.weight"], torch.full((600, 600), float(found[1].step)))
    remove_leftovers(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT_NAME]


def test_no_checkpoint_is_no_error(tmp_path: Path) -> None:
    assert read_state(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", bytes(100)])
def test_a_damaged_checkpoint_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / CHECKPOINT_NAME).write_bytes(content)
    with pytest.raises(InputError, match=r"checkpoint\.safetensors.*choose another `output`"):
        read_state(tmp_path)


def test_another_network_is_refused(tmp_path: Path) -> None:
    model, optimizer = _trained()
    save_checkpoint(tmp_path, config="{}", state=RunState(), model=model, average=None, optimizer=optimizer)
    other = nn.Linear(2, 2)
    with pytest.raises(InputError, match="another network"):
        load_checkpoint(tmp_path, model=other, average=None, optimizer=torch.optim.AdamW(other.parameters()))
