"""The weights of an upright field as the start of one that is aligned with the picture (docs/explanation/search.md).

Run: python docs/scripts/begin_with_general.py MODEL OUTPUT
     shapelift train DATA --recipe pixelaligned-general --start-from OUTPUT --output RUN

MODEL is a model folder of `implicit-general`: the one of a run, or the first version of `general`, which stands in the
history of this repository before version 2.

Encoder, upright planes and decoder of `implicit-general` are those of `pixelaligned-general`, which adds a front plane,
a camera and colours. What is new begins with fresh weights, the tower of the front plane with those of the upright
ones; the decoder hears little of it at first, so the new network begins as good as the old one.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import torch
from page_tools import command
from safetensors.torch import save
from torch import Tensor

from shapelift.inference import read_card, write_card
from shapelift.models.pixelaligned import PixelAlignedModel
from shapelift.recipes import pixelaligned_general
from shapelift.training.export import CONFIG_NAME, WEIGHTS_NAME
from shapelift.training.start import find_start, read_tensors_of

HEARD = 0.1
"""Factor on the decoder's fresh weights for what is new."""
OTHERS = 0.3
"""Factor on fresh weights beside those that are taken over, so that they do not drown them."""


@torch.no_grad()
def take_over(old: dict[str, Tensor], model: PixelAlignedModel) -> None:
    """Fill the weights of a fresh network, in place.

    Args:
        old: Weights of `implicit-general`, by name.
        model: A fresh network of `pixelaligned-general`.
    """
    new = model.state_dict()
    for name, value in old.items():
        if name.startswith(("encoder.", "generator.", "decoder.second.")):
            new[name].copy_(value)
        elif name.startswith("decoder.last."):
            new[name.replace("last", "logit")].copy_(value)
    for name in (name for name in old if name.startswith("generator.steps.")):
        _lay_over(new[name.replace("generator", "front")], old[name])
    for index in range(len(model.front.skips)):
        for kind in ("weight", "bias"):
            # Its first branch is that of the plane seen from the front.
            _lay_over(new[f"front.skips.{index}.{kind}"], old[f"generator.skips.{4 << index}.0.{kind}"])
    front, upright, _, _ = (part.clone() for part in new["decoder.first.weight"].split(model.decoder.counts, dim=1))
    layer = new["decoder.first.weight"]
    layer.mul_(HEARD)
    layer[:, front.shape[1] : front.shape[1] + upright.shape[1] + 3] = old["decoder.first.weight"]
    new["decoder.first.bias"].copy_(old["decoder.first.bias"])


def _lay_over(wide: Tensor, narrow: Tensor) -> None:
    """Put a tensor into the first channels of a wider one."""
    if wide.dim() and len(wide) > len(narrow):
        wide[len(narrow) :].mul_(OTHERS)
        wide[: len(narrow)].copy_(narrow)
    else:
        wide.copy_(narrow)


def main(arguments: list[str] | None = None) -> None:
    """Write the model folder to start from."""
    parser = command(__doc__)
    parser.add_argument("model", help="a model of implicit-general with its training weights")
    parser.add_argument("output", type=Path)
    options = parser.parse_args(arguments)
    folder = find_start(options.model)
    config = pixelaligned_general()
    torch.manual_seed(config.seed)
    model = PixelAlignedModel(config.model)
    take_over(dict(read_tensors_of(folder)), model)
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
