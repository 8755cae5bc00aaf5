from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from shapelift.nn.pointset import CompactPointNet, PublishedPointNet


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def compact(**change: object) -> CompactPointNet:
    options = {"channels": 4, "image_size": 32, "widths": (8, 16), "depths": (1, 1), "code_size": 24, "hidden": 16}
    return CompactPointNet(**{**options, "dense_points": 10, "grid": (8, 12), "tower": (16, 12), **change})


def convolutions(*layers: tuple[int, int, int]) -> int:
    """Parameters of convolutions given as kernel, inputs, outputs."""
    return sum(kernel**2 * inputs * outputs + outputs for kernel, inputs, outputs in layers)


def test_the_published_network_has_the_published_layers() -> None:
    """Every layer by hand, from the table of the released code: 70.15 M parameters with 4 channels."""
    down = [(3, 4, 16), (3, 16, 16)]
    down += [(3, 16, 32), (3, 32, 32), (3, 32, 32), (3, 32, 64), (3, 64, 64), (3, 64, 64)]
    down += [(3, 64, 128), (3, 128, 128), (3, 128, 128), (5, 128, 256), (3, 256, 256), (3, 256, 256)]
    down += [(5, 256, 512), (3, 512, 512), (3, 512, 512), (3, 512, 512), (5, 512, 512)]
    up = [(5, 512, 256), (3, 512, 256), (3, 256, 256), (5, 256, 128), (3, 256, 128), (3, 128, 128)]
    up += [(5, 128, 64), (3, 128, 64), (3, 64, 64), (5, 64, 32), (3, 64, 32), (3, 32, 32)]
    up += [(5, 32, 16), (3, 32, 16), (3, 16, 16)]
    again = [(3, 16, 32), (3, 32, 32), (3, 32, 32), (3, 32, 64), (3, 64, 64), (3, 64, 64)]
    again += [(5, 64, 128), (3, 128, 128), (3, 128, 128), (5, 128, 256), (3, 256, 256), (3, 256, 256), (5, 256, 512)]
    last = [(5, 512, 256), (3, 256, 256), (3, 256, 256), (5, 256, 128), (3, 128, 128), (3, 128, 128)]
    last += [(5, 128, 64), (3, 64, 64), (3, 64, 64), (3, 64, 64), (3, 64, 3)]
    bottom = 512 * 3 * 4
    dense = [(1, bottom, 2048), (1, bottom, 2048), (1, 2048, 2048), (1, 2048, 1024), (1, 1024, 256 * 3)]
    with torch.device("meta"):
        network = PublishedPointNet(channels=4)
    assert count(network) == convolutions(*down, *up, *again, *last, *dense) == 70_154_419


def test_the_published_network_gives_256_and_768_points() -> None:
    with torch.device("meta"):
        network, image = PublishedPointNet(channels=4, noise_size=5), torch.rand(2, 4, 192, 256)
        state = network.encode(image)
        dense, grid = network.decode(state, torch.rand(2, 5))
    assert [tuple(part.shape[1:]) for part in state] == [(2048,), (512, 3, 4), (256, 6, 8), (128, 12, 16), (64, 24, 32)]
    assert dense.shape == (2, 256, 3)
    assert grid.shape == (2, 24, 32, 3)


def test_the_compact_network_is_small() -> None:
    with torch.device("meta"):
        network = CompactPointNet(channels=4, image_size=128, dense_points=512, grid=(32, 48))
    assert count(network) < 11e6
    assert network.joined == [2, 1, 0]  # the finest maps of the encoder have as many rows as the grid


def test_points_start_on_a_sphere_and_the_grid_goes_around_it() -> None:
    network = compact(dense_points=100, grid=(16, 24), tower=(16, 12, 8)).eval()
    for parameter in (network.dense[-1].weight, network.surface.weight):
        parameter.data.zero_()
    dense, grid = network.decode(network.encode(torch.rand(1, 4, 32, 32)))
    radius = CompactPointNet.start_radius
    for points in (dense, grid.flatten(1, 2)):
        torch.testing.assert_close(points.norm(dim=2), torch.full_like(points[..., 0], radius))
        torch.testing.assert_close(points.mean(dim=1), torch.zeros(1, 3), atol=0.01, rtol=0.0)
    apart = torch.cdist(dense[0], dense[0]).fill_diagonal_(1.0).amin(dim=1)
    assert apart.min() > 0.5 * apart.max()
    assert (grid[0, :-1, :, 1] > grid[0, 1:, :, 1]).all()  # from the top
    assert grid[0, 8, 11:13, 2].min() > 0.2  # the middle columns look to the front
    assert grid[0, 8, [0, -1], 2].max() < -0.2


def test_places_are_spared_by_weight_decay() -> None:
    network = compact()
    assert network.dense_places.dim() == network.grid_places.dim() == 1


@pytest.mark.parametrize("network", [compact(noise_size=3).eval()], ids=["compact"])
def test_noise_moves_both_branches_and_not_the_state(network: CompactPointNet) -> None:
    state = network.encode(torch.rand(2, 4, 32, 32))
    found = [network.decode(state, torch.full((2, 3), value)) for value in (0.0, 1.0, 0.0)]
    for first, other, again in zip(*found, strict=True):
        assert torch.equal(first, again)
        assert not torch.equal(first, other)


def test_maps_of_the_encoder_join_the_grid_where_rows_agree() -> None:
    network = compact(grid=(8, 12)).eval()
    assert network.joined == [0]
    code, *pyramid = network.encode(torch.rand(1, 4, 32, 32))

    def grid(maps: list[Tensor]) -> Tensor:
        return network.decode((code, *maps))[1]

    assert not torch.equal(grid(pyramid), grid([maps + 1.0 for maps in pyramid]))
    assert compact(grid=(6, 12)).joined == [None]


@pytest.mark.parametrize("change", [{"grid": (9, 12)}, {"grid": (8, 11)}, {"grid": (0, 4)}, {"dense_points": 0}])
def test_impossible_sizes_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(change))):
        compact(**change)
