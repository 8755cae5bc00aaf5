"""Training: the share of a step that is forward, backward and optimiser, and images per second.

    python benchmarks/bench_training.py [--data DATA] [--recipe implicit-general] [--steps 40]

The baseline in the same run is the same network fed one constant batch from memory: what a data pipeline that costs
nothing would reach.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import torch


def constant_batch_rate(recipe: str, data: Path, steps: int) -> float:
    """Images per second of the recipe's network on one batch that never changes."""
    from shapelift.datasets import ShapeDataset
    from shapelift.io.preprocess import Preprocess
    from shapelift.recipes import find_recipe

    config = find_recipe(recipe)
    torch.set_num_threads(1)
    preprocess = Preprocess(**config.model.preprocess)
    dataset = ShapeDataset(data, "train", targets=config.model.targets(), preprocess=preprocess)
    batch = dataset.batch(0, config.batch_size)
    batch["image"] = batch["image"].contiguous(memory_format=torch.channels_last)
    model = config.model.build().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
    begin = 0.0
    for step in range(steps + 3):
        if step == 3:
            begin = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=config.precision == "bf16"):
            prediction = model(batch)
        torch.stack(list(model.loss(prediction, batch).values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return steps * config.batch_size / (time.perf_counter() - begin)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="A data set; by default a small procedural one is made.")
    parser.add_argument("--recipe", default="implicit-general")
    parser.add_argument("--steps", type=int, default=40)
    arguments = parser.parse_args()

    from shapelift.cli.main import run

    with tempfile.TemporaryDirectory() as folder:
        data = arguments.data
        if data is None:
            data = Path(folder) / "data"
            run(["synthesize", "procedural:all", "--output", str(data), "--count", "52", "--views", "8"])
        output = Path(folder) / "run"
        options = ["--recipe", arguments.recipe, "--steps", str(arguments.steps), "--threads", "1", "--no-evaluate"]
        run(["train", str(data), "--output", str(output), *options])
        lines = [json.loads(line) for line in (output / "metrics.jsonl").read_text().splitlines()]
        last = [line for line in lines if line["kind"] == "train"][-1]
        constant = constant_batch_rate(arguments.recipe, data, arguments.steps)
    report = {
        "compute_share": last["compute_share"],
        "images_per_s": last["images_per_s"],
        "constant_batch_images_per_s": round(constant, 1),
        "ratio": round(last["images_per_s"] / constant, 3),
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
