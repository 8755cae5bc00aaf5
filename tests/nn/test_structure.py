from __future__ import annotations

import pytest
import torch
from torch import nn

from shapelift.nn.structure import ORIGINAL, RESNET, CompactGenerator, PixelGrid, PublishedGenerator, PublishedLayers

SMALL = PublishedLayers(
    encoder=(6, 8, 8, 12), dense=(16, 16), code_size=10, spread=(16, 16 * 12), tower=(8, 8, 6, 6, 4), residual=True
)


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def compact(**change: object) -> CompactGenerator:
    options = {"channels": 4, "image_size": 32, "views": 6, "output_size": 32, "widths": (8, 16), "depths": (1, 1)}
    return CompactGenerator(**{**options, "code_size": 24, "tower": (16, 12, 8), "head": 4, **change})


@pytest.mark.parametrize(("layers", "millions"), [(ORIGINAL, 24.19), (RESNET, 108.4)])
def test_published_generators_have_their_published_size(layers: PublishedLayers, millions: float) -> None:
    with torch.device("meta"):
        network = PublishedGenerator(layers, channels=3, image_size=64, views=8, output_size=128)
    digits = 2 if millions < 100 else 1
    assert round(count(network) / 1e6, digits) == millions
    assert count(network.grid) == 4 * 8 * 128 * 128 == 524_288


def test_the_compact_generator_is_small() -> None:
    with torch.device("meta"):
        network = compact(
            image_size=128,
            views=8,
            output_size=128,
            widths=(48, 96, 192, 384),
            depths=(1, 1, 1, 1),
            code_size=512,
            tower=(256, 192, 128, 96, 64),
            head=16,
        )
    assert count(network) < 12e6


def test_the_bias_starts_at_the_pixel_grid_is_learnt_and_saved() -> None:
    grid = PixelGrid(views=3, size=8)
    start = grid(torch.zeros(2, 12, 8, 8))
    assert start.shape == (2, 4, 3, 8, 8)
    column, row, depth, mask = start[1, :, 2]
    assert column[5].tolist() == row[:, 5].tolist() == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5]
    assert column[0, 6] == 6.5
    assert row[6, 0] == 6.5
    assert (depth == 1.0).all()
    assert (mask == 0.0).all()
    assert isinstance(grid.bias, nn.Parameter)
    # Weight decay spares vectors.
    assert grid.bias.dim() == 1
    assert "bias" in grid.state_dict()


def test_channels_are_maps_of_all_views() -> None:
    maps = torch.arange(12.0)[None, :, None, None].expand(1, 12, 8, 8)
    grid = PixelGrid(views=3, size=8)
    moved = grid(maps) - grid(torch.zeros(1, 12, 8, 8))
    assert moved[0, :, :, 0, 0].tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]]


def test_half_precision_does_not_round_the_pixels() -> None:
    grid = PixelGrid(views=1, size=128)
    column = grid(torch.zeros(1, 4, 128, 128, dtype=torch.bfloat16))[0, 0, 0, 0]
    assert torch.equal(column, torch.arange(128) + 0.5)


@pytest.mark.parametrize("output_size", [8, 32, 128])
def test_published_generators_run_at_every_size(output_size: int) -> None:
    network = PublishedGenerator(SMALL, channels=3, image_size=32, views=4, output_size=output_size)
    maps, code = network(torch.rand(2, 3, 32, 32))
    assert maps.shape == (2, 4, 4, output_size, output_size)
    assert code.shape == (2, 10)
    weights = torch.cat([p.flatten() for name, p in network.named_parameters() if p.dim() > 1])
    assert weights.std().item() == pytest.approx(0.1, rel=0.05)
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)]
    assert norms
    assert all(not norm.affine and norm.momentum == pytest.approx(0.001) for norm in norms)


@pytest.mark.parametrize("output_size", [16, 32, 64])
def test_the_compact_generator_starts_near_the_grid_and_keeps_views_apart(output_size: int) -> None:
    torch.manual_seed(0)
    network = compact(output_size=output_size)
    maps, code = network(torch.rand(2, 4, 32, 32))
    assert maps.shape == (2, 4, 6, output_size, output_size)
    assert code.shape == (2, 24)
    assert (maps - network.grid(torch.zeros(1, 24, output_size, output_size))).abs().max() < 0.5
    # The head of view 2 decides the maps of view 2, and nothing else.
    last = network.heads[2]
    with torch.no_grad():
        last.weight.unflatten(0, (6, -1))[2].zero_()
    changed = network(torch.rand(2, 4, 32, 32))[0] - network.grid(torch.zeros(1, 24, output_size, output_size))
    assert changed[:, :, 2].abs().max() == 0.0
    assert all(changed[:, :, view].abs().max() > 0.0 for view in (0, 1, 3, 4, 5))


def test_impossible_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="output_size must be one of 8, 16, 32, 64, 128"):
        PublishedGenerator(SMALL, channels=3, image_size=32, views=4, output_size=24)
    with pytest.raises(ValueError, match="image_size must be a multiple of 16"):
        PublishedGenerator(SMALL, channels=3, image_size=40, views=4, output_size=8)
    with pytest.raises(ValueError, match="1, 2 or 4 times the 16 px"):
        compact(output_size=128)
