"""Sums of rows and of planes, against loops and PyTorch's own look-up."""

from __future__ import annotations

import pytest
import torch

from shapelift.ops.leading_channels import leading_channels
from shapelift.ops.plane_samples import plane_by_plane, plane_samples
from shapelift.ops.weighted_rows import weighted_rows


def test_rows_are_summed_with_their_weights() -> None:
    generator = torch.Generator().manual_seed(0)
    table = torch.randn(7, 3, generator=generator)
    index = torch.randint(7, (5, 4), generator=generator)
    weights = torch.rand(5, 4, generator=generator)
    expected = torch.zeros(5, 3)
    for item in range(5):
        for part in range(4):
            expected[item] += weights[item, part] * table[index[item, part]]
    torch.testing.assert_close(weighted_rows(table, index, weights), expected)
    torch.testing.assert_close(weighted_rows(table, index.int(), weights), expected)


def test_the_gradient_reaches_every_row_that_is_read() -> None:
    table = torch.randn(6, 2, dtype=torch.float64, requires_grad=True)
    index = torch.tensor([[0, 5, 5], [2, 0, 2]])  # rows 1, 3 and 4 are never read, 5 and 2 twice by one
    weights = torch.rand(2, 3, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda rows: weighted_rows(rows, index, weights), table)
    weighted_rows(table, index, weights).sum().backward()
    assert table.grad is not None
    assert (table.grad[[1, 3, 4]] == 0.0).all()


def test_planes_are_read_like_images() -> None:
    generator = torch.Generator().manual_seed(0)
    planes = [torch.randn(3, 4, side, side, generator=generator, requires_grad=True) for side in (6, 2, 9)]
    places = [1.4 * torch.rand(3, 50, 2, generator=generator) - 0.7 for _ in planes]  # some beyond the border
    places[0][0, 0] = torch.tensor([0.5, -0.5])
    found, expected = plane_samples(planes, places), plane_by_plane(planes, places)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    seed = torch.randn(found.shape, generator=generator)
    for mine, twin in zip(
        torch.autograd.grad(found, planes, seed), torch.autograd.grad(expected, planes, seed), strict=True
    ):
        torch.testing.assert_close(mine, twin, atol=1e-4, rtol=1e-4)


def test_a_pixel_centre_shows_its_pixel() -> None:
    plane = torch.arange(9.0).reshape(1, 1, 3, 3)
    place = torch.tensor([[[-1 / 3, -1 / 3], [0.0, 0.0], [1 / 3, 0.0], [9.0, 9.0]]])
    assert plane_samples([plane], [place])[:, 0].tolist() == pytest.approx([0.0, 4.0, 5.0, 8.0], abs=1e-5)


def test_half_the_bits_cost_half_the_digits() -> None:
    generator = torch.Generator().manual_seed(0)
    planes = [torch.randn(2, 8, 16, 16, generator=generator) for _ in range(3)]
    places = [torch.rand(2, 100, 2, generator=generator) - 0.5 for _ in planes]
    found = plane_samples([plane.bfloat16() for plane in planes], places)
    assert found.dtype == torch.bfloat16
    off = found.float() - plane_by_plane(planes, places)
    assert off.abs().max() < 0.05
    assert off.mean().abs() < 1e-3


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_leading_channels_are_a_slice(layout: torch.memory_format) -> None:
    maps = torch.randn(2, 5, 3, 4, dtype=torch.bfloat16).contiguous(memory_format=layout).requires_grad_()
    found = leading_channels(maps, 2)
    assert found.dtype == torch.float32
    assert found.is_contiguous()
    assert torch.equal(found, maps[:, :2].float())
    found.square().sum().backward()
    assert maps.grad is not None
    assert maps.grad.stride() == maps.stride()
    assert torch.equal(maps.grad[:, :2], (2.0 * found).bfloat16())
    assert not maps.grad[:, 2:].any()
    exact = torch.randn(1, 3, 2, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda values: leading_channels(values, 2), exact)
