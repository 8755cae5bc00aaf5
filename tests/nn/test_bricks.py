from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates

from shapelift.nn.convolutions import ResidualBlock
from shapelift.nn.encoders import CompactEncoder, ImNetEncoder
from shapelift.nn.imnet import ImNetDecoder, leaky_clip
from shapelift.nn.planes import PlaneDecoder, PlaneGenerator, plane_corners


def parameters(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_imnet_has_the_published_sizes() -> None:
    assert round(parameters(ImNetDecoder(code_size=256)) / 1e6, 2) == 3.05
    assert round(parameters(ImNetEncoder(channels=1, code_size=256)) / 1e6, 2) == 17.46


def test_imnet_equals_its_formula_point_by_point() -> None:
    torch.manual_seed(0)
    decoder = ImNetDecoder(code_size=5, widths=(7, 6)).double()
    code, points = torch.randn(2, 5).double(), torch.randn(2, 4, 3).double()
    values = decoder(code, points)
    for b in range(2):
        for n in range(4):
            x = torch.cat([points[b, n], code[b]])
            for index, layer in enumerate(decoder.layers):
                x = layer.weight @ x + layer.bias
                if index < len(decoder.layers) - 1:
                    x = torch.where(x > 0, x, 0.02 * x)
            assert torch.allclose(values[b, n], x[0])


def test_imnet_starts_as_published() -> None:
    torch.manual_seed(0)
    decoder = ImNetDecoder(code_size=256)
    assert abs(float(decoder.layers[1].weight.detach().std()) - 0.02) < 1e-3
    assert all(float(layer.bias.detach().abs().max()) == 0 for layer in decoder.layers)


def test_leaky_clip_is_the_identity_inside_and_nearly_flat_outside() -> None:
    x = torch.tensor([-1.0, 0.0, 0.3, 1.0, 2.0])
    assert torch.allclose(leaky_clip(x), torch.tensor([-0.01, 0.0, 0.3, 1.0, 1.01]))


def test_imnet_encoder_squashes_its_code() -> None:
    with torch.no_grad():
        code, pyramid = ImNetEncoder(channels=4, code_size=8).eval()(torch.rand(1, 4, 128, 128))
    assert code.shape == (1, 8)
    assert float(code.min()) > 0
    assert float(code.max()) < 1
    assert pyramid == []


def test_compact_encoder_names_its_pyramid() -> None:
    encoder = CompactEncoder(channels=4, image_size=64, widths=(8, 12, 16), depths=(1, 2, 1), code_size=10)
    code, pyramid = encoder(torch.rand(2, 4, 64, 64))
    assert code.shape == (2, 10)
    assert [tuple(x.shape[1:]) for x in pyramid] == [(8, 16, 16), (12, 8, 8), (16, 4, 4)]
    assert encoder.resolutions == (16, 8, 4)


@pytest.mark.parametrize("change", [{"image_size": 60}, {"depths": (1, 1)}, {"depths": (1, 0, 1)}])
def test_compact_encoder_refuses_what_does_not_fit(change: dict[str, object]) -> None:
    good = {"channels": 4, "image_size": 64, "widths": (8, 12, 16), "depths": (1, 2, 1), "code_size": 10}
    with pytest.raises(ValueError, match=r"must be a multiple|one depth"):
        CompactEncoder(**{**good, **change})


def test_residual_block_with_silent_body_is_its_shortcut() -> None:
    block = ResidualBlock(3, 3)
    torch.nn.init.zeros_(block.body[-1].weight)
    x = torch.randn(2, 3, 5, 5)
    assert torch.allclose(block(x), x.relu())


def test_planes_are_read_like_images_of_the_three_sides() -> None:
    torch.manual_seed(0)
    planes = torch.randn(1, 3, 2, 6, 6, dtype=torch.float64)
    points = torch.rand(1, 9, 3, dtype=torch.float64) * 0.8 - 0.4
    decoder = PlaneDecoder(channels=2, hidden=5).double()
    x, y, z = points[0].numpy().T
    read = [points[0].numpy()]
    for plane, (column, row) in enumerate([(x, -y), (x, -z), (z, -y)]):
        at = np.stack([(row + 0.5) * 6 - 0.5, (column + 0.5) * 6 - 0.5])
        channels = [
            map_coordinates(planes[0, plane, channel].numpy(), at, order=1, mode="nearest") for channel in (0, 1)
        ]
        read.insert(plane, np.stack(channels, axis=1))
    first = decoder.first(torch.from_numpy(np.concatenate(read, axis=1)))
    expected = decoder.last(decoder.second(first.relu()).relu()).squeeze(-1)
    torch.testing.assert_close(decoder(planes, points)[0], expected)
    assert torch.autograd.gradcheck(lambda at: decoder(planes, at), points.requires_grad_())


def border_cases(batch: int) -> torch.Tensor:
    """Random points in and beyond the cube, and some on its corners and on the border of the pixel centres."""
    points = torch.rand(batch, 300, 3, dtype=torch.float64) * 1.3 - 0.65
    points[0, :3] = torch.tensor([[0.5, 0.5, 0.5], [-0.5, -0.5, -0.5], [0.4375, -0.4375, 0.0]])
    return points


def test_projected_planes_give_the_same_logits_also_at_and_beyond_the_border() -> None:
    torch.manual_seed(0)
    planes, points = torch.randn(2, 3, 4, 8, 8, dtype=torch.float64), border_cases(2)
    decoder = PlaneDecoder(channels=4, hidden=6).double()
    projected = decoder.projected(planes)
    assert projected.shape == (2, 3, 10, 10, 6)
    assert torch.allclose(decoder.forward_projected(projected, points), decoder(planes, points))


def test_a_projected_pixel_is_the_first_layer_pixel_by_pixel() -> None:
    torch.manual_seed(0)
    planes = torch.randn(1, 3, 4, 8, 8, dtype=torch.float64)
    decoder = PlaneDecoder(channels=4, hidden=6).double()
    projected = decoder.projected(planes)[0]
    weight, bias = decoder.first.weight, decoder.first.bias
    for x, y, z in [(0, 0, 0), (3, 5, 1), (9, 0, 4), (9, 9, 9)]:
        ours = projected[0, y, x] + projected[1, z, x] + projected[2, y, z]
        # Pixels of the added border repeat their neighbours; rows of the planes run downwards.
        column, row, depth = (min(max(at - 1, 0), 7) for at in (x, y, z))
        pixels = planes[0, 0, :, 7 - row, column], planes[0, 1, :, 7 - depth, column], planes[0, 2, :, 7 - row, depth]
        place = (torch.tensor([x, y, z]) - 0.5) / 8 - 0.5
        assert torch.allclose(ours, weight @ torch.cat([*pixels, place.double()]) + bias)


def test_corners_are_the_pixels_around_a_point() -> None:
    torch.manual_seed(0)
    points, side = border_cases(2), 7
    index, weights = plane_corners(points, side)
    pixels = np.stack(np.unravel_index(index.numpy(), (2, 3, side, side)), axis=2)
    for number, point in enumerate(points.flatten(0, 1).numpy()):
        place = point * 5 + 3
        for plane, (column, row) in enumerate([(0, 1), (0, 2), (2, 1)]):
            left, top = (int(np.clip(np.floor(place[axis]), 0, 5)) for axis in (column, row))
            u, v = place[column] - left, place[row] - top
            item = number // points.shape[1]
            expected = [(item, plane, top + down, left + right) for down in (0, 1) for right in (0, 1)]
            assert pixels[number, 4 * plane : 4 * plane + 4].tolist() == [list(pixel) for pixel in expected]
            products = [(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v]
            assert np.allclose(weights[number, 4 * plane : 4 * plane + 4].numpy(), products)


def test_plane_decoder_gradients_are_right() -> None:
    torch.manual_seed(0)
    decoder = PlaneDecoder(channels=2, hidden=4).double()
    planes = torch.randn(1, 3, 2, 4, 4, dtype=torch.float64, requires_grad=True)
    points = (torch.rand(1, 3, 3, dtype=torch.float64) - 0.5).requires_grad_()
    assert torch.autograd.gradcheck(decoder, (planes, points))


def test_skips_share_with_each_plane_only_the_axis_they_have_in_common() -> None:
    torch.manual_seed(0)
    generator = PlaneGenerator(code_size=4, channels=1, widths=(6, 5), skip_widths={8: 3}).eval()
    for step in generator.steps:
        torch.nn.init.zeros_(step[0].weight)
    torch.nn.init.zeros_(generator.head.weight)
    with torch.no_grad():
        generator.head.weight[:, :, 1, 1] = 1.0
    code, feature = torch.zeros(1, 4), torch.zeros(1, 3, 8, 8)
    feature[:, :, 2, 5] = 9.0
    changed = (generator(code, [feature]) - generator(code, [torch.zeros_like(feature)])).abs()[0, :, 0] > 1e-6
    front, above, side = changed
    assert front.nonzero().tolist() == [[2, 5]]
    assert set(above.nonzero()[:, 1].tolist()) == {5}
    assert above.any(1).all()
    assert set(side.nonzero()[:, 0].tolist()) == {2}
    assert side.any(0).all()


def test_the_fast_decoder_costs_at_most_a_fiftieth_of_imnet() -> None:
    imnet = sum(layer.weight.numel() for layer in ImNetDecoder(code_size=256).layers) - 256 * 1024
    assert PlaneDecoder.multiply_adds(channels=32, hidden=64) * 50 <= imnet
