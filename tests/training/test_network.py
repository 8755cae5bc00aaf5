from __future__ import annotations

from pathlib import Path

import pytest
import torch

from shapelift.recipes import RECIPES
from shapelift.training import SGD, AdamW
from shapelift.training.checkpoint import RunState, load_checkpoint, save_checkpoint
from shapelift.training.network import build_optimizer


def steps(optimizer: torch.optim.Optimizer, parameters: list[torch.Tensor], count: int) -> None:
    for _ in range(count):
        optimizer.zero_grad()
        torch.stack([(value**2).sum() for value in parameters]).sum().backward()
        optimizer.step()


def test_sgd_follows_its_definition_and_spares_vectors() -> None:
    network = torch.nn.Linear(3, 2)
    weight, bias = network.weight.detach().clone(), network.bias.detach().clone()
    settings = SGD(learning_rate=0.1, momentum=0.5, weight_decay=0.3)
    optimizer = build_optimizer(network, settings)
    speed = {"weight": torch.zeros_like(weight), "bias": torch.zeros_like(bias)}
    for _ in range(3):
        speed["weight"] = 0.5 * speed["weight"] + 2.0 * weight + 0.3 * weight
        speed["bias"] = 0.5 * speed["bias"] + 2.0 * bias
        weight, bias = weight - 0.1 * speed["weight"], bias - 0.1 * speed["bias"]
    steps(optimizer, [network.weight, network.bias], 3)
    torch.testing.assert_close(network.weight.detach(), weight)
    torch.testing.assert_close(network.bias.detach(), bias)


@pytest.mark.parametrize("settings", [SGD(), SGD(momentum=0.0), AdamW()])
def test_an_optimiser_goes_on_where_its_checkpoint_was_made(tmp_path: Path, settings: SGD | AdamW) -> None:
    network = RECIPES["implicit-tiny"]().model.build()
    optimizer = build_optimizer(network, settings)
    steps(optimizer, list(network.parameters()), 2)
    save_checkpoint(tmp_path, config="{}", state=RunState(), model=network, average=None, optimizer=optimizer)
    steps(optimizer, list(network.parameters()), 2)
    again = RECIPES["implicit-tiny"]().model.build()
    other = build_optimizer(again, settings)
    load_checkpoint(tmp_path, model=again, average=None, optimizer=other)
    steps(other, list(again.parameters()), 2)
    for first, second in zip(network.parameters(), again.parameters(), strict=True):
        assert torch.equal(first, second)
