from __future__ import annotations

from pathlib import Path

import pytest
import torch

from shapelift.recipes import RECIPES
from shapelift.training import SGD, AdamW
from shapelift.training.checkpoint import RunState, load_checkpoint, save_checkpoint
from shapelift.training.network import build_optimizer, rate_factors, train_mode


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


class _Parts(torch.nn.Module):
    """A network with an encoder inside of it, normalisation included."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = torch.nn.ModuleDict(
            {"encoder": torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))}
        )
        self.head = torch.nn.Linear(2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.trunk["encoder"](x))


def test_slow_parts_move_by_their_share_and_still_ones_not_at_all() -> None:
    torch.manual_seed(0)
    network = _Parts()
    slow = {"encoder": 0.1, "encoder.0": 0.0}
    assert rate_factors(network, slow) == {
        "trunk.encoder.0.weight": 0.0,
        "trunk.encoder.0.bias": 0.0,
        "trunk.encoder.1.weight": 0.1,
        "trunk.encoder.1.bias": 0.1,
        "head.weight": 1.0,
        "head.bias": 1.0,
    }
    before = {name: value.detach().clone() for name, value in network.named_parameters()}
    optimizer = build_optimizer(network, SGD(learning_rate=1.0, momentum=0.0, clip_norm=None), slow)
    for group in optimizer.param_groups:
        group["lr"] = group["factor"]
    network(torch.randn(4, 2)).square().mean().backward()
    gradients = {name: value.grad for name, value in network.named_parameters()}
    optimizer.step()
    for name, value in network.named_parameters():
        factor = rate_factors(network, slow)[name]
        moved = torch.zeros_like(value) if factor == 0.0 else factor * gradients[name]
        torch.testing.assert_close(value.detach(), before[name] - moved)


def test_normalisations_of_still_parts_keep_their_statistics() -> None:
    network = _Parts()
    network.eval()
    train_mode(network, {"encoder": 0.0, "head": 0.5})
    assert network.training
    assert not network.trunk["encoder"][1].training
    assert network.head.training
    train_mode(network, {"encoder": 0.1})
    assert network.trunk["encoder"][1].training


def test_parts_that_are_not_there_are_named() -> None:
    for wrong in ("code", "enc", "encoder.weight"):
        with pytest.raises(ValueError, match=f"no part of the network is called '{wrong}'"):
            build_optimizer(_Parts(), AdamW(), {wrong: 0.5})
