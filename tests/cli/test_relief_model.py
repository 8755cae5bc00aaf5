"""Reliefs by a depth model of our own."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from shapelift.cli.main import run
from shapelift.io.shapes import load_mesh
from shapelift.recipes import depthnormal_tiny
from shapelift.solids import check
from shapelift.testing import write_example_data
from shapelift.training import train

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that has seen eggs for a few seconds."""
    folder = tmp_path_factory.mktemp("model")
    torch.set_num_threads(1)
    write_example_data(folder / "data", shapes=12)
    config = dataclasses.replace(depthnormal_tiny(), steps=80, tensorboard=False)
    found = train(config, folder / "data", folder / "run").model_folder
    assert found is not None
    return found


def test_it_cuts_out_as_reconstruct_does(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rows, columns = np.mgrid[:80, :120]
    disk = np.hypot(rows - 40, columns - 60) < 26
    noise = np.random.default_rng(0).integers(0, 255, (80, 120, 3))
    Image.fromarray(np.where(disk[..., None], 200, noise).astype(np.uint8)).save("photo.png")
    Image.fromarray((255 * disk).astype(np.uint8)).save("mask.png")
    arguments = ["relief", "photo.png", "--model", str(model), "--pixels", "64", "--output", "out.stl"]

    assert run(arguments) == 0
    said = capsys.readouterr()
    assert "shapelift: warning: photo.png: the background is not plain" in said.err
    assert check(load_mesh("out.stl")).is_watertight

    assert run([*arguments, "--mask", "mask.png", "--json"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert not any("background" in warning["message"] for warning in json.loads(said.out)["warnings"])

    Image.new("L", (32, 32), 255).save("small.png")
    assert run([*arguments, "--mask", "small.png"]) == 2
    assert "small.png" in capsys.readouterr().err
