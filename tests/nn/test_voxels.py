from __future__ import annotations

import math

import pytest
import torch

from shapelift.nn.encoders import ResNet18Encoder
from shapelift.nn.voxels import PublishedVoxelDecoder, VoxelDecoder, read_cells


@pytest.mark.parametrize(("widths", "resolution"), [((8, 4), 16), ((8, 6, 4), 32), ((8, 6, 4, 4), 64)])
def test_every_width_doubles_the_cells(widths: tuple[int, ...], resolution: int) -> None:
    decoder = VoxelDecoder(code_size=8, widths=widths)
    assert decoder.resolution == resolution
    logits = decoder(torch.randn(2, 8))
    assert logits.shape == (2, resolution, resolution, resolution)
    logits.square().mean().backward()
    for name, parameter in decoder.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name


def test_fine_cells_can_be_built() -> None:
    with torch.device("meta"):
        decoder = VoxelDecoder(code_size=8, widths=(64, 32, 16, 8, 8))
        assert decoder(torch.randn(1, 8)).shape == (1, 128, 128, 128)


def test_a_fresh_decoder_says_mostly_empty() -> None:
    torch.manual_seed(0)
    logits = VoxelDecoder(code_size=8, widths=(8, 4), occupancy=0.2)(torch.randn(4, 8))
    assert float(logits.detach().mean()) == pytest.approx(math.log(0.2 / 0.8), abs=0.5)


def test_a_decoder_needs_widths() -> None:
    with pytest.raises(ValueError, match="one positive width per doubling"):
        VoxelDecoder(code_size=8, widths=())


def test_the_published_network_layer_by_layer() -> None:
    decoder = PublishedVoxelDecoder(code_size=256)
    count = 257 * 256 * 64 + (256 * 128 + 128 * 64 + 64 * 32) * 27 + 128 + 64 + 32 + 33
    assert sum(parameter.numel() for parameter in decoder.parameters()) == count
    assert decoder(torch.randn(1, 256)).shape == (1, 32, 32, 32)
    with torch.device("meta"):
        encoder = ResNet18Encoder(channels=3, code_size=256)
        assert encoder(torch.randn(2, 3, 224, 224))[0].shape == (2, 256)
    assert sum(parameter.numel() for parameter in encoder.trunk.parameters()) == 11_176_512


def test_cells_are_read_at_their_centres_in_the_order_x_y_z() -> None:
    logits = torch.randn(2, 3, 4, 5)
    index = torch.tensor([[0, 0, 0], [2, 1, 3], [1, 3, 4]])
    points = (index + 0.5) / torch.tensor([3.0, 4.0, 5.0]) - 0.5
    found = read_cells(logits, points.expand(2, -1, -1))
    torch.testing.assert_close(found, logits[:, index[:, 0], index[:, 1], index[:, 2]])


def test_between_centres_cells_are_read_linearly_and_beyond_them_continued() -> None:
    centers = (torch.arange(8) + 0.5) / 8 - 0.5
    x, y, z = torch.meshgrid(centers, centers, centers, indexing="ij")
    logits = (3.0 * x - 2.0 * y + z + 0.5)[None]
    points = torch.rand(1, 200, 3, generator=torch.Generator().manual_seed(0)) - 0.5
    held = points.clamp(float(centers[0]), float(centers[-1]))
    expected = held @ torch.tensor([3.0, -2.0, 1.0]) + 0.5
    torch.testing.assert_close(read_cells(logits, points), expected, atol=1e-5, rtol=0.0)


def test_the_gradient_of_a_read_is_right() -> None:
    logits = torch.randn(1, 3, 3, 3, dtype=torch.float64, requires_grad=True)
    points = torch.rand(1, 6, 3, dtype=torch.float64) - 0.5
    assert torch.autograd.gradcheck(lambda values: read_cells(values, points), (logits,))
