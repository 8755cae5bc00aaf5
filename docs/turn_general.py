"""The weights of an upright field as the start of one that is aligned with the picture (docs/search.md).

Run: python docs/turn_general.py OUTPUT [--model general]
     shapelift train DATA --recipe pixelaligned-general --start-from OUTPUT --output RUN

Encoder, towers, planes and decoder of `implicit-general` become those of `pixelaligned-general`. The planes of the one
stand upright and those of the other are tilted with the picture, so the result is a poor model (validation IoU 0.2) and
a good start: all that it knows of images and shapes is there and wants turning only.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from shapelift.inference import read_card, write_card
from shapelift.models.pixelaligned import PixelAlignedReconstructor
from shapelift.recipes import pixelaligned_general
from shapelift.training.export import CONFIG_NAME, WEIGHTS_NAME
from shapelift.training.start import find_start, read_tensors_of

CODE_MEAN, CODE_DEVIATION = 0.07, 14.9
"""Of the code of `general`, over 192 images: the picture's network reads it with mean 0 and deviation 1."""
SCALE = 0.89
"""Windows that a unit of the upright frame fills, the median over training views."""
OTHERS = 0.3
"""Factor on fresh weights beside those that are taken over, so that they do not drown them."""


@torch.no_grad()
def turned(old: dict[str, Tensor], model: PixelAlignedReconstructor) -> None:
    """Fill the weights of a fresh network, in place.

    Args:
        old: Weights of `implicit-general`, by name.
        model: A fresh network of `pixelaligned-general`.
    """
    new = model.state_dict()
    for name in new:
        if name.startswith("encoder."):
            new[name].copy_(old[name])
    weights, biases = old["generator.seed.weight"], old["generator.seed.bias"]
    third = len(biases) // 3
    for seed, part in (("front_seed", slice(0, third)), ("side_seed", slice(third, None))):
        new[f"planes.{seed}.weight"].copy_(weights[part] * CODE_DEVIATION)
        new[f"planes.{seed}.bias"].copy_(biases[part] + weights[part].sum(dim=1) * CODE_MEAN)
    for tower in ("front", "side"):
        for name in (name for name in old if name.startswith("generator.steps.")):
            _lay_over(new[name.replace("generator.steps", f"planes.{tower}_steps")], old[name])
    for name in (name for name in old if name.startswith("generator.skips.")):
        resolution, plane, kind = name.split(".")[2:]
        tower, branch = ("front", 0) if plane == "0" else ("side", int(plane) - 1)
        _lay_over(new[f"planes.{tower}_skips.{resolution}.{branch}.{kind}"], old[name])
    _turn_heads(old, new)


def _turn_heads(old: dict[str, Tensor], new: dict[str, Tensor]) -> None:
    """The ends of the towers and the decoder; 3x3 kernels become their sums."""
    head, offset = old["generator.head.weight"].sum(dim=(2, 3)), old["generator.head.bias"]
    channels = len(offset)
    fine = new["planes.fine.weight"]
    fine.mul_(0.1)
    fine[range(channels), range(channels)] = 1.0
    new["planes.fine_skip.weight"].mul_(0.1)
    for name in ("planes.fine.bias", "planes.fine_skip.bias", "planes.front_head.bias"):
        new[name].zero_()
    new["planes.side_head.weight"].copy_(head[:, :, None, None])
    new["planes.side_head.bias"].copy_(offset)
    # The first layer is linear, so what it makes of the front plane goes through as many channels as there are.
    first = old["decoder.first.weight"]
    of_front, of_xz, of_zy, of_axes = first.split([channels, channels, channels, 3], dim=1)
    left, strength, right = torch.linalg.svd(of_front @ head, full_matrices=False)
    maps = 4
    kept = new["planes.front_head.weight"].shape[0] - maps
    root = strength[:kept].sqrt()
    new["planes.front_head.weight"].mul_(OTHERS)
    new["planes.front_head.weight"][maps:] = (root[:, None] * right[:kept])[:, :, None, None]
    layer = new["decoder.first.weight"]
    layer.mul_(0.1)
    layer[:, maps:] = torch.cat(
        [left[:, :kept] * root, of_xz, of_zy, of_axes / SCALE * torch.tensor([1.0, 1.0, -1.0])], dim=1
    )
    new["decoder.first.bias"].copy_(old["decoder.first.bias"] + of_front @ offset)
    for ours, theirs in (("second", "second"), ("logit", "last")):
        for kind in ("weight", "bias"):
            new[f"decoder.{ours}.{kind}"].copy_(old[f"decoder.{theirs}.{kind}"])


def _lay_over(wide: Tensor, narrow: Tensor) -> None:
    """Put a tensor into the first channels of a wider one."""
    if wide.dim() and len(wide) > len(narrow):
        wide[len(narrow) :].mul_(OTHERS)
        wide[: len(narrow)].copy_(narrow)
    else:
        wide.copy_(narrow)


def main(arguments: list[str] | None = None) -> None:
    """Write the model folder to start from."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument("--model", default="general", help="a model of implicit-general with its training weights")
    options = parser.parse_args(arguments)
    folder = find_start(options.model)
    config = pixelaligned_general()
    torch.manual_seed(config.seed)
    model = PixelAlignedReconstructor(config.model)
    turned(dict(read_tensors_of(folder)), model)
    options.output.mkdir(parents=True)
    (options.output / WEIGHTS_NAME).write_bytes(
        save({name: value.contiguous() for name, value in model.state_dict().items()})
    )
    (options.output / CONFIG_NAME).write_text(config.to_json() + "\n", encoding="utf-8")
    card = dataclasses.replace(
        read_card(folder), family=config.model.family, frame=config.model.frame, threshold=0.5, scores={}
    )
    write_card(options.output, card, [WEIGHTS_NAME, CONFIG_NAME])
    print(options.output)


if __name__ == "__main__":
    main()
