"""A depth model on held-out images, next to the mean maps of the training images: a table of docs/explanation/depth.md.

Run: python docs/scripts/make_depth_scores.py MODEL DATA [--split test] [--limit N] [--views 1] [--json]
"""

from __future__ import annotations

import json

from page_tools import command, table

from shapelift.evaluation.depth import MEASURES, score_depth
from shapelift.inference import open_model


def main() -> None:
    """Measure and print."""
    parser = command(__doc__)
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("--split", default="test")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--views", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    scores = score_depth(
        open_model(options.model),
        options.data,
        split=options.split,
        limit=options.limit,
        views_per_shape=options.views,
    )
    if options.json:
        print(json.dumps(scores, indent=2))
        return
    print(f"{scores['model']['images']:.0f} images")
    rows = [(name, *(f"{row[measure]:.4g}" for measure in MEASURES)) for name, row in scores.items()]
    print("\n".join(table(("", *MEASURES), rows)))


if __name__ == "__main__":
    main()
