"""Training: images per processor-second, feed and step together, beside the way it was done before.

    python benchmarks/bench_training.py [--data DATA] [--recipe implicit-general] [--steps 12]

The baseline in the same run trains the same network as the first releases did: every batch put together from the
records by NumPy and OpenCV, planes looked up one by one, maps doubled before they are convolved, and freed memory
handed back to the system. Each way runs in a process of its own on one thread, in turn, so that both meet the same
machine; the best of the turns counts.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

BAR = 1.6
WARM_UP = 3
"""Steps before the clock starts: libraries choose their algorithms then."""


def images_per_processor_second(way: str, recipe: str, data: Path, steps: int) -> float:
    """Of a run in this process, `before` or `now`."""
    from shapelift.recipes import find_recipe
    from shapelift.training import Status, Validation, train

    config = dataclasses.replace(
        find_recipe(recipe),
        steps=steps + WARM_UP,
        budget_s=None,
        threads=1,
        workers=1,
        tensorboard=False,
        validation=Validation(count=1, items=1, pictures=0),
        feed="records" if way == "before" else "packed",
    )
    marks: dict[int, float] = {}

    def note(status: Status) -> None:
        if status.activity == "training":
            marks.setdefault(status.step, time.process_time())

    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch("shapelift.training.loop.export_run"))
        if way == "before":
            as_before(stack)
        train(config, data, Path(folder) / "run", device="cpu", report=note)
    return config.batch_size * steps / (marks[steps + WARM_UP] - marks[WARM_UP])


def as_before(stack: contextlib.ExitStack) -> None:
    """Take the ways around that a step has learned since the first releases."""
    from torch import Tensor, nn

    from shapelift.nn.doubling import DoublingStep
    from shapelift.nn.planes import PlaneDecoder

    def doubled_first(step: DoublingStep, x: Tensor) -> Tensor:
        return step[1](step[0](nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")))

    def as_exported(module: nn.Module, mode: bool = True) -> nn.Module:
        del mode
        return nn.Module.train(module, False)

    stack.enter_context(mock.patch("shapelift.training.loop.keep_freed_memory"))
    stack.enter_context(mock.patch.object(DoublingStep, "forward", doubled_first))
    # It has nothing that differs in training but the way it reads.
    stack.enter_context(mock.patch.object(PlaneDecoder, "train", as_exported))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="A data set; by default a small procedural one is made.")
    parser.add_argument("--recipe", default="implicit-general")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--way", choices=("before", "now"), help="Measure one way in this process only.")
    arguments = parser.parse_args()
    if arguments.way is not None:
        print(images_per_processor_second(arguments.way, arguments.recipe, arguments.data, arguments.steps))
        return

    from shapelift.cli.main import run

    with tempfile.TemporaryDirectory() as folder:
        data = arguments.data
        if data is None:
            data = Path(folder) / "data"
            run(["synthesize", "procedural:all", "--output", str(data), "--count", "52", "--views", "8"])
        found: dict[str, list[float]] = {"before": [], "now": []}
        for _ in range(arguments.turns):
            for way, rates in found.items():
                options = ["--data", str(data), "--recipe", arguments.recipe, "--steps", str(arguments.steps)]
                command = [sys.executable, __file__, "--way", way, *options]
                environment = os.environ | {"OMP_NUM_THREADS": "1"}
                said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
                rates.append(float(said.stdout.split()[-1]))
    before, now = (max(rates) for rates in found.values())
    report = {
        "recipe": arguments.recipe,
        "images_per_processor_s_before": round(before, 1),
        "images_per_processor_s_now": round(now, 1),
        "all_turns": {way: [round(rate, 1) for rate in rates] for way, rates in found.items()},
        "ratio": round(now / before, 2),
        "bar": BAR,
        "load_of_the_machine": os.getloadavg()[0],
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
