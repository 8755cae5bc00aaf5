"""Several evaluations as one table of a page: what `shapelift evaluate` wrote, no number typed by hand.

Run: python docs/make_scores_table.py docs/multiview.md "multi-view=views/scores.json" "implicit=field/scores.json"

The table goes between the lines `<!-- scores -->` and `<!-- /scores -->` of the page. Evaluations must be of the same
shapes with the same number of points. Retrieval uses the features of a model: baselines shown are those of the first
evaluation, where it has any. Brackets are 95 % bootstrap intervals over shapes.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from shapelift.io.atomic import write_atomically

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
BASELINES = {
    "mean_shape": "mean shape",
    "retrieval": "retrieval",
    "oracle_retrieval": "oracle retrieval (knows the answer)",
    "sampling_floor": "sampling floor",
}
WITH_INTERVAL = 2
"""So many of the first columns show their interval."""


def table(evaluations: dict[str, dict[str, Any]], wanted: Columns = COLUMNS, intervals: int = WITH_INTERVAL) -> str:
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
        lines += [f"| {first['groups'][group]['shapes']} shapes | " + " | ".join(wanted[c][0] for c in columns) + " |"]
        lines += ["|---|" + "---|" * len(columns)]
        for name, row in rows.items():
            cells = [
                _cell(row["overall"].get(column), wanted[column], interval=index < intervals)
                for index, column in enumerate(columns)
            ]
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join(lines)


def _cell(found: dict[str, float] | None, column: tuple[str, float, int], *, interval: bool) -> str:
    if found is None:
        return ""
    _, factor, digits = column
    mean = f"{factor * found['mean']:.{digits}f}"
    if not interval:
        return mean
    return f"{mean} ({factor * found['low']:.{digits}f} to {factor * found['high']:.{digits}f})"


def put(page: Path, begin: str, text: str, end: str) -> None:
    """Write `text` between two lines of a page, in place of what stands there."""
    before, first, rest = page.read_text(encoding="utf-8").partition(begin)
    _, second, after = rest.partition(end)
    if not first or not second:
        raise SystemExit(f"{page}: has no lines {begin.strip()} and {end.strip()}")
    write_atomically(page, f"{before}{begin}{text}{end}{after}")


def main() -> None:
    """Put the table into the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=Path)
    parser.add_argument("evaluations", nargs="+", metavar="NAME=SCORES")
    options = parser.parse_args()
    evaluations = {}
    for item in options.evaluations:
        name, _, path = item.partition("=")
        evaluations[name] = json.loads(Path(path).read_text())
    put(options.page, BEGIN, f"\n{table(evaluations)}", END)
    print(table(evaluations))


if __name__ == "__main__":
    main()
