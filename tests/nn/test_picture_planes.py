from __future__ import annotations

import pytest
import torch

from shapelift.nn.picture_planes import CORNERS, PictureDecoder, PicturePlanes, corners, squashed


def planes() -> PicturePlanes:
    torch.manual_seed(0)
    return PicturePlanes(
        code_size=6,
        front_channels=5,
        side_channels=3,
        front_widths=(8, 6),
        fine_width=4,
        side_widths=(8, 4),
        map_widths={16: 3, 8: 4, 4: 5},
    )


def maps(generator: torch.Generator) -> list[torch.Tensor]:
    return [torch.randn(2, width, side, side, generator=generator) for side, width in ((16, 3), (8, 4), (4, 5))]


def test_planes_have_their_resolutions() -> None:
    module = planes()
    front, sides = module(torch.randn(2, 6), maps(torch.Generator().manual_seed(0)))
    assert front.shape == (2, 5, 16, 16)
    assert sides.shape == (2, 2, 3, 8, 8)
    assert (module.front_resolution, module.side_resolution) == (16, 8)


def test_the_front_plane_lies_over_the_image_and_side_planes_share_one_axis() -> None:
    module = planes().eval()
    code, pyramid = torch.randn(2, 6), maps(torch.Generator().manual_seed(0))
    front, sides = module(code, pyramid)
    pyramid[0][:, :, 3, 11] += 10.0  # one pixel of the finest map
    moved, same = module(code, pyramid)
    changed = (moved - front).abs().amax(dim=(0, 1)) > 0.0
    assert changed.nonzero().tolist() == [[row, column] for row in (2, 3, 4) for column in (10, 11, 12)]
    assert torch.equal(same, sides)
    pyramid[1][:, :, :, 2] += 10.0  # a column of a coarser one: columns of (u, w), all of (w, v)
    _, tilted = module(code, pyramid)
    apart = (tilted - sides).abs().amax(dim=(0, 2))
    assert apart[0, :, 2].min() > 10.0 * apart[0, :, 6].max()
    assert apart[1].min() > 0.0


def test_a_front_plane_without_a_map_is_refused() -> None:
    with pytest.raises(ValueError, match="front_widths needs another length"):
        PicturePlanes(
            code_size=2,
            front_channels=5,
            side_channels=2,
            front_widths=(4, 4, 4),
            fine_width=4,
            side_widths=(4,),
            map_widths={16: 3, 8: 4},
        )


def test_points_read_the_pixels_they_lie_on() -> None:
    decoder = PictureDecoder(front_channels=1, side_channels=1, hidden=6).eval()
    seen = []
    decoder.first.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    front, sides = torch.rand(1, 1, 8, 8), torch.rand(1, 2, 1, 4, 4)
    # Centre of column 6, row 1 of the front; w in the third column of the side planes: squashed 0.125, so w = 1/7.
    point = torch.tensor([[[6.5 / 8 - 0.5, 0.5 - 1.5 / 8, 1.0 / 7.0]]])
    decoder(front, sides, point)
    row, column = 2, 3  # of a side plane: w runs along the rows of (u, w), and against the columns of (w, v)
    expected = [front[0, 0, 1, 6], sides[0, 0, 0, row, column - 1 : column + 1], sides[0, 1, 0, :2, 3 - row]]
    assert torch.isclose(seen[0][0, 0, 0], expected[0])
    # u = 0.3125 lies at 3.25 of four columns: three quarters into the cell that begins at the centre of column 2.
    assert torch.isclose(seen[0][0, 0, 1], expected[1] @ torch.tensor([0.25, 0.75]))
    # v = 0.3125 lies at row 0.75: a quarter of a cell below the centre of row 0.
    assert torch.isclose(seen[0][0, 0, 2], expected[2] @ torch.tensor([0.75, 0.25]))
    assert torch.allclose(seen[0][0, 0, 3:], torch.tensor([0.3125, 0.3125, 0.125]))


def test_squashing_keeps_the_box() -> None:
    points = torch.tensor([[[0.5, -0.5, -1.0], [0.0, 0.0, 1.0], [0.1, 0.2, 0.0]]])
    expected = torch.tensor([[[0.5, -0.5, -0.5], [0.0, 0.0, 0.5], [0.1, 0.2, 0.0]]])
    assert torch.equal(squashed(points), expected)


def test_projected_planes_give_the_same_answer() -> None:
    torch.manual_seed(0)
    decoder = PictureDecoder(front_channels=5, side_channels=3, hidden=7).double()
    front, sides = torch.randn(2, 5, 16, 16).double(), torch.randn(2, 2, 3, 8, 8).double()
    points = (torch.rand(2, 200, 3).double() * 2.0 - 1.0) * torch.tensor([0.5, 0.5, 1.0])
    points[:, :4] = torch.tensor([[0.5, 0.5, 1.0], [-0.5, -0.5, -1.0], [0.5, -0.5, 0.0], [0.0, 0.0, 0.0]])
    logits, albedo = decoder(front, sides, points)
    table = decoder.projected(front, sides)
    assert table.shape == (2, 18**2 + 2 * 10**2, 7)
    again, colors = decoder.forward_projected(table, points, (16, 8))
    assert torch.allclose(again, logits, atol=1e-6)
    assert torch.allclose(colors, albedo, atol=1e-6)
    index, weights = corners(points, (16, 8))
    assert index.shape == weights.shape == (400, CORNERS)
    assert torch.allclose(weights.sum(dim=1), torch.full((400,), 3.0).double())


def test_the_front_plane_has_no_pattern_of_every_other_pixel() -> None:
    module = planes().eval()
    with torch.no_grad():
        module.fine.weight.mul_(torch.tensor([[5.0, -5.0], [-5.0, 5.0]]))  # as strong a pattern as there can be
    code, pyramid = torch.randn(2, 6), maps(torch.Generator().manual_seed(0))
    front, _ = module(code, pyramid)
    sign = torch.tensor([1.0, -1.0]).repeat(8)
    inner = slice(1, -1)
    pattern = (front * sign * sign[:, None])[:, :, inner, inner].mean(dim=(2, 3))
    assert pattern.abs().max() < 0.02 * front.std()
