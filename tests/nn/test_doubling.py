from __future__ import annotations

import torch
from torch import nn

from shapelift.nn.doubling import DoublingStep, doubled_convolution
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


def test_a_decoder_answers_alike_in_training_and_after_it() -> None:
    torch.manual_seed(0)
    points = torch.rand(2, 40, 3) - 0.5
    decoder = PlaneDecoder(channels=4, hidden=8)
    planes = torch.randn(2, 3, 4, 6, 6, requires_grad=True)
    inputs = [planes, *decoder.parameters()]
    answers, gradients = [], []
    for training in (True, False):
        answers.append(decoder.train(training)(planes, points))
        gradients.append(torch.autograd.grad(answers[-1].square().sum(), inputs))
    for mine, twin in zip([answers[0], *gradients[0]], [answers[1], *gradients[1]], strict=True):
        torch.testing.assert_close(mine, twin, atol=1e-5, rtol=1e-4)
