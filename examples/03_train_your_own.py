"""From shapes to a model of one's own: data, training, a model folder. Needs the train extra.

Run: python examples/03_train_your_own.py --output runs/cabinets

The same from the shell, with scores on held-out shapes in the model's card:
shapelift train procedural:cabinet --count 40 --recipe implicit-tiny --steps 150 --output runs/cabinets
Take your own folder of meshes instead of `procedural:...`, and the recipe `pixelaligned-general` for half an hour.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from shapelift.inference import read_card
from shapelift.recipes import find_recipe
from shapelift.synthesis.writer import SynthesisOptions, SynthesisProgress, synthesize
from shapelift.training import Status, train


def main() -> None:
    """Make a data set, train on it, and say what came out. Run again after an interruption: it continues."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", default="procedural:cabinet", help="folder of meshes, or procedural:chair ...")
    parser.add_argument("--count", type=int, default=40, help="shapes")
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--recipe", default="implicit-tiny", help="see `shapelift recipes`")
    parser.add_argument("--output", type=Path, default=Path("runs/mine"))
    options = parser.parse_args()

    # A recipe is a function that returns a frozen configuration; change what you like in a copy.
    config = dataclasses.replace(find_recipe(options.recipe), steps=options.steps, budget_s=None, tensorboard=False)

    data = options.output / "data"
    making = SynthesisOptions(views=4, size_px=config.model.image_size, count=options.count, workers=1)
    manifest = synthesize(options.source, data, making, say_made)
    print({split: len(manifest.split(split)) for split in ("train", "validation", "test")})

    result = train(config, data, options.output, device="cpu", report=say_trained)
    if result.model_folder is not None:  # None: interrupted
        card = read_card(result.model_folder)
        print(f"{result.model_folder}: {card.training['parameters']} parameters, validation IoU {result.best_iou:.3f}")


def say_made(progress: SynthesisProgress) -> None:
    """Called after every shape."""
    if progress.done == progress.total:
        print(f"data: {progress.done} shapes, {progress.rejected} rejected")


def say_trained(status: Status) -> None:
    """Called after every step."""
    if status.activity == "validated":
        print(f"step {status.step}: loss {status.loss:.3f}, validation IoU {status.iou:.3f}")


if __name__ == "__main__":
    main()
