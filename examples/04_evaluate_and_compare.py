"""How good is a model? Scores on shapes it has not seen, next to two baselines that every model has to beat.

Run: python examples/04_evaluate_and_compare.py runs/cabinets/model runs/cabinets/data

The same from the shell: shapelift evaluate runs/cabinets/model runs/cabinets/data
"""

from __future__ import annotations

import argparse
from pathlib import Path

from shapelift import Reconstructor
from shapelift.evaluation import evaluate, summarize, write_report

FEWEST_SHAPES = 20  # an interval over fewer than that says little


def main() -> None:
    """Score a model, print means with 95 % intervals, and say which differences are more than chance."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="name of a shipped model, or a model folder")
    parser.add_argument("data", type=Path, help="folder that `shapelift synthesize` wrote")
    parser.add_argument("--split", default="test", choices=("train", "validation", "test"))
    parser.add_argument("--points", type=int, default=100_000, help="samples of every surface")
    parser.add_argument("--resolution", type=int, default=96, help="cells per side of the predicted meshes")
    parser.add_argument("--output", type=Path, default=Path("evaluation"))
    options = parser.parse_args()

    found = evaluate(
        Reconstructor.load(options.model),
        options.data,
        split=options.split,
        points=options.points,
        resolution=options.resolution,
    )
    for name, group in summarize(found)["groups"].items():  # procedural and real shapes, never mixed
        print(f"{name}: {group['shapes']} shapes")
        for method, scores in group["methods"].items():
            for metric in ("iou", "fscore_2"):
                if metric in scores["overall"]:
                    value = scores["overall"][metric]
                    print(f"  {method:15} {metric:9} {value['mean']:.3f}  ({value['low']:.3f} to {value['high']:.3f})")
        for baseline, differences in group["differences"].items():
            gap = differences["iou"]
            verdict = "better" if gap["low"] > 0.0 else "worse" if gap["high"] < 0.0 else "no clear difference"
            if group["shapes"] < FEWEST_SHAPES:
                verdict = "too few shapes to tell"
            print(f"  model against {baseline}: IoU {gap['mean']:+.3f}, {verdict}")

    # scores.json has every metric and category, objects.csv a row per image and method.
    print("wrote", *write_report(found, options.output))


if __name__ == "__main__":
    main()
