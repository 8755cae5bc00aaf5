"""Runs whose batches come from packed data: the code that a GPU runs, on the processor."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from shapelift.cli.main import run
from shapelift.errors import InputError
from shapelift.recipes import find_recipe
from shapelift.training import Status, TrainConfig, packing, train
from shapelift.training.checkpoint import CHECKPOINT_NAME, read_state, read_tensors
from shapelift.training.distributed import World

pytestmark = pytest.mark.slow

ALONE = World(rank=0, size=1, device=torch.device("cpu"))


def tiny(recipe: str = "pixelaligned-tiny", **changes: object) -> TrainConfig:
    config = dataclasses.replace(
        find_recipe(recipe), tensorboard=False, steps=6, budget_s=None, checkpoint_every_steps=2
    )
    return dataclasses.replace(config, **changes)  # type: ignore[arg-type]


class Killed(Exception):  # noqa: N818
    pass


@pytest.mark.usefixtures("quick_export")
def test_a_killed_run_goes_on_to_the_same_bits(data: Path, tmp_path: Path) -> None:
    def kill(status: Status) -> None:
        if status.step == 3:
            raise Killed

    with pytest.raises(Killed):
        train(tiny(), data, tmp_path / "killed", device="cpu", report=kill)
    found = read_state(tmp_path / "killed")
    assert found is not None
    assert TrainConfig.from_json(found[0]).feed == "packed"
    assert found[1].step == 2
    for name in ("killed", "whole"):
        assert train(tiny(), data, tmp_path / name, device="cpu").step == 6
    mine, whole = (read_tensors(tmp_path / name / CHECKPOINT_NAME, device="cpu")[0] for name in ("killed", "whole"))
    assert [name for name in whole if not torch.equal(mine[name], whole[name])] == []
    with pytest.raises(InputError, match="another feed"):
        train(tiny(feed="records"), data, tmp_path / "killed", device="cpu")


def test_a_run_goes_on_as_it_began_and_not_as_memory_would_have_it(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled = packing.resolve_feed(tiny(), data, tmp_path, ALONE)
    assert settled.feed == "packed"
    assert settled.detail is not None
    monkeypatch.setattr(packing, "spare_memory", lambda device: 1000)
    assert packing.resolve_feed(tiny(), data, tmp_path, ALONE).feed == "records"
    with pytest.raises(InputError, match=r"does not fit into 0\.0 GB when packed; use `feed` records"):
        packing.resolve_feed(tiny(feed="packed"), data, tmp_path, ALONE)
    again = packing.resolve_feed(dataclasses.replace(tiny(), detail=settled.detail), data, tmp_path, ALONE)
    assert again == settled


def test_what_cannot_be_packed_is_read(data: Path, tmp_path: Path) -> None:
    assert packing.resolve_feed(tiny("multiview-tiny"), data, tmp_path, ALONE).feed == "records"
    with pytest.raises(InputError, match="needs what packed data do not hold; use `feed` records"):
        packing.resolve_feed(tiny("multiview-tiny", feed="packed"), data, tmp_path, ALONE)
    two = dataclasses.replace(ALONE, size=2)
    assert packing.resolve_feed(tiny(), data, tmp_path, two).feed == "records"
    assert packing.resolve_feed(tiny(feed="packed"), data, tmp_path, two).feed == "packed"


def test_the_command_says_where_it_trains(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if torch.cuda.is_available():
        pytest.skip("says which GPU")
    options = ["--recipe", "implicit-tiny", "--steps", "1", "--no-evaluate", "--output", str(tmp_path / "run")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shapelift.training.loop.export_run", lambda *arguments: None)
        assert run(["train", str(data), *options]) == 0
    assert "training on the processor: no CUDA GPU is to be had here" in capsys.readouterr().err
    assert run(["train", str(data), *options, "--feed", "guessed"]) == 2
    assert "use auto, packed or records" in capsys.readouterr().err


def test_the_wide_recipe_exports_below_twenty_megabytes() -> None:
    with torch.device("meta"):
        model = find_recipe("pixelaligned-wide").model.build()
    assert sum(parameter.numel() for parameter in model.parameters()) < 9.5e6  # two bytes each, and the graphs
