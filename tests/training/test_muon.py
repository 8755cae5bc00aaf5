from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import nn

from shapelift.recipes import implicit_tiny
from shapelift.training.config import AdamW, Muon, TrainConfig
from shapelift.training.muon import MuonOptimizer, orthogonalized
from shapelift.training.network import build_optimizer


@pytest.mark.parametrize("shape", [(8, 8), (6, 40), (40, 6)])
def test_singular_values_come_out_near_one_and_vectors_stay(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    found = orthogonalized(matrix).float()
    assert found.shape == shape
    values = torch.linalg.svdvals(found)
    assert 0.6 < float(values.min()) <= float(values.max()) < 1.3
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    turned = left.mT @ found @ right.mT
    assert (turned - turned.diag().diag()).abs().max() < 0.1
    assert torch.equal(orthogonalized(torch.zeros(3, 4)).float(), torch.zeros(3, 4))


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(4, 8, 3), nn.Conv2d(8, 16, 3, bias=False), nn.BatchNorm2d(16), nn.Linear(5, 5))


def test_convolutions_but_the_first_take_orthogonal_steps_and_the_rest_those_of_adamw() -> None:
    settings = {"learning_rate": 0.01, "weight_decay": 0.1}
    one, other = network(), network()
    muon, adamw = build_optimizer(one, Muon(**settings)), build_optimizer(other, AdamW(**settings))
    assert isinstance(muon, MuonOptimizer)
    for step in range(3):
        for index, (mine, theirs) in enumerate(zip(one.parameters(), other.parameters(), strict=True)):
            mine.grad = torch.randn(mine.shape, generator=torch.Generator().manual_seed(10 * step + index))
            theirs.grad = mine.grad.clone()
        before = one[1].weight.detach().clone()
        muon.step()
        adamw.step()
    for (name, mine), theirs in zip(one.named_parameters(), other.parameters(), strict=True):
        assert torch.equal(mine, theirs) == (name != "1.weight"), name
    moved = (one[1].weight.detach() - 0.999 * before).flatten(1)
    values = torch.linalg.svdvals(moved) / (0.01 * 0.2 * 72**0.5)
    assert 0.6 < float(values.min()) <= float(values.max()) < 1.3


def test_kernels_in_any_layout_take_the_same_step() -> None:
    weights = []
    for layout in (torch.contiguous_format, torch.channels_last):
        kernel = nn.Parameter(torch.ones(8, 6, 3, 3).contiguous(memory_format=layout))
        optimizer = MuonOptimizer(
            [{"params": [kernel], "weight_decay": 0.0, "orthogonal": True}],
            lr=0.1,
            momentum=0.9,
            betas=(0.9, 0.99),
            eps=1e-8,
        )
        kernel.grad = torch.randn(8, 6, 3, 3, generator=torch.Generator().manual_seed(1)).contiguous(
            memory_format=layout
        )
        optimizer.step()
        weights.append(kernel.detach())
    assert torch.equal(*weights)


def test_a_configuration_says_which_optimiser_it_has() -> None:
    config = dataclasses.replace(implicit_tiny(), optimizer=Muon(learning_rate=0.003))
    assert TrainConfig.from_json(config.to_json()) == config
    assert TrainConfig.from_json(implicit_tiny().to_json()) == implicit_tiny()
