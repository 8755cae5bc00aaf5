"""A small data set, and runs that end with a stand-in for the slow ONNX export."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from shapelift.recipes import implicit_tiny
from shapelift.testing import write_example_data
from shapelift.training import TrainConfig, loop, train


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ellipsoids")
    write_example_data(folder, shapes=12)
    return folder


@pytest.fixture(scope="session")
def first(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Model folder of a short run."""
    config = dataclasses.replace(implicit_tiny(), steps=3, tensorboard=False)
    folder = train(config, data, tmp_path_factory.mktemp("first") / "run", device="cpu").model_folder
    assert folder is not None
    return folder


@pytest.fixture
def tiny() -> Callable[..., TrainConfig]:
    def make(**changes: object) -> TrainConfig:
        return dataclasses.replace(implicit_tiny(), **{"tensorboard": False, **changes})

    return make


@pytest.fixture
def quick_export(monkeypatch: pytest.MonkeyPatch) -> None:
    def export(config: object, model: object, data: object, state: object, folder: Path) -> None:
        folder.mkdir()

    monkeypatch.setattr(loop, "export_run", export)
