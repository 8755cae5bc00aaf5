from __future__ import annotations

import pytest
import torch

from shapelift.nn.picture_planes import CORNERS, FrontPlane, PictureDecoder, picture_corners, squashed


def plane() -> FrontPlane:
    torch.manual_seed(0)
    return FrontPlane(code_size=6, channels=5, widths=(8, 6), fine_width=4, map_widths={16: 3, 8: 4, 4: 5})


def maps(generator: torch.Generator) -> list[torch.Tensor]:
    return [torch.randn(2, width, side, side, generator=generator) for side, width in ((16, 3), (8, 4), (4, 5))]


def test_the_front_plane_lies_over_the_image() -> None:
    module = plane().eval()
    code, pyramid = torch.randn(2, 6), maps(torch.Generator().manual_seed(0))
    front = module(code, pyramid)
    assert front.shape == (2, 5, 16, 16)
    assert module.resolution == 16
    pyramid[0][:, :, 3, 11] += 10.0  # one pixel of the finest map
    changed = (module(code, pyramid) - front).abs().amax(dim=(0, 1)) > 0.0
    assert changed.nonzero().tolist() == [[row, column] for row in (2, 3, 4) for column in (10, 11, 12)]
    assert ((module(code + 1.0, pyramid) - front).abs().amax(dim=(0, 1)) > 0.0).all()


def test_a_front_plane_without_a_map_is_refused() -> None:
    with pytest.raises(ValueError, match="front_widths needs another length"):
        FrontPlane(code_size=2, channels=5, widths=(4, 4, 4), fine_width=4, map_widths={16: 3, 8: 4})


def inputs(count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    front = torch.randn(2, 5, 16, 16, generator=generator).double()
    planes = torch.randn(2, 3, 4, 8, 8, generator=generator).double()
    picture = torch.rand(2, count, 3, generator=generator).double() - 0.5
    upright = torch.rand(2, count, 3, generator=generator).double() - 0.5
    return front, planes, 2.0 * picture.clamp(-0.25, 0.25), upright


def test_points_read_the_pixels_they_lie_on() -> None:
    decoder = PictureDecoder(front_channels=1, plane_channels=1, hidden=6)
    with torch.no_grad():  # a first layer that hands on what it reads
        decoder.first.weight.zero_()
        decoder.first.bias.zero_()
        decoder.first.weight[:4, :4] = torch.eye(4)
        decoder.first.weight[4, 9] = 1.0
    seen = []
    decoder.second.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    front, planes = 1.0 + torch.rand(1, 1, 8, 8), 1.0 + torch.rand(1, 3, 1, 4, 4)
    # Centre of column 6, row 1 of the front; upright: x in the centre of column 2, y of row 1, z of column 0.
    picture = torch.tensor([[[6.5 / 8 - 0.5, 0.5 - 1.5 / 8, 1.0 / 7.0]]])
    upright = torch.tensor([[[2.5 / 4 - 0.5, 0.5 - 1.5 / 4, 0.5 / 4 - 0.5]]])
    decoder(front, planes, picture, upright)
    expected = [front[0, 0, 1, 6], planes[0, 0, 0, 1, 2], planes[0, 1, 0, 3, 2], planes[0, 2, 0, 1, 0]]
    assert torch.allclose(seen[0][0, :4], torch.stack(expected))
    assert torch.isclose(seen[0][0, 4], torch.tensor(0.125))  # w, squashed


def test_squashing_keeps_the_box() -> None:
    points = torch.tensor([[[0.5, -0.5, -1.0], [0.0, 0.0, 1.0], [0.1, 0.2, 0.0]]])
    expected = torch.tensor([[[0.5, -0.5, -0.5], [0.0, 0.0, 0.5], [0.1, 0.2, 0.0]]])
    assert torch.equal(squashed(points), expected)


def test_projected_planes_give_the_same_answer() -> None:
    torch.manual_seed(0)
    decoder = PictureDecoder(front_channels=5, plane_channels=4, hidden=7).double()
    front, planes, picture, upright = inputs(200)
    picture[:, :4] = torch.tensor([[0.5, 0.5, 1.0], [-0.5, -0.5, -1.0], [0.5, -0.5, 0.0], [0.0, 0.0, 0.0]])
    upright[:, :2] = torch.tensor([[0.5, 0.5, 0.5], [-0.5, -0.5, -0.5]])
    logits, albedo = decoder(front, planes, picture, upright)
    table = decoder.projected(front, planes)
    assert table.shape == (2, 18**2 + 3 * 10**2, 7)
    again, colors = decoder.forward_projected(table, picture, upright, (16, 8))
    assert torch.allclose(again, logits, atol=1e-6)
    assert torch.allclose(colors, albedo, atol=1e-6)
    index, weights = picture_corners(picture, upright, (16, 8))
    assert index.shape == weights.shape == (400, CORNERS)
    assert torch.allclose(weights.sum(dim=1), torch.full((400,), 4.0).double())


def test_the_front_plane_has_no_pattern_of_every_other_pixel() -> None:
    module = plane().eval()
    with torch.no_grad():
        module.fine.weight.mul_(torch.tensor([[5.0, -5.0], [-5.0, 5.0]]))  # as strong a pattern as there can be
    front = module(torch.randn(2, 6), maps(torch.Generator().manual_seed(0)))
    sign = torch.tensor([1.0, -1.0]).repeat(8)
    inner = slice(1, -1)
    pattern = (front * sign * sign[:, None])[:, :, inner, inner].mean(dim=(2, 3))
    assert pattern.abs().max() < 0.02 * front.std()
