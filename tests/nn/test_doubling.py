from __future__ import annotations

import torch
from torch import nn

from shapelift.nn.doubling import DoublingStep, doubled_convolution
from shapelift.nn.picture_planes import PictureDecoder
from shapelift.nn.planes import PlaneDecoder


def test_one_transposed_convolution_is_two_steps() -> None:
    torch.manual_seed(0)
    convolution = nn.Conv2d(3, 5, 3, 1, 1, bias=False).double()
    x = torch.randn(2, 3, 4, 6, dtype=torch.float64, requires_grad=True)
    expected = convolution(nn.functional.interpolate(x, scale_factor=2.0, mode="nearest"))
    found = doubled_convolution(x, convolution)
    torch.testing.assert_close(found, expected, atol=1e-12, rtol=1e-12)
    seed = torch.randn_like(expected)
    inputs = (x, convolution.weight)
    for mine, twin in zip(
        torch.autograd.grad(found, inputs, seed), torch.autograd.grad(expected, inputs, seed), strict=True
    ):
        torch.testing.assert_close(mine, twin, atol=1e-12, rtol=1e-12)


def test_a_step_is_the_same_in_training_and_after_it() -> None:
    torch.manual_seed(0)
    step = DoublingStep(4, 6)
    assert sorted(step.state_dict()) == sorted(
        nn.Sequential(nn.Conv2d(4, 6, 3, bias=False), nn.BatchNorm2d(6)).state_dict()
    )
    step[1].momentum = 1.0
    x = torch.randn(3, 4, 5, 5)
    trained = step(x)
    count = trained[0, 0].numel() * len(x)
    step[1].running_var *= (count - 1) / count  # the variance that training divides by has no correction
    torch.testing.assert_close(step.eval()(x), trained, atol=1e-5, rtol=1e-5)


def test_decoders_answer_alike_in_training_and_after_it() -> None:
    torch.manual_seed(0)
    points = torch.rand(2, 40, 3) - 0.5
    decoder = PlaneDecoder(channels=4, hidden=8)
    planes = torch.randn(2, 3, 4, 6, 6, requires_grad=True)
    picture = PictureDecoder(front_channels=5, side_channels=4, hidden=8)
    front, sides = torch.randn(2, 5, 8, 8, requires_grad=True), torch.randn(2, 2, 4, 6, 6, requires_grad=True)
    inputs = [planes, front, sides, *decoder.parameters(), *picture.parameters()]
    answers, gradients = [], []
    for training in (True, False):
        logits, albedo = picture.train(training)(front, sides, points)
        found = [decoder.train(training)(planes, points), logits, albedo]
        answers.append(found)
        gradients.append(
            torch.autograd.grad(sum((part * (index + 1)).square().sum() for index, part in enumerate(found)), inputs)
        )
    for mine, twin in zip([*answers[0], *gradients[0]], [*answers[1], *gradients[1]], strict=True):
        torch.testing.assert_close(mine, twin, atol=1e-5, rtol=1e-4)
