"""Several evaluations as one table of a page: what `shapelift evaluate` wrote, no number typed by hand.

Run: python docs/scripts/make_scores_table.py PAGE "multi-view=views/scores.json" "implicit=field/scores.json"

The table goes between the lines `<!-- scores -->` and `<!-- /scores -->` of the page. Evaluations must be of the same
shapes with the same number of points. Retrieval uses the features of a model: baselines shown are those of the first
evaluation, where it has any. Brackets are 95 % bootstrap intervals over shapes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from page_tools import BASELINES, command, named, put, table

BEGIN, END = "<!-- scores -->\n", "<!-- /scores -->\n"
Columns = dict[str, tuple[str, float, int]]
METRICS: Columns = {
    "lin-2018:prediction_to_reference_x100": ("prediction → truth", 1.0, 2),
    "lin-2018:reference_to_prediction_x100": ("truth → prediction", 1.0, 2),
    "fan-2017:chamfer_l2_x1000": ("CD-L2 x1000", 1.0, 2),
    "fan-2017:emd_x100": ("EMD x100", 1.0, 2),
    "iou": ("IoU", 1.0, 3),
    "chamfer_l1": ("CD-L1 x100", 100.0, 2),
    "fscore_0.5": ("F@0.5 %", 1.0, 3),
    "fscore_1": ("F@1 %", 1.0, 3),
    "fscore_2": ("F@2 %", 1.0, 3),
    "fscore_5": ("F@5 %", 1.0, 3),
    "normal_consistency": ("NC", 1.0, 3),
}
"""Metric -> title, factor, digits. Those that no evaluation has are left out."""
COLUMNS = {name: column for name, column in METRICS.items() if name not in ("fscore_0.5", "fscore_5")}
WITH_INTERVAL = 2
"""So many of the first columns show their interval."""


def scores_table(
    evaluations: dict[str, dict[str, Any]], wanted: Columns = COLUMNS, intervals: int = WITH_INTERVAL
) -> str:
    """The table in Markdown, one per group of shapes; `intervals` of the first columns show theirs."""
    settings = {json.dumps([found["data"], found["settings"]["points"]]) for found in evaluations.values()}
    if len(settings) > 1:
        raise SystemExit("the evaluations are not of the same shapes with the same number of points")
    first = next(iter(evaluations.values()))
    lines: list[str] = []
    for group in first["groups"]:
        rows = {name: found["groups"][group]["methods"]["model"] for name, found in evaluations.items()}
        methods = first["groups"][group]["methods"]
        rows |= {title: methods[name] for name, title in BASELINES.items() if name in methods}
        columns = [name for name in wanted if any(name in row["overall"] for row in rows.values())]
        cells = []
        for name, row in rows.items():
            found = [
                _cell(row["overall"].get(column), wanted[column], interval=index < intervals)
                for index, column in enumerate(columns)
            ]
            cells.append((name, *found))
        heads = (f"{first['groups'][group]['shapes']} shapes", *(wanted[column][0] for column in columns))
        lines += [*table(heads, cells), ""]
    return "\n".join(lines)


def _cell(found: dict[str, float] | None, column: tuple[str, float, int], *, interval: bool) -> str:
    if found is None:
        return ""
    _, factor, digits = column
    mean = f"{factor * found['mean']:.{digits}f}"
    if not interval:
        return mean
    return f"{mean} ({factor * found['low']:.{digits}f} to {factor * found['high']:.{digits}f})"


def main() -> None:
    """Put the table into the page."""
    parser = command(__doc__)
    parser.add_argument("page", type=Path)
    parser.add_argument("evaluations", nargs="+", metavar="NAME=SCORES")
    options = parser.parse_args()
    evaluations = {name: json.loads(Path(path).read_text()) for name, path in named(options.evaluations).items()}
    put(options.page, BEGIN, f"\n{scores_table(evaluations)}", END)
    print(scores_table(evaluations))


if __name__ == "__main__":
    main()
